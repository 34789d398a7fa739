//! Real `siginfo_t`s of faults: a child faults, its C-style handler hands the bytes out and ends.

#![expect(unsafe_code, reason = "faults on purpose")]
#![expect(clippy::expect_used, clippy::panic, reason = "a refused call is how a test fails")]

use core::arch::asm;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicI32, Ordering::SeqCst};
use siglatch::{Cause, FaultDetail, SigInfo, SigInfoTrust};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use support::siginfo::{self, RawInfo, told_address};
use support::{self, Child, Scenario, scenarios, seccomp};

pub(crate) fn scenarios() -> Vec<Scenario> {
    scenarios![
        address_without_memory,
        address_without_permission,
        address_past_the_end_of_a_file,
        address_that_no_page_can_have,
        illegal_instruction,
        division_by_zero,
        breakpoint,
        forbidden_system_call,
    ]
}

/// Where the handler writes to.
static OUT: AtomicI32 = AtomicI32::new(-1);

extern "C" fn hand_out(_signo: i32, info: *mut c_void, _context: *mut c_void) {
    // SAFETY: the kernel passes a `siginfo_t` of this size.
    let written = unsafe { libc::write(OUT.load(SeqCst), info, siginfo::SIZE) };
    // The instruction would only fault again.
    let whole = isize::try_from(siginfo::SIZE) == Ok(written);
    // SAFETY: it ends the process and does nothing else.
    unsafe { libc::_exit(i32::from(!whole)) }
}

/// What the kernel tells about the fault of `fault`, and how it is decoded.
#[track_caller]
fn fault_of(signo: i32, fault: impl FnOnce()) -> (RawInfo, SigInfo) {
    let (mut reader, writer) = os_pipe::pipe().expect("pipe");
    let outcome = Child::start(move |_| {
        OUT.store(writer.as_raw_fd(), SeqCst);
        // SAFETY: zero is a value of this plain C struct.
        let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
        action.sa_sigaction = hand_out as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: the handler fits `SA_SIGINFO`, makes two system calls and never returns.
        let result = unsafe { libc::sigaction(signo, &raw const action, ptr::null_mut()) };
        assert_eq!(result, 0);
        fault();
    })
    .wait();
    outcome.assert_exited(0);
    let mut bytes = [0; siginfo::SIZE];
    reader.read_exact(&mut bytes).expect("the fault that was to come");
    let raw = RawInfo::from_bytes(bytes);
    let info = raw.decoded();
    assert_eq!(raw.signo(), signo);
    assert_eq!(info.signal().as_raw(), signo);
    assert_eq!((info.errno(), info.code()), (raw.errno(), raw.code()));
    assert_eq!((info.sender(), info.trust()), (None, SigInfoTrust::Kernel));
    (raw, info)
}

/// The address of a fault without further detail, for the crate and for libc.
#[track_caller]
fn address(raw: &RawInfo, info: &SigInfo) -> usize {
    let Cause::Fault { address, detail: FaultDetail::None } = info.cause() else {
        panic!("{info:?}");
    };
    assert_eq!(address, raw.addr().addr());
    address
}

/// Whether the address is in a small function that starts there.
fn near(start: usize, address: usize) -> bool {
    address.checked_sub(start).is_some_and(|offset| offset < 256)
}

fn page() -> usize {
    // SAFETY: no memory is passed.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("a page size")
}

/// New memory: nothing behind it, or a file's.
#[track_caller]
fn map(length: usize, protection: i32, flags: i32, fd: i32) -> *mut u8 {
    // SAFETY: the kernel chooses an address that nobody uses.
    let start = unsafe { libc::mmap(ptr::null_mut(), length, protection, flags, fd, 0) };
    assert_ne!(start, libc::MAP_FAILED, "{}", io::Error::last_os_error());
    start.cast()
}

/// Reads a byte that may not be there.
fn read(place: *mut u8) {
    // SAFETY: either there is a byte, or the child's handler ends it.
    let _byte = unsafe { place.read_volatile() };
}

fn address_without_memory() {
    let start = map(page(), libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1);
    for offset in [0, 1, 0xabc] {
        let place = start.wrapping_add(offset);
        let (raw, info) = fault_of(libc::SIGSEGV, || {
            // SAFETY: nobody uses the page.
            assert_eq!(unsafe { libc::munmap(start.cast(), page()) }, 0);
            read(place);
        });
        assert_eq!(raw.code(), 1, "SEGV_MAPERR");
        assert_eq!(address(&raw, &info), told_address(place.addr()));
    }
}

fn address_without_permission() {
    let start = map(page(), libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1);
    let place = start.wrapping_add(0x123);
    let (raw, info) = fault_of(libc::SIGSEGV, || read(place));
    assert_eq!(raw.code(), 2, "SEGV_ACCERR");
    assert_eq!(address(&raw, &info), told_address(place.addr()));
}

fn address_past_the_end_of_a_file() {
    // SAFETY: the name is a C string that the kernel copies.
    let empty = unsafe { libc::memfd_create(c"empty".as_ptr(), libc::MFD_CLOEXEC) };
    let start = map(page(), libc::PROT_READ, libc::MAP_SHARED, empty);
    let place = start.wrapping_add(77);
    let (raw, info) = fault_of(libc::SIGBUS, || read(place));
    assert_eq!(raw.code(), libc::BUS_ADRERR);
    assert_eq!(address(&raw, &info), told_address(place.addr()));
}

fn address_that_no_page_can_have() {
    if !cfg!(target_arch = "x86_64") {
        return support::skip("other architectures tell the address");
    }
    // Not canonical: the processor does not tell the address, so neither does the kernel.
    let nowhere = ptr::without_provenance_mut(1 << (usize::BITS - 1));
    let (raw, info) = fault_of(libc::SIGSEGV, || read(nowhere));
    assert_eq!(raw.code(), 0x80, "SI_KERNEL");
    assert_eq!(info.cause(), Cause::Kernel);
}

fn illegal_instruction() {
    #[inline(never)]
    fn illegal() {
        // SAFETY: the instruction does nothing but fault, and the handler ends the child.
        unsafe {
            #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
            asm!("ud2");
            #[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
            asm!("udf #0");
            #[cfg(any(target_arch = "riscv64", target_arch = "riscv32"))]
            asm!("unimp");
            #[cfg(target_arch = "s390x")]
            asm!(".short 0");
            #[cfg(any(target_arch = "powerpc64", target_arch = "loongarch64"))]
            asm!(".long 0");
        }
    }
    let (raw, info) = fault_of(libc::SIGILL, illegal);
    assert!((1..=2).contains(&raw.code()), "ILL_ILLOPC or ILL_ILLOPN: {info:?}");
    let start = illegal as *const () as usize;
    assert!(near(start, address(&raw, &info)), "{info:?}");
}

fn division_by_zero() {
    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
    return support::skip("this processor divides by zero without a fault");
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    {
        #[inline(never)]
        fn divide() {
            // SAFETY: three registers, and a fault whose handler ends the child.
            unsafe {
                asm!(
                    "div {zero:e}",
                    zero = in(reg) 0,
                    inout("eax") 1 => _,
                    inout("edx") 0 => _,
                );
            }
        }
        let (raw, info) = fault_of(libc::SIGFPE, divide);
        assert_eq!(raw.code(), 1, "FPE_INTDIV");
        let start = divide as *const () as usize;
        assert!(near(start, address(&raw, &info)), "{info:?}");
    }
}

fn breakpoint() {
    #[inline(never)]
    fn trap() {
        // SAFETY: the instruction does nothing but trap.
        unsafe {
            #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
            asm!("int3");
            #[cfg(target_arch = "aarch64")]
            asm!("brk #0");
            #[cfg(target_arch = "arm")]
            asm!(".inst 0xe7f001f0"); // the one that the kernel has for debuggers
            #[cfg(any(target_arch = "riscv64", target_arch = "riscv32"))]
            asm!("ebreak");
            #[cfg(target_arch = "powerpc64")]
            asm!("trap");
            #[cfg(target_arch = "loongarch64")]
            asm!("break 0");
        }
    }
    if cfg!(target_arch = "s390x") {
        return support::skip("s390x has a breakpoint for traced processes only");
    }
    let (raw, info) = fault_of(libc::SIGTRAP, trap);
    if cfg!(any(target_arch = "x86_64", target_arch = "x86")) {
        // The kernel says no more about `int3`.
        assert_eq!((raw.code(), info.cause()), (0x80, Cause::Kernel));
    } else {
        assert_eq!(raw.code(), libc::TRAP_BRKPT);
        let start = trap as *const () as usize;
        assert!(near(start, address(&raw, &info)), "{info:?}");
    }
}

fn forbidden_system_call() {
    // AUDIT_ARCH_*: the number of the machine in ELF files, and bits for 64-bit and little-endian.
    const MACHINE: u32 = if cfg!(target_arch = "x86_64") {
        62
    } else if cfg!(target_arch = "x86") {
        3
    } else if cfg!(target_arch = "arm") {
        40
    } else if cfg!(target_arch = "s390x") {
        22
    } else if cfg!(target_arch = "powerpc64") {
        21
    } else if cfg!(any(target_arch = "riscv64", target_arch = "riscv32")) {
        243
    } else if cfg!(target_arch = "loongarch64") {
        258
    } else {
        183 // aarch64
    };
    const WIDE: u32 = if cfg!(target_pointer_width = "64") { 1 << 31 } else { 0 };
    const LITTLE: u32 = if cfg!(target_endian = "little") { 1 << 30 } else { 0 };
    const ARCH: u32 = MACHINE | WIDE | LITTLE;
    // The call with this number comes with this errno; all others go through.
    let (call, errno) = (libc::SYS_getpriority, 0x1234);
    let (raw, info) = fault_of(libc::SIGSYS, || {
        seccomp::filter(&[call], libc::SECCOMP_RET_TRAP | errno);
        // SAFETY: two integers.
        unsafe { libc::syscall(call, 0, 0) };
    });
    assert_eq!(raw.code(), 1, "SYS_SECCOMP");
    assert_eq!(info.errno(), 0x1234);
    let Cause::Syscall { address, number, arch } = info.cause() else { panic!("{info:?}") };
    assert_eq!(address, raw.addr().addr());
    // Just behind the instruction, in the C library.
    let start = libc::syscall as *const () as usize;
    // On x86 that is where the C library finds the kernel's own code for it.
    assert!(cfg!(target_arch = "x86") || near(start, address), "{info:?}");
    assert_eq!((number as isize, arch), (call as isize, ARCH));
}
