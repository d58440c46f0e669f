//! The virtual meter: telegrams and frames of a simulated household, healthy or with faults.
//!
//! ```text
//! household -> text of the profile -> seal -> line and host faults -> what a reader would get
//!              bad-crc                wrong-key, wrong-auth-key, counter-*
//! ```
//!
//! Titles, keys and identifiers are invented (FLAG id `SMY`), and follow from seed and number: two meters of
//! one seed are two households of one group of meters.

mod form;
mod identity;
mod meter_group;
mod plan;
mod profile;
mod push;
mod rows;
#[cfg(test)]
mod tests;
mod text;

use std::fmt::Write;

use jiff::civil::DateTime;

pub use self::meter_group::{Due, MeterGroup};
pub use self::plan::{METERS, PERIOD, Plan, PlanError, START, Speed, parse_meters, parse_period};
pub use self::profile::Profile;

use self::identity::Identity;
use self::push::Seal;
use crate::p1::cipher::{AuthenticationKey, Key, MeterKeys};
use crate::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
use crate::p1::line::layer::TELNET_GREETING;
use crate::p1::line::{Fault, Rng};
use crate::p1::readout::crc16;
use crate::simulate::load_profile::LoadProfile;
use crate::simulate::load_profile::clock::Clock;

/// What a virtual meter is to be.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What it sends.
    pub profile: Profile,
    /// Which meter of the seed; each number has its own household, title and keys.
    pub number: u32,
    /// Where all chance comes from.
    pub seed: u64,
    /// What its clock shows at the first telegram.
    pub start: DateTime,
    /// Simulated seconds between two telegrams.
    pub period: u32,
    /// Whether it encrypts.
    pub sealed: bool,
    /// What is wrong with it and on the way from it, in this order.
    pub faults: Vec<Fault>,
}

/// A meter that sends a telegram whenever it is asked.
pub struct VirtualMeter {
    setup: Setup,
    identity: Identity,
    house: LoadProfile,
    keys: MeterKeys,
    sealed: u32,
    first_counter: u32,
    rng: Rng,
    frames: u64,
}

impl Setup {
    /// A healthy meter with the habits of its profile.
    pub fn new(profile: Profile, number: u32, seed: u64, start: DateTime) -> Setup {
        let (period, sealed) = (profile.period(), profile.is_sealed());
        Setup {
            profile,
            number,
            seed,
            start,
            period,
            sealed,
            faults: Vec::new(),
        }
    }

    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }
}

impl VirtualMeter {
    /// Switches a meter on.
    pub fn new(setup: Setup) -> VirtualMeter {
        let clock = match setup.profile {
            Profile::Se => Clock::normal_time(),
            _ => Clock::luxembourg(),
        };
        let start = clock.when(setup.start);
        let identity = Identity::new(setup.profile, setup.seed, setup.number, &clock, start);
        let house = LoadProfile::new(
            identity.seed,
            clock,
            start.unix,
            setup.profile.capture_every(),
        );
        let mut rng = Rng::new(identity.seed.rotate_left(17));
        let first_counter = 1_000 + rng.below(500_000) as u32;
        let other = |key: [u8; 16], wrong: bool| match wrong {
            true => key.map(|byte| byte ^ 0x5A),
            false => key,
        };
        let keys = MeterKeys::new(
            Key::new(other(identity.key, setup.has(&Fault::WrongKey))),
            AuthenticationKey::new(other(identity.auth_key, setup.has(&Fault::WrongAuthKey))),
        );
        VirtualMeter {
            setup,
            identity,
            house,
            keys,
            sealed: 0,
            first_counter,
            rng,
            frames: 0,
        }
    }

    /// What the meter is.
    #[cfg(test)]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The system title of its frames.
    pub fn title(&self) -> SystemTitle {
        self.identity.title
    }

    /// The encryption key that its key ring says.
    pub fn key(&self) -> [u8; 16] {
        self.identity.key
    }

    /// The authentication key that its key ring says.
    pub fn auth_key(&self) -> [u8; 16] {
        self.identity.auth_key
    }

    /// The keys that its key ring says.
    pub fn keys(&self) -> MeterKeys {
        MeterKeys::new(
            Key::new(self.key()),
            AuthenticationKey::new(self.auth_key()),
        )
    }

    /// Whether it encrypts.
    pub fn is_sealed(&self) -> bool {
        self.setup.sealed
    }

    /// Who it is, as key rings call it: the device id, or the system title.
    pub fn id(&self) -> String {
        let title = self.title();
        title.device_id().unwrap_or_else(|| title.to_string())
    }

    /// The household behind it.
    pub fn household(&self) -> &LoadProfile {
        &self.house
    }

    /// The counter of the next frame.
    pub fn counter(&self) -> FrameCounter {
        let count = match self.setup.has(&Fault::CounterRepeat) {
            true => self.sealed / 2,
            false => self.sealed,
        };
        FrameCounter(
            match self.setup.has(&Fault::CounterReset) && self.sealed >= RESET_AFTER {
                true => self.sealed - RESET_AFTER,
                false => self.first_counter.wrapping_add(count),
            },
        )
    }

    /// Appends the text of the telegram of now, and lets the household live on until the next.
    pub fn next_telegram(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        text::write(self.setup.profile.rows(), &self.house, &self.identity, out);
        if self.setup.profile.has_crc() {
            let crc = crc16(out.get(start..).unwrap_or_default());
            let crc = match self.setup.has(&Fault::BadCrc) {
                true => crc ^ NO_CRC,
                false => crc,
            };
            let digit = |shift: u32| HEXADECIMAL[usize::from(crc >> shift & 0xF)];
            out.extend([12, 8, 4, 0].map(digit));
        }
        out.extend_from_slice(b"\r\n");
        self.house.advance(self.setup.period);
    }

    /// Appends the next burst as a reader gets it: sealed if the meter encrypts, with all its faults.
    pub fn next_frame(&mut self, out: &mut Vec<u8>) {
        if self.setup.profile.sender().is_some() {
            let mut push = Vec::with_capacity(TEXT_USUAL);
            self.next_push(&mut push);
            if !self.has_good_line() {
                push = self.damaged(push);
            }
            return out.extend(push);
        }
        if !self.setup.sealed && self.has_good_line() {
            return self.next_telegram(out);
        }
        // Not kept: a group of meters has a hundred thousand meters, and one of them sends at a time.
        let mut text = Vec::with_capacity(TEXT_USUAL);
        self.next_telegram(&mut text);
        if !self.setup.sealed {
            out.extend(self.damaged(text));
        } else if self.has_good_line() {
            self.seal(&text, out);
        } else {
            let mut frame = Vec::with_capacity(text.len() + 64);
            self.seal(&text, &mut frame);
            out.extend(self.damaged(frame));
        }
    }

    /// Appends the push that is due, and lets the household live on until the next.
    fn next_push(&mut self, out: &mut Vec<u8>) {
        let Some(sender) = self.setup.profile.sender() else {
            return;
        };
        let counter = self.counter();
        let seal = self.setup.sealed.then_some(Seal {
            keys: &self.keys,
            counter,
        });
        if let Some(list) = sender.due(self.house.now(), self.setup.period) {
            sender.write(list, &self.house, &self.identity, counter.0, seal, out);
        }
        self.sealed = self.sealed.wrapping_add(1);
        self.house.advance(self.setup.period);
    }

    fn seal(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let (title, counter) = (self.identity.title, self.counter());
        if self.setup.profile == Profile::PlStoen {
            push::seal_behind(text, &self.keys, counter, out);
            self.sealed = self.sealed.wrapping_add(1);
            return;
        }
        self.keys.seal(
            title,
            SecurityControl::AUTHENTICATED_ENCRYPTION,
            counter,
            text,
            out,
        );
        self.sealed = self.sealed.wrapping_add(1);
    }

    fn has_good_line(&self) -> bool {
        self.setup.faults.iter().all(Fault::is_of_meter)
    }

    /// What line and host leave of a burst.
    fn damaged(&mut self, burst: Vec<u8>) -> Vec<u8> {
        let sent = self.setup.profile.framing();
        let first = self.frames == 0;
        self.frames += 1;
        let rng = &mut self.rng;
        self.setup
            .faults
            .iter()
            .fold(burst, |burst, fault| match fault {
                Fault::Telnet if first => {
                    [&TELNET_GREETING[..], &fault.apply_to(&burst, sent, rng)].concat()
                }
                _ => fault.apply_to(&burst, sent, rng),
            })
    }
}

/// The key ring of these meters, as `--keyring` reads it: those that encrypt.
pub fn keyring_toml<'a>(meters: impl IntoIterator<Item = &'a VirtualMeter>) -> String {
    let mut ring = String::new();
    let mut named = std::collections::HashSet::new();
    for meter in meters.into_iter().filter(|meter| meter.setup.sealed) {
        let id = meter.id();
        // Meters that leave their title out have one key in common.
        if !named.insert(id.clone()) {
            continue;
        }
        let gap = if ring.is_empty() { "" } else { "\n" };
        let _ = writeln!(
            ring,
            "{gap}[{id}]\nkey = \"{}\"",
            hex::encode_upper(meter.key())
        );
        if meter.auth_key() != AuthenticationKey::LUXEMBOURG {
            let _ = writeln!(
                ring,
                "auth_key = \"{}\"",
                hex::encode_upper(meter.auth_key())
            );
        }
        let _ = writeln!(ring, "name = \"meter {}\"", meter.setup.number);
    }
    ring
}

/// What a wrong CRC differs from the right one by; it makes it the right one of no other kind.
const NO_CRC: u16 = 0x5A3C;
/// Bytes of a long telegram.
const TEXT_USUAL: usize = 1536;
/// After how many frames a counter reset comes.
const RESET_AFTER: u32 = 5;
const HEXADECIMAL: [u8; 16] = *b"0123456789ABCDEF";
