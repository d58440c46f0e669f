//! What is said on stderr of refused frames and findings, and all else that is to be said.

pub mod refusals;
mod withheld;

use std::collections::HashSet;

use crate::cli::keys::reload::SharedRing;

use crate::cli::output::SharedRedactor;
use crate::format::words::{behind, is_said_elsewhere};
use crate::observe::context::{Context, Source};
use crate::observe::observer::{Flow, Observer, Report};
use crate::p1::cipher::{Key, MeterKeys};
use crate::p1::ciphering::GeneralGloCiphering;
use crate::p1::diagnosis::{Finding, Measure, Verdict};
use crate::p1::event::{Decoded, Event, Junk, Reason, Refused, Tag};
use crate::p1::framer::is_rest;
use crate::run::failure::{Level, say};

pub use withheld::Withheld;
use withheld::says_all;

/// How much is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Talk {
    /// Errors only, without hints.
    pub quiet: bool,
    /// More than a person needs.
    pub verbose: u8,
    /// The right digit of a mistyped key.
    pub show_key: bool,
}

/// Says on stderr what goes wrong.
pub struct Messages {
    talk: Talk,
    ring: SharedRing,
    redactor: Option<SharedRedactor>,
    /// What is said once.
    said: HashSet<&'static str>,
    /// Kinds of refusal that were met.
    told: u64,
    /// What is said of refused frames where diagnosis finds out nothing.
    withheld: Withheld,
    /// A frame whose tag did not fit.
    sample: Option<(GeneralGloCiphering, Vec<u8>)>,
}

impl Messages {
    /// Says so much of meters whose keys are in a ring.
    pub fn new(talk: Talk, ring: SharedRing, redactor: Option<SharedRedactor>) -> Self {
        Self {
            talk,
            ring,
            redactor,
            said: HashSet::new(),
            told: 0,
            withheld: Withheld::default(),
            sample: None,
        }
    }

    fn say(&self, level: Level, what: &str, hint: Option<&str>) {
        talk(self.talk.quiet, level, what, hint);
    }

    fn telegram(&mut self, source: Source<'_>, decoded: &Decoded<'_>) {
        if decoded.crc.valid() == Some(false) && self.said.insert("crc") {
            let what = format!(
                "{}: a telegram is printed though its check sum (CRC) does not fit, {}",
                source.said(),
                refusals::crc_words(decoded.crc)
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
        if decoded.unproven() == Some(Tag::None) && !self.talk.quiet && self.said.insert("no tag") {
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
    }

    fn junk(&self, source: Source<'_>, junk: &Junk<'_>) {
        // Somebody who opens a port comes in the middle as a rule.
        let expected = !matches!(source.kind, "file" | "stdin");
        if junk.span.start == 0 && is_rest(junk.bytes) && (!expected || self.talk.verbose > 0) {
            let name = source.label.unwrap_or(source.said());
            let what = format!("{name}: begins with the rest of a telegram, which is left out");
            self.say(Level::Note, &what, None);
        }
    }

    fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>, count: u64) {
        let verbose = self.talk.verbose;
        if self.talk.show_key
            && let (Reason::TagMismatch, Some(header), None) =
                (refused.reason, refused.header, &self.sample)
        {
            self.sample = Some((header, refused.frame.to_vec()));
        }
        self.told += u64::from(count == 1);
        if !(count == 1 && self.told <= TOLD_MAX || verbose > 1) {
            return;
        }
        let depth = refusals::depth(verbose);
        let (what, hint) = match &self.redactor {
            Some(redactor) => refusals::refused(&redactor.borrow_mut().refused(refused), depth),
            None => refusals::refused(refused, depth),
        };
        let what = format!("{}: {what}", context.source.said());
        // Diagnosis does not look at what was sent in clear, nor into what is genuine; why else a frame is refused,
        // it finds out.
        let in_clear = refused.header.is_none() && refused.reason == Reason::Downgrade;
        let explained = refused.reason == Reason::Replayed || refused.is_over_limit();
        if in_clear || explained {
            self.say(Level::Error, &what, Some(&hint));
        } else if verbose > 0 {
            let certain = says_all(refused.reason);
            say(Level::Error, &what, Some(&*hint).filter(|_| certain));
        } else {
            self.withheld.hold(context.input, refused, what, hint);
        }
    }

    fn finding(&mut self, context: &Context<'_>, finding: &Finding) {
        let source = context.source;
        self.withheld.find(context.input, finding.verdict);
        if is_said_elsewhere(finding, source) || context.enough {
            return;
        }
        let mut shown = finding.clone();
        if let Some(redactor) = &self.redactor {
            redactor.borrow_mut().finding(&mut shown);
        }
        let depth = refusals::depth(self.talk.verbose);
        let (mut what, mut hint) = refusals::finding(&shown, source, depth);
        if finding.verdict == Verdict::WrongKey
            && let Some(origin) = self.ring.get().origin_for(finding.evidence.title)
        {
            what.push_str(&format!("\n  the key used is {origin}"));
        }
        if let Some(digit) = self.right_digit(finding) {
            hint = format!("{digit}\n{hint}");
        }
        let refuses = finding.verdict.explains_refusals();
        // Errors alone are said to who wants it quiet.
        let level = match context.seq {
            0 => Level::Error,
            _ if self.talk.quiet && refuses => Level::Error,
            _ => Level::Warning,
        };
        let name = source.label.unwrap_or(source.said());
        self.say(level, &format!("{name}: {what}"), Some(&hint));
    }

    /// The digit that a mistyped key should have, where the user wants to see it.
    fn right_digit(&self, finding: &Finding) -> Option<String> {
        if !self.talk.show_key || finding.verdict != Verdict::KeyTypo {
            return None;
        }
        let (header, frame) = self.sample.as_ref()?;
        let position = usize::try_from(finding.evidence.get(Measure::Digit)?).ok()?;
        let ring = self.ring.get();
        let keys = ring.keys().of(header.title)?;
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

impl Observer for Messages {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, refusals } => match event {
                Event::Telegram(decoded) => self.telegram(context.source, decoded),
                Event::Refused(refused) => self.refused(context, refused, refusals),
                Event::Junk(junk) => self.junk(context.source, junk),
            },
            Report::Finding(finding) => self.finding(context, finding),
            Report::Settled => {
                for words in self.withheld.settle(context.input) {
                    self.say(Level::Error, &words.what, words.hint.as_deref());
                }
            }
            Report::Message {
                gravity,
                what,
                hint,
            } => self.say(gravity, what, hint),
            _ => {}
        }
        Flow::Continue
    }
}

/// Says something, to whom wants it quiet errors only and without hints.
pub fn talk(quiet: bool, level: Level, what: &str, hint: Option<&str>) {
    if !quiet || level == Level::Error {
        say(level, what, hint.filter(|_| !quiet));
    }
}

/// Kinds of refusal that are said one by one; the summary counts the rest.
const TOLD_MAX: u64 = 10;
