//! Limits of setrlimit(2), lowered: for the calling process and those that it forks.

/// Declares a function for each limit.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $limit:ident;)+) => {
        $($(#[$doc])*
        #[track_caller]
        pub fn $name() {
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            // SAFETY: the limit is initialised and only read.
            assert_eq!(unsafe { libc::setrlimit(libc::$limit, &raw const none) }, 0);
        })+
    };
}

limits! {
    /// No descriptor can be opened. What is open stays open.
    no_descriptors: RLIMIT_NOFILE;
    /// No process can be made, except by root.
    no_processes: RLIMIT_NPROC;
    /// No signal can be queued.
    no_pending: RLIMIT_SIGPENDING;
}

/// At most so many signals of the user's are queued when another may be for this process: the limit
/// is one for all processes of a user, and a storm that used it up would take it from other tests.
#[track_caller]
pub fn few_pending(count: libc::rlim_t) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the answer.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_SIGPENDING, &raw mut limit) }, 0);
    limit.rlim_cur = limit.rlim_cur.min(count);
    // SAFETY: the limit is initialised and only read.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_SIGPENDING, &raw const limit) }, 0);
}

/// Becomes a user for whom there are limits, and who may not signal others. Only root can; and this
/// process has one thread, in which nothing relies on being root.
#[track_caller]
pub fn become_nobody() {
    // SAFETY: an integer.
    assert_eq!(unsafe { libc::setuid(65534) }, 0, "setuid");
}
