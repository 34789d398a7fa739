//! `init` beside tini and dumb-init, in the same situations; and what neither of them does.

use bare_tests::{Case, beside_but_for_messages, differs, prints, same, situation, text, utility};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const TINI: &[Case] = &[
    // How it ends.
    same("$U -s -- true"),
    same("$U -s -- false"),
    same("$U -s true"),
    differs("$U -s sh -c 'exit 7'", "tini reads the command's options as its own without --"),
    same("$U -s -- sh -c 'exit 255'"),
    same("$U -s -- sh -c 'kill -TERM $$'; echo $?"),
    same("$U -s -- sh -c 'kill -KILL $$'; echo $?"),
    same("$U -s -- sh -c 'kill -HUP $$'; echo $?"),
    same("ulimit -c 0; $U -s -- sh -c 'kill -SEGV $$'; echo $?"),
    same("$U -s -- sh -c 'kill -USR1 $$'; echo $?"),
    same("exec $U -s -- sh -c 'kill -TERM $$'"),
    // Exit statuses.
    same("$U -s -e 7 -- sh -c 'exit 7'; echo $?"),
    same("$U -s -e 7 -- sh -c 'exit 8'; echo $?"),
    same("$U -s -e 7 -e 8 -- sh -c 'exit 8'; echo $?"),
    same("$U -s -e 143 -- sh -c 'kill -TERM $$'; echo $?"),
    same("$U -s -e 0 -- sh -c 'exit 0'; echo $?"),
    same("$U -s -e 255 -- sh -c 'exit 255'; echo $?"),
    same("$U -s -e 256 -- true; echo $?"),
    same("$U -s -e -1 -- true; echo $?"),
    same("$U -s -e x -- true; echo $?"),
    same("$U -s -e '' -- sh -c 'exit 1'; echo $?"),
    // What is wrong.
    same("$U; echo $?"),
    same("$U -s --; echo $?"),
    same("$U -s /nonexistent; echo $?"),
    same("$U -s nonexistent; echo $?"),
    same("$U -s /etc/passwd; echo $?"),
    same("$U -s /; echo $?"),
    same("$U -z true; echo $?"),
    same("$U -p FOO true; echo $?"),
    same("$U -p; echo $?"),
    same("$U -s -p SIGTERM true; echo $?"),
    same("$U -h >/dev/null; echo $?"),
    same("$U --version >/dev/null; echo $?"),
    differs("$U -h >/dev/full; echo $?", "tini does not see that nothing was written"),
    // What the command sees.
    same("$U -s -- sh -c 'echo $0 $#' one two"),
    same("$U -s -- sh -c 'echo $1' -- -s"),
    same("echo input | $U -s -- cat"),
    same("$U -s -- grep -E 'Sig(Blk|Cgt|Pnd)' /proc/self/status"),
    same("env --block-signal=USR1 $U -s -- grep SigBlk /proc/self/status"),
    same("env --ignore-signal=HUP,TTIN $U -s -- grep SigIgn /proc/self/status"),
    same("$U -s -- sh -c 'ps -o pgid= -p $$ | tr -d \" \" | grep -qx $$ && echo own group'"),
    same("A=b $U -s -- sh -c 'echo $A'"),
    // What is forwarded.
    same("$U -s -- sh -c 'trap \"exit 9\" TERM; kill -TERM $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'trap \"exit 9\" HUP; kill -HUP $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'trap \"exit 9\" USR1; kill -USR1 $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'trap \"exit 9\" WINCH; kill -WINCH $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'trap \"exit 9\" 40; kill -40 $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'trap \"exit 9\" QUIT; kill -QUIT $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'trap \"exit 9\" PIPE; kill -PIPE $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'kill -TERM $PPID; sleep 5'; echo $?"),
    same("$U -s -- sh -c 'trap \"\" TERM; kill -TERM $PPID; sleep 0.2; exit 3'; echo $?"),
    same("$U -s -g -- sh -c 'trap \"exit 9\" TERM; sleep 5 & kill -TERM $PPID; wait'; echo $?"),
    same("env --block-signal=TERM $U -s -- sh -c 'kill -TERM $PPID; sleep 0.3; exit 3'; echo $?"),
    same("$U -s -- sh -c 'trap \"exit 9\" TSTP; kill -TSTP $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'trap \"exit 9\" CONT; kill -CONT $PPID; sleep 5 & wait'; echo $?"),
    same("$U -s -- sh -c 'kill -KILL $PPID; sleep 0.1'; echo $?"),
    differs(
        "ulimit -c 0; $U -s -- sh -c 'trap \"exit 9\" ABRT; kill -ABRT $PPID; sleep 0.3'; echo $?",
        "tini dies of the signals of faults and of SIGABRT, and leaves the command",
    ),
    same(
        "trap '' USR1; i=0; while [ $i -lt 30 ]; do i=$((i+1)); $U -s -- sh -c 'exit 3' &
         n=0; while [ $n -lt 500 ]; do n=$((n+1)); kill -USR1 $! 2>/dev/null; done; wait $!; echo $?
         done | uniq -c",
    ),
    // What the system does not give, or takes.
    same("setpriv --reuid 65534 --clear-groups prlimit --nproc=0 $U -s true; echo $?"),
    same(
        "f=$(mktemp); cp /bin/sleep $f; chmod 4755 $f
         setpriv --reuid 65534 --clear-groups $U -s -- sh -c 'kill -TERM $PPID; exec $0 5' $f
         echo $?; rm $f",
    ),
    same("$U -s -- sh -c '(sleep 0.1; kill -CONT $$) & kill -STOP $$; exit 5'; echo $?"),
    // What loses its parent.
    same("$U -s -- sh -c '(sleep 0.1 &); sleep 0.3; ps -o stat= --ppid $PPID | grep -c Z'"),
    same(
        "$U -s -- sh -c 'i=0; while [ $i -lt 50 ]; do (true &); i=$((i+1)); done; sleep 0.3;
          ps -o stat= --ppid $PPID | grep -c Z'",
    ),
    same("env --ignore-signal=USR2 $U -s -- true; echo $?"),
];

const DUMB_INIT: &[Case] = &[
    same("$U $O true"),
    same("$U $O sh -c 'exit 7'"),
    same("$U $O sh -c 'kill -TERM $$'; echo $?"),
    same("$U $O -- sh -c 'exit 7'"),
    same("$U $O sh -c 'echo $0 $#' one two"),
    same("$U $O; echo $?"),
    same("$U $O -z true; echo $?"),
    differs("$U $O /nonexistent; echo $?", "ours exits with 127, as shells do"),
    same("$U $O -r 15:1 sh -c 'trap \"exit 9\" HUP; kill -TERM $PPID; sleep 5 & wait'; echo $?"),
    same("$U $O -r 15:0 sh -c 'kill -TERM $PPID; sleep 0.2; exit 4'; echo $?"),
    same(
        "$U $O -r 15:1 -r 1:0 sh -c 'trap \"exit 9\" HUP; kill -TERM $PPID; sleep 5 & wait'; echo $?",
    ),
    same(
        "$U $O --rewrite 10:12 sh -c 'trap \"exit 9\" USR2; kill -USR1 $PPID; sleep 5 & wait'; echo $?",
    ),
    same("$U $O -r 15 true; echo $?"),
    same("$U $O -r x:3 true; echo $?"),
    same("$U $O -r 15:99 true; echo $?"),
    same("$U $O -r 0:3 true; echo $?"),
    same("$U $O -r 15: true; echo $?"),
    differs("$U $O -r TERM:HUP true; echo $?", "ours knows signals by name, too"),
    differs("$U $O -r 40:41 true; echo $?", "ours rewrites real-time signals, too"),
    same("$U $O sh -c 'trap \"exit 9\" TERM; sleep 5 & kill -TERM $PPID; wait'; echo $?"),
    same("$U $O sh -c 'ps -o sid= -p $$ | tr -d \" \" | grep -qx $$ && echo own session'"),
    same("$U $O sh -c 'trap \"exit 9\" USR2; kill -USR2 $PPID; sleep 5 & wait'; echo $?"),
    same("$U $O sh -c 'trap \"exit 9\" 40; kill -40 $PPID; sleep 5 & wait'; echo $?"),
    differs(
        "env --ignore-signal=HUP $U $O grep SigIgn /proc/self/status",
        "ours starts the command with the signals ignored that it was started with",
    ),
];

#[test]
fn does_what_tini_does() {
    beside_but_for_messages(Path::new("/usr/bin/tini"), &utility("init"), TINI);
}

/// dumb-init makes a session unless it is told not to; ours does if it is told to.
#[test]
fn does_what_dumb_init_does() {
    beside_but_for_messages(Path::new("/usr/bin/dumb-init"), &utility("init"), DUMB_INIT);
}

#[test]
fn process_1_of_a_namespace_forwards_and_reaps() {
    let inside = |command: &str| format!("unshare --fork --pid --mount-proc $U {command}");
    if situation(&utility("init"), &inside("true")).status.code() != Some(0) {
        println!("skipped: no pid namespace can be made here");
        return;
    }
    prints("init", &format!("{}; echo $?", inside("-- sh -c 'echo $PPID; exit 7'")), "1\n7\n");
    prints("init", &format!("{}; echo $?", inside("-- sh -c 'kill -TERM $$'")), "143\n");
    let own = "-- sh -c 'trap \"exit 9\" TERM; kill -TERM 1; sleep 5 & wait'";
    prints("init", &format!("{}; echo $?", inside(own)), "9\n");
    // Not even a signal without a handler is dropped, as the kernel does for process 1.
    let rewritten = "-r 15:0 -- sh -c 'kill -TERM 1; sleep 0.1; exit 3'";
    prints("init", &format!("{}; echo $?", inside(rewritten)), "3\n");
    let orphans = "-w -- sh -c 'i=0; while [ $i -lt 1000 ]; do (true &); i=$((i+1)); done
        until [ $(ps -o pid= --ppid 1 | wc -l) = 1 ]; do sleep 0.01; done'";
    let outcome = situation(&utility("init"), &inside(orphans));
    assert_eq!(outcome.stderr.matches("init: reaped process ").count(), 1000);
    // ps(1) and wc(1) are the shell's own children.
    assert_eq!((outcome.status.code(), outcome.stdout.as_str()), (Some(0), ""));
}

#[test]
fn a_signal_at_its_start_is_not_lost() {
    let program = utility("init");
    let (mut died, mut forwarded) = (0, 0);
    for round in 0..1000 {
        let mut init = Command::new(&program);
        let mut init =
            init.args(["-s", "--", "sleep", "1000"]).stdin(Stdio::null()).spawn().unwrap();
        // From at once to after three milliseconds.
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_micros(3 * round) {}
        let sent = Command::new("kill").args(["-TERM", &init.id().to_string()]).status();
        assert!(sent.unwrap().success());
        // A watchdog: what was lost ends in a quarter of an hour.
        let mut rounds = 0;
        let status = loop {
            if let Some(status) = init.try_wait().unwrap() {
                break status;
            }
            rounds += 1;
            assert!(rounds < 30_000, "the signal {} us after the start is lost", 3 * round);
            sleep(Duration::from_millis(1));
        };
        match (status.signal(), status.code()) {
            (Some(15), None) => died += 1,
            (None, Some(143)) => forwarded += 1,
            _ => panic!("{status:?}"),
        }
    }
    println!("{died} ended init, {forwarded} reached the command, none was lost");
}

/// The command sends its parent a thousand values, and then takes what comes back.
const VALUES: &str = "
import ctypes, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [40])
libc = ctypes.CDLL(None)
info, sets = (ctypes.c_int * 32)(), (ctypes.c_ulong * 16)(1 << 39)
for value in range(1000):
    assert libc.sigqueue(os.getppid(), 40, ctypes.c_void_p(value)) == 0
values = []
for value in range(1000):
    assert libc.sigwaitinfo(sets, info) == 40
    values.append(info[6])
print(values == list(range(1000)))
";

#[test]
fn each_of_a_thousand_values_arrives() {
    let program = utility("init");
    for options in [&["-s"][..], &["-s", "-g"], &["-S"]] {
        // With a watchdog.
        let mut init = Command::new("timeout");
        let init = init.args(["--foreground", "300"]).arg(&program).args(options);
        let output = init.args(["--", "python3", "-c", VALUES]).output().unwrap();
        assert_eq!(text(&output.stdout), "True\n", "{options:?} {}", text(&output.stderr));
    }
}

/// A shell on a terminal of its own, which runs `init` and is typed at.
const TERMINAL: &str = r##"
import os, pty, sys, time
program, (pid, terminal) = sys.argv[1], pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
said = b""
def until(what):
    global said
    while what not in said:
        more = os.read(terminal, 4096)
        sys.stderr.buffer.write(more)
        said += more
    said = said[said.index(what) + len(what):]
def type(keys):
    os.write(terminal, keys)
until(b"# " if os.getuid() == 0 else b"$ ")
type(b"bind 'set enable-bracketed-paste off'; PS1='re''ady> '\n"); until(b"ready> ")
type(program.encode() + b" -s -- sh -c 'echo run''ning; exec sleep 1000'\n"); until(b"running")
type(b"\x1a"); until(b"Stopped"); until(b"ready> ")
type(b"fg\n"); until(b"sh -c"); until(b"\n")
# The shell has said so before it continues them: until the command has the terminal, and runs.
while True:
    with open(f"/proc/{os.tcgetpgrp(terminal)}/stat") as stat:
        name, state = stat.read().split(" ")[1:3]
    if name in ("(sh)", "(sleep)") and state != "T":
        break
    time.sleep(0.01)
type(b"\x03"); until(b"ready> ")
type(b"echo status $?\n"); until(b"status 130"); until(b"ready> ")
type(program.encode() + b" -s -- head -1; echo do''ne\n")
type(b"a line\n"); until(b"done"); until(b"ready> ")
type(b"exit\n")
os.waitpid(pid, 0)
print("all as a shell's user expects")
"##;

#[test]
fn a_shell_on_a_terminal_stops_and_continues_it() {
    let mut python = Command::new("timeout");
    python.args(["300", "python3", "-c", TERMINAL]).arg(utility("init"));
    let output = python.output().unwrap();
    assert_eq!(
        text(&output.stdout),
        "all as a shell's user expects
",
        "{}",
        text(&output.stderr)
    );
}
