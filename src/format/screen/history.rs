//! The power of the past, coarser the longer ago, and what is drawn from it.
//!
//! ```text
//! live        seconds of an hour | 10 s of a day | minutes of a week        the oldest make room
//! recording   buckets over all of it; where there is no room for more, each takes the place of two
//! ```

use std::collections::VecDeque;

/// Powers over time, W.
#[derive(Clone, Debug)]
pub(super) struct Powers {
    /// From fine to coarse.
    tiers: Vec<Tier>,
}

/// Columns of time, each with the mean power in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Curve {
    /// Mean power of each column, W; none where nothing was heard.
    pub(super) columns: Vec<Option<i64>>,
    /// Smallest, mean and largest power, W, where there is any.
    pub(super) range: Option<[i64; 3]>,
}

/// A stretch of time cut into columns whose bounds stand still while time goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Number of the last column, from the beginning of time.
    last: i64,
    count: i64,
    window: i64,
}

#[derive(Clone, Debug)]
struct Tier {
    /// Seconds of a bucket.
    step: i64,
    room: usize,
    /// Buckets grow longer where there is no room; else the oldest are forgotten.
    grows: bool,
    buckets: VecDeque<Bucket>,
    /// Some came out of order.
    is_mixed: bool,
}

/// All powers heard within the seconds of a bucket.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    at: i64,
    sum: i64,
    count: i64,
    low: i64,
    high: i64,
}

impl Powers {
    /// Of a meter that is heard now: at most a week.
    pub(super) fn live() -> Self {
        let tiers = [(1, 3600), (10, 8640), (60, 10_080)];
        Self {
            tiers: tiers
                .map(|(step, room)| Tier::new(step, room, false))
                .into(),
        }
    }

    /// Of a phase that is heard now: at most a day.
    pub(super) fn of_phase() -> Self {
        let tiers = [(10, 1080), (60, 1440)];
        Self {
            tiers: tiers
                .map(|(step, room)| Tier::new(step, room, false))
                .into(),
        }
    }

    /// Of a recording: all of it, in so many buckets.
    pub(super) fn of_recording(room: usize) -> Self {
        Self {
            tiers: vec![Tier::new(1, room, true)],
        }
    }

    /// Takes a power, W, positive where it is taken from the grid.
    pub(super) fn push(&mut self, second: i64, watts: i64) {
        let watts = watts.clamp(-LIMIT, LIMIT);
        for tier in &mut self.tiers {
            tier.push(second, watts);
        }
    }

    /// Puts in order what came out of it.
    pub(super) fn settle(&mut self) {
        for tier in &mut self.tiers {
            tier.settle();
        }
    }

    /// The first and the last second of which there is something.
    pub(super) fn extent(&self) -> Option<(i64, i64)> {
        let first = self
            .tiers
            .iter()
            .filter_map(|tier| Some(tier.buckets.front()?.at));
        let last = self.tiers.first()?.buckets.back()?;
        Some((first.min()?, last.at))
    }

    /// The means of columns, for a meter whose powers stand for so many seconds each.
    pub(super) fn curve(&self, span: Span, hold: i64) -> Curve {
        let mut columns = vec![None; usize::try_from(span.count).unwrap_or(0)];
        let start = span.start(span.first());
        let mut sums: Vec<(i128, i128)> = vec![(0, 0); columns.len()];
        let mut range: Option<(i64, i128, i128, i64)> = None;
        let Some(tier) = self.tier(start - hold) else {
            return Curve {
                columns,
                range: None,
            };
        };
        let hold = hold.max(tier.step);
        let mut before: Option<Bucket> = None;
        let from = tier.after(start - hold - 1);
        for bucket in tier.buckets.range(from..) {
            let at = span.column(bucket.at);
            if at > span.last {
                break;
            }
            span.fill(&mut columns, before, at, hold);
            before = Some(*bucket);
            let Some(index) = span.index(at) else {
                continue;
            };
            if let Some((sum, count)) = sums.get_mut(index) {
                *sum += i128::from(bucket.sum);
                *count += i128::from(bucket.count);
                if let Some(column) = columns.get_mut(index) {
                    *column = Some(mean(*sum, *count));
                }
            }
            let (low, sum, count, high) = range.unwrap_or((bucket.low, 0, 0, bucket.high));
            range = Some((
                low.min(bucket.low),
                sum + i128::from(bucket.sum),
                count + i128::from(bucket.count),
                high.max(bucket.high),
            ));
        }
        span.fill(&mut columns, before, span.last + 1, hold);
        Curve {
            columns,
            range: range.map(|(low, sum, count, high)| [low, mean(sum, count), high]),
        }
    }

    /// The finest that reaches back to a second, else the one that reaches back farthest.
    fn tier(&self, second: i64) -> Option<&Tier> {
        let reaches = |tier: &&Tier| {
            tier.buckets
                .front()
                .is_some_and(|first| first.at <= second || tier.buckets.len() < tier.room)
        };
        self.tiers.iter().find(reaches).or(self.tiers.last())
    }
}

impl Span {
    /// Ends with a second.
    pub(super) fn new(end: i64, width: usize, window: i64) -> Self {
        let count = i64::try_from(width).unwrap_or(0).max(1);
        let mut span = Self {
            last: 0,
            count,
            window: window.max(1),
        };
        span.last = span.column(end);
        span
    }

    /// Numbers the columns from the beginning of time.
    fn column(&self, second: i64) -> i64 {
        let product = i128::from(second) * i128::from(self.count);
        i64::try_from(product.div_euclid(i128::from(self.window))).unwrap_or(0)
    }

    /// The first second of a column, by its number.
    fn start(&self, column: i64) -> i64 {
        let (window, count) = (i128::from(self.window), i128::from(self.count));
        let at = (i128::from(column) * window + count - 1).div_euclid(count);
        i64::try_from(at).unwrap_or(0)
    }

    fn first(&self) -> i64 {
        self.last - self.count + 1
    }

    fn index(&self, column: i64) -> Option<usize> {
        usize::try_from(column.checked_sub(self.first())?).ok()
    }

    /// The first second of each column, from left to right.
    pub(super) fn seconds(&self) -> impl Iterator<Item = i64> + '_ {
        (self.first()..=self.last).map(|column| self.start(column))
    }

    /// Lets a power stand as long as the next may take to come.
    fn fill(&self, columns: &mut [Option<i64>], power: Option<Bucket>, end: i64, hold: i64) {
        let Some(power) = power else { return };
        let heard = self.column(power.at);
        let held = self.column(power.at.saturating_add(hold));
        let value = mean(i128::from(power.sum), i128::from(power.count));
        for at in (heard + 1).max(self.first())..end.min(held + 1) {
            if let Some(column) = self.index(at).and_then(|index| columns.get_mut(index)) {
                *column = Some(value);
            }
        }
    }
}

impl Tier {
    fn new(step: i64, room: usize, grows: bool) -> Self {
        Self {
            step,
            room,
            grows,
            buckets: VecDeque::new(),
            is_mixed: false,
        }
    }

    fn push(&mut self, second: i64, watts: i64) {
        let at = second.div_euclid(self.step) * self.step;
        match self.buckets.back_mut() {
            Some(last) if last.at == at => return last.take(watts),
            Some(last) if last.at > at && self.grows => self.is_mixed = true,
            // The clock was set back: a little is forgiven.
            Some(last) if last.at > at && last.at - at <= BACK => return last.take(watts),
            Some(last) if last.at > at => self.buckets.clear(),
            _ => {}
        }
        if self.buckets.len() >= self.room {
            match self.grows {
                true => self.shrink(),
                false => drop(self.buckets.pop_front()),
            }
        }
        let at = second.div_euclid(self.step) * self.step;
        self.buckets.push_back(Bucket {
            at,
            sum: watts,
            count: 1,
            low: watts,
            high: watts,
        });
    }

    /// Makes buckets longer until half of the room is free.
    fn shrink(&mut self) {
        self.settle();
        while self.buckets.len() > self.room / 2 && self.step < STEP_MAX {
            self.step *= 2;
            for bucket in &mut self.buckets {
                bucket.at = bucket.at.div_euclid(self.step) * self.step;
            }
            self.merge();
        }
        // Years with centuries between them: the oldest make room after all.
        while self.buckets.len() >= self.room {
            self.buckets.pop_front();
        }
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.is_mixed) {
            self.buckets
                .make_contiguous()
                .sort_by_key(|bucket| bucket.at);
            self.merge();
        }
    }

    /// Makes one of those that begin at the same time.
    fn merge(&mut self) {
        let mut merged: VecDeque<Bucket> = VecDeque::with_capacity(self.buckets.len());
        for bucket in self.buckets.drain(..) {
            match merged.back_mut() {
                Some(last) if last.at == bucket.at => last.join(&bucket),
                _ => merged.push_back(bucket),
            }
        }
        self.buckets = merged;
    }

    /// The place of the first bucket that begins after a second.
    fn after(&self, second: i64) -> usize {
        self.buckets.partition_point(|bucket| bucket.at <= second)
    }
}

impl Bucket {
    fn take(&mut self, watts: i64) {
        self.sum = self.sum.saturating_add(watts);
        self.count += 1;
        self.low = self.low.min(watts);
        self.high = self.high.max(watts);
    }

    fn join(&mut self, other: &Self) {
        self.sum = self.sum.saturating_add(other.sum);
        self.count += other.count;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }
}

/// The mean, rounded to the nearest watt.
fn mean(sum: i128, count: i128) -> i64 {
    let count = count.max(1);
    i64::try_from((2 * sum + count).div_euclid(2 * count)).unwrap_or(0)
}

/// A power beyond this is no power, W.
const LIMIT: i64 = 1_000_000_000;
/// A clock that is set back by no more loses nothing, seconds.
const BACK: i64 = 3600;
/// Buckets grow no longer, seconds.
const STEP_MAX: i64 = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_770_000_000;

    fn curve(powers: &Powers, end: i64, width: usize, window: i64, hold: i64) -> Curve {
        powers.curve(Span::new(START + end, width, window), hold)
    }

    #[test]
    fn min_mean_and_max_are_those_of_the_window() {
        let mut powers = Powers::live();
        powers.push(START, 9000);
        for step in 1..=60 {
            powers.push(START + step * 10, 100 + step);
        }
        let curve = curve(&powers, 605, 20, 600, 20);
        // Columns begin at multiples of their length: the first of them 30 s after the first power.
        assert_eq!(curve.range, Some([103, 132, 160]));
        assert_eq!(curve.columns.len(), 20);
        assert!(curve.columns.iter().skip(1).all(Option::is_some));
    }

    #[test]
    fn a_wide_curve_has_no_holes_between_telegrams() {
        let mut powers = Powers::live();
        for step in 0..400 {
            powers.push(START + step * 10, 500);
        }
        let curve = curve(&powers, 3995, 250, 600, 20);
        assert_eq!(curve.columns, vec![Some(500); 250]);
    }

    #[test]
    fn a_silence_is_a_hole_and_what_was_before_stays() {
        let mut powers = Powers::live();
        for step in (0..20).chain(40..60) {
            powers.push(START + step * 10, 500);
        }
        let held: String = curve(&powers, 599, 10, 600, 20)
            .columns
            .iter()
            .map(|power| if power.is_some() { 'x' } else { '.' })
            .collect();
        assert_eq!(held, "xxxx..xxxx");
        assert_eq!(curve(&powers, 9999, 10, 600, 20).range, None);
    }

    #[test]
    fn what_is_long_ago_is_kept_coarsely_and_forgotten_after_a_week() {
        let mut powers = Powers::live();
        for second in 0..9 * 86_400 {
            powers.push(START + second, second);
        }
        let end = 9 * 86_400 - 1;
        assert_eq!(
            powers.extent(),
            Some((START + 2 * 86_400, START + end)),
            "a week"
        );
        let week = curve(&powers, end, 100, 7 * 86_400, 2);
        assert!(week.columns.iter().skip(1).all(Option::is_some));
        let last = curve(&powers, end, 60, 60, 2);
        assert_eq!(last.columns.last(), Some(&Some(end)), "to the second");
        let kept: usize = powers.tiers.iter().map(|tier| tier.buckets.len()).sum();
        assert_eq!(kept, 3600 + 8640 + 10_080);
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing_and_keeps_no_more() {
        let mut powers = Powers::live();
        powers.push(START + 50, 1);
        powers.push(START + 20, 2);
        assert_eq!(curve(&powers, 60, 10, 600, 20).range, Some([1, 2, 2]));
        powers.push(START - 90_000, 7);
        let back = curve(&powers, -90_000, 10, 600, 20);
        assert_eq!(back.range, Some([7, 7, 7]));
    }

    #[test]
    fn a_recording_of_any_length_in_any_order_fits() {
        let mut powers = Powers::of_recording(1000);
        for step in (0..20_000).rev() {
            powers.push(START + step * 10, step);
        }
        powers.settle();
        let kept = powers.tiers[0].buckets.len();
        assert!((500..=1000).contains(&kept), "{kept}");
        let all = curve(&powers, 199_999, 50, 200_000, 20);
        let [low, _, high] = all.range.unwrap();
        assert!(low < 400 && high == 19_999, "{all:?}");
        assert!(all.columns.is_sorted(), "{all:?}");
        for century in 0..5000 {
            powers.push(century << 32, 1);
        }
        assert!(powers.tiers[0].buckets.len() <= 1000);
    }
}
