//! Counting the instructions of a handler: the process is traced, and stepped through one by one
//! from the handler's first instruction to the system call that ends it.

use anyhow::Result;

/// Why it cannot be done here.
pub(crate) const fn cannot() -> Option<&'static str> {
    if cfg!(target_arch = "x86_64") { None } else { Some("only written for x86_64") }
}

/// How many instructions the handler takes of the next SIGUSR1 after the child has stopped itself.
#[cfg(target_arch = "x86_64")]
pub(crate) fn in_handler(child: &str) -> Result<f64> {
    use anyhow::bail;
    use nix::sys::ptrace;
    use nix::sys::signal::Signal;
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::Pid;

    const SYSCALL: i64 = 0x050f;

    let mut process = crate::child::traced(child)?;
    let pid = Pid::from_raw(process.id().cast_signed());
    // To the handler's entry. The first signal is the warm-up.
    let mut stopped = false;
    loop {
        match waitpid(pid, None)? {
            WaitStatus::Stopped(_, Signal::SIGUSR1) if stopped => break,
            WaitStatus::Stopped(_, Signal::SIGUSR1) => ptrace::cont(pid, Signal::SIGUSR1)?,
            WaitStatus::Stopped(_, Signal::SIGSTOP) => {
                stopped = true;
                ptrace::cont(pid, None)?;
            }
            WaitStatus::Stopped(..) => ptrace::cont(pid, None)?,
            status => bail!("{child}: {status:?}"),
        }
    }
    ptrace::step(pid, Signal::SIGUSR1)?;
    let mut count = 0_u32;
    loop {
        match waitpid(pid, None)? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
            status => bail!("{child}: {status:?} after {count} instructions"),
        }
        let registers = ptrace::getregs(pid)?;
        let code = ptrace::read(pid, registers.rip as ptrace::AddressType)?;
        count += 1;
        if code & 0xffff == SYSCALL && registers.rax == libc::SYS_rt_sigreturn.cast_unsigned() {
            break;
        }
        ptrace::step(pid, None)?;
    }
    process.kill()?;
    process.wait()?;
    Ok(f64::from(count))
}

/// Not here.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn in_handler(child: &str) -> Result<f64> {
    anyhow::bail!("{child}: cannot be counted on this machine")
}
