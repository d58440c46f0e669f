//! The way back from the two faults that lose nothing: an inverted line under plain text, and even parity
//! read as bit 7.
//!
//! On an inverted line a character c stands as ten levels, and the receiver takes any fall for a start:
//!
//! ```text
//! phase      0   1   2   3   4   5   6   7   8   9
//! level      1  ~c0 ~c1 ~c2 ~c3 ~c4 ~c5 ~c6  1   0     c7 is 0 in text
//! locked                                    (1)  S  v0 = 1, v1.. = ~c0 ~c1 .. ~c6, stop = ~c7 = 1
//! ```
//!
//! A receiver that starts at phase 9 stays there, as its stop bit is the high level just before the next
//! phase 9. Before that, what it skipped between two characters is unknown: low levels where its stop bit was
//! low, then at least one high level. Phases 0, 8 and 9 and the character set leave few ways.

/// Un-inverts text from where the receiver is locked on: `c = (NOT v) >> 1`.
pub fn uninvert(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|&byte| !byte >> 1).collect()
}

/// Un-inverts a whole burst of plain text that begins with `/`, its first characters too.
///
/// Where the skipped levels can have been of more than one kind, each way that gives text is offered to
/// `accept` (a CRC that fits), usual headers first, and the first accepted
/// one is the result. The readings are certain, but some hundred headers can be: a CRC takes a wrong one for right
/// in about one burst of 200, so who has several bursts keeps the header that most of them give. A break of 00 bytes behind the burst, which is the line falling idle, is no part of it.
/// `None` if no way is accepted.
pub fn uninvert_burst(burst: &[u8], mut accept: impl FnMut(&[u8]) -> bool) -> Option<Vec<u8>> {
    let end = burst.iter().rposition(|&byte| byte != 0)? + 1;
    [true, false].into_iter().find_map(|usual| {
        let mut search = Search {
            received: &burst[..end],
            levels: Vec::new(),
            usual,
            tries: TRIES,
        };
        search.place(0, &mut accept)
    })
}

/// Clears bit 7 where it is even parity; `None` if one byte's parity does not fit.
pub fn strip_parity(bytes: &[u8]) -> Option<Vec<u8>> {
    bytes
        .iter()
        .map(|&byte| even_parity_fits(byte).then_some(byte & 0x7F))
        .collect()
}

/// Whether the byte has an even number of ones, as each byte of 7E1 read as 8N1 has.
pub fn even_parity_fits(byte: u8) -> bool {
    byte.count_ones().is_multiple_of(2)
}

/// A depth-first search for the levels that were on the wire.
struct Search<'a> {
    received: &'a [u8],
    levels: Vec<bool>,
    usual: bool,
    tries: usize,
}

impl Search<'_> {
    /// Places character `at` behind the levels known so far, in each way that can be.
    fn place(&mut self, at: usize, accept: &mut impl FnMut(&[u8]) -> bool) -> Option<Vec<u8>> {
        let &value = self.received.get(at)?;
        let known = self.levels.len();
        for low in 0.. {
            self.levels.truncate(known);
            if !self.push_all(std::iter::repeat_n(false, low)) {
                break;
            }
            while self.push_all([true]) {
                let skipped = self.levels.len();
                self.tries = self.tries.checked_sub(1)?;
                let bits = (0..8).map(|bit| value >> bit & 1 == 1);
                if self.push_all([false].into_iter().chain(bits)) && self.is_text(known) {
                    let found = match skipped % 10 {
                        LOCKED => self.rest(at).filter(|text| accept(text)),
                        _ => self.place(at + 1, accept),
                    };
                    if found.is_some() {
                        return found;
                    }
                }
                self.levels.truncate(skipped);
            }
        }
        self.levels.truncate(known);
        None
    }

    /// Pushes levels; false at the first that its phase forbids.
    fn push_all(&mut self, levels: impl IntoIterator<Item = bool>) -> bool {
        levels.into_iter().all(|level| {
            let fits = match self.levels.len() % 10 {
                0 | 8 => level,
                LOCKED => !level,
                _ => true,
            };
            if fits {
                self.levels.push(level);
            }
            fits
        })
    }

    /// Whether the characters completed since `known` levels can stand in a telegram.
    fn is_text(&self, known: usize) -> bool {
        (known / 10..self.levels.len() / 10).all(|index| {
            let before = index
                .checked_sub(1)
                .and_then(|before| self.character(before));
            match (index, self.character(index)) {
                (0, first) => first == Some(b'/'),
                (1..=3, Some(byte)) if self.usual => byte.is_ascii_alphabetic(),
                (4, Some(byte)) if self.usual => byte.is_ascii_digit(),
                (_, Some(byte)) if self.usual && !is_usual(byte) => false,
                (_, Some(b'\n')) => before == Some(b'\r'),
                (_, Some(b'\r' | b' '..=b'~')) => before != Some(b'\r'),
                _ => false,
            }
        })
    }

    fn character(&self, index: usize) -> Option<u8> {
        let levels = self.levels.get(10 * index..10 * index + 10)?;
        Some(
            levels[1..9]
                .iter()
                .rev()
                .fold(0, |byte, &level| byte << 1 | u8::from(!level)),
        )
    }

    /// The text: what the levels hold, then the locked characters from `at` on.
    fn rest(&self, at: usize) -> Option<Vec<u8>> {
        let mut text = (0..self.levels.len() / 10)
            .map(|index| self.character(index))
            .collect::<Option<Vec<u8>>>()?;
        text.extend(uninvert(self.received.get(at..)?));
        Some(text)
    }
}

/// Whether a header is usually made of such characters.
fn is_usual(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"\\_-./: ()*\r\n".contains(&byte)
}

/// The phase of a stop bit, where the receiver locks on.
const LOCKED: usize = 9;

/// How many placements are tried before a burst is taken for something else.
const TRIES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::line::{ErrorBytes, Framing, Wire};
    use crc_fast::{CrcAlgorithm, checksum};

    fn inverted(text: &[u8]) -> Vec<u8> {
        Wire::transmit(text, Framing::P1)
            .inverted()
            .receive(Framing::P1, ErrorBytes::AsRead)
    }

    fn telegram(header: &str) -> Vec<u8> {
        let mut text =
            format!("/{header}\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n1-0:1.7.0(00.005*kW)\r\n!")
                .into_bytes();
        let crc = checksum(CrcAlgorithm::Crc16Arc, &text);
        text.extend(format!("{crc:04X}\r\n").bytes());
        text
    }

    fn crc_fits(text: &[u8]) -> bool {
        let Some(end) = text.iter().rposition(|&byte| byte == b'!') else {
            return false;
        };
        let crc = checksum(CrcAlgorithm::Crc16Arc, &text[..=end]);
        text[end + 1..].starts_with(format!("{crc:04X}").as_bytes())
    }

    #[test]
    fn an_inverted_telegram_comes_back_whole() {
        let headers = [
            "Lux5\\253694471_M",
            "ISk5\\2MT382-1000",
            "KFM5KAIFA-METER",
            "ELL5\\253833635_A",
            "AUX5UXXXXXXXXXXXXX",
            "5",
            "    ",
            "~~~~~~~~~~~~~~~~~~~~",
        ];
        for header in headers {
            let text = telegram(header);
            assert_eq!(
                uninvert_burst(&inverted(&text), crc_fits).as_deref(),
                Some(&text[..]),
                "{header}"
            );
        }
    }

    #[test]
    fn what_is_no_inverted_text_is_refused() {
        let text = telegram("Lux5");
        assert_eq!(uninvert_burst(&text, crc_fits), None);
        assert_eq!(uninvert_burst(&[], crc_fits), None);
        assert_eq!(uninvert_burst(&[0; 40], crc_fits), None);
        assert_eq!(uninvert_burst(&[0xFF; 2000], |_| false), None);
        let mut damaged = inverted(&text);
        damaged[40] ^= 0x10;
        assert_eq!(uninvert_burst(&damaged, crc_fits), None);
    }

    #[test]
    fn locked_characters_come_back_one_by_one() {
        let bytes: Vec<u8> = (0..0x80).collect();
        let seen: Vec<u8> = bytes.iter().map(|&byte| !(byte << 1)).collect();
        assert!(seen.iter().all(|byte| byte % 2 == 1));
        assert_eq!(uninvert(&seen), bytes);
    }

    #[test]
    fn parity_is_stripped_where_it_fits_everywhere() {
        assert_eq!(
            strip_parity(b"\xAF\xB1\x8D\x0A").as_deref(),
            Some(&b"/1\r\n"[..])
        );
        assert_eq!(strip_parity(b"/\xB1"), None);
    }
}
