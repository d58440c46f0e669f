//! What the models of the line are fed with: a text like any, and how bursts begin.

use crate::p1::line::Rng;

/// A text with the digits and lines of telegrams.
pub fn text() -> Vec<u8> {
    let mut rng = Rng::new(2);
    let mut text = Vec::new();
    while text.len() < SAMPLE {
        text.extend_from_slice(
            b"/ABC5\\253694471_M\r\n\r\n1-3:0.2.8(50)\r\n0-0:1.0.0(240112093020W)\r\n",
        );
        for n in 0..25 {
            let (code, value) = (1 + rng.below(80), rng.below(100_000));
            let unit = ["kWh", "kW", "V", "A", "kvar", "kVA", "m3"]
                .get(n % 7)
                .copied()
                .unwrap_or("s");
            let small = rng.below(30);
            text.extend(
                format!("1-0:{code}.7.0({small:02}.{:03}*{unit})\r\n", value % 1000).bytes(),
            );
            if n % 4 == 0 {
                text.extend(format!("0-{}:96.1.{}({value:06})\r\n", n % 5, n % 3).bytes());
                text.extend(
                    format!(
                        "1-0:{}.8.{}({value:06}.{:03}*kWh)\r\n",
                        n % 5,
                        n % 3,
                        value % 1000
                    )
                    .bytes(),
                );
            }
        }
        text.extend(format!("!{:04X}\r\n", rng.below(65536)).bytes());
    }
    text
}

/// Bytes that frames and telegrams of several makers begin with.
pub fn starts(plain: bool) -> Vec<Vec<u8>> {
    let mut rng = Rng::new(3);
    let mut make = |letters: &[u8; 3]| {
        let mut start: Vec<u8> = match plain {
            true => [b"/", &letters[..], b"5"].concat(),
            false => [b"\xDB\x08", &letters[..]].concat(),
        };
        start.extend((0..12).map(|_| match plain {
            true => b'0' + rng.below(70) as u8,
            false => rng.next_byte(),
        }));
        start
    };
    [
        b"SAG", b"LGZ", b"KFM", b"ISK", b"ZPA", b"ELS", b"HXE", b"EMH",
    ]
    .iter()
    .map(|letters| make(letters))
    .collect()
}

/// Bytes of text.
const SAMPLE: usize = 8000;
