//! [`Hook`]: a function of the program's own, run in signal context.
#![expect(unsafe_code, reason = "calls the program's function in signal context")]

use core::ffi::c_void;
use core::fmt;
use core::ptr::{self, NonNull};

use super::receiver::{Arrival, HookVerdict, Receiver, receiver_methods};
use crate::sys::KernelSiginfo;
use crate::{DefaultAction, SigInfo, Signal};

/// The signal that a hook runs for.
#[derive(Clone, Copy)]
pub struct HookContext<'a> {
    hook: &'static Hook,
    arrival: &'a Arrival,
}

impl HookContext<'_> {
    /// The signal.
    #[must_use]
    pub fn signal(self) -> Signal {
        self.arrival.signal
    }

    /// The hook: several may share a function.
    #[must_use]
    pub fn hook(self) -> &'static Hook {
        self.hook
    }

    /// Its details.
    #[must_use]
    pub fn info(self) -> SigInfo {
        self.arrival.info()
    }

    /// The kernel's `siginfo_t`, on the stack of the handler. Null if code that chains to this
    /// crate passed on none that is known to be this signal's.
    #[must_use]
    pub fn raw_info(self) -> *const KernelSiginfo {
        self.arrival.details().map_or(ptr::null(), ptr::from_ref)
    }

    /// The `ucontext_t` of the interrupted code, on the stack of the handler; changes to it take
    /// effect when the handler returns. Null as for [`raw_info`](Self::raw_info).
    #[must_use]
    pub fn ucontext(self) -> *mut c_void {
        self.arrival.trusted_context().unwrap_or(ptr::null_mut())
    }
}

impl fmt::Debug for HookContext<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookContext").field("info", &self.info()).finish_non_exhaustive()
    }
}

/// A function of the program's own that runs in signal context, with the details and the
/// interrupted context, for what flags and queues cannot do.
///
/// A hook runs on the thread's alternate stack if it has one, which a stack overflow needs. All
/// hooks of a signal run in the order in which they were first registered.
///
/// A hook may catch the [synchronous](Signal::is_synchronous) signals, which a latch refuses. Of
/// these, the first hook that returns [`HookVerdict::Taken`] is the last one called, and the
/// interrupted code resumes in the context as the hook left it: a faulting instruction runs
/// again. If all decline, or one returns [`HookVerdict::TakenAndChained`], the previous handler is
/// called; without one, a signal that all declined ends the process.
///
/// Any other signal goes to each hook and to the previous handler. If there are only hooks and all
/// decline a signal whose default action is to terminate, that action is taken, unless the signal
/// was ignored when it was caught; in process 1 of a pid namespace, which has no default action, a
/// signal that all declined has no effect.
///
/// ```
/// use siglatch::{Hook, HookContext, Signal, HookVerdict, send};
/// use std::sync::atomic::{AtomicI32, Ordering};
///
/// static LAST: AtomicI32 = AtomicI32::new(0);
///
/// fn note(signal: HookContext<'_>) -> HookVerdict {
///     LAST.store(signal.signal().as_raw(), Ordering::Relaxed);
///     HookVerdict::Taken
/// }
///
/// // SAFETY: `note` does one atomic store.
/// static NOTE: Hook = unsafe { Hook::new(note) };
///
/// NOTE.catch(Signal::USR2)?;
/// send::raise(Signal::USR2)?;
/// assert_eq!(LAST.load(Ordering::Relaxed), Signal::USR2.as_raw());
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # A system call that a filter traps
///
/// A call that a seccomp(2) filter traps (`SECCOMP_RET_TRAP`) raises `SIGSYS` and returns what its
/// result register holds: its own number, as if it had succeeded. A hook has to write the result:
///
/// ```no_run
/// use siglatch::{Cause, Hook, HookContext, Signal, HookVerdict};
///
/// /// Fails a trapped call with `ENOSYS`.
/// fn answer(signal: HookContext<'_>) -> HookVerdict {
///     let context = signal.ucontext().cast::<libc::ucontext_t>();
///     if context.is_null() || !matches!(signal.info().cause(), Cause::Syscall { .. }) {
///         return HookVerdict::Declined;
///     }
///     // SAFETY: it is the kernel's, on the stack of this handler.
///     let machine = unsafe { &raw mut (*context).uc_mcontext };
///     #[cfg(target_arch = "x86_64")]
///     // SAFETY: as above.
///     let result = unsafe { &raw mut (*machine).gregs[libc::REG_RAX as usize] };
///     #[cfg(target_arch = "aarch64")]
///     // SAFETY: as above.
///     let result = unsafe { &raw mut (*machine).regs[0] };
///     // SAFETY: as above.
///     unsafe { *result = -libc::ENOSYS as _ };
///     HookVerdict::Taken
/// }
///
/// // SAFETY: `answer` changes the result of the call that was trapped and nothing else.
/// static TRAPPED: Hook = unsafe { Hook::new(answer) };
///
/// TRAPPED.catch(Signal::SYS)?;
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[repr(C)]
pub struct Hook {
    receiver: Receiver,
    function: fn(HookContext<'_>) -> HookVerdict,
}

impl Hook {
    /// A hook that has caught nothing yet.
    ///
    /// # Safety
    ///
    /// `function` must be sound to run at any instruction of any thread, as signal-safety(7) tells:
    ///
    /// - it calls only what is async-signal-safe: it does not allocate, take a lock or wait for a
    ///   thread, and it leaves errno as it finds it;
    /// - it does not unwind, leave by a jump, catch or release;
    /// - what it shares with other code it shares through atomics;
    /// - if it does not return [`HookVerdict::Declined`] for a synchronous signal, resuming in the
    ///   context as it left it must be sound.
    #[must_use]
    pub const unsafe fn new(function: fn(HookContext<'_>) -> HookVerdict) -> Self {
        Self { receiver: Receiver::with(Self::deliver).taking_synchronous(), function }
    }

    receiver_methods!();

    /// # Safety
    ///
    /// `address` is that of a registered `Hook`.
    unsafe extern "C" fn deliver(address: NonNull<Receiver>, arrival: &Arrival) -> HookVerdict {
        // SAFETY: the receiver is the first field of the hook, whose address was registered.
        let hook: &'static Self = unsafe { address.cast::<Self>().as_ref() };
        match (hook.function)(HookContext { hook, arrival }) {
            HookVerdict::Declined if ends_process(arrival.signal) => HookVerdict::Declined,
            HookVerdict::Taken if arrival.signal.is_synchronous() => HookVerdict::Taken,
            _ => HookVerdict::TakenAndChained,
        }
    }
}

/// Returns `true` if the default action is to end the process, which is then left to it.
const fn ends_process(signal: Signal) -> bool {
    matches!(signal.default_action(), DefaultAction::Terminate | DefaultAction::Core)
}

impl fmt::Debug for Hook {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("caught", &self.caught()).finish_non_exhaustive()
    }
}
