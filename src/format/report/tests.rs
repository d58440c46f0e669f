//! The same statement in each format.

use super::*;
use crate::p1::period::{By, Ledger, Wanted};
use crate::p1::telegram::{LayoutCache, format};

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
        ledger.take(&LayoutCache::default().parse(&text, mark, zone), None);
    }
    let wanted = Wanted {
        by: Some(by),
        zone: zone.clone(),
        from: None,
        to: None,
        reference: Some("1kW".parse().unwrap()),
        prices: None,
        measured: true,
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

#[test]
fn the_page_has_all_numbers_and_fetches_nothing() {
    let zone = Zone::luxembourg();
    let by = |by| statement(by, &zone);
    let (quarters, hours) = (by(By::Quarter), by(By::Hour));
    let (days, months) = (by(By::Day), by(By::Month));
    let sheet = html::Sheet {
        quarters: Account {
            id: "SMY1</script>",
            ..account(&quarters)
        },
        hours: &hours,
        days: &days,
        months: &months,
        own: None,
    };
    let finding = Finding {
        what: "<b>house</b>: the line is weak".to_owned(),
        hint: "a shorter cable".to_owned(),
    };
    let page = html::page(&[sheet], &[finding], 2, &zone);
    for part in [
        "SMY1&lt;/script&gt;",
        "23.875",
        "&lt;b&gt;house",
        "a shorter cable",
        "2 frames were refused",
        "<th scope=\"row\">2026-01-11</th><td>11.875</td><td>1.000</td>",
        "228.1",
        "var(--up)",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // The name of the language of pictures is the only address.
    let addresses = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for part in ["http:", "https:", "url(", "@import", "#010"] {
        assert!(!addresses.contains(part), "{part}");
    }
}
