//! What makers know and do not send: `profiles.tsv`, codes of lists without codes, and scales.
//!
//! A row is the begin of the name of a list (`-` for one without a name that is known, `*` for any), the number of
//! its elements, their types, the scales of quantities, and the codes of its elements. Types: `t` text or octets,
//! `c` date-time, `n` number, `u` of 32 bits or more, `w` of 16, `e` enumeration, `f` flag or octets, `*` any.
//! Scales: `A` amperes, `V` volts, `E` energies, `F` power factor, each a power of ten.

use std::sync::LazyLock;

use super::axdr::{Node, OCTETS};
use crate::p1::obis::Obis;

/// A row of the table.
#[derive(Debug)]
pub struct Profile {
    list: &'static str,
    elements: Option<usize>,
    types: &'static [u8],
    /// Power of ten of currents.
    pub amperes: Option<i8>,
    /// Power of ten of voltages.
    pub volts: Option<i8>,
    /// Power of ten of energies.
    pub energy: i8,
    /// Power of ten of the power factor.
    pub factor: i8,
    /// Codes of the elements, in order.
    pub codes: Vec<[u8; 6]>,
}

impl Profile {
    /// The first row that fits a list without codes, whose elements these are.
    pub fn of_bare(list: Option<&str>, elements: &[Node]) -> Option<&'static Self> {
        TABLE.iter().find(|row| {
            row.elements == Some(elements.len())
                && row.is_of(list)
                && row
                    .types
                    .iter()
                    .zip(elements)
                    .all(|(wanted, node)| fits(*wanted, node))
        })
    }

    /// The scales of lists with codes.
    pub fn of_list(list: Option<&str>) -> Option<&'static Self> {
        TABLE
            .iter()
            .find(|row| row.elements.is_none() && row.is_of(list))
    }

    /// Whether it is that of lists with a name.
    pub fn is_named(&self) -> bool {
        !matches!(self.list, "*" | "-")
    }

    fn is_of(&self, list: Option<&str>) -> bool {
        match self.list {
            "*" | "-" => true,
            begin => list.is_some_and(|list| list.starts_with(begin)),
        }
    }

    fn read(line: &'static str) -> Option<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [list, elements, types, scales, codes] = columns[..] else {
            return None;
        };
        let scale = |letter: char| {
            let mut words = scales.split(' ');
            words.find_map(|word| word.strip_prefix(letter)?.parse::<i8>().ok())
        };
        let code = |text: &str| {
            let code = Obis::parse(text.as_bytes())?;
            Some([code.a?, code.b?, code.c, code.d, code.e, 255])
        };
        Some(Self {
            list,
            elements: match elements {
                "*" => None,
                number => Some(number.parse().ok()?),
            },
            types: types.as_bytes(),
            amperes: scale('A'),
            volts: scale('V'),
            energy: scale('E').unwrap_or(0),
            factor: scale('F').unwrap_or(0),
            codes: codes
                .split_terminator(' ')
                .map(code)
                .collect::<Option<_>>()?,
        })
    }
}

fn fits(wanted: u8, node: &Node) -> bool {
    match wanted {
        b't' => matches!(node.tag, 0x09 | 0x0A | 0x0C),
        b'c' => node.tag == 0x19 || node.tag == OCTETS && node.end - node.start == 12,
        b'n' => matches!(node.tag, 0x05 | 0x06 | 0x10 | 0x11 | 0x12 | 0x14 | 0x15),
        b'u' => matches!(node.tag, 0x05 | 0x06 | 0x14 | 0x15),
        b'w' => matches!(node.tag, 0x10 | 0x12),
        b'e' => node.tag == 0x16,
        b'f' => matches!(node.tag, 0x03 | 0x09),
        _ => true,
    }
}

static TABLE: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    include_str!("profiles.tsv")
        .lines()
        .skip(1)
        .filter_map(Profile::read)
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_read_and_has_a_code_for_each_element() {
        assert_eq!(
            TABLE.len() + 1,
            include_str!("profiles.tsv").lines().count()
        );
        for row in &*TABLE {
            if let Some(elements) = row.elements {
                assert_eq!(
                    (row.types.len(), row.codes.len()),
                    (elements, elements),
                    "{row:?}"
                );
            }
        }
    }
}
