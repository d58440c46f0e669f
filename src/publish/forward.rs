//! Telegrams passed on to other software, byte for byte as the meter made them, or the frames as received.
//!
//! ```text
//! the loop --> queue ==> a thread of its own --> server --> clients, each with what waits for it
//!                                           \--> pseudo-terminals
//! ```
//!
//! The loop only puts a telegram into the queue: neither it nor a client ever waits for another client. Who comes
//! late gets the last telegram of each meter at once; who leaves too much unread is disconnected.

mod queue;

use std::io::{self, PipeReader};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use self::queue::{ForwardQueue, Telegram};
use crate::observe::context::{Context, Senders};
use crate::observe::observer::{Flow, Notice, Observer, Report};
use crate::observe::standing::Standing;
use crate::p1::count::count;
use crate::p1::event::{Decoded, Event, Reason, Refused};
use crate::publish::pty::Pty;
use crate::publish::server::{News, Server};
use crate::source::error::plain;
use crate::sys::counter::Counter;
use crate::sys::stop::Stop;
use crate::sys::stop::Wake;

/// Passes telegrams on.
pub struct Forward {
    raw: bool,
    senders: Senders,
    queue: Arc<ForwardQueue>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    turned_away: Counter,
}

/// Where telegrams can be drawn, opened.
#[derive(Debug)]
pub struct Taps {
    /// A server, a port for each of the labels.
    pub server: Server,
    /// The source that each port is for; `None`: all.
    pub labels: Vec<Option<String>>,
    /// Pseudo-terminals, and the source that each is for.
    pub ptys: Vec<(Pty, Option<String>)>,
}

/// What the thread works with.
struct Worker {
    taps: Taps,
    queue: Arc<ForwardQueue>,
    wake_rx: PipeReader,
    /// The last telegram of each sender.
    latest: Vec<Telegram>,
    /// When trouble with a client was last said, and how often it was not since.
    said: Option<Instant>,
    unsaid: u64,
}

impl Forward {
    /// Begins to serve; `raw`: the frames as received.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(mut taps: Taps, raw: bool) -> io::Result<Self> {
        taps.server = taps.server.with_patience(PATIENCE);
        let (queue, wake_rx) = ForwardQueue::new(taps.notices())?;
        let queue = Arc::new(queue);
        let stop = Stop::new()?;
        let turned_away = taps.server.turned_away();
        let worker = Worker {
            taps,
            queue: Arc::clone(&queue),
            wake_rx,
            latest: Vec::new(),
            said: None,
            unsaid: 0,
        };
        let handle = stop.clone();
        let thread = thread::Builder::new().name("forward".to_owned());
        let thread = thread.spawn(move || worker.run(&handle))?;
        Ok(Self {
            raw,
            senders: Senders::default(),
            queue,
            stop,
            thread: Some(thread),
            turned_away,
        })
    }

    /// Clients that were turned away, or left for others.
    pub fn turned_away(&self) -> Counter {
        self.turned_away.clone()
    }

    fn push(&self, context: &Context<'_>, meter: &str, standing: Standing, bytes: &[u8]) {
        self.queue.push(Telegram {
            label: context.source.label.map(str::to_owned),
            sender: format!("{} {meter}", context.source.name),
            bytes: bytes.into(),
            standing,
        });
    }
}

impl Observer for Forward {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match report {
            Report::Event { event, .. } => match event {
                Event::Telegram(decoded) => self.telegram(context, decoded),
                Event::Refused(refused) => self.refused(context, refused),
                Event::Junk(_) => {}
            },
            Report::Tick(_) => return Flow::say(self.notices()),
            Report::End { .. } => {
                self.finish();
                return Flow::say(self.notices());
            }
            _ => {}
        }
        Flow::Continue
    }
}

impl Forward {
    fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        let meter = self.senders.name(decoded).into_owned();
        let bytes = if self.raw {
            decoded.frame
        } else {
            decoded.text
        };
        self.push(context, &meter, Standing::of(context, decoded), bytes);
    }

    /// A frame that only lacks its key here is whole: who has the key can read it.
    fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>) {
        if self.raw && matches!(refused.reason, Reason::NoKey | Reason::Unsupported(_)) {
            let title = refused.title().map(|title| title.to_string());
            let meter = title.unwrap_or_default();
            self.push(context, &meter, Standing::Anyone, refused.frame);
        }
    }

    fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.queue.lock().notices)
    }

    fn finish(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Worker {
    fn run(mut self, stop: &Stop) {
        let mut well = true;
        loop {
            let woken = self.wait(stop);
            self.pass_on();
            self.taps.server.serve();
            self.tell_news();
            match woken {
                Ok(Wake::Stopped) => break,
                Ok(_) => well = true,
                Err(error) if std::mem::take(&mut well) => {
                    self.queue.note(Notice {
                        trouble: true,
                        what: format!("forwarding: {}", plain(&error)),
                        hint: None,
                    });
                }
                Err(_) if stop.wait(PAUSE) => break,
                Err(_) => {}
            }
        }
        let Ok(fresh) = Stop::new() else { return };
        // What cannot be taken in this time is lost with the connection.
        let _ = self.taps.server.drain(&fresh, Instant::now() + PAUSE);
    }

    fn wait(&mut self, stop: &Stop) -> io::Result<Wake> {
        let mut fds = vec![
            stop.poll_fd(),
            PollFd::from_borrowed_fd(self.wake_rx.as_fd(), PollFlags::IN),
        ];
        self.taps.server.watch(&mut fds);
        let ptys = self.taps.ptys.iter().map(|(pty, _)| &pty.outlet);
        let waiting = ptys.filter(|outlet| outlet.kept() > 0);
        fds.extend(waiting.map(|outlet| outlet.poll(PollFlags::empty())));
        stop.poll(&mut fds, self.taps.server.rests())
    }

    /// Gives what is in the queue to all whom it is for.
    fn pass_on(&mut self) {
        let mut rings = [0; 64];
        while matches!(
            rustix::io::read(&self.wake_rx, &mut rings),
            Ok(1..) | Err(Errno::INTR)
        ) {}
        let telegrams = self.queue.take();
        let fresh = !telegrams.is_empty();
        for telegram in telegrams {
            let Taps {
                server,
                labels,
                ptys,
            } = &mut self.taps;
            let wanted = |label: &Option<String>| label.is_none() || *label == telegram.label;
            for (port, _) in labels.iter().enumerate().filter(|(_, label)| wanted(label)) {
                server.send(port, &telegram.bytes);
            }
            for (pty, label) in ptys {
                if wanted(label) {
                    // It is never gone: its far side is held open.
                    let _ = pty.send_fresh(&telegram.bytes, FRESH);
                }
            }
            self.latest.retain(|last| last.sender != telegram.sender);
            if self.latest.len() >= SENDERS_MAX {
                // Who has been silent for longest stands first; who proves its origin stays.
                let anyone = |last: &Telegram| last.standing == Standing::Anyone;
                let Some(leaves) = self.latest.iter().position(anyone) else {
                    continue;
                };
                self.latest.remove(leaves);
            }
            self.latest.push(telegram);
        }
        for (pty, _) in &mut self.taps.ptys {
            // A reader that asks for telegrams, as old meters want it, must not wait for an answer.
            let _ = pty.outlet.forget_input();
            let _ = pty.outlet.flush();
        }
        if fresh {
            self.set_welcome();
        }
    }

    fn set_welcome(&mut self) {
        for (port, label) in self.taps.labels.iter().enumerate() {
            let wanted = |last: &&Telegram| label.is_none() || *label == last.label;
            let last = self.latest.iter().filter(wanted);
            let welcome = last.flat_map(|last| last.bytes.iter().copied()).collect();
            self.taps.server.welcome(port, welcome);
        }
    }

    /// Says what went wrong with clients, once a minute at the most: some come back at once.
    fn tell_news(&mut self) {
        let news = self.taps.server.news().into_iter();
        let trouble = |news: &News| !matches!(news, News::Came(_) | News::Left(..));
        for news in news.filter(trouble) {
            if self.said.is_some_and(|said| said.elapsed() < CALM) {
                self.unsaid += 1;
                continue;
            }
            let before = match std::mem::take(&mut self.unsaid) {
                0 => String::new(),
                unsaid => format!("; {} before it", count(unsaid, "other")),
            };
            self.said = Some(Instant::now());
            self.queue.note(Notice {
                trouble: true,
                what: format!("forwarding: {news}{before}"),
                hint: match news {
                    News::Shut(_) => Some(format!("see {OPEN_FILES}")),
                    _ => None,
                },
            });
        }
    }
}

impl Taps {
    /// What is said first: where telegrams can be drawn, and who can.
    fn notices(&self) -> Vec<Notice> {
        let note = |place: String, label: &Option<String>| {
            let whose = label
                .as_ref()
                .map_or(String::new(), |label| format!(" of {label}"));
            format!("telegrams{whose} at {place}")
        };
        let open = |address: SocketAddr| address.ip().is_unspecified();
        let ports = self.server.addresses().zip(&self.labels);
        let ports = ports.map(|(address, label)| Notice {
            trouble: false,
            what: note(format!("tcp://{address}"), label),
            hint: open(address)
                .then(|| "whoever reaches this machine over a network can read them".to_owned()),
        });
        let ptys = self.ptys.iter().map(|(pty, label)| Notice {
            trouble: false,
            what: note(pty.path().display().to_string(), label),
            hint: None,
        });
        ports.chain(ptys).collect()
    }
}

/// Bytes that may wait for a client, beside some 64 kB in the system: an hour of a meter in all.
const PATIENCE: usize = 256 << 10;
/// What bounds the files that a program may open.
const OPEN_FILES: &str = "ulimit -n, or LimitNOFILE= of the unit";
/// Meters whose last telegram is kept.
const SENDERS_MAX: usize = 64;
/// Between two words about trouble with clients.
const CALM: Duration = Duration::from_secs(60);
/// After a failure, and at the end.
const PAUSE: Duration = Duration::from_secs(1);
/// What nobody has read from a pseudo-terminal for so long is forgotten when something new comes.
const FRESH: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
