//! What shows only over several frames: counters, clocks, meters.

use std::sync::Arc;

use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::contents::Contents;
use crate::p1::diagnosis::encrypted::host;
use crate::p1::diagnosis::encrypted::untrusted_frame::LastGood;
use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::diagnosis::pace::Pace;
use crate::p1::diagnosis::sums::{self, Sum};
use crate::p1::event::{Decoded, Refused};
use crate::p1::layout::{FaultKind, Form};
use crate::p1::push::{Push, UnitFrom};
use crate::p1::span::Span;
use crate::p1::telegram::{SentIds, Shape};

/// Memory over the frames of a stream.
#[derive(Default)]
pub struct Stream {
    meters: Vec<Meter>,
    latest: usize,
    plain: Vec<String>,
    /// What one of them was called in the last telegram that named it.
    known: SentIds,
    shape: Option<Arc<Shape>>,
    odd: bool,
    /// Name of another meter in clear, seen once and without a CRC.
    unproven: Option<String>,
    /// Frames that were refused since the last good one.
    refused: u64,
    /// Frames that the junk since the last good one may have been.
    junk: u64,
    end: u64,
    missed: u64,
    /// Those of the missed whose bytes came as junk: their start was damaged.
    headless: u64,
    length: usize,
    /// Time of the host, in seconds since 1970, where it is known.
    host: Option<i64>,
    /// The last good text, and whose it is.
    text: Vec<u8>,
    owner: Option<SystemTitle>,
    findings: Vec<Finding>,
    changed: bool,
    contents: Contents,
    /// The meter is of a kind that sends every ten seconds.
    slow: bool,
    /// Telegrams in clear.
    clear: u64,
    clear_pace: Pace,
}

/// What is remembered of a meter that has sent good frames.
struct Meter {
    title: SystemTitle,
    counter: u32,
    length: u32,
    check: [u8; 4],
    pace: Pace,
}

impl Stream {
    /// Takes a good telegram.
    pub fn telegram(&mut self, decoded: &Decoded<'_>) {
        self.end = decoded.span.end;
        self.length = decoded.frame.len();
        let same_shape = self
            .shape
            .as_ref()
            .is_some_and(|shape| Arc::ptr_eq(shape, decoded.telegram.shape()));
        if !same_shape {
            self.new_shape(decoded);
        }
        if let Some(push) = &decoded.push {
            self.scales(decoded, push);
        }
        if sums::lacks_zeros(decoded.telegram.text(), decoded.crc) {
            let title = decoded.security.map(|security| security.title());
            let evidence = Evidence::default().of(title);
            self.find(Verdict::ShortCrc, decoded.span, evidence);
        }
        if decoded.lacks_end() {
            self.find(Verdict::NoEndLine, decoded.span, Evidence::default());
        }
        if let Some(sum) = Sum::other(decoded.crc.algorithm) {
            let title = decoded.security.map(|security| security.title());
            let evidence = Evidence::default()
                .with(Measure::Sum, sum.number())
                .with(Measure::Proven, 1)
                .of(title);
            self.find(Verdict::OtherCrc, decoded.span, evidence);
        }
        let Some(security) = decoded.security else {
            self.plain_meter(decoded);
            let follows = self.take_between() == (0, 0) && self.plain.len() <= 1;
            self.clear += 1;
            if self.clear_pace.wants(self.clear) {
                let clock = clock_of(decoded);
                let off = self.clear_pace.off(clock, self.host);
                let pace = self.clear_pace.take(clock, follows, self.slow);
                self.pace(off.or(pace), None, decoded.span);
            }
            return;
        };
        let title = security.title();
        if title == SystemTitle::NONE {
            // Nothing tells meters apart that leave their title out, nor their counters.
            self.take_between();
            return;
        }
        let counter = security.counter().0;
        let check = *decoded.frame.last_chunk().unwrap_or(&[0; 4]);
        if self
            .meters
            .get(self.latest)
            .is_none_or(|meter| meter.title != title)
        {
            match self.meters.iter().position(|meter| meter.title == title) {
                Some(index) => self.latest = index,
                None => return self.new_meter(decoded, title, counter, check),
            }
        }
        let span = decoded.span;
        let (refused, junk) = self.take_between();
        let watched = self
            .meters
            .get(self.latest)
            .is_some_and(|meter| meter.pace.wants(u64::from(counter)));
        let clock = watched.then(|| clock_of(decoded)).flatten();
        let Some(meter) = self.meters.get_mut(self.latest) else {
            return;
        };
        let last = std::mem::replace(&mut meter.counter, counter);
        let same = std::mem::replace(&mut meter.check, check) == check;
        let follows = counter.wrapping_sub(last) == 1 && refused + junk == 0;
        let off = meter.pace.off(clock, self.host);
        let pace = meter.pace.take(clock, follows, self.slow);
        meter.length = security.header.length;
        let evidence = || {
            Evidence::default()
                .of(Some(title))
                .with(Measure::Counter, u64::from(counter))
                .with(Measure::RightCounter, u64::from(last) + 1)
        };
        match counter.wrapping_sub(last) {
            1 => {}
            0 if same => {}
            0 => self.find(Verdict::RepeatedNonce, span, evidence()),
            jump if jump < JUMP_MAX => {
                let missed = u64::from(jump - 1).saturating_sub(refused);
                self.missed += missed;
                self.headless += missed.min(junk);
                // Of the others something is found out from their bytes.
                let missed = missed.saturating_sub(junk);
                if missed > 0 {
                    let evidence = evidence().with(Measure::Lost, missed);
                    self.find(Verdict::Missed, span, evidence);
                }
            }
            _ => self.find(Verdict::CounterReset, span, evidence()),
        }
        self.pace(off.or(pace), Some(title), span);
    }

    /// Takes a refused frame.
    pub fn refused(&mut self, refused: &Refused<'_>) {
        self.end = refused.span.end;
        self.refused += 1;
        match refused.header {
            Some(_) => self.contents.encrypted = true,
            None => self.contents.clear = true,
        }
    }

    /// Takes a frame that was sent before.
    pub fn replayed(&mut self, refused: &Refused<'_>) {
        self.end = refused.span.end;
        self.contents.encrypted = true;
        let Some(header) = refused.header.or(refused.inner) else {
            return;
        };
        let meter = self.meters.iter().find(|meter| meter.title == header.title);
        let mut evidence = Evidence::default()
            .of(Some(header.title))
            .with(Measure::Counter, u64::from(header.counter.0));
        if let Some(meter) = meter {
            evidence = evidence.with(Measure::RightCounter, u64::from(meter.counter) + 1);
        }
        self.find(Verdict::Replayed, refused.span, evidence);
    }

    /// Takes bytes outside of frames.
    pub fn junk(&mut self, bytes: &[u8]) {
        self.end += bytes.len() as u64;
        if bytes.len() >= FRAME_MIN {
            let length = self.length.max(FRAME_MIN);
            self.junk += ((bytes.len() + length / 2) / length).max(1) as u64;
        }
    }

    /// Takes bytes that stand for nothing of their own.
    pub fn passed(&mut self, span: Span) {
        self.end = span.end;
    }

    /// Takes the time of the host, in seconds since 1970.
    pub fn host_time(&mut self, seconds: i64) {
        self.host = Some(seconds);
    }

    /// The time of the host, in seconds since 1970, where it is known.
    pub fn host(&self) -> Option<i64> {
        self.host
    }

    /// What the meters send.
    pub fn contents(&self) -> Contents {
        self.contents
    }

    /// What good frames say of the next one.
    pub fn known(&self) -> LastGood {
        self.meters
            .get(self.latest)
            .map_or_else(LastGood::default, |meter| LastGood {
                title: Some(meter.title),
                counter: Some(meter.counter),
                length: Some(meter.length),
            })
    }

    /// Tells whether a meter has sent good frames.
    pub fn knows(&self, title: SystemTitle) -> bool {
        self.meters.iter().any(|meter| meter.title == title)
    }

    /// The meters that have sent good frames.
    pub fn titles(&self) -> impl Iterator<Item = SystemTitle> + '_ {
        self.meters.iter().map(|meter| meter.title)
    }

    /// The last good text of a meter that encrypts.
    pub fn text(&self, title: SystemTitle) -> Option<&[u8]> {
        (self.owner == Some(title)).then_some(&self.text)
    }

    /// The last good text, where it was sent in clear.
    pub fn plain_text(&self) -> Option<&[u8]> {
        (self.owner.is_none() && !self.text.is_empty()).then_some(&self.text)
    }

    /// Bytes of the last good frame.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Offset behind the last event.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Frames that were sent and never came.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Frames whose bytes came, though their start could not be read: the counter of the next one tells.
    pub fn headless(&self) -> u64 {
        self.headless
    }

    /// Tells whether the last telegram had lines that are none.
    pub fn is_odd(&self) -> bool {
        self.odd
    }

    /// Tells whether there is something new, and takes note that it was asked.
    pub fn changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// What shows over the frames so far.
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }

    /// Refused frames and junk since the last good one, which is here now.
    fn take_between(&mut self) -> (u64, u64) {
        let between = (self.refused, self.junk);
        (self.refused, self.junk) = (0, 0);
        between
    }

    fn new_meter(
        &mut self,
        decoded: &Decoded<'_>,
        title: SystemTitle,
        counter: u32,
        check: [u8; 4],
    ) {
        if let Some(first) = self.meters.first() {
            let mut evidence = Evidence::default().of(Some(first.title));
            evidence.other = Some(title);
            self.find(Verdict::TwoMeters, decoded.span, evidence);
        }
        self.take_between();
        if self.meters.len() < METERS_MAX {
            self.latest = self.meters.len();
            self.meters.push(Meter {
                title,
                counter,
                length: decoded
                    .security
                    .map_or(0, |security| security.header.length),
                check,
                pace: Pace::default(),
            });
        }
    }

    fn new_shape(&mut self, decoded: &Decoded<'_>) {
        let shape = decoded.telegram.shape();
        self.contents.note(decoded);
        let version = decoded.telegram.p1_version();
        self.slow = version.is_some_and(|version| version.starts_with(['2', '3', '4']));
        let wrong = |kind| {
            matches!(
                kind,
                FaultKind::BadLine | FaultKind::BadGroup | FaultKind::BadNumber
            )
        };
        let faults = shape.layout.faults.iter().filter(|fault| wrong(fault.kind));
        let (count, first) = (faults.clone().count(), faults.clone().next());
        self.odd = count > 0;
        if let Some(first) = first {
            let offset = match decoded.security {
                Some(security) => security.header.header_length,
                None => 0,
            };
            let place = decoded.span.start + u64::from(first.place.start) + offset as u64;
            let evidence = Evidence::default()
                .with(Measure::Seen, count as u64)
                .with(Measure::Place, place);
            self.find(Verdict::ValueFormat, decoded.span, evidence);
        }
        if decoded.crc.valid().is_none()
            && decoded.security.is_none()
            && let Some(verdict) = host::line_ends(decoded.text)
        {
            let evidence = Evidence::default().with(Measure::Seen, count as u64);
            self.find(verdict, decoded.span, evidence);
        }
        self.shape = Some(shape.clone());
        // Telegrams of one shape differ in digits only: the first says what stands where.
        self.owner = decoded.security.map(|security| security.title());
        if !self.odd || decoded.crc.valid().is_some() || decoded.security.is_some() {
            let text = decoded.text.get(..TEXT_MAX).unwrap_or(decoded.text);
            self.text.clear();
            self.text.extend_from_slice(text);
        }
    }

    /// Looks for quantities of a list whose scale is neither sent nor known; that of zero does not matter.
    fn scales(&mut self, decoded: &Decoded<'_>, push: &Push<'_>) {
        let layout = &decoded.telegram.shape().layout;
        let text = decoded.telegram.text();
        let mut lacking = layout.lines.iter().zip(push.units).filter(|(line, from)| {
            let items = layout.items_in(&line.items);
            **from == UnitFrom::Nothing
                && line.entry.is_some_and(|entry| entry.unit.is_some())
                && matches!(items, [item] if item.form == Form::Number
                    && item.unit.of(text).is_empty()
                    && item.value.of(text).iter().any(|digit| matches!(digit, b'1'..=b'9')))
        });
        let Some((first, _)) = lacking.next() else {
            return;
        };
        let mut evidence = Evidence::default()
            .of(decoded.security.map(|security| security.title()))
            .with(Measure::Seen, 1 + lacking.count() as u64)
            .with(Measure::Expected, push.units.len() as u64);
        evidence.code = Some(first.code);
        self.find(Verdict::ScaleUnknown, decoded.span, evidence);
    }

    /// Takes the name that a telegram in clear gives itself, where that is proven to be whole.
    fn plain_meter(&mut self, decoded: &Decoded<'_>) {
        if decoded.crc.valid() == Some(false)
            || decoded.crc.valid().is_none() && self.odd
            || self.plain.len() >= METERS_MAX
        {
            return;
        }
        // The one that is known sends nearly all of them.
        if self.known.are_of(&decoded.telegram) {
            return;
        }
        let Some(id) = decoded.telegram.meter_id() else {
            return;
        };
        if self.plain.iter().any(|known| *known == id) {
            self.known.take(&decoded.telegram);
        } else {
            // Without a CRC one wrong character makes another name, but hardly the same twice.
            let again = self.unproven.take().is_some_and(|known| known == id);
            if decoded.crc.valid().is_none() && !self.plain.is_empty() && !again {
                self.unproven = Some(id.into_owned());
                return;
            }
            if let Some(first) = self.plain.first() {
                let mut evidence = Evidence::default().of(SystemTitle::parse(first));
                evidence.other = SystemTitle::parse(&id);
                self.find(Verdict::TwoMeters, decoded.span, evidence);
            }
            self.plain.push(id.into_owned());
        }
    }

    fn pace(&mut self, found: Option<(Verdict, u64)>, title: Option<SystemTitle>, span: Span) {
        if let Some((verdict, seconds)) = found {
            let evidence = Evidence::default()
                .of(title)
                .with(Measure::Seconds, seconds);
            self.find(verdict, span, evidence);
        }
    }

    fn find(&mut self, verdict: Verdict, span: Span, evidence: Evidence) {
        self.changed = true;
        match self
            .findings
            .iter_mut()
            .find(|known| known.verdict == verdict)
        {
            Some(known) => known.count += 1,
            None => self.findings.push(Finding::new(verdict, span, 1, evidence)),
        }
    }
}

/// The clock of a telegram, in seconds since 1970.
pub(super) fn clock_of(decoded: &Decoded<'_>) -> Option<i64> {
    let instant = decoded.telegram.measured_at()?.instant()?;
    Some(instant.as_second())
}

/// Meters that are told apart on one line.
const METERS_MAX: usize = 8;
/// Bytes kept of a good text.
const TEXT_MAX: usize = 16 << 10;
/// A larger jump of the counter is no loss of frames.
const JUMP_MAX: u32 = 1 << 24;
/// Junk of at least so many bytes was a frame once.
const FRAME_MIN: usize = 100;
