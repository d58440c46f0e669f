//! What runs beside the output: wrong options, wrong lines of smarty.toml, and the unit of systemd.

use std::net::TcpListener;

use super::run::{Done, Folder, KEY, smarty};
use insta::assert_snapshot;

/// `smarty watch` with a smarty.toml.
fn configured(text: &str) -> Done {
    let folder = Folder::new();
    folder.file("smarty.toml", text);
    smarty("watch --config smarty.toml -n 1 --json")
        .within(&folder)
        .done()
}

#[test]
fn taps_that_cannot_be_had() {
    let mut all = String::new();
    for line in [
        "watch house=sim: pv=sim: --forward tank=2001",
        "watch sim: --forward tank=2001",
        "watch sim: --forward-raw",
        "watch sim: --forward ::1:2001",
        "watch sim: --forward pty:lu.bin",
        "watch sim: --metrics here",
        "watch sim: --metrics 0 --redact",
    ] {
        all.push_str(&format!("{}\n\n", smarty(line).done()));
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for option in ["--forward", "--metrics"] {
        let done = smarty(&format!("watch sim: {option} {port}")).done();
        all.push_str(&format!("{}\n\n", done.with(&port, "PORT")));
    }
    assert_snapshot!(all);
}

#[test]
fn options_of_metrics_that_do_not_fit() {
    let folder = Folder::new();
    folder.file("empty", "\n");
    let mut all = String::new();
    for line in [
        "--metrics-user anna",
        "--metrics-host meter.lan",
        "--metrics 0 --metrics-user anna",
        "--metrics 0 --metrics-user an:na --metrics-password-file empty",
        "--metrics 0 --metrics-user anna --metrics-password-file empty",
        "--metrics 0 --metrics-user anna --metrics-password-file nowhere",
        "--metrics 0 --metrics-password-file empty",
        "--metrics 0 --metrics-cert empty",
        "--metrics 0 --metrics-cert empty --metrics-cert-key empty",
    ] {
        let done = smarty(&format!("watch sim: {line}")).within(&folder).done();
        all.push_str(&format!("{done}\n\n"));
    }
    assert_snapshot!(all);
}

#[test]
fn metrics_in_smarty_toml_have_a_password() {
    let folder = Folder::new();
    folder.file("password", "geheim\n");
    let text = "[metrics]\nlisten = \"127.0.0.1:0\"\nuser = \"anna\"\npassword_file = \"password\"\n\
                hosts = \"meter.lan\"\n[[source]]\naddress = \"sim:?plain&count=1\"\n";
    folder.file("smarty.toml", text);
    let run = |line: &str| {
        let line = format!("watch --config smarty.toml -n 1 --json {line}");
        smarty(&line).within(&folder).done()
    };
    let done = run("");
    assert!(
        done.stderr
            .contains("metrics for Prometheus at http://127.0.0.1:"),
        "{done}"
    );
    assert!(
        !done.stderr.contains("geheim") && done.exit == Some(0),
        "{done}"
    );
    let done = run("--metrics-user bert");
    assert!(
        done.stderr.contains("there is no password for bert"),
        "{done}"
    );
}

#[test]
fn services_in_smarty_toml() {
    let done = configured(
        "forward = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n[[source]]\nlabel = \"house\"\n\
         address = \"sim:?plain&count=1\"\nforward = [\":0\", \"pty:meter\"]\n",
    );
    let said: Vec<_> = done.stderr.lines().collect();
    for (line, words) in said.iter().zip([
        "telegrams at tcp://127.0.0.1:",
        "telegrams of house at tcp://127.0.0.1:",
        "telegrams of house at ",
        "metrics for Prometheus at http://127.0.0.1:",
        "web page at http://127.0.0.1:",
    ]) {
        assert!(
            line.starts_with(&format!("smarty: note: {words}")),
            "{done}"
        );
    }
    assert_eq!((said.len(), done.exit), (5, Some(0)), "{done}");
    assert_eq!(done.json().len(), 1);
}

#[test]
fn slips_in_services_of_smarty_toml() {
    let mut all = String::new();
    for text in [
        "forward = \"udp://host:1\"\n",
        "forward = 2001\n",
        "metrics = \"here\"\n",
        "metrics = 9100\n",
        "[metrics]\nuser = \"anna\"\n",
        "[metrics]\nlisten = \"9100\"\npassword = \"geheim\"\n",
        "[[source]]\naddress = \"sim:\"\nforward = \"2001\"\n",
        "[[source]]\nlabel = \"a\"\naddress = \"sim:\"\nforward = \"b=2001\"\n",
        "forward = \"b=2001\"\n[[source]]\nlabel = \"a\"\naddress = \"sim:\"\n",
    ] {
        all.push_str(&configured(text).stderr);
    }
    assert_snapshot!(all);
}

#[test]
fn a_unit_of_systemd() {
    let line = "generate systemd --program /usr/bin/smarty -- house=/dev/ttyUSB0 --keyring /etc/smarty/keys.toml \
                --forward tcp://0.0.0.0:2001 --csv -o house.csv --append";
    assert_snapshot!(smarty(line).done());
    let line = "generate systemd --program /usr/bin/smarty";
    assert_snapshot!("a_unit_of_systemd_without_options", smarty(line).done());
    let secret = smarty(&format!("generate systemd -- watch auto --key {KEY}")).done();
    assert!(!secret.stderr.contains(KEY), "{secret}");
    let mut all = format!("{}\n\n", secret.with(KEY, "KEY"));
    for line in [
        "generate bash -- watch auto",
        "generate systemd -- parse x.bin",
    ] {
        all.push_str(&format!("{}\n\n", smarty(line).done()));
    }
    assert_snapshot!("units_that_cannot_be", all);
}
