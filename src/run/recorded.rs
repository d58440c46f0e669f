//! Frames of recordings whose counters came before in this run: recordings that were joined overlap.

use crate::observe::context::Source;
use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::replay::Seen;

/// What came of recordings, and how much of it came before.
#[derive(Debug, Default)]
pub struct Recorded {
    /// By label: two readers of one meter hear the same frames.
    labels: Vec<(Option<String>, Seen)>,
    /// Telegrams that came before.
    again: u64,
    /// Where the first of them came.
    place: String,
}

impl Recorded {
    /// Takes a frame; tells whether its counter came before.
    pub fn came_before(
        &mut self,
        source: Source<'_>,
        (title, counter): (SystemTitle, u32),
    ) -> bool {
        if self.of(source.label).takes(title, counter) {
            return false;
        }
        if self.again == 0 {
            self.place = source.said().to_owned();
        }
        self.again += 1;
        true
    }

    /// Tells whether there are too many meters to remember the counters of all.
    pub fn is_full(&self) -> bool {
        self.labels.iter().any(|(_, seen)| seen.is_full())
    }

    /// What is to be said at the end, where something came before.
    pub fn note(&self) -> Option<String> {
        let what = match self.again {
            0 => return None,
            1 => "one telegram came before, as where recordings overlap".to_owned(),
            more => format!(
                "{} came before, as where recordings overlap",
                count(more, "telegram")
            ),
        };
        Some(format!(
            "{}: {what}; JSON marks them (replayed)",
            self.place
        ))
    }

    fn of(&mut self, label: Option<&str>) -> &mut Seen {
        let known = |(known, _): &(Option<String>, Seen)| known.as_deref() == label;
        let place = match self.labels.iter().position(known) {
            Some(place) => place,
            None => {
                self.labels
                    .push((label.map(str::to_owned), Seen::default()));
                self.labels.len() - 1
            }
        };
        &mut self.labels[place].1
    }
}
