//! What is held against any bytes: one function a target, for the coverage-guided runs and for `cargo test`.
//!
//! A target panics where a law is broken. Where it needs a choice (where to cut, when to be silent), the bytes
//! themselves make it, so that the same bytes always give the same run.

pub mod ahead;
pub mod decoder;
pub mod diagnosis;
pub mod dump;
pub mod formats;
pub mod ledger;
pub mod output;
pub mod push;
pub mod settings;
pub mod telegram;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use smarty::cli::keys::Ring;
use smarty::p1::cipher::Keys;
use smarty::p1::line::Rng;
use smarty::p1::value::Zone;

/// A target: takes any bytes, panics where a law is broken.
pub type Target = fn(&[u8]);

/// All targets by their names.
pub const ALL: [(&str, Target); 11] = [
    ("decoder", decoder::laws),
    ("ledger", ledger::whole_frames_come_out),
    ("telegram", telegram::parse_format_parse),
    ("axdr", push::axdr),
    ("link", push::link),
    ("assembly", push::assembly),
    ("dump", dump::pieces_and_whole_agree),
    ("output", output::every_line_is_valid),
    ("diagnosis", diagnosis::bounded),
    ("keyring", settings::key_ring),
    ("config", settings::config),
];

/// The keys of the samples.
pub fn keys() -> &'static Arc<Keys> {
    static KEYS: LazyLock<Arc<Keys>> = LazyLock::new(|| {
        let text = include_str!("../../../samples/keys.toml");
        let ring = Ring::parse(Path::new("keys.toml"), text, &Default::default());
        Arc::new(ring.unwrap().keys().clone())
    });
    &KEYS
}

/// The zone of the samples.
pub fn zone() -> &'static Zone {
    static ZONE: LazyLock<Zone> = LazyLock::new(Zone::luxembourg);
    &ZONE
}

/// Choices that depend on the bytes and on nothing else.
pub fn choices(bytes: &[u8]) -> Rng {
    let fold = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    Rng::new(bytes.iter().fold(0xCBF2_9CE4_8422_2325, fold))
}

/// Places where a stream of so many bytes is cut, in order, both ends included.
pub fn cuts(rng: &mut Rng, length: usize) -> Vec<usize> {
    let count = rng.below(12);
    let mut cuts: Vec<usize> = (0..count).map(|_| rng.below(length + 1)).collect();
    cuts.extend([0, length]);
    cuts.sort_unstable();
    cuts
}
