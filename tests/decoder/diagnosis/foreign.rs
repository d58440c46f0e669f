//! Meters that share nothing with the library: titles, lists of lines, lengths and seals of their own making.

use std::sync::Arc;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{AesGcm, Nonce};
use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::ciphering::SystemTitle;

/// Chance that is the same everywhere (SplitMix64).
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x5851_F42D);
        dice.roll();
        dice
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }

    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub fn byte(&mut self) -> u8 {
        self.roll() as u8
    }

    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }
}

/// What a country's meters send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Country {
    Luxembourg,
    Netherlands5,
    Netherlands4,
    Belgium,
    Sweden,
    Austria,
    Hungary,
    Lithuania,
    Switzerland,
    /// DSMR 2.2: no CRC.
    Old,
}

pub const MODERN: &[Country] = &[
    Country::Luxembourg,
    Country::Netherlands5,
    Country::Netherlands4,
    Country::Belgium,
    Country::Sweden,
    Country::Austria,
    Country::Hungary,
    Country::Lithuania,
    Country::Switzerland,
];

#[derive(Clone)]
pub struct Foreigner {
    pub title: [u8; 8],
    pub key: [u8; 16],
    pub authentication: [u8; 16],
    pub counter: u32,
    /// Security control byte.
    pub control: u8,
    pub country: Country,
    header: String,
    /// Bytes of text aimed at.
    length: usize,
    clock: usize,
    serial: usize,
}

impl Foreigner {
    pub fn new(dice: &mut Dice, country: Country) -> Self {
        let flags = [
            "ISK", "KFM", "LGZ", "XMX", "KAM", "ELS", "EMH", "ADN", "NES", "FLU", "SAG", "ZPA",
        ];
        let flag = dice.pick(&flags);
        let mut title: [u8; 8] = dice.bytes();
        title[..3].copy_from_slice(flag.as_bytes());
        let ident = match dice.below(6) {
            0 => format!("\\2{}-{:04}", flag, dice.below(2000)),
            1 => format!(" METER{}", dice.below(1_000_000)),
            2 => format!("\\{:03}{:09}_{}", dice.below(999), dice.below(1 << 29), "A"),
            3 => format!("{}{:05}", flag, dice.below(99_999)),
            4 => "\\2M550E-1012".to_owned(),
            _ => format!("\\1{:015}", dice.roll() % 1_000_000_000_000_000),
        };
        let own = matches!(country, Country::Austria | Country::Switzerland);
        let authentication = match own {
            true => dice.bytes(),
            false => AuthenticationKey::LUXEMBOURG,
        };
        Self {
            title,
            key: dice.bytes(),
            authentication,
            counter: (dice.roll() as u32) >> dice.between(1, 28),
            control: 0x30,
            country,
            header: format!("/{flag}5{ident}"),
            length: match dice.below(3) {
                0 => dice.between(300, 700),
                1 => dice.between(700, 1500),
                _ => dice.between(1500, 3000),
            },
            clock: dice.below(60_000),
            serial: dice.below(100_000_000),
        }
    }

    pub fn with_length(mut self, length: usize) -> Self {
        self.length = length;
        self
    }

    pub fn ring(&self) -> Arc<Keys> {
        self.ring_of(self.key, self.authentication)
    }

    pub fn ring_of(&self, key: [u8; 16], authentication: [u8; 16]) -> Arc<Keys> {
        let mut keys = Keys::default();
        keys.insert(SystemTitle(self.title), pair(key, authentication));
        Arc::new(keys)
    }

    fn period(&self) -> usize {
        match self.country {
            Country::Netherlands5 | Country::Belgium => 1,
            _ => 10,
        }
    }

    fn time(&self, number: usize) -> String {
        let seconds = self.clock + self.period() * number;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let letter = match self.country {
            Country::Sweden => "W",
            _ => "S",
        };
        format!("250611{hours:02}{minutes:02}{:02}{letter}", seconds % 60)
    }

    /// A telegram without its CRC digits, up to and with `!`.
    pub fn body(&self, number: usize, dice: &mut Dice) -> String {
        use Country::*;
        let mut text = format!("{}\r\n\r\n", self.header);
        let mut line = |code: &str, value: String| text.push_str(&format!("{code}({value})\r\n"));
        let time = self.time(number);
        let device = hex::encode_upper(format!("E{:016}", self.serial));
        let (energy, power) = match self.country {
            Austria => ("Wh", "W"),
            _ => ("kWh", "kW"),
        };
        let energy_of = |at: usize, dice: &mut Dice| match self.country {
            Austria => format!("{:09}*{energy}", self.serial * at % 9_000_000 + number),
            _ => format!(
                "{:06}.{:03}*{energy}",
                self.serial * at % 99_999,
                (number + dice.below(3)) % 1000
            ),
        };
        let power_of = |dice: &mut Dice| match self.country {
            Austria => format!("{:05}*{power}", dice.below(9000)),
            _ => format!("{:02}.{:03}*{power}", dice.below(9), dice.below(1000)),
        };
        match self.country {
            Old => {
                line("0-0:96.1.1", device);
                for (at, code) in ["1-0:1.8.1", "1-0:1.8.2", "1-0:2.8.1", "1-0:2.8.2"]
                    .iter()
                    .enumerate()
                {
                    line(
                        code,
                        format!(
                            "{:05}.{:03}*kWh",
                            self.serial * (at + 3) % 99_999,
                            number % 1000
                        ),
                    );
                }
                line("0-0:96.14.0", "0001".into());
                line(
                    "1-0:1.7.0",
                    format!("{:04}.{:02}*kW", dice.below(9), dice.below(100)),
                );
                line("1-0:2.7.0", "0000.00*kW".into());
                line("0-0:17.0.0", "0999.00*kW".into());
                line("0-0:96.3.10", "1".into());
                line("0-0:96.13.1", String::new());
                line("0-0:96.13.0", String::new());
                line("0-1:24.1.0", "3".into());
                line("0-1:96.1.0", hex::encode_upper("G00050203"));
                line(
                    "0-1:24.3.0",
                    format!("{})(00)(60)(1)(0-1:24.2.1)(m3", &time[..12]),
                );
                text.push_str(&format!(
                    "({:05}.{:03})\r\n",
                    self.serial % 9999,
                    number / 60 % 1000
                ));
                text.push_str("0-1:24.4.0(1)\r\n!");
                return text;
            }
            Netherlands5 | Belgium | Austria => line("1-3:0.2.8", "50".into()),
            Luxembourg | Netherlands4 | Lithuania => line("1-3:0.2.8", "42".into()),
            _ => {}
        }
        line("0-0:1.0.0", time.clone());
        let named = match self.country {
            Luxembourg | Lithuania => "0-0:42.0.0",
            Belgium => "0-0:96.1.4",
            _ => "0-0:96.1.1",
        };
        line(named, device);
        let codes: &[&str] = match self.country {
            Netherlands5 | Netherlands4 | Belgium => {
                &["1-0:1.8.1", "1-0:1.8.2", "1-0:2.8.1", "1-0:2.8.2"]
            }
            _ => &["1-0:1.8.0", "1-0:2.8.0"],
        };
        for (at, code) in codes.iter().enumerate() {
            line(code, energy_of(at + 2, dice));
        }
        line("1-0:1.7.0", power_of(dice));
        line("1-0:2.7.0", power_of(dice));
        if matches!(
            self.country,
            Luxembourg | Sweden | Austria | Hungary | Switzerland
        ) {
            for code in ["1-0:3.8.0", "1-0:4.8.0"] {
                line(code, energy_of(7, dice).replace("Wh", "varh"));
            }
            for code in ["1-0:3.7.0", "1-0:4.7.0"] {
                line(code, power_of(dice).replace('W', "var"));
            }
        }
        let phases = dice_of(self.serial, 1, 2);
        for phase in 0..[0, 1, 3][phases] {
            let base = 20 * phase;
            line(
                &format!("1-0:{}.7.0", 32 + base),
                format!("{}.{}*V", 225 + dice.below(12), dice.below(10)),
            );
            line(
                &format!("1-0:{}.7.0", 31 + base),
                match self.country {
                    Netherlands4 => format!("{:03}*A", dice.below(20)),
                    _ => format!("{:03}.{:02}*A", dice.below(20), dice.below(100)),
                },
            );
            line(&format!("1-0:{}.7.0", 21 + base), power_of(dice));
            line(&format!("1-0:{}.7.0", 22 + base), power_of(dice));
        }
        if dice_of(self.serial, 2, 1) == 1 {
            line("0-1:24.1.0", "003".into());
            line(
                "0-1:96.1.0",
                hex::encode_upper(format!("G{:016}", self.serial / 3)),
            );
            text.push_str(&format!(
                "0-1:24.2.1({}00S)({:05}.{:03}*m3)\r\n",
                &time[..10],
                self.serial % 9999,
                number / 30 % 1000
            ));
        }
        let mut n = 0;
        while text.len() + 5 < self.length {
            n += 1;
            let line = match n {
                1 => "0-0:96.13.0()\r\n".to_owned(),
                2 => "0-0:96.7.21(00004)\r\n".to_owned(),
                3 => "0-0:96.7.9(00002)\r\n".to_owned(),
                4 => "1-0:99.97.0(2)(0-0:96.7.19)(210208152415W)(0000000240*s)(210308151004W)(0000000301*s)\r\n".to_owned(),
                5 => "0-0:17.0.0(999.9*kVA)\r\n0-0:96.3.10(1)\r\n".to_owned(),
                6 => format!("1-0:14.7.0(50.{:02}*Hz)\r\n", dice.below(20)),
                7 => format!("0-0:96.13.1({})\r\n", hex::encode_upper("Guten Tag, ein Hinweis Ihres Netzbetreibers")),
                n => format!("1-0:{}.{}.{}({:06}.{:03}*kWh)\r\n", n % 90 + 1, 8 + n / 90, n % 5, self.serial * n % 999_999, self.serial / n % 1000),
            };
            text.push_str(&line);
        }
        text.push('!');
        text
    }

    pub fn text(&self, number: usize, dice: &mut Dice) -> Vec<u8> {
        let body = self.body(number, dice);
        match self.country {
            Country::Old => format!("{body}\r\n").into_bytes(),
            _ => format!("{body}{:04X}\r\n", arc(body.as_bytes())).into_bytes(),
        }
    }

    pub fn texts(&self, count: usize, dice: &mut Dice) -> Vec<Vec<u8>> {
        (0..count).map(|n| self.text(n, dice)).collect()
    }

    /// The frame around a text, with the least length field that holds it.
    pub fn seal(&self, counter: u32, text: &[u8]) -> Vec<u8> {
        let mut aad = vec![self.control];
        aad.extend(self.authentication);
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.title);
        nonce[8..].copy_from_slice(&counter.to_be_bytes());
        let mut body = text.to_vec();
        let gcm = AesGcm::<Aes128, U12, U12>::new(&self.key.into());
        let tag = gcm
            .encrypt_inout_detached(&Nonce::<U12>::from(nonce), &aad, body.as_mut_slice().into())
            .unwrap();
        if self.control & 0x10 != 0 {
            body.extend(tag);
        }
        let length = body.len() + 5;
        let mut frame = vec![0xDB, 8];
        frame.extend(self.title);
        match length {
            0..0x80 => frame.push(length as u8),
            0x80..0x100 => frame.extend([0x81, length as u8]),
            _ => frame.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        frame.push(self.control);
        frame.extend(counter.to_be_bytes());
        frame.extend(body);
        frame
    }

    pub fn frame(&self, number: usize, dice: &mut Dice) -> Vec<u8> {
        let text = self.text(number, dice);
        self.seal(self.counter.wrapping_add(number as u32), &text)
    }

    pub fn frames(&self, count: usize, dice: &mut Dice) -> Vec<Vec<u8>> {
        (0..count).map(|n| self.frame(n, dice)).collect()
    }
}

pub fn pair(key: [u8; 16], authentication: [u8; 16]) -> MeterKeys {
    MeterKeys::new(Key::new(key), AuthenticationKey::new(authentication))
}

fn dice_of(serial: usize, at: u64, most: usize) -> usize {
    Dice::new(serial as u64 * 7 + at).between(0, most)
}

/// A CRC by its parameters, bit by bit.
pub fn crc(bytes: &[u8], polynomial: u16, initial: u16, reflected: bool, last: u16) -> u16 {
    let mut sum = initial;
    for &byte in bytes {
        let byte = if reflected { byte.reverse_bits() } else { byte };
        sum ^= u16::from(byte) << 8;
        for _ in 0..8 {
            let carry = sum & 0x8000 != 0;
            sum <<= 1;
            if carry {
                sum ^= polynomial;
            }
        }
    }
    last ^ if reflected { sum.reverse_bits() } else { sum }
}

pub fn arc(bytes: &[u8]) -> u16 {
    crc(bytes, 0x8005, 0, true, 0)
}

#[test]
fn the_sum_of_the_specification_comes_out() {
    assert_eq!(arc(b"123456789"), 0xBB3D);
    assert_eq!(crc(b"123456789", 0x1021, 0, false, 0), 0x31C3);
    assert_eq!(crc(b"123456789", 0x1021, 0xFFFF, true, 0xFFFF), 0x906E);
}
