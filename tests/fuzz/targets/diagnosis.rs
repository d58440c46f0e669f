//! A session with any bytes: no panic, no more findings than there are verdicts, nothing repaired without proof.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::IgnoredAny;
use smarty::cli::messages::refusals;
use smarty::format::explanation;
use smarty::format::json::Json;
use smarty::format::words::Depth;
use smarty::observe::context::Context;
use smarty::observe::redact::Redactor;
use smarty::p1::diagnosis::{Finding, Verdict};
use smarty::p1::event::{Event, Tag};
use smarty::p1::examine::examine;
use smarty::p1::session::{Report, Session, Settings};

use super::formats::printable;
use super::{choices, cuts, keys, zone};

/// Plays the bytes several times over, in pieces with silences between, as a source would.
pub fn bounded(bytes: &[u8]) {
    let mut rng = choices(bytes);
    let mut settings = Settings::new(Arc::clone(keys()), zone().clone());
    settings.repair = rng.below(2) == 0;
    settings.medium.live = rng.below(2) == 0;
    let mut session = Session::new(&settings);
    let (mut offset, mut said) = (0, 0);
    let mut take = |report: Report<'_>| match report {
        Report::Event(event, _) => proven(event),
        Report::Finding(finding) => {
            say(finding);
            said += 1;
        }
        _ => {}
    };
    for _ in 0..ROUNDS {
        let cuts = cuts(&mut rng, bytes.len());
        for pair in cuts.windows(2) {
            let piece = &bytes[pair[0]..pair[1]];
            offset += piece.len() as u64;
            let at = Timestamp::from_second(1_600_000_000 + rng.below(1_000_000) as i64);
            session.push(piece, at.ok(), &mut take);
            if rng.below(4) == 0 {
                session.silence(1000 * rng.below(20) as u64, &mut take);
            }
        }
    }
    session.finish(&mut take);
    assert!(said <= Verdict::ALL.len(), "{said} findings");
    session.findings().iter().for_each(say);
    assert_eq!(session.summary().bytes, offset);
    assert_eq!(session.offset(), offset, "all bytes were reported");
    let mut examination = examine(bytes, keys(), zone());
    explain(&examination);
    Redactor::new(zone().clone()).examination(&mut examination);
    explain(&examination);
}

/// What was mended counts only where something proves it.
fn proven(event: &Event<'_>) {
    if let Event::Telegram(decoded) = event
        && decoded.mended.is_some()
    {
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
    let (what, hint) = refusals::finding(finding, Context::default().source, Depth::Full);
    assert!(!what.is_empty() && !hint.is_empty(), "{finding:?}");
    printable(format!("{what}\n{hint}").as_bytes());
    let mut line = Vec::new();
    Json::new(None).finding(&mut line, &Context::default(), finding);
    let text = std::str::from_utf8(&line).unwrap();
    serde_json::from_str::<IgnoredAny>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
}

fn explain(examination: &smarty::p1::examine::Examination) {
    let mut out = Vec::new();
    explanation::write(&mut out, "capture.bin", examination, true);
    printable(&out);
}

/// How often the bytes are played.
const ROUNDS: usize = 3;
