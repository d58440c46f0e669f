//! What people's programs wrap around frames and telegrams, taken off before the form inside is decoded.
//!
//! ```text
//! page -> HTML undone -> literals of one slot -> prefixes of a log taken off -> form -> bytes
//! ```
//! Which wraps there are and in which order is found out by trying: what is inside is looked at as an input of its own,
//! a few wraps deep.

mod html;
mod literals;
mod prefix;

use std::fmt;

use self::html::Html;
use self::literals::{Literals, Reading};
use self::prefix::{Layout, Prefix};
use super::{DumpError, Form, text};

/// Names what stood around the data of an input and was taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Tags and entities of a page.
    Html,
    /// Quotes with their escapes, or brackets around numbers.
    Literals,
    /// What a log puts before each line or message.
    Prefix,
}

impl fmt::Display for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => "HTML was undone",
            Self::Literals => "it was taken out of quotes or brackets",
            Self::Prefix => "what a log put before its lines was taken off",
        })
    }
}

/// One thing that stood around the data.
enum Wrap {
    Html(Html),
    Literals(Literals),
    Prefix(Prefix),
}

impl Wrap {
    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), DumpError> {
        match self {
            Self::Html(html) => html.push(input, out),
            Self::Literals(literals) => literals.push(input, out),
            Self::Prefix(prefix) => return prefix.push(input, out),
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Html(html) => html.finish(out),
            Self::Literals(literals) => literals.finish(out),
            Self::Prefix(prefix) => prefix.finish(out),
        }
    }
}

/// All that stood around the data, from the outside.
#[derive(Default)]
pub(super) struct Wraps {
    wraps: Vec<(Wrapping, Wrap)>,
}

impl Wraps {
    pub(super) fn is_empty(&self) -> bool {
        self.wraps.is_empty()
    }

    /// What they are, from the outside.
    pub(super) fn wrappings(&self) -> Vec<Wrapping> {
        self.wraps.iter().map(|(wrapping, _)| *wrapping).collect()
    }

    /// Puts another one around.
    fn around(mut self, wrapping: Wrapping, wrap: Wrap) -> Self {
        self.wraps.insert(0, (wrapping, wrap));
        self
    }

    /// Takes them off a piece of an input.
    ///
    /// # Errors
    /// A line that is too long.
    pub(super) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), DumpError> {
        let (mut from, mut to) = (input.to_vec(), Vec::new());
        for (_, wrap) in &mut self.wraps {
            wrap.push(&from, &mut to)?;
            std::mem::swap(&mut from, &mut to);
            to.clear();
        }
        out.append(&mut from);
        Ok(())
    }

    /// Ends the input: gives what was held back.
    ///
    /// # Errors
    /// A line that is too long.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), DumpError> {
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for (_, wrap) in &mut self.wraps {
            wrap.push(&from, &mut to)?;
            wrap.finish(&mut to);
            std::mem::swap(&mut from, &mut to);
            to.clear();
        }
        out.append(&mut from);
        Ok(())
    }
}

/// A form, and what stands around it.
pub(super) type Found = (Wraps, Form);

/// Finds a form inside of something.
///
/// `inside` tells what a text is, if it is certain, where the text may be wrapped so many times more.
pub(super) struct Search<'a> {
    pub inside: &'a dyn Fn(&[u8], usize) -> Option<Found>,
    /// How deep wraps may stand in one another.
    pub depth: usize,
}

impl Search<'_> {
    /// A page around the text.
    pub(super) fn html(&self, text: &[u8]) -> Option<Found> {
        if !Html::is_in(text) {
            return None;
        }
        let mut plain = Vec::new();
        let mut html = Html::new();
        html.push(text, &mut plain);
        html.finish(&mut plain);
        let (wraps, form) = (self.inside)(&plain, self.depth)?;
        Some((wraps.around(Wrapping::Html, Wrap::Html(Html::new())), form))
    }

    /// Literals in the text.
    pub(super) fn literals(&self, text: &[u8]) -> Option<Found> {
        let quoted = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'[' | b'{' | b'(');
        if !text.iter().any(quoted) {
            return None;
        }
        for reading in READINGS {
            for (slot, inside) in literals::collect(text, reading) {
                if inside.len() < SHORTEST {
                    continue;
                }
                let Some((wraps, form)) = (self.inside)(&inside, self.depth) else {
                    continue;
                };
                let wrap = Wrap::Literals(Literals::new(slot, reading));
                return Some((wraps.around(Wrapping::Literals, wrap), form));
            }
        }
        None
    }

    /// Prefixes of a log around one of the forms that `begins` knows by its first characters.
    pub(super) fn prefix(&self, text: &[u8], of_dumps: bool) -> Option<Found> {
        let begins = if of_dumps {
            begins_dump
        } else {
            begins_telegram
        };
        for shape in prefix::shapes(text, begins) {
            let layouts = match of_dumps {
                true if !shape.counts(text) => &[][..],
                true => &[Layout::Digits],
                false => prefix::layouts(text, &shape),
            };
            for &layout in layouts {
                let mut plain = Vec::new();
                let mut wrap = Prefix::new(shape.clone(), layout);
                wrap.push(text, &mut plain).ok()?;
                wrap.finish(&mut plain);
                let Some((wraps, form)) = (self.inside)(&plain, 0) else {
                    continue;
                };
                let fits = match form {
                    Form::Text => !of_dumps,
                    // Digits in the lines of a log are read where they stand.
                    Form::Hex | Form::Log | Form::Base64 | Form::Bin => false,
                    _ => of_dumps,
                };
                if fits {
                    let wrap = Wrap::Prefix(Prefix::new(shape, layout));
                    return Some((wraps.around(Wrapping::Prefix, wrap), form));
                }
            }
        }
        None
    }
}

/// True for the first line of a telegram, or a line of its data.
fn begins_telegram(rest: &[u8]) -> bool {
    let line = rest.trim_ascii_end();
    match rest.first() {
        Some(b'/') => {
            let named = line.get(1..).unwrap_or_default();
            let begun = (1..5).contains(&named.len())
                && text::is_named(
                    [named, b"AAA5".get(named.len()..).unwrap_or_default()]
                        .concat()
                        .as_slice(),
                );
            begun || text::is_named(named) && text::is_header(line)
        }
        Some(b'0'..=b'9') => is_coded(line),
        _ => false,
    }
}

/// True for a code of all its parts: `1-0:1.8.0(`.
fn is_coded(line: &[u8]) -> bool {
    let code = line.split(|byte| *byte == b'(').next().unwrap_or_default();
    text::is_object(line) && code.contains(&b':') && code.contains(&b'-')
}

/// True for the first row of a dump, or the first numbers of a frame or telegram.
fn begins_dump(rest: &[u8]) -> bool {
    let zeros = rest.iter().take_while(|byte| **byte == b'0').count();
    if zeros >= 4 {
        return matches!(rest.get(zeros), Some(b':' | b' '));
    }
    let word = |skipped: usize| {
        let mut words = rest
            .split(|byte| !byte.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        words
            .nth(skipped)
            .and_then(|word| str::from_utf8(word).ok())
    };
    [10, 16].into_iter().any(|radix| {
        let byte = |at| word(at).and_then(|word| u8::from_str_radix(word, radix).ok());
        match (byte(0), byte(1)) {
            (Some(0xDB), Some(8)) => true,
            (Some(b'/'), Some(letter)) => letter.is_ascii_alphabetic(),
            (Some(0x7E), Some(second)) => second & 0xF0 == 0xA0,
            (Some(0x68), Some(_)) => true,
            (Some(0xE6), Some(0xE6 | 0xE7)) => true,
            _ => false,
        }
    })
}

/// The ways to read literals, likeliest first.
const READINGS: [Reading; 4] = {
    const fn reading(by_line: bool, latin: bool) -> Reading {
        Reading { by_line, latin }
    }
    [
        reading(false, false),
        reading(true, false),
        reading(false, true),
        reading(true, true),
    ]
};

/// Nothing shorter is looked at, in bytes.
const SHORTEST: usize = 8;

#[cfg(test)]
mod tests;
