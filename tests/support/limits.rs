//! Limits of setrlimit(2), lowered to nothing: for the calling process and those that it forks.

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

/// Becomes a user for whom there are limits, and who may not signal others. Only root can; and this
/// process has one thread, in which nothing relies on being root.
#[track_caller]
pub fn become_nobody() {
    // SAFETY: an integer.
    assert_eq!(unsafe { libc::setuid(65534) }, 0, "setuid");
}
