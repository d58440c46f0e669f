//! What the tests of the sources have in common: ports, folders and a limit in time.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, mkfifoat};
use serialport::{SerialPort, TTYPort};

use crate::source::event::SourceEvent;
use crate::source::read::{Backoff, Read, SourceOptions};
use crate::source::reconnect::Reconnecting;
use crate::sys::stop::Stop;

/// A folder of its own for a test, gone at its end.
pub(crate) struct Folder(pub(crate) PathBuf);

/// A pseudo-terminal under a path of its own, that can be pulled out and plugged in.
pub(crate) struct Plug {
    pub(crate) path: PathBuf,
    inside: Option<(TTYPort, File)>,
}

/// The next event of a source that is no silence, within 10 s, with the bytes of it.
pub(crate) fn next_event(source: &mut Reconnecting) -> (SourceEvent<usize>, Vec<u8>) {
    let start = Instant::now();
    let mut buf = [0; 4096];
    while start.elapsed() < Duration::from_secs(10) {
        match source.read(&mut buf) {
            SourceEvent::Quiet => {}
            SourceEvent::Bytes(count) => return (SourceEvent::Bytes(count), buf[..count].to_vec()),
            event => return (event, Vec::new()),
        }
    }
    panic!("nothing for 10 s");
}

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("smarty-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What is in it, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Plug {
    pub(crate) fn new(folder: &Folder) -> Self {
        let mut plug = Self {
            path: folder.path("ttyUSB0"),
            inside: None,
        };
        plug.plug_in();
        plug
    }

    pub(crate) fn plug_in(&mut self) {
        let (meter, port) = TTYPort::pair().unwrap();
        let name = port.name().unwrap();
        // Keeps the far side open, and takes no lock as `port` would.
        let keeper = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
        drop(port);
        // The path must never be half there.
        let link = self.path.with_extension("new");
        symlink(name, &link).unwrap();
        fs::rename(&link, &self.path).unwrap();
        self.inside = Some((meter, keeper.unwrap().into()));
    }

    pub(crate) fn pull_out(&mut self) {
        fs::remove_file(&self.path).unwrap();
        self.inside = None;
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.inside.as_mut().unwrap().0.write_all(bytes).unwrap();
    }

    pub(crate) fn port(&self) -> &File {
        &self.inside.as_ref().unwrap().1
    }
}

/// Options with short waits.
pub(crate) fn options() -> SourceOptions {
    let mut options = SourceOptions::new(Stop::new().unwrap());
    options.backoff = Backoff {
        first: Duration::from_millis(5),
        most: Duration::from_millis(40),
    };
    options
}

/// Reads until `count` bytes are there, within 10 s.
pub(crate) fn read_bytes(count: usize, mut read: impl FnMut(&mut [u8]) -> Read) -> Vec<u8> {
    let start = Instant::now();
    let mut bytes = Vec::new();
    let mut buf = [0; 4096];
    while bytes.len() < count {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{} of {count} bytes",
            bytes.len()
        );
        match read(&mut buf) {
            Read::Bytes(len) => bytes.extend_from_slice(&buf[..len]),
            Read::Quiet | Read::NoWriter => {}
            other => panic!("{other:?} after {} bytes", bytes.len()),
        }
    }
    bytes
}

/// Every byte value, several times.
pub(crate) fn all_bytes() -> Vec<u8> {
    (0..=255u8).cycle().take(1024).collect()
}

/// Makes a FIFO.
pub(crate) fn fifo(path: &Path) {
    mkfifoat(CWD, path, Mode::RWXU).unwrap();
}
