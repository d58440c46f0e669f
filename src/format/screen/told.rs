//! What stands below the blocks: the strongest finding of each source with what to do about it, and the last words
//! of the program.
//!
//! Findings never take turns: what is likelier stays, and only its count goes on.

use ratatui::text::Line;

use super::Screen;
use super::line::wrapped;
use super::look::{PLAIN, WARNING};
use super::playback::Mark;
use crate::format::words::{self, Depth};
use crate::observe::context::Context;
use crate::p1::diagnosis::{Finding, Verdict};

/// One thing that is said, in lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    /// What it is.
    pub(super) head: Vec<Line<'static>>,
    /// How that is known, and what to do.
    pub(super) rest: Vec<Line<'static>>,
}

/// What is said, wrapped at the width: the strongest finding of each link, or all of them.
pub(super) fn items(screen: &Screen, all: bool, width: usize) -> Vec<Item> {
    let several = screen.links.len() > 1;
    let mut items = Vec::new();
    for (index, link) in screen.links.iter().enumerate() {
        let strongest = screen.strongest(index);
        let others = link.findings.iter().filter(|finding| {
            let same = |strongest: &Finding| strongest.verdict == finding.verdict;
            all && !strongest.as_ref().is_some_and(same)
        });
        for finding in strongest.iter().chain(others) {
            let title = words::title(finding);
            let title = match several {
                true => format!("{}: {title}", link.label.as_ref().unwrap_or(&link.name)),
                false => title,
            };
            let evidence = words::evidence(finding, Depth::Plain);
            let hint = words::hint_of(finding, link.source());
            items.push(item(&title, &[&evidence, &hint], width));
        }
    }
    let notices = screen.notices.iter().map(|(what, hint)| {
        let hint = hint.as_deref().unwrap_or_default();
        item(what, &[hint], width)
    });
    items.extend(notices);
    items
}

fn item(what: &str, more: &[&str], width: usize) -> Item {
    let rest = more.iter().flat_map(|text| paragraphs(text));
    Item {
        head: paragraphs(what)
            .iter()
            .flat_map(|text| wrapped(WARNING, text, (1, 3), width))
            .collect(),
        rest: rest
            .flat_map(|text| wrapped(PLAIN, &text, (3, 3), width))
            .collect(),
    }
}

/// The text without the line ends that it has for 80 columns; alternatives begin anew.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in text.lines() {
        match all.last_mut() {
            Some(last) if !line.starts_with("or: ") => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ if line.trim().is_empty() => {}
            _ => all.push(line.trim().to_owned()),
        }
    }
    all
}

impl Screen {
    /// Takes something that diagnosis has found out, or that it shows more often than it did.
    pub fn finding(&mut self, now: jiff::Timestamp, context: &Context<'_>, finding: &Finding) {
        let index = self.link_of(now, context);
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        let same = |known: &Finding| known.verdict == finding.verdict;
        match link.findings.iter().position(same) {
            Some(index) => link.findings[index].clone_from(finding),
            None => {
                if link.findings.len() < FINDINGS {
                    link.findings.push(finding.clone());
                }
                if let Some(playback) = &mut self.playback {
                    playback.mark(Mark {
                        second: playback.second().unwrap_or(0),
                        link: index,
                        what: words::verdict_title(finding.verdict).to_owned(),
                    });
                }
            }
        }
    }

    /// Takes words of the program and what to do about them; the last two are shown.
    pub fn notice(&mut self, what: &str, hint: Option<&str>) {
        self.notices.retain(|(known, _)| known != what);
        if self.notices.len() == NOTICES {
            self.notices.remove(0);
        }
        self.notices
            .push((what.to_owned(), hint.map(str::to_owned)));
    }

    /// The strongest finding of a link, with the count of now.
    pub(super) fn strongest(&self, index: usize) -> Option<Finding> {
        let link = self.links.get(index)?;
        let meters = || {
            let all = self.meters.iter();
            all.filter(move |meter| meter.link == index)
        };
        let verified = |finding: &Finding| {
            let title = finding.evidence.title;
            let known = |meter: &super::Meter| meter.good > 0 && meter.title == title;
            title.is_none() || meters().all(|meter| meter.good == 0) || meters().any(known)
        };
        // A silent link says so itself.
        let told = || {
            link.findings
                .iter()
                .filter(|finding| finding.verdict != Verdict::Silence)
        };
        let strongest = told().min_by_key(|finding| {
            let verdict = finding.verdict;
            let line = verdict <= Verdict::Cooked;
            (
                !verified(finding),
                !verdict.explains_refusals(),
                !line,
                if line { 0 } else { usize::MAX - finding.count },
                !finding.alternatives.is_empty(),
                verdict,
            )
        })?;
        let alone = told()
            .filter(|finding| finding.verdict.explains_refusals())
            .count()
            == 1;
        let mut finding = strongest.clone();
        let is_cause = alone || finding.verdict <= Verdict::Cooked;
        if finding.verdict.explains_refusals() && is_cause {
            // It is looked for less and less often; what it does is counted all the time.
            let refused = link.refused + meters().map(|meter| meter.refused).sum::<u64>();
            finding.count = finding
                .count
                .max(usize::try_from(refused).unwrap_or(usize::MAX));
        }
        Some(finding)
    }
}

/// Findings kept for a link.
const FINDINGS: usize = 32;
/// Words of the program that are kept.
const NOTICES: usize = 2;
