//! How keys are given, and a key in the place of something else.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

/// Options of keys.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Keys")]
pub struct KeyArgs {
    /// Key of the meter, 32 hexadecimal digits; without a value: ask for it
    #[arg(short, long, value_name = "KEY", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub key: Option<OsString>,
    /// File with the key: 32 hexadecimal digits or 16 bytes
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub key_file: Option<PathBuf>,
    /// Key ring: a TOML file with a key for each meter
    ///
    /// An entry with tag = "required" refuses frames of its meter that have no tag.
    #[arg(long, value_name = "FILE")]
    pub keyring: Option<PathBuf>,
    /// Authentication key, for meters with one of their own (Austria, Switzerland)
    ///
    /// Luxembourg's is built in.
    #[arg(long, value_name = "HEX", hide_short_help = true)]
    pub auth_key: Option<OsString>,
    /// If one digit of the key turns out to be mistyped, print the right one
    #[arg(long, hide_short_help = true)]
    pub show_key: bool,
    /// Accept unencrypted telegrams that name a meter with a key
    ///
    /// Without this they are refused: anybody on the line could have written them. With --key alone, which meter that is becomes known once a frame with its tag has come, in this run or in one that --state remembers; a key ring says it from the start.
    #[arg(long, hide_short_help = true)]
    pub allow_plain: bool,
    /// What to do with a frame whose tag, the proof of origin, is wrong
    #[arg(
        long,
        value_name = "HOW",
        default_value = "verify",
        hide_short_help = true
    )]
    pub tag: TagWhen,
    /// Whether the file of the key may hold the authentication key as well.
    #[arg(skip)]
    pub pair: bool,
}

/// What a wrong tag does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TagWhen {
    /// Refuse the frame.
    #[default]
    Verify,
    /// Let it through where its CRC is right, and mark it.
    Warn,
    /// Do not look at it.
    Skip,
}

/// Joins `--key` or `-k` with a next word that looks like a key, and parts `-kHEX`.
///
/// So `--key HEX` works beside `--key=HEX`, and `--key /dev/ttyUSB0` asks for the key and opens the port. A word that
/// is short for a key, but made of its digits alone, is one with digits missing, whatever files there are.
pub fn join_keys(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    let mut words = false;
    while let Some(mut argument) = arguments.next() {
        words |= argument == "--";
        if !words
            && (argument == "--key" || argument == "-k")
            && let Some(key) = arguments.next_if(|next| looks_like_key(next))
        {
            argument.push("=");
            argument.push(key);
        }
        let attached = argument.to_str().and_then(|word| word.strip_prefix("-k"));
        if let Some(key) = attached.filter(|key| !words && looks_like_key(OsStr::new(key))) {
            argument = format!("-k={}", key.trim_start_matches('=')).into();
        }
        joined.push(argument);
    }
    joined
}

/// At least 16 hexadecimal digits and separators; a few letters that people take for digits. Or fewer of them and nothing
/// else: a file of such a name can be written `./123`.
fn looks_like_key(word: &OsStr) -> bool {
    has_key_digits(word, JOINED_MIN) || is_piece_of_key(word)
}

/// Hexadecimal digits and separators alone, or letters that look like such digits; at least one digit.
fn is_piece_of_key(word: &OsStr) -> bool {
    let Some(word) = word.to_str() else {
        return false;
    };
    let piece = |c: char| c.is_ascii_hexdigit() || "OolI :-,xX".contains(c);
    let begins = word.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && word.chars().all(piece) && word.contains(|c: char| c.is_ascii_digit())
}

/// Tells whether a word that should be a file is a key in the wrong place; such a word is never shown.
pub fn is_misplaced_key(word: &OsStr) -> bool {
    has_key_digits(word, MISPLACED_MIN) && !Path::new(word).exists()
}

fn has_key_digits(word: &OsStr, least: usize) -> bool {
    let Some(word) = word.to_str() else {
        return false;
    };
    let digits = word.chars().filter(char::is_ascii_hexdigit).count();
    let others = word
        .chars()
        .filter(|c| !c.is_ascii_hexdigit() && !" :-,{}xX\\".contains(*c));
    let mistaken = others.clone().filter(|c| c.is_ascii_alphanumeric()).count();
    digits >= least && mistaken == others.count() && mistaken <= MISTAKEN_MAX
}

/// Digits of a word that is taken for a key behind `--key`.
const JOINED_MIN: usize = 16;

/// Digits of a word that is taken for a key where a file should be: times as names of files have fewer.
const MISPLACED_MIN: usize = 24;

/// Letters in a key that are no digits, at the most.
const MISTAKEN_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn join(line: &str) -> Vec<String> {
        let words = line.split('|').map(OsString::from);
        join_keys(words)
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect()
    }

    const KEY: &str = "0A1B2C3D4E5F60718293A4B5C6D7E8F9";

    #[test]
    fn a_key_behind_its_option_is_joined_to_it() {
        assert_eq!(
            join(&format!("smarty|--key|{KEY}|f")),
            ["smarty", &format!("--key={KEY}"), "f"]
        );
        for short in [format!("-k|{KEY}"), format!("-k{KEY}"), format!("-k={KEY}")] {
            assert_eq!(
                join(&format!("smarty|{short}")),
                ["smarty", &format!("-k={KEY}")]
            );
        }
        let spaced = "0A 1B 2C 3D 4E 5F 60 71";
        assert_eq!(
            join(&format!("smarty|--key|{spaced}")),
            ["smarty", &format!("--key={spaced}")]
        );
    }

    #[test]
    fn a_key_with_a_mistaken_letter_is_still_a_key_and_not_a_file() {
        let mistaken = KEY.replace('0', "O");
        assert_eq!(join(&format!("smarty|--key|{mistaken}")).len(), 2);
    }

    #[test]
    fn a_word_of_digits_is_a_key_with_digits_missing() {
        for word in ["123", "0A1B", "0x12", "88 F6 44", "O0l1"] {
            let joined = join(&format!("smarty|parse|--key|{word}|lu.bin"));
            assert_eq!(
                joined,
                ["smarty", "parse", &format!("--key={word}"), "lu.bin"]
            );
        }
    }

    #[test]
    fn what_is_no_key_stays_a_word_of_its_own() {
        for word in [
            "/dev/ttyUSB0",
            "dump.bin",
            "lu",
            "cafe",
            "-",
            "-5",
            "10.0.0.7",
            "auto",
            "tcp://10.0.0.7:2001",
            "--json",
            "house=/dev/ttyUSB0",
        ] {
            assert_eq!(
                join(&format!("smarty|--key|{word}")),
                ["smarty", "--key", word]
            );
        }
        assert_eq!(join(&format!("smarty|--|--key|{KEY}")).len(), 4);
    }
}
