//! What the kernel is said to have, against what its calls answer.

#![expect(unsafe_code, reason = "installs a filter")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a call that is refused is how a test fails"
)]

use siglatch::fd::{PidFd, Scope};
use siglatch::kernel::Feature;
use siglatch::{Errno, Pid, SigSet, Signal, Tid, mask};
use std::io;
use support::{Scenario, in_child, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        what_is_supported_works,
        what_a_filter_refuses_is_not_supported,
        no_descriptor_and_no_signal_is_left,
        they_are_in_the_order_of_their_versions,
    ]
}

/// What the function that needs the feature answers.
fn works(feature: Feature) -> bool {
    let this = || PidFd::open(Pid::this());
    let result = match feature {
        Feature::PidFdSend => this().and_then(|fd| fd.send(Signal::URG)),
        Feature::PidFdOpen => this().map(drop),
        // It is no child of its own.
        Feature::PidFdWait => match this().and_then(|fd| fd.try_wait()) {
            Err(Errno::CHILD) => Ok(()),
            other => other.map(drop),
        },
        Feature::PidFdNonblocking => PidFd::nonblocking(Pid::this()).map(drop),
        Feature::PidFdThread => PidFd::open_thread(Tid::this()).map(drop),
        Feature::PidFdScope => this().and_then(|fd| fd.send_to(Scope::Process, Signal::URG)),
        other => panic!("{other:?} is not tried"),
    };
    result.is_ok()
}

fn what_is_supported_works() {
    in_child(|| {
        for feature in Feature::ALL {
            assert_eq!(feature.is_supported(), works(feature), "{feature:?}");
        }
    });
}

/// As in a container whose filter is older than the calls, by either of the two errors.
fn what_a_filter_refuses_is_not_supported() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        in_child(|| {
            refuse(&[libc::SYS_pidfd_open, libc::SYS_pidfd_send_signal, libc::SYS_waitid], errno);
            for feature in Feature::ALL {
                assert!(!feature.is_supported(), "{feature:?}");
            }
        });
    }
}

fn no_descriptor_and_no_signal_is_left() {
    in_child(|| {
        mask::block(SigSet::full()).expect("block");
        let open = || std::fs::read_dir("/proc/self/fd").expect("/proc").count();
        let before = open();
        for feature in Feature::ALL {
            let _either = feature.is_supported();
        }
        assert_eq!(open(), before);
        assert_eq!(siglatch::wait::pending(), Ok(SigSet::empty()));
    });
}

fn they_are_in_the_order_of_their_versions() {
    assert!(Feature::ALL.is_sorted_by_key(|feature| feature.since()));
}

/// Has these calls fail in this process from now on.
fn refuse(calls: &[libc::c_long], errno: i32) {
    let statement = |code: u32, k| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    for call in calls {
        let number = u32::try_from(*call).expect("a system call's number");
        let is_it = statement(libc::BPF_JMP | libc::BPF_JEQ, number);
        program.push(libc::sock_filter { jf: 1, ..is_it });
        program.push(statement(libc::BPF_RET, libc::SECCOMP_RET_ERRNO | errno as u32));
    }
    program.push(statement(libc::BPF_RET, libc::SECCOMP_RET_ALLOW));
    let len = u16::try_from(program.len()).expect("a short program");
    let filter = libc::sock_fprog { len, filter: program.as_mut_ptr() };
    // SAFETY: integers only.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the filter has as many instructions as it says, and the kernel copies them.
    let result =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}
