//! The page against a strict reader of its format, and the health of sources.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::numbers::Numbered;
use super::*;
use crate::p1::ciphering::SystemTitle;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::derive::Derived;
use crate::p1::event::Event;
use crate::p1::value::{Decimal, Zone};
use crate::simulate::virtual_meter::{Profile, Setup, VirtualMeter};
use crate::source::virtual_keys;

fn start(expected: &[(Option<&str>, &str)], patience: Duration) -> (Metrics, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let expected = expected.iter();
    let expected = expected.map(|(label, name)| (label.map(str::to_owned), (*name).to_owned()));
    let places = Places::new(20);
    let expected = expected.collect();
    let zone = Zone::luxembourg();
    let rules = Rules::default();
    let metrics = Metrics::start(listener, rules, expected, patience, places, zone).unwrap();
    (metrics, address)
}

fn get(address: SocketAddr, path: &str) -> (String, String) {
    let mut client = TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    write!(client, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn context<'a>(label: Option<&'a str>, name: &'a str) -> Context<'a> {
    Context {
        source: Source {
            kind: "serial",
            name,
            label,
        },
        ..Context::default()
    }
}

fn tell(metrics: &mut Metrics, context: &Context<'_>, bytes: &[u8]) {
    let keys = virtual_keys(&"sim:".parse().unwrap());
    let mut all = crate::p1::cipher::Keys::default();
    for (title, own) in keys {
        all.insert(title, own);
    }
    let meter = meter();
    all.insert(meter.title(), meter.keys());
    let mut decoder = Decoder::new(Arc::new(all), Policy::default(), Zone::luxembourg());
    let mut tell = |event: &Event<'_>| {
        let report = Report::Event { event, refusals: 0 };
        metrics.observe(context, &report);
    };
    decoder.push(bytes, &mut tell);
    decoder.finish(tell);
}

/// Reads a page as strictly as its format is written down; gives the number of each line by name and labels.
fn read(page: &str) -> HashMap<String, f64> {
    let mut lines = HashMap::new();
    let mut families = BTreeSet::new();
    let (mut family, mut kind) = (String::new(), String::new());
    let body = page.strip_suffix("# EOF\n").expect("it ends as it should");
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (what, name) = (words.next().unwrap(), words.next().unwrap());
            let text = words.next().unwrap();
            if name != family {
                assert!(families.insert(name.to_owned()), "{name} comes twice");
                family = name.to_owned();
            }
            match what {
                "TYPE" => text.clone_into(&mut kind),
                "HELP" => assert!(!text.contains('\n')),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, number) = line.rsplit_once(' ').unwrap();
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
            None => (series, ""),
        };
        assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()));
        assert!(
            name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
            "{name}"
        );
        let suffix = name.strip_prefix(&*family).expect("stands in its family");
        let wanted = match &*kind {
            "counter" => "_total",
            "info" => "_info",
            "gauge" => "",
            _ => panic!("{line}"),
        };
        assert_eq!(suffix, wanted, "{line}");
        let mut rest = labels;
        let mut seen = BTreeSet::new();
        while !rest.is_empty() {
            let (key, tail) = rest.split_once("=\"").unwrap();
            assert!(seen.insert(key), "{line}");
            let mut end = 0;
            let bytes = tail.as_bytes();
            while bytes[end] != b'"' {
                if bytes[end] == b'\\' {
                    assert!(matches!(bytes[end + 1], b'\\' | b'"' | b'n'), "{line}");
                    end += 1;
                }
                end += 1;
            }
            rest = tail[end + 1..]
                .strip_prefix(',')
                .unwrap_or(&tail[end + 1..]);
        }
        let before = lines.insert(series.to_owned(), number.parse().unwrap());
        assert!(before.is_none(), "{series} comes twice");
    }
    lines
}

#[test]
fn the_page_has_every_number_with_its_labels() {
    let (mut metrics, address) = start(&[(Some("house"), "ttyUSB0")], Duration::from_secs(60));
    let net = [Derived {
        key: "net_power_kw",
        value: Decimal {
            digits: -1250,
            scale: 3,
        },
    }];
    let odd = "odd\"\\\nname";
    let house = Context {
        derived: &net,
        ..context(Some("house"), "ttyUSB0")
    };
    tell(
        &mut metrics,
        &house,
        include_bytes!("../../../samples/nl5.txt"),
    );
    metrics.bytes(&house, 916);
    metrics.link(&house, Link::Opened);
    metrics.link(&house, Link::Lost);
    metrics.link(&house, Link::Reopened);
    tell(
        &mut metrics,
        &context(None, odd),
        include_bytes!("../../../samples/lu-plain.txt"),
    );
    tell(
        &mut metrics,
        &context(None, odd),
        include_bytes!("../../../samples/lu.bin"),
    );
    let tank = context(Some("tank"), "ttyUSB5");
    let level = Level {
        span: crate::p1::span::Span { start: 0, end: 5 },
        centimetres: 123,
        received_at: None,
    };
    metrics.level(&tank, &level);
    let (head, page) = get(address, "/metrics");
    assert!(head.contains("\r\nContent-Type: application/openmetrics-text; version=1.0.0;"));
    let lines = read(&page);
    let house = "label=\"house\",source=\"ttyUSB0\"";
    let other = "label=\"\",source=\"odd\\\"\\\\\\nname\"";
    for (series, number) in [
        (format!("smarty_telegrams_total{{{house}}}"), 1.0),
        (format!("smarty_received_bytes_total{{{house}}}"), 916.0),
        (format!("smarty_reconnects_total{{{house}}}"), 1.0),
        (format!("smarty_source_up{{{house}}}"), 1.0),
        (format!("smarty_telegrams_total{{{other}}}"), 1.0),
        (
            format!("smarty_frames_refused_total{{{other},code=\"no_key\"}}"),
            1.0,
        ),
        (
            "smarty_level_cm{label=\"tank\",source=\"ttyUSB5\"}".to_owned(),
            123.0,
        ),
    ] {
        assert_eq!(lines.get(&series), Some(&number), "{series}\n{page}");
    }
    let of = |name: &str, label: &str| {
        let begin = format!("smarty_{name}{{label=\"{label}\",meter=\"");
        let found: Vec<_> = lines
            .iter()
            .filter(|(series, _)| series.starts_with(&begin))
            .collect();
        assert_eq!(found.len(), 1, "{begin}\n{page}");
        *found[0].1
    };
    assert_eq!(of("net_power_kw", "house"), -1.25);
    assert_eq!(of("active_energy_import_kwh", ""), 11733.804);
    assert!(of("telegram_age_seconds", "house") < 60.0);
    assert!(of("telegram_timestamp_seconds", "house") > 1.6e9);
    assert!(
        lines
            .keys()
            .any(|series| series.starts_with("smarty_build_info{version="))
    );
    assert!(get(address, "/none").0.starts_with("HTTP/1.1 404 "));
    metrics.finish();
}

#[test]
fn missed_frames_are_those_between_the_counters_less_those_that_came_damaged() {
    let title = SystemTitle([b'S'; 8]);
    let mut source = Numbered::default();
    for counter in [7, 8, 12, 12, 3, 4] {
        source.count(title, counter);
    }
    assert_eq!(source.missed, 3);
    source.between = 2;
    source.count(title, 8);
    assert_eq!(source.missed, 4);
}

#[test]
fn health_is_that_of_the_worst_source() {
    let second = Duration::from_secs(1);
    let expected = [(None, "auto"), (Some("pv"), "ttyUSB1")];
    let (mut metrics, address) = start(&expected, Duration::from_secs(60));
    assert!(
        get(address, "/healthz").0.starts_with("HTTP/1.1 200 "),
        "it has just begun"
    );
    let shared = metrics.numbers.clone();
    let ills = |later: u32| shared.lock().ills(Instant::now() + second * later);
    assert_eq!(
        ills(61),
        "auto: no telegram for 61 s\npv: no telegram for 61 s\n"
    );
    tell(
        &mut metrics,
        &context(None, "ttyUSB0"),
        include_bytes!("../../../samples/nl5.txt"),
    );
    assert_eq!(ills(59), "");
    shared.lock().sources.get_mut("ttyUSB0").unwrap().heard = None;
    shared.lock().patience = Duration::ZERO;
    let (head, body) = get(address, "/healthz");
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(
        body.starts_with("pv: no telegram for 0 s\nttyUSB0: no telegram for"),
        "{body}"
    );
}

/// A meter that encrypts.
fn meter() -> VirtualMeter {
    let start = jiff::civil::date(2026, 1, 15).at(18, 30, 0, 0);
    VirtualMeter::new(Setup::new(Profile::named("lu").unwrap(), 1, 21, start))
}

/// The next frame of a meter.
fn frame(meter: &mut VirtualMeter) -> Vec<u8> {
    let mut frame = Vec::new();
    meter.next_frame(&mut frame);
    frame
}

/// A telegram in clear of a meter that anybody can make up.
fn made_up(number: usize) -> Vec<u8> {
    let id = hex::encode_upper(format!("FAKE{number:08}"));
    format!("/ABC5x\r\n\r\n0-0:96.1.1({id})\r\n1-0:1.8.0(000001.000*kWh)\r\n!\r\n").into_bytes()
}

#[test]
fn made_up_meters_shut_no_meter_out_that_proves_its_origin() {
    let (mut metrics, address) = start(&[(None, "tcp://hub:1")], Duration::ZERO);
    let (hub, house) = (
        context(None, "tcp://hub:1"),
        context(Some("house"), "ttyUSB0"),
    );
    for number in 0..300 {
        tell(&mut metrics, &hub, &made_up(number));
    }
    let mut frame = Vec::new();
    meter().next_frame(&mut frame);
    tell(&mut metrics, &hub, &frame);
    let keyed = Context { keyed: true, ..hub };
    tell(
        &mut metrics,
        &keyed,
        include_bytes!("../../../samples/lu-plain.txt"),
    );
    tell(
        &mut metrics,
        &house,
        include_bytes!("../../../samples/nl5.txt"),
    );
    for number in 300..600 {
        tell(&mut metrics, &hub, &made_up(number));
    }
    let lines = read(&get(address, "/metrics").1);
    let of = |label: &str| {
        let begin = format!("smarty_telegram_age_seconds{{label=\"{label}\",meter=\"");
        let of = lines.keys().filter(|series| series.starts_with(&begin));
        of.filter(|series| !series.contains("FAKE")).count()
    };
    assert_eq!((of("house"), of("")), (1, 2));
    let fakes = lines
        .keys()
        .filter(|series| series.contains("meter=\"FAKE"));
    assert_eq!(fakes.filter(|series| series.contains("_age_")).count(), 17);
    assert_eq!(lines["smarty_left_out_total{service=\"metrics\"}"], 580.0);
    assert_eq!(lines["smarty_displaced_total{service=\"metrics\"}"], 3.0);
    let said = metrics.notices();
    let said = said
        .iter()
        .filter(|notice| notice.what.contains("more meters than places"));
    assert_eq!(said.count(), 1);
    assert!(metrics.notices().is_empty());
    // Nobody waits for what was made up.
    let body = get(address, "/healthz").1;
    assert!(!body.contains("FAKE"), "{body}");
}

/// The answer to a request until a text stands in it.
fn get_until(address: SocketAddr, path: &str, wanted: &str) -> String {
    let mut client = TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    write!(client, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let mut bytes = [0; 4096];
    while !String::from_utf8_lossy(&answer).contains(wanted) {
        let count = client.read(&mut bytes).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&bytes[..count]);
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn the_page_says_what_the_telegram_says_and_fetches_nothing_from_elsewhere() {
    let (mut metrics, address) = start(&[(Some("house"), "a")], Duration::from_secs(60));
    assert!(get(address, "/").1.contains("No telegram yet"));
    std::thread::sleep(crate::publish::page::MADE_FOR);
    let mut meter = meter();
    for _ in 0..2 {
        tell(
            &mut metrics,
            &context(Some("house"), "a"),
            &frame(&mut meter),
        );
    }
    let (head, body) = get(address, "/");
    assert!(head.contains("Content-Security-Policy: default-src 'none'"));
    let (_, now) = get(address, "/api/now");
    let now: serde_json::Value = serde_json::from_str(&now).unwrap();
    assert_eq!(now["meter"]["name"], "house");
    let power = now["values"]["active_power_import_kw"].to_string();
    assert!(
        body.contains(&format!(
            "<span data-key=\"active_power_import_kw\">{power}</span>"
        )),
        "{power} {body}"
    );
    // The name of SVG is no address that is fetched.
    let addresses = body.replace("http://www.w3.org/2000/svg", "");
    assert!(!addresses.contains("//"), "{addresses}");
    for path in [
        "/page.css",
        "/page.js",
        "/icon.svg",
        "/manifest.webmanifest",
    ] {
        assert!(get(address, path).0.starts_with("HTTP/1.1 200"), "{path}");
    }
    let (_, periods) = get(address, "/api/periods?by=month");
    assert!(periods.starts_with("{\"schema\":\"smarty/1\",\"type\":\"period\",\"by\":\"month\""));
    assert!(
        get(address, "/api/periods?by=moon")
            .0
            .starts_with("HTTP/1.1 400")
    );
}

#[test]
fn what_comes_is_told_to_all_who_look_on_and_who_stalls_holds_up_nobody() {
    let (mut metrics, address) = start(&[(Some("house"), "a")], Duration::from_secs(60));
    let mut meter = meter();
    tell(
        &mut metrics,
        &context(Some("house"), "a"),
        &frame(&mut meter),
    );
    // They ask, and read nothing.
    let stalled: Vec<_> = (0..40)
        .map(|_| {
            let mut client = TcpStream::connect(address).unwrap();
            write!(
                client,
                "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
            )
            .unwrap();
            client
        })
        .collect();
    let looks =
        std::thread::spawn(move || get_until(address, "/api/events", "event: telegram\ndata: {"));
    let began = Instant::now();
    while !looks.is_finished() {
        tell(
            &mut metrics,
            &context(Some("house"), "a"),
            &frame(&mut meter),
        );
        std::thread::sleep(Duration::from_millis(20));
        assert!(began.elapsed() < Duration::from_secs(30));
    }
    let told = looks.join().unwrap();
    assert!(told.contains("Content-Type: text/event-stream"), "{told}");
    assert!(told.contains("\"active_power_import_kw\":"), "{told}");
    assert!(get(address, "/api/now").1.contains("house"));
    drop(stalled);
}
