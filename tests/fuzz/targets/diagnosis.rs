//! Diagnosis and recovery on the events of any bytes: no panic, and no more findings than there are verdicts.

use std::sync::Arc;

use serde::de::IgnoredAny;
use smarty::cli::words;
use smarty::p1::decoder::{Decoder, Policy};
use smarty::p1::diagnosis::examine::examine;
use smarty::p1::diagnosis::recovery::Recovery;
use smarty::p1::diagnosis::{Diagnosis, Finding, Verdict};
use smarty::p1::event::{Event, Tag};
use smarty::sink::context::Context;
use smarty::sink::explanation;
use smarty::sink::json::Json;
use smarty::sink::redact::Redactor;
use smarty::sink::words::Depth;

use super::formats::printable;
use super::{choices, cuts, keys, zone};

/// Plays the bytes several times over, in pieces with silences between, as a source would.
pub fn bounded(bytes: &[u8]) {
    let mut rng = choices(bytes);
    let mut decoder = Decoder::new(Arc::clone(keys()), Policy::default(), zone().clone());
    let mut diagnosis = Diagnosis::new(Arc::clone(keys()));
    let mut recovery = Recovery::new(Arc::clone(keys()), zone().clone(), rng.below(2) == 0);
    let (mut offset, mut pending) = (0, 0);
    for round in 0..ROUNDS {
        let cuts = cuts(&mut rng, bytes.len());
        for pair in cuts.windows(2) {
            let piece = &bytes[pair[0]..pair[1]];
            offset += piece.len() as u64;
            diagnosis.bytes(piece, offset);
            decoder.push(piece, |event| {
                diagnosis.event(event);
                recovery.event(event);
            });
            diagnosis.host_time(1_600_000_000 + rng.below(1_000_000) as i64);
            let pause = rng.below(4) == 0;
            if pause {
                decoder.quiet(|event| {
                    diagnosis.event(event);
                    recovery.event(event);
                });
                diagnosis.quiet(1000 * rng.below(20) as u64);
            }
            if pause || recovery.is_full() {
                recovery.settle(pause, proven);
            }
        }
        pending += diagnosis
            .take_findings()
            .map(|finding| say(&finding))
            .count();
        assert!(
            pending <= Verdict::ALL.len(),
            "{pending} findings in {round} rounds"
        );
    }
    decoder.finish(|event| {
        diagnosis.event(event);
        recovery.event(event);
    });
    recovery.settle(true, proven);
    diagnosis.finish();
    diagnosis.findings().iter().for_each(say);
    assert_eq!(diagnosis.summary().bytes, offset);
    let mut examination = examine(bytes, keys(), zone());
    explain(&examination);
    Redactor::new(zone().clone()).examination(&mut examination);
    explain(&examination);
}

/// What was mended counts only where something proves it.
fn proven(event: &Event<'_>) {
    if let Event::Telegram(decoded) = event {
        assert!(decoded.mended.is_some());
        assert_ne!(decoded.crc.valid(), Some(false));
        let tag = decoded.security.map(|security| security.tag);
        assert!(
            matches!(tag, None | Some(Tag::Valid | Tag::None)),
            "{tag:?}"
        );
    }
}

/// A finding has its words, in every output.
fn say(finding: &Finding) {
    let (what, hint) = words::finding(finding, Context::default().source, Depth::Full);
    assert!(!what.is_empty() && !hint.is_empty(), "{finding:?}");
    printable(format!("{what}\n{hint}").as_bytes());
    let mut line = Vec::new();
    Json::new(None).finding(&mut line, &Context::default(), finding);
    let text = std::str::from_utf8(&line).unwrap();
    serde_json::from_str::<IgnoredAny>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
}

fn explain(examination: &smarty::p1::diagnosis::examine::Examination) {
    let mut out = Vec::new();
    explanation::write(&mut out, "capture.bin", examination, true);
    printable(&out);
}

/// How often the bytes are played.
const ROUNDS: usize = 3;
