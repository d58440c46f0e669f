//! A pseudo-terminal that looks to others like the serial port of a meter.
//!
//! ```text
//! telegrams -> near side (never waits)  ====  far side, /dev/pts/N <- a link <- whoever reads
//! ```
//!
//! Unread, it takes about 18 kB; what comes then is dropped, unless the old is forgotten first. The far side is held
//! open, or writing would fail as soon as the first reader left.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Gid, Mode, OFlags, fchmod, fchown};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};

use crate::sys::access::group_id;
use crate::sys::nonblocking_writer::NonblockingWriter;

/// A pseudo-terminal, gone with its link when it is dropped.
#[derive(Debug)]
pub struct Pty {
    /// The near side.
    pub outlet: NonblockingWriter,
    far: File,
    path: PathBuf,
    link: Option<PathBuf>,
    /// How much was unread after the last telegram, and when it was last seen to be read.
    unread: (u64, Instant),
}

impl Pty {
    /// Opens one in raw mode.
    ///
    /// # Errors
    /// Where the system has none left.
    pub fn open() -> io::Result<Self> {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&near)?;
        unlockpt(&near)?;
        let name = ptsname(&near, Vec::new())?;
        let path = PathBuf::from(OsStr::from_bytes(name.as_bytes()));
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let far = rustix::fs::open(&path, flags, Mode::empty())?;
        let mut termios = tcgetattr(&far)?;
        termios.make_raw();
        tcsetattr(&far, OptionalActions::Now, &termios)?;
        Ok(Self {
            outlet: NonblockingWriter::new(near)?,
            far: far.into(),
            path,
            link: None,
            unread: (0, Instant::now()),
        })
    }

    /// Lets the group of serial ports read it, where this program belongs to that group.
    pub fn share(&self) {
        // In a container without such a group it stays with its owner.
        if let Some(group) = group_id(SERIAL_GROUP)
            && fchown(&self.far, None, Some(Gid::from_raw(group))).is_ok()
        {
            let _ = fchmod(&self.far, Mode::from_raw_mode(0o660));
        }
    }

    /// Writes a telegram, or drops it; says whether it was taken. What nobody has read for so long is forgotten
    /// first, as by a serial port that nobody has open: who opens it then begins with the newest.
    ///
    /// # Errors
    /// Where the other side is gone.
    pub fn send_fresh(&mut self, telegram: &[u8], age: Duration) -> io::Result<bool> {
        let (left, since) = self.unread;
        let unread = self.unread();
        if unread == 0 || unread < left {
            self.unread.1 = Instant::now();
        } else if since.elapsed() >= age && self.outlet.kept() == 0 {
            tcflush(&self.far, QueueSelector::IFlush)?;
            self.unread.1 = Instant::now();
        }
        let taken = self.outlet.send(telegram)?;
        self.unread.0 = self.unread();
        Ok(taken)
    }

    /// Makes a link to it under a path that stays the same; one that an earlier pseudo-terminal left is replaced.
    ///
    /// # Errors
    /// Where something else has that name, or no link can be made.
    pub fn link(&mut self, link: &Path) -> io::Result<()> {
        match fs::read_link(link) {
            Ok(target) if target.starts_with("/dev/pts") => {}
            Ok(_) => return Err(ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // It is no link.
            Err(_) => return Err(ErrorKind::AlreadyExists.into()),
        }
        // The path must never be half there.
        let mut new = link.as_os_str().to_owned();
        new.push(format!(".{}", std::process::id()));
        symlink(&self.path, &new)?;
        if let Err(error) = fs::rename(&new, link) {
            let _ = fs::remove_file(&new);
            return Err(error);
        }
        self.link = Some(link.to_owned());
        Ok(())
    }

    /// What to open: the link, or the path of the far side.
    pub fn path(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.path)
    }

    /// Bytes that nobody has read yet, as far as the system tells.
    pub fn unread(&self) -> u64 {
        let waiting = rustix::io::ioctl_fionread(&self.far).unwrap_or(0);
        waiting + self.outlet.kept() as u64
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let Some(link) = &self.link else {
            return;
        };
        // Unless another program has put its own there.
        if fs::read_link(link).is_ok_and(|target| target == self.path) {
            let _ = fs::remove_file(link);
        }
    }
}

/// The group that serial ports belong to.
const SERIAL_GROUP: &str = "dialout";

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    use crate::source::Kind;
    use crate::source::Source;
    use crate::source::testing::{Folder, all_bytes, options, read_bytes};

    #[test]
    fn a_reader_gets_every_byte_as_it_was_sent() {
        let folder = Folder::new();
        let mut pty = Pty::open().unwrap();
        pty.link(&folder.path("meter")).unwrap();
        assert_eq!(pty.path(), folder.path("meter"));
        assert!(pty.outlet.send(&all_bytes()).unwrap());
        let mut source = Source::open_path(pty.path(), &options()).unwrap();
        assert_eq!(source.kind(), Kind::Serial);
        assert!(pty.outlet.send(&all_bytes()).unwrap());
        let twice = read_bytes(2048, |buf| source.read(buf).unwrap());
        assert_eq!(twice, [all_bytes(), all_bytes()].concat());
        assert_eq!(pty.unread(), 0);
    }

    #[test]
    fn what_nobody_reads_is_dropped_and_does_not_block() {
        let mut pty = Pty::open().unwrap();
        let taken = (0..100).filter(|_| pty.outlet.send(&[b'x'; 1519]).unwrap());
        let taken = taken.count() as u64;
        assert!((3..50).contains(&taken), "{taken}");
        assert_eq!(pty.outlet.dropped(), 100 - taken);
        assert!(pty.unread() > 0);
    }

    #[test]
    fn what_a_reader_writes_is_forgotten() {
        let pty = Pty::open().unwrap();
        let mut reader = fs::OpenOptions::new();
        let mut reader = reader
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits() as i32)
            .open(pty.path())
            .unwrap();
        for _ in 0..200 {
            reader.write_all(&[b'?'; 1000]).unwrap();
            assert!(pty.outlet.forget_input());
        }
    }

    #[test]
    fn a_late_reader_begins_with_the_newest_telegram() {
        let mut pty = Pty::open().unwrap();
        let (patient, at_once) = (Duration::from_secs(3600), Duration::ZERO);
        for n in 0..5u8 {
            assert!(pty.send_fresh(&[n; 700], patient).unwrap());
        }
        let begun = Instant::now();
        while pty.unread() < 5 * 700 {
            // The system moves it on when it has time.
            assert!(begun.elapsed() < Duration::from_secs(10));
        }
        assert!(pty.send_fresh(&[5; 700], at_once).unwrap());
        let mut source = Source::open_path(pty.path(), &options()).unwrap();
        for n in 5..40u8 {
            let read = read_bytes(700, |buf| source.read(buf).unwrap());
            assert!(read == [n; 700], "and nothing of the older ones");
            // Who reads along misses nothing.
            assert!(pty.send_fresh(&[n + 1; 700], at_once).unwrap());
        }
    }

    #[test]
    fn a_link_is_replaced_only_where_a_pseudo_terminal_left_it() {
        let folder = Folder::new();
        let link = folder.path("meter");
        symlink("/dev/pts/999999", &link).unwrap();
        let mut pty = Pty::open().unwrap();
        pty.link(&link).unwrap();
        drop(pty);
        assert!(fs::symlink_metadata(&link).is_err(), "it goes with it");
        let mut pty = Pty::open().unwrap();
        symlink("/dev/null", &link).unwrap();
        assert_eq!(
            pty.link(&link).unwrap_err().kind(),
            ErrorKind::AlreadyExists
        );
        fs::write(folder.path("file"), b"mine").unwrap();
        assert!(pty.link(&folder.path("file")).is_err());
        assert!(pty.link(&folder.path("none/meter")).is_err());
    }
}
