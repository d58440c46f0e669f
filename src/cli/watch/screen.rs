//! `smarty watch` on a terminal: the live screen as a sink of the pump.

use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::args::{Global, Run};
use crate::cli::decode::Prepared;
use crate::cli::failure::{Exit, Failure, Level, say};
use crate::cli::inputs::Named;
use crate::cli::keys::Ring;
use crate::cli::lane::{Desk, Lane};
use crate::cli::pump::{Link, Sink};
use crate::cli::recorded::Recorded;
use crate::cli::renewal::Renewal;
use crate::cli::services::Services;
use crate::cli::signals::Signals;
use crate::cli::tally::Tally;
use crate::cli::terminal::{Key, Terminal};
use crate::cli::withheld::Withheld;
use crate::cli::words;
use crate::cli::writer::WriteEnd;
use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::diagnosis::{Finding, Summary, Verdict};
use crate::p1::event::{Event, Reason};
use crate::p1::replay::Record;
use crate::sink::context::{Context, Source};
use crate::sink::screen::Screen;
use crate::sink::words::Depth;
use crate::source::maxsonar::Level as Reading;
use crate::source::{LineSettings, Stop};

/// Shows the sources until the user, a signal or a limit ends it.
///
/// # Errors
/// What ends the run as a whole; a source that cannot be read ends only itself.
pub fn run(
    args: &Run,
    named: &[Named],
    services: Services,
    global: &Global,
    renewal: &Renewal<'_>,
) -> Result<Exit, Failure> {
    let run = Prepared::new(args, named, global, Some(renewal), services.remembered())?;
    let signals = Signals::watch_and_renew(&run.stop)?;
    let mut viewer = Viewer {
        terminal: Terminal::open()?,
        screen: Screen::new(),
        services,
        ring: Arc::clone(&run.ring),
        stop: run.stop.clone(),
        line: run.line(),
        tally: Tally::default(),
        left: args.input.count,
        fresh: true,
        failed: None,
        hung_up: false,
        said: Vec::new(),
        findings: Vec::new(),
        recorded: Recorded::default(),
        withheld: Withheld::default(),
        depth: words::depth(global.verbose),
    };
    let pumped = run.pump(&mut viewer, &signals, Some(renewal));
    let Viewer {
        terminal,
        tally,
        failed,
        hung_up,
        said,
        findings,
        services,
        recorded,
        ..
    } = viewer;
    drop(terminal);
    for (level, what, hint) in said {
        say(level, &what, hint.as_deref());
    }
    if !global.quiet {
        for Kept { what, hint, .. } in findings {
            say(Level::Warning, &what, Some(&hint));
        }
    }
    if let Some(note) = recorded.note().filter(|_| !global.quiet) {
        say(Level::Note, &note, None);
    }
    for notice in services.finish() {
        say(Level::from(&notice), &notice.what, notice.hint.as_deref());
    }
    if hung_up {
        signals.hang_up();
    }
    signals.pass_on();
    if let Some(failure) = failed {
        return Err(failure);
    }
    let worst = pumped?.worst.min(tally.exit());
    let seen = format!(
        "{}, {} refused",
        count(tally.good, "telegram"),
        tally.refused
    );
    if !global.quiet {
        say(Level::Note, &seen, None);
    }
    Ok(worst)
}

/// Shows what comes on the screen.
struct Viewer {
    terminal: Terminal,
    screen: Screen,
    services: Services,
    ring: Arc<Ring>,
    stop: Stop,
    line: LineSettings,
    tally: Tally,
    left: Option<u64>,
    /// Something came that is not on the terminal yet.
    fresh: bool,
    failed: Option<Failure>,
    /// The terminal was closed.
    hung_up: bool,
    /// Errors, for when the screen is gone.
    said: Vec<(Level, String, Option<String>)>,
    /// The last finding of each verdict and source, for when the screen is gone.
    findings: Vec<Kept>,
    /// What came of recordings.
    recorded: Recorded,
    withheld: Withheld,
    depth: Depth,
}

/// A finding in words that do not fit the screen.
struct Kept {
    source: String,
    verdict: Verdict,
    what: String,
    hint: String,
}

impl Viewer {
    fn keep(&mut self, source: Source<'_>, finding: &Finding) {
        let name = source.label.unwrap_or(source.said());
        let (what, hint) = words::finding(finding, source, self.depth);
        let kept = Kept {
            source: name.to_owned(),
            verdict: finding.verdict,
            what: format!("{name}: {what}"),
            hint,
        };
        let same = |before: &Kept| before.verdict == kept.verdict && before.source == kept.source;
        match self.findings.iter().position(same) {
            Some(index) => self.findings[index] = kept,
            None if self.findings.len() < SAID_MAX => self.findings.push(kept),
            None => {}
        }
    }

    fn draw(&mut self, now: Timestamp) {
        let drawn = self.terminal.go_on().and_then(|()| {
            if !self.terminal.is_due(self.fresh) {
                return Ok(());
            }
            self.fresh = false;
            let (width, height) = self.terminal.size();
            self.terminal.draw(self.screen.draw(now, width, height))
        });
        if let Err(failure) = drawn {
            self.failed = Some(failure);
            self.stop.stop();
        }
    }
}

impl Desk for Viewer {
    fn event(
        &mut self,
        lane: usize,
        source: Source<'_>,
        received_at: Option<Timestamp>,
        event: &Event<'_>,
    ) {
        if self.left == Some(0) {
            return;
        }
        let refusals = self.tally.count(lane, event);
        let now = Timestamp::now();
        let title = match event {
            Event::Telegram(decoded) => decoded.security.map(|security| security.title()),
            Event::Refused(refused) => refused.title(),
            Event::Junk(_) => None,
        };
        let context = Context {
            seq: self.tally.good,
            received_at,
            source,
            meter_name: title.and_then(|title| self.ring.name(title)),
            keyed: match event {
                Event::Telegram(decoded) => self.ring.has_key_of(decoded),
                _ => false,
            },
            derived: &[],
        };
        match event {
            Event::Telegram(decoded) => {
                let derived = self.services.derive(&context, decoded, self.ring.keys());
                let context = Context {
                    derived: &derived,
                    ..context
                };
                self.services.telegram(&context, decoded);
                self.screen.telegram(now, &context, decoded);
                self.left = self.left.map(|left| left - 1);
            }
            Event::Refused(refused) => {
                self.services.refused(&context, refused);
                self.screen.refused(now, &context, refused);
                if refusals == Some(1) {
                    let (what, hint) = words::refused(refused, Depth::Plain);
                    let what = format!("{}: {what}", source.label.unwrap_or(source.said()));
                    match refused.header.is_none() && refused.reason == Reason::Downgrade {
                        true => self.talk(Level::Error, &what, Some(&hint)),
                        false => self.withheld.hold(lane, refused, what, hint),
                    }
                }
            }
            Event::Junk(junk) => self.screen.junk(now, source, junk.span.len()),
        }
        self.fresh = true;
    }

    fn withdrawn(&mut self, lane: usize) {
        self.tally.withdrawn(lane);
    }

    fn finding(&mut self, lane: usize, source: Source<'_>, finding: &Finding) {
        if !words::is_said_elsewhere(finding, source) {
            let context = Context {
                source,
                ..Context::default()
            };
            self.services.finding(&context, finding);
        }
        self.withheld.find(lane, finding.verdict);
        self.grown(lane, source, finding);
    }

    fn grown(&mut self, _lane: usize, source: Source<'_>, finding: &Finding) {
        self.keep(source, finding);
        self.screen.finding(Timestamp::now(), source, finding);
        self.fresh = true;
    }

    fn settled(&mut self, lane: usize, _source: Source<'_>) {
        let words = self.withheld.settle(lane).into_iter();
        for words in words.filter(|words| !words.is_verdict()) {
            self.talk(Level::Error, &words.what, words.hint.as_deref());
        }
    }

    fn ended(&mut self, lane: usize, _source: Source<'_>, summary: &Summary) {
        self.tally.headless(lane, summary.headless);
    }

    fn came_before(&mut self, source: Source<'_>, frame: (SystemTitle, u32)) -> bool {
        self.recorded.came_before(source, frame)
    }

    fn remember(&mut self, title: SystemTitle, record: &Record) {
        self.services.remember(title, record);
    }

    fn level(&mut self, _lane: usize, source: Source<'_>, level: &Reading) {
        let context = Context {
            received_at: level.received_at,
            source,
            ..Context::default()
        };
        self.services.level(&context, level);
        let name = source.label.unwrap_or(source.said());
        self.screen
            .notice(&format!("{name}: {} cm", level.centimetres), None);
        self.fresh = true;
    }
}

impl Sink for Viewer {
    fn flush(&mut self) -> Result<(), WriteEnd> {
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    fn good(&self) -> u64 {
        self.tally.good
    }

    fn bytes(&mut self, lane: &Lane, at: Timestamp, bytes: &[u8], _broken: &[usize]) {
        let context = Context {
            received_at: Some(at),
            source: lane.source(),
            ..Context::default()
        };
        self.services.bytes(&context, bytes.len());
    }

    fn link(&mut self, lane: &Lane, link: Link, message: &str, _hint: Option<&str>) {
        let context = Context {
            received_at: Some(Timestamp::now()),
            source: lane.source(),
            ..Context::default()
        };
        self.services.link(&context, link.word(), message);
        let message = match link {
            Link::Opened if lane.kind == "serial" => self.line.to_string(),
            Link::Opened => String::new(),
            _ => message.to_owned(),
        };
        self.screen
            .link(Timestamp::now(), lane.source(), link.word(), &message);
        self.fresh = true;
    }

    fn tick(&mut self, now: Timestamp) {
        for notice in self.services.tick(now) {
            self.talk(Level::from(&notice), &notice.what, notice.hint.as_deref());
        }
        match self.terminal.poll() {
            Some(Key::Quit) => self.stop.stop(),
            Some(Key::Gone) => {
                self.hung_up = true;
                self.stop.stop();
            }
            None => {}
        }
        self.draw(now);
    }

    fn renew(&mut self, ring: &Arc<Ring>) {
        self.ring = Arc::clone(ring);
    }

    fn talk(&mut self, level: Level, what: &str, hint: Option<&str>) {
        self.screen.notice(what, hint);
        if level == Level::Error && self.said.len() < SAID_MAX {
            self.said
                .push((level, what.to_owned(), hint.map(str::to_owned)));
        }
        self.fresh = true;
    }
}

/// Errors, and findings, that are said again when the screen is gone.
const SAID_MAX: usize = 20;
