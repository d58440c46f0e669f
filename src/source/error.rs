//! Why a source cannot be had, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::simulate::virtual_meter::PlanError;
use crate::source::archive::ArchiveError;
use crate::source::database::DatabaseError;
use crate::source::near::near_path;
use crate::source::packed::PackedError;
use crate::sys::access::{Holder, Membership, Rights};

/// A source that cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing has that name.
    #[error("{}: {}", path.display(), if looks_like_port(path) { "no such port" } else { "no such file" })]
    NotFound {
        /// What was asked for.
        path: PathBuf,
        /// The serial ports that there are.
        ports: Vec<String>,
    },
    /// The user may not open it.
    #[error("{}: permission denied{}", path.display(), owners(rights.as_ref()))]
    NoRight {
        /// What was asked for.
        path: PathBuf,
        /// Whose it is, where that can be seen.
        rights: Option<Rights>,
    },
    /// A program holds the port for itself.
    #[error("{}: {} holds the port", path.display(), holder.as_ref().map_or("another program".to_owned(), Holder::to_string))]
    Busy {
        /// The port.
        path: PathBuf,
        /// Which program, where the system tells.
        holder: Option<Holder>,
    },
    /// A folder.
    #[error("{}: is a directory", path.display())]
    IsDirectory {
        /// The folder.
        path: PathBuf,
    },
    /// A terminal that people type in.
    #[error("{}: is the terminal of this session, not a serial port", path.display())]
    NotASerialPort {
        /// The terminal.
        path: PathBuf,
    },
    /// A device file with no hardware behind it.
    #[error("{}: there is no hardware behind this port", path.display())]
    NoHardware {
        /// The device file.
        path: PathBuf,
    },
    /// The port does not take the line settings.
    #[error("{}: the port does not take the settings {settings}", path.display())]
    Settings {
        /// The port.
        path: PathBuf,
        /// What was asked of it, as `115200 8N1` or `RTS on`.
        settings: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The port that a lost adapter had is now that of another adapter.
    #[error("{}: another adapter ({found}) is there, not the one that was lost ({lost})", path.display())]
    OtherAdapter {
        /// The port.
        path: PathBuf,
        /// The adapter that is there.
        found: String,
        /// The adapter that was.
        lost: String,
    },
    /// Packed data that cannot be unpacked to their end.
    #[error("{name}: {error}")]
    Packed {
        /// The input.
        name: String,
        /// What is wrong.
        error: PackedError,
    },
    /// A store that cannot be read.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An archive that cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// `auto` without a USB port.
    #[error("auto: there is no USB serial port")]
    NoUsbPort,
    /// `auto` with more than one USB port.
    #[error("auto: there are {} USB serial ports", paths.len())]
    SeveralUsbPorts {
        /// All of them.
        paths: Vec<PathBuf>,
    },
    /// The name of a host is unknown.
    #[error("{server}: the host name cannot be resolved ({})", plain(cause))]
    ResolveFailed {
        /// Host and port.
        server: String,
        /// What the resolver said.
        cause: io::Error,
    },
    /// Nobody listens at that port.
    #[error("{server}: connection refused")]
    ConnectRefused {
        /// Host and port.
        server: String,
    },
    /// The host cannot be reached.
    #[error("{server}: cannot connect ({})", plain(cause))]
    ConnectFailed {
        /// Host and port.
        server: String,
        /// What the system said.
        cause: io::Error,
    },
    /// A kind of source that this build does not have.
    #[error("{server}: this build of smarty lacks the feature {feature}")]
    NotBuilt {
        /// The address.
        server: String,
        /// What it is a feature of.
        feature: &'static str,
    },
    /// A server of pages gives no telegram.
    #[error("{server}: {what}")]
    Answer {
        /// The address.
        server: String,
        /// What it answers; 0 where there is no answer.
        status: u16,
        /// What is wrong.
        what: String,
    },
    /// A broker is not there, or does not let us in.
    #[error("{what}")]
    Broker {
        /// What is wrong, with the broker.
        what: String,
        /// What to do.
        hint: String,
        /// Whether it may come by itself.
        absent: bool,
    },
    /// The virtual meter does not have or take such an option.
    #[error("sim: {0}")]
    Sim(#[from] PlanError),
    /// The handle that ends reading was rung while opening.
    #[error("stopped")]
    Stopped,
    /// Any other fault of the system.
    #[error("{}: {}", name.strip_suffix(':').unwrap_or(name), plain(cause))]
    Io {
        /// The source, as the user named it.
        name: String,
        /// What the system said.
        cause: io::Error,
    },
}

impl SourceError {
    /// What the user can do about it, one sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { path, ports } => not_found_hint(&path.to_string_lossy(), ports),
            Self::NoRight { path, rights } => {
                let rights = rights.as_ref()?;
                let group = &rights.group;
                Some(match rights.membership {
                    Membership::Outside => format!(
                        "join the group {group}: sudo usermod -aG {group} $USER, then log out and in again"
                    ),
                    Membership::NotYet => format!(
                        "you are in the group {group}, but not yet in this session: log out and in again"
                    ),
                    Membership::NoHelp if looks_like_port(path) => format!(
                        "sudo chown $USER {} gives it to you until it is plugged in again, a udev rule for good",
                        path.display()
                    ),
                    Membership::NoHelp => format!("ask {} for permission to read it", rights.owner),
                })
            }
            Self::Busy { path, holder } => Some(match holder {
                Some(holder) if holder.is_self() => "name each port once".to_owned(),
                // It looks at each new adapter for a modem.
                Some(holder) if holder.program == "ModemManager" => {
                    "it lets go within a minute; sudo systemctl stop ModemManager does so at once"
                        .to_owned()
                }
                Some(holder) => format!("end it first: kill {}", holder.pid),
                None => format!("end it first: sudo fuser -v {} names it", path.display()),
            }),
            Self::Packed { name, error } => Some(match error {
                PackedError::Cut(_) => "it was not copied to its end, or is still written".to_owned(),
                PackedError::Damaged(packing) => format!("{packing} -t {name} says whether it is whole"),
                PackedError::Large(packing) => format!("{packing} -dc {name} | smarty parse"),
            }),
            Self::NotASerialPort { .. } => Some(
                "name the port of the adapter, as /dev/ttyUSB0; - reads standard input".to_owned(),
            ),
            Self::NoHardware { .. } => Some(
                "a USB adapter is /dev/ttyUSB0 or /dev/ttyACM0; smarty ports lists them".to_owned(),
            ),
            Self::Settings { .. } => {
                Some("not every adapter knows every speed and mode: take others".to_owned())
            }
            Self::OtherAdapter { .. } => {
                Some("plug the adapter in that was lost, or start again".to_owned())
            }
            Self::NoUsbPort => {
                Some("is the cable in? smarty ports lists what there is".to_owned())
            }
            Self::SeveralUsbPorts { paths } => {
                let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                Some(format!("name one of {}", paths.join(", ")))
            }
            Self::ResolveFailed { .. } => {
                Some("is the name right, and the network up? an address works as well".to_owned())
            }
            Self::ConnectRefused { .. } => Some(
                "the host is there, but nothing listens at that port: is the server running, and is it the right port?"
                    .to_owned(),
            ),
            Self::ConnectFailed { .. } => {
                Some("is the host switched on, and in the same network?".to_owned())
            }
            Self::Answer { status, what, .. } => answer_hint(*status, what),
            Self::Broker { hint, .. } => Some(hint.clone()),
            Self::NotBuilt { feature, .. } => Some(format!(
                "build one: cargo install --path . --features {feature}"
            )),
            Self::IsDirectory { .. } => Some("name a file or a port in it".to_owned()),
            Self::Database(error) => error.hint(),
            Self::Archive(error) => Some(error.hint().to_owned()),
            Self::Sim(_) | Self::Stopped | Self::Io { .. } => None,
        }
    }

    /// Whether the source is only not there: it may come.
    pub fn is_absence(&self) -> bool {
        match self {
            Self::NotFound { .. }
            | Self::NoUsbPort
            | Self::ConnectRefused { .. }
            | Self::ConnectFailed { .. }
            | Self::ResolveFailed { .. } => true,
            Self::Answer { status, .. } => matches!(status, 0 | 408 | 429 | 500..),
            Self::Broker { absent, .. } => *absent,
            _ => false,
        }
    }

    /// Makes the error of the system for `name` one of this kind.
    pub(crate) fn io(name: impl ToString, cause: impl Into<io::Error>) -> Self {
        Self::Io {
            name: name.to_string(),
            cause: cause.into(),
        }
    }
}

fn answer_hint(status: u16, what: &str) -> Option<String> {
    let hint = match status {
        401 => "--server-token-file FILE names the token that it wants",
        403 => {
            "the local interface of a HomeWizard meter is switched on in its app; --server-token-file FILE names a token"
        }
        404 | 410 => {
            "is it the right path? a HomeWizard meter has /api/v1/telegram, with a token /api/telegram"
        }
        300..=399 => "name it there",
        429 | 500.. => "it is in trouble itself: look into its log, or start it again",
        0 if what.contains("signed by nobody") => {
            "--server-ca FILE names the certificate of its own authority"
        }
        0 if what.contains("another name") => {
            "name the server as its certificate does; with --server-ca FILE, --server-any-name takes any"
        }
        0 if what.contains("page for people") => {
            "name the page of the telegram: a HomeWizard meter has /api/v1/telegram"
        }
        0 if what.contains("does not speak TLS") => "its address may begin with http://",
        0 if what.contains("no server of pages") => {
            "a server of a serial port is written tcp://HOST:PORT"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn not_found_hint(path: &str, ports: &[String]) -> Option<String> {
    if path.starts_with("/dev/") {
        return Some(if ports.is_empty() {
            "there is no serial port: is the cable in?".to_owned()
        } else {
            format!("there are {}", ports.join(", "))
        });
    }
    if let Some((host, port)) = path.rsplit_once(':')
        && !host.is_empty()
        && port.parse::<u16>().is_ok()
    {
        return Some(format!("for a server, write tcp://{path}"));
    }
    if path.contains('=') {
        return Some("a label before = has letters, digits, - and _ only".to_owned());
    }
    near_path(std::path::Path::new(path)).map(|near| format!("nearest: {}", near.display()))
}

fn looks_like_port(path: &std::path::Path) -> bool {
    path.starts_with("/dev")
}

fn owners(rights: Option<&Rights>) -> String {
    rights.map_or(String::new(), |rights| {
        format!(" (owner {}, group {})", rights.owner, rights.group)
    })
}

/// The words of the system without the number behind them.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_found(path: &str, ports: &[&str]) -> SourceError {
        SourceError::NotFound {
            path: path.into(),
            ports: ports.iter().map(|&port| port.to_owned()).collect(),
        }
    }

    #[test]
    fn a_missing_port_is_answered_with_those_that_are_there() {
        let error = not_found("/dev/ttyUSB7", &["/dev/ttyUSB0 (FT232R USB UART, A1)"]);
        assert_eq!(error.to_string(), "/dev/ttyUSB7: no such port");
        assert_eq!(
            error.hint().unwrap(),
            "there are /dev/ttyUSB0 (FT232R USB UART, A1)"
        );
        assert!(
            not_found("/dev/ttyUSB7", &[])
                .hint()
                .unwrap()
                .contains("cable")
        );
        assert_eq!(not_found("x.bin", &[]).to_string(), "x.bin: no such file");
        assert_eq!(not_found("x.bin", &[]).hint(), None);
    }

    #[test]
    fn a_server_without_its_scheme_is_recognised() {
        assert_eq!(
            not_found("10.0.0.7:2001", &[]).hint().unwrap(),
            "for a server, write tcp://10.0.0.7:2001"
        );
    }

    #[test]
    fn a_missing_right_names_owner_group_and_the_way_in() {
        let error = SourceError::NoRight {
            path: "/dev/ttyUSB0".into(),
            rights: Some(Rights {
                owner: "root".to_owned(),
                group: "dialout".to_owned(),
                membership: Membership::Outside,
            }),
        };
        assert_eq!(
            error.to_string(),
            "/dev/ttyUSB0: permission denied (owner root, group dialout)"
        );
        assert!(
            error
                .hint()
                .unwrap()
                .contains("sudo usermod -aG dialout $USER")
        );
    }

    #[test]
    fn a_port_in_use_names_the_program() {
        let error = SourceError::Busy {
            path: "/dev/ttyUSB0".into(),
            holder: Some(Holder {
                pid: 77,
                program: "minicom".to_owned(),
            }),
        };
        assert_eq!(
            error.to_string(),
            "/dev/ttyUSB0: minicom (process 77) holds the port"
        );
        assert_eq!(error.hint().unwrap(), "end it first: kill 77");
    }

    #[test]
    fn system_errors_come_without_their_numbers() {
        let error = SourceError::io("x.bin", io::Error::from_raw_os_error(5));
        assert_eq!(error.to_string(), "x.bin: Input/output error");
    }
}
