//! From events to bytes: the format asked for, the choice of meters, `--last` and `--redact`.

use std::io::IsTerminal;

use super::args::{Format, OutputArgs};
use super::failure::{Exit, Failure};
use super::words;
use super::writer::{WriteEnd, Writer};
use crate::p1::event::{Decoded, Refused};
use crate::sink::context::Context;
use crate::sink::csv::{self, Csv};
use crate::sink::fields::{Fields, UnknownField};
use crate::sink::hex;
use crate::sink::json::{self, Json};
use crate::sink::out::OutFile;
use crate::sink::redact::Redactor;
use crate::sink::table::{self, TableOptions};
use crate::sink::target::Existing;

/// Formats telegrams and writes them.
pub struct Output {
    format: Format,
    fields: Option<Fields>,
    json: Json,
    csv: Csv,
    table: TableOptions,
    pretty: bool,
    events: bool,
    last: bool,
    redactor: Option<Redactor>,
    buffer: Vec<u8>,
    line: Vec<u8>,
    writer: Writer,
}

impl Output {
    /// Makes the output that the arguments ask for.
    ///
    /// # Errors
    /// A field that does not exist; a file that is there already or cannot be made.
    pub fn open(args: &OutputArgs, format: Format, last: bool) -> Result<Self, Failure> {
        let fields = args
            .fields
            .as_deref()
            .map(Fields::parse)
            .transpose()
            .map_err(unknown)?;
        if args.events && format != Format::Json {
            return Err(Failure::new(Exit::Usage, "--events needs --json"));
        }
        let on_terminal = args.out.is_none() && std::io::stdout().is_terminal();
        let writer = match &args.out {
            Some(path) => {
                let existing = match (args.force, args.append) {
                    (true, _) => Existing::Replace,
                    (_, true) => Existing::Append,
                    _ => Existing::Refuse,
                };
                Writer::File(Box::new(OutFile::create(path, existing)?))
            }
            None if matches!(format, Format::Table | Format::Hex) => Writer::Terminal,
            None => Writer::Stdout(std::io::stdout()),
        };
        let width =
            on_terminal.then(|| crossterm::terminal::size().map_or(80, |(width, _)| width.into()));
        let mut csv = Csv::new(fields.clone());
        if let (Some(path), true, Format::Csv) = (&args.out, args.append, format)
            && let Some(header) = first_line(path)
        {
            csv.continue_below(&header);
        }
        Ok(Self {
            format,
            json: Json::new(fields.clone()),
            csv,
            table: TableOptions {
                width,
                fields: fields.clone(),
            },
            fields,
            pretty: args.pretty,
            events: args.events,
            last,
            redactor: args.redact.then(Redactor::default),
            buffer: Vec::new(),
            line: Vec::new(),
            writer,
        })
    }

    /// Formats a telegram.
    pub fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        if self.last {
            self.buffer.clear();
        }
        match self.redactor.take() {
            Some(mut redactor) => {
                let decoded = redactor.redact(decoded);
                self.write(context, &decoded);
                self.redactor = Some(redactor);
            }
            None => self.write(context, decoded),
        }
    }

    /// Formats a refused frame, where such are asked for.
    pub fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>) {
        if !self.events {
            return;
        }
        let mut redactor = self.redactor.take();
        let refused = match &mut redactor {
            Some(redactor) => redactor.refused(refused),
            None => *refused,
        };
        let (message, hint) = words::refused(&refused);
        self.lines(|json, line| json.refused(line, context, &refused, &message, Some(&hint)));
        self.redactor = redactor;
    }

    /// Formats a change of the link, where such are asked for.
    pub fn link(&mut self, context: &Context<'_>, state: &str, message: &str) {
        if self.events {
            self.lines(|json, line| json.link(line, context, state, message));
        }
    }

    /// Bytes that wait to be written.
    pub fn pending(&self) -> usize {
        if self.last { 0 } else { self.buffer.len() }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// [`WriteEnd`].
    pub fn flush(&mut self) -> Result<(), WriteEnd> {
        if self.pending() == 0 {
            return Ok(());
        }
        let written = self.writer.write(&self.buffer);
        self.buffer.clear();
        written
    }

    /// Writes the rest and puts a file in its place.
    ///
    /// # Errors
    /// [`WriteEnd`].
    pub fn finish(mut self) -> Result<(), WriteEnd> {
        self.last = false;
        self.flush()?;
        self.writer.finish().map_err(WriteEnd::Failed)
    }

    fn write(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        match self.format {
            Format::Json => self.lines(|json, line| json.telegram(line, context, decoded)),
            Format::Csv => self.csv.telegram(&mut self.buffer, context, decoded),
            Format::Raw => self.buffer.extend_from_slice(decoded.text),
            Format::Influx => csv::influx(&mut self.buffer, self.fields.as_ref(), context, decoded),
            Format::Hex => hex::write(&mut self.buffer, decoded),
            Format::Table => table::write(&mut self.buffer, decoded, context, &self.table),
        }
    }

    fn lines(&mut self, write: impl FnOnce(&mut Json, &mut Vec<u8>)) {
        if !self.pretty {
            return write(&mut self.json, &mut self.buffer);
        }
        self.line.clear();
        write(&mut self.json, &mut self.line);
        json::pretty(&self.line, &mut self.buffer);
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
