//! The page in a browser: headless Chromium, where there is one, asked over its DevTools protocol.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bench::{Bench, Run};
use super::screen::store;

/// Chromium under one of its names.
pub fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.into_iter().find(|name| {
        let version = Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        version.is_ok_and(|status| status.success())
    });
    if found.is_none() {
        eprintln!("skipped: there is no chromium (apt-get install chromium)");
    }
    found
}

/// A browser with one page.
struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    calls: u64,
    /// What went wrong on the page.
    errors: Vec<Value>,
}

impl Browser {
    fn start(chromium: &str, bench: &Bench) -> Self {
        // It talks over descriptors 3 and 4.
        let mut child = Command::new("timeout")
            .args(["90", "sh", "-c", "exec \"$@\" 3<&0 4>&1 >/dev/null 2>&1"])
            .args(["sh", chromium, "--headless", "--no-sandbox"])
            .args(["--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-sync"])
            .args(["--disable-component-update", "--remote-debugging-pipe"])
            .arg(format!(
                "--user-data-dir={}",
                bench.path("browser").display()
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            to: child.stdin.take().unwrap(),
            from: BufReader::new(child.stdout.take().unwrap()),
            child,
            session: None,
            calls: 0,
            errors: Vec::new(),
        };
        let page = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = &page["targetId"];
        let attach = json!({"targetId": target, "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session {
            call["sessionId"] = session.as_str().into();
        }
        self.to.write_all(call.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        loop {
            let mut answer = Vec::new();
            self.from.read_until(0, &mut answer).unwrap();
            assert_eq!(answer.pop(), Some(0), "{method}: the browser is gone");
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            if answer["id"] == self.calls {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            let is_error = match answer["method"].as_str() {
                Some("Runtime.exceptionThrown") => true,
                Some("Runtime.consoleAPICalled") => answer["params"]["type"] == "error",
                Some("Log.entryAdded") => answer["params"]["entry"]["level"] == "error",
                _ => false,
            };
            if is_error {
                self.errors.push(answer);
            }
        }
    }

    /// A window so wide, in a theme, with scripts or without.
    fn look(&mut self, width: u32, theme: &str, scripts: bool) {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let features = json!([{"name": "prefers-color-scheme", "value": theme}]);
        let media = json!({"features": features});
        self.call("Emulation.setEmulatedMedia", media);
        let blocked = json!({"value": !scripts});
        self.call("Emulation.setScriptExecutionDisabled", blocked);
    }

    fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url}));
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// The value of an expression on the page.
    fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].clone()
    }

    fn text(&mut self, expression: &str) -> String {
        self.value(expression)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits until an expression is true.
    fn wait(&mut self, expression: &str) {
        let started = Instant::now();
        while self.value(expression) != Value::Bool(true) {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "{expression}: {}",
                self.value("document.documentElement.outerHTML")
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server answers.
fn fetch(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn address(run: &Run) -> String {
    let address = run.heard("web page at http://");
    address.split('/').next().unwrap().to_owned()
}

/// Import and export that stand on the page of the first meter that is shown.
const POWER: &str = "[...[...document.querySelectorAll('.meter')].find(one => one.checkVisibility())\
     .querySelectorAll('.now [data-key]')].map(one => one.textContent).join(' ')";
const SHOWN: &str = "[...document.querySelectorAll('.meter')].filter(one => one.checkVisibility())\
     .map(one => one.dataset.label).join()";

#[test]
fn the_page_follows_the_telegrams_at_every_width_and_in_both_themes() {
    let Some(chromium) = chromium() else { return };
    let bench = Bench::new();
    let arguments = ["watch", "house=sim:?profile=nl5&plain", "--json"];
    let mut run = Run::start(&bench, &[&arguments[..], &["--http", "0"]].concat());
    let url = format!("http://{}/", address(&run));
    run.lines(1);
    let mut browser = Browser::start(chromium, &bench);
    for (width, theme) in [(360, "light"), (800, "dark"), (1400, "light")] {
        browser.look(width, theme, true);
        browser.open(&url);
        // A meter of DSMR 5 sends each second.
        let before = browser.text(POWER);
        browser.wait(&format!("{POWER} !== '{before}'"));
        let power = browser.text(POWER);
        let on_page: Vec<f64> = power.split(' ').map(|one| one.parse().unwrap()).collect();
        let is_it = |sent: &Value| {
            let sent = ["import", "export"].map(|way| {
                sent["values"][format!("active_power_{way}_kw")]
                    .as_f64()
                    .unwrap()
            });
            sent[..] == on_page[..]
        };
        assert!((0..60).any(|_| is_it(&run.lines(1)[0])), "{power}");
        assert!(
            browser.value("document.querySelectorAll('polyline').length > 0") == true,
            "the curve"
        );
        let wide = browser.value("document.documentElement.scrollWidth");
        // A bar to scroll with takes some of it.
        let fits = wide.as_u64().is_some_and(|wide| wide <= width.into());
        assert!(fits, "something sticks out: {wide} of {width}");
        let channels = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)";
        let light = browser.value(&format!("{channels}.every(channel => channel > 200)"));
        let dark = browser.value(&format!("{channels}.every(channel => channel < 60)"));
        assert_eq!(
            (light == true, dark == true),
            match theme {
                "light" => (true, false),
                _ => (false, true),
            }
        );
    }
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
    run.interrupt();
    assert_eq!(run.end(), None);
}

#[test]
fn each_meter_has_a_tab_also_where_scripts_are_blocked() {
    let Some(chromium) = chromium() else { return };
    let bench = Bench::new();
    let arguments = [
        "watch",
        "house=sim:?profile=nl5&plain&seed=1",
        "pv=sim:?profile=nl5&plain&seed=2",
        "--json",
        "--http",
        "0",
    ];
    let mut run = Run::start(&bench, &arguments);
    let address = address(&run);
    let url = format!("http://{address}/");
    run.lines(4);
    let mut browser = Browser::start(chromium, &bench);
    for scripts in [true, false] {
        browser.look(800, "light", scripts);
        browser.open(&url);
        assert_eq!(
            browser.value("document.querySelectorAll('nav a').length"),
            2
        );
        let first = browser.text(SHOWN);
        assert!(["house", "pv"].contains(&&*first), "{first}");
        browser.open(&format!("{url}#meter-1"));
        let second = browser.text(SHOWN);
        assert!(["house", "pv"].contains(&&*second) && second != first);
        if scripts {
            let own = browser.text("document.querySelector('nav a[aria-current]').hash");
            assert_eq!(own, "#meter-1");
            continue;
        }
        // Numbers are those of loading: they stay as they are.
        let power = browser.text(POWER);
        run.lines(6);
        assert_eq!(browser.text(POWER), power);
        assert!(
            power.split(' ').all(|one| one.parse::<f64>().is_ok()),
            "{power}"
        );
    }
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
    run.interrupt();
    assert_eq!(run.end(), None);
}

#[test]
fn the_page_knows_what_the_store_knows() {
    let bench = Bench::new();
    let start = jiff::Zoned::now().date() - jiff::Span::new().days(60);
    store(&bench, &start.to_string());
    let arguments = ["watch", "sim:?fault=silence", "--store", "house.db"];
    let mut run = Run::start(&bench, &[&arguments[..], &["--http", "0"]].concat());
    let address = address(&run);
    let months = fetch(&address, "/api/periods?by=month");
    let lines: Vec<Value> = months
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(lines.len() > 1, "{months}");
    let report = bench
        .output(&["report", "house.db", "--json", "--by", "month"])
        .0;
    let report: Vec<Value> = report
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert_eq!(lines, report);
    let page = fetch(&address, "/");
    assert!(page.contains("no telegram yet"), "{page}");
    let month = start.to_string();
    assert!(page.contains(&month[..8]), "{page}");
    run.interrupt();
    run.end();
}
