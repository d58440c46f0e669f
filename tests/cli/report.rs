//! `smarty report`: sums by periods against the counters.

use super::run::{Done, Folder, smarty, words};
use insta::assert_snapshot;

/// A recording of some days at a telegram a minute, over the change of clock.
fn recording(folder: &Folder, seed: u32) {
    let seed = format!("--seed={seed}");
    let recorded = words([
        "simulate",
        "--profile=lu-full",
        "--plain",
        "--period=60s",
        "--start=2026-03-28T13:07:30+01:00",
        "--count=4000",
        "--out=house.txt",
        &seed,
    ]);
    assert_eq!(recorded.within(folder).done().exit, Some(0));
}

fn report(folder: &Folder, options: &[&str]) -> Done {
    let options = options.iter().copied();
    words(["report", "house.txt"].into_iter().chain(options))
        .within(folder)
        .done()
}

/// The first number under a key in a line of JSON, in thousandths; 0 where there is none.
fn thousandths(line: &str, key: &str) -> i64 {
    let Some((_, rest)) = line.split_once(&format!("\"{key}\":")) else {
        return 0;
    };
    let number = rest.split([',', '}']).next().unwrap();
    let (whole, part) = number.split_once('.').unwrap();
    assert_eq!(part.len(), 3, "{number}");
    format!("{whole}{part}").parse().unwrap()
}

#[test]
fn rows_of_every_kind_add_up_to_the_counters() {
    let folder = Folder::new();
    recording(&folder, 1);
    let parsed = smarty("parse house.txt --json").within(&folder).done();
    let telegrams: Vec<&str> = parsed.text().lines().collect();
    for by in ["quarter", "hour", "day", "week", "month", "year"] {
        let done = report(&folder, &["--json", "--by", by]);
        assert_eq!(done.exit, Some(0), "{done}");
        let rows: Vec<&str> = done.text().lines().collect();
        for key in [
            "active_energy_import_kwh",
            "active_energy_export_kwh",
            "gas_m3",
        ] {
            let sum: i64 = rows.iter().map(|row| thousandths(row, key)).sum();
            let (first, last) = (telegrams[0], telegrams[telegrams.len() - 1]);
            let counted = thousandths(last, key) - thousandths(first, key);
            assert_eq!(sum, counted, "{by} {key}");
        }
        let rows = done.json();
        let heard: u64 = rows
            .iter()
            .map(|row| row["telegrams"].as_u64().unwrap())
            .sum();
        assert_eq!(heard, 4000, "{by}");
        for pair in rows.windows(2) {
            assert_eq!(pair[0]["end"], pair[1]["start"]);
        }
    }
}

#[test]
fn the_day_on_which_the_clock_changes_has_23_hours() {
    let folder = Folder::new();
    recording(&folder, 2);
    let rows = report(&folder, &["--json", "--by=day", "--reference-power=1kW"]).json();
    let starts = rows.iter().map(|row| row["start"].as_str().unwrap());
    assert_eq!(
        starts.collect::<Vec<_>>(),
        [
            "2026-03-28T00:00:00+01:00",
            "2026-03-29T00:00:00+01:00",
            "2026-03-30T00:00:00+02:00",
            "2026-03-31T00:00:00+02:00"
        ]
    );
    assert_eq!(rows[1]["telegrams"], 23 * 60);
    assert_eq!(rows[1]["sure"], true);
    assert_eq!(rows[0]["sure"], false);
    let table = report(&folder, &["--reference-power=1kW"]);
    assert_snapshot!("report_table", table);
    assert_snapshot!("report_csv", report(&folder, &["--csv", "--by", "week"]));
}

#[test]
fn order_and_overlap_of_recordings_change_nothing() {
    let folder = Folder::new();
    recording(&folder, 3);
    let whole = folder.read("house.txt");
    let cut = |share: usize| {
        let near = whole.len() * share / 10;
        near + memchr::memchr(b'/', &whole[near..]).unwrap()
    };
    folder.file("a.txt", &whole[..cut(6)]);
    folder.file("b.txt", &whole[cut(4)..]);
    let expected = report(&folder, &["--json"]);
    let turned = smarty("report b.txt a.txt --json").within(&folder).done();
    assert_eq!(turned.text(), expected.text());
}

#[test]
fn what_cannot_be_summed_up_says_why() {
    let folder = Folder::new();
    recording(&folder, 4);
    for (name, options) in [
        ("empty_time", &["--from=2020-01-01", "--to=2020-01-02"][..]),
        ("turned", &["--from=2026-03-30", "--to=2026-03-29"]),
        ("no_quarter", &["--from=2026-03-29T10:07"]),
        ("no_time", &["--from=yesterday"]),
        ("no_period", &["--by=fortnight"]),
        ("taken", &["--out=house.txt"]),
    ] {
        assert_snapshot!(format!("report_{name}"), report(&folder, options));
    }
}

#[test]
fn prices_make_costs() {
    let folder = Folder::new();
    recording(&folder, 5);
    let hours = (0..72).map(|hour| {
        let day = 28 + hour / 24;
        format!("2026-03-{day}T{:02}:00,{}.5\n", hour % 24, 40 + hour)
    });
    // An hour does not exist; the last one before it holds no longer than it does.
    let hours: Vec<String> = hours.filter(|row| !row.contains("29T02")).collect();
    folder.file("spot.csv", format!("start,eur_mwh\n{}", hours.concat()));
    folder.file(
        "smarty.toml",
        "reference_power = \"3kW\"\n[prices]\nimport = { file = \"spot.csv\", per = \"MWh\", plus = 0.085 }\n\
         export = 0.08\nstanding_day = \"0.10\"\nexcess = \"0.1139\"\n\
         reference_power_month = { 7kW = \"14.98\", 3kW = \"7.42\", 12kW = 24.5 }\n",
    );
    let config = ["--config=smarty.toml", "--by=day"];
    assert_snapshot!("report_costs", report(&folder, &config));
    let rows = report(&folder, &["--config=smarty.toml", "--by=day", "--json"]);
    assert_snapshot!("report_costs_json", rows.text().lines().last().unwrap());
    let hour = [
        "--config=smarty.toml",
        "--json",
        "--from=2026-03-29T10:00",
        "--to=2026-03-29T10:15",
    ];
    let hour = &report(&folder, &hour).json()[0]["values"];
    // 2026-03-29T10 is row 34: 74.5 a MWh, and 0.085 a kWh.
    let number = |key: &str| hour[key].as_f64().unwrap();
    let expected = number("active_energy_import_kwh") * (0.0745 + 0.085);
    assert!(
        (number("cost_import_eur") - expected).abs() < 1e-9,
        "{hour}"
    );
}

#[test]
fn prices_that_are_none_say_why() {
    let folder = Folder::new();
    recording(&folder, 5);
    folder.file(
        "bad.csv",
        "start,price\n2026-03-28T00:00,0.1\nyesterday,0.2\n",
    );
    folder.file("empty.csv", "start,price\n");
    let mut all = String::new();
    for line in [
        "import = \"much\"",
        "import = { day = \"0.2\" }",
        "import = { \"06:10-22:00\" = \"0.2\" }",
        "import = { tariff_1 = \"0.2\", other = \"0.1\" }",
        "import = { file = \"none.csv\" }",
        "import = { file = \"bad.csv\" }",
        "import = { file = \"empty.csv\" }",
        "import = { file = \"bad.csv\", per = \"Wh\" }",
        "currency = \"euros\"",
        "reference_power_month = { 7 = \"1\" }",
        "standing = 3",
    ] {
        folder.file("smarty.toml", format!("[prices]\n{line}\n"));
        let done = report(&folder, &["--config=smarty.toml"]);
        all.push_str(&format!("{line}\n{done}\n\n"));
    }
    assert_snapshot!("report_no_prices", all);
}

#[test]
fn one_telegram_alone_says_that_two_are_needed() {
    let folder = Folder::new();
    recording(&folder, 6);
    let whole = folder.read("house.txt");
    let one = memchr::memchr(b'!', &whole).unwrap();
    folder.file("house.txt", &whole[..one + 7]);
    assert_snapshot!("report_one_telegram", report(&folder, &[]));
}

#[test]
fn a_page_has_the_periods_that_were_asked_for() {
    let folder = Folder::new();
    recording(&folder, 7);
    for (by, found) in [("week", true), ("day", false)] {
        let page = report(&folder, &["--html", "--by", by]);
        assert_eq!(page.exit, Some(0));
        assert_eq!(page.text().contains(&format!("By {by}")), found);
    }
    let page = report(&folder, &["--html"]);
    for picture in [
        "power imported L1",
        "voltage, by phase",
        "voltage L3",
        "power exported L2",
    ] {
        assert!(page.text().contains(picture), "{picture}");
    }
}

/// Telegrams of a meter over a change of clock, with pauses, an exchange of the meter, and a gas meter that is read each
/// hour; what is random follows from the seed.
fn household(seed: u64, start: &str) -> String {
    let mut state = seed;
    let mut below = |limit: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let zone = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let written = |at: jiff::Timestamp| {
        let info = zone.to_offset_info(at);
        let letter = if info.dst().is_dst() { 'S' } else { 'W' };
        let local = info.offset().to_datetime(at);
        format!("{}{letter}", local.strftime("%y%m%d%H%M%S"))
    };
    let mut at: jiff::Timestamp = start.parse().unwrap();
    let (mut import, mut export, mut gas, mut read) = (1_234_000, 77, 5000, at);
    let mut text = String::new();
    for number in 0..700 {
        let pause = if below(60) == 0 { below(20_000) } else { 0 };
        at += jiff::SignedDuration::from_secs((240 + below(30) + pause) as i64);
        import += below(400) * below(3);
        export += below(50);
        if at.as_second() - read.as_second() > 3600 {
            gas += below(200);
            read = at - jiff::SignedDuration::from_secs(below(600) as i64);
        }
        if number == 400 {
            (import, export) = (3, 0);
        }
        let volts = 2200 + below(300);
        text.push_str(&format!(
            "/ABC5meter\r\n\r\n0-0:1.0.0({})\r\n0-0:96.1.1(4B303031)\r\n1-0:1.8.1({:010.3}*kWh)\r\n\
             1-0:1.8.2(000010.000*kWh)\r\n1-0:2.8.0({}*Wh)\r\n0-0:96.7.21({:05})\r\n1-0:32.7.0({:05.1}*V)\r\n\
             1-0:31.7.0(003*A)\r\n0-1:24.1.0(003)\r\n0-1:96.1.0(4730)\r\n0-1:24.2.1({})({:09.3}*m3)\r\n\
             0-2:24.1.0(007)\r\n0-2:24.2.1({})(00012.5*m3)\r\n1-0:99.99.9(what)\r\n!\r\n",
            written(at),
            import as f64 / 1000.0,
            export,
            number / 100,
            volts as f64 / 10.0,
            written(read),
            gas as f64 / 1000.0,
            written(at),
        ));
    }
    text
}

/// Statements of the recording `house.txt` and of an archive of it, by hours and in one; `strip` takes away what the
/// archive does not have.
fn same_statements(folder: &Folder, archive: &str, strip: &dyn Fn(&str) -> String) {
    for options in [
        &["--by=quarter", "--json"][..],
        &["--by=day", "--csv"],
        &["--by=month", "--json"],
    ] {
        let of = |input: &str| {
            let arguments = ["report", input].into_iter().chain(options.iter().copied());
            let done = words(arguments).within(folder).done();
            assert_eq!(done.exit, Some(0), "{input}: {done}");
            strip(done.text())
        };
        assert_eq!(of(archive), of("house.txt"), "{archive} {options:?}");
    }
}

/// Starts before the change to summer and before the one to winter.
const CHANGES: [&str; 2] = ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"];

#[test]
fn archives_of_json_give_the_same_statements() {
    for (seed, start) in CHANGES.iter().cycle().take(4).enumerate() {
        let folder = Folder::new();
        folder.file("house.txt", household(seed as u64, start));
        for (form, archive) in [
            ("--json", "full.json"),
            ("--json=flat", "flat.json"),
            ("--json", "again.json"),
        ] {
            let input = if archive == "again.json" {
                "full.json"
            } else {
                "house.txt"
            };
            let parsed = words(["parse", input, form, "-o", archive])
                .within(&folder)
                .done();
            assert_eq!(parsed.exit, Some(0), "{parsed}");
        }
        same_statements(&folder, "full.json", &str::to_owned);
        same_statements(&folder, "again.json", &str::to_owned);
        // When the gas meter was read stands in none of its lines; what was read does.
        let without_gas = |text: &str| {
            let mut text = text.to_owned();
            for key in ["\"gas_m3\":", "\"water_m3\":"] {
                while let Some(at) = text.find(key) {
                    let end = at + text[at..].find([',', '}']).unwrap();
                    text.replace_range(at..=end, "");
                }
            }
            text.lines().filter(|line| line.starts_with('{')).collect()
        };
        same_statements(&folder, "flat.json", &without_gas);
    }
}

#[test]
fn an_archive_says_which_meter_it_was_when_it_came_and_which_tag_did_not_fit() {
    let folder = Folder::new();
    let frames = "simulate --encrypted --profile=lu-full --meters=2 --period=60s --count=40 --seed=3 --keyring=ring.toml -o=house.bin";
    assert_eq!(smarty(frames).within(&folder).done().exit, Some(0));
    let report = |input: &str, options: &[&str]| {
        let options = options.iter().copied();
        let words = words(
            ["report", "--json", "--by=hour", input]
                .into_iter()
                .chain(options),
        );
        words.within(&folder).done()
    };
    let ring = ["--keyring=ring.toml"];
    let parse = "parse --json --keyring=ring.toml -o=house.json house.bin";
    assert_eq!(smarty(parse).within(&folder).done().exit, Some(0));
    let expected = report("house.bin", &ring);
    assert!(
        expected.text().contains("\"name\":\"meter 2\""),
        "{expected}"
    );
    assert_eq!(report("house.json", &[]).text(), expected.text());
    let id = expected.json()[0]["meter"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let one = report("house.json", &["--meter", &id]);
    assert_eq!(
        one.text(),
        report("house.bin", &["--meter", &id, ring[0]]).text()
    );
    // Of some fields, there is no text that the CRC could be of.
    let parse =
        "parse --json -F=clock,active_energy_import --keyring=ring.toml -o=some.json house.bin";
    assert_eq!(smarty(parse).within(&folder).done().exit, Some(0));
    let some = report("some.json", &[]);
    assert_eq!(some.exit, Some(0), "{some}");
    let energy = |done: &Done| -> Vec<serde_json::Value> {
        let rows = done.json();
        rows.iter()
            .map(|row| row["values"]["active_energy_import_kwh"].clone())
            .collect()
    };
    assert_eq!(energy(&some), energy(&expected));
    // A tag that did not fit.
    let doubted = String::from_utf8(folder.read("house.json"))
        .unwrap()
        .replace("\"tag\":\"valid\"", "\"tag\":\"invalid\"");
    folder.file("doubted.json", doubted);
    assert_eq!(report("doubted.json", &[]).exit, Some(5));
    // Times at which telegrams came, where the meter has no clock, and the label.
    let log = "# smarty-log 1  started=2026-11-23T08:15:01.002Z\n";
    let record = |minute: u64| {
        let text = format!("/ABC5x\r\n\r\n1-0:1.8.0({minute:06}.5*kWh)\r\n!\r\n");
        let digits: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
        format!(
            "2026-11-23T08:{minute:02}:04.123456Z flat p1 {} {digits}\n",
            text.len()
        )
    };
    folder.file(
        "flat.log",
        format!("{log}{}", (16..50).map(record).collect::<String>()),
    );
    let parse = "parse --json -o=flat.json flat.log";
    assert_eq!(smarty(parse).within(&folder).done().exit, Some(0));
    let expected = report("flat.log", &[]);
    assert!(expected.text().contains("\"name\":\"flat\""), "{expected}");
    assert_eq!(report("flat.json", &[]).text(), expected.text());
}

#[cfg(feature = "parquet")]
#[test]
fn archives_of_parquet_give_the_same_statements() {
    for (seed, start) in CHANGES.iter().cycle().take(4).enumerate() {
        let folder = Folder::new();
        folder.file("house.txt", household(seed as u64, start));
        let parsed = smarty("parse house.txt --format parquet -o house.parquet")
            .within(&folder)
            .done();
        assert_eq!(parsed.exit, Some(0), "{parsed}");
        same_statements(&folder, "house.parquet", &str::to_owned);
    }
    let folder = Folder::new();
    for profile in [
        "lu-full", "nl42", "nl5", "be", "hu", "se", "lt", "at", "pl-stoen",
    ] {
        let simulate = format!(
            "simulate --profile={profile} --period=120s --start=2026-10-24T20:07:30+02:00 --count=400 --seed=8 --force -o=house.txt"
        );
        let encrypts = matches!(profile, "at" | "pl-stoen");
        let simulate = match encrypts {
            true => format!("{simulate} --keyring={profile}.toml"),
            false => simulate + if profile == "lu-full" { " --plain" } else { "" },
        };
        let simulated = smarty(&simulate).within(&folder).done();
        assert_eq!(simulated.exit, Some(0), "{simulated}");
        let ring = format!("--keyring={profile}.toml");
        let ring = encrypts.then_some(ring.as_str());
        let done = |words_of: &[&str]| {
            let done = words(words_of.iter().copied().chain(ring))
                .within(&folder)
                .done();
            assert_eq!(done.exit, Some(0), "{profile}: {done}");
            done
        };
        let _ = done(&[
            "parse",
            "house.txt",
            "--format=parquet",
            "--force",
            "-o=house.parquet",
        ]);
        let expected = done(&["report", "house.txt", "--json", "--by=hour"]);
        let found = words(["report", "house.parquet", "--json", "--by=hour"])
            .within(&folder)
            .done();
        assert_eq!(found.text(), expected.text(), "{profile}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_damaged_file_of_parquet_is_refused_or_read() {
    let folder = Folder::new();
    folder.file("house.txt", household(1, CHANGES[0]));
    let parsed = smarty("parse house.txt --format parquet -o house.parquet")
        .within(&folder)
        .done();
    assert_eq!(parsed.exit, Some(0), "{parsed}");
    let whole = folder.read("house.parquet");
    for step in 0..60 {
        let mut bytes = whole.clone();
        let at = whole.len() * step / 60 + step % 7;
        if let Some(byte) = bytes.get_mut(at).filter(|_| at > 3) {
            *byte ^= 1 << (step % 8);
        }
        if step % 10 == 9 {
            bytes.truncate(at);
        }
        folder.file("bad.parquet", bytes);
        let done = smarty("report bad.parquet --json").within(&folder).done();
        assert!(
            matches!(done.exit, Some(0 | 1 | 3 | 5)),
            "byte {at}: {done}"
        );
        assert!(!format!("{done}").contains("panicked"), "byte {at}: {done}");
    }
    folder.file("other.parquet", b"PAR1");
    let done = smarty("report other.parquet").within(&folder).done();
    assert_eq!(done.exit, Some(3), "{done}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn what_is_absent_in_the_build_is_named_where_an_archive_of_it_is_read() {
    let folder = Folder::new();
    folder.file("house.parquet", b"PAR1 and more");
    let done = smarty("report house.parquet").within(&folder).done();
    assert_eq!(done.exit, Some(3), "{done}");
    let said = &done.stderr;
    assert!(
        said.contains("this build of smarty has no Parquet"),
        "{said}"
    );
    assert!(said.contains("--features parquet"), "{said}");
}
