//! A third model of the line: levels that change at points in time, and a receiver with a clock of its own.
//!
//! Times are in bits of the sender. Pauses between characters differ from one to the next, edges rise late on a
//! weak line, and the receiver samples each bit three times and takes what two of them say.

use super::foreign::Dice;

/// How bytes are sent.
#[derive(Clone, Copy)]
pub struct Sender {
    pub data_bits: u32,
    pub even_parity: bool,
    /// Most idle bits between two characters.
    pub pause: f64,
    pub inverted: bool,
    /// Rate of rising edges that come late by about a bit.
    pub slow_edges: f64,
}

pub const PLAIN_8N1: Sender = Sender {
    data_bits: 8,
    even_parity: false,
    pause: 0.0,
    inverted: false,
    slow_edges: 0.0,
};

/// How it is read.
#[derive(Clone, Copy)]
pub struct Ear {
    /// Length of a bit as read, in bits as sent.
    pub bit: f64,
    pub data_bits: u32,
    pub even_parity: bool,
    pub errors: Errors,
    /// After a low stop bit the next character may begin at once.
    pub eager: bool,
}

/// What becomes of characters whose stop or parity bit is wrong.
#[derive(Clone, Copy, PartialEq)]
pub enum Errors {
    Kept,
    Zero,
    Dropped,
}

/// Where the level changes, from an idle line on.
struct Levels {
    edges: Vec<f64>,
    first: bool,
    end: f64,
}

fn send(bytes: &[u8], how: Sender, dice: &mut Dice) -> Levels {
    let mut edges = Vec::new();
    let mut now = 40.0;
    let mut level = true;
    let to = |wanted: bool, at: f64, level: &mut bool, edges: &mut Vec<f64>, dice: &mut Dice| {
        if wanted != *level {
            let late = wanted && how.slow_edges > 0.0 && dice.share() < how.slow_edges;
            edges.push(if late {
                at + 0.7 + 0.25 * dice.share()
            } else {
                at
            });
            *level = wanted;
        }
    };
    for &byte in bytes {
        to(false, now, &mut level, &mut edges, dice);
        now += 1.0;
        for bit in 0..how.data_bits {
            to(byte >> bit & 1 == 1, now, &mut level, &mut edges, dice);
            now += 1.0;
        }
        if how.even_parity {
            let ones = (byte & ((1u16 << how.data_bits) - 1) as u8).count_ones();
            to(ones % 2 == 1, now, &mut level, &mut edges, dice);
            now += 1.0;
        }
        to(true, now, &mut level, &mut edges, dice);
        now += 1.0 + how.pause * dice.share();
    }
    // Late edges may fall behind the next ones: then the level never rose.
    let mut kept: Vec<f64> = Vec::with_capacity(edges.len());
    for edge in edges {
        match kept.last() {
            Some(&last) if last >= edge => {
                kept.pop();
            }
            _ => kept.push(edge),
        }
    }
    Levels {
        edges: kept,
        first: !how.inverted,
        end: now + 60.0,
    }
}

impl Levels {
    fn at(&self, time: f64) -> bool {
        let passed = self.edges.partition_point(|&edge| edge <= time);
        self.first ^ (passed % 2 == 1)
    }

    /// The first fall at `time` or behind it.
    fn fall(&self, time: f64) -> Option<f64> {
        let from = self.edges.partition_point(|&edge| edge < time);
        let low_after = |index: usize| self.first ^ index.is_multiple_of(2);
        (from..self.edges.len())
            .find(|&index| !low_after(index))
            .map(|index| self.edges[index])
    }
}

/// What arrives of a burst.
pub fn hear(bytes: &[u8], how: Sender, ear: Ear, dice: &mut Dice) -> Vec<u8> {
    let line = send(bytes, how, dice);
    let mut read = Vec::new();
    let mut now = 0.0;
    let phase = dice.share() / 16.0;
    while let Some(fall) = line.fall(now) {
        let start = fall + phase * ear.bit;
        let sample = |n: f64| {
            let middle = start + ear.bit * (n + 0.5);
            let ones = [-1.0, 0.0, 1.0]
                .iter()
                .filter(|&&part| line.at(middle + part * ear.bit / 16.0));
            ones.count() >= 2
        };
        if sample(0.0) {
            now = start + ear.bit * 0.6;
            continue;
        }
        let mut value = 0u8;
        for bit in 0..ear.data_bits {
            value |= u8::from(sample(f64::from(bit) + 1.0)) << bit;
        }
        let mut next = f64::from(ear.data_bits) + 1.0;
        let mut wrong = false;
        if ear.even_parity {
            wrong |= sample(next) != (value.count_ones() % 2 == 1);
            next += 1.0;
        }
        let stop = sample(next);
        wrong |= !stop;
        match (wrong, ear.errors) {
            (false, _) | (true, Errors::Kept) => read.push(value),
            (true, Errors::Zero) => read.push(0),
            (true, Errors::Dropped) => {}
        }
        now = start + ear.bit * (next + 0.55);
        if !stop && !ear.eager {
            // The line must be high before anything can begin.
            while !line.at(now) && now < line.end {
                now += ear.bit / 16.0;
            }
        } else if !stop && !line.at(now) {
            now = start + ear.bit * (next + 0.1);
            while line.at(now) && now < line.end {
                now += ear.bit / 16.0;
            }
            let edge = line.fall(now);
            if edge.is_none() {
                break;
            }
        }
        if now > line.end {
            break;
        }
    }
    read
}

#[test]
fn what_is_sent_and_read_alike_arrives() {
    let bytes: Vec<u8> = (0..=255).collect();
    let ear = Ear {
        bit: 1.01,
        data_bits: 8,
        even_parity: false,
        errors: Errors::Kept,
        eager: false,
    };
    let how = Sender {
        pause: 3.0,
        ..PLAIN_8N1
    };
    assert_eq!(hear(&bytes, how, ear, &mut Dice::new(1)), bytes);
    assert_eq!(hear(&bytes, PLAIN_8N1, ear, &mut Dice::new(1)), bytes);
}
