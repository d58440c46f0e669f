//! What is found out about a line, on the screen: one meter, one finding, and its count goes on.

use std::sync::Arc;

use super::*;
use crate::p1::diagnosis::{Diagnosis, Evidence, Finding, Verdict};
use crate::p1::line::Fault;
use crate::p1::span::Span;

/// A meter on a line with a fault, for so many telegrams, and the screens after some of them.
fn watched(fault: &str, telegrams: usize, at: &[usize]) -> Vec<(Screen, Timestamp)> {
    let mut street = MeterGroup::new().house("", Profile::LuFull);
    let faults: Vec<Fault> = vec![fault.parse().unwrap()];
    let house = &mut street.houses[0];
    let mut setup = house.meter.setup().clone();
    setup.faults = faults;
    house.meter = VirtualMeter::new(setup);
    let mut diagnosis = Diagnosis::new(Arc::clone(&house.keys));
    let mut screens = Vec::new();
    for number in 1..=telegrams {
        street.second += 10;
        let now = street.now();
        let (screen, house) = (&mut street.screen, &mut street.houses[0]);
        let context = house.context();
        let mut frame = Vec::new();
        house.meter.next_frame(&mut frame);
        diagnosis.bytes(frame.len());
        let mut tell = |event: &Event<'_>| {
            diagnosis.event(event);
            take(screen, now, &context, event);
        };
        house.decoder.push(&frame, &mut tell);
        house.decoder.quiet(&mut tell);
        diagnosis.quiet(1000);
        let fresh = diagnosis.take_findings();
        for finding in fresh.chain(diagnosis.take_grown()) {
            screen.finding(now, &context, &finding);
        }
        if at.contains(&number) {
            screens.push((screen.clone(), now));
        }
    }
    screens
}

fn times(shown: &str, title: &str) -> u32 {
    let line = shown
        .lines()
        .find(|line| line.contains(title))
        .unwrap_or(shown);
    let count = line.split_once('(').unwrap_or_else(|| panic!("{shown}")).1;
    count.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_weak_line_shows_one_meter_and_one_finding_whose_count_goes_on() {
    let title = "the signal is too weak: bits fall from 1 to 0";
    for rate in ["weak", "weak=0.0002"] {
        let mut before = 1;
        for (mut screen, now) in watched(rate, 90, &[8, 20, 50, 90]) {
            let shown = shown(&mut screen, now, 80, 40).join("\n");
            assert!(!shown.contains("meters"), "{shown}");
            assert!(!shown.contains("no key"), "{shown}");
            assert_eq!(shown.matches(title).count(), 1, "{shown}");
            for other in [
                "the head of a telegram",
                "more than one meter",
                "does not fit this",
            ] {
                assert!(!shown.contains(other), "{shown}");
            }
            let now = times(&shown, title);
            assert!(now > before, "{before} {now}: {shown}");
            before = now;
            assert!(
                shown.contains("put a stronger pull-up on the data line"),
                "{shown}"
            );
            assert!(shown.contains("keep the cable short"), "{shown}");
        }
    }
}

#[test]
fn hints_wrap_and_the_graph_stays() {
    let (mut screen, now) = watched("wrong-key", 8, &[8]).remove(0);
    for (width, height) in [(80, 24), (40, 12), (40, 4)] {
        let shown = shown(&mut screen, now, width, height).join("\n");
        insta::assert_snapshot!(format!("wrong_key_{width}x{height}"), shown);
    }
    let (mut screen, now) = watched("weak=0.0002", 60, &[60]).remove(0);
    for (width, height) in [(80, 24), (40, 12)] {
        let shown = shown(&mut screen, now, width, height).join("\n");
        assert!(shown.contains("█"), "{shown}");
        assert!(shown.contains("the signal is too weak"), "{shown}");
        insta::assert_snapshot!(format!("weak_{width}x{height}"), shown);
    }
    screen.key(now, Key::Letter('5'));
    let all = shown(&mut screen, now, 60, 30).join("\n");
    let words = all.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("put a stronger pull-up on the data line"),
        "{all}"
    );
    assert!(
        words.contains("keep the cable short"),
        "nothing is cut off: {all}"
    );
}

#[test]
fn the_strongest_finding_of_each_source_stays() {
    let mut street = trio().run(31);
    let now = street.now();
    let found = |verdict, count| Finding::new(verdict, Span::new(0, 9), count, Evidence::default());
    let contexts: Vec<_> = street.houses.iter().map(|house| house.context()).collect();
    let mut find = |source: usize, verdict, count| {
        street
            .screen
            .finding(now, &contexts[source], &found(verdict, count));
    };
    find(0, Verdict::ClockOff, 1);
    find(0, Verdict::DamagedFrame, 2);
    find(0, Verdict::DamagedHeader, 1);
    find(0, Verdict::PeriodLong, 90);
    find(1, Verdict::Noise, 3);
    find(1, Verdict::DamagedFrame, 9);
    find(2, Verdict::Silence, 1);
    let shown = street.show(80, 40);
    let told: Vec<_> = shown
        .lines()
        .filter(|line| line.contains("times)"))
        .collect();
    assert_eq!(
        told,
        [
            " house: a telegram was damaged on the way (2 times)",
            " pv: the line is noisy: bits are changed on the way (3 times)",
        ]
    );
    assert!(
        !shown.contains("clock") && !shown.contains("nothing arrives"),
        "{shown}"
    );
}

#[test]
fn old_values_are_grey_and_nothing_about_them_is_green() {
    use ratatui::style::Color;

    let green = Color::Indexed(28);
    let mut street = MeterGroup::new().house("house", Profile::LuFull).run(101);
    assert!(street.colours(80, 24, "11 ok").contains(&green));
    street.houses[0].silent = true;
    let mut street = street.run(45);
    for (width, height) in [(80, 24), (80, 2), (40, 12), (40, 1)] {
        let late = street.show(width, height);
        assert!(late.contains("46 s old"), "{late}");
        let all = street.colours(width, height, "");
        assert!(!all.contains(&green), "{late}");
        let values = street.colours(width, height, "W");
        assert!(values.contains(&Color::Indexed(244)), "{late}");
    }
}
