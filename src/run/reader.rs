//! What a run reads: inputs one after another, or sources all at once.
//!
//! ```text
//! in turn   a.bin b.bin -          each to its end, in the order given; files in chunks of whole frames
//! at once   ttyUSB0 tcp:// fifo    a thread each, in order of arrival
//! ```
//! While a chunk is decoded, the frames of those behind it are opened on other threads.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::vec::IntoIter;

use super::chunks::{Chunk, FrameChunks, size_for};
use super::pool::{Pool, Ticket};
use crate::p1::decoder::{FrameOpener, Opened};
use crate::run::failure::{Exit, Failure};
use crate::source::Arrival;
use crate::source::Place;
use crate::source::ReaderThreads;
use crate::source::Reconnecting;
use crate::source::SourceEvent;
use crate::sys::stop::Stop;

/// Reads the inputs of a run.
pub enum Reader {
    /// One after another.
    InTurn(Files),
    /// All at once.
    AtOnce(ReaderThreads),
}

/// Bytes of an input.
#[derive(Default)]
pub struct Bytes {
    /// As received.
    pub bytes: Vec<u8>,
    /// Places of those with parity or framing errors.
    pub broken: Vec<usize>,
    /// Label of the stream they belong to, where the input has several.
    pub label: Option<Arc<str>>,
    /// Their frames, where those were opened.
    pub opened: Option<Arc<Opened>>,
}

/// Inputs that are read one after another.
pub struct Files {
    inputs: IntoIter<Reconnecting>,
    /// Openers of the frames of each, where their bytes may be those of frames.
    openers: IntoIter<Option<FrameOpener>>,
    open: Option<Open>,
    /// Which of the inputs it is.
    input: usize,
    /// Buffers of chunks that are done.
    spare: Vec<Vec<u8>>,
    /// What their frames were opened in.
    spare_opened: Vec<Opened>,
    /// Most bytes of a chunk.
    chunk: usize,
    pool: Rc<Pool>,
}

/// The input that is read.
enum Open {
    Stream(Box<Reconnecting>),
    File(Box<File>),
}

/// A regular file.
struct File {
    chunks: FrameChunks,
    opener: Option<FrameOpener>,
    /// Chunks that were read, in their order.
    ahead: VecDeque<Ticket<Bytes>>,
}

impl Reader {
    /// Reads files in their order, and all at once where one of the inputs is live.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn new(inputs: Vec<Reconnecting>, stop: &Stop) -> Result<Self, Failure> {
        let openers = inputs.iter().map(|_| None).collect();
        Self::in_chunks(inputs, openers, stop, size_for(1, 1), Rc::new(Pool::new(1)))
    }

    /// Reads as `new`, files in chunks of so many bytes at the most whose frames are opened by a pool.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn in_chunks(
        inputs: Vec<Reconnecting>,
        openers: Vec<Option<FrameOpener>>,
        stop: &Stop,
        chunk: usize,
        pool: Rc<Pool>,
    ) -> Result<Self, Failure> {
        let live = |input: &Reconnecting| input.follows() || is_live(&input.address().place);
        if inputs.iter().any(live) {
            let threads = ReaderThreads::start(inputs, stop.clone());
            return threads
                .map(Self::AtOnce)
                .map_err(|error| Failure::new(Exit::Io, format!("threads: {error}")));
        }
        Ok(Self::InTurn(Files {
            inputs: inputs.into_iter(),
            openers: openers.into_iter(),
            open: None,
            input: 0,
            spare: Vec::new(),
            spare_opened: Vec::new(),
            chunk,
            pool,
        }))
    }

    /// What comes next, waiting for it up to `time`; a file never lets anyone wait.
    ///
    /// # Errors
    /// Nothing came within the time; or nothing more will.
    pub fn recv_timeout(&mut self, time: Duration) -> Result<Arrival<Bytes>, RecvTimeoutError> {
        match self {
            Self::InTurn(files) => files.next().ok_or(RecvTimeoutError::Disconnected),
            Self::AtOnce(threads) => {
                let Arrival {
                    source,
                    at,
                    instant,
                    event,
                } = threads.recv_timeout(time)?;
                Ok(Arrival {
                    source,
                    at,
                    instant,
                    event: event.map(|received| Bytes {
                        bytes: received.bytes,
                        broken: received.broken,
                        label: received.label,
                        opened: None,
                    }),
                })
            }
        }
    }

    /// Takes back bytes, to read others in their place: memory that is new is slow.
    pub fn recycle(&mut self, bytes: Bytes) {
        if let Self::InTurn(files) = self
            && files.spare.len() < 2 * files.pool.size() + 1
        {
            files.spare.push(bytes.bytes);
            let opened = bytes.opened.and_then(Arc::into_inner);
            files.spare_opened.extend(opened);
        }
    }
}

impl Files {
    fn next(&mut self) -> Option<Arrival<Bytes>> {
        let event = match self.open.take() {
            None => {
                let input = self.inputs.next()?;
                let opener = self.openers.next().flatten();
                self.begin(input, opener)
            }
            Some(Open::Stream(mut input)) => {
                let event = self.read(&mut input);
                self.open = Some(Open::Stream(input));
                event
            }
            Some(Open::File(mut file)) => {
                let bytes = self.read_ahead(&mut file);
                let event = match bytes {
                    Some(bytes) => SourceEvent::Bytes(bytes),
                    None => file.chunks.end().map(|_| Bytes::default()),
                };
                self.open = Some(Open::File(file));
                event
            }
        };
        let arrival = Arrival::now(self.input, event);
        if matches!(arrival.event, SourceEvent::Stopped) {
            // Nothing more is read of any of them.
            self.inputs = Vec::new().into_iter();
            self.open = None;
            return None;
        }
        if arrival.event.is_last() {
            self.open = None;
            self.input += 1;
        }
        Some(arrival)
    }

    /// Opens an input; a regular file is read in chunks from here on.
    fn begin(
        &mut self,
        mut input: Reconnecting,
        opener: Option<FrameOpener>,
    ) -> SourceEvent<Bytes> {
        let event = self.read(&mut input);
        self.open = Some(match &event {
            SourceEvent::Opened(found) if found.size.is_some() => Open::File(Box::new(File {
                chunks: FrameChunks::new(input, self.chunk),
                opener: opener.filter(|_| self.pool.is_parallel()),
                ahead: VecDeque::new(),
            })),
            _ => Open::Stream(Box::new(input)),
        });
        event
    }

    /// Reads once.
    fn read(&mut self, input: &mut Reconnecting) -> SourceEvent<Bytes> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.resize(BUFFER, 0);
        let event = input.read(&mut buffer);
        let broken = input.source().map_or(&[][..], |open| open.broken());
        event.map(|count| {
            buffer.truncate(count);
            Bytes {
                bytes: buffer,
                broken: broken.to_vec(),
                label: None,
                opened: None,
            }
        })
    }

    /// The next chunk; lets the frames of those behind it be opened.
    fn read_ahead(&mut self, file: &mut File) -> Option<Bytes> {
        let Some(opener) = &file.opener else {
            let chunk = file.chunks.next(self.spare.pop().unwrap_or_default())?;
            return Some(Bytes::from(chunk));
        };
        while file.ahead.len() < 2 * self.pool.size() {
            let Some(chunk) = file.chunks.next(self.spare.pop().unwrap_or_default()) else {
                break;
            };
            // A short file is read in no time.
            let alone = file.ahead.is_empty() && file.chunks.is_over();
            if alone || chunk.frames == 0 {
                file.ahead.push_back(Ticket::ready(Bytes::from(chunk)));
                continue;
            }
            let (mut opener, done) = (opener.clone(), self.spare_opened.pop());
            file.ahead.push_back(self.pool.run(move || {
                let opened = opener.open(&chunk.bytes, done.unwrap_or_default());
                Bytes {
                    opened: Some(Arc::new(opened)),
                    ..Bytes::from(chunk)
                }
            }));
        }
        file.ahead.pop_front().map(Ticket::take)
    }
}

impl From<Chunk> for Bytes {
    fn from(chunk: Chunk) -> Self {
        Self {
            bytes: chunk.bytes,
            ..Self::default()
        }
    }
}

/// Tells whether bytes come at their own time: a port, a server, a FIFO.
pub fn is_live(place: &Place) -> bool {
    match place {
        Place::Stdin => false,
        Place::Tcp { .. }
        | Place::Http(_)
        | Place::Mqtt(_)
        | Place::Pulse(_)
        | Place::Sim(_)
        | Place::Auto => true,
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
