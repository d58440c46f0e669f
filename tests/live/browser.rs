//! The page in a browser: headless Chromium, where there is one.

use std::process::{Command, Stdio};

use super::bench::{Bench, Run};

/// Chromium under one of its names.
fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find(|name| {
        let version = Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        version.is_ok_and(|status| status.success())
    })
}

/// The page some seconds after it was loaded, as its script has made it, and what the console says.
fn look(chromium: &str, bench: &Bench, address: &str, width: u32) -> (String, String) {
    let profile = bench.path(&format!("browser-{width}"));
    let output = Command::new("timeout")
        .args([
            "60",
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
        ])
        .args(["--disable-quic", "--no-first-run", "--disable-sync"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args(["--enable-logging=stderr", "--timeout=4000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={width},900"))
        .arg(format!("http://{address}/"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (String::from_utf8_lossy(&output.stdout).into_owned(), said)
}

/// What stands in the page under a name.
fn shown<'a>(page: &'a str, key: &str) -> &'a str {
    let begin = format!("data-key=\"{key}\"");
    let at = page.find(&begin).unwrap_or_else(|| panic!("{key}: {page}"));
    let rest = &page[at..];
    let rest = &rest[rest.find('>').unwrap() + 1..];
    rest.split('<').next().unwrap()
}

#[test]
fn the_page_follows_the_telegrams_at_every_width_without_an_error() {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: there is no chromium (apt-get install chromium)");
        return;
    };
    let bench = Bench::new();
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "house=sim:?profile=nl5&plain",
            "--json",
            "--http",
            "0",
        ],
    );
    let address = run.heard("web page at http://");
    let address = address.split('/').next().unwrap().to_owned();
    run.lines(1);
    for width in [360, 1400] {
        let (page, said) = look(chromium, &bench, &address, width);
        assert!(!said.contains("CONSOLE"), "{width}: {said}");
        assert!(page.contains("<polyline"), "the curve: {page}");
        // A meter of DSMR 5 sends each second: what stands there is of a later telegram than the page was made of.
        let power = shown(&page, "active_power_import_kw");
        let told = run.lines(1);
        let sent = told[0]["values"]["active_power_import_kw"].to_string();
        assert_eq!(power.split('.').count(), sent.split('.').count(), "{power}");
        let age = page.split("data-age=\"").nth(1).unwrap();
        let age: u32 = age.split('"').next().unwrap().parse().unwrap();
        assert!(age <= 2, "{age} s old");
    }
    run.interrupt();
    assert_eq!(run.end(), None);
}
