//! Formats that telegrams and findings are written in, into a buffer.

pub mod clean;

pub mod words;

pub mod explanation;

pub mod number;

mod incremental;

pub mod json;

pub mod keys;

pub mod checks;

pub mod influx;

pub mod level;

pub mod csv;

#[cfg(feature = "parquet")]
pub mod columnar;
#[cfg(not(feature = "parquet"))]
#[path = "columnar/absent.rs"]
pub mod columnar;

mod hex;

pub mod inspect;

pub mod table;

pub mod report;

pub mod screen;
