//! The loop with small inputs and observers of its own.

use jiff::civil::date;

use super::*;
use crate::observe::context::Context;
use crate::observe::observer::{Flow, Gravity, Notice, Observer};
use crate::p1::cipher::{AuthenticationKey, Key, MeterKeys};
use crate::p1::event::Event;
use crate::p1::session::Settings;
use crate::p1::value::Zone;
use crate::run::failure::Exit;
use crate::run::input::Reading;
use crate::simulate::virtual_meter::{Profile, Setup, VirtualMeter};
use crate::source::Reconnecting;
use crate::source::testing::{Folder, options};

/// Writes down what it is told, and does as it was told.
#[derive(Default)]
struct Witness {
    told: Vec<String>,
    /// What becomes of the run at a report.
    when: Option<(&'static str, Flow)>,
}

impl Observer for Witness {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        let told = match report {
            Report::Event { event, refusals } => {
                let input = context.input;
                match event {
                    Event::Telegram(decoded) if decoded.replayed => {
                        format!("{input}: telegram {}, again", context.seq)
                    }
                    Event::Telegram(_) => format!("{input}: telegram {}", context.seq),
                    Event::Refused(refused) => {
                        format!("{input}: {} {refusals}", refused.reason.code())
                    }
                    Event::Junk(junk) => format!("{input}: junk {}", junk.bytes.len()),
                }
            }
            Report::Ended(summary) => format!("{}: ended, {} good", context.input, summary.good),
            Report::Message { gravity, what, .. } => {
                // A path stands before the first colon.
                let what = what.split_once(": ").map_or(*what, |(_, what)| what);
                format!("{gravity:?}: {what}")
            }
            Report::End { .. } => "end".to_owned(),
            _ => return Flow::Continue,
        };
        let flow = self.when.take_if(|(when, _)| told.contains(*when));
        self.told.push(told);
        flow.map_or(Flow::Continue, |(_, flow)| flow)
    }
}

/// A folder with inputs of a meter whose key is known.
struct Bench {
    folder: Folder,
    meter: VirtualMeter,
    sources: Vec<Reconnecting>,
    inputs: Vec<Input>,
}

impl Bench {
    fn new() -> Self {
        let start = date(2026, 3, 1).at(12, 0, 0, 0);
        Self {
            folder: Folder::new(),
            meter: VirtualMeter::new(Setup::new(Profile::Lu, 1, 3, start)),
            sources: Vec::new(),
            inputs: Vec::new(),
        }
    }

    fn frame(&mut self) -> Vec<u8> {
        let mut frame = Vec::new();
        self.meter.next_frame(&mut frame);
        frame
    }

    /// Adds a file with these bytes.
    fn file(&mut self, bytes: &[u8]) {
        let path = self.folder.path(&format!("{}.bin", self.inputs.len()));
        std::fs::write(&path, bytes).unwrap();
        self.name(path.to_str().unwrap());
    }

    fn name(&mut self, place: &str) {
        let authentication = AuthenticationKey::new(self.meter.auth_key());
        let mut keys = crate::p1::cipher::Keys::default();
        keys.set_default(MeterKeys::new(Key::new(self.meter.key()), authentication));
        let settings = Settings::new(Arc::new(keys), Zone::luxembourg());
        let address = place.parse().unwrap();
        let input = Input::new(&address, &settings, Reading::default());
        self.inputs.push(input);
        self.sources.push(Reconnecting::new(address, options()));
    }

    fn run(self, counts: Counts, filter: Filter, witness: &mut Witness) -> (Counts, Ended) {
        let limits = Limits {
            duration: None,
            timeout: None,
            progress: false,
            without_keys: false,
        };
        let stop = options().stop;
        let reader = Reader::new(self.sources, &stop).unwrap();
        let mut observers = Observers::new(counts, filter, vec![witness]);
        let mut reload = |_: &mut Observers<'_>| None;
        let ended = run(
            reader,
            &stop,
            self.inputs,
            &mut observers,
            &limits,
            &mut reload,
        );
        let ended = ended.unwrap();
        observers.end(false);
        (observers.counts.clone(), ended)
    }
}

#[test]
fn files_are_told_of_one_after_another_and_numbered_through() {
    let mut bench = Bench::new();
    let frames = [bench.frame(), bench.frame(), bench.frame()];
    bench.file(&frames[..2].concat());
    bench.file(&frames[2]);
    let mut witness = Witness::default();
    let (counts, ended) = bench.run(Counts::default(), Filter::default(), &mut witness);
    let expected = [
        "0: telegram 1",
        "0: telegram 2",
        "0: ended, 2 good",
        "1: telegram 3",
        "1: ended, 1 good",
        "end",
    ];
    assert_eq!(witness.told, expected);
    assert_eq!((counts.good, counts.exit()), (3, Exit::Success));
    assert_eq!((ended.end, ended.worst), (End::Input, Exit::Success));
}

#[test]
fn refused_frames_and_an_input_that_fails_make_the_exit() {
    let mut bench = Bench::new();
    let mut frames = [bench.frame(), bench.frame(), bench.frame()];
    frames[0][40] ^= 1;
    frames[2][40] ^= 1;
    bench.file(&frames.concat());
    bench.name("/nowhere/at/all");
    let mut witness = Witness::default();
    let (counts, ended) = bench.run(Counts::default(), Filter::default(), &mut witness);
    let told: Vec<_> = witness.told.iter().map(String::as_str).collect();
    assert!(told.contains(&"0: tag_mismatch 1") && told.contains(&"0: tag_mismatch 2"));
    assert!(
        told.iter().any(|told| told.starts_with("Error: ")),
        "{told:?}"
    );
    assert_eq!(counts.exit(), Exit::Partial);
    assert_eq!(ended.worst, Exit::Io);
}

#[test]
fn a_count_that_is_reached_ends_the_run_and_is_told_of_to_all() {
    let mut bench = Bench::new();
    let frames = [bench.frame(), bench.frame(), bench.frame()];
    bench.file(&frames.concat());
    let mut witness = Witness::default();
    let (counts, ended) = bench.run(Counts::up_to(Some(2)), Filter::default(), &mut witness);
    let telegrams = witness.told.iter().filter(|told| told.contains("telegram"));
    assert_eq!(telegrams.count(), 2);
    assert_eq!((counts.good, ended.end), (2, End::Enough));
}

#[test]
fn an_observer_ends_the_run_or_fails_it_and_what_it_says_is_said() {
    for (flow, end) in [(Flow::Enough, End::Enough), (Flow::Failed, End::Failed)] {
        let mut bench = Bench::new();
        let frames = [bench.frame(), bench.frame()];
        bench.file(&frames.concat());
        let mut witness = Witness {
            when: Some(("telegram 1", flow)),
            ..Witness::default()
        };
        let (_, ended) = bench.run(Counts::default(), Filter::default(), &mut witness);
        assert_eq!(ended.end, end);
    }
    let mut bench = Bench::new();
    let frame = bench.frame();
    bench.file(&frame);
    let notice = Notice {
        trouble: true,
        what: "the broker does not answer".to_owned(),
        hint: None,
    };
    let mut witness = Witness {
        when: Some(("telegram 1", Flow::say(vec![notice.clone()]))),
        ..Witness::default()
    };
    bench.run(Counts::default(), Filter::default(), &mut witness);
    let said = format!("{:?}: {}", Gravity::Warning, notice.what);
    assert!(witness.told.contains(&said), "{:?}", witness.told);
}

#[test]
fn telegrams_of_recordings_that_overlap_are_marked() {
    let mut bench = Bench::new();
    let frames = [bench.frame(), bench.frame(), bench.frame()];
    bench.file(&frames[..2].concat());
    bench.file(&frames[1..].concat());
    let mut witness = Witness::default();
    let (counts, _) = bench.run(Counts::default(), Filter::default(), &mut witness);
    let again: Vec<_> = witness
        .told
        .iter()
        .filter(|told| told.contains("again"))
        .collect();
    assert_eq!(again, ["1: telegram 3, again"]);
    assert_eq!(counts.good, 4, "it counts all the same");
}

#[test]
fn meters_that_were_not_asked_for_are_neither_told_of_nor_counted() {
    let mut bench = Bench::new();
    let frame = bench.frame();
    let id = bench.meter.id();
    bench.file(&[&frame[..], b"noise"].concat());
    let filter = Filter::new(vec!["SAG0000000000001".to_owned()]);
    let mut others = filter.clone();
    let mut witness = Witness::default();
    let (counts, _) = bench.run(Counts::default(), filter, &mut witness);
    assert!(counts.is_empty());
    assert!(witness.told.iter().any(|told| told.starts_with("0: junk")));
    let mut decoder = crate::p1::decoder::Decoder::new(
        Arc::default(),
        crate::p1::decoder::Policy::default(),
        Zone::luxembourg(),
    );
    decoder.push(&frame, |event| assert!(!others.takes(event, None)));
    assert_eq!(others.others().collect::<Vec<_>>(), [id.to_string()]);
}
