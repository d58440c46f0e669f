//! Characters that the UART found broken, told apart from the data by the tty itself (PARMRK).
//!
//! ```text
//! on the wire      in the tty       here
//! 41               41               41
//! FF               FF FF            FF
//! 41, broken       FF 00 41         41 and a mark on it
//! a break          FF 00 00         00 and a mark on it
//! ```
//!
//! The bytes are those that a tty without marks gives. What was wrong with a character, its parity or its stop bit,
//! the tty does not say; overruns it does not tell at all.

/// Takes the marks out of what a tty gives, wherever it is cut.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    state: State,
    found: Vec<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Plain,
    /// Behind `FF`.
    Escape,
    /// Behind `FF 00`.
    Marked,
}

impl Marks {
    /// Takes the marks out of `buf`, in place; gives how many bytes of data are left.
    pub(crate) fn take_out(&mut self, buf: &mut [u8]) -> usize {
        self.found.clear();
        let mut kept = 0;
        for index in 0..buf.len() {
            let byte = buf[index];
            self.state = match (self.state, byte) {
                (State::Plain, 0xFF) => State::Escape,
                (State::Escape, 0x00) => State::Marked,
                (state, _) => {
                    if state == State::Marked {
                        self.found.push(kept);
                    }
                    buf[kept] = byte;
                    kept += 1;
                    State::Plain
                }
            };
        }
        kept
    }

    /// Forgets where they were: what is given out next is not the bytes of the last call.
    pub(crate) fn forget(&mut self) {
        self.found.clear();
    }

    /// Where the broken characters are in the bytes of the last call.
    pub(crate) fn found(&self) -> &[usize] {
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTY: &[u8] = b"\x41\xFF\xFF\xFF\x00\x42\xFF\x00\x00\xFF\x00\xFF\x43";
    const DATA: &[u8] = b"\x41\xFF\x42\x00\xFF\x43";

    #[test]
    fn marks_are_taken_out_and_their_places_kept() {
        let mut buf = TTY.to_vec();
        let mut marks = Marks::default();
        let kept = marks.take_out(&mut buf);
        assert_eq!((&buf[..kept], marks.found()), (DATA, &[2, 3, 4][..]));
    }

    #[test]
    fn it_does_not_matter_where_the_bytes_are_cut() {
        for cut in 0..=TTY.len() {
            let mut marks = Marks::default();
            let mut data = Vec::new();
            let mut found = Vec::new();
            for piece in [&TTY[..cut], &TTY[cut..]] {
                let mut buf = piece.to_vec();
                let kept = marks.take_out(&mut buf);
                found.extend(marks.found().iter().map(|at| at + data.len()));
                data.extend_from_slice(&buf[..kept]);
            }
            assert_eq!((&data[..], &found[..]), (DATA, &[2, 3, 4][..]), "{cut}");
        }
    }
}
