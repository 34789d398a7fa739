//! On which stack the handler runs: the receivers' choice, and how it is made for them.

#![expect(unsafe_code, reason = "hooks are unsafe to make")]

use siglatch::{
    Dispatcher, Hook, HookContext, HookVerdict, InfoQueue, Latch, Shutdown, SigSet, Signal,
};
use support::oracle::raw_action;
use support::{Scenario, foreign, in_child, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        default_is_the_alternate_stack,
        default_is_the_threads_stack_where_the_handler_may_nest,
        choice_holds_whatever_the_mask_is,
        previous_handler_decides,
        alternate_stack_wins_where_receivers_differ,
    ]
}

/// All that a handler of ours blocks unless its receiver says otherwise.
const USUAL: SigSet = SigSet::full()
    .without(Signal::SEGV)
    .without(Signal::BUS)
    .without(Signal::FPE)
    .without(Signal::ILL)
    .without(Signal::TRAP)
    .without(Signal::SYS);

/// Whether the action that is installed for SIGUSR1 has `SA_ONSTACK`.
#[track_caller]
fn is_on() -> bool {
    let action = raw_action(libc::SIGUSR1);
    assert!(action.handler > libc::SIG_IGN, "a handler is installed");
    action.flags & u64::from(libc::SA_ONSTACK as u32) != 0
}

/// The same while a latch has caught it.
#[track_caller]
fn is_on_for(latch: &'static Latch) -> bool {
    assert_eq!(latch.catch(Signal::USR1), Ok(()));
    let is_on = is_on();
    assert!(latch.release(Signal::USR1).is_ok());
    is_on
}

fn default_is_the_alternate_stack() {
    fn take(_: HookContext<'_>) -> HookVerdict {
        HookVerdict::Taken
    }
    static LATCH: Latch = Latch::new();
    static USUAL_MASK: Latch = Latch::new().mask(USUAL);
    static FULL_MASK: Latch = Latch::new().mask(SigSet::full());
    static QUEUE: InfoQueue<2> = InfoQueue::new();
    static DISPATCHER: Dispatcher = Dispatcher::new();
    static SHUTDOWN: Shutdown = Shutdown::new();
    // SAFETY: it does nothing.
    static HOOK: Hook = unsafe { Hook::new(take) };
    for latch in [&LATCH, &USUAL_MASK, &FULL_MASK] {
        in_child(|| assert!(is_on_for(latch)));
    }
    in_child(|| {
        assert_eq!(QUEUE.catch(Signal::USR1), Ok(()));
        assert!(is_on());
    });
    in_child(|| {
        assert_eq!(DISPATCHER.catch(Signal::USR1, |_| ()), Ok(()));
        assert!(is_on());
    });
    in_child(|| {
        assert_eq!(SHUTDOWN.catch(Signal::USR1), Ok(()));
        assert!(is_on());
    });
    in_child(|| {
        assert_eq!(HOOK.catch(Signal::USR1), Ok(()));
        assert!(is_on());
    });
}

fn default_is_the_threads_stack_where_the_handler_may_nest() {
    static EMPTY: Latch = Latch::new().mask(SigSet::empty());
    static ONE_LEFT_OUT: Latch = Latch::new().mask(USUAL.without(Signal::USR2));
    static QUEUE: InfoQueue<2> = InfoQueue::new().mask(SigSet::empty());
    for latch in [&EMPTY, &ONE_LEFT_OUT] {
        in_child(|| assert!(!is_on_for(latch)));
    }
    in_child(|| {
        assert_eq!(QUEUE.catch(Signal::USR1), Ok(()));
        assert!(!is_on());
    });
}

fn choice_holds_whatever_the_mask_is() {
    static OFF: Latch = Latch::new().alternate_stack(false);
    static ON: Latch = Latch::new().alternate_stack(true);
    static OFF_THEN_FULL: Latch = Latch::new().alternate_stack(false).mask(SigSet::full());
    static FULL_THEN_OFF: Latch = Latch::new().mask(SigSet::full()).alternate_stack(false);
    static ON_THEN_EMPTY: Latch = Latch::new().alternate_stack(true).mask(SigSet::empty());
    static EMPTY_THEN_ON: Latch = Latch::new().mask(SigSet::empty()).alternate_stack(true);
    static QUEUE: InfoQueue<2> = InfoQueue::new().alternate_stack(false);
    static SHUTDOWN: Shutdown = Shutdown::new().alternate_stack(false);
    for latch in [&OFF, &OFF_THEN_FULL, &FULL_THEN_OFF] {
        in_child(|| assert!(!is_on_for(latch)));
    }
    for latch in [&ON, &ON_THEN_EMPTY, &EMPTY_THEN_ON] {
        in_child(|| assert!(is_on_for(latch)));
    }
    in_child(|| {
        assert_eq!(QUEUE.catch(Signal::USR1), Ok(()));
        assert_eq!(SHUTDOWN.catch(Signal::USR1), Ok(()));
        assert!(!is_on());
    });
}

fn previous_handler_decides() {
    static OFF: Latch = Latch::new().alternate_stack(false);
    static ON: Latch = Latch::new().alternate_stack(true);
    in_child(|| {
        let handler = foreign::first().address();
        for flags in [libc::SA_SIGINFO, libc::SA_SIGINFO | libc::SA_ONSTACK] {
            foreign::set(libc::SIGUSR1, &foreign::action(handler, flags));
            for latch in [&ON, &OFF] {
                assert_eq!(is_on_for(latch), flags & libc::SA_ONSTACK != 0);
            }
        }
    });
}

fn alternate_stack_wins_where_receivers_differ() {
    static OFF: Latch = Latch::new().alternate_stack(false);
    static EMPTY: Latch = Latch::new().mask(SigSet::empty());
    static ON: Latch = Latch::new();
    // Masks add up, so what one of them wants does not nest the handler of the other.
    for [first, second] in [[&ON, &OFF], [&OFF, &ON], [&EMPTY, &ON], [&ON, &EMPTY]] {
        in_child(|| {
            assert_eq!(first.catch(Signal::USR1), Ok(()));
            assert_eq!(second.catch(Signal::USR1), Ok(()));
            assert!(is_on());
            assert!(ON.release(Signal::USR1).is_ok());
            assert!(!is_on(), "it is worked out again");
        });
    }
}
