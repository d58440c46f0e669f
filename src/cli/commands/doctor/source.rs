//! A source: its port, and what comes of it.

use std::path::Path;
use std::time::Duration;

use super::Sheet;
use crate::cli::args::{Global, Run};
use crate::cli::inputs::Named;
use crate::cli::keys::Ring;
use crate::cli::listening::{Heard, Patience, listen};
use crate::cli::messages::refusals;
use crate::cli::output::writer::WriteEnd;
use crate::format::keys::advice;
use crate::format::words::Depth;
use crate::p1::count::count;
use crate::p1::diagnosis::{Finding, Verdict};
use crate::p1::examine::Stage;
use crate::run::failure::{Exit, Failure};
use crate::source::error::SourceError;
use crate::source::ports::{self, NoSinglePort, Port};
use crate::source::{LineSettings, Place};
use crate::sys::access::{Holder, Rights, holder, may_open};

/// Looks at a source, as far as one thing after the other is well.
pub(super) fn look(
    named: &Named,
    run: &Run,
    ring: Option<&Ring>,
    time: Duration,
    global: &Global,
    sheet: &mut Sheet,
) -> Result<(), WriteEnd> {
    let address = &named.address;
    let name = address.place.to_string();
    let kind = match &address.place {
        Place::Tcp { .. } => "tcp",
        Place::Http(_) => "http",
        Place::Mqtt(_) => "mqtt",
        Place::Pulse(_) => "pulse",
        Place::Sim(_) => "sim",
        Place::Stdin => "stdin",
        Place::Path(path) if !is_port(path) => "file",
        Place::Path(_) | Place::Auto => "serial",
    };
    sheet.about(kind, &name, address.label.as_deref());
    match port(&address.place) {
        Ok(None) => {}
        Ok(Some(holder)) => {
            sheet.ok("port", format!("{name}: {holder} reads it"))?;
            let end = format!("stop it to have it checked: kill {}", holder.pid);
            for check in ["bytes", "speed", "frames", "key", "clock"] {
                sheet.skipped(check, &end)?;
            }
            return Ok(());
        }
        Err(failure) => {
            sheet.failed("port", failure)?;
            return rest(&["bytes", "speed", "frames", "key", "clock"], "port", sheet);
        }
    }
    let patience = Patience {
        telegrams: TELEGRAMS,
        time,
        says: false,
    };
    let heard = match listen(named, run.keys.clone(), global, patience) {
        Ok((heard, _)) => heard,
        Err(failure) => {
            sheet.failed("port", failure)?;
            return rest(&["bytes", "speed", "frames", "key", "clock"], "port", sheet);
        }
    };
    if heard.kind.is_empty() {
        let error = heard.errors.first().cloned();
        let (what, hint) = error.unwrap_or((format!("{name}: cannot be opened"), None));
        let mut failure = Failure::new(Exit::Io, what);
        failure.hint = hint;
        sheet.failed("port", failure)?;
        return rest(&["bytes", "speed", "frames", "key", "clock"], "port", sheet);
    }
    sheet.ok("port", format!("{name}: opened"))?;
    if heard.bytes == 0 {
        let line = heard.line.map(|line| format!(" at {line}"));
        let what = format!(
            "no bytes for {} s{}",
            time.as_secs(),
            line.unwrap_or_default()
        );
        let failure = Failure::new(Exit::NoTelegram, what).hint(
            "pin 2 of the plug (data request) needs 5 V; or has the operator closed the port?",
        );
        sheet.failed("bytes", failure)?;
        return rest(&["speed", "frames", "key", "clock"], "bytes", sheet);
    }
    sheet.ok("bytes", format!("{} came", count(heard.bytes, "byte")))?;
    let whole = !heard.meters.is_empty();
    line(&heard, whole, sheet)?;
    if !whole {
        frames_missing(&heard, sheet)?;
        return rest(&["key", "clock"], "frames", sheet);
    }
    frames(&heard, sheet)?;
    key(named, run, ring, &heard, sheet)?;
    clock(&heard, sheet)
}

/// Skips what depends on something that is not well.
fn rest(names: &[&'static str], before: &str, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let mut names = names.iter();
    names.try_for_each(|name| sheet.skipped(name, format!("the {before} comes first")))
}

fn is_port(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).map_or(path.starts_with("/dev"), |meta| {
        meta.file_type().is_char_device()
    })
}

/// Whether a port can be had; a smarty that reads it already is well.
fn port(place: &Place) -> Result<Option<Holder>, Failure> {
    let path = match place {
        Place::Path(path) => path.clone(),
        Place::Auto => match ports::only_usb_port(&ports::list()) {
            Ok(path) => path,
            Err(NoSinglePort::None) => return Err(SourceError::NoUsbPort.into()),
            Err(NoSinglePort::Several(paths)) => {
                return Err(SourceError::SeveralUsbPorts { paths }.into());
            }
        },
        Place::Tcp { .. }
        | Place::Http(_)
        | Place::Mqtt(_)
        | Place::Pulse(_)
        | Place::Sim(_)
        | Place::Stdin => return Ok(None),
    };
    if !path.exists() {
        let ports = ports::list().iter().map(Port::to_string).collect();
        return Err(SourceError::NotFound { path, ports }.into());
    }
    if !is_port(&path) {
        return Ok(None);
    }
    if !may_open(&path) {
        let rights = Rights::of(&path);
        return Err(SourceError::NoRight { path, rights }.into());
    }
    match holder(&path) {
        None => Ok(None),
        Some(holder) if holder.program == "smarty" => Ok(Some(holder)),
        holder @ Some(_) => Err(SourceError::Busy { path, holder }.into()),
    }
}

fn line(heard: &Heard, whole: bool, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let Some(line) = heard.line else {
        return sheet.skipped("speed", "it is no serial port");
    };
    let speed = heard.findings.iter().find(|finding| {
        matches!(
            finding.verdict,
            Verdict::WrongSpeed
                | Verdict::OnlyZeros
                | Verdict::SevenEven
                | Verdict::WrongParity
                | Verdict::Bit7Stripped
        )
    });
    match speed {
        Some(finding) => {
            let failure = told(finding, heard);
            sheet.failed("speed", failure)
        }
        None if whole => sheet.ok("speed", line.to_string()),
        None => {
            let usual: Vec<String> = LineSettings::candidates(None)
                .iter()
                .map(LineSettings::to_string)
                .collect();
            let what = format!("nothing makes sense at {line}");
            let hint = format!(
                "smarty setup --force finds the speed among {}",
                usual.join(", ")
            );
            let failure = Failure::new(Exit::NoTelegram, what);
            sheet.failed("speed", failure.hint(hint))
        }
    }
}

/// A finding as a failure.
fn told(finding: &Finding, heard: &Heard) -> Failure {
    let (what, hint) = refusals::finding(finding, heard.source(None), Depth::Plain);
    Failure::new(Exit::NoTelegram, what).hint(hint)
}

fn frames_missing(heard: &Heard, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let finding = heard
        .findings
        .iter()
        .find(|finding| !matches!(finding.verdict.stage(), Stage::Key | Stage::Tag));
    let failure = match finding {
        Some(finding) => told(finding, heard),
        None => {
            let what = match heard.damaged {
                0 => "no telegram is in what came".to_owned(),
                damaged => format!("{} came damaged, none whole", count(damaged, "frame")),
            };
            Failure::new(Exit::NoTelegram, what).hint(
                "record it with smarty capture, and have it explained: smarty parse --explain",
            )
        }
    };
    sheet.failed("frames", failure)
}

fn frames(heard: &Heard, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let meters: Vec<&str> = heard.meters.iter().map(|meter| meter.id.as_str()).collect();
    match heard.damaged {
        0 => sheet.ok("frames", format!("whole, from {}", meters.join(", "))),
        damaged => {
            let what = format!(
                "{} came damaged, others whole, from {}",
                count(damaged, "frame"),
                meters.join(", ")
            );
            let finding = heard
                .findings
                .iter()
                .find(|finding| finding.verdict.explains_refusals());
            let failure = Failure::new(Exit::Partial, what);
            sheet.failed(
                "frames",
                match finding {
                    Some(finding) => {
                        let (_, hint) =
                            refusals::finding(finding, heard.source(None), Depth::Plain);
                        failure.hint(hint)
                    }
                    None => failure.hint("check plugs, cable and pull-up"),
                },
            )
        }
    }
}

fn key(
    named: &Named,
    run: &Run,
    ring: Option<&Ring>,
    heard: &Heard,
    sheet: &mut Sheet,
) -> Result<(), WriteEnd> {
    if heard.meters.iter().all(|meter| !meter.sealed) {
        return sheet.skipped("key", "the meter sends in clear");
    }
    let Some(ring) = ring else {
        return rest(&["key"], "keys", sheet);
    };
    let keys = match named.keys(&run.keys, ring) {
        Ok(keys) => keys,
        Err(failure) => return sheet.failed("key", failure),
    };
    let mut check = heard.check(keys);
    let meters = check.meters().to_vec();
    let mut fits = Vec::new();
    for meter in &meters {
        let id = meter.title.device_id();
        let id = id.unwrap_or_else(|| meter.title.to_string());
        match check.cause(meter) {
            Some(cause) if meter.fits() == 0 => {
                let advice = advice(meter, &cause);
                let what = format!("{id}: {}", advice.what);
                let failure = Failure::new(Exit::Key, what).hint(advice.hint);
                return sheet.failed("key", failure);
            }
            _ => fits.push(id),
        }
    }
    sheet.ok("key", format!("fits {}", fits.join(", ")))
}

fn clock(heard: &Heard, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let Some((measured, received)) = heard.clocks else {
        return sheet.skipped("clock", "no telegram that can be read has a time");
    };
    let apart = measured.duration_since(received).as_secs().unsigned_abs();
    if apart <= CLOCK_MAX {
        return sheet.ok("clock", format!("{apart} s from that of this machine"));
    }
    let what = format!("the clock of the meter is {apart} s from that of this machine");
    let failure = Failure::new(Exit::Partial, what);
    sheet.failed(
        "clock",
        failure.hint("timedatectl shows whether that of this machine is set by the network; else tell the operator"),
    )
}

/// Telegrams that are enough.
const TELEGRAMS: u64 = 2;
/// Seconds that the clocks of meter and machine may be apart: a push may be a quarter of a minute old.
const CLOCK_MAX: u64 = 120;
