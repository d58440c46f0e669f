//! The UART at the level of bits: a transmitter, a wire, a receiver that need not agree.
//!
//! ```text
//!  idle ‾‾‾‾\____/‾‾‾‾ ... ‾‾‾‾\____/‾‾‾‾‾‾‾‾   idle and stop are high (1), start is low (0),
//!           start  c0  ...  c7  parity  stop    data bits least significant first
//! ```
//!
//! The receiver waits for a falling edge, takes it as the start bit and samples each bit once in its
//! middle. Where the stop bit is low (a framing error) it waits for the line to be high again before
//! it looks for the next edge; a start bit is not checked a second time in its middle.

/// How characters stand on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// Speed, bits a second.
    pub baud: u32,
    /// Data bits of a character.
    pub data_bits: DataBits,
    /// The bit behind the data bits, if any.
    pub parity: Parity,
    /// Stop bits sent; a receiver looks at the first.
    pub stop_bits: u8,
}

/// The number of data bits of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataBits {
    /// Seven: bit 7 of a byte is not sent, and is read as 0.
    Seven,
    /// Eight: the whole byte.
    Eight,
}

/// The parity bit of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// No parity bit.
    None,
    /// The ones of data and parity are an even number.
    Even,
    /// The ones of data and parity are an odd number.
    Odd,
}

impl Framing {
    /// 115200 8N1: DSMR 4 and 5, Luxembourg and all later profiles.
    pub const P1: Framing = Framing::n81(115_200);
    /// 2400 8E1: the wired M-Bus.
    pub const MBUS: Framing = Framing {
        parity: Parity::Even,
        ..Framing::n81(2400)
    };
    /// 9600 7E1: DSMR 2.2 and 3.0.
    pub const DSMR2: Framing = Framing {
        baud: 9600,
        data_bits: DataBits::Seven,
        parity: Parity::Even,
        stop_bits: 1,
    };

    /// Eight data bits, no parity, one stop bit at this speed.
    pub const fn n81(baud: u32) -> Framing {
        Framing {
            baud,
            data_bits: DataBits::Eight,
            parity: Parity::None,
            stop_bits: 1,
        }
    }

    fn data_len(self) -> u64 {
        match self.data_bits {
            DataBits::Seven => 7,
            DataBits::Eight => 8,
        }
    }

    fn parity_bit(self, value: u8) -> Option<bool> {
        let odd_ones = value.count_ones() % 2 == 1;
        match self.parity {
            Parity::None => None,
            Parity::Even => Some(odd_ones),
            Parity::Odd => Some(!odd_ones),
        }
    }

    fn kept(self, byte: u8) -> u8 {
        match self.data_bits {
            DataBits::Seven => byte & 0x7F,
            DataBits::Eight => byte,
        }
    }
}

/// What a host makes of a byte that came with a framing or parity error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorBytes {
    /// The byte as sampled: Linux without INPCK, which is the raw mode of most programs.
    AsRead,
    /// 00: Linux with INPCK and without IGNPAR, which programs set together with a parity.
    AsZero,
    /// Nothing: IGNPAR.
    Dropped,
}

/// One character as a receiver saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The bits that were sampled.
    pub value: u8,
    /// Whether the stop bit was low.
    pub framing_error: bool,
    /// Whether the parity bit did not fit.
    pub parity_error: bool,
}

/// The levels on the wire during a burst, with some idle time on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    baud: u32,
    levels: Vec<bool>,
}

impl Wire {
    /// What a transmitter puts on the wire for these bytes, back to back.
    pub fn transmit(bytes: &[u8], framing: Framing) -> Wire {
        Wire::transmit_with_gaps(bytes, framing, 0)
    }

    /// The same with an idle time behind each character, in bits.
    pub fn transmit_with_gaps(bytes: &[u8], framing: Framing, gap: usize) -> Wire {
        let mut levels = Vec::with_capacity(bytes.len() * (12 + gap) + 2 * IDLE_BITS);
        levels.resize(IDLE_BITS, true);
        for &byte in bytes {
            let value = framing.kept(byte);
            levels.push(false);
            levels.extend((0..framing.data_len()).map(|bit| value >> bit & 1 == 1));
            levels.extend(framing.parity_bit(value));
            levels.extend(std::iter::repeat_n(
                true,
                usize::from(framing.stop_bits) + gap,
            ));
        }
        levels.resize(levels.len() + IDLE_BITS, true);
        Wire {
            baud: framing.baud,
            levels,
        }
    }

    /// The wire with its two levels swapped: idle is low.
    pub fn inverted(mut self) -> Wire {
        for level in &mut self.levels {
            *level = !*level;
        }
        self
    }

    /// The levels, one a bit of the transmitter, true for high.
    pub fn levels(&self) -> &[bool] {
        &self.levels
    }

    /// The characters that a receiver with this framing samples from the wire.
    pub fn sample(&self, framing: Framing) -> Vec<Received> {
        let mut characters = Vec::with_capacity(self.levels.len() / 10);
        let mut from = 1;
        while let Some(start) = self.falling_edge(from) {
            let bits = framing.data_len();
            let value = (0..bits).fold(0, |value, bit| {
                value | u8::from(self.level(start, bit + 1, framing)) << bit
            });
            let parity = framing.parity_bit(value);
            let stop = bits + 1 + u64::from(parity.is_some());
            let stopped = self.level(start, stop, framing);
            characters.push(Received {
                value,
                framing_error: !stopped,
                parity_error: parity
                    .is_some_and(|fits| fits != self.level(start, bits + 1, framing)),
            });
            // A low stop bit is no idle line: the next edge needs a high level before it, and
            // `falling_edge` finds only edges that have one.
            from = self.position(start, stop, framing) + 1;
        }
        characters
    }

    /// The bytes that such a receiver hands to the host.
    pub fn receive(&self, framing: Framing, errors: ErrorBytes) -> Vec<u8> {
        let characters = self.sample(framing);
        let byte = |character: Received| match errors {
            _ if !character.framing_error && !character.parity_error => Some(character.value),
            ErrorBytes::AsRead => Some(character.value),
            ErrorBytes::AsZero => Some(0),
            ErrorBytes::Dropped => None,
        };
        characters.into_iter().filter_map(byte).collect()
    }

    /// The first bit from `from` on that is low with a high one before it.
    fn falling_edge(&self, from: usize) -> Option<usize> {
        let pairs = self.levels.get(from.checked_sub(1)?..)?;
        pairs
            .windows(2)
            .position(|pair| pair == [true, false])
            .map(|at| from + at)
    }

    /// The transmitter's bit on the wire in the middle of the receiver's bit `bit` (0 is the start bit).
    fn position(&self, start: usize, bit: u64, framing: Framing) -> usize {
        let late = (2 * bit + 1) * u64::from(self.baud) / (2 * u64::from(framing.baud.max(1)));
        start.saturating_add(usize::try_from(late).unwrap_or(usize::MAX))
    }

    fn level(&self, start: usize, bit: u64, framing: Framing) -> bool {
        let idle = self.levels.last().copied().unwrap_or(true);
        self.levels
            .get(self.position(start, bit, framing))
            .copied()
            .unwrap_or(idle)
    }
}

/// Idle time on both sides of a burst: more than a character, so that it is seen as idle.
const IDLE_BITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_framings_lose_nothing() {
        let bytes: Vec<u8> = (0..=255).collect();
        for stop_bits in [1, 2] {
            for parity in [Parity::None, Parity::Even, Parity::Odd] {
                let framing = Framing {
                    parity,
                    stop_bits,
                    ..Framing::P1
                };
                let wire = Wire::transmit(&bytes, framing);
                assert!(
                    wire.sample(framing)
                        .iter()
                        .all(|c| !c.framing_error && !c.parity_error)
                );
                assert_eq!(wire.receive(framing, ErrorBytes::Dropped), bytes);
            }
        }
        let wire = Wire::transmit_with_gaps(&bytes, Framing::P1, 3);
        assert_eq!(wire.receive(Framing::P1, ErrorBytes::Dropped), bytes);
    }

    #[test]
    fn seven_bits_carry_the_low_ones() {
        let wire = Wire::transmit(b"\xAF1\r", Framing::DSMR2);
        assert_eq!(wire.receive(Framing::DSMR2, ErrorBytes::Dropped), b"/1\r");
    }

    #[test]
    fn a_character_is_ten_levels_between_idle_ones() {
        let wire = Wire::transmit(b"/", Framing::P1);
        let bits: String = wire.levels()[IDLE_BITS..IDLE_BITS + 10]
            .iter()
            .map(|&level| if level { '1' } else { '0' })
            .collect();
        assert_eq!(bits, "0111101001");
        assert_eq!(wire.levels().len(), 10 + 2 * IDLE_BITS);
    }

    #[test]
    fn error_bytes_are_what_the_host_chose() {
        // Odd parity sent, even parity read: each character has a parity error.
        let wire = Wire::transmit(
            b"ok",
            Framing {
                parity: Parity::Odd,
                ..Framing::P1
            },
        );
        let read = Framing {
            parity: Parity::Even,
            ..Framing::P1
        };
        assert_eq!(wire.receive(read, ErrorBytes::AsRead), b"ok");
        assert_eq!(wire.receive(read, ErrorBytes::AsZero), [0, 0]);
        assert_eq!(wire.receive(read, ErrorBytes::Dropped), b"");
    }

    #[test]
    fn an_impossible_speed_ends() {
        let wire = Wire::transmit(b"abc", Framing::P1);
        assert!(wire.receive(Framing::n81(0), ErrorBytes::AsRead).len() <= 1);
        assert!(
            wire.receive(Framing::n81(u32::MAX), ErrorBytes::AsRead)
                .len()
                < 40
        );
    }
}
