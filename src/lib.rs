//! Decodes the P1 port of smart meters: the library behind the program `smarty`.
//!
//! ```text
//! meter --UART 115200 8N1--> DB 08 title 82 hh ll 30 counter ciphertext tag     every 10 s
//!                                                     |
//!                                       AES-128-GCM, nonce = title || counter
//!                                                     v
//!                            /Lux5\… CR LF CR LF 1-0:1.8.0(000025.653*kWh) … ! CRC CR LF
//!
//! source --bytes, silence--> [ framer -> cipher -> telegram | diagnosis ] --reports--> observers
//!    |                                     p1::session (pure)                               |
//! serial, TCP, file, pipe                                                 format, store, publish
//! ```
//!
//! Rooms in the order of the way of the bytes, each using only those before it: [`p1`] decodes; `sys` is what the rest
//! shares of the machine; `simulate` makes meters; `source` reads; `observe` has the one report and the one trait of
//! all who are told; `format`, `store` and `publish` write, keep and send; `run` is the loop that ties them together,
//! `cli` the command line. Only [`p1`] is the library; it does no input or output, has no clock and no threads.
//! `default-features = false` leaves the rest out and nine small crates to build.
//!
//! Words that are not those of DLMS/COSEM, OBIS, IEC 62056-21 or the UART:
//!
//! | word | what it is |
//! | --- | --- |
//! | telegram | a text from `/` to `!` with its CRC; what a push says is made into one |
//! | push | a data-notification of DLMS/COSEM, put together from its link frames, segments and blocks |
//! | frame | what is encrypted or checked as one: general-glo-ciphering, HDLC, M-Bus |
//! | span | offsets of bytes in a stream, the end excluded; the spans of all events tile the stream |
//! | event | what became of a span: a telegram, a refused frame, or bytes outside frames (junk) |
//! | refusal | why a frame may not be used: its reason has a code that stays |
//! | session | decoder, diagnosis and repair of one stream |
//! | report | one thing that happened: an event, a finding, a change of a link; observers are told of it |
//! | finding | a verdict of the diagnosis, with its evidence in numbers |
//! | stage | the step of the examination at which a finding shows: bytes, line, frame, … values |
//! | sender | whoever a telegram names: system title, device id, or the label of its source |
//! | standing | how sure it is who sent a telegram: proven by a key, labelled, or anyone |
//! | ring | the keys of several meters, in one file |
//! | label | the name that the user gave a source: `house=/dev/ttyUSB0` |
//! | capture log | a recording with times, a line for each frame |
//! | dump | bytes that were written down as text: hexadecimal, Base64, a log, a paste |
//! | derived | a value that is computed from telegrams: quarter hours, excess, surplus |
//! | period | an hour, day, month or year of the clock at the meter, with the differences of its counters |
//! | shard | the part of all meters that one of several processes takes |
//!
//! What was weighed on the way from a source to an output, and why it is not so:
//!
//! - Decoding chunks of a file on several threads, each from a presumed state of the decoder: what follows a damaged
//!   frame has to be decoded twice, numbered again, and compared with what was presumed. Only what depends on nothing
//!   but its own bytes leaves the one decoder: frames are opened before it comes to them ([`p1::decoder::FrameOpener`]),
//!   telegrams are formatted behind it.
//! - An interface for each who is told (output, services, screen): a new one had to be made known in four places. There
//!   is one report and one trait with one method (`observe::observer`); a command is a list of observers.
//! - A bounded channel for all live sources: one that floods would fill it for all. The channel has no bound, each
//!   source has a share of it.
//! - An asynchronous runtime for sources: a thread a source waits as well, and ends as soon.
//! - One structure for the options of the command line and of `smarty.toml`: what they share is their values. Paths in
//!   the file belong to its folder, its password and its targets only to its own sources, its names say their table.
//! - One reader of digits for all dumps: an offset, a separator and a fault mean another thing in each form, and each
//!   says where it stands; what they share is lines with their places (`source::dump::lines`).
//! - One engine for damage in encrypted and plain frames: where the key stream is known each byte tells by itself, in
//!   plain text only what others agree on does. They share the weighing of bits (`p1::diagnosis::damage`) and the
//!   reading of text.
//!
//! Decrypt a frame, and take one value as an exact number in the unit that its name ends with:
//!
//! ```
//! use smarty::p1::cipher::Keys;
//! use smarty::p1::decoder::{Decoder, Policy};
//! use smarty::p1::event::Event;
//! use smarty::p1::value::Zone;
//! # use smarty::p1::cipher::{AuthenticationKey, Key, MeterKeys};
//! # use smarty::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
//! # let digits = "0A1B2C3D4E5F60718293A4B5C6D7E8F9";
//! # let text = smarty::p1::telegram::format("/Lux5meter", [("1-0:1.8.0", ["000025.653*kWh"])], true);
//! # let mut frame = Vec::new();
//! # MeterKeys::new(Key::parse(digits)?, AuthenticationKey::default()).seal(
//! #     SystemTitle(*b"SMY12345"), SecurityControl(0x30), FrameCounter(7), &text, &mut frame,
//! # );
//!
//! let keys: Keys = digits.parse()?;
//! let mut decoder = Decoder::new(keys.into(), Policy::default(), Zone::luxembourg());
//! let mut energy = None;
//! decoder.push(&frame, |event| match event {
//!     Event::Telegram(decoded) => energy = decoded.telegram.get("active_energy_import_kwh"),
//!     Event::Refused(refused) => eprintln!("refused: {}", refused.reason.code()),
//!     Event::Junk(_) => {}
//! });
//! assert_eq!(energy.unwrap().to_string(), "25.653");
//! # Ok::<(), smarty::p1::cipher::KeyError>(())
//! ```
//!
//! Read a telegram that was sent in clear, with all its values:
//!
//! ```
//! use smarty::p1::decoder::{Decoder, Policy};
//! use smarty::p1::event::Event;
//! use smarty::p1::value::Zone;
//!
//! let telegram = b"/ABC5meter\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n!\r\n";
//! let mut decoder = Decoder::new(Default::default(), Policy::default(), Zone::luxembourg());
//! decoder.push(telegram, |event| {
//!     if let Event::Telegram(decoded) = event {
//!         for (value, is) in decoded.telegram.values() {
//!             println!("{} {is:?}", value.key);
//!         }
//!     }
//! });
//! ```
//!
//! Find out why nothing is decoded:
//!
//! ```
//! use smarty::p1::session::{Report, Session, Settings};
//! use smarty::p1::value::Zone;
//! # use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
//! # use smarty::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
//! # let text = smarty::p1::telegram::format("/Lux5meter", [("1-0:1.8.0", ["000025.653*kWh"])], true);
//! # let mut frame = Vec::new();
//! # MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default()).seal(
//! #     SystemTitle(*b"SMY12345"), SecurityControl(0x30), FrameCounter(7), &text, &mut frame,
//! # );
//!
//! let mut session = Session::new(&Settings::new(Keys::default().into(), Zone::luxembourg()));
//! let mut report = |report: Report<'_>| match report {
//!     Report::Event(event, _received_at) => println!("{:?}", event.span()),
//!     Report::Finding(finding) => println!("{}", finding.verdict.code()),
//!     _ => {}
//! };
//! session.push(&frame, None, &mut report);
//! session.finish(&mut report);
//! assert_eq!(session.findings()[0].verdict.code(), "no_key");
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod p1;

/// The manual of the program, as `smarty help TOPIC` shows it.
#[cfg(doc)]
pub mod manual {
    #[doc = include_str!("cli/help/setup.md")]
    pub mod setup {}
    #[doc = include_str!("cli/help/keys.md")]
    pub mod keys {}
    #[doc = include_str!("cli/help/meters.md")]
    pub mod meters {}
    #[doc = include_str!("cli/help/port.md")]
    pub mod port {}
    #[doc = include_str!("cli/help/faults.md")]
    pub mod faults {}
    #[doc = include_str!("cli/help/doctor.md")]
    pub mod doctor {}
    #[doc = include_str!("cli/help/inputs.md")]
    pub mod inputs {}
    #[doc = include_str!("cli/help/sources.md")]
    pub mod sources {}
    #[doc = include_str!("cli/help/screen.md")]
    pub mod screen {}
    #[doc = include_str!("cli/help/outputs.md")]
    pub mod outputs {}
    #[doc = include_str!("cli/help/inspect.md")]
    pub mod inspect {}
    #[doc = include_str!("cli/help/reports.md")]
    pub mod reports {}
    #[doc = include_str!("cli/help/computed.md")]
    pub mod computed {}
    #[doc = include_str!("cli/help/mqtt.md")]
    pub mod mqtt {}
    #[doc = include_str!("cli/help/forward.md")]
    pub mod forward {}
    #[doc = include_str!("cli/help/metrics.md")]
    pub mod metrics {}
    #[doc = include_str!("cli/help/hooks.md")]
    pub mod hooks {}
    #[doc = include_str!("cli/help/services.md")]
    pub mod services {}
    #[doc = include_str!("cli/help/capture.md")]
    pub mod capture {}
    #[doc = include_str!("cli/help/archives.md")]
    pub mod archives {}
    #[doc = include_str!("cli/help/store.md")]
    pub mod store {}
    #[doc = include_str!("cli/help/scale.md")]
    pub mod scale {}
    #[doc = include_str!("cli/help/simulate.md")]
    pub mod simulate {}
    #[doc = include_str!("cli/help/exits.md")]
    pub mod exits {}
    #[doc = include_str!("cli/help/speed.md")]
    pub mod speed {}
}

// What follows is the program. Tests, benches and fuzz targets look into it; nobody else may count on it. Built with
// `--cfg sealed` only the program can, and the compiler says what it never uses.
#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod sys;

#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod simulate;

#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod source;

#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod observe;

#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod format;

#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod store;

#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod publish;

#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod run;

#[cfg(all(feature = "cli", not(sealed)))]
#[doc(hidden)]
pub mod cli;

#[cfg(all(feature = "cli", sealed))]
mod sys;

#[cfg(all(feature = "cli", sealed))]
mod simulate;

#[cfg(all(feature = "cli", sealed))]
mod source;

#[cfg(all(feature = "cli", sealed))]
mod observe;

#[cfg(all(feature = "cli", sealed))]
mod format;

#[cfg(all(feature = "cli", sealed))]
mod store;

#[cfg(all(feature = "cli", sealed))]
mod publish;

#[cfg(all(feature = "cli", sealed))]
mod run;

#[cfg(all(feature = "cli", sealed))]
mod cli;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub use cli::run;
