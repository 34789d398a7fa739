//! The words of a report: titled sections, signals by name, `/proc` made readable.

use super::tree;

/// A title with its lines indented under it.
pub(crate) fn section<L: AsRef<str>>(title: &str, lines: impl Iterator<Item = L>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("\n    {}", line.as_ref())).collect();
    let body = if lines.is_empty() { " (nothing)".to_owned() } else { lines.concat() };
    format!("\n  {title}:{body}")
}

/// What `/proc` says of a process: its signals, by name, and of each thread its state, what it waits
/// for in which system call, and its signals.
pub(crate) fn kernel_view(pid: i32) -> Vec<String> {
    let mut lines = fields(pid, "", &["Name", "Threads", "ShdPnd", "SigIgn", "SigCgt"]);
    for tid in tree::threads(pid) {
        let of_thread = format!("task/{tid}/");
        lines.push(format!("thread {tid}"));
        lines.extend(fields(pid, &of_thread, &["State", "SigPnd", "SigBlk"]));
        for file in ["wchan", "syscall"] {
            let text = tree::read(pid, &format!("{of_thread}{file}"));
            lines.push(format!("{file:8}{}", text.trim_end()));
        }
    }
    lines
}

/// Fields of a `status`; masks of signals with the names of their members.
fn fields(pid: i32, folder: &str, wanted: &[&str]) -> Vec<String> {
    let status = tree::read(pid, &format!("{folder}status"));
    let fields = status.lines().filter_map(|line| line.split_once(":\t"));
    let fields = fields.filter(|(key, _)| wanted.contains(key)).map(|(key, value)| {
        let is_mask = key.starts_with("Sig") || key == "ShdPnd";
        let mask = u64::from_str_radix(value, 16).ok().filter(|_| is_mask);
        let names = mask.map(|mask| format!(" {}", signal_names(mask))).unwrap_or_default();
        format!("{key:8}{value}{names}")
    });
    fields.collect()
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
pub(crate) fn signal_names(mask: u64) -> String {
    let members = (1..=64).zip(0_u32..).filter(|(_, bit)| mask >> bit & 1 == 1);
    members.map(|(signo, _)| signal_name(signo)).collect::<Vec<_>>().join(", ")
}
