//! `smarty ports`: serial ports and what is known of them.

use super::failure::{Exit, Failure};
use super::writer::{WriteEnd, Writer};
use crate::source::ports;

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
    let text = crate::format::port_list::format(&ports);
    match Writer::Terminal.write(text.as_bytes()) {
        Err(WriteEnd::Failed(failure)) => Err(failure),
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Success),
    }
}
