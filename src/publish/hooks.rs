//! Hooks: a command or a message when a condition on what meters say begins to hold.
//!
//! ```text
//! telegram, finding, time --> condition of each hook and meter --begins--> queue --> thread: command, message
//! ```
//! A hook fires once when its condition begins to hold, and again only after it has ended and its pause is over.
//! Conditions on values alone are looked at when a telegram comes: a meter that is silent makes none of them true.
//! Nothing here waits for a command: each hook has a thread, and what comes while its queue is full is left out.

mod command;
#[cfg(feature = "http")]
mod message;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::format::json::{begin, write_source, write_text_or_null};
use crate::format::number::write_json_text;
use crate::observe::context::{Context, Senders, Source};
use crate::observe::observer::{Flow, Notice, Observer, Report};
use crate::observe::standing::Standing;
use crate::p1::condition::{Condition, Operand, Values};
use crate::p1::event::{Decoded, Event};
use crate::p1::telegram::Value;
use crate::p1::value::Decimal;

/// A hook.
#[derive(Clone, Debug)]
pub struct Hook {
    /// What messages call it.
    pub name: String,
    /// The condition as it was written.
    pub text: String,
    /// When it fires.
    pub condition: Condition,
    /// What is done then.
    pub action: Action,
    /// The least time between two firings for one meter.
    pub pause: Duration,
}

/// What a hook does.
#[derive(Clone, Debug)]
pub struct Action {
    /// The program and its words.
    pub run: Vec<String>,
    /// Whom a message is sent to.
    pub notify: Option<String>,
    /// How long each of them may take.
    pub limit: Duration,
}

/// Watches for what hooks wait for.
pub struct Hooks {
    hooks: Vec<Watched>,
    subjects: BTreeMap<(String, String), Subject>,
    senders: Senders,
    notices: Receiver<Notice>,
    unsaid: Vec<Notice>,
    stop: Arc<AtomicBool>,
    looked: Instant,
    /// Meters beyond those that are kept, which was said.
    full: bool,
    seq: u64,
}

struct Watched {
    hook: Arc<Hook>,
    /// It depends on time or findings, not on telegrams alone.
    timed: bool,
    states: HashMap<(String, String), State>,
    queue: Option<SyncSender<Firing>>,
    thread: Option<JoinHandle<()>>,
}

/// What is known of a meter, or of a source whose meter was not heard yet.
struct Subject {
    label: Option<String>,
    kind: String,
    name: String,
    meter: String,
    values: BTreeMap<String, Operand>,
    measured_at: Option<String>,
    heard: Instant,
    findings: BTreeSet<&'static str>,
}

/// How a hook stands with a meter.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Since when the condition holds, or its end does.
    since: Option<Instant>,
    active: bool,
    told: bool,
    fired: Option<Instant>,
}

/// What a hook is told.
pub(crate) struct Firing {
    /// For the environment of the command.
    pub(crate) variables: Vec<(String, String)>,
    /// For a message.
    #[cfg_attr(not(feature = "http"), expect(dead_code))]
    pub(crate) json: String,
}

/// A subject at a moment.
struct View<'a> {
    subject: &'a Subject,
    now: Instant,
}

impl Values for View<'_> {
    fn value(&self, name: &str) -> Option<Operand> {
        let whole = |number: u64| {
            let digits = i64::try_from(number).unwrap_or(i64::MAX);
            Some(Operand::Number(Decimal::new(digits, 0)))
        };
        match name {
            AGE => whole(self.subject.age(self.now)),
            FINDINGS => whole(self.subject.findings.len() as u64),
            name => self.subject.values.get(name).cloned(),
        }
    }

    fn has_finding(&self, code: &str) -> bool {
        self.subject.findings.contains(code)
    }
}

impl Subject {
    fn age(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.heard).as_secs()
    }
}

impl State {
    /// Goes on to a moment; tells whether the hook fires.
    fn step(&mut self, hook: &Hook, view: &View<'_>) -> bool {
        let now = view.now;
        let (holds, after) = match self.active {
            false => (hook.condition.begins(view), hook.condition.begins_after),
            true => (hook.condition.ends(view), hook.condition.ends_after),
        };
        match holds {
            Some(true) => {
                let since = *self.since.get_or_insert(now);
                if now.saturating_duration_since(since) >= Duration::from_millis(after) {
                    (self.active, self.since, self.told) = (!self.active, None, false);
                }
            }
            Some(false) => self.since = None,
            // What is not known changes nothing.
            None => {}
        }
        let rested = self
            .fired
            .is_none_or(|fired| now.saturating_duration_since(fired) >= hook.pause);
        if self.active && !self.told && rested {
            (self.told, self.fired) = (true, Some(now));
            return true;
        }
        false
    }
}

impl Hooks {
    /// Watches from now on; of these sources, labels and names, nothing was heard yet.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(hooks: Vec<Hook>, sources: &[(Option<String>, String)]) -> std::io::Result<Self> {
        let (said, notices) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let now = Instant::now();
        let watched = hooks.into_iter().map(|hook| {
            let hook = Arc::new(hook);
            let (queue, firings) = sync_channel(QUEUE);
            let (own, told, end) = (Arc::clone(&hook), said.clone(), Arc::clone(&stop));
            let thread = thread::Builder::new()
                .name("hook".to_owned())
                .spawn(move || work(&own, &firings, &told, &end))?;
            let names = hook.condition.names();
            let timed = names.iter().any(|name| name == AGE || name == FINDINGS)
                || hook.text.contains(FINDINGS);
            Ok(Watched {
                hook,
                timed,
                states: HashMap::new(),
                queue: Some(queue),
                thread: Some(thread),
            })
        });
        let subjects = sources.iter().map(|(label, name)| {
            let key = label.clone().unwrap_or_else(|| name.clone());
            let source = Source {
                kind: "",
                name,
                label: label.as_deref(),
            };
            ((key, String::new()), Subject::new(source, "", now))
        });
        Ok(Self {
            subjects: subjects.collect(),
            hooks: watched.collect::<std::io::Result<_>>()?,
            senders: Senders::default(),
            notices,
            unsaid: Vec::new(),
            stop,
            looked: now,
            full: false,
            seq: 0,
        })
    }

    fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        let meter = self.senders.name(decoded).into_owned();
        let source = context.source;
        let whose = source.label.unwrap_or(source.name).to_owned();
        let now = Instant::now();
        // The source whose meter was not known has one now.
        let unheard = self.subjects.remove(&(whose.clone(), String::new()));
        let key = (whose, meter);
        // The first meter of a source is the one that is waited for.
        let standing = match unheard {
            Some(_) => Standing::Labelled,
            None => Standing::of(context, decoded),
        };
        let most = standing.share(SUBJECTS_MAX);
        if !self.subjects.contains_key(&key) && self.subjects.len() >= most {
            if !std::mem::replace(&mut self.full, true) {
                self.unsaid.push(Notice {
                    trouble: true,
                    what: format!("hooks watch {most} meters; others are left out"),
                    hint: Some("name the meters with --meter".to_owned()),
                });
            }
            return;
        }
        if unheard.is_some() {
            let from = (key.0.clone(), String::new());
            for watched in &mut self.hooks {
                if let Some(state) = watched.states.remove(&from) {
                    watched.states.insert(key.clone(), state);
                }
            }
        }
        let subject = self
            .subjects
            .entry(key.clone())
            .or_insert_with(|| Subject::new(source, &key.1, now));
        subject.take(context, decoded, now);
        self.look(Some(&key), now);
    }

    fn finding(&mut self, context: &Context<'_>, code: &'static str) {
        let source = context.source;
        let whose = source.label.unwrap_or(source.name);
        let mut found = false;
        for ((of, _), subject) in &mut self.subjects {
            if of == whose {
                subject.findings.insert(code);
                found = true;
            }
        }
        if !found && self.subjects.len() < SUBJECTS_MAX {
            let mut subject = Subject::new(source, "", Instant::now());
            subject.findings.insert(code);
            self.subjects
                .insert((whose.to_owned(), String::new()), subject);
        }
    }

    /// Looks at the hooks: all that depend on time, or those of a meter that was just heard.
    fn look(&mut self, heard: Option<&(String, String)>, now: Instant) {
        for watched in &mut self.hooks {
            if heard.is_none() && !watched.timed {
                continue;
            }
            for (key, subject) in &self.subjects {
                if heard.is_some_and(|heard| heard != key) {
                    continue;
                }
                let state = watched.states.entry(key.clone()).or_default();
                let view = View { subject, now };
                if !state.step(&watched.hook, &view) {
                    continue;
                }
                self.seq += 1;
                let firing = subject.firing(&watched.hook, self.seq, now);
                let sent = watched.queue.as_ref().map(|queue| queue.try_send(firing));
                if let Some(Err(TrySendError::Full(_))) = sent {
                    let what = format!(
                        "hook {}: it takes too long: what came meanwhile is left out",
                        watched.hook.name
                    );
                    self.unsaid.push(Notice {
                        trouble: true,
                        what,
                        hint: Some("a longer --pause fires less often".to_owned()),
                    });
                }
            }
        }
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        let mut notices = std::mem::take(&mut self.unsaid);
        notices.extend(self.notices.try_iter());
        notices
    }

    /// Lets what is under way end, within a time.
    fn finish(&mut self, time: Duration) {
        let until = Instant::now() + time;
        for watched in &mut self.hooks {
            watched.queue = None;
        }
        for watched in &mut self.hooks {
            let Some(thread) = watched.thread.take() else {
                continue;
            };
            while !thread.is_finished() {
                if Instant::now() >= until {
                    self.stop.store(true, Ordering::Relaxed);
                }
                if Instant::now() >= until + KILL_TIME {
                    break;
                }
                thread::sleep(STEP);
            }
            if thread.is_finished() {
                drop(thread.join());
            }
        }
    }
}

impl Observer for Hooks {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event {
                event: Event::Telegram(decoded),
                ..
            } => self.telegram(context, decoded),
            Report::Finding(finding) | Report::Grown(finding) => {
                self.finding(context, finding.verdict.code());
            }
            Report::Tick(_) => {
                let now = Instant::now();
                if now.saturating_duration_since(self.looked) >= LOOK {
                    self.looked = now;
                    self.look(None, now);
                }
                return Flow::say(self.take_notices());
            }
            Report::End { hurried } => {
                self.finish(if hurried { HURRY_TIME } else { FINISH_TIME });
                return Flow::say(self.take_notices());
            }
            _ => {}
        }
        Flow::Continue
    }
}

impl Subject {
    fn new(source: Source<'_>, meter: &str, now: Instant) -> Self {
        Self {
            label: source.label.map(str::to_owned),
            kind: source.kind.to_owned(),
            name: source.name.to_owned(),
            meter: meter.to_owned(),
            values: BTreeMap::new(),
            measured_at: None,
            heard: now,
            findings: BTreeSet::new(),
        }
    }

    fn take(&mut self, context: &Context<'_>, decoded: &Decoded<'_>, now: Instant) {
        let telegram = &decoded.telegram;
        self.values.clear();
        for (at, value) in telegram.values() {
            let operand = match value {
                Value::Number(_) => value.decimal(at.shift).map(Operand::Number),
                Value::Text(text) => Some(Operand::Text(text.into_owned())),
                Value::Empty | Value::Time(_) | Value::NoTime => None,
            };
            if let Some(operand) = operand {
                self.values.insert(at.key.to_string(), operand);
            }
        }
        for derived in context.derived {
            let number = Operand::Number(derived.value);
            self.values.insert(derived.key.to_owned(), number);
        }
        self.measured_at = telegram.measured_at().map(|time| time.to_string());
        self.heard = now;
        self.kind = context.source.kind.to_owned();
        self.findings.clear();
    }

    fn firing(&self, hook: &Hook, seq: u64, now: Instant) -> Firing {
        let age = self.age(now);
        let findings: Vec<&str> = self.findings.iter().copied().collect();
        let mut variables = vec![
            ("SMARTY_HOOK".to_owned(), hook.name.clone()),
            ("SMARTY_WHEN".to_owned(), hook.text.clone()),
            ("SMARTY_SOURCE".to_owned(), self.name.clone()),
            (
                "SMARTY_LABEL".to_owned(),
                self.label.clone().unwrap_or_default(),
            ),
            ("SMARTY_METER".to_owned(), self.meter.clone()),
            (
                "SMARTY_MEASURED_AT".to_owned(),
                self.measured_at.clone().unwrap_or_default(),
            ),
            ("SMARTY_AGE".to_owned(), age.to_string()),
            ("SMARTY_FINDINGS".to_owned(), findings.join(" ")),
        ];
        for (key, value) in &self.values {
            let text = match value {
                Operand::Number(number) => number.to_string(),
                Operand::Text(text) => text.replace('\0', ""),
            };
            variables.push((format!("SMARTY_{}", key.to_uppercase()), text));
        }
        Firing {
            variables,
            json: self.json(hook, seq, age, &findings),
        }
    }

    fn json(&self, hook: &Hook, seq: u64, age: u64, findings: &[&str]) -> String {
        let mut out = Vec::new();
        let context = Context {
            seq,
            source: Source {
                kind: &self.kind,
                name: &self.name,
                label: self.label.as_deref(),
            },
            ..Context::default()
        };
        begin(&mut out, "hook", seq);
        out.extend_from_slice(b",\"received_at\":null");
        write_source(&mut out, &context, 0, 0);
        let whose = self.label.as_deref().unwrap_or(&self.name);
        let message = format!("{whose}: {}", hook.text);
        for (name, text) in [
            ("hook", Some(hook.name.as_str())),
            ("when", Some(&hook.text)),
            ("title", Some("smarty")),
            ("message", Some(&message)),
            (
                "meter",
                Some(self.meter.as_str()).filter(|meter| !meter.is_empty()),
            ),
            ("measured_at", self.measured_at.as_deref()),
        ] {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            write_text_or_null(&mut out, text);
        }
        out.extend_from_slice(format!(",\"age\":{age},\"findings\":[").as_bytes());
        for (number, code) in findings.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            write_json_text(&mut out, code);
        }
        out.extend_from_slice(b"],\"values\":{");
        for (number, (key, value)) in self.values.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            write_json_text(&mut out, key);
            out.push(b':');
            match value {
                Operand::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
                Operand::Text(text) => write_json_text(&mut out, text),
            }
        }
        out.extend_from_slice(b"}}");
        String::from_utf8(out).unwrap_or_default()
    }
}

/// Does what a hook does, one firing after the other.
fn work(hook: &Hook, firings: &Receiver<Firing>, said: &Sender<Notice>, stop: &AtomicBool) {
    for firing in firings {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let mut faults = Vec::new();
        if !hook.action.run.is_empty() {
            faults.extend(command::run(&hook.action, &firing, stop).err());
        }
        #[cfg(feature = "http")]
        if let Some(url) = &hook.action.notify {
            faults.extend(message::post(url, &firing.json, hook.action.limit).err());
        }
        for fault in faults {
            // With nobody left to be told, the run is over.
            drop(said.send(Notice {
                trouble: true,
                what: format!("hook {}: {fault}", hook.name),
                hint: None,
            }));
        }
    }
}

/// The name of the seconds since the last telegram.
pub const AGE: &str = "age";
/// The name of what is wrong with a source.
pub const FINDINGS: &str = "findings";
/// Firings that wait for a hook.
const QUEUE: usize = 16;
/// Meters and sources that are watched.
const SUBJECTS_MAX: usize = 256;
/// How often hooks that depend on time are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How long the end may take.
const FINISH_TIME: Duration = Duration::from_millis(1500);
/// The same when a signal has ended the run.
const HURRY_TIME: Duration = Duration::from_millis(300);
/// How long it may take to kill what does not end.
const KILL_TIME: Duration = Duration::from_millis(300);
/// How often it is looked whether something has ended.
const STEP: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::value::Zone;

    fn hook(text: &str, pause: u64) -> Hook {
        Hook {
            name: "1".to_owned(),
            text: text.to_owned(),
            condition: Condition::parse(text).unwrap(),
            action: Action {
                run: Vec::new(),
                notify: None,
                limit: Duration::from_secs(1),
            },
            pause: Duration::from_secs(pause),
        }
    }

    /// The moments, in tens of seconds, at which a hook fires for powers that come ten seconds apart.
    fn fires(text: &str, pause: u64, powers: &[&str]) -> Vec<usize> {
        let start = Instant::now();
        let hook = hook(text, pause);
        let mut state = State::default();
        let mut subject = Subject::new(Source::default(), "M", start);
        let mut fired = Vec::new();
        for (number, power) in powers.iter().enumerate() {
            let now = start + Duration::from_secs(10 * number as u64);
            subject.heard = now;
            subject.values.clear();
            if let Ok(power) = power.parse() {
                let power = Operand::Number(power);
                subject.values.insert("power_kw".to_owned(), power);
            }
            let view = View {
                subject: &subject,
                now,
            };
            if state.step(&hook, &view) {
                fired.push(number);
            }
        }
        fired
    }

    #[test]
    fn a_hook_fires_once_when_its_condition_begins_to_hold() {
        let powers = ["1", "7", "7", "7", "1", "7", "7"];
        assert_eq!(fires("power_kw > 6.5", 0, &powers), [1, 5]);
        assert_eq!(fires("power_kw > 6.5 for 20s", 0, &powers), [3]);
        assert_eq!(fires("power_kw > 6.5", 45, &powers), [1, 6]);
    }

    #[test]
    fn between_two_thresholds_nothing_changes() {
        let powers = ["7", "6", "7", "6", "4", "6", "7"];
        assert_eq!(fires("power_kw > 6.5", 0, &powers), [0, 2, 6]);
        assert_eq!(
            fires("power_kw > 6.5 until power_kw < 5", 0, &powers),
            [0, 6]
        );
        let text = "power_kw > 6.5 until power_kw < 5 for 10s";
        assert_eq!(fires(text, 0, &["7", "4", "7", "4", "4", "7"]), [0, 5]);
    }

    #[test]
    fn made_up_meters_leave_places_for_those_who_prove_theirs() {
        let hooks = vec![hook("active_energy_import_kwh > 5", 0)];
        let mut hooks = Hooks::start(hooks, &[]).unwrap();
        let mut take = |number: usize, keyed: bool| {
            let id = hex::encode_upper(format!("SMY{number:05}"));
            let text =
                format!("/ABC5x\r\n\r\n0-0:42.0.0({id})\r\n1-0:1.8.0(000001.000*kWh)\r\n!\r\n");
            let context = Context {
                keyed,
                ..Context::default()
            };
            let mut decoder = Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
            let mut tell = |event: &Event<'_>| {
                hooks.observe(&context, &Report::Event { event, refusals: 0 });
            };
            decoder.push(text.as_bytes(), &mut tell);
            decoder.finish(&mut tell);
            hooks.subjects.len()
        };
        let made_up = (0..SUBJECTS_MAX).map(|number| take(number, false)).last();
        assert_eq!(made_up, Some(SUBJECTS_MAX / 2));
        assert_eq!(take(90_000, true), SUBJECTS_MAX / 2 + 1);
    }

    #[test]
    fn a_value_that_is_missing_changes_nothing() {
        assert_eq!(
            fires("power_kw > 6.5", 0, &["7", "", "7", "", "1", "7"]),
            [0, 5]
        );
    }
}
