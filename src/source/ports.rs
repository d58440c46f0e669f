//! The serial ports of this machine, and which of them is meant.
//!
//! Pseudo-terminals are no ports of the machine and do not appear.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serialport::{SerialPortType, UsbPortInfo, available_ports};

use crate::sys::access::{Holder, Rights, may_open, opener};

/// A serial port and what the system knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Device file, as `/dev/ttyUSB0`.
    pub path: PathBuf,
    /// Link under `/dev/serial/by-id`, the same after each plugging in.
    pub by_id: Option<PathBuf>,
    /// How it is attached.
    pub bus: Bus,
}

/// How a serial port is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bus {
    /// A USB adapter.
    Usb(Usb),
    /// A card.
    Pci,
    /// Bluetooth.
    Bluetooth,
    /// On the board, or not told.
    Other,
}

/// What a USB adapter says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usb {
    /// Vendor id.
    pub vendor: u16,
    /// Product id.
    pub product: u16,
    /// Name of the maker.
    pub maker: Option<String>,
    /// Name of the product.
    pub name: Option<String>,
    /// Serial number, which many cheap adapters lack.
    pub serial: Option<String>,
    /// Interface, which tells the ports of one adapter apart.
    pub interface: Option<u8>,
}

/// Whether a port can be had now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// The user may open it, and nobody is known to use it.
    Free,
    /// A program has it open.
    Held(Holder),
    /// The user may not open it.
    Denied(Option<Rights>),
}

/// `auto` has no single answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSinglePort {
    /// There is no USB serial port.
    None,
    /// There are several.
    Several(Vec<PathBuf>),
}

/// Lists the serial ports, USB adapters first, then by path.
pub fn list() -> Vec<Port> {
    // The list below takes it for granted.
    if !Path::new("/sys/class/tty").is_dir() {
        return Vec::new();
    }
    let links = stable_links(Path::new("/dev/serial/by-id"));
    let mut ports: Vec<Port> = available_ports()
        .unwrap_or_default()
        .into_iter()
        .map(|port| {
            let path = PathBuf::from(port.port_name);
            Port {
                by_id: links
                    .iter()
                    .find(|(_, target)| *target == path)
                    .map(|(link, _)| link.clone()),
                bus: match port.port_type {
                    SerialPortType::UsbPort(usb) => Bus::Usb(usb.into()),
                    SerialPortType::PciPort => Bus::Pci,
                    SerialPortType::BluetoothPort => Bus::Bluetooth,
                    SerialPortType::Unknown => Bus::Other,
                },
                path,
            }
        })
        .collect();
    ports.sort_by_key(|port| (!matches!(port.bus, Bus::Usb(_)), natural(&port.path)));
    ports
}

/// The port that `auto` means: the only USB port of the machine.
///
/// # Errors
/// Where there is none, or more than one.
pub fn only_usb_port(ports: &[Port]) -> Result<PathBuf, NoSinglePort> {
    let usb: Vec<&Port> = ports.iter().filter(|port| port.usb().is_some()).collect();
    match usb[..] {
        [port] => Ok(port.path.clone()),
        [] => Err(NoSinglePort::None),
        _ => Err(NoSinglePort::Several(
            usb.iter().map(|port| port.path.clone()).collect(),
        )),
    }
}

impl Port {
    /// What the adapter says of itself, where it is one.
    pub fn usb(&self) -> Option<&Usb> {
        match &self.bus {
            Bus::Usb(usb) => Some(usb),
            Bus::Pci | Bus::Bluetooth | Bus::Other => None,
        }
    }

    /// Looks whether the port can be had now, without opening it: to open it would lift its control lines.
    pub fn access(&self) -> Access {
        if !may_open(&self.path) {
            Access::Denied(Rights::of(&self.path))
        } else if let Some(holder) = opener(&self.path) {
            Access::Held(holder)
        } else {
            Access::Free
        }
    }
}

impl Usb {
    /// Whether both are the same port of the same adapter for certain: one with a serial number.
    pub fn is_same(&self, other: &Self) -> bool {
        self.serial.is_some()
            && (self.vendor, self.product, &self.serial, self.interface)
                == (other.vendor, other.product, &other.serial, other.interface)
    }
}

impl From<UsbPortInfo> for Usb {
    fn from(info: UsbPortInfo) -> Self {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            vendor: info.vid,
            product: info.pid,
            maker: said(info.manufacturer),
            name: said(info.product),
            serial: said(info.serial_number),
            interface: info.interface,
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.bus {
            Bus::Usb(usb) => write!(f, " ({usb})"),
            Bus::Pci | Bus::Bluetooth | Bus::Other => Ok(()),
        }
    }
}

impl fmt::Display for Usb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name)?,
            None => write!(f, "USB {:04x}:{:04x}", self.vendor, self.product)?,
        }
        match &self.serial {
            Some(serial) => write!(f, ", {serial}"),
            None => Ok(()),
        }
    }
}

fn stable_links(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut links: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.path(), fs::canonicalize(entry.path()).ok()?)))
        .collect();
    links.sort();
    links
}

/// Sorts `ttyUSB2` before `ttyUSB10`.
fn natural(path: &Path) -> (String, u32) {
    let text = path.to_string_lossy();
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = text[name.len()..].parse().unwrap_or(0);
    (name.to_owned(), number)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A USB port as `list` would give it.
    pub(crate) fn usb_port(path: &str, serial: Option<&str>, interface: u8) -> Port {
        Port {
            path: PathBuf::from(path),
            by_id: None,
            bus: Bus::Usb(Usb {
                vendor: 0x0403,
                product: 0x6001,
                maker: Some("FTDI".to_owned()),
                name: Some("FT232R USB UART".to_owned()),
                serial: serial.map(str::to_owned),
                interface: Some(interface),
            }),
        }
    }

    #[test]
    fn the_list_can_be_had_on_any_machine() {
        for port in list() {
            assert!(port.path.starts_with("/dev"), "{port}");
        }
    }

    #[test]
    fn auto_is_the_only_usb_port_and_nothing_else() {
        let board = Port {
            path: PathBuf::from("/dev/ttyS0"),
            by_id: None,
            bus: Bus::Other,
        };
        let first = usb_port("/dev/ttyUSB0", Some("A1"), 0);
        let second = usb_port("/dev/ttyUSB1", None, 0);
        assert_eq!(
            only_usb_port(std::slice::from_ref(&board)),
            Err(NoSinglePort::None)
        );
        assert_eq!(
            only_usb_port(&[board, first.clone()]),
            Ok(PathBuf::from("/dev/ttyUSB0"))
        );
        assert_eq!(
            only_usb_port(&[first, second]),
            Err(NoSinglePort::Several(vec![
                "/dev/ttyUSB0".into(),
                "/dev/ttyUSB1".into()
            ]))
        );
    }

    #[test]
    fn two_ports_are_the_same_only_by_a_serial_number() {
        let usb = |serial, interface| match usb_port("/dev/x", serial, interface).bus {
            Bus::Usb(usb) => usb,
            _ => unreachable!(),
        };
        assert!(usb(Some("A1"), 0).is_same(&usb(Some("A1"), 0)));
        assert!(!usb(Some("A1"), 0).is_same(&usb(Some("A1"), 1)));
        assert!(!usb(Some("A1"), 0).is_same(&usb(Some("B2"), 0)));
        assert!(!usb(None, 0).is_same(&usb(None, 0)));
    }

    #[test]
    fn ports_are_sorted_as_people_count() {
        assert!(natural(Path::new("/dev/ttyUSB2")) < natural(Path::new("/dev/ttyUSB10")));
    }
}
