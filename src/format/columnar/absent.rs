//! What stands for Parquet and Arrow in a build without them: nothing can be made, and it is said why.

use crate::format::report::Account;
use crate::observe::context::Context;
use crate::observe::fields::Fields;
use crate::p1::derive::Extent;
use crate::p1::event::Decoded;
use crate::p1::value::Zone;
use crate::source::maxsonar::Level;

/// How a table is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// A file of Parquet.
    Parquet,
    /// A stream of Arrow.
    Arrow,
}

/// A table, of which there is none in this build.
pub enum Columnar {}

/// Rows that are to be encoded, of which there are none in this build.
pub struct Encoding;

impl Encoding {
    /// Encodes the rows.
    #[must_use]
    pub fn run(self) -> Self {
        self
    }
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
#[error("this build of smarty has neither Parquet nor Arrow")]
pub struct ColumnarFault;

/// Says that there is none.
///
/// # Errors
/// Always.
pub fn periods(
    _container: Container,
    _accounts: &[Account<'_>],
    _zone: &Zone,
) -> Result<Vec<u8>, ColumnarFault> {
    Err(ColumnarFault)
}

impl Columnar {
    /// Says that there is none.
    ///
    /// # Errors
    /// Always.
    pub fn new(
        _container: Container,
        _fields: Option<Fields>,
        _extent: Extent,
    ) -> Result<Self, ColumnarFault> {
        Err(ColumnarFault)
    }

    /// Takes a telegram as a row.
    pub fn telegram(&mut self, _context: &Context<'_>, _decoded: &Decoded<'_>) {
        match *self {}
    }

    /// Takes a reading of a level sensor as a row.
    pub fn level(&mut self, _context: &Context<'_>, _level: &Level) {
        match *self {}
    }

    /// Gives rows to be encoded.
    pub fn encoding(&mut self) -> Option<Encoding> {
        match *self {}
    }

    /// Tells whether many rows wait.
    pub fn are_many(&self) -> bool {
        match *self {}
    }

    /// Takes back rows that are encoded.
    ///
    /// # Errors
    /// Never: there is no such table.
    pub fn encoded(
        &mut self,
        _encoding: Encoding,
        _out: &mut Vec<u8>,
    ) -> Result<(), ColumnarFault> {
        match *self {}
    }

    /// Appends what is left, and the end.
    ///
    /// # Errors
    /// Never: there is no such table.
    pub fn finish(&mut self, _out: &mut Vec<u8>) -> Result<(), ColumnarFault> {
        match *self {}
    }
}
