//! Talk that comes again and again: said at first, then with its count, then no more until something changes.
//!
//! ```text
//! 1 2   said     10 100   said with the count     3-9, 11-99, 101-   not said
//! ```
//! What has not come for a while is as good as new.

use std::time::{Duration, Instant};

/// What was said, and how often it came.
#[derive(Debug, Default)]
pub struct Repeats(Vec<Known>);

#[derive(Debug)]
struct Known {
    what: String,
    count: u64,
    first: Instant,
    last: Instant,
}

/// How something is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// As it is.
    Plainly,
    /// With how often it came, and within which time.
    Counted(u64, Duration),
    /// Not at all.
    Not,
}

impl Repeats {
    /// Takes something that came, and tells how it is to be said.
    pub fn take(&mut self, what: &str, now: Instant) -> Say {
        self.0
            .retain(|known| now.saturating_duration_since(known.last) < CALM);
        let known = match self.0.iter_mut().find(|known| known.what == what) {
            Some(known) => known,
            None => {
                if self.0.len() >= KNOWN_MAX {
                    self.0.remove(0);
                }
                self.0.push(Known {
                    what: what.to_owned(),
                    count: 0,
                    first: now,
                    last: now,
                });
                let Some(last) = self.0.last_mut() else {
                    return Say::Plainly;
                };
                last
            }
        };
        known.count += 1;
        known.last = now;
        match known.count {
            ..=PLAINLY => Say::Plainly,
            count if COUNTED.contains(&count) => {
                Say::Counted(count, now.saturating_duration_since(known.first))
            }
            _ => Say::Not,
        }
    }
}

impl Say {
    /// The words for it; none where it is not said.
    pub fn words(self, what: &str) -> Option<String> {
        match self {
            Self::Plainly => Some(what.to_owned()),
            Self::Counted(count, time) => {
                let again = match COUNTED.iter().find(|&&next| next > count) {
                    Some(next) => format!("at {next} times"),
                    None => "when it changes".to_owned(),
                };
                let seconds = time.as_secs().max(1);
                let time = match seconds {
                    ..120 => format!("{seconds} s"),
                    _ => format!("{} min", seconds / 60),
                };
                Some(format!(
                    "{what} ({count} times within {time}; said again {again})"
                ))
            }
            Self::Not => None,
        }
    }
}

/// What is said as it is.
const PLAINLY: u64 = 2;
/// What is said with its count.
const COUNTED: [u64; 2] = [10, 100];
/// What has not come for so long is new again.
pub const CALM: Duration = Duration::from_secs(600);
/// Different things that are counted; each source has its own.
const KNOWN_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_counted_and_then_silent_until_it_changes() {
        let mut repeats = Repeats::default();
        let start = Instant::now();
        let mut said = Vec::new();
        for second in 0..100_000u32 {
            let now = start + Duration::from_secs(second.into());
            if let Some(words) = repeats.take("lost", now).words("lost") {
                said.push((second, words));
            }
        }
        let expected = [
            (0, "lost"),
            (1, "lost"),
            (9, "lost (10 times within 9 s; said again at 100 times)"),
            (
                99,
                "lost (100 times within 99 s; said again when it changes)",
            ),
        ];
        let said: Vec<_> = said.iter().map(|(at, words)| (*at, &**words)).collect();
        assert_eq!(said, expected);
        let now = start + Duration::from_secs(100_001);
        assert_eq!(repeats.take("reset", now), Say::Plainly, "another reason");
        assert_eq!(repeats.take("lost", now), Say::Not);
        assert_eq!(
            repeats.take("lost", now + CALM),
            Say::Plainly,
            "after a while"
        );
    }

    #[test]
    fn memory_is_bounded_whatever_is_said() {
        let mut repeats = Repeats::default();
        let now = Instant::now();
        for number in 0..1000 {
            assert_eq!(repeats.take(&number.to_string(), now), Say::Plainly);
        }
        assert_eq!(repeats.0.len(), KNOWN_MAX);
    }
}
