//! The first process of the machine in which `.ci/cross/vm` tries programs.
//!
//! It runs those of its [table](table::SITUATIONS) that are in the root, shows on the console what they
//! print, and says which do not end or say what they should. At its end it prints `VMEXIT` with the
//! number of these, and switches the machine off. No step waits for a time to pass, and none has a
//! deadline: the whole machine has one.
//!
//! It uses the crate's lowest level only, and so runs wherever that does, with the numbers of a few
//! calls that the crate itself has no use for.

#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "a program without libc has only system calls")]

mod table;

use core::ffi::CStr;
use core::ptr;
use linux_raw_sys::general as more;
use siglatch::sys::{nr, syscall0, syscall1, syscall2, syscall3, syscall4, syscall5};
use siglatch_start::{Process, start};

use table::{SITUATIONS, Situation, VICTIM};

/// What [`VICTIM`] prints once SIGTERM will find its handler.
const READY: &[u8] = b"Working...";

const SIGTERM: usize = 15;
const SIGCHLD: usize = 17;
const STDOUT: usize = 1;
const STDERR: usize = 2;
const O_CLOEXEC: usize = 0o2_000_000;

/// The exit status of a child that has no program to execute.
const ABSENT: u32 = 213;

start!(main);

fn main(_: Process) -> u8 {
    // SAFETY: no argument, no effect.
    if unsafe { syscall0(nr::GETPID) } != 1 {
        fail("not the first process, and so not on a machine to switch off"); // as it would be
    }
    mount_proc();
    let (mut count, mut wrong) = (0, 0);
    for situation in SITUATIONS {
        if let Some(holds) = situation.holds() {
            count += 1;
            wrong += u32::from(!holds);
        }
    }
    write(STDOUT, b"\n");
    print_number(count);
    write(STDOUT, b" situations\nVMEXIT ");
    print_number(wrong);
    write(STDOUT, b"\n");
    power_off()
}

impl Situation {
    /// Runs it. Tells what is not as it should be; `None` where there is no such program.
    fn holds(&self) -> Option<bool> {
        let victim = self.victim.map(|_| spawn(&[VICTIM], None));
        let mut digits = [0; 12];
        let number = text_of(victim.unwrap_or_default(), &mut digits);
        let mut words = [c""; 8];
        for (place, word) in words.iter_mut().zip(self.words) {
            *place = if word.to_bytes() == b"VICTIM" { number } else { word };
        }
        let (reader, writer) = pipe();
        let child = spawn(words.get(..self.words.len()).unwrap_or_default(), Some(writer));
        close(writer); // or the pipe never ends

        let mut said = [0; 4096];
        let mut length = 0;
        let mut awaited = if self.is_terminated { READY } else { b"" };
        loop {
            let text = read(reader, said.get_mut(length..).unwrap_or_default());
            if text.is_empty() {
                break; // it has ended, or says too much
            }
            write(STDOUT, text);
            for &byte in text {
                if !awaited.is_empty() {
                    awaited = awaited_after(awaited, byte);
                    if awaited.is_empty() {
                        terminate(child); // once: nothing is awaited any more
                    }
                }
            }
            length += text.len();
        }
        close(reader);

        let status = wait(child);
        let said = said.get(..length).unwrap_or_default();
        let is_said = said.windows(self.says.len().max(1)).any(|part| part == self.says);
        if let (Some(victim), true) = (victim, status != self.status) {
            terminate(victim); // or it works for ever
        }
        let is_victim = victim.map(wait) == self.victim;
        if status == ABSENT {
            return None;
        }
        let holds = status == self.status && (is_said || self.says.is_empty()) && is_victim;
        if !holds {
            write(STDOUT, b"vm_init: not as it should be: status ");
            print_number(status);
            for word in self.words {
                write(STDOUT, b" ");
                write(STDOUT, word.to_bytes());
            }
            write(STDOUT, b"\n");
        }
        Some(holds)
    }
}

/// A number in decimal digits.
fn text_of(mut number: usize, digits: &mut [u8; 12]) -> &CStr {
    let mut at = digits.len() - 1;
    loop {
        at = at.saturating_sub(1);
        if let Some(place) = digits.get_mut(at) {
            *place = b'0' | (number % 10) as u8;
        }
        number /= 10;
        if number == 0 {
            break;
        }
    }
    CStr::from_bytes_with_nul(digits.get(at..).unwrap_or_default()).unwrap_or_default()
}

/// Says what went wrong, and ends this process. Of the first one the kernel makes a panic, which
/// ends the machine too, without a `VMEXIT`.
fn fail(what: &str) -> ! {
    for text in ["vm_init: ", what, "\n"] {
        write(STDERR, text.as_bytes());
    }
    loop {
        // SAFETY: passes no memory.
        let _never = unsafe { syscall1(nr::EXIT_GROUP, 127) };
    }
}

/// The result of a system call that cannot fail here.
fn expect(result: isize, what: &str) -> usize {
    usize::try_from(result).unwrap_or_else(|_| fail(what))
}

/// What of [`READY`] is still to come after `byte`, when `awaited` was before it.
fn awaited_after(awaited: &'static [u8], byte: u8) -> &'static [u8] {
    // Its first byte is not in it again: after a mismatch it can only begin here or later.
    let byte = &[byte];
    awaited.strip_prefix(byte).or_else(|| READY.strip_prefix(byte)).unwrap_or(READY)
}

fn mount_proc() {
    let [kind, at] = [c"proc", c"/proc"].map(|text| text.as_ptr().expose_provenance());
    // SAFETY: reads three strings that end with a zero byte.
    expect(unsafe { syscall5(more::__NR_mount as usize, kind, at, kind, 0, 0) }, "mount");
}

/// A pipe: the end to read from and the end to write to.
fn pipe() -> (usize, usize) {
    let mut ends = [0_u32; 2];
    // SAFETY: writes two integers of 32 bits, which `ends` has room for.
    let result = unsafe {
        syscall2(more::__NR_pipe2 as usize, (&raw mut ends).expose_provenance(), O_CLOEXEC)
    };
    expect(result, "pipe2");
    let [reader, writer] = ends.map(|end| end as usize);
    (reader, writer)
}

/// Starts a program, with `output` as its standard output and error, and returns the process id.
fn spawn(words: &[&CStr], output: Option<usize>) -> usize {
    // The stack comes first there (clone(2)).
    let [first, second] = if cfg!(target_arch = "s390x") { [0, SIGCHLD] } else { [SIGCHLD, 0] };
    // SAFETY: without flags, a copy of this process with a memory of its own.
    let child = unsafe { syscall5(more::__NR_clone as usize, first, second, 0, 0, 0) };
    let child = expect(child, "clone");
    if child == 0 {
        for file in [STDOUT, STDERR] {
            if let Some(output) = output {
                // SAFETY: this process has such a file to replace, and passes no memory.
                expect(unsafe { syscall3(more::__NR_dup3 as usize, output, file, 0) }, "dup3");
            }
        }
        let mut arguments = [ptr::null(); 9];
        for (place, word) in arguments.iter_mut().zip(words) {
            *place = word.as_ptr();
        }
        let [path, ..] = arguments;
        let [path, arguments] = [path.expose_provenance(), arguments.as_ptr().expose_provenance()];
        // SAFETY: reads a path that ends with a zero byte and a list that ends with null; no
        // environment is allowed on Linux (execve(2)).
        let _failed = unsafe { syscall3(more::__NR_execve as usize, path, arguments, 0) };
        loop {
            // SAFETY: passes no memory.
            let _never = unsafe { syscall1(nr::EXIT_GROUP, ABSENT as usize) };
        }
    }
    child
}

fn close(file: usize) {
    // SAFETY: the caller has no more use for it.
    expect(unsafe { syscall1(more::__NR_close as usize, file) }, "close");
}

/// Reads what is there, and nothing only at the end.
fn read(file: usize, buffer: &mut [u8]) -> &[u8] {
    let address = buffer.as_mut_ptr().expose_provenance();
    // SAFETY: writes into the buffer, at most as much as it holds.
    let length =
        expect(unsafe { syscall3(more::__NR_read as usize, file, address, buffer.len()) }, "read");
    buffer.get(..length).unwrap_or_default()
}

/// Writes all of it, unless that fails, and then there is nowhere to say so.
fn write(file: usize, mut text: &[u8]) {
    while !text.is_empty() {
        let address = text.as_ptr().expose_provenance();
        // SAFETY: reads the text.
        let result = unsafe { syscall3(nr::WRITE, file, address, text.len()) };
        let Some(rest) = usize::try_from(result).ok().and_then(|written| text.get(written..))
        else {
            break;
        };
        text = rest;
    }
}

fn terminate(process: usize) {
    // SAFETY: the process is another one.
    expect(unsafe { syscall2(nr::KILL, process, SIGTERM) }, "kill");
}

/// Waits for the end of a child, and returns its status as shells have it.
fn wait(child: usize) -> u32 {
    let mut status = 0_u32;
    let address = (&raw mut status).expose_provenance();
    // SAFETY: writes one integer of 32 bits, which `status` is.
    expect(unsafe { syscall4(more::__NR_wait4 as usize, child, address, 0, 0) }, "wait4");
    match status & 0x7f {
        0 => status >> 8 & 0xff,
        signal => 128 | signal,
    }
}

fn print_number(number: u32) {
    if number >= 10 {
        print_number(number / 10);
    }
    write(STDOUT, &[b'0' | (number % 10) as u8]);
}

fn power_off() -> ! {
    const MAGIC: [usize; 2] = [0xfee1_dead, 672_274_793];
    const POWER_OFF: usize = 0x4321_fedc;
    loop {
        // SAFETY: this process is all that the machine is there for.
        let _never =
            unsafe { syscall4(more::__NR_reboot as usize, MAGIC[0], MAGIC[1], POWER_OFF, 0) };
    }
}
