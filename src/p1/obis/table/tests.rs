use std::collections::{HashMap, HashSet};

use super::*;
use proptest::prelude::*;

fn named(code: &str) -> Option<&'static str> {
    lookup(code.parse().unwrap()).map(|entry| entry.name)
}

fn canonical(code: &str, sent: &str) -> Option<(&'static str, i8)> {
    let entry = lookup(code.parse().unwrap()).unwrap();
    entry
        .canonical(sent.as_bytes())
        .map(|it| (it.key, it.shift))
}

#[test]
fn each_row_is_well_formed() {
    for line in TEXT.lines().skip(1) {
        assert!(row(line).is_some(), "{line}");
    }
    assert_eq!(entries().len(), TEXT.lines().count() - 1);
}

#[test]
fn each_row_is_found_under_its_code() {
    for entry in entries() {
        let code = entry.code.replace("-n:", "-3:").parse().unwrap();
        assert_eq!(lookup(code), Some(entry), "{}", entry.code);
    }
}

#[test]
fn no_code_stands_twice() {
    let codes: HashSet<_> = entries().iter().map(|entry| entry.code).collect();
    assert_eq!(codes.len(), entries().len());
}

#[test]
fn rows_that_share_a_name_are_one_quantity() {
    let mut first = HashMap::new();
    for entry in entries() {
        let known = first.entry(entry.name).or_insert(entry);
        let alike = (
            known.units().eq(entry.units()),
            known.kind,
            known.section,
            known.words,
        );
        assert_eq!(
            alike,
            (true, entry.kind, entry.section, entry.words),
            "{}",
            entry.code
        );
    }
}

#[test]
fn names_keys_and_words_tell_quantities_apart() {
    let names: HashSet<_> = entries().iter().map(|entry| entry.name).collect();
    let keys: HashSet<_> = entries().iter().map(|entry| entry.key).collect();
    let words: HashSet<_> = entries().iter().map(|entry| entry.words).collect();
    assert_eq!((keys.len(), words.len()), (names.len(), names.len()));
}

#[test]
fn names_are_snake_case_and_words_are_short() {
    for Entry { name, words, .. } in entries() {
        assert!(
            name.bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')),
            "{name}"
        );
        assert!((1..=34).contains(&words.chars().count()), "{words}");
        assert_eq!(words.trim(), *words);
    }
}

#[test]
fn the_lines_of_both_standards_are_all_known() {
    for code in [
        "1-3:0.2.8",
        "0-0:1.0.0",
        "0-0:42.0.0",
        "1-0:1.8.0",
        "1-0:2.8.0",
        "1-0:3.8.0",
        "1-0:4.8.0",
        "1-0:1.7.0",
        "1-0:2.7.0",
        "1-0:3.7.0",
        "1-0:4.7.0",
        "0-0:17.0.0",
        "1-0:9.7.0",
        "1-0:10.7.0",
        "1-1:31.4.0",
        "0-0:96.3.10",
        "0-1:96.3.10",
        "0-2:96.3.10",
        "0-0:96.7.21",
        "1-0:32.32.0",
        "1-0:52.36.0",
        "0-0:96.13.0",
        "0-0:96.13.5",
        "1-0:72.7.0",
        "1-0:71.7.0",
        "1-0:61.7.0",
        "1-0:62.7.0",
        "1-0:63.7.0",
        "1-0:64.7.0",
        "0-1:24.1.0",
        "0-2:96.1.0",
        "0-3:24.2.1",
        "0-4:24.4.0",
        "0-0:96.1.1",
        "1-0:1.8.1",
        "1-0:2.8.2",
        "0-0:96.14.0",
        "0-0:96.7.9",
        "1-0:99.97.0",
        "0-0:96.7.19",
    ] {
        assert!(named(code).is_some(), "{code}");
    }
}

#[test]
fn the_names_of_the_json_contract_hold() {
    let key = |code: &str| lookup(code.parse().unwrap()).unwrap().key;
    assert_eq!(key("1-0:1.8.0"), "active_energy_import_kwh");
    assert_eq!(key("1-0:1.8.1"), "active_energy_import_tariff_1_kwh");
    assert_eq!(key("1-0:1.7.0"), "active_power_import_kw");
    assert_eq!(key("1-0:21.7.0"), "active_power_import_l1_kw");
    assert_eq!(key("1-0:32.7.0"), "voltage_l1_v");
    assert_eq!(key("0-0:96.7.21"), "power_failure_count");
    assert_eq!(key("1-1:31.4.0"), "current_limit_import_export_a");
    assert_eq!(key("0-0:96.14.0"), "tariff_indicator");
}

#[test]
fn a_channel_row_answers_for_each_mbus_channel() {
    for channel in 1..=64 {
        let entry = lookup(Obis::new(0, channel, 24, 2, 1)).unwrap();
        assert_eq!((entry.code, entry.channel), ("0-n:24.2.1", true));
    }
    assert_eq!(named("0-0:24.2.1"), None);
    assert_eq!(named("0-65:24.2.1"), None);
    assert_eq!(named("1-1:24.2.1"), None);
}

#[test]
fn an_exact_code_goes_before_a_channel_row() {
    assert_eq!(named("0-0:96.1.1"), Some("equipment_identifier"));
    assert_eq!(named("0-1:96.1.1"), Some("mbus_equipment_identifier"));
}

#[test]
fn a_code_without_medium_is_electricity_or_else_abstract() {
    assert_eq!(named("1.8.0"), Some("active_energy_import"));
    assert_eq!(named("96.7.21"), Some("power_failure_count"));
    assert_eq!(named("0:1.0.0"), Some("clock"));
}

#[test]
fn only_the_current_billing_period_is_known() {
    assert_eq!(named("1-0:1.8.0*255"), Some("active_energy_import"));
    assert_eq!(named("1-0:1.8.0*1"), None);
}

#[test]
fn an_unknown_code_is_not_found() {
    assert_eq!(named("1-0:199.8.0"), None);
    assert_eq!(named("2-0:1.8.0"), None);
}

#[test]
fn a_name_is_found_with_and_without_its_unit() {
    let codes = |name| by_name(name).map(|entry| entry.code).collect::<Vec<_>>();
    assert_eq!(codes("voltage_l1"), ["1-0:32.7.0"]);
    assert_eq!(codes("voltage_l1_v"), ["1-0:32.7.0"]);
    assert_eq!(codes("limiter_threshold_a"), ["0-0:17.0.0", "1-0:17.0.0"]);
    assert_eq!(codes("voltage"), [""; 0]);
}

#[test]
fn a_sent_unit_moves_the_point() {
    assert_eq!(
        canonical("1-0:1.8.0", "kWh"),
        Some(("active_energy_import_kwh", 0))
    );
    assert_eq!(
        canonical("1-0:1.8.0", "Wh"),
        Some(("active_energy_import_kwh", -3))
    );
    assert_eq!(canonical("1-0:32.7.0", "kV"), Some(("voltage_l1_v", 3)));
}

#[test]
fn a_missing_unit_is_the_canonical_one() {
    assert_eq!(
        canonical("1-0:3.7.0", ""),
        Some(("reactive_power_import_kvar", 0))
    );
    assert_eq!(
        canonical("0-0:96.7.21", ""),
        Some(("power_failure_count", 0))
    );
}

#[test]
fn reactive_energy_sent_as_kvar_is_energy() {
    let key = "reactive_energy_import_kvarh";
    assert_eq!(canonical("1-0:3.8.0", "kVAr"), Some((key, 0)));
    assert_eq!(canonical("1-0:3.8.0", "var"), Some((key, -3)));
    assert_eq!(canonical("1-0:3.7.0", "kvarh"), None);
}

#[test]
fn a_quantity_in_several_units_takes_its_key_from_the_sent_one() {
    assert_eq!(
        canonical("0-0:17.0.0", "kVA"),
        Some(("limiter_threshold_kva", 0))
    );
    assert_eq!(
        canonical("0-0:17.0.0", "W"),
        Some(("limiter_threshold_kw", -3))
    );
    assert_eq!(
        canonical("0-0:17.0.0", "A"),
        Some(("limiter_threshold_a", 0))
    );
    assert_eq!(canonical("0-0:17.0.0", ""), None);
}

#[test]
fn a_unit_of_another_dimension_has_no_key() {
    assert_eq!(canonical("1-0:1.8.0", "kW"), None);
    assert_eq!(canonical("1-0:1.8.0", "min"), None);
    assert_eq!(canonical("0-0:96.7.21", "s"), None);
}

proptest! {
    #[test]
    fn a_found_row_has_the_code_it_was_asked_for(a in 0u8..9, b in 0u8..70, c: u8, d in 0u8..120, e in 0u8..70) {
        let code = Obis::new(a, b, c, d, e);
        if let Some(entry) = lookup(code) {
            let n = if entry.channel { "n".to_owned() } else { b.to_string() };
            prop_assert_eq!(entry.code, format!("{a}-{n}:{c}.{d}.{e}"));
        }
    }
}
