//! The screen over simulated hours of virtual meters.

mod drawings;
mod findings;
mod keys;
mod picture;
mod recordings;
mod several;
mod street;

use jiff::civil::date;

use self::street::{MeterGroup, keyless, shown, take, trio};
use super::*;
use crate::p1::event::Event;
use crate::simulate::virtual_meter::{Profile, Setup, VirtualMeter};

#[test]
fn no_size_is_too_small_or_too_large() {
    let mut alone = MeterGroup::new().house("house", Profile::LuFull).run(601);
    let mut street = trio().house("four", Profile::LuFull).run(601);
    street.houses[1].silent = true;
    let (now, context) = (street.now(), street.houses[0].context());
    street.screen.link(now, &context, "lost", "it is gone");
    street
        .screen
        .notice(&"a long notice ".repeat(30), Some("a hint"));
    street.screen.notice("計器の電圧が低い", None);
    let mut street = street.run(60);
    for width in (1..=90).step_by(4).chain((91..=250).step_by(30)) {
        for height in [1, 2, 3, 5, 8, 12, 24, 30, 80] {
            street.show(width, height);
        }
    }
    for width in (1..=250).step_by(25) {
        for height in (1..=80).step_by(3) {
            alone.show(width, height);
        }
    }
    let now = street.now();
    assert_eq!(street.screen.draw(now, 0, 0).area.area(), 0);
    let huge = street.screen.draw(now, u16::MAX, u16::MAX).area;
    assert_eq!((huge.width, huge.height), (WIDTH_MAX, HEIGHT_MAX));
}

#[test]
fn labels_and_ids_cannot_steer_the_terminal() {
    let mut street = MeterGroup::new().house("\u{1b}[2Jhouse\n", Profile::LuFull);
    street.houses[0].name = Some("\u{9b}31m");
    let mut street = street.run(21);
    for (width, height) in [(80, 24), (80, 2)] {
        let shown = street.show(width, height);
        assert!(shown.contains("\u{fffd}[2Jhouse\u{fffd}"), "{shown}");
    }
}

#[test]
fn a_meter_without_proof_of_origin_is_marked() {
    use std::sync::Arc;

    use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
    use crate::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::value::Zone;

    let own = MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default());
    let title = SystemTitle(*b"SMY\x67\x70\0\0\x01");
    let text = crate::p1::telegram::format("/ABC5x", [("1-0:1.8.0", ["000001.653*kWh"])], true);
    let mut keys = Keys::default();
    keys.insert(title, own.clone());
    for (control, marked) in [(0x20, true), (0x30, false)] {
        let mut frame = Vec::new();
        own.seal(
            title,
            SecurityControl(control),
            FrameCounter(1),
            &text,
            &mut frame,
        );
        let (mut screen, now) = (Screen::new(), Timestamp::from_second(0).unwrap());
        let mut decoder = Decoder::new(
            Arc::new(keys.clone()),
            Policy::default(),
            Zone::luxembourg(),
        );
        decoder.push(&frame, |event| {
            take(&mut screen, now, &Context::default(), event)
        });
        for (width, height) in [(80, 24), (80, 2)] {
            let drawn = shown(&mut screen, now, width, height).join("\n");
            assert_eq!(drawn.contains("no tag"), marked, "{drawn}");
        }
    }
}

#[test]
fn what_is_sent_once_more_stands_for_nothing_that_is_missed() {
    let mut meter = VirtualMeter::new(Setup::new(
        Profile::Lu,
        1,
        2026,
        date(2026, 2, 3).at(18, 40, 0, 0),
    ));
    let mut keys = crate::p1::cipher::Keys::default();
    keys.insert(meter.title(), meter.keys());
    let mut decoder = crate::p1::decoder::Decoder::new(
        std::sync::Arc::new(keys),
        Default::default(),
        crate::p1::value::Zone::luxembourg(),
    );
    let mut screen = Screen::new();
    let mut seconds = 0..;
    for number in 0..3 {
        let mut frame = Vec::new();
        meter.next_frame(&mut frame);
        decoder.push(&frame, |event| {
            let Event::Telegram(decoded) = event else {
                return;
            };
            let now = Timestamp::from_second(seconds.next().unwrap_or(0)).unwrap();
            let again = crate::p1::replay::refusal(decoded);
            // The second one comes as a replay of something, and itself never.
            let event = if number == 1 { &again } else { event };
            take(&mut screen, now, &Context::default(), event);
        });
    }
    let now = Timestamp::from_second(3).unwrap();
    let drawn = shown(&mut screen, now, 80, 24).join("\n");
    assert!(
        drawn.contains("2 ok") && drawn.contains("1 refused") && drawn.contains("1 missed"),
        "{drawn}"
    );
}

#[test]
fn a_week_of_telegrams_and_a_thousand_titles_take_bounded_memory() {
    let mut meter = VirtualMeter::new(Setup::new(
        Profile::Nl5,
        1,
        2026,
        date(2026, 2, 3).at(18, 40, 0, 0),
    ));
    let mut text = Vec::new();
    meter.next_frame(&mut text);
    let mut screen = Screen::new();
    let mut decoder = keyless();
    decoder.push(&text, |event| {
        if let Event::Telegram(decoded) = event {
            for second in 0..7 * 1440 {
                let now = Timestamp::from_second(second * 60).unwrap();
                let context = Context::default();
                screen.telegram(now, &context, decoded);
                screen.notice(&format!("notice {second}"), None);
            }
        }
    });
    let mut frame = crate::p1::ciphering::START.to_vec();
    frame.extend_from_slice(b"SMY");
    for number in 0..1000u32 {
        let mut strange = frame.clone();
        strange.extend_from_slice(&[0x67, (number >> 16) as u8]);
        strange.extend_from_slice(&number.to_be_bytes()[1..]);
        strange.extend_from_slice(&[20, 0x30, 0, 0, 0, 1]);
        strange.extend_from_slice(&[0; 15]);
        let now = Timestamp::from_second(i64::from(number)).unwrap();
        let context = Context::default();
        keyless().push(&strange, |event| take(&mut screen, now, &context, event));
    }
    assert!(screen.meters.len() <= METERS);
    assert_eq!(screen.links.len(), 1);
    let kept = screen.meters.iter().map(|meter| meter.ledger.size());
    assert!(kept.sum::<usize>() <= LEDGERS);
}
