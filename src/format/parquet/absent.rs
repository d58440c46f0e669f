//! What stands for Parquet in a build without it: nothing can be made, and it is said why.

use crate::observe::context::Context;
use crate::observe::fields::Fields;
use crate::p1::derive::Extent;
use crate::p1::event::Decoded;
use crate::source::maxsonar::Level;

/// A file of Parquet, of which there is none in this build.
pub enum Parquet {}

/// Why there is no Parquet.
#[derive(Debug, thiserror::Error)]
#[error("this build of smarty has no Parquet")]
pub struct ParquetFault;

impl Parquet {
    /// Says that there is none.
    ///
    /// # Errors
    /// Always.
    pub fn new(_fields: Option<Fields>, _extent: Extent) -> Result<Self, ParquetFault> {
        Err(ParquetFault)
    }

    /// Takes a telegram as a row.
    pub fn telegram(&mut self, _context: &Context<'_>, _decoded: &Decoded<'_>) {
        match *self {}
    }

    /// Takes a reading of a level sensor as a row.
    pub fn level(&mut self, _context: &Context<'_>, _level: &Level) {
        match *self {}
    }

    /// Encodes rows that are many, and appends the bytes of a row group that is full.
    ///
    /// # Errors
    /// Never: there is no such file.
    pub fn encode(&mut self, _out: &mut Vec<u8>) -> Result<(), ParquetFault> {
        match *self {}
    }

    /// Appends what is left, and the footer.
    ///
    /// # Errors
    /// Never: there is no such file.
    pub fn finish(&mut self, _out: &mut Vec<u8>) -> Result<(), ParquetFault> {
        match *self {}
    }
}
