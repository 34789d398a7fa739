//! pthread_sigmask, sigpending.

use crate::row::{SIGNALS, attempt, handler, none, numbers, raise, rows, rtmax, say, set};
use siglatch::{Pid, SigSet, Signal, mask, send, wait};

rows! {
    block_returns_the_mask_before
    "
say(numbers(pthread_sigmask(SIG_BLOCK, [])))
say(numbers(pthread_sigmask(SIG_BLOCK, [SIGUSR1])))
say(numbers(pthread_sigmask(SIG_BLOCK, [SIGUSR2, SIGRTMIN, SIGHUP])))
say(numbers(pthread_sigmask(SIG_BLOCK, [])))
" {
        attempt(mask::query().map(numbers));
        attempt(mask::block(Signal::USR1).map(numbers));
        attempt(mask::block([Signal::USR2, Signal::rt(0)?, Signal::HUP]).map(numbers));
        attempt(mask::block(SigSet::empty()).map(numbers));
    }

    unblock_returns_the_mask_before
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1, SIGUSR2])
say(numbers(pthread_sigmask(SIG_UNBLOCK, [SIGUSR1, SIGHUP])))
say(numbers(pthread_sigmask(SIG_UNBLOCK, [SIGUSR2])))
say(numbers(pthread_sigmask(SIG_UNBLOCK, [])))
" {
        mask::block([Signal::USR1, Signal::USR2])?;
        attempt(mask::unblock([Signal::USR1, Signal::HUP]).map(numbers));
        attempt(mask::unblock(Signal::USR2).map(numbers));
        attempt(mask::unblock(SigSet::empty()).map(numbers));
    }

    set_replaces_the_mask
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1, SIGUSR2])
say(numbers(pthread_sigmask(SIG_SETMASK, [SIGTERM])))
say(numbers(pthread_sigmask(SIG_SETMASK, [])))
say(numbers(pthread_sigmask(SIG_SETMASK, [])))
" {
        mask::block([Signal::USR1, Signal::USR2])?;
        attempt(mask::set(Signal::TERM).map(numbers));
        attempt(mask::set(SigSet::empty()).map(numbers));
        attempt(mask::set(SigSet::empty()).map(numbers));
    }

    all_valid_signals_can_be_blocked
    "
pthread_sigmask(SIG_BLOCK, valid_signals() - {SIGKILL, SIGSTOP})
say(numbers(pthread_sigmask(SIG_BLOCK, [])))
" {
        mask::block(SigSet::full())?;
        attempt(mask::query().map(numbers));
    }

    kill_and_stop_cannot_be_blocked
    "
attempt(lambda: numbers(pthread_sigmask(SIG_BLOCK, [SIGKILL, SIGSTOP, SIGUSR1])))
say(numbers(pthread_sigmask(SIG_BLOCK, [])))
" {
        attempt(mask::block([Signal::KILL, Signal::STOP, Signal::USR1]).map(numbers));
        attempt(mask::query().map(numbers));
    }
    => "set\nset 10" "errno 22\nset" "what cannot be done is not passed over in silence"

    no_signals_are_refused
    "
for one in [-1, 0, 65, 1 << 40]:
    attempt(lambda: pthread_sigmask(SIG_BLOCK, [one]))
" {
        for number in [-1, 0, 65] {
            none(Signal::from_raw(number).and_then(mask::block));
        }
        none(i32::try_from(1_i64 << 40).map_err(|_| siglatch::Errno::INVAL));
    }

    reserved_ones_are_not_blocked
    "
attempt(lambda: numbers(pthread_sigmask(SIG_BLOCK, [32, 33])))
say(numbers(pthread_sigmask(SIG_BLOCK, [])))
" {
        attempt(Signal::from_raw(32).and_then(mask::block).map(numbers));
        attempt(mask::query().map(numbers));
    }
    => "set\nset" "errno 22\nset" "Python warns, for the sake of range(1, NSIG), and goes on"

    blocked_one_waits_and_is_called_on_unblocking
    "
signal(SIGUSR1, handler)
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
raise_signal(SIGUSR1)
say('blocked')
pthread_sigmask(SIG_UNBLOCK, [SIGUSR1])
say('unblocked')
" {
        set(Signal::USR1, handler)?;
        mask::block(Signal::USR1)?;
        raise(Signal::USR1)?;
        say("blocked");
        mask::unblock(Signal::USR1)?;
        SIGNALS.dispatch();
        say("unblocked");
    }

    blocked_one_kills_on_unblocking
    "
pthread_sigmask(SIG_BLOCK, [SIGTERM])
itself(SIGTERM)
say('blocked')
pthread_sigmask(SIG_SETMASK, [])
say('not reached')
" {
        mask::block(Signal::TERM)?;
        send::kill(Pid::this(), Signal::TERM)?;
        say("blocked");
        mask::set(SigSet::empty())?;
        say("not reached");
    }

    pending_is_empty_at_first
    "say(numbers(sigpending()))"
    { attempt(wait::pending().map(numbers)) }

    pending_of_thread_and_process
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1, SIGTERM, SIGRTMAX])
raise_signal(SIGUSR1)
itself(SIGTERM)
itself(SIGRTMAX)
say(numbers(sigpending()))
say(numbers(sigpending()))
" {
        let last = rtmax();
        mask::block([Signal::USR1, Signal::TERM, last])?;
        send::raise(Signal::USR1)?;
        send::kill(Pid::this(), Signal::TERM)?;
        send::kill(Pid::this(), last)?;
        attempt(wait::pending().map(numbers));
        attempt(wait::pending().map(numbers));
    }

    mask_is_inherited_by_threads
    "
pthread_sigmask(SIG_BLOCK, [SIGUSR1])
thread = threading.Thread(target=lambda: say(numbers(pthread_sigmask(SIG_BLOCK, [SIGUSR2]))))
thread.start()
thread.join()
say(numbers(pthread_sigmask(SIG_BLOCK, [])))
" {
        mask::block(Signal::USR1)?;
        let thread = std::thread::spawn(|| mask::block(Signal::USR2));
        attempt(thread.join().expect("a thread").map(numbers));
        attempt(mask::query().map(numbers));
    }
}
