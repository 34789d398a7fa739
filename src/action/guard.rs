//! [`ActionGuard`]: an action for as long as a block runs.

use super::Previous;

/// Puts the action back that a change replaced, when dropped; see [`Previous::guard`].
#[derive(Debug)]
#[must_use = "the action is put back as soon as the guard is dropped"]
pub struct ActionGuard {
    previous: Previous,
}

impl Previous {
    /// Puts the action back at the end of the block, as [`restore`](Self::restore) does: only if the
    /// one in force is still the one that replaced it.
    ///
    /// ```
    /// use siglatch::action::{self, Disposition};
    /// use siglatch::Signal;
    ///
    /// {
    ///     let _ignored = action::ignore(Signal::USR1)?.guard();
    ///     assert_eq!(action::query(Signal::USR1)?.disposition(), Disposition::Ignore);
    /// }
    /// assert_eq!(action::query(Signal::USR1)?.disposition(), Disposition::Default);
    /// # Ok::<(), siglatch::Errno>(())
    /// ```
    pub const fn guard(self) -> ActionGuard {
        ActionGuard { previous: self }
    }
}

impl Drop for ActionGuard {
    #[inline]
    fn drop(&mut self) {
        // There is nobody to tell whether it was; `restore` is for those who want to know.
        let _restored = self.previous.restore_replaced();
    }
}
