//! The words of a report: titled sections, signals by name, `/proc` made readable.

use std::fs;

/// A title with its lines indented under it.
pub fn section<L: AsRef<str>>(title: &str, lines: impl Iterator<Item = L>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("\n    {}", line.as_ref())).collect();
    let body = if lines.is_empty() { " (nothing)".to_owned() } else { lines.concat() };
    format!("\n  {title}:{body}")
}

/// What `/proc/PID/status` says about signals, with their names, and where the process sleeps.
pub fn kernel_view(pid: i32) -> Vec<String> {
    let read = |file| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let status = read("status");
    let fields = status.lines().filter_map(|line| line.split_once(":\t"));
    let interesting = fields.filter_map(|(key, value)| match key {
        "State" | "Threads" => Some(format!("{key:8}{value}")),
        "SigBlk" | "SigIgn" | "SigCgt" | "SigPnd" | "ShdPnd" => {
            let names = u64::from_str_radix(value, 16).map(signal_names).unwrap_or_default();
            Some(format!("{key:8}{value} {names}"))
        }
        _ => None,
    });
    interesting.chain([format!("{:8}{}", "wchan", read("wchan"))]).collect()
}

/// The standard signals that have one number on every architecture that the tests run on.
const NAMES: [(i32, &str); 31] = [
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGQUIT, "SIGQUIT"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGUSR2, "SIGUSR2"),
    (libc::SIGPIPE, "SIGPIPE"),
    (libc::SIGALRM, "SIGALRM"),
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGSTKFLT, "SIGSTKFLT"),
    (libc::SIGCHLD, "SIGCHLD"),
    (libc::SIGCONT, "SIGCONT"),
    (libc::SIGSTOP, "SIGSTOP"),
    (libc::SIGTSTP, "SIGTSTP"),
    (libc::SIGTTIN, "SIGTTIN"),
    (libc::SIGTTOU, "SIGTTOU"),
    (libc::SIGURG, "SIGURG"),
    (libc::SIGXCPU, "SIGXCPU"),
    (libc::SIGXFSZ, "SIGXFSZ"),
    (libc::SIGVTALRM, "SIGVTALRM"),
    (libc::SIGPROF, "SIGPROF"),
    (libc::SIGWINCH, "SIGWINCH"),
    (libc::SIGIO, "SIGIO"),
    (libc::SIGPWR, "SIGPWR"),
    (libc::SIGSYS, "SIGSYS"),
];

/// `SIGTERM (15)`, `SIGRTMIN+2 (36)`, or `signal 33` where there is no name.
pub fn signal_name(signo: i32) -> String {
    let real_time = libc::SIGRTMIN();
    match NAMES.iter().find(|(number, _)| *number == signo) {
        Some((_, name)) => format!("{name} ({signo})"),
        None if (real_time..=libc::SIGRTMAX()).contains(&signo) => {
            format!("SIGRTMIN+{} ({signo})", signo.abs_diff(real_time))
        }
        None => format!("signal {signo}"),
    }
}

/// The signals of a kernel mask by name.
pub fn signal_names(mask: u64) -> String {
    let members = (1..=64).zip(0_u32..).filter(|(_, bit)| mask >> bit & 1 == 1);
    members.map(|(signo, _)| signal_name(signo)).collect::<Vec<_>>().join(", ")
}
