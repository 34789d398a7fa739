//! [`Signal`]: the signals of signal(7), by number and by name.

mod names;
mod parse;

use core::fmt;
use core::num::NonZeroU8;

use crate::{Errno, SigSet};

pub(crate) const MAX: i32 = 64;

const KERNEL_RT_MIN: i32 = 32;

/// The first real-time signal that is free: a C library keeps those from 32 up to here (thread
/// cancellation, set*id, timers), and blocking or catching them breaks it.
const RT_MIN: i32 = if IS_MUSL { 35 } else { 34 };

/// OpenHarmony's C library is made of musl.
const IS_MUSL: bool = cfg!(any(target_env = "musl", target_env = "ohos"));

/// A signal: a standard one (1 to 31) or a real-time one, ordered by number, as the kernel delivers
/// pending signals. No safe function makes one of the numbers that a C library reserves (32
/// and 33, with musl also 34).
///
/// ```
/// use siglatch::Signal;
///
/// let signal: Signal = "term".parse()?;
/// assert_eq!(signal, Signal::TERM);
/// assert_eq!(signal.to_string(), "SIGTERM");
/// assert_eq!(Signal::rt(3)?.to_string(), "SIGRTMIN+3");
/// # Ok::<(), siglatch::Errno>(())
/// ```
#[doc(alias = "Signals")]
#[doc(alias = "signum")]
#[doc(alias = "SignalKind")]
#[doc(alias = "NSIG")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Signal(NonZeroU8);

/// What happens when a signal comes with its disposition the default, signal(7). It is the kernel's
/// own table: `SIGIO`, `SIGPWR`, `SIGSTKFLT` and the real-time signals terminate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DefaultAction {
    /// The process ends.
    Terminate,
    /// The process ends and dumps core, as far as `RLIMIT_CORE` allows.
    Core,
    /// The process stops.
    Stop,
    /// The process continues, if it was stopped.
    Continue,
    /// Nothing.
    Ignore,
}

/// One line a standard signal: constant, C name, default action, what strsignal(3) says.
macro_rules! standard_signals {
    ($($(#[$doc:meta])* $name:ident = $c_name:ident $text:literal, $default:ident, $description:literal;)*) => {
        impl Signal {
            $(
                $(#[$doc])*
                ///
                #[doc = concat!("Default action: [`", stringify!($default),
                    "`](DefaultAction::", stringify!($default), ").")]
                #[doc(alias = $text)]
                pub const $name: Self = Self::constant(libc::$c_name);
            )*

            /// The standard signals, 1 to 31, in the order of their numbers.
            pub const STANDARD: [Self; 31] = [$(Self::$name),*];

            /// The same as names, each with a zero behind it, for `texts`.
            const STANDARD_NAMES: &'static str = concat!($($text, "\0"),*);

            const fn standard_description(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($description),)*
                    _ => None,
                }
            }

            /// What happens when this signal comes with its disposition the default.
            #[must_use]
            pub const fn default_action(self) -> DefaultAction {
                match self {
                    $(Self::$name => DefaultAction::$default,)*
                    _ => DefaultAction::Terminate,
                }
            }
        }
    };
}

standard_signals! {
    /// The terminal was closed; by custom also "read your configuration again".
    HUP = SIGHUP "SIGHUP", Terminate, "Hangup";
    /// Interrupt from the keyboard, Ctrl-C.
    INT = SIGINT "SIGINT", Terminate, "Interrupt";
    /// Quit from the keyboard, Ctrl-\\.
    QUIT = SIGQUIT "SIGQUIT", Core, "Quit";
    /// An instruction that the processor does not have.
    ILL = SIGILL "SIGILL", Core, "Illegal instruction";
    /// A breakpoint or a trace step.
    TRAP = SIGTRAP "SIGTRAP", Core, "Trace/breakpoint trap";
    /// abort(3) was called.
    #[doc(alias = "SIGIOT")]
    ABRT = SIGABRT "SIGABRT", Core, "Aborted";
    /// An access to memory that has nothing behind it.
    BUS = SIGBUS "SIGBUS", Core, "Bus error";
    /// An arithmetic operation that has no result.
    FPE = SIGFPE "SIGFPE", Core, "Floating point exception";
    /// The end, which can be neither caught nor blocked nor ignored.
    KILL = SIGKILL "SIGKILL", Terminate, "Killed";
    /// For a program's own use.
    USR1 = SIGUSR1 "SIGUSR1", Terminate, "User defined signal 1";
    /// An access to memory that is not there or not allowed.
    SEGV = SIGSEGV "SIGSEGV", Core, "Segmentation fault";
    /// For a program's own use.
    USR2 = SIGUSR2 "SIGUSR2", Terminate, "User defined signal 2";
    /// A write to a pipe or socket without a reader.
    PIPE = SIGPIPE "SIGPIPE", Terminate, "Broken pipe";
    /// The time of alarm(2) or `ITIMER_REAL` is up.
    ALRM = SIGALRM "SIGALRM", Terminate, "Alarm clock";
    /// The request to terminate.
    TERM = SIGTERM "SIGTERM", Terminate, "Terminated";
    /// Not sent by the kernel.
    STKFLT = SIGSTKFLT "SIGSTKFLT", Terminate, "Stack fault";
    /// A child ended, stopped or continued.
    #[doc(alias = "SIGCLD")]
    CHLD = SIGCHLD "SIGCHLD", Ignore, "Child exited";
    /// Continue, if stopped.
    CONT = SIGCONT "SIGCONT", Continue, "Continued";
    /// Stop, which can be neither caught nor blocked nor ignored.
    STOP = SIGSTOP "SIGSTOP", Stop, "Stopped (signal)";
    /// Stop from the keyboard, Ctrl-Z.
    TSTP = SIGTSTP "SIGTSTP", Stop, "Stopped";
    /// A process in the background read from the terminal.
    TTIN = SIGTTIN "SIGTTIN", Stop, "Stopped (tty input)";
    /// A process in the background wrote to the terminal.
    TTOU = SIGTTOU "SIGTTOU", Stop, "Stopped (tty output)";
    /// Out-of-band data came to a socket.
    URG = SIGURG "SIGURG", Ignore, "Urgent I/O condition";
    /// The limit on processor time is reached.
    XCPU = SIGXCPU "SIGXCPU", Core, "CPU time limit exceeded";
    /// The limit on the size of a file is reached.
    XFSZ = SIGXFSZ "SIGXFSZ", Core, "File size limit exceeded";
    /// The time of `ITIMER_VIRTUAL` is up.
    VTALRM = SIGVTALRM "SIGVTALRM", Terminate, "Virtual timer expired";
    /// The time of `ITIMER_PROF` is up.
    PROF = SIGPROF "SIGPROF", Terminate, "Profiling timer expired";
    /// The window changed its size.
    WINCH = SIGWINCH "SIGWINCH", Ignore, "Window changed";
    /// A file descriptor is ready (`F_SETOWN`, `F_SETSIG`).
    #[doc(alias = "SIGPOLL")]
    IO = SIGIO "SIGIO", Terminate, "I/O possible";
    /// The power is failing.
    PWR = SIGPWR "SIGPWR", Terminate, "Power failure";
    /// A system call that a filter does not allow.
    SYS = SIGSYS "SIGSYS", Core, "Bad system call";
}

impl Signal {
    // Inline, so that there is no code of it where it is only called in constants.
    #[inline]
    const fn constant(raw: i32) -> Self {
        match Self::from_raw(raw) {
            Ok(signal) => signal,
            Err(_) => panic_while_compiling(),
        }
    }

    /// The signal with this number.
    ///
    /// # Errors
    ///
    /// `EINVAL`: not a number from 1 to 64, or one that a C library reserves.
    pub const fn from_raw(raw: i32) -> Result<Self, Errno> {
        if raw < 1 || raw > MAX || (raw >= KERNEL_RT_MIN && raw < RT_MIN) {
            return Err(Errno::INVAL);
        }
        match NonZeroU8::new(raw as u8) {
            Some(number) => Ok(Self(number)),
            None => Err(Errno::INVAL),
        }
    }

    /// The signal of the bit at `index` of a set, if that is below 64, also if it is a C library's.
    pub(crate) const fn from_bit_index(index: u32) -> Option<Self> {
        if index >= MAX as u32 {
            return None;
        }
        match NonZeroU8::new((index as u8).wrapping_add(1)) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The real-time signal `SIGRTMIN + n`, with `n` below [`rt_count`](Self::rt_count).
    ///
    /// # Errors
    ///
    /// `EINVAL`: there is no such real-time signal.
    #[doc(alias = "SIGRTMIN")]
    #[doc(alias = "SIGRTMAX")]
    pub const fn rt(n: u8) -> Result<Self, Errno> {
        Self::from_raw(RT_MIN.saturating_add(n as i32))
    }

    /// How many real-time signals a program may use: 31, or 30 with musl.
    #[must_use]
    pub const fn rt_count() -> u8 {
        (MAX - RT_MIN + 1) as u8
    }

    /// The number.
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0.get() as i32
    }

    /// The `n` of `SIGRTMIN + n`; `None` for a standard signal.
    #[must_use]
    pub const fn rt_offset(self) -> Option<u8> {
        match self.0.get().checked_sub(RT_MIN as u8) {
            Some(n) => Some(n),
            None => None,
        }
    }

    /// Returns `true` if it is a real-time signal. Its instances queue, a standard signal's do not.
    #[must_use]
    pub const fn is_rt(self) -> bool {
        self.rt_offset().is_some()
    }

    /// Returns `true` for `SIGKILL` and `SIGSTOP`, whose action cannot be changed.
    #[must_use]
    pub const fn is_unchangeable(self) -> bool {
        SigSet::UNCHANGEABLE.contains(self)
    }

    /// The bit of the signal by which the C library cancels threads, which is no `Signal`: a thread
    /// that is cancelled asynchronously in a handler of ours would leave it half-way.
    pub(crate) const CANCELLATION_BIT: u64 = 1 << (if IS_MUSL { 33 } else { 32 } - 1);

    /// Returns `true` for `SIGSEGV`, `SIGBUS`, `SIGFPE`, `SIGILL`, `SIGTRAP` and `SIGSYS`, which
    /// the kernel raises synchronously, for the running instruction. They need an answer before the
    /// handler returns, and kill the process if they are raised while blocked.
    #[must_use]
    pub const fn is_synchronous(self) -> bool {
        SigSet::SYNCHRONOUS.contains(self)
    }

    /// A copy of the name, in fixed memory; [`as_str`](Self::as_str) has it without one.
    #[must_use]
    pub fn name(self) -> SignalName {
        let mut name = SignalName(heapless::String::new());
        // The longest, `SIGRTMIN+30`, has 11 bytes, so nothing is ever cut.
        let _fits = name.0.push_str(self.as_str());
        name
    }

    /// What strsignal(3) says in English: `Terminated`; `Real-time signal`, without its number.
    #[doc(alias = "strsignal")]
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self.standard_description() {
            Some(text) => text,
            None => "Real-time signal",
        }
    }

    /// Every signal that a program may use, in the order of the numbers.
    #[doc(alias = "valid_signals")]
    pub fn all() -> impl Iterator<Item = Self> {
        (1..MAX.wrapping_add(1)).filter_map(|raw| Self::from_raw(raw).ok())
    }
}

#[inline]
const fn panic_while_compiling() -> ! {
    #[expect(clippy::panic, reason = "a constant that is wrong must not compile")]
    {
        panic!("not a signal on this architecture")
    }
}

/// A signal's name; see [`Signal::name`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SignalName(heapless::String<12>);

impl SignalName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::ops::Deref for SignalName {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As a string's own, which has a way to a panic, and escapes what is in no name.
        write!(f, "\"{self}\"")
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<i32> for Signal {
    type Error = Errno;

    fn try_from(raw: i32) -> Result<Self, Errno> {
        Self::from_raw(raw)
    }
}

impl From<Signal> for i32 {
    fn from(signal: Signal) -> Self {
        signal.as_raw()
    }
}

#[cfg(test)]
mod tests {
    use super::{DefaultAction, KERNEL_RT_MIN, MAX, RT_MIN, Signal};
    use crate::Errno;

    #[test]
    fn standard_signals_are_1_to_31_in_order() {
        let numbers = Signal::STANDARD.map(Signal::as_raw);
        assert!(numbers.into_iter().eq(1..=31));
    }

    #[test]
    fn reserved_and_impossible_numbers_are_refused() {
        let reserved = KERNEL_RT_MIN..RT_MIN;
        for raw in [i32::MIN, -1, 0, 32, 33, 65, i32::MAX].into_iter().chain(reserved) {
            assert_eq!(Signal::from_raw(raw), Err(Errno::INVAL), "{raw}");
        }
        let valid = (1..=31).chain(RT_MIN..=MAX);
        assert!(Signal::all().map(Signal::as_raw).eq(valid));
    }

    #[test]
    fn default_actions_are_the_kernels() {
        for signal in Signal::all() {
            let expected = match signal.as_raw() {
                17 | 23 | 28 => DefaultAction::Ignore,
                18 => DefaultAction::Continue,
                19..=22 => DefaultAction::Stop,
                3..=8 | 11 | 24 | 25 | 31 => DefaultAction::Core,
                _ => DefaultAction::Terminate,
            };
            assert_eq!(signal.default_action(), expected, "{signal}");
        }
    }
}
