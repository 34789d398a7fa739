//! Options as getopt_long(3) reads them, up to the first argument that is none.

use core::ffi::CStr;

use siglatch_start::Arg;

use crate::say::Line;

/// An option that a utility has.
pub struct Known {
    /// What [`Options::next`] returns for it; for one with a short form, that letter.
    pub id: u8,
    /// Its long form, without the dashes.
    pub long: &'static str,
    /// Whether a value belongs to it.
    pub has_value: bool,
}

/// An option that has only a long form is known by a number that is no letter.
#[must_use]
pub const fn known(id: u8, long: &'static str, has_value: bool) -> Known {
    Known { id, long, has_value }
}

/// Reads options one by one.
pub struct Options<'a> {
    utility: &'static str,
    known: &'a [Known],
    left: &'static [Arg],
    /// What follows in an argument of several short ones.
    cluster: &'static [u8],
}

/// The arguments were wrong, and it was told.
pub struct Wrong;

impl<'a> Options<'a> {
    /// Of these arguments, without the program's name.
    #[must_use]
    pub const fn new(utility: &'static str, known: &'a [Known], arguments: &'static [Arg]) -> Self {
        Self { utility, known, left: arguments, cluster: b"" }
    }

    /// What follows the options.
    #[must_use]
    pub const fn rest(&self) -> &'static [Arg] {
        self.left
    }

    /// The next option and its value, if there is another one.
    ///
    /// # Errors
    ///
    /// There is no such option, or it lacks its value, or has one that is not its own. A message has
    /// said so.
    #[expect(clippy::should_implement_trait, reason = "it has an error")]
    pub fn next(&mut self) -> Result<Option<(u8, &'static CStr)>, Wrong> {
        let mut letters = self.cluster;
        if letters.is_empty() {
            let Some((first, rest)) = self.left.split_first() else { return Ok(None) };
            let text = first.as_bytes();
            if let Some(long) = text.strip_prefix(b"--") {
                self.left = rest;
                return if long.is_empty() { Ok(None) } else { self.long(long) };
            }
            match text.strip_prefix(b"-") {
                None | Some([]) => return Ok(None),
                Some(short) => letters = short,
            }
            self.left = rest;
        }
        let Some((&letter, behind)) = letters.split_first() else { return Ok(None) };
        let Some(known) = self.known.iter().find(|known| known.id == letter) else {
            return self.wrong("invalid option -- '", &[letter], "'");
        };
        if !known.has_value {
            self.cluster = behind;
            return Ok(Some((letter, c"")));
        }
        self.cluster = b"";
        if !behind.is_empty() {
            return Ok(Some((letter, ended(behind))));
        }
        match self.value() {
            Some(value) => Ok(Some((letter, value))),
            None => self.wrong("option requires an argument -- '", &[letter], "'"),
        }
    }

    /// A long one, or as much of its name as tells which.
    fn long(&mut self, text: &'static [u8]) -> Result<Option<(u8, &'static CStr)>, Wrong> {
        let length = text.iter().take_while(|&&byte| byte != b'=').count();
        let (name, value) = text.split_at_checked(length).unwrap_or_default();
        let mut found: Option<&Known> = None;
        for known in self.known {
            if known.long.as_bytes().starts_with(name) {
                if known.long.len() == length {
                    found = Some(known);
                    break;
                }
                if found.is_some() {
                    return self.wrong("option '--", text, "' is ambiguous");
                }
                found = Some(known);
            }
        }
        let Some(known) = found else { return self.wrong("unrecognized option '--", text, "'") };
        let name = known.long.as_bytes();
        let value = match value.split_first() {
            None if known.has_value => self.value(),
            None => Some(c""),
            Some(_) if !known.has_value => {
                return self.wrong("option '--", name, "' doesn't allow an argument");
            }
            Some((_equals, value)) => Some(ended(value)),
        };
        match value {
            Some(value) => Ok(Some((known.id, value))),
            None => self.wrong("option '--", name, "' requires an argument"),
        }
    }

    /// The next argument, whatever it is.
    pub fn value(&mut self) -> Option<&'static CStr> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(first.as_c_str())
    }

    fn wrong<T>(&self, before: &str, what: &[u8], after: &str) -> Result<T, Wrong> {
        let _lost = Line::error(self.utility).text(before).bytes(what).text(after).end();
        Err(Wrong)
    }
}

/// The end of an argument, which is a C string as the whole of it is.
fn ended(end: &'static [u8]) -> &'static CStr {
    // SAFETY: it is the end of one of the kernel's strings, without its zero.
    unsafe { CStr::from_ptr(end.as_ptr().cast()) }
}
