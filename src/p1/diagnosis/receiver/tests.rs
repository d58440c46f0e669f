use super::*;
use crate::p1::diagnosis::receiver::sample;
use crate::p1::line::{ErrorBytes, Framing, Wire};

fn judged(bytes: &[u8]) -> Finding {
    let bytes = Bytes {
        stretches: vec![bytes],
        all: bytes.to_vec(),
        span: Span::new(0, bytes.len()),
        frames: 0,
        plain: 0,
        good: 0,
    };
    bytes.verdict().unwrap()
}

#[test]
fn noise_without_the_head_of_a_frame_is_not_for_want_of_11_and_13() {
    let mut rng = crate::p1::line::Rng::new(5);
    let noise: Vec<u8> = std::iter::repeat_with(|| rng.next_byte())
        .filter(|byte| !matches!(byte, 0x11 | 0x13))
        .take(2000)
        .collect();
    assert_ne!(judged(&noise).verdict, Verdict::Ixon);
    let headed = [b"\xDB\x08SAG", &noise[..]].concat();
    assert_eq!(judged(&headed).verdict, Verdict::Ixon);
}

#[test]
fn sml_is_told_from_a_wrong_setting() {
    let mut rng = crate::p1::line::Rng::new(8);
    let mut bytes = b"\x1B\x1B\x1B\x1B\x01\x01\x01\x01\x76\x05".to_vec();
    bytes.extend((0..240).map(|_| rng.next_byte()));
    bytes.extend(b"\x1B\x1B\x1B\x1B\x1A\x00\x12\x34");
    let bytes = Bytes {
        stretches: vec![&bytes],
        all: bytes.repeat(3),
        span: Span::new(0, 3 * bytes.len()),
        frames: 0,
        plain: 0,
        good: 0,
    };
    let found = bytes.wrapper().unwrap();
    assert_eq!(
        (found.verdict, found.evidence.get(Measure::Seen)),
        (Verdict::Sml, Some(3))
    );
}

#[test]
fn an_inverted_telegram_is_proven_only_with_its_first_characters() {
    let text = b"/Lux5\\253694471_M\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n1-0:1.7.0(00.005*kW)\r\n!";
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc16Arc, text);
    let text = [&text[..], format!("{crc:04X}\r\n").as_bytes()].concat();
    let wire = Wire::transmit(&text, Framing::P1).inverted();
    for (errors, proven) in [
        (ErrorBytes::AsRead, 1),
        (ErrorBytes::AsZero, 0),
        (ErrorBytes::Dropped, 0),
    ] {
        let found = judged(&wire.receive(Framing::P1, errors));
        assert_eq!(found.verdict, Verdict::InvertedPlain, "{errors:?}");
        assert_eq!(
            found.evidence.get(Measure::Proven),
            Some(proven),
            "{errors:?}"
        );
    }
}

#[test]
fn framing_errors_that_come_as_zeros_are_no_parity() {
    let mut rng = crate::p1::line::Rng::new(6);
    let noise: Vec<u8> = (0..1200).map(|_| rng.next_byte()).collect();
    let frame = [
        b"\xDB\x08SAGgp\x01\xBDT\x82\x04\x00\x30\0\x05\xA8\xE3",
        &noise[..],
    ]
    .concat();
    let inverted = Wire::transmit(&frame, Framing::P1).inverted();
    let found = judged(&inverted.receive(Framing::P1, ErrorBytes::AsZero));
    assert_eq!(found.verdict, Verdict::InvertedEncrypted);
    for bytes in [&frame[..], &sample::text()[..1500]] {
        let wire = Wire::transmit(bytes, Framing::P1);
        let found = judged(&wire.receive(Framing::n81(57_600), ErrorBytes::AsZero));
        assert_eq!(found.verdict, Verdict::WrongSpeed);
    }
}
