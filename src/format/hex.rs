//! Rows of a hex dump, each byte in a style of its own.
//!
//! ```text
//! 000000  db 08 53 4d 59 67 70 00  00 01 82 05 dd 30 00 00  |..SMYgp......0..|
//! ```

use std::fmt::Write;

use anstyle::Style;

/// Writes rows of sixteen bytes with their characters; a row below marks bytes that need it.
pub(super) fn dump(
    text: &mut String,
    frame: &[u8],
    style: impl Fn(usize) -> Style,
    is_marked: impl Fn(usize) -> bool,
) {
    for (row, bytes) in frame.chunks(ROW).enumerate() {
        let _ = write!(text, "{:06x} ", row * ROW);
        let mut marks = String::new();
        for (index, byte) in bytes.iter().enumerate() {
            let at = row * ROW + index;
            let style = style(at);
            let gap = if index % 8 == 0 && index > 0 {
                "  "
            } else {
                " "
            };
            let _ = write!(text, "{gap}{style}{byte:02x}{style:#}");
            let _ = write!(marks, "{gap}{}", if is_marked(at) { "^^" } else { "  " });
        }
        let missing = ROW - bytes.len();
        let gap = if missing >= 8 { 1 } else { 0 };
        let _ = write!(text, "{:width$}  |", "", width = 3 * missing + gap);
        for (index, byte) in bytes.iter().enumerate() {
            let style = style(row * ROW + index);
            let shown = if matches!(byte, b' '..=b'~') {
                char::from(*byte)
            } else {
                '.'
            };
            let _ = write!(text, "{style}{shown}{style:#}");
        }
        text.push_str("|\n");
        if !marks.trim().is_empty() {
            let _ = writeln!(text, "       {}", marks.trim_end());
        }
    }
}

/// Bytes a row of the dump.
const ROW: usize = 16;
