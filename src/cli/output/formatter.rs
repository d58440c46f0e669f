//! A telegram as bytes of the format asked for; each thread that formats has its own.

use crate::cli::args::Format;
use crate::format::csv::Csv;
use crate::format::influx;
use crate::format::json::{self, Json};
use crate::format::table::{TableOptions, Tables};
use crate::observe::context::Context;
use crate::observe::fields::Fields;
use crate::p1::event::Decoded;

/// Formats telegrams.
#[derive(Clone)]
pub struct Formatter {
    /// What is written.
    pub format: Format,
    /// The values chosen.
    pub fields: Option<Fields>,
    /// Tables of CSV.
    pub csv: Csv,
    json: Json,
    table: Tables,
    pretty: bool,
    begun: bool,
    line: Vec<u8>,
}

impl Formatter {
    /// Writes a format, with all values or those of the fields; tables as wide as the terminal, perhaps plain.
    pub fn new(
        format: Format,
        fields: Option<Fields>,
        json: Json,
        csv: Csv,
        width: Option<usize>,
        pretty: bool,
        plain: bool,
    ) -> Self {
        Self {
            format,
            json,
            csv,
            table: Tables::new(TableOptions {
                width,
                fields: fields.clone(),
                plain,
            }),
            fields,
            pretty,
            begun: false,
            line: Vec::new(),
        }
    }

    /// Tells whether what each telegram looks like is settled, so that others can format the next ones.
    pub fn is_settled(&self) -> bool {
        match self.format {
            Format::Csv => self.csv.is_headed(),
            Format::Table => self.begun,
            Format::Json | Format::Raw | Format::Hex | Format::Influx => true,
            Format::Parquet | Format::Arrow => false,
        }
    }

    /// A blank line between two tables.
    pub fn separate(&mut self, out: &mut Vec<u8>) {
        if self.format == Format::Table && std::mem::replace(&mut self.begun, true) {
            out.push(b'\n');
        }
    }

    /// Appends a telegram.
    pub fn telegram(&mut self, out: &mut Vec<u8>, context: &Context<'_>, decoded: &Decoded<'_>) {
        match self.format {
            Format::Json => self.lines(out, |json, line| json.telegram(line, context, decoded)),
            Format::Csv => self.csv.telegram(out, context, decoded),
            Format::Raw => out.extend_from_slice(decoded.text),
            Format::Influx => influx::telegram(out, self.fields.as_ref(), context, decoded),
            Format::Table => self.table.write(out, decoded, context),
            // Its rows are columns: the output has what writes them. Frames are inspected elsewhere.
            Format::Parquet | Format::Arrow | Format::Hex => {}
        }
    }

    /// Appends a line of JSON.
    pub fn lines(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Json, &mut Vec<u8>)) {
        if !self.pretty {
            return write(&mut self.json, out);
        }
        self.line.clear();
        write(&mut self.json, &mut self.line);
        json::pretty(&self.line, out);
    }
}
