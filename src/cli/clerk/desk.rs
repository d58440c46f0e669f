//! What comes of the lanes: telegrams to the output, refusals and findings in words.

use jiff::Timestamp;

use super::Clerk;
use crate::cli::failure::{Level, say};
use crate::cli::lane::Desk;
use crate::cli::pump::Sink;
use crate::cli::withheld;
use crate::cli::words::{self, is_said_elsewhere};
use crate::p1::cipher::{Key, MeterKeys};
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::{Finding, Measure, Summary, Verdict};
use crate::p1::event::{Decoded, Event, Reason, Refused, Tag};
use crate::p1::framer::is_rest;
use crate::p1::replay::Record;
use crate::sink::context::{Context, Source};
use crate::sink::words::behind;
use crate::source::maxsonar::Level as Reading;

impl Desk for Clerk {
    fn event(
        &mut self,
        lane: usize,
        source: Source<'_>,
        received_at: Option<Timestamp>,
        event: &Event<'_>,
    ) {
        if self.left == Some(0) || !self.wants(event) {
            return;
        }
        let refusals = self.tally.count(lane, event);
        match event {
            Event::Telegram(decoded) => {
                let printed = self.telegram(source, received_at, decoded);
                self.spend(printed);
            }
            Event::Refused(refused) => {
                self.refused((lane, source), received_at, refused, refusals.unwrap_or(1));
            }
            Event::Junk(junk) if junk.span.start == 0 && is_rest(junk.bytes) => {
                // Somebody who opens a port comes in the middle as a rule.
                if matches!(source.kind, "file" | "stdin") || self.verbose > 0 {
                    let name = source.label.unwrap_or(source.said());
                    let what =
                        format!("{name}: begins with the rest of a telegram, which is left out");
                    self.talk(Level::Note, &what, None);
                }
            }
            Event::Junk(_) => {}
        }
    }

    fn counted(&mut self, lane: usize, event: &Event<'_>) {
        self.tally.count(lane, event);
    }

    fn withdrawn(&mut self, lane: usize) {
        self.tally.withdrawn(lane);
    }

    fn finding(&mut self, lane: usize, source: Source<'_>, finding: &Finding) {
        self.withheld.find(lane, finding.verdict);
        let mut shown = finding.clone();
        if let Some(redactor) = self.output.redactor() {
            redactor.finding(&mut shown);
        }
        let depth = words::depth(self.verbose);
        let (mut what, mut hint) = words::finding(&shown, source, depth);
        if finding.verdict == Verdict::WrongKey
            && let Some(origin) = self.ring.origin_for(finding.evidence.title)
        {
            what.push_str(&format!("\n  the key used is {origin}"));
        }
        if let Some(digit) = self.right_digit(finding) {
            hint = format!("{digit}\n{hint}");
        }
        let context = Context {
            seq: self.tally.good,
            received_at: None,
            source,
            ..Context::default()
        };
        self.output.finding(&context, finding);
        if !is_said_elsewhere(finding, source) {
            self.services.finding(&context, finding);
        }
        if is_said_elsewhere(finding, source) || self.left == Some(0) {
            return;
        }
        let refuses = finding.verdict.explains_refusals();
        // Errors alone are said to who wants it quiet.
        let level = match self.tally.good {
            0 => Level::Error,
            _ if self.quiet && refuses => Level::Error,
            _ => Level::Warning,
        };
        let name = source.label.unwrap_or(source.said());
        self.talk(level, &format!("{name}: {what}"), Some(&hint));
    }

    fn settled(&mut self, lane: usize, _source: Source<'_>) {
        for words in self.withheld.settle(lane) {
            self.talk(Level::Error, &words.what, words.hint.as_deref());
        }
    }

    fn ended(&mut self, lane: usize, source: Source<'_>, summary: &Summary) {
        self.tally.headless(lane, summary.headless);
        self.missed += summary.missed;
        if !matches!(source.kind, "file" | "stdin") {
            self.state = self.state.max(Some(summary.state));
        }
        self.sent.phases |= summary.sent.phases;
        self.sent.devices |= summary.sent.devices;
    }

    fn came_before(&mut self, source: Source<'_>, frame: (SystemTitle, u32)) -> bool {
        self.recorded.came_before(source, frame)
    }

    fn are_new(
        &mut self,
        source: Source<'_>,
        frames: &mut dyn Iterator<Item = (SystemTitle, u32)>,
    ) -> bool {
        self.recorded.are_new(source, frames)
    }

    fn remember(&mut self, title: SystemTitle, record: &Record) {
        self.services.remember(title, record);
    }

    fn level(&mut self, _lane: usize, source: Source<'_>, level: &Reading) {
        if self.left == Some(0) {
            return;
        }
        self.tally.good += 1;
        self.tally.bytes += level.span.len();
        let context = Context {
            seq: self.tally.good,
            received_at: level.received_at,
            source,
            ..Context::default()
        };
        self.services.level(&context, level);
        let printed = self.output.level(&context, level);
        self.spend(printed);
    }
}

impl Clerk {
    fn telegram(
        &mut self,
        source: Source<'_>,
        at: Option<Timestamp>,
        decoded: &Decoded<'_>,
    ) -> u64 {
        let context = Context {
            seq: self.tally.good,
            received_at: at,
            source,
            meter_name: decoded
                .security
                .and_then(|security| self.ring.name(security.title())),
            keyed: self.ring.has_key_of(decoded),
            derived: &[],
        };
        let derived = self.services.derive(&context, decoded, self.ring.keys());
        let context = Context {
            derived: &derived,
            ..context
        };
        self.services.telegram(&context, decoded);
        let printed = self.output.telegram(&context, decoded);
        if decoded.crc.valid() == Some(false) && self.said.insert("crc") {
            let what = format!(
                "{}: a telegram is printed though its check sum (CRC) does not fit, {}",
                source.said(),
                words::crc_words(decoded.crc)
            );
            say(Level::Warning, &what, None);
        }
        if decoded
            .security
            .is_some_and(|security| security.tag == Tag::Invalid)
            && self.said.insert("tag")
        {
            let what = format!(
                "{}: a telegram is printed though its proof of origin does not fit; its check sum (CRC) does",
                source.said(),
            );
            say(Level::Warning, &what, None);
        }
        if decoded.unproven() == Some(Tag::None) && !self.quiet && self.said.insert("no tag") {
            let what = format!(
                "{}: a telegram is printed though nothing proves which meter sent it",
                source.said(),
            );
            say(Level::Note, &what, None);
        }
        if decoded.behind > 0 && self.said.insert("behind") {
            let what = format!("{}: {}", source.said(), behind(decoded.behind));
            say(Level::Warning, &what, None);
        }
        printed
    }

    fn refused(
        &mut self,
        (lane, source): (usize, Source<'_>),
        at: Option<Timestamp>,
        refused: &Refused<'_>,
        count: u64,
    ) {
        let context = Context {
            seq: self.tally.good,
            received_at: at,
            source,
            ..Context::default()
        };
        self.services.refused(&context, refused);
        self.output.refused(&context, refused);
        if self.show_key
            && let (Reason::TagMismatch, Some(header), None) =
                (refused.reason, refused.header, &self.sample)
        {
            self.sample = Some((header, refused.frame.to_vec()));
        }
        self.told += u64::from(count == 1);
        if count == 1 && self.told <= TOLD_MAX || self.verbose > 1 {
            let depth = words::depth(self.verbose);
            let (what, hint) = match self.output.redactor() {
                Some(redactor) => words::refused(&redactor.refused(refused), depth),
                None => words::refused(refused, depth),
            };
            let what = format!("{}: {what}", source.said());
            // Diagnosis does not look at what was sent in clear, nor into what is genuine; why else a frame is refused,
            // it finds out.
            let in_clear = refused.header.is_none() && refused.reason == Reason::Downgrade;
            if in_clear || refused.reason == Reason::Replayed {
                self.talk(Level::Error, &what, Some(&hint));
            } else if self.verbose > 0 {
                let certain = withheld::says_all(refused.reason);
                say(Level::Error, &what, Some(&*hint).filter(|_| certain));
            } else {
                self.withheld.hold(lane, refused, what, hint);
            }
        }
    }

    /// The digit that a mistyped key should have, where the user wants to see it.
    fn right_digit(&self, finding: &Finding) -> Option<String> {
        if !self.show_key || finding.verdict != Verdict::KeyTypo {
            return None;
        }
        let (header, frame) = self.sample.as_ref()?;
        let position = usize::try_from(finding.evidence.get(Measure::Digit)?).ok()?;
        let keys = self.ring.keys().of(header.title)?;
        let mut text = vec![0; header.text_length()];
        (0..16u8).find_map(|digit| {
            let mut bytes = *keys.key().bytes();
            let byte = bytes.get_mut(position.checked_sub(1)? / 2)?;
            *byte = match position % 2 {
                1 => *byte & 0x0F | digit << 4,
                _ => *byte & 0xF0 | digit,
            };
            let tried = MeterKeys::new(Key::new(bytes), keys.authentication().clone());
            let fits = tried.open(header, frame, &mut text).is_ok();
            fits.then(|| format!("digit {position} of the key should be {digit:X}"))
        })
    }
}

/// Kinds of refusal that are said one by one; the summary counts the rest.
const TOLD_MAX: u64 = 10;
