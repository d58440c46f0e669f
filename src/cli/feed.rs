//! What the pump reads: inputs one after another, or sources all at once.
//!
//! ```text
//! row   a.bin b.bin -          each to its end, in the order given; files in runs of whole frames
//! hub   ttyUSB0 tcp:// fifo    a thread each, in order of arrival
//! ```

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::time::{Duration, Instant};
use std::vec::IntoIter;

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use super::runs::{Run, Runs, size_for};
use crate::source::{
    Arrival, Chunk, Found, GoneReason, Hub, Lasting, LineNews, Next, Place, SourceError, Step,
    Stop, What,
};

/// Where things come from.
pub enum Feed {
    /// Inputs one after another.
    Row(Row),
    /// Sources all at once.
    Hub(Live),
}

/// Inputs one after another.
pub struct Row {
    inputs: IntoIter<Lasting>,
    input: Option<Input>,
    /// Which of the inputs it is.
    lane: usize,
    buffer: Vec<u8>,
    /// Buffers of runs that are done.
    spare: Vec<Vec<u8>>,
    /// Most bytes of a run.
    size: usize,
    stopped: bool,
}

/// The input that is read.
enum Input {
    Stream(Box<Lasting>),
    /// A regular file.
    File(Box<Runs>),
    /// A file that is lent.
    Lent,
}

/// Sources all at once.
pub struct Live {
    hub: Hub,
    stop: Stop,
    /// Lent out until the next call.
    chunk: Option<Chunk>,
}

/// What the feed has next.
pub enum Turn<'a> {
    /// Something of a lane.
    Came(Came<'a>),
    /// Bytes of the regular file of a lane.
    Run(usize, Run),
    /// Nothing within the time.
    Idle,
    /// All is read.
    End,
    /// A signal ended reading.
    Stopped,
}

/// Something that came of a lane.
pub struct Came<'a> {
    /// Which lane.
    pub lane: usize,
    /// When, by the clock on the wall.
    pub at: Timestamp,
    /// When, by a clock that only goes forward.
    pub instant: Instant,
    /// What.
    pub what: Piece<'a>,
}

/// What came of a lane.
pub enum Piece<'a> {
    /// It is open, for the first time.
    Opened(Found),
    /// Bytes as received, and where some had parity or framing errors.
    Bytes(&'a [u8], &'a [usize]),
    /// The settings of the line are looked for, or were found.
    Line(LineNews),
    /// Nothing came for a while; also while it is away.
    Quiet,
    /// Nobody has opened the FIFO for writing yet; said once.
    NoWriter,
    /// It went away.
    Lost(GoneReason),
    /// It cannot be opened yet, for another reason than before.
    Refused(SourceError),
    /// It is back after so long.
    Reopened(Duration),
    /// It is at its end.
    End,
    /// It cannot be opened or read.
    Failed(SourceError),
}

impl Feed {
    /// Reads files in their order, and all at once where one of the inputs is live.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn new(inputs: Vec<Lasting>, stop: &Stop) -> Result<Self, Failure> {
        Self::in_runs(inputs, stop, size_for(1, 1))
    }

    /// Reads as `new`, files in runs of so many bytes at the most.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn in_runs(inputs: Vec<Lasting>, stop: &Stop, size: usize) -> Result<Self, Failure> {
        let live = |input: &Lasting| input.follows() || is_live(&input.address().place);
        if !inputs.iter().any(live) {
            return Ok(Self::Row(Row {
                inputs: inputs.into_iter(),
                input: None,
                lane: 0,
                buffer: Vec::new(),
                spare: Vec::new(),
                size,
                stopped: false,
            }));
        }
        let hub = Hub::start(inputs, stop.clone())
            .map_err(|error| Failure::new(Exit::Io, format!("threads: {error}")))?;
        Ok(Self::Hub(Live {
            hub,
            stop: stop.clone(),
            chunk: None,
        }))
    }

    /// Takes back the bytes of a run.
    pub fn recycle(&mut self, bytes: Vec<u8>) {
        if let Self::Row(row) = self
            && row.spare.is_empty()
        {
            row.spare.push(bytes);
        }
    }

    /// Tells whether a file is read that is not at its end yet.
    pub fn goes_on(&self) -> bool {
        match self {
            Self::Row(row) => matches!(&row.input, Some(Input::File(runs)) if !runs.is_over()),
            Self::Hub(_) => false,
        }
    }

    /// Lends the file that is read; nothing comes until it is given back.
    pub fn lend(&mut self) -> Option<Box<Runs>> {
        let Self::Row(row) = self else { return None };
        match row.input.take() {
            Some(Input::File(runs)) => {
                row.input = Some(Input::Lent);
                Some(runs)
            }
            other => {
                row.input = other;
                None
            }
        }
    }

    /// Takes back the file that was lent, and goes on reading it.
    pub fn take_back(&mut self, runs: Box<Runs>) {
        if let Self::Row(row) = self {
            row.input = Some(Input::File(runs));
        }
    }

    /// What comes next, waiting for it up to `time`; a file never lets anyone wait.
    pub fn next(&mut self, time: Duration) -> Turn<'_> {
        match self {
            Self::Row(row) => row.next(),
            Self::Hub(live) => live.next(time),
        }
    }
}

impl Row {
    fn next(&mut self) -> Turn<'_> {
        if self.stopped {
            return Turn::Stopped;
        }
        if self.input.is_none() {
            self.input = self.inputs.next().map(Box::new).map(Input::Stream);
        }
        let lane = self.lane;
        let step = match &mut self.input {
            Some(Input::Stream(input)) => {
                self.buffer.resize(BUFFER, 0);
                input.read(&mut self.buffer)
            }
            Some(Input::File(runs)) => match runs.next(self.spare.pop().unwrap_or_default()) {
                Some(run) => return Turn::Run(lane, run),
                None => runs.end(),
            },
            Some(Input::Lent) | None => return Turn::End,
        };
        match step {
            Ok(Step::Opened) => return Turn::Came(Came::now(lane, self.open())),
            Ok(Step::End) | Err(_) => {
                self.input = None;
                self.lane += 1;
            }
            _ => {}
        }
        let what = match step {
            Ok(Step::Stopped) => {
                self.stopped = true;
                return Turn::Stopped;
            }
            Ok(Step::Bytes(count)) => {
                let broken = match &self.input {
                    Some(Input::Stream(input)) => input.source().map_or(&[][..], |s| s.broken()),
                    _ => &[],
                };
                Piece::Bytes(self.buffer.get(..count).unwrap_or_default(), broken)
            }
            Ok(Step::Opened | Step::Quiet) => Piece::Quiet,
            Ok(Step::Line(news)) => Piece::Line(news),
            Ok(Step::NoWriter) => Piece::NoWriter,
            Ok(Step::Lost(reason)) => Piece::Lost(reason),
            Ok(Step::Refused(error)) => Piece::Refused(error),
            Ok(Step::Reopened { after }) => Piece::Reopened(after),
            Ok(Step::End) => Piece::End,
            Err(error) => Piece::Failed(error),
        };
        Turn::Came(Came::now(lane, what))
    }

    /// What was opened; a regular file is read in runs from here on.
    fn open(&mut self) -> Piece<'static> {
        let Some(Input::Stream(input)) = self.input.take() else {
            return Piece::Quiet;
        };
        let Some(found) = input.source().map(Found::of) else {
            self.input = Some(Input::Stream(input));
            return Piece::Quiet;
        };
        self.input = Some(match found.size {
            Some(_) => Input::File(Box::new(Runs::new(*input, self.size))),
            None => Input::Stream(input),
        });
        Piece::Opened(found)
    }
}

impl<'a> Came<'a> {
    fn now(lane: usize, what: Piece<'a>) -> Self {
        Self {
            lane,
            at: Timestamp::now(),
            instant: Instant::now(),
            what,
        }
    }
}

impl Live {
    fn next(&mut self, time: Duration) -> Turn<'_> {
        let arrival = match self.hub.next(time) {
            Next::Arrival(arrival) => arrival,
            Next::Idle => return Turn::Idle,
            Next::Done if self.stop.is_stopped() => return Turn::Stopped,
            Next::Done => return Turn::End,
        };
        let Arrival {
            source,
            at,
            instant,
            what,
        } = arrival;
        let what = match what {
            What::Bytes(chunk) => {
                let chunk = self.chunk.insert(chunk);
                Piece::Bytes(chunk, chunk.broken())
            }
            What::Opened(found) => Piece::Opened(found),
            What::Line(news) => Piece::Line(news),
            What::Quiet => Piece::Quiet,
            What::NoWriter => Piece::NoWriter,
            What::Lost(reason) => Piece::Lost(reason),
            What::Refused(error) => Piece::Refused(error),
            What::Reopened { after } => Piece::Reopened(after),
            What::End => Piece::End,
            What::Failed(error) => Piece::Failed(error),
        };
        Turn::Came(Came {
            lane: source,
            // A clock outside of the years that can be written is wrong anyway.
            at: Timestamp::try_from(at).unwrap_or_else(|_| Timestamp::now()),
            instant,
            what,
        })
    }
}

/// Tells whether bytes come at their own time: a port, a server, a FIFO.
pub fn is_live(place: &Place) -> bool {
    match place {
        Place::Stdin => false,
        Place::Tcp { .. } | Place::Sim(_) | Place::Auto => true,
        Place::Path(path) => match fs::metadata(path) {
            Ok(meta) => {
                let kind = meta.file_type();
                kind.is_char_device() || kind.is_fifo()
            }
            Err(_) => is_absent_port(place),
        },
    }
}

/// Tells whether it names a port that is not plugged in.
pub fn is_absent_port(place: &Place) -> bool {
    match place {
        Place::Path(path) => path.starts_with("/dev") && !path.exists(),
        _ => false,
    }
}

/// Bytes read at once.
const BUFFER: usize = 128 << 10;
