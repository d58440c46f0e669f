//! The list of serial ports as text.

use std::fmt::Write;

use crate::format::clean::clean_lines;
use crate::source::ports::{Access, Port};

/// Lists ports, with what is known of each adapter and whether it can be opened.
pub fn format(ports: &[Port]) -> String {
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
                    "  no right to open: sudo usermod -aG {group} $USER, then log in again"
                );
            }
        }
    }
    // What an adapter calls itself is not ours.
    clean_lines(&text)
}
