//! The sink of decrypt, parse and watch: keeps the counts, formats what came, and talks about what goes wrong.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::ahead::Hand;
use super::failure::{Exit, Failure, Level, say};
use super::keys::Ring;
use super::lane::{Desk, Lane};
use super::output::Output;
use super::pump::{Link, Sink};
use super::services::Services;
use super::tally::Tally;
use super::words::{self, is_said_elsewhere};
use super::writer::WriteEnd;
use crate::p1::cipher::{Key, MeterKeys};
use crate::p1::ciphering::GeneralGloCiphering;
use crate::p1::count::count;
use crate::p1::diagnosis::{Finding, Measure, Sent, State, Summary, Verdict};
use crate::p1::event::{Decoded, Event, Reason, Refused};
use crate::sink::context::{Context, Senders, Source};
use crate::source::maxsonar::Level as Reading;

/// Takes events, keeps the counts, and talks about what goes wrong.
pub struct Clerk {
    output: Output,
    services: Services,
    ring: Arc<Ring>,
    tally: Tally,
    /// Nobody reads the output any more.
    reader_gone: bool,
    meters: Vec<String>,
    left: Option<u64>,
    by_telegrams: bool,
    quiet: bool,
    verbose: u8,
    said: HashSet<&'static str>,
    /// Kinds of refusal that were met.
    told: u64,
    show_key: bool,
    /// A frame whose tag did not fit.
    sample: Option<(GeneralGloCiphering, Vec<u8>)>,
    /// Frames that the counters say were sent and never came.
    missed: u64,
    /// The worst state of a link.
    state: State,
    /// What the meters send.
    sent: Sent,
    senders: Senders,
    /// Meters that were not asked for.
    others: BTreeSet<String>,
}

/// What the user wants of a clerk.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Only frames of these meters.
    pub meters: Vec<String>,
    /// Ends after so many.
    pub count: Option<u64>,
    /// Counts telegrams, also those that are not printed.
    pub by_telegrams: bool,
    /// Says errors only, without hints.
    pub quiet: bool,
    /// Says more.
    pub verbose: u8,
    /// Says the right digit of a mistyped key.
    pub show_key: bool,
}

impl Clerk {
    /// Makes a clerk that writes to an output, and tells the services what it writes.
    pub fn new(output: Output, services: Services, ring: Arc<Ring>, wishes: Wishes) -> Self {
        Self {
            output,
            services,
            ring,
            tally: Tally::default(),
            reader_gone: false,
            meters: wishes.meters,
            left: wishes.count,
            by_telegrams: wishes.by_telegrams,
            quiet: wishes.quiet,
            verbose: wishes.verbose,
            said: HashSet::new(),
            told: 0,
            show_key: wishes.show_key,
            sample: None,
            missed: 0,
            state: State::Silent,
            sent: Sent::default(),
            senders: Senders::default(),
            others: BTreeSet::new(),
        }
    }

    /// The counts so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

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
            derived: &[],
        };
        let derived = self.services.derive(&context, decoded);
        let context = Context {
            derived: &derived,
            ..context
        };
        self.services.telegram(&context, decoded);
        let printed = self.output.telegram(&context, decoded);
        if decoded.crc.valid() == Some(false) && self.said.insert("crc") {
            let what = format!(
                "{}: telegram at 0x{:x} is printed though its checksum (CRC) does not fit, {}",
                source.said(),
                decoded.span.start,
                words::crc_words(decoded.crc)
            );
            say(Level::Warning, &what, None);
        }
        if decoded
            .security
            .is_some_and(|security| security.tag == crate::p1::event::Tag::Invalid)
            && self.said.insert("tag")
        {
            let what = format!(
                "{}: telegram at 0x{:x} is printed though its tag does not fit; its CRC does",
                source.said(),
                decoded.span.start
            );
            say(Level::Warning, &what, None);
        }
        printed
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

    /// Counts what was printed, or the telegram itself.
    fn spend(&mut self, printed: u64) {
        let spent = if self.by_telegrams { 1 } else { printed };
        self.left = self.left.map(|left| left.saturating_sub(spent));
    }

    fn refused(
        &mut self,
        source: Source<'_>,
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
        if let (Reason::TagMismatch, Some(header), None) =
            (refused.reason, refused.header, &self.sample)
        {
            self.sample = Some((header, refused.frame.to_vec()));
        }
        self.told += u64::from(count == 1);
        if count == 1 && self.told <= TOLD_MAX || self.verbose > 1 {
            let (what, hint) = match self.output.redactor() {
                Some(redactor) => words::refused(&redactor.refused(refused)),
                None => words::refused(refused),
            };
            // Why a frame is damaged, or the key does not fit, diagnosis finds out.
            let certain = matches!(
                refused.reason,
                Reason::NoKey | Reason::Unsupported(_) | Reason::Downgrade
            );
            let own = !self.quiet && certain;
            let hint = Some(hint.as_str()).filter(|_| own);
            say(Level::Error, &format!("{}: {what}", source.said()), hint);
        }
    }

    /// Meters that sent frames, and were not asked for.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// Tells whether an event is of a meter that was asked for; remembers those that were not.
    fn wants(&mut self, event: &Event<'_>) -> bool {
        if self.meters.is_empty() {
            return true;
        }
        let (id, title) = match event {
            Event::Telegram(decoded) => (
                self.senders.name(decoded).into_owned(),
                decoded.security.map(|security| security.title()),
            ),
            Event::Refused(refused) => {
                let title = refused.title();
                let id = title.and_then(|title| title.device_id());
                (id.unwrap_or_default(), title)
            }
            Event::Junk(_) => return true,
        };
        let title = title.map(|title| title.to_string()).unwrap_or_default();
        let is = |wanted: &String| {
            wanted.eq_ignore_ascii_case(&id) || wanted.eq_ignore_ascii_case(&title)
        };
        let wanted = self.meters.iter().any(is);
        if !wanted && self.others.len() < OTHERS_MAX {
            let shown = [id, title].into_iter().find(|name| !name.is_empty());
            let shown = match self.output.redactor() {
                Some(_) => None,
                None => shown,
            };
            let shown = shown.unwrap_or_else(|| "a meter without an id".to_owned());
            self.others.insert(shown);
        }
        wanted
    }

    /// Sums up, writes the rest, and tells how the run went as far as its frames go.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(self) -> Result<Exit, Failure> {
        let Tally {
            good,
            refused,
            junk,
            ..
        } = self.tally;
        let missed = self.missed;
        let troubled = refused > 0 && good + refused > 1 || missed > 0;
        if !self.quiet && (troubled || self.verbose > 0) {
            let frames = good + refused;
            let what = format!(
                "{good} of {} good, {refused} refused, {missed} missed, \
                 {} between them; the link is {}",
                count(frames, "frame"),
                count(junk, "byte"),
                self.state.code()
            );
            say(Level::Note, &what, None);
        }
        for notice in self.services.finish() {
            if !self.quiet {
                say(Level::from(&notice), &notice.what, notice.hint.as_deref());
            }
        }
        if !self.quiet && self.verbose > 0 && good > 0 && !(self.sent.phases && self.sent.devices) {
            let missing = match (self.sent.phases, self.sent.devices) {
                (false, true) => "values of single phases",
                (true, _) => "values of gas, water or heat",
                (false, false) => "values of single phases, of gas, of water or of heat",
            };
            let hint = "the operator can switch them on, where the meter has them";
            say(
                Level::Note,
                &format!("the meter sends no {missing}"),
                Some(hint),
            );
        }
        let held = self.by_telegrams || self.left != Some(0);
        match self.output.finish(held) {
            Ok(()) if !self.reader_gone => Ok(self.tally.exit()),
            Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Good),
            Err(WriteEnd::Failed(failure)) => Err(failure),
        }
    }
}

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
                self.refused(source, received_at, refused, refusals.unwrap_or(1));
            }
            Event::Junk(_) => {}
        }
    }

    fn counted(&mut self, lane: usize, event: &Event<'_>) {
        self.tally.count(lane, event);
    }

    fn finding(&mut self, _lane: usize, source: Source<'_>, finding: &Finding) {
        let mut shown = finding.clone();
        if let Some(redactor) = self.output.redactor() {
            redactor.finding(&mut shown);
        }
        let (mut what, mut hint) = words::finding(&shown);
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
        let level = match self.tally.good {
            0 => Level::Error,
            _ => Level::Warning,
        };
        let name = source.label.unwrap_or(source.said());
        self.talk(level, &format!("{name}: {what}"), Some(&hint));
    }

    fn ended(&mut self, _lane: usize, _source: Source<'_>, summary: &Summary) {
        self.missed += summary.missed;
        self.state = self.state.max(summary.state);
        self.sent.phases |= summary.sent.phases;
        self.sent.devices |= summary.sent.devices;
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

impl Sink for Clerk {
    fn flush(&mut self) -> Result<(), WriteEnd> {
        let flushed = self.output.flush();
        self.reader_gone |= matches!(flushed, Err(WriteEnd::ReaderGone));
        flushed
    }

    fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    fn hand(&self) -> Option<Hand> {
        let all = self.meters.is_empty() && self.left.is_none() && self.services.want_nothing();
        let formatter = self.output.formatter().filter(|_| all)?;
        Some(Hand {
            formatter,
            ring: Arc::clone(&self.ring),
        })
    }

    fn formatted(&mut self, bytes: &mut Vec<u8>) {
        self.output.formatted(bytes);
    }

    fn good(&self) -> u64 {
        self.tally.good
    }

    fn link(&mut self, lane: &Lane, link: Link, message: &str, hint: Option<&str>) {
        let context = Context {
            seq: self.tally.good,
            received_at: Some(Timestamp::now()),
            source: lane.source(),
            ..Context::default()
        };
        self.services.link(&context, link.word(), message);
        self.output.link(&context, link.word(), message, hint);
    }

    fn bytes(&mut self, lane: &Lane, at: Timestamp, bytes: &[u8], _broken: &[usize]) {
        if !self.services.is_empty() {
            let context = Context {
                received_at: Some(at),
                source: lane.source(),
                ..Context::default()
            };
            self.services.bytes(&context, bytes.len());
        }
    }

    fn tick(&mut self, now: Timestamp) {
        for notice in self.services.tick(now) {
            self.talk(Level::from(&notice), &notice.what, notice.hint.as_deref());
        }
        while self.left != Some(0) && self.output.due(now) {
            self.spend(1);
        }
    }

    fn renew(&mut self, ring: &Arc<Ring>) {
        self.ring = Arc::clone(ring);
    }

    fn talk(&mut self, level: Level, what: &str, hint: Option<&str>) {
        if !self.quiet || level == Level::Error {
            say(level, what, hint.filter(|_| !self.quiet));
        }
    }
}

/// Kinds of refusal that are said one by one; the summary counts the rest.
const TOLD_MAX: u64 = 10;
/// Other meters that are named when the one asked for is not there.
const OTHERS_MAX: usize = 8;
