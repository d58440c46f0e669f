//! Who comes in where there is no room for all, and who leaves for it.
//!
//! ```text
//! its address has as many as one may     the one of it that reads slowest leaves, else its oldest
//! all places are taken                   the slowest of all; else the oldest of the address that has the most
//! every address has one                  nobody leaves: who was there stays
//! ```
//! Clients only listen: by what they do, none is more idle than another.

use crate::sys::peer::{Peer, share};

/// How many clients there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// In all.
    pub(super) total: usize,
    /// Of one address.
    pub(super) per_address: usize,
}

/// A client, as far as its place goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub(super) peer: Peer,
    /// Bytes that wait for it.
    pub(super) kept: usize,
}

/// Whether there is room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    /// Once this one has left.
    At(usize),
    None,
}

impl Default for Limits {
    fn default() -> Self {
        let total = share(CLIENTS_SHARE, CLIENTS_MAX);
        Self {
            total,
            per_address: total.div_ceil(2),
        }
    }
}

impl Limits {
    /// Finds room for a newcomer among those who are there, the oldest first.
    pub(super) fn room(self, seats: &[Seat], newcomer: Peer) -> Room {
        let of = |peer: Peer| seats.iter().filter(|seat| seat.peer == peer).count();
        let own = of(newcomer);
        if own >= self.per_address {
            return leaves(seats, newcomer);
        }
        if seats.len() < self.total {
            return Room::Free;
        }
        if let Some(at) = slowest(seats, |_| true) {
            return Room::At(at);
        }
        let peers = seats.iter().map(|seat| seat.peer);
        match peers.max_by_key(|peer| of(*peer)) {
            Some(peer) if of(peer) > own + 1 => leaves(seats, peer),
            _ if own > 0 => leaves(seats, newcomer),
            _ => Room::None,
        }
    }
}

/// Who leaves of an address.
fn leaves(seats: &[Seat], peer: Peer) -> Room {
    let oldest = || seats.iter().position(|seat| seat.peer == peer);
    match slowest(seats, |seat| seat.peer == peer).or_else(oldest) {
        Some(at) => Room::At(at),
        None => Room::None,
    }
}

/// The client for whom most waits, where anything waits for any.
fn slowest(seats: &[Seat], of: impl Fn(&Seat) -> bool) -> Option<usize> {
    let seats = seats.iter().enumerate();
    let slow = seats.filter(|(_, seat)| seat.kept > 0 && of(seat));
    slow.max_by_key(|(_, seat)| seat.kept).map(|(at, _)| at)
}

/// Clients at one time, however many open files there may be.
const CLIENTS_MAX: usize = 250;
/// Clients take one part in so many of the open files.
const CLIENTS_SHARE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn peer(last: u8) -> Peer {
        IpAddr::from([192, 0, 2, last]).into()
    }

    fn seats(peers: &[u8]) -> Vec<Seat> {
        let seat = |last: &u8| Seat {
            peer: peer(*last),
            kept: 0,
        };
        peers.iter().map(seat).collect()
    }

    const LIMITS: Limits = Limits {
        total: 6,
        per_address: 3,
    };

    #[test]
    fn an_address_has_its_share_and_displaces_its_own() {
        assert_eq!(LIMITS.room(&seats(&[1, 1, 2]), peer(1)), Room::Free);
        let mut seats = seats(&[2, 1, 1, 1]);
        assert_eq!(LIMITS.room(&seats, peer(1)), Room::At(1), "its oldest");
        seats[3].kept = 9;
        seats[0].kept = 99;
        assert_eq!(LIMITS.room(&seats, peer(1)), Room::At(3), "its slowest");
    }

    #[test]
    fn a_full_house_makes_room_where_most_come_from_and_never_for_one_of_many() {
        assert_eq!(
            LIMITS.room(&seats(&[9, 1, 1, 1, 2, 3]), peer(4)),
            Room::At(1)
        );
        assert_eq!(
            LIMITS.room(&seats(&[9, 1, 1, 8, 2, 3]), peer(2)),
            Room::At(4)
        );
        let mut full = seats(&[1, 2, 3, 4, 5, 6]);
        assert_eq!(
            LIMITS.room(&full, peer(7)),
            Room::None,
            "who was there stays"
        );
        assert_eq!(LIMITS.room(&full, peer(5)), Room::At(4), "it comes again");
        full[2].kept = 1;
        assert_eq!(LIMITS.room(&full, peer(7)), Room::At(2), "the slow one");
    }

    #[test]
    fn the_limits_leave_open_files_to_others() {
        let limits = Limits::default();
        assert!((1..=CLIENTS_MAX).contains(&limits.total));
        assert!((1..=CLIENTS_MAX / 2).contains(&limits.per_address));
    }
}
