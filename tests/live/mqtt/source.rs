//! Topics of a broker as sources: what dongles publish.

use rumqttc_v5::{PublishOptions, QoS};
use serde_json::Value;
use smarty::simulate::virtual_meter::{Profile, Setup, VirtualMeter, keyring_toml};

use super::bench::{Broker, Folder, Listener, mosquitto, wait_until};
use std::process::Stdio;
use std::time::Duration;

fn meter(profile: &str, number: u32) -> VirtualMeter {
    let start = jiff::civil::date(2026, 1, 15).at(18, 30, 0, 0);
    VirtualMeter::new(Setup::new(
        Profile::named(profile).unwrap(),
        number,
        20,
        start,
    ))
}

fn frame(meter: &mut VirtualMeter) -> Vec<u8> {
    let mut frame = Vec::new();
    meter.next_frame(&mut frame);
    frame
}

#[test]
fn frames_digits_and_telegrams_come_under_the_label_of_their_topic() {
    let Some(program) = mosquitto("frames come from topics") else {
        return;
    };
    let folder = Folder::new();
    let mut meters = [meter("lu", 1), meter("lu", 2), meter("nl5", 3)];
    folder.write("keys.toml", &keyring_toml(&meters[..2]));
    let mut broker = Broker::open(&program, &folder);
    let publisher = Listener::start(broker.port, None);
    let url = format!("mqtt://127.0.0.1:{}/dongles/+/raw", broker.port);
    let child = folder
        .smarty(&["parse", &url, "--json", "--keyring", "keys.toml", "-n", "6"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let publish = |topic: &str, payload: Vec<u8>| {
        let options = PublishOptions::new(QoS::AtLeastOnce);
        publisher
            .client
            .try_publish(topic, payload, options)
            .unwrap();
    };
    // Nobody can tell when it listens: what is said before it does is said again.
    let hex = |frame: &[u8]| -> Vec<u8> {
        let digits: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.into_bytes()
    };
    let (first, second) = (frame(&mut meters[0]), frame(&mut meters[1]));
    let third = frame(&mut meters[2]);
    std::thread::sleep(Duration::from_millis(1500));
    publish("dongles/attic/raw", first);
    publish("dongles/cellar 1/raw", hex(&second));
    publish("dongles/shop/raw", third);
    publish("dongles/shop/status", b"online".to_vec());
    publish("dongles/shop/raw", b"hello".to_vec());
    std::thread::sleep(Duration::from_millis(500));
    // It comes back to a broker that does.
    broker.kill();
    broker.restart();
    publisher.wait_subscribed();
    std::thread::sleep(Duration::from_millis(4000));
    publish("dongles/attic/raw", frame(&mut meters[0]));
    publish("dongles/cellar 1/raw", frame(&mut meters[1]));
    publish("dongles/shop/raw", hex(&frame(&mut meters[2])));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let labels: Vec<_> = lines
        .iter()
        .map(|line| line["source"]["label"].clone())
        .collect();
    let labels: Vec<_> = labels.iter().map(|label| label.as_str().unwrap()).collect();
    let expected = ["attic", "cellar_201", "shop"];
    assert_eq!(labels, [expected, expected].concat(), "{said}");
    assert!(lines.iter().all(|line| line["source"]["kind"] == "mqtt"));
    assert!(said.contains("back after"), "{said}");
}

#[test]
fn a_broker_that_does_not_let_us_in_is_named() {
    let Some(program) = mosquitto("a broker that does not let us in") else {
        return;
    };
    let folder = Folder::new();
    let lines = "listener %p 127.0.0.1\nallow_anonymous false\n";
    let broker = Broker::start(&program, &folder, lines);
    folder.write("password", "topsecret\n");
    let url = format!("mqtt://anna@127.0.0.1:{}/raw", broker.port);
    let (said, exit) = folder.said(&["parse", &url, "--server-password-file", "password"]);
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("user"), "{said}");
    assert!(
        !said.contains("--mqtt-") && !said.contains("topsecret"),
        "{said}"
    );
    let (said, exit) = folder.said(&["parse", "mqtt://127.0.0.1:1/raw"]);
    assert_eq!(exit, Some(3), "{said}");
    let (said, exit) = folder.said(&["parse", "mqtt://127.0.0.1/"]);
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("topic"), "{said}");
    wait_until("the broker is still there", || {
        std::net::TcpStream::connect(("127.0.0.1", broker.port)).is_ok()
    });
}
