//! What is computed from the text of telegrams.

use super::*;
use crate::p1::telegram;

/// Computes from telegrams with these lines, and gives what is told at the last.
fn derive(telegrams: &[&str], reference: Option<ReferencePower>) -> String {
    let zone = Zone::luxembourg();
    let mut memory = telegram::LayoutCache::default();
    let mut deriver = Deriver::new(reference, None);
    let mut last = Vec::new();
    for lines in telegrams {
        let text = format!("/ABC5\r\n\r\n{}\r\n!", lines.replace(' ', "\r\n"));
        let mark = text.len() - 1;
        last = deriver.derive(&memory.parse(text.as_bytes(), mark, &zone), true, None);
    }
    let words: Vec<_> = last
        .iter()
        .map(|derived| format!("{}={}", derived.key, derived.value))
        .collect();
    words.join(" ")
}

#[test]
fn net_power_is_import_less_export_and_surplus_what_goes_out() {
    let lines = "1-0:1.7.0(00.500*kW) 1-0:2.7.0(00.000*kW) \
                 1-0:21.7.0(01.200*kW) 1-0:22.7.0(00.000*kW) \
                 1-0:41.7.0(00.000*kW) 1-0:42.7.0(00.700*kW)";
    let wanted = "net_power_kw=0.500 net_power_l1_kw=1.200 net_power_l2_kw=-0.700 \
                  surplus_kw=0.000 surplus_l1_kw=0.000 surplus_l2_kw=0.700";
    assert_eq!(derive(&[lines], None), wanted);
}

#[test]
fn watts_are_kilowatts_and_one_direction_is_enough() {
    assert_eq!(
        derive(&["1-0:2.7.0(1234*W)"], None),
        "net_power_kw=-1.234 surplus_kw=1.234"
    );
    assert_eq!(
        derive(&["1-0:1.7.0(1234*W)"], None),
        "net_power_kw=1.234 surplus_kw=0.000"
    );
    assert_eq!(
        derive(&["1-0:16.7.0(-0.120*kW)"], None),
        "net_power_kw=-0.120 surplus_kw=0.120"
    );
}

#[test]
fn tariffs_are_summed_and_a_total_wins() {
    let tariffs = [
        "0-0:1.0.0(260203100000W) 1-0:1.8.1(000001.000*kWh) 1-0:1.8.2(000002.000*kWh)",
        "0-0:1.0.0(260203100500W) 1-0:1.8.1(000001.100*kWh) 1-0:1.8.2(000002.200*kWh)",
    ];
    assert_eq!(
        derive(&tariffs, None),
        "quarter_energy_kwh=0.300 quarter_mean_power_kw=3.600"
    );
    let total = [
        "0-0:1.0.0(260203100000W) 1-0:1.8.0(3000*Wh) 1-0:1.8.1(2000*Wh)",
        "0-0:1.0.0(260203100500W) 1-0:1.8.0(3100*Wh) 1-0:1.8.1(2000*Wh)",
    ];
    assert_eq!(
        derive(&total, None),
        "quarter_energy_kwh=0.100 quarter_mean_power_kw=1.200"
    );
}

#[test]
fn without_a_clock_there_are_powers_only() {
    let lines = "1-0:1.7.0(00.500*kW) 1-0:1.8.0(000001.000*kWh)";
    let wanted = "net_power_kw=0.500 surplus_kw=0.000";
    assert_eq!(derive(&[lines, lines], reference(REFERENCE)), wanted);
    let broken = "0-0:1.0.0(632525252525S) 1-0:1.8.0(000001.000*kWh)";
    assert_eq!(derive(&[broken], reference(REFERENCE)), "");
}

#[test]
fn the_counters_of_a_telegram_that_is_not_trusted_are_not_looked_at() {
    let zone = Zone::luxembourg();
    let text = "/ABC5\r\n\r\n0-0:1.0.0(260203100000W)\r\n1-0:1.8.0(1.000*kWh)\r\n\
                1-0:1.7.0(1.000*kW)\r\n!";
    let mut memory = telegram::LayoutCache::default();
    let telegram = memory.parse(text.as_bytes(), text.len() - 1, &zone);
    let mut deriver = Deriver::new(None, None);
    assert_eq!(deriver.derive(&telegram, false, None).len(), 2);
    assert!(deriver.memory().is_none());
    assert_eq!(deriver.derive(&telegram, true, None).len(), 3);
}
