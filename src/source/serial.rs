//! A serial port, or a pseudo-terminal.
//!
//! `serialport` locks the port and sets it up; the bytes are read here, from a second descriptor of the same tty, so
//! that one wait is for bytes and for a stop. What the kernel holds when a port hangs up it throws away itself (measured
//! on Linux): only a reader that keeps up has everything.
//! Whatever the tty did to bytes before (ICRNL, IXON, ISTRIP, canonical lines), it does no longer.
//! Characters with a parity or framing error come as they were received, with a mark where the port can mark them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};
use serialport::{SerialPort, TTYPort};

use crate::p1::line::{DataBits, Parity};
use crate::source::error::SourceError;
use crate::source::line_settings::{LineSettings, Mode, StopBits};
use crate::source::parmrk::Marks;
use crate::source::ports::{self, Usb};
use crate::source::read::{GoneReason, Level, Read, SourceOptions};
use crate::source::speed::{LineNews, Next, Search};
use crate::source::tty::{is_own_terminal, is_pty, make_raw};
use crate::sys::access::{Holder, holder, opener};
use crate::sys::stop::{Stop, Wake};

/// An open serial port.
#[derive(Debug)]
pub struct Serial {
    path: PathBuf,
    tty: File,
    // Holds the lock and the control lines.
    port: TTYPort,
    line: LineSettings,
    usb: Option<Usb>,
    shared_with: Option<Holder>,
    marks: Option<Marks>,
    stop: Stop,
    /// Looks for the settings of the line, where they are not certain.
    search: Option<Search>,
    news: Option<LineNews>,
    /// Bytes that were held back and are due.
    due: VecDeque<u8>,
}

impl Serial {
    /// Sets up the tty that was opened at `path`, raw and for this program alone.
    ///
    /// # Errors
    /// Where another program holds it, or it does not take the settings.
    pub(crate) fn open(
        tty: File,
        path: &Path,
        line: LineSettings,
        options: &SourceOptions,
    ) -> Result<Self, SourceError> {
        let device = fstat(&tty).map_err(|error| SourceError::io(path.display(), error))?;
        if is_own_terminal(device.st_rdev) {
            return Err(SourceError::NotASerialPort { path: path.into() });
        }
        let is_pty = is_pty(device.st_rdev);
        let mut port = lock_and_set(path, line)?;
        let refused = |what: String| {
            move |cause: io::Error| SourceError::Settings {
                path: path.into(),
                settings: what,
                cause,
            }
        };
        // A pseudo-terminal has no UART that could find an error.
        make_raw(&tty, !is_pty).map_err(refused(line.to_string()))?;
        for (name, level) in [("RTS", options.rts), ("DTR", options.dtr)] {
            let on = match level {
                Level::Untouched => continue,
                Level::On => true,
                Level::Off => false,
            };
            let done = match name {
                "RTS" => port.write_request_to_send(on),
                _ => port.write_data_terminal_ready(on),
            };
            if let (Err(error), false) = (done, is_pty) {
                let what = format!("{name} {}", if on { "on" } else { "off" });
                return Err(refused(what)(error.into()));
            }
        }
        Ok(Self {
            path: path.into(),
            tty,
            port,
            line,
            usb: ports::list()
                .iter()
                .find(|port| same_file(&port.path, path))
                .and_then(|port| port.usb().cloned()),
            shared_with: if is_pty { None } else { opener(path) },
            marks: (!is_pty).then(Marks::default),
            stop: options.stop.clone(),
            search: Search::among(&starting_with(line, &options.candidates)),
            news: None,
            due: VecDeque::new(),
        })
    }

    /// Reads what has come, waiting up to 250 ms.
    ///
    /// # Errors
    /// Where waiting fails; a port that goes away is no error.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        let mut until = None;
        loop {
            if let Some(news) = self.news.take() {
                return Ok(Read::Line(news));
            }
            if !self.due.is_empty() {
                if let Some(marks) = &mut self.marks {
                    marks.forget();
                }
                let count = self.due.read(buf).unwrap_or_default();
                return Ok(Read::Bytes(count));
            }
            let now = Instant::now();
            let due = *until.get_or_insert(now + TIMEOUT);
            let left = due.saturating_duration_since(now);
            match self.stop.wait_readable(self.tty.as_fd(), Some(left)) {
                Ok(Wake::Ready) => {}
                Ok(Wake::TimedOut) => {
                    let search = self.search.as_mut();
                    match search.map(|search| search.quiet(Instant::now())) {
                        None | Some(Next::Pass | Next::Hold) => return Ok(Read::Quiet),
                        Some(next) => self.follow(next),
                    }
                    match self.news.is_some() || !self.due.is_empty() {
                        true => continue,
                        false => return Ok(Read::Quiet),
                    }
                }
                Ok(Wake::Stopped) => return Ok(Read::Stopped),
                Err(error) => return Err(SourceError::io(self.path.display(), error)),
            }
            // Also after a hang-up, which a read tells apart from bytes.
            match rustix::io::read(&self.tty, &mut *buf) {
                Ok(0) => return Ok(Read::Gone(GoneReason::HungUp)),
                Ok(count) => {
                    let kept = match &mut self.marks {
                        Some(marks) => marks.take_out(&mut buf[..count]),
                        None => count,
                    };
                    if kept == 0 {
                        continue;
                    }
                    let search = self.search.as_mut();
                    let came = buf.get(..kept).unwrap_or_default();
                    match search.map(|search| search.take(came, Instant::now())) {
                        None | Some(Next::Pass) => return Ok(Read::Bytes(kept)),
                        Some(next) => self.follow(next),
                    }
                    // Silence begins behind the last byte.
                    until = None;
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Ok(Read::Gone(GoneReason::of(&error.into()))),
            }
        }
    }

    /// Does what the search for the settings of the line says.
    fn follow(&mut self, mut next: Next) {
        loop {
            match next {
                Next::Pass | Next::Hold => return,
                Next::Release(bytes, news) => {
                    self.due.extend(bytes);
                    self.news = news;
                    return;
                }
                Next::Set(line, bytes, news) => {
                    self.due.extend(bytes);
                    self.news = news.or(self.news.take());
                    // An adapter that cannot do one of them may do the others.
                    let set = self.set(line);
                    let Some(search) = self.search.as_mut().filter(|_| set.is_err()) else {
                        return;
                    };
                    next = search.skip(Instant::now());
                    if matches!(&next, Next::Set(next, ..) if *next == self.line) {
                        return;
                    }
                }
            }
        }
    }

    /// Sets the line anew, and throws away what came before.
    fn set(&mut self, line: LineSettings) -> io::Result<()> {
        self.port.set_baud_rate(line.baud)?;
        self.port.set_data_bits(data_bits(line.mode))?;
        self.port.set_parity(parity(line.mode))?;
        self.port.set_stop_bits(stop_bits(line.mode))?;
        make_raw(&self.tty, self.marks.is_some())?;
        tcflush(&self.tty, QueueSelector::IFlush)?;
        self.line = line;
        Ok(())
    }

    /// Where the bytes of the last read had parity or framing errors, as far as the port tells.
    pub fn broken(&self) -> &[usize] {
        self.marks.as_ref().map_or(&[], Marks::found)
    }

    /// The path it was opened at.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The settings of the line.
    pub fn line(&self) -> LineSettings {
        self.line
    }

    /// The adapter, where it is a USB port.
    pub fn usb(&self) -> Option<&Usb> {
        self.usb.as_ref()
    }

    /// A program that has the port open as well, without a lock: each byte comes to only one of the two.
    pub fn shared_with(&self) -> Option<&Holder> {
        self.shared_with.as_ref()
    }
}

/// Settings with the first of them in its place.
fn starting_with(first: LineSettings, others: &[LineSettings]) -> Vec<LineSettings> {
    let others = others.iter().copied().filter(|line| *line != first);
    std::iter::once(first).chain(others).collect()
}

fn data_bits(mode: Mode) -> serialport::DataBits {
    match mode.data {
        DataBits::Seven => serialport::DataBits::Seven,
        DataBits::Eight => serialport::DataBits::Eight,
    }
}

fn parity(mode: Mode) -> serialport::Parity {
    match mode.parity {
        Parity::None => serialport::Parity::None,
        Parity::Even => serialport::Parity::Even,
        Parity::Odd => serialport::Parity::Odd,
    }
}

fn stop_bits(mode: Mode) -> serialport::StopBits {
    match mode.stop {
        StopBits::One => serialport::StopBits::One,
        StopBits::Two => serialport::StopBits::Two,
    }
}

fn lock_and_set(path: &Path, line: LineSettings) -> Result<TTYPort, SourceError> {
    let builder = serialport::new(path.to_string_lossy(), line.baud)
        .data_bits(data_bits(line.mode))
        .parity(parity(line.mode))
        .stop_bits(stop_bits(line.mode))
        .flow_control(serialport::FlowControl::None);
    TTYPort::open(&builder).map_err(|error| match error.kind {
        serialport::ErrorKind::NoDevice => SourceError::Busy {
            path: path.into(),
            holder: holder(path),
        },
        serialport::ErrorKind::Io(io::ErrorKind::NotFound) => SourceError::NotFound {
            path: path.into(),
            ports: Vec::new(),
        },
        serialport::ErrorKind::Io(io::ErrorKind::PermissionDenied) => SourceError::NoRight {
            path: path.into(),
            rights: crate::sys::access::Rights::of(path),
        },
        _ => SourceError::Settings {
            path: path.into(),
            settings: line.to_string(),
            cause: error.into(),
        },
    })
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

const TIMEOUT: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::super::open::Source;
    use super::super::testing::{Folder, Plug, all_bytes, options, read_bytes};
    use super::*;
    use rustix::termios::{InputModes, LocalModes, OptionalActions, tcgetattr, tcsetattr};
    use std::time::Instant;

    fn open(plug: &Plug, options: &SourceOptions) -> Result<Source, SourceError> {
        Source::open_path(&plug.path, options)
    }

    #[test]
    fn every_byte_comes_through_whatever_the_tty_did_before() {
        let folder = Folder::new();
        let mut plug = Plug::new(&folder);
        let cooked = plug.port();
        let mut termios = tcgetattr(cooked).unwrap();
        termios.input_modes |= InputModes::ICRNL | InputModes::IXON | InputModes::ISTRIP;
        termios.local_modes |= LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHO;
        tcsetattr(cooked, OptionalActions::Now, &termios).unwrap();
        let mut source = open(&plug, &options()).unwrap();
        plug.send(&all_bytes());
        assert_eq!(
            read_bytes(1024, |buf| source.read(buf).unwrap()),
            all_bytes()
        );
    }

    #[test]
    fn bytes_sent_one_by_one_come_in_order() {
        let folder = Folder::new();
        let mut plug = Plug::new(&folder);
        let mut source = open(&plug, &options()).unwrap();
        let sender = std::thread::spawn(move || {
            for byte in b"/Lux5\\253694471_M\r\n" {
                plug.send(&[*byte]);
                std::thread::sleep(Duration::from_millis(1));
            }
            plug
        });
        let bytes = read_bytes(19, |buf| source.read(buf).unwrap());
        assert_eq!(bytes, b"/Lux5\\253694471_M\r\n");
        drop(sender.join());
    }

    #[test]
    fn silence_and_the_loss_of_the_port_are_told_apart() {
        let folder = Folder::new();
        let mut plug = Plug::new(&folder);
        let mut source = open(&plug, &options()).unwrap();
        let start = Instant::now();
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::Quiet);
        assert!(start.elapsed() >= TIMEOUT && start.elapsed() < TIMEOUT * 4);
        plug.pull_out();
        assert_eq!(
            source.read(&mut [0; 9]).unwrap(),
            Read::Gone(GoneReason::HungUp)
        );
    }

    #[test]
    fn a_blocked_read_ends_at_once_when_stopped() {
        let folder = Folder::new();
        let plug = Plug::new(&folder);
        let options = options();
        let mut source = open(&plug, &options).unwrap();
        let thread = std::thread::spawn(move || source.read(&mut [0; 9]).unwrap());
        std::thread::sleep(Duration::from_millis(20));
        options.stop.stop();
        assert_eq!(thread.join().unwrap(), Read::Stopped);
    }

    #[test]
    fn a_port_in_use_is_busy() {
        let folder = Folder::new();
        let plug = Plug::new(&folder);
        let _first = open(&plug, &options()).unwrap();
        let second = open(&plug, &options()).unwrap_err();
        assert!(matches!(second, SourceError::Busy { .. }), "{second}");
    }

    #[test]
    fn the_speed_is_set_and_control_lines_that_a_pseudo_terminal_lacks_are_no_error() {
        let folder = Folder::new();
        let plug = Plug::new(&folder);
        let mut options = options();
        options.rts = Level::On;
        options.dtr = Level::Off;
        options.line.baud = 9600;
        options.line.mode = "7E1".parse().unwrap();
        let _source = open(&plug, &options).unwrap();
        assert_eq!(tcgetattr(plug.port()).unwrap().input_speed(), 9600);
    }

    #[test]
    fn a_tty_that_marks_broken_characters_doubles_ff_and_it_is_made_one_again() {
        let folder = Folder::new();
        let mut plug = Plug::new(&folder);
        let Source::Serial(mut serial) = open(&plug, &options()).unwrap() else {
            panic!("a serial port was expected");
        };
        make_raw(&serial.tty, true).unwrap();
        plug.send(b"\xFF");
        let mut buf = [0; 9];
        assert_eq!(serial.read(&mut buf).unwrap(), Read::Bytes(2), "doubled");
        serial.marks = Some(Marks::default());
        plug.send(&all_bytes());
        assert_eq!(
            read_bytes(1024, |buf| serial.read(buf).unwrap()),
            all_bytes()
        );
        assert!(serial.broken().is_empty());
    }
}
