//! The store against the account of the same telegrams; what befalls its file.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::p1::cipher::Keys;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::period::{By, Ledger, Statement, Wanted};
use crate::p1::telegram::format;
use crate::p1::value::Zone;
use crate::source::database::{Database, Stored, VERSION};
use crate::source::testing::Folder;

/// Days that telegrams are kept.
fn options(days: u64) -> StoreOptions {
    StoreOptions {
        keep: Duration::from_secs(days * 86_400),
        step: None,
    }
}

/// A telegram of a meter at a second, with an energy in Wh, a voltage and a gas reading of the hour.
fn telegram(meter: &str, second: i64, watt_hours: i64) -> Vec<u8> {
    let clock = |second: i64| {
        let at = Timestamp::from_second(second).unwrap();
        let zone = Zone::luxembourg();
        let at = at.to_zoned(zone.rules().clone());
        let season = if at.offset().seconds() == 7200 {
            "S"
        } else {
            "W"
        };
        format!("{}{season}", at.strftime("%y%m%d%H%M%S"))
    };
    let captured = clock(second - second.rem_euclid(3600));
    let lines = [
        ("0-0:42.0.0", hex::encode_upper(meter)),
        ("0-0:1.0.0", clock(second)),
        ("1-0:1.8.0", format!("{}*kWh", Decimal::new(watt_hours, 3))),
        (
            "1-0:32.7.0",
            format!("{}.0*V", 220 + watt_hours.rem_euclid(20)),
        ),
        ("0-1:24.1.0", "003".to_owned()),
        (
            "0-1:24.2.1",
            format!("{captured})({}.000*m3", second / 3600),
        ),
    ];
    let lines = lines
        .iter()
        .map(|(code, value)| (*code, value.split(")(").collect::<Vec<_>>()));
    format("/SMY5\\meter", lines, true)
}

fn put(store: &mut Store, text: &[u8], received: Option<i64>) -> Vec<Notice> {
    let context = Context {
        received_at: received.map(|second| Timestamp::from_second(second).unwrap()),
        ..Context::default()
    };
    let mut said = Vec::new();
    let mut tell = |report: &Report<'_>| match store.observe(&context, report) {
        Flow::Say(notices) => said.extend(notices),
        flow => assert_eq!(flow, Flow::Continue),
    };
    each(text, &mut |event| {
        tell(&Report::Event { event, refusals: 0 });
    });
    tell(&Report::Tick(Timestamp::UNIX_EPOCH));
    said
}

fn each(text: &[u8], take: &mut dyn FnMut(&Event<'_>)) {
    let keys = Arc::new(Keys::default());
    let mut decoder = Decoder::new(keys, Policy::default(), Zone::luxembourg());
    decoder.push(text, |event| take(event));
    decoder.finish(|event| take(event));
}

fn by_quarters(ledger: &Ledger) -> Option<Statement> {
    ledger.statement(&Wanted {
        by: Some(By::Quarter),
        zone: Zone::luxembourg(),
        from: None,
        to: None,
        reference: None,
        prices: None,
        measured: true,
        latest: i64::MAX / 2,
    })
}

/// The account of a store.
fn stored(path: &Path, meter: &str) -> Ledger {
    let mut ledger = Ledger::default();
    let store = Database::open(path).unwrap();
    let take = &mut |found: &crate::source::database::StoredMeter, stored: Stored<'_>| {
        if found.name != meter {
            return;
        }
        match stored {
            Stored::Heard { start, seconds } => ledger.hear_all(start, seconds),
            Stored::Counted { key, second, value } => ledger.count(key, second, value),
            Stored::Measured { key, second, value } => ledger.measure(key, second, value),
        }
    };
    store.periods(take).unwrap();
    ledger
}

/// The texts of the telegrams that are kept.
fn texts(path: &Path) -> Vec<u8> {
    let mut telegrams = Database::open(path).unwrap().telegrams().unwrap();
    let mut all = Vec::new();
    let mut buf = [0; 1000];
    loop {
        match telegrams.read(&mut buf).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&buf[..count]),
        }
    }
}

const START: i64 = 1_774_612_800;

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn statements_of_a_store_are_those_of_its_telegrams(
        steps in proptest::collection::vec((1i64..2000, -3i64..40), 1..60),
        exchange in 0usize..90,
        restarts in 0usize..7,
        minutes in prop_oneof![Just(1i64), Just(5), Just(15)],
    ) {
        let folder = Folder::new();
        let path = folder.path("house.db");
        let options = StoreOptions { step: Some(minutes * 60), ..options(3650) };
        let mut ledger = Ledger::default();
        let mut store = Some(Store::open(&path, options).unwrap());
        let (mut second, mut count) = (START, 100_000);
        for (index, (apart, risen)) in steps.iter().enumerate() {
            second += apart;
            count = if index == exchange { 0 } else { (count + risen).max(0) };
            let text = telegram("SMY1", second, count);
            each(&text, &mut |event| {
                if let Event::Telegram(decoded) = event {
                    ledger.take(&decoded.telegram, None);
                }
            });
            put(store.as_mut().unwrap(), &text, None);
            if restarts > 0 && index % restarts == 0 {
                drop(store.take());
                store = Some(Store::open(&path, options).unwrap());
            }
        }
        let found = by_quarters(&stored(&path, "SMY1"));
        prop_assert_eq!(found, by_quarters(&ledger));
    }
}

#[test]
fn telegrams_are_kept_as_they_came_and_as_long_as_wanted() {
    let folder = Folder::new();
    let path = folder.path("house.db");
    let mut store = Store::open(&path, options(1)).unwrap();
    let mut all = Vec::new();
    // Of two meters, every ten minutes for three days.
    for step in 0..432 {
        for meter in ["SMY1", "SMY2"] {
            let text = telegram(meter, START + step * 600, step);
            put(&mut store, &text, None);
            all.push(text);
        }
    }
    store.prune();
    let kept = texts(&path);
    let last_day = all[2 * 288..].concat();
    assert!(kept.ends_with(&last_day));
    assert_eq!(kept, all.concat()[all.concat().len() - kept.len()..]);
    drop(store);
    // A base is as long there as what is packed with it.
    let mut store = Store::open(&path, options(1)).unwrap();
    put(
        &mut store,
        &telegram("SMY1", START + 30 * 86_400 + 10, 500),
        None,
    );
    store.prune();
    let kept = texts(&path);
    let zone = |text: &[u8]| memchr::memmem::find_iter(text, b"534D5931").count();
    assert_eq!(zone(&kept), 1, "of the first meter the new one alone");
    assert_eq!(
        by_quarters(&stored(&path, "SMY1")).unwrap().total.telegrams,
        433
    );
}

#[test]
fn when_telegrams_were_received_is_kept() {
    let folder = Folder::new();
    let path = folder.path("house.db");
    let mut store = Store::open(&path, options(1)).unwrap();
    let text = telegram("SMY1", START, 1);
    put(&mut store, &text, Some(START + 2));
    let log = String::from_utf8(texts(&path)).unwrap();
    let line = log.lines().nth(1).unwrap();
    assert!(
        line.starts_with("2026-03-27T12:00:02.000000Z - p1 "),
        "{log}"
    );
    assert!(line.ends_with(&hex::encode_upper(&text)));
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let folder = Folder::new();
    let path = folder.path("house.db");
    let mut store = Store::open(&path, options(1)).unwrap();
    put(&mut store, &telegram("SMY1", START, 1), None);
    let error = Store::open(&path, options(1)).err().unwrap();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    // A reader sees one moment, however long it reads.
    let mut slow = Database::open(&path).unwrap().telegrams().unwrap();
    put(&mut store, &telegram("SMY1", START + 10, 2), None);
    let mut buf = [0; 1 << 16];
    let count = slow.read(&mut buf).unwrap();
    assert_eq!(&buf[..count], telegram("SMY1", START, 1));
    assert_eq!(slow.read(&mut buf).unwrap(), 0);
    assert_eq!(
        by_quarters(&stored(&path, "SMY1")).unwrap().total.telegrams,
        2
    );
}

#[test]
fn what_cannot_be_written_is_said_once_and_made_up_for() {
    let folder = Folder::new();
    for fault in ["PRAGMA query_only = 1", "PRAGMA max_page_count = 1"] {
        let path = folder.path(&format!("{}.db", fault.len()));
        let mut ledger = Ledger::default();
        let mut store = Store::open(&path, options(1)).unwrap();
        let mut said = Vec::new();
        for step in 0..2000 {
            match step {
                10 => drop(store.connection.query_row(fault, [], |_| Ok(()))),
                1990 => {
                    let mend = "PRAGMA query_only = 0; PRAGMA max_page_count = 1000000";
                    drop(store.connection.execute_batch(mend));
                    store.failing.as_mut().unwrap().tried -= TRY_AGAIN;
                }
                _ => {}
            }
            let text = telegram("SMY1", START + step * 60, step);
            said.extend(put(&mut store, &text, None));
            each(&text, &mut |event| {
                if let Event::Telegram(decoded) = event {
                    ledger.take(&decoded.telegram, None);
                }
            });
        }
        let said: Vec<String> = said.into_iter().map(|notice| notice.what).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("decoding goes on"), "{said:?}");
        assert!(said[1].contains("is written again"), "{said:?}");
        assert_eq!(
            by_quarters(&stored(&path, "SMY1")),
            by_quarters(&ledger),
            "{fault}"
        );
    }
}

#[test]
fn counters_get_more_digits_when_they_need_them() {
    let folder = Folder::new();
    let path = folder.path("house.db");
    let mut store = Store::open(&path, options(1)).unwrap();
    let line = |second: i64, value: &str| {
        let text = String::from_utf8(telegram("SMY1", second, 0)).unwrap();
        let begin = text.find("1-0:1.8.0(").unwrap() + 10;
        let end = begin + text[begin..].find('*').unwrap();
        let text = format!("{}{value}{}", &text[..begin], &text[end..]);
        let body = &text[..=text.find('!').unwrap()];
        let crc = crate::p1::readout::crc16(body.as_bytes());
        format!("{body}{crc:04X}\r\n")
    };
    for (second, value) in [(0, "12"), (10, "12.5"), (1000, "13"), (2000, "13.125")] {
        put(&mut store, line(START + second, value).as_bytes(), None);
    }
    let statement = by_quarters(&stored(&path, "SMY1")).unwrap();
    assert_eq!(statement.total.counted[0].unwrap().to_string(), "1.125");
    let view = "SELECT active_energy_import_kwh FROM periods ORDER BY start";
    let first: f64 = store
        .connection
        .query_row(view, [], |row| row.get(0))
        .unwrap();
    assert_eq!(first, 12.5);
}

#[test]
fn other_databases_and_later_versions_are_refused() {
    let folder = Folder::new();
    let path = folder.path("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE a (b)").unwrap();
    drop(other);
    let error = Store::open(&path, options(1)).err().unwrap().to_string();
    assert!(error.contains("not one of smarty"), "{error}");
    let path = folder.path("house.db");
    let store = Store::open(&path, options(1)).unwrap();
    store
        .connection
        .pragma_update(None, "user_version", 99)
        .unwrap();
    drop(store);
    for error in [
        Store::open(&path, options(1)).err().unwrap().to_string(),
        Database::open(&path).err().unwrap().to_string(),
    ] {
        assert!(
            error.contains("later version of smarty (schema 99"),
            "{error}"
        );
    }
    std::fs::write(
        folder.path("text.db"),
        "house house house house house house",
    )
    .unwrap();
    let error = Store::open(&folder.path("text.db"), options(1))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("is not a database"), "{error}");
    let error = Store::open(&folder.path("no/house.db"), options(1))
        .err()
        .unwrap();
    assert!(
        matches!(error, StoreError::File(FileError::NoFolder { .. })),
        "{error}"
    );
}

#[test]
fn a_store_has_one_length_of_periods() {
    let folder = Folder::new();
    let path = folder.path("house.db");
    let five = StoreOptions {
        step: Some(300),
        ..options(1)
    };
    drop(Store::open(&path, five).unwrap());
    drop(Store::open(&path, options(1)).unwrap());
    let other = StoreOptions {
        step: Some(900),
        ..five
    };
    let error = Store::open(&path, other).err().unwrap();
    assert!(
        matches!(error, StoreError::OtherStep { there: 300, .. }),
        "{error}"
    );
}

#[test]
fn gaps_are_told() {
    let folder = Folder::new();
    let path = folder.path("house.db");
    let mut store = Store::open(&path, options(1)).unwrap();
    for second in [0, 10, 20, 620, 630] {
        put(&mut store, &telegram("SMY1", START + second, second), None);
    }
    let sql = "SELECT kind, meter, start, until, count FROM event";
    let gap = store.connection.query_row(sql, [], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ))
    });
    let expected = (
        "gap".to_owned(),
        "SMY1".to_owned(),
        START + 20,
        START + 620,
        59,
    );
    assert_eq!(gap, Ok(expected));
}

/// What a row takes on disk: a year and a week would be too long for each run of the tests.
#[test]
fn rows_are_small() {
    let folder = Folder::new();
    let size = |path: &Path| {
        let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let connection = Connection::open(path).unwrap();
        let size: i64 = connection.query_row(pages, [], |row| row.get(0)).unwrap();
        size
    };
    let path = folder.path("quarters.db");
    let mut store = Store::open(&path, options(0)).unwrap();
    let empty = size(&path);
    let mut text = Vec::new();
    for step in 0..2000 {
        text.extend(telegram("SMY1", START + step * 450, step * 77));
    }
    put(&mut store, &text, None);
    let each = (size(&path) - empty) / 1000;
    assert!(each < 60, "{each} bytes a quarter of two counters");
}

#[test]
fn names_that_anybody_can_write_leave_places_for_those_who_prove_theirs() {
    let folder = Folder::new();
    let mut store = Store::open(&folder.path("house.db"), options(0)).unwrap();
    let take = |store: &mut Store, number: usize, keyed: bool| {
        let context = Context {
            keyed,
            ..Context::default()
        };
        let text = telegram(&format!("SMY{number:05}"), START, 1);
        each(&text, &mut |event| {
            let report = Report::Event { event, refusals: 0 };
            assert_ne!(store.observe(&context, &report), Flow::Failed);
        });
    };
    for number in 0..METERS_MAX {
        take(&mut store, number, false);
    }
    assert_eq!(store.meters.len(), METERS_MAX / 2);
    take(&mut store, 90_000, true);
    assert!(store.meters.contains_key("SMY90000"));
}

/// What an earlier version left behind: the steps after it undone.
fn turned_back(path: &Path) {
    let old = Connection::open(path).unwrap();
    let undo =
        "DROP INDEX telegram_of_meter; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE)";
    old.execute_batch(undo).unwrap();
}

fn version_of(path: &Path) -> (i64, i64) {
    let database = Connection::open(path).unwrap();
    let version = "PRAGMA user_version";
    let indices =
        "SELECT count(*) FROM sqlite_schema WHERE name = 'telegram_of_meter' AND type = 'index'";
    let number = |sql| database.query_row(sql, [], |row| row.get(0)).unwrap();
    (number(version), number(indices))
}

#[test]
fn a_store_of_an_earlier_version_goes_on_with_all_that_it_holds() {
    let folder = Folder::new();
    let path = folder.path("house.db");
    let mut ledger = Ledger::default();
    let mut keep = |store: &mut Store, steps: std::ops::Range<i64>| {
        for step in steps {
            let text = telegram("SMY1", START + step * 60, step * 3);
            put(store, &text, None);
            each(&text, &mut |event| {
                if let Event::Telegram(decoded) = event {
                    ledger.take(&decoded.telegram, None);
                }
            });
        }
        by_quarters(&ledger)
    };
    let mut store = Store::open(&path, options(1)).unwrap();
    let before = keep(&mut store, 0..100);
    drop(store);
    turned_back(&path);
    assert_eq!(version_of(&path), (1, 0));
    // Who reads it only leaves it as it is.
    assert_eq!(by_quarters(&stored(&path, "SMY1")), before);
    assert_eq!(version_of(&path), (1, 0));
    let mut store = Store::open(&path, options(1)).unwrap();
    let after = keep(&mut store, 100..200);
    let view = "SELECT count(active_energy_import_kwh) FROM periods";
    let rows: i64 = store
        .connection
        .query_row(view, [], |row| row.get(0))
        .unwrap();
    assert!(rows > 10, "{rows}");
    drop(store);
    assert_eq!(version_of(&path), (VERSION, 1));
    assert_eq!(by_quarters(&stored(&path, "SMY1")), after);
    assert_eq!(
        texts(&path).iter().filter(|byte| **byte == b'!').count(),
        200
    );
}

#[test]
fn a_step_to_a_later_version_that_fails_changes_nothing() {
    let folder = Folder::new();
    let path = folder.path("house.db");
    let mut store = Store::open(&path, options(1)).unwrap();
    put(&mut store, &telegram("SMY1", START, 1), None);
    drop(store);
    turned_back(&path);
    let in_the_way = "CREATE TABLE telegram_of_meter (a)";
    let old = Connection::open(&path).unwrap();
    old.execute_batch(in_the_way).unwrap();
    drop(old);
    let error = Store::open(&path, options(1)).err().unwrap().to_string();
    assert!(error.contains("telegram_of_meter"), "{error}");
    assert_eq!(version_of(&path), (1, 0));
    assert_eq!(
        by_quarters(&stored(&path, "SMY1")).unwrap().total.telegrams,
        1
    );
}

#[test]
fn values_that_are_left_out_are_said_once_for_each_meter() {
    let folder = Folder::new();
    let mut store = Store::open(&folder.path("house.db"), options(0)).unwrap();
    let text = |meter: &str, second: i64, value: &str| {
        let lines = [
            ("0-0:42.0.0", hex::encode_upper(meter)),
            ("1-0:1.8.0", format!("{value}*kWh")),
            ("1-0:2.8.0", format!("{second}*kWh")),
        ];
        let lines = lines.iter().map(|(code, value)| (*code, [value.as_str()]));
        let text = format("/SMY5\\meter", lines, true);
        (text, START + second)
    };
    let mut said = Vec::new();
    for (second, value) in [
        "1.1234567",
        "2.1234567",
        "1000000000000",
        "12345678901234567890",
        "3.123456",
    ]
    .iter()
    .enumerate()
    {
        for meter in ["SMY1", "SMY2"] {
            let (text, at) = text(meter, second as i64 * 10, value);
            said.extend(put(&mut store, &text, Some(at)));
        }
    }
    let said: Vec<String> = said.into_iter().map(|notice| notice.what).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    for (meter, said) in ["SMY1", "SMY2"].iter().zip(&said) {
        let what = std::format!(
            "active_energy_import_kwh 1.1234567 of {meter} is left out: a store keeps 12 digits before the point and 6 behind it"
        );
        assert!(said.ends_with(&what), "{said}");
    }
}
