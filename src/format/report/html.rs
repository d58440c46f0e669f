//! A report as one page that needs nothing else: pictures, and the numbers beside each.

use std::fmt::Display;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{self, Band, Bar, Mean};
use super::table::{self, long, minute};
use super::{Account, Finding, cents};
use crate::format::clean::clean;
use crate::p1::period::{EXPORT_TOTAL, Extreme, IMPORT_TOTAL, Row, Statement};
use crate::p1::value::{Decimal, Zone};

/// A meter by all the periods that the page shows.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// By quarters of an hour, at most those of the periods asked for.
    pub quarters: Account<'a>,
    /// By hours.
    pub hours: &'a Statement,
    /// By days.
    pub days: &'a Statement,
    /// By months.
    pub months: &'a Statement,
    /// By periods of the length that was asked for, where the page would not show them.
    pub own: Option<&'a Statement>,
}

/// Makes the page; `findings` are what was found out about the recordings.
pub fn page(sheets: &[Sheet<'_>], findings: &[Finding], refused: u64, zone: &Zone) -> String {
    let title = match sheets {
        [sheet] => format!("Report: {}", name(&sheet.quarters)),
        _ => format!("Report: {} meters", sheets.len()),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title) }
                style { (PreEscaped(STYLE)) (chart::shades()) }
            }
            body {
                header {
                    h1 { (title) }
                    @if sheets.len() > 1 {
                        nav {
                            @for (at, sheet) in sheets.iter().enumerate() {
                                a href={ "#meter-" (at) } { (name(&sheet.quarters)) } " "
                            }
                        }
                    }
                }
                main {
                    @for (at, sheet) in sheets.iter().enumerate() {
                        (meter(at, sheet, zone))
                    }
                    (quality(findings, refused))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

fn name(account: &Account<'_>) -> String {
    let names = [Some(clean(account.id)), account.name.map(clean)];
    names.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn meter(at: usize, sheet: &Sheet<'_>, zone: &Zone) -> Markup {
    let days = sheet.days;
    let period = days.total.period;
    let means = means(sheet.quarters.statement);
    html! {
        section id={ "meter-" (at) } {
            h2 { (name(&sheet.quarters)) }
            p class="when" { (minute(period.start, zone)) " to " (minute(period.end, zone)) }
            (figures(&days.total, days, zone))
            @if !means.is_empty() {
                (picture(
                    "Power",
                    "mean power of each quarter hour, kW; export below the line",
                    chart::curve(&thinned(&means), zone),
                    Some(zoomable(&means)),
                    &by_hour(sheet.hours, zone),
                ))
                (picture(
                    "Hours and days",
                    "imported power by hour of the day, from midnight at the top; the darker the more",
                    chart::heat(&heat(sheet.hours, zone), zone),
                    None,
                    &by_clock(sheet.hours, zone),
                ))
            }
            @if let Some(own) = sheet.own {
                (picture(
                    &format!("By {}", own.by),
                    &format!("energy of each {}, kWh; export below the line", own.by),
                    chart::bars(&bars(own), zone),
                    None,
                    &sums(own, zone),
                ))
            }
            (picture(
                "Days",
                "energy of each day, kWh; export below the line",
                chart::bars(&bars(days), zone),
                None,
                &sums(days, zone),
            ))
            @if sheet.months.rows.len() > 1 {
                (picture(
                    "Months",
                    "energy of each month, kWh; export below the line",
                    chart::bars(&bars(sheet.months), zone),
                    None,
                    &sums(sheet.months, zone),
                ))
            }
            @for phases in phases(days) {
                @let (what, unit) = phases.words(days);
                @let bands: Vec<Vec<Band>> = phases.places.iter().map(|at| band(days, *at)).collect();
                (picture(
                    &what,
                    &format!("lowest and highest of each day, {unit}"),
                    chart::band(&bands, zone),
                    phases.legend(),
                    &ranges(days, &phases.places, zone),
                ))
            }
            (picture(
                "Telegrams",
                "received on each day, and missed below the line",
                chart::bars(&heard(days), zone),
                None,
                &telegrams(days, zone),
            ))
            @if !days.levels.is_empty() {
                h3 { "What another reference power would have cost" }
                (levels(days))
            }
            @if !days.notes.is_empty() {
                h3 { "What does not fit" }
                ul { @for note in &days.notes { li { (table::words(note, zone)) } } }
            }
        }
    }
}

/// A quantity that is measured of each phase, and where the phases stand among all that is measured.
struct Phases {
    places: Vec<usize>,
}

/// Quantities that are told of, with all their phases together.
fn phases(statement: &Statement) -> Vec<Phases> {
    let mut all: Vec<(String, Phases)> = Vec::new();
    for (at, key) in statement.measured.iter().enumerate() {
        if !is_told(statement, at) {
            continue;
        }
        let quantity = PHASES
            .iter()
            .fold(key.clone(), |key, phase| key.replacen(phase, "_", 1));
        match all.iter_mut().find(|(known, _)| *known == quantity) {
            Some((_, phases)) if phases.places.len() < PHASES.len() => phases.places.push(at),
            _ => all.push((quantity, Phases { places: vec![at] })),
        }
    }
    all.into_iter().map(|(_, phases)| phases).collect()
}

impl Phases {
    /// What is measured, and its unit; the phase is named where there is one alone.
    fn words(&self, statement: &Statement) -> (String, String) {
        let key = self
            .places
            .first()
            .and_then(|at| statement.measured.get(*at));
        let (what, unit) = key.map(|key| long(key)).unwrap_or_default();
        match self.places.len() {
            ..2 => (what, unit),
            _ => (format!("{}, by phase", what.replace(" L1", "")), unit),
        }
    }

    /// Which colour is which phase.
    fn legend(&self) -> Option<Markup> {
        (self.places.len() > 1).then(|| {
            html! {
                p class="hint" {
                    @for at in 1..=self.places.len() { span class={ "key l" (at) } { "L" (at) } " " }
                }
            }
        })
    }
}

/// Tells whether what is measured was ever more than nothing: a house without panels exports nothing on any phase.
fn is_told(statement: &Statement, at: usize) -> bool {
    let range = statement.total.measured.get(at).copied().flatten();
    range.is_some_and(|(low, high)| low.digits != 0 || high.digits != 0)
}

/// The numbers that matter, large.
fn figures(total: &Row, statement: &Statement, zone: &Zone) -> Markup {
    let counted = statement.counted.iter().zip(&total.counted);
    let counted = counted.filter_map(|(key, value)| {
        let value = (*value)?;
        let (name, unit) = long(key);
        Some((name, table::amount(key, value), unit))
    });
    let extreme = |extreme: Option<Extreme>| {
        extreme.map(|extreme| (extreme.power, minute(extreme.second, zone)))
    };
    html! {
        dl class="figures" {
            @for (name, value, unit) in counted {
                div { dt { (name) } dd { (value) " " small { (unit) } } }
            }
            @if let Some((power, at)) = extreme(total.highest) {
                div { dt { "highest quarter hour" } dd { (power) " " small { "kW, " (at) } } }
            }
            @if let Some((power, at)) = extreme(total.lowest) {
                div { dt { "lowest quarter hour" } dd { (power) " " small { "kW, " (at) } } }
            }
            div {
                dt { "telegrams" }
                dd { (total.telegrams) " " small { (total.missed) " missed" } }
            }
        }
    }
}

fn levels(statement: &Statement) -> Markup {
    let currency = table::currency(statement);
    let head = [
        "reference power",
        "quarters above",
        "excess, kWh",
        "standing",
        "excess",
    ];
    html! {
        div class="picture" tabindex="0" {
            table {
                thead { tr {
                    @for cell in head { th scope="col" { (cell) } }
                    th scope="col" { (currency) }
                } }
                tbody {
                    @for level in &statement.levels {
                        tr {
                            th scope="row" { (level.power) }
                            td { (level.quarters) }
                            td { (level.excess) }
                            td { (cents(level.months)) }
                            td { (cents(level.beyond)) }
                            td { (cents(level.cost)) }
                        }
                    }
                }
            }
        }
    }
}

/// A table beside a picture.
struct Numbers {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn picture(
    title: &str,
    what: &str,
    drawn: Result<String, Box<dyn std::error::Error>>,
    zoomable: Option<Markup>,
    numbers: &Numbers,
) -> Markup {
    html! {
        figure {
            figcaption { h3 { (title) } p { (what) } }
            @match drawn {
                Ok(svg) => div class="picture" role="img" aria-label={ (title) ": " (what) "; the numbers are in the table below" } tabindex="0" {
                    (PreEscaped(svg))
                },
                Err(error) => p { "cannot be drawn: " (error) },
            }
            @if let Some(zoomable) = zoomable { (zoomable) }
            details {
                summary { "Numbers: " (title) }
                div class="picture" tabindex="0" {
                    table {
                        thead { tr { @for cell in &numbers.head { th scope="col" { (cell) } } } }
                        tbody {
                            @for row in &numbers.rows {
                                tr {
                                    @for (at, cell) in row.iter().enumerate() {
                                        @if at == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn quality(findings: &[Finding], refused: u64) -> Markup {
    html! {
        section {
            h2 { "Quality of the recording" }
            p {
                @match refused {
                    0 => "No frame was refused.",
                    1 => "One frame was refused; nothing of it is counted.",
                    _ => { (refused) " frames were refused; nothing of them is counted." },
                }
            }
            @if !findings.is_empty() {
                ul {
                    @for finding in findings {
                        li { (clean(&finding.what)) br; small { (clean(&finding.hint)) } }
                    }
                }
            }
        }
    }
}

/// What the script draws when the picture is zoomed: watts by quarters of an hour.
fn zoomable(means: &[Mean]) -> Markup {
    let start = means.first().map_or(0, |mean| mean.second);
    let watts = |power: &dyn Fn(&Mean) -> f64| {
        let all = means
            .iter()
            .map(|mean| format!("{:.0}", power(mean) * 1000.0));
        all.collect::<Vec<_>>().join(",")
    };
    let exports = means.iter().any(|mean| mean.export > 0.0);
    html! {
        div class="zoom" hidden
            data-start=(start)
            data-import=(watts(&|mean| mean.import))
            data-export=[exports.then(|| watts(&|mean| mean.export))] {
            canvas tabindex="0" aria-label="Power, to be zoomed with plus and minus and moved with the arrows" {}
            p class="hint" { "Drag to move; wheel, pinch or + and − to zoom; 0 shows all." }
        }
    }
}

fn means(statement: &Statement) -> Vec<Mean> {
    let (import, export) = (statement.place(IMPORT_TOTAL), statement.place(EXPORT_TOTAL));
    let rows = statement.rows.iter().filter(|_| import.is_some());
    let mean = |row: &Row| Mean {
        second: row.period.start,
        import: number(row, import) * 4.0,
        export: number(row, export) * 4.0,
    };
    rows.map(mean).collect()
}

/// The highest and the lowest of each column of the picture: more cannot be seen.
fn thinned(means: &[Mean]) -> Vec<Mean> {
    let each = means.len().div_ceil(COLUMNS).max(1);
    if each <= 2 {
        return means.to_vec();
    }
    let of = |chunk: &[Mean]| {
        let most = |power: fn(&Mean) -> f64| chunk.iter().map(power).fold(0.0, f64::max);
        let least = |power: fn(&Mean) -> f64| chunk.iter().map(power).fold(f64::MAX, f64::min);
        let second = chunk.first().map_or(0, |mean| mean.second);
        [
            Mean {
                second,
                import: most(|mean| mean.import),
                export: most(|mean| mean.export),
            },
            Mean {
                second,
                import: least(|mean| mean.import),
                export: least(|mean| mean.export),
            },
        ]
    };
    means.chunks(each).flat_map(of).collect()
}

fn bars(statement: &Statement) -> Vec<Bar> {
    let (import, export) = (statement.place(IMPORT_TOTAL), statement.place(EXPORT_TOTAL));
    let bar = |row: &Row| Bar {
        period: (row.period.start, row.period.end),
        up: number(row, import),
        down: number(row, export),
    };
    statement.rows.iter().map(bar).collect()
}

fn heard(statement: &Statement) -> Vec<Bar> {
    let bar = |row: &Row| Bar {
        period: (row.period.start, row.period.end),
        up: row.telegrams as f64,
        down: row.missed as f64,
    };
    statement.rows.iter().map(bar).collect()
}

fn band(statement: &Statement, at: usize) -> Vec<Band> {
    let rows = statement.rows.iter().filter_map(|row| {
        let (low, high) = row.measured.get(at).copied().flatten()?;
        Some(Band {
            period: (row.period.start, row.period.end),
            low: float(low),
            high: float(high),
        })
    });
    rows.collect()
}

/// Each hour with the midnight of its day and its number by the clock on the wall.
fn heat(hours: &Statement, zone: &Zone) -> Vec<(i64, u8, f64)> {
    let import = hours.place(IMPORT_TOTAL);
    let cells = hours.rows.iter().filter_map(|row| {
        let clock = zone.clock(row.period.start)?;
        let midnight = row.period.start - i64::from(clock.hour) * 3600;
        Some((midnight, clock.hour, number(row, import)))
    });
    cells.collect()
}

/// What the picture of power shows, by hours.
fn by_hour(hours: &Statement, zone: &Zone) -> Numbers {
    let (import, export) = (hours.place(IMPORT_TOTAL), hours.place(EXPORT_TOTAL));
    let row = |row: &Row| {
        let value = |at: Option<usize>| at.and_then(|at| row.counted.get(at).copied().flatten());
        vec![
            table::label(hours.by, row, zone),
            or_empty(value(import)),
            or_empty(value(export)),
            or_empty(row.highest.map(|highest| highest.power)),
        ]
    };
    let head = [
        "hour",
        "import, kWh",
        "export, kWh",
        "highest quarter hour, kW",
    ];
    Numbers {
        head: head.map(str::to_owned).to_vec(),
        rows: hours.rows.iter().map(row).collect(),
    }
}

/// The mean of each hour of the day over all days.
fn by_clock(hours: &Statement, zone: &Zone) -> Numbers {
    let import = hours.place(IMPORT_TOTAL);
    let mut sums = [(0i64, 0i64, 0u8); 24];
    for row in &hours.rows {
        let value = import.and_then(|at| row.counted.get(at).copied().flatten());
        let clock = zone.clock(row.period.start);
        if let (Some(value), Some(clock)) = (value, clock)
            && let Some(sum) = sums.get_mut(usize::from(clock.hour))
        {
            *sum = (sum.0.saturating_add(value.digits), sum.1 + 1, value.scale);
        }
    }
    let row = |(hour, (digits, count, scale)): (usize, &(i64, i64, u8))| {
        // Rounded half up to the last digit of the counter.
        let mean = match count {
            0 => String::new(),
            count => Decimal::new((digits + count / 2).div_euclid(*count), *scale).to_string(),
        };
        vec![format!("{hour:02}:00"), mean]
    };
    Numbers {
        head: vec!["hour".to_owned(), "mean import, kW".to_owned()],
        rows: sums.iter().enumerate().map(row).collect(),
    }
}

/// All that was counted, a row a period.
fn sums(statement: &Statement, zone: &Zone) -> Numbers {
    let mut head = vec![statement.by.to_string()];
    head.extend(statement.counted.iter().map(|key| {
        let (name, unit) = long(key);
        match unit.is_empty() {
            true => name,
            false => format!("{name}, {unit}"),
        }
    }));
    head.push("highest quarter hour, kW".to_owned());
    head.push("sure".to_owned());
    let rows = statement.rows.iter().map(|row| {
        let mut cells = vec![table::label(statement.by, row, zone)];
        let counted = statement.counted.iter().zip(&row.counted);
        cells
            .extend(counted.map(|(key, value)| {
                value.map_or(String::new(), |value| table::amount(key, value))
            }));
        cells.push(or_empty(row.highest.map(|highest| highest.power)));
        cells.push(if row.sure { "yes" } else { "no" }.to_owned());
        cells
    });
    Numbers {
        head,
        rows: rows.collect(),
    }
}

fn ranges(statement: &Statement, places: &[usize], zone: &Zone) -> Numbers {
    let row = |row: &Row| {
        let mut cells = vec![table::label(statement.by, row, zone)];
        for at in places {
            let range = row.measured.get(*at).copied().flatten();
            cells.push(or_empty(range.map(|(low, _)| low)));
            cells.push(or_empty(range.map(|(_, high)| high)));
        }
        cells
    };
    let mut head = vec!["day".to_owned()];
    for key in places.iter().filter_map(|at| statement.measured.get(*at)) {
        let (what, _) = long(key);
        head.extend([format!("{what}, lowest"), format!("{what}, highest")]);
    }
    Numbers {
        head,
        rows: statement.rows.iter().map(row).collect(),
    }
}

fn telegrams(statement: &Statement, zone: &Zone) -> Numbers {
    let row = |row: &Row| {
        vec![
            table::label(statement.by, row, zone),
            row.telegrams.to_string(),
            row.missed.to_string(),
        ]
    };
    Numbers {
        head: ["day", "received", "missed"].map(str::to_owned).to_vec(),
        rows: statement.rows.iter().map(row).collect(),
    }
}

fn or_empty(value: Option<impl Display>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

/// A value for a picture, which needs no exact numbers.
fn number(row: &Row, at: Option<usize>) -> f64 {
    let value = at.and_then(|at| row.counted.get(at).copied().flatten());
    value.map_or(0.0, float)
}

fn float(value: Decimal) -> f64 {
    value.digits as f64 / 10f64.powi(value.scale.into())
}

/// Nothing from elsewhere, nothing to elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// What stands for the phases in names.
const PHASES: [&str; 3] = ["_l1_", "_l2_", "_l3_"];
/// Columns of a picture.
const COLUMNS: usize = 900;
