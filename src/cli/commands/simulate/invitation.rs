//! What a simulation says when it begins: where it is, and how to read it.

use std::num::NonZeroU32;
use std::path::Path;

use super::outlets::{Outlets, create};
use super::{Play, Target};
use crate::cli::args::{Global, Simulate};
use crate::cli::caution::say_who_reads;
use crate::cli::output::writer::{WriteEnd, Writer, quoted, shown};
use crate::p1::cipher::AuthenticationKey;
use crate::run::failure::{Exit, Failure, say_openly};
use crate::simulate::virtual_meter::{VirtualMeter, keyring_toml};
use crate::store::out::{Access, keep_to_owner};
use crate::sys::bounded;

/// Prints paths and addresses on stdout, writes the key ring, and says on stderr what to type.
///
/// # Errors
/// Where the key ring cannot be written, or stdout.
pub fn say_how_to_read(
    args: &Simulate,
    target: Target<'_>,
    play: &Play,
    outlets: &Outlets,
    global: &Global,
) -> Result<(), Failure> {
    let meters = match play {
        Play::MeterGroup(street) => street.meters(),
        Play::Replay { .. } => &[],
    };
    let ring = keyring_toml(meters);
    if let Some(path) = &args.target.keyring {
        write_ring(path, &ring, args.target.force)?;
    }
    let places = outlets.places();
    if !places.is_empty() {
        let lines: String = places.iter().map(|place| format!("{place}\n")).collect();
        match Writer::Terminal.write(lines.as_bytes()) {
            Ok(()) | Err(WriteEnd::ReaderGone) => {}
            Err(WriteEnd::Failed(failure)) => return Err(failure),
        }
    }
    if global.quiet {
        return Ok(());
    }
    let keys = match (&args.target.keyring, meters) {
        (Some(path), _) => format!(" --keyring {}", quoted(&shown(path))),
        (None, [meter]) => key_options(meter),
        (None, _) if ring.is_empty() => String::new(),
        (None, _) => " --keyring keys.toml".to_owned(),
    };
    if target == Target::Stdout && keys.is_empty() {
        return Ok(());
    }
    let command = match target {
        Target::Pty | Target::Tcp => watch(play, &places, &keys, args.meters.pulses),
        Target::File(path) => {
            let place = of_pulses(&shown(path), args.meters.pulses);
            format!("smarty parse {}{keys}", quoted(&place))
        }
        Target::Stdout => {
            let place = of_pulses("-", args.meters.pulses);
            format!("smarty parse {}{keys}", quoted(&place))
        }
    };
    if let (None, [_, _, ..], false) = (&args.target.keyring, meters, ring.is_empty()) {
        say_openly(&match meters.len() {
            ..=SHOWN_MAX => format!(
                "the key ring of these meters, as keys.toml (--keyring FILE writes it)\n\n{ring}"
            ),
            many => format!("the keys of these {many} meters: --keyring keys.toml writes them"),
        });
    }
    say_openly(&format!("read it with\n  {command}"));
    Ok(())
}

/// The command that shows what is sent, with a label for each meter where there are several.
fn watch(play: &Play, places: &[String], keys: &str, pulses: Option<NonZeroU32>) -> String {
    let label = |index: usize| match play {
        Play::MeterGroup(_) => format!("meter{}", index + 1),
        Play::Replay { replay, .. } => replay.labels().get(index).cloned().unwrap_or_default(),
    };
    let mut command = "smarty watch".to_owned();
    for (index, place) in places.iter().enumerate() {
        let label = match places.len() {
            1 => String::new(),
            _ => label(index),
        };
        let equals = if label.is_empty() { "" } else { "=" };
        let place = of_pulses(place, pulses);
        command.push_str(&format!(" {}", quoted(&format!("{label}{equals}{place}"))));
    }
    command + keys
}

/// A place as the address of pulses, where pulses are sent there.
fn of_pulses(place: &str, pulses: Option<NonZeroU32>) -> String {
    match pulses {
        Some(per_kwh) => format!("pulse:{place}?per_kwh={per_kwh}"),
        None => place.to_owned(),
    }
}

fn key_options(meter: &VirtualMeter) -> String {
    if !meter.is_sealed() {
        return String::new();
    }
    let mut options = format!(" --key {}", hex::encode_upper(meter.key()));
    if meter.auth_key() != AuthenticationKey::LUXEMBOURG {
        options.push_str(&format!(
            " --auth-key {}",
            hex::encode_upper(meter.auth_key())
        ));
    }
    options
}

/// Writes the key ring; one that already says the same stays.
fn write_ring(path: &Path, ring: &str, force: bool) -> Result<(), Failure> {
    use std::io::Write;
    if ring.is_empty() {
        return Err(
            Failure::new(Exit::Usage, "--keyring: these meters do not encrypt")
                .hint("--encrypted makes them"),
        );
    }
    if bounded::read_text(path, ring.len()).is_ok_and(|there| there == ring) {
        // Where the system does not let it be closed to others, that is said.
        if keep_to_owner(path).is_err() {
            say_who_reads(path, "keys", false);
        }
        return Ok(());
    }
    let mut file = create(path, force)?.readable_by(Access::Owner);
    file.write_all(ring.as_bytes())
        .map_err(|error| crate::cli::output::writer::failed(&shown(path), &error))?;
    Ok(file.finish()?)
}

/// The keys of more meters are written to a file, or not at all.
const SHOWN_MAX: usize = 20;
