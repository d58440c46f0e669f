//! Samples cut at every byte: no panic, every whole frame out, and nothing that the whole sample does not hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use smarty::cli::keys::Ring;
use smarty::p1::cipher::Keys;
use smarty::p1::decoder::{Decoder, Policy};
use smarty::p1::event::Event;
use smarty::p1::span::Span;
use smarty::p1::value::Zone;
use smarty::source::dump::{DumpDecoder, Piece};

/// Bytes of all samples, of which some are dumps in text.
fn samples() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let files = [root.clone(), root.join("damaged")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect::<Vec<_>>();
    assert!(files.len() > 40, "{} samples", files.len());
    files
}

fn keys() -> Arc<Keys> {
    let text = include_str!("../../samples/keys.toml");
    let ring = Ring::parse(Path::new("keys.toml"), text, &Default::default()).unwrap();
    Arc::new(ring.keys().clone())
}

/// A telegram that came out: its place and its text.
type Out = (Span, Vec<u8>);

fn note(out: &mut Vec<Out>) -> impl FnMut(&Event<'_>) {
    |event| {
        if let Event::Telegram(decoded) = event {
            out.push((decoded.span, decoded.text.to_vec()));
        }
    }
}

#[test]
fn a_sample_cut_anywhere_gives_the_frames_that_are_whole() {
    let keys = keys();
    for (path, bytes) in samples() {
        let mut decoder = Decoder::new(Arc::clone(&keys), Policy::default(), Zone::luxembourg());
        let mut all = Vec::new();
        let mut whole = decoder.clone();
        whole.push(&bytes, note(&mut all));
        whole.finish(note(&mut all));
        // Those that came before the cut, and what the end of the input adds.
        let mut before = Vec::new();
        for cut in 1..=bytes.len() {
            decoder.push(&bytes[cut - 1..cut], note(&mut before));
            let mut out = before.clone();
            decoder.clone().finish(note(&mut out));
            // Cut before its CRC, a telegram is one that has none.
            out.pop_if(|(_, text)| text.ends_with(b"!"));
            let is_whole = |(span, _): &&Out| span.end <= cut as u64;
            let wanted = all.iter().filter(is_whole).count();
            assert!(out.len() >= wanted, "{} cut at {cut}", path.display());
            for (index, (span, text)) in out.iter().enumerate() {
                // Of the last one, the cut can take the line end, and nothing else.
                let (place, sent) = &all[index];
                assert_eq!(place.start, span.start, "{} cut at {cut}", path.display());
                assert!(
                    sent.starts_with(text) && sent.len() - text.len() <= 2,
                    "{} cut at {cut}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn a_dump_cut_anywhere_gives_the_beginning_of_its_bytes() {
    for (path, text) in samples() {
        let undump = |text: &[u8]| {
            let mut bytes = Vec::new();
            let mut undump = DumpDecoder::new(None);
            let mut take = |piece: Piece<'_>| {
                if let Piece::Bytes(piece) = piece {
                    bytes.extend_from_slice(piece);
                }
            };
            let done = undump
                .push(text, &mut take)
                .and_then(|()| undump.finish(&mut take));
            done.map(|()| (undump.form(), bytes))
        };
        let (form, all) = match undump(&text) {
            Ok(whole) => whole,
            // What is no dump is none when it is cut.
            Err(_) => continue,
        };
        let step = (text.len() / 400).max(1);
        for cut in (0..text.len()).step_by(step) {
            // Where the form is another one, or half a digit is left, the words say so.
            if let Ok((found, bytes)) = undump(&text[..cut])
                && found == form
            {
                // Of `0x53` the cut can leave `0x5`.
                let sure = bytes.len().saturating_sub(1);
                assert!(
                    all.starts_with(&bytes[..sure]),
                    "{} cut at {cut}",
                    path.display()
                );
            }
        }
    }
}
