//! Replays: frames that were recorded and are sent once more.
//!
//! ```text
//! live        41 42 43 | 42  refused: the counter does not grow
//!             41 42 43 | 1 2 3  under another key: the meter counts anew
//!             9041 9042 | 1 2 3  under the same key: anew as well, where the clock of the meter has gone on
//! recordings  41 42 43 + 42 43 44: kept, and those that came before are marked
//! ```
//! A tag proves who made a frame, not when. The counter does: a meter never uses one twice under a key. The clock in
//! a text with a tag that fits is proof as well: what is later than all that came can be no recording.

mod seen;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cipher::Keys;
use super::ciphering::{GeneralGloCiphering, Header, SystemTitle, TitleMap};
use super::event::{Decoded, Event, Reason, Refused, Security, Tag};

pub use seen::Seen;

/// What is remembered of a meter that encrypts, over a restart too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Counter of its last frame.
    counter: u32,
    /// Check value of the key under which it counts.
    #[serde(with = "digits")]
    check: [u8; 3],
    /// Whether it had a tag that fits when that was last looked at.
    tag: bool,
    /// The latest that its clock has shown, in seconds since 1970.
    #[serde(default, with = "moment", skip_serializing_if = "Option::is_none")]
    clock: Option<i64>,
    /// What its clock showed when it began to count anew under the same key.
    #[serde(default, with = "moment", skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
}

/// Records by title.
pub type Records = TitleMap<Record>;

/// Watches the counters of a live source.
#[derive(Clone)]
pub struct Witness {
    keys: Arc<Keys>,
    /// Grows with each change of the keys.
    generation: u32,
    /// What was remembered before the source was opened.
    before: Arc<Records>,
    places: TitleMap<usize>,
    meters: Vec<Meter>,
    /// The meter that sent last.
    latest: usize,
    /// Meters that are remembered, at the most.
    most: usize,
    is_full: bool,
}

#[derive(Clone)]
struct Meter {
    title: SystemTitle,
    record: Record,
    /// Keys under which its record was made.
    generation: u32,
    /// Nothing has come since the source was opened.
    remembered: bool,
    /// Bit n: the frame n counts before the last one came.
    window: u64,
    /// A frame that counts lower and is later: the first one, if the meter counts anew.
    candidate: Option<(u32, i64)>,
}

/// What a frame says that matters here.
#[derive(Clone, Copy)]
struct Heard {
    counter: u32,
    clock: Option<i64>,
    /// A tag that fits, or none; where it was not looked at, neither.
    tag: Option<bool>,
    /// It was damaged, and comes later than those behind it.
    late: bool,
}

impl Record {
    /// Whether its frames have tags that fit.
    pub fn has_tag(&self) -> bool {
        self.tag
    }

    /// Check value of the key under which it counts.
    pub fn check_value(&self) -> [u8; 3] {
        self.check
    }

    /// Takes what was remembered elsewhere of the same meter: the later one counts, as two sources may hear it.
    pub fn merge(&mut self, other: &Self) {
        let later = match (self.clock, other.clock) {
            (Some(here), Some(there)) if here != there => there > here,
            _ => self.check != other.check || other.counter >= self.counter,
        };
        if later {
            *self = *other;
        }
    }

    /// The clock of a frame is later than all that came before.
    fn is_before(&self, clock: Option<i64>) -> bool {
        matches!((self.clock, clock), (Some(before), Some(now)) if now > before)
    }

    /// The counter is near 0, from where it was far away, and the clock has not gone back.
    fn starts_again(&self, heard: &Heard) -> bool {
        let near = heard.counter < NEAR && heard.counter < self.counter / 4;
        let still = heard.clock.is_some() && heard.clock == self.clock && self.counter >= NEAR;
        near && (still || self.is_before(heard.clock))
    }

    /// Tells whether a higher counter is a new one: one from before it began anew is not.
    fn allows(&self, clock: Option<i64>) -> bool {
        self.since
            .is_none_or(|since| clock.is_some_and(|clock| clock >= since))
    }
}

impl Default for Witness {
    fn default() -> Self {
        Self {
            keys: Arc::default(),
            generation: 0,
            before: Arc::default(),
            places: TitleMap::default(),
            meters: Vec::new(),
            latest: 0,
            most: METERS_MAX,
            is_full: false,
        }
    }
}

impl Witness {
    /// Watches with these keys, and what was remembered before.
    pub fn new(keys: Arc<Keys>, before: Arc<Records>) -> Self {
        Self {
            keys,
            before,
            ..Self::default()
        }
    }

    /// Uses other keys from now on.
    pub fn set_keys(&mut self, keys: Arc<Keys>) {
        self.keys = keys;
        self.generation += 1;
    }

    /// Takes a telegram; tells whether it is a new one. One without a counter always is.
    pub fn takes(&mut self, decoded: &Decoded<'_>) -> bool {
        // Meters that leave their title out cannot be told apart, nor can their counters.
        let titled = |security: &Security| security.title() != SystemTitle::NONE;
        let Some(security) = decoded.security.filter(titled) else {
            return true;
        };
        let clock = decoded.telegram.measured_at().and_then(|at| at.instant());
        let heard = Heard {
            counter: security.counter().0,
            clock: clock.map(|at| at.as_second()),
            tag: match security.tag {
                Tag::Valid => Some(true),
                Tag::None => Some(false),
                Tag::Invalid | Tag::Skipped => None,
            },
            late: decoded.mended.is_some(),
        };
        // Without one of both anybody could have written any counter.
        let proven = heard.tag == Some(true) || decoded.crc.valid() == Some(true);
        self.hear(security.title(), &heard, proven)
    }

    /// Tells whether more meters came than are remembered: those that are not may be replayed.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// What is remembered of a meter.
    pub fn record(&self, title: SystemTitle) -> Option<&Record> {
        let meter = self.meters.get(*self.places.get(&title)?)?;
        Some(&meter.record)
    }

    fn hear(&mut self, title: SystemTitle, heard: &Heard, proven: bool) -> bool {
        let Some(place) = self.place(title) else {
            if proven && self.meters.len() >= self.most {
                self.is_full = true;
            } else if proven {
                let check = self.check(title);
                self.places.insert(title, self.meters.len());
                self.meters
                    .push(Meter::new(title, heard, check, self.generation));
            }
            return true;
        };
        let check = self.meters.get(place).is_some_and(|meter| {
            let known = meter.generation == self.generation;
            known || meter.record.check == self.check(title)
        });
        let generation = self.generation;
        let fresh = (!check).then(|| Meter::new(title, heard, self.check(title), generation));
        let Some(meter) = self.meters.get_mut(place) else {
            return true;
        };
        if let Some(fresh) = fresh {
            if proven {
                *meter = fresh;
            }
            return true;
        }
        meter.generation = generation;
        meter.hear(heard, proven)
    }

    /// Where a meter stands, the remembered ones too.
    fn place(&mut self, title: SystemTitle) -> Option<usize> {
        let at = |meter: &Meter| meter.title == title;
        if self.meters.get(self.latest).is_some_and(at) {
            return Some(self.latest);
        }
        let place = match self.places.get(&title) {
            Some(place) => *place,
            None => {
                let record = *self.before.get(&title)?;
                self.places.insert(title, self.meters.len());
                self.meters.push(Meter {
                    title,
                    record,
                    generation: self.generation.wrapping_sub(1),
                    remembered: true,
                    window: u64::MAX,
                    candidate: None,
                });
                self.meters.len() - 1
            }
        };
        self.latest = place;
        Some(place)
    }

    fn check(&self, title: SystemTitle) -> [u8; 3] {
        let keys = self.keys.of(title);
        keys.map(|keys| keys.key().check_value())
            .unwrap_or_default()
    }
}

impl Meter {
    fn new(title: SystemTitle, heard: &Heard, check: [u8; 3], generation: u32) -> Self {
        Self {
            title,
            record: Record {
                counter: heard.counter,
                check,
                tag: heard.tag.unwrap_or(false),
                clock: heard.clock,
                since: None,
            },
            generation,
            remembered: false,
            window: 1,
            candidate: None,
        }
    }

    fn hear(&mut self, heard: &Heard, proven: bool) -> bool {
        if heard.tag == Some(true) && !self.record.tag {
            // What came before was without proof of origin, and says nothing of what is due.
            *self = Self::new(self.title, heard, self.record.check, self.generation);
            return true;
        }
        let record = &self.record;
        let ahead = i64::from(heard.counter) - i64::from(record.counter);
        if ahead > 0 && record.allows(heard.clock) {
            if proven {
                self.window = match ahead {
                    1..WINDOW => self.window << ahead | 1,
                    _ => 1,
                };
                self.follow(heard);
            }
            return true;
        }
        if heard.late {
            let bit = (1 - WINDOW..=0)
                .contains(&ahead)
                .then(|| 1 << ahead.unsigned_abs());
            let missing = bit.filter(|bit| self.window & bit == 0 && record.allows(heard.clock));
            self.window |= missing.unwrap_or_default();
            return missing.is_some();
        }
        let later = record.is_before(heard.clock);
        let again = self.candidate.is_some_and(|(counter, clock)| {
            heard.counter > counter && heard.clock.is_some_and(|now| now > clock)
        });
        let anew = later && (self.remembered || again) || record.starts_again(heard);
        if anew && (ahead < 0 || self.remembered) && proven {
            self.window = 1;
            self.record.since = heard.clock;
            self.follow(heard);
            return true;
        }
        if later && ahead < 0 && proven {
            self.candidate = heard.clock.map(|clock| (heard.counter, clock));
        }
        false
    }

    fn follow(&mut self, heard: &Heard) {
        self.record.counter = heard.counter;
        self.record.tag = heard.tag.unwrap_or(self.record.tag);
        self.record.clock = self.record.clock.max(heard.clock);
        self.remembered = false;
        self.candidate = None;
    }
}

/// The refusal of a telegram whose counter came before.
pub fn refusal<'a>(decoded: &Decoded<'a>) -> Event<'a> {
    let header = decoded.security.map(|security: Security| security.header);
    // The header of a push may lie inside of link frames.
    let begins = matches!(
        GeneralGloCiphering::decode(decoded.frame),
        Header::Legal(first) if Some(first) == header
    );
    Event::Refused(Refused {
        span: decoded.span,
        frame: decoded.frame,
        header: header.filter(|_| begins),
        inner: header.filter(|_| !begins),
        framing: decoded.push.as_ref().map(|push| push.framing),
        reason: Reason::Replayed,
    })
}

/// The check value of a key, as digits.
mod digits {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &[u8; 3], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode_upper(value))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 3], D::Error> {
        let mut value = [0; 3];
        hex::decode_to_slice(String::deserialize(from)?, &mut value).map_err(D::Error::custom)?;
        Ok(value)
    }
}

/// Seconds since 1970 as a time that people can read.
mod moment {
    use jiff::Timestamp;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Option<i64>, to: S) -> Result<S::Ok, S::Error> {
        let at = at.and_then(|at| Timestamp::from_second(at).ok());
        at.map(|at| at.to_string()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
        let text: Option<String> = Option::deserialize(from)?;
        let at = text.map(|text| text.parse::<Timestamp>());
        let at = at.transpose().map_err(D::Error::custom)?;
        Ok(at.map(|at| at.as_second()))
    }
}

/// A counter below this is near 0: that of the first hours of a meter.
const NEAR: u32 = 1000;
/// Frames before the last one of which is known whether they came.
const WINDOW: i64 = 64;
/// Meters of one source that are remembered.
pub const METERS_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests;
