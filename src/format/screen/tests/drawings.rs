//! What stands on the screen.

use ratatui::style::Color;

use super::*;
use crate::p1::derive::Deriver;

/// The sizes that people have, from a strip to a wall.
const SIZES: [(u16, u16); 6] = [(20, 5), (40, 12), (80, 24), (100, 30), (160, 50), (250, 70)];

#[test]
fn a_full_meter_fills_windows_of_all_sizes() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull);
    street.houses[0].deriver = Some(Deriver::new("2.5kW".parse().ok(), None));
    street
        .screen
        .service("MQTT", "mqtt://broker.lan:1883: connected", false);
    let mut street = street.run(1281);
    for (width, height) in SIZES {
        let shown = street.show(width, height);
        insta::assert_snapshot!(format!("full_{width}x{height}"), shown);
        let wide = shown
            .lines()
            .any(|line| line.chars().count() + 2 >= usize::from(width));
        assert!(wide || width < 40, "{width} columns are used");
        let used = shown.lines().count();
        assert!(
            used + 1 >= usize::from(height),
            "{height} lines are used: {used}"
        );
    }
}

#[test]
fn rows_appear_only_where_there_is_something_to_show() {
    for (name, profile) in [
        ("nl5", Profile::Nl5),
        ("nl22", Profile::Nl22),
        ("be", Profile::Be),
        ("se", Profile::Se),
        ("lu", Profile::Lu),
    ] {
        let mut street = MeterGroup::new().house("", profile).run(600);
        insta::assert_snapshot!(format!("meter_{name}"), street.show(80, 24));
    }
}

#[test]
fn energy_of_today_begins_at_midnight() {
    let mut street = MeterGroup::new().house("house", Profile::Se);
    street.start = date(2026, 2, 3)
        .at(22, 50, 0, 0)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .unwrap()
        .timestamp();
    street.houses[0].meter = VirtualMeter::new(Setup::new(
        Profile::Se,
        1,
        2026,
        date(2026, 2, 3).at(23, 50, 0, 0),
    ));
    let mut street = street.run(1201);
    let shown = street.show(80, 24);
    let line = |word: &str| {
        let line = shown.lines().find(|line| line.contains(word)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let today = line("today");
    let yesterday = line("yesterday");
    assert!(today.starts_with("ENERGY today import +0.05"), "{today}");
    assert!(!today.contains("from"), "{today}");
    assert!(yesterday.contains("import +0.05"), "{yesterday}");
    assert!(yesterday.contains("from 23:50"), "{yesterday}");
    assert!(line("month").contains("import +0.107"), "{shown}");
}

#[test]
fn a_lost_link_and_a_late_meter_are_told_and_forgotten_when_it_is_back() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull).run(601);
    let context = street.houses[0].context();
    let now = street.now();
    street.screen.junk(now, &context, 17);
    street
        .screen
        .link(now, &context, "lost", "/dev/ttyUSB0 is gone");
    street.houses[0].silent = true;
    street.screen.notice("the adapter was unplugged", None);
    let mut street = street.run(45);
    insta::assert_snapshot!("lost_80x24", street.show(80, 24));
    let title = street.colours(80, 24, "values 46 s old");
    assert!(title.contains(&Color::Indexed(160)), "{title:?}");
    let power = street.colours(80, 24, "POWER");
    assert!(
        power.iter().all(|colour| *colour == Color::Indexed(244)),
        "{power:?}"
    );
    street.houses[0].silent = false;
    let mut street = street.run(15);
    let back = street.show(80, 24);
    assert!(back.contains(" 1 s ago"), "{back}");
    assert!(
        back.contains("63 ok  0 refused  4 missed  17 bytes outside frames"),
        "{back}"
    );
    assert!(!back.contains("lost"), "{back}");
}

#[test]
fn a_meter_without_a_key_is_named() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull);
    street.houses[0].decoder = keyless();
    let mut street = street.run(31);
    let shown = street.show(80, 24);
    assert!(
        shown.contains("encrypted, no key for SMY1030778628338"),
        "{shown}"
    );
    assert!(shown.contains("0 ok  4 refused"), "{shown}");
    let mut street = trio();
    street.houses[0].decoder = keyless();
    let mut street = street.run(31);
    let shown = street.show(80, 7);
    assert!(
        shown.contains("encrypted, no key for SMY1030778628338"),
        "{shown}"
    );
}

#[test]
fn nothing_heard_yet_is_said() {
    let mut empty = Screen::new();
    let drawn = shown(&mut empty, Timestamp::UNIX_EPOCH, 80, 24);
    assert_eq!(drawn[0], " smarty");
    let mut street = MeterGroup::new().house("house", Profile::LuFull);
    let shown = street.show(80, 24);
    assert!(shown.contains("waiting for the first telegram"), "{shown}");
}

#[test]
fn the_quarter_is_measured_against_the_reference_power() {
    let street = |reference: &str| {
        let mut street = MeterGroup::new().house("house", Profile::LuFull);
        let reference = reference.parse().ok();
        street.houses[0].deriver = Some(Deriver::new(reference, None));
        let shown = street.run(1281).show(120, 40);
        let lines = shown.lines().skip_while(|line| !line.contains("QUARTER"));
        lines.take(2).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!("quarter_below", street("2.5kW"));
    insta::assert_snapshot!("quarter_above", street("0.2kW"));
    insta::assert_snapshot!("quarter_alone", street(""));
}

#[test]
fn watts_below_a_kilowatt_and_kilowatts_above() {
    use crate::p1::value::Decimal;
    let power = |digits, scale| {
        let (digits, unit) = words::power(Decimal::new(digits, scale));
        format!("{digits} {unit}")
    };
    assert_eq!(power(5, 3), "5 W");
    assert_eq!(power(-999, 3), "-999 W");
    assert_eq!(power(1000, 3), "1.000 kW");
    assert_eq!(power(65, 2), "650 W");
    assert_eq!(power(4_20, 2), "4.20 kW");
    assert_eq!(power(1_234_567, 6), "1.234567 kW");
}

#[test]
fn where_the_locale_is_c_all_is_ascii() {
    let mut street = trio().run(601);
    street.screen.look.ascii = true;
    for keys in ["1", "2", "3", "4", "5", "?", "?b", "b\t1"] {
        street.press(keys);
        for (width, height) in SIZES {
            let shown = street.show(width, height);
            assert!(shown.is_ascii(), "{keys}: {shown}");
        }
    }
    insta::assert_snapshot!("ascii_80x24", street.show(80, 24));
}

#[test]
fn without_colours_nothing_is_styled() {
    let mut street = trio().run(601);
    street.screen.look.colours = Colours::None;
    let now = street.now();
    let buffer = street.screen.draw(now, 80, 24);
    let plain = |cell: &ratatui::buffer::Cell| {
        cell.fg == Color::Reset && cell.bg == Color::Reset && cell.modifier.is_empty()
    };
    assert!(buffer.content.iter().all(plain));
}
