//! [`ActionGuard`]: an action for as long as a block runs.
#![expect(unsafe_code, reason = "installs what the caller gives")]

use super::{Action, Previous, default, ignore, install};
use crate::{Errno, Signal};

/// Restores the action that it replaced when dropped, as [`Previous::restore`] does.
///
/// ```
/// use siglatch::action::{self, ActionGuard, Disposition};
/// use siglatch::Signal;
///
/// {
///     let _ignored = ActionGuard::ignore(Signal::USR1)?;
///     assert_eq!(action::query(Signal::USR1)?.disposition(), Disposition::Ignore);
/// }
/// assert_eq!(action::query(Signal::USR1)?.disposition(), Disposition::Default);
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[derive(Debug)]
#[must_use = "the action is restored as soon as the guard is dropped"]
pub struct ActionGuard {
    previous: Previous,
}

impl ActionGuard {
    /// Ignores a signal until the guard is dropped.
    ///
    /// # Errors
    ///
    /// As [`ignore`].
    pub fn ignore(signal: Signal) -> Result<Self, Errno> {
        ignore(signal).map(Self::restoring)
    }

    /// Sets the default action of a signal until the guard is dropped.
    ///
    /// # Errors
    ///
    /// As [`default`](default()).
    pub fn default(signal: Signal) -> Result<Self, Errno> {
        default(signal).map(Self::restoring)
    }

    /// Installs an action until the guard is dropped.
    ///
    /// # Errors
    ///
    /// As [`install`].
    ///
    /// # Safety
    ///
    /// As [`install`].
    pub unsafe fn install(signal: Signal, action: &Action) -> Result<Self, Errno> {
        // SAFETY: the caller's promise.
        unsafe { install(signal, action) }.map(Self::restoring)
    }

    /// The action that will be restored.
    #[must_use]
    pub const fn previous(&self) -> Action {
        self.previous.action()
    }

    const fn restoring(previous: Previous) -> Self {
        Self { previous }
    }
}

impl Drop for ActionGuard {
    #[inline]
    fn drop(&mut self) {
        // Only `Previous::restore` can return whether it was.
        let _restored = self.previous.restore_replaced();
    }
}
