//! The cable: which port it is, and why it cannot be had.

use std::ffi::OsStr;
use std::path::{Path, absolute};

use super::questions::Questions;
use crate::cli::inputs;
use crate::run::failure::{Exit, Failure};
use crate::source::ports::{self, Access, Port};
use crate::source::{Address, Place, SourceError};

/// The address that was given, as `smarty.toml` takes it: paths from the root.
///
/// # Errors
/// What names no source that can be set up.
pub fn given(text: &OsStr) -> Result<Address, Failure> {
    let named = inputs::addresses(&[text.to_owned()])?;
    let Some(named) = named.into_iter().next() else {
        return Err(Failure::new(Exit::Usage, "--input names no source"));
    };
    let mut address = named.address;
    match &mut address.place {
        Place::Stdin => {
            let what = "piped input cannot be set up";
            Err(Failure::new(Exit::Usage, what).hint("smarty parse reads it"))
        }
        Place::Path(path) => {
            if let Ok(whole) = absolute(&*path) {
                *path = whole;
            }
            Ok(address)
        }
        Place::Pulse(_) => {
            let what = "pulses need no setting up";
            Err(Failure::new(Exit::Usage, what).hint("count them with: smarty watch pulse:…"))
        }
        Place::Tcp { .. } | Place::Http(_) | Place::Mqtt(_) | Place::Sim(_) | Place::Auto => {
            Ok(address)
        }
    }
}

/// The USB port that there is, under the name that it keeps; waits for the cable where somebody can put it in.
///
/// # Errors
/// No port, several and nobody to choose, or one that cannot be opened.
pub fn find(questions: &Questions) -> Result<Address, Failure> {
    loop {
        let all = ports::list();
        let usb: Vec<&Port> = all.iter().filter(|port| port.usb().is_some()).collect();
        let port = match usb.as_slice() {
            [] => {
                let failure = missing(&all);
                if !questions.are_asked() {
                    return Err(failure);
                }
                failure.report(false);
                let question = "Put the cable in and press Enter, or type where the meter is (tcp://HOST:PORT)";
                match questions.line(question, "")?.as_str() {
                    "" => continue,
                    text => return given(text.as_ref()),
                }
            }
            [port] => *port,
            several => {
                let names: Vec<String> = several.iter().map(|port| port.to_string()).collect();
                if !questions.are_asked() {
                    let what = format!("there are {} USB serial ports", several.len());
                    let hint = format!("name one: --input PORT\n{}", names.join("\n"));
                    return Err(Failure::new(Exit::Io, what).hint(hint));
                }
                let at = questions.choose("Which of them is the cable at the meter?", &names)?;
                match several.get(at) {
                    Some(port) => *port,
                    None => continue,
                }
            }
        };
        match barrier(port) {
            None => return given(lasting(port).as_os_str()),
            Some(failure) if questions.are_asked() => {
                failure.report(false);
                questions.line("Press Enter to try it again", "")?;
            }
            Some(failure) => return Err(failure),
        }
    }
}

/// The name of a port that is the same after each plugging in, where it has one.
fn lasting(port: &Port) -> &Path {
    port.by_id.as_deref().unwrap_or(&port.path)
}

/// Why a port cannot be had.
pub fn barrier(port: &Port) -> Option<Failure> {
    let path = port.path.clone();
    Some(Failure::from(match port.access() {
        Access::Free => return None,
        Access::Held(holder) => SourceError::Busy {
            path,
            holder: Some(holder),
        },
        Access::Denied(rights) => SourceError::NoRight { path, rights },
    }))
}

/// No USB port: what there is instead.
fn missing(all: &[Port]) -> Failure {
    let mut hint = "put the cable in; `dmesg` shows whether the system sees its adapter".to_owned();
    if !all.is_empty() {
        let names: Vec<String> = all.iter().map(Port::to_string).collect();
        hint.push_str(&format!(
            "\na port of the board, or a server, is named: --input {}; there is {}",
            all.first().map_or(String::new(), Port::to_string),
            names.join(", ")
        ));
    } else {
        hint.push_str("\na meter in the network is named: --input tcp://HOST:PORT");
    }
    Failure::new(Exit::Io, "there is no USB serial port").hint(hint)
}
