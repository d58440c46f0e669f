//! What the tty itself does to bytes, turned off.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{fstat, major, stat};
use rustix::io::Errno;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr,
};

use crate::source::error::SourceError;

/// Whether the open file is a tty; a tty with no hardware behind it is an error.
pub(crate) fn is_tty(file: &File, path: &Path) -> Result<bool, SourceError> {
    match tcgetattr(file) {
        Ok(_) => Ok(true),
        Err(Errno::IO | Errno::NXIO) => Err(SourceError::NoHardware { path: path.into() }),
        Err(_) => Ok(false),
    }
}

/// Whether the device is the far side of a pseudo-terminal, which has no UART and no control lines.
pub(crate) fn is_pty(device: u64) -> bool {
    PTY_MAJORS.contains(&major(device))
}

/// Turns off all that changes, drops or holds back bytes, and looks whether it is off.
pub(crate) fn make_raw(tty: &File, marked: bool) -> io::Result<()> {
    let mut termios = tcgetattr(tty)?;
    // Not by `Termios::make_raw`, which sets 8N1 as well.
    termios.local_modes.remove(holding());
    // Without IGNPAR and INPCK a broken character comes through as received, with INPCK and PARMRK it is marked too.
    termios.input_modes.remove(changing());
    if marked {
        termios.input_modes |= MARKING;
    }
    tcsetattr(tty, OptionalActions::Now, &termios)?;
    let actual = tcgetattr(tty)?;
    if is_raw(&actual, marked) {
        Ok(())
    } else {
        Err(io::Error::other("it keeps changing bytes"))
    }
}

fn is_raw(termios: &Termios, marked: bool) -> bool {
    let changing = if marked {
        changing() - MARKING
    } else {
        changing()
    };
    !termios.input_modes.intersects(changing)
        && termios.input_modes.contains(MARKING) == marked
        && !termios.local_modes.intersects(holding())
}

fn changing() -> InputModes {
    InputModes::IGNBRK
        | InputModes::BRKINT
        | InputModes::IGNPAR
        | InputModes::PARMRK
        | InputModes::INPCK
        | InputModes::ISTRIP
        | InputModes::INLCR
        | InputModes::IGNCR
        | InputModes::ICRNL
        | InputModes::IXON
        | InputModes::IXANY
        | InputModes::IXOFF
}

fn holding() -> LocalModes {
    LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN
}

/// Whether the device is a terminal this program was started from: to make it raw would lock the user out.
pub(crate) fn is_own_terminal(device: u64) -> bool {
    let controlling = stat("/dev/tty").is_ok_and(|tty| tty.st_rdev == device);
    controlling
        || [
            rustix::stdio::stdin(),
            rustix::stdio::stdout(),
            rustix::stdio::stderr(),
        ]
        .iter()
        .any(|fd| isatty(fd) && fstat(fd).is_ok_and(|stat| stat.st_rdev == device))
}

const MARKING: InputModes = InputModes::INPCK.union(InputModes::PARMRK);

/// Device numbers of the far sides of Linux pseudo-terminals.
const PTY_MAJORS: std::ops::RangeInclusive<u32> = 136..=143;
