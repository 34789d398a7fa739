//! The queue of details: in which order they come, and what becomes of what finds no room.

#![expect(unsafe_code, reason = "hooks are unsafe to make, and a handler to call")]
#![expect(clippy::expect_used, reason = "an unexpected errno is how a test fails")]
#![expect(clippy::panic, reason = "a panic is how a test fails")]

use core::ffi::{c_int, c_void};
use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use siglatch::fd::EventFd;
use siglatch::{
    Cause, Hook, HookContext, HookVerdict, InfoQueue, Pid, SigInfo, SigSet, SigVal, Signal, Tid,
    send,
};
use std::thread;
use support::names::rt;
use support::{Scenario, in_child, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        one_threads_signals_come_in_order,
        order_holds_while_another_thread_drains,
        breaking_off_leaves_the_rest,
        full_queue_drops_the_newest_and_counts,
        newest_of_each_signal_is_kept,
        as_many_signals_as_room_keep_their_newest,
        each_instance_goes_to_one_of_four_threads,
        nested_handlers_push_both,
        queue_that_nobody_drains,
        handler_that_is_stuck_withholds_nothing,
        signal_without_details_is_one_of_the_queue,
    ]
}

/// Sends a value to the calling thread, which takes the signal before this returns.
fn give(signal: Signal, value: usize) {
    let value = SigVal::from_addr(value);
    send::queue_thread(Pid::this(), Tid::this(), signal, value).expect("queue_thread");
}

fn value(info: &SigInfo) -> usize {
    match info.cause() {
        Cause::Queue { value, .. } => value.as_addr(),
        _ => panic!("{info:?}"),
    }
}

/// A thousand to this thread, taken whenever the queue is full.
fn thousand_through<const N: usize>(queue: &'static InfoQueue<N>) {
    queue.catch(rt(0)).expect("catch");
    let mut expected = 0..1000;
    for value_sent in 0..1000_usize {
        give(rt(0), value_sent);
        let sent = value_sent.saturating_add(1);
        if sent.checked_rem(N) == Some(0) || sent == 1000 {
            let before = expected.start;
            for info in queue.drain() {
                assert_eq!(Some(value(&info)), expected.next());
            }
            assert!(expected.start > before, "nothing came");
        }
    }
    assert!(expected.is_empty() && queue.is_empty());
    assert_eq!(queue.lost(rt(0)), 0);
}

fn one_threads_signals_come_in_order() {
    static LARGE: InfoQueue<1024> = InfoQueue::new();
    static SMALL: InfoQueue<7> = InfoQueue::new();
    static ONE: InfoQueue<1> = InfoQueue::new();
    in_child(|| thousand_through(&LARGE));
    in_child(|| thousand_through(&SMALL));
    in_child(|| thousand_through(&ONE));
}

fn order_holds_while_another_thread_drains() {
    const ALL: usize = 50_000;
    static QUEUE: InfoQueue<64> = InfoQueue::new();
    static DONE: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        QUEUE.catch(rt(0)).expect("catch");
        let drain = thread::spawn(|| {
            let mut seen = Vec::with_capacity(ALL);
            while !DONE.load(SeqCst) {
                seen.extend(QUEUE.drain().map(|info| value(&info)));
            }
            seen.extend(QUEUE.drain().map(|info| value(&info)));
            seen
        });
        (0..ALL).for_each(|n| give(rt(0), n));
        DONE.store(true, SeqCst);
        let seen = drain.join().expect("a thread that ends");
        let swapped = seen.iter().zip(seen.iter().skip(1)).filter(|(a, b)| a > b).count();
        assert_eq!(swapped, 0, "out of order, of {} seen", seen.len());
        let lost = usize::try_from(QUEUE.lost(rt(0))).expect("a count");
        assert_eq!(seen.len().checked_add(lost), Some(ALL));
    });
}

fn breaking_off_leaves_the_rest() {
    static QUEUE: InfoQueue<8> = InfoQueue::new();
    in_child(|| {
        QUEUE.catch(rt(0)).expect("catch");
        (0..5).for_each(|n| give(rt(0), n));
        assert_eq!(QUEUE.drain().find(|info| value(info) == 1).as_ref().map(value), Some(1));
        assert!(!QUEUE.is_empty());
        assert_eq!(QUEUE.wait(None), Ok(true));
        assert!(QUEUE.drain().map(|info| value(&info)).eq(2..5));
        assert!(QUEUE.is_empty());
    });
}

fn full_queue_drops_the_newest_and_counts() {
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    in_child(|| {
        QUEUE.catch([rt(0), rt(1), Signal::USR1]).expect("catch");
        (0..5).for_each(|n| give(rt(0), n));
        (0..2).for_each(|n| give(rt(1), n));
        assert_eq!((QUEUE.lost(rt(0)), QUEUE.lost(rt(1))), (3, 2));
        assert_eq!(QUEUE.lost(Signal::USR1), 0);
        assert!(QUEUE.drain().map(|info| value(&info)).eq(0..2));
        assert_eq!(QUEUE.pop(), None);
        assert_eq!(QUEUE.wait(Some(core::time::Duration::ZERO)), Ok(false));

        // What is dropped wakes all the same.
        let event: &EventFd = Box::leak(Box::new(EventFd::new().expect("eventfd")));
        QUEUE.wake_through(event).expect("wake_through");
        (0..2).for_each(|n| give(rt(0), n));
        assert!(event.clear());
        give(rt(1), 9);
        assert_eq!(QUEUE.lost(rt(1)), 3);
        assert!(event.clear(), "what was dropped wakes, too");
        assert_eq!(QUEUE.wait(None), Ok(true));
        assert!(QUEUE.drain().map(|info| value(&info)).eq(0..2));
        send::raise(Signal::USR1).expect("raise");
        assert_eq!(QUEUE.pop().map(|info| info.signal()), Some(Signal::USR1));
    });
}

fn newest_of_each_signal_is_kept() {
    static QUEUE: InfoQueue<8> = InfoQueue::<8>::new().keep_newest();
    in_child(|| {
        QUEUE.catch([rt(0), rt(1), rt(2)]).expect("catch");
        for n in 0..100 {
            give(rt(0), n);
            give(rt(1), n);
        }
        give(rt(2), 5);
        give(rt(0), 100);
        let kept: Vec<_> = QUEUE.drain().map(|info| (info.signal(), value(&info))).collect();
        // In the order in which these instances came.
        assert_eq!(kept, [(rt(1), 99), (rt(2), 5), (rt(0), 100)]);
        assert_eq!([rt(0), rt(1), rt(2)].map(|signal| QUEUE.lost(signal)), [100, 99, 0]);
    });
}

fn as_many_signals_as_room_keep_their_newest() {
    const ROOM: u8 = 20;
    static QUEUE: InfoQueue<{ ROOM as usize }> =
        InfoQueue::<{ ROOM as usize }>::new().keep_newest();
    in_child(|| {
        QUEUE.catch((0..ROOM).map(rt).collect::<SigSet>()).expect("catch");
        for round in 0..50 {
            (0..ROOM).for_each(|n| give(rt(n), round));
        }
        let kept: Vec<_> = QUEUE.drain().map(|info| (info.signal(), value(&info))).collect();
        assert!(kept.into_iter().eq((0..ROOM).map(|n| (rt(n), 49))));
        assert!((0..ROOM).all(|n| QUEUE.lost(rt(n)) == 49));
        // One more than there is room for is lost, and counted.
        (0..ROOM).for_each(|n| give(rt(n), 50));
        QUEUE.catch(rt(ROOM)).expect("catch");
        give(rt(ROOM), 50);
        assert_eq!(QUEUE.lost(rt(ROOM)), 1);
        assert_eq!(QUEUE.drain().count(), usize::from(ROOM));
    });
}

fn each_instance_goes_to_one_of_four_threads() {
    const ROUNDS: usize = 20;
    static QUEUE: InfoQueue<1024> = InfoQueue::new();
    static DONE: AtomicBool = AtomicBool::new(false);
    in_child(|| {
        QUEUE.catch(rt(0)).expect("catch");
        for round in 0..ROUNDS {
            DONE.store(false, SeqCst);
            let take = || {
                let mut seen = Vec::new();
                while !DONE.load(SeqCst) {
                    seen.extend(QUEUE.pop().as_ref().map(value));
                }
                seen
            };
            let threads = [(); 4].map(|()| thread::spawn(take));
            (0..1000).for_each(|n| give(rt(0), n));
            DONE.store(true, SeqCst);
            let mut seen: Vec<_> = QUEUE.drain().map(|info| value(&info)).collect();
            for thread in threads {
                seen.extend(thread.join().expect("a thread that ends"));
            }
            seen.extend(QUEUE.drain().map(|info| value(&info)));
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..1000), "round {round}");
        }
        assert_eq!(QUEUE.lost(rt(0)), 0);
    });
}

fn nested_handlers_push_both() {
    static QUEUE: InfoQueue<8> = InfoQueue::<8>::new().mask(SigSet::empty());
    static LATE: InfoQueue<8> = InfoQueue::<8>::new().mask(SigSet::empty());
    fn raise_another(signal: HookContext<'_>) -> HookVerdict {
        if signal.signal() == rt(0) {
            give(rt(1), value(&signal.info()));
        }
        HookVerdict::Taken
    }
    static RAISE: Hook = {
        // SAFETY: it makes system calls.
        let hook = unsafe { Hook::new(raise_another) };
        hook.mask(SigSet::empty())
    };
    in_child(|| {
        // The runtime's alternate stack has 8 KiB: two handlers need more on some processors.
        // SAFETY: zero is a value of this plain C struct.
        let mut stack: libc::stack_t = unsafe { core::mem::zeroed() };
        stack.ss_flags = libc::SS_DISABLE;
        // SAFETY: no memory is handed over, and no handler runs.
        assert_eq!(unsafe { libc::sigaltstack(&raw const stack, core::ptr::null_mut()) }, 0);
        let both = [rt(0), rt(1)];
        QUEUE.catch(both).expect("catch");
        RAISE.catch(both).expect("catch");
        LATE.catch(both).expect("catch");
        let seen = |queue: &InfoQueue<8>| {
            let seen = queue.drain().map(|info| (info.signal(), value(&info)));
            seen.collect::<Vec<_>>()
        };
        for n in 0..100 {
            give(rt(0), n);
            assert_eq!(seen(&QUEUE), [(rt(0), n), (rt(1), n)]);
            // The second signal was taken on top of the first, before it came here.
            assert_eq!(seen(&LATE), [(rt(1), n), (rt(0), n)]);
        }
    });
}

fn queue_that_nobody_drains() {
    static QUEUE: InfoQueue<4> = InfoQueue::new();
    in_child(|| {
        QUEUE.catch(rt(0)).expect("catch");
        (0..10_000).for_each(|n| give(rt(0), n));
        assert_eq!(QUEUE.lost(rt(0)), 9_996);
        assert!(QUEUE.drain().map(|info| value(&info)).eq(0..4));
    });
}

/// Between the queue's turn and the end of the handler.
fn handler_that_is_stuck_withholds_nothing() {
    static QUEUE: InfoQueue<4> = InfoQueue::new();
    static STUCK: AtomicU32 = AtomicU32::new(0);
    static FREE: AtomicBool = AtomicBool::new(false);
    fn stick(signal: HookContext<'_>) -> HookVerdict {
        if value(&signal.info()) == 0 {
            STUCK.fetch_add(1, SeqCst);
            while !FREE.load(SeqCst) {
                core::hint::spin_loop();
            }
        }
        HookVerdict::Taken
    }
    // SAFETY: it waits, which the test is about, for a thread that waits for nobody.
    static STICK: Hook = unsafe { Hook::new(stick) };
    in_child(|| {
        QUEUE.catch(rt(0)).expect("catch");
        STICK.catch(rt(0)).expect("catch");
        let stuck = thread::spawn(|| give(rt(0), 0));
        while STUCK.load(SeqCst) == 0 {
            core::hint::spin_loop();
        }
        assert_eq!(QUEUE.pop().as_ref().map(value), Some(0));
        for n in 1..1000 {
            give(rt(0), n);
            assert_eq!(QUEUE.pop().as_ref().map(value), Some(n));
        }
        // All of the room is there.
        (1..5).for_each(|n| give(rt(0), n));
        assert!(QUEUE.drain().map(|info| value(&info)).eq(1..5));
        assert_eq!(QUEUE.lost(rt(0)), 0);
        FREE.store(true, SeqCst);
        stuck.join().expect("a thread that ends");
    });
}

/// As code calls ours that was installed over it without `SA_SIGINFO`, and has no details.
fn signal_without_details_is_one_of_the_queue() {
    type Handler = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    in_child(|| {
        QUEUE.catch(rt(0)).expect("catch");
        // SAFETY: all zero is a value of the struct.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        // SAFETY: writes the action that is installed.
        let read = unsafe { libc::sigaction(rt(0).as_raw(), ptr::null(), &raw mut action) };
        assert_eq!(read, 0);
        // SAFETY: the address of a handler that is installed with SA_SIGINFO.
        let handler = unsafe { mem::transmute::<usize, Handler>(action.sa_sigaction) };
        give(rt(0), 7);
        for _ in 0..2 {
            // SAFETY: what a handler of other code does that has no details.
            unsafe { handler(rt(0).as_raw(), ptr::null_mut(), ptr::null_mut()) };
        }
        let infos: Vec<_> = QUEUE.drain().collect();
        assert!(infos.iter().all(|info| info.signal() == rt(0)));
        let [first, second] = &infos[..] else { panic!("{infos:?}") };
        assert_eq!(value(first), 7);
        assert_eq!((second.code(), second.sender()), (i32::MIN, None));
        // The last one found no room.
        assert_eq!(QUEUE.lost(rt(0)), 1);
    });
}
