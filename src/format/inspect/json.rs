//! The tree as an object a line.

use std::io::Write;

use super::words;
use crate::format::clean::clean;
use crate::format::json::{begin, write_instant, write_source};
use crate::format::number::write_json_text;
use crate::observe::context::Context;
use crate::p1::event::Event;
use crate::p1::inspect::{Damage, Data, Field, Node, Role, Said, Value};
use crate::p1::obis::lookup;
use crate::p1::push::unit::symbol;

/// Appends an event with its nodes, and a line end.
pub fn write(out: &mut Vec<u8>, context: &Context<'_>, event: &Event<'_>, nodes: &[Node]) {
    begin(out, "inspection", context.seq);
    out.extend_from_slice(b",\"received_at\":");
    write_instant(out, context);
    let (kind, code) = match event {
        Event::Telegram(decoded) if decoded.push.is_some() => ("push", None),
        Event::Telegram(_) => ("telegram", None),
        Event::Refused(refused) => ("refused", Some(refused.reason.code())),
        Event::Junk(_) => ("junk", None),
    };
    write_source(out, context, event.span().start, event.span().len());
    member(out, "kind", Some(kind));
    member(out, "code", code);
    out.extend_from_slice(b",\"nodes\":[");
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_node(out, node);
    }
    out.extend_from_slice(b"]}\n");
}

fn write_node(out: &mut Vec<u8>, node: &Node) {
    // Writing into memory cannot fail.
    drop(write!(
        out,
        "{{\"offset\":{},\"length\":{},\"depth\":{}",
        node.span.start,
        node.span.len(),
        node.depth
    ));
    member(out, "layer", Some(node.field.layer()));
    member(out, "field", Some(node.field.code()));
    member(out, "hex", Some(&hex::encode_upper(&node.bytes)));
    drop(write!(
        out,
        ",\"decrypted\":{},\"rest\":{}",
        node.decrypted, node.rest
    ));
    out.extend_from_slice(match node.field.is_right() {
        Some(true) => b",\"right\":true",
        Some(false) => b",\"right\":false",
        None => b",\"right\":null",
    });
    let expected = match &node.field {
        Field::Check(check) if check.sent != Some(check.right) => {
            Some(words::expected(check).replace(' ', ""))
        }
        _ => None,
    };
    member(out, "expected", expected.as_deref());
    match &node.field {
        Field::Data(data) => write_data(out, data),
        Field::Line(line) => {
            for written in line.readings.iter().take(1) {
                member(out, "obis", Some(&written.obis.to_string()));
                member(out, "name", lookup(written.obis).map(|entry| entry.name));
                // Beside a time it is the number that counts.
                let mut values = written.values.iter();
                let number = values.find(|(value, _)| matches!(value, Said::Number(_)));
                let value = number.or(written.values.first());
                write_said(out, value.map(|(value, _)| value));
                let unit = value.map(|(_, unit)| unit.as_str());
                member(out, "unit", unit.filter(|unit| !unit.is_empty()));
            }
            if let Some(issue) = line.issue {
                member(out, "issue", Some(issue));
            }
        }
        Field::Damage(damage) => write_damage(out, *damage),
        Field::Title(title) => member(out, "value", Some(&title.to_string())),
        Field::Counter(counter) => drop(write!(out, ",\"value\":{}", counter.0)),
        Field::Length(length) => drop(write!(out, ",\"value\":{length}")),
        Field::Control(control) => member(out, "value", Some(&control.to_string())),
        Field::Block { number, .. } => drop(write!(out, ",\"value\":{number}")),
        Field::Notification { invoke } => drop(write!(out, ",\"value\":{invoke}")),
        Field::Scale { power, unit } => {
            drop(write!(out, ",\"value\":{power}"));
            member(out, "unit", symbol(*unit));
        }
        Field::Object { obis, .. } | Field::Descriptor { obis, .. } => {
            write_code(out, Some(*obis));
        }
        _ => {}
    }
    member(out, "meaning", Some(&words::meaning(node)));
    out.push(b'}');
}

fn write_data(out: &mut Vec<u8>, data: &Data) {
    member(out, "type", Some(words::type_name(data.tag)));
    let number = match &data.role {
        Role::Reading {
            obis,
            number,
            unit,
            from,
            place,
        } => {
            drop(write!(out, ",\"place\":{place}"));
            write_code(out, *obis);
            member(out, "unit", unit.and_then(symbol));
            member(out, "unit_from", from.word());
            number.as_deref()
        }
        Role::Code(obis) => {
            write_code(out, Some(*obis));
            None
        }
        Role::Plain => None,
    };
    out.extend_from_slice(b",\"value\":");
    match (&data.value, number) {
        (_, Some(number)) => out.extend_from_slice(number.as_bytes()),
        (Value::Number(number), None) => drop(write!(out, "{number}")),
        (Value::Elements(count), None) => drop(write!(out, "{count}")),
        (Value::Text(text), None) | (Value::Real(text), None) => write_json_text(out, text),
        (Value::Time(time), None) => write_json_text(out, &words::time(time)),
        (Value::Nothing | Value::Octets, None) => out.extend_from_slice(b"null"),
    }
}

fn write_code(out: &mut Vec<u8>, obis: Option<[u8; 6]>) {
    let code = obis.map(words::code);
    member(out, "obis", code.map(|code| code.to_string()).as_deref());
    let name = code.and_then(lookup).map(|entry| entry.name);
    member(out, "name", name);
}

fn write_said(out: &mut Vec<u8>, value: Option<&Said>) {
    out.extend_from_slice(b",\"value\":");
    match value {
        Some(Said::Number(number)) if is_json(number) => out.extend_from_slice(number.as_bytes()),
        Some(Said::Nothing | Said::NoTime) | None => out.extend_from_slice(b"null"),
        Some(value) => write_json_text(out, &words::said(value)),
    }
}

/// Tells whether digits stand as they may stand in JSON.
fn is_json(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(rest) && (whole == "0" || !whole.starts_with('0'))
}

fn write_damage(out: &mut Vec<u8>, damage: Damage) {
    member(out, "code", Some(damage.code()));
    match damage {
        Damage::Cut { have, need } => drop(write!(out, ",\"have\":{have},\"need\":{need}")),
        Damage::PartMissing { wanted, came } | Damage::BlockMissing { wanted, came } => {
            drop(write!(out, ",\"wanted\":{wanted},\"came\":{came}"));
        }
        _ => {}
    }
}

fn member(out: &mut Vec<u8>, key: &str, value: Option<&str>) {
    drop(write!(out, ",\"{key}\":"));
    match value {
        Some(value) => write_json_text(out, &clean(value)),
        None => out.extend_from_slice(b"null"),
    }
}
