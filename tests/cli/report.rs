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
    for picture in ["power imported L1", "voltage L3", "power exported L2"] {
        assert!(page.text().contains(picture), "{picture}");
    }
}
