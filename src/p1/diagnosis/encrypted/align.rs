//! Shifts the key stream along a ciphertext until the text is readable: finds what was lost or inserted.
//!
//! ```text
//! sent      t0 t1 t2 t3 t4 t5 t6 t7 t8        bytes 3 and 4 never arrive
//! received  t0 t1 t2 t5 t6 t7 t8              from index 3 on the key stream is two bytes late
//! shift     0  0  0  2  2  2  2
//! ```

use crate::p1::diagnosis::text;

/// A ciphertext laid against the key stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// Stretches in which the key stream has one shift, in order, without gaps.
    pub runs: Vec<Run>,
    /// Index from which on nothing is readable at any shift.
    pub readable_to: usize,
}

/// A stretch of ciphertext that is readable at one shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Index of its first byte in the ciphertext.
    pub start: usize,
    /// Index behind its last byte.
    pub end: usize,
    /// Bytes of key stream passed over before it, less bytes inserted.
    pub shift: i64,
}

impl Alignment {
    /// Lays `body` against `stream`; `missing` bytes are known not to have come, where that is known.
    pub fn find(body: &[u8], stream: &[u8], missing: Option<i64>) -> Self {
        let mut runs = Vec::new();
        let mut run = Run {
            start: 0,
            end: 0,
            shift: 0,
        };
        loop {
            let end = noise_from(body, stream, run.start, run.shift);
            run.end = end;
            let Some(end) = (end < body.len()).then_some(end) else {
                runs.push(run);
                break;
            };
            let Some((shift, from)) = next_shift(body, stream, end, run, missing) else {
                runs.push(run);
                break;
            };
            let border = border(
                body,
                stream,
                end.max(run.start),
                from,
                run.shift,
                shift,
                run.start,
            );
            run.end = border;
            if run.end > run.start {
                runs.push(run);
            }
            run = Run {
                start: border,
                end: border,
                shift,
            };
            if runs.len() > RUNS_MAX {
                break;
            }
        }
        let readable_to = runs.last().map_or(0, |run| run.end);
        Self { runs, readable_to }
    }

    /// The text as far as it is readable.
    pub fn text(&self, body: &[u8], stream: &[u8]) -> Vec<u8> {
        let shifted = |run: &Run| {
            let shift = run.shift;
            (run.start..run.end).map(move |at| at_shift(body, stream, at, shift).unwrap_or(0))
        };
        self.runs.iter().flat_map(shifted).collect()
    }

    /// Shift changes: index in the ciphertext, and bytes lost there (inserted where negative).
    pub fn changes(&self) -> Vec<(usize, i64)> {
        let first = self.runs.first().filter(|run| run.shift != 0);
        let first = first.map(|run| (run.start, run.shift));
        let later = self.runs.windows(2).filter_map(|pair| match pair {
            [a, b] => Some((b.start, b.shift - a.shift)),
            _ => None,
        });
        first.into_iter().chain(later).collect()
    }
}

/// One byte of text at a shift of the key stream.
fn at_shift(body: &[u8], stream: &[u8], at: usize, shift: i64) -> Option<u8> {
    let key = usize::try_from(i64::try_from(at).ok()? + shift).ok()?;
    Some(body.get(at)? ^ stream.get(key)?)
}

fn readable_in(body: &[u8], stream: &[u8], from: usize, length: usize, shift: i64) -> usize {
    (from..from + length)
        .filter_map(|at| at_shift(body, stream, at, shift))
        .filter(|&byte| text::is_readable(byte))
        .count()
}

/// First index from which on the window is no text.
fn noise_from(body: &[u8], stream: &[u8], from: usize, shift: i64) -> usize {
    let mut at = from;
    while at + 4 <= body.len() {
        let length = WINDOW.min(body.len() - at);
        let readable = readable_in(body, stream, at, length, shift);
        if readable * 4 < length * 3 {
            // The last readable byte before the noise belongs to the text.
            while at < body.len()
                && at_shift(body, stream, at, shift).is_some_and(text::is_readable)
            {
                at += 1;
            }
            return at;
        }
        at += 1;
    }
    body.len()
}

/// The nearest shift at which the text goes on, and an index where it surely does.
fn next_shift(
    body: &[u8],
    stream: &[u8],
    end: usize,
    run: Run,
    missing: Option<i64>,
) -> Option<(i64, usize)> {
    let left = body.len().saturating_sub(end);
    for skip in [WINDOW / 2, WINDOW, 2 * WINDOW, 4 * WINDOW, 8 * WINDOW] {
        let from = end + skip;
        let length = PROOF.min(body.len().saturating_sub(from));
        if length < PROOF {
            break;
        }
        let fits = |shift: i64| {
            shift != run.shift
                && readable_in(body, stream, from, length, shift) * 10 >= length * 9
                && pairs_fit(body, stream, from, length, shift)
        };
        if let Some(shift) = missing.filter(|&shift| fits(shift)) {
            return Some((shift, from));
        }
        let most = stream.len().min(SHIFT_MAX) as i64;
        let found = (1..=most).find_map(|step| {
            [run.shift + step, run.shift - step]
                .into_iter()
                .find(|&shift| fits(shift))
        });
        if let Some(shift) = found {
            return Some((shift, from));
        }
    }
    // Near the end only the count that is known can be tried.
    let shift = missing.filter(|&shift| shift != run.shift)?;
    (0..left.min(PROOF)).find_map(|skip| {
        let from = end + skip;
        let length = (body.len().saturating_sub(from)).min(PROOF);
        let all = readable_in(body, stream, from, length, shift) == length;
        (length >= 4 && all && pairs_fit(body, stream, from, length, shift))
            .then_some((shift, from))
    })
}

fn pairs_fit(body: &[u8], stream: &[u8], from: usize, length: usize, shift: i64) -> bool {
    let text: Vec<u8> = (from..from + length)
        .filter_map(|at| at_shift(body, stream, at, shift))
        .collect();
    text::fitting_pairs(&text) * 4 >= length.saturating_sub(1) * 3
}

/// The index at which the old shift reads best before and the new one behind.
fn border(
    body: &[u8],
    stream: &[u8],
    end: usize,
    from: usize,
    old: i64,
    new: i64,
    run_start: usize,
) -> usize {
    let low = end.saturating_sub(WINDOW).max(run_start);
    let high = (from + WINDOW).min(body.len());
    let decoded = |shift| -> Vec<u8> {
        (low..high)
            .map(|at| at_shift(body, stream, at, shift).unwrap_or(0))
            .collect()
    };
    let (before, behind) = (decoded(old), decoded(new));
    let score = |border: usize| {
        let cut = border - low;
        let text = [
            before.get(..cut).unwrap_or_default(),
            behind.get(cut..).unwrap_or_default(),
        ]
        .concat();
        let readable = text.iter().filter(|&&byte| text::is_readable(byte)).count();
        2 * readable + text::fitting_pairs(&text)
    };
    (low..=high)
        .max_by_key(|&border| score(border))
        .unwrap_or(end)
}

/// Bytes that are looked at together to tell text from noise.
const WINDOW: usize = 16;
/// Bytes of text that prove a shift.
const PROOF: usize = 24;
/// Most bytes lost in one place that are searched for, where their number is not known.
pub const SHIFT_MAX: usize = 32 << 10;
/// More changes than a frame can have.
const RUNS_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Vec<u8> {
        let mut text = b"/Lux5\\253694471_M\r\n\r\n".to_vec();
        for n in 0..30 {
            text.extend(format!("1-0:{}.7.0(00.{:03}*kW)\r\n", n + 21, n * 37 % 1000).bytes());
        }
        text
    }

    fn stream(length: usize) -> Vec<u8> {
        let mut state = 7u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn lost_and_inserted_bytes_are_found_at_their_place() {
        let text = text();
        let stream = stream(text.len() + 100);
        let body: Vec<u8> = text.iter().zip(&stream).map(|(a, b)| a ^ b).collect();
        for (place, count) in [(0, 3), (40, 1), (100, 62), (300, 16), (500, 7)] {
            let mut short = body.clone();
            short.drain(place..place + count);
            let found = Alignment::find(&short, &stream, None).changes();
            let [(at, lost)] = found[..] else {
                panic!("{place} {count}: {found:?}");
            };
            assert_eq!(lost, count as i64, "{place}");
            assert!(at.abs_diff(place) <= 8, "{place}: {at}");

            let mut long = body.clone();
            for n in 0..count {
                long.insert(place, (n * 91) as u8);
            }
            let found = Alignment::find(&long, &stream, None).changes();
            assert!(
                matches!(found[..], [(_, lost)] if lost == -(count as i64)),
                "{place} {count}: {found:?}"
            );
        }
        let whole = Alignment::find(&body, &stream, None);
        assert_eq!(whole.changes(), []);
        assert_eq!(whole.text(&body, &stream), text);
    }
}
