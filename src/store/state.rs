//! The state file: what is remembered of meters over restarts and power cuts.
//!
//! ```text
//! {"version":1,"meters":{"SAG1030700114004":{"latest":{…},"start":{…},"excess":{…}}},
//!  "heard":{"SAG1030700114004":"2026-02-03T09:17:02Z"},
//!  "sealed":{"534147677001BD54":{"counter":4711,"check":"66E94B","tag":true,"clock":"…"}},
//!  "opened":{"534147677001BD54":"2026-02-03T09:17:02Z"},
//!  "pulses":{"cellar":{"pulses":81516,"per_kwh":1000}}}
//! ```
//!
//! It is always whole: written anew beside its place, put on disk, then renamed. One that cannot be read is kept with
//! `.bad` behind its name, and replaced. A lock on a file beside it, `.lock` behind its name, says who keeps it; whoever
//! comes second reads what stands there and writes nothing.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::observe::observer::Notice;
use crate::p1::ciphering::SystemTitle;
use crate::p1::derive::quarter::Memory;
use crate::p1::replay::Record;
use crate::source::pulse::Count;
use crate::store::beside;
use crate::store::out::{Access, OutFile};
use crate::store::target::Existing;
use crate::sys::bounded;
use crate::sys::file_error::FileError;

/// Meters by their ids.
pub type Meters = BTreeMap<String, Memory>;

/// Meters that encrypt, by their titles.
pub type Sealed = BTreeMap<SystemTitle, Record>;

/// What a state file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Sums of meters.
    pub meters: Meters,
    /// When they were heard last by the clock of this machine, seconds since 1970.
    pub heard: BTreeMap<String, i64>,
    /// Counters of meters that encrypt.
    pub sealed: Sealed,
    /// When a frame of theirs was opened last, by the clock of this machine, seconds since 1970.
    pub opened: BTreeMap<SystemTitle, i64>,
    /// Pulses by the labels of their sources.
    pub pulses: BTreeMap<String, Count>,
}

/// A state file that is kept.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// Holds the lock; none where another process has it.
    lock: Option<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    meters: Meters,
    #[serde(default)]
    heard: BTreeMap<String, Instant>,
    #[serde(default)]
    sealed: BTreeMap<String, Record>,
    #[serde(default)]
    opened: BTreeMap<String, Instant>,
    #[serde(default)]
    pulses: BTreeMap<String, Count>,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    meters: &'a Meters,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    heard: BTreeMap<&'a str, Instant>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sealed: BTreeMap<String, &'a Record>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    opened: BTreeMap<String, Instant>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pulses: &'a BTreeMap<String, Count>,
}

/// A time that people can read.
struct Instant(Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

impl StateFile {
    /// Takes the file, with what stands in it and what is to be said about it.
    ///
    /// # Errors
    /// Where it can be neither read nor written.
    pub fn open(path: &Path) -> Result<(Self, Kept, Vec<Notice>), FileError> {
        let mut notices = Vec::new();
        let lock = lock(path)?;
        if lock.is_none() {
            notices.push(Notice {
                trouble: true,
                what: format!(
                    "{}: another smarty keeps it; what is computed here goes on from it, and is not kept",
                    path.display()
                ),
                hint: Some("--state names a file of its own".to_owned()),
            });
        }
        let file = Self {
            path: path.to_path_buf(),
            lock,
        };
        let kept = match read(path)? {
            Ok(kept) => kept,
            Err(fault) => {
                notices.push(file.put_aside(&fault));
                Kept::default()
            }
        };
        Ok((file, kept, notices))
    }

    /// Whether it is written at all.
    pub fn is_kept(&self) -> bool {
        self.lock.is_some()
    }

    /// Writes all that is remembered; the file is the old one or the new one, whatever happens.
    ///
    /// # Errors
    /// Where it cannot be written; the old one is left then.
    pub fn save(&self, kept: &Kept) -> Result<(), FileError> {
        if !self.is_kept() {
            return Ok(());
        }
        let failed = |cause| FileError::writing(&self.path, None, cause);
        let mut out = OutFile::create(&self.path, Existing::Replace)?.readable_by(Access::Owner);
        let written = Written {
            version: VERSION,
            meters: &kept.meters,
            heard: instants(&kept.heard, String::as_str),
            sealed: kept
                .sealed
                .iter()
                .map(|(title, record)| (title.to_string(), record))
                .collect(),
            opened: instants(&kept.opened, SystemTitle::to_string),
            pulses: &kept.pulses,
        };
        serde_json::to_writer(&mut out, &written).map_err(|error| failed(error.into()))?;
        out.write_all(b"\n").map_err(failed)?;
        out.finish()
    }

    /// Keeps a file that cannot be used under another name.
    fn put_aside(&self, fault: &str) -> Notice {
        let bad = beside::with_end(&self.path, ".bad");
        let kept = match self.is_kept() && fs::rename(&self.path, &bad).is_ok() {
            true => format!("it is kept as {}", bad.display()),
            false => "it is left as it is".to_owned(),
        };
        Notice {
            trouble: true,
            what: format!(
                "{}: {fault}, so sums begin anew; {kept}",
                self.path.display()
            ),
            hint: None,
        }
    }
}

/// Takes the lock; none where another process has it.
fn lock(path: &Path) -> Result<Option<File>, FileError> {
    let file = beside::lock_file(path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        // Some network file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    beside::sweep(path);
    Ok(Some(file))
}

/// What stands in a file that another process may keep, or why it cannot be used; nothing where there is none.
///
/// # Errors
/// Where it cannot be read.
pub fn read(path: &Path) -> Result<Result<Kept, String>, FileError> {
    let bytes = match bounded::read(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(Kept::default())),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            return Ok(Err("is no state of smarty".to_owned()));
        }
        Err(error) => return Err(FileError::opening(path, error)),
    };
    if bytes.is_empty() {
        return Ok(Ok(Kept::default()));
    }
    Ok(match serde_json::from_slice(&bytes) {
        Ok(Content {
            version: VERSION,
            meters,
            heard,
            sealed,
            opened,
            pulses,
        }) => {
            let sealed: Sealed = by_title(sealed).collect();
            let opened = by_title(opened).map(|(title, at)| (title, at.0.as_second()));
            let heard = heard.into_iter().map(|(id, at)| (id, at.0.as_second()));
            Ok(Kept {
                heard: heard.filter(|(id, _)| meters.contains_key(id)).collect(),
                meters,
                opened: opened
                    .filter(|(title, _)| sealed.contains_key(title))
                    .collect(),
                sealed,
                pulses,
            })
        }
        Ok(Content { version, .. }) => Err(format!("is of version {version}")),
        Err(error) => Err(format!(
            "is damaged in line {}, column {}",
            error.line(),
            error.column()
        )),
    })
}

/// What names no title is nobody's.
fn by_title<T>(named: BTreeMap<String, T>) -> impl Iterator<Item = (SystemTitle, T)> {
    let title = |(name, what): (String, T)| Some((SystemTitle::parse(&name)?, what));
    named.into_iter().filter_map(title)
}

/// Seconds since 1970 as times that people can read.
fn instants<'a, K, N: Ord>(
    seconds: &'a BTreeMap<K, i64>,
    name: impl Fn(&'a K) -> N,
) -> BTreeMap<N, Instant> {
    let at = |(of, second): (&'a K, &i64)| {
        let at = Timestamp::from_second(*second).ok()?;
        Some((name(of), Instant(at)))
    };
    seconds.iter().filter_map(at).collect()
}

/// Version of the form.
const VERSION: u32 = 1;
/// A longer file is none of ours, in bytes.
const LONGEST: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::Folder;

    const STATE: &str = r#"{"version":1,"meters":{"SAG1":{"latest":{"at":"2026-02-03T09:17:00Z","offset":60,"import":"25.653","registers":0},"start":{"import":"25.500","sure":true},"last_quarter_kwh":"0.400","excess":{"reference_kw":"3","day":"2026-02-03","day_kwh":"0.100","month_kwh":"1.250","unsure_quarters":7,"last_quarter_kwh":"0.000","last_day_kwh":null,"last_month_kwh":null}}},"sealed":{"53414767F001BD54":{"counter":4711,"check":"66E94B","tag":true,"clock":"2026-02-03T09:17:00Z"}}}
"#;
    /// As it was written before counters were remembered.
    const OLD: &str = r#"{"version":1,"meters":{}}"#;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = Folder::new();
        let path = folder.path("derive.json");
        fs::write(&path, STATE).unwrap();
        let (file, kept, notices) = StateFile::open(&path).unwrap();
        assert_eq!(
            (kept.meters.len(), kept.sealed.len(), notices.len()),
            (1, 1, 0)
        );
        fs::remove_file(&path).unwrap();
        file.save(&kept).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), STATE);
        assert_eq!(folder.names(), ["derive.json", "derive.json.lock"]);
    }

    #[test]
    fn no_file_and_an_empty_one_are_no_memory() {
        let folder = Folder::new();
        let path = folder.path("derive.json");
        assert!(StateFile::open(&path).unwrap().1 == Kept::default());
        fs::write(&path, OLD).unwrap();
        assert!(StateFile::open(&path).unwrap().2.is_empty());
        fs::write(&path, "").unwrap();
        let (_, kept, notices) = StateFile::open(&path).unwrap();
        assert!(kept == Kept::default() && notices.is_empty());
    }

    #[test]
    fn a_damaged_file_is_said_kept_and_replaced() {
        let folder = Folder::new();
        let path = folder.path("derive.json");
        for (text, fault) in [
            (&STATE[..100], "is damaged in line 1, column 100"),
            (r#"{"version":9,"meters":{}}"#, "is of version 9"),
            ("SAG1", "is damaged in line 1, column 1"),
            (
                &STATE.replace("25.653", "x"),
                "is damaged in line 1, column 93",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let (file, kept, notices) = StateFile::open(&path).unwrap();
            assert!(kept == Kept::default());
            assert!(notices[0].what.contains(fault), "{}", notices[0].what);
            assert_eq!(
                fs::read_to_string(folder.path("derive.json.bad")).unwrap(),
                text
            );
            file.save(&kept).unwrap();
            drop(file);
            assert!(StateFile::open(&path).unwrap().2.is_empty());
        }
    }

    #[test]
    fn when_a_meter_was_heard_is_written_for_people() {
        let folder = Folder::new();
        let path = folder.path("derive.json");
        fs::write(&path, STATE).unwrap();
        let (file, mut kept, _) = StateFile::open(&path).unwrap();
        kept.heard.insert("SAG1".to_owned(), 1_770_110_225);
        file.save(&kept).unwrap();
        drop(file);
        let text = fs::read_to_string(&path).unwrap();
        let heard = r#""heard":{"SAG1":"2026-02-03T09:17:05Z"}"#;
        assert!(text.contains(heard), "{text}");
        assert!(StateFile::open(&path).unwrap().1 == kept);
        fs::write(&path, text.replace("2026-02-03T09:17:05Z", "yesterday")).unwrap();
        assert!(StateFile::open(&path).unwrap().1 == Kept::default());
    }

    #[test]
    fn when_a_frame_was_opened_is_kept_of_meters_that_encrypt() {
        let folder = Folder::new();
        let path = folder.path("derive.json");
        fs::write(&path, STATE).unwrap();
        let (file, mut kept, _) = StateFile::open(&path).unwrap();
        assert!(kept.opened.is_empty(), "it is as it was written before");
        let title = *kept.sealed.keys().next().unwrap();
        kept.opened.insert(title, 1_770_110_225);
        file.save(&kept).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let opened = r#","opened":{"53414767F001BD54":"2026-02-03T09:17:05Z"}"#;
        assert!(text.contains(opened), "{text}");
        assert_eq!(read(&path).unwrap().unwrap(), kept);
        fs::write(&path, text.replace("5341", "5342")).unwrap();
        let renamed = read(&path).unwrap().unwrap();
        assert_eq!((renamed.sealed.len(), renamed.opened.len()), (1, 1));
        fs::write(
            &path,
            text.replace(r#""opened":{"5341"#, r#""opened":{"5342"#),
        )
        .unwrap();
        assert!(read(&path).unwrap().unwrap().opened.is_empty());
    }

    #[test]
    fn whoever_comes_second_reads_and_writes_nothing() {
        let folder = Folder::new();
        let path = folder.path("derive.json");
        fs::write(&path, STATE).unwrap();
        let (first, kept, _) = StateFile::open(&path).unwrap();
        let (second, seen, notices) = StateFile::open(&path).unwrap();
        assert_eq!(seen, kept);
        assert!(notices[0].what.contains("another smarty keeps it"));
        second.save(&Kept::default()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), STATE);
        drop(first);
        assert!(StateFile::open(&path).unwrap().0.is_kept());
    }

    #[test]
    fn what_a_killed_process_left_is_swept_away() {
        let folder = Folder::new();
        let path = folder.path("derive.json");
        fs::write(folder.path(".derive.json.4194305.part"), "{").unwrap();
        fs::write(folder.path(".other.json.4194305.part"), "{").unwrap();
        StateFile::open(&path).unwrap();
        assert_eq!(
            folder.names(),
            [".other.json.4194305.part", "derive.json.lock"]
        );
    }

    #[test]
    fn a_link_that_somebody_planted_is_not_followed() {
        let folder = Folder::new();
        let path = folder.path("derive.json");
        std::os::unix::fs::symlink("victim", folder.path("derive.json.lock")).unwrap();
        let error = StateFile::open(&path).unwrap_err().to_string();
        assert!(error.contains("derive.json.lock"), "{error}");
        assert_eq!(folder.names(), ["derive.json.lock"], "nothing was made");
    }

    #[test]
    fn what_is_remembered_is_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let path = folder.path("derive.json");
        let (file, kept, _) = StateFile::open(&path).unwrap();
        file.save(&kept).unwrap();
        for name in folder.names() {
            let mode = fs::metadata(folder.path(&name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error() {
        let folder = Folder::new();
        let error = StateFile::open(&folder.path("no/derive.json")).unwrap_err();
        assert!(matches!(error, FileError::NoFolder { .. }), "{error}");
        let error = StateFile::open(&folder.0).unwrap_err();
        assert!(error.to_string().contains("is a directory"), "{error}");
    }
}
