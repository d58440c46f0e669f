//! What is simulated and how fast, as it is asked for: by options of the command line, or behind `sim:?`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::{Profile, Setup};
use crate::p1::line::{Fault, FaultError};
use crate::p1::nearest::nearest;
use crate::simulate::load_profile::clock::Clock;

/// Meters that are simulated together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What each of them sends.
    pub profile: Profile,
    /// How many there are, at least 1.
    pub meters: u32,
    /// Where all chance comes from.
    pub seed: u64,
    /// Whether they encrypt; the habit of the profile where `None`.
    pub sealed: Option<bool>,
    /// What their clocks show at the first telegram; the time of now where `None`.
    pub start: Option<DateTime>,
    /// Seconds between two telegrams of a meter, at least 1; the habit of the profile where `None`.
    pub period: Option<u32>,
    /// How much faster than real their time goes; as real where `None`.
    pub speed: Option<Speed>,
    /// Telegrams of each meter; without end where `None`.
    pub count: Option<u64>,
    /// What is wrong with them, in this order.
    pub faults: Vec<Fault>,
    /// Pulses of an LED instead of telegrams, so many for a kilowatt hour: a line each.
    pub pulses: Option<NonZeroU32>,
}

/// How much faster than real the time of a meter goes: above 0, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed(u64);

/// An option of the virtual meter that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No option has this name.
    #[error("the option `{0}` is unknown, {known} are known", known = OPTIONS)]
    Unknown(String),
    /// The value is missing, too much, or of another form.
    #[error("`{name}` takes {expected}, but found `{found}`")]
    Value {
        /// The option.
        name: String,
        /// What it takes.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// A fault that is not known.
    #[error(transparent)]
    Fault(#[from] FaultError),
}

impl PlanError {
    /// What was meant, where that is nearly what was given.
    pub fn nearest(&self) -> Option<&'static str> {
        match self {
            Self::Unknown(name) => nearest(name, words(OPTIONS)),
            Self::Value {
                expected, found, ..
            } => nearest(found, words(expected)),
            Self::Fault(error) => error.nearest(),
        }
    }
}

/// The words of a list.
fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split([' ', ','])
        .filter(|word| !matches!(*word, "" | "a" | "and" | "of" | "one" | "or"))
}

impl Plan {
    /// Reads the options of `sim:?name=value&name`.
    ///
    /// # Errors
    /// An option that does not exist, or a value that it does not take.
    pub fn of_options<'a>(
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PlanError> {
        let mut plan = Self::default();
        for (name, value) in options {
            plan.set(name, value)?;
        }
        Ok(plan)
    }

    /// What meter `number`, from 1 on, is to be; the meters of a plan share out the period among them.
    pub fn setup(&self, number: u32) -> Setup {
        let start = self.start.unwrap_or_else(|| self.now());
        let mut setup = Setup::new(self.profile, number, self.seed, start);
        setup.period = self.period();
        setup.sealed = self.sealed.unwrap_or(setup.sealed);
        setup.faults.clone_from(&self.faults);
        let shift = u64::from(setup.period) * u64::from(number.saturating_sub(1));
        let shift = Duration::from_secs(shift / u64::from(self.meters.max(1)));
        setup.start = start.checked_add(shift).unwrap_or(start);
        setup
    }

    /// Seconds between two telegrams of a meter.
    pub fn period(&self) -> u32 {
        self.period.unwrap_or(self.profile.period()).max(1)
    }

    /// The same, with a start that no longer moves: the clocks of all meters are set at one moment.
    pub fn started(&self) -> Self {
        Self {
            start: Some(self.start.unwrap_or_else(|| self.now())),
            ..self.clone()
        }
    }

    /// What the clock of the meters shows now.
    fn now(&self) -> DateTime {
        let clock = match self.profile {
            Profile::Se => Clock::normal_time(),
            _ => Clock::luxembourg(),
        };
        clock.at(Timestamp::now().as_second()).civil
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), PlanError> {
        let wrong = |expected| PlanError::Value {
            name: name.to_owned(),
            expected,
            found: value.to_owned(),
        };
        match name {
            "profile" => self.profile = Profile::named(value).ok_or_else(|| wrong(PROFILES))?,
            "meters" => {
                self.meters = parse_meters(value).ok_or_else(|| wrong(METERS))?;
            }
            "seed" => self.seed = value.parse().map_err(|_| wrong("a whole number"))?,
            "plain" | "encrypted" if value.is_empty() => self.sealed = Some(name == "encrypted"),
            "plain" | "encrypted" => return Err(wrong("no value")),
            "start" => self.start = Some(value.parse().map_err(|_| wrong(START))?),
            "period" => self.period = Some(parse_period(value).ok_or_else(|| wrong(PERIOD))?),
            "speed" => self.speed = Some(value.parse().map_err(wrong)?),
            "count" => self.count = Some(value.parse().map_err(|_| wrong("a whole number"))?),
            "pulses" => self.pulses = Some(value.parse().map_err(|_| wrong("a number from 1"))?),
            "fault" => self.faults.push(value.parse()?),
            _ => return Err(PlanError::Unknown(name.to_owned())),
        }
        Ok(())
    }
}

/// One meter of Luxembourg, healthy, without end.
impl Default for Plan {
    fn default() -> Self {
        Self {
            profile: Profile::Lu,
            meters: 1,
            seed: 1,
            sealed: None,
            start: None,
            period: None,
            speed: None,
            count: None,
            faults: Vec::new(),
            pulses: None,
        }
    }
}

impl Speed {
    /// As fast as real time.
    pub const REAL: Self = Self(1000);

    /// How long so much time of a meter really takes.
    pub fn real(self, meter_time: Duration) -> Duration {
        let nanoseconds = meter_time.as_nanos() * 1000 / u128::from(self.0.max(1));
        let (seconds, rest) = (nanoseconds / SECOND, nanoseconds % SECOND);
        Duration::new(
            u64::try_from(seconds).unwrap_or(u64::MAX),
            u32::try_from(rest).unwrap_or(0),
        )
    }
}

impl Default for Speed {
    fn default() -> Self {
        Self::REAL
    }
}

/// Reads a whole number or one with up to three decimals.
impl FromStr for Speed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let read = || {
            let whole: u64 = whole.parse().ok()?;
            let thousandths: u64 = format!("{decimals:0<3}").parse().ok()?;
            whole.checked_mul(1000)?.checked_add(thousandths)
        };
        let fits = is_number(whole) && is_number(decimals) && decimals.len() <= 3;
        let speed = fits.then(read).flatten();
        match speed.filter(|&speed| (1..=SPEED_MAX).contains(&speed)) {
            Some(speed) => Ok(Self(speed)),
            None => Err("a factor such as 100 or 0.5, from 0.001 to 1000000"),
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 1000, self.0 % 1000) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, rest) => write!(f, "{whole}.{rest:03}"),
        }
    }
}

/// Reads how many meters there are, 1 to a million.
pub fn parse_meters(text: &str) -> Option<u32> {
    let meters: Option<u32> = text.parse().ok();
    meters.filter(|meters| (1..=METERS_MAX).contains(meters))
}

/// Reads a period in whole seconds: `10`, `10s`, `15m`, `1h`.
pub fn parse_period(text: &str) -> Option<u32> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let factor = match text.get(digits.len()..)? {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return None,
    };
    let number: u32 = digits.parse().ok()?;
    let seconds = number.checked_mul(factor)?;
    (1..=PERIOD_MAX).contains(&seconds).then_some(seconds)
}

/// What a number of meters looks like.
pub const METERS: &str = "a number from 1 to 1000000";
/// What a start time looks like.
pub const START: &str = "a time such as 2026-01-31T18:00:00 or a day such as 2026-01-31";
/// What a period looks like.
pub const PERIOD: &str = "whole seconds up to a day, such as 10s, or 15m, or 1h";

const OPTIONS: &str =
    "profile, meters, seed, plain, encrypted, start, period, speed, count, pulses and fault";
const PROFILES: &str = "one of lu, lu-full, nl5, nl42, nl22, be, se, at, hu, lt, no-aidon, no-kaifa, \
kamstrup, at-noe, at-tinetz, ch-lg, ch-iskra, si-iskra and pl-stoen";
/// The name in a header has six digits, so that more meters could not be told apart.
const METERS_MAX: u32 = 1_000_000;
const PERIOD_MAX: u32 = 86_400;
const SPEED_MAX: u64 = 1_000_000_000;
/// In nanoseconds.
const SECOND: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Result<Plan, String> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Plan::of_options(pairs).map_err(|error| error.to_string())
    }

    #[test]
    fn options_say_what_is_simulated() {
        assert_eq!(plan(""), Ok(Plan::default()));
        let asked = plan(
            "profile=nl5&meters=3&speed=100&seed=7&fault=icrnl&fault=lost=16@700&count=20\
             &encrypted&period=15m&start=2026-01-31T18:00",
        );
        let expected = Plan {
            profile: Profile::Nl5,
            meters: 3,
            seed: 7,
            sealed: Some(true),
            start: Some(jiff::civil::date(2026, 1, 31).at(18, 0, 0, 0)),
            period: Some(900),
            speed: Some(Speed(100_000)),
            count: Some(20),
            faults: vec![
                Fault::Icrnl,
                Fault::LostBytes {
                    count: 16,
                    at: Some(700),
                },
            ],
            pulses: None,
        };
        assert_eq!(asked, Ok(expected));
        assert_eq!(plan("plain").unwrap().sealed, Some(false));
    }

    #[test]
    fn what_is_no_option_is_named_with_what_is() {
        for (text, words) in [
            ("baud=9600", "`baud` is unknown, profile, meters"),
            ("profile=LU", "one of lu, lu-full"),
            ("meters=0", "from 1 to 1000000"),
            ("meters=1000001", "from 1 to 1000000"),
            ("plain=yes", "`plain` takes no value"),
            ("start=noon", "`start` takes a time such as"),
            ("period=0", "whole seconds"),
            ("period=1.5s", "whole seconds"),
            ("period=2d", "whole seconds"),
            ("speed=0", "a factor such as"),
            ("speed=0.0001", "a factor such as"),
            ("speed=-1", "a factor such as"),
            ("speed=.5", "a factor such as"),
            ("count=x", "a whole number"),
            ("fault=gremlin", "no fault is called `gremlin`"),
        ] {
            let error = plan(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn what_was_meant_is_proposed() {
        for (name, value, meant) in [
            ("profil", "lu", Some("profile")),
            ("fualt", "weak", Some("fault")),
            ("baud", "9600", None),
            ("profile", "nl6", Some("nl5")),
            ("profile", "lu-ful", Some("lu-full")),
            ("profile", "luxembourg", None),
            ("fault", "wek", Some("weak")),
            ("fault", "wrongkey", Some("wrong-key")),
            ("fault", "gremlin", None),
            ("meters", "x", None),
        ] {
            let error = Plan::of_options([(name, value)]).unwrap_err();
            assert_eq!(error.nearest(), meant, "{name}={value}");
        }
    }

    #[test]
    fn a_speed_divides_time() {
        for (text, real) in [("100", 100), ("0.5", 20_000), ("1", 10_000), ("2.5", 4_000)] {
            let speed: Speed = text.parse().unwrap();
            let real_time = speed.real(Duration::from_secs(10));
            assert_eq!(real_time, Duration::from_millis(real), "{text}");
        }
        assert_eq!("0.5".parse::<Speed>().unwrap().to_string(), "0.500");
    }

    #[test]
    fn the_meters_of_a_plan_share_out_the_period() {
        let plan = plan("meters=5&start=2026-01-31T18:00:00").unwrap();
        let seconds = [1, 2, 5].map(|number| plan.setup(number).start.second());
        assert_eq!(seconds, [0, 2, 8]);
        assert_eq!(plan.setup(5).number, 5);
    }
}
