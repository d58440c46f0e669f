//! Who a virtual meter is: invented titles, names and keys, from a seed and a number.

use super::profile::Profile;
use crate::p1::cipher::AuthenticationKey;
use crate::p1::ciphering::SystemTitle;
use crate::p1::line::Rng;
use crate::simulate::load_profile::clock::{Clock, Moment};

/// What does not change in the life of a meter.
#[derive(Clone)]
pub(super) struct Identity {
    /// The seed of all that belongs to this meter alone.
    pub seed: u64,
    pub title: SystemTitle,
    pub key: [u8; 16],
    pub auth_key: [u8; 16],
    /// The logical device name.
    pub name: String,
    /// The line behind `/`.
    pub header: Vec<u8>,
    /// Hexadecimal digits of the logical device name.
    pub device_name: Vec<u8>,
    /// Hexadecimal digits of the equipment identifier.
    pub equipment: Vec<u8>,
    /// Hexadecimal digits of the identifiers of the M-Bus devices 1 to 4.
    pub devices: [Vec<u8>; 4],
    /// Groups of the power failure log.
    pub failures: Vec<u8>,
}

impl Identity {
    pub fn new(profile: Profile, seed: u64, number: u32, clock: &Clock, start: Moment) -> Identity {
        let mut family = Rng::new(seed);
        let first = 10_000_000 + family.below(80_000_000) as u64;
        let serial = ((first + u64::from(number)) % 100_000_000) as u32;
        let seed = Rng::new(family.next_u64() ^ u64::from(number) << 32).next_u64();
        let mut rng = Rng::new(seed);
        let [high, rest @ ..] = serial.to_be_bytes();
        let title = SystemTitle([
            b'S',
            b'M',
            b'Y',
            0x67,
            0x70 | high,
            rest[0],
            rest[1],
            rest[2],
        ]);
        // Without a title nothing tells the meters of a street apart: they have one key.
        let mut common = Rng::new(family.next_u64());
        let rng = match profile {
            Profile::PlStoen => &mut common,
            _ => &mut rng,
        };
        let mut key = || std::array::from_fn(|_| rng.next_byte());
        let (encryption, authentication) = (key(), key());
        let named = title;
        let title = match profile {
            Profile::PlStoen => SystemTitle::NONE,
            _ => title,
        };
        let (before, behind) = profile.header();
        let header = format!("{before}{:06}{behind}", serial % 1_000_000).into_bytes();
        let name = named.device_id().unwrap_or_default();
        let device =
            |channel: u32| hexadecimal(&format!("SMG2026{channel}{:09}", serial / 7 + channel));
        let failures = [(5, 240), (26, 301)].map(|(days, seconds)| {
            let mut group = Vec::from(*b"(");
            clock
                .at(start.unix - days * 86_400 - i64::from(serial % 40_000))
                .write_tst(&mut group);
            group.extend(format!(")({seconds:010}*s)").bytes());
            group
        });
        Identity {
            seed,
            title,
            key: encryption,
            auth_key: match profile.has_own_auth_key() {
                true => authentication,
                false => AuthenticationKey::LUXEMBOURG,
            },
            header,
            device_name: hexadecimal(&name),
            name,
            equipment: hexadecimal(&format!("SMYE{serial:013}")),
            devices: [1, 2, 3, 4].map(device),
            failures: [&b"(2)(0-0:96.7.19)"[..], &failures[0], &failures[1]].concat(),
        }
    }
}

fn hexadecimal(text: &str) -> Vec<u8> {
    hex::encode_upper(text).into_bytes()
}
