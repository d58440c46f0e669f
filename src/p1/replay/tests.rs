use super::*;
use crate::p1::cipher::{AuthenticationKey, Key, MeterKeys};

fn title(meter: u8) -> SystemTitle {
    SystemTitle([b'S', b'M', b'Y', 0x67, 0x70, 0, 0, meter])
}

fn keys(key: u8) -> Arc<Keys> {
    let mut keys = Keys::default();
    keys.set_default(MeterKeys::new(
        Key::new([key; 16]),
        AuthenticationKey::default(),
    ));
    Arc::new(keys)
}

fn witness(before: &[(SystemTitle, Record)]) -> Witness {
    Witness::new(keys(1), Arc::new(before.iter().copied().collect()))
}

fn frame(counter: u32, clock: i64) -> Heard {
    Heard {
        counter,
        clock: Some(clock),
        tag: Some(true),
        late: false,
    }
}

/// Which of some frames of a meter, each with its counter and its clock, are taken.
fn taken(witness: &mut Witness, frames: &[(u32, i64)]) -> Vec<bool> {
    let hear =
        |&(counter, clock): &(u32, i64)| witness.hear(title(1), &frame(counter, clock), true);
    frames.iter().map(hear).collect()
}

fn record(witness: &Witness) -> Record {
    *witness.record(title(1)).unwrap()
}

#[test]
fn a_counter_that_does_not_grow_is_a_replay() {
    let mut witness = witness(&[]);
    let frames = [
        (41, 10),
        (42, 20),
        (42, 20),
        (41, 10),
        (45, 50),
        (44, 40),
        (46, 60),
    ];
    let expected = [true, true, false, false, true, false, true];
    assert_eq!(taken(&mut witness, &frames), expected);
    // Another meter counts for itself.
    assert!(witness.hear(title(2), &frame(7, 10), true));
}

#[test]
fn that_there_are_too_many_meters_shows() {
    let mut witness = Witness {
        most: 2,
        ..Witness::default()
    };
    let mut hear = |meter: u8, proven: bool| {
        let new = witness.hear(title(meter), &frame(7, 10), proven);
        (new, witness.is_full())
    };
    assert_eq!([hear(1, true), hear(2, true)], [(true, false); 2]);
    assert_eq!(hear(3, false), (true, false));
    assert_eq!([hear(3, true), hear(3, true)], [(true, true); 2]);
    assert_eq!(hear(1, true), (false, true));
}

#[test]
fn under_another_key_a_meter_counts_anew() {
    let mut witness = witness(&[]);
    assert_eq!(taken(&mut witness, &[(9000, 10)]), [true]);
    witness.set_keys(keys(1));
    assert_eq!(taken(&mut witness, &[(9000, 10)]), [false], "the same key");
    witness.set_keys(keys(2));
    assert_eq!(
        taken(&mut witness, &[(700, 5), (700, 5), (701, 15)]),
        [true, false, true]
    );
}

#[test]
fn a_meter_may_count_anew_where_its_clock_goes_on() {
    let mut near = witness(&[]);
    let frames = [
        (9000, 100),
        (1, 110),
        (2, 120),
        (9000, 100),
        (8000, 90),
        (3, 130),
    ];
    let expected = [true, true, true, false, false, true];
    assert_eq!(taken(&mut near, &frames), expected);
    // What was recorded when it counted there the first time has an older clock.
    let mut old = witness(&[]);
    let frames = [(1, 10), (2, 20), (9000, 90_000), (1, 10), (2, 20), (3, 30)];
    assert_eq!(
        taken(&mut old, &frames),
        [true, true, true, false, false, false]
    );
    // Farther from 0, a second frame has to follow the first.
    let mut far = witness(&[]);
    let frames = [
        (9000, 100),
        (5000, 110),
        (9001, 120),
        (5001, 130),
        (5002, 140),
        (5003, 150),
    ];
    assert_eq!(
        taken(&mut far, &frames),
        [true, false, true, false, true, true]
    );
    // One counter used for two texts is no beginning.
    let mut twice = witness(&[]);
    assert_eq!(
        taken(
            &mut twice,
            &[(9000, 100), (9000, 110), (9001, 120), (9001, 130)]
        ),
        [true, false, true, false]
    );
}

#[test]
fn a_restart_forgets_nothing_that_is_remembered() {
    let mut first = witness(&[]);
    taken(&mut first, &[(500, 10), (501, 20)]);
    let record = record(&first);
    let before = [(title(1), record)];
    let mut second = witness(&before);
    assert_eq!(
        taken(&mut second, &[(500, 10), (501, 20), (502, 30)]),
        [false, false, true]
    );
    // Another meter of that name, or a new key, while nobody listened.
    let mut reset = witness(&before);
    assert_eq!(taken(&mut reset, &[(300, 30), (501, 20)]), [true, false]);
    let mut rekeyed = Witness::new(keys(2), Arc::new(before.into_iter().collect()));
    assert_eq!(taken(&mut rekeyed, &[(300, 5), (300, 5)]), [true, false]);
}

#[test]
fn what_is_mended_comes_late_and_once() {
    let mut witness = witness(&[]);
    taken(&mut witness, &[(100, 10), (102, 30)]);
    let late = |counter| Heard {
        late: true,
        ..frame(counter, 20)
    };
    let mut hear = |counter| witness.hear(title(1), &late(counter), true);
    assert!(hear(101) && !hear(101) && !hear(100) && !hear(102));
    assert!(!hear(30), "too long ago to say");
    assert!(hear(104) && hear(103));
    assert_eq!(taken(&mut witness, &[(104, 50), (105, 60)]), [false, true]);
}

#[test]
fn what_proves_nothing_locks_nobody_out() {
    let mut witness = witness(&[]);
    taken(&mut witness, &[(100, 10)]);
    assert!(witness.hear(title(1), &frame(u32::MAX, 20), false));
    assert_eq!(taken(&mut witness, &[(101, 20)]), [true]);
    assert!(!witness.hear(title(1), &frame(50, 30), false));
}

#[test]
fn a_tag_is_remembered_whenever_it_was_sent() {
    let none = Heard {
        tag: Some(false),
        ..frame(7, 10)
    };
    let mut witness = witness(&[]);
    assert!(witness.hear(title(1), &none, true));
    assert!(!record(&witness).has_tag());
    // What proves its origin is not held against what did not.
    let frames = [(7, 10), (7, 10), (5, 10), (8, 20)];
    assert_eq!(taken(&mut witness, &frames), [true, false, false, true]);
    assert!(record(&witness).has_tag());
}

#[test]
fn a_record_is_written_and_read_again() {
    let mut heard = witness(&[]);
    taken(&mut heard, &[(9000, 1_700_000_000), (3, 1_700_000_010)]);
    let record = record(&heard);
    let text = serde_json::to_string(&record).unwrap();
    let check = hex::encode_upper(keys(1).of(title(1)).unwrap().key().check_value());
    assert_eq!(
        text,
        format!(
            r#"{{"counter":3,"check":"{check}","tag":true,"clock":"2023-11-14T22:13:30Z","since":"2023-11-14T22:13:30Z"}}"#
        )
    );
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
}

#[test]
fn of_two_records_the_later_one_counts() {
    let heard = |frames: &[(u32, i64)]| {
        let mut witness = witness(&[]);
        taken(&mut witness, frames);
        record(&witness)
    };
    let merged = |one: Record, other: Record| {
        let mut one = one;
        one.merge(&other);
        one
    };
    let (behind, ahead) = (heard(&[(100, 10)]), heard(&[(105, 60)]));
    assert_eq!(merged(behind, ahead), ahead);
    assert_eq!(merged(ahead, behind), ahead);
    let anew = heard(&[(9000, 50), (1, 70)]);
    assert_eq!(merged(ahead, anew), anew);
}
