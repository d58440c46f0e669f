//! `--store`: the database, opened.

use std::path::Path;

use crate::cli::args::StoreArgs;
use crate::cli::inputs::Named;
use crate::run::failure::{Exit, Failure};
use crate::source::Place;
use crate::source::database::{Database, Past};
use crate::store::database::{Store, StoreError, StoreOptions};

/// Opens the store where it is asked for.
///
/// # Errors
/// A database that cannot be written, or is an input as well; options that do not fit together.
pub fn open(args: &StoreArgs, named: &[Named]) -> Result<Option<Store>, Failure> {
    let Some(path) = &args.store else {
        return match args.other() {
            Some(option) => Err(Failure::new(Exit::Usage, format!("{option} needs --store"))
                .hint("name the file: --store house.db")),
            None => Ok(None),
        };
    };
    let same = |named: &&Named| match &named.address.place {
        Place::Path(input) => match (input.canonicalize(), path.canonicalize()) {
            (Ok(input), Ok(path)) => input == path,
            _ => false,
        },
        _ => false,
    };
    if named.iter().find(same).is_some() {
        let what = format!("{}: is read and written", path.display());
        return Err(Failure::new(Exit::Usage, what).hint("name another file to write"));
    }
    let options = StoreOptions {
        keep: args.keep.unwrap_or(KEEP),
        step: args
            .store_step
            .and_then(|step| i64::try_from(step.as_secs()).ok()),
    };
    let opened = Store::open(path, options);
    opened.map(Some).map_err(|error| {
        let exit = match error {
            StoreError::OtherStep { .. } => Exit::Usage,
            _ => Exit::Io,
        };
        Failure {
            exit,
            hint: error.hint(),
            what: error.to_string(),
        }
    })
}

/// What a store knows of the past of its meters; nothing where there is none yet.
///
/// # Errors
/// A database that cannot be read.
pub fn past(path: &Path) -> Result<Vec<Past>, Failure> {
    if !Database::is_one(path) {
        return Ok(Vec::new());
    }
    let past = Database::open(path).and_then(|database| database.past());
    past.map_err(Failure::from)
}

/// How long telegrams are kept where nothing is said of it.
const KEEP: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);
