//! One counter over time: what each quarter heard of it, and how its energy is shared out over all of them.

use std::collections::BTreeMap;

use super::QUARTER;
use super::statement::Note;
use crate::p1::value::Decimal;

/// A counter, by the quarters that heard it.
#[derive(Clone, Debug, Default)]
pub(super) struct Counter {
    /// Digits behind the point of all values.
    scale: u8,
    quarters: BTreeMap<i64, Heard>,
    /// Where a value followed a higher one within a quarter.
    falls: Vec<(Point, Point)>,
    latest: Option<Point>,
    /// Values that have more digits than can be counted with.
    too_large: bool,
}

/// The first value and the last of a quarter, each with the second at which it was measured.
#[derive(Clone, Copy, Debug)]
struct Heard {
    first: Point,
    last: Point,
}

/// A value at a second: digits at the scale of the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) second: i64,
    pub(super) digits: i64,
}

impl Counter {
    /// Takes a value that was measured at a second.
    pub(super) fn take(&mut self, second: i64, value: Decimal) {
        let Some(digits) = self.digits(value) else {
            self.too_large = true;
            return;
        };
        let point = Point { second, digits };
        // Readings of the M-Bus are sent many times.
        if self.latest == Some(point) {
            return;
        }
        self.latest = Some(point);
        let entry = self.quarters.entry(second.div_euclid(QUARTER));
        let heard = entry.or_insert(Heard {
            first: point,
            last: point,
        });
        if second > heard.last.second {
            if digits < heard.last.digits && self.falls.len() < FALLS_MAX {
                self.falls.push((heard.last, point));
            }
            heard.last = point;
        } else if second < heard.first.second {
            heard.first = point;
        }
    }

    /// Takes that a value has more digits than can be counted with.
    pub(super) fn leave_out(&mut self) {
        self.too_large = true;
    }

    /// Keeps some quarters, and forgets the others.
    pub(super) fn retain(&mut self, keep: &impl Fn(i64) -> bool) {
        self.quarters.retain(|quarter, _| keep(*quarter));
        self.falls
            .retain(|(_, after)| keep(after.second.div_euclid(QUARTER)));
    }

    /// Quarters that heard it.
    pub(super) fn len(&self) -> usize {
        self.quarters.len()
    }

    /// The first value of some quarters and the last.
    pub(super) fn ends(&self, quarters: std::ops::RangeInclusive<i64>) -> Option<(i64, i64)> {
        let mut within = self.quarters.range(quarters);
        let first = within.next()?.1;
        let last = within.next_back().map_or(first, |(_, heard)| heard);
        Some((first.first.digits, last.last.digits))
    }

    /// When its first value and its last were measured.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        let first = self.quarters.first_key_value()?.1.first;
        let last = self.quarters.last_key_value()?.1.last;
        Some((first.second, last.second))
    }

    /// Digits behind the point.
    pub(super) fn scale(&self) -> u8 {
        self.scale
    }

    /// A number of digits as a value of the counter.
    fn value(&self, digits: i64) -> Decimal {
        Decimal::new(digits, self.scale)
    }

    /// What was counted in each of `count` quarters from the quarter `from` on; the first and the last of them take what
    /// was counted before and after.
    ///
    /// A bound between two values is rounded half up to the last digit. What does not fit is told as notes.
    pub(super) fn shared_out(
        &self,
        from: i64,
        count: usize,
        key: &str,
        notes: &mut Vec<Note>,
    ) -> Vec<i64> {
        let mut out = vec![0; count];
        let mut points = self.points();
        let outliers = leave_outliers_out(&mut points);
        if outliers > 0 {
            notes.push(Note::Outliers {
                key: key.to_owned(),
                count: outliers,
            });
        }
        if self.too_large || self.falls.len() >= FALLS_MAX {
            notes.push(Note::NotCounted {
                key: key.to_owned(),
            });
        }
        for pair in points.windows(2) {
            let &[before, after] = pair else { continue };
            if after.digits < before.digits {
                notes.push(Note::Fell {
                    key: key.to_owned(),
                    second: after.second,
                    before: self.value(before.digits),
                    after: self.value(after.digits),
                });
            } else {
                share(before, after, from, &mut out);
            }
        }
        out
    }

    /// All values that are known, by time.
    fn points(&self) -> Vec<Point> {
        let mut points = Vec::with_capacity(2 * self.quarters.len() + 2 * self.falls.len());
        for heard in self.quarters.values() {
            points.push(heard.first);
            if heard.last != heard.first {
                points.push(heard.last);
            }
        }
        for (before, after) in &self.falls {
            points.extend([*before, *after]);
        }
        points.sort_by_key(|point| point.second);
        points.dedup();
        points
    }

    /// The digits of a value at the scale of the counter, which grows where it must.
    fn digits(&mut self, value: Decimal) -> Option<i64> {
        if value.scale > self.scale {
            let factor = 10i64.checked_pow(u32::from(value.scale - self.scale))?;
            let points = self.quarters.values_mut();
            let points = points.flat_map(|heard| [&mut heard.first, &mut heard.last]);
            let falls = self.falls.iter_mut();
            let falls = falls.flat_map(|(before, after)| [before, after]);
            let all: Vec<&mut Point> = points.chain(falls).collect();
            if all.iter().any(|p| p.digits.checked_mul(factor).is_none()) {
                return None;
            }
            for point in all {
                point.digits *= factor;
            }
            self.scale = value.scale;
        }
        value.rescale(self.scale).map(|value| value.digits)
    }
}

/// Shares what was counted between two values out over the quarters between them.
fn share(before: Point, after: Point, from: i64, out: &mut [i64]) {
    let risen = i128::from(after.digits) - i128::from(before.digits);
    if risen == 0 {
        return;
    }
    let length = i128::from(after.second - before.second).max(1);
    // Of the rise, what was reached at a second; half a digit is rounded up.
    let reached = |second: i64| -> i64 {
        let passed = i128::from(second.clamp(before.second, after.second) - before.second);
        let reached = (risen * passed + length / 2).div_euclid(length);
        i64::try_from(reached).unwrap_or(i64::MAX)
    };
    let first = before.second.div_euclid(QUARTER);
    // A value on a bound belongs to what was before it.
    let last = (after.second - 1).div_euclid(QUARTER).max(first);
    let Some(end) = i64::try_from(out.len()).ok().map(|count| from + count - 1) else {
        return;
    };
    let (first, last) = (first.clamp(from, end), last.clamp(from, end));
    for quarter in first..=last {
        let start = match quarter == first {
            true => 0,
            false => reached(quarter * QUARTER),
        };
        let counted = match quarter == last {
            true => i64::try_from(risen).unwrap_or(i64::MAX) - start,
            false => reached((quarter + 1) * QUARTER) - start,
        };
        let slot = usize::try_from(quarter - from).ok();
        if let Some(slot) = slot.and_then(|at| out.get_mut(at)) {
            *slot = slot.saturating_add(counted);
        }
    }
}

/// Leaves out values that fit neither those before them nor those after; tells how many.
fn leave_outliers_out(points: &mut Vec<Point>) -> u64 {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    // Where the counter began that goes on.
    let mut begin = 0;
    let mut outliers = 0;
    let mut index = 0;
    while let Some(&point) = points.get(index) {
        index += 1;
        let Some(&last) = kept.last() else {
            kept.push(point);
            continue;
        };
        if point.digits >= last.digits {
            kept.push(point);
            continue;
        }
        if let Some(length) = dip(last, points.get(index - 1..).unwrap_or_default()) {
            outliers += length as u64;
            index += length - 1;
            continue;
        }
        let above = kept.iter().skip(begin).rev();
        let above = above.take_while(|kept| kept.digits > point.digits).count();
        if above <= RUN_MAX && is_spike(kept.get(begin..).unwrap_or_default(), above, point) {
            kept.truncate(kept.len() - above);
            outliers += above as u64;
        } else {
            begin = kept.len();
        }
        kept.push(point);
    }
    *points = kept;
    outliers
}

/// How many values lie below those around them, where a counter falls at the first of them.
fn dip(last: Point, points: &[Point]) -> Option<usize> {
    let fallen = last.digits.checked_sub(points.first()?.digits)?;
    let back = points
        .windows(2)
        .take(RUN_MAX)
        .position(|pair| match pair {
            [low, high] => {
                let jump = high.digits.saturating_sub(low.digits);
                high.digits >= last.digits && low.digits < last.digits && jump > fallen / 2
            }
            _ => false,
        })?;
    Some(back + 1)
}

/// Tells whether the last values lie above what they came from and what came after them, at one jump.
fn is_spike(kept: &[Point], above: usize, after: Point) -> bool {
    let Some(first) = kept.len().checked_sub(above) else {
        return false;
    };
    let (Some(before), Some(jumped), Some(last)) = (
        first.checked_sub(1).and_then(|at| kept.get(at)),
        kept.get(first),
        kept.last(),
    ) else {
        return false;
    };
    let jump = jumped.digits.saturating_sub(before.digits);
    jump > last.digits.saturating_sub(after.digits) / 2
}

/// Values in a row that can be out of line; more of them are another counter.
const RUN_MAX: usize = 16;
/// Falls within quarters that are remembered of a counter.
const FALLS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn points(digits: &[i64]) -> Vec<Point> {
        let at = |(second, &digits): (i64, &i64)| Point { second, digits };
        (0..).zip(digits).map(at).collect()
    }

    #[test]
    fn values_out_of_line_are_left_out_and_exchanges_are_not() {
        for (values, kept) in [
            (&[100, 101, 0, 102][..], &[100, 101, 102][..]),
            (&[100, 101, 0, 1, 102], &[100, 101, 102]),
            (&[100, 999, 101, 102], &[100, 101, 102]),
            (&[100, 998, 999, 101], &[100, 101]),
            (&[100, 101, 0, 1, 2], &[100, 101, 0, 1, 2]),
            (&[10, 11, 12, 13, 10, 11], &[10, 11, 12, 13, 10, 11]),
            (&[5, 5, 5], &[5, 5, 5]),
            (&[], &[]),
        ] {
            let mut all = points(values);
            let outliers = leave_outliers_out(&mut all);
            let left: Vec<i64> = all.iter().map(|point| point.digits).collect();
            assert_eq!(left, kept, "{values:?}");
            assert_eq!(outliers as usize, values.len() - kept.len(), "{values:?}");
        }
    }

    #[test]
    fn what_is_shared_out_adds_up() {
        let point = |second, digits| Point { second, digits };
        for (before, after, shares) in [
            (point(0, 0), point(1800, 10), &[5, 5, 0, 0][..]),
            (point(450, 7), point(1350, 8), &[1, 0, 0, 0]),
            (point(899, 0), point(900, 3), &[3, 0, 0, 0]),
            (point(900, 0), point(900, 3), &[0, 3, 0, 0]),
            (point(-900, 0), point(3600, 10), &[4, 2, 2, 2]),
            (point(-900, 0), point(0, 10), &[10, 0, 0, 0]),
            (point(3000, 0), point(9000, 10), &[0, 0, 0, 10]),
        ] {
            let mut out = vec![0; 4];
            share(before, after, 0, &mut out);
            assert_eq!(out, shares, "{before:?} {after:?}");
        }
    }
}
