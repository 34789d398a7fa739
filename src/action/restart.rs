//! [`set_restart`]: siginterrupt(3).
#![expect(unsafe_code, reason = "changes actions by system calls")]

use super::{SaFlags, compare_exchange, read};
use crate::sys::KernelSigaction;
use crate::{Errno, SigSet, Signal};

/// Sets whether a system call that `signal` interrupts is restarted (`SA_RESTART`) or fails with
/// `EINTR`, whichever code installed the action: siginterrupt(3), but in the opposite sense, as
/// `siginterrupt(signal, 1)` is `set_restart(signal, false)`. Returns the previous choice.
///
/// All else of the action stays; to [`Previous::restore`](super::Previous::restore) it is another
/// code's. For a signal that a [`Latch`](crate::Latch) has caught, what is set here holds until the
/// next catch or release: the choice is [`Latch::restart`](crate::Latch::restart).
///
/// # Errors
///
/// `EAGAIN`: other code set the action at the same time, again and again; it is as that code left
/// it. `EINVAL`: `SIGKILL` or `SIGSTOP`.
///
/// # Examples
///
/// ```
/// use siglatch::action;
/// use siglatch::Signal;
///
/// let before = action::set_restart(Signal::WINCH, true)?;
/// action::set_restart(Signal::WINCH, before)?;
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[doc(alias = "siginterrupt")]
#[inline]
pub fn set_restart(signal: Signal, restart: bool) -> Result<bool, Errno> {
    const ATTEMPTS: u32 = 8;
    if SigSet::UNCHANGEABLE.contains(signal) {
        return Err(Errno::INVAL);
    }
    for _ in 0..ATTEMPTS {
        let mut current = KernelSigaction::default();
        read(signal, &mut current)?;
        let flags = SaFlags::from_bits(current.flags);
        let before = flags.contains(SaFlags::RESTART);
        if before == restart {
            return Ok(before);
        }
        let flags = if restart {
            flags.union(SaFlags::RESTART)
        } else {
            flags.difference(SaFlags::RESTART)
        };
        let new = KernelSigaction { flags: flags.bits(), ..current };
        // SAFETY: the handler is the one installed, and is called as before.
        match unsafe { compare_exchange(signal, &current, &new) } {
            Err(Errno::AGAIN) => {}
            result => return result.map(|()| before),
        }
    }
    Err(Errno::AGAIN)
}
