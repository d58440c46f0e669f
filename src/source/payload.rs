//! A message or a page that holds frames whole: binary, or written down in any form that dumps have.

use crate::source::dump::{DumpDecoder, Piece};

/// The bytes that are written down in it; what is no dump stays as it is.
pub(super) fn decoded(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut decoder = DumpDecoder::new(None);
    let mut take = |piece: Piece<'_>| {
        if let Piece::Bytes(part) = piece {
            bytes.extend_from_slice(part);
        }
    };
    let read = decoder
        .push(payload, &mut take)
        .and_then(|()| decoder.finish(&mut take));
    match read {
        Ok(()) if !bytes.is_empty() => bytes,
        _ => payload.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_hex_and_text_come_back_and_others_stay() {
        let telegram = include_bytes!("../../samples/nl5.txt");
        assert_eq!(decoded(telegram), telegram);
        let digits = hex::encode(telegram);
        assert_eq!(decoded(digits.as_bytes()), telegram);
        let frame = include_bytes!("../../samples/lu.bin");
        assert_eq!(decoded(frame), frame);
        for other in [&b"{\"power\":5}"[..], b"", b"hello", &[0xFF; 9]] {
            assert_eq!(decoded(other), other);
        }
    }
}
