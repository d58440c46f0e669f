//! The same statement in each format.

use super::*;
use crate::p1::period::{By, Ledger, Wanted};
use crate::p1::telegram::{Memory, format};

/// Two days of a quarter each, with a gap of an hour, gas and what goes out.
fn statement(by: By, zone: &Zone) -> Statement {
    let mut ledger = Ledger::default();
    for step in (0..192).filter(|step| !(40..44).contains(step)) {
        let at = jiff::Timestamp::from_second(1_767_999_600 + step * 900).unwrap();
        let at = at.to_zoned(zone.rules().clone());
        let lines = [
            ("0-0:1.0.0", format!("{}W", at.strftime("%y%m%d%H%M%S"))),
            (
                "1-0:1.8.0",
                format!("{}.{:03}*kWh", 100 + step / 8, step % 8 * 125),
            ),
            ("1-0:2.8.0", format!("{}.000*kWh", step / 100)),
            ("1-0:32.7.0", format!("{}.1*V", 228 + step % 7)),
            ("0-1:24.1.0", "003".to_owned()),
            (
                "0-1:24.2.1",
                format!("{}W)({}.500*m3", at.strftime("%y%m%d%H0000"), 7 + step / 4),
            ),
        ];
        let lines = lines
            .iter()
            .map(|(code, value)| (*code, value.split(")(").collect::<Vec<_>>()));
        let text = format("/SMY5\\meter", lines, true);
        let mark = text.iter().position(|byte| *byte == b'!').unwrap();
        ledger.take(&Memory::default().parse(&text, mark, zone), None);
    }
    let wanted = Wanted {
        by: Some(by),
        zone: zone.clone(),
        from: None,
        to: None,
        reference: Some("1kW".parse().unwrap()),
        latest: i64::MAX,
    };
    ledger.statement(&wanted).unwrap()
}

fn account(statement: &Statement) -> Account<'_> {
    Account {
        id: "SMY1",
        name: Some("=house"),
        statement,
    }
}

#[test]
fn json_has_a_line_a_period() {
    let zone = Zone::luxembourg();
    let statement = statement(By::Day, &zone);
    let mut out = Vec::new();
    json(&mut out, &account(&statement), &zone);
    let text = String::from_utf8(out).unwrap();
    insta::assert_snapshot!(text);
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn csv_has_a_row_a_period() {
    let zone = Zone::luxembourg();
    let statement = statement(By::Day, &zone);
    let mut out = Vec::new();
    csv(&mut out, &[account(&statement)], &zone);
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn the_table_fits_80_columns_and_fewer() {
    let zone = Zone::luxembourg();
    for (by, width) in [(By::Day, 80), (By::Hour, 60), (By::Month, 120)] {
        let statement = statement(by, &zone);
        let mut out = Vec::new();
        table::write(&mut out, &account(&statement), &zone, Some(width));
        let text = String::from_utf8(out).unwrap();
        for line in text.lines() {
            assert!(line.chars().count() <= width, "{line}");
        }
        insta::assert_snapshot!(format!("table_{by}_{width}"), text);
    }
}
