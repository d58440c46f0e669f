use super::*;
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::testing::{self, keys, text};

fn frame(title: [u8; 8], counter: u32, lines: usize) -> Vec<u8> {
    testing::frame(SystemTitle(title), counter, &text(lines))
}

fn swallow(frame: &[u8]) -> Vec<u8> {
    frame
        .iter()
        .copied()
        .filter(|byte| !is_flow(*byte))
        .collect()
}

#[test]
fn swallowed_bytes_come_back_at_their_places() {
    for counter in 0..40 {
        let sent = frame(
            *b"SMY\x67\x70\x00\x00\x01",
            counter,
            12 + 2 * counter as usize,
        );
        let found = ixon(&swallow(&sent), &keys());
        assert!(found == Some(sent), "{counter}");
    }
}

#[test]
fn those_of_the_head_and_turned_line_ends_too() {
    for (title, counter) in [
        (*b"SMY\x67\x11\x00\x00\x01", 5),
        (*b"SMY\x67\x70\x00\x13\x01", 0x0000_1305),
    ] {
        let sent = frame(title, counter, 30);
        assert!(
            ixon(&swallow(&sent), &keys()).as_ref() == Some(&sent),
            "{counter}"
        );
        let both: Vec<u8> = swallow(&sent)
            .iter()
            .map(|&byte| if byte == b'\r' { b'\n' } else { byte })
            .collect();
        assert!(ixon(&both, &keys()) == Some(sent), "{counter}");
    }
}

#[test]
fn what_cannot_be_proved_is_refused() {
    let sent = frame(*b"SMY\x67\x70\x00\x00\x01", 3, 30);
    let mut seen = swallow(&sent);
    seen[100] ^= 0x40;
    assert_eq!(ixon(&seen, &keys()), None);
    let mut short = swallow(&sent);
    short.remove(200);
    assert_eq!(ixon(&short, &keys()), None);
    assert_eq!(ixon(&sent[..300], &keys()), None);
}
