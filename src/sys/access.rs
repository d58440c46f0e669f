//! Who may open a file, and who has it open: what the system tells of a path that cannot be had.
//!
//! Names come from `/etc/passwd` and `/etc/group` alone, programs from `/proc`; where these say nothing, nothing is
//! said. Users of a directory service are shown by their numbers.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// The owner of a path, its group, and how the user stands to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Owner, a name or a number.
    pub owner: String,
    /// Group, a name or a number.
    pub group: String,
    /// What the group would give to this user.
    pub membership: Membership,
}

/// How the user stands to the group of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The group may read and write, the user is not in it.
    Outside,
    /// The user was put into the group after this session began.
    NotYet,
    /// The group has no right itself, or the user is in it already.
    NoHelp,
}

/// A program that has a file open, or holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Name of the program, up to 15 characters as the kernel keeps it.
    pub program: String,
}

impl Rights {
    /// Looks up who owns `path`; none where it cannot even be looked at.
    pub fn of(path: &Path) -> Option<Self> {
        let meta = fs::metadata(path).ok()?;
        let owner = name_of(&read("/etc/passwd"), meta.uid());
        let groups = read("/etc/group");
        let group = name_of(&groups, meta.gid());
        let is_member = rustix::process::getegid().as_raw() == meta.gid()
            || rustix::process::getgroups()
                .is_ok_and(|all| all.iter().any(|gid| gid.as_raw() == meta.gid()));
        let user = name_of(&read("/etc/passwd"), rustix::process::geteuid().as_raw());
        // Nobody is to join the group of root for a port.
        let membership = if is_member || meta.gid() == 0 || meta.mode() & 0o060 != 0o060 {
            Membership::NoHelp
        } else if lists_member(&groups, meta.gid(), &user) {
            Membership::NotYet
        } else {
            Membership::Outside
        };
        Some(Self {
            owner,
            group,
            membership,
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_self() {
            return f.write_str("this run itself");
        }
        write!(f, "{} (process {})", self.program, self.pid)
    }
}

/// Whether users that are neither the owner of a regular file nor in its group can read it, by the rights of the file
/// and of all folders above it. Credentials of systemd are guarded otherwise.
pub fn others_read(path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else {
        return false;
    };
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    let credentials = credentials.filter(|folder| !folder.is_empty());
    if credentials.is_some_and(|folder| path.starts_with(folder)) {
        return false;
    }
    fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.mode() & 0o004 != 0)
        && shut_to_others(&path).is_none()
}

/// The first folder on the way to a path that others may not enter.
pub fn shut_to_others(path: &Path) -> Option<PathBuf> {
    let mut folders: Vec<_> = path.ancestors().skip(1).collect();
    folders.reverse();
    let shut = |folder: &&Path| fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 == 0);
    folders.into_iter().find(shut).map(Path::to_path_buf)
}

/// Whether this process may read and write `path`.
pub fn may_open(path: &Path) -> bool {
    access(path, Access::READ_OK | Access::WRITE_OK).is_ok()
}

/// The number of a group that `/etc/group` names.
pub fn group_id(name: &str) -> Option<u32> {
    read("/etc/group").lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    })
}

/// Finds the program that holds the lock of `path`, as far as `/proc` may be read: an ordinary user sees programs of
/// their own only. To have a file open, as a terminal's other programs have, is not to hold it.
pub fn holder(path: &Path) -> Option<Holder> {
    let meta = fs::metadata(path).ok()?;
    processes().find_map(|(pid, process)| {
        let locks = |fd: &str| {
            let info = read(process.join("fdinfo").join(fd));
            let mut locks = info.lines().filter(|line| line.starts_with("lock:"));
            // Only the descriptor that took a lock has it; those of children have it too.
            locks.any(|lock| lock.contains("FLOCK") && lock.contains("WRITE"))
        };
        has_open(&process, &meta, locks).then(|| Holder::of(pid, &process))
    })
}

/// Finds a program other than this one that has `path` open, locked or not, as far as `/proc` may be read.
pub fn opener(path: &Path) -> Option<Holder> {
    let meta = fs::metadata(path).ok()?;
    let own = std::process::id();
    processes().find_map(|(pid, process)| {
        let opens = pid != own && has_open(&process, &meta, |_| true);
        opens.then(|| Holder::of(pid, &process))
    })
}

impl Holder {
    fn of(pid: u32, process: &Path) -> Self {
        Self {
            pid,
            program: read(process.join("comm")).trim().to_owned(),
        }
    }

    /// Whether it is this very process.
    pub fn is_self(&self) -> bool {
        self.pid == std::process::id()
    }
}

/// All processes and their folders, in the order of the system.
fn processes() -> impl Iterator<Item = (u32, PathBuf)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
}

/// Whether a process has a file open with a descriptor of which `is` is true. By name alone it cannot be told: each
/// container may have a `/dev/pts/3` of its own.
fn has_open(process: &Path, meta: &fs::Metadata, is: impl Fn(&str) -> bool) -> bool {
    fs::read_dir(process.join("fd")).is_ok_and(|fds| {
        fds.flatten().any(|fd| {
            let same = fs::metadata(fd.path())
                .is_ok_and(|open| (open.dev(), open.ino()) == (meta.dev(), meta.ino()));
            same && fd.file_name().to_str().is_some_and(&is)
        })
    })
}

/// The name of `id` in a text of the form of `/etc/passwd` or `/etc/group`: `name:x:id:...`.
fn name_of(table: &str, id: u32) -> String {
    let number = id.to_string();
    table
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == number).then(|| name.to_owned())
        })
        .unwrap_or(number)
}

fn lists_member(groups: &str, gid: u32, user: &str) -> bool {
    let number = gid.to_string();
    groups.lines().any(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        matches!(fields[..], [_, _, id, members] if id == number && members.split(',').any(|member| member == user))
    })
}

fn read(path: impl Into<PathBuf>) -> String {
    fs::read(path.into())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    const GROUPS: &str = "root:x:0:\ndialout:x:20:anna,ben\n";

    #[test]
    fn a_file_is_open_to_others_where_they_may_read_it_and_come_to_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("smarty-others-{}", std::process::id()));
        let path = folder.join("my.key");
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        fs::create_dir(&folder).unwrap();
        fs::write(&path, "").unwrap();
        let rights = [
            (0o755, 0o644, true),
            (0o755, 0o604, true),
            (0o755, 0o640, false),
            (0o755, 0o600, false),
            (0o750, 0o644, false),
            (0o711, 0o644, true),
        ];
        for (above, own, open) in rights {
            set(&folder, above);
            set(&path, own);
            assert_eq!(others_read(&path), open, "{above:o} {own:o}");
        }
        set(&folder, 0o700);
        assert_eq!(shut_to_others(&path), Some(folder.clone()));
        assert!(!others_read(&folder) && !others_read(&folder.join("none")));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn names_come_from_the_tables_and_numbers_stay_where_there_is_none() {
        assert_eq!(name_of(GROUPS, 20), "dialout");
        assert_eq!(name_of(GROUPS, 21), "21");
        assert!(lists_member(GROUPS, 20, "ben"));
        assert!(!lists_member(GROUPS, 20, "be"));
    }

    #[test]
    fn the_program_that_holds_the_lock_is_named_and_no_bystander() {
        let path = std::env::temp_dir().join(format!("smarty-held-{}", std::process::id()));
        fs::write(&path, b"").unwrap();
        let mut tail = Command::new("tail")
            .arg("-f")
            .arg(&path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let mut found = None;
        while found.is_none() && start.elapsed() < Duration::from_secs(5) {
            found = opener(&path).filter(|opener| opener.program == "tail");
        }
        assert_eq!(found.map(|opener| opener.pid), Some(tail.id()));
        assert_eq!(holder(&path), None, "a bystander holds nothing");
        let mine = fs::File::open(&path).unwrap();
        mine.lock().unwrap();
        let own = holder(&path).unwrap();
        assert!(own.is_self() && own.to_string() == "this run itself");
        drop(mine);
        let held = Command::new("flock")
            .args([
                "--no-fork".as_ref(),
                path.as_os_str(),
                "sleep".as_ref(),
                "60".as_ref(),
            ])
            .spawn();
        if let Ok(mut sleep) = held {
            let start = Instant::now();
            let mut found = None;
            while found.is_none() && start.elapsed() < Duration::from_secs(5) {
                found = holder(&path);
            }
            sleep.kill().unwrap();
            sleep.wait().unwrap();
            assert_eq!(found.map(|holder| holder.pid), Some(sleep.id()));
        }
        tail.kill().unwrap();
        tail.wait().unwrap();
        fs::remove_file(&path).unwrap();
    }
}
