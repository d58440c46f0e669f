//! Numbers as sent, digit by digit, and exact decimals to count with.

use std::fmt;
use std::str::FromStr;

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
    /// Without zeros at the end, but with at least so many digits behind the point.
    pub fn trimmed(mut self, least: u8) -> Self {
        while self.scale > least && self.digits % 10 == 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }

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

impl Decimal {
    /// Appends it: `-1.250`.
    pub fn write(self, out: &mut Vec<u8>) {
        if self.digits < 0 {
            out.push(b'-');
        }
        self.write_without_sign(out);
    }

    fn write_without_sign(self, out: &mut Vec<u8>) {
        let start = out.len();
        let scale = usize::from(self.scale);
        let mut rest = self.digits.unsigned_abs();
        for place in 0..=scale.max(DIGITS_MAX) {
            if place > scale && rest == 0 {
                break;
            }
            if place > 0 && place == scale {
                out.push(b'.');
            }
            out.push(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        // The last digit came first.
        if let Some(written) = out.get_mut(start..) {
            written.reverse();
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = Vec::new();
        self.write_without_sign(&mut written);
        f.pad_integral(self.digits >= 0, "", &String::from_utf8_lossy(&written))
    }
}

/// Digits of the largest integer.
const DIGITS_MAX: usize = 20;

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
    fn decimals_are_written_with_each_digit_of_their_scale() {
        for (digits, scale, written) in [
            (0, 0, "0"),
            (0, 3, "0.000"),
            (-5, 3, "-0.005"),
            (1250, 2, "12.50"),
            (i64::MIN, 0, "-9223372036854775808"),
            (i64::MAX, 19, "0.9223372036854775807"),
            (7, 25, "0.0000000000000000000000007"),
        ] {
            let mut out = Vec::new();
            let decimal = Decimal { digits, scale };
            decimal.write(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), written);
            assert_eq!(decimal.to_string(), written);
        }
        let padded = format!("{:08}", Decimal::new(-5, 3));
        assert_eq!(padded, "-000.005");
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
}
