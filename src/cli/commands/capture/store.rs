//! The files of a capture.
//!
//! ```text
//! raw   each burst as it came                      cut into files between frames
//! log   a line a frame when it is whole;           2026-11-23T08:15:04.123456Z house gcm 1519 DB0853...
//!       what waits 250 ms for its end is a `part`
//! ```

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, Zoned};

use crate::cli::args::{Capture, CaptureFormat};
use crate::p1::event::{Event, Reason};
use crate::p1::span::Span;
use crate::run::failure::{Exit, Failure};
use crate::run::input::LEVEL;
use crate::source::dump::{write_header, write_record, write_remark};
use crate::source::maxsonar::Level;
use crate::source::packed::Packing;
use crate::store::record::{RecordOptions, Recorder};
use crate::store::target::Existing;
use crate::sys::file_error::FileError;

/// All files of a capture.
pub(super) struct Store {
    format: CaptureFormat,
    recorders: Vec<Recorder>,
    streams: Vec<SourceStream>,
    /// Lines of the log that are not written yet.
    lines: Vec<u8>,
    /// Nothing more can be written.
    failed: Option<FileError>,
    existing: Existing,
}

/// What is known of one source.
struct SourceStream {
    label: String,
    recorder: usize,
    /// Bytes that are in no line yet, of a log.
    pending: Vec<u8>,
    /// Offset of the first of them.
    base: u64,
    /// Offsets from which on bytes were received at a time.
    times: VecDeque<(u64, Timestamp)>,
    /// Bytes received, and how many of them are in an event.
    received: u64,
    settled: u64,
}

impl Store {
    /// Opens the file, or one for each label.
    ///
    /// # Errors
    /// A file that is there already or cannot be made; several sources for one file of raw bytes.
    pub(super) fn open(
        args: &Capture,
        labels: &[String],
        existing: Existing,
    ) -> Result<Self, Failure> {
        let paths = paths(args, labels)?;
        let mut header = Vec::new();
        if args.format == CaptureFormat::Log {
            write_header(&mut header, Timestamp::now());
        }
        let options = RecordOptions {
            existing,
            rotation: args.rotate.unwrap_or_default(),
            header,
            lines: args.format == CaptureFormat::Log,
            compress: args.compress.map(Packing::from),
        };
        let now = Zoned::now();
        let mut recorders = Vec::new();
        for path in &paths {
            recorders.push(Recorder::open(path, options.clone(), &now)?);
        }
        let last = recorders.len().saturating_sub(1);
        let stream = |(index, label): (usize, &String)| SourceStream {
            label: label.clone(),
            recorder: index.min(last),
            pending: Vec::new(),
            base: 0,
            times: VecDeque::new(),
            received: 0,
            settled: 0,
        };
        Ok(Self {
            format: args.format,
            recorders,
            streams: labels.iter().enumerate().map(stream).collect(),
            lines: Vec::new(),
            failed: None,
            existing,
        })
    }

    /// Takes bytes as received.
    pub(super) fn bytes(&mut self, index: usize, at: Timestamp, bytes: &[u8], broken: &[usize]) {
        let Some(stream) = self.streams.get_mut(index) else {
            return;
        };
        let offset = stream.received;
        stream.received += bytes.len() as u64;
        if self.format == CaptureFormat::Raw {
            let recorder = self.recorders.get_mut(stream.recorder);
            if let (None, Some(recorder)) = (&self.failed, recorder) {
                self.failed = recorder.write(bytes, &Zoned::now()).err();
            }
            return;
        }
        stream.times.push_back((offset, at));
        stream.pending.extend_from_slice(bytes);
        if let Some(first) = broken.first() {
            let (count, place) = (broken.len(), offset + *first as u64);
            let remark = format!("broken:_{count}_bytes_from_0x{place:x}");
            write_remark(&mut self.lines, at, &stream.label, &remark);
        }
    }

    /// Takes what bytes turned out to be.
    pub(super) fn event(&mut self, index: usize, at: Option<Timestamp>, event: &Event<'_>) {
        self.line(index, at, event.span(), kind(event));
    }

    /// Takes a reading of a level sensor.
    pub(super) fn level(&mut self, index: usize, level: &Level) {
        self.line(index, level.received_at, level.span, LEVEL);
    }

    /// Takes a silence: what waits for its end is written as it is.
    pub(super) fn quiet(&mut self, index: usize) {
        let Some(stream) = self
            .streams
            .get_mut(index)
            .filter(|stream| !stream.pending.is_empty())
        else {
            return;
        };
        let at = stream.time(stream.base);
        write_record(&mut self.lines, at, &stream.label, "part", &stream.pending);
        stream.base += stream.pending.len() as u64;
        stream.pending.clear();
    }

    /// Writes a remark into a log.
    pub(super) fn remark(&mut self, index: usize, at: Timestamp, remark: &str) {
        if let (CaptureFormat::Log, Some(stream)) = (self.format, self.streams.get(index)) {
            write_remark(&mut self.lines, at, &stream.label, remark);
        }
    }

    /// What could not be packed since the last call.
    pub(super) fn trouble(&self) -> Vec<FileError> {
        self.recorders.iter().flat_map(Recorder::trouble).collect()
    }

    /// Writes what waits, and puts on disk what waits too long.
    ///
    /// # Errors
    /// The disk is full or fails; the error says how much is safe.
    pub(super) fn flush(&mut self) -> Result<(), FileError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let now = Zoned::now();
        if let Some(log) = self
            .recorders
            .first_mut()
            .filter(|_| !self.lines.is_empty())
        {
            // Before the lines: those of a new day belong into its file.
            log.pause(&now)?;
            log.write(&self.lines, &now)?;
            self.lines.clear();
        }
        for (index, recorder) in self.recorders.iter_mut().enumerate() {
            let between = |stream: &SourceStream| {
                stream.recorder != index || stream.settled == stream.received
            };
            if self.format == CaptureFormat::Log || self.streams.iter().all(between) {
                recorder.pause(&now)?;
            }
        }
        Ok(())
    }

    /// Puts all on disk; gives the files and how many bytes of this capture are in them.
    ///
    /// # Errors
    /// As `flush`.
    pub(super) fn finish(mut self) -> Result<Vec<(PathBuf, u64)>, FileError> {
        for index in 0..self.streams.len() {
            self.quiet(index);
        }
        self.flush()?;
        let mut stored = Vec::new();
        for recorder in self.recorders {
            let path = recorder.path().to_path_buf();
            let bytes = recorder.finish()?;
            if bytes == 0 && self.existing == Existing::Refuse && path.is_file() {
                // Made by this capture, and nothing came: the next one shall not find it in its way.
                let _ = fs::remove_file(&path);
            } else {
                stored.push((path, bytes));
            }
        }
        Ok(stored)
    }

    fn line(&mut self, index: usize, at: Option<Timestamp>, span: Span, kind: &str) {
        let Some(stream) = self.streams.get_mut(index) else {
            return;
        };
        stream.settled = span.end;
        if self.format == CaptureFormat::Raw || span.end <= stream.base {
            return;
        }
        // The begin of it may be in the log already.
        let (kind, at) = match span.start < stream.base {
            true => ("part", stream.time(stream.base)),
            false => (kind, at.unwrap_or_else(|| stream.time(stream.base))),
        };
        let count = (span.end - stream.base) as usize;
        let bytes = stream.pending.get(..count).unwrap_or(&stream.pending);
        write_record(&mut self.lines, at, &stream.label, kind, bytes);
        stream.pending.drain(..count.min(stream.pending.len()));
        stream.base = span.end;
    }
}

impl SourceStream {
    /// When the byte at an offset was received; what is older is forgotten.
    fn time(&mut self, offset: u64) -> Timestamp {
        while self.times.get(1).is_some_and(|(next, _)| *next <= offset) {
            self.times.pop_front();
        }
        self.times
            .front()
            .map_or_else(Timestamp::now, |(_, at)| *at)
    }
}

/// What bytes are called in a log.
fn kind(event: &Event<'_>) -> &'static str {
    match event {
        Event::Telegram(decoded) if decoded.security.is_none() => "p1",
        Event::Telegram(_) => "gcm",
        Event::Junk(_) => "junk",
        Event::Refused(refused) => match refused.reason {
            Reason::Truncated { .. }
            | Reason::NoEnd
            | Reason::SegmentMissing
            | Reason::BlockMissing => "part",
            Reason::BadLength { .. } => "junk",
            Reason::CrcMismatch(_) | Reason::NoStart if refused.header.is_none() => "p1",
            _ => "gcm",
        },
    }
}

/// The files: one, or one for each label.
fn paths(args: &Capture, labels: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let Some(pattern) = args.out.to_str().filter(|path| path.contains(LABEL)) else {
        if args.format == CaptureFormat::Raw && labels.len() > 1 {
            let what = "raw bytes of several sources cannot be told apart in one file";
            return Err(Failure::new(Exit::Usage, what).hint(
                "--format log keeps them apart, or put %l in the file name for a file each",
            ));
        }
        return Ok(vec![args.out.clone()]);
    };
    if args.format == CaptureFormat::Log && labels.len() > 1 {
        let what = "a log holds all sources; %l in its name is for raw bytes";
        return Err(Failure::new(Exit::Usage, what));
    }
    let path = |label: &String| Path::new(&pattern.replace(LABEL, &plain(label))).to_path_buf();
    Ok(labels.iter().map(path).collect())
}

/// A label that can be part of a file name.
fn plain(label: &str) -> String {
    let last = label.trim_end_matches('/').rsplit('/').next();
    let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let plain = last.unwrap_or(label).chars();
    plain.map(|c| if fits(c) { c } else { '_' }).collect()
}

/// Stands for the label in a file name.
const LABEL: &str = "%l";
