//! When and in which order functions are called.

use crate::row::{SIGNALS, handler, number, other, raise, rows, say, set};
use core::sync::atomic::{AtomicU32, Ordering};
use siglatch::{Errno, Pid, SigInfo, Signal, action, mask, send};
use std::panic;

const THREE: [Signal; 3] = [Signal::HUP, Signal::USR1, Signal::TERM];

/// Sends the three while they are blocked, and then unblocks them and dispatches.
fn three_at_once() -> Result<(), Errno> {
    mask::block(THREE)?;
    for signal in [Signal::TERM, Signal::USR1, Signal::HUP] {
        send::kill(Pid::this(), signal)?;
    }
    mask::unblock(THREE)?;
    SIGNALS.dispatch();
    Ok(())
}

fn replaces_term(info: &SigInfo) {
    handler(info);
    SIGNALS.catch(Signal::TERM, other).expect("catch");
}

fn takes_term_away(info: &SigInfo) {
    handler(info);
    SIGNALS.release(Signal::TERM).expect("release");
    action::default(Signal::TERM).expect("default");
}

fn unwinds(info: &SigInfo) {
    handler(info);
    panic::resume_unwind(Box::new(()));
}

fn raises_another(info: &SigInfo) {
    say(format!("enter {}", number(info)));
    raise(Signal::USR2).expect("raise");
    say(format!("leave {}", number(info)));
}

fn raises_itself(info: &SigInfo) {
    static DEPTH: AtomicU32 = AtomicU32::new(0);
    let depth = DEPTH.fetch_add(1, Ordering::Relaxed);
    say(format!("enter {depth}"));
    if depth < 2 {
        raise(info.signal()).expect("raise");
    }
    say(format!("leave {depth}"));
}

fn only_once(info: &SigInfo) {
    handler(info);
    SIGNALS.release(Signal::USR1).expect("release");
}

fn sends_a_lower_one(info: &SigInfo) {
    say(format!("enter {}", number(info)));
    mask::block(Signal::HUP).expect("block");
    send::raise(Signal::HUP).expect("raise");
    say(format!("leave {}", number(info)));
}

rows! {
    ascending_order_whatever_came_first
    "
three = [SIGHUP, SIGUSR1, SIGTERM]
for one in three:
    signal(one, handler)
pthread_sigmask(SIG_BLOCK, three)
for one in [SIGTERM, SIGUSR1, SIGHUP]:
    itself(one)
pthread_sigmask(SIG_UNBLOCK, three)
" {
        for signal in THREE {
            set(signal, handler)?;
        }
        three_at_once()?;
    }

    standard_signal_is_called_once
    "
signal(SIGUSR1, handler)
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
for _ in range(5):
    itself(SIGUSR1)
pthread_sigmask(SIG_UNBLOCK, [SIGUSR1])
say('once')
" {
        set(Signal::USR1, handler)?;
        mask::block(Signal::USR1)?;
        for _ in 0..5 {
            send::kill(Pid::this(), Signal::USR1)?;
        }
        mask::unblock(Signal::USR1)?;
        SIGNALS.dispatch();
        say("once");
    }

    real_time_signal_is_called_once
    "
signal(SIGRTMIN, handler)
pthread_sigmask(SIG_BLOCK, [SIGRTMIN])
for _ in range(5):
    itself(SIGRTMIN)
pthread_sigmask(SIG_UNBLOCK, [SIGRTMIN])
say('once')
" {
        let signal = Signal::rt(0)?;
        set(signal, handler)?;
        mask::block(signal)?;
        for _ in 0..5 {
            send::kill(Pid::this(), signal)?;
        }
        mask::unblock(signal)?;
        SIGNALS.dispatch();
        say("once");
    }

    each_of_many_is_called
    "
signal(SIGUSR1, handler)
for _ in range(5):
    raise_signal(SIGUSR1)
" {
        set(Signal::USR1, handler)?;
        for _ in 0..5 {
            raise(Signal::USR1)?;
        }
    }

    replaced_before_its_turn
    "
three = [SIGHUP, SIGUSR1, SIGTERM]
def replaces_term(signum, frame):
    handler(signum, frame)
    signal(SIGTERM, other)
for one in three:
    signal(one, handler)
signal(SIGHUP, replaces_term)
pthread_sigmask(SIG_BLOCK, three)
for one in [SIGTERM, SIGUSR1, SIGHUP]:
    itself(one)
pthread_sigmask(SIG_UNBLOCK, three)
" {
        for signal in THREE {
            set(signal, handler)?;
        }
        set(Signal::HUP, replaces_term)?;
        three_at_once()?;
    }

    taken_away_before_its_turn
    "
sys.unraisablehook = lambda what: None
three = [SIGHUP, SIGUSR1, SIGTERM]
def takes_term_away(signum, frame):
    handler(signum, frame)
    signal(SIGTERM, SIG_DFL)
for one in three:
    signal(one, handler)
signal(SIGHUP, takes_term_away)
pthread_sigmask(SIG_BLOCK, three)
for one in [SIGTERM, SIGUSR1, SIGHUP]:
    itself(one)
pthread_sigmask(SIG_UNBLOCK, three)
say('still here')
" {
        for signal in THREE {
            set(signal, handler)?;
        }
        set(Signal::HUP, takes_term_away)?;
        three_at_once()?;
        say("still here");
    }

    one_that_raises_leaves_the_others
    "
three = [SIGHUP, SIGUSR1, SIGTERM]
def unwinds(signum, frame):
    handler(signum, frame)
    raise KeyError
for one in three:
    signal(one, handler)
signal(SIGHUP, unwinds)
pthread_sigmask(SIG_BLOCK, three)
for one in [SIGTERM, SIGUSR1, SIGHUP]:
    itself(one)
raised = False
try:
    pthread_sigmask(SIG_UNBLOCK, three)
except KeyError:
    raised = True
time.sleep(0)
say(raised)
" {
        for signal in THREE {
            set(signal, handler)?;
        }
        set(Signal::HUP, unwinds)?;
        let raised = panic::catch_unwind(three_at_once).is_err();
        SIGNALS.dispatch();
        say(if raised { "True" } else { "False" });
    }

    one_inside_another
    "
def raises_another(signum, frame):
    say('enter', signum)
    raise_signal(SIGUSR2)
    say('leave', signum)
signal(SIGUSR1, raises_another)
signal(SIGUSR2, handler)
raise_signal(SIGUSR1)
" {
        set(Signal::USR1, raises_another)?;
        set(Signal::USR2, handler)?;
        raise(Signal::USR1)?;
    }

    one_inside_itself
    "
depth = 0
def raises_itself(signum, frame):
    global depth
    mine = depth
    depth += 1
    say('enter', mine)
    if mine < 2:
        raise_signal(signum)
    say('leave', mine)
signal(SIGUSR1, raises_itself)
raise_signal(SIGUSR1)
" {
        set(Signal::USR1, raises_itself)?;
        raise(Signal::USR1)?;
    }

    lower_one_that_comes_in_a_call_is_for_the_next
    "
def sends_a_lower_one(signum, frame):
    say('enter', signum)
    pthread_sigmask(SIG_BLOCK, [SIGHUP])
    raise_signal(SIGHUP)
    say('leave', signum)
signal(SIGTERM, sends_a_lower_one)
signal(SIGHUP, handler)
raise_signal(SIGTERM)
say('next')
pthread_sigmask(SIG_UNBLOCK, [SIGHUP])
" {
        set(Signal::TERM, sends_a_lower_one)?;
        set(Signal::HUP, handler)?;
        raise(Signal::TERM)?;
        say("next");
        mask::unblock(Signal::HUP)?;
        SIGNALS.dispatch();
    }

    only_once_then_the_default
    "
def only_once(signum, frame):
    handler(signum, frame)
    signal(signum, SIG_DFL)
signal(SIGUSR1, only_once)
raise_signal(SIGUSR1)
say('again')
raise_signal(SIGUSR1)
say('not reached')
" {
        set(Signal::USR1, only_once)?;
        raise(Signal::USR1)?;
        say("again");
        raise(Signal::USR1)?;
        say("not reached");
    }

    child_of_fork_has_the_functions
    "
signal(SIGUSR1, handler)
pid = os.fork()
if pid == 0:
    raise_signal(SIGUSR1)
    os._exit(0)
say(os.waitpid(pid, 0)[1])
" {
        set(Signal::USR1, handler)?;
        let outcome = support::Child::start(|_| raise(Signal::USR1).expect("raise")).wait();
        print!("{}", outcome.output);
        outcome.assert_exited(0);
        say(0);
    }

    child_of_fork_has_what_came
    "
signal(SIGUSR1, handler)
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
raise_signal(SIGUSR1)
pid = os.fork()
if pid == 0:
    say('child', numbers(sigpending()))
    os._exit(0)
os.waitpid(pid, 0)
say('parent', numbers(sigpending()))
" {
        use siglatch::wait;
        set(Signal::USR1, handler)?;
        mask::block(Signal::USR1)?;
        send::raise(Signal::USR1)?;
        let outcome = support::Child::start(|_| {
            say(format!("child {}", crate::row::numbers(wait::pending().expect("pending"))));
        })
        .wait();
        print!("{}", outcome.output);
        say(format!("parent {}", crate::row::numbers(wait::pending()?)));
    }
}
