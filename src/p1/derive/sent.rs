//! What a telegram says of power and imported energy, and what follows from it alone.

use super::quarter::Sample;
use super::{NET, SURPLUS};
use crate::p1::telegram::Telegram;
use crate::p1::value::Decimal;

/// Powers and counters of a telegram.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// In total, and on the phases L1 to L3.
    powers: [Powers; 4],
    total: Option<Decimal>,
    tariffs: Option<Decimal>,
    registers: u8,
    /// The sum of the tariffs is too large for a number.
    overflown: bool,
}

/// Power at one place, kW.
#[derive(Clone, Copy, Debug, Default)]
struct Powers {
    import: Option<Decimal>,
    export: Option<Decimal>,
    net: Option<Decimal>,
}

impl Sent {
    /// Reads a telegram.
    pub(super) fn of(telegram: &Telegram<'_>) -> Self {
        let mut sent = Self::default();
        for at in &telegram.shape().meaning.values {
            let Some(name) = at.key.strip_prefix("active_") else {
                continue;
            };
            if let Some(value) = telegram.value(at.item).decimal(at.shift) {
                sent.take(name, value);
            }
        }
        sent
    }

    /// Gives net powers, then surpluses.
    pub(super) fn powers(&self, tell: &mut impl FnMut(&'static str, Decimal)) {
        for (key, powers) in NET.into_iter().zip(&self.powers) {
            if let Some(net) = powers.net() {
                tell(key, net);
            }
        }
        for (key, powers) in SURPLUS.into_iter().zip(&self.powers) {
            if let Some(surplus) = powers.net().and_then(surplus) {
                tell(key, surplus);
            }
        }
    }

    /// The counter of imported energy at the time of the telegram: its total, else the sum of its tariffs.
    pub(super) fn sample(&self, telegram: &Telegram<'_>) -> Option<Sample> {
        let time = telegram.measured_at()?;
        let (import, registers) = match self.total {
            Some(total) => (total, 0),
            None => (self.tariffs.filter(|_| !self.overflown)?, self.registers),
        };
        Sample::new(&time, import, registers)
    }

    /// Takes a value by its key without `active_`.
    fn take(&mut self, key: &str, value: Decimal) {
        if let Some(rest) = key.strip_prefix("power_") {
            let powers = &mut self.powers;
            let [total, phases @ ..] = powers;
            let (direction, place) = match rest.split_once('_') {
                Some((direction, "kw")) => (direction, Some(total)),
                Some((direction, "l1_kw")) => (direction, phases.get_mut(0)),
                Some((direction, "l2_kw")) => (direction, phases.get_mut(1)),
                Some((direction, "l3_kw")) => (direction, phases.get_mut(2)),
                _ => return,
            };
            match (direction, place) {
                ("import", Some(place)) => place.import = Some(value),
                ("export", Some(place)) => place.export = Some(value),
                ("net", Some(place)) => place.net = Some(value),
                _ => {}
            }
        } else if let Some(rest) = key.strip_prefix("energy_import_") {
            let tariff = rest.strip_prefix("tariff_");
            let tariff = tariff.and_then(|rest| rest.strip_suffix("_kwh"));
            if rest == "kwh" {
                self.total = Some(value);
            } else if tariff.is_some_and(|tariff| tariff.parse::<u8>().is_ok()) {
                let before = self.tariffs.unwrap_or_default();
                match before.checked_add(value) {
                    Some(sum) => self.tariffs = Some(sum),
                    None => self.overflown = true,
                }
                self.registers = self.registers.saturating_add(1);
            }
        }
    }
}

impl Powers {
    /// Import less export; what the meter says itself where it sends neither.
    fn net(&self) -> Option<Decimal> {
        match (self.import, self.export) {
            (Some(import), Some(export)) => import.checked_sub(export),
            (Some(import), None) => Some(import),
            (None, Some(export)) => Decimal::new(0, export.scale).checked_sub(export),
            (None, None) => self.net,
        }
    }
}

/// What goes out: nothing where power comes in.
fn surplus(net: Decimal) -> Option<Decimal> {
    Some(Decimal {
        digits: net.digits.checked_neg()?.max(0),
        ..net
    })
}
