//! The errors of errno(3), by name and text. Only a program that uses the texts contains them.

use super::Errno;
use crate::texts;

/// One error a line: the constant, the C name, strerror(3)'s text, and when this crate returns it.
macro_rules! errnos {
    ($($(#[$doc:meta])* $name:ident = $c_name:ident $text:literal $description:literal;)*) => {
        impl Errno {
            $(
                #[doc = concat!($description, ".")]
                #[doc = ""]
                $(#[$doc])*
                #[doc(alias = $text)]
                pub const $name: Self = Self::constant(libc::$c_name);
            )*
        }

        const NUMBERS: &[i32] = &[$(libc::$c_name),*];

        const NAMES: &str = concat!($($text, "\0"),*);
        const DESCRIPTIONS: &str = concat!($($description, "\0"),*);
    };
}

errnos! {
    /// Not permitted to send that signal there.
    PERM = EPERM "EPERM" "Operation not permitted";
    /// No such file; for a pidfd of a process, a number that only a thread of one has.
    NOENT = ENOENT "ENOENT" "No such file or directory";
    /// No such process, thread or process group.
    SRCH = ESRCH "ESRCH" "No such process";
    /// A handler ran and cut the call short.
    INTR = EINTR "EINTR" "Interrupted system call";
    IO = EIO "EIO" "Input/output error";
    NXIO = ENXIO "ENXIO" "No such device or address";
    /// For a program, arguments and environment are too large.
    TOOBIG = E2BIG "E2BIG" "Argument list too long";
    /// Not a program that can be executed.
    NOEXEC = ENOEXEC "ENOEXEC" "Exec format error";
    /// Not an open file descriptor, or one of another kind.
    BADF = EBADF "EBADF" "Bad file descriptor";
    /// Not a child of this process, or one that was waited for.
    CHILD = ECHILD "ECHILD" "No child processes";
    /// A limit on queued signals or processes is reached, a table is full, or a value has changed.
    AGAIN = EAGAIN "EAGAIN" "Resource temporarily unavailable";
    /// The kernel is short of memory.
    NOMEM = ENOMEM "ENOMEM" "Cannot allocate memory";
    /// For a program, not executable.
    ACCES = EACCES "EACCES" "Permission denied";
    FAULT = EFAULT "EFAULT" "Bad address";
    NOTBLK = ENOTBLK "ENOTBLK" "Block device required";
    /// There is a handler, in a program built with `--cfg siglatch_alone`; or another stack is set.
    BUSY = EBUSY "EBUSY" "Device or resource busy";
    EXIST = EEXIST "EEXIST" "File exists";
    XDEV = EXDEV "EXDEV" "Invalid cross-device link";
    NODEV = ENODEV "ENODEV" "No such device";
    /// A part of a path is no directory.
    NOTDIR = ENOTDIR "ENOTDIR" "Not a directory";
    ISDIR = EISDIR "EISDIR" "Is a directory";
    /// No such signal; or one whose action cannot be changed (`SIGKILL`, `SIGSTOP`).
    INVAL = EINVAL "EINVAL" "Invalid argument";
    /// The system's limit on open files is reached.
    NFILE = ENFILE "ENFILE" "Too many open files in system";
    /// The process's limit on open files is reached (`RLIMIT_NOFILE`).
    MFILE = EMFILE "EMFILE" "Too many open files";
    NOTTY = ENOTTY "ENOTTY" "Inappropriate ioctl for device";
    TXTBSY = ETXTBSY "ETXTBSY" "Text file busy";
    FBIG = EFBIG "EFBIG" "File too large";
    NOSPC = ENOSPC "ENOSPC" "No space left on device";
    SPIPE = ESPIPE "ESPIPE" "Illegal seek";
    ROFS = EROFS "EROFS" "Read-only file system";
    MLINK = EMLINK "EMLINK" "Too many links";
    PIPE = EPIPE "EPIPE" "Broken pipe";
    DOM = EDOM "EDOM" "Numerical argument out of domain";
    RANGE = ERANGE "ERANGE" "Numerical result out of range";
    /// The same thread is in the middle of a catch or a release.
    DEADLK = EDEADLK "EDEADLK" "Resource deadlock avoided";
    NAMETOOLONG = ENAMETOOLONG "ENAMETOOLONG" "File name too long";
    NOLCK = ENOLCK "ENOLCK" "No locks available";
    /// The kernel is built without the call.
    NOSYS = ENOSYS "ENOSYS" "Function not implemented";
    NOTEMPTY = ENOTEMPTY "ENOTEMPTY" "Directory not empty";
    LOOP = ELOOP "ELOOP" "Too many levels of symbolic links";
    NOMSG = ENOMSG "ENOMSG" "No message of desired type";
    IDRM = EIDRM "EIDRM" "Identifier removed";
    CHRNG = ECHRNG "ECHRNG" "Channel number out of range";
    L2NSYNC = EL2NSYNC "EL2NSYNC" "Level 2 not synchronized";
    L3HLT = EL3HLT "EL3HLT" "Level 3 halted";
    L3RST = EL3RST "EL3RST" "Level 3 reset";
    LNRNG = ELNRNG "ELNRNG" "Link number out of range";
    UNATCH = EUNATCH "EUNATCH" "Protocol driver not attached";
    NOCSI = ENOCSI "ENOCSI" "No CSI structure available";
    L2HLT = EL2HLT "EL2HLT" "Level 2 halted";
    BADE = EBADE "EBADE" "Invalid exchange";
    BADR = EBADR "EBADR" "Invalid request descriptor";
    XFULL = EXFULL "EXFULL" "Exchange full";
    NOANO = ENOANO "ENOANO" "No anode";
    BADRQC = EBADRQC "EBADRQC" "Invalid request code";
    BADSLT = EBADSLT "EBADSLT" "Invalid slot";
    BFONT = EBFONT "EBFONT" "Bad font file format";
    NOSTR = ENOSTR "ENOSTR" "Device not a stream";
    NODATA = ENODATA "ENODATA" "No data available";
    TIME = ETIME "ETIME" "Timer expired";
    NOSR = ENOSR "ENOSR" "Out of streams resources";
    NONET = ENONET "ENONET" "Machine is not on the network";
    NOPKG = ENOPKG "ENOPKG" "Package not installed";
    REMOTE = EREMOTE "EREMOTE" "Object is remote";
    NOLINK = ENOLINK "ENOLINK" "Link has been severed";
    ADV = EADV "EADV" "Advertise error";
    SRMNT = ESRMNT "ESRMNT" "Srmount error";
    COMM = ECOMM "ECOMM" "Communication error on send";
    PROTO = EPROTO "EPROTO" "Protocol error";
    MULTIHOP = EMULTIHOP "EMULTIHOP" "Multihop attempted";
    DOTDOT = EDOTDOT "EDOTDOT" "RFS specific error";
    BADMSG = EBADMSG "EBADMSG" "Bad message";
    OVERFLOW = EOVERFLOW "EOVERFLOW" "Value too large for defined data type";
    NOTUNIQ = ENOTUNIQ "ENOTUNIQ" "Name not unique on network";
    BADFD = EBADFD "EBADFD" "File descriptor in bad state";
    REMCHG = EREMCHG "EREMCHG" "Remote address changed";
    LIBACC = ELIBACC "ELIBACC" "Can not access a needed shared library";
    LIBBAD = ELIBBAD "ELIBBAD" "Accessing a corrupted shared library";
    LIBSCN = ELIBSCN "ELIBSCN" ".lib section in a.out corrupted";
    LIBMAX = ELIBMAX "ELIBMAX" "Attempting to link in too many shared libraries";
    LIBEXEC = ELIBEXEC "ELIBEXEC" "Cannot exec a shared library directly";
    ILSEQ = EILSEQ "EILSEQ" "Invalid or incomplete multibyte or wide character";
    RESTART = ERESTART "ERESTART" "Interrupted system call should be restarted";
    STRPIPE = ESTRPIPE "ESTRPIPE" "Streams pipe error";
    USERS = EUSERS "EUSERS" "Too many users";
    NOTSOCK = ENOTSOCK "ENOTSOCK" "Socket operation on non-socket";
    DESTADDRREQ = EDESTADDRREQ "EDESTADDRREQ" "Destination address required";
    MSGSIZE = EMSGSIZE "EMSGSIZE" "Message too long";
    PROTOTYPE = EPROTOTYPE "EPROTOTYPE" "Protocol wrong type for socket";
    NOPROTOOPT = ENOPROTOOPT "ENOPROTOOPT" "Protocol not available";
    PROTONOSUPPORT = EPROTONOSUPPORT "EPROTONOSUPPORT" "Protocol not supported";
    SOCKTNOSUPPORT = ESOCKTNOSUPPORT "ESOCKTNOSUPPORT" "Socket type not supported";
    /// The signal reports a fault, which would only repeat when a latch's handler returns.
    OPNOTSUPP = EOPNOTSUPP "EOPNOTSUPP" "Operation not supported";
    PFNOSUPPORT = EPFNOSUPPORT "EPFNOSUPPORT" "Protocol family not supported";
    AFNOSUPPORT = EAFNOSUPPORT "EAFNOSUPPORT" "Address family not supported by protocol";
    ADDRINUSE = EADDRINUSE "EADDRINUSE" "Address already in use";
    ADDRNOTAVAIL = EADDRNOTAVAIL "EADDRNOTAVAIL" "Cannot assign requested address";
    NETDOWN = ENETDOWN "ENETDOWN" "Network is down";
    NETUNREACH = ENETUNREACH "ENETUNREACH" "Network is unreachable";
    NETRESET = ENETRESET "ENETRESET" "Network dropped connection on reset";
    CONNABORTED = ECONNABORTED "ECONNABORTED" "Software caused connection abort";
    CONNRESET = ECONNRESET "ECONNRESET" "Connection reset by peer";
    NOBUFS = ENOBUFS "ENOBUFS" "No buffer space available";
    ISCONN = EISCONN "EISCONN" "Transport endpoint is already connected";
    NOTCONN = ENOTCONN "ENOTCONN" "Transport endpoint is not connected";
    SHUTDOWN = ESHUTDOWN "ESHUTDOWN" "Cannot send after transport endpoint shutdown";
    TOOMANYREFS = ETOOMANYREFS "ETOOMANYREFS" "Too many references: cannot splice";
    /// The time ran out.
    TIMEDOUT = ETIMEDOUT "ETIMEDOUT" "Connection timed out";
    CONNREFUSED = ECONNREFUSED "ECONNREFUSED" "Connection refused";
    HOSTDOWN = EHOSTDOWN "EHOSTDOWN" "Host is down";
    HOSTUNREACH = EHOSTUNREACH "EHOSTUNREACH" "No route to host";
    ALREADY = EALREADY "EALREADY" "Operation already in progress";
    INPROGRESS = EINPROGRESS "EINPROGRESS" "Operation now in progress";
    STALE = ESTALE "ESTALE" "Stale file handle";
    UCLEAN = EUCLEAN "EUCLEAN" "Structure needs cleaning";
    NOTNAM = ENOTNAM "ENOTNAM" "Not a XENIX named type file";
    NAVAIL = ENAVAIL "ENAVAIL" "No XENIX semaphores available";
    ISNAM = EISNAM "EISNAM" "Is a named type file";
    REMOTEIO = EREMOTEIO "EREMOTEIO" "Remote I/O error";
    DQUOT = EDQUOT "EDQUOT" "Disk quota exceeded";
    NOMEDIUM = ENOMEDIUM "ENOMEDIUM" "No medium found";
    MEDIUMTYPE = EMEDIUMTYPE "EMEDIUMTYPE" "Wrong medium type";
    CANCELED = ECANCELED "ECANCELED" "Operation canceled";
    NOKEY = ENOKEY "ENOKEY" "Required key not available";
    KEYEXPIRED = EKEYEXPIRED "EKEYEXPIRED" "Key has expired";
    KEYREVOKED = EKEYREVOKED "EKEYREVOKED" "Key has been revoked";
    KEYREJECTED = EKEYREJECTED "EKEYREJECTED" "Key was rejected by service";
    OWNERDEAD = EOWNERDEAD "EOWNERDEAD" "Owner died";
    NOTRECOVERABLE = ENOTRECOVERABLE "ENOTRECOVERABLE" "State not recoverable";
    RFKILL = ERFKILL "ERFKILL" "Operation not possible due to RF-kill";
    HWPOISON = EHWPOISON "EHWPOISON" "Memory page has hardware error";
}

impl Errno {
    /// The C name, such as `"EINVAL"`; `None` for a number that Linux gives no name.
    #[doc(alias = "strerrorname_np")]
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        texts::nth(NAMES, self.row())
    }

    /// The text of strerror(3) in English, such as `"Invalid argument"`, or `"Unknown error"`.
    #[doc(alias = "strerror")]
    #[doc(alias = "strerrordesc_np")]
    #[must_use]
    pub const fn description(self) -> &'static str {
        match texts::nth(DESCRIPTIONS, self.row()) {
            Some(text) => text,
            None => "Unknown error",
        }
    }

    /// Which row of the table is this error's, as [`texts::nth`] counts. The rows are in the order
    /// of the numbers, of which two belong to no error.
    const fn row(self) -> usize {
        let raw = self.as_raw() as usize;
        match raw {
            ..=40 => raw.saturating_sub(1),
            42..=57 => raw.saturating_sub(2),
            59.. => raw.saturating_sub(3),
            41 | 58 => usize::MAX,
        }
    }
}

const _: () = {
    let (mut numbers, mut row) = (NUMBERS, 0_usize);
    while let Some((number, rest)) = numbers.split_first() {
        assert!(Errno::constant(*number).row() == row, "the rows are not in the numbers' order");
        (numbers, row) = (rest, row.saturating_add(1));
    }
};

#[cfg(test)]
mod tests {
    use super::Errno;

    #[test]
    #[cfg(target_env = "gnu")]
    fn descriptions_are_those_of_the_c_library() {
        use std::{format, io};

        for raw in 1..=140 {
            let errno = Errno::from_raw(raw).unwrap();
            let theirs = io::Error::from_raw_os_error(raw);
            if let Some(name) = errno.name() {
                assert_eq!(
                    format!("{} (os error {raw})", errno.description()),
                    format!("{theirs}")
                );
                assert!(name.starts_with('E'));
            } else {
                assert!(format!("{theirs}").starts_with("Unknown error"), "{raw} is {theirs}");
                assert_eq!(errno.description(), "Unknown error");
            }
        }
    }

    #[test]
    fn names_belong_to_their_numbers() {
        for (errno, name) in [
            (Errno::PERM, "EPERM"),
            (Errno::TOOBIG, "E2BIG"),
            (Errno::AGAIN, "EAGAIN"),
            (Errno::OPNOTSUPP, "EOPNOTSUPP"),
            (Errno::HWPOISON, "EHWPOISON"),
        ] {
            assert_eq!(errno.name(), Some(name));
        }
        assert_eq!(Errno::from_raw(4095).and_then(Errno::name), None);
    }
}
