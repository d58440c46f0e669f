//! Keys, one after the other and at random.

use super::*;
use crate::p1::line::Rng;

/// The screen after keys, at a size.
fn after(street: &mut MeterGroup, keys: &str, width: u16, height: u16) -> String {
    let before = street.screen.clone();
    street.show(width, height);
    street.press(keys);
    let shown = street.show(width, height);
    street.screen = before;
    shown
}

#[test]
fn the_views_as_they_are_seen() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull).run(7201);
    for (name, keys) in [
        ("day", "2"),
        ("phases", "3"),
        ("days", "4"),
        ("months", "4--"),
        ("link", "5"),
        ("help", "?"),
        ("big", "b"),
    ] {
        insta::assert_snapshot!(format!("view_{name}"), after(&mut street, keys, 80, 24));
    }
}

#[test]
fn time_is_held_moved_and_let_go() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull).run(3601);
    let live = street.show(100, 30);
    assert!(live.contains("last 10 min"), "{live}");
    street.press(" ");
    let held = street.show(100, 30);
    assert!(held.contains("held: space goes on"), "{held}");
    let mut street = street.run(600);
    let later = street.show(100, 30);
    let title = |shown: &str| shown.lines().nth(2).map(str::to_owned);
    assert_eq!(title(&held), title(&later), "{held}\n{later}");
    street.press(" ");
    assert!(!street.show(100, 30).contains("held"), "goes on");
    let now = street.now();
    street.press("+");
    assert!(street.show(100, 30).contains("last 5 min"), "zoomed in");
    street.screen.key(now, Key::Left);
    assert!(street.show(100, 30).contains("5 min until"), "moved back");
    street.screen.key(now, Key::Home);
    let first = street.show(100, 30);
    assert!(first.contains("5 min until 18:40:00"), "{first}");
    street.screen.key(now, Key::End);
    assert!(street.show(100, 30).contains("last 5 min"), "back again");
    street.screen.key(now, Key::Escape);
    assert!(street.show(100, 30).contains("last 10 min"), "as at first");
}

#[test]
fn one_of_several_meters_is_chosen_by_tab_and_by_number() {
    let mut street = trio().run(601);
    assert!(street.show(80, 24).contains("3 meters"));
    street.press("\t");
    assert!(street.show(80, 24).contains("Tab 1 of 3"));
    street.press("m");
    assert!(street.show(80, 24).contains("which?"));
    street.press("3");
    let third = street.show(80, 24);
    assert!(third.starts_with(" heatpump"), "{third}");
    street.press("2");
    let view = street.show(80, 24);
    assert!(view.contains("quarters of"), "2 is a view again: {view}");
    street.press("1\t");
    assert!(
        street.show(80, 24).contains("3 meters"),
        "all of them again"
    );
}

#[test]
fn meters_stand_in_the_order_of_the_command_line_whichever_is_heard_first() {
    let mut street = trio();
    assert_eq!(std::mem::take(&mut street.screen).links.len(), 3);
    // The second speaks first.
    street.houses.swap(0, 1);
    let mut street = street.run(21);
    assert!(street.screen.links[0].label.as_deref() == Some("pv"));
    let shown = street.show(80, 24);
    let place = |word: &str| shown.find(word).unwrap();
    assert!(
        place("house") < place("pv") && place("pv") < place("heatpump"),
        "{shown}"
    );
}

#[test]
fn keys_at_random_do_no_harm() {
    let mut street = trio().run(300);
    street.houses[1].silent = true;
    let all = "?12345bmn N p0 q+-=_<>\t h";
    let others = [
        Key::Left,
        Key::Right,
        Key::Up,
        Key::Down,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::PageDown,
        Key::BackTab,
        Key::Escape,
        Key::Interrupt,
    ];
    let keys: Vec<Key> = all.chars().map(Key::Letter).chain(others).collect();
    let mut rng = Rng::new(7);
    let sizes = [(20, 5), (40, 12), (80, 24), (100, 30), (160, 50), (3, 2)];
    for _ in 0..12 {
        for _ in 0..25 {
            let key = keys[rng.below(keys.len())];
            let now = street.now();
            street.screen.key(now, key);
            let (width, height) = sizes[rng.below(sizes.len())];
            street.show(width, height);
        }
        street = street.run(7);
    }
}

#[test]
fn what_a_store_knows_is_there_before_the_first_telegram() {
    let mut past = MeterGroup::new().house("house", Profile::LuFull).run(3601);
    let ledger = past.screen.meters[0].ledger.clone();
    let id = past.screen.meters[0].id.clone();
    let context = past.houses[0].context();
    past.screen = Screen::new();
    let now = past.now();
    past.screen.recall(now, &context, &id, ledger);
    past.press("2");
    let shown = past.show(80, 24);
    assert!(
        shown.contains("quarters of Tuesday, 3 February 2026"),
        "{shown}"
    );
    let mut street = past.run(21);
    assert_eq!(street.screen.meters.len(), 1, "the same meter");
    street.press("1");
    let shown = street.show(80, 24);
    let today = shown.lines().find(|line| line.contains("today")).unwrap();
    assert!(
        today.contains("+1.984") && today.contains("from 18:40"),
        "{today}"
    );
}
