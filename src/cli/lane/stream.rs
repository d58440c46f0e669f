//! The bytes of one source on their way: decoded, looked into, told.

mod teller;

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::words::is_said_elsewhere;
use super::{Decoding, Desk};
use crate::p1::decoder::Decoder;
use crate::p1::diagnosis::recovery::Recovery;
use crate::p1::diagnosis::{Diagnosis, Finding, Summary, Verdict};
use crate::p1::event::Event;
use crate::p1::replay::Witness;
use crate::p1::shard::Shard;
use crate::sink::context::Source;
use crate::source::Device;
use crate::source::maxsonar::{Heard, Maxsonar};
use teller::{Teller, Waiting};

/// The bytes of one source; a capture log can hold several.
pub(super) struct Stream {
    pub(super) label: Option<String>,
    pub(super) reader: Reader,
    /// Offsets from which on bytes were received at a time.
    times: VecDeque<(u64, Timestamp)>,
    pub(super) pushed: u64,
    waiting: Waiting,
}

/// What makes events of bytes.
pub(super) enum Reader {
    Meter(Box<Meter>),
    Sensor(Maxsonar),
}

/// A meter is decoded, and what does not decode is looked into.
pub(super) struct Meter {
    pub(super) decoder: Decoder,
    pub(super) diagnosis: Diagnosis,
    pub(super) recovery: Recovery,
    pub(super) witness: Witness,
    /// Something came that is not left to another shard.
    own: bool,
}

/// What a stream takes.
#[derive(Clone, Copy)]
pub(super) enum Turn<'a> {
    Bytes(&'a [u8], Option<Timestamp>),
    Silence,
    Lost,
    End,
    Cut,
    /// No more is wanted; what follows is not known.
    Enough,
    /// No more is read, though there is more; what was read is judged.
    Left,
}

/// What events are told with.
#[derive(Clone, Copy)]
pub(super) struct Front<'a> {
    /// A frame whose counter does not grow is a replay.
    pub(super) heard: bool,
    /// What is heard of meters is remembered.
    pub(super) remembers: bool,
    pub(super) lane: usize,
    /// Its label is that of streams that have none of their own.
    pub(super) source: Source<'a>,
    /// The part of all meters that is told of.
    pub(super) shard: Option<Shard>,
}

/// What was told of.
#[derive(Default)]
pub(super) struct Told {
    /// So many frames, good or not.
    pub(super) frames: u64,
    /// What is wrong.
    pub(super) found: bool,
}

impl Reader {
    pub(super) fn new(device: Device, decoding: &Decoding) -> Self {
        let Decoding {
            keys,
            policy,
            shard,
            zone,
            repair,
            before,
            live_pipes: _,
        } = decoding.clone();
        let before = before.unwrap_or_default();
        match device {
            Device::P1 => {
                let mut meter = Meter {
                    diagnosis: Diagnosis::new(Arc::clone(&keys)),
                    recovery: Recovery::new(Arc::clone(&keys), zone.clone(), repair),
                    witness: Witness::new(Arc::clone(&keys), Arc::clone(&before)),
                    own: shard.is_none(),
                    decoder: Decoder::new(keys, policy, zone).only(shard),
                };
                for (title, _) in before.iter().filter(|(_, record)| record.has_tag()) {
                    meter.decoder.authenticated(*title);
                    meter.recovery.authenticated(*title);
                }
                Self::Meter(Box::new(meter))
            }
            Device::Maxsonar => Self::Sensor(Maxsonar::default()),
        }
    }
}

impl Stream {
    pub(super) fn new(label: Option<String>, reader: Reader) -> Self {
        Self {
            label,
            reader,
            times: VecDeque::new(),
            pushed: 0,
            waiting: Waiting::default(),
        }
    }

    /// Takes bytes, a silence or the end.
    pub(super) fn turn(&mut self, turn: Turn<'_>, front: Front<'_>, desk: &mut dyn Desk) -> Told {
        let Stream {
            label,
            reader,
            times,
            pushed,
            waiting,
        } = self;
        if let Turn::Bytes(bytes, at) = turn {
            if let Some(at) = at {
                times.push_back((*pushed, at));
            }
            *pushed += bytes.len() as u64;
        }
        let mut front = front;
        front.source.label = label.as_deref().or(front.source.label);
        let Front { lane, source, .. } = front;
        let mut told = Told::default();
        match reader {
            Reader::Meter(meter) => {
                let Meter {
                    decoder,
                    diagnosis,
                    recovery,
                    witness,
                    own,
                } = &mut **meter;
                let mut teller = Teller {
                    front,
                    times,
                    waiting,
                    witness,
                    frames: 0,
                    desk,
                };
                let mut tell = |event: &Event<'_>| {
                    teller.frames += u64::from(!matches!(event, Event::Junk(_)));
                    // Another process decodes it, and tells what is wrong with it.
                    if front.others(event) {
                        return;
                    }
                    *own = true;
                    // Behind a good frame nothing more is to be expected of what was before it.
                    if recovery.repairs() && matches!(event, Event::Telegram(_)) {
                        teller.settle(recovery, true);
                    }
                    teller.vet(event, |teller, event| {
                        diagnosis.event(event);
                        recovery.event(event);
                        match (recovery.repairs(), event) {
                            (true, Event::Refused(_) | Event::Junk(_)) => teller.keep(event),
                            _ => teller.say(event),
                        }
                    });
                    if recovery.is_full() {
                        teller.settle(recovery, false);
                    }
                };
                match turn {
                    Turn::Bytes(bytes, _) => decoder.push(bytes, &mut tell),
                    Turn::Silence => decoder.quiet(&mut tell),
                    Turn::Lost => decoder.lost(&mut tell),
                    Turn::End | Turn::Cut => decoder.finish(&mut tell),
                    Turn::Enough | Turn::Left => {}
                }
                if !matches!(turn, Turn::Bytes(..) | Turn::Enough) {
                    teller.settle(recovery, true);
                }
                told.frames += teller.frames;
                match turn {
                    Turn::Bytes(bytes, at) => {
                        diagnosis.bytes(bytes, *pushed);
                        if let Some(at) = at {
                            diagnosis.host_time(at.as_second());
                        }
                    }
                    Turn::Silence | Turn::Lost => diagnosis.quiet(SILENCE_MS),
                    Turn::End | Turn::Left if *own => diagnosis.finish(),
                    Turn::End | Turn::Cut | Turn::Enough | Turn::Left => {}
                }
                let stored = matches!(source.kind, "file" | "stdin");
                let mut summary = diagnosis.summary();
                for finding in diagnosis.take_findings() {
                    if stored && is_of_links_only(&finding, &mut summary) {
                        continue;
                    }
                    told.found |= !is_said_elsewhere(&finding, source);
                    desk.finding(lane, source, &finding);
                }
                for finding in diagnosis.take_grown() {
                    if !stored || !is_of_links_only(&finding, &mut summary) {
                        desk.grown(lane, source, &finding);
                    }
                }
                match turn {
                    Turn::Bytes(..) => {}
                    Turn::Silence if diagnosis.is_waiting() => {}
                    _ => desk.settled(lane, source),
                }
                if let Turn::End | Turn::Enough | Turn::Left = turn {
                    desk.ended(lane, source, &summary);
                }
                forget(times, decoder.offset());
            }
            Reader::Sensor(sensor) => {
                let tell = |heard: Heard<'_>| match heard {
                    Heard::Level(level) => {
                        told.frames += 1;
                        desk.level(lane, source, &level);
                    }
                    Heard::Wrong(junk) => {
                        let event = Event::Junk(junk);
                        desk.event(lane, source, time_of(times, &event), &event);
                    }
                };
                match turn {
                    Turn::Bytes(bytes, at) => sensor.push(bytes, at, tell),
                    Turn::Silence | Turn::Lost | Turn::End | Turn::Cut => sensor.quiet(tell),
                    Turn::Enough | Turn::Left => {}
                }
                forget(times, sensor.offset());
            }
        }
        told
    }
}

impl Front<'_> {
    fn others(&self, event: &Event<'_>) -> bool {
        self.shard.is_some_and(|shard| !shard.takes(event))
    }
}

/// Tells whether a finding says something of a link, and of a file only that somebody chose what is in it.
fn is_of_links_only(finding: &Finding, summary: &mut Summary) -> bool {
    match finding.verdict {
        Verdict::PeriodLong | Verdict::PeriodShort => true,
        // An archive of every so many telegrams misses some before nearly each.
        Verdict::Missed if 2 * finding.count as u64 > summary.good => {
            summary.missed = 0;
            true
        }
        _ => false,
    }
}

/// When the first byte of an event was received.
fn time_of(times: &VecDeque<(u64, Timestamp)>, event: &Event<'_>) -> Option<Timestamp> {
    let start = event.span().start;
    let behind = times.partition_point(|(offset, _)| *offset <= start);
    times.get(behind.checked_sub(1)?).map(|(_, at)| *at)
}

/// Drops times of bytes that are in an event already.
fn forget(times: &mut VecDeque<(u64, Timestamp)>, offset: u64) {
    while times.get(1).is_some_and(|(next, _)| *next <= offset) {
        times.pop_front();
    }
}

/// How long the line was silent where a silence is told of, in milliseconds.
const SILENCE_MS: u64 = 1000;
