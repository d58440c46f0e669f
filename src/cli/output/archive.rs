//! `--format parquet`: what it needs, and what is said where it cannot be had.

use crate::cli::args::OutputArgs;
use crate::cli::output::writer::WriteEnd;
use crate::format::parquet::{Parquet, ParquetFault};
use crate::observe::fields::Fields;
use crate::observe::sampling::Sampling;
use crate::p1::derive::Extent;
use crate::run::failure::{Exit, Failure};

/// Begins a file of Parquet.
///
/// # Errors
/// A build without it; options that a file made whole cannot follow.
pub fn open(
    args: &OutputArgs,
    sampling: Sampling,
    extent: Extent,
    fields: Option<Fields>,
) -> Result<Box<Parquet>, Failure> {
    let usage = |what: &str| Failure::new(Exit::Usage, what.to_owned());
    let parquet = Parquet::new(fields, extent).map_err(|fault| {
        usage(&fault.to_string()).hint("build one: cargo install --path . --features parquet")
    })?;
    if args.file().is_none() {
        return Err(usage("--format parquet needs a file to write to").hint("add -o FILE"));
    }
    if args.append {
        let failure = usage("--append: nothing can stand behind the end of a Parquet file");
        return Err(
            failure.hint("write another file beside it: engines read a folder as one table")
        );
    }
    if sampling != Sampling::default() {
        return Err(usage("--format parquet writes every telegram").hint("leave out --last"));
    }
    Ok(Box::new(parquet))
}

/// What ends the output where rows cannot be encoded.
pub fn failed(fault: ParquetFault) -> WriteEnd {
    WriteEnd::Failed(Failure::new(Exit::Io, fault.to_string()))
}
