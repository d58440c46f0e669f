//! Whether the pulses of a meter's LED and its counter add up to the same.

use std::collections::BTreeMap;

use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::span::Span;
use crate::p1::telegram::{Telegram, Value};

/// Compares the counters of meters with what their pulses add up to.
#[derive(Clone, Debug, Default)]
pub struct PulseCheck {
    pairs: BTreeMap<String, Pair>,
}

/// What is known of a meter that is heard twice, in mWh.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    /// By pulses: at the beginning, and now.
    pulses: Option<(i64, i64)>,
    /// By the counters: imported, and imported and exported.
    counters: Option<[(i64, i64); 2]>,
    told: bool,
}

impl PulseCheck {
    /// Takes a telegram of a label, of its pulses or of the meter itself.
    pub fn take(
        &mut self,
        label: &str,
        of_pulses: bool,
        telegram: &Telegram<'_>,
        span: Span,
    ) -> Option<Finding> {
        if !of_pulses && !self.pairs.contains_key(label) || self.pairs.len() >= PAIRS_MAX {
            return None;
        }
        let (imported, exported) = (energy(telegram, "import")?, energy(telegram, "export"));
        let pair = self.pairs.entry(label.to_owned()).or_default();
        if of_pulses {
            // What came before both were heard counts for none.
            let began = match pair.counters {
                Some(_) => pair.pulses.map_or(imported, |(began, _)| began),
                None => imported,
            };
            pair.pulses = Some((began, imported));
            return None;
        }
        let both = imported.saturating_add(exported.unwrap_or_default());
        let now = [imported, both];
        let before = pair.counters.unwrap_or(now.map(|value| (value, value)));
        let counters = [(before[0].0, now[0]), (before[1].0, now[1])];
        pair.counters = Some(counters);
        let by_pulses = grown(pair.pulses?);
        let by_counters = counters.map(grown);
        let disagrees = |counted: i64| {
            let most = by_pulses.max(counted);
            // The meter sends its counter some seconds late, and in whole Wh.
            most >= LEAST && by_pulses.abs_diff(counted) > (SLACK + most / 50).unsigned_abs()
        };
        // Many LEDs flash for what goes out as well.
        if pair.told || !by_counters.into_iter().all(disagrees) {
            return None;
        }
        pair.told = true;
        let watt_hours = |value: i64| (value / 1000).unsigned_abs();
        let evidence = Evidence::default()
            .with(Measure::PulseEnergy, watt_hours(by_pulses))
            .with(Measure::CounterEnergy, watt_hours(by_counters[0]));
        Some(Finding::new(Verdict::PulsesDisagree, span, 1, evidence))
    }
}

fn grown((began, now): (i64, i64)) -> i64 {
    now.saturating_sub(began)
}

/// The counter of a direction in mWh: its total, else the sum of its tariffs.
fn energy(telegram: &Telegram<'_>, direction: &str) -> Option<i64> {
    let (mut total, mut tariffs) = (None, None);
    for value in &telegram.shape().meaning.values {
        let rest = value.key.strip_prefix("active_energy_");
        let rest = rest.and_then(|rest| rest.strip_prefix(direction));
        let (Some(rest), Value::Number(number)) = (rest, telegram.value(value.item)) else {
            continue;
        };
        let milliwatt_hours = number
            .decimal()
            .and_then(|decimal| decimal.shifted(value.shift))
            .and_then(|decimal| {
                let zeros = 6u32.checked_sub(u32::from(decimal.scale))?;
                decimal.digits.checked_mul(10i64.checked_pow(zeros)?)
            });
        match (rest, milliwatt_hours) {
            ("_kwh", found) => total = found,
            (rest, Some(found)) if rest.starts_with("_tariff_") => {
                tariffs = tariffs.unwrap_or(0i64).checked_add(found);
            }
            _ => {}
        }
    }
    total.or(tariffs)
}

/// Meters that are compared, at the most.
const PAIRS_MAX: usize = 256;
/// Less than this tells nothing yet, in mWh.
const LEAST: i64 = 200_000;
/// What may be under way, in mWh.
const SLACK: i64 = 50_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::event::Event;
    use crate::p1::value::Zone;
    use std::sync::Arc;

    /// Steps: whether of the pulses, imported and exported Wh.
    fn found(steps: &[(bool, u32, u32)]) -> Vec<(u64, u64)> {
        let mut check = PulseCheck::default();
        let mut found = Vec::new();
        for &(of_pulses, imported, exported) in steps {
            let kwh = |wh: u32| format!("{:06}.{:03}", wh / 1000, wh % 1000);
            let text = format!(
                "/XXX5x\r\n\r\n1-0:1.8.0({}*kWh)\r\n1-0:2.8.0({}*kWh)\r\n!\r\n",
                kwh(imported),
                kwh(exported)
            );
            let mut decoder = Decoder::new(
                Arc::default(),
                Policy {
                    ignore_crc: true,
                    ..Policy::default()
                },
                Zone::luxembourg(),
            );
            let mut take = |event: &Event<'_>| {
                if let Event::Telegram(decoded) = event {
                    let telegram = &decoded.telegram;
                    let finding = check.take("house", of_pulses, telegram, decoded.span);
                    found.extend(finding.map(|finding| {
                        let number = |measure| finding.evidence.get(measure).unwrap();
                        (number(Measure::PulseEnergy), number(Measure::CounterEnergy))
                    }));
                }
            };
            decoder.push(text.as_bytes(), &mut take);
            decoder.finish(&mut take);
        }
        found
    }

    #[test]
    fn a_counter_and_pulses_that_disagree_are_told_once() {
        let good = [
            (true, 0, 0),
            (false, 70_000, 500),
            (true, 1000, 0),
            (false, 70_990, 500),
        ];
        assert_eq!(found(&good), []);
        let missed = [
            (true, 0, 0),
            (false, 70_000, 500),
            (true, 500, 0),
            (false, 71_000, 500),
            (true, 1000, 0),
            (false, 72_000, 500),
        ];
        assert_eq!(found(&missed), [(500, 1000)]);
    }

    #[test]
    fn an_led_that_flashes_for_both_directions_is_right() {
        let both = [
            (true, 0, 0),
            (false, 70_000, 500),
            (true, 2000, 0),
            (false, 71_000, 1500),
        ];
        assert_eq!(found(&both), []);
    }
}
