use proptest::prelude::*;

use super::*;

pub fn any_code() -> impl Strategy<Value = String> {
    let entries = crate::p1::obis::entries();
    prop_oneof![
        4 => (0..entries.len(), 1..5u8)
            .prop_map(move |(at, channel)| entries[at].code.replace("-n:", &format!("-{channel}:"))),
        1 => "[0-9]{1,3}-[0-9]:[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]",
    ]
}

pub fn any_group() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,9}(\\.[0-9]{1,4})?(\\*(kWh|kW|V|A|m3|Wh|s|xyz))?",
        "[0-9]{30,300}",
        "2[0-9]0[1-9]1[0-9]1[0-9][0-5][0-9][0-5][0-9][SW]",
        "([0-9A-F]{2}){0,100}",
        "[0-9A-Za-z :-]{0,60}",
        "\\PC{0,30}",
        "[\u{0}-\u{ff}漢字🙂]{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_telegram_is_drawn_within_the_width(
        lines in prop::collection::vec((any_code(), prop::collection::vec(any_group(), 1..5)), 0..30),
        width in prop::option::of(60..200usize),
    ) {
        let text = lines.iter().map(|(code, groups)| (code.as_str(), groups.iter().map(String::as_str)));
        let text = telegram::format("/Inv5\\000000000", text, true);
        check_lines(&printed(&text, width), width.unwrap_or(usize::MAX));
    }

    #[test]
    fn every_text_is_drawn(body in prop::collection::vec(any::<u8>(), 0..400), width in 0..100usize) {
        let text = [b"/Inv5\\0\r\n\r\n", &body[..], b"\r\n!\r\n"].concat();
        check_lines(&printed(&sealed(&text), Some(width)), width.max(60));
    }
}
