//! Messages: lines that are written at once, without formatting.

use siglatch::{Errno, Signal, sys};

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

    /// Goes on with a text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Goes on with bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            self.byte(byte);
        }
        self
    }

    /// Goes on with a text that has bytes in the place of a `%`.
    pub fn template(&mut self, text: &str, bytes: &[u8]) -> &mut Self {
        for byte in text.bytes() {
            if byte == b'%' {
                self.bytes(bytes);
            } else {
                self.byte(byte);
            }
        }
        self
    }

    /// Goes on with a byte.
    pub fn byte(&mut self, byte: u8) {
        if self.length == self.bytes.len() {
            self.flush();
        }
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Goes on with a number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        if number < 0 {
            self.byte(b'-');
        }
        let number = number.unsigned_abs();
        if number >= 10 {
            self.number((number / 10) as i64);
        }
        self.byte(b'0' + (number % 10) as u8);
        self
    }

    /// Goes on with the name of a signal, as kill(1) lists it.
    pub fn signal(&mut self, signal: Signal) -> &mut Self {
        match signal.rt_offset() {
            None => self.text(signal.short_name()),
            Some(0) => self.text("RTMIN"),
            Some(n) => self.text("RTMIN+").number(n.into()),
        }
    }

    /// Ends it. What was written before may be told of, too.
    ///
    /// # Errors
    ///
    /// Those of write(2).
    pub fn end(&mut self) -> Result<(), Errno> {
        self.byte(b'\n');
        self.flush();
        self.failed.map_or(Ok(()), Err)
    }

    /// Goes on with spaces up to a column.
    pub fn fill(&mut self, column: usize) {
        while self.length < column.min(self.bytes.len()) {
            self.byte(b' ');
        }
    }

    /// Writes what there is, whatever that is interrupted by.
    fn flush(&mut self) {
        let mut left = self.bytes.get(..self.length).unwrap_or_default();
        while !left.is_empty() {
            // SAFETY: any code may write to standard output and standard error.
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
