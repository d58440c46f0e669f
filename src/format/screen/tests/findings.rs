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
            screen.finding(now, context.source, &finding);
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
        for (screen, now) in watched(rate, 90, &[8, 20, 50, 90]) {
            let shown = shown(&screen, now, 80, 24).join("\n");
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
fn hints_wrap_and_stand_where_rows_are_free() {
    let (screen, now) = watched("wrong-key", 8, &[8]).remove(0);
    insta::assert_snapshot!(shown(&screen, now, 80, 24).join("\n"), @r"
    smarty   /dev/ttyUSB0 115200 8N1
              no telegram was good yet
    LINK      0 ok  8 refused  0 junk bytes  up 00:01:20                    q ends

    the key does not fit this meter (8 times)
      all text is noise, yet the numbering is right: line and meter are fine
      compare the number on the meter with the one in the operator's letter; ask
      the operator for the key of this meter
    ");
    insta::assert_snapshot!(shown(&screen, now, 40, 12).join("\n"), @r"
    smarty   /dev/ttyUSB0
              no telegram was good yet
    LINK      0 ok  8 refused  0 junk bytes
              up 00:01:20           q ends
    the key does not fit this meter (8
      times)
      all text is noise, yet the numbering
      is right: line and meter are fine
      compare the number on the meter with
      the one in the operator's letter; ask
      the operator for the key of this
      meter
    ");
    insta::assert_snapshot!(shown(&screen, now, 40, 4).join("\n"), @r"
    SMY1030778 no telegram was good yet
                           0 ok  8 refused
    the key does not fit this meter (8
      times)
    ");
    let (screen, now) = watched("weak=0.0002", 60, &[60]).remove(0);
    insta::assert_snapshot!(shown(&screen, now, 80, 24).join("\n"), @r"
    smarty   /dev/ttyUSB0 115200 8N1   telegram 15   30 s ago
    POWER     import    2.698 kW     export    0.000 kW     net    2.698 kW
                           ████████▆▆▆▆▆  20 min  min 2.695  mean 3.763  max 4.159
    ENERGY    import     3067.546 kWh  +0.543     export     4348.930 kWh  +0.000
              today        +0.543 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW   Q+/kvar   Q-/kvar
      L1     234.5     0    0.197    0.000     0.000     0.034
      L2     232.4     9    2.237    0.000     0.351     0.000
      L3     232.9     1    0.264    0.000     0.000     0.026
    DEVICES   1 gas    1578.977 m³  18:00:00    2 water   106.807 m³  18:00:00
              4 heat      56.84 GJ  18:00:00
    LINK      15 ok  45 refused  1 missed  4 junk bytes  up 00:10:00        q ends

    the signal is too weak: bits fall from 1 to 0 (45 times)
      29 bytes changed: 28 bits went from 1 to 0, 0 from 0 to 1
      put a stronger pull-up on the data line (1 kOhm to 5 V, or 1 kOhm to 3.3 V
      for a 3.3 V board), and keep the cable short
    ");
    insta::assert_snapshot!(shown(&screen, now, 40, 12).join("\n"), @r"
    smarty   telegram 15   30 s ago
    POWER     import    2.698 kW
              export    0.000 kW
              net    2.698 kW
                            █████████▆▆▆▆▆
              20 min  min 2.695  mean 3.763
    ENERGY    import     3067.546 kWh  +0.5
              export     4348.930 kWh  +0.0
    LINK      15 ok  45 refused  1 missed
              4 junk bytes  up 00:10:00
    the signal is too weak: bits fall from
      1 to 0 (45 times)
    ");
}

#[test]
fn the_strongest_finding_of_each_source_stays() {
    let mut street = trio().run(31);
    let now = street.now();
    let found = |verdict, count| Finding::new(verdict, Span::new(0, 9), count, Evidence::default());
    let sources: Vec<_> = street
        .houses
        .iter()
        .map(|house| house.context().source)
        .collect();
    let mut find = |source: usize, verdict, count| {
        street
            .screen
            .finding(now, sources[source], &found(verdict, count));
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
fn old_values_are_dim_and_nothing_about_them_is_green() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull).run(101);
    let fresh = street.screen.draw(street.now(), 80, 24);
    assert!(
        fresh.iter().any(|line| line.contains("\u{1b}[32m11 ok")),
        "{fresh:?}"
    );
    street.houses[0].silent = true;
    street = street.run(45);
    for (width, height) in [(80, 24), (80, 2), (40, 12), (40, 1)] {
        let late = street.screen.draw(street.now(), width, height);
        assert!(late[0].contains("46 s old"), "{late:?}");
        assert!(
            !late.iter().any(|line| line.contains("\u{1b}[32m")),
            "{late:?}"
        );
        let values = late.iter().filter(|line| line.contains("kW"));
        for line in values {
            // The name of the meter and the age alone are bold.
            let values = line
                .split_once("house")
                .map_or(&**line, |(_, values)| values);
            let values = values.replace("\u{1b}[1m\u{1b}[33m46 s old", "");
            assert!(!values.contains("\u{1b}[1m"), "{line:?}");
            assert!(values.contains("\u{1b}[2m"), "{line:?}");
        }
    }
}
