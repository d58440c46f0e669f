//! Packed inputs: gzip, zstd, xz and bzip2, unpacked while they are read.
//!
//! ```text
//! bytes as they come --put--> inbox --decoder--> read: at most as many bytes as the caller has room for
//! ```
//! What is packed is known by its first bytes, whatever the name. Several packed files behind each other are one, as
//! their tools have it. However much a file unpacks to, no more than the room of the caller and the window of the
//! decoder is in memory at a time: gzip 32 KiB, bzip2 4 MB, xz and zstd up to 128 MiB.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// A way of packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The .xz format 1.2.
    Xz,
    /// bzip2 1.0.
    Bzip2,
}

/// What the first bytes of an input say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// It is packed so.
    Packed(Packing),
    /// It is not packed.
    Plain,
    /// More bytes are needed.
    More,
}

/// What came of unpacking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpacked {
    /// So many bytes are in the buffer, at least one.
    Bytes(usize),
    /// More packed bytes are needed.
    Hungry,
    /// All is unpacked.
    End,
}

/// Why unpacking ends before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackedError {
    /// The packed bytes end early.
    #[error("the {0} data end early: what came before is read")]
    Cut(Packing),
    /// They are not what the format allows, or a check sum in them does not fit.
    #[error("the {0} data are damaged: what came before the damage is read")]
    Damaged(Packing),
    /// They need more memory than is given to them.
    #[error("the {0} data need more than 128 MiB of memory to be unpacked")]
    Large(Packing),
}

/// Unpacks one input.
pub(crate) struct Unpacker {
    packing: Packing,
    decoder: Decoder,
}

enum Decoder {
    Gzip(Box<MultiGzDecoder<Inbox>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Inbox>>),
    Xz(Box<XzDecoder<Inbox>>),
    Bzip2(Box<MultiBzDecoder<Inbox>>),
}

/// Packed bytes that wait.
#[derive(Debug, Default)]
struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
    closed: bool,
}

impl Packing {
    /// Looks at the first bytes of an input.
    pub(crate) fn begin(bytes: &[u8]) -> Begin {
        for (magic, packing) in MAGIC {
            if bytes.starts_with(magic) {
                return Begin::Packed(packing);
            }
            if magic.starts_with(bytes) {
                return Begin::More;
            }
        }
        Begin::Plain
    }

    /// The name of the program that packs so.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Unpacker {
    /// Begins to unpack.
    ///
    /// # Errors
    /// Where the decoder cannot be made: there is no memory.
    pub(crate) fn new(packing: Packing) -> io::Result<Self> {
        let inbox = Inbox::default();
        let decoder = match packing {
            Packing::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(inbox))),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(inbox)?;
                decoder.window_log_max(WINDOW_LOG)?;
                Decoder::Zstd(Box::new(decoder))
            }
            Packing::Xz => {
                let stream = Stream::new_stream_decoder(MEMORY_MAX, CONCATENATED)?;
                Decoder::Xz(Box::new(XzDecoder::new_stream(inbox, stream)))
            }
            Packing::Bzip2 => Decoder::Bzip2(Box::new(MultiBzDecoder::new(inbox))),
        };
        Ok(Self { packing, decoder })
    }

    /// Puts packed bytes in.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let inbox = self.inbox();
        inbox.bytes.drain(..inbox.taken);
        inbox.taken = 0;
        inbox.bytes.extend_from_slice(bytes);
    }

    /// No more packed bytes come.
    pub(crate) fn close(&mut self) {
        self.inbox().closed = true;
    }

    /// Whether no more packed bytes come.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.inbox().closed
    }

    /// Unpacks into a buffer that is not empty.
    ///
    /// # Errors
    /// [`PackedError`]; nothing more comes then.
    pub(crate) fn read(&mut self, buf: &mut [u8]) -> Result<Unpacked, PackedError> {
        let read = match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.read(buf),
            Decoder::Zstd(decoder) => decoder.read(buf),
            Decoder::Xz(decoder) => decoder.read(buf),
            Decoder::Bzip2(decoder) => decoder.read(buf),
        };
        match read {
            Ok(0) => Ok(Unpacked::End),
            Ok(count) => Ok(Unpacked::Bytes(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Unpacked::Hungry),
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn fault(&mut self, error: &io::Error) -> PackedError {
        let packing = self.packing;
        let words = error.to_string();
        let large = ["memory limit", "too much memory", "memory usage limit"];
        if large.iter().any(|large| words.contains(large)) {
            return PackedError::Large(packing);
        }
        let inbox = self.inbox();
        let ended = inbox.closed && inbox.taken == inbox.bytes.len();
        match error.kind() {
            ErrorKind::UnexpectedEof => PackedError::Cut(packing),
            // Some decoders do not tell an early end from damage.
            ErrorKind::Other if ended && words.contains("EOF") => PackedError::Cut(packing),
            _ => PackedError::Damaged(packing),
        }
    }

    fn inbox(&mut self) -> &mut Inbox {
        match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zstd(decoder) => decoder.get_mut(),
            Decoder::Xz(decoder) => decoder.get_mut(),
            Decoder::Bzip2(decoder) => decoder.get_mut(),
        }
    }
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unpacker").field(&self.packing).finish()
    }
}

/// Where nothing waits and more may come, it would block: the decoders keep their state over that.
impl BufRead for Inbox {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.bytes.get(self.taken..) {
            Some([]) | None if !self.closed => Err(ErrorKind::WouldBlock.into()),
            waiting => Ok(waiting.unwrap_or_default()),
        }
    }

    fn consume(&mut self, count: usize) {
        self.taken = (self.taken + count).min(self.bytes.len());
    }
}

impl Read for Inbox {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let waiting = self.fill_buf()?;
        let count = waiting.len().min(buf.len());
        buf.iter_mut()
            .zip(waiting)
            .for_each(|(byte, packed)| *byte = *packed);
        self.consume(count);
        Ok(count)
    }
}

/// First bytes of packed files.
const MAGIC: [(&[u8], Packing); 4] = [
    (b"\x1F\x8B\x08", Packing::Gzip),
    (b"\x28\xB5\x2F\xFD", Packing::Zstd),
    (b"\xFD7zXZ\0", Packing::Xz),
    (b"BZh", Packing::Bzip2),
];
/// The most that a decoder of xz may take, in bytes: what `xz -9` needs, and half as much.
const MEMORY_MAX: u64 = 128 << 20;
/// The largest window of zstd, as a power of two: what its own program takes without being asked.
const WINDOW_LOG: u32 = 27;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(packing: Packing, bytes: &[u8]) -> Vec<u8> {
        match packing {
            Packing::Gzip => {
                let level = flate2::Compression::fast();
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Packing::Zstd => zstd::encode_all(bytes, 3).unwrap(),
            Packing::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Packing::Bzip2 => {
                let level = bzip2::Compression::fast();
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    /// All that is unpacked of bytes that come in pieces, and how it ends.
    fn unpack(packing: Packing, bytes: &[u8], piece: usize) -> (Vec<u8>, Result<(), PackedError>) {
        let mut unpacker = Unpacker::new(packing).unwrap();
        let mut pieces = bytes.chunks(piece);
        let mut out = Vec::new();
        let mut buf = [0; 1000];
        loop {
            match unpacker.read(&mut buf) {
                Ok(Unpacked::Bytes(count)) => out.extend_from_slice(&buf[..count]),
                Ok(Unpacked::Hungry) => match pieces.next() {
                    Some(piece) => unpacker.put(piece),
                    None => {
                        assert!(!unpacker.is_closed(), "hungry behind the end");
                        unpacker.close();
                    }
                },
                Ok(Unpacked::End) => return (out, Ok(())),
                Err(error) => return (out, Err(error)),
            }
        }
    }

    const ALL: [Packing; 4] = [Packing::Gzip, Packing::Zstd, Packing::Xz, Packing::Bzip2];

    fn text() -> Vec<u8> {
        (0..20_000u32)
            .flat_map(|n| format!("{}\n", n * n).into_bytes())
            .collect()
    }

    #[test]
    fn what_was_packed_comes_out_however_it_is_cut_and_joined() {
        let text = text();
        for packing in ALL {
            let one = packed(packing, &text);
            assert_eq!(Packing::begin(&one), Begin::Packed(packing));
            assert_eq!(Packing::begin(&one[..2]), Begin::More);
            let two = [one.clone(), packed(packing, b"more")].concat();
            let both = [&text[..], b"more"].concat();
            for piece in [1, 7, 4096, usize::MAX] {
                assert!(
                    unpack(packing, &one, piece) == (text.clone(), Ok(())),
                    "{packing} {piece}"
                );
                assert!(
                    unpack(packing, &two, piece) == (both.clone(), Ok(())),
                    "{packing} {piece}"
                );
            }
        }
    }

    #[test]
    fn what_came_before_a_cut_comes_out_and_the_cut_is_told() {
        let text = text();
        for packing in ALL {
            let whole = packed(packing, &text);
            for end in [whole.len() - 1, whole.len() * 3 / 4] {
                let (out, ended) = unpack(packing, &whole[..end], 512);
                assert_eq!(ended, Err(PackedError::Cut(packing)), "{end}");
                assert!(text.starts_with(&out), "{packing}");
            }
            let (out, _) = unpack(packing, &whole[..whole.len() * 3 / 4], 512);
            // bzip2 has blocks of 100 KB here, xz none that are whole.
            assert!(
                packing == Packing::Xz || out.len() > 50_000,
                "{packing}: {}",
                out.len()
            );
        }
    }

    #[test]
    fn damage_is_told() {
        let text = text();
        for packing in ALL {
            let mut whole = packed(packing, &text);
            let middle = whole.len() / 2;
            for byte in &mut whole[middle..middle + 40] {
                *byte ^= 0x5A;
            }
            let (_, ended) = unpack(packing, &whole, 512);
            assert!(ended.is_err(), "{packing}");
        }
    }

    #[test]
    fn a_bomb_is_unpacked_in_the_room_of_the_caller() {
        let zeros = vec![0; 32 << 20];
        for packing in [Packing::Gzip, Packing::Zstd] {
            let bomb = packed(packing, &zeros);
            assert!(bomb.len() < 1 << 20);
            let mut unpacker = Unpacker::new(packing).unwrap();
            unpacker.put(&bomb);
            unpacker.close();
            let (mut buf, mut count) = (vec![0; 4096], 0u64);
            while let Ok(Unpacked::Bytes(more)) = unpacker.read(&mut buf) {
                count += more as u64;
            }
            assert_eq!(count, 32 << 20);
        }
    }
}
