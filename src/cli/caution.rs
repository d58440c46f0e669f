//! What is said of secrets that others can see, and what keeps them out of core dumps.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::cli::args::KeyArgs;
use crate::cli::inputs::Named;
use crate::cli::keys::key_files;
use crate::cli::output::writer::{quoted, shown};
use crate::p1::cipher::AuthenticationKey;
use crate::run::failure::{Level, say};
use crate::sys::access::others_read;

/// Keeps the memory of this process out of core dumps, and from other programs of the user.
///
/// A system that cannot do so runs all the same.
pub fn without_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    // Where dumps go to a program, the limit does not count.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Warns of keys on the command line, and of files of keys that others can read.
pub fn say_who_sees_keys(args: &KeyArgs, named: &[Named], quiet: bool) {
    if quiet {
        return;
    }
    let on_line = |key: Option<&OsStr>| key.is_some_and(|key| !key.is_empty());
    // Luxembourg's is published.
    let published = |key: &&OsStr| {
        let key = key
            .to_str()
            .and_then(|key| AuthenticationKey::parse(key).ok());
        key == Some(AuthenticationKey::default())
    };
    let own = args.auth_key.as_deref().filter(|key| !published(key));
    let seen = match (on_line(args.key.as_deref()), on_line(own)) {
        (true, _) => Some((
            "the key on the command line can be seen by all users of this machine",
            "--key alone asks for it; --key-file FILE and --keyring FILE read it",
        )),
        (false, true) => Some((
            "the authentication key on the command line can be seen by all users of this machine",
            "write it into a key ring, as auth_key = \"…\": --keyring FILE",
        )),
        (false, false) => None,
    };
    if let Some((what, hint)) = seen {
        say(Level::Warning, what, Some(hint));
    }
    let files: BTreeSet<PathBuf> = key_files(args)
        .into_iter()
        .chain(named.iter().flat_map(Named::key_files))
        .collect();
    for path in files {
        say_who_reads(&path, "a key", quiet);
    }
}

/// Warns of a file of secrets that others can read.
pub fn say_who_reads(path: &Path, secret: &str, quiet: bool) {
    if !quiet && others_read(path) {
        let what = format!(
            "{}: holds {secret}, and all users of this machine can read it",
            path.display()
        );
        let hint = format!("chmod 600 {}", quoted(&shown(path)));
        say(Level::Warning, &what, Some(&hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{dumpable_behavior, getrlimit};

    #[test]
    fn nothing_of_this_process_goes_into_a_dump() {
        without_dumps();
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
