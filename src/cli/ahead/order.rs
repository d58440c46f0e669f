//! Things that several threads finish in any order, and one takes in the order they were begun in.
//!
//! ```text
//! taken <- | finished | begun | finished | begun | <- begun     no more than so many
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Things in their order.
pub struct Order<T> {
    slots: Mutex<Slots<T>>,
    /// The first one is finished, or nothing more is begun.
    first: Condvar,
    /// There is room for another one.
    room: Condvar,
    most: usize,
}

struct Slots<T> {
    /// Number of the first one.
    number: u64,
    slots: VecDeque<Slot<T>>,
    closed: bool,
    /// Somebody waits for the first one. A thread that nobody waits for is not woken: that is slow.
    awaited: bool,
    /// So many wait for room.
    waiting: usize,
}

struct Slot<T> {
    value: T,
    finished: bool,
}

/// The place of a thing that was begun; it counts as finished when this is dropped.
pub struct Place<T> {
    order: Arc<Order<T>>,
    number: u64,
}

/// What is the first one.
pub enum First<T> {
    /// This one, which is finished.
    Taken(T),
    /// It is not finished yet.
    Waiting,
    /// There is none, and none will be begun.
    None,
}

impl<T> Order<T> {
    /// Takes up to so many things.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            slots: Mutex::new(Slots {
                number: 0,
                slots: VecDeque::new(),
                closed: false,
                awaited: false,
                waiting: 0,
            }),
            first: Condvar::new(),
            room: Condvar::new(),
            most,
        })
    }

    /// Begins a thing, once there is room for it; `None` where nothing more is to be begun.
    pub fn begin(self: &Arc<Self>, value: T) -> Option<Place<T>> {
        let mut slots = self.lock();
        while slots.slots.len() >= self.most && !slots.closed {
            if slots.is_awaited() {
                self.first.notify_one();
            }
            slots.waiting += 1;
            let waited = self.room.wait(slots);
            slots = waited.unwrap_or_else(PoisonError::into_inner);
            slots.waiting -= 1;
        }
        if slots.closed {
            return None;
        }
        let number = slots.number + slots.slots.len() as u64;
        slots.slots.push_back(Slot {
            value,
            finished: false,
        });
        Some(Place {
            order: Arc::clone(self),
            number,
        })
    }

    /// Says that nothing more is begun.
    pub fn close(&self) {
        let mut slots = self.lock();
        slots.closed = true;
        slots.awaited = false;
        self.first.notify_all();
        self.room.notify_all();
    }

    /// Takes the first one, waiting for it up to a time.
    pub fn take(&self, time: Duration) -> First<T> {
        let until = Instant::now() + time;
        let mut slots = self.lock();
        loop {
            if slots.slots.front().is_some_and(|slot| slot.finished)
                && let Some(slot) = slots.slots.pop_front()
            {
                slots.number += 1;
                if slots.waiting > 0 {
                    self.room.notify_one();
                }
                return First::Taken(slot.value);
            }
            if slots.closed && slots.slots.is_empty() {
                return First::None;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return First::Waiting;
            }
            slots.awaited = true;
            let waited = self.first.wait_timeout(slots, left);
            slots = waited.unwrap_or_else(PoisonError::into_inner).0;
            slots.awaited = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slots<T>> {
        // Nothing is left half where a thread panics.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Slots<T> {
    /// The thing of a number that was not taken yet.
    fn slot(&mut self, number: u64) -> Option<&mut Slot<T>> {
        let index = number.checked_sub(self.number)?;
        self.slots.get_mut(index as usize)
    }

    /// Tells once whether somebody waits for the first one, and it is finished.
    fn is_awaited(&mut self) -> bool {
        let finished = self.slots.front().is_some_and(|slot| slot.finished);
        finished && std::mem::take(&mut self.awaited)
    }
}

impl<T> Place<T> {
    /// Changes the thing.
    pub fn change(&self, change: impl FnOnce(&mut T)) {
        let mut slots = self.order.lock();
        if let Some(slot) = slots.slot(self.number) {
            change(&mut slot.value);
        }
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        let mut slots = self.order.lock();
        if let Some(slot) = slots.slot(self.number) {
            slot.finished = true;
        }
        // Not for each one: several are taken in one go, and whoever takes them looks now and then anyway.
        let finished = slots.slots.iter().take_while(|slot| slot.finished).count();
        let many = finished >= self.order.most / 2;
        let due = (many || slots.closed || slots.waiting > 0) && slots.is_awaited();
        drop(slots);
        if due {
            self.order.first.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const LONG: Duration = Duration::from_secs(10);

    fn taken(order: &Order<u32>) -> Option<u32> {
        match order.take(LONG) {
            First::Taken(value) => Some(value),
            First::Waiting => panic!("nothing for {LONG:?}"),
            First::None => None,
        }
    }

    #[test]
    fn things_are_taken_in_the_order_they_were_begun_in() {
        let order = Order::new(3);
        let places: Vec<_> = (0..3).map(|n| order.begin(n).unwrap()).collect();
        assert!(matches!(order.take(Duration::ZERO), First::Waiting));
        for place in places.into_iter().rev() {
            place.change(|value| *value += 10);
        }
        assert_eq!([taken(&order), taken(&order)], [Some(10), Some(11)]);
        order.close();
        assert_eq!([taken(&order), taken(&order)], [Some(12), None]);
        assert!(order.begin(3).is_none());
    }

    #[test]
    fn many_threads_finish_in_any_order() {
        let order = Order::new(4);
        let next = Mutex::new(0..1000);
        let work = || {
            loop {
                let mut next = next.lock().unwrap();
                let Some(place) = next.next().and_then(|n| order.begin(n)) else {
                    return order.close();
                };
                drop(next);
                place.change(|value| *value *= 2);
            }
        };
        let taken: Vec<_> = thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(work)));
            std::iter::from_fn(|| taken(&order)).collect()
        });
        assert!(taken.iter().copied().eq((0..1000).map(|n| 2 * n)));
    }

    #[test]
    fn whoever_waits_for_room_is_let_go() {
        let order = Order::new(1);
        let _first = order.begin(1);
        thread::scope(|scope| {
            let waits = scope.spawn(|| order.begin(2).is_none());
            order.close();
            assert!(waits.join().unwrap());
        });
    }
}
