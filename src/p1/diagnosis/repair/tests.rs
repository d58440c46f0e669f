use super::*;
use crate::p1::diagnosis::testing::{self, TITLE, keys};
use crate::p1::line::{ErrorBytes, Framing, Wire, layer};

fn text() -> Vec<u8> {
    testing::text(40)
}

fn frame(counter: u32) -> Vec<u8> {
    testing::frame(TITLE, counter, &text())
}

#[test]
fn a_frame_through_a_cooked_tty_gets_its_carriage_returns_back() {
    for counter in 0..60 {
        let sent = frame(counter);
        let seen: Vec<u8> = sent.iter().map(|&b| if b == 13 { 10 } else { b }).collect();
        let expected = Repaired {
            frame: sent,
            verdict: Verdict::Icrnl,
        };
        assert_eq!(repair(&seen, &keys()), Some(expected), "{counter}");
    }
}

#[test]
fn a_long_frame_gets_its_carriage_returns_back_too() {
    let text = testing::text(150);
    for counter in 100..140 {
        let sent = testing::frame(TITLE, counter, &text);
        let seen: Vec<u8> = sent.iter().map(|&b| if b == 13 { 10 } else { b }).collect();
        let found = repair(&seen, &keys()).map(|repaired| repaired.frame);
        assert!(found == Some(sent), "{counter}");
    }
}

#[test]
fn telnet_and_latin1_are_undone() {
    let sent = frame(3);
    for (seen, verdict) in [
        (layer::telnet(&sent), Verdict::Telnet),
        (layer::latin1(&sent), Verdict::Utf8),
    ] {
        let found = repair(&seen, &keys()).unwrap();
        assert_eq!((found.frame, found.verdict), (sent.clone(), verdict));
    }
}

#[test]
fn plain_text_is_mended_by_its_crc() {
    let sent = text();
    let inverted = Wire::transmit(&sent, Framing::P1).inverted();
    let parity = Wire::transmit(&sent, Framing::DSMR2);
    let lf: Vec<u8> = sent.iter().map(|&b| if b == 13 { 10 } else { b }).collect();
    for (seen, verdict) in [
        (lf, Verdict::Icrnl),
        (layer::line_ends(&sent), Verdict::LineEnds),
        (doubled_returns(&sent), Verdict::LineEnds),
        (with_nuls(&sent), Verdict::InsertedBytes),
        (
            parity.receive(Framing::n81(9600), ErrorBytes::AsRead),
            Verdict::SevenEven,
        ),
        (
            inverted.receive(Framing::P1, ErrorBytes::AsRead),
            Verdict::InvertedPlain,
        ),
    ] {
        let found = repair(&seen, &keys()).unwrap();
        assert_eq!((found.frame, found.verdict), (sent.clone(), verdict));
    }
}

fn doubled_returns(text: &[u8]) -> Vec<u8> {
    let doubled = |&byte: &u8| match byte {
        b'\r' => vec![b'\r', b'\r'],
        _ => vec![byte],
    };
    text.iter().flat_map(doubled).collect()
}

fn with_nuls(text: &[u8]) -> Vec<u8> {
    let (front, behind) = text.split_at(text.len() / 2);
    [&b"\0"[..], front, b"\0\0", behind].concat()
}

#[test]
fn what_cannot_be_proved_stays_as_it_is() {
    let mut damaged = frame(3);
    damaged[100] ^= 1;
    assert_eq!(repair(&damaged, &keys()), None);
    let mut seen = layer::line_ends(&text());
    seen[50] ^= 1;
    assert_eq!(repair(&seen, &keys()), None);
}
