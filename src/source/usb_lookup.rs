//! Where a USB adapter that went away is looked for.
//!
//! One with a serial number is found again under any path, and its old path is not left to another adapter: the
//! readings of two houses must not be mixed. One without a serial number comes back where it was. A path under
//! `/dev/serial` was chosen by the user to name one thing for good, and is kept to.

use std::path::{Path, PathBuf};

use crate::source::error::SourceError;
use crate::source::ports::{Port, Usb};

/// Where an adapter is now: under any path by its serial number, else at its old path,
/// unless another adapter sits there for certain.
pub(crate) fn find(
    old: Option<&Path>,
    adapter: &Usb,
    ports: &[Port],
) -> Result<PathBuf, SourceError> {
    let same = |port: &&Port| port.usb().is_some_and(|usb| usb.is_same(adapter));
    if let Some(port) = ports.iter().find(same) {
        return Ok(port.path.clone());
    }
    let Some(old) = old else {
        return Err(SourceError::NoUsbPort);
    };
    let real = old.canonicalize().unwrap_or_else(|_| old.to_path_buf());
    let there = ports.iter().find(|port| port.path == real);
    match there.and_then(Port::usb) {
        Some(other) if other.serial.is_some() => Err(SourceError::OtherAdapter {
            path: old.to_path_buf(),
            found: other.to_string(),
            lost: adapter.to_string(),
        }),
        _ => Ok(old.to_path_buf()),
    }
}

/// Whether the path itself names one adapter, or one socket, for good.
pub(crate) fn is_stable(path: &Path) -> bool {
    path.starts_with("/dev/serial")
}

#[cfg(test)]
mod tests {
    use super::super::ports::tests::usb_port;
    use super::*;

    #[test]
    fn an_adapter_is_found_by_its_serial_number_and_its_path_left_to_no_other() {
        let old = Path::new("/dev/ttyUSB0");
        let lost = usb_port("/dev/ttyUSB0", Some("A1"), 0);
        let lost = lost.usb().unwrap();
        let moved = [
            usb_port("/dev/ttyUSB0", Some("B2"), 0),
            usb_port("/dev/ttyUSB3", Some("A1"), 0),
        ];
        assert_eq!(
            find(Some(old), lost, &moved).unwrap(),
            Path::new("/dev/ttyUSB3")
        );
        let error = find(Some(old), lost, &moved[..1]).unwrap_err();
        assert!(matches!(error, SourceError::OtherAdapter { .. }), "{error}");
        assert_eq!(find(Some(old), lost, &[]).unwrap(), old);
        let nameless = [usb_port("/dev/ttyUSB0", None, 0)];
        assert_eq!(find(Some(old), lost, &nameless).unwrap(), old);
        assert!(find(None, lost, &[]).is_err());
    }
}
