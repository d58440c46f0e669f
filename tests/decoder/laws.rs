//! The laws of the decoder as properties.

use std::sync::Arc;

use crate::push::carry::{self, Carrier, Guard};
use proptest::prelude::*;
use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys, Tags};
use smarty::p1::ciphering::{FrameCounter, GeneralGloCiphering, SecurityControl, SystemTitle};
use smarty::p1::decoder::{Decoder, FrameOpener, Opened, Policy, TagPolicy};
use smarty::p1::event::{Event, Tag};
use smarty::p1::readout::{Algorithm, Readout};
use smarty::p1::replay::{Seen, Witness};
use smarty::p1::span::Span;
use smarty::p1::telegram;
use smarty::p1::value::Zone;

fn title(meter: u8) -> SystemTitle {
    match meter {
        // A title that says nothing, as some meters have.
        3 => SystemTitle([0, 0, 0, 0, 0, 0, 0, 9]),
        _ => SystemTitle([b'S', b'M', b'Y', 0x67, 0x70, 0, 0, meter]),
    }
}

fn meter_keys(meter: u8) -> MeterKeys {
    MeterKeys::new(Key::new([meter + 1; 16]), AuthenticationKey::default())
}

fn keys() -> Arc<Keys> {
    let mut keys = Keys::default();
    for meter in 0..6 {
        keys.insert(title(meter), meter_keys(meter));
    }
    for title in carry::TITLES {
        keys.insert(title, carry::keys());
    }
    Arc::new(keys)
}

fn decoder() -> Decoder {
    Decoder::new(keys(), Policy::default(), Zone::luxembourg())
}

fn plain(number: u32) -> Vec<u8> {
    let value = format!("{number:06}.653*kWh");
    let lines = [
        ("1-3:0.2.8", vec!["42"]),
        ("0-0:1.0.0", vec!["200706104157S"]),
        ("1-0:1.8.0", vec![value.as_str()]),
        ("0-1:24.2.1", vec!["200706103140S", "00000.006*m3"]),
    ];
    telegram::format(r"/SMY5\253694471_M", lines, true)
}

/// A telegram of the first or second meter that sends no end line.
fn endless(meter: u32, number: u32, longer: bool) -> Vec<u8> {
    let more = if longer { "0-0:96.7.21(00001)\r\n" } else { "" };
    format!(
        "/ISk5\\2MT382-{meter}\r\n\r\n1-0:1.8.1({number:06}*kWh)\r\n{more}1-0:1.7.0(0.1*kW)\r\n"
    )
    .into_bytes()
}

/// In clear, by one of two meters, with a check sum of a kind.
fn other_sum(number: u32, kind: Algorithm) -> Vec<u8> {
    let value = format!("{number:06}.653*kWh");
    let id = format!("4E{:02}4E4E", 30 + number % 2);
    let lines = [("0-0:96.1.1", vec![&*id]), ("1-0:1.8.0", vec![&*value])];
    let mut text = telegram::format("/HLY5/D545-METER", lines, false);
    text.truncate(text.len() - 2);
    let sum = kind.of(&text);
    text.extend(format!("{sum:04X}\r\n").bytes());
    text
}

fn ciphered(meter: u8, number: u32) -> Vec<u8> {
    let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
    sealed(meter, control, number, &plain(number))
}

fn sealed(meter: u8, control: SecurityControl, number: u32, text: &[u8]) -> Vec<u8> {
    let (mut frame, counter) = (Vec::new(), FrameCounter(number));
    meter_keys(meter).seal(title(meter), control, counter, text, &mut frame);
    frame
}

/// A telegram that was made so many times ten seconds after another.
fn timed(index: u32) -> Vec<u8> {
    let time = format!(
        "2001{:02}{:02}{:02}{:02}W",
        1 + index / 8640,
        index / 360 % 24,
        index / 6 % 60,
        index % 6 * 10
    );
    let lines = [
        ("0-0:1.0.0", vec![time.as_str()]),
        ("1-0:1.8.0", vec!["000001.000*kWh"]),
    ];
    telegram::format(r"/SMY5\2S", lines, true)
}

/// A telegram of one line: its frame is short enough for each length field.
fn short(number: u32) -> Vec<u8> {
    let value = format!("{number:06}.653*kWh");
    let lines = [("1-0:1.8.0", vec![value.as_str()])];
    telegram::format(r"/SMY5\2S", lines, true)
}

/// The frame with its length in a field of one, two, three or four bytes behind `81` to `84`.
fn respelled(frame: &[u8], width: u8) -> Vec<u8> {
    let body = &frame[if frame[10] == 0x82 { 13 } else { 11 }..];
    let length = (body.len() as u32).to_be_bytes();
    let field = &length[4 - usize::from(width)..];
    [&frame[..10], &[0x80 | width], field, body].concat()
}

/// What is said of each event, without the bytes.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    span: Span,
    what: String,
}

fn note(said: &mut Vec<Said>) -> impl FnMut(&Event<'_>) {
    |event| {
        let what = match event {
            Event::Telegram(decoded) => {
                let text = String::from_utf8_lossy(decoded.text);
                format!("telegram {:?} {:?} {text}", decoded.security, decoded.crc)
            }
            Event::Refused(refused) => format!("refused {:?}", refused.reason),
            Event::Junk(_) => "junk".to_owned(),
        };
        said.push(Said {
            span: event.span(),
            what,
        });
    }
}

fn decode_in(stream: &[u8], cuts: &[usize], quiet_at: Option<usize>) -> Vec<Said> {
    let mut borders: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    borders.extend(quiet_at);
    borders.extend([0, stream.len()]);
    borders.sort_unstable();
    let mut said = Vec::new();
    let mut decoder = decoder();
    for pair in borders.windows(2) {
        decoder.push(&stream[pair[0]..pair[1]], note(&mut said));
        if quiet_at == Some(pair[1]) {
            decoder.quiet(note(&mut said));
        }
    }
    decoder.finish(note(&mut said));
    said
}

/// Decodes a stream in chunks whose frames were opened before, as threads would.
fn decode_opened(stream: &[u8], cuts: &[usize]) -> Vec<Said> {
    let mut borders: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    borders.extend([0, stream.len()]);
    borders.sort_unstable();
    let mut said = Vec::new();
    let mut decoder = decoder();
    let mut opener = FrameOpener::new(Arc::clone(decoder.keys()), None);
    for pair in borders.windows(2) {
        let chunk = &stream[pair[0]..pair[1]];
        let opened = Arc::new(opener.open(chunk.to_vec(), Opened::default()));
        decoder.push_opened(opened.piece(0..chunk.len()), note(&mut said));
    }
    decoder.finish(note(&mut said));
    said
}

fn decode(stream: &[u8]) -> Vec<Said> {
    decode_in(stream, &[], None)
}

/// A piece of a stream and the telegrams that arrive whole in it.
#[derive(Clone, Debug)]
enum Piece {
    Whole(u8, u32),
    /// Without a tag (`20`), or with the text in clear (`10`), by a meter that sends no other.
    Other(u8, u32),
    /// With a length field as no meter writes it, though it may.
    Respelled(u8, u32, u8),
    Plain(u32),
    /// In clear, by one of two meters whose check sum is of another kind; comes out once a second one follows.
    OtherSum(u32),
    /// In clear, without the end line, by one of two meters that have a line more now and then.
    Endless(u32),
    Cut(u8, u32, usize),
    PlainCut(u32, usize),
    /// In clear, with a bit of the first line turned, or without it.
    Headless(u32, usize),
    Flipped(u8, u32, usize),
    BadLength(u8, u32, u16),
    BadTitle(u8, u32, usize),
    Noise(Vec<u8>),
    FalseStart(Vec<u8>),
    /// A DLMS push, in any framing under any protection.
    Push(Push),
    /// The begin of one.
    PushCut(Push, usize),
    /// One with a bit turned.
    PushFlipped(Push, usize),
}

/// Bytes of the longest headers before what a link frame carries.
const HEADS: usize = 30;

/// A DLMS push: places of its list, its framing and its protection, and its number.
#[derive(Clone, Copy, Debug)]
struct Push(usize, usize, usize, u32);

impl Push {
    fn any() -> impl Strategy<Value = Self> {
        let (kinds, carriers) = (0..crate::push::generate::KINDS.len(), 0..Carrier::ALL.len());
        let places = (kinds, carriers, 0..Guard::ALL.len(), 1u32..999);
        places.prop_map(|(kind, carrier, guard, number)| Self(kind, carrier, guard, number))
    }

    fn bytes(self) -> Vec<u8> {
        let Self(kind, carrier, guard, number) = self;
        let mut rng = smarty::p1::line::Rng::new(u64::from(number));
        let body = crate::push::generate::KINDS[kind](&mut rng);
        let (carrier, guard) = (Carrier::ALL[carrier], Guard::ALL[guard]);
        carry::push(&body, carrier, guard, &mut rng, number)
    }

    /// With a bit turned.
    fn flipped(self, bit: usize) -> Vec<u8> {
        let mut bytes = self.bytes();
        let bit = bit % (8 * (bytes.len() - 1)) + 8;
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }

    /// Nothing of it shows damage but that its tree does not end.
    fn is_bare_and_clear(self) -> bool {
        Carrier::ALL[self.1].word() == "bare"
            && matches!(Guard::ALL[self.2].control, 0 | 0x10 | 0x20 | 0x21)
    }

    /// It can be told at the begin of a stream and behind a frame alone: any bytes may look so, and what stands behind
    /// half a link header without a tag is no reading.
    fn needs_border(self) -> bool {
        let (carrier, guard) = (Carrier::ALL[self.1], Guard::ALL[self.2]);
        carrier == Carrier::SharedFlags
            || carrier == Carrier::BareBlocks
            || carrier.word() == "bare" && (guard.tag() != Some(Tag::Valid) || !guard.titled)
    }
}

fn piece() -> impl Strategy<Value = Piece> {
    let meter = 0u8..4;
    let number = 0u32..999_999;
    prop_oneof![
        4 => (meter.clone(), number.clone()).prop_map(|(m, n)| Piece::Whole(m, n)),
        2 => (4u8..6, number.clone()).prop_map(|(m, n)| Piece::Other(m, n)),
        2 => (meter.clone(), number.clone(), 1u8..5).prop_map(|(m, n, w)| Piece::Respelled(m, n, w)),
        2 => number.clone().prop_map(Piece::Plain),
        1 => (meter.clone(), number.clone(), 1usize..250).prop_map(|(m, n, k)| Piece::Cut(m, n, k)),
        1 => (number.clone(), 1usize..150).prop_map(|(n, k)| Piece::PlainCut(n, k)),
        2 => (number.clone(), 0usize..24 * 8).prop_map(|(n, k)| Piece::Headless(n, k)),
        1 => (meter.clone(), number.clone(), 144usize..1300).prop_map(|(m, n, k)| Piece::Flipped(m, n, k)),
        1 => (meter.clone(), number.clone(), 0u16..).prop_map(|(m, n, k)| Piece::BadLength(m, n, k)),
        1 => (meter, number, 16usize..80).prop_map(|(m, n, k)| Piece::BadTitle(m, n, k)),
        1 => prop::collection::vec(any::<u8>(), 0..60).prop_map(Piece::Noise),
        1 => prop::collection::vec(any::<u8>(), 0..30).prop_map(Piece::FalseStart),
        5 => Push::any().prop_filter("needs a border", |push| !push.needs_border()).prop_map(Piece::Push),
        2 => damaged_push().prop_map(|(push, at)| Piece::PushCut(push, at)),
    ]
}

fn damaged_push() -> impl Strategy<Value = (Push, usize)> {
    let shows = |push: &Push| !push.is_bare_and_clear() && !push.needs_border();
    let push = Push::any().prop_filter("nothing shows its damage", shows);
    (push, any::<usize>())
}

/// A piece that need not come out.
fn any_piece() -> impl Strategy<Value = Piece> {
    let number = 0u32..999_999;
    prop_oneof![
        10 => piece(),
        2 => number.clone().prop_map(Piece::OtherSum),
        2 => number.prop_map(Piece::Endless),
        2 => (Push::any(), any::<usize>()).prop_map(|(push, at)| Piece::PushFlipped(push, at)),
    ]
}

impl Piece {
    /// Appends the bytes, and what must come out of them.
    fn lay(&self, stream: &mut Vec<u8>, ledger: &mut Vec<Vec<u8>>) {
        match *self {
            Self::Whole(meter, number) => {
                stream.extend(ciphered(meter, number));
                ledger.push(plain(number));
            }
            Self::Other(meter, number) => {
                let control = SecurityControl(if meter == 4 { 0x20 } else { 0x10 });
                stream.extend(sealed(meter, control, number, &plain(number)));
                ledger.push(plain(number));
            }
            Self::Respelled(meter, number, width) => {
                let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
                let frame = sealed(meter, control, number, &short(number));
                stream.extend(respelled(&frame, width));
                ledger.push(short(number));
            }
            Self::Plain(number) => {
                stream.extend(plain(number));
                ledger.push(plain(number));
            }
            Self::OtherSum(number) => stream.extend(other_sum(number, Algorithm::X25)),
            Self::Endless(number) => {
                stream.extend(endless(number % 2, number, number % 5 == 0));
            }
            Self::Cut(meter, number, keep) => {
                let frame = ciphered(meter, number);
                // Less than five bytes short, what follows could complete the tag by chance; and a telegram that
                // follows the header at once would be the text of this frame (law 9).
                let keep = if keep == 18 { 17 } else { keep };
                stream.extend(&frame[..keep.min(frame.len() - 5)]);
            }
            Self::PlainCut(number, keep) => {
                let text = plain(number);
                // One that stops behind a line may be all that its meter sends.
                let text = text[..keep.min(text.len() - 9)].trim_ascii_end();
                stream.extend(text.strip_suffix(b")").unwrap_or(text));
            }
            Self::Headless(number, bit) => {
                let mut text = plain(number);
                match text.get_mut(bit / 8).filter(|_| bit / 8 < 18) {
                    Some(byte) => *byte ^= 1 << (bit % 8),
                    None => drop(text.drain(..bit / 8)),
                }
                stream.extend(text);
                // What came before may have brought just what it lacks.
                if stream.ends_with(&plain(number)) {
                    ledger.push(plain(number));
                }
            }
            Self::Flipped(meter, number, bit) => {
                let mut frame = ciphered(meter, number);
                frame[bit / 8] ^= 1 << (bit % 8);
                stream.extend(frame);
            }
            Self::BadLength(meter, number, length) => {
                let mut frame = ciphered(meter, number);
                let right = u16::from_be_bytes([frame[11], frame[12]]);
                let wrong = if length == right { length ^ 1 } else { length };
                frame[11..13].copy_from_slice(&wrong.to_be_bytes());
                stream.extend(frame);
            }
            Self::BadTitle(meter, number, bit) => {
                let mut frame = ciphered(meter, number);
                frame[bit / 8] ^= 1 << (bit % 8);
                stream.extend(frame);
            }
            Self::Noise(ref bytes) => stream.extend(bytes),
            Self::FalseStart(ref bytes) => {
                stream.extend([0xDB, 0x08]);
                stream.extend(bytes);
            }
            Self::Push(push) => {
                let bytes = push.bytes();
                ledger.extend(telegrams(&bytes));
                stream.extend(bytes);
            }
            Self::PushCut(push, keep) => {
                let bytes = push.bytes();
                // A frame that lost its flag alone is whole, and the next one may complete its check sum by chance.
                // Behind a header alone, the next frame is what it carries.
                let mut left = &bytes[..keep % (bytes.len() - 5)];
                let is_head = |byte: &u8| matches!(byte, 0x7E | 0x68 | 0xE0);
                while let Some(at) = left.iter().rev().take(HEADS).position(is_head) {
                    left = &left[..left.len() - at - 1];
                }
                stream.extend(left);
            }
            Self::PushFlipped(push, bit) => stream.extend(push.flipped(bit)),
        }
    }
}

fn lay(pieces: &[Piece]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut stream, mut ledger) = (Vec::new(), Vec::new());
    for piece in pieces {
        piece.lay(&mut stream, &mut ledger);
    }
    (stream, ledger)
}

fn telegrams(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    let mut decoder = decoder();
    let mut take = |event: &Event<'_>| {
        if let Event::Telegram(decoded) = event {
            texts.push(decoded.text.to_vec());
        }
    };
    decoder.push(stream, &mut take);
    decoder.finish(take);
    texts
}

/// Tag and CRC of the telegrams that a policy lets through.
fn verdicts(stream: &[u8], policy: Policy) -> Vec<(Option<Tag>, Option<bool>)> {
    let mut verdicts = Vec::new();
    let mut decoder = Decoder::new(keys(), policy, Zone::luxembourg());
    let mut take = |event: &Event<'_>| {
        if let Event::Telegram(decoded) = event {
            verdicts.push((
                decoded.security.map(|security| security.tag),
                decoded.crc.valid(),
            ));
        }
    };
    decoder.push(stream, &mut take);
    decoder.finish(take);
    verdicts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_byte_is_in_exactly_one_event(pieces in prop::collection::vec(any_piece(), 0..12)) {
        let (stream, _) = lay(&pieces);
        let mut at = 0;
        for said in decode(&stream) {
            prop_assert_eq!(said.span.start, at);
            prop_assert!(!said.span.is_empty());
            at = said.span.end;
        }
        prop_assert_eq!(at, stream.len() as u64);
    }

    #[test]
    fn cutting_the_input_changes_no_event(
        pieces in prop::collection::vec(any_piece(), 0..10),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
        quiet in prop::option::of(any::<usize>()),
    ) {
        let (stream, _) = lay(&pieces);
        let quiet = quiet.map(|at| at % (stream.len() + 1));
        prop_assert_eq!(decode_in(&stream, &cuts, quiet), decode_in(&stream, &[], quiet));
    }

    #[test]
    fn opening_frames_ahead_changes_no_event(
        pieces in prop::collection::vec(any_piece(), 0..14),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let (stream, _) = lay(&pieces);
        // Borders of frames, and others.
        let mut borders = cuts;
        borders.extend(decode(&stream).iter().map(|said| said.span.start as usize));
        prop_assert_eq!(decode_opened(&stream, &borders), decode(&stream));
    }

    #[test]
    fn byte_by_byte_is_as_good_as_at_once(pieces in prop::collection::vec(any_piece(), 0..4)) {
        let (stream, _) = lay(&pieces);
        let each: Vec<usize> = (0..stream.len()).collect();
        prop_assert_eq!(decode_in(&stream, &each, None), decode(&stream));
    }

    #[test]
    fn every_frame_that_arrived_whole_comes_out(pieces in prop::collection::vec(piece(), 0..14)) {
        let (stream, ledger) = lay(&pieces);
        prop_assert_eq!(telegrams(&stream), ledger, "{:?}", decode(&stream));
    }

    #[test]
    fn a_bit_that_turns_in_a_push_costs_that_push_at_most(
        (push, bit) in damaged_push(),
        before in Push::any(),
        behind in Push::any().prop_filter("needs a border", |push| !push.needs_border()),
    ) {
        let parts = [before.bytes(), push.flipped(bit), behind.bytes()];
        let [first, text, last] = [before, push, behind].map(|push| telegrams(&push.bytes()));
        let all = telegrams(&parts.concat());
        let whole = [&first[..], &text, &last].concat();
        // Not each bit is of the text, and a tag proves it whatever the link says.
        prop_assert!(all == [first, last].concat() || all == whole, "{:?}", decode(&parts.concat()));
    }

    #[test]
    fn a_silence_leaves_half_a_frame_half(number in 0u32..999_999, cut in 20usize..160) {
        let frame = ciphered(1, number);
        let said = decode_in(&frame, &[], Some(cut));
        prop_assert!(said.iter().all(|said| !said.what.starts_with("telegram")));
        prop_assert_eq!(said.first().map(|said| said.span), Some(Span::new(0, cut)));
    }

    #[test]
    fn what_failed_its_tag_is_data_only_on_request_and_marked(
        number in 0u32..999_999,
        bit in 144usize..1300,
    ) {
        let mut frame = ciphered(1, number);
        frame[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(verdicts(&frame, Policy::default()), []);
        // With the text untouched the CRC fits, and only the tag does not.
        let in_tag = bit / 8 >= frame.len() - 12;
        // The CRC does not cover its own digits and the line end.
        prop_assume!(in_tag || bit / 8 < frame.len() - 12 - 6);
        let expected = if in_tag { vec![(Some(Tag::Invalid), Some(true))] } else { vec![] };
        let warn = Policy { tag: TagPolicy::Warn, ..Policy::default() };
        prop_assert_eq!(verdicts(&frame, warn), expected);
    }

    #[test]
    fn tag_and_crc_are_told_apart(number in 0u32..999_999) {
        let mut text = plain(number);
        let digit = text.len() - 3;
        text[digit] = if text[digit] == b'0' { b'1' } else { b'0' };
        let fits = Readout::find(&text).unwrap().check(&text).fits;
        prop_assume!(fits.is_none());
        let mut frame = Vec::new();
        let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
        meter_keys(1).seal(title(1), control, FrameCounter(number), &text, &mut frame);
        prop_assert_eq!(verdicts(&frame, Policy::default()), []);
        let lenient = Policy { ignore_crc: true, ..Policy::default() };
        prop_assert_eq!(verdicts(&frame, lenient), [(Some(Tag::Valid), Some(false))]);
        let skip = Policy { tag: TagPolicy::Skip, ..lenient };
        prop_assert_eq!(verdicts(&frame, skip), [(Some(Tag::Skipped), Some(false))]);
    }

    #[test]
    fn what_was_recorded_never_comes_out_of_a_live_stream_again(
        first in 0u32..20_000,
        steps in prop::collection::vec((1u32..5, 0u32..12), 1..30),
        replays in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..30),
    ) {
        // What a meter sends, which may count anew now and then; and what somebody else plays back in between.
        let mut counter = first;
        let sent: Vec<Vec<u8>> = (0..).zip(&steps).map(|(index, (step, chance))| {
            counter = if *chance == 0 && counter / 4 > *step { *step } else { counter + step };
            let text = timed(index);
            sealed(1, SecurityControl::AUTHENTICATED_ENCRYPTION, counter, &text)
        }).collect();
        let mut stream: Vec<(&[u8], bool)> = sent.iter().map(|frame| (&frame[..], true)).collect();
        for (frame, place) in &replays {
            let index = frame.index(sent.len());
            let origin = stream.iter().position(|(bytes, own)| *own && *bytes == sent[index]).unwrap();
            let place = origin + 1 + place.index(stream.len() - origin);
            stream.insert(place, (&sent[index], false));
        }
        let mut witness = Witness::new(keys(), Arc::default());
        let (mut decoder, mut taken) = (decoder(), Vec::new());
        for (bytes, _) in &stream {
            decoder.push(bytes, |event| {
                if let Event::Telegram(decoded) = event {
                    taken.push(witness.takes(decoded));
                }
            });
        }
        let own: Vec<bool> = stream.iter().map(|(_, own)| *own).collect();
        prop_assert_eq!(taken, own);
    }

    #[test]
    fn recordings_that_are_joined_keep_all_and_mark_what_came_before(
        frames in prop::collection::vec((0u8..2, 0u32..20), 0..40),
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(|(meter, number)| ciphered(*meter, *number)).collect();
        let (mut seen, mut marks) = (Seen::default(), Vec::new());
        decoder().push(&stream, |event| {
            if let Event::Telegram(decoded) = event {
                let security = decoded.security.unwrap();
                marks.push(!seen.takes(security.title(), security.counter().0));
            }
        });
        let mut known = std::collections::HashSet::new();
        let expected: Vec<bool> = frames.iter().map(|frame| !known.insert(*frame)).collect();
        prop_assert_eq!(marks, expected);
    }

    #[test]
    fn any_bytes_are_decoded_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let total: u64 = decode(&bytes).iter().map(|said| said.span.len()).sum();
        prop_assert_eq!(total, bytes.len() as u64);
    }
}

#[test]
fn a_length_of_four_gigabytes_is_named_and_held_for_nothing() {
    let mut stream = Vec::new();
    stream.extend([0xDB, 0x08]);
    stream.extend(title(1).0);
    stream.extend([0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x30, 0, 0, 0, 1]);
    stream.extend(ciphered(1, 7));
    let said = decode(&stream);
    assert!(said[0].what.contains("BadLength"), "{said:?}");
    assert_eq!(telegrams(&stream), [plain(7)]);
}

#[test]
fn a_check_sum_of_another_kind_counts_from_the_first_telegram_on_once_it_fits_twice() {
    use Algorithm::{Ibm3740, Kermit, Modbus, X25, Xmodem};
    for kind in [X25, Modbus, Kermit, Xmodem, Ibm3740] {
        let [a, b, c, d] = [2, 3, 4, 5].map(|number| other_sum(number, kind));
        // Two meters by turns, with junk between them, a frame, and a silence.
        let good = ciphered(1, 7);
        let stream = [&a[..], b"junk\r\n", &b, &good, &c, &d].concat();
        let all = [&a, &b, &plain(7), &c, &d].map(|text| text.to_vec());
        assert_eq!(telegrams(&stream), all);
        for cut in [a.len(), a.len() + 6, stream.len() - d.len()] {
            let said = decode_in(&stream, &[], Some(cut));
            assert!(said.iter().all(|said| !said.what.starts_with("refused")));
        }
        // One meter says nothing of the other, and one kind nothing of another.
        let odd = other_sum(2, if kind == X25 { Modbus } else { X25 });
        for stream in [[&a[..], &b].concat(), [&a[..], &odd].concat(), a.clone()] {
            assert!(telegrams(&stream).is_empty());
        }
        // Who sends that of the standard too has no other.
        let standard = other_sum(4, Algorithm::Arc);
        let stream = [&a[..], &standard, &c].concat();
        assert_eq!(telegrams(&stream), std::slice::from_ref(&standard));
        // Not proven by a tag, but in the same way; a tag proves it at once.
        let untagged = [2, 4].map(|number| {
            let control = SecurityControl(0x20);
            sealed(4, control, number, &other_sum(number, kind))
        });
        assert_eq!(telegrams(&untagged.concat()), [a.clone(), c.clone()]);
        let tagged = sealed(1, SecurityControl::AUTHENTICATED_ENCRYPTION, 2, &a);
        assert_eq!(telegrams(&tagged), std::slice::from_ref(&a));
        // What waits is bounded: then the second is the first that comes out.
        let filler = [1u32; 8].map(|number| ciphered(2, number)).concat();
        let stream = [&a[..], &filler, &c].concat();
        assert_eq!(telegrams(&stream).len(), 9);
        let mut decoder = decoder();
        let mut longest = 0;
        decoder.push(&a, |_| {});
        for pushed in 1..100 {
            decoder.push(&[b'x'; 4096], |_| {});
            longest = longest.max(a.len() as u64 + pushed * 4096 - decoder.offset());
        }
        assert!(longest < 160 << 10, "{longest}");
    }
}

#[test]
fn telegrams_without_an_end_line_count_from_the_first_on_once_two_in_a_row_agree() {
    let [a, b, c] = [2, 4, 6].map(|number| endless(0, number, false));
    let (other, longer) = (endless(1, 3, false), endless(0, 8, true));
    let all = [&a, &b, &c].map(|text| text.to_vec());
    let stream = all.concat();
    assert_eq!(telegrams(&stream), all);
    // Whatever stands between them, as long as it is no end line.
    let good = ciphered(1, 7);
    let mixed = [&a[..], &good, b"junk\r\n", &b].concat();
    assert_eq!(telegrams(&mixed), [a.clone(), plain(7), b.clone()]);
    // A silence is no end of the doubt, and what it cuts in two has no end either.
    for at in [a.len(), a.len() + b.len(), stream.len()] {
        let said = decode_in(&stream, &[], Some(at));
        let whats = said.iter().map(|said| said.what.starts_with("telegram"));
        assert_eq!(whats.collect::<Vec<_>>(), [true; 3], "{at}");
    }
    for at in a.len() + 29..a.len() + b.len() - 2 {
        let said = decode_in(&stream, &[], Some(at));
        let count = |what: &str| {
            said.iter()
                .filter(|said| said.what.starts_with(what))
                .count()
        };
        assert_eq!((count("telegram"), count("refused")), (0, 3), "{at}");
    }
    // One alone proves nothing, nor do two that differ, one that stops in a line, or one of another first line.
    let half = &b[..b.len() - 4];
    for stream in [
        a.clone(),
        [&a[..], &longer].concat(),
        [&a[..], half].concat(),
        [half, half].concat(),
        [&a[..], &other].concat(),
        [&a[..], &longer, &b].concat(),
    ] {
        assert!(telegrams(&stream).is_empty(), "{}", stream.escape_ascii());
    }
    // A meter that ends its telegrams has no such habit: not before, between or after, and not behind a silence.
    let ended = [&a[..], b"!\r\n"].concat();
    let stream = [&a[..], &ended, &b].concat();
    assert_eq!(telegrams(&stream), std::slice::from_ref(&ended));
    let twice = [&a[..], b"!ABCD\r\n", &b, b"!ABCD\r\n"].concat();
    let mut decoder = decoder();
    let mut said = Vec::new();
    let mut from = 0;
    for to in [a.len(), a.len() + 7, a.len() + 7 + b.len(), twice.len()] {
        decoder.push(&twice[from..to], note(&mut said));
        decoder.quiet(note(&mut said));
        from = to;
    }
    decoder.finish(note(&mut said));
    assert!(
        said.iter().all(|said| !said.what.starts_with("telegram")),
        "{said:?}"
    );
    // Once it ends one, the habit is proven anew.
    let stream = [&a[..], &b, &ended, &c, &a].concat();
    let all = [&a, &b, &ended, &c, &a].map(|text| text.to_vec());
    assert_eq!(telegrams(&stream), all);
    let stream = [&a[..], &b, &ended, &c].concat();
    assert_eq!(telegrams(&stream), all[..3]);
    // What waits is bounded.
    let filler = [1u32; 8].map(|number| ciphered(2, number)).concat();
    assert_eq!(telegrams(&[&a[..], &filler, &b].concat()).len(), 9);
}

#[test]
fn a_telegram_over_the_limits_is_refused() {
    let endless = [
        b"/ABC5\r\n\r\n".to_vec(),
        b"1-0:1.8.0(1*kWh)\r\n".repeat(4000),
    ]
    .concat();
    for stream in [
        endless.clone(),
        endless.repeat(2),
        [&endless[..], b"!\r\n"].concat(),
    ] {
        let said = decode(&stream);
        assert_eq!(
            (said[0].what.as_str(), said[0].span.len()),
            ("refused NoEnd", 65536)
        );
        assert!(telegrams(&stream).is_empty());
    }
    let named = |length: usize| {
        let mut text = [b"/ABC5".to_vec(), vec![b'x'; length - 5]].concat();
        text.extend(b"\r\n\r\n1-0:1.8.0(1*kWh)\r\n!");
        text.extend(format!("{:04X}\r\n", Algorithm::Arc.of(&text)).bytes());
        text
    };
    for length in [20, 126, 127, 128, 129, 500, 1023] {
        assert_eq!(telegrams(&named(length)), [named(length)], "{length}");
    }
    for length in [1024, 1025, 5000] {
        let stream = [&named(length)[..], &plain(1)].concat();
        let said = decode(&stream);
        assert_eq!(said[0].what, "refused NoStart", "{length}");
        assert_eq!(said[0].span.len(), named(length).len() as u64);
        let each: Vec<usize> = (0..stream.len()).collect();
        assert_eq!(decode_in(&stream, &each, None), said);
        assert_eq!(telegrams(&stream), [plain(1)]);
    }
}

#[test]
fn a_telegram_in_clear_without_a_readable_start_is_refused() {
    let (good, damaged) = (plain(1), plain(2));
    for bit in 0..19 * 8 {
        let mut damaged = damaged.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let stream = [&good[..], &damaged, &good].concat();
        let said = decode(&stream);
        let refused: Vec<&Said> = said
            .iter()
            .filter(|said| said.what.starts_with("refused"))
            .collect();
        assert_eq!(refused.len(), 1, "{bit} {said:?}");
        assert_eq!(refused[0].span.end as usize, good.len() + damaged.len());
        assert_eq!(telegrams(&stream), [plain(1), plain(1)]);
    }
}

#[test]
fn what_is_left_of_the_first_line_belongs_to_a_headless_telegram() {
    let good = plain(1);
    let mut damaged = plain(2);
    damaged[0] = b'o';
    let long = [b"x".repeat(5000), b"\r\n".to_vec(), plain(3)[1..].to_vec()].concat();
    let stream = [&good[..], &damaged, &long].concat();
    let said = decode(&stream);
    let what: Vec<(&str, u64, u64)> = said
        .iter()
        .map(|said| (said.what.as_str(), said.span.start, said.span.len()))
        .filter(|(what, ..)| !what.starts_with("telegram"))
        .collect();
    let (first, second) = (good.len() as u64, (good.len() + damaged.len()) as u64);
    assert_eq!(
        what,
        [
            ("refused NoStart", first, damaged.len() as u64),
            ("junk", second, 4096),
            ("junk", second + 4096, 906),
            ("refused NoStart", second + 5002, good.len() as u64 - 1),
        ]
    );
    let each: Vec<usize> = (0..stream.len()).collect();
    assert_eq!(decode_in(&stream, &each, None), said);
}

#[test]
fn the_rest_of_a_telegram_is_counted_with_its_first_part_or_not_at_all() {
    let (good, quarter) = (plain(1), 50);
    let whats = |stream: &[u8], quiet| -> Vec<String> {
        let said = decode_in(stream, &[], quiet);
        let what = said.iter().map(|said| said.what.as_str());
        what.map(|what| what.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .filter(|what| !what.starts_with("telegram"))
            .collect()
    };
    // A recording that begins in a telegram; one that begins with a damaged one looks the same.
    assert_eq!(whats(&[&good[quarter..], &good].concat(), None), ["junk"]);
    assert_eq!(whats(&good[1..], None), ["junk"]);
    let twice = [&good[quarter..], &good[1..], &good].concat();
    assert_eq!(whats(&twice, None), ["junk", "refused NoStart"]);
    // A silence in the middle of a telegram, in a line and between two.
    for cut in 40..good.len() - 10 {
        let stream = [&good[..], &good].concat();
        let cut = good.len() + cut;
        let expected = ["refused NoEnd", "junk"];
        assert_eq!(whats(&stream, Some(cut)), expected, "{cut}");
    }
    // Behind one, a telegram of its own.
    let stream = [&good[..], &good[..100], &good[1..], &good].concat();
    let quiet = Some(good.len() + 100);
    let expected = ["refused NoEnd", "refused NoStart"];
    assert_eq!(whats(&stream, quiet), expected);
    // Where the link was lost, the rest of a telegram may come first.
    let (mut decoder, mut said) = (decoder(), Vec::new());
    decoder.push(&good, note(&mut said));
    decoder.lost(note(&mut said));
    decoder.push(&good[quarter..], note(&mut said));
    decoder.push(&good[quarter..], note(&mut said));
    decoder.finish(note(&mut said));
    let what: Vec<&str> = said[1..].iter().map(|said| said.what.as_str()).collect();
    assert_eq!(what, ["junk", "refused NoStart"]);
}

#[test]
fn data_lines_without_an_end_are_not_held_for_ever() {
    let mut decoder = decoder();
    let line = b"1-0:1.8.0(000025.653*kWh)\r\n".repeat(40);
    let mut pushed = plain(1).len() as u64;
    decoder.push(&plain(1), |_| {});
    for _ in 0..1000 {
        decoder.push(&line, |_| {});
        pushed += line.len() as u64;
        assert!(pushed - decoder.offset() <= (64 << 10) + 8192);
    }
}

#[test]
fn a_text_without_a_crc_gives_up_the_frame_it_swallowed() {
    // A cut telegram, a frame whose title says nothing, and by chance the end of a telegram behind it.
    let mut stream = plain(1)[..90].to_vec();
    stream.extend(ciphered(3, 7));
    stream.extend(b"\n!");
    assert_eq!(telegrams(&stream), [plain(7)]);
}

#[test]
fn how_far_one_frame_was_searched_says_nothing_of_the_next() {
    // What follows the cut telegram is taken for its text, until a title with letters comes.
    let mut stream = plain(1)[..23].to_vec();
    stream.extend(ciphered(3, 2));
    stream.extend(&ciphered(3, 3)[..104]);
    stream.extend([0xDB, 0x08]);
    stream.extend(title(3).0);
    stream.extend([0x34; 60]);
    stream.extend(ciphered(1, 4));
    let whole = decode(&stream);
    for cut in 0..stream.len() {
        assert_eq!(decode_in(&stream, &[cut], None), whole, "cut at {cut}");
    }
}

#[test]
fn where_a_piece_of_junk_ends_no_frame_is_taken_for_the_first() {
    // At the beginning a title that says nothing counts, and a header line that is none by the standard; behind other
    // bytes they do not.
    let unknown = [&[0xDB, 0x08, 0, 0, 0, 0, 0, 0, 0, 1], &ciphered(3, 7)[10..]].concat();
    let loose = telegram::format("/ab", [("1-0:1.8.0", ["000001.653*kWh"])], true);
    for tail in [unknown, loose] {
        for pieces in [1, 2] {
            let junk = pieces * 4096;
            let stream = [&vec![b'.'; junk], &tail[..], &ciphered(1, 4)].concat();
            let whole = decode(&stream);
            for cut in [junk - 1, junk, junk + 1, junk + 50] {
                assert_eq!(decode_in(&stream, &[cut], None), whole, "cut at {cut}");
            }
            let each: Vec<usize> = (0..stream.len()).collect();
            assert_eq!(decode_in(&stream, &each, None), whole, "byte by byte");
        }
    }
}

#[test]
fn a_half_frame_stays_half_when_the_line_falls_silent() {
    let frame = ciphered(1, 7);
    let mut stream = frame[..100].to_vec();
    stream.extend(&frame);
    let said = decode_in(&stream, &[], Some(100));
    assert!(said[0].what.contains("Truncated"), "{said:?}");
    assert_eq!(said[0].span, Span::new(0, 100));
    assert!(said[1].what.starts_with("telegram"));
}

/// Frames of a meter with text in clear inside, whose tags cannot fit.
fn disguised(text: &[u8]) -> Vec<Vec<u8>> {
    let title = title(1);
    let controls = [
        SecurityControl(0x10),
        SecurityControl::AUTHENTICATED_ENCRYPTION,
    ];
    let mut frames = Vec::new();
    for control in controls {
        let header = GeneralGloCiphering::around(title, control, FrameCounter(9), text.len());
        let mut frame = Vec::new();
        header.encode(&mut frame);
        frame.extend_from_slice(text);
        frame.extend_from_slice(&[0x5A; 12]);
        frames.push(frame);
    }
    frames
}

#[test]
fn text_in_a_refused_frame_is_no_telegram_of_its_own() {
    let text = plain(7);
    for frame in disguised(&text) {
        for cuts in [&[][..], &[40, 60, 200]] {
            let said = decode_in(&frame, cuts, None);
            assert_eq!(said.len(), 1, "{said:?}");
            assert_eq!(telegrams(&frame).len(), 0);
        }
        // Without its tag, the header still says whose text it is.
        assert_eq!(telegrams(&frame[..frame.len() - 12]).len(), 0);
    }
    for frame in disguised(&[&text[..], b"xyz"].concat()) {
        assert_eq!(telegrams(&frame).len(), 0, "bytes behind the telegram");
    }
    for frame in disguised(&[&text[..], &text].concat()) {
        assert_eq!(telegrams(&frame).len(), 0, "two telegrams in one frame");
    }
}

#[test]
fn a_telegram_that_runs_out_of_a_false_frame_comes_out() {
    // An empty text under a tag that is the begin of the telegram.
    let header = [&[0xDB, 8][..], &[0; 8], &[17, 0x10], &[0; 4]].concat();
    let stream = [&header[..], &plain(7)].concat();
    assert_eq!(telegrams(&stream), [plain(7)]);
}

#[test]
fn a_whole_telegram_behind_a_frame_that_was_cut_comes_out() {
    // The claim of the frame reaches into the second telegram: law 3 still finds the first.
    let frame = ciphered(1, 5);
    let stream = [&frame[..frame.len() / 2], &plain(7), &plain(8)].concat();
    assert_eq!(telegrams(&stream), [plain(7), plain(8)]);
}

/// A telegram in clear that says it is of the meter with this title, with a code of the caller's choice.
fn named(code: &str, title: SystemTitle) -> Vec<u8> {
    let id = hex::encode_upper(title.device_id().unwrap());
    let lines = [
        ("0-0:42.0.0", "5858583030303030303030303030"),
        (code, &id),
        ("1-0:1.8.0", "000001.000*kWh"),
    ];
    let lines = lines.map(|(code, group)| (code, vec![group]));
    let lines = lines.into_iter().skip(usize::from(code == "0-0:42.0.0"));
    telegram::format(r"/SMY5\2S", lines, true)
}

/// A frame as somebody makes it who has recorded one and has no key: the tag cut off, a digit changed, and the CRC,
/// which is linear, changed with it.
fn without_tag(meter: u8, number: u32, text: &[u8]) -> Vec<u8> {
    let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
    let frame = sealed(meter, control, number, text);
    let crc_at = text.len() - 6;
    let crc = |text: &[u8]| smarty::p1::readout::crc16(&text[..crc_at]);
    let digit = text.iter().position(|&byte| byte == b'*').unwrap() - 1;
    let mut changed = text.to_vec();
    changed[digit] ^= 1;
    let digits = format!("{:04X}", crc(&changed));
    changed[crc_at..crc_at + 4].copy_from_slice(digits.as_bytes());
    let header = GeneralGloCiphering::around(
        title(meter),
        SecurityControl(0x20),
        FrameCounter(number),
        text.len(),
    );
    let mut forged = Vec::new();
    header.encode(&mut forged);
    let body = &frame[frame.len() - 12 - text.len()..frame.len() - 12];
    forged.extend(
        body.iter()
            .zip(text.iter().zip(&changed))
            .map(|(c, (a, b))| c ^ a ^ b),
    );
    forged
}

fn luxembourg(number: u32) -> Vec<u8> {
    let value = format!("{number:06}.653*kWh");
    telegram::format(
        r"/Lux5\253694471_M",
        [("1-0:1.8.0", vec![value.as_str()])],
        true,
    )
}

/// A decoder whose ring says this of the tags of meter 1.
fn with_tags(tags: Option<Tags>, tag: TagPolicy) -> Decoder {
    let mut ring = Keys::default();
    ring.insert(title(1), meter_keys(1).with_tags(tags));
    let policy = Policy {
        tag,
        ..Policy::default()
    };
    Decoder::new(Arc::new(ring), policy, Zone::luxembourg())
}

#[test]
fn a_frame_whose_tag_was_cut_off_is_refused_as_the_first_one() {
    use TagPolicy::{Skip, Verify, Warn};
    let (here, abroad) = (
        without_tag(1, 5, &luxembourg(5)),
        without_tag(1, 5, &short(5)),
    );
    for (tags, tag, frame, expected) in [
        (None, Verify, &here, "downgrade"),
        (None, Verify, &abroad, "telegram"),
        (Some(Tags::Required), Verify, &here, "downgrade"),
        (Some(Tags::Required), Verify, &abroad, "downgrade"),
        (Some(Tags::Optional), Verify, &here, "telegram"),
        (None, Warn, &here, "telegram"),
        (None, Skip, &here, "telegram"),
    ] {
        let mut decoder = with_tags(tags, tag);
        assert_eq!(
            refusals(&mut decoder, frame),
            [expected],
            "{tags:?} {tag:?}"
        );
    }
    // One that has sent tags, as is remembered over a restart.
    let mut remembers = with_tags(None, Verify);
    remembers.authenticated(title(1));
    assert_eq!(refusals(&mut remembers, &abroad), ["downgrade"]);
    let mut changed = with_tags(Some(Tags::Optional), Verify);
    changed.authenticated(title(1));
    assert_eq!(refusals(&mut changed, &abroad), ["telegram"]);
    // With its tag it counts everywhere.
    let whole = sealed(
        1,
        SecurityControl::AUTHENTICATED_ENCRYPTION,
        6,
        &luxembourg(6),
    );
    assert_eq!(
        refusals(&mut with_tags(Some(Tags::Required), Verify), &whole),
        ["telegram"]
    );
}

fn refusals(decoder: &mut Decoder, stream: &[u8]) -> Vec<&'static str> {
    let mut codes = Vec::new();
    let mut sink = |event: &Event<'_>| match event {
        Event::Refused(refused) => codes.push(refused.reason.code()),
        Event::Telegram(_) => codes.push("telegram"),
        Event::Junk(_) => {}
    };
    decoder.push(stream, &mut sink);
    decoder.finish(sink);
    codes
}

#[test]
fn text_in_clear_does_not_speak_for_a_meter_that_proves_its_origin() {
    for code in ["0-0:42.0.0", "0-0:96.1.1"] {
        let forged = named(code, title(1));
        // The meter has a key of its own.
        assert_eq!(refusals(&mut decoder(), &forged), ["downgrade"], "{code}");
        // One key for all: text counts until the meter has sent a tag that fits.
        let mut one = Keys::default();
        one.set_default(meter_keys(1));
        let mut decoder = Decoder::new(Arc::new(one), Policy::default(), Zone::luxembourg());
        assert_eq!(refusals(&mut decoder, &forged), ["telegram"]);
        let stream = [&forged[..], &ciphered(1, 5), &forged].concat();
        assert_eq!(
            refusals(&mut decoder, &stream),
            ["telegram", "telegram", "downgrade"]
        );
        // However its name is spelt.
        let id = title(1).device_id().unwrap();
        let title = title(1).to_string();
        for name in [id.to_lowercase(), title.to_lowercase(), format!(" {id} ")] {
            for name in [hex::encode(&name), hex::encode_upper(&name)] {
                let forged = telegram::format("/ABC5x", [(code, [&*name])], true);
                assert_eq!(refusals(&mut decoder, &forged), ["downgrade"], "{name}");
            }
        }
        // The bytes of its title, where all of them are letters too.
        let mut ring = Keys::default();
        ring.insert(SystemTitle(*b"SMYgpABC"), meter_keys(2));
        let mut decoder = Decoder::new(Arc::new(ring), Policy::default(), Zone::luxembourg());
        let forged = telegram::format("/ABC5x", [(code, [&*hex::encode("SMYgpABC")])], true);
        assert_eq!(refusals(&mut decoder, &forged), ["downgrade"]);
        // Another meter may send as it likes.
        let other = named(code, SystemTitle(*b"SMX\x67\x70\0\0\x09"));
        assert_eq!(refusals(&mut decoder, &other), ["telegram"]);
    }
}

#[test]
fn a_meter_may_send_in_clear_where_its_owner_says_so() {
    let forged = named("0-0:96.1.1", title(1));
    let policy = Policy {
        allow_plain: true,
        ..Policy::default()
    };
    let mut all = Decoder::new(keys(), policy, Zone::luxembourg());
    assert_eq!(refusals(&mut all, &forged), ["telegram"]);
    let mut ring = Keys::clone(&keys());
    ring.allow_plain(title(1));
    let mut one = Decoder::new(Arc::new(ring), Policy::default(), Zone::luxembourg());
    assert_eq!(refusals(&mut one, &forged), ["telegram"]);
    let other = named("0-0:96.1.1", title(2));
    assert_eq!(refusals(&mut one, &other), ["downgrade"]);
}

#[test]
fn a_frame_without_a_tag_counts_until_the_meter_has_sent_one_with() {
    let seal = |control, number| {
        let mut frame = Vec::new();
        let control = SecurityControl(control);
        meter_keys(1).seal(
            title(1),
            control,
            FrameCounter(number),
            &plain(number),
            &mut frame,
        );
        frame
    };
    let stream = [seal(0x20, 1), seal(0x30, 2), seal(0x20, 3)].concat();
    let said = decode(&stream);
    assert!(said[0].what.starts_with("telegram"), "{said:?}");
    assert!(said[1].what.starts_with("telegram"), "{said:?}");
    assert_eq!(said[2].what, "refused Downgrade");
}

#[test]
fn a_sum_that_fits_by_chance_swallows_no_frame() {
    let behind = Push(4, 5, 2, 146);
    // The sum of the damaged frame would fit if its length of 88 were 344, of which the high bit is lost.
    let stream = [Push(16, 10, 0, 569).flipped(441), behind.bytes()].concat();
    assert_eq!(telegrams(&stream), telegrams(&behind.bytes()));
    // That of one which was cut fits inside the telegram behind it.
    let stream = [&Push(1, 2, 1, 334).bytes()[..278], &plain(0)].concat();
    assert_eq!(telegrams(&stream), [plain(0)]);
}

#[test]
fn what_is_left_of_a_push_that_lost_its_begin_is_none() {
    // The last segment of the last block holds a row, which is a structure of its own.
    let damaged = Push(0, 9, 1, 6).flipped(8 * 268);
    let [before, behind] = [Push(0, 0, 0, 1), Push(1, 0, 0, 2)].map(Push::bytes);
    let stream = [&before[..], &damaged, &behind].concat();
    let whole = [telegrams(&before), telegrams(&behind)].concat();
    assert_eq!(telegrams(&stream), whole);
}

#[test]
fn what_a_damaged_link_frame_carries_needs_a_tag() {
    // The header says no more that another segment follows, or not that it is one: what it carries runs into the next.
    for damaged in [
        Push(16, 5, 7, 190).flipped(3),
        Push(16, 6, 1, 28).flipped(4),
    ] {
        let [before, behind] = [Push(0, 0, 0, 1), Push(0, 4, 0, 1)].map(Push::bytes);
        let stream = [&before[..], &damaged, &behind].concat();
        let whole = [telegrams(&before), telegrams(&behind)].concat();
        assert_eq!(telegrams(&stream), whole);
    }
}

#[test]
fn a_frame_without_a_tag_counts_behind_a_push_that_was_cut_in_its_header() {
    let cut = &Push(14, 1, 5, 1).bytes()[..31];
    let control = SecurityControl(0x20);
    let frame = sealed(4, control, 0, &plain(0));
    assert_eq!(telegrams(&[cut, &frame].concat()), [plain(0)]);
    // Nor does half another header before it tell of more.
    let half = &ciphered(0, 0)[..6];
    let stream = [half, &[0xDB, 8], &[0; 8], &frame].concat();
    assert_eq!(telegrams(&stream), [plain(0)]);
}

#[test]
fn half_a_header_takes_nothing_of_the_next_one() {
    // With the begin of the next title in its own, the header says a length that no frame has.
    let push = Push(0, 15, 9, 1).bytes();
    for keep in 1..11 {
        let cut = &ciphered(0, 0)[..keep];
        let stream = [cut, &push].concat();
        assert_eq!(telegrams(&stream), telegrams(&push), "{keep}");
    }
}

#[test]
fn a_list_of_descriptors_that_says_it_is_empty_is_read_the_same_in_pieces() {
    let mut bytes = Push(8, 16, 2, 1).bytes();
    assert_eq!(bytes[28 - 6..28], [2, 2, 0x16, 2, 1, 8]);
    bytes[27] = 0;
    let each: Vec<usize> = (0..bytes.len()).collect();
    assert_eq!(decode_in(&bytes, &each, None), decode(&bytes));
}

#[test]
fn a_telegram_that_ends_behind_a_false_frame_comes_out() {
    // The header of a push that was cut behind it claims all but the end of the telegram; or more than it, and another
    // frame that stands there.
    let text = plain(0);
    let push = Push(0, 4, 0, 1).bytes();
    let short = [&Push(12, 15, 12, 1).bytes()[..20], &text].concat();
    let long = [&Push(1, 16, 11, 853).bytes()[..22], &text, &push].concat();
    let long_out = [&[text.clone()][..], &telegrams(&push)].concat();
    for (stream, out) in [(short, vec![text]), (long, long_out)] {
        for cut in 0..stream.len() {
            let said = decode_in(&stream, &[cut], None);
            assert_eq!(said, decode(&stream), "cut at {cut}");
        }
        assert_eq!(telegrams(&stream), out);
    }
}

/// Ciphertext that looks like the header of another frame, as one of a million frames has it.
#[test]
fn a_whole_frame_is_not_cut_where_its_ciphertext_looks_like_a_start() {
    let frame = hex::decode(include_str!("start-by-chance.hex").replace('\n', "")).unwrap();
    let mut keys = Keys::default();
    let key = Key::parse("C5E7139696A7994E6D4C7636EA950127").unwrap();
    let title = SystemTitle(frame[2..10].try_into().unwrap());
    keys.insert(title, MeterKeys::new(key, AuthenticationKey::default()));
    let keys = Arc::new(keys);
    let ends = |stream: &[u8], step: usize| {
        let mut decoder = Decoder::new(Arc::clone(&keys), Policy::default(), Zone::luxembourg());
        let mut ends = Vec::new();
        let mut sink = |event: &Event<'_>| {
            if let Event::Telegram(decoded) = event {
                ends.push(decoded.span.end);
            }
        };
        stream
            .chunks(step)
            .for_each(|part| decoder.push(part, &mut sink));
        decoder.finish(&mut sink);
        ends
    };
    let length = frame.len() as u64;
    for step in [1, 7, 1500, usize::MAX] {
        assert_eq!(ends(&frame, step), [length], "{step}");
        // Cut short behind that place, with a whole one behind it, only that one is lost.
        let cut = &frame[..frame.len() - 20];
        let stream = [cut, &frame[..], &frame[..]].concat();
        assert_eq!(ends(&stream, step).len(), 2, "{step}");
    }
}
