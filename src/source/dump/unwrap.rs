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
use super::hex::decode_pairs;
use super::{DumpError, Form, log, text};
use crate::p1::push::hdlc::FLAG;
use crate::p1::push::mbus;

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
    /// Tells whether a text is nothing but hex digits, and whether there are none in the other lines of its log.
    pub is_hex: &'a dyn Fn(&[u8], &[u8]) -> bool,
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
        let quoted = text.iter().any(quoted);
        let wide =
            text.iter().any(|byte| *byte > 0x7F) || memchr::memmem::find(text, b"\\u").is_some();
        if !quoted {
            return None;
        }
        for reading in READINGS {
            if reading.latin && !wide {
                continue;
            }
            if let Some(found) = self.reading(text, reading) {
                return Some(found);
            }
        }
        None
    }

    /// Escapes in a text without quotes.
    pub(super) fn escapes(&self, text: &[u8]) -> Option<Found> {
        memchr::memmem::find(text, b"\\n")?;
        self.reading(text, BARE)
    }

    fn reading(&self, text: &[u8], reading: Reading) -> Option<Found> {
        literals::collect(text, reading)
            .into_iter()
            .filter(|(_, inside)| inside.len() >= SHORTEST)
            .find_map(|(slot, inside)| {
                let (wraps, form) = (self.inside)(&inside, self.depth)?;
                let wrap = Wrap::Literals(Literals::new(slot, reading));
                Some((wraps.around(Wrapping::Literals, wrap), form))
            })
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
                    // What a log is known to put before digits is read past as it is.
                    Form::Hex => {
                        of_dumps
                            && !shape.all(text, |line, length| log::before_data(line) == length)
                            && (self.is_hex)(&plain, &shape.others(text))
                    }
                    Form::Log | Form::Base64 | Form::Bin => false,
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
    if !rest.first().is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let words = || {
        let words = rest.split(|byte| !byte.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words.map_while(|word| str::from_utf8(word).ok())
    };
    let separate = |radix| {
        let bytes = words().map_while(|word| u8::from_str_radix(word, radix).ok());
        bytes.take(FIRST).collect::<Vec<_>>()
    };
    let mut joined = Vec::new();
    for word in words().take(FIRST) {
        if 2 * decode_pairs(word.as_bytes(), &mut joined) < word.len() || joined.len() >= FIRST {
            break;
        }
    }
    [separate(10), separate(16), joined]
        .iter()
        .any(|bytes| match **bytes {
            [0xDB, second, ..] => second == 8,
            [b'/', second, ..] => second.is_ascii_alphabetic(),
            [FLAG, second, ..] => second & 0xF0 == 0xA0,
            [0xE6, second, ..] => matches!(second, 0xE6 | 0xE7),
            [mbus::START, length, again, start, ..] => length == again && start == mbus::START,
            _ => false,
        })
}

/// Literals as they are.
const PLAIN: Reading = Reading {
    by_line: false,
    bare: false,
    latin: false,
};

/// The ways to read literals in quotes, likeliest first.
const READINGS: [Reading; 3] = [
    PLAIN,
    Reading {
        by_line: true,
        ..PLAIN
    },
    Reading {
        latin: true,
        ..PLAIN
    },
];

/// A text with escapes and without quotes.
const BARE: Reading = Reading {
    bare: true,
    ..PLAIN
};

/// So many bytes tell whether a frame may begin.
const FIRST: usize = 4;

/// Nothing shorter is looked at, in bytes.
const SHORTEST: usize = 8;

#[cfg(test)]
mod tests;
