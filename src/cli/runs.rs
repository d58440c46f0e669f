//! A file in runs of whole frames, so that each run can be decoded by itself.
//!
//! ```text
//! read      |----------- buffer -----------|----------- buffer -----------|
//! frames    |---|---|---|---|---|---|---|---|---|---|---|---|  bytes of no frame  |---|---|
//! runs      |----- 7 frames -----------|------ 5 frames -----|---- loose ---------|- …
//! ```
//! Frames are found by hopping from header to header, which tells nothing of whether they verify. A file is cut
//! in the same places whatever decodes it.

use memchr::memmem;

use crate::p1::ciphering::{GeneralGloCiphering, Header, START, SystemTitle};

/// Bytes of a file, mostly whole frames.
pub struct Run {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Frames that they seem to be; none where they do not begin with a frame.
    pub frames: u64,
    /// Title of the last of them.
    pub last: Option<SystemTitle>,
}

/// What was read of a file and is in no run yet.
pub struct Reader {
    buffer: Vec<u8>,
    filled: usize,
    spare: Vec<Vec<u8>>,
    size: usize,
}

impl Reader {
    /// Cuts runs of up to so many bytes.
    pub fn new(size: usize) -> Self {
        Self {
            buffer: vec![0; size],
            filled: 0,
            spare: Vec::new(),
            size,
        }
    }

    /// Where the next bytes are to be read to; empty when a run is due.
    pub fn room(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.filled..).unwrap_or_default()
    }

    /// So many bytes were read.
    pub fn filled(&mut self, count: usize) {
        self.filled += count;
    }

    /// The next run of what was read; `None` where nothing is left.
    pub fn run(&mut self) -> Option<Run> {
        let bytes = self.buffer.get(..self.filled)?;
        if bytes.is_empty() {
            return None;
        }
        let (length, frames, last) = cut(bytes);
        let mut next = self.spare.pop().unwrap_or_default();
        next.resize(self.size, 0);
        let rest = bytes.get(length..).unwrap_or_default();
        next.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.filled = rest.len();
        let mut bytes = std::mem::replace(&mut self.buffer, next);
        bytes.truncate(length);
        Some(Run {
            bytes,
            frames,
            last,
        })
    }

    /// Takes back the buffer of a run.
    pub fn recycle(&mut self, bytes: Vec<u8>) {
        if self.spare.len() < SPARE_MAX {
            self.spare.push(bytes);
        }
    }
}

/// Length of the run at the beginning of some bytes, its frames and the title of the last.
fn cut(bytes: &[u8]) -> (usize, u64, Option<SystemTitle>) {
    let (mut at, mut frames, mut last) = (0, 0, None);
    while let Some(header) = header_at(bytes, at) {
        let end = at + header.frame_length();
        if end > bytes.len() {
            break;
        }
        (at, frames, last) = (end, frames + 1, Some(header.title));
    }
    if frames > 0 {
        return (at, frames, last);
    }
    // Somewhere behind, frames may begin again.
    let least = bytes.len() / LOOSE;
    let rest = bytes.get(least..).unwrap_or_default();
    let starts = memmem::find_iter(rest, &START).map(|start| least + start);
    let start = starts.take(STARTS_MAX).find(|&start| {
        header_at(bytes, start).is_some_and(|header| {
            let next = start + header.frame_length();
            header.title.has_letters() && header_at(bytes, next).is_some()
        })
    });
    (start.unwrap_or(bytes.len()), 0, None)
}

fn header_at(bytes: &[u8], at: usize) -> Option<GeneralGloCiphering> {
    match GeneralGloCiphering::decode(bytes.get(at..)?) {
        Header::Legal(header) => Some(header),
        _ => None,
    }
}

/// The part of the buffer that a run has at the least where it is not known to be frames.
const LOOSE: usize = 8;
/// Starts that are looked at in such a run.
const STARTS_MAX: usize = 1000;
/// Buffers kept for the next runs.
const SPARE_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::ciphering::{FrameCounter, SecurityControl};

    fn frame(counter: u32, length: usize) -> Vec<u8> {
        let mut frame = Vec::new();
        let title = SystemTitle(*b"SMY\x67\x70\x00\x00\x01");
        let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
        GeneralGloCiphering::around(title, control, FrameCounter(counter), length)
            .encode(&mut frame);
        frame.resize(frame.len() + length + 12, 7);
        frame
    }

    fn runs(stream: &[u8], size: usize) -> Vec<(usize, u64)> {
        let mut reader = Reader::new(size);
        let mut runs = Vec::new();
        let mut rest = stream;
        loop {
            let room = reader.room();
            let count = room.len().min(rest.len());
            room[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            reader.filled(count);
            let Some(run) = reader.run() else { break };
            runs.push((run.bytes.len(), run.frames));
            reader.recycle(run.bytes);
        }
        runs
    }

    #[test]
    fn runs_are_whole_frames() {
        let stream: Vec<u8> = (0..10).flat_map(|n| frame(n, 970)).collect();
        assert_eq!(stream.len(), 10_000);
        assert_eq!(runs(&stream, 4_500), [(4000, 4), (4000, 4), (2000, 2)]);
    }

    #[test]
    fn frames_are_found_again_behind_others_bytes() {
        let mut stream = vec![b'.'; 5000];
        stream.extend((0..10).flat_map(|n| frame(n, 970)));
        let runs = runs(&stream, 1 << 20);
        assert_eq!(runs, [(5000, 0), (10_000, 10)]);
    }

    #[test]
    fn a_frame_longer_than_the_buffer_is_no_frame() {
        let frame = frame(1, 50_000);
        let runs = runs(&frame, 20_000);
        assert!(runs.iter().all(|(_, frames)| *frames == 0));
        assert_eq!(
            runs.iter().map(|(length, _)| length).sum::<usize>(),
            frame.len()
        );
    }
}
