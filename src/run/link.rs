//! Links: whether a source is there, how long it may be silent, and what is said when it is.

use std::time::{Duration, Instant};

use super::input::Input;
use crate::format::words::SILENT_BY_WISH;
use crate::run::failure::Level;
use crate::run::repeats::{CALM, Repeats, Say};
use crate::source::Found;
use crate::source::LineNews;
use crate::source::LineSettings;
use crate::source::speed::DWELL;

/// What is known of the link of an input.
pub(super) struct State {
    pub(super) open: bool,
    /// It was open once.
    pub(super) known: bool,
    /// It could not be opened, and that was said.
    pub(super) refused: bool,
    pub(super) over: bool,
    /// When bytes came, or the link was opened.
    pub(super) bytes: Instant,
    /// The decoder was told of the silence.
    pub(super) settled: bool,
    /// The user was told of the silence.
    pub(super) silent: bool,
    /// The settings of the line are looked for, and nothing is said of silence meanwhile.
    pub(super) looking: bool,
    /// What was said of it.
    pub(super) repeats: Repeats,
    /// The last loss, and whether it is over.
    loss: Option<Loss>,
}

/// A loss of a link, one of many perhaps.
struct Loss {
    what: String,
    since: Instant,
    /// Since when the link is back.
    back: Option<Instant>,
    /// It was not said, or only counted.
    hushed: bool,
}

impl State {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            open: false,
            known: false,
            refused: false,
            over: false,
            bytes: now,
            settled: true,
            silent: false,
            looking: false,
            repeats: Repeats::default(),
            loss: None,
        }
    }

    /// Takes a loss; gives the words for it where it is to be said.
    pub(super) fn lose(&mut self, what: &str, now: Instant) -> Option<String> {
        (self.open, self.settled) = (false, true);
        let say = self.repeats.take(what, now);
        self.loss = Some(Loss {
            what: what.to_owned(),
            since: now,
            back: None,
            hushed: say != Say::Plainly,
        });
        say.words(what)
    }

    /// Takes the end of a loss; tells whether it is to be said: where the loss was.
    pub(super) fn come_back(&mut self, now: Instant) -> bool {
        (self.open, self.silent, self.bytes) = (true, false, now);
        let Some(loss) = &mut self.loss else {
            return true;
        };
        loss.back = Some(now);
        !loss.hushed
    }

    /// What is to be said of a link that was lost so often that it was no longer said: it stays away, or stays.
    pub(super) fn change(&mut self, title: &str, now: Instant) -> Option<(Level, String)> {
        let loss = self.loss.as_mut().filter(|loss| loss.hushed)?;
        let away = now.saturating_duration_since(loss.since);
        match loss.back {
            None if away >= AWAY => {
                loss.hushed = false;
                let what = format!("{} and has been away for {} s", loss.what, away.as_secs());
                Some((Level::Warning, what))
            }
            Some(back) if now.saturating_duration_since(back) >= CALM => {
                self.loss = None;
                let minutes = CALM.as_secs() / 60;
                Some((Level::Note, format!("{title}: has held for {minutes} min")))
            }
            _ => None,
        }
    }
}

/// How long a source may pause in mid frame.
///
/// Longer than the line needs: bytes are delayed by USB adapters, networks and busy machines, and a frame
/// that was cut is found out by the start of the next one as well.
pub(super) fn patience(kind: &str, line: Option<LineSettings>) -> Duration {
    match kind {
        "serial" => {
            let line = line.unwrap_or(LineSettings::P1);
            Duration::from_millis(1000) + line.time_of(PAUSE_CHARACTERS)
        }
        "tcp" => Duration::from_millis(2000),
        _ => Duration::from_millis(5000),
    }
}

/// What is said of a link that is open and silent.
pub(super) fn silence(input: &Input, pause: Duration) -> (String, String) {
    let seconds = pause.as_secs();
    let what = match (input.kind, input.line) {
        ("serial", Some(line)) => {
            format!("{}: no bytes for {seconds} s at {line}", input.title())
        }
        ("tcp", _) => format!("{}: connected, but no bytes for {seconds} s", input.title()),
        ("http", _) => format!("{}: nothing new for {seconds} s", input.title()),
        ("pulse", _) => format!("{}: no pulse for {seconds} s", input.title()),
        ("mqtt", _) => format!("{}: no message for {seconds} s", input.title()),
        _ => format!("{}: no bytes for {seconds} s", input.title()),
    };
    let hint = match input.device_line() {
        Some(_) => "is the sensor powered, and its output on the RX line of the adapter?",
        None if input.kind == "sim" => SILENT_BY_WISH,
        None if input.kind == "mqtt" => {
            "does the dongle publish on this topic? mosquitto_sub -v -t '#' shows all of them"
        }
        None => PINS,
    };
    (what, hint.to_owned())
}

/// What is said of a port that another program has open as well.
pub(super) fn shared(found: &Found) -> Option<(String, String)> {
    let holder = found.shared_with.as_ref()?;
    let what = format!(
        "{}: {holder} has the port open as well: what it reads is missing here",
        found.name
    );
    Some((what, format!("end it: kill {}", holder.pid)))
}

/// What is said of the settings of a line.
pub(super) fn line_news(title: &str, news: &LineNews) -> (Level, String, Option<&'static str>) {
    let list = |lines: &[LineSettings]| {
        let lines: Vec<_> = lines.iter().map(LineSettings::to_string).collect();
        lines.join(", ")
    };
    match news {
        LineNews::Looking(lines) => {
            let (first, others) = lines.split_first().unwrap_or((&LineSettings::P1, &[]));
            let what = format!(
                "{title}: nothing that makes sense at {first}; looking for the speed, some {} s each: {}",
                DWELL.as_secs_f32().round(),
                list(others)
            );
            (Level::Note, what, None)
        }
        LineNews::Found(line) => {
            let LineSettings { baud, mode } = line;
            let what =
                format!("{title}: found {line}; to start with it: --baud {baud} --mode {mode}");
            (Level::Note, what, None)
        }
        LineNews::NotFound { heard: true } => {
            let what = format!(
                "{title}: what comes makes no sense at any usual speed; it goes on looking"
            );
            (Level::Warning, what, Some("--baud and --mode set others"))
        }
        LineNews::NotFound { heard: false } => {
            let what = format!("{title}: no bytes at any usual speed; still looking");
            (Level::Warning, what, Some(PINS))
        }
    }
}

/// What to look at where nothing comes.
const PINS: &str = "pins 2 and 3 of the P1 plug: data request (pin 2) needs 5 V against ground (pin 3)\n\
                    some operators open the port only on request: ask yours whether P1 of this meter is open";
/// Characters that a line may pause in mid frame, beside what delays them elsewhere.
const PAUSE_CHARACTERS: u32 = 100;

/// A link that comes and goes is away for good, as far as it is said, when it is away for so long.
const AWAY: Duration = Duration::from_secs(30);
/// Nothing of a link for so long is worth a word: meters send every 10 s or more often.
pub(super) const SILENCE: Duration = Duration::from_secs(12);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::session::Settings;
    use crate::p1::value::Zone;
    use crate::run::input::Reading;
    use crate::source::open::Kind;
    use crate::sys::access::Holder;
    use std::sync::Arc;

    #[test]
    fn who_else_has_a_port_open_is_said_where_that_is_known() {
        let mut found = Found {
            kind: Kind::Serial,
            name: "/dev/ttyUSB3".to_owned(),
            size: None,
            shared_with: None,
            line: None,
        };
        assert_eq!(shared(&found), None);
        found.shared_with = Some(Holder {
            pid: 4711,
            program: "cat".to_owned(),
        });
        let (what, hint) = shared(&found).unwrap();
        assert!(what.starts_with("/dev/ttyUSB3: cat"), "{what}");
        assert_eq!(hint, "end it: kill 4711");
    }

    #[test]
    fn a_silent_virtual_meter_is_told_of_without_pins() {
        let settings = Settings::new(Arc::default(), Zone::luxembourg());
        let said = |place: &str| {
            let input = Input::new(&place.parse().unwrap(), &settings, Reading::default());
            silence(&input, SILENCE)
        };
        let (what, hint) = said("sim:");
        assert_eq!(what, "sim: no bytes for 12 s");
        assert_eq!(hint, SILENT_BY_WISH);
        let (what, hint) = said("tcp://10.0.0.7:2001");
        assert_eq!(
            what,
            "tcp://10.0.0.7:2001: connected, but no bytes for 12 s"
        );
        assert!(hint.contains("pin 2"));
    }

    #[test]
    fn a_link_that_comes_and_goes_is_said_only_when_that_changes() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut state = State::new(start);
        let mut said = 0;
        for second in 0..1000 {
            said += usize::from(state.lose("gone", at(2 * second)).is_some());
            said += usize::from(state.come_back(at(2 * second + 1)));
            assert_eq!(state.change("tcp", at(2 * second + 1)), None);
        }
        assert_eq!(said, 2 + 2 + 2, "twice and back, then two counts");
        // It stays away, which is new, and so is that it comes back then.
        assert_eq!(state.lose("gone", at(2000)), None);
        assert_eq!(state.change("tcp", at(2029)), None);
        let (_, words) = state.change("tcp", at(2031)).unwrap();
        assert_eq!(words, "gone and has been away for 31 s");
        assert_eq!(state.change("tcp", at(2032)), None);
        assert!(state.come_back(at(2040)));
        // It holds after many a loss.
        assert_eq!(state.lose("gone", at(2041)), None);
        assert!(!state.come_back(at(2042)));
        assert_eq!(state.change("tcp", at(2600)), None);
        let (_, words) = state.change("tcp", at(2642)).unwrap();
        assert_eq!(words, "tcp: has held for 10 min");
        assert_eq!(state.change("tcp", at(9999)), None);
    }
}
