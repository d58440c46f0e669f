//! The course of a day and of a year, in whole numbers: shares are thousandths.

use crate::p1::line::Rng;

use super::clock::Moment;

/// How far into summer the day is: -1000 at the end of December, 1000 at the end of June.
pub fn summer(moment: &Moment) -> i64 {
    let day = i64::from(moment.civil.date().day_of_year());
    let from_june = (day - 172).abs().min(365 - (day - 172).abs());
    if from_june <= QUARTER_YEAR {
        1000 - 1000 * from_june * from_june / (QUARTER_YEAR * QUARTER_YEAR)
    } else {
        let from_december = (2 * QUARTER_YEAR - from_june).max(0);
        1000 * from_december * from_december / (QUARTER_YEAR * QUARTER_YEAR) - 1000
    }
}

/// The share of its peak that a cloudless roof gives: high at solar noon, more and longer in summer.
pub fn solar(moment: &Moment) -> i64 {
    let summer = summer(moment);
    let half_day = (720 + 240 * summer / 1000) * 30;
    let from_noon = (moment.unix.rem_euclid(86_400) - SOLAR_NOON).abs();
    if from_noon >= half_day {
        return 0;
    }
    let height = 1000 - 1000 * from_noon / half_day * from_noon / half_day;
    height * (600 + 400 * summer / 1000) / 1000
}

/// How busy the house is: low at night, high in the morning and in the evening.
pub fn bustle(moment: &Moment) -> i64 {
    along(&BUSTLE, moment.second_of_day())
}

/// How much the heating asks for by the time of day.
pub fn heating(moment: &Moment) -> i64 {
    along(&WARMTH, moment.second_of_day())
}

/// A number by chance for a place in time.
pub fn chance(seed: u64, topic: u64, slot: i64) -> u64 {
    Rng::new(seed ^ topic.rotate_left(48) ^ slot as u64).next_u64()
}

/// Something that wanders between 0 and 1000, with a new goal every `pace` seconds.
pub fn noise(seed: u64, topic: u64, unix: i64, pace: i64) -> i64 {
    let (slot, into) = (unix.div_euclid(pace), unix.rem_euclid(pace));
    let goal = |slot| (chance(seed, topic, slot) % 1001) as i64;
    let (from, to) = (goal(slot), goal(slot + 1));
    from + (to - from) * into / pace
}

/// Straight lines between the hours of a table.
fn along(table: &[i64; 24], second: i64) -> i64 {
    let hour = (second / 3600).rem_euclid(24) as usize;
    let (from, to) = (table[hour], table[(hour + 1) % 24]);
    from + (to - from) * (second % 3600) / 3600
}

/// Luxembourg lies 6° east: the sun is highest at 11:36 UTC.
const SOLAR_NOON: i64 = 11 * 3600 + 36 * 60;
const QUARTER_YEAR: i64 = 91;
const BUSTLE: [i64; 24] = [
    220, 160, 130, 120, 130, 200, 450, 750, 650, 450, 400, 450, //
    650, 520, 400, 380, 450, 650, 900, 1000, 950, 800, 600, 380,
];
const WARMTH: [i64; 24] = [
    300, 280, 280, 300, 400, 800, 1000, 950, 700, 500, 450, 450, //
    450, 450, 450, 500, 650, 850, 950, 900, 850, 700, 450, 350,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::load_profile::clock::Clock;
    use jiff::civil::date;

    fn at(month: i8, day: i8, hour: i8) -> Moment {
        Clock::luxembourg().when(date(2026, month, day).at(hour, 0, 0, 0))
    }

    #[test]
    fn the_year_turns_in_june_and_december() {
        assert_eq!(summer(&at(6, 21, 12)), 1000);
        assert!(summer(&at(12, 21, 12)) < -990);
        assert!(summer(&at(3, 21, 12)).abs() < 50 && summer(&at(9, 21, 12)).abs() < 50);
    }

    #[test]
    fn the_sun_is_highest_at_noon_and_longest_in_june() {
        assert!(solar(&at(6, 21, 13)) > 950);
        assert!((150..250).contains(&solar(&at(12, 21, 12))));
        assert_eq!([solar(&at(6, 21, 2)), solar(&at(12, 21, 17))], [0, 0]);
        assert!(solar(&at(6, 21, 20)) > 0);
    }

    #[test]
    fn what_wanders_does_not_jump() {
        let course: Vec<i64> = (0..2000).map(|second| noise(7, 1, second, 300)).collect();
        assert!(course.windows(2).all(|pair| (pair[1] - pair[0]).abs() <= 4));
        assert!(course.iter().all(|share| (0..=1000).contains(share)));
        assert!(course.iter().max() > course.iter().min());
    }
}
