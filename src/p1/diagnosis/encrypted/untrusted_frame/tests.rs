use super::*;
use crate::p1::ciphering::{Header, SecurityControl};
use crate::p1::readout::crc16;

const TITLE: SystemTitle = SystemTitle(*b"SMY\x67\x70\x00\x00\x01");

fn keys() -> MeterKeys {
    MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default())
}

fn text() -> Vec<u8> {
    let mut text = b"/Lux5\\253694471_M\r\n\r\n".to_vec();
    for n in 0..30 {
        text.extend(format!("1-0:{}.7.0(00.{:03}*kW)\r\n", n + 21, n * 37 % 1000).bytes());
    }
    text.push(b'!');
    let crc = crc16(&text);
    text.extend(format!("{crc:04X}\r\n").bytes());
    text
}

fn frame() -> Vec<u8> {
    let mut frame = Vec::new();
    let control = SecurityControl(0x30);
    keys().seal(TITLE, control, FrameCounter(9), &text(), &mut frame);
    frame
}

fn examine(bytes: &[u8]) -> Cause {
    let Header::Legal(header) = GeneralGloCiphering::decode(bytes) else {
        panic!("no header");
    };
    let extent = UntrustedFrame { header, bytes };
    extent.examine(&keys(), &Keys::default(), &LastGood::default(), false)
}

#[test]
fn a_good_frame_is_good() {
    assert_eq!(examine(&frame()), Cause::Good);
}

#[test]
fn a_damaged_tag_leaves_text_and_crc() {
    let mut bytes = frame();
    *bytes.last_mut().unwrap() ^= 4;
    assert_eq!(examine(&bytes), Cause::TagOnly { public_fits: false });
}

#[test]
fn damaged_bytes_are_placed() {
    let mut bytes = frame();
    bytes[300] ^= 0x80;
    bytes[400] ^= 0x80;
    assert!(matches!(examine(&bytes), Cause::Damaged { at, .. } if at == [300, 400]));
}

#[test]
fn lost_bytes_are_placed_and_counted() {
    for (place, count) in [(20, 1), (100, 62), (400, 16), (715, 5), (738, 3)] {
        let mut bytes = frame();
        bytes.drain(place..place + count);
        let cause = examine(&bytes);
        let Cause::Shifted { changes } = &cause else {
            panic!("{place} {count}: {cause:?}");
        };
        assert!(
            matches!(changes[..], [(at, lost)] if lost == count as i64 && at.abs_diff(place) <= 8),
            "{place} {count}: {changes:?}"
        );
    }
}

#[test]
fn a_cut_frame_is_readable_to_its_end() {
    for length in [60, 256, 500, 690] {
        assert_eq!(examine(&frame()[..length]), Cause::Cut, "{length}");
    }
}

#[test]
fn a_damaged_header_is_mended() {
    for (at, bit) in [(5, 1), (9, 0x40), (15, 0x20), (17, 8), (12, 1), (12, 0x40)] {
        let mut bytes = frame();
        bytes[at] ^= bit;
        let cause = examine(&bytes);
        assert!(matches!(cause, Cause::Header(_)), "{at}: {cause:?}");
    }
}

#[test]
fn another_key_leaves_noise() {
    let mut bytes = Vec::new();
    let other = MeterKeys::new(Key::new([8; 16]), AuthenticationKey::default());
    let control = SecurityControl(0x30);
    other.seal(TITLE, control, FrameCounter(9), &text(), &mut bytes);
    assert!(matches!(
        examine(&bytes),
        // One digit twelve times over is no typo.
        Cause::Random
    ));
}
