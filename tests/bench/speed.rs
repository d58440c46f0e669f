//! What each stage of the decoder costs, with the limit beside it: `cargo bench --bench speed`.
//!
//! The stream is that of a virtual meter with frames of about 1,560 bytes. `FILTER` behind `--` runs what holds it
//! in its name; the table at the end shows what was run.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "speed/pushes.rs"]
mod pushes;
#[path = "speed/sheet.rs"]
mod sheet;
#[path = "speed/stream.rs"]
mod stream;

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use jiff::Timestamp;
use pushes::{Form as ListForm, Pushes};
use sheet::Sheet;
use smarty::cli::keys::Ring;
use smarty::format::csv::Csv;
use smarty::format::influx;
use smarty::format::json::Json;
use smarty::format::table::{TableOptions, Tables};
use smarty::observe::context::Context;
use smarty::observe::fields::Fields;
use smarty::observe::sampling::{Row, Sampler, Sampling};
use smarty::p1::cipher::Keys;
use smarty::p1::decoder::{Decoder, Policy};
use smarty::p1::event::{Decoded, Event};
use smarty::p1::framer::Framer;
use smarty::p1::line::Rng;
use smarty::p1::push::Framing;
use smarty::p1::push::assembly::{Embedded, Parts, Scan};
use smarty::p1::push::axdr;
use smarty::p1::push::hdlc::{self, Link};
use smarty::p1::push::lists::List;
use smarty::p1::readout::Readout;
use smarty::p1::telegram::LayoutCache;
use smarty::p1::value::Zone;
use smarty::source::dump::{DumpDecoder, Form, Piece, encode_base64, write_header, write_record};
use stream::Stream;

fn main() {
    let criterion = Criterion::default()
        .sample_size(60)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .configure_from_args();
    let one = Stream::of(1, 640);
    let mut sheet = Sheet::new(criterion);
    limits(&mut sheet, &one);
    stages(&mut sheet, &one);
    whole(&mut sheet, &one);
    pushes_alone(&mut sheet);
    noise(&mut sheet, &one);
    dumps(&mut sheet, &one);
    many(&mut sheet);
    held(&mut sheet);
    sheet.finish();
}

/// What no decoder can be faster than.
fn limits(sheet: &mut Sheet, stream: &Stream) {
    let mut copy = vec![0; stream.bytes.len()];
    sheet.time("copy the bytes", "", stream.size(), || {
        copy.copy_from_slice(black_box(&stream.bytes));
        black_box(&copy);
    });
    let path = std::env::temp_dir().join(format!("smarty-bench-{}", std::process::id()));
    File::create(&path)
        .unwrap()
        .write_all(&stream.bytes)
        .unwrap();
    let mut file = File::open(&path).unwrap();
    let mut buffer = vec![0; 256 << 10];
    sheet.time("read a file", "", stream.size(), || {
        file.rewind().unwrap();
        while file.read(&mut buffer).unwrap() > 0 {
            black_box(&buffer);
        }
    });
    std::fs::remove_file(&path).unwrap();
    let mut text = Vec::new();
    sheet.time("the cipher alone", "", stream.size(), || {
        for frame in stream.frames() {
            stream.decrypt_alone(frame, &mut text);
            black_box(&text);
        }
    });
    sheet.time("the CRC alone", "", stream.size(), || {
        for text in &stream.texts {
            black_box(crc_fast::checksum(crc_fast::CrcAlgorithm::Crc16Arc, text));
        }
    });
}

/// Each stage by itself.
fn stages(sheet: &mut Sheet, stream: &Stream) {
    sheet.time("framing", "copy the bytes", stream.size(), || {
        let mut framer = Framer::default();
        let (data, mut from) = (&stream.bytes, 0);
        while let Some(candidate) = framer.next(data, 0, from, true, |_, _| false, |_| None) {
            from = black_box(candidate).end;
        }
        assert_eq!(from, data.len());
    });
    let mut text = vec![0; 4096];
    sheet.time("cipher", "the cipher alone", stream.size(), || {
        for frame in stream.frames() {
            let (keys, header) = stream.keys_and_header(frame);
            let text = &mut text[..header.text_length()];
            keys.open(&header, frame, text).unwrap();
            black_box(&text);
        }
    });
    sheet.time("CRC", "the CRC alone", stream.size(), || {
        for text in &stream.texts {
            let readout = Readout::find(text).unwrap();
            assert_eq!(readout.check(text).valid(), Some(true));
        }
    });
    let zone = Zone::luxembourg();
    let mut memory = LayoutCache::default();
    sheet.time(
        "parse, the lines known",
        "copy the bytes",
        stream.size(),
        || {
            for text in &stream.texts {
                let mark = text.len() - 7;
                black_box(memory.parse(text, mark, &zone).measured_at());
            }
        },
    );
    sheet.time(
        "parse, all lines new",
        "copy the bytes",
        stream.size(),
        || {
            for text in &stream.texts {
                let mark = text.len() - 7;
                black_box(
                    LayoutCache::default()
                        .parse(text, mark, &zone)
                        .measured_at(),
                );
            }
        },
    );
}

/// From frames to the bytes of an output; what is printed beside `decode` is the price of the output.
fn whole(sheet: &mut Sheet, stream: &Stream) {
    run(sheet, "decode", stream, |_, _, _| {});
    run(sheet, "decode, raw", stream, |out, _, decoded| {
        out.extend_from_slice(decoded.text)
    });
    let five =
        "active_energy_import,active_energy_export,active_power_import,active_power_export,gas";
    let five = Fields::parse(five).unwrap();
    let mut json = Json::new(None);
    run(sheet, "decode, JSON", stream, |out, context, decoded| {
        json.telegram(out, context, decoded)
    });
    let mut json = Json::new(Some(five.clone()));
    run(
        sheet,
        "decode, JSON of five fields",
        stream,
        |out, context, decoded| {
            json.telegram(out, context, decoded);
        },
    );
    let mut csv = Csv::new(None);
    run(sheet, "decode, CSV", stream, |out, context, decoded| {
        csv.begin(out, decoded);
        csv.telegram(out, context, decoded);
    });
    let mut csv = Csv::new(Some(five));
    run(
        sheet,
        "decode, CSV of five fields",
        stream,
        |out, context, decoded| {
            csv.begin(out, decoded);
            csv.telegram(out, context, decoded);
        },
    );
    run(
        sheet,
        "decode, line protocol",
        stream,
        |out, context, decoded| influx::telegram(out, None, context, decoded),
    );
    let mut tables = Tables::new(TableOptions::default());
    run(sheet, "decode, table", stream, |out, context, decoded| {
        tables.write(out, decoded, context);
    });
}

/// DLMS pushes of 27 rows, beside telegrams in clear of as many lines.
fn pushes_alone(sheet: &mut Sheet) {
    let rows = Pushes::of(ListForm::Rows, PUSHES);
    let count = rows.bodies.len();
    let size = |bytes: &[u8]| (bytes.len(), count);
    sheet.time("deframe pushes", "", size(&rows.bytes), || {
        let (mut at, mut frames) = (0, 0);
        while let Link::Frame(frame) = hdlc::read(&rows.bytes[at..], true) {
            at += black_box(frame).length;
            frames += 1;
        }
        assert_eq!(frames, count);
    });
    let mut parts = Parts::default();
    sheet.time(
        "assemble pushes of blocks",
        "deframe pushes",
        size(&rows.blocks),
        || {
            let (mut at, mut pushes) = (0, 0);
            while let Scan::Push { end, fault: None } =
                parts.scan(&rows.blocks, at, Framing::Hdlc, true, |_, _| {
                    Embedded::Stands
                })
            {
                black_box(&parts.apdu);
                at = end;
                pushes += 1;
            }
            assert_eq!(pushes, count);
        },
    );
    let bodies: usize = rows.bodies.iter().map(Vec::len).sum();
    let mut nodes = Vec::new();
    sheet.time("A-XDR", "deframe pushes", (bodies, count), || {
        for body in &rows.bodies {
            assert_eq!(axdr::read(body, &mut nodes), Ok(body.len()));
        }
    });
    let flat = Pushes::of(ListForm::Flat, PUSHES);
    for (name, pushes) in [
        ("lists of rows", &rows),
        ("lists of codes and values", &flat),
    ] {
        let bodies: usize = pushes.bodies.iter().map(Vec::len).sum();
        let mut list = List::default();
        sheet.time(name, "A-XDR", (bodies, count), || {
            for body in &pushes.bodies {
                list.read(body).unwrap();
                assert_eq!(list.rows.len(), 27);
            }
        });
    }
    let sealed = (&rows.sealed, "decode pushes, encrypted, JSON");
    let clear = (&rows.telegrams, TELEGRAMS);
    for (bytes, name) in [
        clear,
        (&rows.bytes, "decode pushes of rows, JSON"),
        (&flat.bytes, "decode pushes of codes and values, JSON"),
        (&rows.blocks, "decode pushes in blocks, JSON"),
        sealed,
    ] {
        let mut json = Json::new(None);
        let mut out = Vec::with_capacity(1 << 20);
        let mut context = Context::default();
        sheet.time(name, TELEGRAMS, size(bytes), || {
            let mut good = 0;
            decode(bytes, &rows.keys, |event| {
                if let Event::Telegram(decoded) = event {
                    good += 1;
                    context.seq += 1;
                    json.telegram(&mut out, &context, decoded);
                    if out.len() > 64 << 10 {
                        black_box(&out);
                        out.clear();
                    }
                }
            });
            assert_eq!(good, count);
        });
    }
}

/// Noise of the same size, and a stream in which every frame has a bit that is wrong.
fn noise(sheet: &mut Sheet, stream: &Stream) {
    let mut rng = Rng::new(7);
    let noise: Vec<u8> = (0..stream.bytes.len()).map(|_| rng.next_byte()).collect();
    sheet.time("decode noise", "decode", stream.size(), || {
        decode(&noise, &stream.keys, |_| {});
    });
    let mut damaged = stream.bytes.clone();
    for frame in &stream.places {
        damaged[frame.start + 700] ^= 1;
    }
    sheet.time("decode damaged frames", "decode", stream.size(), || {
        decode(&damaged, &stream.keys, |_| {});
    });
}

/// Bytes that were written down as text, back to bytes.
fn dumps(sheet: &mut Sheet, stream: &Stream) {
    let mut log = Vec::new();
    write_header(&mut log, Timestamp::UNIX_EPOCH);
    for frame in stream.frames() {
        write_record(&mut log, Timestamp::UNIX_EPOCH, "house", "gcm", frame);
    }
    let dumps = [
        ("read a capture log", Form::Log, log),
        (
            "read hexadecimal",
            Form::Hex,
            hex::encode(&stream.bytes).into(),
        ),
        (
            "read base64",
            Form::Base64,
            encode_base64(&stream.bytes).into(),
        ),
    ];
    for (name, form, text) in dumps {
        sheet.time(name, "decode", stream.size(), || {
            let mut undump = DumpDecoder::new(Some(form));
            let mut length = 0;
            let mut count = |piece: Piece<'_>| {
                if let Piece::Bytes(bytes) = piece {
                    length += black_box(bytes).len();
                }
            };
            for piece in text.chunks(128 << 10) {
                undump.push(piece, &mut count).unwrap();
            }
            undump.finish(&mut count).unwrap();
            assert_eq!(length, stream.bytes.len());
        });
    }
}

/// A street of meters in turn, each with a key of its own; and how long such a key ring takes to read.
fn many(sheet: &mut Sheet) {
    let street = Stream::of(METERS, 1);
    run(sheet, "decode, a key for each frame", &street, |_, _, _| {});
    let authentication = Default::default();
    sheet.time("read the key ring", "", street.size(), || {
        black_box(Ring::parse(Path::new("keys.toml"), &street.ring, &authentication).unwrap());
    });
}

/// Rows of meters in turn that wait for the end of their period: a hundred times the meters cost little more a row.
fn held(sheet: &mut Sheet) {
    let few = "hold back rows of 1,000 meters";
    for (name, meters) in [(few, 1_000), ("hold back rows of 100,000 meters", 100_000)] {
        let sampling = Sampling {
            every: Some(Duration::from_secs(60)),
            on_change: true,
            last: false,
        };
        let mut sampler = Sampler::new(sampling, Zone::luxembourg(), Timestamp::UNIX_EPOCH);
        let ids: Vec<_> = (0..meters).map(|meter| format!("M{meter}")).collect();
        let mut second = 0;
        let rows = 100_000;
        sheet.time(name, few, (rows * BYTES, rows), || {
            for row in 0..rows {
                second += i64::from(row % meters == 0) * 10;
                let at = Timestamp::from_second(second).ok();
                black_box(sampler.offer(Row {
                    meter: ids[row % meters].clone(),
                    values: second.to_string().into_bytes(),
                    at,
                    received_at: at,
                    bytes: vec![b'x'; BYTES],
                }));
            }
        });
        assert!(sampler.notices().is_empty());
    }
}

/// Times decoding with what a sink makes of each telegram, in a buffer as the program has one.
fn run(
    sheet: &mut Sheet,
    name: &'static str,
    stream: &Stream,
    mut sink: impl FnMut(&mut Vec<u8>, &Context<'_>, &Decoded<'_>),
) {
    let mut out = Vec::with_capacity(1 << 20);
    let mut context = Context::default();
    sheet.time(name, "the cipher alone", stream.size(), || {
        let mut good = 0;
        decode(&stream.bytes, &stream.keys, |event| {
            if let Event::Telegram(decoded) = event {
                good += 1;
                context.seq += 1;
                sink(&mut out, &context, decoded);
                if out.len() > 64 << 10 {
                    black_box(&out);
                    out.clear();
                }
            }
        });
        assert_eq!(good, stream.places.len());
    });
}

fn decode(bytes: &[u8], keys: &Arc<Keys>, mut sink: impl FnMut(&Event<'_>)) {
    let mut decoder = Decoder::new(Arc::clone(keys), Policy::default(), Zone::luxembourg());
    for piece in bytes.chunks(256 << 10) {
        decoder.push(piece, &mut sink);
    }
    decoder.finish(sink);
}

/// What pushes are compared with.
const TELEGRAMS: &str = "decode telegrams of as many lines, JSON";
/// Pushes of 27 rows that are decoded.
const PUSHES: u32 = 640;
/// Bytes of a row that is held back.
const BYTES: usize = 500;
/// Meters of the street.
const METERS: u32 = 2000;
