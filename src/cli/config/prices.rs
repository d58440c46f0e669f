//! The table `[prices]` of `smarty.toml`: what `report` reckons with.
//!
//! ```toml
//! [prices]
//! currency = "EUR"
//! import = "0.2135"                                             # a kWh; or one of:
//! # import = { tariff_1 = "0.24", tariff_2 = "0.18" }           # counters of the meter
//! # import = { "mon-fri 06:00-22:00" = "0.24", other = "0.18" } # the clock on the wall; the narrowest holds
//! # import = { file = "spot.csv", per = "MWh", plus = "0.085" } # start,price; plus is for a kWh
//! export = "0.08"
//! standing_month = "12.50"
//! standing_day = "0.10"
//! excess = "0.1139"                                             # a kWh beyond the reference power
//! reference_power_month = { 3kW = "4.20", 7kW = "9.80" }
//! ```
//! Amounts are exact, in quotes or not.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::p1::derive::ReferencePower;
use crate::p1::period::{Hours, Price, Prices};
use crate::p1::value::{Decimal, Zone};
use crate::run::failure::{Exit, Failure};
use crate::source::error::plain;
use crate::sys::bounded;

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PricesTable {
    #[serde(default, deserialize_with = "currency")]
    currency: Option<String>,
    import: Option<Entry>,
    export: Option<Entry>,
    standing_month: Option<Amount>,
    standing_day: Option<Amount>,
    excess: Option<Amount>,
    #[serde(default, deserialize_with = "levels")]
    reference_power_month: Vec<(ReferencePower, Decimal)>,
}

/// A price of a kilowatt-hour.
#[derive(Clone, Debug)]
enum Entry {
    Price(Price),
    File {
        path: PathBuf,
        /// Digits that the point is moved by.
        shift: i8,
        plus: Decimal,
    },
}

/// An exact amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Amount(Decimal);

impl PricesTable {
    /// The prices; files are relative to a folder, and their times without an offset those of the zone.
    ///
    /// # Errors
    /// A file that cannot be read, with its line.
    pub fn prices(&self, folder: &Path, zone: &Zone) -> Result<Prices, Failure> {
        let amount = |amount: Option<Amount>| amount.map(|amount| amount.0);
        let price = |entry: &Option<Entry>| {
            let entry = entry.as_ref();
            entry.map(|entry| entry.price(folder, zone)).transpose()
        };
        Ok(Prices {
            currency: self.currency.clone().unwrap_or_else(|| "eur".to_owned()),
            import: price(&self.import)?,
            export: price(&self.export)?,
            month: amount(self.standing_month),
            day: amount(self.standing_day),
            excess: amount(self.excess),
            levels: self.reference_power_month.clone(),
        })
    }
}

impl Entry {
    fn price(&self, folder: &Path, zone: &Zone) -> Result<Price, Failure> {
        let (path, shift, plus) = match self {
            Self::Price(price) => return Ok(price.clone()),
            Self::File { path, shift, plus } => (folder.join(path), *shift, *plus),
        };
        let failure = |what: String| {
            Failure::new(Exit::Usage, format!("{}: {what}", path.display()))
                .hint("a row is a time and a price: 2026-01-01T00:00+01:00,0.0931")
        };
        let text = bounded::read_text(&path, FILE_MAX).map_err(|error| failure(plain(&error)))?;
        let mut all = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let latest = all.last_key_value().map(|(second, _)| *second);
            match row(line, latest, zone) {
                Some((second, price)) => {
                    let price = price
                        .shifted(shift)
                        .and_then(|price| price.checked_add(plus));
                    let price = price.filter(|price| price.scale <= SCALE_MAX);
                    let digits =
                        || failure(format!("line {number}: the price has too many digits"));
                    all.insert(second, price.ok_or_else(digits)?);
                }
                // The names of the columns.
                None if number == 1 => {}
                None => return Err(failure(format!("line {number} is not a time and a price"))),
            }
        }
        match all.is_empty() {
            true => Err(failure("holds no price".to_owned())),
            false => Ok(Price::List(all)),
        }
    }
}

/// A row of a list: the time and the price that begins then. The hour that comes twice is told by its order.
fn row(line: &str, latest: Option<i64>, zone: &Zone) -> Option<(i64, Decimal)> {
    let mut cells = line.split([',', ';', '\t']);
    let mut cell = || Some(cells.next()?.trim().trim_matches('"'));
    let (time, price) = (cell()?, cell()?);
    let second = match time.parse::<Timestamp>() {
        Ok(at) => at.as_second(),
        Err(_) => {
            let civil: DateTime = time.parse().ok()?;
            let at = zone.rules().to_ambiguous_timestamp(civil);
            let first = at.compatible().ok()?.as_second();
            match latest.is_some_and(|latest| first <= latest) {
                true => at.later().ok()?.as_second(),
                false => first,
            }
        }
    };
    Some((second, price.parse().ok()?))
}

fn currency<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(input)?;
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    match is_code {
        true => Ok(Some(text.to_ascii_lowercase())),
        false => Err(D::Error::custom("expected three letters, as EUR")),
    }
}

fn levels<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<(ReferencePower, Decimal)>, D::Error> {
    let all: BTreeMap<String, Amount> = BTreeMap::deserialize(input)?;
    let level = |(power, month): (String, Amount)| {
        let power = power.parse::<ReferencePower>().map_err(D::Error::custom)?;
        Ok((power, month.0))
    };
    let mut all: Vec<_> = all.into_iter().map(level).collect::<Result<_, _>>()?;
    // By power, and not by the letters of it.
    all.sort_by_key(|(power, _)| power.kilowatts().rescale(6).map(|power| power.digits));
    Ok(all)
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any;

        impl Visitor<'_> for Any {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as \"0.2135\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                let amount: Decimal = text.trim().parse().map_err(E::custom)?;
                match amount.scale <= SCALE_MAX && amount.digits.abs() < AMOUNT_MAX {
                    true => Ok(Amount(amount)),
                    false => Err(E::custom(
                        "expected an amount of up to eight digits behind the point",
                    )),
                }
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
                // The shortest digits that mean this number: those that stand in the file.
                self.visit_str(&number.to_string())
            }
        }

        input.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a price, or a table of prices")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Entry, E> {
                amount(text)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Entry, E> {
                amount(&number.to_string())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Entry, E> {
                amount(&number.to_string())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
                let table = toml::Table::deserialize(MapAccessDeserializer::new(map))?;
                of_table(&table).map_err(A::Error::custom)
            }
        }

        input.deserialize_any(Any)
    }
}

fn amount<E: Error>(text: &str) -> Result<Entry, E> {
    let of = serde::de::value::StrDeserializer::<E>::new(text);
    Amount::deserialize(of).map(|amount| Entry::Price(Price::Flat(amount.0)))
}

/// Prices by tariffs, hours, or out of a file.
fn of_table(table: &toml::Table) -> Result<Entry, String> {
    let money = |name: &str| {
        let value = table.get(name).cloned();
        let of = |value: toml::Value| Amount::deserialize(value).map(|amount| amount.0);
        value
            .map(of)
            .transpose()
            .map_err(|error| error.message().to_owned())
    };
    if let Some(file) = table.get("file") {
        let path = file.as_str().ok_or("file: expected a path")?;
        let shift = match table.get("per").map(toml::Value::as_str) {
            None | Some(Some("kWh")) => 0,
            Some(Some("MWh")) => -3,
            Some(_) => return Err("per: expected kWh or MWh".to_owned()),
        };
        if let Some(name) = table
            .keys()
            .find(|name| !matches!(name.as_str(), "file" | "per" | "plus"))
        {
            return Err(format!("beside file stand per and plus alone, not {name}"));
        }
        return Ok(Entry::File {
            path: path.into(),
            shift,
            plus: money("plus")?.unwrap_or_default(),
        });
    }
    let (mut tariffs, mut hours, mut other) = (BTreeMap::new(), Vec::new(), None);
    for name in table.keys() {
        let price = money(name)?.unwrap_or_default();
        match name.strip_prefix("tariff_") {
            Some(number) => {
                let number = number
                    .parse()
                    .map_err(|_| "expected tariff_1, tariff_2, …")?;
                tariffs.insert(number, price);
            }
            None if name == "other" => other = Some(price),
            None => {
                let one: Hours = name.parse().map_err(|error| format!("{error}"))?;
                hours.push((one, price));
            }
        }
    }
    hours.sort_by_key(|(hours, _)| hours.quarters());
    match (tariffs.is_empty(), hours.is_empty()) {
        (false, true) if other.is_none() => Ok(Entry::Price(Price::Tariffs(tariffs))),
        (true, false) => Ok(Entry::Price(Price::Hours(hours, other))),
        _ => Err("expected tariffs, or hours and other, or a file".to_owned()),
    }
}

/// Digits behind the point of an amount.
const SCALE_MAX: u8 = 8;
/// Amounts have fewer digits.
const AMOUNT_MAX: i64 = 1_000_000_000_000;
/// Bytes of a list of prices: a century of hours.
const FILE_MAX: usize = 64 << 20;
