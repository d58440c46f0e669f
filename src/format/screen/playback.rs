//! A recording: the time that is looked at, whether it goes on, and what there is to jump to.

use jiff::Timestamp;

use super::control::{Key, View};
use super::meter::Meter;
use super::{Context, Screen};
use crate::p1::event::Decoded;

/// How a recording is played.
#[derive(Clone, Debug)]
pub(super) struct Playback {
    /// Seconds of the recording in one of ours; `None`: it stands still.
    pub(super) is_playing: bool,
    /// Place of the speed among [`SPEEDS`].
    speed: usize,
    /// Our time when it last went on.
    before: Option<Timestamp>,
    /// Parts of a second that have not counted yet, ms of the recording.
    rest: i64,
    /// More is being read.
    pub(super) is_loading: bool,
    marks: Vec<Mark>,
    /// Marks for which there was no room.
    pub(super) unmarked: u64,
    /// Time of the last telegram, for those that have none.
    second: Option<i64>,
}

/// Something worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// When it was, seconds since 1970.
    pub(super) second: i64,
    /// Its link.
    pub(super) link: usize,
    /// What it is.
    pub(super) what: String,
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            is_playing: false,
            speed: 2,
            before: None,
            rest: 0,
            is_loading: true,
            marks: Vec::new(),
            unmarked: 0,
            second: None,
        }
    }
}

impl Playback {
    /// Takes something worth a look.
    pub(super) fn mark(&mut self, mark: Mark) {
        if self.marks.len() >= MARKS {
            self.unmarked += 1;
            return;
        }
        let at = self
            .marks
            .partition_point(|known| known.second <= mark.second);
        self.marks.insert(at, mark);
    }

    /// Takes the time between two telegrams.
    pub(super) fn gap(&mut self, link: usize, before: i64, second: i64, period: i64) {
        let apart = second.saturating_sub(before);
        if apart > (4 * period).max(GAP) {
            self.mark(Mark {
                second: before + 1,
                link,
                what: format!("nothing for {}", super::words::window(apart)),
            });
        }
    }

    /// All marks, by time.
    pub(super) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// When they are.
    pub(super) fn seconds(&self) -> Vec<i64> {
        self.marks.iter().map(|mark| mark.second).collect()
    }

    /// Seconds of the recording in one of ours.
    pub(super) fn speed(&self) -> i64 {
        SPEEDS.get(self.speed).copied().unwrap_or(1)
    }

    /// When the last telegram was measured.
    pub(super) fn second(&self) -> Option<i64> {
        self.second
    }
}

impl Screen {
    /// The recording is at its end; there is nothing more to come.
    pub fn loaded(&mut self) {
        if let Some(playback) = &mut self.playback {
            playback.is_loading = false;
        }
        for meter in &mut self.meters {
            meter.sums.forget();
        }
        // Without telegrams there is no power to look at.
        if !self.meters.is_empty() && self.meters.iter().all(Meter::is_only_past) {
            self.ui.view = View::Day;
        }
    }

    /// When something happened: of a recording, when it was received or measured.
    pub(super) fn time_of(
        &mut self,
        now: Timestamp,
        context: &Context<'_>,
        decoded: Option<&Decoded<'_>>,
    ) -> Timestamp {
        let Some(playback) = &mut self.playback else {
            return now;
        };
        let measured = decoded.and_then(|decoded| decoded.telegram.measured_at()?.instant());
        let received = context.received_at.or(measured);
        // Those without a time follow each other as they mostly do.
        let step = if decoded.is_some() { STEP } else { 0 };
        let next = playback.second.map(|second| second.saturating_add(step));
        let second = received.map(|at| at.as_second()).or(next);
        let second = second.unwrap_or(0);
        playback.second = Some(second);
        Timestamp::from_second(second).unwrap_or(now)
    }

    /// Takes a key about playing.
    pub(super) fn play(&mut self, key: Key) {
        let extent = self.extent();
        let Some(playback) = &mut self.playback else {
            return;
        };
        match key {
            Key::Letter('<') => playback.speed = playback.speed.saturating_sub(1),
            Key::Letter('>') => playback.speed = (playback.speed + 1).min(SPEEDS.len() - 1),
            _ => {
                playback.is_playing = !playback.is_playing;
                (playback.before, playback.rest) = (None, 0);
                // At its end it begins anew.
                if let Some((first, last)) = extent
                    && self.ui.at.is_none_or(|at| at >= last)
                    && playback.is_playing
                {
                    self.ui.at = Some(first);
                }
            }
        }
    }

    pub(super) fn stop_playing(&mut self) {
        if let Some(playback) = &mut self.playback {
            playback.is_playing = false;
        }
    }

    /// Lets the time that is looked at go on as ours does.
    pub(super) fn go_on(&mut self, now: Timestamp) {
        let extent = self.extent();
        let Some(playback) = self
            .playback
            .as_mut()
            .filter(|playback| playback.is_playing)
        else {
            return;
        };
        let passed = match playback.before.replace(now) {
            Some(before) => now.duration_since(before).as_millis().clamp(0, 1000),
            None => 0,
        };
        let Some((first, last)) = extent else { return };
        playback.rest += i64::try_from(passed).unwrap_or(0) * playback.speed();
        let at = self
            .ui
            .at
            .unwrap_or(first)
            .saturating_add(playback.rest / 1000);
        playback.rest %= 1000;
        if at >= last {
            playback.is_playing = false;
        }
        self.ui.at = Some(at.min(last));
    }
}

/// Seconds of a recording in one of ours.
const SPEEDS: [i64; 6] = [1, 10, 60, 300, 900, 3600];
/// Marks kept.
const MARKS: usize = 1000;
/// A shorter silence is none, seconds.
const GAP: i64 = 60;
/// Between telegrams that have no time, seconds.
const STEP: i64 = 10;
