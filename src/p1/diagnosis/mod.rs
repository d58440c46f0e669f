//! Why it does not work: events to findings, with a memory over frames.
//!
//! ```text
//! bytes -> line -> frame -> length -> title and counter -> key -> text -> CRC -> tag -> grammar -> values
//! ```
//! That is the order of the examination; the first that fails is named first. Trouble is collected while it
//! lasts and judged when the line falls silent or the input ends: a hundred bad frames are one finding.
//! Healthy telegrams cost a comparison of counters and nothing more.

mod anomalies;
mod conclude;
mod contents;
mod context;
mod damage;
mod encrypted;
pub mod example_frame;
mod finding;
pub mod keys;
mod links;
mod pace;
mod plain;
pub mod pulses;
mod receiver;
pub mod recovery;
pub mod repair;
mod stream;
pub mod sums;
#[cfg(test)]
mod testing;
mod text;

use std::sync::Arc;

use self::anomalies::{Anomalies, AnomalyKind};
use self::context::Context;
use self::keys::sealed::Sealed;
use self::links::Links;
use self::stream::Stream;
use super::cipher::Keys;
use super::event::{Event, Reason, Refused};
use super::span::Span;

pub use contents::Contents;
pub use finding::{Evidence, Finding, Measure, Verdict};

/// Watches a stream and says what is wrong with it.
pub struct Diagnosis {
    keys: Arc<Keys>,
    trouble: Anomalies,
    /// Pushes that the keys do not fit.
    pushes: Vec<(Span, Sealed)>,
    links: Links,
    stream: Stream,
    summary: Summary,
    /// Trouble that came since the last judgement.
    fresh: bool,
    /// Judgements so far with trouble in them.
    judged: u32,
    bursts: u32,
    silent_ms: u64,
    /// Since when, by the clock of the host, trouble waits to be judged.
    troubled_since: Option<i64>,
    patient: bool,
    said: Vec<Finding>,
    pending: Vec<Finding>,
    /// Verdicts that more shows than when they were last taken.
    grown: Vec<Verdict>,
}

/// The counts of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes received.
    pub bytes: u64,
    /// Good telegrams.
    pub good: u64,
    /// Refused frames: code of the reason and how many.
    pub refused: Vec<(&'static str, u64)>,
    /// Bytes that belong to no frame.
    pub junk: u64,
    /// Frames that the counters say were sent and never came.
    pub missed: u64,
    /// Those of the missed whose bytes came, though their start could not be read.
    pub headless: u64,
    /// What the link is like.
    pub state: State,
    /// What the meters send.
    pub contents: Contents,
}

/// What the link is like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing has come.
    #[default]
    Silent,
    /// Telegrams come, and nothing else.
    Healthy,
    /// Telegrams come, and trouble with them.
    Disturbed,
    /// Bytes come, no telegram.
    Failing,
}

impl State {
    /// The word for it in every output.
    pub fn code(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Healthy => "healthy",
            Self::Disturbed => "disturbed",
            Self::Failing => "failing",
        }
    }
}

impl Diagnosis {
    /// Starts with the keys that the decoder uses.
    pub fn new(keys: Arc<Keys>) -> Self {
        Self {
            keys,
            trouble: Anomalies::default(),
            pushes: Vec::new(),
            links: Links::default(),
            stream: Stream::default(),
            summary: Summary::default(),
            fresh: false,
            judged: 0,
            bursts: 0,
            silent_ms: 0,
            troubled_since: None,
            patient: true,
            said: Vec::new(),
            pending: Vec::new(),
            grown: Vec::new(),
        }
    }

    /// Uses other keys from now on.
    pub fn set_keys(&mut self, keys: Arc<Keys>) {
        self.keys = keys;
        self.patient = true;
    }

    /// Counts bytes that were received, and ends a silence with them; before or after the decoder gets them.
    pub fn bytes(&mut self, count: usize) {
        self.summary.bytes += count as u64;
        if count > 0 {
            self.silent_ms = 0;
        }
    }

    /// Takes the time of the host, for live sources: the clock of the meter is held against it.
    ///
    /// Where bursts follow so closely that no silence is between them, time says when to judge.
    pub fn host_time(&mut self, unix_seconds: i64) {
        self.stream.host_time(unix_seconds);
        if !self.fresh {
            self.troubled_since = None;
            return;
        }
        let since = *self.troubled_since.get_or_insert(unix_seconds);
        if unix_seconds.saturating_sub(since) >= PATIENCE_SECONDS {
            self.troubled_since = None;
            self.conclude(false);
        }
    }

    /// Takes an event of the decoder.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Telegram(decoded) => {
                self.summary.good += 1;
                self.stream.telegram(decoded);
                if decoded.push.is_some() {
                    self.links.good(decoded, self.stream.host());
                }
                if decoded.crc.valid().is_none() && self.stream.is_odd() {
                    // Without a CRC the grammar is all that shows damage.
                    let kind = AnomalyKind::Frame {
                        header: None,
                        reason: Reason::NoEnd,
                    };
                    self.trouble(decoded.span, kind, decoded.frame);
                }
            }
            Event::Refused(refused) => {
                let code = refused.reason.code();
                match self
                    .summary
                    .refused
                    .iter_mut()
                    .find(|(known, _)| *known == code)
                {
                    Some((_, count)) => *count += 1,
                    None => self.summary.refused.push((code, 1)),
                }
                if refused.reason == Reason::Replayed {
                    // Nothing in it is damaged, and none is missing for it.
                    self.stream.replayed(refused);
                    self.fresh = true;
                    return;
                }
                self.stream.refused(refused);
                // Why a push is refused is all there is to say, keys aside: its bytes are not those of a P1 port.
                // So it is of text in clear under the name of another: nothing in it is damaged.
                let forged = refused.header.is_none() && refused.reason == Reason::Downgrade;
                if refused.is_push() || forged || refused.is_over_limit() {
                    self.push(refused);
                    return;
                }
                let kind = AnomalyKind::Frame {
                    header: refused.header,
                    reason: refused.reason,
                };
                self.trouble(refused.span, kind, refused.frame);
            }
            Event::Junk(junk) => {
                if junk.again {
                    self.stream.passed(junk.span);
                    return;
                }
                self.summary.junk += junk.span.len();
                if !is_filler(junk.bytes) || !self.trouble.is_empty() {
                    self.stream.junk(junk.bytes);
                    self.trouble(junk.span, AnomalyKind::Junk, junk.bytes);
                }
            }
        }
    }

    /// Takes a silence of so many milliseconds; several in a row add up.
    pub fn quiet(&mut self, duration_ms: u64) {
        self.silent_ms = self.silent_ms.saturating_add(duration_ms);
        let offset = self.stream.end();
        self.trouble.end_burst(offset);
        if self.silent_ms >= SILENCE_MS {
            let span = Span::new(offset, 0);
            let evidence = Evidence::default().with(Measure::Milliseconds, self.silent_ms);
            self.say(vec![Finding::new(Verdict::Silence, span, 1, evidence)]);
        }
        if self.fresh {
            self.bursts += 1;
            // What stays the same is looked at less and less often.
            if self.bursts <= 4 || self.bursts.is_power_of_two() {
                self.conclude(false);
            }
        }
    }

    /// Takes the end of the input.
    pub fn finish(&mut self) {
        let offset = self.stream.end();
        self.trouble.end_burst(offset);
        if self.summary.bytes == 0 && offset == 0 {
            let evidence = Evidence::default().with(Measure::Milliseconds, self.silent_ms);
            let span = Span::default();
            self.say(vec![Finding::new(Verdict::Silence, span, 1, evidence)]);
        }
        self.conclude(true);
    }

    /// Findings that have not been taken yet.
    pub fn take_findings(&mut self) -> impl Iterator<Item = Finding> + use<> {
        std::mem::take(&mut self.pending).into_iter()
    }

    /// Findings that were taken before, and that more shows now.
    pub fn take_grown(&mut self) -> impl Iterator<Item = Finding> + use<> {
        let grown = std::mem::take(&mut self.grown);
        let said = self.said.iter();
        let grown = said.filter(|said| grown.contains(&said.verdict)).cloned();
        grown.collect::<Vec<_>>().into_iter()
    }

    /// Whether there is trouble that was not judged yet.
    pub fn is_waiting(&self) -> bool {
        self.fresh
    }

    /// All findings with their latest counts, the first one first.
    pub fn findings(&self) -> &[Finding] {
        &self.said
    }

    /// The counts so far.
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        summary.missed = self.stream.missed();
        summary.headless = self.stream.headless();
        summary.contents = self.stream.contents();
        let trouble = !self.said.is_empty();
        summary.state = match (summary.good, self.stream.end()) {
            (0, 0) => State::Silent,
            (0, _) => State::Failing,
            _ if trouble => State::Disturbed,
            _ => State::Healthy,
        };
        summary
    }

    /// Keeps a push that the keys do not fit.
    fn push(&mut self, refused: &Refused<'_>) {
        self.fresh |= self.links.take(refused);
        let keys = matches!(refused.reason, Reason::TagMismatch | Reason::NoKey);
        let sealed = Sealed::of(refused.frame).filter(|_| keys);
        if let Some(sealed) = sealed {
            if self.pushes.len() >= PUSHES_MAX {
                self.pushes.remove(0);
            }
            self.fresh = true;
            self.pushes.push((refused.span, sealed));
        }
    }

    fn trouble(&mut self, span: Span, kind: AnomalyKind, bytes: &[u8]) {
        self.fresh = true;
        self.trouble.push(span, kind, bytes, self.stream.known());
    }

    fn conclude(&mut self, ended: bool) {
        if self.fresh || (ended && self.judged == 0) || self.stream.changed() {
            self.judged += 1;
            self.fresh = false;
            let context = Context {
                keys: &self.keys,
                stream: &self.stream,
                good: self.summary.good,
                ended,
                end: self.stream.end(),
                patient: self.patient,
                usual_length: None,
            };
            let mut findings = conclude::conclude(&self.trouble, &context);
            findings.extend(conclude::pushes(&self.pushes, &context));
            // What their link says of pushes comes before what their torn bytes look like.
            let links = self.links.findings(self.summary.good, ended);
            findings.splice(0..0, links);
            findings.extend(
                self.stream
                    .findings()
                    .into_iter()
                    .filter(|f| !self.is_meant(f)),
            );
            self.patient &= findings.iter().all(|f| f.verdict != Verdict::WrongKey);
            self.say(findings);
        }
    }

    /// Several meters on one line are meant where each has a key of its own.
    fn is_meant(&self, finding: &Finding) -> bool {
        let evidence = &finding.evidence;
        finding.verdict == Verdict::TwoMeters
            && [evidence.title, evidence.other]
                .iter()
                .all(|title| title.is_some_and(|title| self.keys.has(title)))
    }

    /// Says what was not said before, and brings the counts of the rest up to date.
    fn say(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            match self
                .said
                .iter_mut()
                .find(|said| said.verdict == finding.verdict)
            {
                Some(said) => {
                    if finding.count >= said.count {
                        if finding.count > said.count && !self.grown.contains(&said.verdict) {
                            self.grown.push(said.verdict);
                        }
                        *said = finding;
                    }
                }
                None => {
                    self.pending.push(finding.clone());
                    self.said.push(finding);
                }
            }
        }
    }
}

/// Line ends, zeros and the like between telegrams are nothing.
fn is_filler(bytes: &[u8]) -> bool {
    bytes.len() <= FILLER_MAX
        && bytes
            .iter()
            .all(|byte| matches!(byte, 0 | b'\r' | b'\n' | b' ' | b'\t'))
}

/// A silence that a meter does not make, in milliseconds.
const SILENCE_MS: u64 = 12_000;
/// Seconds of the host after which trouble is judged without a silence.
const PATIENCE_SECONDS: i64 = 3;
/// Pushes kept that the keys do not fit.
const PUSHES_MAX: usize = 32;
/// Longest filler between telegrams, in bytes.
const FILLER_MAX: usize = 4;
