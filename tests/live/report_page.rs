//! The HTML of a report in a browser without a network: headless Chromium, where there is one.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::bench::Bench;
use super::browser::chromium;

/// What a page is to tell of itself: how wide it is and has room for, whether it is dark, what each picture has.
const PROBE: &str = r#"<script>addEventListener("load", () => {
  const all = (what) => [...document.querySelectorAll(what)];
  const shown = (one) => one.getClientRects().length > 0;
  const said = {
    wide: document.documentElement.scrollWidth, room: document.documentElement.clientWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    paper: getComputedStyle(document.body).backgroundColor,
    figures: all("figure").map((one) => ({
      title: one.querySelector("h3").textContent,
      drawn: [...one.querySelectorAll("svg, canvas")].some(shown),
      rows: one.querySelectorAll("details tbody tr").length,
      cells: new Set([...one.querySelectorAll("details tr")].map((row) => row.children.length)).size,
    })),
    phases: [...new Set(all("svg [fill^='var(--l'], svg [stroke^='var(--l']").map(
      (one) => one.getAttribute("fill").startsWith("var") ? one.getAttribute("fill") : one.getAttribute("stroke")))],
    fetched: performance.getEntriesByType("resource").length,
  };
  parent.postMessage(JSON.stringify(said), "*");
});</script></body>"#;

/// A window as wide as wanted, since that of a browser has a least width.
const WINDOW: &str = r#"<!DOCTYPE html><body style="margin:0"><script>addEventListener("message", (event) => {
  document.body.dataset.said = event.data;
});</script><iframe src="PAGE" style="border:0;height:800px;width:WIDTHpx"></iframe></body>"#;

/// A page from a file, in a browser without a network: what it tells of itself, and what the console says.
fn open(chromium: &str, bench: &Bench, page: &Path, width: u32, dark: bool) -> (Value, String) {
    let profile = bench.path(&format!("report-{width}-{dark}"));
    let window = bench.path(&format!("window-{width}.html"));
    let name = page.file_name().unwrap().to_str().unwrap();
    let around = WINDOW
        .replace("PAGE", name)
        .replace("WIDTH", &width.to_string());
    std::fs::write(&window, around).unwrap();
    let output = Command::new("timeout")
        .args(["90", chromium, "--headless", "--no-sandbox"])
        .args(["--disable-gpu", "--no-first-run", "--disable-sync"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--proxy-server=127.0.0.1:9",
        ])
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            u8::from(!dark)
        ))
        .args([
            "--enable-logging=stderr",
            "--dump-dom",
            "--virtual-time-budget=5000",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={},900", width.max(500)))
        .arg(format!("file://{}", window.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let console = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = dom.split("data-said=\"").nth(1);
    let said = said.unwrap_or_else(|| panic!("{width}: {console}"));
    let said = said.split('"').next().unwrap().replace("&quot;", "\"");
    (serde_json::from_str(&said).unwrap(), console)
}

#[test]
fn a_report_stands_alone_at_every_width_and_in_both_themes() {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: there is no chromium (apt-get install chromium)");
        return;
    };
    let bench = Bench::new();
    let smarty = |line: &str| {
        let words = line.split_whitespace();
        let mut command = Command::new(env!("CARGO_BIN_EXE_smarty"));
        let done = command
            .args(words)
            .current_dir(bench.path(""))
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    // Few days, whose phases stand side by side; more than a hundred, whose phases are lines.
    for (name, period, count) in [("days", "60s", 6000), ("months", "3600s", 2700)] {
        smarty(&format!(
            "simulate -q --profile=lu-full --plain --period={period} --count={count} --seed=4 \
             --start=2026-03-20T10:00:00+01:00 -o={name}.txt"
        ));
        smarty(&format!("report -q {name}.txt -o {name}.html"));
        let page = bench.path(&format!("{name}.html"));
        let text = std::fs::read_to_string(&page).unwrap();
        let elsewhere = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        assert!(!elsewhere.contains("http:") && !elsewhere.contains("https:"));
        std::fs::write(&page, text.replace("</body>", PROBE)).unwrap();
        for (width, dark) in [(360, false), (800, true), (1400, false), (1400, true)] {
            let (said, console) = open(chromium, &bench, &page, width, dark);
            assert!(!console.contains("CONSOLE"), "{name} {width}: {console}");
            assert_eq!(said["dark"], dark, "{said}");
            let paper = if dark {
                "rgb(21, 23, 26)"
            } else {
                "rgb(251, 251, 249)"
            };
            assert_eq!(said["paper"], paper);
            assert_eq!(said["fetched"], 0, "{said}");
            // What is wider than the page is moved within its picture.
            assert_eq!(said["wide"], said["room"], "{name} {width}: {said}");
            let room = said["room"].as_u64().unwrap();
            assert!(
                (width - 20..=width).contains(&(room as u32)),
                "{width}: {said}"
            );
            let figures = said["figures"].as_array().unwrap();
            let titles: Vec<&str> = figures
                .iter()
                .map(|one| one["title"].as_str().unwrap())
                .collect();
            for title in [
                "Power",
                "Hours and days",
                "Days",
                "Telegrams",
                "voltage, by phase",
            ] {
                assert_eq!(
                    titles.iter().filter(|one| **one == title).count(),
                    1,
                    "{titles:?}"
                );
            }
            for one in figures {
                assert_eq!(one["drawn"], true, "{width}: {one}");
                assert!(one["rows"].as_u64().unwrap() > 0, "{one}");
                assert_eq!(one["cells"], 1, "a table with rows of one length: {one}");
            }
            assert_eq!(said["phases"].as_array().unwrap().len(), 3, "{said}");
        }
    }
}
