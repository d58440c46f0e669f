//! Another model of a UART than the one of the crate: sixteen samples a bit, clocks that differ.

/// How one capture is received.
#[derive(Clone, Copy)]
pub struct Receiver {
    /// Length of a bit as received, in sixteenths of a bit as sent.
    pub bit: f64,
    /// A low stop bit is taken for the next start at once.
    pub hasty: bool,
    /// Characters with a low stop bit are dropped.
    pub drops: bool,
    /// Idle time between characters, in sixteenths of a bit.
    pub gap: usize,
    pub inverted: bool,
}

pub fn receive(bytes: &[u8], with: Receiver) -> Vec<u8> {
    let level = |high: bool| high != with.inverted;
    let mut line = vec![level(true); 400];
    for &byte in bytes {
        let mut bit =
            |high: bool, length: usize| line.extend(std::iter::repeat_n(level(high), length));
        bit(false, 16);
        for n in 0..8 {
            bit(byte >> n & 1 == 1, 16);
        }
        bit(true, 16 + with.gap);
    }
    line.extend(vec![level(true); 400]);
    let mut read = Vec::new();
    let mut at = 1;
    while at < line.len() {
        let falls = line[at - 1] && !line[at];
        if !falls {
            at += 1;
            continue;
        }
        let mut start = at;
        loop {
            let sample = |n: f64| {
                let place = start as f64 + with.bit * (n + 0.5);
                line.get(place as usize).copied().unwrap_or(level(true))
            };
            // A start bit must still be low in its middle.
            if sample(0.0) {
                at = start + 1;
                break;
            }
            let value = (0..8).fold(0u8, |value, n| {
                value | u8::from(sample(n as f64 + 1.0)) << n
            });
            let stop = sample(9.0);
            if stop || !with.drops {
                read.push(value);
            }
            let end = start as f64 + with.bit * 9.5;
            at = end as usize;
            if stop || !with.hasty || at >= line.len() || read.len() > 3 * bytes.len() {
                break;
            }
            start = at - (with.bit / 2.0) as usize;
        }
        at = at.max(1);
        while at < line.len() && !line[at] {
            at += 1;
        }
    }
    read
}
