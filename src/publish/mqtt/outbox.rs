//! What waits for the broker, what is on its way, and what the broker should hold: bounded, in order, none forgotten.
//!
//! ```text
//! offer --> waiting --next--> on the way --acknowledged--> done
//!              ^                  |
//!              +---- lost --------+      what was not acknowledged goes first again
//! state: the newest of each topic, said again when the broker is back
//! ```
//! While the broker is away only counters wait, each of them; of all else the newest is in `state`. Whoever is slow or
//! away for long loses the oldest counters first, and hears how many.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::message::{Kind, Message};
use crate::sys::mqtt::wire::UNDER_WAY_MAX;

/// Messages of a run.
#[derive(Debug, Default)]
pub struct Outbox {
    connected: bool,
    /// Bytes of the longest message that the broker takes, where it has said so.
    longest: Option<usize>,
    waiting: VecDeque<Message>,
    bytes: usize,
    under_way: VecDeque<UnderWay>,
    state: BTreeMap<Arc<str>, Held>,
    dropped: u64,
}

/// A message that was given to the connection.
#[derive(Debug)]
struct UnderWay {
    message: Message,
    /// Its number on the line, once it is written.
    number: Option<u16>,
}

/// The newest of a topic.
#[derive(Debug)]
struct Held {
    message: Message,
    /// The newest that the broker has acknowledged.
    delivered: Option<Message>,
}

impl Held {
    /// Tells whether the broker has the newest.
    fn is_delivered(&self) -> bool {
        let last = self.delivered.as_ref();
        last.is_some_and(|last| Arc::ptr_eq(&last.text, &self.message.text))
    }
}

impl Outbox {
    /// Leaves out what is longer than the broker takes, now and later.
    pub fn limit(&mut self, bytes: usize) {
        let longest = bytes.saturating_sub(HEAD);
        self.longest = Some(longest);
        self.waiting.retain(|message| message.size() <= longest);
        self.state.retain(|_, held| held.message.size() <= longest);
        self.bytes = self.waiting.iter().map(Message::size).sum();
    }

    /// Takes a message.
    pub fn offer(&mut self, message: Message) {
        if self.longest.is_some_and(|longest| message.size() > longest) {
            return;
        }
        let topic = Arc::clone(&message.topic);
        if message.kind == Kind::Gone && !self.may_be_known(&topic) {
            return;
        }
        let delivered = self
            .state
            .remove(&topic)
            .and_then(|before| before.delivered);
        let held = Held {
            message: message.clone(),
            delivered,
        };
        self.state.insert(topic, held);
        if self.connected || message.kind == Kind::Each {
            self.bytes += message.size();
            self.waiting.push_back(message);
            self.shed();
        }
    }

    /// Forgets what waits for a topic; tells whether the broker may have something of it.
    fn may_be_known(&mut self, topic: &Arc<str>) -> bool {
        self.waiting.retain(|message| message.topic != *topic);
        self.bytes = self.waiting.iter().map(Message::size).sum();
        let known = self
            .state
            .get(topic)
            .is_some_and(|held| held.delivered.is_some())
            || self
                .under_way
                .iter()
                .any(|under_way| under_way.message.topic == *topic);
        if !known {
            self.state.remove(topic);
        }
        known
    }

    /// The broker is there: puts what it should hold around what waits, in the order in which it goes out.
    pub fn connect(&mut self) {
        self.connected = true;
        let mut waiting: VecDeque<Message> = std::mem::take(&mut self.waiting);
        waiting.retain(|message| message.kind == Kind::Each);
        let due = |kind: Kind| {
            let held = self.state.values().filter(move |held| {
                let message = &held.message;
                message.kind == kind && (message.retain || !held.is_delivered())
            });
            held.map(|held| held.message.clone())
        };
        // A broker that was killed may have acknowledged the last of a counter, and told nobody.
        let again = self.state.values().filter_map(|held| {
            let last = held.delivered.as_ref();
            last.filter(|message| message.kind == Kind::Each && held.message.kind != Kind::Gone)
                .cloned()
        });
        self.waiting = due(Kind::Status)
            .chain(due(Kind::Gone))
            .chain(due(Kind::Discovery))
            .chain(again)
            .chain(waiting)
            .chain(due(Kind::Newest))
            .collect();
        self.bytes = self.waiting.iter().map(Message::size).sum();
    }

    /// The broker is gone: what it did not acknowledge goes first when it is back.
    pub fn lose(&mut self) {
        self.connected = false;
        while let Some(UnderWay { message, .. }) = self.under_way.pop_back() {
            self.bytes += message.size();
            self.waiting.push_front(message);
        }
        self.waiting.retain(|message| message.kind == Kind::Each);
        self.bytes = self.waiting.iter().map(Message::size).sum();
        self.shed();
    }

    /// Says again what home automation has to know, and the values that no broker keeps for it.
    pub fn announce(&mut self) {
        if !self.connected {
            return;
        }
        let state = self.state.values().map(|held| &held.message);
        let discovery = state
            .clone()
            .filter(|message| message.kind == Kind::Discovery);
        let values = state.filter(|message| !message.retain && message.kind != Kind::Discovery);
        let again: Vec<Message> = discovery.chain(values).cloned().collect();
        for message in again {
            self.bytes += message.size();
            self.waiting.push_back(message);
        }
        self.shed();
    }

    /// The next message for the connection, where there is one and the connection takes more.
    pub fn next(&mut self) -> Option<&Message> {
        if !self.connected || self.under_way.len() >= UNDER_WAY_MAX {
            return None;
        }
        let message = self.waiting.pop_front()?;
        self.bytes -= message.size().min(self.bytes);
        self.under_way.push_back(UnderWay {
            message,
            number: None,
        });
        self.under_way.back().map(|under_way| &under_way.message)
    }

    /// The connection did not take the last of [`Outbox::next`] after all.
    pub fn put_back(&mut self) {
        if let Some(UnderWay { message, .. }) = self.under_way.pop_back() {
            self.bytes += message.size();
            self.waiting.push_front(message);
        }
    }

    /// The next message under way was written under a number; without one nobody will acknowledge it.
    pub fn wrote(&mut self, number: Option<u16>) {
        let place = self.under_way.iter().position(|m| m.number.is_none());
        match (place, number) {
            (Some(place), None) => self.done(place),
            (Some(place), number) => {
                if let Some(under_way) = self.under_way.get_mut(place) {
                    under_way.number = number;
                }
            }
            (None, _) => {}
        }
    }

    /// The broker has the message of this number; gives its topic.
    pub fn acknowledge(&mut self, number: u16) -> Option<Arc<str>> {
        let place = self
            .under_way
            .iter()
            .position(|under_way| under_way.number == Some(number))?;
        let topic = Arc::clone(&self.under_way.get(place)?.message.topic);
        self.done(place);
        Some(topic)
    }

    /// Tells whether nothing waits and nothing is under way.
    pub fn is_done(&self) -> bool {
        self.len() == 0
    }

    /// Messages that wait or are under way; while the broker is away, also what it will be told of the state.
    pub fn len(&self) -> usize {
        let counted = |held: &&Held| !held.is_delivered() && held.message.kind != Kind::Each;
        let state = match self.connected {
            true => 0,
            false => self.state.values().filter(counted).count(),
        };
        self.waiting.len() + self.under_way.len() + state
    }

    /// Messages dropped since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    fn done(&mut self, place: usize) {
        let Some(UnderWay { message, .. }) = self.under_way.remove(place) else {
            return;
        };
        if message.kind == Kind::Gone {
            let gone = |held: &Held| held.message.kind == Kind::Gone;
            if self.state.get(&message.topic).is_some_and(gone) {
                self.state.remove(&message.topic);
            }
        } else if let Some(held) = self.state.get_mut(&message.topic) {
            held.delivered = Some(message);
        }
    }

    /// Drops the oldest values where too many wait; who is there and what there is stays, as it is now.
    fn shed(&mut self) {
        while self.waiting.len() > WAITING_MAX || self.bytes > BYTES_MAX {
            let value = |message: &Message| matches!(message.kind, Kind::Each | Kind::Newest);
            let is_over = |message: &Message| {
                let newest = self.state.get(&message.topic);
                newest.is_none_or(|held| !Arc::ptr_eq(&held.message.text, &message.text))
            };
            let may_go = |message: &Message| value(message) || is_over(message);
            let Some(place) = self.waiting.iter().position(may_go) else {
                return;
            };
            if let Some(message) = self.waiting.remove(place) {
                self.bytes -= message.size().min(self.bytes);
                self.dropped += u64::from(value(&message));
            }
        }
    }
}

/// Bytes of a message beside its topic and text, at the most.
const HEAD: usize = 16;
/// Messages that wait at the most.
const WAITING_MAX: usize = 10_000;
/// Bytes that wait at the most.
const BYTES_MAX: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, text: &str, kind: Kind) -> Message {
        Message::new(topic, text.as_bytes(), true, kind)
    }

    /// All that goes out until the connection takes no more.
    fn out(outbox: &mut Outbox) -> Vec<String> {
        let mut out = Vec::new();
        while let Some(message) = outbox.next() {
            let text = String::from_utf8_lossy(&message.text);
            out.push(format!("{} {text}", message.topic));
        }
        out
    }

    fn acknowledge_all(outbox: &mut Outbox) {
        let count = outbox.under_way.len() as u16;
        (1..=count).for_each(|number| outbox.wrote(Some(number)));
        for number in 1..=count {
            assert!(outbox.acknowledge(number).is_some());
        }
        assert_eq!(outbox.acknowledge(1), None);
    }

    #[test]
    fn counters_wait_in_order_and_of_the_rest_the_newest() {
        let mut outbox = Outbox::default();
        outbox.offer(message("s", "online", Kind::Status));
        for n in 1..=3 {
            outbox.offer(message("e", &n.to_string(), Kind::Each));
            outbox.offer(message("p", &n.to_string(), Kind::Newest));
        }
        outbox.offer(message("d", "{}", Kind::Discovery));
        assert_eq!(out(&mut outbox), [""; 0]);
        outbox.connect();
        let expected = ["s online", "d {}", "e 1", "e 2", "e 3", "p 3"];
        assert_eq!(out(&mut outbox), expected);
        assert!(!outbox.is_done());
        acknowledge_all(&mut outbox);
        assert!(outbox.is_done());
    }

    #[test]
    fn what_was_not_acknowledged_goes_first_again() {
        let mut outbox = Outbox::default();
        outbox.connect();
        for n in 1..=4 {
            outbox.offer(message("e", &n.to_string(), Kind::Each));
        }
        assert_eq!(out(&mut outbox), ["e 1", "e 2", "e 3", "e 4"]);
        (1..=3).for_each(|number| outbox.wrote(Some(number)));
        outbox.acknowledge(1);
        outbox.lose();
        outbox.offer(message("e", "5", Kind::Each));
        outbox.connect();
        // A broker that was killed may have told nobody of the last that it acknowledged.
        assert_eq!(out(&mut outbox), ["e 1", "e 2", "e 3", "e 4", "e 5"]);
    }

    #[test]
    fn a_broker_that_comes_back_is_told_the_state_once_more() {
        let mut outbox = Outbox::default();
        outbox.connect();
        outbox.offer(message("e", "1", Kind::Each));
        outbox.offer(message("p", "7", Kind::Newest));
        let kept = Message::new("k", b"x", false, Kind::Newest);
        outbox.offer(kept);
        assert_eq!(out(&mut outbox).len(), 3);
        acknowledge_all(&mut outbox);
        outbox.lose();
        outbox.connect();
        // What no broker keeps, and was delivered, is not said twice.
        assert_eq!(out(&mut outbox), ["e 1", "p 7"]);
    }

    #[test]
    fn the_oldest_values_are_dropped_at_the_bound_and_counted() {
        let mut outbox = Outbox::default();
        outbox.offer(message("s", "online", Kind::Status));
        for n in 0..WAITING_MAX + 5 {
            outbox.offer(message("e", &n.to_string(), Kind::Each));
        }
        assert_eq!(outbox.take_dropped(), 5);
        assert_eq!(outbox.take_dropped(), 0);
        outbox.connect();
        assert_eq!(out(&mut outbox)[..2], ["s online", "e 5"]);
        let big = "x".repeat(BYTES_MAX / 4);
        let mut outbox = Outbox::default();
        for _ in 0..9 {
            outbox.offer(message("t", &big, Kind::Each));
        }
        assert!(outbox.bytes <= BYTES_MAX && outbox.take_dropped() > 4);
    }

    #[test]
    fn states_that_change_without_end_do_not_pile_up() {
        let mut outbox = Outbox::default();
        outbox.connect();
        outbox.offer(message("s", "online", Kind::Status));
        for n in 0..3 * WAITING_MAX {
            outbox.offer(message("h", &n.to_string(), Kind::Status));
        }
        assert_eq!(outbox.waiting.len(), WAITING_MAX);
        assert_eq!(outbox.take_dropped(), 0, "each was over");
        let left: Vec<_> = outbox.waiting.iter().map(|left| &*left.text).collect();
        assert_eq!(left[0], b"online", "it still is");
        let last = (3 * WAITING_MAX - 1).to_string();
        assert_eq!(left[WAITING_MAX - 1], last.as_bytes());
    }

    #[test]
    fn what_is_longer_than_the_broker_takes_is_left_out() {
        let mut outbox = Outbox::default();
        let long = "x".repeat(100);
        outbox.offer(message("d", &long, Kind::Discovery));
        outbox.offer(message("e", "1", Kind::Each));
        outbox.limit(64);
        outbox.offer(message("t", &long, Kind::Each));
        outbox.connect();
        assert_eq!(out(&mut outbox), ["e 1"]);
    }

    #[test]
    fn what_the_broker_was_told_it_is_made_to_forget_and_nothing_is_kept_of_it() {
        let gone = |topic: &str| message(topic, "", Kind::Gone);
        let mut outbox = Outbox::default();
        for kind in [Kind::Each, Kind::Newest, Kind::Discovery] {
            outbox.offer(message("never", "1", kind));
        }
        outbox.offer(gone("never"));
        assert!(outbox.is_done() && outbox.len() == 0 && outbox.state.is_empty());
        outbox.connect();
        outbox.offer(message("e", "1", Kind::Each));
        outbox.offer(message("p", "1", Kind::Newest));
        out(&mut outbox);
        acknowledge_all(&mut outbox);
        outbox.offer(gone("e"));
        assert_eq!(out(&mut outbox), ["e "]);
        outbox.lose();
        outbox.offer(message("p", "2", Kind::Newest));
        outbox.offer(gone("p"));
        outbox.connect();
        assert_eq!(out(&mut outbox), ["e ", "p "], "and no value after it");
        acknowledge_all(&mut outbox);
        assert!(outbox.state.is_empty());
        // Somebody else may take the topic.
        outbox.offer(message("p", "3", Kind::Newest));
        outbox.offer(gone("p"));
        outbox.offer(message("p", "4", Kind::Newest));
        assert_eq!(out(&mut outbox), ["p 4"]);
        outbox.offer(gone("p"));
        outbox.offer(message("p", "5", Kind::Newest));
        assert_eq!(out(&mut outbox), ["p ", "p 5"]);
        acknowledge_all(&mut outbox);
        outbox.lose();
        outbox.connect();
        assert_eq!(out(&mut outbox), ["p 5"]);
    }

    #[test]
    fn messages_that_nobody_acknowledges_are_done_when_written() {
        let mut outbox = Outbox::default();
        outbox.connect();
        outbox.offer(message("e", "1", Kind::Each));
        assert_eq!(out(&mut outbox), ["e 1"]);
        outbox.wrote(None);
        assert!(outbox.is_done());
    }

    #[test]
    fn home_automation_that_starts_is_told_what_there_is() {
        let mut outbox = Outbox::default();
        outbox.connect();
        outbox.offer(message("d", "{}", Kind::Discovery));
        outbox.offer(Message::new("v", b"1", false, Kind::Newest));
        outbox.offer(message("p", "1", Kind::Newest));
        out(&mut outbox);
        acknowledge_all(&mut outbox);
        outbox.announce();
        assert_eq!(out(&mut outbox), ["d {}", "v 1"]);
    }
}
