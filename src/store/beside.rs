//! The file that an output is written to before it takes its name: beside it, and nobody else's.
//!
//! ```text
//! .NAME.PID-RANDOM.part     made anew, no link followed, for the owner alone; locked while it is written
//! ```
//! A program that is killed leaves its file without a lock; the next one that writes to the folder removes it.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{Gid, Mode, OFlags, fchmod, fchown, open};
use rustix::process::{Pid, test_kill_process, umask};
use rustix::rand::{GetRandomFlags, getrandom};

use crate::sys::file_error::{FileError, folder};

/// Who may read a new file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Whomever the umask lets.
    #[default]
    Umask,
    /// The owner alone, for what holds keys or is of no use to others.
    Owner,
}

/// Makes the file beside `path`, locked.
///
/// # Errors
/// Those of the system.
pub(crate) fn create(path: &Path) -> io::Result<(PathBuf, File)> {
    sweep(path);
    let mut tries = 0;
    loop {
        tries += 1;
        let part = path.with_file_name(name(path)?);
        let file = match create_new(&part) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < TRIES => continue,
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            // Who sweeps can have been between making and locking.
            Ok(()) if file.metadata()?.nlink() == 0 && tries < TRIES => {}
            Err(TryLockError::WouldBlock) if tries < TRIES => {}
            // Some network file systems have no locks.
            _ => return Ok((part, file)),
        }
    }
}

/// A file that is made anew, whatever stands there, and that its owner alone may read.
///
/// # Errors
/// Those of the system.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(open(path, flags, OWNER)?.into())
}

/// Opens a file that is kept beside another, or makes it; never what a link leads to.
///
/// # Errors
/// Those of the system.
pub(crate) fn keep(path: &Path) -> io::Result<File> {
    let flags =
        OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(open(path, flags, OWNER)?.into())
}

/// Gives the file the rights under which it takes its name: those of the one that it replaces, never more.
///
/// # Errors
/// Those of the system.
pub(crate) fn open_up(file: &File, before: Option<&Metadata>, access: Access) -> io::Result<()> {
    let Some(before) = before else {
        return match access {
            Access::Owner => Ok(()),
            Access::Umask => Ok(fchmod(file, Mode::from_raw_mode(0o666) - usual_umask())?),
        };
    };
    let mut mode = before.mode() & 0o777;
    let own = file.metadata()?;
    if own.gid() != before.gid() && fchown(file, None, Some(Gid::from_raw(before.gid()))).is_err() {
        // What its group could do is nothing for another.
        mode &= !0o070;
    }
    if access == Access::Owner {
        mode &= 0o700;
    }
    Ok(fchmod(file, Mode::from_raw_mode(mode))?)
}

/// Takes from all but its owner what they may do with a file that holds keys.
///
/// # Errors
/// Those of the system.
pub fn keep_to_owner(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let before = file.metadata()?;
    if before.is_file() && before.mode() & 0o077 != 0 {
        fchmod(&file, Mode::from_raw_mode(before.mode() & 0o700))?;
    }
    Ok(())
}

/// A path with something behind its name.
pub fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

/// The file beside another one that its writer locks.
///
/// # Errors
/// Where it cannot be opened.
pub fn lock_file(path: &Path) -> Result<File, FileError> {
    let lock = with_end(path, ".lock");
    keep(&lock).map_err(|cause| {
        // Whoever made a link of that name wants another file to be touched.
        let place = if lock.is_symlink() { &lock } else { path };
        FileError::opening(place, cause)
    })
}

/// The rights that new files do not get.
fn usual_umask() -> Mode {
    static UMASK: OnceLock<Mode> = OnceLock::new();
    *UMASK.get_or_init(|| {
        // It can be read by setting it alone. A file that another thread makes meanwhile has fewer rights, not more.
        let usual = umask(Mode::RWXG | Mode::RWXO);
        umask(usual);
        usual
    })
}

fn name(path: &Path) -> io::Result<OsString> {
    let mut random = [0; 8];
    getrandom(&mut random, GetRandomFlags::empty())?;
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(
        ".{}-{}{END}",
        std::process::id(),
        hex::encode(random)
    ));
    Ok(name)
}

/// Removes what was being written to this folder when a process was killed.
pub(crate) fn sweep(path: &Path) {
    let own = path.file_name().unwrap_or_default().as_bytes();
    for entry in fs::read_dir(folder(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if let Some(pid) = writer(name.as_bytes(), own)
            && is_left(&entry.path(), pid)
        {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process that a file is named after: of any output, or of `own` as they were called once, `.NAME.PID.part`.
fn writer(name: &[u8], own: &[u8]) -> Option<i32> {
    let middle = name.strip_prefix(b".")?.strip_suffix(END.as_bytes())?;
    let dot = middle.iter().rposition(|byte| *byte == b'.')?;
    let last = std::str::from_utf8(middle.get(dot + 1..)?).ok()?;
    let digits = match last.split_once('-') {
        Some((pid, random)) => {
            let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
            (random.len() == 16 && random.bytes().all(is_hex)).then_some(pid)?
        }
        None => (middle.get(..dot)? == own).then_some(last)?,
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// Whether a regular file is nobody's: its process is gone, and no lock is on it.
fn is_left(path: &Path, pid: i32) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = open(path, flags, Mode::empty()).map(File::from) else {
        return false;
    };
    if !file.metadata().is_ok_and(|meta| meta.is_file()) {
        return false;
    }
    match file.try_lock() {
        Ok(()) if has_random(path) => true,
        Err(TryLockError::WouldBlock) => false,
        // The lock says nothing: files were not locked once, and cannot be everywhere.
        _ => Pid::from_raw(pid)
            .is_some_and(|pid| matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH))),
    }
}

fn has_random(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let mut pieces = name.rsplit(|byte| *byte == b'.');
    pieces.nth(1).is_some_and(|piece| piece.contains(&b'-'))
}

const END: &str = ".part";
/// Rights of a file that is not in its place yet.
const OWNER: Mode = Mode::RUSR.union(Mode::WUSR);
/// So many names are not all taken by chance.
const TRIES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::Folder;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_file_is_new_locked_the_owners_and_of_a_name_that_cannot_be_known() {
        let folder = Folder::new();
        let path = folder.path("a.json");
        let (first, file) = create(&path).unwrap();
        let (second, _other) = create(&path).unwrap();
        assert_ne!(first, second);
        assert_eq!(mode(&first), 0o600);
        // It stands through the sweep of the second: it is still written.
        assert!(first.exists() && file.metadata().unwrap().nlink() == 1);
        let pid = i32::try_from(std::process::id()).unwrap();
        let name = first.file_name().unwrap().as_bytes();
        assert_eq!(writer(name, b"other"), Some(pid));
    }

    #[test]
    fn a_link_in_the_place_of_the_file_is_not_followed() {
        let folder = Folder::new();
        fs::write(folder.path("mine"), "precious").unwrap();
        symlink("mine", folder.path("link")).unwrap();
        symlink("nothing", folder.path("dangling")).unwrap();
        for name in ["link", "dangling", "mine"] {
            let error = create_new(&folder.path(name)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}");
        }
        for name in ["link", "dangling"] {
            assert!(keep(&folder.path(name)).is_err(), "{name}");
        }
        assert_eq!(fs::read(folder.path("mine")).unwrap(), b"precious");
        assert_eq!(folder.names(), ["dangling", "link", "mine"]);
    }

    #[test]
    fn what_the_dead_left_is_swept_away_and_nothing_else() {
        let folder = Folder::new();
        // Above every process id that Linux gives.
        let gone = 4_194_305;
        let alive = std::process::id();
        let left = [
            format!(".a.json.{gone}.part"),
            format!(".a.json.{gone}-0123456789abcdef.part"),
            format!(".b.csv.{gone}-0123456789abcdef.part"),
            // Its number was given to another: the lock tells.
            format!(".c.csv.{alive}-0123456789abcdef.part"),
        ];
        let kept = [
            format!(".a.json.{alive}.part"),
            format!(".b.csv.{gone}.part"),
            format!(".a.json.{gone}-0123456789ABCDEF.part"),
            format!(".a.json.{gone}-0123.part"),
            ".a.json.part".to_owned(),
            ".a.json.-1.part".to_owned(),
            format!("a.json.{gone}-0123456789abcdef.part"),
        ];
        for name in left.iter().chain(&kept) {
            fs::write(folder.path(name), "{").unwrap();
        }
        let link = format!(".d.csv.{gone}-0123456789abcdef.part");
        symlink(".a.json.part", folder.path(&link)).unwrap();
        let mut expected: Vec<_> = kept.iter().cloned().chain([link]).collect();
        expected.sort();
        sweep(&folder.path("a.json"));
        assert_eq!(folder.names(), expected);
    }

    #[test]
    fn rights_are_those_of_the_file_before_and_never_more() {
        let folder = Folder::new();
        for (before, access, expected) in [
            (Some(0o600), Access::Umask, 0o600),
            (Some(0o640), Access::Umask, 0o640),
            (Some(0o644), Access::Umask, 0o644),
            (Some(0o644), Access::Owner, 0o600),
            (Some(0o400), Access::Owner, 0o400),
            (None, Access::Owner, 0o600),
            (None, Access::Umask, 0o666 & !usual_umask().bits()),
        ] {
            let old = folder.path("old");
            let before = before.map(|mode| {
                fs::write(&old, "").unwrap();
                fs::set_permissions(&old, fs::Permissions::from_mode(mode)).unwrap();
                fs::metadata(&old).unwrap()
            });
            let (path, file) = create(&folder.path("new")).unwrap();
            open_up(&file, before.as_ref(), access).unwrap();
            assert_eq!(mode(&path), expected, "{before:?} {access:?}");
            let _ = fs::remove_file(old);
        }
    }
}
