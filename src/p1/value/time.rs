//! Times as meters write them, each with its offset from UTC.

use std::fmt;

use jiff::tz::TimeZone;

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

impl Timestamp {
    /// Reads a time in any of the forms that meters send.
    ///
    /// `YYMMDDhhmmss` with S, W, T, perhaps small, or no letter; `YYYYMMDDhhmmss`; `YYYYMMDD hh:mm:ss` and
    /// `YY-MM-DD hh:mm:ss`; the 24 hexadecimal digits of a DLMS date-time. `None` for a date that does not exist or
    /// is where clocks begin (1970, and the first second of 2000), as unset registers send.
    #[inline]
    pub fn parse(text: &[u8], zone: &Zone) -> Option<Self> {
        let (digits, flag) = match text {
            [
                digits @ ..,
                flag @ (b'S' | b'W' | b'T' | b's' | b'w' | b't'),
            ] => (digits, flag.to_ascii_uppercase()),
            _ => (text, b'T'),
        };
        let mut time = match digits.len() {
            12 => match two(digits, 0)? {
                70 => return None,
                year => Self::of_digits(2000 + year, digits.get(2..)?)?,
            },
            14 => Self::of_digits(two(digits, 0)? * 100 + two(digits, 2)?, digits.get(4..)?)?,
            17 => {
                let packed: Vec<u8> = digits.iter().copied().filter(u8::is_ascii_digit).collect();
                return match digits {
                    [_, _, _, _, _, _, _, _, b' ', _, _, b':', _, _, b':', _, _]
                        if packed.len() == 14 || packed.len() == 12 =>
                    {
                        Self::parse(&packed, zone)
                    }
                    _ => None,
                };
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

    /// Puts a time together from a date and a time of day that were sent in lines of their own.
    ///
    /// `YYMMDD` or `YYYYMMDD`, and `hhmmss`, each with any marks between and perhaps a digit for the season before it:
    /// 1 winter, 2 summer (VDEW). A letter S or W stands for the season too.
    pub fn of_parts(date: &[u8], time: &[u8], zone: &Zone) -> Option<Self> {
        let digits = |sent: &[u8]| -> Vec<u8> {
            let digits = sent.iter().copied();
            digits.filter(u8::is_ascii_digit).collect()
        };
        let letter = |sent: &[u8]| {
            let mut letters = sent.iter().map(u8::to_ascii_uppercase);
            letters.find(|byte| matches!(byte, b'S' | b'W'))
        };
        let season = |digits: &mut Vec<u8>| {
            let season = (digits.len() == 7).then(|| digits.remove(0))?;
            match season {
                b'1' => Some(b'W'),
                b'2' => Some(b'S'),
                _ => None,
            }
        };
        let (mut day, mut clock) = (digits(date), digits(time));
        let flag = season(&mut clock).or(season(&mut day));
        let flag = flag.or(letter(time)).or(letter(date));
        if clock.len() != 6 || !matches!(day.len(), 6 | 8) {
            return None;
        }
        day.extend_from_slice(&clock);
        let mut stamp = Self::parse(&day, zone)?;
        match flag {
            Some(b'S') => stamp.offset = zone.summer,
            Some(_) => stamp.offset = zone.winter,
            None => {}
        }
        Some(stamp)
    }

    /// Tells whether a DLMS date-time gives its offset from UTC with the sign that the standard does not mean.
    pub fn is_turned(text: &[u8], zone: &Zone) -> bool {
        let mut bytes = [0; 12];
        if text.len() != 24 || hex::decode_to_slice(text, &mut bytes).is_err() {
            return false;
        }
        let [_, _, _, _, _, _, _, _, _, z1, z2, _] = bytes;
        zone.turns(i16::from_be_bytes([z1, z2]))
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
        // Where clocks begin that were never set.
        let first = (time.month, time.day, time.hour, time.minute, time.second) == (1, 1, 0, 0, 0);
        let never = year == 1970 || year == 2000 && first;
        (exists && !never).then_some(time)
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
            // The sign is the other one in some meters: the zone of the meter shows it.
            time.offset = match zone.turns(deviation) {
                true => deviation,
                false => -deviation,
            };
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

    /// A moment as a meter of the zone writes it, to the second: `YYMMDDhhmmss` with S or W.
    pub fn written(&self, at: jiff::Timestamp) -> String {
        let offset = self.rules.to_offset(at);
        let is_summer = offset.seconds() != i32::from(self.winter) * 60;
        let letter = if is_summer { 'S' } else { 'W' };
        let local = offset.to_datetime(at);
        format!("{}{letter}", local.strftime("%y%m%d%H%M%S"))
    }

    /// The rules of the clock.
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }

    /// What the clock says at a second since 1970; `None` in years that are not written with four digits.
    pub fn clock(&self, second: i64) -> Option<Timestamp> {
        let at = jiff::Timestamp::from_second(second).ok()?;
        let at = at.to_zoned(self.rules.clone());
        Some(Timestamp {
            year: u16::try_from(at.year()).ok()?,
            month: at.month().unsigned_abs(),
            day: at.day().unsigned_abs(),
            hour: at.hour().unsigned_abs(),
            minute: at.minute().unsigned_abs(),
            second: at.second().unsigned_abs(),
            offset: i16::try_from(at.offset().seconds() / 60).ok()?,
        })
    }

    /// Seconds east of UTC at a point in time.
    pub fn offset_at(&self, at: jiff::Timestamp) -> i64 {
        i64::from(self.rules.to_offset(at).seconds())
    }

    /// Tells whether a deviation from UTC is one of the zone with its other sign only.
    fn turns(&self, deviation: i16) -> bool {
        let own = |offset: i16| offset == self.winter || offset == self.summer;
        deviation.unsigned_abs() <= DEVIATION_MAX && own(deviation) && !own(-deviation)
    }

    fn offset(&self, time: &Timestamp) -> Option<i16> {
        let civil = time.civil()?;
        let instant = self.rules.to_ambiguous_timestamp(civil).compatible().ok()?;
        Some((self.rules.to_offset(instant).seconds() / 60) as i16)
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

    fn time(text: &str) -> Option<String> {
        Timestamp::parse(text.as_bytes(), &Zone::luxembourg()).map(|t| t.to_string())
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
    fn the_letter_may_be_small_and_the_date_have_dashes() {
        let summer = Some("2024-07-01T19:00:00+02:00");
        assert_eq!(time("240701190000s").as_deref(), summer);
        assert_eq!(time("24-07-01 19:00:00").as_deref(), summer);
    }

    #[test]
    fn an_offset_with_the_other_sign_is_turned_where_the_zone_shows_it() {
        let sent = "07EA080B0208151900007880";
        assert_eq!(time(sent).as_deref(), Some("2026-08-11T08:21:25+02:00"));
        assert!(Timestamp::is_turned(sent.as_bytes(), &Zone::luxembourg()));
        let right = b"07EA080B020815190000FF88";
        assert!(!Timestamp::is_turned(right, &Zone::luxembourg()));
    }

    #[test]
    fn date_and_time_of_two_lines_are_one_time() {
        let zone = Zone::luxembourg();
        let join = |date: &str, time: &str| {
            let time = Timestamp::of_parts(date.as_bytes(), time.as_bytes(), &zone);
            time.map(|time| time.to_string())
        };
        let summer = Some("2024-07-01T19:29:59+02:00");
        for (date, time) in [
            ("240701", "192959"),
            ("24-07-01", "19:29:59"),
            ("20240701", "192959S"),
            ("240701", "2192959"),
        ] {
            assert_eq!(join(date, time).as_deref(), summer, "{date} {time}");
        }
        assert_eq!(
            join("241027", "1023000").as_deref(),
            Some("2024-10-27T02:30:00+01:00")
        );
        assert_eq!(join("", "192959"), None);
        assert_eq!(join("240732", "192959"), None);
    }

    #[test]
    fn dates_that_do_not_exist_are_none() {
        for text in [
            "700101010000W",
            "000101000000W",
            "19700101010000",
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
}
