//! [`Walk`]: how far the handler has come with the receivers.

use super::bits::Bit;
use super::list::List;
use super::receiver::Receiver;

/// `repr(C)`, as both are handed on in registers.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Walk {
    /// The receiver that is to be seen to next; `None` at the end.
    pub(super) at: Option<Receiver>,
    pub(super) so_far: SoFar,
}

/// In this order, the handler's common cases are those below a number.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SoFar {
    /// Nobody has taken the signal.
    Untaken,
    Taken,
    /// It is taken, and who waits for the flag of the receiver `at` is to be woken.
    Flagged,
    /// Nobody was asked.
    Nothing,
}

impl Walk {
    pub(super) const TO_BEGIN: Self = Self { at: None, so_far: SoFar::Nothing };

    /// Sets the flags of plain latches, as far as nobody waits for them. It calls nothing.
    #[inline]
    pub(super) fn over_latches(receivers: &List, bit: Bit) -> Self {
        let mut walk = Self { at: receivers.next_wanting(None, bit), so_far: SoFar::Untaken };
        while let Some(receiver) = walk.at.filter(|receiver| receiver.own_delivery().is_none()) {
            if receiver.flag(bit) {
                walk.so_far = SoFar::Flagged;
                break;
            }
            walk = Self { at: receivers.next_wanting(walk.at, bit), so_far: SoFar::Taken };
        }
        walk
    }

    /// Whether all is done, and somebody has the signal.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.at.is_none() && self.so_far == SoFar::Taken
    }
}
