//! Messages: lines that are written at once, without formatting.

use siglatch::{Errno, sys};

/// Standard output.
pub const STDOUT: i32 = 1;

/// Standard error.
pub const STDERR: i32 = 2;

/// A line that is being put together. What it has no room for is written before it goes on.
pub struct Line {
    fd: i32,
    length: usize,
    bytes: [u8; 256],
    failed: Option<Errno>,
}

impl Line {
    /// An empty one.
    #[must_use]
    pub const fn new(fd: i32) -> Self {
        Self { fd, length: 0, bytes: [0; 256], failed: None }
    }

    /// A message of a utility: its name comes first.
    #[must_use]
    pub fn error(name: &str) -> Self {
        let mut line = Self::new(STDERR);
        line.text(name).text(": ");
        line
    }

    /// Goes on with a text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Goes on with bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            if self.length == self.bytes.len() {
                self.flush();
            }
            if let Some(place) = self.bytes.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
        }
        self
    }

    /// Goes on with a number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        if number < 0 {
            self.text("-");
        }
        let number = number.unsigned_abs();
        if number >= 10 {
            self.number((number / 10) as i64);
        }
        self.bytes(&[b'0' + (number % 10) as u8])
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// Those of write(2).
    pub fn end(&mut self) -> Result<(), Errno> {
        self.text("\n").flush();
        self.failed.map_or(Ok(()), Err)
    }

    /// Ends several lines, of which the last may be full.
    ///
    /// # Errors
    ///
    /// Those of write(2).
    pub fn end_of_list(&mut self) -> Result<(), Errno> {
        while matches!(self.bytes.get(..self.length), Some([.., b' ' | b'\n'])) {
            self.length -= 1;
        }
        self.end()
    }

    /// Ends it with what an error is called.
    pub fn because(&mut self, errno: Errno) {
        // Where messages cannot be written, neither can one about that.
        let _lost = self.text(": ").text(errno.description()).end();
    }

    /// Writes what there is, whatever that is interrupted by.
    fn flush(&mut self) {
        let mut left = self.bytes.get(..self.length).unwrap_or_default();
        while !left.is_empty() {
            // SAFETY: standard output and standard error are everybody's to write to.
            match unsafe { sys::write(self.fd, left) } {
                Ok(written) => left = left.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(errno) => {
                    self.failed = Some(errno);
                    break;
                }
            }
        }
        self.length = 0;
    }
}
