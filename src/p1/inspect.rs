//! Frames taken apart byte by byte: what stands where, layer by layer, for people who look for what is wrong.
//!
//! ```text
//! 7E A0 84 … HCS | E6 E7 00 | E0 block | DB ciphering | 0F notification | 02 tree … | tag | FCS 7E
//! depth 0        | 1        | 1        | 2            | 3               | 4 and more | 2   | 0
//! ```
//! Each byte of a stretch is in exactly one node that has bytes, in order. What was decrypted stands where its
//! ciphertext came, byte for byte. Nodes without bytes say what is between the others: damage, or what is missing.
//!
//! Nothing here decides what may be used: frames that fail are taken apart as well, as far as they make sense.

mod apdu;
mod field;
mod gathered;
mod link;
mod readout;
mod tree;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::cipher::Keys;
use super::event::Event;
use super::push::lists::List;
use super::span::Span;
use super::telegram::LayoutCache;
use super::value::Zone;

pub use field::{Check, Damage, Data, Field, Line, Opened, Proof, Role, Said, Sum, Value, Written};
use gathered::Gathered;

/// Some bytes and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where they came in the stream; empty for a node that says what is missing.
    pub span: Span,
    /// How many layers they are in.
    pub depth: u8,
    /// The bytes, decrypted where `decrypted` says so.
    pub bytes: Vec<u8>,
    /// Whether they were encrypted on the wire.
    pub decrypted: bool,
    /// Whether they go on with what an earlier node began, and bytes of other layers came between.
    pub rest: bool,
    /// What they are.
    pub field: Field,
}

/// Takes frames apart; its memory is used again for the next.
pub struct Inspector {
    keys: Arc<Keys>,
    zone: Zone,
    list: List,
    memory: LayoutCache,
}

/// The nodes of a stretch while they are found.
struct Nodes(Vec<Node>);

impl Inspector {
    /// Makes one that decrypts with keys; the zone is that of the meter's clock.
    pub fn new(keys: Arc<Keys>, zone: Zone) -> Self {
        Self {
            keys,
            zone,
            list: List::default(),
            memory: LayoutCache::default(),
        }
    }

    /// The nodes of an event, in order.
    pub fn event(&mut self, event: &Event<'_>) -> impl Iterator<Item = Node> + use<> {
        let start = event.span().start;
        match event {
            Event::Telegram(decoded) => self.frame(decoded.frame, start),
            Event::Refused(refused) => self.frame(refused.frame, start),
            Event::Junk(junk) => self.junk(junk.bytes, start),
        }
        .into_iter()
    }

    /// The nodes of bytes that begin with a frame, in order; `start` is the place of the first byte in the stream.
    pub fn frame(&mut self, bytes: &[u8], start: u64) -> Vec<Node> {
        let mut nodes = Nodes(Vec::new());
        let whole = Gathered::of(bytes, start);
        if !link::walk(self, &mut nodes, bytes, start) {
            self.application(&mut nodes, &whole, 0);
        }
        nodes.in_order()
    }

    /// The nodes of bytes that belong to no frame: what a damaged header hides is looked for.
    fn junk(&mut self, bytes: &[u8], start: u64) -> Vec<Node> {
        let mut nodes = Nodes(Vec::new());
        link::search(self, &mut nodes, bytes, start);
        nodes.in_order()
    }
}

impl Nodes {
    /// Adds bytes, in as many nodes as they came in pieces.
    fn put(&mut self, gathered: &Gathered, range: std::ops::Range<usize>, depth: u8, field: Field) {
        let range = range.start..range.end.min(gathered.bytes.len());
        if range.is_empty() {
            // What did not come is not there; that it did not come is said.
            if matches!(field, Field::Damage(_)) {
                self.note(gathered.at(range.start), depth, field);
            }
            return;
        }
        let mut rest = false;
        for (piece, at) in gathered.pieces(range) {
            self.0.push(Node {
                span: Span::new(at, piece.len()),
                depth,
                bytes: gathered.bytes.get(piece).unwrap_or_default().to_vec(),
                decrypted: gathered.decrypted,
                rest,
                field: field.clone(),
            });
            rest = true;
        }
    }

    /// Says something between two bytes.
    fn note(&mut self, at: u64, depth: u8, field: Field) {
        self.0.push(Node {
            span: Span::new(at, 0),
            depth,
            bytes: Vec::new(),
            decrypted: false,
            rest: false,
            field,
        });
    }

    /// Says something behind bytes, or behind all nodes so far where there are none.
    fn note_behind(&mut self, gathered: &Gathered, field: Field) {
        let at = match gathered.bytes.len() {
            0 => self.0.iter().map(|node| node.span.end).max().unwrap_or(0),
            length => gathered.at(length),
        };
        self.note(at, 0, field);
    }

    /// All nodes in the order of their bytes; what is said between two stands between them.
    fn in_order(self) -> Vec<Node> {
        let mut nodes = self.0;
        nodes.sort_by_key(|node| (node.span.start, !node.span.is_empty()));
        nodes
    }
}
