//! Resynchronisation against a ledger: the bytes are a plan of whole frames, damaged ones and noise. Cutting and
//! opening ahead change nothing of what is said of them.

use std::sync::{Arc, LazyLock};

use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
use smarty::p1::decoder::{Decoder, Policy};
use smarty::p1::event::Event;
use smarty::p1::telegram;

use super::{ahead, choices, cuts, zone};

/// Every frame that arrived whole comes out, in order, and no ciphered one beside them.
pub fn whole_frames_come_out(plan: &[u8]) {
    let mut stream = Stream::default();
    let mut plan = plan;
    while let [step, rest @ ..] = plan
        && stream.bytes.len() < STREAM_MAX
    {
        plan = rest;
        stream.step(*step, &mut plan);
    }
    let out = decode(&stream);
    let mut wanted = stream.ledger.iter().peekable();
    for telegram in &out {
        let is_next = wanted.next_if(|next| *next == telegram).is_some();
        // A plan can write a plain telegram of its own; a ciphered one it cannot.
        assert!(
            is_next || !telegram.ciphered,
            "{telegram:?} came where {:?} was due",
            wanted.peek()
        );
    }
    assert!(wanted.peek().is_none(), "lost: {:?}", wanted.next());
    let mut rng = choices(&stream.bytes);
    let said = |cuts: &[usize]| {
        let quiet = stream.silences.first().copied();
        super::decoder::decode(&decoder(), &stream.bytes, cuts, quiet)
    };
    let cuts = cuts(&mut rng, stream.bytes.len());
    assert_eq!(
        said(&cuts),
        said(&[0, stream.bytes.len()]),
        "cut at {cuts:?}"
    );
    // A file knows no silence.
    let size = CHUNK_MIN + rng.below(CHUNK_MAX - CHUNK_MIN);
    ahead::changes_nothing(&decoder(), &stream.bytes, size);
}

/// A telegram as sent or as decoded.
#[derive(Clone, Debug, PartialEq)]
struct Sent {
    ciphered: bool,
    text: String,
}

/// A stream and what must come out of it.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    silences: Vec<usize>,
    ledger: Vec<Sent>,
    number: u32,
}

impl Stream {
    fn step(&mut self, step: u8, plan: &mut &[u8]) {
        let meter = step >> 4 & 3;
        match step & 15 {
            0..=2 => self.whole(meter),
            3 => {
                let text = self.next_plain();
                self.bytes.extend(text.as_bytes());
                self.ledger.push(Sent {
                    ciphered: false,
                    text,
                });
            }
            4 => {
                let (_, frame) = self.next_frame(meter);
                let keep = usize::from(take(plan)) * 2;
                // Less than five bytes short, what follows could complete the tag by chance.
                self.bytes.extend(&frame[..keep.min(frame.len() - 5)]);
            }
            5 => {
                let text = self.next_plain();
                let keep = usize::from(take(plan));
                self.bytes
                    .extend(&text.as_bytes()[..keep.min(text.len() - 9)]);
            }
            6 => {
                let (_, mut frame) = self.next_frame(meter);
                let place = 18 + usize::from(take(plan)) % (frame.len() - 18);
                frame[place] ^= 1 << (step >> 6);
                self.bytes.extend(frame);
            }
            7 => {
                let (_, mut frame) = self.next_frame(meter);
                frame[11] = take(plan);
                frame[12] ^= take(plan) | 1;
                self.bytes.extend(frame);
            }
            8 => {
                let (_, mut frame) = self.next_frame(meter);
                frame[usize::from(take(plan)) % 10] ^= 1 << (step >> 5);
                self.bytes.extend(frame);
            }
            9 => self.silences.push(self.bytes.len()),
            10 => {
                self.bytes.extend([0xDB, 0x08]);
                self.noise(plan);
            }
            11 => {
                self.bytes.extend([0xDB, 0x08]);
                self.bytes.extend(title(meter).0);
                self.noise(plan);
            }
            12 => {
                self.bytes.push(b'/');
                self.noise(plan);
            }
            _ => self.noise(plan),
        }
    }

    fn whole(&mut self, meter: u8) {
        let (text, frame) = self.next_frame(meter);
        self.bytes.extend(frame);
        self.ledger.push(Sent {
            ciphered: true,
            text,
        });
    }

    fn noise(&mut self, plan: &mut &[u8]) {
        let count = usize::from(take(plan) % 64).min(plan.len());
        let (noise, rest) = plan.split_at(count);
        self.bytes.extend(noise);
        *plan = rest;
    }

    fn next_plain(&mut self) -> String {
        self.number += 1;
        let value = format!("{:06}.653*kWh", self.number);
        let lines = [
            ("1-3:0.2.8", vec!["42"]),
            ("0-0:1.0.0", vec!["200706104157S"]),
            ("1-0:1.8.0", vec![value.as_str()]),
            ("0-1:24.2.1", vec!["200706103140S", "00000.006*m3"]),
        ];
        String::from_utf8(telegram::format(r"/SMY5\253694471_M", lines, true)).unwrap()
    }

    fn next_frame(&mut self, meter: u8) -> (String, Vec<u8>) {
        let text = self.next_plain();
        let mut frame = Vec::new();
        let (title, counter) = (title(meter), FrameCounter(self.number));
        let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
        meter_keys(meter).seal(title, control, counter, text.as_bytes(), &mut frame);
        (text, frame)
    }
}

fn decode(stream: &Stream) -> Vec<Sent> {
    let mut out = Vec::new();
    let mut take = |event: &Event<'_>| {
        if let Event::Telegram(decoded) = event {
            out.push(Sent {
                ciphered: decoded.security.is_some(),
                text: String::from_utf8_lossy(decoded.text).into_owned(),
            });
        }
    };
    let mut decoder = decoder();
    let mut borders = cuts(&mut choices(&stream.bytes), stream.bytes.len());
    borders.extend(&stream.silences);
    borders.sort_unstable();
    for pair in borders.windows(2) {
        decoder.push(&stream.bytes[pair[0]..pair[1]], &mut take);
        if stream.silences.contains(&pair[1]) {
            decoder.quiet(&mut take);
        }
    }
    decoder.finish(take);
    out
}

fn decoder() -> Decoder {
    Decoder::new(Arc::clone(&RING), Policy::default(), zone().clone())
}

fn title(meter: u8) -> SystemTitle {
    match meter {
        // A title that says nothing, as some meters have.
        3 => SystemTitle([0, 0, 0, 0, 0, 0, 0, 9]),
        _ => SystemTitle([b'S', b'M', b'Y', 0x67, 0x70, 0, 0, meter]),
    }
}

fn meter_keys(meter: u8) -> &'static MeterKeys {
    static KEYS: LazyLock<[MeterKeys; 4]> = LazyLock::new(|| {
        let keys = |meter| MeterKeys::new(Key::new([meter; 16]), AuthenticationKey::default());
        [keys(1), keys(2), keys(3), keys(4)]
    });
    &KEYS[usize::from(meter)]
}

fn take(plan: &mut &[u8]) -> u8 {
    let Some((first, rest)) = plan.split_first() else {
        return 0;
    };
    *plan = rest;
    *first
}

/// Length from which on a stream gets nothing more, in bytes: a hundred frames.
const STREAM_MAX: usize = 16_000;
/// Bytes of a chunk whose frames are opened ahead: a frame or some.
const CHUNK_MIN: usize = 200;
const CHUNK_MAX: usize = 900;

static RING: LazyLock<Arc<Keys>> = LazyLock::new(|| {
    let mut keys = Keys::default();
    for meter in 0..4 {
        keys.insert(title(meter), meter_keys(meter).clone());
    }
    Arc::new(keys)
});
