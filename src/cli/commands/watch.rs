//! `smarty watch`: meters live.
//!
//! On a terminal a screen, else a stream: a table, a line or a row a telegram. Both are observers of the same loop.

mod screen;
mod terminal;

use std::cell::OnceCell;
use std::sync::Arc;

use crate::cli::args::{Format, Global, Run, ServiceArgs, Watch};
use crate::cli::commands::decode::{self, Beside};
use crate::cli::commands::watch::screen::{Known, Service};
use crate::cli::commands::watch::terminal::Terminal;
use crate::cli::config::{Config, Settings};
use crate::cli::inputs::{self, Named};
use crate::cli::keys::Ring;
use crate::cli::keys::reload::Reload;
use crate::cli::output::OutputOptions;
use crate::cli::services::Publishing;
use crate::cli::services::{self, Deriving, Keep, store};
use crate::observe::sampling::Sampling;
use crate::p1::count::count;
use crate::run::failure::{Exit, Failure};

/// Watches the sources of the command line, else those of `smarty.toml`, else the only port; begins anew where the
/// file has changed and is to be read again.
///
/// # Errors
/// What ends the run as a whole; a source that cannot be read ends only itself.
pub fn run(args: &Watch, global: &Global) -> Result<Exit, Failure> {
    let mut before = None;
    loop {
        let (exit, after) = watch(args, global, before)?;
        if after.is_none() {
            return Ok(exit);
        }
        before = after;
    }
}

/// One run, after another one or none; gives the keys for the run that is to follow.
fn watch(
    args: &Watch,
    global: &Global,
    before: Option<Arc<Ring>>,
) -> Result<(Exit, Option<Arc<Ring>>), Failure> {
    if args.output.fields.as_deref() == Some("help") {
        return Ok((decode::list_fields()?, None));
    }
    let mut sampling = args.sampling.clone();
    let mut services = args.services.clone();
    let mut run = Run {
        inputs: args.sources.clone(),
        keys: args.keys.clone(),
        input: args.input.clone(),
        source: args.source.clone(),
        output: args.output.clone(),
        derive: args.services.derive.clone(),
        store: Default::default(),
    };
    let typed = run.clone();
    let config = Config::find(global)?;
    if let Some(config) = &config {
        config.fill(&mut Settings {
            run: &mut run,
            sampling: &mut sampling,
            services: &mut services,
        });
    }
    run.output.merge = !run.output.no_merge;
    let mut named = sources(&run.inputs, config.as_ref())?;
    inputs::with_speed_found(&mut named, &run.source);
    if before.is_some() {
        // The file is that of the run before.
        (run.output.append, run.output.force) = (run.output.file().is_some(), false);
    }
    let reload = Reload {
        run: &typed,
        global,
        config,
        named: named.clone(),
        before,
        after: OnceCell::new(),
    };
    let rotation = sampling.rotate.unwrap_or_default();
    let sampling = Sampling {
        every: sampling.every,
        on_change: sampling.on_change,
        last: run.input.last,
    };
    let asked = run.output.format().is_some() || run.output.out.is_some();
    let on_screen = !asked && sampling == Sampling::default() && Terminal::is_there();
    let mut talk = global.clone();
    // A screen has a line for what else is only said when asked for: that a service is well.
    talk.verbose = talk.verbose.max(u8::from(on_screen));
    let past = match &services.store.store {
        Some(path) if on_screen || services.metrics.metrics.is_some() => store::past(path)?,
        _ => Vec::new(),
    };
    let publishing = Publishing {
        run: &run,
        sampling,
        zone: decode::zone(&run.input)?,
        past: &past,
        global: &talk,
    };
    let deriving = Deriving::open(&run.derive, &named, Keep::Always)?;
    let extent = decode::extent(deriving.as_ref());
    let lines = service_lines(&services);
    let services = services::open(&services, &named, &publishing, extent)?;
    let options = OutputOptions {
        // Whoever publishes without a screen did not ask for tables.
        silent: !services.is_empty() && !asked,
        sampling,
        extent,
        durable: true,
        rotation,
        ..OutputOptions::default()
    };
    let beside = Beside { deriving, services };
    if on_screen {
        let known = Known {
            services: lines,
            past,
        };
        let exit = screen::run(&run, &named, beside, known, global, &reload)?;
        return Ok((exit, reload.after.into_inner()));
    }
    // What the page knows of it is its own.
    drop(past);
    let format = run.output.format().unwrap_or(Format::Table);
    if matches!(format, Format::Parquet | Format::Arrow) {
        let what = "watch writes neither Parquet nor Arrow: their rows are written by the thousand";
        return Err(Failure::new(Exit::Usage, what)
            .hint("record with smarty capture, then smarty parse --format parquet -o FILE"));
    }
    let exit = decode::stream(&run, &named, beside, global, format, options, Some(&reload))?;
    Ok((exit, reload.after.into_inner()))
}

/// The services that are asked for, as they have a line on the screen.
fn service_lines(args: &ServiceArgs) -> Vec<Service> {
    let mut lines = Vec::new();
    if let Some(broker) = services::mqtt::broker(&args.mqtt) {
        lines.push(Service {
            name: "MQTT",
            state: format!("{broker}: connecting"),
            says: vec![broker],
        });
    }
    if !args.forward.forward.is_empty() {
        let places = args.forward.forward.iter().map(ToString::to_string);
        lines.push(Service {
            name: "FORWARD",
            state: places.collect::<Vec<_>>().join(", "),
            says: vec!["forwarding:".to_owned(), "telegrams ".to_owned()],
        });
    }
    if let Some(listen) = &args.metrics.metrics {
        lines.push(Service {
            name: "PAGE",
            state: listen.to_string(),
            says: ["metrics:", "numbers for Prometheus", "a page for browsers"]
                .map(str::to_owned)
                .to_vec(),
        });
    }
    let hooks = args.hooks.more.len() + usize::from(args.hooks.when.is_some());
    if hooks > 0 {
        lines.push(Service {
            name: "HOOKS",
            state: count(hooks as u64, "condition")
                .verb("is watched", "are watched")
                .to_string(),
            says: vec!["hook ".to_owned(), "hooks ".to_owned()],
        });
    }
    if let Some(store) = &args.store.store {
        let path = store.display().to_string();
        lines.push(Service {
            name: "STORE",
            says: vec![format!("{path}: ")],
            state: path,
        });
    }
    lines
}

/// The sources of the command line, else those of `smarty.toml`, else the only port.
///
/// # Errors
/// An address that names no source.
pub fn sources(
    words: &[std::ffi::OsString],
    config: Option<&Config>,
) -> Result<Vec<Named>, Failure> {
    match config
        .map(Config::sources)
        .filter(|named| !named.is_empty())
    {
        _ if !words.is_empty() => inputs::addresses(words),
        Some(named) => Ok(named),
        None => Ok(inputs::only_port()),
    }
}
