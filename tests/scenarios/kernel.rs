//! What the kernel is said to have, against what its calls answer.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a call that is refused is how a test fails"
)]

use siglatch::fd::{PidFd, Scope};
use siglatch::kernel::Feature;
use siglatch::{Errno, Pid, SigSet, Signal, Tid, mask};
use support::{Scenario, in_child, scenarios, seccomp};

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
    for errno in [libc::ENOSYS as u32, libc::EPERM as u32] {
        in_child(|| {
            let calls = [libc::SYS_pidfd_open, libc::SYS_pidfd_send_signal, libc::SYS_waitid];
            seccomp::filter(&calls, libc::SECCOMP_RET_ERRNO | errno);
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
