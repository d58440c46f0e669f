//! The program and a real broker: authentication, TLS, a broker that is killed under load, a household.

mod bench;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use bench::{Broker, Folder, Listener, Relay, Run, free_port, mosquitto, wait_until};
use serde_json::Value;
use smarty::simulate::virtual_meter::{Profile, Setup, VirtualMeter, keyring_toml};

const ID: &str = "SMY1030755324927";

#[test]
fn a_meter_is_published_kept_by_the_broker_and_says_goodbye() {
    let Some(program) = mosquitto("a meter is published") else {
        return;
    };
    let folder = Folder::new();
    let broker = Broker::open(&program, &folder);
    let listener = Listener::start(broker.port, None);
    let url = format!("mqtt://127.0.0.1:{}/home/meters", broker.port);
    let run = Run::start(
        &folder,
        &[
            "watch",
            "house=sim:?speed=20",
            "--mqtt",
            &url,
            "--mqtt-topics",
            "both",
            "-v",
        ],
    );
    listener.wait_for("home/meters/house/telegram", "\"seq\":3,");
    let (said, took) = run.terminate();
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(
        said.contains("connected, publishing under home/meters/"),
        "{said}"
    );
    wait_until("goodbye", || {
        listener
            .of("home/meters/status")
            .last()
            .is_some_and(|s| s == "offline")
    });
    assert_eq!(listener.of("home/meters/status"), ["online", "offline"]);
    assert_eq!(
        listener.of("home/meters/house/status"),
        ["online", "offline"]
    );
    let health: Value = serde_json::from_str(&listener.of("home/meters/house/health")[0]).unwrap();
    assert_eq!(health["state"], "ok");
    // Each value is what the JSON of the telegram says, digit for digit.
    let first: Value = serde_json::from_str(&listener.of("home/meters/house/telegram")[0]).unwrap();
    let values = first["values"].as_object().unwrap();
    assert!(values.len() > 20);
    for key in values.keys() {
        let published = listener.of(&format!("home/meters/house/{key}"));
        let text = listener.of("home/meters/house/telegram")[0].clone();
        let (bare, quoted) = (
            format!("\"{key}\":{},", published[0]),
            format!("\"{key}\":\"{}\"", published[0]),
        );
        assert!(
            text.contains(&bare)
                || text.contains(&quoted)
                || text.contains(&bare.replace(',', "}")),
            "{bare}"
        );
    }
    // Whoever comes later gets all of it, and the documents of discovery.
    let late = Listener::start(broker.port, None);
    wait_until("what was kept", || late.count() > values.len() + 4);
    let kept: BTreeMap<_, _> = late
        .all()
        .into_iter()
        .map(|heard| (heard.topic, heard.text))
        .collect();
    assert!(late.all().iter().all(|heard| heard.kept));
    assert_eq!(kept["home/meters/house/status"], "offline");
    assert!(kept.contains_key("home/meters/house/active_energy_import_kwh"));
    let document: Value =
        serde_json::from_str(&kept[&format!("homeassistant/device/smarty_{ID}/config")]).unwrap();
    assert_eq!(document["device"]["name"], "house");
}

#[test]
fn made_up_meters_neither_shut_a_meter_out_nor_stay_at_the_broker() {
    let Some(program) = mosquitto("made-up meters") else {
        return;
    };
    let folder = Folder::new();
    let broker = Broker::open(&program, &folder);
    let listener = Listener::start(broker.port, None);
    let url = format!("mqtt://127.0.0.1:{}/m", broker.port);
    let start = jiff::civil::date(2026, 1, 15).at(18, 30, 0, 0);
    let mut meter = VirtualMeter::new(Setup::new(Profile::named("lu").unwrap(), 1, 20, start));
    folder.write("keys.toml", &keyring_toml([&meter]));
    let line = TcpListener::bind("127.0.0.1:0").unwrap();
    let source = format!("house=tcp://{}", line.local_addr().unwrap());
    let run = Run::start(
        &folder,
        &[
            "watch",
            &source,
            "--keyring",
            "keys.toml",
            "--mqtt",
            &url,
            "--meters-max",
            "5",
        ],
    );
    let (mut wire, _) = line.accept().unwrap();
    for number in 0..300 {
        let id = hex::encode_upper(format!("FAKE{number:08}"));
        let text = format!("/ABC5x\r\n\r\n0-0:96.1.1({id})\r\n1-0:1.8.0(000001.000*kWh)\r\n!\r\n");
        wire.write_all(text.as_bytes()).unwrap();
    }
    // Who comes first has the label until the one comes that it is meant for.
    listener.wait_for("m/house/active_energy_import_kwh", "1.000");
    let last = "m/house-FAKE00000004/active_energy_import_kwh";
    listener.wait_for(last, "1.000");
    let mut frame = Vec::new();
    meter.next_frame(&mut frame);
    wire.write_all(&frame).unwrap();
    listener.wait_for("m/house/p1_version", "");
    let (said, _) = run.terminate();
    assert_eq!(
        said.matches("more meters than places (5)").count(),
        1,
        "{said}"
    );
    let energy = listener.of("m/house/active_energy_import_kwh");
    assert_eq!((energy[0].as_str(), energy[1].as_str()), ("1.000", ""));
    assert_ne!(energy[2], "1.000");
    let late = Listener::start(broker.port, None);
    wait_until("what was kept", || {
        late.all()
            .iter()
            .any(|heard| heard.topic == "m/house/p1_version")
            && late.all().iter().any(|heard| heard.topic == last)
    });
    thread::sleep(Duration::from_millis(300));
    let kept: BTreeSet<_> = late.all().into_iter().map(|heard| heard.topic).collect();
    let documents = kept.iter().filter(|topic| topic.ends_with("/config"));
    let ids: Vec<_> = documents
        .filter_map(|topic| topic.split('/').nth(2))
        .collect();
    let fakes = (1..5).map(|number| format!("smarty_FAKE{number:08}"));
    let real = format!("smarty_{}", meter.title().device_id().unwrap());
    let expected: Vec<_> = fakes.chain([real]).collect();
    assert_eq!(ids, expected);
    assert!(
        !kept.iter().any(|topic| topic.contains("FAKE00000000")),
        "{kept:?}"
    );
}

#[test]
fn a_program_that_dies_is_announced_by_its_last_will() {
    let Some(program) = mosquitto("last will") else {
        return;
    };
    let folder = Folder::new();
    let broker = Broker::open(&program, &folder);
    for version in ["3", "5"] {
        let listener = Listener::start(broker.port, None);
        let url = format!("mqtt://127.0.0.1:{}/will{version}", broker.port);
        let mut run = Run::start(
            &folder,
            &[
                "watch",
                "sim:",
                "--mqtt",
                &url,
                "--mqtt-version",
                version,
                "--no-discovery",
            ],
        );
        listener.wait_for(&format!("will{version}/{ID}/status"), "online");
        run.kill();
        listener.wait_for(&format!("will{version}/status"), "offline");
        assert!(
            listener
                .all()
                .iter()
                .all(|heard| !heard.topic.starts_with("homeassistant"))
        );
    }
}

#[test]
fn each_quality_and_version_delivers_each_counter_once() {
    let Some(program) = mosquitto("qualities and versions") else {
        return;
    };
    let folder = Folder::new();
    let broker = Broker::open(&program, &folder);
    let listener = Listener::start(broker.port, None);
    for version in ["3", "5"] {
        for quality in ["0", "1", "2"] {
            let prefix = format!("v{version}q{quality}");
            let url = format!("mqtt://127.0.0.1:{}/{prefix}", broker.port);
            // Its document of discovery is a long one.
            let source = "h=sim:?profile=lu-full&speed=1000&count=40";
            let usual = ["watch", source, "--mqtt", &url, "--mqtt-qos", quality];
            let more = ["--mqtt-version", version, "--mqtt-retain", "off"];
            let (said, code) = folder.said(&[&usual[..], &more].concat());
            assert_eq!(code, Some(0));
            assert!(!said.contains("mqtt://"), "{said}");
            listener.wait_for(&format!("{prefix}/status"), "offline");
            let energies = listener.of(&format!("{prefix}/h/active_energy_import_kwh"));
            // QoS 0 promises nothing.
            let count = energies.len();
            assert!(
                count == 40 || quality == "0" && count > 0,
                "{prefix}: {count}"
            );
            let digits = |text: &String| text.replace('.', "").parse::<u64>().unwrap();
            let order = |pair: &[String]| digits(&pair[0]) <= digits(&pair[1]);
            assert!(energies.windows(2).all(order), "{prefix}");
        }
    }
    // Values are not kept, states and documents are.
    let late = Listener::start(broker.port, None);
    wait_until("what was kept", || {
        let all = late.all();
        all.iter().any(|heard| heard.topic == "v5q2/h/status")
    });
    let values = |heard: &bench::Heard| heard.topic.contains("_kwh");
    assert!(!late.all().iter().any(values));
}

#[test]
fn a_broker_that_takes_short_messages_only_gets_these() {
    let Some(program) = mosquitto("short messages") else {
        return;
    };
    let folder = Folder::new();
    let lines = "max_packet_size 4000\nlistener %p 127.0.0.1\nallow_anonymous true\n";
    let broker = Broker::start(&program, &folder, lines);
    let listener = Listener::start(broker.port, None);
    let url = format!("mqtt://127.0.0.1:{}/short", broker.port);
    let source = "h=sim:?profile=lu-full&speed=20";
    let run = Run::start(&folder, &["watch", source, "--mqtt", &url]);
    listener.wait_for("short/h/active_energy_import_kwh", ".");
    let (said, _) = run.terminate();
    assert!(said.contains("up to 4000 bytes"), "{said}");
    listener.wait_for("short/h/status", "offline");
}

#[test]
fn home_assistant_that_starts_is_told_again() {
    let Some(program) = mosquitto("birth of Home Assistant") else {
        return;
    };
    let folder = Folder::new();
    let broker = Broker::open(&program, &folder);
    let listener = Listener::start(broker.port, None);
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let _run = Run::start(
        &folder,
        &[
            "watch",
            "sim:?profile=lu-full",
            "--mqtt",
            &url,
            "--discovery-prefix",
            "ha",
        ],
    );
    let topic = format!("ha/device/smarty_{ID}/config");
    listener.wait_for(&topic, "device_class");
    assert_eq!(listener.of(&topic).len(), 1);
    let options = rumqttc_v5::PublishOptions::at_least_once();
    listener
        .client
        .publish("ha/status", "online", options)
        .unwrap();
    wait_until("the documents once more", || listener.of(&topic).len() == 2);
    assert_eq!(listener.of(&topic)[0], listener.of(&topic)[1]);
}

#[test]
fn a_broker_killed_under_load_loses_nothing_and_turns_nothing_round() {
    let Some(program) = mosquitto("a broker killed under load") else {
        return;
    };
    let folder = Folder::new();
    let mut broker = Broker::open(&program, &folder);
    // The relay lets the program back in when the subscriber is there again: it must hear all.
    let relay = Relay::start(broker.port);
    let listener = Listener::start(broker.port, None);
    let url = format!("mqtt://127.0.0.1:{}/load", relay.port);
    let run = Run::start(
        &folder,
        &[
            "watch",
            "house=sim:?speed=200",
            "--mqtt",
            &url,
            "--mqtt-topics",
            "both",
            "-F",
            "active_energy_import,active_power_import",
        ],
    );
    for round in 1..=3 {
        let before = listener.of("load/house/telegram").len();
        wait_until("load", || {
            listener.of("load/house/telegram").len() > before + 15
        });
        if round == 3 {
            break;
        }
        relay.cut();
        // What the broker has acknowledged and not yet passed on dies with it: no client can help that.
        let mut heard = 0;
        wait_until("all is passed on", || {
            thread::sleep(Duration::from_millis(300));
            std::mem::replace(&mut heard, listener.count()) == listener.count()
        });
        broker.kill();
        listener.wait_lost();
        thread::sleep(Duration::from_millis(1500));
        broker.restart();
        listener.wait_subscribed();
        relay.mend();
    }
    let (said, took) = run.terminate();
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert_eq!(
        said.matches("values are kept; retrying").count(),
        2,
        "{said}"
    );
    assert_eq!(said.matches("connected again").count(), 2, "{said}");
    listener.wait_for("load/status", "offline");
    let seq = |text: &String| {
        let telegram: Value = serde_json::from_str(text).unwrap();
        telegram["seq"].as_u64().unwrap()
    };
    let numbers: Vec<u64> = listener.of("load/house/telegram").iter().map(seq).collect();
    let (mut last, mut again) = (0, 0);
    let mut replaying = 0;
    for &number in &numbers {
        if number <= last {
            // What was not acknowledged comes once more, in the order in which it was sent.
            assert!(replaying == 0 || number == replaying + 1, "{numbers:?}");
            replaying = number;
            again += 1;
            if number == last {
                replaying = 0;
            }
        } else {
            assert_eq!((number, replaying), (last + 1, 0), "a gap: {numbers:?}");
            last = number;
        }
    }
    assert!(last > 60, "{last}");
    // Two breaks, and at each no more than was under way, and the last before it.
    assert!(again <= 2 * (16 + 1), "{again} came twice");
    let energies = listener.of("load/house/active_energy_import_kwh");
    let as_number = |text: &String| text.replace('.', "").parse::<u64>().unwrap();
    let distinct: BTreeSet<u64> = energies.iter().map(as_number).collect();
    let in_telegrams: BTreeSet<u64> = listener
        .of("load/house/telegram")
        .iter()
        .map(|text| {
            text.split("\"active_energy_import_kwh\":")
                .nth(1)
                .unwrap()
                .to_owned()
        })
        .map(|rest| as_number(&rest.split([',', '}']).next().unwrap().to_owned()))
        .collect();
    assert_eq!(distinct, in_telegrams);
}

#[test]
fn only_who_has_the_password_is_let_in_and_nobody_sees_it() {
    let folder = Folder::new();
    let Some(broker) = Broker::locked("authentication", &folder) else {
        return;
    };
    let listener = Listener::start(broker.port, Some(("anna", "open sesame")));
    let place = format!("127.0.0.1:{}", broker.port);
    let url = format!("mqtt://anna@{place}/auth");
    let file = folder.write("right", "open sesame\n");
    let wrong = folder.write("wrong", "shut sesame\n");
    let watch = |more: &[&str]| {
        let usual = ["watch", "sim:?speed=20", "--duration", "2s", "--mqtt"];
        folder.said(&[&usual, more].concat())
    };
    let (said, code) = watch(&[&url, "--mqtt-password-file", &file]);
    assert_eq!((said.as_str(), code), ("", Some(0)));
    listener.wait_for("auth/status", "online");
    for version in ["3", "5"] {
        let (said, _) = watch(&[
            &url,
            "--mqtt-password-file",
            &wrong,
            "--mqtt-version",
            version,
        ]);
        assert!(said.contains("anna"), "{said}");
        assert!(said.contains("hint: "), "{said}");
        assert!(said.contains("were not delivered"), "{said}");
        assert!(!said.contains("sesame"), "{said}");
    }
    let (said, _) = watch(&[&format!("mqtt://{place}")]);
    assert!(
        said.contains("without a user") || said.contains("wants a user"),
        "{said}"
    );
    // In the address it works, with a warning that does not show it.
    let (said, code) = watch(&[&format!("mqtt://anna:open%20sesame@{place}/url")]);
    assert_eq!(code, Some(0));
    assert!(
        said.contains("can be seen by all users") && !said.contains("sesame"),
        "{said}"
    );
    listener.wait_for("url/status", "online");
    // From the environment, and from the credentials of systemd.
    folder.write("smarty.mqtt-password", "open sesame");
    for (prefix, name, value) in [
        ("env", "SMARTY_MQTT_PASSWORD", "open sesame".to_owned()),
        (
            "cred",
            "CREDENTIALS_DIRECTORY",
            folder.path("").display().to_string(),
        ),
    ] {
        let url = format!("mqtt://anna@{place}/{prefix}");
        let mut command = folder.smarty(&["watch", "sim:", "-n", "1", "--mqtt", &url]);
        assert!(command.env(name, value).output().unwrap().status.success());
        listener.wait_for(&format!("{prefix}/status"), "offline");
    }
    // The file is beside smarty.toml, and the sources stand in it.
    let table = format!("[mqtt]\nurl = \"mqtt://anna@{place}/file\"\npassword_file = \"right\"\n");
    let sources = "[[source]]\nlabel = \"h\"\naddress = \"sim:?speed=20\"\n";
    let config = folder.write("smarty.toml", &(table + sources));
    let from_file = |more: &[&str]| {
        let usual = ["watch", "--config", &config, "-n", "1", "--json"];
        assert_eq!(
            folder.said(&[&usual, more].concat()),
            (String::new(), Some(0))
        );
    };
    from_file(&[]);
    listener.wait_for("file/status", "offline");
    let published = listener.of("file/status").len();
    // Neither against the wish of the user, nor what the file does not know of.
    from_file(&["--no-mqtt"]);
    from_file(&["sim:"]);
    thread::sleep(Duration::from_millis(200));
    assert_eq!(listener.of("file/status").len(), published);
    let (said, code) = watch(&[&url]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("SMARTY_MQTT_PASSWORD") && said.contains("--mqtt-password-file"),
        "{said}"
    );
}

#[test]
fn setup_logs_in_at_the_broker_before_it_writes_anything() {
    let folder = Folder::new();
    let Some(broker) = Broker::locked("setup", &folder) else {
        return;
    };
    let url = format!("mqtt://anna@127.0.0.1:{}/home", broker.port);
    let setup = |more: &[&str]| {
        let first = [
            "setup",
            "--config",
            "smarty.toml",
            "--yes",
            "--input",
            "sim:?plain",
        ];
        folder.said(&[&first[..], more].concat())
    };
    let wrong = folder.write("wrong", "open barley\n");
    let (said, code) = setup(&["--mqtt", &url, "--mqtt-password-file", &wrong]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the broker does not let anna in"), "{said}");
    let (said, code) = setup(&["--mqtt", &url]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("SMARTY_MQTT_PASSWORD"), "{said}");
    assert!(!folder.path("smarty.toml").exists());
    // The password of an address goes into a file of its own.
    let full = url.replace("anna@", "anna:open%20sesame@");
    let (said, code) = setup(&["--mqtt", &full]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("connected and logged in"), "{said}");
    let text = fs::read_to_string(folder.path("smarty.toml")).unwrap();
    assert!(text.contains(&format!("url = \"{url}\"")), "{text}");
    let kept = folder.path("mqtt.password");
    assert_eq!(fs::read_to_string(&kept).unwrap(), "open sesame\n");
    let rights = fs::metadata(&kept).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights, 0o600);
    // What it wrote is enough to publish.
    let listener = Listener::start(broker.port, Some(("anna", "open sesame")));
    listener.wait_subscribed();
    let watch = ["watch", "--config", "smarty.toml", "-n", "1", "-q"];
    let (said, code) = folder.said(&watch);
    assert_eq!(code, Some(0), "{said}");
    wait_until("a value", || {
        !listener.of("home/house/active_power_import_kw").is_empty()
    });
    // A second run with the same broker needs no password.
    let again = ["setup", "--config", "smarty.toml", "--yes", "--mqtt", &url];
    let (said, code) = folder.said(&again);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing is changed"), "{said}");
}

#[test]
fn options_that_do_not_fit_say_so_and_never_show_a_password() {
    let folder = Folder::new();
    let secret = "tops3cret";
    let full = format!("mqtt://anna:{secret}@127.0.0.1:1");
    let config = format!("[mqtt]\nurl = \"mqtt://anna:{secret}@h\"\nqoss = 1\n");
    let config = folder.write("smarty.toml", &config);
    let empty = folder.write("empty.pem", "");
    for (arguments, code, words) in [
        (
            vec!["sim:", "--mqtt-qos", "1"],
            2,
            "--mqtt-qos needs a broker",
        ),
        (
            vec!["sim:", "--mqtt", "broker.lan"],
            2,
            "begins with mqtt:// or mqtts://",
        ),
        (vec!["sim:", "--mqtt", "mqtt://h/a/#"], 2, "+ or #"),
        (
            vec!["sim:", "--mqtt", &full, "--mqtt-password-file", &empty],
            2,
            "leave it out",
        ),
        (
            vec!["sim:", "--mqtt", "mqtt://h", "--mqtt-password-file", &empty],
            2,
            "names no user",
        ),
        (
            vec!["sim:", "--mqtt", "mqtt://h", "--mqtt-ca", &empty],
            2,
            "mqtts://",
        ),
        (
            vec!["sim:", "--mqtt", "mqtts://h", "--mqtt-ca", &empty],
            2,
            "contains no certificate",
        ),
        (
            vec!["sim:", "--mqtt", "mqtts://h", "--mqtt-ca", "none"],
            3,
            "none: ",
        ),
        (
            vec!["sim:", "--mqtt", "mqtts://h", "--mqtt-cert", &empty],
            2,
            "belong together",
        ),
        (
            vec!["sim:", "--mqtt", "mqtt://h", "--redact"],
            2,
            "--redact",
        ),
        (
            vec!["sim:", "--mqtt", "mqtt://h", "--discovery-prefix", "a//b"],
            2,
            "empty level",
        ),
        (
            vec!["sim:", "--mqtt", "mqtt://h", "--mqtt-version", "4.0"],
            2,
            "3.1.1",
        ),
        (vec![&full], 2, "mqtt://127.0.0.1:1: the topic is missing"),
        (vec!["sim:", "--mqtt", &full, "--nonsense"], 2, "--nonsense"),
        (vec!["--config", &config], 2, "qoss is not known here"),
        (
            vec!["sim:", "-n", "1", "-vv", "--mqtt", &full],
            0,
            "nothing listens",
        ),
    ] {
        let arguments = [&["watch"], &arguments[..]].concat();
        let (said, exit) = folder.said(&arguments);
        assert_eq!(exit, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn tls_that_fails_says_what_fails() {
    let Some(program) = mosquitto("TLS") else {
        return;
    };
    let folder = Folder::new();
    let authority = crate::certificates::authority();
    let ca = folder.write("ca.pem", &authority.pem);
    let other = folder.write("other.pem", &crate::certificates::authority().pem);
    let serve = |name: &str, host: &str, expired: bool| {
        let (certificate, key) = authority.sign(host, expired);
        let certificate = folder.write(&format!("{name}.crt"), &certificate);
        let key = folder.write(&format!("{name}.key"), &key);
        let lines = format!(
            "user root\nlistener %p 127.0.0.1\nallow_anonymous true\ncafile {ca}\ncertfile {certificate}\nkeyfile {key}\n"
        );
        Broker::start(&program, &folder, &lines)
    };
    let (good, misnamed, expired) = (
        serve("good", "localhost", false),
        serve("misnamed", "broker.example", false),
        serve("expired", "localhost", true),
    );
    let plain = Broker::open(&program, &folder);
    let (own, own_key) = authority.sign("anna", false);
    let (own, own_key) = (
        folder.write("own.pem", &own),
        folder.write("own.key", &own_key),
    );
    let (certificate, key) = (folder.path("good.crt"), folder.path("good.key"));
    let lines = format!(
        "user root\nlistener %p 127.0.0.1\nrequire_certificate true\nuse_identity_as_username true\ncafile {ca}\ncertfile {}\nkeyfile {}\n",
        certificate.display(),
        key.display()
    );
    let strict = Broker::start(&program, &folder, &lines);
    let watch = |scheme: &str, port: u16, more: &[&str]| {
        let url = format!("{scheme}://localhost:{port}/tls");
        let usual = [
            "watch",
            "sim:?speed=20",
            "--duration",
            "2s",
            "-v",
            "--mqtt",
            &url,
        ];
        folder.said(&[&usual, more].concat()).0
    };
    let ours = ["--mqtt-ca", ca.as_str()];
    let said = watch("mqtts", good.port, &ours);
    assert!(said.contains("connected, publishing under tls/"), "{said}");
    assert!(!said.contains("not delivered"), "{said}");
    let shown = [
        "--mqtt-ca",
        &ca,
        "--mqtt-cert",
        &own,
        "--mqtt-cert-key",
        &own_key,
    ];
    let said = watch("mqtts", strict.port, &shown);
    assert!(said.contains("connected, publishing under tls/"), "{said}");
    let said = watch("mqtts", strict.port, &ours);
    assert!(
        said.contains("--mqtt-cert FILE and --mqtt-cert-key FILE"),
        "{said}"
    );
    let closed = free_port();
    for (said, words) in [
        (
            watch("mqtts", good.port, &["--mqtt-ca", &other]),
            "signed by nobody this machine trusts",
        ),
        (watch("mqtts", good.port, &[]), "--mqtt-ca FILE"),
        (
            watch("mqtts", misnamed.port, &ours),
            "the certificate is for broker.example, not for localhost",
        ),
        (watch("mqtts", expired.port, &ours), "has expired"),
        (watch("mqtts", plain.port, &ours), "begins with mqtt://"),
        (watch("mqtt", good.port, &[]), "begins with mqtts://"),
        (watch("mqtt", closed, &[]), "nothing listens on port"),
    ] {
        assert!(said.contains(words), "{words}: {said}");
        // Said once, however often it is tried.
        assert_eq!(said.matches(words).count(), 1, "{said}");
    }
}

#[test]
fn a_broker_that_knows_only_3_1_1_is_spoken_to_in_it() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("mqtt://{}/old", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut levels = Vec::new();
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 512];
            let count = stream.read(&mut buffer).unwrap();
            // Level of the protocol behind the name: 5, or 4 for 3.1.1.
            let level = buffer[..count]
                .windows(4)
                .position(|name| name == b"MQTT")
                .unwrap()
                + 4;
            levels.push(buffer[level]);
            let code = u8::from(buffer[level] != 4);
            stream.write_all(&[0x20, 2, 0, code]).unwrap();
            if code == 0 {
                let _ = stream.read(&mut buffer);
            }
        }
        levels
    });
    let folder = Folder::new();
    let (said, _) = folder.said(&["watch", "sim:", "--duration", "2s", "-v", "--mqtt", &url]);
    assert!(said.contains("connected, publishing under old/"), "{said}");
    assert_eq!(server.join().unwrap(), [5, 4]);
}

#[test]
fn without_a_broker_decoding_goes_on_and_ends_in_time() {
    let folder = Folder::new();
    let url = format!("mqtt://127.0.0.1:{}", free_port());
    let started = Instant::now();
    let output = folder
        .smarty(&[
            "watch",
            "sim:?speed=1000&count=200",
            "--json",
            "--mqtt",
            &url,
        ])
        .output()
        .unwrap();
    assert_eq!(
        output.stdout.iter().filter(|&&byte| byte == b'\n').count(),
        200
    );
    assert!(started.elapsed() < Duration::from_secs(15));
    let said = bench::said(&output);
    assert!(said.contains("nothing listens on port"), "{said}");
    assert!(said.contains("messages were not delivered"), "{said}");
}

#[test]
fn periods_changes_and_fields_hold_for_topics_too() {
    let Some(program) = mosquitto("periods and changes") else {
        return;
    };
    let folder = Folder::new();
    let broker = Broker::open(&program, &folder);
    let listener = Listener::start(broker.port, None);
    let url = |prefix: &str| format!("mqtt://127.0.0.1:{}/{prefix}", broker.port);
    let watch = |prefix: &str, more: &[&str]| {
        let url = url(prefix);
        let source = "h=sim:?speed=1000&count=60&seed=1&start=2026-01-15T18:30:00";
        let usual = ["watch", source, "--no-discovery", "--mqtt", &url];
        assert_eq!(folder.said(&[&usual, more].concat()).1, Some(0));
        listener.wait_for(&format!("{prefix}/status"), "offline");
    };
    watch("all", &[]);
    assert_eq!(listener.of("all/h/active_energy_import_kwh").len(), 60);
    watch("every", &["--every", "60s"]);
    assert_eq!(listener.of("every/h/active_energy_import_kwh").len(), 10);
    watch("change", &["--on-change"]);
    assert_eq!(listener.of("change/h/p1_version").len(), 1);
    let powers = listener.of("change/h/active_power_import_kw");
    assert!(powers.len() > 5 && powers.windows(2).all(|pair| pair[0] != pair[1]));
    watch("fields", &["-F", "active_power_import"]);
    let topics: BTreeSet<_> = listener
        .all()
        .into_iter()
        .map(|heard| heard.topic)
        .filter(|topic| topic.starts_with("fields/h/"))
        .collect();
    let expected =
        ["active_power_import_kw", "health", "status"].map(|last| format!("fields/h/{last}"));
    assert_eq!(topics, BTreeSet::from(expected));
}

#[test]
fn the_topics_of_the_board_are_where_its_rules_look_for_them() {
    let Some(program) = mosquitto("layout of the board") else {
        return;
    };
    let folder = Folder::new();
    let broker = Broker::open(&program, &folder);
    let listener = Listener::start(broker.port, None);
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let arguments = [
        "watch",
        "sim:?profile=lu-full&speed=20",
        "-n",
        "2",
        "--mqtt",
        &url,
        "--mqtt-layout",
        "smartyreader",
        "--mqtt-topics",
        "both",
    ];
    assert_eq!(folder.said(&arguments).1, Some(0));
    listener.wait_for("lamsmarty/status", "offline");
    for topic in [
        "act_pwr_imported_p_plus_kW",
        "act_energy_imported_p_plus_kWh",
        "volt_l1_V",
        "gas_index_m3",
    ] {
        assert_eq!(
            listener.of(&format!("lamsmarty/{topic}")).len(),
            2,
            "{topic}"
        );
    }
    let object: Value = serde_json::from_str(&listener.of("lamsmarty")[0]).unwrap();
    assert_eq!(object["smarty_id"], ID);
    assert_eq!(
        listener.of(&format!("lamsmarty/{ID}/status")),
        ["online", "offline"]
    );
}

#[test]
fn trouble_stands_on_health_until_good_telegrams_come() {
    let Some(program) = mosquitto("health") else {
        return;
    };
    let folder = Folder::new();
    let broker = Broker::open(&program, &folder);
    let listener = Listener::start(broker.port, None);
    let url = format!("mqtt://127.0.0.1:{}/h", broker.port);
    let state = |text: &String| serde_json::from_str::<Value>(text).unwrap()["state"].clone();
    let meter = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let source = format!("house=tcp://{}", meter.local_addr().unwrap());
    let _run = Run::start(&folder, &["watch", &source, "--mqtt", &url]);
    let (mut stream, _) = meter.accept().unwrap();
    let start = jiff::civil::date(2026, 1, 15).at(18, 30, 0, 0);
    let setup = Setup::new(Profile::named("lu").unwrap(), 1, 20, start);
    let mut meter = VirtualMeter::new(setup);
    let mut send = |sealed: bool| {
        let mut bytes = Vec::new();
        match sealed {
            true => meter.next_frame(&mut bytes),
            false => meter.next_telegram(&mut bytes),
        };
        stream.write_all(&bytes).unwrap();
    };
    // Nobody gave a key.
    send(true);
    listener.wait_for("h/house/health", "trouble");
    let first: Value = serde_json::from_str(&listener.of("h/house/health")[0]).unwrap();
    assert_eq!(first["verdict"], "no_key");
    assert!(first["message"].is_string(), "{first}");
    assert!(listener.of("h/house/status").is_empty());
    (0..4).for_each(|_| send(false));
    listener.wait_for("h/house/health", "\"ok\"");
    assert_eq!(listener.of("h/house/status"), ["online"]);
    let states: Vec<_> = listener.of("h/house/health").iter().map(state).collect();
    assert_eq!(states, ["trouble", "ok"]);
    // The label is its own, though it was used before anybody knew the meter.
    let id = "homeassistant/device/smarty_";
    wait_until("discovery", || {
        listener
            .all()
            .iter()
            .any(|heard| heard.topic.starts_with(id))
    });
    drop(stream);
    listener.wait_for("h/house/status", "offline");
}

/// Six meters and a tank from one file, for a time of theirs; resident memory at a third of it and at the end.
fn household(program: &std::path::Path, hours: u64, speed: u64) -> (u64, u64) {
    let folder = Folder::new();
    let broker = Broker::open(program, &folder);
    let listener = Listener::start(broker.port, None);
    let profiles = ["lu", "lu-full", "nl42", "se", "hu", "lt"];
    let mut config = format!(
        "[mqtt]\nurl = \"mqtt://127.0.0.1:{}/street\"\n",
        broker.port
    );
    for (number, profile) in profiles.iter().enumerate() {
        config.push_str(&format!(
            "[[source]]\nlabel = \"m{number}\"\naddress = \"sim:?profile={profile}&speed={speed}&period=10&seed={number}\"\n"
        ));
    }
    let tank = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = tank.local_addr().unwrap();
    config.push_str(&format!(
        "[[source]]\nlabel = \"tank\"\naddress = \"tcp://{address}\"\ndevice = \"maxsonar\"\n"
    ));
    thread::spawn(move || {
        let (mut stream, _) = tank.accept().unwrap();
        for level in (100..200).cycle() {
            if stream.write_all(format!("R{level}\r").as_bytes()).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    });
    folder.write("smarty.toml", &config);
    let run = Run::start(
        &folder,
        &[
            "watch",
            "--config",
            "smarty.toml",
            "-F",
            "active_energy_import,active_energy_import_tariff_1,active_power_import,gas,water,heat",
        ],
    );
    let end = |hour: u64| hour * 360;
    let reached = |count: u64| {
        let started = Instant::now();
        let limit = Duration::from_secs(60 + hours * 3600 * 3 / speed);
        while (listener.of("street/m0/active_power_import_kw").len() as u64) < count {
            assert!(started.elapsed() < limit, "the household is too slow");
            thread::sleep(Duration::from_millis(200));
        }
    };
    reached(end(hours) / 3);
    let early = run.memory();
    reached(end(hours));
    let late = run.memory();
    let (said, took) = run.terminate();
    assert!(!said.contains("mqtt://"), "{said}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    listener.wait_for("street/status", "offline");
    let all = listener.all();
    let mut topics: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for heard in all
        .iter()
        .filter(|heard| heard.topic.starts_with("street/"))
    {
        if let Some((device, last)) = heard.topic["street/".len()..].split_once('/') {
            topics.entry(device).or_default().insert(last);
        }
    }
    let devices = ["m0", "m1", "m2", "m3", "m4", "m5", "tank"];
    assert_eq!(topics.keys().copied().collect::<Vec<_>>(), devices);
    assert_eq!(
        topics["tank"],
        BTreeSet::from(["health", "level_cm", "status"])
    );
    for meter in &devices[..6] {
        let own = &topics[meter];
        assert!(own.contains("status") && own.contains("health"), "{own:?}");
        assert!(own.contains("active_power_import_kw"), "{meter} {own:?}");
        // A counter never goes back, and no telegram of the meter is missing between two.
        let key = own
            .iter()
            .find(|key| key.starts_with("active_energy_import"))
            .unwrap();
        let energies = listener.of(&format!("street/{meter}/{key}"));
        let digits = |text: &String| text.replace('.', "").parse::<u64>().unwrap();
        assert!(
            energies
                .windows(2)
                .all(|pair| digits(&pair[0]) <= digits(&pair[1])),
            "{meter}"
        );
    }
    let gas = ["gas_m3", "heat_gj", "water_m3"];
    assert!(
        gas.iter().all(|key| topics["m1"].contains(key)),
        "{:?}",
        topics["m1"]
    );
    let documents = all
        .iter()
        .filter(|heard| heard.topic.starts_with("homeassistant/device/"));
    let documents: BTreeSet<_> = documents.map(|heard| &heard.topic).collect();
    // Six meters, a tank, gas, water and heat behind one of the meters and gas behind another.
    assert!(documents.len() >= 10, "{documents:?}");
    eprintln!("{} messages; {early} kB, then {late} kB", all.len());
    (early, late)
}

#[test]
fn an_hour_of_a_street_has_all_topics_and_flat_memory() {
    let Some(program) = mosquitto("an hour of a street") else {
        return;
    };
    let (early, late) = household(&program, 1, 360);
    assert!(
        late < early + early / 4 + 2048,
        "{early} kB, then {late} kB"
    );
}

#[test]
#[ignore = "takes some minutes"]
fn a_day_of_a_street_has_all_topics_and_flat_memory() {
    let Some(program) = mosquitto("a day of a street") else {
        return;
    };
    let (early, late) = household(&program, 24, 600);
    assert!(
        late < early + early / 8 + 1024,
        "{early} kB, then {late} kB"
    );
}
