//! What an input holds, on its way to the decoder: its objects are read and its frames opened by other threads meanwhile.
//!
//! ```text
//! taken apart   | bytes, records, silences |  as they come; a batch is some hundred kilobytes
//! threads       open frames of batch 4     |         6
//! threads             batch 3   |        5
//! decoder       2 |      3      |     4    |    5             in order, with what was opened
//! ```
//! Whatever form an input has, its frames are opened here: files, pipes, logs, hexadecimal. Where a batch ends, as much
//! was read as is read at once; the decoder opens the one frame itself that lies on both sides. Nothing of what comes out
//! depends on it.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::input::LEVEL;
use super::pool::{Idle, Pool, Ticket};
use super::stream::Said;
use crate::p1::decoder::{FrameOpener, Opened};
use crate::p1::session::Input;
use crate::source::dump::{DumpError, Note, Object, Piece};

/// Batches of an input that are on their way.
pub(super) struct Ahead {
    pool: Rc<Pool>,
    openers: Idle<FrameOpener>,
    /// Bytes of a batch, about.
    size: usize,
    /// What is gathered.
    batch: Batch,
    under_way: VecDeque<Ticket<Batch>>,
    /// Batches that are done: memory that is new is slow.
    spare: Vec<Batch>,
    /// What was opened in others, which somebody may still keep.
    lent: VecDeque<Arc<Opened>>,
    /// No more is wanted.
    is_over: bool,
}

/// What came of an input, in its order.
#[derive(Default)]
pub(super) struct Batch {
    /// All bytes, one behind the other, until their frames are opened.
    bytes: Vec<u8>,
    /// What came.
    pub(super) steps: Vec<Step>,
    /// Texts of objects that are not read yet, one behind the other.
    objects: String,
    /// The bytes and the frames in them, where those were opened.
    opened: Option<Arc<Opened>>,
    /// Memory for others, that of a batch that is done with.
    memory: Opened,
    /// The label of the last record.
    label: Option<Arc<str>>,
    /// What an archive said last.
    said: Option<Arc<Said>>,
}

/// One thing that came.
pub(super) enum Step {
    /// Bytes of one stream, received at a time if that is known.
    Bytes(Range<usize>, Option<Timestamp>),
    /// What follows belongs to this label, and is of this kind.
    Record(Arc<str>, &'static str),
    /// What an archive says of the telegram whose bytes follow, which belongs to this label.
    Archived(Arc<str>, Arc<Said>),
    Silence,
    Lost,
    Note(Note),
    /// A note of an object, which others may have given as well.
    NoteOfObject(Note),
    /// An object that is not read yet: where its text stands, and the number of its first line.
    Object(Range<usize>, u64),
    /// Nothing more can be read.
    Failed(DumpError),
    /// So much was read at once. Observers have their say here, and whether more is wanted is looked at, however many
    /// threads there are.
    Pause,
}

impl Ahead {
    /// Lets a pool open frames, in batches of so many bytes.
    pub(super) fn new(pool: Rc<Pool>, opener: FrameOpener, size: usize) -> Self {
        Self {
            pool,
            openers: Idle::new(opener),
            size,
            batch: Batch::default(),
            under_way: VecDeque::new(),
            spare: Vec::new(),
            lent: VecDeque::new(),
            is_over: false,
        }
    }

    /// Opens frames with other keys from the next batch on.
    pub(super) fn open_with(&mut self, opener: FrameOpener) {
        self.openers = Idle::new(opener);
    }

    /// Where what comes next is gathered.
    pub(super) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Takes bytes as they are, and leaves others in their place, where they are enough for a batch of their own: what is
    /// copied from the memory of the system should not be copied again.
    pub(super) fn take(&mut self, bytes: &mut Vec<u8>, at: Option<Timestamp>) -> bool {
        let batch = &mut self.batch;
        let is_empty = batch.bytes.is_empty() && batch.objects.is_empty();
        let is_taken = is_empty && bytes.len() >= self.size;
        if is_taken {
            batch.steps.push(Step::Bytes(0..bytes.len(), at));
            // They are not cleared: to fill them for the next read would be to write them once more.
            batch.bytes = std::mem::replace(bytes, batch.memory.take_bytes());
        }
        is_taken
    }

    /// Lets the frames be opened of what is gathered, where that is much. Gives the first batch where many are under
    /// way.
    pub(super) fn next(&mut self) -> Option<Batch> {
        if self.batch.bytes.len() + self.batch.objects.len() >= self.size {
            self.submit();
        }
        let most = (self.pool.size() + 2).min(UNDER_WAY_MAX);
        match self.under_way.len() > most {
            true => self.under_way.pop_front().map(Ticket::take),
            false => None,
        }
    }

    /// Gives the batches under way, then what is gathered: so little is opened sooner than a thread is woken.
    pub(super) fn rest(&mut self) -> Option<Batch> {
        if let Some(ticket) = self.under_way.pop_front() {
            return Some(ticket.take());
        }
        let next = self.follow();
        let mut rest = std::mem::replace(&mut self.batch, next);
        rest.read_objects();
        (!rest.steps.is_empty()).then_some(rest)
    }

    /// Takes back a batch that is done.
    pub(super) fn recycle(&mut self, mut batch: Batch) {
        let opened = batch.clear();
        let most = UNDER_WAY_MAX.min(self.pool.size() + 2);
        if self.spare.len() < most {
            self.spare.push(batch);
        }
        if self.lent.len() < most {
            self.lent.extend(opened);
        }
    }

    /// Forgets all that is on its way, as no more is wanted.
    pub(super) fn end(&mut self) {
        self.forget();
        self.is_over = true;
    }

    /// Forgets all that is on its way, as nothing more can be read.
    pub(super) fn forget(&mut self) {
        self.under_way.clear();
        self.batch.clear();
    }

    /// Tells whether no more is wanted.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    fn submit(&mut self) {
        let next = self.follow();
        let mut batch = std::mem::replace(&mut self.batch, next);
        let openers = self.openers.clone();
        self.under_way.push_back(self.pool.run(move || {
            batch.read_objects();
            let memory = std::mem::take(&mut batch.memory);
            let bytes = std::mem::take(&mut batch.bytes);
            let pieces = batch.steps.iter().filter_map(Step::range);
            let opened = openers.with(|opener| opener.open_pieces(bytes, pieces, memory));
            batch.opened = Some(Arc::new(opened));
            batch
        }));
    }

    /// An empty batch behind the one that is gathered.
    fn follow(&mut self) -> Batch {
        let mut next = self.spare.pop().unwrap_or_default();
        next.label.clone_from(&self.batch.label);
        // The oldest one is the first that nobody keeps any more.
        if let Some(oldest) = self.lent.pop_front() {
            match Arc::try_unwrap(oldest) {
                Ok(done) => next.memory = done,
                Err(kept) => self.lent.push_front(kept),
            }
        }
        next
    }
}

impl Batch {
    /// Takes what came of an input; a record sets the time at which what follows was received.
    pub(super) fn put(&mut self, piece: Piece<'_>, at: &mut Option<Timestamp>) {
        let step = match piece {
            Piece::Bytes(bytes) => return self.put_bytes(bytes, *at),
            Piece::Record { time, label, kind } => {
                *at = Some(time);
                Step::Record(self.shared(label), if kind == LEVEL { LEVEL } else { "" })
            }
            Piece::Archived(archived) => {
                *at = archived.received_at;
                let label = self.shared(archived.label.unwrap_or_default());
                Step::Archived(label, Said::of(&archived, &mut self.said))
            }
            Piece::Quiet => Step::Silence,
            Piece::Lost => Step::Lost,
            Piece::Note(note) => Step::Note(note),
            Piece::Object(Object { text, line }) => {
                let from = self.objects.len();
                self.objects.push_str(text);
                Step::Object(from..self.objects.len(), line)
            }
        };
        self.steps.push(step);
    }

    /// Puts what objects hold where they stand.
    fn read_objects(&mut self) {
        if self.objects.is_empty() {
            return;
        }
        let objects = std::mem::take(&mut self.objects);
        let mut at = None;
        for step in std::mem::take(&mut self.steps) {
            let Step::Object(range, line) = step else {
                self.steps.push(step);
                continue;
            };
            let text = objects.get(range).unwrap_or_default();
            let read = Object { text, line }.read(&mut |piece| match piece {
                Piece::Note(note) => self.steps.push(Step::NoteOfObject(note)),
                piece => self.put(piece, &mut at),
            });
            if let Err(error) = read {
                self.steps.push(Step::Failed(error));
                break;
            }
        }
        self.objects = objects;
        self.objects.clear();
    }

    /// All is put that was read at once.
    pub(super) fn pause(&mut self) {
        self.steps.push(Step::Pause);
    }

    fn shared(&mut self, label: &str) -> Arc<str> {
        match &self.label {
            Some(known) if **known == *label => Arc::clone(known),
            _ => Arc::clone(self.label.insert(Arc::from(label))),
        }
    }

    fn put_bytes(&mut self, bytes: &[u8], at: Option<Timestamp>) {
        if self.bytes.capacity() == 0 {
            self.bytes = self.memory.take_bytes();
            self.bytes.clear();
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let to = self.bytes.len();
        match (self.steps.last_mut(), at) {
            (Some(Step::Bytes(range, None)), None) => range.end = to,
            _ => self.steps.push(Step::Bytes(from..to, at)),
        }
    }

    /// Empties it; gives what was opened.
    fn clear(&mut self) -> Option<Arc<Opened>> {
        self.bytes.clear();
        self.steps.clear();
        self.objects.clear();
        self.opened.take()
    }

    /// What a stream does where bytes of it come.
    pub(super) fn bytes(&self, range: Range<usize>, at: Option<Timestamp>) -> Input<'_> {
        match &self.opened {
            None => Input::Bytes(self.bytes.get(range).unwrap_or_default(), at),
            Some(opened) => Input::Opened(opened.piece(range), at),
        }
    }
}

impl Step {
    fn range(&self) -> Option<Range<usize>> {
        match self {
            Self::Bytes(range, _) => Some(range.clone()),
            _ => None,
        }
    }
}

/// Batches under way, however many threads there are: some 20 MB.
const UNDER_WAY_MAX: usize = 64;
