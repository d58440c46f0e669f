//! The power of the last hour, second by second, and what is drawn from it.

use std::collections::VecDeque;

use jiff::Timestamp;

/// Powers of the last hour.
#[derive(Clone, Debug, Default)]
pub(super) struct Powers {
    seconds: VecDeque<Second>,
    widest: usize,
}

/// Columns of time, each with the mean power in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Curve {
    /// Minutes that the columns stand for.
    pub(super) minutes: i64,
    /// Mean power of each column, W; none where nothing was heard.
    pub(super) columns: Vec<Option<i64>>,
    /// Smallest, mean and largest power, W, where there is any.
    pub(super) range: Option<[i64; 3]>,
}

/// All powers heard within one second.
#[derive(Clone, Copy, Debug)]
struct Second {
    at: i64,
    sum: i64,
    count: i64,
    low: i64,
    high: i64,
}

impl Powers {
    /// Takes a power, W, positive where it is taken from the grid.
    pub(super) fn push(&mut self, now: Timestamp, watts: i64) {
        let watts = watts.clamp(-LIMIT, LIMIT);
        let at = now.as_second();
        self.widest = self.widest.max(kilowatts(watts).len());
        match self.seconds.back_mut() {
            // Also where the clock was set back.
            Some(last) if last.at >= at && last.at - at < WINDOW_MAX => {
                last.sum = last.sum.saturating_add(watts);
                last.count += 1;
                last.low = last.low.min(watts);
                last.high = last.high.max(watts);
            }
            Some(last) if last.at > at => self.seconds.clear(),
            _ => {}
        }
        if self.seconds.back().is_none_or(|last| last.at < at) {
            self.seconds.push_back(Second {
                at,
                sum: watts,
                count: 1,
                low: watts,
                high: watts,
            });
        }
        while let Some(first) = self.seconds.front()
            && first.at <= at - WINDOW_MAX
        {
            self.seconds.pop_front();
        }
    }

    /// Columns of the widest power so far, as text.
    pub(super) fn widest(&self) -> usize {
        self.widest
    }

    /// Draws up to `width` columns of a meter that sends every `period` seconds.
    pub(super) fn curve(&self, now: Timestamp, width: usize, period: i64) -> Curve {
        let width = i64::try_from(width).unwrap_or(0).clamp(0, WINDOW_MAX);
        let period = period.clamp(1, WINDOW_MAX);
        let window = WINDOWS
            .into_iter()
            .find(|window| *window >= width * period)
            .unwrap_or(WINDOW_MAX);
        // No column shorter than a period, or some would stay empty.
        let count = width.min(window / period);
        let mut columns = Columns {
            sums: vec![(0, 0); usize::try_from(count).unwrap_or(0)],
            window,
            hold: 2 * period,
            heard: None,
            // Bounds of columns stand still while time goes on.
            last: column(now.as_second(), count, window),
            count,
        };
        let mut range: Option<(i64, i128, i128, i64)> = None;
        let old = |second: &Second| second.at <= now.as_second() - window;
        for second in self.seconds.range(self.seconds.partition_point(old)..) {
            columns.take(second);
            let (low, sum, number, high) = range.unwrap_or((second.low, 0, 0, second.high));
            range = Some((
                low.min(second.low),
                sum + i128::from(second.sum),
                number + i128::from(second.count),
                high.max(second.high),
            ));
        }
        columns.fill_up_to(columns.last + 1);
        Curve {
            minutes: window / 60,
            columns: columns.means(),
            range: range.map(|(low, sum, number, high)| [low, mean(sum, number), high]),
        }
    }
}

/// Sums of the columns while they are filled.
struct Columns {
    sums: Vec<(i128, i128)>,
    window: i64,
    /// Number of the last column, from the beginning of time.
    last: i64,
    count: i64,
    /// Seconds that a power stands for at most.
    hold: i64,
    heard: Option<i64>,
}

impl Columns {
    fn take(&mut self, second: &Second) {
        let at = column(second.at, self.count, self.window);
        self.fill_up_to(at);
        if let Some((sum, number)) = self.slot(at) {
            *sum += i128::from(second.sum);
            *number += i128::from(second.count);
        }
        self.heard = Some(second.at);
    }

    /// Lets the last power stand as long as the next may take to come.
    fn fill_up_to(&mut self, end: i64) {
        let Some(heard) = self.heard else { return };
        let held = column(heard + self.hold, self.count, self.window);
        let heard = column(heard, self.count, self.window);
        let Some(power) = self.slot(heard).map(|slot| *slot) else {
            return;
        };
        for at in heard + 1..end.min(held + 1) {
            if let Some(slot) = self.slot(at) {
                *slot = power;
            }
        }
    }

    fn slot(&mut self, at: i64) -> Option<&mut (i128, i128)> {
        let index = at.checked_sub(self.last - self.count + 1)?;
        self.sums.get_mut(usize::try_from(index).ok()?)
    }

    fn means(self) -> Vec<Option<i64>> {
        let mean = |(sum, number)| (number > 0).then(|| mean(sum, number));
        self.sums.into_iter().map(mean).collect()
    }
}

/// Numbers the columns from the beginning of time.
fn column(second: i64, count: i64, window: i64) -> i64 {
    let product = i128::from(second) * i128::from(count);
    i64::try_from(product.div_euclid(i128::from(window.max(1)))).unwrap_or(0)
}

/// The mean, rounded to the nearest watt.
fn mean(sum: i128, count: i128) -> i64 {
    let count = count.max(1);
    let mean = (2 * sum + count).div_euclid(2 * count);
    i64::try_from(mean).unwrap_or(0)
}

/// Watts as kilowatts with three digits behind the point.
pub(super) fn kilowatts(watts: i64) -> String {
    crate::p1::value::Decimal::new(watts, 3).to_string()
}

/// Spans of time that are drawn, in seconds.
const WINDOWS: [i64; 5] = [600, 900, 1200, 1800, 3600];
/// The longest of them.
const WINDOW_MAX: i64 = 3600;
/// A power beyond this is no power, W.
const LIMIT: i64 = 1_000_000_000;
#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_770_000_000 + second).unwrap()
    }

    #[test]
    fn min_mean_and_max_are_those_of_the_window() {
        let mut powers = Powers::default();
        powers.push(at(0), 9000);
        for step in 1..=60 {
            powers.push(at(step * 10), 100 + step);
        }
        let curve = powers.curve(at(605), 20, 10);
        assert_eq!(curve.minutes, 10);
        assert_eq!(curve.range, Some([101, 131, 160]));
        assert_eq!(curve.columns.len(), 20);
        assert!(curve.columns.iter().skip(1).all(Option::is_some));
    }

    #[test]
    fn a_wide_curve_of_a_slow_meter_shows_more_time_and_no_holes() {
        let mut powers = Powers::default();
        for step in 0..400 {
            powers.push(at(step * 10), 500);
        }
        let curve = powers.curve(at(3995), 150, 10);
        assert_eq!((curve.minutes, curve.columns.len()), (30, 150));
        assert_eq!(curve.columns, vec![Some(500); 150]);
        assert_eq!(powers.curve(at(3995), 1000, 10).columns.len(), 360);
        assert!(powers.seconds.len() <= 360);
    }

    #[test]
    fn a_silence_is_a_hole_and_what_was_before_stays() {
        let mut powers = Powers::default();
        for step in (0..20).chain(40..60) {
            powers.push(at(step * 10), 500);
        }
        let curve = powers.curve(at(599), 10, 10);
        let held: String = curve
            .columns
            .iter()
            .map(|power| if power.is_some() { 'x' } else { '.' })
            .collect();
        assert_eq!(held, "xxxx..xxxx");
        assert_eq!(powers.curve(at(9999), 10, 10).range, None);
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing_and_keeps_no_more() {
        let mut powers = Powers::default();
        powers.push(at(50), 1);
        powers.push(at(20), 2);
        assert_eq!(powers.curve(at(60), 10, 10).range, Some([1, 2, 2]));
        powers.push(at(-90_000), 7);
        assert_eq!(powers.curve(at(-90_000), 10, 10).range, Some([7, 7, 7]));
        assert_eq!(powers.seconds.len(), 1);
    }

    #[test]
    fn a_flood_takes_no_more_memory_than_a_second_each() {
        let mut powers = Powers::default();
        for step in 0..100_000 {
            powers.push(at(step / 10), 1);
        }
        assert!(powers.seconds.len() <= 3600);
    }
}
