//! The file of a key ring.
//!
//! ```toml
//! default = "…"              # optional
//! [SAG1030700114004]         # device id, title as 16 hexadecimal digits, or label of a source
//! key = "…"
//! auth_key = "…"             # optional
//! name = "house"             # optional
//! allow_plain = true         # optional: this meter may send in clear as well
//! tag = "required"           # optional: each of its frames ends in a tag; or "optional"
//! ```
//! A file of a country's meters is read line by line, many times faster than TOML as a whole. Whatever is not
//! written as above is left to the TOML reader, which also says what is wrong and where.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Deref;

use foldhash::quality::RandomState;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// What a key ring says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RingFile<'a> {
    /// Key for meters without their own.
    pub default: Option<Secret<'a>>,
    /// Meters and labels with their keys.
    pub meters: Vec<(Cow<'a, str>, RingEntry<'a>)>,
}

/// What nobody else may see: where it stands in the file, or a copy that is wiped.
pub(super) enum Secret<'a> {
    Lent(&'a str),
    Own(Zeroizing<String>),
}

/// What a key ring says of a meter.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct RingEntry<'a> {
    /// Encryption key.
    pub key: Secret<'a>,
    /// Authentication key.
    pub auth_key: Option<Secret<'a>>,
    /// What the meter is called.
    pub name: Option<Cow<'a, str>>,
    /// The meter may send in clear though it has a key.
    pub allow_plain: Option<bool>,
    /// `required` or `optional`.
    pub tag: Option<Secret<'a>>,
}

#[derive(Deserialize)]
struct Whole {
    default: Option<Secret<'static>>,
    #[serde(flatten)]
    meters: HashMap<String, RingEntry<'static>>,
}

impl Deref for Secret<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Lent(text) => text,
            Self::Own(text) => text,
        }
    }
}

impl PartialEq for Secret<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Zeroizing::deserialize(deserializer).map(Self::Own)
    }
}

impl<'a> RingFile<'a> {
    /// Reads a key ring.
    ///
    /// # Errors
    /// Those of TOML.
    pub(super) fn read(text: &'a str) -> Result<Self, toml::de::Error> {
        match Self::read_lines(text) {
            Some(file) => Ok(file),
            None => toml::from_str(text).map(|Whole { default, meters }| Self {
                default,
                meters: meters
                    .into_iter()
                    .map(|(name, entry)| (Cow::Owned(name), entry))
                    .collect(),
            }),
        }
    }

    /// Reads a key ring in which each line is a comment, a section or a string; `None` for any other.
    fn read_lines(text: &'a str) -> Option<Self> {
        let mut file = Self::default();
        // To grow is to move all of them.
        let sections = memchr::memchr_iter(b'[', text.as_bytes()).count();
        let mut names = HashSet::with_capacity_and_hasher(sections, RandomState::default());
        file.meters.reserve(sections);
        for line in text.lines() {
            let line = line.trim_matches([' ', '\t']);
            if line.is_empty() || line.starts_with('#') && !line.contains(char::is_control) {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                let name = rest.strip_suffix(']').filter(|name| is_bare(name))?;
                if !names.insert(name) || file.meters.last().is_some_and(|(_, e)| e.key.is_empty())
                {
                    return None;
                }
                let entry = RingEntry {
                    key: Secret::Lent(""),
                    auth_key: None,
                    name: None,
                    allow_plain: None,
                    tag: None,
                };
                file.meters.push((Cow::Borrowed(name), entry));
                continue;
            }
            let (field, value) = line.split_once('=')?;
            let value = value.trim_start_matches([' ', '\t']);
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            if value.contains(|c: char| matches!(c, '"' | '\\') || c.is_control()) {
                return None;
            }
            let field = field.trim_end_matches([' ', '\t']);
            let secret = || Secret::Lent(value);
            let before = match (file.meters.last_mut(), field) {
                (None, "default") => file.default.replace(secret()).is_some(),
                (Some((_, entry)), "key") => {
                    // An empty key is what stands for none here.
                    let before = std::mem::replace(&mut entry.key, secret());
                    !before.is_empty() || entry.key.is_empty()
                }
                (Some((_, entry)), "auth_key") => entry.auth_key.replace(secret()).is_some(),
                (Some((_, entry)), "tag") => entry.tag.replace(secret()).is_some(),
                (Some((_, entry)), "name") => entry.name.replace(Cow::Borrowed(value)).is_some(),
                _ => return None,
            };
            if before {
                return None;
            }
        }
        let whole = file.meters.iter().all(|(_, entry)| !entry.key.is_empty());
        // The section of that name would be a key in its own right.
        (whole && !names.contains("default")).then_some(file)
    }
}

fn is_bare(name: &str) -> bool {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && name.bytes().all(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_toml(text: &str) -> Option<RingFile<'static>> {
        let Whole { default, meters } = toml::from_str(text).ok()?;
        let meters = meters.into_iter();
        let mut meters: Vec<(Cow<'static, str>, _)> =
            meters.map(|(name, it)| (name.into(), it)).collect();
        meters.sort_by(|(a, _), (b, _)| a.cmp(b));
        Some(RingFile { default, meters })
    }

    fn by_lines(text: &str) -> Option<RingFile<'_>> {
        let mut file = RingFile::read_lines(text)?;
        file.meters.sort_by(|(a, _), (b, _)| a.cmp(b));
        Some(file)
    }

    #[test]
    fn a_ring_as_it_is_written_is_read_line_by_line() {
        let text = "# all\n\ndefault = \"00\"\n[SAG1030700114004]\nkey = \"0A 1B\"\n\
                    auth_key=\"22\"\n  name = \"hôuse\"\r\n\n[b]\nkey = \"1\"\n";
        let file = by_lines(text).unwrap();
        assert_eq!(file.meters.len(), 2);
        assert_eq!(Some(file), by_toml(text));
    }

    proptest! {
        #[test]
        fn what_is_read_line_by_line_is_what_toml_says(
            lines in prop::collection::vec(
                prop_oneof![
                    Just("[a]"), Just("[b]"), Just("[ c ]"), Just("[a.b]"), Just("[default]"), Just("[[d]]"),
                    Just("key = \"1\""), Just("key=\"2\""), Just("key = ''"), Just("key = \"\""),
                    Just("key = \"1\" # one"), Just("name = \"x\\n\""), Just("name = \"n\""),
                    Just("auth_key = \"3\""), Just("tag = \"required\""), Just("default = \"4\""), Just("# note"), Just(""),
                    Just("other = \"5\""), Just("a.key = \"6\""), Just("key = 7"), Just("key"),
                    Just("#\u{7}"), Just("key = \"8\"\""),
                ],
                0..8,
            ),
        ) {
            let text = lines.join("\n");
            if let Some(file) = by_lines(&text) {
                prop_assert_eq!(Some(file), by_toml(&text));
            }
        }
    }
}
