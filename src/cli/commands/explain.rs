//! `--explain`: the whole examination of each input, step by step.

use std::time::{Duration, Instant};

use crate::format::explanation;
use crate::observe::redact::Redactor;
use crate::p1::diagnosis::example_frame::ExampleFrame;
use crate::p1::examine::examine;
use crate::source::Kind;
use crate::source::Source;
use crate::source::SourceOptions;
use crate::source::dump::{DumpDecoder, DumpError, Form, Piece};
use crate::sys::stop::Stop;

use crate::cli::args::{Global, Run};
use crate::cli::caution::say_who_sees_keys;
use crate::cli::inputs::{self, Named};
use crate::cli::keys::Ring;
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::cli::signals::Signals;
use crate::p1::value::Zone;
use crate::run::counts::exit_of;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::source::Read;

/// Examines the inputs one by one.
///
/// # Errors
/// An input that cannot be read, an output that cannot be written.
pub fn run(args: &Run, named: &[Named], zone: &Zone, global: &Global) -> Result<Exit, Failure> {
    let ring = Ring::gather(&args.keys)?;
    say_who_sees_keys(&args.keys, named, global.quiet);
    let stop = Stop::new().map_err(|error| Failure::new(Exit::Io, error.to_string()))?;
    let signals = Signals::watch(&stop)?;
    let options = inputs::source_options(&args.source, stop, false);
    let listening = args.source.duration.unwrap_or(LISTENING);
    let mut worst = Exit::Success;
    let mut redactor = args.output.redact.then(|| Redactor::new(zone.clone()));
    for input in named {
        let name = input.address.to_string();
        let Captured {
            bytes: capture,
            form,
            unknown,
        } = read(input, args, &options, listening)?;
        let keys = ring.keys_for(&input.address);
        let mut examination = examine(&capture, &keys, zone);
        let is_text = form != Some(Form::Bin);
        let found = examination.summary.good > 0 || !examination.summary.refused.is_empty();
        if !found && (is_text || capture.len() == KEY_LENGTH) {
            // A file of keys in the place of a capture: its bytes are not shown.
            examination.example = None;
        }
        if let Some(redactor) = &mut redactor {
            let is_shown =
                |example: &ExampleFrame| explanation::is_shown(example, global.verbose > 0);
            let shown = examination.example.as_ref().is_some_and(is_shown);
            redactor.examination(&mut examination);
            if shown && examination.example.is_none() {
                let what = format!("{name}: the frame is left out, it could name the meter");
                say(Level::Note, &what, None);
            }
        }
        let mut text = Vec::new();
        explanation::write(&mut text, &name, &examination, global.verbose > 0);
        match Writer::Terminal.write(&text) {
            Err(WriteEnd::Failed(failure)) => return Err(failure),
            Err(WriteEnd::ReaderGone) => return Ok(Exit::Success),
            Ok(()) => {}
        }
        let refused: u64 = examination
            .summary
            .refused
            .iter()
            .map(|(_, count)| count)
            .sum();
        let good = examination.summary.good + examination.mended;
        worst = worst.min(exit_of(good, refused));
        if let Some(failure) = unknown {
            worst = worst.min(failure.report(global.quiet));
        }
    }
    signals.pass_on();
    Ok(worst)
}

/// What is examined of an input.
struct Captured {
    bytes: Vec<u8>,
    form: Option<Form>,
    /// That its form is not known: then the bytes are those of the file itself.
    unknown: Option<Failure>,
}

/// The bytes of an input and the form they had, up to a bound: one trouble looks like the next.
fn read(
    input: &Named,
    args: &Run,
    options: &SourceOptions,
    listening: Duration,
) -> Result<Captured, Failure> {
    let name = input.address.to_string();
    let mut source = Source::open(&input.address, options)?;
    let live = source.kind() != Kind::File;
    let started = Instant::now();
    // What a port sends is never a dump.
    let form = args.input.input.0.or(live.then_some(Form::Bin));
    let mut undump = DumpDecoder::new(form);
    let mut capture = Vec::new();
    let mut raw = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let mut silent = 0;
    let mut take = |piece: Piece<'_>| {
        if let Piece::Bytes(bytes) = piece {
            capture.extend_from_slice(bytes);
        }
    };
    let mut total = 0;
    let ended = loop {
        match source.read(&mut buffer)? {
            Read::Bytes(count) => {
                silent = 0;
                total += count;
                let bytes = buffer.get(..count).unwrap_or_default();
                raw.extend(bytes.iter().take(LOOKED_AT.saturating_sub(raw.len())));
                if let Err(error) = undump.push(bytes, &mut take) {
                    break Err(error);
                }
            }
            // A port is listened to until it has said what it says.
            Read::Quiet | Read::NoWriter if silent < PATIENCE => silent += 1,
            _ => break undump.finish(&mut take),
        }
        if live && started.elapsed() >= listening {
            break undump.finish(&mut take);
        }
        if total > CAPTURE_MAX {
            let what = format!("{name}: the first {} MiB are examined", CAPTURE_MAX >> 20);
            say(Level::Note, &what, None);
            break undump.finish(&mut take);
        }
    };
    let unknown = match ended {
        Ok(()) => None,
        Err(error @ DumpError::Unknown { .. }) => Some(Failure::of_dump(&name, &error)),
        Err(error) => return Err(Failure::of_dump(&name, &error)),
    };
    Ok(Captured {
        bytes: if unknown.is_some() { raw } else { capture },
        form: undump.form(),
        unknown,
    })
}

/// Bytes of a key.
const KEY_LENGTH: usize = 16;
/// Bytes of a file of no known form that are examined.
const LOOKED_AT: usize = 64 << 10;
/// Bytes that are examined at the most.
const CAPTURE_MAX: usize = 4 << 20;
/// Silences in a row after which a live source is examined: about 12 seconds.
const PATIENCE: usize = 48;
/// How long a live source is listened to where nothing else is said: two telegrams of the slowest meters.
const LISTENING: Duration = Duration::from_secs(25);
