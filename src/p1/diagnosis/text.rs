//! How much a text reads like a telegram, and which of its characters cannot be right.
//!
//! A telegram uses few pairs of neighbours (`1-`, `.7`, `*k`, `) CR`), so a damaged character shows even
//! where it became another letter. Digits stand for each other; the header line may hold anything.

use std::sync::OnceLock;

/// Tells whether a byte can stand in a telegram at all.
pub fn is_readable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\r' | b'\n')
}

/// Thousandths of the bytes that can stand in a telegram.
pub fn readable_permille(text: &[u8]) -> u64 {
    let readable = text.iter().filter(|&&byte| is_readable(byte)).count();
    match text.len() {
        0 => 0,
        length => (readable * 1000 / length) as u64,
    }
}

/// Tells whether a text begins as a telegram does: `/`, three letters or digits, readable on.
pub fn begins(text: &[u8]) -> bool {
    let rest = text.get(1..).unwrap_or_default();
    text.first() == Some(&b'/')
        && rest.len() >= 4
        && rest.iter().take(3).all(u8::is_ascii_alphanumeric)
        && rest.iter().take(BLOCK - 1).all(|&byte| is_readable(byte))
}

/// Tells whether most of a longer text is readable.
pub fn reads(text: &[u8]) -> bool {
    readable_permille(text) >= 850
}

/// Places of the characters that cannot be right where they stand.
pub fn oddities(text: &[u8]) -> Vec<usize> {
    let pairs = Pairs::known();
    let behind_header = header_end(text);
    (0..text.len())
        .filter(|&at| match text.get(at) {
            Some(&byte) if !is_readable(byte) => true,
            Some(&byte) if at > behind_header => {
                !pairs.fits(before(text, at), byte) && !pairs.fits(byte, after(text, at))
            }
            _ => false,
        })
        .collect()
}

/// Tells whether a character could stand at a place, by its neighbours.
pub fn plausible(text: &[u8], at: usize, byte: u8) -> bool {
    if !is_readable(byte) {
        return false;
    }
    if at <= header_end(text) {
        return at > 4 || byte.is_ascii_alphanumeric() || (at == 0 && byte == b'/');
    }
    let pairs = Pairs::known();
    pairs.fits(before(text, at), byte) && pairs.fits(byte, after(text, at))
}

/// Tells whether two characters can stand side by side in the lines of a telegram.
pub fn may_follow(before: u8, byte: u8) -> bool {
    Pairs::known().fits(before, byte)
}

/// Neighbours in a text that a telegram can hold.
pub fn fitting_pairs(text: &[u8]) -> usize {
    let pairs = Pairs::known();
    text.windows(2)
        .filter(|pair| matches!(pair, [a, b] if pairs.fits(*a, *b)))
        .count()
}

fn before(text: &[u8], at: usize) -> u8 {
    at.checked_sub(1)
        .and_then(|at| text.get(at))
        .copied()
        .unwrap_or(b'\n')
}

fn after(text: &[u8], at: usize) -> u8 {
    text.get(at + 1).copied().unwrap_or(b'\r')
}

/// Where the header line ends; lines of data follow.
fn header_end(text: &[u8]) -> usize {
    let window = text.get(..HEADER_MAX).unwrap_or(text);
    let end = window.windows(2).position(|pair| pair == b"\r\n");
    end.unwrap_or(window.len())
}

/// Pairs of neighbours that telegrams hold.
struct Pairs(Vec<[u64; 2]>);

impl Pairs {
    fn known() -> &'static Self {
        static KNOWN: OnceLock<Pairs> = OnceLock::new();
        KNOWN.get_or_init(|| {
            let mut pairs = Self(vec![[0; 2]; 128]);
            for pair in SAMPLE.as_bytes().windows(2) {
                if let [a, b] = pair {
                    pairs.add(*a, *b);
                }
            }
            for digit in b'A'..=b'F' {
                for other in (b'A'..=b'F').chain([b'0', b')', b'(', b'!']) {
                    pairs.add(digit, other);
                    if other != b'!' && other != b')' {
                        pairs.add(other, digit);
                    }
                }
                pairs.add(b'!', digit);
                pairs.add(digit, b'\r');
            }
            pairs
        })
    }

    fn add(&mut self, a: u8, b: u8) {
        let (a, b) = (class(a), class(b));
        if let Some(row) = self.0.get_mut(usize::from(a)) {
            match b {
                0..64 => row[0] |= 1 << b,
                _ => row[1] |= 1 << (b - 64),
            }
        }
    }

    fn fits(&self, a: u8, b: u8) -> bool {
        let (a, b) = (class(a), class(b));
        let row = self.0.get(usize::from(a)).copied().unwrap_or_default();
        match b {
            0..64 => row[0] >> b & 1 == 1,
            64..128 => row[1] >> (b - 64) & 1 == 1,
            _ => false,
        }
    }
}

/// Digits stand for each other, bytes from 80 on for nothing.
fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => b'0',
        _ => byte,
    }
}

/// Bytes of an AES block.
const BLOCK: usize = 16;
/// Longest header line looked for, in bytes.
const HEADER_MAX: usize = 128;

/// Lines of each form that meters send (DSMR P1 5.0.2, Luxembourg P1 1.1.3, spec of units).
const SAMPLE: &str = "\r\n\r\n1-3:0.2.8(42)\r\n0-0:1.0.0(200706104157S)\r\n0-0:1.0.0(200706104157W)\r\n\
0-0:42.0.0(00)\r\n1-0:1.8.0(000025.653*kWh)\r\n1-0:1.8.0(000025*Wh)\r\n1-0:3.8.0(000000.835*kvarh)\r\n\
1-0:3.8.0(000000*varh)\r\n1-0:3.8.0(0.0*kVAh)\r\n1-0:3.8.0(0.0*VAh)\r\n1-0:1.7.0(00.005*kW)\r\n\
1-0:1.7.0(00005*W)\r\n1-0:3.7.0(00.000*kvar)\r\n1-0:3.7.0(00000*var)\r\n0-0:17.0.0(069.0*kVA)\r\n\
0-0:17.0.0(069*VA)\r\n1-1:31.4.0(100*A)(-063*A)\r\n0-0:96.13.0()\r\n1-0:32.7.0(233.0*V)\r\n\
1-0:14.7.0(50.0*Hz)\r\n1-0:13.7.0(0.99)\r\n0-1:24.2.1(200706103140S)(00000.006*m3)\r\n\
0-1:24.2.1(200706103140W)(00000.006*GJ)\r\n0-1:24.2.1(1)(0.0*MJ)\r\n1-0:99.97.0(2)(0-0:96.7.19)(101208152415W)(0000000240*s)\r\n\
1-0:99.97.0()\r\n0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00000.000)\r\n1-0:1.8.0*255(1.0*kWh)\r\n\
0-0:96.1.0((1))\r\n1.0.0(1)\r\n!8B52\r\n!\r\n!0";

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"/Lux5\\253694471_M\r\n\r\n1-3:0.2.8(42)\r\n1-0:1.8.0(000025.653*kWh)\r\n\
        0-1:96.1.0(464C4F31383939)\r\n1-0:9.7.0(00.021*kVA)\r\n!8B52\r\n";

    #[test]
    fn a_healthy_text_has_no_oddities() {
        assert!(oddities(TEXT).is_empty());
        assert_eq!(readable_permille(TEXT), 1000);
        assert!(begins(TEXT));
    }

    #[test]
    fn a_damaged_character_shows_by_its_neighbours() {
        for (at, byte) in [(21, b'a'), (22, b','), (49, b'p'), (30, 0xB0)] {
            let mut text = TEXT.to_vec();
            text[at] = byte;
            assert!(oddities(&text).contains(&at), "{at}");
            assert!(plausible(&text, at, TEXT[at]));
        }
    }

    #[test]
    fn noise_is_no_text() {
        let noise: Vec<u8> = (0u32..1000).map(|n| ((n * n * 31) >> 5) as u8).collect();
        assert!(!reads(&noise));
        assert!(!begins(&noise));
    }
}
