//! Telegrams that are formatted on several threads, and come out in their order.
//!
//! ```text
//! telegrams --> | batch | --> threads --> | written | written | under way | --> output
//! ```
//! A batch owns what a telegram borrows: its text, the shape of its lines, and what is known beside it. A text that lies
//! in what was opened ahead stays there.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::args::Format;
use crate::cli::output::formatter::Formatter;
use crate::observe::context::{Context, Source};
use crate::p1::decoder::{Opened, Place, number_of};
use crate::p1::derive::Derived;
use crate::p1::event::{Decoded, Security};
use crate::p1::push::{Earlier, Form, Framing, Push, UnitFrom};
use crate::p1::readout::Crc;
use crate::p1::span::Span;
use crate::p1::telegram::{Shape, Telegram};
use crate::p1::value::Zone;
use crate::run::Pool;
use crate::run::pool::{Idle, Ticket};

/// Formats telegrams in batches.
pub struct Batches {
    pool: Rc<Pool>,
    formatters: Idle<Formatter>,
    batch: Batch,
    /// Bytes of text of a batch: fewer where much is written of them.
    size: usize,
    under_way: VecDeque<Ticket<Written>>,
    /// Buffers to be used again: memory that is new is slow.
    spare: Vec<Written>,
}

/// A batch that is written.
#[derive(Default)]
struct Written {
    out: Vec<u8>,
    batch: Batch,
}

/// Telegrams in a row, with lines between them.
#[derive(Default)]
struct Batch {
    items: Vec<Item>,
    /// Bytes of all texts and lines.
    length: usize,
    /// Lines and texts that lie nowhere else, one behind the other.
    bytes: Vec<u8>,
    /// What other texts lie in.
    opened: Vec<Arc<Opened>>,
    /// The shapes of the telegrams, each once in a row.
    shapes: Vec<Arc<Shape>>,
    /// What was computed, of one telegram behind the other.
    derived: Vec<Derived>,
    /// What is known of pushes, and of what was mended.
    extras: Vec<Extra>,
    /// What pushes have a number of, one push behind the other.
    spans: Vec<Span>,
    units: Vec<UnitFrom>,
    earlier: Vec<Option<Earlier>>,
    /// The last list that had a name.
    list: Option<Arc<str>>,
    zone: Option<Zone>,
    /// The last source, which is mostly that of the next telegram as well.
    source: Arc<SourceName>,
    name: Option<Arc<str>>,
}

enum Item {
    Telegram(Owned),
    /// A line that is formatted already.
    Line(Range<usize>),
}

/// A telegram and its context.
struct Owned {
    seq: u64,
    received_at: Option<Timestamp>,
    source: Arc<SourceName>,
    meter_name: Option<Arc<str>>,
    keyed: bool,
    derived: Range<usize>,
    span: Span,
    security: Option<Security>,
    crc: Crc,
    text: Text,
    /// Bytes of the text before the telegram.
    lead: usize,
    /// Number of its shape.
    shape: usize,
    /// Place of what few telegrams have.
    extra: Option<u32>,
    replayed: bool,
    behind: usize,
}

/// Where the text of a telegram lies.
enum Text {
    /// Among the bytes of the batch.
    Own(Range<usize>),
    /// In what was opened, by its number.
    Opened(usize, Place),
}

/// What few telegrams have.
struct Extra {
    push: Option<OwnedPush>,
    mended: Option<&'static str>,
    /// The frame as it was received, of what was mended: no span tells how long that is.
    frame: Range<usize>,
}

/// What is known of a push besides its readings.
struct OwnedPush {
    framing: Framing,
    form: Form,
    list: Option<Arc<str>>,
    parts: u16,
    checksum: Option<bool>,
    spans: Range<usize>,
    units: Range<usize>,
    earlier: Range<usize>,
}

#[derive(Default, PartialEq, Eq)]
struct SourceName {
    kind: String,
    name: String,
    label: Option<String>,
}

impl Batches {
    /// Lets the threads of a pool format like this formatter, which is settled.
    pub fn new(pool: Rc<Pool>, like: &Formatter) -> Self {
        Self {
            pool,
            formatters: Idle::new(like.clone()),
            batch: Batch::default(),
            size: BATCH_MIN,
            under_way: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    /// Takes a telegram; what is finished meanwhile is put out where too much is under way.
    pub fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>, out: &mut Vec<u8>) {
        self.batch.push(context, decoded);
        if self.batch.length >= self.size {
            self.submit(out);
        }
    }

    /// Takes a line that is formatted.
    pub fn line(&mut self, line: &[u8]) {
        let line = put(&mut self.batch.bytes, line);
        self.batch.length += line.len();
        self.batch.items.push(Item::Line(line));
    }

    /// Puts out what is finished. What has come since the last call is formatted: by the threads where it is much.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        if !self.under_way.is_empty() || self.batch.items.len() >= FEW {
            self.submit(out);
            self.collect(out);
        } else if !self.batch.items.is_empty() {
            self.batch.write(&self.formatters, out);
            self.batch.clear();
        }
    }

    /// Puts out all.
    pub fn drain(&mut self, out: &mut Vec<u8>) {
        while let Some(ticket) = self.under_way.pop_front() {
            self.put_out(ticket.take(), out);
        }
        self.batch.write(&self.formatters, out);
        self.batch.clear();
    }

    fn submit(&mut self, out: &mut Vec<u8>) {
        if self.batch.items.is_empty() {
            return;
        }
        let Written {
            out: mut written,
            batch: next,
        } = self.spare.pop().unwrap_or_else(Written::with_room);
        let batch = self.batch.follow(next);
        let formatters = self.formatters.clone();
        self.under_way.push_back(self.pool.run(move || {
            batch.write(&formatters, &mut written);
            Written {
                out: written,
                batch,
            }
        }));
        // One that is written should go out while it is new.
        let written = match self.under_way.front() {
            Some(first) if self.under_way.len() <= self.pool.size() + 2 => first.try_take(),
            _ => None,
        };
        if let Some(written) = written {
            self.under_way.pop_front();
            self.put_out(written, out);
        }
        while self.under_way.len() > self.pool.size() + 2
            && let Some(ticket) = self.under_way.pop_front()
        {
            self.put_out(ticket.take(), out);
        }
    }

    fn collect(&mut self, out: &mut Vec<u8>) {
        while let Some(written) = self.under_way.front().and_then(Ticket::try_take) {
            self.under_way.pop_front();
            self.put_out(written, out);
        }
    }

    fn put_out(&mut self, mut written: Written, out: &mut Vec<u8>) {
        let (text, length) = (written.batch.length, written.out.len());
        if let Some(size) = (text * WRITTEN).checked_div(length) {
            self.size = size.clamp(BATCH_MIN, BATCH_MAX);
        }
        match out.is_empty() {
            true => std::mem::swap(out, &mut written.out),
            false => out.append(&mut written.out),
        }
        written.batch.clear();
        // One into which many were gathered must not stay that large: it would be handed round until all are.
        if written.out.capacity() > KEPT {
            written.out = Vec::with_capacity(ROOM);
        }
        self.spare.push(written);
    }
}

impl Written {
    /// A buffer that need not grow: what threads leave behind when theirs do is theirs for ever.
    fn with_room() -> Self {
        Self {
            out: Vec::with_capacity(ROOM),
            batch: Batch::default(),
        }
    }
}

impl Batch {
    fn write(&self, formatters: &Idle<Formatter>, out: &mut Vec<u8>) {
        formatters.with(|formatter| {
            for item in &self.items {
                match item {
                    Item::Line(line) => {
                        out.extend_from_slice(self.bytes.get(line.clone()).unwrap_or_default());
                    }
                    Item::Telegram(owned) => self.format(owned, formatter, out),
                }
            }
        });
    }

    fn push(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        self.length += decoded.text.len();
        let text = match context
            .opened
            .and_then(|it| Some((it, it.place_of(decoded.text)?)))
        {
            Some((opened, place)) => Text::Opened(number_of(opened, &mut self.opened), place),
            None => Text::Own(put(&mut self.bytes, decoded.text)),
        };
        let extra = self.extra(decoded);
        if self.zone.is_none() {
            self.zone = Some(decoded.telegram.zone().clone());
        }
        let source = context.source;
        if !self.source.is(source) {
            self.source = Arc::new(SourceName::of(source));
        }
        if self.name.as_deref() != context.meter_name {
            self.name = context.meter_name.map(Arc::from);
        }
        self.items.push(Item::Telegram(Owned {
            seq: context.seq,
            received_at: context.received_at,
            source: Arc::clone(&self.source),
            meter_name: self.name.clone(),
            keyed: context.keyed,
            derived: put(&mut self.derived, context.derived),
            span: decoded.span,
            security: decoded.security,
            crc: decoded.crc,
            text,
            lead: decoded.text.len() - decoded.telegram.text().len(),
            shape: number_of(decoded.telegram.shape(), &mut self.shapes),
            extra,
            replayed: decoded.replayed,
            behind: decoded.behind,
        }));
    }

    fn extra(&mut self, decoded: &Decoded<'_>) -> Option<u32> {
        if decoded.push.is_none() && decoded.mended.is_none() {
            return None;
        }
        let push = decoded.push.as_ref().map(|push| self.own(push));
        let frame = decoded.mended.map_or(&[][..], |_| decoded.frame);
        self.extras.push(Extra {
            push,
            mended: decoded.mended,
            frame: put(&mut self.bytes, frame),
        });
        u32::try_from(self.extras.len() - 1).ok()
    }

    fn own(&mut self, push: &Push<'_>) -> OwnedPush {
        if push.list.is_some() && self.list.as_deref() != push.list {
            self.list = push.list.map(Arc::from);
        }
        OwnedPush {
            framing: push.framing,
            form: push.form,
            list: self.list.clone().filter(|_| push.list.is_some()),
            parts: push.parts,
            checksum: push.checksum,
            spans: put(&mut self.spans, push.spans),
            units: put(&mut self.units, push.units),
            earlier: put(&mut self.earlier, push.earlier),
        }
    }

    fn lend<'a>(&'a self, push: &'a OwnedPush) -> Push<'a> {
        Push {
            framing: push.framing,
            form: push.form,
            list: push.list.as_deref(),
            parts: push.parts,
            spans: self.spans.get(push.spans.clone()).unwrap_or_default(),
            checksum: push.checksum,
            units: self.units.get(push.units.clone()).unwrap_or_default(),
            earlier: self.earlier.get(push.earlier.clone()).unwrap_or_default(),
        }
    }

    /// Lets another one follow, likely of the same source, and gives this one.
    fn follow(&mut self, mut next: Self) -> Self {
        next.share(self);
        std::mem::replace(self, next)
    }

    /// Takes what this one has likely in common with another.
    fn share(&mut self, other: &Self) {
        self.zone.clone_from(&other.zone);
        self.source = Arc::clone(&other.source);
        self.name.clone_from(&other.name);
        self.list.clone_from(&other.list);
    }

    fn clear(&mut self) {
        self.items.clear();
        self.length = 0;
        self.bytes.clear();
        self.opened.clear();
        self.shapes.clear();
        self.derived.clear();
        self.extras.clear();
        self.spans.clear();
        self.units.clear();
        self.earlier.clear();
    }

    fn format(&self, owned: &Owned, formatter: &mut Formatter, out: &mut Vec<u8>) {
        self.show(owned, |context, decoded| {
            formatter.separate(out);
            formatter.telegram(out, context, decoded);
        });
    }

    /// Shows a telegram as it was.
    fn show(&self, owned: &Owned, to: impl FnOnce(&Context<'_>, &Decoded<'_>)) {
        let text = match &owned.text {
            Text::Own(range) => self.bytes.get(range.clone()),
            Text::Opened(number, place) => self.opened.get(*number).map(|it| it.at(place)),
        };
        let text = text.unwrap_or_default();
        let (Some(zone), Some(shape)) = (&self.zone, self.shapes.get(owned.shape)) else {
            return;
        };
        let context = Context {
            seq: owned.seq,
            received_at: owned.received_at,
            source: owned.source.source(),
            meter_name: owned.meter_name.as_deref(),
            keyed: owned.keyed,
            derived: self.derived.get(owned.derived.clone()).unwrap_or_default(),
            ..Context::default()
        };
        let extra = owned
            .extra
            .and_then(|place| self.extras.get(place as usize));
        let frame = extra.and_then(|extra| self.bytes.get(extra.frame.clone()));
        let decoded = Decoded {
            span: owned.span,
            // No format that is written in batches shows it.
            frame: frame.unwrap_or_default(),
            security: owned.security,
            text,
            crc: owned.crc,
            telegram: Telegram::of(text.get(owned.lead..).unwrap_or_default(), shape, zone),
            push: extra.and_then(|extra| Some(self.lend(extra.push.as_ref()?))),
            mended: extra.and_then(|extra| extra.mended),
            replayed: owned.replayed,
            behind: owned.behind,
        };
        to(&context, &decoded);
    }
}

/// A telegram that waits.
#[derive(Default)]
pub struct Kept(Batch);

/// Keeps telegrams.
#[derive(Default)]
pub struct Keeper {
    /// The last one, without its text: the next one has much in common with it.
    last: Batch,
    /// One that is not needed any more.
    spare: Option<Box<Kept>>,
}

impl Keeper {
    /// Keeps a telegram.
    pub fn keep(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) -> Box<Kept> {
        let mut kept = self.spare.take().unwrap_or_default();
        let batch = &mut kept.0;
        batch.share(&self.last);
        batch.push(context, decoded);
        self.last.share(batch);
        kept
    }

    /// Takes back one that is not needed any more, to keep another in its memory.
    pub fn recycle(&mut self, mut kept: Box<Kept>) {
        kept.0.clear();
        self.spare = Some(kept);
    }
}

impl Kept {
    /// Keeps nothing of what it lies in beside its own text: it may wait for long.
    pub fn detach(&mut self) {
        let Batch {
            items,
            bytes,
            opened,
            ..
        } = &mut self.0;
        for item in items {
            if let Item::Telegram(Owned { text, .. }) = item
                && let Text::Opened(number, place) = &text
            {
                let lent = opened.get(*number).map(|opened| opened.at(place));
                *text = Text::Own(put(bytes, lent.unwrap_or_default()));
            }
        }
        opened.clear();
    }

    /// Shows the telegram as it was.
    pub fn show(&self, to: impl FnOnce(&Context<'_>, &Decoded<'_>)) {
        if let Some(Item::Telegram(owned)) = self.0.items.first() {
            self.0.show(owned, to);
        }
    }

    /// Bytes that it takes, about.
    pub fn weight(&self) -> usize {
        let Batch {
            items,
            bytes,
            shapes,
            derived,
            extras,
            spans,
            units,
            earlier,
            ..
        } = &self.0;
        size_of::<Batch>()
            + bytes.capacity()
            + items.capacity() * size_of::<Item>()
            + shapes.capacity() * size_of::<Arc<Shape>>()
            + derived.capacity() * size_of::<Derived>()
            + extras.capacity() * size_of::<Extra>()
            + spans.capacity() * size_of::<Span>()
            + units.capacity() * size_of::<UnitFrom>()
            + earlier.capacity() * size_of::<Option<Earlier>>()
    }
}

impl SourceName {
    fn of(source: Source<'_>) -> Self {
        Self {
            kind: source.kind.to_owned(),
            name: source.name.to_owned(),
            label: source.label.map(str::to_owned),
        }
    }

    fn is(&self, source: Source<'_>) -> bool {
        self.name == source.name
            && self.label.as_deref() == source.label
            && self.kind == source.kind
    }

    fn source(&self) -> Source<'_> {
        Source {
            kind: &self.kind,
            name: &self.name,
            label: self.label.as_deref(),
        }
    }
}

/// Puts some behind others, and tells where they stand.
fn put<T: Copy>(all: &mut Vec<T>, some: &[T]) -> Range<usize> {
    let from = all.len();
    all.extend_from_slice(some);
    from..all.len()
}

/// Tells whether telegrams of a format are worth a batch: what is copied only is not.
pub fn is_worth_it(format: Format) -> bool {
    match format {
        Format::Json | Format::Csv | Format::Influx | Format::Table => true,
        Format::Raw | Format::Hex | Format::Parquet | Format::Arrow => false,
    }
}

/// Bytes that are written of a batch, about: what a core has in its cache.
const WRITTEN: usize = 256 << 10;
/// Bytes of a buffer for them, as a batch can have more to write than the one before.
const ROOM: usize = 2 * WRITTEN;
/// Bytes of a buffer that is used again.
const KEPT: usize = 4 * WRITTEN;
/// Bytes of text of a batch.
const BATCH_MIN: usize = 8 << 10;
const BATCH_MAX: usize = 64 << 10;
/// So many telegrams are formatted sooner than a thread is woken.
const FEW: usize = 16;
