//! Refers to the functions of the crate that are generic, so that there is code of them: to be linked
//! with all the others, which need no help, by the steps `symbols` and `panics` of `.ci/run`. Never
//! run.

#![no_std]
#![no_main]

use core::time::Duration;
use siglatch::action::{Action, Handler, SaFlags};
use siglatch::child::{Change, Changes, Children, ExecSignals, ReapAny};
use siglatch::fd::SignalFd;
use siglatch::mask::{self, MaskGuard};
use siglatch::send::{self, Target};
use siglatch::{
    Callback, CatchError, Dispatcher, Errno, Hook, InfoQueue, InfoQueueDrain, Latch, Pid, Shutdown,
    SigInfo, SigSet, Signal, wait,
};

type OnSet<T> = fn(SigSet) -> Result<T, Errno>;
/// Catch and release.
type Catch<R> = fn(&'static R, SigSet) -> Result<(), CatchError>;
type On<R> = (Catch<R>, fn(&'static R, SigSet) -> Result<SigSet, Errno>);
type Queue = InfoQueue<4>;
type Table = Dispatcher<4>;

#[used]
static CATCH: On<Latch> = (Latch::catch, Latch::release);
#[used]
static CATCH_UNLESS_IGNORED: fn(&'static Latch, SigSet) -> Result<SigSet, CatchError> =
    Latch::catch_unless_ignored;
#[used]
static QUEUE: On<Queue> = (Queue::catch, Queue::release);
#[used]
static POP: fn(&Queue) -> Option<SigInfo> = Queue::pop;
#[used]
static DRAIN: fn(&mut InfoQueueDrain<'static, 4>) -> Option<SigInfo> = InfoQueueDrain::next;
#[used]
static PUSH: Queue = Queue::new(); // its part of the handler
#[used]
static HOOK: On<Hook> = (Hook::catch, Hook::release);
#[used]
static SHUTDOWN: On<Shutdown> = (Shutdown::catch, Shutdown::release);
#[used]
static UNBLOCKED: Catch<Shutdown> = Shutdown::catch_unblocked;
#[used]
static CALLBACK: fn(&'static Table, SigSet, Callback) -> Result<(), CatchError> = Table::catch;
#[used]
static DISPATCH: fn(&Table) -> usize = Table::dispatch;
#[used]
static CHILDREN: [fn(&Children<4>) -> Changes<'_, 4>; 2] = [Children::reap, Children::changes];
#[used]
static REAP_ANY: fn(&mut ReapAny<fn(Pid) -> bool>) -> Option<Change> = ReapAny::next;
#[used]
static EXEC: [fn(ExecSignals, SigSet) -> ExecSignals; 4] =
    [ExecSignals::ignore, ExecSignals::default_action, ExecSignals::block, ExecSignals::unblock];
#[used]
static KILL: fn(Target, Signal) -> Result<(), Errno> = send::kill;
#[used]
static PROBE: fn(Target) -> Result<(), Errno> = send::probe;
#[used]
static WAIT: OnSet<SigInfo> = wait::wait_info;
#[used]
static WAIT_UNTIL: fn(SigSet, Duration) -> Result<Option<SigInfo>, Errno> = wait::wait_until;
#[used]
static SUSPEND: OnSet<()> = wait::suspend;
#[used]
static SIGNALFD: [OnSet<SignalFd>; 2] = [SignalFd::new, SignalFd::nonblocking];
#[used]
static MASK: [OnSet<SigSet>; 3] = [mask::block, mask::unblock, mask::set];
#[used]
static GUARD: [OnSet<MaskGuard>; 3] = [MaskGuard::block, MaskGuard::unblock, MaskGuard::set];
#[used]
static HANDLER: fn(Handler, SaFlags, SigSet) -> Action = Action::handler;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        /// Defined nowhere.
        safe fn a_panic_is_possible() -> !;
    }
    a_panic_is_possible()
}
