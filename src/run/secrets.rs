//! What a message leaves out of the texts it quotes: passwords, and whatever may be a key.

use std::borrow::Cow;

/// The text as it may be shown.
pub fn mask(text: &str) -> Cow<'_, str> {
    match without_passwords(text) {
        Cow::Borrowed(text) => without_keys(text),
        Cow::Owned(text) => Cow::Owned(without_keys(&text).into_owned()),
    }
}

/// The text without passwords of addresses: `mqtt://anna:…@host`.
fn without_passwords(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(start) = shown.get(from..).and_then(|rest| rest.find("://")) {
        let start = from + start + "://".len();
        from = start;
        let rest = shown.get(start..).unwrap_or_default();
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        if let Some((login, _)) = word.rsplit_once('@')
            && let Some((user, _)) = login.split_once(':')
        {
            let hidden = start + user.len() + 1..start + login.len();
            shown.to_mut().replace_range(hidden, "…");
        }
    }
    shown
}

/// The text without anything that may be a key: a word with so many hexadecimal digits is shown by their number.
fn without_keys(text: &str) -> Cow<'_, str> {
    let is_key = |word: &str| {
        let digits = word.bytes().filter(u8::is_ascii_hexdigit).count();
        let mut runs = word.split(|c: char| !c.is_ascii_hexdigit());
        digits >= KEY_DIGITS_MIN && word.len() - digits <= MISTAKEN_MAX
            || runs.any(|run| run.len() >= KEY_DIGITS_MIN)
    };
    let parts: Vec<_> = text
        .split_inclusive(|c: char| !c.is_ascii_alphanumeric())
        .map(|part| {
            part.split_at(
                part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric())
                    .len(),
            )
        })
        .collect();
    if !parts.iter().any(|(word, _)| is_key(word)) {
        return Cow::Borrowed(text);
    }
    let shown = parts.iter().map(|(word, rest)| match is_key(word) {
        true => format!("({} digits){rest}", word.len()),
        false => format!("{word}{rest}"),
    });
    Cow::Owned(shown.collect())
}

/// A name or a value out of a file of settings, without a key in groups of digits: `0A 1B 2C` or `0A:1B:2C`.
///
/// Not for every text: the first 16 bytes of an input look the same, and may be seen.
pub fn without_grouped_keys(text: &str) -> String {
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_hexdigit).count();
    let is_group = |c: char| c.is_ascii_hexdigit() || matches!(c, ' ' | ':' | '-');
    let parts = text.split_inclusive(|c: char| !is_group(c));
    let shown = parts.map(|part| match digits(part) {
        count if count < KEY_DIGITS_MIN => Cow::Borrowed(part),
        count => Cow::Owned(format!(
            "({count} digits){}",
            part.trim_start_matches(is_group)
        )),
    });
    shown.collect()
}

/// A word with so many hexadecimal digits may be a key; a key has 32, and people lose some.
const KEY_DIGITS_MIN: usize = 24;
/// Letters in a key that are no digits, at the most.
const MISTAKEN_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_addresses_are_not_shown() {
        for (text, shown) in [
            (
                "`mqtt://anna:p@ss:w@host/x`: no",
                "`mqtt://anna:…@host/x`: no",
            ),
            ("a://u:1@h b://v:2@h", "a://u:…@h b://v:…@h"),
            ("mqtt://anna@host:1883", "mqtt://anna@host:1883"),
            ("tcp://10.0.0.7:2001 a@b", "tcp://10.0.0.7:2001 a@b"),
        ] {
            assert_eq!(mask(text), shown);
        }
    }

    #[test]
    fn what_may_be_a_key_is_not_shown() {
        let key = "0A1B2C3D4E5F60718293A4B5C6D7E8F9";
        assert_eq!(mask(key), "(32 digits)");
        assert_eq!(
            mask(&format!("/tmp/{key}.bin: no such file")),
            "/tmp/(32 digits).bin: no such file"
        );
        assert_eq!(mask(&key.replace('0', "O")), "(32 digits)");
        assert_eq!(mask(&format!("[meterhouse{key}]")), "[(42 digits)]");
        for text in [
            "SMG20261003845277",
            "534D5967719AB843: é",
            "it begins with 23 20 41 FF",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn a_key_in_groups_is_not_shown_out_of_settings() {
        let pairs = "0A 1B 2C 3D 4E 5F 60 71 82 93 A4 B5 C6 D7 E8 F9";
        for (text, shown) in [
            (pairs, "(32 digits)"),
            (&pairs.replace(' ', ":"), "(32 digits)"),
            (&format!("`my{pairs}`: no port"), "`my(32 digits)`: no port"),
            ("10.0.0.7:2001: no answer", "10.0.0.7:2001: no answer"),
            (&pairs[..30], &pairs[..30]),
        ] {
            assert_eq!(without_grouped_keys(text), shown);
        }
    }
}
