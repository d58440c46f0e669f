//! Topics of the SmartyReader board, so that it can be replaced without touching a rule.
//!
//! ```text
//! lamsmarty/act_pwr_imported_p_plus_kW  0.005      a topic for each field, its unit behind its name
//! lamsmarty                             {"smarty_datetime":…}   one object with what the SmartyReader computes
//! ```
//! Names and units are those of the firmware 1.6 and 1.7 (`config.h`), as delivered. Numbers keep all digits that
//! the meter sends, where the SmartyReader rounds to two. Not published: its means, extremes and sums over time.

use std::borrow::Cow;

use super::values::{PublishedValue, derived};
use crate::format::number::{write_json_bytes, write_json_text};
use crate::observe::context::Context;
use crate::observe::fields::Fields;
use crate::p1::event::Decoded;
use crate::p1::layout::{Form, Line};
use crate::p1::telegram::Telegram;
use crate::p1::unit::Unit;
use crate::p1::value::{Decimal, Number, octet_text};

/// A field of the SmartyReader.
struct Field {
    code: &'static str,
    /// Its name with the unit.
    topic: &'static str,
    form: As,
}

/// How the SmartyReader writes a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    /// The number alone, in the unit of the name.
    Number,
    /// The text as sent, hexadecimal digits and all.
    Sent,
    /// The text that the hexadecimal digits hold.
    Decoded,
    /// `2026-01-15T18:30:00`, by the clock of the meter.
    Time,
}

/// A value that the SmartyReader computes from one telegram.
struct Computed {
    topic: &'static str,
    /// Code that it is of.
    of: &'static str,
    /// Code that is taken off, for surplus.
    less: Option<&'static str>,
    /// Power of ten from the value to it: 3 for kW to W.
    shift: u8,
}

/// All values of a telegram under the names of the SmartyReader, or those of the fields given.
pub fn list<'a>(
    context: &Context<'a>,
    decoded: &Decoded<'a>,
    fields: Option<&Fields>,
) -> Vec<PublishedValue<'a>> {
    let telegram = &decoded.telegram;
    let shape = telegram.shape();
    let mut listed = Vec::new();
    if fields.is_none() {
        listed.push(plain(
            "identification",
            telegram.header().as_bytes().to_vec(),
        ));
    }
    for field in FIELDS {
        let Some((index, line)) = line_of(telegram, field.code) else {
            continue;
        };
        let mut values = shape.meaning.values.iter();
        let value = values.find(|value| value.line == index);
        let key = value.map(|value| &*value.key);
        if fields.is_some_and(|fields| !fields.wants(line, key)) {
            continue;
        }
        let Some(text) = text_of(telegram, line, field.form) else {
            continue;
        };
        let mut devices = shape.meaning.devices.iter();
        listed.push(PublishedValue {
            number: field.form == As::Number,
            entry: line.entry,
            device: devices.position(|device| device.line == Some(index)),
            announced: key.is_some(),
            key: Cow::Borrowed(key.unwrap_or(field.topic)),
            ..plain(field.topic, text)
        });
    }
    if fields.is_none() {
        let computed = computed(telegram);
        listed.extend(computed.map(|(topic, text)| plain(topic, text.into_bytes())));
    }
    listed.extend(derived(context, fields));
    listed
}

/// Appends the one object of the SmartyReader.
pub fn json(out: &mut Vec<u8>, decoded: &Decoded<'_>) {
    let telegram = &decoded.telegram;
    let text = |code: &str, form: As| {
        let (_, line) = line_of(telegram, code)?;
        text_of(telegram, line, form)
    };
    out.extend_from_slice(b"{\"smarty_datetime\":");
    write_json_bytes(out, &text("0-0:1.0.0", As::Time).unwrap_or_default());
    out.extend_from_slice(b",\"smarty_id\":");
    write_json_bytes(out, &text("0-0:42.0.0", As::Decoded).unwrap_or_default());
    for (topic, number) in computed(telegram) {
        out.push(b',');
        write_json_text(out, topic);
        out.push(b':');
        out.extend_from_slice(number.as_bytes());
    }
    out.push(b'}');
}

fn plain<'a>(topic: &'static str, text: Vec<u8>) -> PublishedValue<'a> {
    PublishedValue {
        key: Cow::Borrowed(topic),
        topic: Cow::Borrowed(topic),
        text,
        number: false,
        entry: None,
        device: None,
        announced: false,
    }
}

fn line_of<'a>(telegram: &Telegram<'a>, code: &str) -> Option<(u32, &'a Line)> {
    let lines = &telegram.shape().layout.lines;
    (0u32..)
        .zip(lines)
        .find(|(_, line)| line.place.of(telegram.text()) == code.as_bytes())
}

/// What the SmartyReader makes of a line; of a gas reading the number, not the time before it.
fn text_of(telegram: &Telegram<'_>, line: &Line, form: As) -> Option<Vec<u8>> {
    let layout = &telegram.shape().layout;
    let items = layout.items_in(&line.items);
    let mut out = Vec::new();
    match form {
        As::Number => {
            let item = items.iter().find(|item| item.form == Form::Number)?;
            let unit = Unit::of_sent(item.unit.of(telegram.text()));
            let shift = unit.map_or(0, |(_, shift)| shift);
            Number::at(item.value.of(telegram.text())).write_scaled(shift, &mut out);
        }
        As::Sent => out.extend_from_slice(items.first()?.value.of(telegram.text())),
        As::Decoded => {
            let sent = items.first()?.value.of(telegram.text());
            match octet_text(sent, true) {
                Some(text) => out.extend_from_slice(text.as_bytes()),
                None => out.extend_from_slice(sent),
            }
        }
        As::Time => {
            let time = telegram.time(items.first()?)?;
            time.write(&mut out);
            // The smartyreader gives the time of the clock without its offset.
            out.truncate(LOCAL_TIME);
        }
    }
    Some(out)
}

fn computed(telegram: &Telegram<'_>) -> impl Iterator<Item = (&'static str, String)> {
    let number = |code: &str| -> Option<Decimal> {
        let (_, line) = line_of(telegram, code)?;
        let text = text_of(telegram, line, As::Number)?;
        Number::parse(&text)?.decimal()
    };
    let of = move |computed: &'static Computed| {
        let mut value = number(computed.of)?;
        if let Some(less) = computed.less {
            let less = number(less)?;
            let difference = value.checked_add(Decimal::new(-less.digits, less.scale))?;
            value = Decimal::new(difference.digits.max(0), difference.scale);
        }
        let scale = value.scale.saturating_sub(computed.shift);
        let factor = 10i64.checked_pow(u32::from(computed.shift - (value.scale - scale)))?;
        let value = Decimal::new(value.digits.checked_mul(factor)?, scale);
        Some((computed.topic, value.to_string()))
    };
    COMPUTED
        .iter()
        .filter_map(of)
        .collect::<Vec<_>>()
        .into_iter()
}

const fn number(code: &'static str, topic: &'static str) -> Field {
    Field {
        code,
        topic,
        form: As::Number,
    }
}

const fn sent(code: &'static str, topic: &'static str) -> Field {
    Field {
        code,
        topic,
        form: As::Sent,
    }
}

const fn value(topic: &'static str, of: &'static str) -> Computed {
    Computed {
        topic,
        of,
        less: None,
        shift: 0,
    }
}

const fn watts(topic: &'static str, of: &'static str) -> Computed {
    Computed {
        topic,
        of,
        less: None,
        shift: 3,
    }
}

const fn surplus(topic: &'static str, of: &'static str, less: &'static str) -> Computed {
    Computed {
        topic,
        of,
        less: Some(less),
        shift: 3,
    }
}

/// `2026-01-15T18:30:00` in letters.
const LOCAL_TIME: usize = 19;

const FIELDS: &[Field] = &[
    sent("1-3:0.2.8", "p1_version"),
    Field {
        code: "0-0:1.0.0",
        topic: "timestamp",
        form: As::Time,
    },
    Field {
        code: "0-0:42.0.0",
        topic: "equipment_id",
        form: As::Decoded,
    },
    number("1-0:1.8.0", "act_energy_imported_p_plus_kWh"),
    number("1-0:2.8.0", "act_energy_exported_p_minus_kWh"),
    number("1-0:3.8.0", "react_energy_imported_q_plus_kvarh"),
    number("1-0:4.8.0", "react_energy_exported_q_minus_kvarh"),
    number("1-0:1.7.0", "act_pwr_imported_p_plus_kW"),
    number("1-0:2.7.0", "act_pwr_exported_p_minus_kW"),
    number("1-0:3.7.0", "react_pwr_imported_q_plus_kvar"),
    number("1-0:4.7.0", "react_pwr_exported_q_minus_kvar"),
    number("0-0:17.0.0", "active_threshold_smax_kVA"),
    number("0-0:96.3.10", "breaker_ctrl_state_0"),
    number("0-0:96.7.21", "num_pwr_failures"),
    number("1-0:32.32.0", "num_volt_sags_l1"),
    number("1-0:52.32.0", "num_volt_sags_l2"),
    number("1-0:72.32.0", "num_volt_sags_l3"),
    number("1-0:32.36.0", "num_volt_swells_l1"),
    number("1-0:52.36.0", "num_volt_swells_l2"),
    number("1-0:72.36.0", "num_volt_swells_l3"),
    sent("0-0:96.13.0", "msg_long_e_meter"),
    sent("0-0:96.13.2", "msg_long_ch2"),
    sent("0-0:96.13.3", "msg_long_ch3"),
    sent("0-0:96.13.4", "msg_long_ch4"),
    sent("0-0:96.13.5", "msg_long_ch5"),
    number("1-0:31.7.0", "curr_l1_A"),
    number("1-0:51.7.0", "curr_l2_A"),
    number("1-0:71.7.0", "curr_l3_A"),
    number("1-0:21.7.0", "act_pwr_imp_p_plus_l1_kW"),
    number("1-0:41.7.0", "act_pwr_imp_p_plus_l2_kW"),
    number("1-0:61.7.0", "act_pwr_imp_p_plus_l3_kW"),
    number("1-0:22.7.0", "act_pwr_exp_p_minus_l1_kW"),
    number("1-0:42.7.0", "act_pwr_exp_p_minus_l2_kW"),
    number("1-0:62.7.0", "act_pwr_exp_p_minus_l3_kW"),
    number("1-0:23.7.0", "react_pwr_imp_q_plus_l1_kvar"),
    number("1-0:43.7.0", "react_pwr_imp_q_plus_l2_kvar"),
    number("1-0:63.7.0", "react_pwr_imp_q_plus_l3_kvar"),
    number("1-0:24.7.0", "react_pwr_exp_q_minus_l1_kvar"),
    number("1-0:44.7.0", "react_pwr_exp_q_minus_l2_kvar"),
    number("1-0:64.7.0", "react_pwr_exp_q_minus_l3_kvar"),
    number("1-0:10.7.0", "apparent_export_pwr_kVA"),
    number("1-0:9.7.0", "apparent_import_pwr_kVA"),
    number("0-1:96.3.10", "breaker_ctrl_state_1"),
    number("0-2:96.3.10", "breaker_ctrl_state_2"),
    number("1-1:31.4.0", "limiter_curr_monitor_A"),
    number("1-0:32.7.0", "volt_l1_V"),
    number("1-0:52.7.0", "volt_l2_V"),
    number("1-0:72.7.0", "volt_l3_V"),
    number("0-1:24.2.1", "gas_index_m3"),
    sent("0-1:24.4.0", "device_Type"),
    sent("0-1:24.1.0", "mbus_ch_sw_pos"),
    sent("0-1:96.1.0", "gas_meter_id_hex"),
];

const COMPUTED: &[Computed] = &[
    value("energy_consumption_calc_kWh", "1-0:1.8.0"),
    value("energy_production_calc_kWh", "1-0:2.8.0"),
    watts("power_consumption_calc_W", "1-0:1.7.0"),
    watts("power_consumption_l1_calc_W", "1-0:21.7.0"),
    watts("power_consumption_l2_calc_W", "1-0:41.7.0"),
    watts("power_consumption_l3_calc_W", "1-0:61.7.0"),
    watts("power_production_calc_W", "1-0:2.7.0"),
    watts("power_production_l1_calc_W", "1-0:22.7.0"),
    watts("power_production_l2_calc_W", "1-0:42.7.0"),
    watts("power_production_l3_calc_W", "1-0:62.7.0"),
    surplus("power_excess_solar_calc_W", "1-0:2.7.0", "1-0:1.7.0"),
    surplus("power_excess_solar_l1_calc_W", "1-0:22.7.0", "1-0:21.7.0"),
    surplus("power_excess_solar_l2_calc_W", "1-0:42.7.0", "1-0:41.7.0"),
    surplus("power_excess_solar_l3_calc_W", "1-0:62.7.0", "1-0:61.7.0"),
    value("gas_consumption_calc_m3", "0-1:24.2.1"),
];
