//! A push as the readout of a P1 port, so that all that reads telegrams reads pushes.
//!
//! Numbers are given in canonical units (`kW` for `W`), with every digit that was sent.

use super::axdr::{Node, TreeFault};
use super::lists::List;
use super::mold::Molds;
use super::{Form, UnitFrom, apdu};
use crate::p1::ciphering::SystemTitle;
use crate::p1::obis::Kind;
use crate::p1::readout::{Algorithm, Crc, Readout, SentCrc, crc16};

/// Writes readouts; its memory is used again for the next.
#[derive(Clone, Debug, Default)]
pub struct Transcoder {
    /// The readout written last.
    pub text: Vec<u8>,
    molds: Molds,
}

/// Why a text is no push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPush {
    /// It does not begin as a data-notification or a body.
    Begin,
    /// Its tree does not end with it.
    Tree(TreeFault),
    /// Its tree ends before it, at this offset.
    Ends(usize),
    /// Nothing in it can be read as a value.
    Empty,
}

impl Transcoder {
    /// Reads a push and writes its readout; the tree must end exactly with the text.
    ///
    /// # Errors
    /// [`NoPush`].
    pub fn write(&mut self, title: Option<SystemTitle>, push: &[u8]) -> Result<Form, NoPush> {
        match self.write_begin(title, push)? {
            (form, end) if end == push.len() => Ok(form),
            (_, end) => Err(NoPush::Ends(end)),
        }
    }

    /// As [`Self::write`], of a push that other bytes may follow; gives the offset behind it.
    ///
    /// # Errors
    /// [`NoPush`].
    pub fn write_begin(
        &mut self,
        title: Option<SystemTitle>,
        push: &[u8],
    ) -> Result<(Form, usize), NoPush> {
        let notification = apdu::notification(push).ok_or(NoPush::Begin)?;
        let written = match self.molds.fitting(title, push, &notification) {
            Some(mold) => mold.write(&mut self.text, push, &notification),
            None => {
                let draft = self.molds.draft();
                let written = draft.make(&mut self.text, title, push, &notification)?;
                self.molds.keep();
                written
            }
        };
        let crc = crc16(&self.text);
        put_hex(&mut self.text, &crc.to_be_bytes());
        self.text.extend_from_slice(b"\r\n");
        Ok(written)
    }

    /// The list that the last readout was made from.
    pub fn list(&self) -> &List {
        &self.molds.latest().list
    }

    /// Where the unit of each of its lines comes from.
    pub fn units(&self) -> &[UnitFrom] {
        &self.molds.latest().units
    }

    /// Where the parts of the last readout lie, and its CRC.
    pub fn readout(&self) -> Option<(Readout, Crc)> {
        let mark = self.text.len().checked_sub(MARK)?;
        let field = self.text.get(mark + 1..mark + 5)?;
        let digits = field.iter().try_fold(0, |sum, &digit| {
            Some(sum << 4 | char::from(digit).to_digit(16)?)
        })?;
        let computed = digits as u16;
        let received = SentCrc::Digits(computed);
        let readout = Readout {
            mark,
            end: mark + 5,
            crc: received,
        };
        let crc = Crc {
            received,
            computed,
            algorithm: Algorithm::Arc,
            fits: None,
        };
        Some((readout, crc))
    }
}

/// Writes the first line, and the empty one behind it.
pub(super) fn write_header(out: &mut Vec<u8>, title: Option<SystemTitle>, name: &str) {
    let mut maker = *b"XXX";
    let letters = title.filter(SystemTitle::has_letters).map(|title| title.0);
    let letters = letters
        .as_ref()
        .map_or(name.as_bytes(), |title| title.as_slice());
    if let Some(begin) = letters
        .first_chunk::<3>()
        .filter(|begin| begin.iter().all(u8::is_ascii_alphabetic))
    {
        maker = begin.map(|letter| letter.to_ascii_uppercase());
    }
    out.push(b'/');
    out.extend_from_slice(&maker);
    out.extend_from_slice(b"5\\DLMS");
    let safe =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    if !name.is_empty() {
        out.push(b' ');
        out.extend(name.bytes().filter(safe));
    }
    out.extend_from_slice(b"\r\n\r\n");
}

/// Writes the code of a row.
pub(super) fn write_code(out: &mut Vec<u8>, [a, b, c, d, e, f]: [u8; 6]) {
    put_code(out, [a, b, c, d, e]);
    if f != 255 {
        out.push(b'*');
        put_small(out, f);
    }
}

/// How a whole number is written: power of ten, digits before the point that are always written, and unit.
pub(super) fn scaled(scale: Option<(i8, u8)>) -> (i8, usize, &'static str) {
    let (power, unit) = scale.unwrap_or((0, 255));
    let (unit, shift, width) = unit_of(unit);
    (power.saturating_add(shift), width, unit)
}

/// Writes the value of a row that is no whole number.
pub(super) fn write_value(out: &mut Vec<u8>, node: &Node, body: &[u8], kind: Option<Kind>) {
    let bytes = node.of(body);
    match node.tag {
        0x17 | 0x18 => {
            let float = match (<[u8; 4]>::try_from(bytes), <[u8; 8]>::try_from(bytes)) {
                (Ok(bytes), _) => f32::from_be_bytes(bytes).to_string(),
                (_, Ok(bytes)) => f64::from_be_bytes(bytes).to_string(),
                _ => String::new(),
            };
            out.extend_from_slice(float.as_bytes());
        }
        0x19 => write_octets_or_time(out, bytes),
        0x09 | 0x0A | 0x0C => match (bytes, kind) {
            (_, Some(Kind::Time)) => write_octets_or_time(out, bytes),
            ([a, b, c, d, e, 255], _) if node.tag == 0x09 && *a < 16 => {
                put_code(out, [*a, *b, *c, *d, *e]);
            }
            (_, Some(Kind::OctetText | Kind::Hex)) => put_hex(out, bytes),
            _ if bytes
                .iter()
                .all(|b| matches!(b, b' '..=b'~') && !b"()*!/".contains(b)) =>
            {
                out.extend_from_slice(bytes);
            }
            _ => put_hex(out, bytes),
        },
        _ => put_hex(out, bytes),
    }
}

/// Spelling, power of ten to it, and digits before the point that are always written, of a unit by its number.
fn unit_of(unit: u8) -> (&'static str, i8, usize) {
    match unit {
        7 => ("s", 0, 1),
        8 => ("deg", 0, 1),
        9 => ("C", 0, 1),
        13 | 14 => ("m3", 0, 5),
        19 => ("m3", -3, 5),
        25 => ("GJ", -9, 5),
        27 => ("kW", -3, 2),
        28 => ("kVA", -3, 2),
        29 => ("kvar", -3, 2),
        30 => ("kWh", -3, 6),
        31 => ("kVAh", -3, 6),
        32 => ("kvarh", -3, 6),
        33 => ("A", 0, 3),
        35 => ("V", 0, 3),
        44 => ("Hz", 0, 2),
        56 => ("%", 0, 1),
        1 => ("a", 0, 1),
        2 => ("mo", 0, 1),
        3 => ("wk", 0, 1),
        4 => ("d", 0, 1),
        5 => ("h", 0, 1),
        6 => ("min", 0, 1),
        15 | 16 => ("m3/h", 0, 1),
        20 => ("kg", 0, 1),
        23 => ("Pa", 0, 1),
        24 => ("bar", 0, 1),
        38 => ("Ohm", 0, 1),
        45 => ("1/Wh", 0, 1),
        46 => ("1/varh", 0, 1),
        52 => ("K", 0, 1),
        57 => ("Ah", 0, 1),
        _ => ("", 0, 1),
    }
}

/// Writes `value` times ten to the `power`, exactly.
pub(in crate::p1) fn write_decimal(out: &mut Vec<u8>, value: i128, power: i8, width: usize) {
    // No type has more than 64 bits.
    let rest = u64::try_from(value.unsigned_abs()).unwrap_or(u64::MAX);
    let zeros = match power {
        1.. if value != 0 => usize::from(power.unsigned_abs()),
        _ => 0,
    };
    let decimals = usize::from(power.min(0).unsigned_abs());
    let shape = (zeros, decimals, width);
    // Room that is not used is not written to either.
    match zeros.max(decimals).max(width) <= FEW {
        true => write_digits::<32>(out, rest, value < 0, shape),
        false => write_digits::<256>(out, rest, value < 0, shape),
    }
}

/// Writes a number with so many zeros behind it, digits behind its point, and digits before that at the least. There is
/// room for 20 digits, twice as many zeros as there may be of one kind, a sign and a point.
fn write_digits<const ROOM: usize>(
    out: &mut Vec<u8>,
    mut rest: u64,
    negative: bool,
    (zeros, decimals, width): (usize, usize, usize),
) {
    let mut buffer = [b'0'; ROOM];
    let digits = rest.checked_ilog10().map_or(0, |log| log as usize + 1);
    let whole = digits.saturating_sub(decimals) + zeros;
    let behind_sign = whole.max(width).max(1) + decimals + usize::from(decimals > 0);
    let length = usize::from(negative) + behind_sign;
    // From the last character to the first. No index is beyond the buffer, which spares looking.
    let mut at = length - zeros;
    let mut put = |byte: u8| {
        at = at.wrapping_sub(1) % ROOM;
        buffer[at] = byte;
    };
    let digit = |digit: u64| b'0' + digit as u8;
    for _ in 0..decimals {
        put(digit(rest % 10));
        rest /= 10;
    }
    if decimals > 0 {
        put(b'.');
    }
    while rest >= 10 {
        let pair = rest % 100;
        rest /= 100;
        put(digit(pair % 10));
        put(digit(pair / 10));
    }
    if rest > 0 {
        put(digit(rest));
    }
    if negative {
        buffer[0] = b'-';
    }
    // To copy as much each time takes less than to copy as much as there is.
    let end = out.len() + length;
    out.extend_from_slice(&buffer);
    out.truncate(end);
}

fn write_octets_or_time(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.first_chunk::<12>() {
        Some(time) if bytes.len() == 12 => write_time(out, time),
        _ => put_hex(out, bytes),
    }
}

/// Writes the twelve bytes of a date-time as P1 has it where its zone allows it, else in hexadecimal.
///
/// The deviation counts from local time to UTC: FFC4 (-60) is one hour east.
pub(super) fn write_time(out: &mut Vec<u8>, time: &[u8; 12]) {
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
    let year = u16::from_be_bytes([y1, y2]);
    let letter = match (i16::from_be_bytes([z1, z2]), status) {
        (-60, _) => "W",
        (-120, _) => "S",
        // Not specified, but summer time is.
        (i16::MIN, status) if status != 0xFF && status & 0x80 != 0 => "S",
        (i16::MIN, _) => "",
        _ => return put_hex(out, time),
    };
    if !(2000..2100).contains(&year) || [month, day, hour, minute, second].iter().any(|v| *v > 99) {
        return put_hex(out, time);
    }
    let two = |value: u8| [b'0' + value / 10, b'0' + value % 10];
    let digits = [(year - 2000) as u8, month, day, hour, minute, second].map(two);
    out.extend_from_slice(digits.as_flattened());
    out.extend_from_slice(letter.as_bytes());
}

/// Writes a number of at most three digits.
fn put_small(out: &mut Vec<u8>, number: u8) {
    let digit = |value: u8| b'0' + value % 10;
    if number >= 100 {
        out.push(digit(number / 100));
    }
    if number >= 10 {
        out.push(digit(number / 10));
    }
    out.push(digit(number));
}

/// Writes a code without its group F.
fn put_code(out: &mut Vec<u8>, code: [u8; 5]) {
    for (group, before) in
        code.into_iter()
            .zip([None, Some(b'-'), Some(b':'), Some(b'.'), Some(b'.')])
    {
        out.extend(before);
        put_small(out, group);
    }
}

fn put_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend([byte >> 4, byte & 0x0F].map(|nibble| match nibble {
            0..=9 => b'0' + nibble,
            _ => b'A' + nibble - 10,
        }));
    }
}

/// Zeros, digits behind the point and before it that leave a number short.
const FEW: usize = 8;
/// Bytes from the `!` on.
const MARK: usize = 7;
