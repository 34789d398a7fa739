//! A tracer: runs a forked process instruction by instruction, and delivers a signal at any of them.
//!
//! | file | what it is |
//! |---|---|
//! | `ptrace` | a traced process: step it, send it signals |
//! | `shared` | a page that it leaves its words in |
//! | `path` | the instructions that it runs through, and the way to any of them |
//! | `op` | an operation, and one run of it with a signal at one point |
//! | `deep` | the same with a second signal in the handler of the first |
//! | `check` | which points are tried, and what is said of them |
//! | `place` | what an instruction is called |
//! | `measure` | what a handler costs |
//! | `arch` | registers and instructions: one file an architecture |

#![allow(clippy::allow_attributes, dead_code, reason = "each test binary uses its part")]

#[cfg_attr(target_arch = "aarch64", path = "arch/aarch64.rs")]
#[cfg_attr(target_arch = "x86", path = "arch/x86.rs")]
#[cfg_attr(target_arch = "x86_64", path = "arch/x86_64.rs")]
#[cfg_attr(
    not(any(target_arch = "aarch64", target_arch = "x86", target_arch = "x86_64")),
    path = "arch/other.rs"
)]
pub(crate) mod arch;
pub(crate) mod check;
pub(crate) mod deep;
pub(crate) mod measure;
pub(crate) mod op;
pub(crate) mod path;
pub(crate) mod place;
pub(crate) mod ptrace;
pub(crate) mod shared;

/// What the process of a scenario does first.
pub(crate) fn begin() {
    shared::map();
    ptrace::watch_for_hangs();
}
