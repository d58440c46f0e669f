//! Plays a capture again, burst by burst.
//!
//! ```text
//! capture log     a burst a record, when its time says, a lane a label
//! anything else   a burst a frame with what stands before it, one each period
//! ```
//!
//! Every byte of the capture comes again, in order: noise and half frames too.

mod cutter;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use self::cutter::Cutter;
use crate::simulate::virtual_meter::Due;
use crate::source::dump::{DumpDecoder, DumpError, Form, Note, Piece};
use crate::source::error::SourceError;
use crate::source::file::Input;
use crate::source::open::Source;
use crate::source::read::{Read, SourceOptions};
use crate::sys::stop::Stop;

/// A capture that is played again.
pub struct Replay {
    input: Input,
    path: PathBuf,
    undump: DumpDecoder,
    cutter: Cutter,
    period: Duration,
    labels: Vec<String>,
    notes: Vec<Note>,
    is_full: bool,
    /// Time of the first record.
    first: Option<Timestamp>,
    /// When the latest burst was due.
    at: Duration,
    untimed: u32,
    ended: bool,
}

/// A capture that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It is a port, a FIFO or a device.
    #[error("{}: is not a file that can be read twice", .0.display())]
    NoFile(PathBuf),
    /// Its text cannot be turned to bytes.
    #[error("{}: {cause}", path.display())]
    Dump {
        /// The capture.
        path: PathBuf,
        /// Where, and why.
        cause: DumpError,
    },
}

impl Replay {
    /// Opens a capture; without times in it, its frames come `period` apart.
    ///
    /// # Errors
    /// A file that cannot be read; a log that is damaged other than at its end.
    pub fn open(path: &Path, period: Duration, stop: &Stop) -> Result<Self, ReplayError> {
        let mut scan = Self::begin(path, period, stop)?;
        scan.find_labels()?;
        let labels = match scan.labels.is_empty() {
            true => vec![String::new()],
            false => scan.labels,
        };
        Ok(Self {
            labels,
            notes: scan.notes,
            is_full: scan.is_full,
            ..Self::begin(path, period, stop)?
        })
    }

    /// The labels in the capture, a lane each; one empty label where there is none.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What is worth a word about the capture.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Tells whether there are more labels than [`LANES_MAX`]: what the others sent is played as the first one's.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Appends the next burst; `None` at the end.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn next(&mut self, out: &mut Vec<u8>) -> Result<Option<Due>, ReplayError> {
        while self.cutter.is_empty() && !self.ended {
            self.read(|_| {})?;
        }
        let Some(burst) = self.cutter.next() else {
            return Ok(None);
        };
        out.extend_from_slice(&burst.bytes);
        let mut lane = 0;
        match &burst.record {
            Some((time, label)) => {
                let since = time.duration_since(*self.first.get_or_insert(*time));
                // A clock that was put back does not take time back.
                let since = Duration::try_from(since).unwrap_or_default();
                self.at = self.at.max(since);
                let known = self.labels.iter().position(|known| known == label);
                lane = known.unwrap_or(0);
            }
            None => {
                self.at = self.period.saturating_mul(self.untimed);
                self.untimed = self.untimed.saturating_add(1);
            }
        }
        Ok(Some(Due { lane, at: self.at }))
    }

    fn begin(path: &Path, period: Duration, stop: &Stop) -> Result<Self, ReplayError> {
        let options = SourceOptions::new(stop.clone());
        let input = match Source::open_path(path, &options)? {
            Source::Input(input) if input.size().is_some() => input,
            _ => return Err(ReplayError::NoFile(path.to_owned())),
        };
        Ok(Self {
            input,
            path: path.to_owned(),
            undump: DumpDecoder::new(None),
            cutter: Cutter::default(),
            period,
            labels: Vec::new(),
            notes: Vec::new(),
            is_full: false,
            first: None,
            at: Duration::ZERO,
            untimed: 0,
            ended: false,
        })
    }

    /// Reads a log once to its end; of another form there are no labels to find.
    fn find_labels(&mut self) -> Result<(), ReplayError> {
        let (mut labels, mut notes) = (Vec::<String>::new(), Vec::new());
        let mut is_full = false;
        while !self.ended && self.undump.form().is_none_or(|form| form == Form::Log) {
            self.read(|piece| match piece {
                Piece::Record { label, .. } if !labels.iter().any(|known| known == label) => {
                    match labels.len() < LANES_MAX {
                        true => labels.push((*label).to_owned()),
                        false => is_full = true,
                    }
                }
                Piece::Note(note) => notes.push(note.clone()),
                _ => {}
            })?;
            self.cutter.forget();
        }
        (self.labels, self.notes, self.is_full) = (labels, notes, is_full);
        Ok(())
    }

    /// Takes one read of the file.
    fn read(&mut self, mut see: impl FnMut(&Piece<'_>)) -> Result<(), ReplayError> {
        let mut buf = vec![0; CHUNK];
        let read = self.input.read(&mut buf)?;
        let Self { undump, cutter, .. } = self;
        let mut take = |piece: Piece<'_>| {
            see(&piece);
            cutter.take(piece);
        };
        let done = match read {
            Read::Bytes(count) => undump.push(buf.get(..count).unwrap_or_default(), &mut take),
            Read::Quiet | Read::NoWriter => Ok(()),
            Read::End | Read::Gone(_) | Read::Stopped | Read::Line(_) => {
                self.ended = true;
                let finished = undump.finish(&mut take);
                cutter.finish();
                finished
            }
        };
        done.map_err(|cause| ReplayError::Dump {
            path: self.path.clone(),
            cause,
        })
    }
}

/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Labels of one log that are played apart.
pub const LANES_MAX: usize = 250;

#[cfg(test)]
mod tests {
    use super::super::dump::{encode_hex, write_header, write_record, write_remark};
    use super::super::testing::Folder;
    use super::*;
    use crate::simulate::virtual_meter::{MeterGroup, Plan};
    use std::fs;

    fn frames(count: usize) -> Vec<Vec<u8>> {
        let options = [("count", count.to_string()), ("start", "2026-01-31".into())];
        let pairs = options.iter().map(|(name, value)| (*name, value.as_str()));
        let mut street = MeterGroup::new(&Plan::of_options(pairs).unwrap());
        std::iter::from_fn(|| {
            let mut frame = Vec::new();
            street.next(&mut frame).map(|_| frame)
        })
        .collect()
    }

    /// Lane, milliseconds and bytes of a burst.
    type Played = (usize, u64, Vec<u8>);

    fn played(content: &[u8]) -> (Vec<String>, Vec<Played>) {
        let folder = Folder::new();
        let path = folder.path("capture");
        fs::write(&path, content).unwrap();
        let stop = Stop::new().unwrap();
        let mut replay = Replay::open(&path, Duration::from_secs(10), &stop).unwrap();
        let bursts = std::iter::from_fn(|| {
            let mut bytes = Vec::new();
            let due = replay.next(&mut bytes).unwrap()?;
            Some((due.lane, due.at.as_millis() as u64, bytes))
        })
        .collect();
        (replay.labels().to_vec(), bursts)
    }

    #[test]
    fn a_log_is_played_by_its_times_and_labels() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut log = Vec::new();
        write_header(&mut log, time("2026-02-03T08:00:00Z"));
        let frames = frames(3);
        let times = ["08:00:04.5Z", "08:00:14.75Z", "08:00:13Z", "09:00:04.5Z"];
        let labels = ["house", "pv", "house", ""];
        let bytes = [&frames[0][..], &frames[1], &frames[2], b"noise"];
        for ((at, label), bytes) in times.iter().zip(labels).zip(bytes) {
            let at = time(&format!("2026-02-03T{at}"));
            write_record(&mut log, at, label, "gcm", bytes);
            write_remark(&mut log, at, label, "lost");
        }
        log.extend_from_slice(b"2026-02-03T10:00:00Z house gcm 99 DB08");
        let (labels, bursts) = played(&log);
        assert_eq!(labels, ["house", "pv", ""]);
        let expected = [
            (0, 0, frames[0].clone()),
            (1, 10_250, frames[1].clone()),
            (0, 10_250, frames[2].clone()),
            (2, 3_600_000, b"noise".to_vec()),
        ];
        assert_eq!(bursts, expected);
    }

    #[test]
    fn a_dump_without_times_is_played_frame_by_frame_and_whole() {
        let frames = frames(3);
        let mut dump = b"noise".to_vec();
        dump.extend(frames.concat());
        dump.extend_from_slice(&frames[0][..400]);
        let expected = vec![
            (0, 0, [b"noise", &frames[0][..]].concat()),
            (0, 10_000, frames[1].clone()),
            (0, 20_000, frames[2].clone()),
            (0, 30_000, frames[0][..400].to_vec()),
        ];
        assert_eq!(played(&dump), (vec![String::new()], expected.clone()));
        let (_, of_hex) = played(encode_hex(&dump).as_bytes());
        assert_eq!(of_hex, expected);
    }

    #[test]
    fn what_cannot_be_played_says_why() {
        let stop = Stop::new().unwrap();
        let open = |path: &str| {
            let opened = Replay::open(Path::new(path), Duration::from_secs(1), &stop);
            opened.map(|_| ()).unwrap_err().to_string()
        };
        assert_eq!(open("/nowhere/x"), "/nowhere/x: no such file");
        assert!(open("/dev/null").contains("is not a file that can be read twice"));
    }
}
