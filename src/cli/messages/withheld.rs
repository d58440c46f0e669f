//! Words about refused frames that wait: where diagnosis finds out why, its verdict is said in their place.
//!
//! Some refusals are what the verdict says, and name the meter besides: a key that is missing. They are said where
//! diagnosis agrees; a title that was damaged on the way looks like that of a meter without a key.

use crate::p1::diagnosis::Verdict;
use crate::p1::event::{Reason, Refused};

/// What waits, for each lane.
#[derive(Clone, Debug, Default)]
pub struct Withheld {
    waiting: Vec<Words>,
    /// Verdicts that are why frames of a lane are refused.
    found: Vec<(usize, Verdict)>,
}

/// What is said of a refused frame where nothing better is known.
#[derive(Clone, Debug)]
pub struct Words {
    lane: usize,
    /// The verdict that says the same.
    verdict: Option<Verdict>,
    /// What is wrong.
    pub what: String,
    /// What to do about it; none where the next words have the same.
    pub hint: Option<String>,
}

impl Words {
    /// Whether a verdict says the same, and was found.
    pub fn is_verdict(&self) -> bool {
        self.verdict.is_some()
    }
}

impl Withheld {
    /// Keeps words about a frame of a lane until it is known why it was refused.
    pub fn hold(&mut self, lane: usize, refused: &Refused<'_>, what: String, hint: String) {
        let words = Words {
            lane,
            verdict: verdict_of(refused.reason),
            what,
            hint: Some(hint),
        };
        self.keep(words);
    }

    /// Takes a verdict about a lane.
    pub fn find(&mut self, lane: usize, verdict: Verdict) {
        if verdict.explains_refusals() && !self.found.contains(&(lane, verdict)) {
            self.found.push((lane, verdict));
        }
    }

    /// Takes what is left to say of a lane whose trouble was judged.
    pub fn settle(&mut self, lane: usize) -> Vec<Words> {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let (mut due, rest): (Vec<_>, Vec<_>) = waiting.partition(|words| words.lane == lane);
        self.waiting = rest;
        let found = || self.found.iter().filter(|(of, _)| *of == lane);
        let explained = found().any(|(_, verdict)| !says_no_more(*verdict));
        due.retain(|words| match words.verdict {
            Some(own) => {
                found().all(|(_, verdict)| says_no_more(*verdict))
                    || found().any(|(_, v)| *v == own)
            }
            None => !explained,
        });
        for at in 1..due.len() {
            if due[at - 1].hint == due[at].hint {
                due[at - 1].hint = None;
            }
        }
        due
    }

    fn keep(&mut self, words: Words) {
        let same = |known: &Words| known.lane == words.lane && known.what == words.what;
        if self.waiting.len() < WORDS_MAX && !self.waiting.iter().any(same) {
            self.waiting.push(words);
        }
    }
}

/// Whether the words about the frame say all that the verdict does.
fn says_no_more(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::NoKey | Verdict::Unsupported | Verdict::Downgrade | Verdict::Replayed
    )
}

/// Whether the words about a frame that was refused for this reason say all that a verdict can.
pub fn says_all(reason: Reason) -> bool {
    verdict_of(reason).is_some()
}

fn verdict_of(reason: Reason) -> Option<Verdict> {
    match reason {
        Reason::NoKey => Some(Verdict::NoKey),
        Reason::Unsupported(_) => Some(Verdict::Unsupported),
        Reason::Downgrade => Some(Verdict::Downgrade),
        Reason::Replayed => Some(Verdict::Replayed),
        _ => None,
    }
}

/// Words that are kept: kinds of refusal that are said one by one.
const WORDS_MAX: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(withheld: &mut Withheld, lane: usize, what: &str, verdict: Option<Verdict>) {
        withheld.keep(Words {
            lane,
            verdict,
            what: what.to_owned(),
            hint: Some("do".to_owned()),
        });
    }

    fn due(withheld: &mut Withheld, lane: usize) -> Vec<(String, bool)> {
        let due = withheld.settle(lane).into_iter();
        due.map(|words| (words.what, words.hint.is_some()))
            .collect()
    }

    #[test]
    fn what_a_verdict_explains_is_not_said_and_the_rest_is_said_once() {
        let mut withheld = Withheld::default();
        for what in ["a", "b", "a"] {
            hold(&mut withheld, 0, what, None);
        }
        hold(&mut withheld, 1, "c", None);
        let said = [("a".to_owned(), false), ("b".to_owned(), true)];
        assert_eq!(due(&mut withheld, 0), said, "with one hint for both");
        assert!(due(&mut withheld, 0).is_empty());
        withheld.find(1, Verdict::ClockOff);
        assert_eq!(due(&mut withheld, 1).len(), 1, "a clock explains nothing");
        hold(&mut withheld, 1, "c", None);
        withheld.find(1, Verdict::WrongKey);
        assert!(due(&mut withheld, 1).is_empty());
        hold(&mut withheld, 1, "d", None);
        assert!(due(&mut withheld, 1).is_empty(), "the verdict stands");
    }

    #[test]
    fn a_key_that_is_missing_is_said_where_diagnosis_agrees() {
        let no_key = Some(Verdict::NoKey);
        let said = |found: &[Verdict]| {
            let mut withheld = Withheld::default();
            hold(&mut withheld, 0, "no key", no_key);
            found.iter().for_each(|&verdict| withheld.find(0, verdict));
            !due(&mut withheld, 0).is_empty()
        };
        assert!(said(&[]));
        assert!(said(&[Verdict::NoKey]));
        assert!(said(&[Verdict::WrongKey, Verdict::NoKey]));
        assert!(!said(&[Verdict::WeakPullUp]), "its title was damaged");
    }
}
