//! [`Utility`]: what a utility is called, what it says of itself, and how it ends.

use siglatch::{Errno, sys};

use crate::errors;
use crate::say::{Line, STDERR, STDOUT};

/// A utility.
pub struct Utility {
    /// Its name, which its messages begin with.
    pub name: &'static str,
    /// What `--help` prints, of which [`Options`](crate::options::Options) are read, too.
    pub help: &'static str,
    /// The exit status of a failure.
    pub failed: i32,
}

impl Utility {
    /// A message: `text`, with `value` where it has a `%`, and what an error is called.
    pub fn say(&self, text: &str, value: &[u8], errno: Option<Errno>) {
        let mut line = Line::new(STDERR);
        line.text(self.name).text(": ").template(text, value);
        if let Some(errno) = errno {
            errors::describe(line.text(": "), errno);
        }
        // Where messages cannot be written, neither can one about that.
        let _lost = line.end();
    }

    /// Says what failed, and ends the program.
    pub fn fail(&self, what: &str, errno: Errno) -> ! {
        self.say(what, b"", Some(errno));
        sys::exit_group(self.failed)
    }

    /// Says what is wrong with the arguments, and ends the program.
    pub fn misused(&self, text: &str, value: &[u8]) -> ! {
        self.say(text, value, None);
        self.refer_to_help()
    }

    /// Says where to read about the arguments, and ends the program.
    pub fn refer_to_help(&self) -> ! {
        let _lost = self.print(STDERR, "Try '% --help' for more information.");
        sys::exit_group(self.failed)
    }

    /// Prints the help, and ends the program.
    pub fn print_help(&self) -> ! {
        self.end(self.print(STDOUT, self.help))
    }

    /// Prints the version, and ends the program.
    pub fn print_version(&self) -> ! {
        self.end(self.print(STDOUT, "% (siglatch) 0.1.0"))
    }

    /// Prints a text, with the name where it has a `%`.
    fn print(&self, fd: i32, text: &str) -> Result<(), Errno> {
        Line::new(fd).template(text, self.name.as_bytes()).end()
    }

    /// Ends the program after something was printed.
    pub fn end(&self, printed: Result<(), Errno>) -> ! {
        match printed {
            Ok(()) => sys::exit_group(0),
            Err(errno) => self.fail("write error", errno),
        }
    }
}
