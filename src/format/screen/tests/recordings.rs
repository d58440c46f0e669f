//! A recording, opened and looked at.

use super::*;

/// Two hours of a meter, with a silence and damage between.
fn recording() -> MeterGroup {
    let mut street = MeterGroup::new();
    street.screen = Screen::new().of_recording();
    let mut street = street.house("house", Profile::LuFull).run(3001);
    street.houses[0].silent = true;
    let mut street = street.run(600);
    street.houses[0].silent = false;
    let mut frame = Vec::new();
    street.houses[0].meter.next_frame(&mut frame);
    frame[900] ^= 1;
    let (now, context) = (street.now(), street.houses[0].context());
    let (house, screen) = (&mut street.houses[0], &mut street.screen);
    house
        .decoder
        .push(&frame, |event| take(screen, now, &context, event));
    let mut street = street.run(3600);
    street.screen.loaded();
    street
}

#[test]
fn all_of_it_is_seen_and_what_was_wrong_can_be_jumped_to() {
    let mut street = recording();
    let all = street.show(80, 24);
    insta::assert_snapshot!("recording_all", all);
    let now = street.now();
    street.screen.key(now, Key::Home);
    street.press("n");
    let gap = street.show(80, 24);
    insta::assert_snapshot!("recording_gap", gap);
    street.press("n");
    let damage = street.show(80, 24);
    let time = |shown: &str| shown.lines().rev().nth(1).map(str::to_owned);
    assert!(time(&gap) < time(&damage), "{gap}\n{damage}");
    street.press("5");
    let listed = street.show(80, 24);
    assert!(listed.contains("nothing for 10 min"), "{listed}");
    assert!(
        listed.contains("refused: it does not fit the key"),
        "{listed}"
    );
}

#[test]
fn it_plays_as_fast_as_it_is_told_to_and_stops_at_its_end() {
    let mut street = recording();
    let start = street.now();
    let at = |millis: i64| start + jiff::SignedDuration::from_millis(millis);
    let screen = &mut street.screen;
    let (first, last) = screen.extent().unwrap();
    screen.key(start, Key::Letter(' '));
    screen.draw(at(0), 80, 24);
    assert_eq!(screen.ui.at, Some(first), "at the end it begins anew");
    for step in 1..=10 {
        screen.draw(at(step * 200), 80, 24);
    }
    assert_eq!(screen.ui.at, Some(first + 120), "a minute in a second");
    screen.key(start, Key::Letter('<'));
    screen.draw(at(2500), 80, 24);
    assert_eq!(screen.ui.at, Some(first + 125), "ten seconds in a second");
    screen.key(start, Key::Letter(' '));
    screen.draw(at(9000), 80, 24);
    assert_eq!(screen.ui.at, Some(first + 125), "stands still");
    for _ in 0..9 {
        screen.key(start, Key::Letter('>'));
    }
    screen.key(start, Key::Letter(' '));
    for step in 0..20 {
        screen.draw(at(10_000 + step * 900), 80, 24);
    }
    assert_eq!(screen.ui.at, Some(last));
    assert!(!screen.playback.as_ref().unwrap().is_playing);
}

#[test]
fn a_recording_without_a_good_telegram_says_so() {
    let mut screen = Screen::new().of_recording();
    let now = Timestamp::UNIX_EPOCH;
    assert!(
        shown(&mut screen, now, 80, 24)
            .join("\n")
            .contains("reading")
    );
    screen.loaded();
    let said = shown(&mut screen, now, 80, 24).join("\n");
    assert!(
        said.contains("no telegram of the recording was good"),
        "{said}"
    );
    for key in ["n", " ", "2", "4", "<"] {
        screen.key(now, Key::Letter(key.chars().next().unwrap()));
        shown(&mut screen, now, 80, 24);
    }
    screen.key(now, Key::Home);
    shown(&mut screen, now, 20, 5);
}

#[test]
fn the_days_of_a_store_reach_back_before_its_telegrams() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull).run(3601);
    let ledger = street.screen.meters[0].ledger.clone();
    let id = street.screen.meters[0].id.clone();
    let (now, context) = (street.now(), street.houses[0].context());
    let (begin, _) = ledger.extent().unwrap();
    street.screen = Screen::new().of_recording();
    street.screen.recall(now, &context, &id, ledger.clone());
    let mut street = street.run(1801);
    street.screen.loaded();
    assert_eq!(street.screen.meters.len(), 1);
    let (first, _) = street.screen.extent().unwrap();
    assert_eq!(first, now.as_second() + 9, "telegrams are played");
    assert_eq!(street.screen.ui.view, control::View::Now);
    street.press("2");
    street.screen.key(now, Key::Home);
    assert_eq!(street.screen.ui.at, Some(begin));
    let shown = street.show(80, 24);
    assert!(shown.contains("quarters of Tuesday"), "{shown}");
    street.press("1");
    street.screen.key(now, Key::Home);
    assert_eq!(street.screen.ui.at, Some(first));

    let mut alone = Screen::new().of_recording();
    alone.recall(now, &context, &id, ledger);
    alone.loaded();
    let shown = alone.draw_text(now, 80, 24).join("\n");
    assert!(
        shown.contains("quarters of Tuesday, 3 February 2026")
            && shown.contains("import 1.969 kWh"),
        "{shown}"
    );
}
