//! kill(1) beside that of procps, in the same situations; and what only ours does.

use bare_tests::{Case, beside, differs, prints, same, text, utility};
use std::path::Path;
use std::process::Command;

const REAL_TIME: &str = "procps does not know the real-time signals by name or number";
const MESSAGE: &str = "procps prints all of its help after a mistake";

const CASES: &[Case] = &[
    // What is sent.
    same("sleep 10 & $U $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -9 $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -KILL $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -SIGKILL $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -kill $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -s HUP $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -s 1 $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -sUSR1 $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U --signal USR2 $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U --signal=SIGUSR2 $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -- $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -HUP -- $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -s RTMIN+3 $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -RTMIN+3 $!; wait $! 2>/dev/null; echo $?"),
    differs("sleep 0.5 & $U -RTMAX-1 $!; wait $! 2>/dev/null; echo $?", REAL_TIME),
    same("sleep 10 & $U -35 $!; wait $! 2>/dev/null; echo $?"),
    same(
        "sleep 10 & a=$!; sleep 10 & $U $a $!; wait $a 2>/dev/null; echo $?; wait $! 2>/dev/null; echo $?",
    ),
    same("$U -0 $$; echo $?"),
    same("$U -s 0 $$; echo $?"),
    same("trap 'echo got it' USR1; $U -USR1 $$"),
    same("exec $U -TERM $$"),
    // Groups, and all of the caller's.
    same("setsid sh -c 'trap \"\" TERM; sleep 10 & sleep 0.1; $U 0; wait $! 2>/dev/null; echo $?'"),
    same("setsid sleep 10 & sleep 0.2; $U -- -$!; wait $! 2>/dev/null; echo $?"),
    same("setsid sleep 10 & sleep 0.2; $U -9 -- -$!; wait $! 2>/dev/null; echo $?"),
    same("setsid sleep 10 & sleep 0.2; $U -s HUP -- -$!; wait $! 2>/dev/null; echo $?"),
    // What cannot be reached.
    same("$U 999999999; echo $?"),
    same("$U -9 999999999; echo $?"),
    same("$U 999999999 999999998; echo $?"),
    same("sleep 10 & $U 999999999 $!; echo $?; wait $! 2>/dev/null; echo $?"),
    same("$U -- -999999999; echo $?"),
    same("$U x; echo $?"),
    same("$U 12x; echo $?"),
    same("$U ''; echo $?"),
    differs("$U 999999999 x 999999998; echo $?", "procps stops at what is no number"),
    differs(
        "sleep 0.5 & $U x $!; wait $! 2>/dev/null; echo $?",
        "procps stops at what is no number",
    ),
    same("setpriv --reuid 65534 --clear-groups $U -0 1; echo $?"),
    differs("$U 99999999999; echo $?", "ours knows that no number is that large"),
    // With a value.
    same("sleep 10 & $U -q 5 -USR1 $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U -USR1 -q 5 $!; wait $! 2>/dev/null; echo $?"),
    same("sleep 10 & $U --queue=5 $!; wait $! 2>/dev/null; echo $?"),
    same("$U -q 5 999999999; echo $?"),
    // What is listed.
    same("$U -l 9"),
    same("$U -l 1"),
    same("$U -l TERM"),
    same("$U -l SIGTERM"),
    same("$U -l term"),
    differs("$U -l 9 15", "ours answers for each argument, as POSIX has it"),
    differs("$U -l 137", "ours takes an exit status, as POSIX has it"),
    differs("$U -l FOO; echo $?", "procps exits with 0 after its message"),
    differs("$U -l 34", REAL_TIME),
    differs("$U -l RTMIN+1", REAL_TIME),
    differs("$U -l", REAL_TIME),
    differs("$U -L", REAL_TIME),
    same("$U -l | head -1"),
    same("$U --list | head -1"),
    differs(
        "$U -l >/dev/full 2>/dev/null; echo $?",
        "procps does not see that nothing was written",
    ),
    differs("$U -l >&- 2>/dev/null; echo $?", "procps does not see that nothing was written"),
    // What is wrong.
    same("$U 2>/dev/null; echo $?"),
    same("$U -s TERM 2>/dev/null; echo $?"),
    same("$U -9 2>/dev/null; echo $?"),
    same("$U -FOO $$ 2>/dev/null; echo $?"),
    same("$U -s 2>/dev/null; echo $?"),
    same("$U -q x $$ 2>/dev/null; echo $?"),
    same("$U --bogus $$ 2>/dev/null; echo $?"),
    same("$U --help >/dev/null; echo $?"),
    same("$U --version >/dev/null; echo $?"),
    differs("$U", MESSAGE),
    differs("$U -FOO $$", MESSAGE),
    differs("$U -s FOO $$; echo $?", "procps finds out by the kernel's answer"),
];

#[test]
fn does_what_that_of_procps_does() {
    let version = Command::new("/bin/kill").arg("--version").output();
    if !version.is_ok_and(|version| text(&version.stdout).contains("procps")) {
        println!("skipped: /bin/kill is not that of procps");
        return;
    }
    beside(Path::new("/bin/kill"), &utility("kill"), CASES);
}

/// Not beside procps, which reads the first digit of such a group as all of its number, and so signals
/// every process where that is 1.
#[test]
fn a_group_follows_the_signal() {
    prints(
        "kill",
        "setsid sleep 10 & sleep 0.2; $U -HUP -$!; wait $! 2>/dev/null; echo $?",
        "129\n",
    );
    prints(
        "kill",
        "setsid sleep 10 & sleep 0.2; $U -s USR1 -$!; wait $! 2>/dev/null; echo $?",
        "138\n",
    );
}

#[test]
fn a_second_signal_follows_where_the_first_does_not_end_it() {
    // It ends by the first one: nothing else is sent, and nothing is waited for.
    prints("kill", "sleep 10 & $U --timeout 60000 KILL $!; wait $! 2>/dev/null; echo $?", "143\n");
    // It ignores that.
    prints(
        "kill",
        "env --ignore-signal=TERM sleep 10 & sleep 0.2; $U --timeout 50 KILL $!; wait $! 2>/dev/null; echo $?",
        "137\n",
    );
    prints(
        "kill",
        "env --ignore-signal=TERM,INT sleep 10 & sleep 0.2
         $U -s TERM --timeout 20 INT --timeout 20 HUP $!; wait $! 2>/dev/null; echo $?",
        "129\n",
    );
    prints(
        "kill",
        "$U --timeout 10 KILL 999999999; echo $?",
        "1\nkill: (999999999): No such process\n",
    );
    prints(
        "kill",
        "$U --timeout 10 KILL -- -999999999; echo $?",
        "1\nkill: (-999999999): Invalid argument\n",
    );
    prints("kill", "$U --timeout 10 2>/dev/null; echo $?", "1\n");
    prints("kill", "$U --timeout x KILL 1 2>/dev/null; echo $?", "1\n");
    prints("kill", "$U --timeout -1 KILL 1 2>/dev/null; echo $?", "1\n");
}

#[test]
fn a_value_arrives() {
    // A program that waits for the signal tells the value that came with it.
    let script = "python3 -c 'import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [40])
print(\"ready\", flush=True)
import ctypes
info = (ctypes.c_int * 32)()
sets = (ctypes.c_ulong * 16)(1 << 39)
ctypes.CDLL(None).sigwaitinfo(sets, info)
print(info[2], info[6])' >/tmp/value.$$ &
        until [ -s /tmp/value.$$ ]; do sleep 0.01; done
        $U -q -7 -s 40 $!; wait $!; cat /tmp/value.$$; rm /tmp/value.$$";
    prints("kill", script, "ready\n-1 -7\n");
}
