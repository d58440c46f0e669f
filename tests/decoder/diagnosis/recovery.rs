//! Telegrams that come out of damage which can be undone and proven.

use std::sync::Arc;

use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::event::Event;
use smarty::p1::session::{Report, Session, Settings};
use smarty::p1::value::Zone;
use smarty::simulate::virtual_meter::{Profile, Setup, VirtualMeter};

fn texts(profile: &str, faults: &[&str], repair: bool) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    changed(profile, faults, repair, <[u8]>::to_vec)
}

/// Telegrams as sent, and those that come out of frames with faults that are changed on the way.
fn changed(
    profile: &str,
    faults: &[&str],
    repair: bool,
    change: fn(&[u8]) -> Vec<u8>,
) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let start = jiff::civil::date(2026, 2, 1).at(12, 0, 0, 0);
    let setup = Setup::new(Profile::named(profile).unwrap(), 1, 3, start);
    let mut healthy = VirtualMeter::new(setup.clone());
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let mut faulty = VirtualMeter::new(Setup { faults, ..setup });
    let mut keys = Keys::default();
    let authentication = AuthenticationKey::new(healthy.auth_key());
    keys.set_default(MeterKeys::new(Key::new(healthy.key()), authentication));
    let mut settings = Settings::new(Arc::new(keys), Zone::luxembourg());
    settings.repair = repair;
    let mut session = Session::new(&settings);
    let (mut sent, mut got, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut text = Vec::new();
        healthy.next_telegram(&mut text);
        sent.push(text);
        let mut frame = Vec::new();
        faulty.next_frame(&mut frame);
        bytes.extend(change(&frame));
    }
    let mut take = |report: Report<'_>| {
        if let Report::Event(Event::Telegram(decoded), _) = report
            && decoded.mended.is_some()
        {
            got.push(decoded.text.to_vec());
        }
    };
    session.push(&bytes, None, &mut take);
    session.finish(&mut take);
    (sent, got)
}

#[test]
fn an_inverted_line_and_7e1_are_undone_always() {
    for (profile, fault) in [("nl5", "inverted"), ("be", "inverted"), ("nl22", "7e1")] {
        let (sent, got) = texts(profile, &[fault], false);
        assert!(
            sent == got,
            "{profile} {fault}: {} of {}",
            got.len(),
            sent.len()
        );
    }
}

#[test]
fn what_a_tty_has_done_is_undone_on_request() {
    for (profile, fault) in [
        ("lu", "icrnl"),
        ("lu", "ixon"),
        ("lu-full", "ixon"),
        ("at", "ixon"),
        ("lu", "telnet"),
        ("nl5", "icrnl"),
        ("nl5", "lf"),
    ] {
        let (sent, got) = texts(profile, &[fault], true);
        assert!(
            sent == got,
            "{profile} {fault}: {} of {}",
            got.len(),
            sent.len()
        );
        assert!(
            texts(profile, &[fault], false).1.is_empty(),
            "{profile} {fault}"
        );
    }
}

#[test]
fn what_was_put_in_is_taken_out_on_request() {
    let returns = |frame: &[u8]| {
        let text = std::str::from_utf8(frame).unwrap();
        text.replace('\n', "\r\n").into_bytes()
    };
    let nuls = |frame: &[u8]| {
        let (front, behind) = frame.split_at(frame.len() / 3);
        [front, b"\0", behind].concat()
    };
    for change in [returns, nuls] {
        let (sent, got) = changed("nl5", &[], true, change);
        assert!(sent == got, "{} of {}", got.len(), sent.len());
        assert!(changed("nl5", &[], false, change).1.is_empty());
    }
}

#[test]
fn what_cannot_be_proven_stays_refused() {
    for (profile, fault) in [("lu", "inverted"), ("lu", "lost=62"), ("nl5", "weak=0.01")] {
        assert!(
            texts(profile, &[fault], true).1.is_empty(),
            "{profile} {fault}"
        );
    }
}
