//! Where the details of signals come from in the corners: a queue that keeps the newest while
//! several threads have one signal at once, and a signal that the kernel has no room to note the
//! sender of.

#![expect(unsafe_code, reason = "sets a limit of the process")]
#![expect(clippy::expect_used, reason = "without the basic system services no test")]

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use siglatch::{InfoQueue, Pid, SigInfoTrust, send};
use std::io;
use std::thread::{scope, yield_now};
use support::names::rt;
use support::{Scenario, in_child, rounds, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![burst_on_many_threads_leaves_one_of_each, nobody_stamped_what_came_without_details]
}

fn burst_on_many_threads_leaves_one_of_each() {
    /// In place of a burst: there is none any more.
    const DONE: u32 = u32::MAX;
    const THREADS: u32 = 3;
    static QUEUE: InfoQueue<2> = InfoQueue::<2>::new().keep_newest();
    // The threads see the burst's number, and raise at the same moment.
    static BURST: AtomicU32 = AtomicU32::new(0);
    static RAISED: AtomicU32 = AtomicU32::new(0);
    in_child(|| {
        assert_eq!(QUEUE.catch([rt(0), rt(1)]), Ok(()));
        let mut wrong = Vec::new();
        scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for burst in 1.. {
                        while BURST.load(SeqCst) < burst {
                            yield_now();
                        }
                        if BURST.load(SeqCst) == DONE {
                            break;
                        }
                        for _ in 0..4 {
                            thread::raise(rt(0).as_raw());
                        }
                        RAISED.fetch_add(1, SeqCst);
                    }
                });
            }
            for burst in rounds(200, 2_000).skip(1) {
                BURST.store(burst, SeqCst);
                while RAISED.load(SeqCst) < burst.saturating_mul(THREADS) {
                    yield_now();
                }
                // There is room for one of each.
                thread::raise(rt(1).as_raw());
                let mut kept: Vec<_> = QUEUE.drain().map(|info| info.signal()).collect();
                kept.sort_by_key(|signal| signal.as_raw());
                if kept != [rt(0), rt(1)] {
                    wrong.push((burst, kept));
                }
            }
            BURST.store(DONE, SeqCst);
        });
        assert!(wrong.is_empty(), "{} bursts left {:?}", wrong.len(), wrong.first());
    });
}

fn nobody_stamped_what_came_without_details() {
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    in_child(|| {
        assert_eq!(QUEUE.catch(rt(0)), Ok(()));
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the struct is only read.
        let set = unsafe { libc::setrlimit(libc::RLIMIT_SIGPENDING, &raw const none) };
        assert_eq!(set, 0, "setrlimit: {}", io::Error::last_os_error());
        // By kill(2), for which the kernel sends it without details; sigqueue(3) would fail.
        assert_eq!(send::kill(Pid::this(), rt(0)), Ok(()));
        let info = QUEUE.pop().expect("an instance");
        assert_eq!((info.signal(), info.code()), (rt(0), libc::SI_USER));
        assert_ne!(info.trust(), SigInfoTrust::KernelStamped, "{info:?}");
    });
}
