//! The tty of a host: what line discipline settings make of bytes before a program reads them.
//!
//! The order and the effects are those of Linux (`n_tty`), measured on a pseudo-terminal: bit 7 is
//! stripped, then flow control eats, then signals drop the line, then CR becomes LF, then the line is
//! edited. `0F` (discard) passes there; the BSDs act on it. A reader that takes each line at once is
//! assumed: a signal character drops the unfinished line, not lines that wait to be read.

/// The settings of a tty that matter to bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TtyMode {
    /// ISTRIP: bit 7 is cleared.
    pub istrip: bool,
    /// IXON: `11` and `13` are flow control and never arrive.
    pub ixon: bool,
    /// ICRNL: CR arrives as LF.
    pub icrnl: bool,
    /// ICANON with ISIG, IEXTEN and ECHO: lines can be edited, and signal characters act.
    pub icanon: bool,
}

impl TtyMode {
    /// Nothing is changed.
    pub const RAW: TtyMode = TtyMode {
        istrip: false,
        ixon: false,
        icrnl: false,
        icanon: false,
    };
    /// As the system leaves a tty: lines are edited, with ICRNL and IXON.
    pub const COOKED: TtyMode = TtyMode {
        istrip: false,
        ixon: true,
        icrnl: true,
        icanon: true,
    };
}

/// A tty: its mode, and the line that cooked mode has not finished.
#[derive(Clone, Debug, Default)]
pub struct Tty {
    mode: TtyMode,
    line: Vec<u8>,
    literal: bool,
}

impl Tty {
    /// A tty in this mode.
    pub fn new(mode: TtyMode) -> Tty {
        Tty {
            mode,
            line: Vec::new(),
            literal: false,
        }
    }

    /// Takes what the port received, appends what a program reads.
    pub fn feed(&mut self, received: &[u8], read: &mut Vec<u8>) {
        for &byte in received {
            let byte = if self.mode.istrip { byte & 0x7F } else { byte };
            if std::mem::take(&mut self.literal) {
                self.keep(byte);
            } else if self.mode.icanon && self.edit(byte, read) {
                continue;
            } else {
                self.pass(byte, read);
            }
        }
    }

    /// Appends the unfinished line, as if an end of file had come.
    pub fn finish(&mut self, read: &mut Vec<u8>) {
        read.append(&mut self.line);
    }

    /// A byte that means itself, but for flow control and CR.
    fn pass(&mut self, byte: u8, read: &mut Vec<u8>) {
        match byte {
            XON | XOFF if self.mode.ixon => {}
            _ => {
                let byte = if byte == b'\r' && self.mode.icrnl {
                    b'\n'
                } else {
                    byte
                };
                match self.mode.icanon {
                    false => read.push(byte),
                    true => self.keep(byte),
                }
                if byte == b'\n' {
                    self.finish(read);
                }
            }
        }
    }

    /// Whether cooked mode took the byte as a command.
    fn edit(&mut self, byte: u8, read: &mut Vec<u8>) -> bool {
        match byte {
            INTR | QUIT | SUSP | KILL => self.line.clear(),
            ERASE => {
                self.line.pop();
            }
            WERASE => {
                let end = self.line.iter().rposition(|&byte| is_letter(byte));
                self.line.truncate(end.map_or(0, |end| end + 1));
                let start = self
                    .line
                    .iter()
                    .rposition(|&byte| !is_letter(byte) && byte != b'_');
                self.line.truncate(start.map_or(0, |start| start + 1));
            }
            LNEXT => self.literal = true,
            EOF => self.finish(read),
            REPRINT => {}
            _ => return false,
        }
        true
    }

    fn keep(&mut self, byte: u8) {
        if self.line.len() < LINE_MAX || byte == b'\n' {
            self.line.push(byte);
        }
    }
}

/// A letter or digit as the kernel sees it, in Latin-1.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || (byte >= 0xC0 && byte != 0xD7 && byte != 0xF7)
}

const INTR: u8 = 0x03;
const EOF: u8 = 0x04;
const XON: u8 = 0x11;
const REPRINT: u8 = 0x12;
const XOFF: u8 = 0x13;
const KILL: u8 = 0x15;
const LNEXT: u8 = 0x16;
const WERASE: u8 = 0x17;
const SUSP: u8 = 0x1A;
const QUIT: u8 = 0x1C;
const ERASE: u8 = 0x7F;

/// The longest line that cooked mode holds, without its end.
const LINE_MAX: usize = 4095;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::line::Rng;
    use crc_fast::{CrcAlgorithm, checksum};

    fn read(mode: TtyMode, received: &[u8]) -> Vec<u8> {
        let mut tty = Tty::new(mode);
        let mut read = Vec::new();
        tty.feed(received, &mut read);
        tty.finish(&mut read);
        read
    }

    #[test]
    fn a_raw_tty_changes_nothing() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(read(TtyMode::RAW, &bytes), bytes);
    }

    #[test]
    fn single_settings_do_one_thing() {
        let bytes = b"a\r\nb\x11c\x13\xE1\x91";
        assert_eq!(
            read(
                TtyMode {
                    icrnl: true,
                    ..TtyMode::RAW
                },
                bytes
            ),
            b"a\n\nb\x11c\x13\xE1\x91"
        );
        assert_eq!(
            read(
                TtyMode {
                    ixon: true,
                    ..TtyMode::RAW
                },
                bytes
            ),
            b"a\r\nbc\xE1\x91"
        );
        assert_eq!(
            read(
                TtyMode {
                    istrip: true,
                    ..TtyMode::RAW
                },
                bytes
            ),
            b"a\r\nb\x11c\x13a\x11"
        );
        assert_eq!(
            read(
                TtyMode {
                    istrip: true,
                    ixon: true,
                    ..TtyMode::RAW
                },
                b"\x91a"
            ),
            b"a"
        );
    }

    #[test]
    fn cooked_mode_edits_lines() {
        let cases: [(&[u8], &[u8]); 16] = [
            (b"ab cd\x03ef\n", b"ef\n"),
            (b"ab cd\x04ef\n", b"ab cdef\n"),
            (b"ab cd\x0Fef\n", b"ab cd\x0Fef\n"),
            (b"ab cd\x12ef\n", b"ab cdef\n"),
            (b"ab cd\x15ef\n", b"ef\n"),
            (b"ab cd\x16ef\n", b"ab cdef\n"),
            (b"ab cd\x17ef\n", b"ab ef\n"),
            (b"ab cd\x1Aef\n", b"ef\n"),
            (b"ab cd\x1Cef\n", b"ef\n"),
            (b"ab cd\x7Fef\n", b"ab cef\n"),
            (b"ab cd-- \x17x\n", b"ab x\n"),
            (b"a_b c_d\x17x\n", b"a_b x\n"),
            (b"\xE9\xE9 a\xE9\x17x\n", b"\xE9\xE9 x\n"),
            (b"ab\x16\x16\x7F\n", b"ab\n"),
            (b"x\x16\x11y\n", b"x\x11y\n"),
            (b"x\x16\ry\n", b"x\ry\n"),
        ];
        for (received, expected) in cases {
            assert_eq!(read(TtyMode::COOKED, received), expected, "{received:02X?}");
        }
    }

    /// Lengths and CRC-32 of what a pseudo-terminal in its default mode made of 1500 random bytes.
    #[test]
    fn cooked_mode_is_that_of_a_pseudo_terminal() {
        for (seed, length, crc) in [
            (1, 591, 0xBE28_EDB3),
            (2, 512, 0x45DF_CC42),
            (3, 503, 0x3884_05A8),
        ] {
            let mut rng = Rng::new(seed);
            let mut bytes: Vec<u8> = (0..1500).map(|_| rng.next_byte()).collect();
            bytes.push(b'\n');
            let read = read(TtyMode::COOKED, &bytes);
            assert_eq!(read.len(), length);
            assert_eq!(checksum(CrcAlgorithm::Crc32IsoHdlc, &read), crc);
        }
    }

    #[test]
    fn a_line_ends_across_bursts() {
        let mut tty = Tty::new(TtyMode::COOKED);
        let mut read = Vec::new();
        tty.feed(b"one", &mut read);
        assert_eq!(read, b"");
        tty.feed(b" two\rthr", &mut read);
        assert_eq!(read, b"one two\n");
    }
}
