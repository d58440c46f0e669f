use jiff::Timestamp;

use super::*;
use crate::p1::cipher::{AuthenticationKey, Key, MeterKeys};
use crate::p1::ciphering::{FrameCounter, SecurityControl};
use crate::p1::telegram::format;

const TITLE: SystemTitle = SystemTitle(*b"SMY12345");

fn keys() -> MeterKeys {
    MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default())
}

fn settings() -> Settings {
    let mut ring = Keys::default();
    ring.set_default(keys());
    Settings::new(Arc::new(ring), Zone::luxembourg())
}

fn frame(counter: u32) -> Vec<u8> {
    let energy = format!("{:010.3}*kWh", 25.0 + f64::from(counter));
    let text = format("/Lux5meter", [("1-0:1.8.0", [energy.as_str()])], true);
    let mut frame = Vec::new();
    keys().seal(
        TITLE,
        SecurityControl(0x30),
        FrameCounter(counter),
        &text,
        &mut frame,
    );
    frame
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(1_700_000_000 + second).ok()
}

/// What was reported, in short.
#[derive(Default)]
struct Reports(Vec<String>);

impl Reports {
    fn take(&mut self, report: Report<'_>) {
        self.0.push(match report {
            Report::Event(event, at) => {
                let what = match event {
                    Event::Telegram(decoded) if decoded.mended.is_some() => "repaired telegram",
                    Event::Telegram(_) => "telegram",
                    Event::Refused(refused) => refused.reason.code(),
                    Event::Junk(_) => "junk",
                };
                match at {
                    Some(at) => format!("{what} at {}", at.as_second() - 1_700_000_000),
                    None => what.to_owned(),
                }
            }
            Report::Repaired => "repaired".to_owned(),
            Report::Forgets => "forgets".to_owned(),
            Report::Heard(title, _) => format!("heard {title}"),
            Report::Finding(finding) => format!("found {}", finding.verdict.code()),
            Report::Grown(finding) => format!("grown {}", finding.verdict.code()),
            Report::Settled => "settled".to_owned(),
            Report::Ended(summary) => format!("ended with {} good", summary.good),
        });
    }

    fn next(&mut self) -> Vec<String> {
        std::mem::take(&mut self.0)
    }
}

#[test]
fn a_telegram_has_the_time_of_its_first_byte() {
    let mut session = Session::new(&settings());
    let mut reports = Reports::default();
    let frames = [frame(1), frame(2)].concat();
    for (second, piece) in (0..).zip(frames.chunks(frames.len() / 4 + 1)) {
        session.push(piece, at(second), |report| reports.take(report));
    }
    assert_eq!(reports.next(), ["telegram at 0", "telegram at 1"]);
    session.finish(|report| reports.take(report));
    assert_eq!(reports.next(), ["settled", "ended with 2 good"]);
    assert_eq!(session.frames(), 2);
    assert_eq!(session.offset(), frames.len() as u64);
}

#[test]
fn a_counter_that_does_not_grow_is_refused_of_a_live_source_alone() {
    for (live, second) in [(true, "replayed"), (false, "telegram")] {
        let mut settings = settings();
        settings.medium.live = live;
        let mut session = Session::new(&settings);
        let mut reports = Reports::default();
        for counter in [5, 5] {
            session.push(&frame(counter), None, |report| reports.take(report));
        }
        assert_eq!(reports.next(), ["telegram", second], "live: {live}");
    }
}

#[test]
fn records_are_reported_where_they_are_kept_and_outlast_a_session() {
    let mut settings = settings();
    settings.medium.live = true;
    settings.before = Some(Arc::default());
    let mut records = Records::default();
    Session::new(&settings).push(&frame(9), None, |report| {
        if let Report::Heard(title, record) = report {
            records.insert(title, *record);
        }
    });
    assert_eq!(records.len(), 1);
    settings.before = Some(Arc::new(records));
    let mut reports = Reports::default();
    Session::new(&settings).push(&frame(9), None, |report| reports.take(report));
    assert_eq!(reports.next(), ["replayed"]);
}

#[test]
fn half_a_frame_is_refused_at_the_end_and_not_where_reading_was_left() {
    let whole = frame(1);
    let (half, _) = whole.split_at(whole.len() / 2);
    let mut reports = Reports::default();
    let begin = || {
        let mut session = Session::new(&settings());
        session.push(&whole, None, |_| {});
        session.push(half, None, |_| {});
        session
    };
    begin().finish(|report| reports.take(report));
    let said = reports.next();
    let expected = ["truncated", "settled", "ended with 1 good"];
    assert_eq!(said, expected);
    begin().take(Input::Left, |report| reports.take(report));
    assert_eq!(reports.next(), ["settled", "ended with 1 good"]);
    begin().take(Input::Enough, |report| reports.take(report));
    assert_eq!(reports.next(), ["settled", "ended with 1 good"]);
    begin().take(Input::Broken, |report| reports.take(report));
    assert_eq!(reports.next(), ["truncated", "settled"], "no conclusion");
}

#[test]
fn what_is_refused_waits_where_it_may_be_repaired() {
    // Each CR became LF, as a tty in cooked mode makes it.
    let text = format("/Lux5meter", [("1-0:1.8.0", ["000025.653*kWh"])], true);
    let cooked: Vec<u8> = text
        .iter()
        .map(|&b| if b == b'\r' { b'\n' } else { b })
        .collect();
    let mut reports = Reports::default();
    for (repair, expected) in [
        (false, &["crc_mismatch at 0", "settled"][..]),
        (true, &["repaired telegram at 0", "settled"]),
    ] {
        let mut settings = Settings::new(Arc::default(), Zone::luxembourg());
        settings.repair = repair;
        let mut session = Session::new(&settings);
        session.push(&cooked, at(0), |report| reports.take(report));
        session.lost(|report| reports.take(report));
        let said = reports.next().into_iter();
        let said: Vec<_> = said
            .filter(|said| !said.starts_with("found") && !said.starts_with("junk"))
            .collect();
        assert_eq!(said, expected, "repair: {repair}");
    }
}

#[test]
fn a_shard_leaves_the_meters_of_others_alone() {
    let shards = ["1/2", "2/2"].map(|shard| shard.parse::<Shard>().unwrap());
    for shard in shards {
        let mut settings = settings();
        settings.shard = Some(shard);
        let mut session = Session::new(&settings);
        let mut reports = Reports::default();
        session.push(&frame(1), None, |report| reports.take(report));
        session.finish(|report| reports.take(report));
        let expected: &[&str] = match shard.has(TITLE) {
            true => &["telegram", "settled", "ended with 1 good"],
            false => &["settled", "ended with 0 good"],
        };
        assert_eq!(reports.next(), expected, "{shard}");
        assert_eq!(session.frames(), 1, "it is known to have frames");
    }
}

#[test]
fn new_keys_count_from_the_next_frame_on() {
    let mut session = Session::new(&Settings::new(Arc::default(), Zone::luxembourg()));
    let mut reports = Reports::default();
    session.push(&frame(1), None, |report| reports.take(report));
    session.set_keys(&settings().keys);
    session.push(&frame(2), None, |report| reports.take(report));
    assert_eq!(reports.next(), ["no_key", "telegram"]);
}

#[test]
fn gaps_are_findings_of_a_link_and_not_of_telegrams_that_were_chosen() {
    for (selected, found) in [(false, true), (true, false)] {
        let mut settings = settings();
        settings.medium.selected = selected;
        let mut session = Session::new(&settings);
        let mut reports = Reports::default();
        for counter in (1..12).map(|n| 10 * n) {
            session.push(&frame(counter), None, |report| reports.take(report));
        }
        session.finish(|report| reports.take(report));
        let said = reports.next();
        assert_eq!(
            said.iter().any(|said| said == "found missed"),
            found,
            "{said:?}"
        );
    }
}
