//! Speed and parity of a serial line, found out by what comes.
//!
//! ```text
//! 115200 8N1 --nothing fits--> 9600 7E1 --> 2400 8E1 --> 2400 8N1 --> 9600 8N1 --> 38400 8N1 --> again
//!      |                          |            |
//!      +------ a right check sum at any of them: it stays there, and passes on what it has held back
//! ```
//! What comes at a speed that may be wrong is held back, so that nobody takes it for damage. A port at which all goes
//! well is never touched: its first telegram is the proof. Where no speed fits, what came at the first one is passed
//! on after a round, for diagnosis to say what it looks like.
//!
//! Each speed gets longer than the 10 s between two telegrams of slow meters and the 2.2 s that a push of 491 bytes
//! takes at 2400 baud; less, where several bursts have shown that it is wrong.

use std::time::{Duration, Instant};

use crate::p1::ciphering::{GeneralGloCiphering, Header};
use crate::p1::push::hdlc::{self, FLAG, Link};
use crate::p1::push::mbus;
use crate::p1::readout::{End, Readout};
use crate::source::line_settings::LineSettings;

/// What is to be said of the settings of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineNews {
    /// Nothing fits at the first of these; the others are tried in turn.
    Looking(Vec<LineSettings>),
    /// These are the right ones.
    Found(LineSettings),
    /// None fits; it goes on.
    NotFound {
        /// Whether anything came at all.
        heard: bool,
    },
}

/// What is done with bytes that came, or with a silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Bytes are passed on.
    Pass,
    /// Bytes are held back.
    Hold,
    /// These bytes are passed on in their place, after the news.
    Release(Vec<u8>, Option<LineNews>),
    /// The line is to be set so; bytes that were held back may be passed on besides.
    Set(LineSettings, Vec<u8>, Option<LineNews>),
}

/// Looks for the settings of a line.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    lines: Vec<LineSettings>,
    /// The ones that are set.
    at: usize,
    /// The ones that are right as far as is known; the first at first.
    home: usize,
    /// When those were proven last; `None` while others are tried.
    proven: Option<Instant>,
    /// Since when those are set.
    since: Option<Instant>,
    /// What came at these settings, the end of it.
    heard: Vec<u8>,
    /// Whether bytes have come since the last silence.
    bursting: bool,
    /// Bursts at these settings.
    bursts: u8,
    /// What came at the first settings in the first round.
    first: Vec<u8>,
    /// How often all settings were tried.
    rounds: u32,
    /// Whether anything came.
    anything: bool,
    /// Whether it was said that others are tried.
    told: bool,
}

impl Search {
    /// Begins with the first of these settings; `None` where there is nothing to choose from.
    pub(crate) fn among(lines: &[LineSettings]) -> Option<Self> {
        (lines.len() > 1).then(|| Self {
            lines: lines.to_vec(),
            at: 0,
            home: 0,
            proven: None,
            since: None,
            heard: Vec::new(),
            bursting: false,
            bursts: 0,
            first: Vec::new(),
            rounds: 0,
            anything: false,
            told: false,
        })
    }

    /// Takes bytes that came.
    pub(crate) fn take(&mut self, bytes: &[u8], now: Instant) -> Next {
        self.since.get_or_insert(now);
        (self.anything, self.bursting) = (true, true);
        self.keep(bytes);
        if self.proven.is_some() {
            return self.stay(now);
        }
        if proves(&self.heard) {
            return self.found(now);
        }
        let passes = self.passes();
        // Noise without an end.
        if self.waited(now) > DWELL + BURST && !reads(&self.heard) {
            return self.change(now);
        }
        match passes {
            true => Next::Pass,
            false => Next::Hold,
        }
    }

    /// Takes a silence of a quarter of a second.
    pub(crate) fn quiet(&mut self, now: Instant) -> Next {
        self.since.get_or_insert(now);
        if std::mem::take(&mut self.bursting) {
            self.bursts = self.bursts.saturating_add(1);
        }
        if self.proven.is_some() {
            return self.stay(now);
        }
        let enough = match self.at == self.home {
            true => HOME_BURSTS,
            false => BURSTS,
        };
        let due = self.waited(now) > DWELL || self.bursts >= enough;
        match due {
            true if reads(&self.heard) => self.seems_right(),
            true => self.change(now),
            false => Next::Hold,
        }
    }

    /// Goes on to the next settings where the port does not take these.
    pub(crate) fn skip(&mut self, now: Instant) -> Next {
        self.change(now)
    }

    /// Whether bytes are passed on as they come: where there is nothing better, they are what there is.
    fn passes(&self) -> bool {
        self.at == self.home && self.rounds > 0
    }

    fn waited(&self, now: Instant) -> Duration {
        let since = self.since.unwrap_or(now);
        now.saturating_duration_since(since)
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
        let over = self.heard.len().saturating_sub(HEARD_MAX);
        self.heard.drain(..over);
    }

    fn found(&mut self, now: Instant) -> Next {
        let news = self.told.then(|| LineNews::Found(self.line()));
        let passed = self.passes();
        let heard = std::mem::take(&mut self.heard);
        (self.home, self.proven, self.told) = (self.at, Some(now), false);
        self.first.clear();
        match (passed, news) {
            (true, None) => Next::Pass,
            // What came before this was passed on already.
            (true, news) => Next::Release(Vec::new(), news),
            (false, news) => Next::Release(heard, news),
        }
    }

    /// Text comes that no check sum proves: the speed is right, what is wrong is for diagnosis to say.
    fn seems_right(&mut self) -> Next {
        if self.passes() {
            return Next::Pass;
        }
        let news = self.told.then(|| LineNews::Found(self.line()));
        (self.home, self.rounds, self.told) = (self.at, self.rounds.max(1), false);
        self.first.clear();
        Next::Release(self.heard.clone(), news)
    }

    /// Looks now and then whether proven settings still are.
    fn stay(&mut self, now: Instant) -> Next {
        if !self.bursting || self.heard.len() >= HEARD_MAX / 2 {
            let heard = std::mem::take(&mut self.heard);
            if proves(&heard) || reads(&heard) {
                self.proven = Some(now);
            }
        }
        let proven = self.proven.unwrap_or(now);
        if now.saturating_duration_since(proven) > RELAPSE {
            (self.proven, self.since) = (None, Some(now));
            (self.bursts, self.rounds, self.anything) = (0, 1, false);
        }
        Next::Pass
    }

    fn change(&mut self, now: Instant) -> Next {
        let heard = std::mem::take(&mut self.heard);
        if self.at == self.home && self.rounds == 0 {
            self.first = heard;
        }
        self.at = (self.at + 1) % self.lines.len();
        (self.since, self.bursts, self.bursting) = (Some(now), 0, false);
        let (mut release, mut news) = (Vec::new(), None);
        if self.at == self.home {
            self.rounds = self.rounds.saturating_add(1);
            if self.rounds == 1 {
                release = std::mem::take(&mut self.first);
                let heard = self.anything;
                news = Some(LineNews::NotFound { heard });
            }
        } else if !std::mem::replace(&mut self.told, true) {
            let (before, from) = self.lines.split_at(self.home);
            let lines = from.iter().chain(before).copied().collect();
            news = (self.rounds == 0).then_some(LineNews::Looking(lines));
        }
        Next::Set(self.line(), release, news)
    }

    fn line(&self) -> LineSettings {
        self.lines.get(self.at).copied().unwrap_or(LineSettings::P1)
    }
}

/// Tells whether bytes hold something that a wrong speed does not make: a check sum that fits, or a header that is
/// longer than one.
pub(crate) fn proves(bytes: &[u8]) -> bool {
    let places = bytes.iter().enumerate();
    places.into_iter().any(|(at, byte)| {
        let rest = bytes.get(at..).unwrap_or_default();
        match *byte {
            // Its header has a check sum of its own.
            FLAG => matches!(hdlc::read(rest, true), Link::Frame(_)),
            mbus::START => matches!(mbus::read(rest, true), Link::Frame(frame) if frame.valid),
            // A master that looks for meters (EN 13757-2, SND_NKE).
            0x10 => matches!(*rest, [_, 0x40, address, sum, 0x16, ..] if sum == address.wrapping_add(0x40)),
            b'/' => is_telegram(rest),
            // Two bytes, three letters, a length and a kind of protection.
            0xDB => matches!(
                GeneralGloCiphering::decode(rest),
                Header::Legal(header) if header.title.has_letters()
            ),
            _ => false,
        }
    })
}

/// Tells whether bytes begin with a telegram whose CRC fits, or one of a meter that sends none.
fn is_telegram(bytes: &[u8]) -> bool {
    let marks = memchr::memchr_iter(b'!', bytes).take(MARKS_MAX);
    marks.into_iter().any(|mark| {
        let End::Here(readout) = Readout::at(bytes, mark, true) else {
            return false;
        };
        let crc = readout.check(bytes);
        match crc.valid() {
            Some(fits) => fits || crc.fits.is_some(),
            None => {
                let text = bytes.get(..mark).unwrap_or_default();
                let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
                let data = |line: &&[u8]| {
                    matches!(line, [b'0'..=b'9', ..])
                        && line.ends_with(b")")
                        && line.contains(&b'(')
                };
                reads(text) && lines.filter(data).count() >= LINES_MIN
            }
        }
    })
}

/// Tells whether bytes read like text: those of a wrong speed or parity do not.
fn reads(bytes: &[u8]) -> bool {
    let readable = |byte: &&u8| matches!(byte, b' '..=b'~' | b'\r' | b'\n');
    let count = bytes.iter().filter(readable).count();
    bytes.len() >= TEXT_MIN && count * 100 >= bytes.len() * TEXT_PERCENT
}

/// How long a speed is listened to: the 10 s between two telegrams, and the longest of them.
pub const DWELL: Duration = Duration::from_millis(12_500);
/// How much longer where bytes are just coming.
const BURST: Duration = Duration::from_secs(3);
/// Bursts that show that the settings are wrong.
const BURSTS: u8 = 2;
/// Bursts that show it of the first settings: the first of them may have begun before the port was open.
const HOME_BURSTS: u8 = 3;
/// How long nothing may be proven where something was before.
const RELAPSE: Duration = Duration::from_secs(600);
/// Bytes of a line that are kept: more than the longest telegram.
const HEARD_MAX: usize = 16 << 10;
/// Ends of telegrams that are looked at.
const MARKS_MAX: usize = 16;
/// Lines of data that make a telegram without a CRC.
const LINES_MIN: usize = 3;
/// Bytes that make a text.
const TEXT_MIN: usize = 64;
/// How many of a hundred bytes of a text can be read.
const TEXT_PERCENT: usize = 85;

#[cfg(test)]
mod tests;
