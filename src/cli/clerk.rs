//! The sink of decrypt, parse and watch: keeps the counts, formats what came, and talks about what goes wrong.

mod desk;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::ahead::Hand;
use super::failure::{Exit, Failure, Level, say};
use super::keys::Ring;
use super::lane::Lane;
use super::output::Output;
use super::pump::{Link, Sink};
use super::recorded::Recorded;
use super::services::Services;
use super::tally::Tally;
use super::withheld::Withheld;
use super::writer::WriteEnd;
use crate::p1::ciphering::GeneralGloCiphering;
use crate::p1::count::count;
use crate::p1::diagnosis::{Sent, State};
use crate::p1::event::{Event, Reason, Refused};
use crate::sink::context::{Context, Senders};

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
    /// What is said of refused frames where diagnosis finds out nothing.
    withheld: Withheld,
    show_key: bool,
    /// A frame whose tag did not fit.
    sample: Option<(GeneralGloCiphering, Vec<u8>)>,
    /// Frames that the counters say were sent and never came.
    missed: u64,
    /// The worst state of a link, where one of the sources has one.
    state: Option<State>,
    /// What the meters send.
    sent: Sent,
    senders: Senders,
    /// Meters that were not asked for.
    others: BTreeSet<String>,
    /// What came of recordings.
    recorded: Recorded,
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
            withheld: Withheld::default(),
            show_key: wishes.show_key,
            sample: None,
            missed: 0,
            state: None,
            sent: Sent::default(),
            senders: Senders::default(),
            others: BTreeSet::new(),
            recorded: Recorded::default(),
        }
    }

    /// The counts so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Counts what was printed, or the telegram itself.
    fn spend(&mut self, printed: u64) {
        let spent = if self.by_telegrams { 1 } else { printed };
        self.left = self.left.map(|left| left.saturating_sub(spent));
    }

    /// Meters that sent frames, and were not asked for.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// Tells whether the text of a refused telegram names a meter that was asked for, in letters or as octets.
    fn names_wanted(&self, refused: &Refused<'_>) -> bool {
        refused.header.is_none()
            && refused.reason == Reason::Downgrade
            && self.meters.iter().any(|wanted| {
                let octets = hex::encode_upper(wanted.to_ascii_uppercase());
                let names = [wanted.as_bytes(), octets.as_bytes()];
                let text = refused.frame.to_ascii_uppercase();
                names
                    .iter()
                    .any(|name| memchr::memmem::find(&text, &name.to_ascii_uppercase()).is_some())
            })
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
            Event::Refused(refused) if self.names_wanted(refused) => return true,
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
    pub fn finish(mut self) -> Result<Exit, Failure> {
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
            let state = self.state.map(|state| state.code());
            let state = state.map_or(String::new(), |state| format!("; the link is {state}"));
            let what = format!(
                "{good} of {} good, {refused} refused, {missed} missed, {} between them{state}",
                count(frames, "telegram"),
                count(junk, "byte"),
            );
            say(Level::Note, &what, None);
        }
        if let Some(note) = self.recorded.note().filter(|_| !self.quiet) {
            say(Level::Note, &note, None);
        }
        if self.by_telegrams || self.left != Some(0) {
            self.output.release();
        }
        let notices = self.services.finish().into_iter();
        for notice in notices.chain(self.output.notices()) {
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
        match self.output.finish() {
            Ok(()) if !self.reader_gone => Ok(self.tally.exit()),
            Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Good),
            Err(WriteEnd::Failed(failure)) => Err(failure),
        }
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
        let notices = self.services.tick(now).into_iter();
        for notice in notices.chain(self.output.notices()) {
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

/// Other meters that are named when the one asked for is not there.
const OTHERS_MAX: usize = 8;
