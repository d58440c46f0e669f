//! Key rings and `smarty.toml`: no message shows a digit of a key, wherever in the file it stands.

use std::path::Path;

use smarty::cli::config::Config;
use smarty::cli::keys::Ring;
use smarty::run::failure::Failure;
use smarty::run::secrets::mask;

/// The bytes are a key ring, in which some characters stand for spellings of a key.
pub fn key_ring(bytes: &[u8]) {
    let Some(text) = spell(bytes) else { return };
    match Ring::parse(Path::new("keys.toml"), &text, &Default::default()) {
        Ok(ring) => silent(&format!("{:?}", ring.keys()), &text),
        Err(failure) => silent_failure(&failure, &text),
    }
}

/// The same for a configuration.
pub fn config(bytes: &[u8]) {
    let Some(text) = spell(bytes) else { return };
    if let Err(failure) = Config::parse(Path::new("smarty.toml"), &text) {
        silent_failure(&failure, &text);
    }
}

fn silent_failure(failure: &Failure, text: &str) {
    let hint = failure.hint.as_deref().unwrap_or_default();
    // As it is said.
    silent(&format!("{}\n{}", mask(&failure.what), mask(hint)), text);
}

/// A message holds no part of the key that a reader could recognise.
fn silent(message: &str, text: &str) {
    let part = part_of_key(message);
    assert!(part.is_none(), "{message:?} shows {part:?} of {text:?}");
}

/// The first part of the key in a text, however it is spelled.
fn part_of_key(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
    (0..=KEY.len() - SHOWN_MIN)
        .map(|start| &KEY[start..start + SHOWN_MIN])
        .find(|part| plain.contains(part))
}

/// Puts a key where a character stands that no such file needs; nothing where a part of it stands there already.
///
/// A fuzzer that learnt some digits of the key writes fewer of them than a message takes for one.
fn spell(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    if part_of_key(&text).is_some() {
        return None;
    }
    let pairs = KEY
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair));
    let spaced = pairs.collect::<Vec<_>>().join(" ");
    let text = text
        .replace('@', KEY)
        .replace('~', &KEY.to_lowercase())
        .replace('^', &spaced)
        .replace('%', &KEY[1..])
        .replace('$', &format!("{KEY}0"))
        .replace('|', &format!("0x{}O", &KEY[..31]));
    Some(text)
}

/// A key that no input makes by chance.
const KEY: &str = "9C81B5D7E3F24A6690DAB7C15E3F8E2D";
/// So many characters in a row show a part of the key.
const SHOWN_MIN: usize = 8;
