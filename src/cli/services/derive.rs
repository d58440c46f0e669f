//! What is computed of each meter of a run, and its memory in the state file.
//!
//! The file is written when a quarter of an hour has ended, at the end of the run, and otherwise every five minutes
//! at the most: what a power cut takes in between the counter of the meter gives back.

mod meters;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcetera::BaseStrategy;
use jiff::Timestamp;

use crate::cli::args::DeriveArgs;
use crate::cli::inputs::Named;
use crate::observe::context::{Context, Senders, Source};
use crate::observe::observer::Notice;
use crate::observe::standing::PLACES;
use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::derive::{Derived, Deriver, Extent, Heard, ReferencePower};
use crate::p1::event::{Decoded, Tag};
use crate::p1::replay::{Record, Records};
use crate::run::failure::{Exit, Failure};
use crate::source::Place;
use crate::source::pulse::Counters;
use crate::store::state::{Kept, Sealed, StateFile};
use crate::sys::file_error::FileError;
use meters::{METERS_MAX, Meters};

/// Computes for all meters.
#[derive(Debug, Default)]
pub struct Deriving {
    extent: Extent,
    /// The reference power of the command line.
    reference: Option<ReferencePower>,
    /// Those of the sources: label, name, power.
    references: Vec<(Option<String>, String, Option<ReferencePower>)>,
    meters: Meters,
    state: Option<StateFile>,
    /// Meters that it holds at the most.
    written_max: usize,
    /// There are more than that; or more than can be computed for.
    is_full: [bool; 2],
    saved: Option<Instant>,
    /// Something is not saved.
    is_fresh: bool,
    /// A quarter has ended since all was saved.
    has_ended: bool,
    /// Saving fails, which was said.
    fails: bool,
    notices: Vec<Notice>,
    senders: Senders,
    /// Meters that encrypt.
    sealed: Sealed,
    /// When a frame of theirs was opened last, seconds since 1970.
    opened: BTreeMap<SystemTitle, i64>,
    /// More of them came than are kept, which was said.
    overflows: bool,
    /// Pulses of sources without a counter of their own.
    pulses: Counters,
    /// Pulses came since all was saved.
    is_counting: bool,
}

/// Tells whether a counter of imported energy is one of an earlier push.
fn counters_came_earlier(decoded: &Decoded<'_>) -> bool {
    let earlier = decoded.push.as_ref().map_or(&[][..], |push| push.earlier);
    let mut readings = decoded.telegram.readings().zip(earlier);
    readings.any(|(reading, earlier)| {
        let code = reading.code();
        earlier.is_some() && (code.c, code.d) == (1, 8)
    })
}

/// Where what is computed is kept when no file is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In the state folder of the user or the service.
    Always,
    /// Nowhere: a recording says all there is.
    WhereNamed,
}

impl Deriving {
    /// Computes as asked; nothing where nothing was asked for.
    ///
    /// # Errors
    /// A state file without anything to keep in it; one that was named and cannot be had.
    pub fn open(args: &DeriveArgs, named: &[Named], keep: Keep) -> Result<Option<Self>, Failure> {
        let any = named.iter().any(|named| named.reference_power.is_some());
        let extent = args.extent(any);
        // A service remembers counters without being asked.
        let pulsing = |named: &Named| matches!(named.address.place, Place::Pulse(_));
        let counts = named.iter().any(pulsing);
        let keeps = counts && args.state.is_some()
            || keep == Keep::Always
                && (counts || args.state.is_some() || service_folders().is_some());
        if extent == Extent::Nothing && !keeps {
            return match &args.state {
                None => Ok(None),
                Some(_) => Err(Failure::new(
                    Exit::Usage,
                    "--state keeps what is computed, and nothing is",
                )
                .hint("add --derive")),
            };
        }
        let of_source = |named: &Named| {
            let address = &named.address;
            let name = address.place.to_string();
            (address.label.clone(), name, named.reference_power)
        };
        let mut deriving = Self {
            extent,
            reference: args.reference_power,
            references: named.iter().map(of_source).collect(),
            written_max: args.meters_max.map_or(PLACES, |most| most.get() as usize),
            ..Self::default()
        };
        match (&args.state, keep) {
            (Some(path), _) => {
                let opened = StateFile::open(path)?;
                deriving.take(opened);
            }
            (None, Keep::WhereNamed) => {}
            (None, Keep::Always) => deriving.keep_in_state_folder(),
        }
        Ok(Some(deriving))
    }

    /// What is counted of pulses, and kept.
    pub fn pulses(&self) -> Counters {
        self.pulses.clone()
    }

    /// How much is computed.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Computes at a telegram.
    pub fn derive(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) -> Vec<Derived> {
        if self.extent == Extent::Nothing {
            return Vec::new();
        }
        let source = context.source;
        let reference = self.reference_of(source);
        let id = match self.senders.name(decoded) {
            id if id.is_empty() => Cow::Borrowed(source.label.unwrap_or(source.name)),
            id => id,
        };
        let tag = decoded.security.map(|security| security.tag);
        let proven = tag == Some(Tag::Valid) || context.keyed;
        let notices = &mut self.notices;
        let kept = self
            .meters
            .hear(&id, context.source.label, proven, |before| {
                welcome(before, reference, notices)
            });
        let Some(kept) = kept else {
            return Vec::new();
        };
        let deriver = &mut kept.deriver;
        let quarter = |deriver: &Deriver| deriver.memory().map(|memory| memory.quarter());
        let before = quarter(deriver);
        // Counters of an earlier push are not those of this time.
        let trusted = !decoded.is_doubtful() && !counters_came_earlier(decoded);
        let heard = Heard {
            second: context
                .received_at
                .unwrap_or_else(Timestamp::now)
                .as_second(),
            live: context.received_at.is_some(),
        };
        let derived = deriver.derive(&decoded.telegram, trusted, Some(heard));
        self.has_ended |= quarter(deriver) != before;
        self.is_fresh = true;
        if self.meters.make_room() {
            self.say_full(
                0,
                format!(
                    "more than {METERS_MAX} meters: the sums of those that were heard longest ago are forgotten"
                ),
                None,
            );
        }
        self.save_where_due();
        derived
    }

    /// What is remembered of the meters that encrypt, where that is kept.
    pub fn remembered(&self) -> Option<Arc<Records>> {
        let kept = self.state.as_ref().map(|_| &self.sealed);
        kept.map(|sealed| {
            Arc::new(
                sealed
                    .iter()
                    .map(|(title, record)| (*title, *record))
                    .collect(),
            )
        })
    }

    /// Remembers a meter that encrypts, a frame of which was opened just now.
    pub fn remember(&mut self, title: SystemTitle, record: &Record) {
        let full = self.sealed.len() >= SEALED;
        match self.sealed.get_mut(&title) {
            Some(known) => known.merge(record),
            None if !full => {
                self.sealed.insert(title, *record);
            }
            None if std::mem::replace(&mut self.overflows, true) => {}
            None => self.notices.push(Notice {
                trouble: true,
                what: format!("more than {SEALED} meters encrypt: the counters of the others are not kept over a restart"),
                hint: None,
            }),
        }
        if self.sealed.contains_key(&title) {
            self.opened.insert(title, Timestamp::now().as_second());
        }
        self.is_fresh = true;
        self.save_where_due();
    }

    /// Time goes on; gives what is to be said.
    pub fn tick(&mut self) -> Vec<Notice> {
        self.look_at_pulses();
        self.save_where_due();
        std::mem::take(&mut self.notices)
    }

    /// Saves the rest; gives what is to be said at last.
    pub fn finish(&mut self) -> Vec<Notice> {
        self.look_at_pulses();
        if self.is_fresh {
            self.save();
        }
        std::mem::take(&mut self.notices)
    }

    fn look_at_pulses(&mut self) {
        if self.pulses.take_fresh() {
            self.is_fresh = true;
            // Nothing else knows them.
            self.is_counting = true;
        }
    }

    /// Says once that there are too many.
    fn say_full(&mut self, which: usize, what: String, hint: Option<String>) {
        let is_said = self.is_full.get_mut(which);
        if !is_said.is_none_or(|said| std::mem::replace(said, true)) {
            self.notices.push(Notice {
                trouble: true,
                what,
                hint,
            });
        }
    }

    /// The reference power of the command line, else that of the source.
    fn reference_of(&self, source: Source<'_>) -> Option<ReferencePower> {
        let own = self.references.iter().find(|(label, name, _)| match label {
            Some(label) => source.label == Some(label.as_str()),
            None => source.name == name,
        });
        self.reference
            .or_else(|| own.and_then(|(.., power)| *power))
    }

    fn keep_in_state_folder(&mut self) {
        let opened = match default_state() {
            Some(path) => {
                // Whether it worked the file tells.
                let _ = path.parent().map(std::fs::create_dir_all);
                StateFile::open(&path)
            }
            None => return self.go_without("there is no state folder", None),
        };
        match opened {
            Ok(opened) => self.take(opened),
            Err(error) => self.go_without(&error.to_string(), Some(&error)),
        }
    }

    fn go_without(&mut self, why: &str, error: Option<&FileError>) {
        let hint = error.and_then(FileError::hint);
        self.notices.push(Notice {
            trouble: true,
            what: format!("{why}; sums are not kept over a restart"),
            hint: hint.or_else(|| Some("--state names a file".to_owned())),
        });
    }

    fn take(&mut self, (file, kept, notices): (StateFile, Kept, Vec<Notice>)) {
        self.state = Some(file);
        self.meters = Meters::of(kept.meters, &kept.heard);
        self.sealed = kept.sealed;
        self.opened = kept.opened;
        self.pulses.fill(kept.pulses);
        self.notices.extend(notices);
    }

    fn save_where_due(&mut self) {
        let apart = match (self.has_ended, self.is_counting) {
            (true, _) => APART_MIN,
            (false, true) => APART_OF_PULSES,
            (false, false) => APART,
        };
        let is_due = self.saved.is_none_or(|saved| saved.elapsed() >= apart);
        if self.is_fresh && is_due {
            self.save();
        }
    }

    fn save(&mut self) {
        let Some(state) = self.state.as_ref().filter(|state| state.is_kept()) else {
            return;
        };
        let mut kept = Kept {
            sealed: self.sealed.clone(),
            opened: self.opened.clone(),
            pulses: self.pulses.all(),
            ..Kept::default()
        };
        let is_full = self.meters.write(&mut kept, self.written_max);
        let saved = state.save(&kept);
        if is_full {
            let most = count(self.written_max as u64, "meter");
            let what = format!(
                "more than {most}: of the others, sums are not kept over a restart; \
                 those with a key or a label go first, then those heard last"
            );
            self.say_full(
                1,
                what,
                Some("--meters-max sets how many are kept".to_owned()),
            );
        }
        self.saved = Some(Instant::now());
        match saved {
            Ok(()) => {
                (self.is_fresh, self.has_ended, self.fails) = (false, false, false);
                self.is_counting = false;
            }
            Err(error) if !self.fails => {
                self.fails = true;
                self.notices.push(Notice {
                    trouble: true,
                    what: error.to_string(),
                    hint: error.hint(),
                });
            }
            Err(_) => {}
        }
    }
}

/// What computes for a meter that is heard for the first time, going on from what was remembered of it.
fn welcome(
    before: Option<Deriver>,
    reference: Option<ReferencePower>,
    notices: &mut Vec<Notice>,
) -> Deriver {
    let Some(deriver) = before else {
        return Deriver::new(reference, None);
    };
    let before = deriver.memory().and_then(|memory| memory.reference());
    if let (Some(before), Some(now)) = (before, reference)
        && before != now.kilowatts()
    {
        notices.push(Notice {
            trouble: false,
            what: format!(
                "the reference power was {before} kW and is {now}: sums above it begin anew"
            ),
            hint: None,
        });
    }
    deriver.referring_to(reference)
}

/// The folder that the system gave to the service, else that of the user.
pub fn default_state() -> Option<PathBuf> {
    let folder = match service_folders() {
        Some(folders) => std::env::split_paths(&folders).next()?,
        None => {
            let folders = etcetera::choose_base_strategy().ok()?;
            let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
            folder.join("smarty")
        }
    };
    Some(folder.join("derive.json"))
}

/// Folders that the system gave to the service.
fn service_folders() -> Option<OsString> {
    std::env::var_os("STATE_DIRECTORY").filter(|folders| !folders.is_empty())
}

/// Meters that encrypt of which the counters are kept. Nobody without their keys can displace one.
const SEALED: usize = 1024;
/// Time between two writings.
const APART: Duration = Duration::from_secs(300);
/// The same where pulses are counted: the meter does not say how many there were.
const APART_OF_PULSES: Duration = Duration::from_secs(60);
/// The same when a quarter has ended: of a recording, hundreds do in a second.
const APART_MIN: Duration = Duration::from_secs(1);
