//! `smarty doctor`: every check of a set-up that stopped working.

pub(super) mod machine;
mod source;

use std::path::Path;

use clap::Parser;

use crate::cli::args::{Cli, Command, Doctor, Global, Run, ServiceArgs};
use crate::cli::commands::watch;
use crate::cli::config::{Config, Settings};
use crate::cli::inputs::{self, Named};
use crate::cli::keys::{Ring, key_files};
use crate::cli::listening::options;
use crate::cli::output::writer::{WriteEnd, Writer, shown};
use crate::format::checks::{Check, Outcome, write, write_json};
use crate::observe::context::Source;
use crate::p1::count::count;
use crate::run::failure::{Exit, Failure};
use crate::sys::access::others_read;

/// Looks at all of a set-up.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Doctor, global: &Global) -> Result<Exit, Failure> {
    let global = Global {
        config: args.settings.clone().or(global.config.clone()),
        ..global.clone()
    };
    let mut sheet = Sheet::new(args.json);
    let done = look(args, &global, &mut sheet);
    match done.and_then(|()| sheet.conclude()) {
        Ok(exit) => Ok(exit),
        Err(WriteEnd::ReaderGone) => Ok(Exit::Success),
        Err(WriteEnd::Failed(failure)) => Err(failure),
    }
}

fn look(args: &Doctor, global: &Global, sheet: &mut Sheet) -> Result<(), WriteEnd> {
    let place = Config::place(global).map(|(path, _)| path);
    let shown_place = place.as_deref().map(shown).unwrap_or_default();
    sheet.about("file", &shown_place, None);
    let config = match Config::find(global) {
        Ok(Some(config)) => {
            let sources = count(config.sources().len() as u64, "source");
            sheet.ok("settings", format!("{shown_place}: {sources}"))?;
            config
        }
        Ok(None) => {
            let what = format!("{shown_place}: no such file");
            let failure = Failure::new(Exit::Usage, what);
            return sheet.failed("settings", failure.hint("smarty setup writes it"));
        }
        Err(failure) => return sheet.failed("settings", failure),
    };
    let mut wanted = match Wanted::of(&config) {
        Ok(wanted) => wanted,
        Err(failure) => return sheet.failed("settings", failure),
    };
    let ring = keys(&wanted, sheet)?;
    let named = std::mem::take(&mut wanted.named);
    for named in &named {
        source::look(
            named,
            &wanted.run,
            ring.as_ref(),
            args.timeout,
            global,
            sheet,
        )?;
    }
    sheet.about("file", &shown_place, None);
    machine::clock(sheet)?;
    machine::broker(&wanted.services.mqtt, global, sheet)?;
    machine::page(&wanted.services.metrics, sheet)?;
    machine::files(&wanted, sheet)?;
    machine::store(&wanted.services.store, sheet)?;
    machine::service(sheet)
}

/// What the settings ask for.
struct Wanted {
    named: Vec<Named>,
    run: Run,
    services: ServiceArgs,
}

impl Wanted {
    fn of(config: &Config) -> Result<Self, Failure> {
        let mut run = options(&["parse"])?;
        let cli = Cli::try_parse_from(["smarty", "watch"]).map_err(|e| Failure::from(&e))?;
        let Command::Watch(watch) = cli.command else {
            return Err(Failure::new(Exit::Usage, "smarty watch has no options"));
        };
        let (mut sampling, mut services) = (watch.sampling, watch.services);
        config.fill(&mut Settings {
            run: &mut run,
            sampling: &mut sampling,
            services: &mut services,
        });
        let mut named = watch::sources(&[], Some(config))?;
        inputs::with_speed_found(&mut named, &run.source);
        Ok(Self {
            named,
            run,
            services,
        })
    }
}

/// Looks at the files of keys; gives the keys where they can be read.
fn keys(wanted: &Wanted, sheet: &mut Sheet) -> Result<Option<Ring>, WriteEnd> {
    let ring = match Ring::gather(&wanted.run.keys) {
        Ok(ring) => ring,
        Err(failure) => {
            sheet.failed("keys", failure)?;
            return Ok(None);
        }
    };
    let of_sources = wanted.named.iter().flat_map(Named::key_files);
    let files: Vec<_> = key_files(&wanted.run.keys)
        .into_iter()
        .chain(of_sources)
        .filter(|path| path.exists())
        .collect();
    let open: Vec<&Path> = files
        .iter()
        .map(|path| path.as_path())
        .filter(|path| others_read(path))
        .collect();
    if let Some(path) = open.first() {
        let what = format!("{}: all users of this machine can read it", path.display());
        let failure = Failure::new(Exit::Partial, what);
        sheet.failed(
            "keys",
            failure.hint(format!("chmod 600 {}", path.display())),
        )?;
    } else if files.is_empty() && ring.keys().is_empty() {
        sheet.skipped("keys", "no key is given, and there is no key ring")?;
    } else {
        let meters = count(ring.keys().meters().count() as u64, "meter");
        let names: Vec<String> = files.iter().map(|path| shown(path)).collect();
        let what = match names.is_empty() {
            true => "a key of the environment".to_owned(),
            false => format!(
                "{}: for {meters}, readable by their owner alone",
                names.join(", ")
            ),
        };
        sheet.ok("keys", what)?;
    }
    Ok(Some(ring))
}

/// The checks so far.
pub struct Sheet {
    json: bool,
    seq: u64,
    about: (String, String, Option<String>),
    checks: u64,
    failures: Vec<(&'static str, Option<String>, Failure)>,
}

impl Sheet {
    fn new(json: bool) -> Self {
        Self {
            json,
            seq: 0,
            about: Default::default(),
            checks: 0,
            failures: Vec::new(),
        }
    }

    /// Says what is looked at from now on.
    fn about(&mut self, kind: &str, name: &str, label: Option<&str>) {
        self.about = (kind.to_owned(), name.to_owned(), label.map(str::to_owned));
    }

    fn ok(&mut self, name: &'static str, what: impl Into<String>) -> Result<(), WriteEnd> {
        self.checks += 1;
        self.write(Check {
            name,
            outcome: Outcome::Ok,
            what: self.titled(what.into()),
            hint: None,
        })
    }

    fn skipped(&mut self, name: &'static str, why: impl Into<String>) -> Result<(), WriteEnd> {
        self.write(Check {
            name,
            outcome: Outcome::Skipped,
            what: self.titled(why.into()),
            hint: None,
        })
    }

    fn failed(&mut self, name: &'static str, failure: Failure) -> Result<(), WriteEnd> {
        self.checks += 1;
        let check = Check {
            name,
            outcome: Outcome::Failed,
            what: self.titled(failure.what.clone()),
            hint: failure.hint.clone(),
        };
        let label = self.about.2.clone();
        self.failures.push((name, label, failure));
        self.write(check)
    }

    /// What is said, behind the label of its source.
    fn titled(&self, what: String) -> String {
        match &self.about.2 {
            Some(label) if !what.starts_with(&format!("{label}:")) => format!("{label}: {what}"),
            _ => what,
        }
    }

    fn write(&mut self, check: Check) -> Result<(), WriteEnd> {
        self.seq += 1;
        let check = Check {
            what: crate::run::secrets::mask(&check.what).into_owned(),
            ..check
        };
        let mut out = Vec::new();
        if !self.json {
            write(&mut out, &check);
            return Writer::Terminal.write(&out);
        }
        let (kind, name, label) = &self.about;
        let source = Source {
            kind,
            name,
            label: label.as_deref(),
        };
        write_json(&mut out, self.seq, source, &check);
        Writer::Stdout.write(&out)
    }

    /// Ends with one sentence, and the code of the worst.
    fn conclude(&mut self) -> Result<Exit, WriteEnd> {
        let worst = self.failures.iter().map(|(.., failure)| failure.exit).min();
        let first = self
            .failures
            .iter()
            .find(|(.., failure)| Some(failure.exit) == worst);
        let (outcome, what) = match first {
            None => {
                let checks = count(self.checks, "check");
                (Outcome::Ok, format!("all is well: {checks}, none failed"))
            }
            Some((name, label, failure)) => {
                let whose = match label {
                    Some(label) => format!(" of {label}"),
                    None => String::new(),
                };
                let todo = failure.hint.as_deref().unwrap_or(&failure.what);
                let todo: Vec<&str> = todo.lines().map(str::trim).collect();
                let what = format!("what to fix first, the {name}{whose}: {}", todo.join(" "));
                (Outcome::Failed, what)
            }
        };
        if self.json {
            let (kind, name, _) = self.about.clone();
            self.about(&kind, &name, None);
            self.write(Check {
                name: "all",
                outcome,
                what,
                hint: None,
            })?;
        } else {
            let what = crate::format::clean::clean(&what);
            Writer::Terminal.write(format!("\n{what}\n").as_bytes())?;
        }
        Ok(worst.unwrap_or(Exit::Success))
    }
}
