//! A session with one stream: decoded, repaired where that can be proven, checked for replays, and diagnosed.
//!
//! ```text
//!                 +----------+  events   +---------+          +---------+
//! bytes, time --> | decoder  | --------> | witness | -------> | report  | --> telegrams, refused frames, junk
//! silence, loss   +----------+     |     +---------+     ^    +---------+ --> findings
//! end                              |   did it come       |         ^
//!                                  |   before?           |         |
//!                                  +--> recovery --------+         |
//!                                  +--> diagnosis -----------------+
//! ```
//! Whoever reads a source needs this and nothing below it: a session keeps no clock and reads nothing by itself.

mod arrivals;
mod pending;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use super::cipher::Keys;
use super::ciphering::SystemTitle;
use super::decoder::{Decoder, OpenedPiece, Policy};
use super::diagnosis::recovery::Recovery;
use super::diagnosis::{Diagnosis, Finding, Summary, Verdict};
use super::event::Event;
use super::replay::{self, Record, Records, Witness};
use super::shard::Shard;
use super::value::Zone;

pub use arrivals::Arrivals;
use pending::Pending;

/// What a session decodes with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Keys of the meters.
    pub keys: Arc<Keys>,
    /// Which frames are accepted.
    pub policy: Policy,
    /// Zone of the clocks of the meters.
    pub zone: Zone,
    /// Decodes the meters of this shard only.
    pub shard: Option<Shard>,
    /// Undoes what a tty or an editor has done to the bytes, where the result can be proven. Line faults that lose
    /// nothing are undone always.
    pub repair: bool,
    /// Records of meters from an earlier session; `None` where nothing is remembered. New records are reported then.
    pub before: Option<Arc<Records>>,
    /// What is known of the source.
    pub medium: Medium,
}

/// What is known of the source of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Medium {
    /// Frames come as the meter sends them: one whose counter does not grow is a replay, and refused.
    pub live: bool,
    /// Somebody chose which telegrams it holds: intervals and gaps between them are no findings.
    pub selected: bool,
}

/// What a session has to say.
#[derive(Clone, Copy, Debug)]
pub enum Report<'a> {
    /// Bytes of the stream and what they are, with the time at which the first of them was received.
    Event(&'a Event<'a>, Option<Timestamp>),
    /// A frame that was reported as refused was repaired: its telegram follows.
    Repaired,
    /// The record of a meter that encrypts, as it is after the telegram that follows.
    Heard(SystemTitle, &'a Record),
    /// There are more meters than are remembered, of which the telegram that follows is one; reported once.
    Forgets,
    /// Something is wrong, for the first time.
    Finding(&'a Finding),
    /// A finding that was reported before has more to show for it.
    Grown(&'a Finding),
    /// All trouble so far was judged; what no finding explains, none will.
    Settled,
    /// The counts at the end.
    Ended(&'a Summary),
}

/// Decodes one stream, and finds out what is wrong with it.
pub struct Session {
    decoder: Decoder,
    diagnosis: Diagnosis,
    recovery: Recovery,
    witness: Witness,
    medium: Medium,
    shard: Option<Shard>,
    /// Records of meters are reported.
    remembers: bool,
    arrivals: Arrivals,
    pending: Pending,
    /// Something came that is not left to another shard.
    own: bool,
    frames: u64,
}

/// What a stream does.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// Bytes come, received at a time if that is known; see [`Session::push`].
    Bytes(&'a [u8], Option<Timestamp>),
    /// The same, whose frames were opened.
    Opened(OpenedPiece<'a>, Option<Timestamp>),
    /// Nothing comes for so many milliseconds.
    Silence(u64),
    /// The source is lost; see [`Session::lost`].
    Lost,
    /// The stream is at its end.
    End,
    /// It cannot be read to its end: what came is reported, and nothing concluded from its end.
    Broken,
    /// It is not read on, though there is more: what came is judged, and half a frame is no fault.
    Left,
    /// Nothing more is wanted of it: the counts are given, and nothing is judged.
    Enough,
}

impl<'a> Input<'a> {
    /// The bytes that come, and when they were received.
    pub fn bytes(self) -> Option<(&'a [u8], Option<Timestamp>)> {
        match self {
            Self::Bytes(bytes, at) => Some((bytes, at)),
            Self::Opened(piece, at) => Some((piece.bytes(), at)),
            _ => None,
        }
    }
}

/// Passes on what was found, with all that this needs.
struct Reporter<'a> {
    medium: Medium,
    shard: Option<Shard>,
    remembers: bool,
    arrivals: &'a Arrivals,
    pending: &'a mut Pending,
    witness: &'a mut Witness,
    frames: &'a mut u64,
    report: &'a mut dyn FnMut(Report<'_>),
}

impl Settings {
    /// Settings for meters with these keys: all meters, nothing let through or repaired beyond what is proven, of a
    /// source of which nothing is known.
    pub fn new(keys: Arc<Keys>, zone: Zone) -> Self {
        Self {
            keys,
            policy: Policy::default(),
            zone,
            shard: None,
            repair: false,
            before: None,
            medium: Medium::default(),
        }
    }
}

impl Session {
    /// Begins a session at offset 0 of a stream.
    pub fn new(settings: &Settings) -> Self {
        let Settings {
            keys,
            policy,
            zone,
            shard,
            repair,
            before,
            medium,
        } = settings.clone();
        let remembers = before.is_some();
        let before = before.unwrap_or_default();
        let mut decoder = Decoder::new(Arc::clone(&keys), policy, zone.clone()).only(shard);
        let mut recovery = Recovery::new(Arc::clone(&keys), zone, repair);
        for (title, _) in before.iter().filter(|(_, record)| record.has_tag()) {
            decoder.authenticated(*title);
            recovery.authenticated(*title);
        }
        Self {
            decoder,
            diagnosis: Diagnosis::new(Arc::clone(&keys)),
            recovery,
            witness: Witness::new(keys, before),
            medium,
            shard,
            remembers,
            arrivals: Arrivals::default(),
            pending: Pending::default(),
            own: shard.is_none(),
            frames: 0,
        }
    }

    /// Takes what the stream does; the functions below are short for it.
    pub fn take(&mut self, input: Input<'_>, mut report: impl FnMut(Report<'_>)) {
        self.run(input, &mut report);
    }

    /// Takes the next bytes of the stream, received at a time if that is known.
    ///
    /// With the time, which must not be given for a recording, trouble is judged without a silence too, and the clock
    /// of the meter is compared with it.
    pub fn push(
        &mut self,
        bytes: &[u8],
        at: Option<Timestamp>,
        mut report: impl FnMut(Report<'_>),
    ) {
        self.run(Input::Bytes(bytes, at), &mut report);
    }

    /// Takes a silence on the line, in milliseconds: a frame that is not complete stays incomplete.
    pub fn silence(&mut self, milliseconds: u64, mut report: impl FnMut(Report<'_>)) {
        self.run(Input::Silence(milliseconds), &mut report);
    }

    /// Takes the loss of the source: a frame that is not complete stays incomplete, and what comes next may have
    /// begun before.
    pub fn lost(&mut self, mut report: impl FnMut(Report<'_>)) {
        self.run(Input::Lost, &mut report);
    }

    /// Takes the end of the stream.
    pub fn finish(&mut self, mut report: impl FnMut(Report<'_>)) {
        self.run(Input::End, &mut report);
    }

    /// Uses other keys from the next frame on.
    pub fn set_keys(&mut self, keys: &Arc<Keys>) {
        self.decoder.set_keys(Arc::clone(keys));
        self.diagnosis.set_keys(Arc::clone(keys));
        self.recovery.set_keys(Arc::clone(keys));
        self.witness.set_keys(Arc::clone(keys));
    }

    /// Takes what the source turned out to be.
    pub fn set_medium(&mut self, medium: Medium) {
        self.medium = medium;
    }

    /// Frames so far, accepted or not, those of other shards included.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Offset of the first byte that was not reported yet.
    pub fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    /// The counts so far.
    pub fn summary(&self) -> Summary {
        self.diagnosis.summary()
    }

    /// All findings with their latest counts, the first one first.
    pub fn findings(&self) -> &[Finding] {
        self.diagnosis.findings()
    }

    fn run(&mut self, input: Input<'_>, report: &mut dyn FnMut(Report<'_>)) {
        if let Some((bytes, at)) = input.bytes() {
            self.arrivals.push(bytes.len(), at);
        }
        self.decode(input, report);
        if let Some((bytes, at)) = input.bytes() {
            self.diagnosis.bytes(bytes.len());
            if let Some(at) = at {
                self.diagnosis.host_time(at.as_second());
            }
        }
        match input {
            Input::Silence(milliseconds) => self.diagnosis.quiet(milliseconds),
            Input::Lost => self.diagnosis.quiet(LOSS_MS),
            Input::End | Input::Left if self.own => self.diagnosis.finish(),
            _ => {}
        }
        self.tell(input, report);
        self.arrivals.forget(self.decoder.offset());
    }

    /// Decodes and repairs, and reports the events.
    fn decode(&mut self, input: Input<'_>, report: &mut dyn FnMut(Report<'_>)) {
        let Self {
            decoder,
            diagnosis,
            recovery,
            own,
            ..
        } = self;
        let mut reporter = Reporter {
            medium: self.medium,
            shard: self.shard,
            remembers: self.remembers,
            arrivals: &self.arrivals,
            pending: &mut self.pending,
            witness: &mut self.witness,
            frames: &mut self.frames,
            report,
        };
        let mut take = |event: &Event<'_>| {
            *reporter.frames += u64::from(!matches!(event, Event::Junk(_)));
            // Another process decodes it, and reports what is wrong with it.
            if reporter.is_elsewhere(event) {
                return;
            }
            *own = true;
            // After a good frame nothing can change any more for those before it.
            if recovery.repairs() && matches!(event, Event::Telegram(_)) {
                reporter.settle(recovery, true);
            }
            reporter.vet(event, |reporter, event| {
                diagnosis.event(event);
                recovery.event(event);
                match (recovery.repairs(), event) {
                    (true, Event::Refused(_) | Event::Junk(_)) => {
                        reporter.pending.push(event, reporter.arrivals);
                    }
                    _ => reporter.event(event),
                }
            });
            if recovery.is_full() {
                reporter.settle(recovery, false);
            }
        };
        match input {
            Input::Bytes(bytes, _) => decoder.push(bytes, &mut take),
            Input::Opened(piece, _) => decoder.push_opened(piece, &mut take),
            Input::Silence(_) => decoder.quiet(&mut take),
            Input::Lost => decoder.lost(&mut take),
            Input::End | Input::Broken => decoder.finish(&mut take),
            Input::Left | Input::Enough => {}
        }
        if input.bytes().is_none() && !matches!(input, Input::Enough) {
            reporter.settle(recovery, true);
        }
    }

    /// Reports what diagnosis has found out.
    fn tell(&mut self, input: Input<'_>, report: &mut dyn FnMut(Report<'_>)) {
        let selected = self.medium.selected;
        let mut summary = None;
        let diagnosis = &mut self.diagnosis;
        for finding in diagnosis.take_findings() {
            let summary = summary.get_or_insert_with(|| diagnosis.summary());
            if !(selected && is_of_links_only(&finding, summary)) {
                report(Report::Finding(&finding));
            }
        }
        for finding in diagnosis.take_grown() {
            let summary = summary.get_or_insert_with(|| diagnosis.summary());
            if !(selected && is_of_links_only(&finding, summary)) {
                report(Report::Grown(&finding));
            }
        }
        match input {
            Input::Bytes(..) | Input::Opened(..) => {}
            Input::Silence(_) if diagnosis.is_waiting() => {}
            _ => report(Report::Settled),
        }
        if let Input::End | Input::Enough | Input::Left = input {
            let summary = summary.unwrap_or_else(|| diagnosis.summary());
            report(Report::Ended(&summary));
        }
    }
}

impl Reporter<'_> {
    /// Whether an event is left to the process of another shard.
    fn is_elsewhere(&self, event: &Event<'_>) -> bool {
        self.shard.is_some_and(|shard| !shard.takes(event))
    }

    /// Refuses a telegram that is a replay; passes all other events on as they are.
    fn vet(&mut self, event: &Event<'_>, then: impl FnOnce(&mut Self, &Event<'_>)) {
        let Event::Telegram(decoded) = event else {
            return then(self, event);
        };
        let Some(security) = decoded.security else {
            return then(self, event);
        };
        let mut is_new = true;
        if self.medium.live || self.remembers {
            let was_full = self.witness.is_full();
            is_new = self.witness.takes(decoded);
            if self.witness.is_full() && !was_full {
                (self.report)(Report::Forgets);
            }
            let record = self.witness.record(security.title());
            // A replay adds nothing to it.
            if let Some(record) = record.filter(|_| self.remembers && is_new) {
                (self.report)(Report::Heard(security.title(), record));
            }
        }
        match self.medium.live && !is_new {
            true => then(self, &replay::refusal(decoded)),
            false => then(self, event),
        }
    }

    /// Repairs what can be repaired, and reports that and what cannot.
    fn settle(&mut self, recovery: &mut Recovery, ended: bool) {
        recovery.settle(ended, |event| {
            if self.is_elsewhere(event) {
                return;
            }
            self.vet(event, |reporter, event| {
                // A replay in what was repaired was reported as refused already, for the damage.
                if !matches!(event, Event::Refused(_)) {
                    *reporter.frames += 1;
                    reporter.repaired(event);
                }
            });
        });
        let open = recovery.start();
        self.pending_before(open.unwrap_or(u64::MAX));
        if open.is_none() {
            self.pending.refused = 0;
        }
    }

    /// Reports an event.
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Refused(_) = event {
            self.pending.refused += 1;
        }
        let at = self.arrivals.at(event.span().start);
        (self.report)(Report::Event(event, at));
    }

    /// Reports a repaired telegram in the place of what it was made of.
    fn repaired(&mut self, event: &Event<'_>) {
        let span = event.span();
        if self.pending.is_empty() {
            if self.pending.refused > 0 {
                self.pending.refused -= 1;
                (self.report)(Report::Repaired);
            }
            let at = self.arrivals.at(span.start);
            return (self.report)(Report::Event(event, at));
        }
        self.pending_before(span.start);
        let at = self.pending.replace(span, self.report);
        (self.report)(Report::Event(event, at));
    }

    /// Reports what waits and ends before an offset.
    fn pending_before(&mut self, offset: u64) {
        self.pending.release(offset, self.report);
    }
}

/// Whether a finding is about a link only: of chosen telegrams it says nothing.
fn is_of_links_only(finding: &Finding, summary: &mut Summary) -> bool {
    match finding.verdict {
        Verdict::PeriodLong | Verdict::PeriodShort => true,
        // An archive of every n-th telegram lacks some before nearly each.
        Verdict::Missed if 2 * finding.count as u64 > summary.good => {
            summary.missed = 0;
            true
        }
        _ => false,
    }
}

/// Silence that the loss of a source counts as, in milliseconds.
const LOSS_MS: u64 = 1000;
