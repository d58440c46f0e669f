//! The thread that keeps the connection, and what the rest of the program gives it without ever waiting.
//!
//! ```text
//! publisher --Message--> outbox (locked, bounded) --speaker--> thread: connection --> broker
//!     ^                                                            |
//!     +-------------------- notices, acknowledgements -------------+
//! ```
//! A connection that breaks is made anew after 1 s, then 2 s and so on up to 60 s, a fifth more or less; from 1 s on
//! again after one that lasted 10 s.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::message::{Kind, Message};
use super::outbox::Outbox;
use super::settings::{ONLINE, Protocol, Quality, Settings};
use crate::observe::observer::Notice;
use crate::p1::count::count;
use crate::sys::mqtt::fault::Fault;
use crate::sys::mqtt::wire::{Client, ConnectionEvent, Wire};

/// A link to a broker.
pub struct Link {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    settings: Settings,
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Default)]
struct Inside {
    outbox: Outbox,
    /// There while the connection is.
    speaker: Option<Client>,
    notices: Vec<Notice>,
    /// Trouble that was said, and is not over.
    said: Option<String>,
    /// Topics that the broker does not take, for one notice.
    declined: bool,
    /// Values were dropped, and it was said.
    overflowing: bool,
    stop: bool,
    over: bool,
}

/// How a connection ended.
enum End {
    Goodbye,
    Fault {
        fault: Fault,
        /// How long the connection lasted, where it was made.
        lasted: Option<Duration>,
    },
}

impl Link {
    /// Starts the thread; it connects by itself.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(settings: Settings) -> std::io::Result<Self> {
        let mut inside = Inside::default();
        inside.outbox.offer(Message::new(
            settings.status_topic(),
            ONLINE,
            true,
            Kind::Status,
        ));
        let shared = Arc::new(Shared {
            settings,
            inside: Mutex::new(inside),
            changed: Condvar::new(),
        });
        let kept = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("mqtt".to_owned())
            .spawn(move || kept.keep())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Gives messages to be published, in order.
    pub fn publish(&self, messages: impl IntoIterator<Item = Message>) {
        let mut inside = self.shared.lock();
        for message in messages {
            inside.outbox.offer(message);
        }
        inside.pass_on(self.shared.settings.quality);
        let dropped = inside.outbox.take_dropped();
        if dropped > 0 && !std::mem::replace(&mut inside.overflowing, true) {
            let broker = &self.shared.settings.broker;
            let what =
                format!("{broker}: too many values wait for the broker; the oldest are dropped");
            let hint = "the broker is away or slow; --every publishes less often";
            inside
                .notices
                .push(notice(true, what, Some(hint.to_owned())));
        }
    }

    /// What is to be said to the user since the last call.
    pub fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.shared.lock().notices)
    }

    /// Says goodbye when all is delivered, or after a time.
    pub fn finish(&mut self, time: Duration) {
        let until = Instant::now() + time;
        let mut inside = self.shared.lock();
        // A run of a moment is over before the connection is made: it is waited for, unless it failed.
        while !inside.over && inside.may_deliver() && !inside.outbox.is_done() {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                break;
            };
            let waited = self.shared.changed.wait_timeout(inside, left);
            inside = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let left = inside.outbox.len();
        if left > 0 {
            let broker = &self.shared.settings.broker;
            let left = count(left as u64, "message").verb("was", "were");
            let what = format!("{broker}: {left} not delivered");
            inside.notices.push(notice(true, what, None));
        }
        inside.stop = true;
        self.shared.changed.notify_all();
        if let Some(speaker) = inside.speaker.take() {
            speaker.leave();
        }
        while !inside.over {
            let left = until.saturating_duration_since(Instant::now());
            let (back, timed_out) = self
                .shared
                .changed
                .wait_timeout(inside, left.max(GOODBYE_TIME))
                .unwrap_or_else(PoisonError::into_inner);
            inside = back;
            if timed_out.timed_out() {
                // A connection that is just being made cannot be called back; it ends with the program.
                return;
            }
        }
        drop(inside);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        // What a thread that panicked left behind is whole: each change is made in one step.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes connections until the end.
    fn keep(&self) {
        let mut protocol = self.settings.protocol.unwrap_or(Protocol::Five);
        let mut settled = self.settings.protocol.is_some();
        let mut pause = PAUSE_MIN;
        loop {
            // Not in the head of the match: the lock would be held through it.
            let stop = self.lock().stop;
            let end = match stop {
                true => End::Goodbye,
                false => self.converse(Wire::open(&self.settings.access(), protocol)),
            };
            let mut inside = self.lock();
            inside.speaker = None;
            inside.outbox.lose();
            match end {
                End::Goodbye => break,
                End::Fault { .. } if inside.stop => break,
                End::Fault { fault, lasted } => {
                    let was_connected = lasted.is_some();
                    settled |= was_connected;
                    if lasted.is_some_and(|time| time > STEADY_TIME) {
                        pause = PAUSE_MIN;
                    } else if !settled && fault.may_be_version() {
                        protocol = match protocol {
                            Protocol::Five => Protocol::Three,
                            Protocol::Three => Protocol::Five,
                        };
                        // The other one is tried at once; only when both fail is it said.
                        if protocol == Protocol::Three {
                            continue;
                        }
                    }
                    if let Fault::TooLong(bytes) = fault {
                        inside.outbox.limit(bytes);
                    }
                    inside.tell_fault(&self.settings, &fault, was_connected);
                    self.changed.notify_all();
                }
            }
            let waited = self
                .changed
                .wait_timeout_while(inside, jittered(pause), |inside| !inside.stop);
            drop(waited);
            pause = (pause * 2).min(PAUSE_MAX);
        }
        let mut inside = self.lock();
        inside.over = true;
        self.changed.notify_all();
    }

    /// Lives on one connection until it ends.
    fn converse(&self, mut wire: Wire) -> End {
        let mut since: Option<Instant> = None;
        loop {
            let happening = wire.wait();
            let mut inside = self.lock();
            match happening {
                ConnectionEvent::Connected => {
                    since = Some(Instant::now());
                    let speaker = wire.client();
                    if let Some(topic) = self.settings.birth_topic() {
                        speaker.subscribe(&topic);
                    }
                    inside.outbox.connect();
                    inside.speaker = Some(speaker);
                    inside.tell_connected(&self.settings);
                }
                ConnectionEvent::Sent(number) => inside.outbox.wrote(number),
                ConnectionEvent::Acknowledged(number) => {
                    inside.outbox.acknowledge(number);
                }
                ConnectionEvent::Rejected(number, reason) => {
                    let topic = inside.outbox.acknowledge(number);
                    inside.tell_declined(&self.settings, topic.as_deref(), &reason);
                }
                ConnectionEvent::Heard { text, kept, .. } => {
                    // What was said before we came is answered by what is said at the beginning.
                    if text == ONLINE && !kept {
                        inside.outbox.announce();
                    }
                }
                ConnectionEvent::Other | ConnectionEvent::Declined => continue,
                ConnectionEvent::Ended => return End::Goodbye,
                ConnectionEvent::Broke(fault) => {
                    let lasted = since.map(|since| since.elapsed());
                    return End::Fault { fault, lasted };
                }
            }
            inside.pass_on(self.settings.quality);
            if inside.outbox.is_done() {
                self.changed.notify_all();
            }
        }
    }
}

impl Inside {
    /// Tells whether there is a connection, or the first is being made.
    fn may_deliver(&self) -> bool {
        self.speaker.is_some() || self.said.is_none()
    }

    /// Gives the connection as much as it takes.
    fn pass_on(&mut self, quality: Quality) {
        let Some(speaker) = &self.speaker else { return };
        while let Some(message) = self.outbox.next() {
            let quality = match message.kind {
                Kind::Status | Kind::Discovery | Kind::Gone => quality.at_least_once(),
                Kind::Each | Kind::Newest => quality,
            };
            if !speaker.publish(&message.topic, &message.text, message.retain, quality) {
                self.outbox.put_back();
                return;
            }
        }
        if self.outbox.is_done() {
            self.overflowing = false;
        }
    }

    fn tell_connected(&mut self, settings: &Settings) {
        let broker = &settings.broker;
        match self.said.take() {
            Some(_) => {
                let what = format!("{broker}: connected again");
                self.notices.push(notice(false, what, None));
            }
            None if settings.verbose => {
                let what = format!("{broker}: connected, publishing under {}/", settings.prefix);
                self.notices.push(notice(false, what, None));
            }
            None => {}
        }
    }

    fn tell_fault(&mut self, settings: &Settings, fault: &Fault, was_connected: bool) {
        let (what, hint) = fault.words(&settings.broker);
        if self.said.as_ref() == Some(&what) {
            return;
        }
        let text = match was_connected {
            true => format!("{what}; values are kept; retrying"),
            false => what.clone(),
        };
        self.said = Some(what);
        self.notices.push(notice(true, text, Some(hint)));
    }

    fn tell_declined(&mut self, settings: &Settings, topic: Option<&str>, reason: &str) {
        if std::mem::replace(&mut self.declined, true) {
            return;
        }
        let broker = &settings.broker;
        let topic = topic.unwrap_or("a topic");
        let what = format!("{broker}: the broker does not take {topic}: {reason}");
        let hint = "give the user the right to write there (acl_file of mosquitto)";
        self.notices.push(notice(true, what, Some(hint.to_owned())));
    }
}

fn notice(trouble: bool, what: String, hint: Option<String>) -> Notice {
    Notice {
        trouble,
        what,
        hint,
    }
}

/// The time, a fifth more or less, so that many programs do not come back at once.
fn jittered(time: Duration) -> Duration {
    let chance = (RandomState::new().hash_one(Instant::now()) % 401) as u32;
    time * (800 + chance) / 1000
}

/// The first pause between two connections.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// A connection that lasts so long was a good one: the next is made soon.
const STEADY_TIME: Duration = Duration::from_secs(10);
/// The longest pause between two connections.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How long the goodbye itself may take.
const GOODBYE_TIME: Duration = Duration::from_millis(250);
