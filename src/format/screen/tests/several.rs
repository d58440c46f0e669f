//! Several meters on one screen, as they are seen.

use super::*;

#[test]
fn three_meters_share_windows_of_all_sizes() {
    let mut street = trio().run(2301);
    for (width, height) in [
        (20, 5),
        (40, 12),
        (80, 24),
        (80, 10),
        (80, 5),
        (80, 2),
        (160, 50),
        (250, 70),
    ] {
        let shown = street.show(width, height);
        insta::assert_snapshot!(format!("three_{width}x{height}"), shown);
    }
}

#[test]
fn eight_meters_can_be_read_on_a_small_terminal() {
    let mut street = trio()
        .house("barn", Profile::Lu)
        .house("cellar", Profile::Se)
        .house("attic", Profile::At)
        .house("garage", Profile::Lt)
        .house("shed", Profile::Hu)
        .run(901);
    street.houses[4].silent = true;
    let mut street = street.run(300);
    for (width, height) in [(80, 24), (80, 17), (160, 50)] {
        let shown = street.show(width, height);
        assert!(shown.contains("5 min old"), "{shown}");
        insta::assert_snapshot!(format!("eight_{width}x{height}"), shown);
    }
}

#[test]
fn several_meters_on_one_line_have_a_block_each_and_a_damaged_title_has_none() {
    let mut street = MeterGroup::new()
        .house("", Profile::LuFull)
        .house("", Profile::Lu);
    street.screen = Screen::new();
    for house in &mut street.houses {
        house.source = "/dev/ttyUSB0";
    }
    let mut street = street.run(601);
    let mut frame = Vec::new();
    street.houses[0].meter.next_frame(&mut frame);
    frame[6] ^= 1;
    let (now, context) = (street.now(), street.houses[0].context());
    let screen = &mut street.screen;
    keyless().push(&frame, |event| take(screen, now, &context, event));
    let shown = street.show(80, 12);
    let place = |word: &str| shown.find(word).unwrap();
    assert!(
        place("SMY1030778628338") < place("SMY1030778628339"),
        "{shown}"
    );
    assert!(
        shown.contains("2 meters"),
        "the damaged title has no block: {shown}"
    );
    street.press("\t");
    assert!(street.show(80, 24).contains("61 ok  1 refused"));
}
