//! `--when` and `[[hook]]`: conditions read, names looked up, commands taken apart.

use std::time::Duration;

use crate::cli::args::{HookArgs, HookSettings};
use crate::cli::inputs::Named;
use crate::cli::output::writer::failed;
use crate::observe::fields::Fields;
use crate::p1::condition::Condition;
use crate::p1::derive::{Extent, QUANTITIES};
use crate::publish::hooks::{AGE, Action, FINDINGS, Hook, Hooks};
use crate::run::failure::{Exit, Failure};

/// Starts the hooks that are asked for; none where there is none. Values are computed to this extent.
///
/// # Errors
/// A condition that cannot be read, a name that no value has, a hook that does nothing.
pub fn open(args: &HookArgs, named: &[Named], extent: Extent) -> Result<Option<Hooks>, Failure> {
    let own = args.when.as_ref().map(|when| HookSettings {
        name: None,
        when: when.clone(),
        run: args.run.clone().into_iter().collect(),
        shell: args.shell,
        notify: args.notify.clone(),
        pause: args.pause,
        limit: args.hook_limit,
    });
    let all: Vec<HookSettings> = own.into_iter().chain(args.more.iter().cloned()).collect();
    if all.is_empty() {
        return Ok(None);
    }
    let hooks = (1..)
        .zip(&all)
        .map(|(number, settings)| hook(number, settings, extent));
    let hooks = hooks.collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<_> = named.iter().map(Named::label_and_place).collect();
    Hooks::start(hooks, &sources)
        .map(Some)
        .map_err(|error| failed("hooks", &error))
}

fn hook(number: usize, settings: &HookSettings, extent: Extent) -> Result<Hook, Failure> {
    let name = settings.name.clone().unwrap_or_else(|| number.to_string());
    let wrong = |what: String| Failure::new(Exit::Usage, format!("hook {name}: {what}"));
    let condition = Condition::parse(&settings.when).map_err(|error| {
        wrong(format!("{:?}: {error}", settings.when))
            .hint("for example: active_power_import_kw > 6.5 for 1m")
    })?;
    for value in condition.names() {
        if value == AGE || value == FINDINGS {
            continue;
        }
        let fields = Fields::parse(value).map_err(|unknown| {
            wrong(format!("no value is called {value}"))
                .hint(format!("nearest: {}", unknown.near.join(", ")))
        })?;
        if let Some(needs) = fields.beyond(extent) {
            let option = match fields.beyond(Extent::Computed) {
                Some(_) => "--reference-power",
                None => "--derive",
            };
            return Err(
                wrong(format!("{needs} is not computed")).hint(format!("{option} computes it"))
            );
        }
        let computed = QUANTITIES.iter().find(|one| one.is_called(value));
        let key = match computed {
            Some(quantity) => Some(quantity.key.to_owned()),
            None => fields.iter().next().map(|field| field.title()),
        };
        if let Some(key) =
            key.filter(|key| key != value && !value.contains("_m3") && !key.contains(':'))
        {
            return Err(wrong(format!("{value} has its unit in its name here"))
                .hint(format!("write {key}")));
        }
    }
    let run = match (settings.run.as_slice(), settings.shell) {
        ([], true) => return Err(wrong("shell = true, and there is no command".to_owned())),
        ([], false) => Vec::new(),
        (words, true) => vec!["/bin/sh".to_owned(), "-c".to_owned(), words.join(" ")],
        ([line], false) => match shlex::split(line) {
            Some(words) if !words.is_empty() => words,
            _ => {
                let what = "its command has an unclosed quote, or no word".to_owned();
                return Err(wrong(what));
            }
        },
        (words, false) => words.to_vec(),
    };
    if run.is_empty() && settings.notify.is_none() {
        return Err(wrong("it does nothing".to_owned())
            .hint("--run COMMAND runs a command, --notify URL posts a message"));
    }
    if settings.notify.is_some() && !cfg!(feature = "http") {
        return Err(
            wrong("this build of smarty lacks the feature http".to_owned())
                .hint("build one: cargo install --path . --features http"),
        );
    }
    Ok(Hook {
        text: settings.when.clone(),
        condition,
        action: Action {
            run,
            notify: settings.notify.as_ref().map(|url| url.0.clone()),
            limit: settings.limit.unwrap_or(LIMIT),
        },
        pause: settings.pause.unwrap_or(PAUSE),
        name,
    })
}

/// Least time between two firings.
const PAUSE: Duration = Duration::from_secs(60);
/// How long a command or a message may take.
const LIMIT: Duration = Duration::from_secs(10);
