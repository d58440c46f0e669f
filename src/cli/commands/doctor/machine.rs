//! What is not of a source: the clock, the broker, the page of numbers, files, the service.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{Access, access, statvfs};

use super::{Sheet, Wanted};
use crate::cli::args::{Global, MetricsArgs, MqttArgs, StoreArgs};
use crate::cli::output::writer::{WriteEnd, shown};
use crate::cli::services::{default_state, listen, mqtt};
use crate::run::failure::{Exit, Failure};
use crate::source::database::Database;

/// Whether the clock of this machine was ever set: certificates and files depend on it.
pub(super) fn clock(sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let now = Timestamp::now();
    if now.as_second() >= EARLIEST {
        return sheet.ok("time", format!("{now:.0}"));
    }
    let failure = Failure::new(
        Exit::Partial,
        format!("the clock of this machine says {now:.0}"),
    );
    sheet.failed(
        "time",
        failure.hint("sudo timedatectl set-ntp true sets it by the network"),
    )
}

/// Whether the broker lets us in.
pub(super) fn broker(args: &MqttArgs, global: &Global, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let Some(url) = &args.mqtt else {
        return sheet.skipped("mqtt", "no broker is named");
    };
    let quiet = Global {
        quiet: true,
        ..global.clone()
    };
    match mqtt::login(args, url, None, &quiet) {
        Ok(broker) => sheet.ok("mqtt", format!("{broker}: logged in")),
        Err(failure) => sheet.failed("mqtt", failure),
    }
}

/// Whether the page of numbers can be served, or is.
pub(super) fn page(args: &MetricsArgs, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let Some(place) = &args.metrics else {
        return sheet.skipped("metrics", "no address is named");
    };
    let address = match listen::resolve(&place.host, place.port) {
        Ok(address) => address,
        Err(failure) => return sheet.failed("metrics", failure),
    };
    match TcpListener::bind(address) {
        Ok(_) => sheet.ok("metrics", format!("{address}: free to listen at")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && is_ours(address) => {
            sheet.ok("metrics", format!("{address}: a smarty serves it"))
        }
        Err(error) => sheet.failed("metrics", listen::refused(address, &error)),
    }
}

/// Whether a smarty answers at an address; one that serves with TLS cannot be told apart.
fn is_ours(address: std::net::SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, PAGE_PATIENCE)?;
        stream.set_read_timeout(Some(PAGE_PATIENCE))?;
        stream.set_write_timeout(Some(PAGE_PATIENCE))?;
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        stream.take(PAGE_MAX).read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    ask().is_ok_and(|answer| answer.contains("smarty") || answer.starts_with("HTTP/1.1 401"))
}

/// Whether what is recorded and remembered can be written.
pub(super) fn files(wanted: &Wanted, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let mut paths: Vec<PathBuf> = Vec::new();
    paths.extend(wanted.run.output.out.clone());
    let derives = wanted.run.derive.is_wanted();
    let state = wanted.run.derive.state.clone();
    paths.extend(state.or_else(|| default_state().filter(|_| derives)));
    if paths.is_empty() {
        return sheet.skipped("files", "nothing is recorded or remembered");
    }
    for path in &paths {
        if let Some(failure) = unwritable(path) {
            return sheet.failed("files", failure);
        }
    }
    let names: Vec<String> = paths.iter().map(|path| shown(path)).collect();
    sheet.ok("files", format!("{}: can be written", names.join(", ")))
}

/// Whether the database of `--store` can be read and written.
pub(super) fn store(args: &StoreArgs, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let Some(path) = &args.store else {
        return sheet.skipped("store", "no database is named");
    };
    if let Some(failure) = unwritable(path) {
        return sheet.failed("store", failure);
    }
    if !path.exists() {
        return sheet.ok("store", format!("{}: smarty watch makes it", shown(path)));
    }
    let last = Database::open(path).and_then(|database| database.last_period());
    match last {
        Ok(last) => {
            let last = last.and_then(|second| Timestamp::from_second(second).ok());
            let last = last.map_or("it holds nothing yet".to_owned(), |last| {
                format!("its last period begins at {last}")
            });
            sheet.ok("store", format!("{}: {last}", shown(path)))
        }
        Err(error) => {
            let failure = Failure::new(Exit::Io, error.to_string());
            sheet.failed(
                "store",
                failure.hint(
                    error
                        .hint()
                        .unwrap_or_else(|| "move it away: smarty watch makes a new one".to_owned()),
                ),
            )
        }
    }
}

/// Why a file cannot be written.
pub(in crate::cli::commands) fn unwritable(path: &Path) -> Option<Failure> {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut place = whole.as_path();
    if place.exists() && access(place, Access::WRITE_OK).is_err() {
        let what = format!("{}: no permission to write it", path.display());
        let hint = format!("sudo chown $USER {}", path.display());
        return Some(Failure::new(Exit::Io, what).hint(hint));
    }
    // Folders that are not there yet are made.
    while !place.is_dir() {
        place = place.parent()?;
    }
    if access(place, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        let what = format!(
            "{}: no permission to write in {}",
            path.display(),
            place.display()
        );
        let hint = format!("sudo chown $USER {}", place.display());
        return Some(Failure::new(Exit::Io, what).hint(hint));
    }
    let disk = statvfs(place).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    (free < FREE_MIN).then(|| {
        let what = format!(
            "{}: {} MB are left on its disk",
            path.display(),
            free / 1_000_000
        );
        Failure::new(Exit::Io, what).hint(format!("make room: df -h {}", place.display()))
    })
}

/// Whether the unit of systemd, where there is one, names what there is, and runs.
pub(super) fn service(sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let unit = UNITS.iter().map(Path::new).find(|path| path.exists());
    let Some(unit) = unit else {
        return sheet.skipped("service", "there is no unit of systemd for smarty");
    };
    let place = unit.display();
    let text = match fs::read_to_string(unit) {
        Ok(text) => text,
        Err(error) => {
            let failure = Failure::new(Exit::Io, format!("{place}: {error}"));
            return sheet.failed("service", failure);
        }
    };
    if let Some(failure) = missing(unit, &text) {
        return sheet.failed("service", failure);
    }
    let Some(state) = state() else {
        return sheet.ok("service", format!("{place}: what it names is there"));
    };
    if state == "active" {
        return sheet.ok("service", format!("{place}: it runs"));
    }
    let failure = Failure::new(Exit::Io, format!("{place}: the service is {state}"));
    sheet.failed(
        "service",
        failure.hint("sudo systemctl restart smarty; journalctl -u smarty -e shows what it says"),
    )
}

/// What a unit names that is not there.
fn missing(unit: &Path, text: &str) -> Option<Failure> {
    let setting = |name: &'static str| {
        let lines = text.lines().filter_map(move |line| line.strip_prefix(name));
        lines.filter_map(|line| line.trim().strip_prefix('='))
    };
    let programs = setting("ExecStart").filter_map(|line| line.split_whitespace().next());
    let credentials = setting("LoadCredential").filter_map(|line| Some(line.split_once(':')?.1));
    let conditions = setting("ConditionPathExists");
    for named in programs.chain(credentials).chain(conditions) {
        let path = Path::new(named.trim_matches('"'));
        let gone = matches!(fs::metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound);
        if path.is_absolute() && gone {
            let what = format!(
                "{}: it names {}, which is not there",
                unit.display(),
                path.display()
            );
            return Some(
                Failure::new(Exit::Io, what)
                    .hint("put it there, or write the unit again: smarty setup --service"),
            );
        }
    }
    let program = setting("ExecStart").find_map(|line| line.split_whitespace().next());
    let is_shut = |path: &str| fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o111 == 0);
    let program = program.filter(|path| is_shut(path))?;
    let what = format!("{}: {program} is not a program", unit.display());
    Some(Failure::new(Exit::Io, what).hint(format!("sudo chmod 755 {program}")))
}

/// What systemd says of the service, where there is a systemd.
fn state() -> Option<String> {
    if !Path::new("/run/systemd/system").is_dir() {
        return None;
    }
    let said = Command::new("systemctl")
        .args(["is-active", "smarty.service"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let state = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    (!state.is_empty()).then_some(state)
}

/// Where the unit may be, the one that wins first.
const UNITS: [&str; 3] = [
    "/etc/systemd/system/smarty.service",
    "/usr/lib/systemd/system/smarty.service",
    "/lib/systemd/system/smarty.service",
];
/// Seconds since 1970 of the begin of 2024, before which no such program was made.
const EARLIEST: i64 = 1_704_067_200;
/// Bytes that a disk should have left.
const FREE_MIN: u64 = 100_000_000;
/// How long a page may take.
const PAGE_PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of a page that are looked at.
const PAGE_MAX: u64 = 64 << 10;
