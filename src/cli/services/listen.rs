//! Servers and pseudo-terminals that others read from, opened with errors as the user sees them.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use crate::cli::output::writer::{failed, shown};
use crate::publish::pty::Pty;
use crate::publish::server::Server;
use crate::run::failure::{Exit, Failure};
use crate::source::error::plain;

/// Listens at each of the hosts and ports.
///
/// # Errors
/// A name without an address; an address that cannot be had.
pub fn tcp(places: &[(&str, u16)]) -> Result<Server, Failure> {
    let addresses = places.iter().map(|(host, port)| resolve(host, *port));
    let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
    Server::listen(&addresses).map_err(|(address, error)| refused(address, &error))
}

/// The address of a host and port.
///
/// # Errors
/// A name without an address.
pub fn resolve(host: &str, port: u16) -> Result<SocketAddr, Failure> {
    let found = (host, port).to_socket_addrs().map(|mut found| found.next());
    match found {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(failed(host, &"the name has no address")),
        Err(error) => Err(failed(host, &plain(&error))),
    }
}

/// What is said of an address that cannot be listened at.
pub fn refused(address: SocketAddr, error: &io::Error) -> Failure {
    let failure = failed(&format!("tcp://{address}"), &plain(error));
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            failure.hint("another program listens there: choose another port")
        }
        io::ErrorKind::AddrNotAvailable => failure
            .hint("this machine has no such address: 127.0.0.1 is for itself, 0.0.0.0 for its network too"),
        io::ErrorKind::PermissionDenied => failure.hint("choose a port above 1023"),
        _ => failure,
    }
}

/// Makes a pseudo-terminal, under a path of its own where one is given.
///
/// # Errors
/// Where the system has none left, or the path is taken.
pub fn pty(link: Option<&Path>) -> Result<Pty, Failure> {
    let mut pty =
        Pty::open().map_err(|error| failed("the system gives no pseudo-terminal", &error))?;
    if let Some(link) = link {
        pty.link(link).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                let what = format!("{}: exists already", shown(link));
                Failure::new(Exit::Io, what).hint(
                    "it is not a link to a pseudo-terminal, so it is kept: choose another name",
                )
            }
            _ => failed(&shown(link), &plain(&error)),
        })?;
    }
    Ok(pty)
}
