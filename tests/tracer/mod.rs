//! A tracer: runs a forked process instruction by instruction, and delivers a signal at any of them.

#![allow(clippy::allow_attributes, dead_code, reason = "each test binary uses its part")]

pub(crate) mod check;
pub(crate) mod deep;
pub(crate) mod measure;
pub(crate) mod op;
pub(crate) mod path;
pub(crate) mod place;
pub(crate) mod ptrace;
pub(crate) mod shared;
