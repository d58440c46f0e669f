//! What is computed, below what was sent.

use super::*;
use crate::p1::derive::Derived;
use crate::p1::value::Decimal;

fn derived(values: &[(&'static str, i64)]) -> Vec<Derived> {
    let values = values.iter().map(|&(key, digits)| Derived {
        key,
        value: Decimal::new(digits, if key.ends_with("month") { 0 } else { 3 }),
    });
    values.collect()
}

#[test]
fn phases_stand_side_by_side_and_the_rest_in_rows() {
    let derived = derived(&[
        ("net_power_kw", -1193),
        ("net_power_l1_kw", 200),
        ("net_power_l2_kw", -1393),
        ("surplus_kw", 1193),
        ("quarter_mean_power_kw", 12_345),
        ("unsure_quarters_month", 7),
    ]);
    let heading = Context {
        derived: &derived,
        ..HEADING
    };
    let lines = readout("1-0:1.7.0(00.000*kW)");
    let print = |fields: Option<&str>| {
        let options = TableOptions {
            width: Some(80),
            fields: fields.map(|fields| Fields::parse(fields).unwrap()),
            ..TableOptions::default()
        };
        plain(&printed_below(heading, Policy::default(), &lines, &options))
    };
    assert_snapshot!(print(None), @r#"
    /Inv5\000000000   house   no time   telegram 3 of dump.bin
    sent in clear, 48 bytes   CRC CB61 right

    Power
      1-0:1.7.0  power imported                0.000 kW

    Computed
                 net power                    -1.193 kW
                 surplus                       1.193 kW
                 mean power in this quarter   12.345 kW
                 unsure quarters, this month   7
                                L1      L2      L3
                 net power   0.200  -1.393         kW
    "#);
    assert_snapshot!(print(Some("net_power,unsure_quarters_month")), @r#"
    /Inv5\000000000   house   no time   telegram 3 of dump.bin
    sent in clear, 48 bytes   CRC CB61 right

    Computed
        net power                    -1.193 kW
        unsure quarters, this month   7
    "#);
    assert!(!print(Some("active_power_import")).contains("Computed"));
}
