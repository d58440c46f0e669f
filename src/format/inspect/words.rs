//! What each field says, in words.

use crate::format::clean::clean;
use crate::p1::ciphering::{SecurityControl, SystemTitle};
use crate::p1::count::count;
use crate::p1::inspect::{
    Check, Damage, Data, Field, Line, Node, Opened, Proof, Role, Said, Sum, Value, Written,
};
use crate::p1::obis::{Obis, lookup};
use crate::p1::push::UnitFrom;
use crate::p1::push::axdr::TreeFault;
use crate::p1::push::unit::symbol;
use crate::p1::value::Timestamp;

/// What a node says.
pub(super) fn meaning(node: &Node) -> String {
    match node.rest {
        true => "… the rest of it".to_owned(),
        false => field(&node.field, node.bytes.len()),
    }
}

/// The same behind another node: a value does not repeat the code before it.
pub(super) fn meaning_behind(node: &Node, before: Option<&Node>) -> String {
    if let Some(Field::Data(Data {
        role: Role::Code(code),
        ..
    })) = before.map(|node| &node.field)
        && let Field::Data(data) = &node.field
        && let Role::Reading {
            obis: Some(obis), ..
        } = &data.role
        && obis == code
        && let (Some(name), false) = (name(*obis), node.rest)
    {
        return element(data, node.bytes.len(), Some(name));
    }
    meaning(node)
}

fn field(field: &Field, bytes: usize) -> String {
    match field {
        Field::Fragment => format!("{} of what began before", count(bytes as u64, "byte")),
        Field::Noise => {
            count(bytes as u64, "byte")
                .verb("that belongs", "that belong")
                .to_string()
                + " to no frame"
        }
        Field::Flag if bytes > 1 => format!("{bytes} flags"),
        Field::Flag => "flag".to_owned(),
        Field::Format { segmented, length } => {
            let more = if *segmented {
                ", another part follows"
            } else {
                ""
            };
            format!("HDLC frame of {length} bytes{more}")
        }
        Field::Addresses { to, from } => format!("to {}, from {}", address(to), address(from)),
        Field::HdlcControl(control) => match control {
            0x13 => "control: UI, final".to_owned(),
            0x03 => "control: UI".to_owned(),
            0x10 => "control: I frame".to_owned(),
            other => format!("control {other:02X}"),
        },
        Field::Check(sum) => check(sum),
        Field::Llc => "LLC".to_owned(),
        Field::MbusStart { length, wrapped } => {
            let wrapped = if *wrapped { ", sent as one byte" } else { "" };
            format!("M-Bus frame of {length} bytes{wrapped}")
        }
        Field::MbusControl(control) => match control & 0xDF {
            0x53 => "control: data for the user".to_owned(),
            _ => format!("control {control:02X}"),
        },
        Field::MbusAddress(0xFF | 0xFE) => "address: to all".to_owned(),
        Field::MbusAddress(address) => format!("address {address}"),
        Field::MbusPart { number, last } => {
            let last = if *last { "the last" } else { "more follow" };
            format!("part {}, {last}", number + 1)
        }
        Field::MbusSelectors { source, target } => format!("from {source} to {target}"),
        Field::MbusStop => "stop".to_owned(),
        Field::MbusShort { control, address } => {
            let what = match control {
                0x40 => "the master resets its search",
                0x5B | 0x7B => "the master asks for data",
                _ => "a short frame of the master",
            };
            format!("M-Bus: {what}, address {address}")
        }
        Field::Block {
            number,
            last,
            length,
        } => {
            let last = if *last { "the last" } else { "more follow" };
            format!("block {number}, {last}: {length} bytes")
        }
        Field::Ciphering { dedicated: false } => "general-glo-ciphering".to_owned(),
        Field::Ciphering { dedicated: true } => "general-ded-ciphering".to_owned(),
        Field::Title(sent) => format!("system title: meter {}", title(*sent)),
        Field::Length(length) => format!("{} follow", count(u64::from(*length), "byte")),
        Field::Control(sent) => format!("security: {}", control(*sent)),
        Field::Counter(counter) => format!("frame counter {counter}"),
        Field::Ciphertext { length, opened } => ciphertext(*length, opened),
        Field::Tag(Proof::Right) => "tag, right: it comes from the meter".to_owned(),
        Field::Tag(Proof::Wrong) => {
            "tag, WRONG: another authentication key, another key, or damaged".to_owned()
        }
        Field::Tag(Proof::Unknown) => "tag, not looked at".to_owned(),
        Field::Notification { invoke } => {
            let number = invoke & 0x00FF_FFFF;
            format!("data-notification {number}")
        }
        Field::Time(None) => "no time".to_owned(),
        Field::Time(Some(sent)) => time(sent),
        Field::Data(data) => element(data, bytes, None),
        Field::Scale { power, unit } => {
            let unit = symbol(*unit).map_or("no unit".to_owned(), |unit| format!("unit {unit}"));
            match power {
                0 => unit,
                power => format!("times 10^{power}, {unit}"),
            }
        }
        Field::Object {
            class,
            obis,
            attribute,
            index,
        } => {
            let part = match index {
                0 => String::new(),
                index => format!(" part {index}"),
            };
            format!(
                "{}, attribute {attribute}{part} of class {class}",
                named(*obis)
            )
        }
        Field::Descriptor {
            class,
            obis,
            attribute,
        } => format!("{}, attribute {attribute} of class {class}", named(*obis)),
        Field::Descriptors { count: number } => {
            format!("{} without tags", count(u64::from(*number), "descriptor"))
        }
        Field::Identification => "first line of the telegram".to_owned(),
        Field::Blank => "empty line".to_owned(),
        Field::Line(sent) => line(sent),
        Field::End => "end of the telegram, no CRC".to_owned(),
        Field::Damage(sent) => damage(sent, bytes),
    }
}

fn address(parts: &[Option<u16>; 2]) -> String {
    match parts {
        [Some(upper), Some(lower)] => format!("{upper}/{lower}"),
        [Some(address), None] => address.to_string(),
        _ => "nobody".to_owned(),
    }
}

fn check(check: &Check) -> String {
    let what = match check.of {
        Sum::HdlcHeader => "header check sum",
        Sum::HdlcFrame => "frame check sum",
        Sum::Mbus => "check sum",
        Sum::Telegram(name) => name,
    };
    match check.sent == Some(check.right) {
        true => format!("{what}, right"),
        false => format!("{what}, WRONG: {} would be right", expected(check)),
    }
}

/// The right value, in the order of the wire.
pub(super) fn expected(check: &Check) -> String {
    let [high, low] = check.right.to_be_bytes();
    match check.of {
        Sum::HdlcHeader | Sum::HdlcFrame => format!("{low:02X} {high:02X}"),
        Sum::Mbus => format!("{low:02X}"),
        Sum::Telegram(_) => format!("{:04X}", check.right),
    }
}

/// A meter by its title.
pub(super) fn title(title: SystemTitle) -> String {
    let maker = title
        .has_letters()
        .then(|| title.0.first_chunk::<3>())
        .flatten();
    match (title.device_id(), maker) {
        (Some(id), _) => id,
        (None, Some(maker)) => format!("{title} ({})", String::from_utf8_lossy(maker)),
        (None, None) => title.to_string(),
    }
}

fn control(control: SecurityControl) -> String {
    let how = match (control.authenticated(), control.encrypted()) {
        (true, true) => "encrypted, with tag",
        (true, false) => "in clear, with tag",
        (false, true) => "encrypted, without tag",
        (false, false) => "in clear, without tag",
    };
    let odd = control.unsupported().map(|what| format!(", {what}"));
    format!(
        "{how}, suite {}{}",
        control.0 & 0x0F,
        odd.unwrap_or_default()
    )
}

fn ciphertext(length: u32, opened: &Opened) -> String {
    let what = count(u64::from(length), "byte");
    match opened {
        Opened::Decrypted => format!("{what} of ciphertext, here decrypted (*)"),
        Opened::Clear => format!("{what} of text in clear"),
        Opened::NoKey => format!("{what} of ciphertext: give --key to see what is in it"),
        Opened::Senseless => {
            format!("{what} of ciphertext: the key DOES NOT FIT, or they are damaged")
        }
        Opened::Unsupported(why) => format!("{what} of ciphertext, not read: {why}"),
        Opened::Incomplete => format!("{what} of ciphertext, which is not whole"),
    }
}

/// Twelve bytes of a date-time: what is not specified is left out.
pub(super) fn time(time: &[u8; 12]) -> String {
    let [
        y1,
        y2,
        month,
        day,
        _,
        hour,
        minute,
        second,
        _,
        z1,
        z2,
        status,
    ] = *time;
    let two = |value: u8| match value {
        0xFF => "--".to_owned(),
        value => format!("{value:02}"),
    };
    let year = match u16::from_be_bytes([y1, y2]) {
        0xFFFF => "----".to_owned(),
        year => format!("{year:04}"),
    };
    let zone = match i16::from_be_bytes([z1, z2]) {
        i16::MIN => ", zone not sent".to_owned(),
        west => {
            let sign = if west > 0 { '-' } else { '+' };
            let minutes = west.unsigned_abs();
            format!(" {sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
    };
    let summer = match status {
        0xFF => "",
        status if status & 0x80 != 0 => ", summer time",
        _ => "",
    };
    format!(
        "{year}-{}-{} {}:{}:{}{zone}{summer}",
        two(month),
        two(day),
        two(hour),
        two(minute),
        two(second)
    )
}

/// An element of the tree; a reading under a name, or by its code.
fn element(data: &Data, bytes: usize, called: Option<&str>) -> String {
    let kind = type_name(data.tag);
    let shown = match &data.value {
        Value::Nothing => String::new(),
        Value::Elements(number) => format!("of {number}"),
        Value::Number(number) if data.tag == 0x03 => match number {
            0 => "false".to_owned(),
            _ => "true".to_owned(),
        },
        Value::Number(number) => number.to_string(),
        Value::Real(number) => number.clone(),
        Value::Text(text) => format!("{:?}", clean(text)),
        Value::Time(sent) => time(sent),
        Value::Octets => count(bytes as u64, "byte").to_string(),
    };
    match &data.role {
        Role::Plain if shown.is_empty() => kind.to_owned(),
        Role::Plain => format!("{kind} {shown}"),
        Role::Code(obis) => format!("code {}", code(*obis)),
        Role::Reading {
            obis,
            place,
            number,
            unit,
            from,
        } => {
            let name = match (called, obis) {
                (Some(name), _) => name.to_owned(),
                (None, Some(obis)) => named(*obis),
                (None, None) => format!("element {place}"),
            };
            let value = number.clone().unwrap_or(shown);
            let unit = unit.and_then(symbol).map(|unit| format!(" {unit}"));
            let unit = unit.unwrap_or_default();
            let from = match from {
                UnitFrom::Profile => " (by profile)",
                UnitFrom::Derived => " (by proof)",
                UnitFrom::Frame | UnitFrom::Nothing => "",
            };
            format!("{kind}: {name} {value}{unit}{from}")
        }
    }
}

/// The name of a type.
pub(super) fn type_name(tag: u8) -> &'static str {
    match tag {
        0x00 => "null",
        0x01 => "array",
        0x02 => "structure",
        0x03 => "boolean",
        0x04 => "bits",
        0x05 => "i32",
        0x06 => "u32",
        0x09 => "octets",
        0x0A => "text",
        0x0C => "text (UTF-8)",
        0x0D => "bcd",
        0x0F => "i8",
        0x10 => "i16",
        0x11 => "u8",
        0x12 => "u16",
        0x13 => "compact array",
        0x14 => "i64",
        0x15 => "u64",
        0x16 => "enum",
        0x17 => "f32",
        0x18 => "f64",
        0x19 => "date-time",
        0x1A => "date",
        0x1B => "time",
        _ => "no type",
    }
}

/// A code as text; group F only where it says something.
pub(super) fn code([a, b, c, d, e, f]: [u8; 6]) -> Obis {
    Obis {
        f: (f != 255).then_some(f),
        ..Obis::new(a, b, c, d, e)
    }
}

/// What a code is, for people.
pub(super) fn name(obis: [u8; 6]) -> Option<&'static str> {
    let words = lookup(code(obis))?.words;
    // What the numbers of a state stand for is not a part of its name.
    Some(words.split_once(": ").map_or(words, |(name, _)| name))
}

fn named(obis: [u8; 6]) -> String {
    match name(obis) {
        Some(name) => format!("{} {name}", code(obis)),
        None => code(obis).to_string(),
    }
}

fn line(line: &Line) -> String {
    let mut parts: Vec<String> = line.readings.iter().map(written).collect();
    if line.continued {
        parts.push("goes on with the line before".to_owned());
    }
    if parts.is_empty() {
        parts.push("no data line".to_owned());
    }
    if line.odd > 0 {
        let odd = count(u64::from(line.odd), "character");
        parts.push(format!("DAMAGED: {odd} that no telegram has"));
    }
    if let Some(issue) = line.issue {
        parts.push(format!("({})", issue.replace('_', " ")));
    }
    parts.join(" ")
}

fn written(reading: &Written) -> String {
    let words = lookup(reading.obis).map(|entry| entry.words);
    let words = words.map(|words| words.split_once(": ").map_or(words, |(name, _)| name));
    let name = words.map_or_else(|| reading.obis.to_string(), str::to_owned);
    let values = reading.values.iter().map(|(value, unit)| {
        let unit = match unit.is_empty() {
            true => String::new(),
            false => format!(" {}", clean(unit)),
        };
        format!("{}{unit}", said(value))
    });
    let values: Vec<_> = values.filter(|value| !value.is_empty()).collect();
    match values.is_empty() {
        true => format!("{name}: nothing"),
        false => format!("{name} {}", values.join(", ")),
    }
}

/// A value of a telegram in print.
pub(super) fn said(value: &Said) -> String {
    match value {
        Said::Nothing => String::new(),
        Said::Number(number) => number.clone(),
        Said::Time(time) => instant(time),
        Said::NoTime => "not set".to_owned(),
        Said::Text(text) => clean(text),
    }
}

fn instant(time: &Timestamp) -> String {
    let mut text = Vec::new();
    time.write(&mut text);
    String::from_utf8_lossy(&text).replace('T', " ")
}

fn damage(damage: &Damage, bytes: usize) -> String {
    let left = match bytes {
        0 => String::new(),
        bytes => format!("; {} left", count(bytes as u64, "byte")),
    };
    match damage {
        Damage::Cut { have, need } => {
            format!("CUT SHORT: {have} of {need} bytes came{left}")
        }
        Damage::PartMissing { wanted, came } => {
            format!(
                "LOST: part {} should come, part {} came",
                wanted + 1,
                came + 1
            )
        }
        Damage::BlockMissing { wanted, came } => {
            format!("LOST: block {wanted} should come, block {came} came")
        }
        Damage::NoLast => "LOST: the end never came".to_owned(),
        Damage::Tree(TreeFault::Short) => {
            format!("CUT SHORT: the tree has more elements than came{left}")
        }
        Damage::Tree(TreeFault::Bad) => {
            format!("DAMAGED: here stands no element of a tree{left}")
        }
        Damage::Behind => format!("{} behind the end", count(bytes as u64, "byte")),
        Damage::Header => "DAMAGED: no header can be like this".to_owned(),
        Damage::Unknown => format!("{}, of no kind that is known", count(bytes as u64, "byte")),
    }
}
