//! fork(2) in the middle of a sequence. The child does the rest of it, too, against its copy of the
//! model, and the parent goes on when the child has ended.

use core::mem;
use core::time::Duration;
use siglatch::child::{self, ForkWindow};
use siglatch::wait::{Events, PollFd, poll};
use siglatch::{ChildState, Pid, SigSet, Signal, sys};
use std::{io, panic};

use super::kernel::Set;
use super::pool::{self, FLAGS};
use super::run::{Run, numbers};

/// A child's status where it is not as the model says.
const DIFFERS: i32 = 101;

impl Run {
    /// Forks in a window, if that was not done before in this sequence. Signals may come to the
    /// parent while the window is open, before the call and after it.
    #[expect(unsafe_code, reason = "calls fork(3)")]
    pub fn fork(&mut self, a: u8, signal: Signal) {
        if mem::replace(&mut self.has_forked, true) {
            return;
        }
        let window = ForkWindow::open().expect("a window");
        let all = numbers(SigSet::full());
        let blocked = mem::replace(&mut self.model.kernel.blocked, all);
        if a & 1 != 0 {
            self.raise(signal);
        }
        let parent = Pid::this();
        // SAFETY: the child uses nothing that another thread may hold: a fuzzer's other threads only
        // measure, and the allocator's locks are the C library's affair.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "fork: {}", io::Error::last_os_error());
        if child == 0 {
            self.begin_child(parent, window, blocked, a & 2 == 0);
            self.queue(signal);
            self.model.deliver();
            return;
        }
        if a & 4 != 0 {
            self.raise(signal);
        }
        drop(window);
        self.model.kernel.blocked = blocked;
        self.model.deliver();
        let child = Pid::from_raw(child).expect("a process");
        assert_eq!(child::wait(child), Ok(ChildState::Exited(0)), "what it says is above");
        // Nothing that came to the child has woken who polls here.
        let mut fds = [PollFd::new(pool::event().as_raw(), Events::IN)];
        let ready = poll(&mut fds, Some(Duration::ZERO), None);
        assert_eq!(ready.map(|ready| ready == 1), Ok(self.model.receivers[0].readable));
    }

    /// From here on this process is the child. It has everything of its parent's but what is
    /// pending, and if it starts over, nothing that came to its parent.
    #[expect(unsafe_code, reason = "says that this is the child")]
    fn begin_child(&mut self, parent: Pid, window: ForkWindow, blocked: Set, starts_over: bool) {
        self.is_child = true;
        // Whatever goes wrong, it does not come back to the fuzzer.
        panic::set_hook(Box::new(|info| {
            eprintln!("in the child: {info}");
            sys::exit_group(DIFFERS)
        }));
        // If it hangs, so does the parent, and who ends that ends it.
        child::set_parent_death_signal(parent, Signal::KILL).expect("the parent is there");

        self.model.kernel.pending.clear();
        self.model.kernel.blocked = blocked;
        if starts_over {
            // SAFETY: the child of fork(2) has one thread, and this is no handler.
            unsafe { window.in_child() };
            self.model.reset_after_fork();
            self.lost = Default::default();
            assert_eq!(FLAGS.wake_fd(), None);
        } else {
            drop(window);
        }
        self.compare();
        for signal in pool::signals() {
            self.compare_action(signal);
        }
    }
}

/// The end of a child that has done all, with nothing to complain about.
pub fn leave() -> ! {
    sys::exit_group(0)
}
