//! What a server says before the first byte of the meter: the banner of ser2net, the options of telnet.
//!
//! ```text
//! ser2net port 2001 device /dev/ttyUSB0 …⏎  /XXX5…     held until more comes, then left out
//! ser2net port 2001 device /dev/ttyUSB0 …⏎             nothing follows: it is all there is, and is given
//! ```
//! Only whole lines of plain text count that are none of a telegram, and only at the beginning of a connection.

use std::time::{Duration, Instant};

/// The beginning of a connection.
#[derive(Debug)]
pub(super) struct Greeting {
    held: Vec<u8>,
    since: Instant,
    /// How much of what is held is given, once it is known what it is.
    given: Option<usize>,
}

impl Greeting {
    /// Waits for the first bytes, unless all of them are wanted.
    pub(super) fn new(all_wanted: bool) -> Self {
        Self {
            held: Vec::new(),
            since: Instant::now(),
            given: all_wanted.then_some(0),
        }
    }

    /// Whether all bytes are those of the meter from here on.
    pub(super) fn is_over(&self) -> bool {
        self.given == Some(self.held.len())
    }

    /// Whether something is held back.
    pub(super) fn is_held(&self) -> bool {
        self.given.is_none() && !self.held.is_empty()
    }

    /// Whether nothing has followed for long.
    pub(super) fn is_late(&self) -> bool {
        self.is_held() && self.since.elapsed() >= PATIENCE
    }

    /// Gives all that is held: nothing follows that it could stand before.
    pub(super) fn release(&mut self) {
        self.given.get_or_insert(0);
    }

    /// Takes bytes of the beginning.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if self.held.is_empty() {
            self.since = Instant::now();
        }
        self.held.extend_from_slice(bytes);
        let length = greeting_of(&self.held);
        if self.held.len() > LONGEST {
            self.release();
        } else if length < self.held.len() {
            self.given = Some(length);
        }
    }

    /// Gives what is no greeting.
    pub(super) fn give(&mut self, buf: &mut [u8]) -> Option<usize> {
        let given = self.given.as_mut()?;
        let rest = self.held.get(*given..)?;
        let count = rest.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(rest) {
            *to = *from;
        }
        *given += count;
        (count > 0).then_some(count)
    }
}

/// Length of the greeting that some bytes begin with; all of them where the rest may belong to it.
fn greeting_of(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match rest {
            // WILL, WONT, DO and DONT with an option.
            [IAC, 0xFB..=0xFE, _, ..] => at += 3,
            [IAC] | [IAC, 0xFB..=0xFE] => return bytes.len(),
            _ => {
                let end = rest.iter().position(|byte| *byte == b'\n');
                let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
                match (is_said(line, end.is_some()), end) {
                    (false, _) => return at,
                    (true, Some(end)) => at += end + 1,
                    (true, None) => return bytes.len(),
                }
            }
        }
    }
    at
}

/// Whether a line is one for people: no line of a telegram, and not in hexadecimal digits.
fn is_said(line: &[u8], is_whole: bool) -> bool {
    let line = line.trim_ascii();
    let is_text = line
        .iter()
        .all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t'));
    let of_telegram = |byte: &u8| matches!(byte, b'/' | b'!' | b'(' | b')' | b'0'..=b'9');
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b' ';
    is_text
        && !line.first().is_some_and(of_telegram)
        && (line.is_empty() || !is_whole && line.len() < 16 || !line.iter().all(is_hex))
        && !line.starts_with(b"R")
}

const IAC: u8 = 0xFF;
/// Longer than any banner, in bytes.
const LONGEST: usize = 1024;
/// So long it is waited for what stands behind a banner.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    const BANNER: &[u8] =
        b"ser2net port 2000 device /dev/ttyUSB0 [115200 N81] (Debian GNU/Linux)\r\n\r\n";

    fn given(parts: &[&[u8]], ends: bool) -> Vec<u8> {
        let mut greeting = Greeting::new(false);
        let mut all = Vec::new();
        let mut buf = [0; 7];
        for part in parts {
            match greeting.is_over() {
                true => all.extend_from_slice(part),
                false => greeting.take(part),
            }
            while let Some(count) = greeting.give(&mut buf) {
                all.extend_from_slice(&buf[..count]);
            }
        }
        if ends {
            greeting.release();
            while let Some(count) = greeting.give(&mut buf) {
                all.extend_from_slice(&buf[..count]);
            }
        }
        all
    }

    #[test]
    fn a_banner_before_the_meter_is_left_out_however_it_is_cut() {
        let telegram = include_bytes!("../../samples/nl5.txt");
        let frame = include_bytes!("../../samples/lu.bin");
        let telnet = &[0xFF, 0xFB, 1, 0xFF, 0xFD, 3][..];
        for data in [&telegram[..], &frame[..], b"\x7E\xA0\x41", b"\x68\xFA"] {
            for banner in [BANNER, telnet, b"\r\n", b"ESPHome stream server\n", b""] {
                let whole = [banner, data].concat();
                assert_eq!(given(&[&whole], false), data);
                let bytes: Vec<&[u8]> = whole.chunks(1).collect();
                assert_eq!(given(&bytes, false), data);
            }
        }
    }

    #[test]
    fn what_may_be_the_meter_is_never_left_out() {
        for data in [
            &b"1-0:1.8.0(000001.000*kWh)\r\n!1234\r\n"[..],
            b"!1234\r\n",
            b"\x00\xFF",
        ] {
            assert_eq!(given(&[data], false), data);
        }
        assert_eq!(given(&[BANNER], false), b"");
        assert_eq!(given(&[BANNER], true), BANNER);
        let long = b"a ".repeat(1000);
        assert_eq!(given(&[&long], false), long);
    }
}
