//! What other crates' types inherit from ours: auto traits, `Copy`, and sizes.

use core::fmt::{Debug, Display};
use core::hash::Hash;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::str::FromStr;
use siglatch::action::{Action, Disposition, Previous, SaFlags};
use siglatch::child::{Change, Children, ForkWindow, InheritedSignals};
use siglatch::mask::MaskGuard;
use siglatch::sys::{KernelSigaction, KernelSiginfo, KernelSigset, KernelTimespec};
use siglatch::{
    Cause, ChildState, DefaultAction, Errno, FaultDetail, Latch, LatchDrain, Pid, SigInfo,
    SigInfoTrust, SigSet, SigSetIter, SigVal, Signal, SignalName,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use support::{Scenario, scenarios};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![sizes_are_as_documented, statics_are_of_constants]
}

/// The traits of every plain value.
macro_rules! plain {
    ($($type:ty),+ $(,)?) => {
        $(assert_impl_all!($type: Copy, Eq, Debug, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);)+
    };
}

plain!(Signal, SigSet, SigInfo, Errno, Pid, SigVal, SigInfoTrust, Cause, ChildState, FaultDetail);
plain!(
    DefaultAction,
    Disposition,
    SaFlags,
    Action,
    Change,
    KernelSigaction,
    KernelSigset,
    KernelTimespec
);

assert_impl_all!(KernelSiginfo: Copy, Debug, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Previous: Debug, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_impl_all!(SignalName: Clone, Eq, Hash, Debug, Display, Send, Sync, Unpin, UnwindSafe);
assert_impl_all!(SigSetIter: Clone, Debug, ExactSizeIterator, Send, Sync, Unpin, UnwindSafe);
assert_impl_all!(LatchDrain<'static>: Clone, Debug, Iterator, Send, Sync, Unpin, UnwindSafe);

// A latch is shared by all threads, and is one place in memory.
assert_impl_all!(Latch: Debug, Default, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(Latch: Clone);

assert_impl_all!(Children<2>: Debug, Default, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_impl_all!(InheritedSignals: Debug, Default, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(Children<2>: Clone);
assert_not_impl_any!(InheritedSignals: Clone);

// A mask is a thread's, and is restored once.
assert_impl_all!(MaskGuard: Debug, Unpin);
assert_not_impl_any!(MaskGuard: Send, Sync, Clone);
assert_impl_all!(ForkWindow: Debug, Unpin);
assert_not_impl_any!(ForkWindow: Send, Sync, Clone);
assert_not_impl_any!(Previous: Clone);

assert_impl_all!(Signal: Ord, Hash, Display, FromStr, TryFrom<i32>, Into<i32>, Into<SigSet>);
assert_impl_all!(SigSet: Default, Hash, IntoIterator, FromIterator<Signal>, Extend<Signal>);
assert_impl_all!(SigSet: From<Signal>, From<[Signal; 3]>, From<&'static [Signal]>);
assert_impl_all!(Errno: Ord, Hash, Display, core::error::Error);
assert_impl_all!(Pid: Ord, Hash, Display, TryFrom<u32>);
assert_impl_all!(SigInfoTrust: Ord, Hash);
assert_impl_all!(SigVal: Default, Hash);
assert_impl_all!(SaFlags: Default, Hash);

// A number is not a signal, nor a process, until it has been looked at.
assert_not_impl_any!(Signal: From<i32>, From<u8>, Default);
assert_not_impl_any!(Pid: From<i32>, From<u32>, Default);
assert_not_impl_any!(Errno: From<i32>, Default);
assert_not_impl_any!(SigSet: From<u64>);

fn sizes_are_as_documented() {
    const WORD: usize = size_of::<usize>();
    for (name, size, wanted) in [
        ("Signal", size_of::<Signal>(), 1),
        ("Option<Signal>", size_of::<Option<Signal>>(), 1),
        ("SigSet", size_of::<SigSet>(), 8),
        ("SigInfo", size_of::<SigInfo>(), 48),
        ("Errno", size_of::<Errno>(), 4),
        ("Option<Errno>", size_of::<Option<Errno>>(), 4),
        ("Result<(), Errno>", size_of::<Result<(), Errno>>(), 4),
        ("Result<Signal, Errno>", size_of::<Result<Signal, Errno>>(), 8),
        ("Pid", size_of::<Pid>(), 4),
        ("Option<Pid>", size_of::<Option<Pid>>(), 4),
        ("SigVal", size_of::<SigVal>(), WORD),
        ("SaFlags", size_of::<SaFlags>(), WORD),
        ("SigInfoTrust", size_of::<SigInfoTrust>(), 1),
        ("DefaultAction", size_of::<DefaultAction>(), 1),
        ("Disposition", size_of::<Disposition>(), 1),
        ("Action", size_of::<Action>(), size_of::<KernelSigaction>()),
        ("KernelSigset", size_of::<KernelSigset>(), 8),
        ("KernelSiginfo", size_of::<KernelSiginfo>(), 128),
        ("KernelTimespec", size_of::<KernelTimespec>(), 16),
        ("MaskGuard", size_of::<MaskGuard>(), 8),
        ("SigSetIter", size_of::<SigSetIter>(), 8),
        ("LatchDrain", size_of::<LatchDrain<'_>>(), WORD),
    ] {
        assert_eq!(size, wanted, "{name}");
    }
}

/// All that goes into a `static` can be made while compiling.
fn statics_are_of_constants() {
    static LATCH: Latch = Latch::new().restart(false).mask(STOPS);
    const STOPS: SigSet = SigSet::empty().with(Signal::INT).with(Signal::TERM);
    const FIRST: Option<Signal> = STOPS.first();
    const LAST: Result<Signal, Errno> = Signal::rt(Signal::rt_count() - 1);
    const FLAGS: SaFlags = SaFlags::RESTART.union(SaFlags::ONSTACK);
    const INIT: Result<Pid, Errno> = Pid::from_raw(1);
    assert_eq!(FIRST, Some(Signal::INT));
    assert_eq!(LAST.map(Signal::as_raw), Ok(64));
    assert!(FLAGS.contains(SaFlags::ONSTACK));
    assert_eq!(INIT.map(Pid::as_raw), Ok(1));
    assert!(!LATCH.is_set());
}
