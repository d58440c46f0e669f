//! Draws the parts of a table.

use comfy_table::{Cell, CellAlignment};

use super::draw::{self, Column, INDENT, Point};
use super::marks::{Marks, Text};
use super::mbus::DeviceRow;
use super::rows::{FIGURE_MAX, Part, Phases, Row, Sheet, Shown};
use crate::p1::obis::{Obis, Section};

/// Widths that all parts of a table share.
pub(super) struct Frame<'m> {
    marks: &'m Marks,
    limit: usize,
    code: usize,
    words: usize,
    point: Point,
    unit: usize,
    /// Whether the codes of all three phases fit: `1-0:32/52/72.7.0`.
    long: bool,
    /// Whether the phases fit side by side.
    abreast: bool,
}

impl<'m> Frame<'m> {
    /// Measures what there is to print; texts will be drawn with marks in their place.
    pub fn of(sheet: &Sheet, marks: &'m Marks, limit: usize) -> Self {
        let mut frame = Self {
            marks,
            limit,
            code: 0,
            words: 0,
            point: Point::default(),
            unit: 0,
            long: true,
            abreast: true,
        };
        frame.measure(sheet);
        let wide = |frame: &Frame<'_>| {
            let needs = |part| frame.phases_fixed(part) + draw::widest(phases_words(part)) > limit;
            sheet.parts.iter().any(needs)
        };
        if wide(&frame) {
            frame.long = false;
            frame.measure(sheet);
        }
        let narrow = |part| frame.phases_fixed(part) + WORDS_MIN > limit;
        if sheet.parts.iter().any(narrow) {
            frame.abreast = false;
            frame.measure(sheet);
        }
        frame
    }

    fn measure(&mut self, sheet: &Sheet) {
        let rows = || sheet.parts.iter().flat_map(|part| self.listed(part));
        let figures = || {
            rows().filter_map(|row| match &row.shown {
                Shown::Figure { digits, unit } => Some((row, digits.shown.as_str(), unit.as_str())),
                _ => None,
            })
        };
        let words = draw::widest(figures().map(|(row, ..)| row.words.as_str()));
        let point = Point::of(figures().map(|(_, digits, _)| digits));
        let unit = draw::widest(figures().map(|(.., unit)| unit));
        let phases = sheet.parts.iter().flat_map(|part| self.beside(part));
        let codes: Vec<_> = phases
            .map(|phases| phases_code(phases, self.long))
            .collect();
        let codes = codes.iter().map(String::as_str);
        let code = draw::widest(rows().map(|row| row.code.as_str()).chain(codes)) + INDENT;
        let fixed = code + 2 + 2 + point.width() + 1 + unit;
        self.words = words.min(self.limit.saturating_sub(fixed)).max(WORDS_MIN);
        (self.code, self.point, self.unit) = (code, point, unit);
    }

    /// The rows that are printed as such.
    fn listed<'a>(&self, part: &'a Part) -> Vec<&'a Row> {
        let folded = part.phases.iter().filter(|_| !self.abreast);
        let unfolded = folded.flat_map(|phases| &phases.rows);
        part.rows.iter().chain(unfolded).collect()
    }

    /// The phases that are printed side by side.
    fn beside<'a>(&self, part: &'a Part) -> &'a [Phases] {
        if self.abreast { &part.phases } else { &[] }
    }

    /// Draws a part with its title.
    pub fn draw(&self, part: &Part) -> Vec<String> {
        let title = part.section.title();
        let mut lines = Vec::new();
        // The columns of devices and phases have names; the title stands in the line of the names.
        let named = !part.devices.is_empty()
            || (self.listed(part).is_empty() && !self.beside(part).is_empty());
        if !named {
            lines.push(draw::title(title));
        }
        lines.extend(self.devices(part, title));
        lines.extend(self.rows(part));
        lines.extend(self.phases(part, if named { title } else { "" }));
        lines.extend(self.silent(part));
        lines
    }

    /// Rows with numbers in columns of their own, the rest with room up to the edge.
    fn rows(&self, part: &Part) -> Vec<String> {
        let listed = self.listed(part);
        let is_figure = |row: &Row| matches!(row.shown, Shown::Figure { .. });
        let words = if listed.iter().any(|row| is_figure(row)) {
            self.words
        } else {
            let widest = draw::widest(listed.iter().map(|row| row.words.as_str()));
            widest.min(self.words.max(WORDS_MIN))
        };
        let room = self
            .limit
            .saturating_sub(self.code + words + 4)
            .max(TEXT_MIN);
        let of = |row: &Row, last: Vec<Cell>| {
            let mut cells = vec![draw::code(&row.code), Cell::new(&row.words)];
            cells.extend(last);
            cells
        };
        let mut lines = Vec::new();
        for run in listed.chunk_by(|a, b| is_figure(a) == is_figure(b)) {
            let mut columns = vec![
                Column::new(0, self.code, CellAlignment::Left),
                Column::new(2, words, CellAlignment::Left),
            ];
            if run.first().is_some_and(|row| is_figure(row)) {
                columns.push(Column::new(2, self.point.width(), CellAlignment::Right));
                columns.push(Column::new(1, self.unit.max(1), CellAlignment::Left));
            } else {
                columns.push(Column::new(2, room, CellAlignment::Left));
            }
            let rows = run.iter().map(|row| match &row.shown {
                Shown::Figure { digits, unit } => of(
                    row,
                    vec![Cell::new(self.padded(self.point, digits)), Cell::new(unit)],
                ),
                Shown::Text(text) => of(row, vec![Cell::new(self.marks.marked(text))]),
                Shown::Remark(remark) => of(row, vec![draw::dim(remark)]),
            });
            lines.extend(draw::lines(rows, &columns));
        }
        lines
    }

    /// The phases side by side.
    fn phases(&self, part: &Part, title: &str) -> Vec<String> {
        let beside = self.beside(part);
        if beside.is_empty() {
            return Vec::new();
        }
        let (point, unit) = phases_figures(part);
        let digits = point.width().max(2);
        let words = self.limit.saturating_sub(self.phases_fixed(part));
        let words = words.min(draw::widest(phases_words(part)));
        let header = vec![
            draw::bold(title),
            Cell::new(""),
            draw::bold("L1"),
            draw::bold("L2"),
            draw::bold("L3"),
        ];
        let rows = beside.iter().map(|phases| {
            let mut cells = vec![
                draw::code(&phases_code(phases, self.long)),
                Cell::new(phases.words),
            ];
            let digits = phases
                .digits
                .iter()
                .map(|digits| match digits.shown.as_str() {
                    "" => Cell::new(""),
                    _ => Cell::new(self.padded(point, digits)),
                });
            cells.extend(digits);
            cells.push(Cell::new(&phases.unit));
            cells
        });
        let columns = [
            Column::new(0, self.code, CellAlignment::Left),
            Column::new(2, words, CellAlignment::Left),
            Column::new(2, digits, CellAlignment::Right),
            Column::new(2, digits, CellAlignment::Right),
            Column::new(2, digits, CellAlignment::Right),
            Column::new(1, unit.max(1), CellAlignment::Left),
        ];
        draw::lines(std::iter::once(header).chain(rows), &columns)
    }

    /// A number with its point in line with others.
    fn padded(&self, point: Point, digits: &Text) -> String {
        let blanks = point.blanks_behind(&digits.shown);
        format!("{}{:blanks$}", self.marks.marked(digits), "")
    }

    /// What the phases take beside their words.
    fn phases_fixed(&self, part: &Part) -> usize {
        let (point, unit) = phases_figures(part);
        match self.beside(part) {
            [] => 0,
            _ => self.code + 2 + 3 * (2 + point.width().max(2)) + 1 + unit,
        }
    }

    /// The meters on the M-Bus, a row each.
    fn devices(&self, part: &Part, title: &str) -> Vec<String> {
        if part.devices.is_empty() {
            return Vec::new();
        }
        let point = Point::of(
            part.devices
                .iter()
                .map(|device| device.digits.shown.as_str()),
        );
        let header = [title, "medium", "reading", "", "time", "id", "valve"].map(draw::bold);
        let rows = part.devices.iter().map(|device| {
            vec![
                draw::code(&device.channel),
                Cell::new(&device.medium),
                Cell::new(self.padded(point, &device.digits)),
                Cell::new(&device.unit),
                Cell::new(self.marks.marked(&device.time)),
                Cell::new(self.marks.marked(&device.id)),
                Cell::new(&device.valve),
            ]
        });
        let left = CellAlignment::Left;
        let widest = |of: fn(&DeviceRow) -> &str| draw::widest(part.devices.iter().map(of));
        let channels = (widest(|device| &device.channel) + INDENT).max(title.len());
        let digits = point.width().max("reading".len());
        let columns = [
            (0, Some(channels), left),
            (2, None, left),
            (
                2,
                (digits <= FIGURE_MAX).then_some(digits),
                CellAlignment::Right,
            ),
            (1, None, left),
            (2, None, left),
            (2, None, left),
            (2, None, left),
        ];
        draw::arranged(
            std::iter::once(header.to_vec()).chain(rows),
            &columns,
            self.limit,
        )
    }

    /// One line for all that has nothing to show.
    fn silent(&self, part: &Part) -> Vec<String> {
        if part.silent.is_empty() {
            return Vec::new();
        }
        let what = match part.section {
            Section::Mbus => "nothing connected:",
            _ => "nothing in",
        };
        let text = format!("{what} {}", part.silent.join(", "));
        let width = self.limit.saturating_sub(INDENT).max(TEXT_MIN);
        let columns = [Column::new(INDENT, width, CellAlignment::Left)];
        draw::lines([vec![draw::dim(&text)]], &columns)
    }
}

fn phases_words(part: &Part) -> impl Iterator<Item = &'static str> {
    part.phases.iter().map(|phases| phases.words)
}

fn phases_figures(part: &Part) -> (Point, usize) {
    let digits = part.phases.iter().flat_map(|phases| &phases.digits);
    let units = part.phases.iter().map(|phases| phases.unit.as_str());
    let digits = digits.map(|digits| digits.shown.as_str());
    (Point::of(digits), draw::widest(units))
}

/// The codes of the phases in one: `1-0:32/52/72.7.0`, or the first of them and an ellipsis.
fn phases_code(phases: &Phases, long: bool) -> String {
    let codes: Vec<Obis> = phases.codes.iter().flatten().copied().collect();
    let Some(first) = codes.first() else {
        return String::new();
    };
    if codes.len() == 1 {
        return first.to_string();
    }
    let alike = codes.iter().all(|code| {
        Obis {
            c: first.c,
            ..*code
        } == *first
    });
    if !(long && alike) {
        return format!("{first} …");
    }
    let quantities: Vec<_> = codes.iter().map(|code| code.c.to_string()).collect();
    let own = format!("{}.{}.{}", first.c, first.d, first.e);
    let all = format!("{}.{}.{}", quantities.join("/"), first.d, first.e);
    first.to_string().replacen(&own, &all, 1)
}

/// Narrowest column of words.
const WORDS_MIN: usize = 10;
/// Narrowest column of text.
const TEXT_MIN: usize = 10;
