//! Packed and foreign files, known by their first bytes.

use super::DumpError;

/// Refuses a file that must be unpacked first.
///
/// # Errors
/// What it is, and the command that unpacks it.
pub(super) fn refuse_packed(begin: &[u8]) -> Result<(), DumpError> {
    if begin
        .get(TAR_AT..)
        .is_some_and(|rest| rest.starts_with(b"ustar"))
    {
        let (what, command) = ("a tar archive", "tar -xOf FILE");
        return Err(DumpError::Packed { what, command });
    }
    match MAGIC.iter().find(|(magic, ..)| begin.starts_with(magic)) {
        Some((_, what, command)) => Err(DumpError::Packed { what, command }),
        None => Ok(()),
    }
}

/// Tells whether bytes that are too few for the magic of tar may begin such an archive: a name, and zeros behind it.
pub(super) fn may_be_tar(begin: &[u8]) -> bool {
    let name = begin.iter().take_while(|byte| matches!(byte, b' '..=b'~'));
    let name = name.count();
    let rest = begin.get(name..NAME_MAX.min(begin.len()));
    begin.len() < TAR_AT + 5
        && (1..NAME_MAX).contains(&name)
        && rest.is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
}

const TSHARK: &str = "tshark -r FILE -T fields -e tcp.payload";

/// Where the magic of tar stands.
const TAR_AT: usize = 257;
/// Bytes of a name in tar.
const NAME_MAX: usize = 100;

const MAGIC: [(&[u8], &str, &str); 12] = [
    // It is read from its end.
    (b"PAR1", "a Parquet file", "smarty parse FILE --json"),
    (b"SQLite format 3\0", "a database", "smarty parse FILE"),
    (b"\x1F\x8B\x08", "a gzip file", "gzip -dc FILE"),
    (b"\x28\xB5\x2F\xFD", "a zstd file", "zstd -dc FILE"),
    (b"\xFD7zXZ\0", "an xz file", "xz -dc FILE"),
    (b"BZh", "a bzip2 file", "bzip2 -dc FILE"),
    (b"PK\x03\x04", "a zip file", "unzip -p FILE"),
    (b"\xD4\xC3\xB2\xA1", "a pcap file", TSHARK),
    (b"\xA1\xB2\xC3\xD4", "a pcap file", TSHARK),
    (b"\x4D\x3C\xB2\xA1", "a pcap file", TSHARK),
    (b"\xA1\xB2\x3C\x4D", "a pcap file", TSHARK),
    (b"\n\r\r\n", "a pcapng file", TSHARK),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_unpacks_is_named() {
        let error = refuse_packed(b"\x1F\x8B\x08\x00more").unwrap_err();
        let command = "gzip -dc FILE";
        assert!(matches!(error, DumpError::Packed { command: c, .. } if c == command));
        let tar = [&[b'a'; 257][..], b"ustar\0", &[0; 100]].concat();
        let error = refuse_packed(&tar).unwrap_err();
        assert!(matches!(
            error,
            DumpError::Packed {
                command: "tar -xOf FILE",
                ..
            }
        ));
        assert_eq!(refuse_packed(b"\xDB\x08"), Ok(()));
    }
}
