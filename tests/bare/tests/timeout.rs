//! timeout(1) beside that of coreutils, in the same situations.

use bare_tests::{Case, beside, differs, same, utility};
use std::path::Path;

const CASES: &[Case] = &[
    // How it ends.
    same("$U 10 true"),
    same("$U 10 false"),
    same("$U 10 sh -c 'exit 7'"),
    same("$U 0.1 sleep 10"),
    same("$U 0 true"),
    same("$U 0 sleep 0.1"),
    same("$U --preserve-status 0.1 sleep 10"),
    same("$U --preserve-status -s INT 0.1 sh -c 'trap \"exit 7\" INT; sleep 10 & wait'"),
    same("$U -s KILL 0.1 sleep 10; echo $?"),
    same("$U --foreground -s KILL 0.1 sleep 10; echo $?"),
    same("$U --foreground --preserve-status -s KILL 0.1 sleep 10; echo $?"),
    same("$U -s HUP 0.1 sleep 10"),
    same("$U -s 1 0.1 sleep 10"),
    same("$U -s SIGHUP 0.1 sh -c 'trap \"echo hup; exit 3\" HUP; sleep 10 & wait'"),
    same("$U -s hup --preserve-status 0.1 sleep 10; echo $?"),
    same("$U -s RTMIN+1 -v 0.1 sleep 10"),
    same("$U -s 129 -v 0.1 sleep 10"),
    same("$U -s 0 -v 0.1 sleep 0.3"),
    same("$U -s EXIT -v 0.1 sleep 0.3"),
    same("$U 10 sh -c 'kill -KILL $$'; echo $?"),
    same("$U 10 sh -c 'kill -TERM $$'; echo $?"),
    same("$U 10 sh -c 'kill -HUP $$'; echo $?"),
    same("ulimit -c 0; $U 10 sh -c 'kill -SEGV $$'; echo $?"),
    same("ulimit -c 0; exec $U 10 sh -c 'kill -SEGV $$'"),
    same("exec $U 10 sh -c 'kill -TERM $$'"),
    same("exec $U 0.1 sleep 10"),
    // A command that does not end.
    same("$U -k 0.1 0.1 sh -c 'trap \"\" TERM; sleep 10; sleep 10'; echo $?"),
    same(
        "$U --foreground -k 0.1 0.1 sh -c 'trap \"\" TERM; while :; do sleep 0.05; done'; echo $?",
    ),
    same("$U --foreground -v -k 0.1 -s CONT 0.1 sleep 10; echo $?"),
    same("$U --kill-after=0.1 --signal=CONT 0.1 sleep 10; echo $?"),
    same("$U -k 0 -s CONT 0.1 sleep 0.3; echo $?"),
    same("$U -k 10 0.1 sleep 10"),
    // What it says.
    same("$U -v 0.1 sleep 10"),
    same("$U -v -s KILL --foreground 0.1 sleep 10; echo $?"),
    same("$U --verb 0.1 sleep 10"),
    differs("$U --ver", "ours does not tell all the possibilities"),
    same("$U --ver 1 true 2>/dev/null; echo $?"),
    same("$U --kill=0.1 --sig CONT 0.1 sleep 10"),
    same("$U --version --help >/dev/null"),
    same("$U --help >/dev/null"),
    same("$U --help >/dev/full 2>/dev/null; echo $?"),
    same("$U --help >&-; echo $?"),
    // Times.
    same("$U .1 sleep 10"),
    same("$U 1e-1 sleep 10"),
    same("$U 1.0e-1s sleep 10"),
    same("$U 0.0001m sleep 10"),
    same("$U 0.00001h sleep 10"),
    same("$U 0.000001d sleep 10"),
    same("$U ' 0.1' sleep 10"),
    same("$U +0.1 sleep 10"),
    same("$U inf true"),
    same("$U infinityd true"),
    same("$U 1e400 true"),
    same("$U 99999999999999999999d true"),
    same("$U 1e99999999999999999999 true"),
    same("$U 1e+0 true"),
    same("$U 1e+-5 true"),
    same("$U 0x true"),
    differs("$U 1e-400 sleep 0.1", "what is not 0 is a limit to ours, as small as it may be"),
    same("$U 0.0000000000000000000000000000001 sleep 10"),
    same("$U 0e99 true"),
    differs("$U 0x1p-4 sleep 10", "ours reads decimal numbers"),
    // What is wrong.
    same("$U"),
    same("$U 1"),
    same("$U x true"),
    same("$U 1x true"),
    same("$U 1sm true"),
    same("$U '' true"),
    same("$U . true"),
    same("$U 1e true"),
    same("$U 1.2.3 true"),
    same("$U nan true"),
    same("$U -k x 1 true"),
    same("$U -s FOO 1 true"),
    same("$U -s '' 1 true"),
    same("$U -s -1 1 true"),
    same("$U -s 99 1 true"),
    same("$U -s 15x 1 true"),
    same("$U -z 1 true"),
    same("$U -1 true"),
    same("$U -k"),
    same("$U --kill-after"),
    same("$U --bogus 1 true"),
    same("$U --foreground=yes 1 true"),
    same("$U 1 /nonexistent; echo $?"),
    same("$U 1 nonexistent; echo $?"),
    same("$U 1 /etc/passwd; echo $?"),
    same("$U 1 /; echo $?"),
    same("$U 1 ''; echo $?"),
    same("PATH=/etc:/usr/bin $U 1 passwd; echo $?"),
    same("PATH= $U 1 true; echo $?"),
    same("cd /usr/bin; PATH= $U 1 true; echo $?"),
    same("PATH=/nonexistent:/bin $U 1 true; echo $?"),
    same("$U -- 1 sh -c 'exit 3'"),
    same("$U 1 sh -c 'echo $1' -- --help"),
    // What the command sees.
    same("$U 1 sh -c 'echo $0 $#' one two"),
    same("echo input | $U 1 cat"),
    same("$U 1 sh -c 'echo out; echo err >&2'"),
    same("$U 1 grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"),
    differs(
        "trap '' HUP INT; $U 1 grep SigIgn /proc/self/status",
        "ours starts the command with the signals ignored that it was started with",
    ),
    same("env --block-signal=USR1 $U 1 grep SigBlk /proc/self/status"),
    same("$U 1 sh -c 'ps -o pgid= -p $$ | tr -d \" \" | grep -qx $PPID && echo own group'"),
    same(
        "$U --foreground 1 sh -c 'ps -o pgid= -p $$ | tr -d \" \" | grep -qx $PPID || echo group of the shell'",
    ),
    same("env --ignore-signal=CHLD $U 1 true; echo $?"),
    same("env --block-signal=CHLD $U 1 sh -c 'exit 4'; echo $?"),
    same("env --block-signal=ALRM $U 0.1 sleep 10; echo $?"),
    differs(
        "env --block-signal=TERM $U 10 sh -c 'sleep 0.1; kill -TERM $PPID; sleep 0.3'; echo $?",
        "ours forwards what its starter has blocked, too",
    ),
    same("env --ignore-signal=TTIN $U 1 grep SigIgn /proc/self/status"),
    // Signals that come to it.
    same("$U 10 sh -c 'sleep 0.1; kill -TERM $PPID; sleep 10'; echo $?"),
    same("$U -v 10 sh -c 'sleep 0.1; kill -HUP $PPID; sleep 10'; echo $?"),
    same("$U 10 sh -c '(sleep 0.2; kill -INT $PPID) & exec sleep 10'; echo $?"),
    same(
        "$U 10 sh -c 'trap \"exit 9\" TERM; sleep 0.1; kill -TERM $PPID; sleep 10 & wait'; echo $?",
    ),
    same(
        "$U --foreground 10 sh -c 'trap \"exit 9\" TERM; sleep 0.1; kill -TERM $PPID; sleep 1 & wait'; echo $?",
    ),
    same("$U 10 sh -c 'sleep 0.1; kill -ALRM $PPID; sleep 10'; echo $?"),
    same("$U 10 sh -c 'kill -KILL $PPID; sleep 0.1'; echo $?"),
    same("$U 10 sh -c 'sleep 0.1; kill -CONT $PPID; exit 5'; echo $?"),
    differs(
        "$U 10 sh -c 'trap \"exit 9\" USR1; sleep 0.1; kill -USR1 $PPID; sleep 1 & wait'; echo $?",
        "ours forwards all that would end it, and leaves no command behind without a limit",
    ),
    same(
        "trap '' USR1; i=0; while [ $i -lt 30 ]; do i=$((i+1)); $U 10 sh -c 'exit 3' &
         n=0; while [ $n -lt 500 ]; do n=$((n+1)); kill -USR1 $! 2>/dev/null; done; wait $!; echo $?
         done | uniq -c",
    ),
    // What the system does not give, or takes.
    same("setpriv --reuid 65534 --clear-groups prlimit --nproc=0 $U 1 true; echo $?"),
    same(
        "f=$(mktemp); cp /bin/sleep $f; chmod 4755 $f
         setpriv --reuid 65534 --clear-groups $U 0.2 $f 2; echo $?; rm $f",
    ),
    same("$U 10 sh -c '(sleep 0.1; kill -CONT $$) & kill -STOP $$; exit 5'; echo $?"),
    // Processes that it has started.
    same("$U 0.2 sh -c 'sleep 10 & echo; wait' | cat; echo done"),
    same("$U 0.2 sh -c 'kill -STOP $$; sleep 10'; echo $?"),
];

#[test]
fn does_what_that_of_coreutils_does() {
    beside(Path::new("/usr/bin/timeout"), &utility("timeout"), CASES);
}
