//! A file in runs of whole frames, so that each run can be decoded by itself.
//!
//! ```text
//! read      |----------- buffer -----------|----------- buffer -----------|
//! frames    |---|---|---|---|---|---|---|---|---|---|---|---|  bytes of no frame  |---|---|
//! runs      |----- 7 frames -----------|------ 5 frames -----|---- loose ---------|- …
//! ```
//! Frames are found by hopping from header to header, which tells nothing of whether they verify. More threads cut a
//! file into shorter runs; nothing of what comes out depends on where.

use memchr::memmem;

use crate::p1::ciphering::{GeneralGloCiphering, Header, START, SystemTitle};
use crate::source::{Lasting, SourceError, Step};

/// Bytes of a file, mostly whole frames.
pub struct Run {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Frames that they seem to be; none where they do not begin with a frame.
    pub frames: u64,
    /// Title of the last of them.
    pub last: Option<SystemTitle>,
}

/// A file that is read in runs.
pub struct Runs {
    input: Lasting,
    cutter: Cutter,
    /// What ended the file; the runs before it come first.
    ended: Option<Result<Step, SourceError>>,
}

/// Cuts what is read into runs, and holds what is in no run yet.
pub struct Cutter {
    rest: Vec<u8>,
    /// Most bytes of a run.
    size: usize,
}

impl Runs {
    /// Reads an open file in runs of up to so many bytes.
    pub fn new(input: Lasting, size: usize) -> Self {
        Self {
            input,
            cutter: Cutter::new(size),
            ended: None,
        }
    }

    /// The next run, in a buffer that is done with; `None` where the file is at its end.
    pub fn next(&mut self, buffer: Vec<u8>) -> Option<Run> {
        let (input, ended) = (&mut self.input, &mut self.ended);
        self.cutter.next(buffer, |room| {
            if ended.is_some() {
                return 0;
            }
            match input.read(room) {
                Ok(Step::Bytes(count)) => count,
                other => {
                    *ended = Some(other);
                    0
                }
            }
        })
    }

    /// Tells whether the end was seen, though some runs may be left.
    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// What came instead of bytes, once all runs are read.
    ///
    /// # Errors
    /// Where the file cannot be read on.
    pub fn end(&mut self) -> Result<Step, SourceError> {
        self.ended.take().unwrap_or(Ok(Step::End))
    }

    /// Takes back the run that was read last: it is the next one again.
    pub fn put_back(&mut self, run: &Run) {
        self.cutter.put_back(run);
    }
}

impl Cutter {
    /// Cuts runs of up to so many bytes.
    pub fn new(size: usize) -> Self {
        let rest = Vec::new();
        Self { rest, size }
    }

    /// Fills a buffer by `read`, until that gives nothing more, and cuts it; `None` where it gave nothing.
    pub fn next(
        &mut self,
        mut buffer: Vec<u8>,
        mut read: impl FnMut(&mut [u8]) -> usize,
    ) -> Option<Run> {
        buffer.resize(self.size.max(self.rest.len()), 0);
        let mut filled = self.rest.len();
        buffer.get_mut(..filled)?.copy_from_slice(&self.rest);
        while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
            match read(room) {
                0 => break,
                count => filled += count,
            }
        }
        let bytes = buffer.get(..filled).filter(|bytes| !bytes.is_empty())?;
        let (length, frames, last) = cut(bytes);
        self.rest.clear();
        self.rest
            .extend_from_slice(bytes.get(length..).unwrap_or_default());
        buffer.truncate(length);
        Some(Run {
            bytes: buffer,
            frames,
            last,
        })
    }

    /// Takes back the run that was cut last.
    pub fn put_back(&mut self, run: &Run) {
        self.rest.splice(..0, run.bytes.iter().copied());
    }
}

/// Most bytes of a run for so many threads, where what is written is so many times longer than elsewhere.
pub fn size_for(jobs: usize, growth: usize) -> usize {
    let size = (ALL_RUNS / jobs.max(1)).clamp(RUN_MIN, RUN_MAX);
    match jobs {
        // What comes of one thread is written as it comes.
        ..=1 => size,
        _ => (size / growth.max(1)).max(RUN_LEAST),
    }
}

/// Length of the run at the beginning of some bytes, its frames and the title of the last.
fn cut(bytes: &[u8]) -> (usize, u64, Option<SystemTitle>) {
    let (mut end, mut frames, mut last) = (0, 0, None);
    // Where the last frame begins, or what may be one.
    let mut start = 0;
    loop {
        while let Some(header) = header_at(bytes, end) {
            start = end;
            let next = end + header.frame_length();
            if next > bytes.len() {
                break;
            }
            (end, frames, last) = (next, frames + 1, Some(header.title));
        }
        if frames == 0 {
            let least = bytes.len() / LOOSE;
            return (frames_from(bytes, least).unwrap_or(bytes.len()), 0, None);
        }
        // The last one may have lost or got some bytes: the next one begins within it, or behind.
        match frames_from(bytes, start + 1) {
            Some(next) => end = next,
            None => return (end, frames, last),
        }
    }
}

/// Where, at some place or behind, a frame begins with another one right behind it.
fn frames_from(bytes: &[u8], place: usize) -> Option<usize> {
    let starts = memmem::find_iter(bytes.get(place..)?, &START).map(|start| place + start);
    starts.take(STARTS_MAX).find(|&start| {
        header_at(bytes, start).is_some_and(|header| {
            let next = start + header.frame_length();
            header.title.has_letters() && header_at(bytes, next).is_some()
        })
    })
}

fn header_at(bytes: &[u8], at: usize) -> Option<GeneralGloCiphering> {
    match GeneralGloCiphering::decode(bytes.get(at..)?) {
        Header::Legal(header) => Some(header),
        _ => None,
    }
}

/// The part of the buffer that a run has at the least where it is not known to be frames.
const LOOSE: usize = 8;
/// Starts that are looked at for the next frame.
const STARTS_MAX: usize = 1000;
/// Bytes of a run: what is decoded of it should stay in the second cache of a core.
const RUN_MAX: usize = 256 << 10;
const RUN_MIN: usize = 32 << 10;
/// The same, where what is written is long.
const RUN_LEAST: usize = 16 << 10;
/// Bytes of all runs under way, about.
const ALL_RUNS: usize = 768 << 10;

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
        let mut cutter = Cutter::new(size);
        let mut rest = stream;
        let mut runs = Vec::new();
        let mut buffer = Vec::new();
        let mut read = |room: &mut [u8]| {
            let count = room.len().min(rest.len()).min(4321);
            room[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            count
        };
        while let Some(run) = cutter.next(buffer, &mut read) {
            runs.push((run.bytes.len(), run.frames));
            // What is put back comes again.
            cutter.put_back(&run);
            let again = cutter.next(Vec::new(), &mut read).unwrap();
            assert!(again.bytes == run.bytes && again.frames == run.frames);
            buffer = run.bytes;
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
    fn all_runs_together_are_bounded_whatever_is_written() {
        for (jobs, growth) in [(2, 1), (16, 1), (2, 4), (4, 4), (16, 4)] {
            // Those that wait and those under way, with their texts and what is written of them.
            let runs = 2 * jobs + 2;
            let bytes = runs * size_for(jobs, growth) * (2 + 6 * growth);
            assert!(bytes < 32 << 20, "{jobs} {growth}: {bytes}");
        }
    }

    #[test]
    fn a_run_goes_on_behind_a_frame_with_more_or_fewer_bytes() {
        for damaged in [900, 999, 1001, 1100] {
            let mut frames: Vec<_> = (0..10).map(|n| frame(n, 970)).collect();
            frames[2].resize(damaged, 7);
            let stream = frames.concat();
            assert_eq!(runs(&stream, 5_500)[0], (4000 + damaged, 5), "{damaged}");
        }
        // One that claims to be longer than all that follow.
        let mut frames: Vec<_> = (0..10).map(|n| frame(n, 970)).collect();
        frames[2] = frame(2, 9_000)[..1000].to_vec();
        assert_eq!(runs(&frames.concat(), 5_500)[0], (5000, 4));
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
