//! [`set_restart`]: siginterrupt(3).
#![expect(unsafe_code, reason = "changes actions through the kernel's door")]

use super::{SaFlags, compare_exchange, read};
use crate::sys::KernelSigaction;
use crate::{Errno, SigSet, Signal};

/// Whether a system call that `signal` interrupts goes on (`SA_RESTART`) or fails with `EINTR`,
/// whoever installed its action: siginterrupt(3). Says what it was before.
///
/// Note the sense: `siginterrupt(signal, 1)` is `set_restart(signal, false)`.
///
/// All else of the action stays as it is. For a signal that a [`Latch`](crate::Latch) has caught,
/// the choice is the latch's: [`Latch::restart`](crate::Latch::restart). What is set here holds
/// there only until the next catch or release of the signal. And
/// [`Previous::restore`](super::Previous::restore) of an action that was changed here finds another
/// one in force than its own.
///
/// ```
/// use siglatch::action;
/// use siglatch::Signal;
///
/// let before = action::set_restart(Signal::WINCH, true)?;
/// action::set_restart(Signal::WINCH, before)?;
/// # Ok::<(), siglatch::Errno>(())
/// ```
///
/// # Errors
///
/// `EAGAIN`: other code set the action at the same time, again and again; it is as that code left
/// it. `EINVAL`: `SIGKILL` or `SIGSTOP`.
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
        // SAFETY: the handler is the one in force, and is called as before.
        match unsafe { compare_exchange(signal, &current, &new) } {
            Err(Errno::AGAIN) => {}
            result => return result.map(|()| before),
        }
    }
    Err(Errno::AGAIN)
}
