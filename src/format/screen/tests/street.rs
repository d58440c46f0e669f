//! Virtual meters and the screen that shows them, through simulated hours.

use std::sync::Arc;

use jiff::civil::date;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;

use super::super::*;
use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::derive::Deriver;
use crate::p1::event::Event;
use crate::p1::value::Zone;
use crate::simulate::virtual_meter::{Profile, Setup, VirtualMeter};

/// A street: meters on lines of their own, and the screen that shows them.
pub(super) struct MeterGroup {
    pub(super) screen: Screen,
    pub(super) houses: Vec<House>,
    pub(super) start: Timestamp,
    pub(super) second: i64,
}

pub(super) struct House {
    pub(super) label: Option<&'static str>,
    pub(super) source: &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) meter: VirtualMeter,
    pub(super) keys: Arc<Keys>,
    pub(super) decoder: Decoder,
    pub(super) silent: bool,
    pub(super) input: usize,
    /// What is computed of it.
    pub(super) deriver: Option<Deriver>,
}

impl MeterGroup {
    pub(super) fn new() -> Self {
        let start = date(2026, 2, 3).at(17, 40, 0, 0);
        Self {
            screen: Screen::new(),
            houses: Vec::new(),
            start: start.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp(),
            second: 0,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.start.as_second() + self.second).unwrap()
    }

    pub(super) fn house(mut self, label: &'static str, profile: Profile) -> Self {
        let number = u32::try_from(self.houses.len()).unwrap() + 1;
        let start = date(2026, 2, 3).at(18, 40, 0, 0);
        let meter = VirtualMeter::new(Setup::new(profile, number, 2026, start));
        let mut keys = Keys::default();
        let own = MeterKeys::new(
            Key::new(meter.key()),
            AuthenticationKey::new(meter.auth_key()),
        );
        if meter.is_sealed() {
            keys.insert(meter.title(), own);
        }
        let keys = Arc::new(keys);
        let source = [
            "/dev/ttyUSB0",
            "/dev/ttyUSB1",
            "tcp://10.0.0.7:2001",
            "sim:",
        ];
        let house = House {
            label: (!label.is_empty()).then_some(label),
            source: source[self.houses.len().min(3)],
            name: None,
            meter,
            keys: Arc::clone(&keys),
            decoder: Decoder::new(Arc::clone(&keys), Policy::default(), Zone::luxembourg()),
            silent: false,
            deriver: None,
            input: self.houses.len(),
        };
        let (now, context) = (self.now(), house.context());
        self.screen.link(now, &context, "opened", "115200 8N1");
        self.houses.push(house);
        self
    }

    pub(super) fn run(mut self, seconds: i64) -> Self {
        for _ in 0..seconds {
            let now = self.now();
            for house in self.houses.iter_mut() {
                if self.second % i64::from(house.meter.setup().period) == 0 {
                    house.send(now, &mut self.screen);
                }
            }
            self.second += 1;
        }
        self
    }

    pub(super) fn show(&mut self, width: u16, height: u16) -> String {
        let now = self.now();
        shown(&mut self.screen, now, width, height).join("\n")
    }

    /// Presses keys, a letter each.
    pub(super) fn press(&mut self, keys: &str) {
        let now = self.now();
        for key in keys.chars() {
            let key = match key {
                '\t' => super::super::Key::Tab,
                key => super::super::Key::Letter(key),
            };
            assert_eq!(self.screen.key(now, key), After::GoOn);
        }
    }

    /// The colours of the rows that hold some words.
    pub(super) fn colours(&mut self, width: u16, height: u16, words: &str) -> Vec<Color> {
        let now = self.now();
        let rows = shown(&mut self.screen, now, width, height);
        let buffer = self.screen.draw(now, width, height);
        let mut colours = Vec::new();
        for (y, row) in (0..).zip(&rows) {
            if row.contains(words) {
                let cells = (0..buffer.area.width).filter_map(|x| buffer.cell((x, y)));
                colours.extend(
                    cells
                        .filter(|cell| cell.symbol() != " ")
                        .map(|cell| cell.fg),
                );
            }
        }
        colours
    }
}

impl House {
    pub(super) fn context(&self) -> Context<'static> {
        Context {
            input: self.input,
            source: Source {
                kind: "serial",
                name: self.source,
                label: self.label,
            },
            meter_name: self.name,
            ..Context::default()
        }
    }

    fn send(&mut self, now: Timestamp, screen: &mut Screen) {
        let mut frame = Vec::new();
        self.meter.next_frame(&mut frame);
        if self.silent {
            return;
        }
        let context = self.context();
        let deriver = &mut self.deriver;
        self.decoder.push(&frame, |event| {
            let derived = match (deriver.as_mut(), event) {
                (Some(deriver), Event::Telegram(decoded)) => {
                    deriver.derive(&decoded.telegram, true, None)
                }
                _ => Vec::new(),
            };
            let context = Context {
                derived: &derived,
                ..context
            };
            take(screen, now, &context, event);
        });
        self.decoder
            .quiet(|event| take(screen, now, &context, event));
    }
}

pub(super) fn take(screen: &mut Screen, now: Timestamp, context: &Context<'_>, event: &Event<'_>) {
    match event {
        Event::Telegram(decoded) => screen.telegram(now, context, decoded),
        Event::Refused(refused) => screen.refused(now, context, refused),
        Event::Junk(junk) => screen.junk(now, context, junk.bytes.len() as u64),
    }
}

/// The drawing without colours; it fits its size.
pub(super) fn shown(screen: &mut Screen, now: Timestamp, width: u16, height: u16) -> Vec<String> {
    let lines = screen.draw_text(now, width, height);
    assert!(lines.len() <= usize::from(height), "{width}x{height}");
    for line in &lines {
        assert!(
            line.width() <= usize::from(width),
            "{width}x{height}: {line}"
        );
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    lines
}

pub(super) fn keyless() -> Decoder {
    let keys = Arc::new(Keys::default());
    Decoder::new(keys, Policy::default(), Zone::luxembourg())
}

pub(super) fn trio() -> MeterGroup {
    MeterGroup::new()
        .house("house", Profile::LuFull)
        .house("pv", Profile::Nl5)
        .house("heatpump", Profile::Nl22)
}
