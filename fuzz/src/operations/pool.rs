//! The real things: a fixed pool of receivers and signals, and other code's handlers, in C.

use core::mem;
use core::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering::SeqCst};
use siglatch::fd::EventFd;
use siglatch::{
    CatchError, Dispatcher, Errno, Hook, HookContext, HookVerdict, InfoQueue, Latch, SigInfo,
    SigSet, Signal,
};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::kernel::{Kind, Layer, Number, Set};
use super::model::{Behind, Receiver};

/// Lower and upper half, standard and real-time, those that are ignored by default among them.
pub fn signals() -> [Signal; 8] {
    let rt = |n| Signal::rt(n).expect("a real-time signal");
    let last = rt(Signal::rt_count() - 1);
    [Signal::USR1, Signal::WINCH, rt(0), last, Signal::HUP, Signal::USR2, Signal::URG, rt(1)]
}

pub static FLAGS: Latch = Latch::new();
pub static NARROW: Latch = Latch::new().restart(false).mask(SigSet::empty());
pub static QUEUE: InfoQueue<4> = InfoQueue::new().mask(SigSet::empty());
pub static NEWEST: InfoQueue<3> = InfoQueue::new().keep_newest().restart(false);
pub static TABLE: Dispatcher<4> = Dispatcher::new();
// SAFETY: the function adds to a number and nothing else.
#[expect(unsafe_code, reason = "a hook's function runs in signal context")]
pub static HOOK: Hook = unsafe { Hook::new(hook) };

pub const TABLE_PLACE: usize = 4;

static HOOK_CALLS: AtomicU32 = AtomicU32::new(0);

fn hook(_: HookContext<'_>) -> HookVerdict {
    HOOK_CALLS.fetch_add(1, SeqCst);
    HookVerdict::Taken
}

/// The eventfd of [`FLAGS`], for ever.
pub fn event() -> &'static EventFd {
    static EVENT: OnceLock<EventFd> = OnceLock::new();
    EVENT.get_or_init(|| EventFd::new().expect("eventfd"))
}

/// The models of the receivers, in the order of [`catch`] and [`release`].
pub fn receivers() -> Vec<Receiver> {
    let asynchronous = SigSet::full().into_iter().filter(|signal| !signal.is_synchronous());
    let all: Set = asynchronous.map(Signal::as_raw).collect();
    vec![
        Receiver::new(Behind::Flags, true, all.clone()),
        Receiver::new(Behind::Flags, false, Set::new()),
        Receiver::new(Behind::Queue { room: 4, newest: false }, true, Set::new()),
        Receiver::new(Behind::Queue { room: 3, newest: true }, false, all.clone()),
        Receiver::new(Behind::Queue { room: 4, newest: true }, true, all.clone()),
        Receiver::new(Behind::Hook, true, all),
    ]
}

/// Of those but the table, whose `catch` takes a callback.
pub fn catch(receiver: usize, set: SigSet) -> Result<(), CatchError> {
    match receiver {
        0 => FLAGS.catch(set),
        1 => NARROW.catch(set),
        2 => QUEUE.catch(set),
        3 => NEWEST.catch(set),
        _ => HOOK.catch(set),
    }
}

pub fn catch_unless_ignored(receiver: usize, set: SigSet) -> Result<SigSet, CatchError> {
    match receiver {
        0 => FLAGS.catch_unless_ignored(set),
        1 => NARROW.catch_unless_ignored(set),
        2 => QUEUE.catch_unless_ignored(set),
        3 => NEWEST.catch_unless_ignored(set),
        _ => HOOK.catch_unless_ignored(set),
    }
}

pub fn release(receiver: usize, set: SigSet) -> Result<SigSet, Errno> {
    match receiver {
        0 => FLAGS.release(set),
        1 => NARROW.release(set),
        2 => QUEUE.release(set),
        3 => NEWEST.release(set),
        _ => HOOK.release(set),
    }
}

/// What a receiver has caught, the table included: it has a function for each.
pub fn caught(receiver: usize) -> SigSet {
    match receiver {
        0 => FLAGS.caught(),
        1 => NARROW.caught(),
        2 => QUEUE.caught(),
        3 => NEWEST.caught(),
        TABLE_PLACE => Signal::all().filter(|signal| TABLE.callback(*signal).is_some()).collect(),
        _ => HOOK.caught(),
    }
}

/// What the table's functions were called for, and which of them.
static CALLS: Mutex<Vec<(usize, SigInfo)>> = Mutex::new(Vec::new());

pub const CALLBACKS: [siglatch::Callback; 2] = [|info| called(0, info), |info| called(1, info)];

fn called(which: usize, info: &SigInfo) {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner).push((which, *info));
}

pub fn take_calls() -> Vec<(usize, SigInfo)> {
    mem::take(&mut CALLS.lock().unwrap_or_else(PoisonError::into_inner))
}

pub fn hook_calls() -> u32 {
    HOOK_CALLS.load(SeqCst)
}

/// Calls of other code's handlers, by number: of those that were there first, of those over ours.
static FIRST: [AtomicU32; 65] = [const { AtomicU32::new(0) }; 65];
static OVER: [AtomicU32; 65] = [const { AtomicU32::new(0) }; 65];

/// What the handlers over ours chain to.
static UNDER: [AtomicUsize; 65] = [const { AtomicUsize::new(libc::SIG_DFL) }; 65];
static UNDER_FLAGS: [AtomicI32; 65] = [const { AtomicI32::new(0) }; 65];

pub fn first_calls(number: Number) -> u32 {
    FIRST[number as usize].load(SeqCst)
}

pub fn over_calls(number: Number) -> u32 {
    OVER[number as usize].load(SeqCst)
}

extern "C" fn first(number: i32) {
    FIRST[number as usize].fetch_add(1, SeqCst);
}

#[expect(unsafe_code, reason = "chains, as a C library's neighbour does")]
extern "C" fn over(number: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    type WithInfo = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
    OVER[number as usize].fetch_add(1, SeqCst);
    let under = UNDER[number as usize].load(SeqCst);
    if matches!(under, libc::SIG_DFL | libc::SIG_IGN) {
        return;
    }
    if UNDER_FLAGS[number as usize].load(SeqCst) & libc::SA_SIGINFO == 0 {
        // SAFETY: an action without SA_SIGINFO has the address of a function of one argument.
        let handler = unsafe { mem::transmute::<usize, extern "C" fn(i32)>(under) };
        handler(number);
    } else {
        // SAFETY: an action with SA_SIGINFO has the address of such a function.
        let handler = unsafe { mem::transmute::<usize, WithInfo>(under) };
        handler(number, info, context);
    }
}

/// The action that is there before anybody comes.
pub fn install_first(number: Number, layer: &Layer) -> libc::sigaction {
    let handler = match layer.kind {
        Kind::Ignore => libc::SIG_IGN,
        Kind::Default => libc::SIG_DFL,
        Kind::Ours | Kind::Foreign => first as *const () as usize,
    };
    set(number, &action(handler, 0, layer))
}

/// Puts the other handler over what is there.
pub fn install_over(number: Number, layer: &Layer) -> libc::sigaction {
    let old = set(number, &action(over as *const () as usize, libc::SA_SIGINFO, layer));
    UNDER_FLAGS[number as usize].store(old.sa_flags, SeqCst);
    UNDER[number as usize].store(old.sa_sigaction, SeqCst);
    old
}

#[expect(unsafe_code, reason = "C's struct")]
fn action(handler: usize, flags: i32, layer: &Layer) -> libc::sigaction {
    // SAFETY: zero is a value of this plain C struct: no handler, no flag, an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags | if layer.restart { libc::SA_RESTART } else { 0 };
    for number in &layer.mask {
        // SAFETY: the set is valid, and the number a signal's.
        unsafe { libc::sigaddset(&raw mut action.sa_mask, *number) };
    }
    action
}

/// Installs an action as C code does, and gives the one before.
#[expect(unsafe_code, reason = "C's function")]
pub fn set(number: Number, new: &libc::sigaction) -> libc::sigaction {
    // SAFETY: zero is a value of this plain C struct.
    let mut old: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: both are valid; the handlers make atomic accesses and call the previous action.
    let result = unsafe { libc::sigaction(number, new, &raw mut old) };
    assert_eq!(result, 0, "sigaction({number})");
    old
}
