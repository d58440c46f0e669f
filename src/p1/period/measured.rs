//! A quantity that is measured over time: the lowest and the highest of each quarter that heard it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::QUARTER;
use crate::p1::value::Decimal;

/// What is measured, by the quarters that heard it.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    /// Digits behind the point of all values.
    scale: u8,
    /// Lowest and highest, digits at that scale: a year has 35,000 of them for each phase.
    quarters: BTreeMap<i64, (i64, i64)>,
    /// Values that have more digits than can be compared.
    too_long: bool,
}

impl Measured {
    /// Takes a value that was measured at a second.
    pub(super) fn take(&mut self, second: i64, value: Decimal) {
        let Some(digits) = self.digits(value) else {
            self.too_long = true;
            return;
        };
        let known = self.quarters.entry(second.div_euclid(QUARTER));
        let (low, high) = known.or_insert((digits, digits));
        *low = digits.min(*low);
        *high = digits.max(*high);
    }

    /// Whether some values were left out since they have too many digits.
    pub(super) fn is_cut(&self) -> bool {
        self.too_long
    }

    /// Takes that a value has too many digits.
    pub(super) fn leave_out(&mut self) {
        self.too_long = true;
    }

    /// Keeps some quarters, and forgets the others.
    pub(super) fn retain(&mut self, keep: &impl Fn(i64) -> bool) {
        self.quarters.retain(|quarter, _| keep(*quarter));
    }

    /// Quarters that heard it.
    pub(super) fn len(&self) -> usize {
        self.quarters.len()
    }

    /// Lowest and highest of some quarters; none where it was not heard in any.
    pub(super) fn within(&self, quarters: Range<i64>) -> Option<(Decimal, Decimal)> {
        let ends = self.quarters.range(quarters).map(|(_, ends)| *ends);
        let (low, high) = ends.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))?;
        let value = |digits| Decimal::new(digits, self.scale);
        Some((value(low), value(high)))
    }

    /// The digits of a value at the scale of all, which grows where it must.
    fn digits(&mut self, value: Decimal) -> Option<i64> {
        if value.scale > self.scale {
            let factor = 10i64.checked_pow(u32::from(value.scale - self.scale))?;
            let fits = |digits: i64| digits.checked_mul(factor).is_some();
            if !(self.quarters.values()).all(|(low, high)| fits(*low) && fits(*high)) {
                return None;
            }
            for (low, high) in self.quarters.values_mut() {
                *low *= factor;
                *high *= factor;
            }
            self.scale = value.scale;
        }
        value.rescale(self.scale).map(|value| value.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_exact_whatever_digits_come() {
        let mut measured = Measured::default();
        for (second, value) in [(0, "233"), (10, "229.5"), (20, "230.25"), (900, "-1.5")] {
            measured.take(second, value.parse().unwrap());
        }
        let of = |quarters| {
            let ends = measured.within(quarters);
            ends.map(|(low, high)| format!("{low} {high}"))
        };
        assert_eq!(of(0..1).as_deref(), Some("229.50 233.00"));
        assert_eq!(of(0..9).as_deref(), Some("-1.50 233.00"));
        assert_eq!(of(2..9), None);
        let mut long = measured.clone();
        long.take(0, Decimal::new(1, 18));
        assert!(long.is_cut() && !measured.is_cut());
        assert_eq!(long.within(0..1), measured.within(0..1));
    }
}
