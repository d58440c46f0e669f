//! Who may come in: so many connections in all, and so many from one address.
//!
//! Nobody is kept out by those who only stand about: where it is full, whoever came first of those that ask nothing
//! leaves for the newcomer, at the address that has the most connections or is at its own limit.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Limits;
use crate::sys::counter::Counter;
use crate::sys::peer::Peer;

/// The connections that there are.
#[derive(Debug)]
pub(super) struct Connections {
    limits: Limits,
    /// In the order in which they came.
    visitors: Vec<Arc<Connection>>,
    turned_away: Counter,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    peer: Peer,
    /// Rung when it must leave.
    pub(super) leave: Notify,
    state: Mutex<ConnectionState>,
}

#[derive(Clone, Copy, Debug)]
struct ConnectionState {
    /// When it has asked for a page.
    asked: Option<Instant>,
    until: Instant,
}

impl Connections {
    pub(super) fn new(limits: Limits, turned_away: Counter) -> Self {
        Self {
            limits,
            visitors: Vec::new(),
            turned_away,
        }
    }

    /// Lets a connection in, where there is room or somebody leaves for it.
    pub(super) fn enter(&mut self, address: IpAddr) -> Option<Arc<Connection>> {
        let peer = Peer::from(address);
        let full = self.visitors.len() >= self.limits.total;
        // A proxy on this machine speaks for many.
        let most = match peer.is_loopback() {
            true => self.limits.local,
            false => self.limits.per_address,
        };
        let crowded = self.of(peer) >= most;
        let room = match (crowded, full) {
            (true, _) => self.displace(peer),
            (false, true) => self.make_room(),
            (false, false) => true,
        };
        if !room {
            self.turned_away.count();
            return None;
        }
        let connection = Arc::new(Connection {
            peer,
            leave: Notify::new(),
            state: Mutex::new(ConnectionState {
                asked: None,
                until: Instant::now() + self.limits.ask,
            }),
        });
        self.visitors.push(Arc::clone(&connection));
        Some(connection)
    }

    /// Makes one leave of those who have the most connections; says whether one does.
    pub(super) fn make_room(&mut self) -> bool {
        let most = self.visitors.iter().map(|connection| connection.peer);
        match most.max_by_key(|peer| self.of(*peer)) {
            Some(peer) => self.displace(peer),
            None => false,
        }
    }

    /// Notes that a connection is over.
    pub(super) fn left(&mut self, connection: &Arc<Connection>) {
        self.visitors
            .retain(|known| !Arc::ptr_eq(known, connection));
    }

    /// Makes all leave who ask nothing.
    pub(super) fn close(&mut self) {
        let idle = |connection: &&Arc<Connection>| connection.state().asked.is_none();
        for connection in self.visitors.iter().filter(idle) {
            connection.leave.notify_one();
        }
    }

    fn of(&self, peer: Peer) -> usize {
        let same = self
            .visitors
            .iter()
            .filter(|connection| connection.peer == peer);
        same.count()
    }

    /// Makes the connection of an address leave that has asked nothing for longest, else the one that reads slowest.
    fn displace(&mut self, peer: Peer) -> bool {
        let idle = |connection: &Arc<Connection>| {
            connection.peer == peer && connection.state().asked.is_none()
        };
        let slow = |connection: &Arc<Connection>| {
            let asked = connection.state().asked;
            connection.peer == peer && asked.is_some_and(|asked| asked.elapsed() >= GRACE)
        };
        let mut visitors = self.visitors.iter();
        let leaves = visitors
            .position(idle)
            .or_else(|| self.visitors.iter().position(slow));
        let Some(at) = leaves else {
            return false;
        };
        self.visitors.remove(at).leave.notify_one();
        self.turned_away.count();
        true
    }
}

impl Connection {
    /// When it must be over.
    pub(super) fn until(&self) -> Instant {
        self.state().until
    }

    /// It has asked, and may take so long to read the answer.
    pub(super) fn asks(&self, time: Duration) {
        let now = Instant::now();
        *self.state() = ConnectionState {
            asked: Some(now),
            until: now + time,
        };
    }

    /// Its answer goes on, and is read; it may take so long from now on.
    pub(super) fn extend(&self, time: Duration) {
        self.state().until = Instant::now() + time;
    }

    /// The answer is sent; it may take so long to go.
    pub(super) fn is_answered(&self, time: Duration) {
        *self.state() = ConnectionState {
            asked: None,
            until: Instant::now() + time,
        };
    }

    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long an answer is not disturbed.
const GRACE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(total: usize, per_address: usize) -> Connections {
        let limits = Limits {
            total,
            per_address,
            local: per_address,
            ..Limits::default()
        };
        Connections::new(limits, Counter::default())
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    #[test]
    fn an_address_that_is_full_displaces_its_own_and_nobody_else() {
        let mut connections = connections(10, 3);
        let other = connections.enter(address(2)).unwrap();
        let mine: Vec<_> = (0..5)
            .map(|_| connections.enter(address(1)).unwrap())
            .collect();
        assert_eq!(
            (
                connections.of(address(1).into()),
                connections.visitors.len()
            ),
            (3, 4)
        );
        assert!(Arc::ptr_eq(&connections.visitors[0], &other));
        assert!(Arc::ptr_eq(&connections.visitors[1], &mine[2]));
        assert_eq!(connections.turned_away.total(), 2);
    }

    #[test]
    fn a_full_house_displaces_where_most_come_from() {
        let mut connections = connections(6, 4);
        let first = connections.enter(address(1)).unwrap();
        for _ in 0..4 {
            connections.enter(address(2)).unwrap();
        }
        connections.enter(address(3)).unwrap();
        connections.enter(address(4)).unwrap();
        assert_eq!(
            (
                connections.of(address(2).into()),
                connections.visitors.len()
            ),
            (3, 6)
        );
        assert!(Arc::ptr_eq(&connections.visitors[0], &first));
    }

    #[test]
    fn who_is_answered_right_now_stays() {
        let mut connections = connections(10, 2);
        let visitors = [address(1), address(1)].map(|address| connections.enter(address).unwrap());
        visitors[0].asks(Duration::from_secs(10));
        connections.enter(address(1)).unwrap();
        assert!(Arc::ptr_eq(&connections.visitors[0], &visitors[0]));
        connections.visitors[1].asks(Duration::from_secs(10));
        assert!(connections.enter(address(1)).is_none(), "both are answered");
        visitors[0].is_answered(Duration::from_secs(1));
        assert!(connections.enter(address(1)).is_some());
    }
}
