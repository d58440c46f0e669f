//! The shapes of the last telegrams, so that only a new one has to be read line by line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Telegram;
use crate::p1::layout::Layout;
use crate::p1::meaning::Meaning;
use crate::p1::value::Zone;

/// Layout and meaning of telegrams with the same lines.
#[derive(Debug)]
pub struct Shape {
    /// Where everything lies.
    pub layout: Layout,
    /// What it means together.
    pub meaning: Meaning,
}

/// The shapes of the last telegrams.
#[derive(Clone, Default)]
pub struct LayoutCache {
    shapes: Shapes,
    /// Shapes that others have found: what is told by a shape should be told by one.
    common: Option<Arc<Mutex<Shapes>>>,
}

#[derive(Clone, Default)]
struct Shapes {
    all: Vec<Arc<Shape>>,
    latest: usize,
}

impl LayoutCache {
    /// A cache whose clones, on other threads perhaps, find the same shapes as itself.
    pub fn shared() -> Self {
        Self {
            shapes: Shapes::default(),
            common: Some(Arc::default()),
        }
    }

    /// Parses a text that begins with `/`; `mark` is the offset of its `!`.
    pub fn parse<'a>(&'a mut self, text: &'a [u8], mark: usize, zone: &'a Zone) -> Telegram<'a> {
        let shape = self.shape_of(text, mark);
        Telegram { text, shape, zone }
    }

    /// The shape of a text, as [`Self::parse`] finds it.
    pub fn shape_of(&mut self, text: &[u8], mark: usize) -> &Arc<Shape> {
        let fits = |shape: &Arc<Shape>| shape.layout.fits(text, mark);
        if !self.shapes.find(fits) {
            let common = || self.common.as_ref().map(|common| lock(common));
            let known = common().and_then(|mut common| common.found(fits));
            let shape = known.unwrap_or_else(|| {
                let layout = Layout::read(text, mark);
                let meaning = Meaning::of(&layout, text);
                let shape = Arc::new(Shape { layout, meaning });
                let Some(mut common) = common() else {
                    return shape;
                };
                // Another thread may have been faster.
                common.found(fits).unwrap_or_else(|| {
                    common.insert(Arc::clone(&shape));
                    shape
                })
            });
            self.shapes.insert(shape);
        }
        // It was found, or put there.
        &self.shapes.all[self.shapes.latest]
    }

    /// Takes a shape that others have found, for the telegrams to come.
    pub fn adopt(&mut self, shape: &Arc<Shape>) {
        if !self.shapes.find(|known| Arc::ptr_eq(known, shape)) {
            self.shapes.insert(Arc::clone(shape));
        }
    }
}

impl Shapes {
    /// Makes one the latest for which something holds; tells whether there is one.
    fn find(&mut self, holds: impl Fn(&Arc<Shape>) -> bool) -> bool {
        if self.all.get(self.latest).is_some_and(&holds) {
            return true;
        }
        let place = self.all.iter().position(holds);
        self.latest = place.unwrap_or(self.latest);
        place.is_some()
    }

    fn found(&mut self, holds: impl Fn(&Arc<Shape>) -> bool) -> Option<Arc<Shape>> {
        let found = self.find(holds);
        self.all.get(self.latest).filter(|_| found).map(Arc::clone)
    }

    fn insert(&mut self, shape: Arc<Shape>) {
        self.all
            .retain(|shape| shape.layout.length() <= REMEMBERED_LENGTH);
        if self.all.len() >= REMEMBERED {
            self.all.remove(0);
        }
        self.all.push(shape);
        self.latest = self.all.len() - 1;
    }
}

fn lock(shapes: &Mutex<Shapes>) -> MutexGuard<'_, Shapes> {
    shapes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shapes kept: a house has one, a line with several meters or firmware versions a few.
const REMEMBERED: usize = 16;
/// Longest telegram whose shape is kept for later, in bytes.
const REMEMBERED_LENGTH: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_unit_in_a_group_of_its_own_is_another_layout() {
        // As DSMR 2.2 has it; a telegram without a CRC can come with any of its digits damaged.
        let text = |unit: &str| {
            format!(
                "/SMY5\\1\r\n\r\n0-1:24.1.0(3)\r\n0-1:96.1.0(4712)\r\n0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)({unit})\r\n(00024.123)\r\n!\r\n"
            )
        };
        let zone = Zone::luxembourg();
        let mut memory = LayoutCache::default();
        let mut keys = |unit: &str| -> Vec<String> {
            let text = text(unit);
            let mark = text.find('!').unwrap();
            let telegram = memory.parse(text.as_bytes(), mark, &zone);
            let keys = telegram.values().map(|(at, _)| at.key.to_string());
            keys.collect()
        };
        assert_eq!(keys("m3"), ["gas_m3"]);
        assert_eq!(keys("m2"), [""; 0]);
        assert_eq!(keys("m3"), ["gas_m3"]);
    }

    #[test]
    fn a_telegram_that_ends_elsewhere_is_another_layout() {
        // Behind the first `!` stands a CRC or not.
        let zone = Zone::luxembourg();
        let mut memory = LayoutCache::default();
        for (text, raw) in [
            ("/SMY5\\1\r\n1-0:1.8.0(260!60FD\r\n!\r\n", "260"),
            ("/SMY5\\1\r\n1-0:1.8.0(260!6JFD\r\n!\r\n", "260!6JFD"),
        ] {
            let mark = match raw {
                "260" => text.find('!').unwrap(),
                _ => text.rfind('!').unwrap(),
            };
            let telegram = memory.parse(text.as_bytes(), mark, &zone);
            let reading = telegram.readings().next().unwrap();
            assert_eq!(reading.raw().collect::<Vec<_>>(), [raw]);
        }
    }
}
