//! A file in chunks of whole frames, so that the frames of each can be opened by themselves.
//!
//! ```text
//! read      |----------- buffer -----------|----------- buffer -----------|
//! frames    |---|---|---|---|---|---|---|---|---|---|---|---|  bytes of no frame  |---|---|
//! chunks    |----- 7 frames -----------|------ 5 frames -----|---- loose ---------|- …
//! ```
//! Frames are found by hopping from header to header, which tells nothing of whether they verify. More threads cut a
//! file into shorter chunks; nothing of what comes out depends on where.

use memchr::memmem;

use crate::p1::ciphering::{GeneralGloCiphering, Header, START};
use crate::source::Reconnecting;
use crate::source::SourceEvent;

/// Bytes of a file, mostly whole frames.
pub struct Chunk {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Frames that they seem to be; none where they do not begin with a frame.
    pub frames: u64,
}

/// A file that is read in chunks.
pub struct FrameChunks {
    input: Reconnecting,
    cutter: Cutter,
    /// What ended the file; the chunks before it come first.
    ended: Option<SourceEvent<usize>>,
}

/// Cuts what is read into chunks, and holds what is in no chunk yet.
pub struct Cutter {
    rest: Vec<u8>,
    /// Most bytes of a chunk.
    size: usize,
}

impl FrameChunks {
    /// Reads an open file in chunks of up to so many bytes.
    pub fn new(input: Reconnecting, size: usize) -> Self {
        Self {
            input,
            cutter: Cutter::new(size),
            ended: None,
        }
    }

    /// The next chunk, in a buffer that is done with; `None` where the file is at its end.
    pub fn next(&mut self, buffer: Vec<u8>) -> Option<Chunk> {
        let (input, ended) = (&mut self.input, &mut self.ended);
        self.cutter.next(buffer, |room| {
            if ended.is_some() {
                return 0;
            }
            match input.read(room) {
                SourceEvent::Bytes(count) => count,
                other => {
                    *ended = Some(other);
                    0
                }
            }
        })
    }

    /// Tells whether the end was seen, though some chunks may be left.
    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// What came instead of bytes, once all chunks are read.
    pub fn end(&mut self) -> SourceEvent<usize> {
        self.ended.take().unwrap_or(SourceEvent::End)
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
    ) -> Option<Chunk> {
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
        let (length, frames) = cut(bytes);
        self.rest.clear();
        self.rest
            .extend_from_slice(bytes.get(length..).unwrap_or_default());
        buffer.truncate(length);
        Some(Chunk {
            bytes: buffer,
            frames,
        })
    }
}

/// Most bytes of a chunk for so many threads, where what is written is so many times longer than elsewhere.
pub fn size_for(jobs: usize, growth: usize) -> usize {
    let size = (ALL_CHUNKS / jobs.max(1)).clamp(CHUNK_MIN, CHUNK_MAX);
    match jobs {
        // What comes of one thread is written as it comes.
        ..=1 => size,
        _ => (size / growth.max(1)).max(CHUNK_LEAST),
    }
}

/// Length of the chunk at the beginning of some bytes, and how many frames it seems to hold.
fn cut(bytes: &[u8]) -> (usize, u64) {
    let (mut end, mut frames) = (0, 0);
    // Where the last frame begins, or what may be one.
    let mut start = 0;
    loop {
        while let Some(header) = header_at(bytes, end) {
            start = end;
            let next = end + header.frame_length();
            if next > bytes.len() {
                break;
            }
            (end, frames) = (next, frames + 1);
        }
        if frames == 0 {
            let least = bytes.len() / LOOSE;
            return (frames_from(bytes, least).unwrap_or(bytes.len()), 0);
        }
        // The last one may have lost or got some bytes: the next one begins within it, or behind.
        match frames_from(bytes, start + 1) {
            Some(next) => end = next,
            None => return (end, frames),
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

/// The part of the buffer that a chunk has at the least where it is not known to be frames.
const LOOSE: usize = 8;
/// Starts that are looked at for the next frame.
const STARTS_MAX: usize = 1000;
/// Bytes of a chunk: what is decoded of it should stay in the second cache of a core.
const CHUNK_MAX: usize = 256 << 10;
const CHUNK_MIN: usize = 32 << 10;
/// The same, where what is written is long.
const CHUNK_LEAST: usize = 16 << 10;
/// Bytes of all chunks under way, about.
const ALL_CHUNKS: usize = 768 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};

    fn frame(counter: u32, length: usize) -> Vec<u8> {
        let mut frame = Vec::new();
        let title = SystemTitle(*b"SMY\x67\x70\x00\x00\x01");
        let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
        GeneralGloCiphering::around(title, control, FrameCounter(counter), length)
            .encode(&mut frame);
        frame.resize(frame.len() + length + 12, 7);
        frame
    }

    fn chunks(stream: &[u8], size: usize) -> Vec<(usize, u64)> {
        let mut cutter = Cutter::new(size);
        let mut rest = stream;
        let mut chunks = Vec::new();
        let mut buffer = Vec::new();
        let mut read = |room: &mut [u8]| {
            let count = room.len().min(rest.len()).min(4321);
            room[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            count
        };
        while let Some(chunk) = cutter.next(buffer, &mut read) {
            chunks.push((chunk.bytes.len(), chunk.frames));
            buffer = chunk.bytes;
        }
        chunks
    }

    #[test]
    fn chunks_are_whole_frames() {
        let stream: Vec<u8> = (0..10).flat_map(|n| frame(n, 970)).collect();
        assert_eq!(stream.len(), 10_000);
        assert_eq!(chunks(&stream, 4_500), [(4000, 4), (4000, 4), (2000, 2)]);
    }

    #[test]
    fn all_chunks_together_are_bounded_whatever_is_written() {
        for (jobs, growth) in [(2, 1), (16, 1), (2, 4), (4, 4), (16, 4)] {
            // Those that wait and those under way, with their texts and what is written of them.
            let chunks = 2 * jobs + 2;
            let bytes = chunks * size_for(jobs, growth) * (2 + 6 * growth);
            assert!(bytes < 32 << 20, "{jobs} {growth}: {bytes}");
        }
    }

    #[test]
    fn a_chunk_goes_on_behind_a_frame_with_more_or_fewer_bytes() {
        for damaged in [900, 999, 1001, 1100] {
            let mut frames: Vec<_> = (0..10).map(|n| frame(n, 970)).collect();
            frames[2].resize(damaged, 7);
            let stream = frames.concat();
            assert_eq!(chunks(&stream, 5_500)[0], (4000 + damaged, 5), "{damaged}");
        }
        // One that claims to be longer than all that follow.
        let mut frames: Vec<_> = (0..10).map(|n| frame(n, 970)).collect();
        frames[2] = frame(2, 9_000)[..1000].to_vec();
        assert_eq!(chunks(&frames.concat(), 5_500)[0], (5000, 4));
    }

    #[test]
    fn frames_are_found_again_behind_others_bytes() {
        let mut stream = vec![b'.'; 5000];
        stream.extend((0..10).flat_map(|n| frame(n, 970)));
        let chunks = chunks(&stream, 1 << 20);
        assert_eq!(chunks, [(5000, 0), (10_000, 10)]);
    }

    #[test]
    fn a_frame_longer_than_the_buffer_is_no_frame() {
        let frame = frame(1, 50_000);
        let chunks = chunks(&frame, 20_000);
        assert!(chunks.iter().all(|(_, frames)| *frames == 0));
        assert_eq!(
            chunks.iter().map(|(length, _)| length).sum::<usize>(),
            frame.len()
        );
    }
}
