//! What the kernel is said to have, against what its calls answer.

#![expect(unsafe_code, reason = "forks")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a call that is refused is how a test fails"
)]

use core::time::Duration;
use siglatch::fd::{PidFd, Scope};
use siglatch::kernel::Feature;
use siglatch::timer::{Clock, PosixTimer};
use siglatch::wait::{self, poll};
use siglatch::{Errno, Latch, Pid, SigSet, SigVal, Signal, Tid, child, mask};
use support::{Scenario, in_child, scenarios, seccomp};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        what_is_supported_works,
        what_a_filter_refuses_is_not_supported,
        no_descriptor_and_no_signal_is_left,
        they_are_in_the_order_of_their_versions,
        old_calls_have_times_of_32_bits,
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
            // SAFETY: this process has one thread.
            let forked = unsafe { child::fork_with_pidfd() }.map(|child| child.map(drop));
            assert_eq!(forked, Err(Errno::NOSYS));
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

/// Those of 32-bit kernels before Linux 5.1, and below filters of their time.
fn old_calls_have_times_of_32_bits() {
    /// clock_gettime64(2) to futex_time64(2), which have the same numbers everywhere.
    const NEW: [libc::c_long; 7] = [403, 407, 408, 409, 414, 421, 422];
    const MOMENT: Duration = Duration::from_millis(1);
    static LATCH: Latch = Latch::new();
    if cfg!(not(any(target_arch = "x86", target_arch = "arm"))) {
        return support::skip("the kernel has no such calls on this architecture");
    }
    for errno in [libc::ENOSYS as u32, libc::EPERM as u32] {
        in_child(|| {
            seccomp::filter(&NEW, libc::SECCOMP_RET_ERRNO | errno);
            LATCH.catch(Signal::ALRM).expect("catch");
            let now = Clock::Monotonic.now().expect("a clock");

            let timer = PosixTimer::new(Clock::Monotonic, Signal::ALRM, SigVal::default());
            let timer = timer.expect("a timer");
            timer.set(Duration::MAX, Duration::MAX).expect("it is cut");
            let [half, longest, more] =
                [1 << 30, i32::MAX as u64, 1 << 31].map(Duration::from_secs);
            let left = timer.query().expect("a timer");
            assert!(left.value > half && left.interval == longest, "{left:?}");
            assert_eq!(timer.set_at(more, Duration::ZERO), Err(Errno::OVERFLOW));
            assert!(timer.query().expect("a timer").value > half, "nothing is changed");
            timer.set_at(now, Duration::MAX).expect("set");
            assert_eq!(LATCH.wait(None), Ok(true));

            assert!(LATCH.take_signal(Signal::ALRM));
            assert_eq!(LATCH.wait(Some(MOMENT)), Ok(false));
            assert_eq!(poll(&mut [], Some(MOMENT), None), Ok(0));
            assert!(wait::wait_timeout(Signal::USR1, MOMENT).expect("wait").is_none());
        });
    }
}
