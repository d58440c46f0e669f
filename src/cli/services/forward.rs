//! `--forward`: the taps that were asked for, opened.

use crate::cli::args::ForwardArgs;
use crate::cli::inputs::Named;
use crate::cli::output::writer::failed;
use crate::cli::services::listen;
use crate::publish::forward::{Forward, Taps};
use crate::publish::forward_target::ForwardPlace;
use crate::run::failure::{Exit, Failure};

/// Opens the taps; none where none is asked for.
///
/// # Errors
/// A label that no source has; an address or a path that cannot be had.
pub fn open(args: &ForwardArgs, named: &[Named]) -> Result<Option<Forward>, Failure> {
    if args.forward.is_empty() {
        return match args.forward_raw {
            true => Err(Failure::new(Exit::Usage, "--forward-raw needs --forward")),
            false => Ok(None),
        };
    }
    let sources: Vec<_> = named
        .iter()
        .filter_map(|named| named.address.label.as_deref())
        .collect();
    let (mut places, mut labels, mut ptys) = (Vec::new(), Vec::new(), Vec::new());
    for tap in &args.forward {
        if let Some(label) = &tap.label
            && !sources.contains(&label.as_str())
        {
            let failure = Failure::new(
                Exit::Usage,
                format!("--forward {tap}: no source is called {label}"),
            );
            return Err(failure.hint(match sources.as_slice() {
                [] => format!("give the source its label: {label}=/dev/ttyUSB0"),
                sources => format!("there is {}", sources.join(", ")),
            }));
        }
        match &tap.place {
            ForwardPlace::Tcp(listen) => {
                places.push((listen.host.as_str(), listen.port));
                labels.push(tap.label.clone());
            }
            ForwardPlace::Pty(path) => {
                let pty = listen::pty(Some(path))?;
                pty.share();
                ptys.push((pty, tap.label.clone()));
            }
        }
    }
    let taps = Taps {
        server: listen::tcp(&places)?,
        labels,
        ptys,
    };
    let forward = Forward::start(taps, args.forward_raw);
    forward
        .map(Some)
        .map_err(|error| failed("forwarding", &error))
}
