//! Other code that installs handlers of its own by the C library, counts their calls, and chains
//! to what it replaced, as a good neighbour does.

use super::oracle;
use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::io;
use std::sync::{Mutex, PoisonError};

/// Handlers that one scenario can have in one chain.
const COUNT: usize = 2;

static FOREIGN: [Foreign; COUNT] = [const { Foreign::new() }; COUNT];

/// One handler and what it replaced.
#[derive(Debug)]
pub struct Foreign {
    calls: AtomicU32,
    /// The handler to chain to, and the flags that say how.
    under: AtomicUsize,
    under_flags: AtomicI32,
    replaced: Mutex<Option<Replaced>>,
}

#[derive(Clone, Copy)]
struct Replaced(libc::sigaction);

impl core::fmt::Debug for Replaced {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Replaced").finish_non_exhaustive()
    }
}

/// The first one.
pub fn first() -> &'static Foreign {
    let [first, _] = &FOREIGN;
    first
}

/// Another one.
pub fn second() -> &'static Foreign {
    let [_, second] = &FOREIGN;
    second
}

impl Foreign {
    const fn new() -> Self {
        Foreign {
            calls: AtomicU32::new(0),
            under: AtomicUsize::new(libc::SIG_DFL),
            under_flags: AtomicI32::new(0),
            replaced: Mutex::new(None),
        }
    }

    /// The handler's address.
    pub fn address(&self) -> usize {
        if ptr::eq(self, first()) {
            on_signal::<0> as *const () as usize
        } else {
            on_signal::<1> as *const () as usize
        }
    }

    /// Installs the handler over what is there.
    #[track_caller]
    pub fn come(&self, signo: i32) {
        let old = self.come_alone(signo);
        self.under_flags.store(old.sa_flags, SeqCst);
        self.under.store(old.sa_sigaction, SeqCst);
    }

    /// The same, but does not chain: the handlers under it get nothing while it is there. Gives
    /// what it replaced.
    #[track_caller]
    pub fn come_alone(&self, signo: i32) -> libc::sigaction {
        let old = set(signo, &action(self.address(), libc::SA_SIGINFO | libc::SA_ONSTACK));
        self.under.store(libc::SIG_DFL, SeqCst);
        *self.replaced.lock().unwrap_or_else(PoisonError::into_inner) = Some(Replaced(old));
        old
    }

    /// Restores what the handler replaced, whatever is there now.
    #[track_caller]
    pub fn leave(&self, signo: i32) {
        let replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Replaced(old) = replaced.expect("it has come");
        set(signo, &old);
    }

    /// Whether the handler is the one that the kernel calls.
    #[track_caller]
    pub fn is_installed(&self, signo: i32) -> bool {
        oracle::raw_action(signo).handler == self.address()
    }

    /// How often the handler was called since this was asked last.
    pub fn take_calls(&self) -> u32 {
        self.calls.swap(0, SeqCst)
    }
}

/// An action with an empty mask.
pub fn action(handler: usize, flags: i32) -> libc::sigaction {
    // SAFETY: zero is a value of this plain C struct: no handler, no flag, an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    action
}

/// Installs an action by the C library, and gives the one before. The handlers of these tests do
/// atomic stores and system calls only, and their flags say how they are to be called.
#[track_caller]
pub fn set(signo: i32, new: &libc::sigaction) -> libc::sigaction {
    let mut old = action(libc::SIG_DFL, 0);
    // SAFETY: both are valid; the handler is sound, as told above, or what the C library gave.
    let result = unsafe { libc::sigaction(signo, new, &raw mut old) };
    assert_eq!(result, 0, "sigaction({signo}): {}", io::Error::last_os_error());
    old
}

extern "C" fn on_signal<const N: usize>(
    signo: i32,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    type WithInfo = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
    let Some(this) = FOREIGN.get(N) else { return };
    this.calls.fetch_add(1, SeqCst);
    let under = this.under.load(SeqCst);
    if matches!(under, libc::SIG_DFL | libc::SIG_IGN) {
        return;
    }
    if this.under_flags.load(SeqCst) & libc::SA_SIGINFO == 0 {
        // SAFETY: an action without SA_SIGINFO has the address of a function of one argument.
        let handler = unsafe { mem::transmute::<usize, extern "C" fn(i32)>(under) };
        handler(signo);
    } else {
        // SAFETY: an action with SA_SIGINFO has the address of such a function.
        let handler = unsafe { mem::transmute::<usize, WithInfo>(under) };
        handler(signo, info, context);
    }
}
