//! The choice of fields, and the list to choose from.

use comfy_table::{Cell, CellAlignment};

use super::draw::{self, Column};
use super::rows::ORDER;
use crate::observe::fields::Fields;
use crate::p1::derive::Extent;
use crate::p1::obis::{Entry, Section, entries};
use crate::p1::telegram::Telegram;

/// Tells for each line of a telegram whether one of the fields names it.
pub(super) fn wanted(fields: &Fields, telegram: &Telegram<'_>) -> Vec<bool> {
    let shape = telegram.shape();
    let lines = shape.layout.lines.iter();
    let mut wanted: Vec<bool> = lines.map(|line| fields.wants(line, None)).collect();
    for value in &shape.meaning.values {
        let line = shape.layout.lines.get(value.line as usize);
        if line.is_some_and(|line| fields.wants(line, Some(&value.key)))
            && let Some(flag) = wanted.get_mut(value.line as usize)
        {
            *flag = true;
        }
    }
    wanted
}

/// Writes all names that a field can have, by section; `width` is that of the terminal, if there is one.
pub fn write_fields_help(out: &mut Vec<u8>, width: Option<usize>) {
    let limit = draw::limit(width);
    let intro = "A field is a name, with or without the unit that ends it, or a code: \
                 voltage_l1, voltage_l1_v, 1-0:32.7.0. The M-Bus adds gas_m3, water_m3, heat_gj, \
                 and gas_m3_2 for a second gas meter. In CSV, tag says whether the tag of a frame fits.";
    let mut lines = draw::paragraph("", intro, limit);
    for section in ORDER {
        lines.push(String::new());
        lines.push(draw::title(section.title()));
        let of_section = || entries().iter().filter(|entry| entry.section == section);
        let codes = draw::widest(of_section().map(|entry| entry.code)) + draw::INDENT;
        let keys = of_section().map(keys).collect::<Vec<_>>();
        let named = draw::widest(keys.iter().map(String::as_str));
        let words = draw::widest(of_section().map(|entry| entry.words));
        let words = words.min(limit.saturating_sub(codes + named + 4)).max(12);
        let rows = of_section().zip(&keys).map(|(entry, keys)| {
            vec![
                draw::code(entry.code),
                Cell::new(keys),
                // The words say what the name says: cut, they still do, and each name keeps its one line.
                draw::dim(entry.words).set_delimiter('\u{1}'),
            ]
        });
        let columns = [
            Column::new(0, codes, CellAlignment::Left),
            Column::new(2, named, CellAlignment::Left),
            Column::new(2, words, CellAlignment::Left),
        ];
        lines.extend(draw::cut_lines(rows, &columns));
    }
    lines.extend(computed(limit));
    draw::write(out, lines, limit, false);
}

/// What is computed: there are no codes for it.
fn computed(limit: usize) -> Vec<String> {
    let quantities = || Extent::WithReference.quantities().iter();
    let mut lines = vec![String::new(), draw::title(Section::Computed.title())];
    let named = draw::widest(quantities().map(|quantity| quantity.key)) + draw::INDENT;
    let words = limit.saturating_sub(named + 2).max(12);
    let rows = quantities().map(|quantity| {
        let key = format!("{:indent$}{}", "", quantity.key, indent = draw::INDENT);
        vec![Cell::new(key), draw::dim(quantity.words)]
    });
    let columns = [
        Column::new(0, named, CellAlignment::Left),
        Column::new(2, words, CellAlignment::Left),
    ];
    lines.extend(draw::cut_lines(rows, &columns));
    lines.push(String::new());
    let when = "Computed with --derive; what is left, and above, with --reference-power too.";
    lines.extend(draw::paragraph("", when, limit));
    lines
}

/// The key of an entry, and the endings of its other units: `mbus_meter_reading_m3 _gj`.
fn keys(entry: &Entry) -> String {
    let mut keys = entry.key.to_owned();
    for (unit, _) in entry.units().skip(1) {
        keys.push(' ');
        keys.push_str(unit.suffix());
    }
    keys
}
