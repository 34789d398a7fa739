//! A thread of a child of ours that is stopped at each of its system calls.

use crate::sys::PtraceRequest;
use crate::watchdog::Watchdog;
use core::ptr;
use std::io;
use std::thread::yield_now;

/// What [`Traced::go_on`] tells at the entry and at the exit of a system call.
pub const AT_A_CALL: i32 = libc::SIGTRAP | 0x80;

/// The thread; this process traces it until it is dropped.
#[derive(Debug)]
pub struct Traced {
    tid: i32,
}

impl Traced {
    /// Stops the thread; refused where this process may not trace.
    pub fn attach(tid: i32) -> io::Result<Self> {
        let this = Self { tid };
        this.request(libc::PTRACE_SEIZE, libc::PTRACE_O_TRACESYSGOOD as usize)?;
        this.request(libc::PTRACE_INTERRUPT, 0)?;
        this.wait();
        Ok(this)
    }

    /// Lets it go on until it stops again, and gives what it stopped by: [`AT_A_CALL`], or a signal
    /// that it is not to have.
    #[track_caller]
    pub fn go_on(&self) -> i32 {
        self.request(libc::PTRACE_SYSCALL, 0).expect("it is stopped");
        self.wait()
    }

    fn request(&self, request: PtraceRequest, data: usize) -> io::Result<()> {
        let none = ptr::null_mut::<libc::c_void>();
        let data = ptr::without_provenance_mut::<libc::c_void>(data);
        // SAFETY: none of these requests follows an address.
        match unsafe { libc::ptrace(request, self.tid, none, data) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    #[track_caller]
    fn wait(&self) -> i32 {
        let mut status = 0;
        let mut watchdog = Watchdog::new(self.tid);
        loop {
            // SAFETY: `status` is a valid place for the answer.
            match unsafe { libc::waitpid(self.tid, &raw mut status, libc::__WALL | libc::WNOHANG) }
            {
                0 => match watchdog.look() {
                    Some(why) => panic!("the thread does not stop: {why}"),
                    None => yield_now(),
                },
                _ if libc::WIFSTOPPED(status) => return libc::WSTOPSIG(status),
                _ => panic!("the thread has ended: {status:#x}"),
            }
        }
    }
}

/// Goes on untraced. Before its process is dropped: one that is traced does not end without its
/// tracer.
impl Drop for Traced {
    fn drop(&mut self) {
        drop(self.request(libc::PTRACE_DETACH, 0));
    }
}
