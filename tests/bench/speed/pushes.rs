//! Pushes of 27 rows, and telegrams in clear that say the same.

use std::sync::Arc;

use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::ciphering::{FrameCounter, GLOBAL, SecurityControl, SystemTitle};
use smarty::p1::line::Rng;
use smarty::p1::push::apdu;
use smarty::p1::push::encode::{self, Data, Hdlc, Protection, Time};
use smarty::p1::push::transcode::Transcoder;

/// The pushes of a meter, one behind the other.
pub struct Pushes {
    /// As they are on the line, each in a frame of HDLC.
    pub bytes: Vec<u8>,
    /// The same, each in blocks.
    pub blocks: Vec<u8>,
    /// The same, encrypted.
    pub sealed: Vec<u8>,
    /// The lists in them.
    pub bodies: Vec<Vec<u8>>,
    /// Telegrams in clear with the same lines.
    pub telegrams: Vec<u8>,
    pub keys: Arc<Keys>,
}

/// What a list is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Code, value and scale of each reading.
    Rows,
    /// Codes and values, scales by the maker.
    Flat,
}

impl Pushes {
    pub fn of(form: Form, count: u32) -> Self {
        let title = SystemTitle(*b"SMY\x10\x20\x30\x40\x50");
        let meter = MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default());
        let mut pushes = Self {
            bytes: Vec::new(),
            blocks: Vec::new(),
            sealed: Vec::new(),
            bodies: Vec::new(),
            telegrams: Vec::new(),
            keys: Arc::default(),
        };
        let hdlc = |part| Hdlc {
            target: &[0x41],
            source: &[0x08, 0x83],
            control: 0x13,
            part,
        };
        let mut rng = Rng::new(27);
        let mut transcoder = Transcoder::default();
        for number in 1..=count {
            let body = list(form, &mut rng, number);
            let push = encode::notification(number, Time::None, &body);
            pushes.bytes.extend(hdlc(2000).frames(&push).concat());
            for block in encode::blocks(&push, 120) {
                pushes.blocks.extend(hdlc(2000).frames(&block).concat());
            }
            let protection = Protection {
                tag: GLOBAL,
                titled: true,
                title,
                control: SecurityControl(0x30),
                counter: FrameCounter(number),
                length_width: 2,
            };
            let sealed = protection.seal(&meter, &push);
            pushes.sealed.extend(hdlc(2000).frames(&sealed).concat());
            transcoder.write(None, &push).unwrap();
            pushes.telegrams.extend_from_slice(&transcoder.text);
            let notification = apdu::notification(&push).unwrap();
            pushes.bodies.push(push[notification.body..].to_vec());
        }
        let mut keys = Keys::default();
        keys.insert(title, meter);
        pushes.keys = Arc::new(keys);
        pushes
    }
}

/// A list of 27 readings with values that change.
fn list(form: Form, rng: &mut Rng, number: u32) -> Vec<u8> {
    let mut elements = Vec::new();
    let row = |elements: &mut Vec<Data>, code: [u8; 6], value: Data, scale: Option<(i8, u8)>| {
        let mut parts = vec![Data::code(code), value];
        match form {
            Form::Rows => {
                parts.extend(scale.map(|(power, unit)| Data::scale(power, unit)));
                elements.push(Data::Structure(parts));
            }
            Form::Flat => elements.extend(parts),
        }
    };
    let text = |text: &str| Data::Visible(text.to_owned());
    let second = (number % 60) as u8;
    let time = [7, 0xEA, 1, 15, 4, 18, 30, second, 0xFF, 0xFF, 0xC4, 0];
    row(
        &mut elements,
        [1, 1, 0, 2, 129, 255],
        text("AIDON_V0001"),
        None,
    );
    row(
        &mut elements,
        [0, 0, 96, 1, 0, 255],
        text("7359992890941742"),
        None,
    );
    row(&mut elements, [0, 0, 96, 1, 7, 255], text("6515"), None);
    row(
        &mut elements,
        [0, 0, 1, 0, 0, 255],
        Data::Octets(time.to_vec()),
        None,
    );
    let mut numbers =
        |codes: &[u8], d: u8, from: usize, to: usize, (tag, power, unit): (u8, i8, u8)| {
            for &c in codes {
                let value = Data::Number(tag, (from + rng.below(to - from)) as i128);
                row(
                    &mut elements,
                    [1, 0, c, d, 0, 255],
                    value,
                    Some((power, unit)),
                );
            }
        };
    numbers(&[1, 2], 7, 100, 9999, (0x06, 0, 27));
    numbers(&[3, 4, 23, 43, 63], 7, 100, 999, (0x06, 0, 29));
    numbers(&[31, 51, 71], 7, 10, 160, (0x10, -1, 33));
    numbers(&[32, 52, 72], 7, 2200, 2400, (0x12, -1, 35));
    numbers(&[21, 41, 61], 7, 100, 9999, (0x06, 0, 27));
    numbers(&[22, 42, 62], 7, 0, 9999, (0x06, 0, 27));
    numbers(&[1, 2], 8, 1_000_000, 90_000_000, (0x06, 0, 30));
    numbers(&[3, 4], 8, 1_000_000, 90_000_000, (0x06, 0, 32));
    Data::Structure(elements).bytes()
}
