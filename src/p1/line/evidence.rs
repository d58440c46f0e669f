//! Each fault against its fingerprint as it was measured in the field.

use super::*;

fn apply(fault: &str, burst: &[u8]) -> Vec<u8> {
    fault
        .parse::<Fault>()
        .unwrap()
        .apply(burst, &mut Rng::new(1))
}

/// A frame of `length` bytes with the header of an encrypted one, the rest by chance.
fn frame(length: usize) -> Vec<u8> {
    let mut rng = Rng::new(length as u64);
    let mut frame = vec![0xDB, 0x08, 0x53, 0x41, 0x47, 0x67, 0x70, 0x02];
    frame.resize_with(length, || rng.next_byte());
    frame
}

fn telegram() -> Vec<u8> {
    let mut text = b"/KFM5KAIFA-METER\r\n\r\n".to_vec();
    for line in 0..40 {
        text.extend(format!("1-0:{line}.8.0({:06}.{:03}*kWh)\r\n", 25 * line, 13 * line).bytes());
    }
    text.extend(b"!8B52\r\n");
    text
}

fn share(part: usize, whole: usize) -> usize {
    (1000 * part + whole / 2) / whole
}

#[test]
fn kinds_have_names() {
    for (kind, _) in Fault::KINDS {
        let fault: Fault = kind.parse().unwrap();
        assert_eq!(fault.to_string(), kind);
        let name = kind.split('=').next().unwrap();
        assert_eq!(name.parse(), Ok(fault), "the default amount");
    }
    assert_eq!(
        "lost=16@700".parse(),
        Ok(Fault::LostBytes {
            count: 16,
            at: Some(700)
        })
    );
    assert_eq!(
        "wet".parse::<Fault>().unwrap_err().to_string(),
        "no fault is called `wet`"
    );
    assert_eq!(
        "flips=2".parse::<Fault>().unwrap_err().to_string(),
        "`flips` takes a rate from 0 to 1, like 0.001, but found `2`"
    );
    for text in [
        "icrnl=1",
        "icrnl=",
        "lost=0",
        "lost=",
        "lost=1@",
        "lost=+1",
        "speed=x",
        "speed=99999999999",
        "=",
    ] {
        assert!(text.parse::<Fault>().is_err(), "{text}");
    }
}

#[test]
fn an_inverted_telegram_is_locked_after_its_first_characters() {
    let text = telegram();
    let seen = apply("inverted", &text);
    assert!(seen.starts_with(&[0x68, 0x5A]));
    assert_eq!(seen.last(), Some(&0), "the break behind the burst");
    let locked = &seen[15..seen.len() - 1];
    assert!(locked.iter().all(|byte| byte % 2 == 1));
    assert!(text.ends_with(&recover::uninvert(locked)));
    assert_eq!(
        recover::uninvert_burst(&seen, |way| way == text),
        Some(text.clone())
    );
    let mut ways = 0;
    let none = recover::uninvert_burst(&seen, |_| {
        ways += 1;
        false
    });
    assert!(none.is_none() && ways < 2000, "{ways} headers to try");
}

#[test]
fn an_inverted_frame_is_recognised_by_its_start_and_its_errors() {
    assert!(
        apply("inverted", &frame(1500)).starts_with(&[0x12, 0x2F, 0xD5, 0xC5, 0xC5, 0x1F, 0xFB])
    );
    let (mut sent, mut seen, mut errors) = (0, 0, 0);
    for length in (650..1650).step_by(100) {
        let characters = Wire::transmit(&frame(length), Framing::P1)
            .inverted()
            .sample(Framing::P1);
        sent += length;
        seen += characters.len();
        errors += characters
            .iter()
            .filter(|character| character.framing_error)
            .count();
    }
    assert!((850..=875).contains(&share(seen, sent)), "{seen} of {sent}");
    assert!(
        (395..=430).contains(&share(errors, seen)),
        "{errors} of {seen}"
    );
}

#[test]
fn a_wrong_speed_shows_in_the_number_of_bytes() {
    for burst in [frame(1500), telegram()] {
        for (fault, least, most) in [
            ("speed=9600", 80, 90),
            ("speed=38400", 320, 345),
            ("speed=57600", 490, 510),
            ("speed=230400", 1440, 1600),
        ] {
            let seen = share(apply(fault, &burst).len(), burst.len());
            assert!((least..=most).contains(&seen), "{fault}: {seen} of 1000");
        }
    }
}

#[test]
fn seven_bits_with_parity_read_as_eight() {
    let seen = apply("7e1", &telegram());
    assert_eq!(apply("7e1", b"/1\r\n"), [0xAF, 0xB1, 0x8D, 0x0A]);
    assert!(seen.iter().all(|&byte| recover::even_parity_fits(byte)));
    assert_eq!(recover::strip_parity(&seen), Some(telegram()));
}

#[test]
fn a_slow_meter_read_fast_gives_zeros() {
    let fault: Fault = "speed=115200".parse().unwrap();
    let seen = fault.apply_to(&telegram(), Framing::DSMR2, &mut Rng::new(1));
    assert!(seen.len() > telegram().len() && seen.iter().all(|&byte| byte == 0));
}

#[test]
fn a_stripped_frame_has_no_high_byte() {
    let seen = apply("strip", &frame(1500));
    assert!(seen.starts_with(&[0x5B, 0x08, 0x53, 0x41, 0x47]));
    assert_eq!(seen.len(), 1500);
    assert!(seen.iter().all(|&byte| byte < 0x80));
}

#[test]
fn a_reader_with_parity_sees_zeros() {
    let seen = apply("parity", &telegram());
    let zeros = seen.iter().filter(|&&byte| byte == 0).count();
    assert!(share(zeros, seen.len()) > 600, "{zeros} of {}", seen.len());
}

#[test]
fn lost_and_cut_bytes_shorten_a_burst() {
    let frame = frame(1500);
    assert_eq!(apply("lost=62", &frame).len(), 1438);
    assert_eq!(
        apply("lost=16@700", &frame),
        [&frame[..700], &frame[716..]].concat()
    );
    assert_eq!(apply("lost=9999", &frame), b"");
    assert_eq!(apply("limit=256", &frame), &frame[..256]);
    assert_eq!(apply("limit=2048", &frame), frame);
    let cut = apply("cut", &frame);
    assert!(cut.len() < 1500 && frame.starts_with(&cut));
}

#[test]
fn damaged_bits_keep_the_length() {
    let text = telegram();
    for fault in ["flips", "weak", "late"] {
        let seen = apply(fault, &text);
        assert_eq!(seen.len(), text.len());
        let damaged = text
            .iter()
            .zip(&seen)
            .filter(|(sent, seen)| sent != seen)
            .count();
        assert!(
            (1..text.len() / 20).contains(&damaged),
            "{fault}: {damaged}"
        );
        if fault == "weak" {
            assert!(text.iter().zip(&seen).all(|(sent, seen)| seen & !sent == 0));
        }
    }
}

#[test]
fn a_tty_leaves_its_marks() {
    let frame = frame(1500);
    let text = telegram();
    let seen = apply("icrnl", &frame);
    assert!(seen.len() == 1500 && !seen.contains(&0x0D) && frame.contains(&0x0D));
    assert!(
        apply("icrnl", &text)
            .windows(4)
            .any(|ends| ends == b"\n\n\n\n")
    );
    let flow = frame
        .iter()
        .filter(|&&byte| byte == 0x11 || byte == 0x13)
        .count();
    assert_eq!(apply("ixon", &frame).len(), 1500 - flow);
    assert!(flow > 0);
    let cooked = apply("icanon", &frame);
    assert!(cooked.len() < 1000 && !cooked.contains(&0x0D) && !cooked.contains(&0x03));
    assert_eq!(apply("icanon", &text), apply("icrnl", &text));
}

#[test]
fn text_layers_leave_their_marks() {
    let frame = frame(1500);
    let doubled = frame.iter().filter(|&&byte| byte == 0xFF).count();
    assert_eq!(apply("telnet", &frame).len(), 1500 + doubled);
    assert!(
        apply("utf8", &frame)
            .windows(3)
            .any(|three| three == [0xEF, 0xBF, 0xBD])
    );
    let high = frame.iter().filter(|&&byte| byte >= 0x80).count();
    assert_eq!(apply("latin1", &frame).len(), 1500 + high);
    let crs = telegram().iter().filter(|&&byte| byte == b'\r').count();
    assert_eq!(apply("lf", &telegram()).len(), telegram().len() - crs);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for (kind, _) in Fault::KINDS {
        assert_eq!(apply(kind, &frame(700)), apply(kind, &frame(700)), "{kind}");
        let _ = apply(kind, b"");
    }
}

#[test]
fn faults_of_the_meter_leave_the_line_alone() {
    let frame = frame(1500);
    for (kind, _) in Fault::KINDS {
        let fault: Fault = kind.parse().unwrap();
        let changed = fault.apply(&frame, &mut Rng::new(7)) != frame;
        // Telegrams have no parts.
        let nothing = fault.is_of_meter() || matches!(kind, "lf" | "part-lost");
        assert_eq!(changed, !nothing, "{kind}");
    }
    assert_eq!(apply("silence", &frame), b"");
}
