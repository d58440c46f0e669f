//! `smarty report`: what meters counted, by periods.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::cli::args::{Format, Global, PeriodFormat, Report};
use crate::cli::commands::decode::{self, Beside, zone};
use crate::cli::config::Config;
use crate::cli::inputs::{self, Named};
use crate::cli::output::archive;
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::cli::output::{OutputOptions, existing, terminal_width};
use crate::format::columnar::{self, Container};
use crate::format::report::html::{self, Sheet};
use crate::format::report::{Account, Accounts, Stated, csv, json, levels_json, table};
use crate::p1::count::count;
use crate::p1::period::{By, Wanted};
use crate::p1::value::Zone;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::source::Place;
use crate::source::database::Database;
use crate::store::out::OutFile;

/// Reads the inputs to their end and prints what the meters counted.
///
/// # Errors
/// What ends the run as a whole; an input that cannot be read ends only itself.
pub fn run(args: &Report, global: &Global) -> Result<Exit, Failure> {
    let mut run = args.run();
    let config = Config::find(global)?;
    if let Some(config) = &config {
        config.fill_keys(&mut run);
    }
    let named = inputs::named_or_piped(&run.inputs)?;
    let zone = zone(&run.input)?;
    let mut wanted = wanted(args, &zone)?;
    if let Some(config) = &config
        && let Some((prices, reference)) = config.prices(&zone)?
    {
        wanted.reference = wanted.reference.or(reference);
        wanted.prices = Some(prices);
    }
    let existing = existing(args.force, false);
    let format = args.format();
    let container = container(format);
    // Before a year is read: what cannot be written is an error at once.
    if let Some(container) = container {
        archive::place(container, args.out.as_deref())?;
        columnar::periods(container, &[], &zone).map_err(|fault| archive::not_to_be_had(&fault))?;
    }
    let mut writer = match &args.out {
        Some(path) => Writer::File(Box::new(OutFile::create(path, existing)?)),
        None if format == PeriodFormat::Table => Writer::Terminal,
        None => Writer::Stdout,
    };
    let mut accounts = Accounts::default();
    let (stores, named): (Vec<Named>, Vec<Named>) = named.into_iter().partition(is_store);
    for store in &stores {
        take_store(&mut accounts, store, &decode::meters(&run.input.meter)?)?;
    }
    let accounts = Rc::new(RefCell::new(accounts));
    let beside = Beside {
        services: vec![Box::new(Rc::clone(&accounts))],
        ..Beside::default()
    };
    let options = OutputOptions {
        silent: true,
        ..OutputOptions::default()
    };
    let exit = match named.is_empty() {
        true => Exit::Success,
        false => decode::stream(&run, &named, beside, global, Format::Table, options, None)?,
    };
    let accounts = accounts.take();
    if accounts.is_full() {
        let what = "the recordings hold more quarters of an hour than can be summed up at once";
        return Err(Failure::new(Exit::Usage, what)
            .hint("choose a meter with --meter, or give fewer recordings"));
    }
    let timeless = accounts.timeless();
    if timeless > 0 && !global.quiet {
        let what = format!(
            "{} left out: the meter sends no time",
            count(timeless, "telegram")
        );
        let hint = "a log (capture --format log) has the time at which each came";
        say(Level::Warning, &what, Some(hint));
    }
    let stated = match format {
        // Of quarters the page shows energy alone: what is measured of a year of them would take most of the memory.
        PeriodFormat::Html => {
            let wanted = Wanted {
                measured: false,
                ..wanted.clone()
            };
            by(&accounts, &wanted, By::Quarter)
        }
        _ => accounts.statements(&wanted),
    };
    let alone = accounts.alone();
    if let (Some(id), false) = (alone.first(), stated.is_empty() || global.quiet) {
        let what = match alone.len() {
            1 => format!("{id} is left out: of it there is one telegram alone"),
            more => format!("{more} meters are left out: of each there is one telegram alone"),
        };
        say(Level::Warning, &what, Some(TWO));
    }
    if stated.is_empty() && exit == Exit::Success {
        if !alone.is_empty() {
            let what = "there is one telegram alone, and what was used lies between two";
            return Err(Failure::new(Exit::NoTelegram, what).hint(TWO));
        }
        let what = match timeless {
            0 => "no telegram lies in the time asked for",
            _ => "no telegram has a time",
        };
        return Err(Failure::new(Exit::NoTelegram, what));
    }
    if !global.quiet && !matches!(format, PeriodFormat::Html | PeriodFormat::Table) {
        // The others have no place for it.
        for one in &stated {
            for note in one.statement.notes.iter().take(NOTES) {
                let what = format!("{}: {}", one.id, table::words(note, &zone));
                say(Level::Note, &what, None);
            }
        }
    }
    let out = match format {
        PeriodFormat::Html => page(&accounts, &stated, &wanted).into_bytes(),
        _ => {
            // What is written takes as much again.
            drop(accounts);
            formatted(args, &stated, &zone)?
        }
    };
    match writer.write(&out) {
        Ok(()) => writer.finish()?,
        Err(WriteEnd::ReaderGone) => {}
        Err(WriteEnd::Failed(failure)) => return Err(failure),
    }
    Ok(exit)
}

/// Tells whether an input is a store.
fn is_store(named: &Named) -> bool {
    match &named.address.place {
        Place::Path(path) => Database::is_one(path),
        _ => false,
    }
}

/// Takes all periods of a store; of some meters, where these are asked for.
fn take_store(accounts: &mut Accounts, named: &Named, wanted: &[String]) -> Result<(), Failure> {
    let path = named.address.place.to_string();
    let taken = Database::open(Path::new(&path)).and_then(|store| {
        store.periods(&mut |meter, stored| {
            let is_wanted = wanted.is_empty() || wanted.contains(&meter.name);
            if !is_wanted || accounts.is_full() {
                return;
            }
            let label = named.address.label.as_deref();
            let ledger = accounts.account(&meter.name, label.or(meter.label.as_deref()));
            stored.put_into(ledger);
        })
    });
    taken.map_err(Failure::from)
}

/// The statements by periods of a length of their own.
fn by(accounts: &Accounts, wanted: &Wanted, by: By) -> Vec<Stated> {
    accounts.statements(&Wanted {
        by: Some(by),
        ..wanted.clone()
    })
}

/// A page of all meters, by quarters and all longer periods that it shows.
fn page(accounts: &Accounts, quarters: &[Stated], wanted: &Wanted) -> String {
    let hours = by(accounts, wanted, By::Hour);
    let days = by(accounts, wanted, By::Day);
    let months = by(accounts, wanted, By::Month);
    let longer = hours.iter().zip(&days).zip(&months);
    // Days and months are there anyway.
    let own = wanted.by.filter(|by| !matches!(by, By::Day | By::Month));
    let own = own.map(|_| accounts.statements(wanted)).unwrap_or_default();
    let sheets = quarters.iter().zip(longer).enumerate();
    let sheets = sheets.map(|(at, (quarters, ((hours, days), months)))| Sheet {
        quarters: quarters.account(),
        hours: &hours.statement,
        days: &days.statement,
        months: &months.statement,
        own: own.get(at).map(|own| &own.statement),
    });
    let sheets: Vec<_> = sheets.collect();
    html::page(
        &sheets,
        accounts.findings(),
        accounts.refused(),
        &wanted.zone,
    )
}

fn formatted(args: &Report, stated: &[Stated], zone: &Zone) -> Result<Vec<u8>, Failure> {
    let accounts: Vec<Account<'_>> = stated.iter().map(Stated::account).collect();
    let format = args.format();
    if let Some(container) = container(format) {
        let made = columnar::periods(container, &accounts, zone);
        return made.map_err(|fault| Failure::new(Exit::Io, fault.to_string()));
    }
    let width = terminal_width().filter(|_| args.out.is_none());
    let mut out = Vec::new();
    if format == PeriodFormat::Csv {
        csv(&mut out, &accounts, zone);
        return Ok(out);
    }
    for (at, account) in accounts.iter().enumerate() {
        match format {
            PeriodFormat::Json => {
                json(&mut out, account, zone);
                levels_json(&mut out, account, zone);
            }
            _ => {
                out.extend_from_slice(if at > 0 { b"\n" } else { b"" });
                table::write(&mut out, account, zone, width);
            }
        }
    }
    Ok(out)
}

/// How the table of a format is written down; none where it is no table of columns.
fn container(format: PeriodFormat) -> Option<Container> {
    match format {
        PeriodFormat::Parquet => Some(Container::Parquet),
        PeriodFormat::Arrow => Some(Container::Arrow),
        _ => None,
    }
}

fn wanted(args: &Report, zone: &Zone) -> Result<Wanted, Failure> {
    let periods = &args.periods;
    let bound = |name: &str, given: &Option<String>| {
        let given = given.as_deref();
        given.map(|text| second(name, text, zone)).transpose()
    };
    let (from, to) = (bound("--from", &periods.from)?, bound("--to", &periods.to)?);
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Failure::new(Exit::Usage, "--from is not before --to"));
    }
    Ok(Wanted {
        by: periods.by,
        from,
        to,
        reference: periods.reference_power,
        ..Wanted::new(zone.clone(), Timestamp::now().as_second())
    })
}

/// Reads a time: with an offset, or by the clock on the wall; a date is its midnight.
fn second(name: &str, text: &str, zone: &Zone) -> Result<i64, Failure> {
    let form = |_| {
        Failure::new(Exit::Usage, format!("{name}: {text:?} is no time"))
            .hint("as 2026-01-01 or 2026-01-01T06:15")
    };
    let second = match text.parse::<Timestamp>() {
        Ok(at) => at.as_second(),
        Err(_) => {
            let civil: DateTime = text.parse().map_err(form)?;
            let at = zone.rules().to_ambiguous_timestamp(civil);
            at.compatible().map_err(form)?.as_second()
        }
    };
    if second.rem_euclid(900) != 0 {
        let what = format!("{name}: {text} is no whole quarter of an hour");
        return Err(Failure::new(Exit::Usage, what)
            .hint("the shortest periods are quarters: :00, :15, :30 or :45"));
    }
    Ok(second)
}

/// What does not fit, of a meter, as far as it is said beside the data.
const NOTES: usize = 20;
/// What to do where there is but one telegram.
const TWO: &str = "give a longer recording, or several of them";
