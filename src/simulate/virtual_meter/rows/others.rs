//! The lines of Sweden, Austria, Hungary, Lithuania and Poland.

use super::*;

pub(super) const SE: &[Row] = &[
    ("0-0:1.0.0", Clock),
    ("1-0:1.8.0", import(Form::new(11, 3, "kWh"))),
    ("1-0:2.8.0", export(Form::new(11, 3, "kWh"))),
    ("1-0:3.8.0", reactive_import(Form::new(11, 3, "kVArh"))),
    ("1-0:4.8.0", reactive_export(Form::new(11, 3, "kVArh"))),
    ("1-0:1.7.0", power_in(KW7)),
    ("1-0:2.7.0", power_out(KW7)),
    ("1-0:3.7.0", var_in(KVAR7)),
    ("1-0:4.7.0", var_out(KVAR7)),
    (
        "1-0:21.7.0",
        Number(|house| house.phase(0).active.max(0), KW7),
    ),
    (
        "1-0:22.7.0",
        Number(|house| (-house.phase(0).active).max(0), KW7),
    ),
    (
        "1-0:41.7.0",
        Number(|house| house.phase(1).active.max(0), KW7),
    ),
    (
        "1-0:42.7.0",
        Number(|house| (-house.phase(1).active).max(0), KW7),
    ),
    (
        "1-0:61.7.0",
        Number(|house| house.phase(2).active.max(0), KW7),
    ),
    (
        "1-0:62.7.0",
        Number(|house| (-house.phase(2).active).max(0), KW7),
    ),
    (
        "1-0:23.7.0",
        Number(|house| house.phase(0).reactive.max(0), KVAR7),
    ),
    (
        "1-0:24.7.0",
        Number(|house| (-house.phase(0).reactive).max(0), KVAR7),
    ),
    (
        "1-0:43.7.0",
        Number(|house| house.phase(1).reactive.max(0), KVAR7),
    ),
    (
        "1-0:44.7.0",
        Number(|house| (-house.phase(1).reactive).max(0), KVAR7),
    ),
    (
        "1-0:63.7.0",
        Number(|house| house.phase(2).reactive.max(0), KVAR7),
    ),
    (
        "1-0:64.7.0",
        Number(|house| (-house.phase(2).reactive).max(0), KVAR7),
    ),
    ("1-0:32.7.0", Number(|house| house.phase(0).voltage, V)),
    ("1-0:52.7.0", Number(|house| house.phase(1).voltage, V)),
    ("1-0:72.7.0", Number(|house| house.phase(2).voltage, V)),
    ("1-0:31.7.0", Number(|house| house.phase(0).current, A1)),
    ("1-0:51.7.0", Number(|house| house.phase(1).current, A1)),
    ("1-0:71.7.0", Number(|house| house.phase(2).current, A1)),
];

pub(super) const AT: &[Row] = &[
    ("1-3:0.2.8", As("(50)")),
    ("0-0:1.0.0", Clock),
    ("0-0:42.0.0", DeviceName),
    ("1-0:1.8.0", import(WH)),
    ("1-0:1.8.1", import_low(WH)),
    ("1-0:1.8.2", import_high(WH)),
    ("1-0:1.7.0", power_in(W)),
    ("1-0:2.8.0", export(WH)),
    ("1-0:2.8.1", export_low(WH)),
    ("1-0:2.8.2", export_high(WH)),
    ("1-0:2.7.0", power_out(W)),
    ("1-0:3.8.0", reactive_import(VARH)),
    ("1-0:3.7.0", var_in(VAR)),
    ("1-0:4.8.0", reactive_export(VARH)),
    ("1-0:4.7.0", var_out(VAR)),
    ("1-0:13.7.0", Number(|house| house.power_factor(), FACTOR)),
    ("1-0:32.7.0", Number(|house| house.phase(0).voltage, V)),
    ("1-0:52.7.0", Number(|house| house.phase(1).voltage, V)),
    ("1-0:72.7.0", Number(|house| house.phase(2).voltage, V)),
    ("1-0:31.7.0", Number(|house| house.phase(0).current, A2)),
    ("1-0:51.7.0", Number(|house| house.phase(1).current, A2)),
    ("1-0:71.7.0", Number(|house| house.phase(2).current, A2)),
    ("0-0:96.13.0", As("()")),
];

pub(super) const HU: &[Row] = &[
    ("0-0:1.0.0", Clock),
    ("0-0:42.0.0", DeviceName),
    ("0-0:96.1.0", Equipment),
    ("0-0:96.14.0", TARIFF),
    ("0-0:96.3.10", As("(1)")),
    ("0-0:17.0.0", As("(90.000*kW)")),
    ("1-0:1.8.0", import(KWH)),
    ("1-0:1.8.1", import_low(KWH)),
    ("1-0:1.8.2", import_high(KWH)),
    ("1-0:1.8.3", As("(000000.000*kWh)")),
    ("1-0:1.8.4", As("(000000.000*kWh)")),
    ("1-0:2.8.0", export(KWH)),
    ("1-0:2.8.1", export_low(KWH)),
    ("1-0:2.8.2", export_high(KWH)),
    ("1-0:2.8.3", As("(000000.000*kWh)")),
    ("1-0:2.8.4", As("(000000.000*kWh)")),
    ("1-0:3.8.0", reactive_import(KVARH)),
    ("1-0:4.8.0", reactive_export(KVARH)),
    ("1-0:5.8.0", Quadrant(0)),
    ("1-0:6.8.0", Quadrant(1)),
    ("1-0:7.8.0", Quadrant(2)),
    ("1-0:8.8.0", Quadrant(3)),
    (
        "1-0:15.8.0",
        Number(
            |house| house.energy().imported() + house.energy().exported(),
            KWH,
        ),
    ),
    ("1-0:32.7.0", Number(|house| house.phase(0).voltage, V5)),
    ("1-0:52.7.0", Number(|house| house.phase(1).voltage, V5)),
    ("1-0:72.7.0", Number(|house| house.phase(2).voltage, V5)),
    ("1-0:31.7.0", Number(|house| house.phase(0).current, A2)),
    ("1-0:51.7.0", Number(|house| house.phase(1).current, A2)),
    ("1-0:71.7.0", Number(|house| house.phase(2).current, A2)),
    ("1-0:13.7.0", Number(|house| house.power_factor(), FACTOR)),
    (
        "1-0:33.7.0",
        Number(|house| house.phase(0).power_factor(), FACTOR),
    ),
    (
        "1-0:53.7.0",
        Number(|house| house.phase(1).power_factor(), FACTOR),
    ),
    (
        "1-0:73.7.0",
        Number(|house| house.phase(2).power_factor(), FACTOR),
    ),
    ("1-0:14.7.0", Number(|house| house.frequency(), HZ)),
    ("1-0:1.7.0", power_in(KW)),
    ("1-0:2.7.0", power_out(KW)),
    ("1-0:5.7.0", Number(|house| quadrant_power(house, 0), KVAR)),
    ("1-0:6.7.0", Number(|house| quadrant_power(house, 1), KVAR)),
    ("1-0:7.7.0", Number(|house| quadrant_power(house, 2), KVAR)),
    ("1-0:8.7.0", Number(|house| quadrant_power(house, 3), KVAR)),
    ("0-0:98.1.0", Billed),
    ("0-0:96.13.0", As("()")),
    ("1-0:31.4.0", As("(200.00*A)")),
    ("1-0:51.4.0", As("(200.00*A)")),
    ("1-0:71.4.0", As("(200.00*A)")),
];

pub(super) const LT_START: &[Row] = &[
    ("0-0:96.1.1", Equipment),
    ("0-0:1.0.0", Clock),
    ("0-0:96.13.0", As("(7365745031)")),
    ("1-0:0.2.0", As("(01.07)")),
    ("1-0:0.2.8", As("(5A3C90E1)")),
    ("1-0:0.8.2", As("(00900*s)")),
    ("1-0:1.8.0", import(KWH)),
    ("1-0:1.8.1", import_low(KWH)),
    ("1-0:1.8.2", import_high(KWH)),
    ("1-0:1.8.3", As("(000000.000*kWh)")),
    ("1-0:1.8.4", As("(000000.000*kWh)")),
    ("1-0:2.8.0", export(KWH)),
    ("1-0:2.8.1", export_low(KWH)),
    ("1-0:2.8.2", export_high(KWH)),
    ("1-0:2.8.3", As("(000000.000*kWh)")),
    ("1-0:2.8.4", As("(000000.000*kWh)")),
    ("1-0:3.8.0", reactive_import(KVARH)),
    ("1-0:4.8.0", reactive_export(KVARH)),
];

pub(super) const LT_POWERS: &[Row] = &[
    (
        "1-0:1.4.0",
        Number(|house| house.demand().current, Form::new(9, 3, "kW")),
    ),
    (
        "1-0:1.5.0",
        Number(|house| house.demand().last, Form::new(9, 3, "kW")),
    ),
    ("1-0:1.7.0", power_in(KW)),
    ("1-0:2.7.0", power_out(KW)),
    ("1-0:3.7.0", var_in(KVAR)),
    ("1-0:4.7.0", var_out(KVAR)),
    ("1-0:9.7.0", APPARENT_IN),
    ("1-0:10.7.0", APPARENT_OUT),
    ("1-0:15.7.0", Number(|house| house.active().abs(), KW)),
];

pub(super) const LT_PHASES: &[Row] = &[
    (
        "1-0:33.7.0",
        Number(|house| house.phase(0).power_factor(), FACTOR),
    ),
    (
        "1-0:53.7.0",
        Number(|house| house.phase(1).power_factor(), FACTOR),
    ),
    (
        "1-0:73.7.0",
        Number(|house| house.phase(2).power_factor(), FACTOR),
    ),
    ("1-0:13.7.0", Number(|house| house.power_factor(), FACTOR)),
    (
        "1-0:14.7.0",
        Number(|house| house.frequency(), Form::new(3, 1, "Hz").cut(1)),
    ),
];

pub(super) const LT_REST: &[Row] = &[
    (
        "1-0:11.7.0",
        Number(
            |house| house.phases().map(|phase| phase.current).max().unwrap_or(0),
            A,
        ),
    ),
    (
        "1-0:90.7.0",
        Number(|house| house.phases().map(|phase| phase.current).sum(), A),
    ),
    ("0-0:96.7.21", Incidents(0)),
    ("1-0:32.32.0", Incidents(1)),
    ("1-0:52.32.0", Incidents(2)),
    ("1-0:72.32.0", Incidents(3)),
    ("1-0:32.36.0", Incidents(4)),
    ("1-0:52.36.0", Incidents(5)),
    ("1-0:72.36.0", Incidents(6)),
];

pub(super) const PL: &[Row] = &[
    ("0-0:1.0.0", Clock),
    ("0-0:96.1.1", Equipment),
    ("1-0:1.8.0", import(KWH)),
    ("1-0:2.8.0", export(KWH)),
    ("1-0:1.7.0", power_in(KW)),
    ("1-0:2.7.0", power_out(KW)),
    ("1-0:3.7.0", var_in(KVAR)),
    ("1-0:4.7.0", var_out(KVAR)),
    ("1-0:32.7.0", Number(|house| house.phase(0).voltage, V)),
    ("1-0:52.7.0", Number(|house| house.phase(1).voltage, V)),
    ("1-0:72.7.0", Number(|house| house.phase(2).voltage, V)),
    ("1-0:31.7.0", Number(|house| house.phase(0).current, A2)),
    ("1-0:51.7.0", Number(|house| house.phase(1).current, A2)),
    ("1-0:71.7.0", Number(|house| house.phase(2).current, A2)),
];
