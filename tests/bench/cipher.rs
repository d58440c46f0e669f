//! The cipher alone as a whole program, the limit for `decrypt`: reads a file, opens frames of one meter, prints nothing.
//!
//! ```text
//! cargo bench --bench cipher -- FILE KEY
//! ```
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::fs::File;
use std::io::Read;

use smarty::p1::cipher::{AuthenticationKey, Key, MeterKeys};
use smarty::p1::ciphering::{GeneralGloCiphering, Header};

fn main() {
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let [path, key] = &arguments[..] else {
        println!("cipher: not run, it takes FILE and KEY");
        return;
    };
    let keys = MeterKeys::new(Key::parse(key).unwrap(), AuthenticationKey::default());
    let mut file = File::open(path).unwrap();
    let (mut buffer, mut text) = (vec![0; 256 << 10], vec![0; 64 << 10]);
    let (mut held, mut frames) = (0, 0);
    loop {
        let count = file.read(&mut buffer[held..]).unwrap();
        let end = held + count;
        let mut at = 0;
        // Nothing is looked for: a frame begins where the last one ended.
        while let Header::Legal(header) = GeneralGloCiphering::decode(&buffer[at..end]) {
            let Some(frame) = buffer[at..end].get(..header.frame_length()) else {
                break;
            };
            keys.open(&header, frame, &mut text[..header.text_length()])
                .unwrap();
            at += frame.len();
            frames += 1;
        }
        buffer.copy_within(at..end, 0);
        held = end - at;
        if count == 0 {
            break;
        }
    }
    assert_eq!(
        (held, frames > 0),
        (0, true),
        "whole frames and nothing else"
    );
}
