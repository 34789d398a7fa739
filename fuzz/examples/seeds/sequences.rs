//! Inputs by hand: names, operations on sets, sequences of operations and signals.

/// A target, a name, and the input.
pub type Seed = (&'static str, &'static str, &'static [u8]);

pub const ALL: [Seed; 42] = [
    ("names", "standard", b"SIGTERM\n"),
    ("names", "lower-case", b"usr1\n"),
    ("names", "alias", b"SIGCLD\n"),
    ("names", "poll-is-io", b"POLL\n"),
    ("names", "first-real-time", b"RTMIN\n"),
    ("names", "real-time-offset", b"SIGRTMIN+12\n"),
    ("names", "real-time-from-the-end", b"RTMAX-30\n"),
    ("names", "offset-too-large", b"RTMIN+31\n"),
    ("names", "number", b"64\n"),
    ("names", "reserved-number", b"32\n"),
    ("names", "number-too-large", b"99999999999999999999\n"),
    ("names", "two-signs", b"RTMIN++1\n"),
    ("names", "sign-before-number", b"+9\n"),
    ("names", "two-prefixes", b"SIGSIGTERM\n"),
    ("names", "not-ascii", "SIGT\u{c9}RM\n".as_bytes()),
    // Insert 15 and 64, complement, union, intersection, difference, from bits.
    ("names", "set-algebra", b"\n\x00\x00\x0f\x00\x00\x40\x0c\x01\x06\x06\x08\x06\x0a\x06\x0f\x02\xff\xff\xff\xff\xff\xff\xff\xff\x0c\x0b"),
    ("names", "set-with-and-without", b"\n\x02\x00\x40\x03\x01\x40\x04\x02\x22\x05\x03\x09\x0d\x08\x0e\x04\x01\x00\x40"),
    // Catch by all receivers, raise, look and take.
    ("operations", "flags-of-all", b"\x55\x00\x00\xff\x00\x01\xff\x03\x00\x00\x03\x00\x03\x09\x08\x00\x09\x00\x00\x09\x01\x00\x01\x00\xff"),
    // A queue of four and six instances of a signal.
    ("operations", "queue-overflows", b"\x00\x00\x02\x04\x04\x05\x02\x07\x00\x00\x08\x00\x00\x07\x00\x00"),
    // The newest of each.
    ("operations", "newest-is-kept", b"\x00\x00\x03\x0d\x04\x03\x02\x04\x02\x00\x04\x01\x03\x07\x01\x00\x08\x01\x00"),
    // Blocked, pending, taken by sigtimedwait and signalfd, delivered by unblocking.
    ("operations", "blocked-and-pending", b"\x00\x00\x02\x0f\x0a\x00\xff\x04\x03\x02\x04\x02\x03\x03\x00\x00\x0c\x00\x01\x0d\x02\xff\x0a\x01\xff\x08\x00\x00"),
    // Other code's handler comes over ours, we go over it, all leave.
    ("operations", "layers", b"\x55\x00\x00\x01\x0e\x01\x00\x03\x00\x00\x00\x01\x01\x03\x00\x00\x01\x00\x01\x01\x01\x01\x0f\x00\x00\x03\x00\x00"),
    // Ignored over ours, and restored when nobody is left: the signal finds nobody.
    ("operations", "nobody-is-left", b"\x00\x00\x00\x02\x0e\x00\x01\x01\x00\x02\x0f\x00\x01\x03\x00\x01"),
    // The same, over a handler that was there before: it is restored, and called.
    ("operations", "nobody-is-left-over-a-handler", b"\x08\x00\x00\x02\x0e\x00\x01\x01\x00\x02\x0f\x00\x01\x03\x00\x01"),
    // Functions set, replaced, called, broken off, taken away.
    ("operations", "dispatch", b"\xaa\x10\x00\x00\x10\x01\x02\x10\x00\x03\x03\x00\x03\x04\x02\x00\x04\x00\x02\x12\x02\x00\x10\x01\x00\x12\x00\x00\x11\x00\x02\x12\x00\x00"),
    ("operations", "refused", b"\x00\x13\x00\xff\x13\x01\xff\x13\x02\xff\x02\x00\xff\x13\x05\x00"),
    // Details that need special hardware: memory that fails, bounds, protection keys, perf events.
    ("siginfo", "made-up-mceerr", b"\x07\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\x10\x20\x30\x40\x50\0\0\x0c\0"),
    ("siginfo", "made-up-bnderr", b"\x0b\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0abcdefgh\0\0\0\0\0\0\0\0ABCDEFGHIJKLMNOP"),
    ("siginfo", "made-up-pkuerr", b"\x0b\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0abcdefgh\0\0\0\0\0\0\0\0\x05\0\0\0"),
    ("siginfo", "made-up-perf", b"\x05\0\0\0\0\0\0\0\x06\0\0\0\0\0\0\0abcdefghABCDEFGH\x01\0\0\0\x02\0\0\0"),
    // Flags taken one by one, and a wait that sleeps.
    ("operations", "drain-flags", b"\x00\x00\x00\xff\x03\x00\x03\x03\x00\x00\x09\x16\x00\x09\x36\x00\x09\x1a\x00\x09\x0c\x00\x09\x08\x03\x09\x0e\x03"),
    // What has come, is lost, pending and blocked at a fork; the child starts over. Signals come to the
    // parent meanwhile, and to both afterwards.
    ("operations", "fork-and-start-over", b"\x55\x00\x00\xff\x00\x02\x07\x00\x03\xff\x00\x04\xff\x10\x00\x02\x03\x00\x00\x04\x05\x02\x0a\x00\x08\x04\x00\x03\x14\x05\x02\x04\x01\x02\x0a\x01\x08\x07\x00\x00\x12\x00\x00\x08\x00\x00\x09\x02\x00"),
    // The child keeps what has come, and writes to no descriptor of its parent's.
    ("operations", "fork-and-keep", b"\x00\x00\x00\xff\x00\x02\x04\x04\x03\x02\x09\x0c\x00\x14\x02\x02\x03\x00\x00\x07\x02\x00\x09\x00\x00\x01\x02\x04\x08\x00\x00\x09\x0c\x00"),
    // Other code's handler is over ours, and leaves on either side; the child catches and releases.
    ("operations", "fork-under-other-code", b"\xff\x00\x00\x01\x0e\x01\x00\x00\x00\x01\x14\x00\x00\x03\x00\x00\x01\x00\x01\x0f\x00\x00\x00\x02\x01\x03\x02\x00"),
    // What is caught, the operation, then: operation, stops at system calls, instructions, signal.
    ("delivery", "catch", b"\x00\x00\x00\x00\x20\x00\x00\x04\x10\x00\x00\x02\x08\x00"),
    ("delivery", "release", b"\x01\x02\x00\x00\x20\x00\x00\x04\x10\x00"),
    ("delivery", "take", b"\x01\x04\x00\x03\x20\x00\x00\x00\x08\x00"),
    ("delivery", "pop-and-push", b"\x02\x08\x00\x00\x20\x01\x00\x00\x10\x02\x00\x00\x60\x01"),
    ("delivery", "push-on-push", b"\x02\x0b\x00\x02\x08\x01\x00\x00\x30\x02\x00\x00\x30\x01\x00\x00\x30\x02"),
    ("delivery", "dispatch", b"\x0c\x0a\x0a\x00\x03\x10\x03\x00\x00\x40\x03\x01\x00\x30\x03"),
    ("delivery", "on-and-off", b"\x08\x20\x22\x00\x04\x20\x03\x01\x04\x20\x03"),
    ("delivery", "guard", b"\x07\x0b\x00\x02\x10\x00\x00\x00\x10\x01\x00\x00\x10\x03"),
];
