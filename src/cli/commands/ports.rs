//! `smarty ports`: serial ports and what is known of them.

use std::fmt::Write as _;

use crate::cli::output::writer::{WriteEnd, Writer};
use crate::format::clean::clean_lines;
use crate::run::failure::{Exit, Failure};
use crate::source::ports::{self, Access, Port};

/// Lists the serial ports.
///
/// # Errors
/// When standard output cannot be written.
pub fn run() -> Result<Exit, Failure> {
    let ports = ports::list();
    if ports.is_empty() {
        return Err(Failure::new(Exit::NoTelegram, "there is no serial port")
            .hint("plug the cable in; `dmesg` shows whether the system sees the adapter"));
    }
    let text = list(&ports);
    match Writer::Terminal.write(text.as_bytes()) {
        Err(WriteEnd::Failed(failure)) => Err(failure),
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Success),
    }
}

/// Lists ports, with what is known of each adapter and whether it can be opened.
fn list(ports: &[Port]) -> String {
    let mut text = String::new();
    for port in ports {
        let _ = writeln!(text, "{port}");
        if let Some(link) = &port.by_id {
            let _ = writeln!(text, "  always the same:  {}", link.display());
        }
        match port.access() {
            Access::Free => {}
            Access::Held(holder) => {
                let _ = writeln!(text, "  in use:           {holder}");
            }
            Access::Denied(rights) => {
                let group = rights.map_or("dialout".to_owned(), |rights| rights.group);
                let _ = writeln!(
                    text,
                    "  no permission:    sudo usermod -aG {group} $USER, then log in again"
                );
            }
        }
    }
    // What an adapter calls itself is not ours.
    clean_lines(&text)
}
