//! A text that was copied from the source of a page: tags, `<br>` for line ends, entities.
//!
//! ```text
//! <pre>/Lux5\253694471_M<br><br>1-0:1.8.0(000025.653*kWh)<br>!8B52</pre>
//! &lt;  &amp;  &quot;  &#39;  &#x2F;  &nbsp;
//! ```

/// Undoes tags and entities.
pub(super) struct Html {
    state: State,
    held: Vec<u8>,
    /// A tag has just made a line end: the one that the page has behind it for its own sake is none.
    broken: bool,
    /// Nothing stands in the line yet.
    at_start: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Tag,
    Entity,
}

impl Html {
    pub(super) fn new() -> Self {
        Self {
            state: State::Text,
            held: Vec::new(),
            broken: false,
            at_start: true,
        }
    }

    /// True for a text that holds a tag as pages have it, or an entity.
    pub(super) fn is_in(text: &[u8]) -> bool {
        memchr::memchr2_iter(b'<', b'&', text).any(|at| {
            let rest = text.get(at..at + LONGEST_MARK).or_else(|| text.get(at..));
            let lower = rest.unwrap_or_default().to_ascii_lowercase();
            let end = lower.iter().position(|byte| *byte == b';');
            let name = end.and_then(|end| lower.get(1..end)).unwrap_or_default();
            TAGS.iter().any(|tag| lower.starts_with(tag))
                || lower.starts_with(b"&") && entity(name).is_some()
        })
    }

    pub(super) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        for &byte in input {
            self.byte(byte, out);
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.give_back(out);
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match (self.state, byte) {
            (State::Text, b'<') => self.hold(State::Tag, byte),
            (State::Text, b'&') => self.hold(State::Entity, byte),
            (State::Text, b'\r' | b'\n') if self.broken => self.broken = byte == b'\r',
            (State::Text, _) => self.text(byte, out),
            (State::Tag, b'>') => {
                let held = std::mem::take(&mut self.held);
                self.state = State::Text;
                self.tag(&held, out);
            }
            (State::Tag, _)
                if self.held.len() == 1
                    && !(byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!')) =>
            {
                self.give_back(out);
                self.byte(byte, out);
            }
            (State::Entity, b';') => {
                let held = std::mem::take(&mut self.held);
                self.state = State::Text;
                match entity(held.get(1..).unwrap_or_default()) {
                    Some(found) => {
                        for byte in found.encode_utf8(&mut [0; 4]).bytes() {
                            self.text(byte, out);
                        }
                    }
                    None => {
                        self.held = held;
                        self.give_back(out);
                        self.text(byte, out);
                    }
                }
            }
            (State::Entity, _) if !byte.is_ascii_alphanumeric() && byte != b'#' => {
                self.give_back(out);
                self.byte(byte, out);
            }
            (state, _) if self.held.len() < LONGEST => self.hold(state, byte),
            _ => {
                self.give_back(out);
                self.byte(byte, out);
            }
        }
    }

    fn hold(&mut self, state: State, byte: u8) {
        self.state = state;
        self.held.push(byte);
    }

    fn text(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.broken = false;
        self.at_start = byte == b'\n';
        out.push(byte);
    }

    /// What is held was no tag and no entity.
    fn give_back(&mut self, out: &mut Vec<u8>) {
        self.state = State::Text;
        for byte in std::mem::take(&mut self.held) {
            self.text(byte, out);
        }
    }

    fn tag(&mut self, held: &[u8], out: &mut Vec<u8>) {
        let inside = held.get(1..).unwrap_or_default();
        let closes = inside.first() == Some(&b'/');
        let name = inside.get(usize::from(closes)..).unwrap_or_default();
        let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric();
        let length = name.iter().take_while(is_letter).count();
        let name = name.get(..length).unwrap_or_default().to_ascii_lowercase();
        let breaks = match name.as_slice() {
            b"br" | b"hr" => true,
            b"pre" | b"code" => false,
            b"p" | b"div" | b"tr" | b"li" | b"dd" | b"blockquote" => closes,
            _ => false,
        };
        if breaks {
            self.text(b'\n', out);
            self.broken = true;
        } else if matches!(name.as_slice(), b"pre" | b"code") && !self.at_start {
            // What is laid out as it stands begins and ends a line.
            self.text(b'\n', out);
        }
    }
}

/// The character that an entity stands for.
fn entity(name: &[u8]) -> Option<char> {
    if let Some(digits) = name.strip_prefix(b"#") {
        let digits = str::from_utf8(digits).ok()?;
        let point = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        return char::from_u32(point.ok()?);
    }
    let name = name.to_ascii_lowercase();
    let known = ENTITIES.iter().find(|(known, _)| *known == name.as_slice());
    known.map(|(_, found)| *found)
}

const ENTITIES: [(&[u8], char); 15] = [
    (b"lt", '<'),
    (b"gt", '>'),
    (b"amp", '&'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"nbsp", ' '),
    (b"sol", '/'),
    (b"bsol", '\\'),
    (b"lpar", '('),
    (b"rpar", ')'),
    (b"ast", '*'),
    (b"colon", ':'),
    (b"excl", '!'),
    (b"period", '.'),
    (b"newline", '\n'),
];

/// Tags that show that a text comes from a page.
const TAGS: [&[u8]; 10] = [
    b"<br>", b"<br/>", b"<br />", b"<pre", b"</pre>", b"<code", b"</p>", b"</div>", b"</span>",
    b"</td>",
];

/// Bytes of the longest of these tags and entities.
const LONGEST_MARK: usize = 10;

/// No tag or entity is longer than this, in bytes.
const LONGEST: usize = 512;
