//! From events to bytes: the format asked for, what is left out, and `--redact`.

pub mod archive;
pub mod batches;
pub mod encoder;
pub mod formatter;
pub mod writer;

use std::cell::RefCell;
use std::io::IsTerminal;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anstream::adapter::strip_bytes;
use anstream::{AutoStream, ColorChoice};
use jiff::{Timestamp, Zoned};

use crate::cli::args::{Format, OutputArgs};
use crate::cli::messages::refusals;
use crate::cli::output::batches::{Batches, Keeper, Kept, is_worth_it};
use crate::cli::output::encoder::Encoder;
use crate::cli::output::formatter::Formatter;
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::format::csv::{Csv, Sources};
use crate::format::json::Json;
use crate::format::level;
use crate::format::words::Depth;
use crate::observe::context::{Context, Senders};
use crate::observe::fields::{Fields, UnknownField};
use crate::observe::observer::{Flow, Link, Notice, Observer, Report};
use crate::observe::redact::Redactor;
use crate::observe::sampling::{Row, Sampler, Sampling, Weight};
use crate::p1::derive::Extent;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Event, Refused};
use crate::p1::value::Zone;
use crate::run::Pool;
use crate::run::failure::{Exit, Failure};
use crate::source::maxsonar::Level;
use crate::store::out::OutFile;
use crate::store::packed::packing_of;
use crate::store::record::{RecordOptions, Recorder};
use crate::store::rotation::Rotation;
use crate::store::target::Existing;

/// Formats telegrams and writes them.
pub struct Output {
    /// Telegrams, held back ones and readings that are still to be printed, where that is limited.
    left: Option<u64>,
    silent: bool,
    formatter: Formatter,
    /// Threads that format, where there is more than one.
    pool: Option<Rc<Pool>>,
    /// Telegrams that they have, once all that formatting depends on is settled.
    batches: Option<Batches>,
    columnar: Option<Encoder>,
    events: bool,
    /// A file gets no colours unless they are asked for.
    plain: bool,
    sampler: Sampler<Held>,
    keeper: Keeper,
    senders: Senders,
    redactor: Option<SharedRedactor>,
    buffer: Vec<u8>,
    /// What each file of a recording begins with, not yet told to the writer.
    header: Vec<u8>,
    writer: Writer,
    /// Why nothing more can be written, not yet told.
    ended: Option<WriteEnd>,
    /// Something could not be written: what is to be put in its place is not whole.
    broken: bool,
    /// Nobody reads what is written any more.
    reader_gone: bool,
    /// Why nothing more can be written, for whoever has started the run.
    failure: Option<Failure>,
    /// Pushes are put together.
    merging: bool,
    /// Rows come at their own time.
    durable: bool,
    /// Rows that wait for the header, and since when.
    waiting: Option<(Instant, Vec<Vec<u8>>)>,
}

/// What is held back: it is formatted only when it is printed.
enum Held {
    /// A telegram.
    Telegram(Box<Kept>),
    /// What is formatted already.
    Bytes(Vec<u8>),
}

impl Weight for Held {
    fn weight(&self) -> usize {
        match self {
            Self::Telegram(kept) => kept.weight(),
            Self::Bytes(bytes) => bytes.capacity(),
        }
    }

    fn settle(&mut self) {
        if let Self::Telegram(kept) = self {
            kept.detach();
        }
    }
}

/// Replaces what names a meter, in the output and in what is said.
pub type SharedRedactor = Rc<RefCell<Redactor>>;

/// How output comes, beside its format.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputOptions {
    /// Ends after so many telegrams and readings are printed.
    pub count: Option<u64>,
    /// Whether nothing is printed: services have all of it.
    pub silent: bool,
    /// What is left out.
    pub sampling: Sampling,
    /// Whether a file grows by each line as it comes, rather than being made whole or not at all.
    pub durable: bool,
    /// When it goes on in a new file.
    pub rotation: Rotation,
    /// What sends.
    pub sources: Sources,
    /// What is computed.
    pub extent: Extent,
    /// Whether telegrams come whose tag does not fit.
    pub unproven: bool,
}

impl Output {
    /// Makes the output that the arguments ask for.
    ///
    /// # Errors
    /// A field that does not exist; a file that is there already or cannot be made.
    pub fn open(
        args: &OutputArgs,
        format: Format,
        flow: &OutputOptions,
        zone: &Zone,
    ) -> Result<Self, Failure> {
        let fields = args
            .fields
            .as_deref()
            .map(Fields::parse)
            .transpose()
            .map_err(unknown)?;
        if let Some(name) = fields
            .as_ref()
            .and_then(|fields| fields.beyond(flow.extent))
        {
            let what = format!("{name} is computed, which was not asked for");
            return Err(Failure::new(Exit::Usage, what).hint(match flow.extent {
                _ if fields
                    .as_ref()
                    .is_some_and(|f| f.beyond(Extent::Computed).is_some()) =>
                {
                    "add --reference-power, as --reference-power 7kW"
                }
                _ => "add --derive",
            }));
        }
        if args.events && format != Format::Json {
            return Err(Failure::new(Exit::Usage, "--events needs --json"));
        }
        if args.events && args.is_flat() {
            let what = "--events: the objects of --json=flat have a place for values only";
            return Err(Failure::new(Exit::Usage, what).hint("take --json"));
        }
        let container = archive::container(format);
        let columnar = match container {
            Some(container) => {
                let (sampling, extent) = (flow.sampling, flow.extent);
                let fields = fields.clone();
                let columnar = archive::open(args, container, sampling, extent, fields)?;
                Some(Encoder::new(columnar))
            }
            None => None,
        };
        let existing = existing(args.force, args.append);
        if let Some(packing) = args.file().and_then(packing_of) {
            let whole = !flow.durable || columnar.is_some();
            let refused = match () {
                () if columnar.is_some() => "a file of Parquet or Arrow is packed inside",
                () if !whole => "a file that grows line by line is not packed",
                () if args.append => "--append goes on in files that are not packed",
                () => "",
            };
            if !refused.is_empty() {
                let hint = format!("leave out the ending of {packing}");
                return Err(Failure::new(Exit::Usage, refused).hint(hint));
            }
        }
        let colours = match args.file() {
            Some(_) => ColorChoice::global() == ColorChoice::Always,
            None => AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
        };
        // Tables are made without styles at once.
        let styled = format == Format::Table && colours;
        let writer = match args.file() {
            // Of a file of Parquet the beginning alone is of no use.
            Some(path) if flow.durable && columnar.is_none() => {
                let options = RecordOptions {
                    existing,
                    rotation: flow.rotation,
                    lines: !matches!(format, Format::Raw),
                    ..RecordOptions::default()
                };
                Writer::Recorder(Box::new(Recorder::open(path, options, &Zoned::now())?))
            }
            Some(path) => {
                let file = OutFile::create(path, existing)?;
                Writer::file(match format {
                    Format::Raw | Format::Arrow => file,
                    _ => file.on_a_line_of_its_own()?,
                })?
            }
            None if format == Format::Hex || styled => Writer::Terminal,
            None => Writer::Stdout,
        };
        let width = terminal_width().filter(|_| args.file().is_none());
        let mut csv = Csv::new(fields.clone());
        csv.expect(flow.sources);
        csv.derive(flow.extent);
        if flow.unproven {
            csv.mark_tags();
        }
        if args.csv_formulas {
            csv.keep_formulas();
        }
        let mut json = Json::new(fields.clone());
        json.derive(flow.extent);
        if args.is_flat() {
            json.flatten();
        }
        let mut header = Vec::new();
        if let (Some(path), true, Format::Csv) = (writer.path(), args.append, format)
            && let Some(line) = first_line(path)
        {
            if !Csv::is_header(&line) {
                let what = format!(
                    "{}: does not begin with the header of a CSV table of smarty",
                    path.display()
                );
                return Err(Failure::new(Exit::Usage, what)
                    .hint("name another file, or replace this one with --force"));
            }
            csv.continue_below(&line);
            header = csv.header_line();
        }
        Ok(Self {
            left: flow.count,
            silent: flow.silent,
            pool: None,
            batches: None,
            formatter: Formatter::new(format, fields, json, csv, width, args.pretty, !styled),
            columnar,
            events: args.events,
            plain: args.file().is_some() && format == Format::Hex && !colours,
            sampler: Sampler::new(flow.sampling, zone.clone(), Timestamp::now()),
            keeper: Keeper::default(),
            senders: Senders::default(),
            redactor: args
                .redact
                .then(|| Rc::new(RefCell::new(Redactor::new(zone.clone())))),
            buffer: Vec::new(),
            header,
            writer,
            ended: None,
            broken: false,
            reader_gone: false,
            failure: None,
            merging: false,
            durable: flow.durable,
            waiting: None,
        })
    }

    /// Lets the first telegrams of meters that send several lists fix the columns of a table.
    pub fn merging(&mut self) {
        self.merging = true;
    }

    /// Formats telegrams on the threads of a pool too.
    pub fn with(mut self, pool: Rc<Pool>) -> Self {
        // Of what is left out nothing is formatted.
        let prints_all = !self.sampler.is_active();
        if let Some(columnar) = &mut self.columnar {
            columnar.share(&pool);
        }
        let is_wanted = pool.is_parallel() && prints_all && is_worth_it(self.formatter.format);
        self.pool = is_wanted.then_some(pool);
        self
    }

    /// Formats a telegram; gives how many are to be printed with it, those held back before included.
    fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) -> u64 {
        if self.silent {
            return 1;
        }
        match self.redactor.clone() {
            Some(redactor) => {
                let mut redactor = redactor.borrow_mut();
                let redacted = redactor.redact(decoded);
                let context = Context {
                    meter_name: None,
                    ..*context
                };
                self.row(&context, &redacted)
            }
            None => self.row(context, decoded),
        }
    }

    /// Formats a reading of a level sensor; gives how many are to be printed with it.
    fn level(&mut self, context: &Context<'_>, level: &Level) -> u64 {
        if self.silent {
            return 1;
        }
        self.drain();
        let begin = self.buffer.len();
        match self.formatter.format {
            Format::Csv if !self.formatter.csv.begin_level(&mut self.buffer) => return 0,
            _ => self.settle_header(begin),
        }
        let start = self.buffer.len();
        match self.formatter.format {
            Format::Json => self.lines(|json, line| json.level(line, context, level)),
            Format::Csv => self.formatter.csv.level(&mut self.buffer, context, level),
            Format::Raw => level::raw(&mut self.buffer, level),
            Format::Influx => level::influx(&mut self.buffer, context, level),
            Format::Hex | Format::Table => level::table(&mut self.buffer, context, level),
            Format::Parquet | Format::Arrow => self
                .columnar
                .iter_mut()
                .for_each(|columnar| columnar.level(context, level)),
        }
        if !self.sampler.is_active() {
            return 1;
        }
        let meter = context.source.label.unwrap_or(context.source.name);
        let row = Row {
            meter: format!("level of {meter}"),
            values: level.centimetres.to_string().into_bytes(),
            at: context.received_at,
            received_at: context.received_at,
            // No larger than it is: it may wait for long.
            bytes: Held::Bytes(self.buffer.get(start..).unwrap_or_default().to_vec()),
        };
        self.buffer.truncate(start);
        self.thin_out(row)
    }

    /// What replaces the names of meters, where that is asked for.
    pub fn redactor(&self) -> Option<SharedRedactor> {
        self.redactor.clone()
    }

    /// Why nothing more could be written, where that ended the run.
    pub fn failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Whether whoever read the output has closed it.
    pub fn is_reader_gone(&self) -> bool {
        self.reader_gone
    }

    /// Formats a refused frame, where such are asked for.
    fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>) {
        if !self.events {
            return;
        }
        let redactor = self.redactor.clone();
        let mut redactor = redactor.as_deref().map(RefCell::borrow_mut);
        let refused = match &mut redactor {
            Some(redactor) => redactor.refused(refused),
            None => *refused,
        };
        let (message, hint) = refusals::refused(&refused, Depth::Full);
        self.lines(|json, line| json.refused(line, context, &refused, &message, Some(&hint)));
    }

    /// Formats what diagnosis has found, where such is asked for.
    fn finding(&mut self, context: &Context<'_>, finding: &Finding) {
        if !self.events {
            return;
        }
        let mut finding = finding.clone();
        if let Some(redactor) = &self.redactor {
            redactor.borrow_mut().finding(&mut finding);
        }
        self.lines(|json, line| json.finding(line, context, &finding));
    }

    /// Formats a change of the link, where such are asked for.
    fn link(&mut self, context: &Context<'_>, link: Link, message: &str, hint: Option<&str>) {
        if self.events {
            self.lines(|json, line| json.link(line, context, link.word(), message, hint));
        }
    }

    /// Gives what is to be said since the last call.
    fn notices(&mut self) -> Vec<Notice> {
        let mut notices = self.sampler.notices();
        let left_out = match self.formatter.csv.is_growing() {
            true => Vec::new(),
            false => self.formatter.csv.left_out(),
        };
        if !left_out.is_empty() {
            notices.push(Notice {
                trouble: false,
                what: format!(
                    "the table was begun without columns for {}",
                    left_out.join(", ")
                ),
                hint: Some("name all columns with -F, or begin a new file".to_owned()),
            });
        }
        let redactor = self.redactor.iter();
        notices.extend(redactor.flat_map(|redactor| redactor.borrow_mut().notices()));
        notices
    }

    /// Prints one telegram whose period is over; tells whether there was one.
    fn due(&mut self, now: Timestamp) -> bool {
        let over = |since: &Instant| self.durable && since.elapsed() >= WAITING_TIME;
        if self.waiting.as_ref().is_some_and(|(since, _)| over(since)) {
            self.settle_columns();
        }
        let due = self.sampler.due(now);
        due.is_some_and(|held| self.print(&held))
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// [`WriteEnd`].
    fn flush(&mut self) -> Result<(), WriteEnd> {
        if let Some(end) = self.ended.take() {
            // What came since has nowhere to go either.
            self.buffer.clear();
            return Err(end);
        }
        if !self.header.is_empty() {
            let header = std::mem::take(&mut self.header);
            self.writer.set_header(header)?;
        }
        if let Some(columnar) = &mut self.columnar {
            columnar.encode(&mut self.buffer).map_err(archive::failed)?;
        }
        if self.buffer.is_empty() {
            return self.writer.pause();
        }
        let written = match self.plain {
            true => self.writer.write(&strip_bytes(&self.buffer).into_vec()),
            false => self.writer.write(&self.buffer),
        };
        self.buffer.clear();
        self.broken |= matches!(written, Err(WriteEnd::Failed(_)));
        written
    }

    /// Prints the rows that are held back, unless as many as wanted are printed.
    pub fn release(&mut self) {
        while self.left != Some(0)
            && !self.broken
            && self.ended.is_none()
            && let Some(held) = self.sampler.rest()
        {
            self.print(&held);
        }
    }

    /// Writes what waits, and puts a file in its place.
    ///
    /// # Errors
    /// [`WriteEnd`].
    pub fn finish(mut self) -> Result<(), WriteEnd> {
        if self.broken && self.ended.is_none() {
            // That was told; to try again would tell it twice.
            return Ok(());
        }
        self.settle_columns();
        self.drain();
        if let Some(columnar) = self.columnar.take() {
            columnar.finish(&mut self.buffer).map_err(archive::failed)?;
        }
        self.flush()?;
        self.writer.finish().map_err(WriteEnd::Failed)
    }

    /// Counts what was printed.
    fn spend(&mut self, printed: u64) -> Flow {
        self.left = self.left.map(|left| left.saturating_sub(printed));
        match self.left {
            Some(0) => Flow::Enough,
            _ => Flow::Continue,
        }
    }

    /// Prints what is due, and writes all that waits.
    fn tick(&mut self, now: Timestamp) -> Flow {
        let notices = self.notices();
        while self.left != Some(0) && self.due(now) {
            self.spend(1);
        }
        if let Some(batches) = &mut self.batches {
            batches.flush(&mut self.buffer);
        }
        match self.flush() {
            Err(WriteEnd::ReaderGone) => {
                self.reader_gone = true;
                Flow::Enough
            }
            Err(WriteEnd::Failed(failure)) => {
                self.failure = Some(failure);
                Flow::Failed
            }
            Ok(()) if self.left == Some(0) => Flow::Enough,
            Ok(()) => Flow::say(notices),
        }
    }

    /// Formats a telegram, and holds it back where it is not to be printed yet.
    fn row(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) -> u64 {
        if self.formatter.format == Format::Csv {
            if self.merging && decoded.push.is_some() {
                self.formatter.csv.grow();
            }
            let begin = self.buffer.len();
            self.formatter.csv.begin(&mut self.buffer, decoded);
            self.settle_header(begin);
        }
        if let Some(columnar) = &mut self.columnar {
            columnar.telegram(context, decoded);
            return 1;
        }
        if !self.sampler.is_active() {
            if self.formatter.csv.is_growing() {
                let mut row = Vec::new();
                self.formatter.telegram(&mut row, context, decoded);
                self.wait(row);
                return 1;
            }
            if self.batch(context, decoded) {
                return 1;
            }
            self.formatter.separate(&mut self.buffer);
            self.formatter.telegram(&mut self.buffer, context, decoded);
            self.spill();
            return 1;
        }
        if let Some(Held::Telegram(kept)) = self.sampler.replaced() {
            self.keeper.recycle(kept);
        }
        let fields = self.formatter.fields.as_ref();
        let row = Row {
            meter: self.senders.name(decoded).into_owned(),
            values: self.sampler.values(decoded, context.derived, fields),
            at: decoded
                .telegram
                .measured_at()
                .and_then(|time| time.instant())
                .or(context.received_at),
            received_at: context.received_at,
            bytes: Held::Telegram(self.keeper.keep(context, decoded)),
        };
        self.thin_out(row)
    }

    /// Takes a row, and prints those that are to be printed now.
    fn thin_out(&mut self, row: Row<Held>) -> u64 {
        let printed = self.sampler.offer(row);
        printed.iter().map(|held| u64::from(self.print(held))).sum()
    }

    /// Lets a row wait for the header.
    fn wait(&mut self, row: Vec<u8>) {
        let (since, rows) = self
            .waiting
            .get_or_insert_with(|| (Instant::now(), Vec::new()));
        rows.push(row);
        if rows.len() >= WAITING_MAX || self.durable && since.elapsed() >= WAITING_TIME {
            self.settle_columns();
        }
    }

    /// Writes the header and the rows that waited for it.
    fn settle_columns(&mut self) {
        let Some((_, rows)) = self.waiting.take() else {
            return;
        };
        // Counters come once an hour: nobody waits for them at a port.
        let expected = if self.durable { &COUNTERS[..] } else { &[] };
        let begin = self.buffer.len();
        self.formatter.csv.settle(&mut self.buffer, expected);
        self.settle_header(begin);
        for mut row in rows {
            self.formatter.csv.widen(&mut row);
            self.buffer.extend_from_slice(&row);
        }
        self.spill();
    }

    fn print(&mut self, held: &Held) -> bool {
        let mut row = Vec::new();
        let bytes = match held {
            Held::Bytes(bytes) => bytes,
            Held::Telegram(kept) => {
                kept.show(|context, decoded| self.formatter.telegram(&mut row, context, decoded));
                &row
            }
        };
        if self.formatter.csv.is_growing() {
            self.wait(bytes.to_vec());
            return true;
        }
        if self.merging && self.formatter.format == Format::Csv {
            let mut row = bytes.to_vec();
            self.formatter.csv.widen(&mut row);
            self.buffer.extend_from_slice(&row);
            self.spill();
            return true;
        }
        self.formatter.separate(&mut self.buffer);
        self.buffer.extend_from_slice(bytes);
        self.spill();
        true
    }

    /// What is written while it is new need not be fetched from far.
    fn spill(&mut self) {
        if self.buffer.len() >= SPILL && self.ended.is_none() {
            self.ended = self.flush().err();
        }
    }

    /// A recording writes its header itself, in each of its files.
    fn settle_header(&mut self, begin: usize) {
        if matches!(self.writer, Writer::Recorder(_)) && self.buffer.len() > begin {
            self.header = self.buffer.split_off(begin);
        }
    }

    /// Lets the threads format a telegram; false where it is to be formatted here.
    fn batch(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) -> bool {
        let Some(pool) = &self.pool else {
            return false;
        };
        let formatter = &self.formatter;
        if self.batches.is_none() && formatter.is_settled() {
            self.batches = Some(Batches::new(Rc::clone(pool), formatter));
        }
        match &mut self.batches {
            Some(batches) => {
                batches.telegram(context, decoded, &mut self.buffer);
                self.spill();
                true
            }
            None => false,
        }
    }

    /// Takes all that is formatted elsewhere.
    fn drain(&mut self) {
        if let Some(batches) = &mut self.batches {
            batches.drain(&mut self.buffer);
        }
    }

    fn lines(&mut self, write: impl FnOnce(&mut Json, &mut Vec<u8>)) {
        let Some(batches) = &mut self.batches else {
            return self.formatter.lines(&mut self.buffer, write);
        };
        let mut line = Vec::new();
        self.formatter.lines(&mut line, write);
        batches.line(&line);
    }
}

impl Observer for Output {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, .. } => match event {
                Event::Telegram(decoded) => {
                    let printed = self.telegram(context, decoded);
                    return self.spend(printed);
                }
                Event::Refused(refused) => self.refused(context, refused),
                Event::Junk(_) => {}
            },
            Report::Level(level) => {
                let printed = self.level(context, level);
                return self.spend(printed);
            }
            Report::Finding(finding) => self.finding(context, finding),
            Report::Link {
                link,
                message,
                hint,
                ..
            } => self.link(context, link, message, hint),
            Report::Tick(now) => return self.tick(now),
            Report::End { .. } => return Flow::say(self.notices()),
            _ => {}
        }
        Flow::Continue
    }
}

/// Rows that wait for the header of their table, at the most: ten hours of a push each 10 s.
const WAITING_MAX: usize = 4096;
/// How long they wait where they come at their own time: lists of 2 s and 10 s have come by then.
const WAITING_TIME: Duration = Duration::from_millis(12_500);
/// What meters send each hour.
const COUNTERS: [&str; 4] = [
    "active_energy_import_kwh",
    "active_energy_export_kwh",
    "reactive_energy_import_kvarh",
    "reactive_energy_export_kvarh",
];

/// Bytes that are written at once.
const SPILL: usize = 128 << 10;

/// Columns of the terminal that standard output is.
pub fn terminal_width() -> Option<usize> {
    let wide = || crossterm::terminal::size().map_or(80, |(width, _)| width.into());
    std::io::stdout().is_terminal().then(wide)
}

/// What is done with a file that exists.
pub fn existing(force: bool, append: bool) -> Existing {
    match (force, append) {
        (true, _) => Existing::Replace,
        (_, true) => Existing::Append,
        _ => Existing::Refuse,
    }
}

fn unknown(error: UnknownField) -> Failure {
    let near = error.near.join(", ");
    Failure::new(Exit::Usage, error.to_string())
        .hint(format!("nearest: {near}; -F help lists them all"))
}

fn first_line(path: &std::path::Path) -> Option<String> {
    use std::io::BufRead;
    let file = std::fs::File::open(path).ok()?;
    let mut line = String::new();
    std::io::BufReader::new(file).read_line(&mut line).ok()?;
    (!line.trim().is_empty()).then_some(line)
}
