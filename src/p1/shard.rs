//! Shards: frames split by the meter that sent them, so that several processes share one stream.
//!
//! Which shard a meter is in never changes between versions:
//!
//! ```text
//! x      = system title as a number of 64 bits, first byte highest;
//!          of a telegram in clear, FNV-1a (64 bits) of the id of its meter
//! x      = finaliser of SplitMix64 of x: x ^= x >> 30, x *= BF58476D1CE4E5B9,
//!          x ^= x >> 27, x *= 94D049BB133111EB, x ^= x >> 31
//! shard  = 1 + x * N / 2^64
//! ```
//! What names no meter, such as bytes between frames, is in the first shard.

use std::fmt;
use std::str::FromStr;

use super::ciphering::SystemTitle;
use super::event::Event;

/// One of several equal parts of all meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    number: u32,
    /// Of how many.
    count: u32,
}

impl Shard {
    /// Tells whether a meter is in it.
    pub fn has(&self, title: SystemTitle) -> bool {
        self.is(u64::from_be_bytes(title.0))
    }

    /// Tells whether a meter that sends in clear is in it.
    pub fn has_id(&self, id: &str) -> bool {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        self.is(id.bytes().fold(0xCBF2_9CE4_8422_2325, fnv))
    }

    /// Tells whether an event is of a meter that is in it, or in the first shard and of none.
    pub fn takes(&self, event: &Event<'_>) -> bool {
        match event {
            Event::Telegram(decoded) => match decoded.security {
                Some(security) => self.has(security.title()),
                None => self.has_id(&decoded.telegram.meter_id().unwrap_or_default()),
            },
            Event::Refused(refused) => refused
                .title()
                .map_or(self.is_first(), |title| self.has(title)),
            Event::Junk(_) => self.is_first(),
        }
    }

    /// Tells whether it is the first.
    fn is_first(&self) -> bool {
        self.number == 1
    }

    fn is(&self, x: u64) -> bool {
        let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        let x = x ^ x >> 31;
        let index = (u128::from(x) * u128::from(self.count)) >> 64;
        index + 1 == u128::from(self.number)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

/// Tells that a text names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected K/N, the K-th of N parts, such as 3/8")]
pub struct NoShard;

impl FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, NoShard> {
        let (number, count) = text.split_once('/').ok_or(NoShard)?;
        let read = |digits: &str| digits.parse::<u32>().map_err(|_| NoShard);
        let shard = Self {
            number: read(number)?,
            count: read(count)?,
        };
        let exists = (1..=shard.count).contains(&shard.number);
        exists.then_some(shard).ok_or(NoShard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(count: u32) -> impl Iterator<Item = Shard> {
        (1..=count).map(move |number| Shard { number, count })
    }

    fn number(count: u32, is: impl Fn(&Shard) -> bool) -> u32 {
        let mut found = shards(count).filter(is);
        let shard = found.next().unwrap();
        assert_eq!(found.next(), None);
        shard.number
    }

    #[test]
    fn meters_stay_in_their_shards_between_versions() {
        let title = SystemTitle([0x53, 0x41, 0x47, 0x67, 0x70, 0x01, 0xBD, 0x54]);
        for (count, of_title, of_id, of_none) in [(2, 2, 2, 2), (8, 7, 8, 8), (1000, 754, 889, 958)]
        {
            assert_eq!(number(count, |shard| shard.has(title)), of_title);
            assert_eq!(number(count, |shard| shard.has_id("XMX5LGBBFG1009")), of_id);
            assert_eq!(number(count, |shard| shard.has_id("")), of_none);
        }
    }

    #[test]
    fn meters_are_spread_evenly() {
        let mut counts = [0; 8];
        for serial in 0u16..8000 {
            let [high, low] = (2 * serial).to_be_bytes();
            let title = SystemTitle([b'S', b'M', b'Y', 0x67, 0x70, 0, high, low]);
            counts[number(8, |shard| shard.has(title)) as usize - 1] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn a_shard_is_written_as_a_fraction() {
        assert_eq!("3/8".parse::<Shard>().unwrap().to_string(), "3/8");
        for wrong in ["", "3", "0/8", "9/8", "1/0", "-1/2", "a/b", "1/2/3"] {
            assert_eq!(wrong.parse::<Shard>(), Err(NoShard), "{wrong}");
        }
    }
}
