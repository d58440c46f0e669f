//! Histories: which quantity each value of a list is.
//!
//! ```text
//! 0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(time)(time)(04.329*kW)(time)(time)(04.529*kW)    Belgium: the codes are sent
//! 0-0:98.1.0(time)(003600.793*kWh)(001032.452*kWh) ...                                 Hungary: the order is fixed
//! ```

use super::{Form, Layout, Line};
use crate::p1::obis::{self, Entry, Kind, Obis};

impl Layout {
    /// What the table knows of each value of a history, in order; empty for lines that are none.
    ///
    /// Counts, codes and times are `None`.
    pub fn columns(&self, line: &Line, text: &[u8]) -> Vec<Option<&'static Entry>> {
        if line.entry.is_none_or(|entry| entry.kind != Kind::Log) {
            return Vec::new();
        }
        let items = self.items_in(&line.items);
        let mut codes: Vec<Obis> = Vec::new();
        for item in items.iter().filter(|item| item.form == Form::Code) {
            let code = Obis::parse(item.value.of(text));
            codes.extend(code.filter(|code| !codes.contains(code)));
        }
        let is_number = |form| form == Form::Number;
        if codes.is_empty() {
            let [first, rest @ ..] = items else {
                return Vec::new();
            };
            let fits = first.form == Form::Time
                && rest.len() == HUNGARY.len()
                && rest.iter().zip(HUNGARY).all(|(item, code)| {
                    let entry = obis::lookup(code);
                    is_number(item.form)
                        && entry.is_some_and(|e| e.canonical(item.unit.of(text)).is_some())
                });
            if !fits {
                return Vec::new();
            }
            let known = HUNGARY.map(obis::lookup);
            return std::iter::once(None).chain(known).collect();
        }
        let mut listed = false;
        let mut place = 0;
        let column = items.iter().map(|item| match item.form {
            Form::Code => {
                listed = true;
                None
            }
            Form::Number if listed => {
                let code = codes.get(place % codes.len().max(1));
                place += 1;
                obis::lookup(*code?)
            }
            Form::Time => {
                place = 0;
                None
            }
            _ => None,
        });
        column.collect()
    }
}

/// What the monthly profile of Hungarian meters holds behind its time.
const HUNGARY: [Obis; 19] = [
    Obis::new(1, 0, 1, 8, 0),
    Obis::new(1, 0, 1, 8, 1),
    Obis::new(1, 0, 1, 8, 2),
    Obis::new(1, 0, 1, 8, 3),
    Obis::new(1, 0, 1, 8, 4),
    Obis::new(1, 0, 2, 8, 0),
    Obis::new(1, 0, 2, 8, 1),
    Obis::new(1, 0, 2, 8, 2),
    Obis::new(1, 0, 2, 8, 3),
    Obis::new(1, 0, 2, 8, 4),
    Obis::new(1, 0, 15, 8, 0),
    Obis::new(1, 0, 3, 8, 0),
    Obis::new(1, 0, 4, 8, 0),
    Obis::new(1, 0, 5, 8, 0),
    Obis::new(1, 0, 6, 8, 0),
    Obis::new(1, 0, 7, 8, 0),
    Obis::new(1, 0, 8, 8, 0),
    Obis::new(1, 0, 1, 6, 0),
    Obis::new(1, 0, 2, 6, 0),
];
