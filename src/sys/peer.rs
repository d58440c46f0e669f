//! Who is at the other end of a connection, and how many there may be.

use std::net::{IpAddr, Ipv6Addr};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What counts as one address: an IPv4 address, or the /64 of an IPv6 one, which one machine has to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                let network = address.to_bits() >> 64 << 64;
                Ipv6Addr::from_bits(network).into()
            }
            address => address,
        })
    }
}

impl Peer {
    /// Tells whether it is this machine.
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }
}

/// Asks the system for as many open files as a server with many clients needs, where it grants them.
pub fn want_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit
        .maximum
        .map_or(FILES_WANTED, |most| most.min(FILES_WANTED));
    if limit.current.is_some_and(|current| current < wanted) {
        let limit = Rlimit {
            current: Some(wanted),
            ..limit
        };
        // Without them there are places for fewer.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Open files of a server.
const FILES_WANTED: u64 = 4096;

/// One part in `of` of the open files that the system grants this program; at least one file, `most` at the most.
pub fn share(of: usize, most: usize) -> usize {
    let granted = getrlimit(Resource::Nofile).current;
    let granted = granted.and_then(|granted| usize::try_from(granted).ok());
    granted.map_or(most, |granted| (granted / of).clamp(1, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_open_files_is_bounded_on_both_sides() {
        assert_eq!(share(1 << 30, 250), 1);
        assert_eq!(share(1, 2), 2);
    }

    #[test]
    fn a_machine_is_one_peer_whatever_address_of_its_network_it_takes() {
        let peer = |text: &str| Peer::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(peer("::ffff:192.0.2.7"), peer("192.0.2.7"));
        assert_ne!(peer("192.0.2.7"), peer("192.0.2.8"));
        assert_eq!(peer("2001:db8:0:1::7"), peer("2001:db8:0:1:ffff::8"));
        assert_ne!(peer("2001:db8:0:1::7"), peer("2001:db8:0:2::7"));
        assert_ne!(peer("::1"), peer("::2"));
    }
}
