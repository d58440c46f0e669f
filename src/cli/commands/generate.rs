//! `smarty generate`: completions, man pages, the JSON Schema and units, from the one definition of the arguments.

mod man;
pub mod systemd;

use std::path::Path;

use anyhow::Context;

use crate::cli::args::{Generate, Generated};
use crate::cli::completion::script;
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::run::failure::{Exit, Failure, Level, say};

/// The JSON Schema of the output.
pub const SCHEMA: &str = include_str!("../../../samples/smarty-1.schema.json");

/// The rule of udev.
const RULE: &str = include_str!("generate/smarty.rules");

/// Prints what is asked for.
///
/// # Errors
/// When it cannot be written; options that do not fit a service.
pub fn run(args: &Generate, quiet: bool) -> Result<Exit, Failure> {
    if args.what != Generated::Systemd && (!args.words.is_empty() || args.program.is_some()) {
        let what = "options behind -- and --program are for systemd only";
        return Err(Failure::new(Exit::Usage, what)
            .hint("smarty generate systemd -- watch house=/dev/ttyUSB0"));
    }
    let text = match (args.what, &args.folder) {
        (Generated::Bash, _) => script("bash"),
        (Generated::Zsh, _) => script("zsh"),
        (Generated::Fish, _) => script("fish"),
        (Generated::Powershell, _) => script("powershell"),
        (Generated::Elvish, _) => script("elvish"),
        (Generated::Schema, _) => SCHEMA.as_bytes().to_vec(),
        (Generated::Udev, _) => RULE.as_bytes().to_vec(),
        (Generated::Systemd, _) => {
            let program = match &args.program {
                Some(program) => program.clone(),
                None => std::env::current_exe().context("the path of this program")?,
            };
            let unit = systemd::unit(&args.words, &program)?;
            if let Some(shut) = systemd::unreachable(&program).filter(|_| !quiet) {
                say(Level::Warning, &shut.what, Some(&shut.hint));
            }
            unit.into_bytes()
        }
        (Generated::Man, None) => man::smarty().into_bytes(),
        (Generated::Man, Some(folder)) => return Ok(man_pages(folder)?),
    };
    match Writer::Stdout.write(&text) {
        Err(WriteEnd::Failed(failure)) => Err(failure),
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Success),
    }
}

fn man_pages(folder: &Path) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, text) in man::pages() {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(Exit::Success)
}
