//! Values as they stand in a telegram: numbers, times and texts, exact and without copies.
//!
//! Formats Fn(x,y), In, Sn, TST and octet-string of the P1 standards (DSMR P1 5.0.2 section 6.4).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;

/// A decimal number as sent: `-?[0-9]+(\.[0-9]+)?`, perhaps with a plus and leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a>(&'a [u8]);

/// An exact decimal: `digits` divided by ten to the power of `scale`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// All digits as one integer.
    pub digits: i64,
    /// Digits behind the point.
    pub scale: u8,
}

/// A text that is no decimal, or has too many digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a number of up to eighteen digits")]
pub struct NoDecimal;

/// A point in time as the meter wrote it, with its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp {
    /// Year, 2000 to 2099 where the meter sends two digits.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Minutes east of UTC.
    pub offset: i16,
}

/// The zone of the meter's clock.
///
/// The letter S (summer) or W (winter) behind a time wins; the rules serve times without it.
#[derive(Clone, Debug)]
pub struct Zone {
    rules: TimeZone,
    winter: i16,
    summer: i16,
}

impl<'a> Number<'a> {
    /// Takes a text that is a number, and nothing else.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let unsigned = match text {
            [b'-' | b'+', rest @ ..] => rest,
            _ => text,
        };
        let point = unsigned.iter().position(|&b| b == b'.');
        let (whole, fraction) = match point {
            Some(at) => (unsigned.get(..at)?, unsigned.get(at + 1..)?),
            None => (unsigned, &b"0"[..]),
        };
        let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        (digits(whole) && digits(fraction)).then_some(Self(text))
    }

    /// The number that stands at a place where its form was checked before.
    pub(crate) fn at(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// Writes the digits as sent less leading zeros.
    #[inline]
    pub fn write(self, out: &mut Vec<u8>) {
        if let [b'-', ..] = self.0 {
            out.push(b'-');
        }
        out.extend_from_slice(self.magnitude());
    }

    /// What [`Number::write`] writes, where that is a part of what was sent.
    #[inline]
    pub fn part(self) -> Option<&'a [u8]> {
        (!matches!(self.0, [b'-', ..])).then(|| self.magnitude())
    }

    /// Without the sign and leading zeros.
    #[inline]
    fn magnitude(self) -> &'a [u8] {
        let mut text = match self.0 {
            [b'-' | b'+', rest @ ..] => rest,
            text => text,
        };
        while let [b'0', rest @ ..] = text
            && rest.first().is_some_and(u8::is_ascii_digit)
        {
            text = rest;
        }
        text
    }

    /// Writes the number times ten to the power of `shift`, every digit kept.
    pub fn write_scaled(self, shift: i8, out: &mut Vec<u8>) {
        if shift == 0 {
            return self.write(out);
        }
        let (sign, unsigned) = match self.0 {
            [b'-', rest @ ..] => (&b"-"[..], rest),
            [b'+', rest @ ..] => (&b""[..], rest),
            rest => (&b""[..], rest),
        };
        let point = unsigned
            .iter()
            .position(|&b| b == b'.')
            .unwrap_or(unsigned.len());
        let mut digits: Vec<u8> = unsigned
            .iter()
            .copied()
            .filter(u8::is_ascii_digit)
            .collect();
        let mut point = point as isize + isize::from(shift);
        if point < 1 {
            let zeros = (1 - point) as usize;
            digits.splice(0..0, std::iter::repeat_n(b'0', zeros));
            point = 1;
        }
        if point as usize > digits.len() {
            digits.resize(point as usize, b'0');
        }
        if (point as usize) < digits.len() {
            digits.insert(point as usize, b'.');
        }
        out.extend_from_slice(sign);
        Number(&digits).write(out);
    }

    /// The number as an exact decimal, where it has no more than eighteen digits.
    pub fn decimal(self) -> Option<Decimal> {
        let mut decimal = Decimal::default();
        let mut behind_point = false;
        for &byte in self.0 {
            match byte {
                b'.' => behind_point = true,
                b'0'..=b'9' => {
                    let digit = i64::from(byte - b'0');
                    decimal.digits = decimal.digits.checked_mul(10)?.checked_add(digit)?;
                    decimal.scale = decimal.scale.checked_add(u8::from(behind_point))?;
                }
                _ => {}
            }
        }
        if self.0.first() == Some(&b'-') {
            decimal.digits = -decimal.digits;
        }
        Some(decimal)
    }
}

impl fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        f.pad(&String::from_utf8_lossy(&text))
    }
}

impl Decimal {
    /// Makes the decimal `digits` / 10^`scale`.
    pub fn new(digits: i64, scale: u8) -> Self {
        Self { digits, scale }
    }

    /// The same value with `scale` digits behind the point; `None` where digits would be lost or overflow.
    pub fn rescale(self, scale: u8) -> Option<Self> {
        let digits = if scale >= self.scale {
            let factor = 10i64.checked_pow(u32::from(scale - self.scale))?;
            self.digits.checked_mul(factor)?
        } else {
            let divisor = 10i64.checked_pow(u32::from(self.scale - scale))?;
            if self.digits % divisor != 0 {
                return None;
            }
            self.digits / divisor
        };
        Some(Self { digits, scale })
    }

    /// Sum with as many digits behind the point as the longer of the two.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let digits = self
            .rescale(scale)?
            .digits
            .checked_add(other.rescale(scale)?.digits)?;
        Some(Self { digits, scale })
    }

    /// Difference with as many digits behind the point as the longer of the two.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let negative = Self::new(other.digits.checked_neg()?, other.scale);
        self.checked_add(negative)
    }

    /// The value times ten to the power of `shift`.
    pub fn shifted(self, shift: i8) -> Option<Self> {
        let scale = i16::from(self.scale) - i16::from(shift);
        match u8::try_from(scale) {
            Ok(scale) => Some(Self {
                digits: self.digits,
                scale,
            }),
            Err(_) => Self::new(self.digits, 0)
                .digits
                .checked_mul(10i64.checked_pow(u32::try_from(-scale).ok()?)?)
                .map(|digits| Self { digits, scale: 0 }),
        }
    }
}

impl FromStr for Decimal {
    type Err = NoDecimal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Number::parse(text.as_bytes())
            .and_then(Number::decimal)
            .ok_or(NoDecimal)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let mut digits = format!("{:0width$}", self.digits.unsigned_abs(), width = scale + 1);
        if scale > 0 {
            digits.insert(digits.len() - scale, '.');
        }
        f.pad_integral(self.digits >= 0, "", &digits)
    }
}

impl Timestamp {
    /// Reads a time in any of the forms that meters send.
    ///
    /// `YYMMDDhhmmss` with S, W, T or no letter; `YYYYMMDDhhmmss`; `YYYYMMDD hh:mm:ss`; the 24 hexadecimal
    /// digits of a DLMS date-time. `None` for a date that does not exist, as unset registers send.
    #[inline]
    pub fn parse(text: &[u8], zone: &Zone) -> Option<Self> {
        let (digits, flag) = match text {
            [digits @ .., flag @ (b'S' | b'W' | b'T')] => (digits, *flag),
            _ => (text, b'T'),
        };
        let mut time = match digits.len() {
            12 => Self::of_digits(2000 + two(digits, 0)?, digits.get(2..)?)?,
            14 => Self::of_digits(two(digits, 0)? * 100 + two(digits, 2)?, digits.get(4..)?)?,
            17 => {
                let packed: Vec<u8> = digits.iter().copied().filter(u8::is_ascii_digit).collect();
                let [_, _, _, _, _, _, _, _, b' ', _, _, b':', _, _, b':', _, _] = digits else {
                    return None;
                };
                return Self::parse(&packed, zone);
            }
            24 => return Self::of_dlms(digits, zone),
            _ => return None,
        };
        time.offset = match flag {
            b'S' => zone.summer,
            b'W' => zone.winter,
            _ => zone.offset(&time)?,
        };
        Some(time)
    }

    /// Writes the time as RFC 3339, with its offset.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        let pair = |value: u8| [b'0' + value / 10 % 10, b'0' + value % 10];
        let [y1, y2] = pair((self.year / 100) as u8);
        let [y3, y4] = pair((self.year % 100) as u8);
        let [o1, o2] = pair(self.month);
        let [d1, d2] = pair(self.day);
        let [h1, h2] = pair(self.hour);
        let [m1, m2] = pair(self.minute);
        let [s1, s2] = pair(self.second);
        let sign = if self.offset < 0 { b'-' } else { b'+' };
        let [z1, z2] = pair((self.offset.unsigned_abs() / 60) as u8);
        let [z3, z4] = pair((self.offset.unsigned_abs() % 60) as u8);
        out.extend_from_slice(&[
            y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2,
            sign, z1, z2, b':', z3, z4,
        ]);
    }

    /// The same point in time on the line of UTC.
    pub fn instant(&self) -> Option<jiff::Timestamp> {
        let offset = jiff::tz::Offset::from_seconds(i32::from(self.offset) * 60).ok()?;
        offset.to_timestamp(self.civil()?).ok()
    }

    fn civil(&self) -> Option<jiff::civil::DateTime> {
        let [month, day, hour, minute, second] =
            [self.month, self.day, self.hour, self.minute, self.second].map(|v| v as i8);
        jiff::civil::DateTime::new(self.year as i16, month, day, hour, minute, second, 0).ok()
    }

    /// `MMDDhhmmss` of a year.
    fn of_digits(year: u16, digits: &[u8]) -> Option<Self> {
        let field = |index| two(digits, index).map(|value| value as u8);
        let time = Self {
            year,
            month: field(0)?,
            day: field(2)?,
            hour: field(4)?,
            minute: field(6)?,
            second: field(8)?,
            offset: 0,
        };
        let days = match time.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if year.is_multiple_of(4)
                && (!year.is_multiple_of(100) || year.is_multiple_of(400)) =>
            {
                29
            }
            2 => 28,
            _ => return None,
        };
        let exists = (1..=days).contains(&time.day)
            && time.hour < 24
            && time.minute < 60
            && time.second < 60;
        exists.then_some(time)
    }

    /// The twelve bytes of a COSEM date-time (DLMS Blue Book section 4.1.6.1) in hexadecimal.
    fn of_dlms(digits: &[u8], zone: &Zone) -> Option<Self> {
        let mut bytes = [0; 12];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        let [y1, y2, month, day, _, hour, minute, second, _, z1, z2, _] = bytes;
        let text = format!(
            "{:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}",
            u16::from_be_bytes([y1, y2])
        );
        let mut time = Self::parse(text.as_bytes(), zone)?;
        let deviation = i16::from_be_bytes([z1, z2]);
        if deviation.unsigned_abs() <= DEVIATION_MAX {
            time.offset = -deviation;
        }
        Some(time)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(25);
        self.write(&mut text);
        f.pad(&String::from_utf8_lossy(&text))
    }
}

impl Zone {
    /// Takes the rules of a zone.
    pub fn new(rules: TimeZone) -> Self {
        let offset_in = |month| {
            let noon = jiff::civil::date(2025, month, 1).at(12, 0, 0, 0);
            let info = rules.to_ambiguous_timestamp(noon).compatible();
            info.map_or(0, |at| (rules.to_offset(at).seconds() / 60) as i16)
        };
        let (january, july) = (offset_in(1), offset_in(7));
        Self {
            winter: january.min(july),
            summer: january.max(july),
            rules,
        }
    }

    /// Luxembourg, and with it most of the countries whose meters have a P1 port.
    pub fn luxembourg() -> Self {
        Self::new(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC))
    }

    fn offset(&self, time: &Timestamp) -> Option<i16> {
        let civil = time.civil()?;
        let instant = self.rules.to_ambiguous_timestamp(civil).compatible().ok()?;
        Some((self.rules.to_offset(instant).seconds() / 60) as i16)
    }
}

/// The text of an octet string (two hexadecimal digits a byte), where every character of it is printable.
pub fn octet_text(digits: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(digits.len() / 2);
    write_octet_text(digits, &mut out).then_some(())?;
    String::from_utf8(out).ok()
}

/// Appends the text of an octet string; gives `false` and appends nothing where it holds no printable text.
pub fn write_octet_text(digits: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    out.resize(start + digits.len() / 2, 0);
    let decoded = out.get_mut(start..).unwrap_or_default();
    let plain = hex::decode_to_slice(digits, decoded).is_ok();
    let filled = decoded
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last + 1);
    out.truncate(start + filled);
    let text = out.get(start..).unwrap_or_default();
    let ascii = text
        .iter()
        .fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    let printable =
        || std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control));
    let good = plain && filled > 0 && (ascii || printable());
    if !good {
        out.truncate(start);
    }
    good
}

/// Bytes as text; those that are no UTF-8 are taken as Latin-1, so that none is lost.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

#[inline]
fn two(digits: &[u8], index: usize) -> Option<u16> {
    match digits.get(index..index + 2) {
        Some(&[tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
            Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
        }
        _ => None,
    }
}

/// Largest deviation from UTC that is a time zone, in minutes.
const DEVIATION_MAX: u16 = 16 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<String> {
        Number::parse(text.as_bytes()).map(|n| n.to_string())
    }

    fn scaled(text: &str, shift: i8) -> String {
        let mut out = Vec::new();
        Number::parse(text.as_bytes())
            .unwrap()
            .write_scaled(shift, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn time(text: &str) -> Option<String> {
        Timestamp::parse(text.as_bytes(), &Zone::luxembourg()).map(|t| t.to_string())
    }

    #[test]
    fn numbers_keep_their_digits_less_leading_zeros() {
        for (sent, shown) in [
            ("000025.653", "25.653"),
            ("0.040", "0.040"),
            ("00000.000", "0.000"),
            ("000", "0"),
            ("-063", "-63"),
            ("-000.000", "-0.000"),
            ("+5", "5"),
            ("12345678901234567890123.4", "12345678901234567890123.4"),
        ] {
            assert_eq!(number(sent).as_deref(), Some(shown), "{sent}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", ".5", "5.", "1e3", "1_000", "1 0", "0x1", "--1", "1.2.3",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn scaling_moves_the_point_and_keeps_every_digit() {
        for (sent, shift, shown) in [
            ("000123456", -3, "123.456"),
            ("000000040", -3, "0.040"),
            ("-5", -3, "-0.005"),
            ("1.5", 3, "1500"),
            ("1.23456", 3, "1234.56"),
            ("0", -3, "0.000"),
            ("00012", 3, "12000"),
        ] {
            assert_eq!(scaled(sent, shift), shown, "{sent} by {shift}");
        }
    }

    #[test]
    fn decimals_add_and_subtract_exactly() {
        let decimal = |text: &str| Number::parse(text.as_bytes()).unwrap().decimal().unwrap();
        let difference = decimal("25.653").checked_sub(decimal("25.65")).unwrap();
        assert_eq!(difference.to_string(), "0.003");
        assert_eq!(
            decimal("-0.5")
                .checked_add(decimal("0.250"))
                .unwrap()
                .to_string(),
            "-0.250"
        );
        assert_eq!(decimal("1500").shifted(-3).unwrap().to_string(), "1.500");
        assert_eq!(decimal("1.5").shifted(3).unwrap().to_string(), "1500");
        assert_eq!(
            Number::parse(b"99999999999999999999").unwrap().decimal(),
            None
        );
    }

    #[test]
    fn the_letter_of_a_time_wins_over_the_calendar() {
        assert_eq!(
            time("200706104157S").as_deref(),
            Some("2020-07-06T10:41:57+02:00")
        );
        assert_eq!(
            time("200706104157W").as_deref(),
            Some("2020-07-06T10:41:57+01:00")
        );
        assert_eq!(
            time("201025023000S").as_deref(),
            Some("2020-10-25T02:30:00+02:00")
        );
        assert_eq!(
            time("201025023000W").as_deref(),
            Some("2020-10-25T02:30:00+01:00")
        );
    }

    #[test]
    fn times_without_a_letter_follow_the_zone() {
        assert_eq!(
            time("200329015959").as_deref(),
            Some("2020-03-29T01:59:59+01:00")
        );
        assert_eq!(
            time("200329030000").as_deref(),
            Some("2020-03-29T03:00:00+02:00")
        );
        assert_eq!(
            time("200706104157T").as_deref(),
            Some("2020-07-06T10:41:57+02:00")
        );
        assert_eq!(
            time("20240111 09:35:00").as_deref(),
            Some("2024-01-11T09:35:00+01:00")
        );
        assert_eq!(
            time("20240111093500").as_deref(),
            Some("2024-01-11T09:35:00+01:00")
        );
    }

    #[test]
    fn a_dlms_date_time_carries_its_own_offset() {
        assert_eq!(
            time("07E8010B0409230000FFC480").as_deref(),
            Some("2024-01-11T09:35:00+01:00")
        );
        assert_eq!(
            time("07E8070B0409230000800080").as_deref(),
            Some("2024-07-11T09:35:00+02:00")
        );
    }

    #[test]
    fn dates_that_do_not_exist_are_none() {
        for text in [
            "632525252525S",
            "000000000000W",
            "210229000000W",
            "210101240000W",
            "",
            "x",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(
            time("200229000000W").as_deref(),
            Some("2020-02-29T00:00:00+01:00")
        );
    }

    #[test]
    fn octet_strings_become_text_only_where_printable() {
        assert_eq!(octet_text(b"53414731").as_deref(), Some("SAG1"));
        assert_eq!(octet_text(b"00FF"), None);
        assert_eq!(octet_text(b""), None);
        assert_eq!(octet_text(b"5"), None);
        assert_eq!(octet_text(b"0102"), None);
    }
}
