//! `smarty watch` on a terminal: the live screen as an observer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cli::args::{Global, Run};
use crate::cli::commands::decode::{Beside, Prepared};
use crate::cli::commands::watch::terminal::{Terminal, Typed};
use crate::cli::inputs::Named;
use crate::cli::keys::reload::Reload;
use crate::cli::messages::Withheld;
use crate::cli::messages::refusals;
use crate::cli::naming::Naming;
use crate::cli::services::store;
use crate::cli::signals::Signals;
use crate::format::screen::{After, Screen};
use crate::format::words::Depth;
use crate::observe::context::{Context, Senders, Source};
use crate::observe::observer::{Flow, Link, Observer, Report};
use crate::p1::count::count;
use crate::p1::diagnosis::{Finding, Verdict};
use crate::p1::event::{Event, Reason, Refused};
use crate::p1::period::Ledger;
use crate::p1::value::Zone;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::run::stdio;
use crate::run::{Counts, End, Filter, Observers};
use crate::source::LineSettings;
use crate::source::Place;
use crate::source::database::Past;
use crate::sys::stop::Stop;

/// Shows the sources until the user, a signal or a limit ends it.
///
/// # Errors
/// What ends the run as a whole; a source that cannot be read ends only itself.
pub fn run(
    args: &Run,
    named: &[Named],
    beside: Beside,
    known: Known,
    global: &Global,
    reload: &Reload<'_>,
) -> Result<Exit, Failure> {
    let started = Instant::now();
    let is_recording = is_recording(args, named);
    let run = Prepared::new(args, named, global, Some(reload), beside.remembered())?;
    let signals = Signals::watch_and_reload(&run.stop)?;
    let view = RefCell::new(View {
        terminal: Some(Terminal::open()?),
        screen: screen(run.zone.clone(), is_recording),
        services: known.services,
        past: BTreeMap::new(),
        senders: Senders::default(),
        is_loading: is_recording,
        typed: false,
        stop: run.stop.clone(),
        fresh: true,
        failure: None,
        hung_up: false,
        said: Vec::new(),
        findings: Vec::new(),
        withheld: Withheld::default(),
        depth: refusals::depth(global.verbose),
    });
    view.borrow_mut().begin();
    // Many years of a store take their time: what is done meanwhile is shown.
    view.borrow_mut().tick(Timestamp::now());
    view.borrow_mut().recall(named, known.past)?;
    let Beside {
        deriving,
        mut services,
    } = beside;
    let mut shown = &view;
    let mut naming =
        Naming::new(run.ring.clone(), deriving, &mut services, &mut shown).with_refused();
    let counts = Counts::up_to(args.input.count);
    let list: Vec<&mut dyn Observer> = vec![&mut naming];
    let mut observers = Observers::new(counts, Filter::default(), list);
    if args.output.merge {
        observers.merge_pushes(run.zone.clone());
    }
    if args.input.count == Some(0) {
        observers.want_nothing();
    }
    let ended = run.run(&mut observers, &signals, Some(reload));
    let (counts, recorded) = (observers.counts.clone(), observers.recorded.note());
    drop(observers);
    let is_whole = matches!(&ended, Ok(ended) if matches!(ended.end, End::Input | End::Enough));
    if is_recording && is_whole {
        view.borrow_mut()
            .look_on(args.source.duration.map(|duration| started + duration));
    }
    view.borrow_mut().close(global.quiet);
    let note = |what: &str| {
        if !global.quiet {
            say(Level::Note, what, None);
        }
    };
    if let Some(what) = recorded {
        note(&what);
    }
    let list: Vec<&mut dyn Observer> = vec![&mut naming];
    let mut observers = Observers::new(Counts::default(), Filter::default(), list);
    observers.end(stdio::ending().load(Ordering::Relaxed));
    drop(observers);
    drop(naming);
    let view = view.into_inner();
    if view.hung_up {
        signals.hang_up();
    }
    signals.pass_on();
    if let Some(failure) = view.failure {
        return Err(failure);
    }
    let worst = ended?.worst.min(counts.exit());
    let seen = count(counts.good, "telegram");
    note(&format!("{seen}, {} refused", counts.refused));
    Ok(worst)
}

/// Shows what happens on the screen, and says on stderr what is worth it when that is closed.
struct View {
    /// `None`: it is closed.
    terminal: Option<Terminal>,
    screen: Screen,
    stop: Stop,
    /// Something came that is not on the terminal yet.
    fresh: bool,
    failure: Option<Failure>,
    /// The terminal was closed by somebody else.
    hung_up: bool,
    /// Errors, for when the screen is gone.
    said: Vec<(Level, String, Option<String>)>,
    /// The last finding of each verdict and source, for when the screen is gone.
    findings: Vec<Kept>,
    withheld: Withheld,
    depth: Depth,
    /// What services say is told by.
    services: Vec<Service>,
    /// What a store knows of meters that were not heard yet, by their ids.
    past: BTreeMap<String, Ledger>,
    senders: Senders,
    /// A recording is being read.
    is_loading: bool,
    /// A key was pressed since the screen was drawn.
    typed: bool,
}

/// What the screen begins with.
pub struct Known {
    /// Services that have a line.
    pub services: Vec<Service>,
    /// What the store knows of before.
    pub past: Vec<Past>,
}

/// A service that has a line on the screen.
#[derive(Clone, Debug)]
pub struct Service {
    /// What the line is called.
    pub name: &'static str,
    /// How the service is as long as nothing was heard of it.
    pub state: String,
    /// How its messages begin.
    pub says: Vec<String>,
}

/// A finding in words that do not fit the screen.
struct Kept {
    source: String,
    verdict: Verdict,
    what: String,
    hint: String,
}

impl View {
    /// Shows the services as they are at the beginning.
    fn begin(&mut self) {
        for service in &self.services {
            self.screen.service(service.name, &service.state, false);
        }
    }

    /// Takes what the store that is written knows, and what those know that are read as recordings.
    ///
    /// # Errors
    /// A store that cannot be read.
    fn recall(&mut self, named: &[Named], written: Vec<Past>) -> Result<(), Failure> {
        let now = Timestamp::now();
        let is_alone = named.len() == 1 && written.len() == 1;
        for past in written {
            let label = past.meter.label.as_deref();
            let is_its = |named: &&Named| {
                is_alone || (label.is_some() && named.address.label.as_deref() == label)
            };
            let mut its = (0..).zip(named).filter(|(_, named)| is_its(named));
            // Where it hangs is not sure before it was heard, unless there is one place only.
            match (its.next(), its.next()) {
                (Some((input, named)), None) => {
                    let label = named.address.label.as_deref();
                    self.remember(now, input, named, label, past);
                }
                _ => drop(self.past.insert(past.meter.name, past.ledger)),
            }
        }
        for (input, named) in (0..).zip(named) {
            let Place::Path(path) = &named.address.place else {
                continue;
            };
            for past in store::past(path)? {
                let label = past.meter.label.clone();
                let label = label.or(named.address.label.clone());
                self.remember(now, input, named, label.as_deref(), past);
            }
        }
        Ok(())
    }

    fn remember(
        &mut self,
        now: Timestamp,
        input: usize,
        named: &Named,
        label: Option<&str>,
        past: Past,
    ) {
        let name = named.address.place.to_string();
        let context = Context {
            input,
            source: Source {
                kind: "",
                name: &name,
                label,
            },
            ..Context::default()
        };
        self.screen
            .recall(now, &context, &past.meter.name, past.ledger);
    }

    /// Lets the user look at a recording that was read, until they have enough or a time is over.
    fn look_on(&mut self, end: Option<Instant>) {
        self.is_loading = false;
        self.fresh = true;
        self.screen.loaded();
        while !self.stop.is_stopped()
            && self.failure.is_none()
            && end.is_none_or(|end| Instant::now() < end)
        {
            self.tick(Timestamp::now());
            let _ = self.stop.wait(LOOK);
        }
    }

    /// Leaves the screen, and says what was worth it.
    fn close(&mut self, quiet: bool) {
        self.terminal = None;
        for (level, what, hint) in self.said.drain(..) {
            say(level, &what, hint.as_deref());
        }
        for Kept { what, hint, .. } in self.findings.drain(..).filter(|_| !quiet) {
            say(Level::Warning, &what, Some(&hint));
        }
    }

    fn event(&mut self, context: &Context<'_>, event: &Event<'_>, refusals: u64) {
        let now = Timestamp::now();
        match event {
            Event::Telegram(decoded) => {
                if !self.past.is_empty() {
                    let id = self.senders.name(decoded);
                    if let Some(ledger) = self.past.remove(&*id) {
                        self.screen.recall(now, context, &id, ledger);
                    }
                }
                self.screen.telegram(now, context, decoded);
            }
            Event::Refused(refused) => {
                self.screen.refused(now, context, refused);
                if refusals == 1 {
                    self.refused(context, refused);
                }
            }
            Event::Junk(junk) => self.screen.junk(now, context, junk.span.len()),
        }
    }

    /// Says of a refused frame what is wrong, unless diagnosis will.
    fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>) {
        let source = context.source;
        let (what, hint) = refusals::refused(refused, Depth::Plain);
        let what = format!("{}: {what}", source.label.unwrap_or(source.said()));
        match refused.header.is_none() && refused.reason == Reason::Downgrade {
            true => self.say(Level::Error, &what, Some(&hint)),
            false => self.withheld.hold(context.input, refused, what, hint),
        }
    }

    fn finding(&mut self, context: &Context<'_>, finding: &Finding) {
        self.keep(context.source, finding);
        self.screen.finding(Timestamp::now(), context, finding);
    }

    fn keep(&mut self, source: Source<'_>, finding: &Finding) {
        let name = source.label.unwrap_or(source.said());
        let (what, hint) = refusals::finding(finding, source, self.depth);
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

    fn link(
        &mut self,
        context: &Context<'_>,
        link: Link,
        line: Option<LineSettings>,
        message: &str,
    ) {
        // Settings that were found are those of an open port.
        let (word, message) = match link {
            Link::Opened | Link::Line => {
                let line = line.map(|line| line.to_string());
                (Link::Opened.word(), line.unwrap_or_default())
            }
            _ => (link.word(), message.to_owned()),
        };
        self.screen.link(Timestamp::now(), context, word, &message);
    }

    fn say(&mut self, level: Level, what: &str, hint: Option<&str>) {
        if self.terminal.is_none() {
            return say(level, what, hint);
        }
        self.fresh = true;
        let service = self.services.iter().find(|service| {
            let mut says = service.says.iter();
            says.any(|begin| what.starts_with(&**begin))
        });
        if let Some(service) = service {
            let is_trouble = level != Level::Note;
            self.screen.service(service.name, what, is_trouble);
            if !is_trouble {
                return;
            }
        }
        self.screen.notice(what, hint);
        if level == Level::Error && self.said.len() < SAID_MAX {
            self.said
                .push((level, what.to_owned(), hint.map(str::to_owned)));
        }
    }

    fn tick(&mut self, now: Timestamp) {
        let Some(terminal) = &mut self.terminal else {
            return;
        };
        match terminal.poll() {
            Some(Typed::Keys(keys)) => {
                for key in keys {
                    if self.screen.key(now, key) == After::Quit {
                        self.stop.stop();
                    }
                }
                (self.fresh, self.typed) = (true, true);
            }
            Some(Typed::Gone) => {
                self.hung_up = true;
                self.stop.stop();
            }
            None => {}
        }
        let rests = self.is_loading && !self.typed;
        let drawn = terminal.go_on().and_then(|()| {
            if !terminal.is_due(self.fresh, rests) {
                return Ok(());
            }
            (self.fresh, self.typed) = (false, false);
            let (width, height) = terminal.size();
            terminal.draw(self.screen.draw(now, width, height))
        });
        if let Err(failure) = drawn {
            self.failure = Some(failure);
            self.stop.stop();
        }
    }
}

impl Observer for View {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, refusals } => self.event(context, event, refusals),
            Report::Level(level) => {
                let name = context.source.label.unwrap_or(context.source.said());
                let what = format!("{name}: {} cm", level.centimetres);
                self.screen.notice(&what, None);
            }
            Report::Finding(finding) => {
                self.withheld.find(context.input, finding.verdict);
                self.finding(context, finding);
            }
            Report::Grown(finding) => self.finding(context, finding),
            Report::Settled => {
                let words = self.withheld.settle(context.input).into_iter();
                for words in words.filter(|words| !words.is_verdict()) {
                    self.say(Level::Error, &words.what, words.hint.as_deref());
                }
                return Flow::Continue;
            }
            Report::Link {
                link,
                line,
                message,
                ..
            } => self.link(context, link, line, message),
            Report::Message {
                gravity,
                what,
                hint,
            } => self.say(gravity, what, hint),
            Report::Tick(now) => {
                self.tick(now);
                return Flow::Continue;
            }
            _ => return Flow::Continue,
        }
        self.fresh = true;
        Flow::Continue
    }
}

/// A screen for this terminal.
fn screen(zone: Zone, is_recording: bool) -> Screen {
    let screen = Screen::new().with_look(Terminal::look()).in_zone(zone);
    match is_recording {
        true => screen.of_recording(),
        false => screen,
    }
}

/// Whether all sources are files that are there already, and that nobody waits for to grow.
fn is_recording(args: &Run, named: &[Named]) -> bool {
    let is_file = |named: &Named| match &named.address.place {
        Place::Path(path) => path.is_file(),
        _ => false,
    };
    !args.input.follow && !named.is_empty() && named.iter().all(is_file)
}

/// Between two looks at the keys while nothing comes.
const LOOK: Duration = Duration::from_millis(40);
/// Errors, and findings, that are said again when the screen is gone.
const SAID_MAX: usize = 20;
