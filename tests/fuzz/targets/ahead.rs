//! Decoding ahead: a file cut into runs, each decoded apart and taken over where it may be, says what one decoder says.

use std::collections::VecDeque;

use smarty::cli::runs::{Cutter, Run};
use smarty::p1::decoder::{Decoder, Standing, Stretch};
use smarty::p1::event::Event;

use super::decoder::{Said, say};
use super::zone;

/// Decodes a stream in runs of up to `size` bytes, `depth` of which are under way at once, and whole. It comes three
/// times in a row: nothing is taken over before the shapes of its telegrams are known.
pub fn changes_nothing(fresh: &Decoder, bytes: &[u8], size: usize, depth: usize) {
    let stream = bytes.repeat(3);
    let whole = super::decoder::decode(fresh, &stream, &[0, stream.len()], None);
    let ahead = decode(fresh, &stream, size, depth);
    assert_eq!(ahead, whole, "{depth} runs of {size} at once");
}

fn decode(fresh: &Decoder, bytes: &[u8], size: usize, depth: usize) -> Vec<Said> {
    let mut ahead = Ahead {
        stream: bytes,
        decoder: fresh.clone(),
        pending: VecDeque::new(),
        next: None,
        said: Vec::new(),
    };
    let mut cutter = Cutter::new(size);
    let mut rest = bytes;
    let mut read = |room: &mut [u8]| {
        let (now, later) = rest.split_at(room.len().min(rest.len()));
        room[..now.len()].copy_from_slice(now);
        rest = later;
        now.len()
    };
    while let Some(run) = cutter.next(Vec::new(), &mut read) {
        ahead.give(run);
        if ahead.pending.len() >= depth {
            ahead.take_over();
        }
    }
    ahead.settle();
    let Ahead {
        mut decoder,
        mut said,
        ..
    } = ahead;
    decoder.finish(|event| said.push(say(bytes, event)));
    said
}

/// Runs on their way.
struct Ahead<'a> {
    stream: &'a [u8],
    decoder: Decoder,
    pending: VecDeque<(Vec<u8>, Option<Found>)>,
    /// Where the next run stands, if all under way verify.
    next: Option<Standing>,
    said: Vec<Said>,
}

/// A run that was decoded apart, and what was said of it then.
struct Found {
    stretch: Stretch,
    said: Vec<Said>,
}

impl Ahead<'_> {
    fn give(&mut self, run: Run) {
        let here = self.decoder.standing().filter(|_| run.frames > 0);
        let Some(here) = here else {
            self.settle();
            return self.push(&run.bytes);
        };
        let standing = match self.next.take() {
            Some(next) if !self.pending.is_empty() => next,
            _ => here,
        };
        self.next = run.last.map(|last| standing.behind(run.bytes.len(), last));
        let decoder = self.decoder.elsewhere(&standing);
        let mut said = Vec::new();
        let stretch = Stretch::decode(decoder, &run.bytes, Vec::new(), |decoded| {
            said.push(say(self.stream, &Event::Telegram(decoded.clone())));
        });
        let found = stretch.map(|stretch| Found { stretch, said });
        self.pending.push_back((run.bytes, found));
    }

    fn take_over(&mut self) {
        let Some((bytes, found)) = self.pending.pop_front() else {
            return;
        };
        // Those behind a run that is merely damaged may still be taken over.
        let damaged = found
            .as_ref()
            .is_some_and(|found| !found.stretch.is_clean());
        match found.filter(|found| self.decoder.adopt(&found.stretch, &bytes)) {
            Some(found) => {
                let mut again = Vec::new();
                let stretch = &found.stretch;
                stretch.events(&bytes, zone(), |event| again.push(say(self.stream, event)));
                assert_eq!(again, found.said, "said again");
                self.said.extend(again);
            }
            None => {
                self.push(&bytes);
                if !damaged {
                    self.settle();
                }
            }
        }
    }

    fn settle(&mut self) {
        while !self.pending.is_empty() {
            self.take_over();
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let Self {
            stream,
            decoder,
            said,
            ..
        } = self;
        decoder.push(bytes, |event| said.push(say(stream, event)));
    }
}
