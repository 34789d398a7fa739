//! Options as getopt_long(3) reads them, up to the first argument that is none. Which there are is read
//! from the help: it names all of them.

use siglatch_start::Arg;

use crate::Utility;

/// Reads options one by one.
pub struct Options<'a> {
    utility: &'a Utility,
    left: &'static [Arg],
    /// What follows in an argument of several short ones.
    cluster: Option<Arg>,
}

/// An option, by its line of the help: `  -s, --signal=SIGNAL`, `      --help`.
struct Known {
    id: u8,
    long: &'static [u8],
    has_value: bool,
}

#[derive(Clone, Copy)]
enum Form {
    Short,
    Long,
}

impl<'a> Options<'a> {
    /// Of these arguments, without the program's name.
    #[must_use]
    pub const fn new(utility: &'a Utility, arguments: &'static [Arg]) -> Self {
        Self { utility, left: arguments, cluster: None }
    }

    /// What follows the options.
    #[must_use]
    pub const fn rest(&self) -> &'static [Arg] {
        self.left
    }

    /// The next option, by the letter of its short form, or else the capital of its long one; and its
    /// value.
    ///
    /// Ends the program with a message where there is no such option, or where it lacks its value or has
    /// one that is not its own.
    #[expect(clippy::should_implement_trait, reason = "what is left can be looked at in between")]
    pub fn next(&mut self) -> Option<(u8, Arg)> {
        let letters = match self.cluster.take() {
            Some(letters) => letters,
            None => {
                let (first, rest) = self.left.split_first()?;
                let (b'-', letters) = first.split_first()? else { return None };
                let (letter, name) = letters.split_first()?;
                self.left = rest;
                if letter == b'-' {
                    return if name.is_empty() { None } else { Some(self.long(name)) };
                }
                letters
            }
        };
        let (letter, behind) = letters.split_first()?;
        let Some(known) = self.find(Form::Short, &[letter]) else {
            self.utility.misused("invalid option -- '%'", &[letter])
        };
        if !known.has_value {
            self.cluster = (!behind.is_empty()).then_some(behind);
            return Some((letter, behind));
        }
        let value = if behind.is_empty() { self.value() } else { Some(behind) };
        let Some(value) = value else {
            self.utility.misused("option requires an argument -- '%'", &[letter])
        };
        Some((letter, value))
    }

    /// A long one, or as much of its name as tells which.
    fn long(&mut self, text: Arg) -> (u8, Arg) {
        let mut length = 0;
        let mut left = text;
        let value = loop {
            match left.split_first() {
                Some((b'=', value)) => break Some(value),
                Some((_, behind)) => (left, length) = (behind, length + 1),
                None => break None,
            }
        };
        let name = text.as_bytes().get(..length).unwrap_or_default();
        let Some(known) = self.find(Form::Long, name) else {
            self.utility.misused("unrecognized option '--%'", text.as_bytes())
        };
        let value = match value {
            None if known.has_value => self.value(),
            // Nothing, and it is not looked at.
            None => Some(left),
            Some(_) if !known.has_value => {
                self.utility.misused("option '--%' doesn't allow an argument", known.long)
            }
            value => value,
        };
        match value {
            Some(value) => (known.id, value),
            None => self.utility.misused("option '--%' requires an argument", known.long),
        }
    }

    /// The next argument, whatever it is.
    pub fn value(&mut self) -> Option<Arg> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(*first)
    }

    /// The option of this name, or of the long name that alone begins with it.
    fn find(&self, form: Form, name: &[u8]) -> Option<Known> {
        let mut found = None;
        let mut is_ambiguous = false;
        let mut left = self.utility.help.as_bytes();
        while let Some((_, next)) = left.split_first() {
            if let [b' ', dash, letter, _, b' ', b'-', b'-', long @ ..] = left {
                let is_part = |byte: &&u8| !matches!(**byte, b'=' | b' ' | b'\n');
                let (long, behind) =
                    long.split_at_checked(long.iter().take_while(is_part).count())?;
                let is_short = *dash == b'-';
                let id = if is_short { *letter } else { long.first()? & !0x20 };
                let known = Known { id, long, has_value: behind.first() == Some(&b'=') };
                match form {
                    Form::Short if is_short && name == [id] => return Some(known),
                    Form::Long if name == long => return Some(known),
                    Form::Long if long.starts_with(name) => {
                        is_ambiguous |= found.is_some();
                        found = Some(known);
                    }
                    _ => {}
                }
            }
            left = next;
        }
        if is_ambiguous {
            self.utility.misused("option '--%' is ambiguous", name);
        }
        found
    }
}
