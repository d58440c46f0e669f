//! A-XDR: the tree of a body, as a list of nodes that point into it (IEC 61334-6; DLMS Blue Book, data types).
//!
//! Depth and number of nodes are bounded, so that no body costs more than a fixed amount of memory.

use super::apdu::length;

/// An element of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Tag of its type.
    pub tag: u8,
    /// How many structures and arrays it is in.
    pub depth: u8,
    /// Offset of its value.
    pub start: u32,
    /// Offset behind its value; for structures and arrays where their elements begin.
    pub end: u32,
    /// Number of elements of a structure or an array.
    pub count: u32,
}

/// Why a body is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeFault {
    /// It ends early.
    Short,
    /// It is deeper or larger than any list, or holds what is no type.
    Bad,
}

/// Type of an array.
pub const ARRAY: u8 = 0x01;
/// Type of a structure.
pub const STRUCTURE: u8 = 0x02;
/// Type of an octet string.
pub const OCTETS: u8 = 0x09;

impl Node {
    /// The bytes of its value.
    pub fn of<'a>(&self, data: &'a [u8]) -> &'a [u8] {
        data.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    /// Whether it has elements.
    pub fn is_open(&self) -> bool {
        matches!(self.tag, ARRAY | STRUCTURE)
    }

    /// Its value, where that is a whole number.
    pub fn integer(&self, data: &[u8]) -> Option<i128> {
        let signed = match self.tag {
            0x05 | 0x0F | 0x10 | 0x14 => true,
            0x03 | 0x06 | 0x0D | 0x11 | 0x12 | 0x15 | 0x16 => false,
            _ => return None,
        };
        let bytes = self.of(data);
        let above = 64 - 8 * (1..=8).contains(&bytes.len()).then_some(bytes.len())?;
        let unsigned = match *bytes {
            [a, b] => u16::from_be_bytes([a, b]).into(),
            [a, b, c, d] => u32::from_be_bytes([a, b, c, d]).into(),
            _ => bytes.iter().fold(0u64, |v, &b| v << 8 | u64::from(b)),
        };
        Some(match signed {
            // The sign fills the bits above.
            true => i128::from((unsigned << above) as i64 >> above),
            false => i128::from(unsigned),
        })
    }
}

/// Reads one tree at the beginning of `data` into `nodes`; gives the offset behind it.
///
/// # Errors
/// [`TreeFault`]; `nodes` then holds what was read before.
pub fn read(data: &[u8], nodes: &mut Vec<Node>) -> Result<usize, TreeFault> {
    nodes.clear();
    read_at(data, 0, nodes)
}

/// Reads one tree from an offset on and appends its nodes.
///
/// # Errors
/// As [`read`].
pub fn read_at(data: &[u8], from: usize, nodes: &mut Vec<Node>) -> Result<usize, TreeFault> {
    let mut at = from;
    // Elements that are still due, a place for each level.
    let mut due = [0u32; DEPTH_MAX + 1];
    let mut depth = 0usize;
    if let Some(slot) = due.first_mut() {
        *slot = 1;
    }
    loop {
        while due.get(depth).copied() == Some(0) {
            match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return Ok(at),
            }
        }
        if let Some(slot) = due.get_mut(depth) {
            *slot -= 1;
        }
        let rest = data.get(at..).unwrap_or_default();
        let (&tag, rest) = rest.split_first().ok_or(TreeFault::Short)?;
        let place = |rest: &[u8], length: usize| (data.len() - rest.len(), length);
        let sized = |rest: &[u8]| -> Result<(usize, usize), TreeFault> {
            let (length, rest) = length(rest).ok_or(fault_of(rest))?;
            Ok(place(rest, length))
        };
        let mut count = 0;
        let due_obis = nodes
            .last()
            .is_some_and(|n| n.tag == STRUCTURE && matches!(n.count, 2 | 3));
        let mut kept = tag;
        let (start, width) = match tag {
            // Some meters swap tag and length of a code.
            0x06 if due_obis && matches!(rest, [0x09, 0 | 1, _, _, _, _, 0xFF, ..]) => {
                kept = OCTETS;
                (place(rest, 0).0 + 1, 6)
            }
            0x00 => place(rest, 0),
            ARRAY | STRUCTURE => {
                let (number, rest) = length(rest).ok_or(fault_of(rest))?;
                count = u32::try_from(number).map_err(|_| TreeFault::Bad)?;
                if number > ELEMENTS_MAX {
                    return Err(TreeFault::Bad);
                }
                place(rest, 0)
            }
            0x03 | 0x0D | 0x0F | 0x11 | 0x16 => place(rest, 1),
            0x10 | 0x12 => place(rest, 2),
            0x05 | 0x06 | 0x17 | 0x1B => place(rest, 4),
            0x1A => place(rest, 5),
            0x14 | 0x15 | 0x18 => place(rest, 8),
            0x19 => place(rest, 12),
            0x09 | 0x0A | 0x0C => sized(rest)?,
            0x04 => {
                let (start, bits) = sized(rest)?;
                (start, bits.div_ceil(8))
            }
            0x13 => {
                let described = description(rest, 0)?;
                sized(rest.get(described..).unwrap_or_default())?
            }
            _ => return Err(TreeFault::Bad),
        };
        let end = start.checked_add(width).ok_or(TreeFault::Bad)?;
        if end > data.len() {
            return Err(if width > WIDTH_MAX {
                TreeFault::Bad
            } else {
                TreeFault::Short
            });
        }
        if nodes.len() >= NODES_MAX {
            return Err(TreeFault::Bad);
        }
        nodes.push(Node {
            tag: kept,
            depth: depth as u8,
            start: start as u32,
            end: end as u32,
            count,
        });
        at = end;
        if count > 0 {
            depth += 1;
            *due.get_mut(depth).ok_or(TreeFault::Bad)? = count;
        }
    }
}

/// Length of the type description of a compact array.
fn description(bytes: &[u8], depth: usize) -> Result<usize, TreeFault> {
    if depth > DEPTH_MAX {
        return Err(TreeFault::Bad);
    }
    match bytes {
        [] => Err(TreeFault::Short),
        [ARRAY, rest @ ..] if rest.len() < 2 => Err(TreeFault::Short),
        [ARRAY, _, _, rest @ ..] => Ok(3 + description(rest, depth + 1)?),
        [STRUCTURE, count, rest @ ..] => {
            let mut at = 0;
            for _ in 0..*count {
                at += description(rest.get(at..).unwrap_or_default(), depth + 1)?;
            }
            Ok(2 + at)
        }
        _ => Ok(1),
    }
}

/// Whether a length that cannot be read may still come.
fn fault_of(field: &[u8]) -> TreeFault {
    match field.first() {
        Some(width @ 0x81..=0x84) if field.len() <= usize::from(width & 0x7F) => TreeFault::Short,
        None => TreeFault::Short,
        _ => TreeFault::Bad,
    }
}

/// Deepest tree that is read.
const DEPTH_MAX: usize = 8;
/// Most elements of a structure or an array.
const ELEMENTS_MAX: usize = 512;
/// Most nodes of a tree.
const NODES_MAX: usize = 4096;
/// Longest string, in bytes.
const WIDTH_MAX: usize = 4096;
