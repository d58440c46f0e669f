//! Where the telegrams of a simulation go, and how long they may wait there.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::{Target, WriteEnd};
use crate::cli::args::{Global, Listen, Simulate};
use crate::cli::output::writer::{Writer, failed, shown};
use crate::cli::services::listen;
use crate::p1::count::count;
use crate::publish::pty::Pty;
use crate::publish::server::Server;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::store::out::OutFile;
use crate::store::target::Existing;
use crate::sys::file_error::FileError;
use crate::sys::stop::Stop;
use crate::sys::stop::Wake;

/// The open outputs.
pub struct Outlets {
    way: Way,
    verbose: bool,
}

enum Way {
    /// One a lane.
    Ptys(Vec<Pty>),
    Server(Server),
    Data {
        writer: Writer,
        pending: Vec<u8>,
    },
}

/// What became of a telegram.
pub enum Sent {
    /// It is on its way, or was dropped because its reader is too slow.
    Taken,
    /// Nobody reads standard output any more.
    ReaderGone,
}

impl Outlets {
    /// Opens them.
    ///
    /// # Errors
    /// Where one cannot be had.
    pub fn open(
        args: &Simulate,
        target: Target<'_>,
        lanes: usize,
        global: &Global,
    ) -> Result<Self, Failure> {
        let data = |writer| {
            let pending = Vec::new();
            Ok(Way::Data { writer, pending })
        };
        let way = match (target, &args.target.tcp) {
            (Target::Tcp, Some(listen)) => serve(listen, lanes).map(Way::Server),
            (Target::File(path), _) => {
                data(Writer::File(Box::new(create(path, args.target.force)?)))
            }
            (Target::Stdout, _) => data(Writer::Stdout),
            (Target::Pty | Target::Tcp, _) => {
                let link = args.target.link.as_deref();
                let open = |number| pty(link, number, lanes);
                (1..=lanes)
                    .map(open)
                    .collect::<Result<_, _>>()
                    .map(Way::Ptys)
            }
        };
        Ok(Self {
            way: way?,
            verbose: global.verbose > 0,
        })
    }

    /// What others open to read along: paths and addresses; of a file and standard output nothing.
    pub fn places(&self) -> Vec<String> {
        match &self.way {
            Way::Ptys(ptys) => ptys.iter().map(|pty| shown(pty.path())).collect(),
            Way::Server(server) => {
                let address = |address: SocketAddr| format!("tcp://{address}");
                server.addresses().map(address).collect()
            }
            Way::Data { .. } => Vec::new(),
        }
    }

    /// Sends a telegram of a lane; one that may be `late` is written with others.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn send(&mut self, lane: usize, telegram: &[u8], late: bool) -> Result<Sent, Failure> {
        match &mut self.way {
            Way::Ptys(ptys) => {
                let Some(pty) = ptys.get_mut(lane) else {
                    return Ok(Sent::Taken);
                };
                let path = shown(pty.path());
                let taken = pty.outlet.send(telegram);
                if !taken.map_err(|error| failed(&path, &error))?
                    && self.verbose
                    && pty.outlet.dropped() == 1
                {
                    let what = format!("{path}: nobody reads, telegrams are dropped");
                    say(Level::Note, &what, None);
                }
                Ok(Sent::Taken)
            }
            Way::Server(server) => {
                server.send(lane, telegram);
                self.tell_news();
                Ok(Sent::Taken)
            }
            Way::Data { writer, pending } => {
                pending.extend_from_slice(telegram);
                if late && pending.len() < BUFFER {
                    return Ok(Sent::Taken);
                }
                write(writer, pending)
            }
        }
    }

    /// Waits, and serves readers meanwhile; says whether the handle was rung.
    ///
    /// # Errors
    /// Where the system cannot wait.
    pub fn wait(&mut self, stop: &Stop, until: Option<Instant>) -> Result<bool, Failure> {
        // A moment that the clock cannot show is a very late one.
        let until = until.unwrap_or_else(|| Instant::now() + FAR);
        let stopped = match &mut self.way {
            Way::Ptys(ptys) => wait_ptys(ptys, stop, until),
            Way::Server(server) => server.wait(stop, until),
            Way::Data { .. } => Ok(stop.wait(until.saturating_duration_since(Instant::now()))),
        };
        self.tell_news();
        stopped.map_err(|error| failed("waiting", &error))
    }

    /// Lets readers have what was sent, unless the handle is rung, and closes all.
    ///
    /// # Errors
    /// Where a file cannot be made.
    pub fn finish(mut self, stop: &Stop) -> Result<(), Failure> {
        let drained = match &mut self.way {
            Way::Ptys(ptys) => drain_ptys(ptys, stop),
            Way::Server(server) => server.drain(stop, Instant::now() + PATIENCE).map(drop),
            Way::Data { writer, pending } => {
                write(writer, pending)?;
                Ok(())
            }
        };
        drained.map_err(|error| failed("waiting", &error))?;
        self.tell_news();
        match self.way {
            Way::Ptys(ptys) => {
                for pty in ptys
                    .iter()
                    .filter(|pty| self.verbose && pty.outlet.dropped() > 0)
                {
                    let dropped = count(pty.outlet.dropped(), "telegram").verb("was", "were");
                    let what = format!("{}: {dropped} dropped", shown(pty.path()));
                    say(Level::Note, &what, None);
                }
                Ok(())
            }
            Way::Server(_) => Ok(()),
            Way::Data { writer, .. } => writer.finish(),
        }
    }

    fn tell_news(&mut self) {
        let Way::Server(server) = &mut self.way else {
            return;
        };
        for news in server.news().iter().filter(|_| self.verbose) {
            say(Level::Note, &news.to_string(), None);
        }
    }
}

fn write(writer: &mut Writer, pending: &mut Vec<u8>) -> Result<Sent, Failure> {
    let written = writer.write(pending);
    pending.clear();
    match written {
        Ok(()) => Ok(Sent::Taken),
        Err(WriteEnd::ReaderGone) => Ok(Sent::ReaderGone),
        Err(WriteEnd::Failed(failure)) => Err(failure),
    }
}

fn wait_ptys(ptys: &mut [Pty], stop: &Stop, until: Instant) -> io::Result<bool> {
    loop {
        let mut fds = vec![stop.poll_fd()];
        let waiting = ptys.iter().filter(|pty| pty.outlet.kept() > 0);
        fds.extend(waiting.map(|pty| pty.outlet.poll(PollFlags::empty())));
        match stop.poll(&mut fds, Some(until))? {
            Wake::Ready => {}
            Wake::TimedOut => return Ok(false),
            Wake::Stopped => return Ok(true),
        }
        for pty in &mut *ptys {
            pty.outlet.flush()?;
        }
    }
}

/// Waits until all is read: closing throws away what is not. Gives up where nobody reads.
fn drain_ptys(ptys: &mut [Pty], stop: &Stop) -> io::Result<()> {
    let unread = |ptys: &[Pty]| ptys.iter().map(Pty::unread).sum::<u64>();
    let (mut before, mut since, mut empty) = (unread(ptys), Instant::now(), 0);
    // What is on its way inside the system does not count as unread for a moment.
    while empty < CALM && since.elapsed() < PATIENCE {
        if wait_ptys(ptys, stop, Instant::now() + TICK)? {
            return Ok(());
        }
        let now = unread(ptys);
        empty = if now == 0 { empty + 1 } else { 0 };
        if now != before {
            (before, since) = (now, Instant::now());
        }
    }
    Ok(())
}

fn pty(link: Option<&Path>, number: usize, lanes: usize) -> Result<Pty, Failure> {
    let link = link.map(|link| numbered(link, number, lanes));
    listen::pty(link.as_deref())
}

/// The link of a meter: its number in place of `%n`, or at the end where there are several.
fn numbered(link: &Path, number: usize, lanes: usize) -> PathBuf {
    let Some(text) = link.to_str() else {
        return link.to_owned();
    };
    match (text.contains("%n"), lanes) {
        (true, _) => text.replace("%n", &number.to_string()).into(),
        (false, 1) => link.to_owned(),
        (false, _) => format!("{text}{number}").into(),
    }
}

fn serve(listen: &Listen, lanes: usize) -> Result<Server, Failure> {
    let ports = listen.first..=listen.last;
    if ports.len() != 1 && ports.len() != lanes {
        let ports = count(ports.len() as u64, "port");
        let what = format!("--tcp: {ports} for {}", count(lanes as u64, "meter"));
        return Err(Failure::new(Exit::Usage, what)
            .hint("one port for all meters, or one a meter, as 127.0.0.1:2001-2005 for five"));
    }
    let places: Vec<_> = ports.map(|port| (listen.host.as_str(), port)).collect();
    listen::tcp(&places)
}

/// Begins a file; an existing one is replaced only by force.
pub fn create(path: &Path, force: bool) -> Result<OutFile, Failure> {
    let existing = match force {
        true => Existing::Replace,
        false => Existing::Refuse,
    };
    OutFile::create(path, existing).map_err(|error| {
        let exists = matches!(error, FileError::Exists { .. });
        let failure = Failure::from(error);
        match exists {
            true => failure.hint("--force replaces it; or take another name"),
            false => failure,
        }
    })
}

/// How long readers may take nothing at the end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at what is unread.
const TICK: Duration = Duration::from_millis(10);
/// So many looks in a row must find nothing unread.
const CALM: u32 = 5;
/// What is written at once where there is no hurry, in bytes.
const BUFFER: usize = 64 << 10;
/// Longer than anyone waits.
const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_several_meters_are_numbered() {
        let link = |text: &str, lanes| shown(&numbered(Path::new(text), 2, lanes));
        assert_eq!(link("/tmp/meter", 1), "/tmp/meter");
        assert_eq!(link("/tmp/meter", 3), "/tmp/meter2");
        assert_eq!(link("/tmp/%n/meter", 3), "/tmp/2/meter");
        assert_eq!(link("/tmp/m%n", 1), "/tmp/m2");
    }
}
