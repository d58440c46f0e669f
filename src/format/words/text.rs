//! The texts of findings in the language of their reader: Project Fluent, a file for each language.
//!
//! ```text
//! wrong_key = title          a verdict by its code
//!     .hint = …              what to do
//!     .known = … { $lost }   how it is known, with numbers
//! ```

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language that findings are told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, which has all texts.
    English,
    /// German.
    German,
    /// French.
    French,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::French];

    /// Its code (ISO 639).
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
        }
    }

    /// That of a locale such as `de_LU.UTF-8`; English where there is none for it. Who reads Luxembourgish reads German.
    pub fn of_locale(locale: &str) -> Self {
        let language = locale.split(['_', '.', '@', '-']).next();
        match language.unwrap_or_default() {
            "de" | "lb" => Self::German,
            "fr" => Self::French,
            _ => Self::English,
        }
    }

    /// Makes all findings be told in it, from the first that is told on.
    pub fn speak(self) {
        // Whoever was first has chosen.
        let _ = CHOSEN.set(self);
    }

    fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("en.ftl"),
            Self::German => include_str!("de.ftl"),
            Self::French => include_str!("fr.ftl"),
        }
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: [OnceLock<FluentBundle<FluentResource>>; 3] =
            [const { OnceLock::new() }; 3];
        BUNDLES[self as usize].get_or_init(|| {
            let language: LanguageIdentifier = self.code().parse().unwrap_or_default();
            let mut bundle = FluentBundle::new_concurrent(vec![language]);
            bundle.set_use_isolating(false);
            // A test holds that each of the files is sound.
            let (Ok(texts) | Err((texts, _))) = FluentResource::try_new(self.source().to_owned());
            bundle.add_resource_overriding(texts);
            bundle
        })
    }

    /// The text of a message (`times`) or of a part of one (`wrong_key.hint`).
    pub(super) fn text(self, id: &str, numbers: &[(&str, Argument)]) -> Option<String> {
        let (message, part) = match id.split_once('.') {
            Some((message, part)) => (message, Some(part)),
            None => (id, None),
        };
        let bundle = self.bundle();
        let message = bundle.get_message(message)?;
        let pattern = match part {
            Some(part) => message.get_attribute(part)?.value(),
            None => message.value()?,
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in numbers {
            arguments.set(*name, value.to_fluent());
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}

static CHOSEN: OnceLock<Language> = OnceLock::new();

/// What stands in a text in place of `{ $name }`.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    /// A number, which chooses between one and many.
    Number(u64),
    /// Anything else.
    Text(String),
}

impl Argument {
    fn to_fluent(&self) -> FluentValue<'_> {
        match self {
            // Numbers of findings are small; doubles hold them up to 2^53.
            Self::Number(number) => FluentValue::from(*number as f64),
            Self::Text(text) => FluentValue::from(text.as_str()),
        }
    }
}

impl From<u64> for Argument {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The text in the language that was chosen; in English where that has none.
pub(super) fn text(id: &str, numbers: &[(&str, Argument)]) -> Option<String> {
    let chosen = CHOSEN.get().copied().unwrap_or(Language::English);
    let text = chosen.text(id, numbers);
    text.or_else(|| Language::English.text(id, numbers))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::p1::diagnosis::Verdict;

    /// All parts of all messages, and the names of the arguments in them.
    fn parts(language: Language) -> BTreeMap<String, Vec<String>> {
        let mut parts = BTreeMap::new();
        let mut message = String::new();
        let mut part = String::new();
        for line in language.source().lines() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            if let Some((id, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                message = id.to_owned();
                part = id.to_owned();
                parts.insert(part.clone(), Vec::new());
            } else if let Some((id, _)) = line
                .strip_prefix("    .")
                .and_then(|line| line.split_once(" ="))
            {
                part = format!("{message}.{id}");
                parts.insert(part.clone(), Vec::new());
            }
            let names: &mut Vec<String> = parts.get_mut(&part).unwrap();
            for name in line.split('$').skip(1) {
                let name = name.split(|c: char| !c.is_ascii_alphabetic()).next();
                names.push(name.unwrap().to_owned());
                names.sort();
                names.dedup();
            }
        }
        parts
    }

    #[test]
    fn every_language_has_every_text_with_the_same_numbers() {
        let english = parts(Language::English);
        for language in Language::ALL {
            FluentResource::try_new(language.source().to_owned()).unwrap();
            let own = parts(language);
            for (id, names) in &english {
                assert_eq!(own.get(id), Some(names), "{}: {id}", language.code());
            }
            assert_eq!(own.len(), english.len(), "{}", language.code());
        }
        for verdict in Verdict::ALL {
            for part in ["", ".hint"] {
                let id = format!("{}{part}", verdict.code());
                assert!(english.contains_key(&id), "{id}");
            }
        }
    }

    #[test]
    fn every_line_fits_in_every_language() {
        let mut wrong = Vec::new();
        for language in Language::ALL {
            for (id, names) in parts(language) {
                for number in [1, 2, 12_345] {
                    let numbers: Vec<_> = names
                        .iter()
                        .map(|name| match name.as_str() {
                            "share" | "often" => (name.as_str(), Argument::Number(number.min(100))),
                            name => (name, Argument::Number(number)),
                        })
                        .collect();
                    let text = language.text(&id, &numbers).unwrap();
                    for line in text.lines() {
                        let length = line.chars().count();
                        if !(1..=72).contains(&length) {
                            wrong.push(format!("{length} {id}: {line}"));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_locale_chooses() {
        for (locale, code) in [
            ("de_LU.UTF-8", "de"),
            ("lb_LU", "de"),
            ("fr_BE@euro", "fr"),
            ("fr", "fr"),
            ("C.UTF-8", "en"),
            ("", "en"),
            ("nl_NL", "en"),
        ] {
            assert_eq!(Language::of_locale(locale).code(), code, "{locale}");
        }
    }
}
