//! The page as HTML: all that is known at that moment stands in it, so that it says the same without its script.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::metrics::{Meter, Numbers};
use super::Known;
use crate::format::clean::clean;
use crate::format::report::{Mean, Stated, curve, shades};
use crate::p1::period::{EXPORT_TOTAL, IMPORT_TOTAL, Row, Statement};
use crate::p1::value::Zone;

/// The style of the page and of the pictures in it.
pub(super) fn style() -> String {
    format!(
        "{}{}{}",
        include_str!("../../format/report/page.css"),
        shades(),
        include_str!("page.css")
    )
}

/// Makes the page.
pub(super) fn page(numbers: &Numbers, known: &Known, days: &[Stated], months: &[Stated]) -> String {
    let heard: BTreeSet<&str> = numbers.meters.keys().map(|(id, _)| id.as_str()).collect();
    // Of some meters only the store knows yet.
    let past: Vec<&Stated> = months
        .iter()
        .filter(|stated| !heard.contains(clean(&stated.id).as_str()))
        .take(PAST_MAX)
        .collect();
    let (days, months) = (by_id(days), by_id(months));
    let names = numbers.meters.keys().map(name);
    let names: Vec<String> = names.chain(past.iter().map(|past| called(past))).collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "smarty" }
                link rel="stylesheet" href="page.css";
                link rel="icon" href="icon.svg" type="image/svg+xml";
                link rel="apple-touch-icon" href="icon.svg";
                link rel="manifest" href="manifest.webmanifest";
                script src="page.js" defer {}
            }
            body {
                header {
                    h1 { "smarty" }
                    @if names.len() > 1 {
                        nav aria-label="Meters" {
                            @for (at, name) in names.iter().enumerate() {
                                a href={ "#meter-" (at) } aria-current=[(at == 0).then_some("true")] { (name) }
                            }
                        }
                    }
                }
                main {
                    @if numbers.meters.is_empty() {
                        p class="waiting" { "No telegram yet. A meter sends every ten seconds or each second." }
                    }
                    @for (at, (key, meter)) in numbers.meters.iter().enumerate() {
                        (section(at, key, meter, known, &days, &months))
                    }
                    @for (at, past) in (numbers.meters.len()..).zip(&past) {
                        (known_before(at, past, known, &days))
                    }
                    (findings(known))
                }
            }
        }
    }
    .into_string()
}

fn section(
    at: usize,
    key: &(String, String),
    meter: &Meter,
    known: &Known,
    days: &ById<'_>,
    months: &ById<'_>,
) -> Markup {
    let (days, months) = (days.get(&key.0).copied(), months.get(&key.0).copied());
    let means = known
        .curves
        .get(key)
        .map(|curve| curve.means())
        .unwrap_or_default();
    let age = meter.heard.instant.elapsed().as_secs();
    html! {
        section class="meter" id={ "meter-" (at) } data-meter=(clean(&key.0)) data-label=(clean(&key.1)) {
            h2 { (name(key)) }
            p class="age" data-age=(age) role="status" {
                "last telegram " span { (age) } " s ago"
            }
            dl class="figures now" {
                (figure("from the grid", "active_power_import_kw", meter))
                (figure("to the grid", "active_power_export_kw", meter))
                (today(days))
            }
            div class="slow" id={ "slow-" (at) } {
                @if !means.is_empty() {
                    figure {
                        figcaption { h3 { "Last 24 hours" } p { "mean power of each minute, kW; export below the line" } }
                        div class="picture" tabindex="0" { (picture(&means, &known.zone)) }
                    }
                }
                @if let Some(days) = days { (periods("Days", days, &known.zone)) }
                @if let Some(months) = months { (periods("Months", months, &known.zone)) }
            }
            details {
                summary { "All values" }
                table {
                    thead { tr { th scope="col" { "value" } th scope="col" { "now" } } }
                    tbody {
                        @for value in &meter.values {
                            tr { th scope="row" title=(value.words) { (value.key) } td data-key=(value.key) { (value.digits) } }
                        }
                    }
                }
            }
        }
    }
}

/// A meter of which no telegram came yet.
fn known_before(at: usize, months: &Stated, known: &Known, days: &ById<'_>) -> Markup {
    let days = days.get(&clean(&months.id)).copied();
    html! {
        section class="meter" id={ "meter-" (at) } {
            h2 { (called(months)) }
            p class="age" { "no telegram yet" }
            dl class="figures now" { (today(days)) }
            @if let Some(days) = days { (periods("Days", days, &known.zone)) }
            (periods("Months", &months.statement, &known.zone))
        }
    }
}

/// Statements by the ids of meters, clean as those of the numbers are.
type ById<'a> = BTreeMap<String, &'a Statement>;

fn by_id(all: &[Stated]) -> ById<'_> {
    // Of several that look the same the first counts.
    let all = all.iter().rev();
    all.map(|stated| (clean(&stated.id), &stated.statement))
        .collect()
}

/// A large number that follows the telegrams.
fn figure(words: &str, key: &str, meter: &Meter) -> Markup {
    let Some(value) = meter.values.iter().find(|value| value.key == key) else {
        return html! {};
    };
    html! {
        div { dt { (words) } dd { span data-key=(key) { (value.digits) } small { " kW" } } }
    }
}

/// What was used today and yesterday.
fn today(days: Option<&Statement>) -> Markup {
    let Some(days) = days else {
        return html! {};
    };
    let now = Timestamp::now().as_second();
    let rows = days.rows.iter().rev();
    let is = |row: &&Row, second: i64| row.period.start <= second && second < row.period.end;
    let current = rows.clone().find(|row| is(row, now));
    let before = current.and_then(|row| rows.clone().find(|other| is(other, row.period.start - 1)));
    html! {
        @for (words, row) in [("imported today", current), ("imported yesterday", before)] {
            @if let Some(energy) = row.and_then(|row| days.energy(row, IMPORT_TOTAL)) {
                div { dt { (words) } dd { (energy) small { " kWh" } } }
            }
        }
    }
}

fn periods(title: &str, statement: &Statement, zone: &Zone) -> Markup {
    let rows = statement.rows.iter().rev().take(PERIODS_MAX);
    let amount = |row: &Row, key: &str| statement.energy(row, key).map(|value| value.to_string());
    html! {
        details open[title == "Days"] {
            summary { (title) }
            table {
                thead { tr {
                    th scope="col" { "begin" } th scope="col" { "imported, kWh" }
                    th scope="col" { "exported, kWh" } th scope="col" { "highest quarter, kW" }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" {
                                (date(row, zone))
                                @if !row.sure { " ~" }
                            }
                            td { (amount(row, IMPORT_TOTAL).unwrap_or_default()) }
                            td { (amount(row, EXPORT_TOTAL).unwrap_or_default()) }
                            td { (row.highest.map(|highest| highest.power.to_string()).unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

fn date(row: &Row, zone: &Zone) -> String {
    let clock = zone.clock(row.period.start).map(|at| at.to_string());
    let mut text = clock.unwrap_or_default();
    text.truncate("2026-01-01".len());
    text
}

fn findings(known: &Known) -> Markup {
    let found = known.accounts.findings();
    html! {
        section id="findings" class="slow" {
            h2 { "Findings" }
            @if found.is_empty() { p class="hint" { "Nothing is wrong." } }
            ul {
                @for finding in found.iter().rev().take(FINDINGS_MAX) {
                    li { (finding.what) p class="hint" { (finding.hint) } }
                }
            }
        }
    }
}

fn picture(means: &[Mean], zone: &Zone) -> Markup {
    match curve(means, zone) {
        Ok(svg) => html! { (PreEscaped(svg)) },
        Err(_) => html! {},
    }
}

fn called(stated: &Stated) -> String {
    name(&(stated.id.clone(), stated.name.clone().unwrap_or_default()))
}

fn name((id, label): &(String, String)) -> String {
    match label.is_empty() {
        true => clean(id),
        false => format!("{} ({})", clean(label), clean(id)),
    }
}

/// Days and months that are listed.
pub(super) const PERIODS_MAX: usize = 31;
/// Meters that are shown before a telegram of them came.
const PAST_MAX: usize = 64;
/// Findings that are listed.
const FINDINGS_MAX: usize = 20;
