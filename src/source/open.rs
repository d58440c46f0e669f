//! Opens what an address names.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::source::address::{Address, Place};
use crate::source::archive::Archive;
use crate::source::database::Database;
use crate::source::error::SourceError;
use crate::source::file::Input;
use crate::source::http::Http;
use crate::source::mqtt::Mqtt;
use crate::source::ports::{self, NoSinglePort, Port};
use crate::source::pulse::Pulse;
use crate::source::read::{Read, SourceOptions};
use crate::source::serial::Serial;
use crate::source::sim::Sim;
use crate::source::tcp::Tcp;
use crate::source::tty::is_tty;
use crate::sys::access::{Rights, holder};

/// An open source.
#[derive(Debug)]
pub enum Source {
    /// A serial port or pseudo-terminal.
    Serial(Box<Serial>),
    /// A server.
    Tcp(Tcp),
    /// A server of pages.
    Http(Http),
    /// Topics of a broker.
    Mqtt(Mqtt),
    /// Pulses.
    Pulse(Box<Pulse>),
    /// A file, FIFO, pipe or standard input.
    Input(Input),
    /// The virtual meter inside.
    Sim(Sim),
}

/// What a source turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A serial port or pseudo-terminal.
    Serial,
    /// A server.
    Tcp,
    /// A server of pages.
    Http,
    /// Topics of a broker.
    Mqtt,
    /// Pulses.
    Pulse,
    /// A file, FIFO, pipe or standard input.
    File,
    /// The virtual meter inside.
    Sim,
}

impl Source {
    /// Opens what an address names: a tty as serial port, all else to be read to its end.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub fn open(address: &Address, options: &SourceOptions) -> Result<Self, SourceError> {
        let mut options = options.clone();
        if let Some(line) = address.line() {
            options.line = line;
            options.candidates.clear();
        }
        match &address.place {
            Place::Stdin => Input::stdin(&options).map(Self::Input),
            Place::Path(path) => Self::open_path(path, &options),
            Place::Tcp { host, port } => Tcp::connect(host, *port, &options).map(Self::Tcp),
            Place::Http(url) => Http::open(url, &options).map(Self::Http),
            Place::Mqtt(broker) => {
                Mqtt::open(broker, address.label.as_deref(), &options).map(Self::Mqtt)
            }
            Place::Pulse(pulses) => Pulse::open(pulses, address.label.as_deref(), &options)
                .map(|pulse| Self::Pulse(Box::new(pulse))),
            Place::Sim(sim) => Sim::start(sim, &options).map(Self::Sim),
            Place::Auto => match ports::only_usb_port(&ports::list()) {
                Ok(path) => Self::open_path(&path, &options),
                Err(NoSinglePort::None) => Err(SourceError::NoUsbPort),
                Err(NoSinglePort::Several(paths)) => Err(SourceError::SeveralUsbPorts { paths }),
            },
        }
    }

    pub(crate) fn open_path(path: &Path, options: &SourceOptions) -> Result<Self, SourceError> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file: File = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|error| open_error(path, error))?
            .into();
        if is_tty(&file, path)? {
            Serial::open(file, path, options.line, options).map(|port| Self::Serial(Box::new(port)))
        } else {
            let mut input = Input::open(file, &path.display().to_string(), options)?;
            if Database::is_one(path) {
                input.set_stored(Database::open(path)?.telegrams()?);
            } else if Archive::is_one(path) {
                input.set_archived(Archive::open(path, options.zone.clone())?);
            } else if options.follow {
                input.follow(path);
            }
            Ok(Self::Input(input))
        }
    }

    /// Reads what there is into `buf`, which is not empty, waiting no longer than the time-out of the source.
    ///
    /// # Errors
    /// Where the system cannot read; a port or a server that goes away is no error.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        match self {
            Self::Serial(serial) => serial.read(buf),
            Self::Tcp(tcp) => tcp.read(buf),
            Self::Http(http) => http.read(buf),
            Self::Mqtt(mqtt) => mqtt.read(buf),
            Self::Pulse(pulse) => pulse.read(buf),
            Self::Input(input) => input.read(buf),
            Self::Sim(sim) => sim.read(buf),
        }
    }

    /// Where the bytes of the last read had parity or framing errors, as far as the source tells.
    pub fn broken(&self) -> &[usize] {
        match self {
            Self::Serial(serial) => serial.broken(),
            _ => &[],
        }
    }

    /// The label of the bytes of the last read, where the source has several streams.
    pub fn label(&self) -> Option<&Arc<str>> {
        match self {
            Self::Mqtt(mqtt) => mqtt.label(),
            _ => None,
        }
    }

    /// What it turned out to be.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Serial(_) => Kind::Serial,
            Self::Tcp(_) => Kind::Tcp,
            Self::Http(_) => Kind::Http,
            Self::Mqtt(_) => Kind::Mqtt,
            Self::Pulse(_) => Kind::Pulse,
            Self::Input(_) => Kind::File,
            Self::Sim(_) => Kind::Sim,
        }
    }

    /// The path, the server, or what it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Serial(serial) => serial.path().display().to_string(),
            Self::Tcp(tcp) => tcp.server().to_owned(),
            Self::Http(http) => http.name().to_owned(),
            Self::Mqtt(mqtt) => mqtt.name().to_owned(),
            Self::Pulse(pulse) => pulse.name().to_owned(),
            Self::Input(input) => input.name().to_owned(),
            Self::Sim(sim) => sim.name().to_owned(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serial => "serial",
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Mqtt => "mqtt",
            Self::Pulse => "pulse",
            Self::File => "file",
            Self::Sim => "sim",
        })
    }
}

pub(super) fn open_error(path: &Path, error: Errno) -> SourceError {
    let owned = path.to_path_buf();
    match error {
        Errno::NOENT | Errno::NOTDIR => SourceError::NotFound {
            path: owned,
            ports: ports::list().iter().map(Port::to_string).collect(),
        },
        Errno::ACCESS | Errno::PERM => SourceError::NoRight {
            path: owned,
            rights: Rights::of(path),
        },
        Errno::BUSY => SourceError::Busy {
            path: owned,
            holder: holder(path),
        },
        Errno::ISDIR => SourceError::IsDirectory { path: owned },
        Errno::NXIO | Errno::NODEV | Errno::IO if path.starts_with("/dev") => {
            SourceError::NoHardware { path: owned }
        }
        _ => SourceError::io(path.display(), error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, all_bytes, fifo, options, read_bytes};
    use super::*;
    use std::fs;
    use std::io::Write;
    use std::time::{Duration, Instant};

    fn open(path: impl AsRef<Path>) -> Result<Source, SourceError> {
        Source::open_path(path.as_ref(), &options())
    }

    #[test]
    fn a_file_is_read_to_its_end_without_a_pause() {
        let folder = Folder::new();
        let path = folder.path("dump.bin");
        fs::write(&path, all_bytes()).unwrap();
        let mut source = open(&path).unwrap();
        assert_eq!(source.kind(), Kind::File);
        assert_eq!(
            read_bytes(1024, |buf| source.read(buf).unwrap()),
            all_bytes()
        );
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::End);
        let Source::Input(input) = source else {
            panic!("a file was expected");
        };
        assert_eq!(input.size(), Some(1024));
    }

    #[test]
    fn a_device_that_is_no_tty_is_read_like_a_file() {
        let mut source = open("/dev/null").unwrap();
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::End);
    }

    #[test]
    fn a_fifo_waits_for_its_writer_says_so_once_and_ends_with_it() {
        let folder = Folder::new();
        let path = folder.path("fifo");
        fifo(&path);
        let start = Instant::now();
        let mut source = open(&path).unwrap();
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "open must not hang"
        );
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::NoWriter);
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::Quiet);
        let mut writer = fs::OpenOptions::new().write(true).open(&path).unwrap();
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::Quiet);
        writer.write_all(b"/Lux5").unwrap();
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::Bytes(5));
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::Quiet);
        drop(writer);
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::End);
    }

    #[test]
    fn a_pipe_of_another_thread_is_a_source() {
        let (end, mut writer) = std::io::pipe().unwrap();
        let mut input = Input::pipe(end.into(), "sim:", &options()).unwrap();
        assert_eq!(input.read(&mut [0; 9]).unwrap(), Read::Quiet);
        writer.write_all(b"/Lux5").unwrap();
        assert_eq!(input.read(&mut [0; 9]).unwrap(), Read::Bytes(5));
        drop(writer);
        assert_eq!(input.read(&mut [0; 9]).unwrap(), Read::End);
    }

    #[test]
    fn what_cannot_be_opened_says_why() {
        let folder = Folder::new();
        let error = open(&folder.0).unwrap_err();
        assert!(matches!(error, SourceError::IsDirectory { .. }), "{error}");
        assert!(error.to_string().ends_with(": is a directory"));
        let error = open(folder.path("none")).unwrap_err();
        assert!(matches!(error, SourceError::NotFound { .. }), "{error}");
        let error = open("/dev/ttyUSB77").unwrap_err();
        assert_eq!(error.to_string(), "/dev/ttyUSB77: no such port");
        assert!(error.hint().is_some());
        let error = open("/dev/tty").map(|_| ());
        assert!(
            matches!(
                error,
                Err(SourceError::NotASerialPort { .. } | SourceError::NoHardware { .. })
            ),
            "{error:?}"
        );
    }
}
