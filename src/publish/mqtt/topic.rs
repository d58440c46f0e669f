//! Names of topics: levels that cannot be mistaken for a filter, whatever a label or a meter is called.

/// A text that cannot begin topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// Nothing in it.
    #[error("the prefix of the topics is empty")]
    Empty,
    /// `+` or `#`: these are for those who subscribe.
    #[error("the prefix of the topics has a + or #, which only those who subscribe may use")]
    Wildcard,
    /// Two slashes in a row, or one at an end.
    #[error("the prefix of the topics has an empty level: two slashes in a row, or one at an end")]
    EmptyLevel,
    /// `$SYS` and the like belong to the broker.
    #[error("the prefix of the topics begins with $, which belongs to the broker")]
    Dollar,
    /// A sign that cannot be printed.
    #[error("the prefix of the topics has an unprintable character")]
    Control,
    /// Longer than brokers take.
    #[error("the prefix of the topics is longer than {PREFIX_MAX} bytes")]
    TooLong,
}

/// Looks whether a text can begin topics: levels with slashes between them.
///
/// # Errors
/// What is wrong with it.
pub fn check_prefix(text: &str) -> Result<(), PrefixError> {
    match text {
        "" => Err(PrefixError::Empty),
        _ if text.contains(['+', '#']) => Err(PrefixError::Wildcard),
        _ if text.split('/').any(str::is_empty) => Err(PrefixError::EmptyLevel),
        _ if text.starts_with('$') => Err(PrefixError::Dollar),
        _ if text.chars().any(char::is_control) => Err(PrefixError::Control),
        _ if text.len() > PREFIX_MAX => Err(PrefixError::TooLong),
        _ => Ok(()),
    }
}

/// One level of a topic: what would end it or stand for others becomes `_`.
pub fn level(name: &str) -> String {
    let safe = |letter: char| match letter {
        '+' | '#' | '/' | '\\' | '\u{FFFD}' => '_',
        letter if letter.is_control() || letter.is_whitespace() => '_',
        letter => letter,
    };
    let level: String = name.trim().chars().take(LEVEL_MAX).map(safe).collect();
    match level.strip_prefix('$') {
        Some(rest) => format!("_{rest}"),
        None if level.is_empty() => "_".to_owned(),
        None => level,
    }
}

/// An identifier as discovery takes it: letters, digits, `_` and `-`.
pub fn identifier(name: &str) -> String {
    let safe = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') => letter,
        _ => '_',
    };
    name.trim().chars().take(LEVEL_MAX).map(safe).collect()
}

/// Longest prefix in bytes.
const PREFIX_MAX: usize = 512;
/// Longest level in letters.
const LEVEL_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_a_level_or_stands_for_others() {
        for (name, expected) in [
            ("house", "house"),
            ("a/b", "a_b"),
            ("+", "_"),
            ("#1", "_1"),
            ("nul\0", "nul_"),
            ("/dev/ttyUSB0", "_dev_ttyUSB0"),
            ("$SYS", "_SYS"),
            ("  ", "_"),
            ("Zähler", "Zähler"),
            ("\u{FFFD}x", "_x"),
        ] {
            assert_eq!(level(name), expected, "{name:?}");
        }
        assert_eq!(level(&"x".repeat(1000)).len(), LEVEL_MAX);
        assert_eq!(identifier("Zähler 1/2"), "Z_hler_1_2");
    }

    #[test]
    fn a_prefix_is_levels_and_nothing_else() {
        for prefix in ["smarty", "home/meters", "Häuser/1"] {
            assert_eq!(check_prefix(prefix), Ok(()));
        }
        for (prefix, error) in [
            ("", PrefixError::Empty),
            ("a/#", PrefixError::Wildcard),
            ("+/a", PrefixError::Wildcard),
            ("/a", PrefixError::EmptyLevel),
            ("a//b", PrefixError::EmptyLevel),
            ("$SYS/a", PrefixError::Dollar),
            ("a\0", PrefixError::Control),
        ] {
            assert_eq!(check_prefix(prefix), Err(error));
        }
    }
}
