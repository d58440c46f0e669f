//! Units of measure: what a meter sends, and the one unit each quantity is given in.
//!
//! A sent unit is read as a power of ten of a canonical one, so that scaling moves the decimal
//! point and loses no digit: `Wh` is `kWh` with the point 3 places to the left. Minutes and hours
//! are no powers of ten of the second and are not supported.

use std::fmt;

/// A canonical unit: each quantity has one, whatever the scale it was sent in (IEC 62056-6-2, units).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Unit {
    /// Active energy; also heat where the meter counts it so.
    KilowattHour,
    /// Active power.
    Kilowatt,
    /// Reactive energy.
    KilovarHour,
    /// Reactive power.
    Kilovar,
    /// Apparent energy.
    KilovoltAmpereHour,
    /// Apparent power.
    KilovoltAmpere,
    /// Voltage.
    Volt,
    /// Current.
    Ampere,
    /// Frequency.
    Hertz,
    /// Volume of gas or water.
    CubicMetre,
    /// Heat or cold.
    Gigajoule,
    /// Duration.
    Second,
    /// Phase angle.
    Degree,
    /// Temperature.
    Celsius,
    /// Share of a hundred.
    Percent,
}

impl Unit {
    /// All units, in the order of the declaration.
    pub const ALL: [Unit; 15] = [
        Unit::KilowattHour,
        Unit::Kilowatt,
        Unit::KilovarHour,
        Unit::Kilovar,
        Unit::KilovoltAmpereHour,
        Unit::KilovoltAmpere,
        Unit::Volt,
        Unit::Ampere,
        Unit::Hertz,
        Unit::CubicMetre,
        Unit::Gigajoule,
        Unit::Second,
        Unit::Degree,
        Unit::Celsius,
        Unit::Percent,
    ];

    /// Recognises a unit as sent, with the power of ten that scales it to the canonical unit.
    ///
    /// Letters count in any case but for a leading `m` (milli) or `M` (mega). A milliwatt or a
    /// megampere is more likely a slip than a unit, so neither is accepted.
    pub fn of_sent(text: &[u8]) -> Option<(Unit, i8)> {
        if let [b'M', rest @ ..] = text
            && let Some((_, unit, scale)) = find(&MEGA, rest)
        {
            return Some((unit, scale));
        }
        if let [b'm', rest @ ..] = text
            && let Some((_, unit, scale)) = find(&MILLI, rest)
        {
            return Some((unit, scale));
        }
        find(&PLAIN, text).map(|(_, unit, scale)| (unit, scale))
    }

    /// The ending of a key in JSON and CSV: `_kwh`.
    pub fn suffix(self) -> &'static str {
        match self {
            Unit::KilowattHour => "_kwh",
            Unit::Kilowatt => "_kw",
            Unit::KilovarHour => "_kvarh",
            Unit::Kilovar => "_kvar",
            Unit::KilovoltAmpereHour => "_kvah",
            Unit::KilovoltAmpere => "_kva",
            Unit::Volt => "_v",
            Unit::Ampere => "_a",
            Unit::Hertz => "_hz",
            Unit::CubicMetre => "_m3",
            Unit::Gigajoule => "_gj",
            Unit::Second => "_s",
            Unit::Degree => "_deg",
            Unit::Celsius => "_celsius",
            Unit::Percent => "_percent",
        }
    }

    /// The unit in print: `kWh`, `m³`.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::KilowattHour => "kWh",
            Unit::Kilowatt => "kW",
            Unit::KilovarHour => "kvarh",
            Unit::Kilovar => "kvar",
            Unit::KilovoltAmpereHour => "kVAh",
            Unit::KilovoltAmpere => "kVA",
            Unit::Volt => "V",
            Unit::Ampere => "A",
            Unit::Hertz => "Hz",
            Unit::CubicMetre => "m³",
            Unit::Gigajoule => "GJ",
            Unit::Second => "s",
            Unit::Degree => "°",
            Unit::Celsius => "°C",
            Unit::Percent => "%",
        }
    }

    /// The unit as a meter sends it: `kWh`, `m3`.
    pub fn ascii(self) -> &'static str {
        match self {
            Unit::CubicMetre => "m3",
            Unit::Degree => "deg",
            Unit::Celsius => "C",
            other => other.symbol(),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol())
    }
}

type Row = (&'static [u8], Unit, i8);

fn find(rows: &[Row], text: &[u8]) -> Option<Row> {
    rows.iter()
        .find(|(spelling, ..)| spelling.eq_ignore_ascii_case(text))
        .copied()
}

/// Spellings without `m` or `M` as prefix, the common ones first.
const PLAIN: [Row; 34] = [
    (b"kw", Unit::Kilowatt, 0),
    (b"v", Unit::Volt, 0),
    (b"a", Unit::Ampere, 0),
    (b"kvar", Unit::Kilovar, 0),
    (b"kwh", Unit::KilowattHour, 0),
    (b"kvarh", Unit::KilovarHour, 0),
    (b"kva", Unit::KilovoltAmpere, 0),
    (b"m3", Unit::CubicMetre, 0),
    (b"s", Unit::Second, 0),
    (b"w", Unit::Kilowatt, -3),
    (b"wh", Unit::KilowattHour, -3),
    (b"var", Unit::Kilovar, -3),
    (b"varh", Unit::KilovarHour, -3),
    (b"va", Unit::KilovoltAmpere, -3),
    (b"vah", Unit::KilovoltAmpereHour, -3),
    (b"kvah", Unit::KilovoltAmpereHour, 0),
    (b"kv", Unit::Volt, 3),
    (b"ka", Unit::Ampere, 3),
    (b"hz", Unit::Hertz, 0),
    (b"khz", Unit::Hertz, 3),
    (b"dm3", Unit::CubicMetre, -3),
    (b"l", Unit::CubicMetre, -3),
    (b"gj", Unit::Gigajoule, 0),
    (b"kj", Unit::Gigajoule, -6),
    (b"j", Unit::Gigajoule, -9),
    (b"deg", Unit::Degree, 0),
    (b"c", Unit::Celsius, 0),
    (b"%", Unit::Percent, 0),
    (b"m\xC2\xB3", Unit::CubicMetre, 0),
    (b"m\xB3", Unit::CubicMetre, 0),
    (b"\xC2\xB0", Unit::Degree, 0),
    (b"\xB0", Unit::Degree, 0),
    (b"\xC2\xB0c", Unit::Celsius, 0),
    (b"\xB0c", Unit::Celsius, 0),
];

/// Spellings behind a prefix `M`.
const MEGA: [Row; 7] = [
    (b"wh", Unit::KilowattHour, 3),
    (b"w", Unit::Kilowatt, 3),
    (b"varh", Unit::KilovarHour, 3),
    (b"var", Unit::Kilovar, 3),
    (b"vah", Unit::KilovoltAmpereHour, 3),
    (b"va", Unit::KilovoltAmpere, 3),
    (b"j", Unit::Gigajoule, -3),
];

/// Spellings behind a prefix `m`.
const MILLI: [Row; 4] = [
    (b"a", Unit::Ampere, -3),
    (b"v", Unit::Volt, -3),
    (b"hz", Unit::Hertz, -3),
    (b"s", Unit::Second, -3),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sent_unit_is_a_power_of_ten_of_the_canonical_one() {
        for (sent, unit, scale) in [
            ("kWh", Unit::KilowattHour, 0),
            ("Wh", Unit::KilowattHour, -3),
            ("MWh", Unit::KilowattHour, 3),
            ("W", Unit::Kilowatt, -3),
            ("kA", Unit::Ampere, 3),
            ("mA", Unit::Ampere, -3),
            ("kHz", Unit::Hertz, 3),
            ("dm3", Unit::CubicMetre, -3),
            ("m³", Unit::CubicMetre, 0),
            ("MJ", Unit::Gigajoule, -3),
            ("GJ", Unit::Gigajoule, 0),
            ("°C", Unit::Celsius, 0),
        ] {
            assert_eq!(
                Unit::of_sent(sent.as_bytes()),
                Some((unit, scale)),
                "{sent}"
            );
        }
    }

    #[test]
    fn a_unit_is_known_in_any_case() {
        for sent in ["kvarh", "kVArh", "kVarh", "KVARH"] {
            assert_eq!(Unit::of_sent(sent.as_bytes()), Some((Unit::KilovarHour, 0)));
        }
        for sent in ["kvar", "kVAr", "Kvar"] {
            assert_eq!(Unit::of_sent(sent.as_bytes()), Some((Unit::Kilovar, 0)));
        }
        assert_eq!(Unit::of_sent(b"M3"), Some((Unit::CubicMetre, 0)));
    }

    #[test]
    fn minutes_milliwatts_and_nonsense_are_no_units() {
        for sent in ["min", "h", "mWh", "mW", "MA", "mJ", "", "kWhh", "m4"] {
            assert_eq!(Unit::of_sent(sent.as_bytes()), None, "{sent}");
        }
    }

    #[test]
    fn each_unit_is_read_back_from_both_of_its_spellings() {
        for unit in Unit::ALL {
            assert_eq!(Unit::of_sent(unit.symbol().as_bytes()), Some((unit, 0)));
            assert_eq!(Unit::of_sent(unit.ascii().as_bytes()), Some((unit, 0)));
        }
    }
}
