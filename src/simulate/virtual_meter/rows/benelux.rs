//! The lines of Luxembourg, the Netherlands and Belgium.

use super::*;

pub(super) const LU_START: &[Row] = &[
    ("1-3:0.2.8", As("(42)")),
    ("0-0:1.0.0", Clock),
    ("0-0:42.0.0", DeviceName),
    ("1-0:1.8.0", import(KWH)),
    ("1-0:2.8.0", export(KWH)),
    ("1-0:3.8.0", reactive_import(KVARH)),
    ("1-0:4.8.0", reactive_export(KVARH)),
    ("1-0:1.7.0", power_in(KW)),
    ("1-0:2.7.0", power_out(KW)),
    ("1-0:3.7.0", var_in(KVAR)),
    ("1-0:4.7.0", var_out(KVAR)),
    ("0-0:17.0.0", As("(069.0*kVA)")),
];

pub(super) const LU_APPARENT: &[Row] = &[
    ("1-0:9.7.0", APPARENT_IN),
    ("1-0:10.7.0", APPARENT_OUT),
    ("1-1:31.4.0", As("(100*A)(-063*A)")),
];

pub(super) const LU_EVENTS: &[Row] = &[
    ("0-0:96.3.10", As("(1)")),
    ("0-1:96.3.10", As("(0)")),
    ("0-2:96.3.10", As("(0)")),
    ("0-0:96.7.21", Incidents(0)),
    ("1-0:32.32.0", Incidents(1)),
    ("1-0:52.32.0", Incidents(2)),
    ("1-0:72.32.0", Incidents(3)),
    ("1-0:32.36.0", Incidents(4)),
    ("1-0:52.36.0", Incidents(5)),
    ("1-0:72.36.0", Incidents(6)),
];

pub(super) const LU_MESSAGES: &[Row] = &[
    ("0-0:96.13.0", As("()")),
    ("0-0:96.13.2", As("()")),
    ("0-0:96.13.3", As("()")),
    ("0-0:96.13.4", As("()")),
    ("0-0:96.13.5", As("()")),
];

pub(super) const LU_DEVICES: &[Row] = &[
    ("0-1:24.1.0", As("(003)")),
    ("0-1:96.1.0", Device(1)),
    ("0-1:24.2.1", Captured(|house| house.captured().gas, M3)),
    ("0-1:24.4.0", As("(0)")),
    ("0-2:24.1.0", As("(007)")),
    ("0-2:96.1.0", Device(2)),
    ("0-2:24.2.1", Captured(|house| house.captured().water, M3)),
    ("0-2:24.4.0", As("(0)")),
    ("0-3:24.1.0", As("(007)")),
    ("0-3:96.1.0", As("()")),
    ("0-3:24.2.1", As("(632525252525S)(00000.000)")),
    ("0-3:24.4.0", As("(1)")),
    ("0-4:24.1.0", As("(004)")),
    ("0-4:96.1.0", Device(4)),
    (
        "0-4:24.2.1",
        Captured(
            |house| house.captured().gas * 36 / 1000,
            Form::new(8, 2, "GJ").cut(1),
        ),
    ),
    ("0-4:24.4.0", As("(1)")),
];

pub(super) const NL5_START: &[Row] = &[
    ("1-3:0.2.8", As("(50)")),
    ("0-0:1.0.0", Clock),
    ("0-0:96.1.1", Equipment),
    ("1-0:1.8.1", import_low(KWH)),
    ("1-0:1.8.2", import_high(KWH)),
    ("1-0:2.8.1", export_low(KWH)),
    ("1-0:2.8.2", export_high(KWH)),
    ("0-0:96.14.0", TARIFF),
    ("1-0:1.7.0", power_in(KW)),
    ("1-0:2.7.0", power_out(KW)),
];

pub(super) const NL_EVENTS: &[Row] = &[
    ("0-0:96.7.21", Incidents(0)),
    ("0-0:96.7.9", As("(00002)")),
    ("1-0:99.97.0", Failures),
    ("1-0:32.32.0", Incidents(1)),
    ("1-0:52.32.0", Incidents(2)),
    ("1-0:72.32.0", Incidents(3)),
    ("1-0:32.36.0", Incidents(4)),
    ("1-0:52.36.0", Incidents(5)),
    ("1-0:72.36.0", Incidents(6)),
];

pub(super) const NL5_MESSAGE: &[Row] = &[("0-0:96.13.0", As("()"))];

pub(super) const NL5_GAS: &[Row] = &[
    ("0-1:24.1.0", As("(003)")),
    ("0-1:96.1.0", Device(1)),
    ("0-1:24.2.1", Captured(|house| house.captured().gas, M3)),
];

pub(super) const NL42_START: &[Row] = &[
    ("1-3:0.2.8", As("(42)")),
    ("0-0:1.0.0", Clock),
    ("0-0:96.1.1", Equipment),
    ("1-0:1.8.1", import_low(KWH)),
    ("1-0:1.8.2", import_high(KWH)),
    ("1-0:2.8.1", export_low(KWH)),
    ("1-0:2.8.2", export_high(KWH)),
    ("0-0:96.14.0", TARIFF),
    ("1-0:1.7.0", power_in(KW)),
    ("1-0:2.7.0", power_out(KW)),
    ("0-0:17.0.0", As("(999.9*kW)")),
    ("0-0:96.3.10", As("(1)")),
];

pub(super) const NL42_MESSAGES: &[Row] = &[("0-0:96.13.1", As("()")), ("0-0:96.13.0", As("()"))];

pub(super) const NL42_GAS: &[Row] = &[
    ("0-1:24.1.0", As("(003)")),
    ("0-1:96.1.0", Device(1)),
    ("0-1:24.2.1", Captured(|house| house.captured().gas, M3)),
    ("0-1:24.4.0", As("(1)")),
];

pub(super) const NL22: &[Row] = &[
    ("0-0:96.1.1", Equipment),
    ("1-0:1.8.1", import_low(KWH_OLD)),
    ("1-0:1.8.2", import_high(KWH_OLD)),
    ("1-0:2.8.1", export_low(KWH_OLD)),
    ("1-0:2.8.2", export_high(KWH_OLD)),
    ("0-0:96.14.0", TARIFF),
    ("1-0:1.7.0", power_in(KW_OLD)),
    ("1-0:2.7.0", power_out(KW_OLD)),
    ("0-0:17.0.0", As("(999*A)")),
    ("0-0:96.3.10", As("(1)")),
    ("0-0:96.13.1", As("()")),
    ("0-0:96.13.0", As("()")),
    ("0-1:24.1.0", As("(3)")),
    ("0-1:96.1.0", Device(1)),
    ("0-1:24.3.0", OldGas),
    ("0-1:24.4.0", As("(1)")),
];

/// In Belgium tariff 1 is the high one, by day.
pub(super) const BE_START: &[Row] = &[
    ("0-0:96.1.4", As("(50221)")),
    ("0-0:96.1.1", Equipment),
    ("0-0:1.0.0", Clock),
    ("1-0:1.8.1", import_high(KWH)),
    ("1-0:1.8.2", import_low(KWH)),
    ("1-0:2.8.1", export_high(KWH)),
    ("1-0:2.8.2", export_low(KWH)),
    (
        "0-0:96.14.0",
        Number(|house| 2 - house.tariff() as i64, Form::new(4, 0, "")),
    ),
    ("1-0:1.4.0", Number(|house| house.demand().current, KW)),
    ("1-0:1.6.0", MonthPeak),
    ("0-0:98.1.0", MonthPeaks),
    ("1-0:1.7.0", power_in(KW)),
    ("1-0:2.7.0", power_out(KW)),
];

pub(super) const BE_REST: &[Row] = &[
    ("1-0:31.7.0", Number(|house| house.phase(0).current, A2)),
    ("1-0:51.7.0", Number(|house| house.phase(1).current, A2)),
    ("1-0:71.7.0", Number(|house| house.phase(2).current, A2)),
    ("0-0:96.3.10", As("(1)")),
    ("0-0:17.0.0", As("(999.9*kW)")),
    ("1-0:31.4.0", As("(999*A)")),
    ("0-0:96.13.0", As("()")),
    ("0-1:24.1.0", As("(003)")),
    ("0-1:96.1.1", Device(1)),
    ("0-1:24.4.0", As("(1)")),
    ("0-1:24.2.3", Captured(|house| house.captured().gas, M3)),
    ("0-2:24.1.0", As("(007)")),
    ("0-2:96.1.1", Device(2)),
    ("0-2:24.2.1", Captured(|house| house.captured().water, M3)),
];
