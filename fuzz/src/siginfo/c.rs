//! The C library's view of a `siginfo_t`.
#![expect(unsafe_code, reason = "the accessors read a union")]

use super::Bytes;
use super::layout::{Layout, ints};
use core::mem::transmute;
use siglatch::{Cause, ChildState, SigVal};

/// All of its bytes are set.
struct Info(libc::siginfo_t);

/// One line a field: a function, its type, and libc's accessor.
macro_rules! fields {
    ($($name:ident: $kind:ty = $accessor:ident;)*) => {
        impl Info {
            $(
                fn $name(&self) -> $kind {
                    // SAFETY: all bytes are set, so this field of the union is an integer or an
                    // address, if of no meaning for another kind of signal.
                    unsafe { self.0.$accessor() }
                }
            )*
        }
    };
}

fields! {
    pid: i32 = si_pid;
    uid: u32 = si_uid;
    value: libc::sigval = si_value;
    status: i32 = si_status;
    utime: libc::c_long = si_utime;
    stime: libc::c_long = si_stime;
    addr: *mut libc::c_void = si_addr;
}

impl Info {
    fn new(bytes: Bytes) -> Self {
        // SAFETY: the sizes are the same, and any bytes are a value of this plain C struct.
        Self(unsafe { transmute::<Bytes, libc::siginfo_t>(bytes) })
    }
}

/// The C library has an accessor for most fields.
pub fn check(bytes: &Bytes, layout: Layout, cause: Cause) {
    let c = Info::new(*bytes);
    let first = (c.0.si_signo, c.0.si_errno, c.0.si_code);
    assert_eq!(<[i32; 3]>::from(first), ints(bytes));
    let (pid, uid, sigval) = (c.pid(), c.uid(), c.value().sival_ptr.addr());
    match cause {
        Cause::User { pid: ours, uid: of } | Cause::Thread { pid: ours, uid: of } => {
            assert_eq!((ours, of), (pid, uid));
        }
        Cause::Queue { pid: ours, uid: of, value }
        | Cause::MessageQueue { pid: ours, uid: of, value }
        | Cause::AsyncIo { pid: ours, uid: of, value } => {
            assert_eq!((ours, of, value.as_addr()), (pid, uid, sigval));
            // The union's int is its first four bytes.
            let int = i32::from_ne_bytes(*sigval.to_ne_bytes().first_chunk().unwrap());
            assert_eq!(value.as_int(), int);
            assert_eq!(SigVal::from_int(int).as_int(), int);
        }
        Cause::Timer { value, .. } => assert_eq!(value.as_addr(), sigval),
        Cause::Other { pid: ours, uid: of, value } => {
            assert_eq!((ours, of), (pid, uid));
            assert_eq!(value.as_addr(), if layout == Layout::Rt { sigval } else { 0 });
        }
        Cause::Child { pid: ours, uid: of, state, user_ticks, system_ticks } => {
            assert_eq!((ours, of), (pid, uid));
            assert_eq!((user_ticks, system_ticks), (c.utime() as isize as i64, c.stime() as isize as i64));
            match state {
                ChildState::Exited(status)
                | ChildState::KilledByReserved(status)
                | ChildState::Trapped(status) => assert_eq!(status, c.status()),
                ChildState::Killed(signal)
                | ChildState::Dumped(signal)
                | ChildState::Stopped(signal) => assert_eq!(signal.as_raw(), c.status()),
                _ => {}
            }
        }
        Cause::Fault { address, .. } | Cause::Syscall { address, .. } => {
            assert_eq!(address, c.addr().addr());
        }
        // No accessor.
        _ => {}
    }
}
