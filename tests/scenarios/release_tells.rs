//! What a release tells: for which signals our handler may still be called, so that its code must
//! stay in memory.

use siglatch::{InfoQueue, Latch, SigSet, Signal};
use support::oracle::{raw_action, set_default, set_ignored};
use support::{Scenario, foreign, in_child, scenarios, thread};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        last_release_leaves_nothing,
        release_while_another_receiver_has_it,
        release_under_a_handler_that_stays,
        release_under_a_handler_that_left,
        release_under_the_default_or_ignored,
        each_signal_is_told_by_itself,
    ]
}

static LATCH: Latch = Latch::new();
static QUEUE: InfoQueue<2> = InfoQueue::new();

const NONE: SigSet = SigSet::empty();

fn usr1() -> SigSet {
    Signal::USR1.into()
}

fn last_release_leaves_nothing() {
    in_child(|| {
        assert_eq!(LATCH.release(Signal::USR1), Ok(NONE), "it was never caught");
        for _ in 0..2 {
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            assert_eq!(LATCH.release(Signal::USR1), Ok(NONE));
            assert_eq!(raw_action(libc::SIGUSR1).handler, libc::SIG_DFL);
        }
        // The same where a handler is restored.
        foreign::first().come_alone(libc::SIGUSR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(LATCH.release(Signal::USR1), Ok(NONE));
        assert!(foreign::first().is_installed(libc::SIGUSR1));
    });
}

fn release_while_another_receiver_has_it() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert_eq!(QUEUE.catch(Signal::USR1), Ok(()));
        assert_eq!(LATCH.release(Signal::USR1), Ok(usr1()));
        assert_eq!(QUEUE.release(Signal::USR1), Ok(NONE));
    });
}

fn release_under_a_handler_that_stays() {
    in_child(|| {
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        foreign::first().come(libc::SIGUSR1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(usr1()));
        // It is so: the handler chains to ours, which has nobody to give it to.
        thread::raise(libc::SIGUSR1);
        assert_eq!(foreign::first().take_calls(), 1);
        assert!(!LATCH.is_set());
        assert_eq!(LATCH.release(Signal::USR1), Ok(usr1()));
        // Caught once more, it comes by the same handler, once.
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        assert!(foreign::first().is_installed(libc::SIGUSR1));
        thread::raise(libc::SIGUSR1);
        assert_eq!((foreign::first().take_calls(), LATCH.take()), (1, usr1()));
        assert_eq!(LATCH.release(Signal::USR1), Ok(usr1()));
    });
}

fn release_under_a_handler_that_left() {
    in_child(|| {
        set_ignored(libc::SIGUSR1);
        assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
        foreign::first().come(libc::SIGUSR1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(usr1()));
        // It restores ours, and the next signal the action before ours.
        foreign::first().leave(libc::SIGUSR1);
        assert_eq!(LATCH.release(Signal::USR1), Ok(usr1()), "ours is the installed one");
        thread::raise(libc::SIGUSR1);
        assert_eq!(raw_action(libc::SIGUSR1).handler, libc::SIG_IGN);
        assert_eq!(LATCH.release(Signal::USR1), Ok(NONE));
    });
}

fn release_under_the_default_or_ignored() {
    in_child(|| {
        for put in [set_default, set_ignored] {
            assert_eq!(LATCH.catch(Signal::USR1), Ok(()));
            let ours = put(libc::SIGUSR1);
            assert_ne!(ours.handler, libc::SIG_DFL);
            assert_eq!(LATCH.release(Signal::USR1), Ok(NONE), "neither chains to a handler");
        }
    });
}

fn each_signal_is_told_by_itself() {
    in_child(|| {
        let all = SigSet::from([Signal::USR1, Signal::USR2, Signal::HUP]);
        assert_eq!(LATCH.catch(all), Ok(()));
        assert_eq!(QUEUE.catch([Signal::USR2, Signal::WINCH]), Ok(()));
        foreign::first().come(libc::SIGHUP);
        let left = SigSet::from([Signal::USR2, Signal::HUP]);
        assert_eq!(LATCH.release(all), Ok(left));
        assert_eq!(QUEUE.release(SigSet::full()).map(|left| left & usr1()), Ok(NONE));
    });
}
