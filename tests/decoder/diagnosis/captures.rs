//! Meters, telegrams and captures of other makers and lengths.

use std::sync::Arc;

use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
use smarty::p1::line::Rng;
use smarty::p1::telegram;

pub struct Capture {
    pub bytes: Vec<u8>,
    pub keys: Arc<Keys>,
}

#[derive(Clone)]
pub struct Meter {
    pub title: SystemTitle,
    pub key: [u8; 16],
    pub authentication: [u8; 16],
    pub counter: u32,
    pub encrypted: bool,
    header: String,
    lines: usize,
    clock: usize,
}

impl Meter {
    pub fn new(rng: &mut Rng) -> Self {
        let mut letter = || b'A' + rng.below(26) as u8;
        let letters = [letter(), letter(), letter()];
        let mut title = [0; 8];
        title[..3].copy_from_slice(&letters);
        title[3..].fill_with(|| rng.next_byte());
        let name = [
            "\\253694471_M",
            "2MT382-1000",
            " KAIFA-METER",
            "\\2M550T-1011",
            "9999ABC_D",
        ][rng.below(5)];
        let mut key = [0; 16];
        key.fill_with(|| rng.next_byte());
        let authentication = match rng.below(3) {
            0 => {
                let mut key = [0; 16];
                key.fill_with(|| rng.next_byte());
                key
            }
            _ => AuthenticationKey::LUXEMBOURG,
        };
        let letters: String = letters.iter().map(|&b| b as char).collect();
        Self {
            title: SystemTitle(title),
            key,
            authentication,
            counter: rng.next_u64() as u32 >> rng.below(24),
            encrypted: true,
            header: format!("/{letters}5{name}"),
            lines: 10 + rng.below(45),
            clock: rng.below(80_000),
        }
    }

    pub fn plain(mut self) -> Self {
        self.encrypted = false;
        self
    }

    pub fn keys_of(&self, key: [u8; 16], authentication: [u8; 16]) -> MeterKeys {
        MeterKeys::new(Key::new(key), AuthenticationKey::new(authentication))
    }

    pub fn keys(&self) -> Arc<Keys> {
        self.ring(self.key, self.authentication)
    }

    pub fn ring(&self, key: [u8; 16], authentication: [u8; 16]) -> Arc<Keys> {
        let mut keys = Keys::default();
        keys.set_default(self.keys_of(key, authentication));
        Arc::new(keys)
    }

    pub fn text(&self, number: u32, rng: &mut Rng, crc: bool) -> Vec<u8> {
        let seconds = self.clock + 10 * number as usize;
        let time = format!(
            "2401{:02}{:02}{:02}{:02}W",
            10 + seconds / 86400,
            seconds / 3600 % 24,
            seconds / 60 % 60,
            seconds % 60
        );
        let mut lines: Vec<(String, Vec<String>)> = vec![
            ("1-3:0.2.8".into(), vec!["50".into()]),
            ("0-0:1.0.0".into(), vec![time.clone()]),
            (
                "0-0:96.1.1".into(),
                vec![hex::encode_upper(format!("E00{:08}", 4711 + self.lines))],
            ),
        ];
        let all: &[(&str, u8)] = &[
            ("1-0:1.8.1", 1),
            ("1-0:1.8.2", 1),
            ("1-0:2.8.1", 1),
            ("1-0:2.8.2", 1),
            ("0-0:96.14.0", 4),
            ("1-0:1.7.0", 2),
            ("1-0:2.7.0", 2),
            ("0-0:96.7.21", 5),
            ("0-0:96.7.9", 5),
            ("1-0:99.97.0", 6),
            ("1-0:32.32.0", 5),
            ("1-0:52.32.0", 5),
            ("1-0:72.32.0", 5),
            ("1-0:32.36.0", 5),
            ("1-0:52.36.0", 5),
            ("1-0:72.36.0", 5),
            ("0-0:96.13.0", 7),
            ("1-0:32.7.0", 8),
            ("1-0:52.7.0", 8),
            ("1-0:72.7.0", 8),
            ("1-0:31.7.0", 9),
            ("1-0:51.7.0", 9),
            ("1-0:71.7.0", 9),
            ("1-0:21.7.0", 2),
            ("1-0:41.7.0", 2),
            ("1-0:61.7.0", 2),
            ("1-0:22.7.0", 2),
            ("1-0:42.7.0", 2),
            ("1-0:62.7.0", 2),
            ("1-0:3.8.0", 10),
            ("1-0:4.8.0", 10),
            ("1-0:3.7.0", 11),
            ("1-0:4.7.0", 11),
            ("0-0:17.0.0", 12),
            ("0-0:96.3.10", 4),
            ("0-1:24.1.0", 4),
            ("0-1:96.1.0", 13),
            ("0-1:24.2.1", 14),
            ("0-1:24.4.0", 4),
            ("1-0:23.7.0", 11),
            ("1-0:43.7.0", 11),
            ("1-0:63.7.0", 11),
            ("0-2:24.1.0", 4),
            ("0-2:96.1.0", 7),
            ("0-2:24.4.0", 4),
            ("1-0:24.7.0", 11),
            ("1-0:44.7.0", 11),
            ("1-0:64.7.0", 11),
            ("1-0:9.7.0", 15),
            ("1-0:10.7.0", 15),
            ("0-3:24.1.0", 4),
            ("0-3:96.1.0", 7),
            ("0-3:24.4.0", 4),
            ("1-0:13.7.0", 4),
        ];
        for &(code, kind) in all.iter().take(self.lines) {
            let n = rng.below(1_000_000);
            let groups = match kind {
                1 => vec![format!("{:06}.{:03}*kWh", n, n % 1000)],
                2 => vec![format!("{:02}.{:03}*kW", n % 20, n % 1000)],
                4 => vec![format!("{}", n % 4)],
                5 => vec![format!("{:05}", n % 90)],
                6 => vec![
                    "1".into(),
                    "0-0:96.7.19".into(),
                    "101208152415W".into(),
                    format!("{:010}*s", n),
                ],
                7 => vec![String::new()],
                8 => vec![format!("{}.{}*V", 220 + n % 20, n % 10)],
                9 => vec![format!("{:03}*A", n % 30)],
                10 => vec![format!("{:06}.{:03}*kvarh", n % 999, n % 1000)],
                11 => vec![format!("{:02}.{:03}*kvar", n % 20, n % 1000)],
                12 => vec![format!("{:03}.{}*kVA", n % 70, n % 10)],
                13 => vec![hex::encode_upper("FLO189900063")],
                14 => vec![time.clone(), format!("{:05}.{:03}*m3", n % 9999, n % 1000)],
                _ => vec![format!("{:02}.{:03}*kVA", n % 20, n % 1000)],
            };
            lines.push((code.into(), groups));
        }
        let lines = lines
            .iter()
            .map(|(code, groups)| (code.as_str(), groups.iter().map(String::as_str)));
        telegram::format(&self.header, lines, crc)
    }

    pub fn frame(&self, number: u32, rng: &mut Rng) -> Vec<u8> {
        self.frame_under(&self.keys_of(self.key, self.authentication), number, rng)
    }

    pub fn frame_under(&self, keys: &MeterKeys, number: u32, rng: &mut Rng) -> Vec<u8> {
        let text = self.text(number, rng, true);
        if !self.encrypted {
            return text;
        }
        let mut frame = Vec::new();
        let counter = FrameCounter(self.counter.wrapping_add(number));
        keys.seal(
            self.title,
            SecurityControl(0x30),
            counter,
            &text,
            &mut frame,
        );
        frame
    }

    pub fn frames(&self, count: usize, rng: &mut Rng) -> Vec<Vec<u8>> {
        (0..count as u32).map(|n| self.frame(n, rng)).collect()
    }
}

impl Capture {
    pub fn real_keys() -> Arc<Keys> {
        let mut keys = Keys::default();
        let key = Key::parse("D491470F47126332B07D1923B3504188").unwrap_or_else(|_| panic!());
        keys.set_default(MeterKeys::new(key, AuthenticationKey::default()));
        Arc::new(keys)
    }
}
