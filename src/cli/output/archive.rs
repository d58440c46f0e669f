//! `--format parquet` and `arrow`: what they need, and what is said where they cannot be had.

use std::io::IsTerminal;
use std::path::Path;

use crate::cli::args::{Format, OutputArgs};
use crate::cli::output::writer::WriteEnd;
use crate::format::columnar::{Columnar, ColumnarFault, Container};
use crate::observe::fields::Fields;
use crate::observe::sampling::Sampling;
use crate::p1::derive::Extent;
use crate::run::failure::{Exit, Failure};

/// How the table of a format is written down; none where it is no table of columns.
pub fn container(format: Format) -> Option<Container> {
    match format {
        Format::Parquet => Some(Container::Parquet),
        Format::Arrow => Some(Container::Arrow),
        _ => None,
    }
}

/// Begins a table.
///
/// # Errors
/// A build without it; options that a table made whole cannot follow.
pub fn open(
    args: &OutputArgs,
    container: Container,
    sampling: Sampling,
    extent: Extent,
    fields: Option<Fields>,
) -> Result<Box<Columnar>, Failure> {
    let columnar =
        Columnar::new(container, fields, extent).map_err(|fault| not_to_be_had(&fault))?;
    place(container, args.file())?;
    if args.append {
        let what = "--append: nothing can stand behind the end of a Parquet or Arrow file";
        return Err(Failure::new(Exit::Usage, what)
            .hint("write another file beside it: engines read a folder as one table"));
    }
    if sampling != Sampling::default() {
        let what = "--format parquet and arrow write every telegram";
        return Err(Failure::new(Exit::Usage, what).hint("leave out --last"));
    }
    Ok(Box::new(columnar))
}

/// Refuses places where a table is of no use.
///
/// # Errors
/// Parquet without a file; Arrow on a terminal.
pub fn place(container: Container, file: Option<&Path>) -> Result<(), Failure> {
    let usage = |what: &str| Failure::new(Exit::Usage, what.to_owned());
    match container {
        Container::Parquet if file.is_none() => {
            Err(usage("--format parquet needs a file to write to").hint("add -o FILE"))
        }
        Container::Arrow if file.is_none() && std::io::stdout().is_terminal() => {
            Err(usage("--format arrow is nothing to read on a terminal")
                .hint("pipe it to a program, or add -o FILE"))
        }
        _ => Ok(()),
    }
}

/// What is said where a table cannot be begun.
pub fn not_to_be_had(fault: &ColumnarFault) -> Failure {
    Failure::new(Exit::Usage, fault.to_string())
        .hint("build one: cargo install --path . --features parquet")
}

/// What ends the output where rows cannot be encoded.
pub fn failed(fault: ColumnarFault) -> WriteEnd {
    WriteEnd::Failed(Failure::new(Exit::Io, fault.to_string()))
}
