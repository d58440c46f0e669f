//! One input: its dump is taken apart, its streams are decoded, what comes of them is told to the observers.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::ahead::{self, Ahead, Batch};
use super::observers::{Observers, Origin};
use super::pool::Pool;
use super::reader::is_absent_port;
use super::stream::{Decoder, Said, Stream};
use crate::format::words::SILENT_BY_WISH;
use crate::observe::context::Source;
use crate::p1::cipher::Keys;
use crate::p1::decoder::{FrameOpener, TagPolicy};
use crate::p1::session::{Input as Step, Medium, Settings};
use crate::run::failure::{Exit, Failure, Level, say};
use crate::source::Address;
use crate::source::Device;
use crate::source::Found;
use crate::source::Kind;
use crate::source::LineSettings;
use crate::source::Place;
use crate::source::database::Database;
use crate::source::dump::{DumpDecoder, DumpError, Form, Note, Piece};

/// One input.
pub struct Input {
    /// Its place among the inputs of the run.
    pub index: usize,
    /// `file`, `stdin`, `serial`, `tcp`, `http`, `mqtt` or `sim`.
    pub kind: &'static str,
    /// Path or address.
    pub name: String,
    /// Label before the address.
    pub label: Option<String>,
    /// Settings of its line, where it is a serial port that is open.
    pub line: Option<LineSettings>,
    /// Bytes received.
    pub bytes: u64,
    settings: Settings,
    /// What comes out of a pipe comes as it is sent.
    live_pipes: bool,
    place: Place,
    device: Device,
    /// A regular file: when it is read says nothing of when its bytes were received.
    stored: bool,
    /// The end of a file that is followed was seen: what comes now is received as it is read.
    caught_up: bool,
    form: Option<Form>,
    undump: DumpDecoder,
    /// What waits for its frames to be opened, where other threads do that.
    ahead: Option<Ahead>,
    /// What could not be read ahead, not told yet.
    failed: Option<DumpError>,
    /// What an archive said last.
    said: Option<Arc<Said>>,
    streams: Vec<Stream>,
    /// It was said that there are more labels than streams.
    is_full: bool,
    current: usize,
    verbose: bool,
}

/// How an input is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// How the bytes are written down; `None`: that is found out.
    pub form: Option<Form>,
    /// What comes out of a pipe comes as it is sent.
    pub live_pipes: bool,
    /// Says which form was found.
    pub verbose: bool,
}

impl Input {
    /// Makes an input that is not open yet.
    pub fn new(address: &Address, settings: &Settings, reading: Reading) -> Self {
        let Reading {
            form,
            live_pipes,
            verbose,
        } = reading;
        let mut settings = settings.clone();
        if matches!(address.place, Place::Sim(_)) {
            // The next one begins where this one began.
            settings.before = None;
        }
        let decoder = Decoder::new(address.device, &settings);
        let mut input = Self {
            index: 0,
            kind: match is_absent_port(&address.place) {
                true => "serial",
                false => kind_word(&address.place, Kind::File),
            },
            name: address.place.to_string(),
            label: address.label.clone(),
            line: None,
            bytes: 0,
            settings,
            live_pipes,
            place: address.place.clone(),
            device: address.device,
            stored: false,
            caught_up: false,
            form,
            undump: DumpDecoder::new(form),
            ahead: None,
            failed: None,
            said: None,
            streams: vec![Stream::new(address.label.clone(), decoder)],
            is_full: false,
            current: 0,
            verbose,
        };
        input.set_medium();
        input
    }

    /// Takes what the open source turned out to be.
    pub fn open(&mut self, found: Found) {
        self.kind = kind_word(&self.place, found.kind);
        self.stored = found.size.is_some();
        self.line = found.line;
        if self.place != Place::Stdin {
            self.name = found.name;
        }
        self.set_medium();
        // What a port sends is never a dump.
        if self.form.is_none() && (self.is_live() || self.device == Device::Maxsonar) {
            self.undump = DumpDecoder::new(Some(Form::Bin));
        }
    }

    /// Tells whether it is a port or a server, or plays one.
    pub fn is_live(&self) -> bool {
        !matches!(self.kind, "file" | "stdin")
    }

    /// Lets the sessions know what kind of source they listen to.
    fn set_medium(&mut self) {
        let medium = Medium {
            live: self.is_live() || self.live_pipes && !self.stored,
            selected: !self.is_live(),
        };
        self.settings.medium = medium;
        for stream in &mut self.streams {
            if let Decoder::Meter(session) = &mut stream.decoder {
                session.set_medium(medium);
            }
        }
    }

    /// Label and name, as messages call it.
    pub fn title(&self) -> String {
        title_of(self.source())
    }

    /// Its name as messages call it.
    fn said(&self) -> &str {
        self.source().said()
    }

    /// Line settings that the device has of its own.
    pub fn device_line(&self) -> Option<LineSettings> {
        (self.device == Device::Maxsonar).then_some(LineSettings::MAXSONAR)
    }

    /// Where what it sends comes from.
    pub fn origin(&self) -> Origin<'_> {
        Origin {
            input: self.index,
            source: self.source(),
            archived: None,
            opened: None,
            live: self.settings.medium.live,
        }
    }

    /// As outputs name it.
    pub fn source(&self) -> Source<'_> {
        Source {
            kind: self.kind,
            name: &self.name,
            label: self.label.as_deref(),
        }
    }

    /// What is to be said of an input in which nothing was found; what to do is said with what diagnosis found.
    pub fn nothing_found(&self) -> Option<Failure> {
        let title = self.title();
        let nothing = |what: &str| Failure::new(Exit::NoTelegram, format!("{title}: {what}"));
        let frames: u64 = self.streams.iter().map(Stream::frames).sum();
        let found = self.streams.iter().any(|stream| stream.found);
        match (frames, self.bytes, self.device) {
            (1.., ..) => None,
            (0, 0, _) if self.kind == "sim" => Some(nothing("no bytes came").hint(SILENT_BY_WISH)),
            (0, 0, _) if self.is_live() => Some(nothing("no bytes came").hint(
                "data request (pin 2 of the P1 plug) needs 5 V against ground (pin 3); some operators open the port only on request",
            )),
            (0, 0, _) => Some(
                nothing("is empty").hint("record again, and check whether any bytes arrive"),
            ),
            (0, bytes, Device::Maxsonar) => Some(
                nothing(&format!("no reading in {bytes} bytes"))
                    .hint("a level sensor sends R, three digits and CR at 9600 8N1"),
            ),
            (0, _, _) if self.is_store() => Some(
                nothing("keeps no telegrams").hint("smarty report has what was used"),
            ),
            (0, bytes, Device::P1) if found => Some(nothing(&format!(
                "no telegram in {bytes} bytes"
            ))),
            (0, bytes, Device::P1) => Some(
                nothing(&format!("no telegram in {bytes} bytes")).hint(
                    "is this a dump of a P1 port? an encrypted telegram begins with DB 08, a plain one with /",
                ),
            ),
        }
    }

    /// Whether it is the database of `--store`.
    fn is_store(&self) -> bool {
        matches!(&self.place, Place::Path(path) if Database::is_one(path))
    }

    /// Lets a pool open frames before they are decoded, in batches of so many bytes.
    pub fn open_ahead(&mut self, pool: &Rc<Pool>, size: usize) {
        if let Some(opener) = self.opener().filter(|_| pool.is_parallel()) {
            self.ahead = Some(Ahead::new(Rc::clone(pool), opener, size));
            self.undump.leave_objects();
        }
    }

    /// What opens frames; none where the decoder has to see each frame itself.
    fn opener(&self) -> Option<FrameOpener> {
        let Settings {
            keys,
            shard,
            policy,
            ..
        } = &self.settings;
        let is_tried = self.device == Device::P1 && policy.tag == TagPolicy::Verify;
        is_tried.then(|| FrameOpener::new(Arc::clone(keys), *shard))
    }

    /// Takes bytes of the input, received at a time if that is known; what it leaves there are no bytes of the input.
    ///
    /// # Errors
    /// A dump that cannot be read; nothing more comes of the input then.
    pub fn push(
        &mut self,
        bytes: &mut Vec<u8>,
        at: Option<Timestamp>,
        observers: &mut Observers<'_>,
    ) -> Result<(), Failure> {
        let count = bytes.len();
        self.bytes += count as u64;
        let at = at.filter(|_| !self.stored || self.caught_up);
        let taken = self.undump.is_passing()
            && self
                .ahead
                .as_mut()
                .is_some_and(|ahead| ahead.take(bytes, at));
        let done = self.undump(at, observers, |undump, each| match taken {
            true => Ok(()),
            false => undump.push(bytes, each),
        });
        if done.is_ok()
            && let Some(ahead) = &mut self.ahead
        {
            ahead.batch().pause();
        }
        // Of a pipe that has little there may be no more for long.
        if done.is_err() || !self.stored && count < FULL {
            self.catch_up_with(observers);
        }
        // What is not wanted is not read, whatever is wrong with it.
        match self.is_over() {
            true => Ok(()),
            false => self.told(done),
        }
    }

    /// What could not be read ahead came before what cannot be read now.
    fn told(&mut self, done: Result<(), Failure>) -> Result<(), Failure> {
        match self.failed.take() {
            Some(error) => Err(Failure::of_dump(self.said(), &error)),
            None => done,
        }
    }

    /// Tells whether no more was wanted before what was read last.
    pub fn is_over(&self) -> bool {
        self.ahead.as_ref().is_some_and(Ahead::is_over)
    }

    /// Decodes all that waits for its frames to be opened.
    pub fn catch_up_with(&mut self, observers: &mut Observers<'_>) {
        while let Some(batch) = self.ahead.as_mut().and_then(Ahead::rest) {
            self.run_batch(batch, observers);
        }
    }

    /// Takes a pause of a file that is followed, which is no silence: whoever writes it may hold back the rest of a
    /// frame for long. False for all other inputs.
    pub fn catch_up(&mut self) -> bool {
        self.caught_up |= self.stored;
        self.stored
    }

    /// Takes the loss of the source: what is half stays half. A file that is followed begins anew.
    pub fn lose(&mut self, observers: &mut Observers<'_>) {
        if self.stored {
            // A dump that was cut off is no error of it: the next one may be whole.
            let _ = self.undump(None, observers, |undump, each| undump.finish(each));
            self.undump = DumpDecoder::new(self.form);
            if self.ahead.is_some() {
                self.undump.leave_objects();
            }
        }
        self.catch_up_with(observers);
        self.step_all(Step::Lost, observers);
    }

    /// Takes a silence: what is half stays half.
    pub fn quiet(&mut self, observers: &mut Observers<'_>) {
        self.catch_up_with(observers);
        self.step_all(Step::Silence(SILENCE_MS), observers);
    }

    /// Gives the counts of what was read, where no more of it is wanted: nothing is concluded from what follows.
    pub fn sum_up(&mut self, observers: &mut Observers<'_>) {
        if let Some(ahead) = &mut self.ahead {
            ahead.end();
        }
        self.step_all(Step::Enough, observers);
    }

    /// Takes the end of reading, which need not be that of the input: half a frame where a file was left is no fault.
    pub fn leave(&mut self, observers: &mut Observers<'_>) {
        match self.stored && !self.caught_up {
            true => {
                self.catch_up_with(observers);
                self.step_all(Step::Left, observers);
            }
            // Cut in the middle by the user: what cannot end here is no fault of the input.
            false => drop(self.finish(observers)),
        }
    }

    /// Takes the end of the input.
    ///
    /// # Errors
    /// A dump that cannot end here.
    pub fn finish(&mut self, observers: &mut Observers<'_>) -> Result<(), Failure> {
        let ended = self.undump(None, observers, |undump, each| undump.finish(each));
        self.catch_up_with(observers);
        let ended = self.told(ended);
        // Of an input that cannot be read to its end, nothing is concluded.
        let step = match ended {
            Ok(()) => Step::End,
            Err(_) => Step::Broken,
        };
        self.step_all(step, observers);
        ended
    }

    /// Decodes with other keys from the next frame on.
    pub fn set_keys(&mut self, keys: &Arc<Keys>) {
        self.settings.keys = Arc::clone(keys);
        if let (Some(opener), Some(ahead)) = (self.opener(), &mut self.ahead) {
            ahead.open_with(opener);
        }
        for stream in &mut self.streams {
            if let Decoder::Meter(session) = &mut stream.decoder {
                session.set_keys(keys);
            }
        }
    }

    fn step_all(&mut self, step: Step<'_>, observers: &mut Observers<'_>) {
        for index in 0..self.streams.len() {
            self.current = index;
            self.run(step, observers);
        }
    }

    fn undump(
        &mut self,
        at: Option<Timestamp>,
        observers: &mut Observers<'_>,
        run: impl FnOnce(&mut DumpDecoder, &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError>,
    ) -> Result<(), Failure> {
        let mut undump = std::mem::replace(&mut self.undump, DumpDecoder::new(Some(Form::Bin)));
        let mut record = at;
        let done = match self.ahead.take() {
            Some(mut ahead) => {
                let batch = ahead.batch();
                let done = run(&mut undump, &mut |piece| batch.put(piece, &mut record));
                (self.ahead, self.undump) = (Some(ahead), undump);
                while let Some(batch) = self.ahead.as_mut().and_then(Ahead::next) {
                    self.run_batch(batch, observers);
                }
                done
            }
            None => {
                let done = run(&mut undump, &mut |piece| match piece {
                    Piece::Bytes(bytes) => self.run(Step::Bytes(bytes, record), observers),
                    Piece::Record { time, label, kind } => {
                        record = Some(time);
                        self.select(label, kind);
                    }
                    Piece::Archived(archived) => {
                        record = archived.received_at;
                        let said = Said::of(&archived, &mut self.said);
                        self.archived(archived.label.unwrap_or_default(), said);
                    }
                    Piece::Quiet => self.run(Step::Silence(SILENCE_MS), observers),
                    Piece::Lost => self.run(Step::Lost, observers),
                    Piece::Note(note) => self.note(&note),
                    // They are left to batches alone.
                    Piece::Object(_) => {}
                });
                self.undump = undump;
                done
            }
        };
        done.map_err(|error| Failure::of_dump(self.said(), &error))
    }

    /// Decodes what was gathered, and gives it back.
    fn run_batch(&mut self, batch: Batch, observers: &mut Observers<'_>) {
        for step in &batch.steps {
            match step {
                ahead::Step::Bytes(range, at) => {
                    self.run(batch.bytes(range.clone(), *at), observers);
                }
                ahead::Step::Record(label, kind) => self.select(label, kind),
                ahead::Step::Archived(label, said) => self.archived(label, Arc::clone(said)),
                ahead::Step::Silence => self.run(Step::Silence(SILENCE_MS), observers),
                ahead::Step::Lost => self.run(Step::Lost, observers),
                ahead::Step::Note(note) => self.note(note),
                ahead::Step::NoteOfObject(note) if self.undump.is_first(note) => self.note(note),
                // Those who read ahead have read it, and nothing comes behind what failed.
                ahead::Step::NoteOfObject(_) | ahead::Step::Object(..) => {}
                ahead::Step::Failed(error) => {
                    self.failed = Some(error.clone());
                    self.undump.fail();
                    self.ahead.as_mut().map(Ahead::forget);
                    return;
                }
                ahead::Step::Pause => {
                    observers.tick(Timestamp::now());
                    if observers.have_enough() || observers.have_failed() {
                        self.ahead.as_mut().map(Ahead::end);
                        return;
                    }
                }
            }
        }
        if let Some(ahead) = &mut self.ahead {
            ahead.recycle(batch);
        }
    }

    /// Takes what an archive says of the telegram whose bytes come next.
    fn archived(&mut self, label: &str, said: Arc<Said>) {
        self.select(label, "");
        if let Some(stream) = self.streams.get_mut(self.current) {
            stream.expect(said);
        }
    }

    fn note(&self, note: &Note) {
        if self.verbose || !matches!(note, Note::Form(_)) {
            say(Level::Note, &format!("{}: {note}", self.said()), None);
        }
    }

    /// Lets the current stream take bytes, a silence or the end.
    fn run(&mut self, step: Step<'_>, observers: &mut Observers<'_>) {
        let origin = Origin {
            input: self.index,
            source: Source {
                kind: self.kind,
                name: &self.name,
                label: self.label.as_deref(),
            },
            archived: None,
            opened: None,
            live: self.settings.medium.live,
        };
        if let Some(stream) = self.streams.get_mut(self.current) {
            stream.take(step, origin, observers);
        }
    }

    /// Goes on with the stream of a label, in a capture log or of a source that has several.
    pub fn select(&mut self, label: &str, kind: &str) {
        let wanted = (!label.is_empty()).then_some(label);
        let first = self.streams.len() == 1 && self.streams.first().is_some_and(|s| s.pushed == 0);
        let known = self
            .streams
            .iter()
            .position(|stream| stream.label.as_deref() == wanted);
        if let Some(index) = known.filter(|_| !first) {
            self.current = index;
            return;
        }
        let device = match kind {
            LEVEL => Device::Maxsonar,
            _ => self.device,
        };
        if first {
            self.streams.clear();
        }
        self.current = 0;
        if self.streams.len() < STREAMS_MAX {
            self.current = self.streams.len();
            let decoder = Decoder::new(device, &self.settings);
            self.streams
                .push(Stream::new(wanted.map(str::to_owned), decoder));
        } else if !std::mem::replace(&mut self.is_full, true) {
            let what = format!(
                "{}: more than {STREAMS_MAX} labels: the records of others are read with the first one",
                self.said()
            );
            say(Level::Warning, &what, None);
        }
    }
}

/// Label and name of a source, as messages call it.
pub fn title_of(source: Source<'_>) -> String {
    match source.label {
        Some(label) => format!("{label} ({})", source.said()),
        None => source.said().to_owned(),
    }
}

/// `file`, `stdin`, `serial`, `tcp`, `http`, `mqtt` or `sim`.
fn kind_word(place: &Place, kind: Kind) -> &'static str {
    match (place, kind) {
        (Place::Stdin, _) => "stdin",
        (Place::Sim(_), _) | (_, Kind::Sim) => "sim",
        (Place::Auto, _) | (_, Kind::Serial) => "serial",
        (Place::Tcp { .. }, _) | (_, Kind::Tcp) => "tcp",
        (Place::Pulse(_), _) | (_, Kind::Pulse) => "pulse",
        (Place::Http(_), _) | (_, Kind::Http) => "http",
        (Place::Mqtt(_), _) | (_, Kind::Mqtt) => "mqtt",
        (_, Kind::File) => "file",
    }
}

/// How long the line was silent where a silence is told of, in milliseconds.
const SILENCE_MS: u64 = 1000;
/// Bytes whose frames are opened in one go: what is decoded of them should stay in the cache of a core.
pub const BATCH: usize = 64 << 10;
/// A pipe in which so many bytes were waiting is filled faster than it is read: half of what most hold.
const FULL: usize = 32 << 10;
/// Labels of one capture log that are decoded apart.
const STREAMS_MAX: usize = 256;
/// What records of a level sensor are called in a capture log.
pub const LEVEL: &str = "level";
