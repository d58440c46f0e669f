//! The tree of a body: each element with its type and value, and what it is in its list.

use super::{Damage, Data, Field, Gathered, Inspector, Nodes, Role, Value};
use crate::p1::obis::{Kind, Obis, lookup};
use crate::p1::push::Form;
use crate::p1::push::axdr::{ARRAY, Node, OCTETS, STRUCTURE};
use crate::p1::push::lists::{List, Row};
use crate::p1::push::transcode::write_decimal;

impl Inspector {
    /// Takes a body apart that begins at an index.
    pub(super) fn body(&mut self, nodes: &mut Nodes, unit: &Gathered, begin: usize, depth: u8) {
        let bytes = unit.bytes.get(begin..).unwrap_or_default();
        let read = self.list.read(bytes);
        let rows = match read {
            Ok(_) => self.list.rows.as_slice(),
            // Of a tree that breaks off it is not known which list it is.
            Err(_) => &[],
        };
        let tree = Tree {
            list: &self.list,
            rows,
            bytes,
            unit,
            begin,
            depth: depth + 1,
        };
        let end = match read {
            Ok((Form::Descriptors, _)) => tree.descriptors(nodes),
            _ => tree.elements(nodes, 0, 0, self.list.nodes.len()),
        };
        let rest = begin + end..unit.bytes.len();
        match read {
            Err(fault) => {
                let field = Field::Damage(Damage::Tree(fault));
                nodes.put(unit, rest, depth + 1, field);
            }
            Ok(_) if !rest.is_empty() => {
                nodes.put(unit, rest, depth + 1, Field::Damage(Damage::Behind));
            }
            Ok(_) => {}
        }
    }
}

/// A tree that was read.
struct Tree<'a> {
    list: &'a List,
    rows: &'a [Row],
    bytes: &'a [u8],
    unit: &'a Gathered,
    begin: usize,
    depth: u8,
}

impl Tree<'_> {
    /// Elements from a place among the nodes to another; the bytes of the first begin at `from`. Gives where they end.
    fn elements(&self, nodes: &mut Nodes, from: usize, first: usize, last: usize) -> usize {
        let (mut at, mut from) = (first, from);
        while at < last {
            let Some(node) = self.node(at) else { break };
            let depth = self.depth + node.depth;
            let (end, taken, field) = self
                .object(at, &node)
                .or_else(|| self.scale(at, &node))
                .unwrap_or_else(|| (node.end as usize, 1, Field::Data(self.data(at, &node))));
            self.put(nodes, from, end, depth, field);
            (at, from) = (at + taken, end);
        }
        from
    }

    /// Descriptors without tags, each with its value.
    fn descriptors(&self, nodes: &mut Nodes) -> usize {
        let count = self.rows.len() as u32;
        let begin = self.rows.first().and_then(|row| self.node(row.node));
        let Some(begin) = begin else { return 0 };
        // The value has its tag before it, and the descriptor before that.
        let head = crate::p1::push::apdu::length(self.bytes.get(5..).unwrap_or_default());
        let head = head.map_or(begin.start as usize, |(_, rest)| {
            self.bytes.len() - rest.len()
        });
        self.put(nodes, 0, head, self.depth, Field::Descriptors { count });
        let mut from = head;
        for (index, row) in self.rows.iter().enumerate() {
            let entry = self.bytes.get(from..from + DESCRIPTOR).unwrap_or_default();
            let &[_, _, high, low, ref code @ .., attribute] = entry else {
                break;
            };
            let field = Field::Descriptor {
                class: u16::from_be_bytes([high, low]),
                obis: code.first_chunk::<6>().copied().unwrap_or_default(),
                attribute: attribute as i8,
            };
            self.put(nodes, from, from + DESCRIPTOR, self.depth + 1, field);
            let next = self.rows.get(index + 1);
            let last = next.map_or(self.list.nodes.len(), |row| row.node);
            let inner = Tree {
                depth: self.depth + 2,
                ..*self
            };
            from = inner.elements(nodes, from + DESCRIPTOR, row.node, last);
        }
        from
    }

    fn put(&self, nodes: &mut Nodes, from: usize, to: usize, depth: u8, field: Field) {
        nodes.put(self.unit, self.begin + from..self.begin + to, depth, field);
    }

    fn node(&self, at: usize) -> Option<Node> {
        self.list.nodes.get(at).copied()
    }

    /// Scaler and unit as one.
    fn scale(&self, at: usize, node: &Node) -> Option<(usize, usize, Field)> {
        let (scaler, unit) = (self.node(at + 1)?, self.node(at + 2)?);
        let kinds = (node.tag, node.count, scaler.tag, unit.tag);
        let (power, number) = (scaler.integer(self.bytes)?, unit.integer(self.bytes)?);
        (kinds == (STRUCTURE, 2, 0x0F, 0x16)).then_some((
            unit.end as usize,
            3,
            Field::Scale {
                power: power as i8,
                unit: number as u8,
            },
        ))
    }

    /// A row of a list of objects as one.
    fn object(&self, at: usize, node: &Node) -> Option<(usize, usize, Field)> {
        let [class, code, attribute, index] = [1, 2, 3, 4].map(|step| self.node(at + step));
        let (class, code, attribute, index) = (class?, code?, attribute?, index?);
        let tags = (node.tag, node.count, class.tag, code.tag);
        let number = |node: Node| node.integer(self.bytes);
        let fits =
            tags == (STRUCTURE, 4, 0x12, OCTETS) && (attribute.tag, index.tag) == (0x0F, 0x12);
        let obis = code.of(self.bytes).try_into().ok()?;
        fits.then_some((
            index.end as usize,
            5,
            Field::Object {
                class: number(class)? as u16,
                obis,
                attribute: number(attribute)? as i8,
                index: number(index)? as u16,
            },
        ))
    }

    fn data(&self, at: usize, node: &Node) -> Data {
        let row = self.rows.iter().find(|row| row.node == at);
        let bytes = node.of(self.bytes);
        let code: Option<[u8; 6]> = bytes.try_into().ok();
        let code = code.filter(|&[a, .., f]| node.tag == OCTETS && a < 16 && (f == 255 || a < 2));
        let role = match (row, code) {
            (Some(row), _) => Role::Reading {
                obis: row.obis,
                place: row.place as u32,
                number: row.scale.and_then(|(power, _)| {
                    let mut text = Vec::new();
                    write_decimal(&mut text, node.integer(self.bytes)?, power, 1);
                    String::from_utf8(text).ok()
                }),
                unit: row.scale.map(|(_, unit)| unit),
                from: row.from,
            },
            (None, Some(code)) => Role::Code(code),
            (None, None) => Role::Plain,
        };
        let kind = row.and_then(|row| kind(row.obis?));
        Data {
            tag: node.tag,
            value: self.value(node, kind),
            role,
        }
    }

    fn value(&self, node: &Node, kind: Option<Kind>) -> Value {
        let bytes = node.of(self.bytes);
        if let Some(number) = node.integer(self.bytes) {
            return Value::Number(number);
        }
        match node.tag {
            0x00 => Value::Nothing,
            ARRAY | STRUCTURE => Value::Elements(node.count),
            0x17 => bytes.try_into().map_or(Value::Octets, |b| {
                Value::Real(f32::from_be_bytes(b).to_string())
            }),
            0x18 => bytes.try_into().map_or(Value::Octets, |b| {
                Value::Real(f64::from_be_bytes(b).to_string())
            }),
            0x09 | 0x19 if is_time(bytes, node.tag == 0x19 || kind == Some(Kind::Time)) => {
                bytes.try_into().map_or(Value::Octets, Value::Time)
            }
            0x09 | 0x0A | 0x0C if is_text(bytes) => {
                Value::Text(String::from_utf8_lossy(bytes).into_owned())
            }
            _ => Value::Octets,
        }
    }
}

/// Tells whether twelve bytes are a date and time; where nothing else says so, the year has to be of this time.
fn is_time(bytes: &[u8], is_said: bool) -> bool {
    match *bytes {
        [high, low, month, day, ..] if bytes.len() == 12 => {
            let year = u16::from_be_bytes([high, low]);
            is_said || (2000..2100).contains(&year) && month <= 12 && day <= 31
        }
        _ => false,
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn kind([a, b, c, d, e, f]: [u8; 6]) -> Option<Kind> {
    let code = Obis {
        f: Some(f),
        ..Obis::new(a, b, c, d, e)
    };
    lookup(code).map(|entry| entry.kind)
}

/// Bytes of a descriptor without tags.
const DESCRIPTOR: usize = 11;
