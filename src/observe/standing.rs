//! Who keeps a place where there are more meters than places: whoever can write to a line can make up names.
//!
//! ```text
//! proven     it has a key in the ring, or sends what nobody can make without its key
//! labelled   the first that was heard of a source with a label
//! anyone     a name that anybody can write
//! ```
//! The proven and the labelled are never displaced by others, and get a place of anyone who has been silent for longest
//! even where all are taken. Anyone else gets a place that is free, or whose meter has been silent for a minute.

use std::time::{Duration, Instant};

use crate::observe::context::Context;
use crate::observe::observer::Notice;
use crate::p1::event::{Decoded, Tag};
use crate::sys::counter::Counter;

/// How sure it is who sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Anybody can say to be this meter.
    #[default]
    Anyone,
    /// The first of a label.
    Labelled,
    /// It has a key, or knows one.
    Proven,
}

/// A bounded number of places.
#[derive(Debug)]
pub struct Places {
    max: usize,
    lost: Lost,
    is_said: bool,
}

/// What came of those who have no place.
#[derive(Clone, Debug, Default)]
pub struct Lost {
    /// Telegrams of meters that got none.
    pub left_out: Counter,
    /// Meters that lost theirs.
    pub displaced: Counter,
}

/// Where a newcomer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is room.
    Free,
    /// Once this one has left.
    At(usize),
    /// Nowhere.
    None,
}

impl Standing {
    /// That of who sent a telegram, as far as the telegram says it.
    pub fn of(context: &Context<'_>, decoded: &Decoded<'_>) -> Self {
        let proves = decoded.security.is_some_and(|security| {
            // Who has no key can make no text that comes out of such a frame.
            security.tag == Tag::Valid || security.header.control.encrypted()
        });
        match proves || context.keyed {
            true => Self::Proven,
            false => Self::Anyone,
        }
    }
}

impl Standing {
    /// How many of the places there are for such a newcomer, where nobody who has one ever leaves: names that anybody can
    /// write never take them all.
    pub fn share(self, places: usize) -> usize {
        match self {
            Self::Anyone => places / 2,
            Self::Labelled | Self::Proven => places,
        }
    }
}

impl Places {
    /// So many.
    pub fn new(max: usize) -> Self {
        Self {
            max,
            lost: Lost::default(),
            is_said: false,
        }
    }

    /// What came of those who have none.
    pub fn lost(&self) -> Lost {
        self.lost.clone()
    }

    /// Finds room for a newcomer among those who are there, each with when it was last heard.
    pub fn room(
        &self,
        taken: impl ExactSizeIterator<Item = (Standing, Option<Instant>)>,
        newcomer: Standing,
        now: Instant,
    ) -> Room {
        if taken.len() < self.max {
            return Room::Free;
        }
        let anyone = taken.enumerate().filter_map(|(at, (standing, heard))| {
            let silence = heard.map_or(Duration::MAX, |heard| now.saturating_duration_since(heard));
            (standing == Standing::Anyone).then_some((silence, at))
        });
        match anyone.max_by_key(|(silence, at)| (*silence, std::cmp::Reverse(*at))) {
            Some((silence, at)) if newcomer > Standing::Anyone || silence >= SILENT => {
                self.lost.displaced.count();
                Room::At(at)
            }
            _ => Room::None,
        }
    }

    /// What is said, once, where there were more meters than places.
    pub fn notice(&mut self, service: &str) -> Option<Notice> {
        let lost = self.lost.left_out.total() + self.lost.displaced.total();
        if lost == 0 || std::mem::replace(&mut self.is_said, true) {
            return None;
        }
        Some(Notice {
            trouble: true,
            what: format!(
                "{service}: there are more meters than places ({}), some are left out",
                self.max
            ),
            hint: Some(
                "--meters-max gives more; those with a key have theirs always; with --metrics, \
                 smarty_left_out_total and smarty_displaced_total count the others"
                    .to_owned(),
            ),
        })
    }
}

/// Places that there are unless others are asked for.
pub const PLACES: usize = 256;
/// So long a meter without proof may be silent before its place is one for others like it.
const SILENT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::Standing::{Anyone, Labelled, Proven};
    use super::*;

    /// Finds room among meters that have been silent for so many seconds.
    fn room(places: &Places, taken: &[(Standing, u64)], newcomer: Standing) -> Room {
        let begin = Instant::now();
        let now = begin + Duration::from_secs(1000);
        let heard = |silence: u64| Some(now - Duration::from_secs(silence));
        let taken = taken
            .iter()
            .map(|(standing, silence)| (*standing, heard(*silence)));
        places.room(taken, newcomer, now)
    }

    #[test]
    fn who_proves_its_origin_is_never_displaced_and_always_has_a_place() {
        let places = Places::new(3);
        assert_eq!(
            room(&places, &[(Anyone, 1), (Anyone, 2)], Anyone),
            Room::Free
        );
        let full = [(Proven, 900), (Anyone, 1), (Anyone, 2)];
        assert_eq!(
            room(&places, &full, Proven),
            Room::At(2),
            "silent for longest"
        );
        assert_eq!(room(&places, &full, Labelled), Room::At(2));
        assert_eq!(room(&places, &full, Anyone), Room::None);
        let sure = [(Proven, 900), (Labelled, 900), (Proven, 900)];
        for newcomer in [Anyone, Labelled, Proven] {
            assert_eq!(room(&places, &sure, newcomer), Room::None);
        }
        assert_eq!(places.lost().displaced.total(), 2);
    }

    #[test]
    fn a_name_that_anybody_can_write_waits_until_another_such_is_silent() {
        let mut places = Places::new(2);
        assert!(places.notice("here").is_none());
        assert_eq!(
            room(&places, &[(Anyone, 59), (Proven, 99)], Anyone),
            Room::None
        );
        assert_eq!(
            room(&places, &[(Anyone, 60), (Anyone, 60)], Anyone),
            Room::At(0)
        );
        let said = places.notice("here").unwrap();
        assert!(said.trouble && said.what.starts_with("here: ") && said.what.contains("(2)"));
        assert!(places.notice("here").is_none(), "once");
    }
}
