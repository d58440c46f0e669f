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

/// A program that has a file open.
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

/// Finds a program other than this one that has `path` open, as far as `/proc` may be read:
/// an ordinary user sees programs of their own only.
pub fn holder(path: &Path) -> Option<Holder> {
    let path = fs::canonicalize(path).ok()?;
    let own = std::process::id();
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let holds = pid != own && has_open(&entry.path(), &path);
        holds.then(|| Holder {
            pid,
            program: read(entry.path().join("comm")).trim().to_owned(),
        })
    })
}

fn has_open(process: &Path, path: &Path) -> bool {
    fs::read_dir(process.join("fd")).is_ok_and(|fds| {
        fds.flatten()
            .any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target == path))
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
    fn a_program_that_holds_a_file_is_named() {
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
            found = holder(&path).filter(|holder| holder.program == "tail");
        }
        tail.kill().unwrap();
        tail.wait().unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(found.map(|holder| holder.pid), Some(tail.id()));
    }
}
