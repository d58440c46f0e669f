//! What a careless host makes of a burst, written down once more.

use super::foreign::Dice;

pub fn icrnl(bytes: &[u8], _: &mut Dice) -> Vec<u8> {
    bytes
        .iter()
        .map(|&byte| if byte == 13 { 10 } else { byte })
        .collect()
}

pub fn ixon(bytes: &[u8], _: &mut Dice) -> Vec<u8> {
    bytes
        .iter()
        .copied()
        .filter(|byte| *byte != 17 && *byte != 19)
        .collect()
}

pub fn line_ends(bytes: &[u8], _: &mut Dice) -> Vec<u8> {
    String::from_utf8_lossy(bytes)
        .replace("\r\n", "\n")
        .into_bytes()
}

pub fn telnet(bytes: &[u8], _: &mut Dice) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|&byte| std::iter::repeat_n(byte, if byte == 255 { 2 } else { 1 }))
        .collect()
}

/// Canonical mode: lines are edited before anybody reads them, and some bytes are signals.
pub fn cooked(bytes: &[u8], _: &mut Dice) -> Vec<u8> {
    let (mut read, mut line) = (Vec::new(), Vec::new());
    let mut literal = false;
    for &byte in bytes {
        if std::mem::take(&mut literal) {
            line.push(byte);
            continue;
        }
        match byte {
            0x11 | 0x13 | 0x12 | 0x0F => {}
            0x03 | 0x1C | 0x1A => line.clear(),
            0x16 => literal = true,
            0x15 => line.clear(),
            0x17 => {
                while line.last().is_some_and(|b: &u8| !b.is_ascii_alphanumeric()) {
                    line.pop();
                }
                while line.last().is_some_and(|b: &u8| b.is_ascii_alphanumeric()) {
                    line.pop();
                }
            }
            0x7F => {
                line.pop();
            }
            0x04 => read.append(&mut line),
            0x0A | 0x0D => {
                line.push(0x0A);
                read.append(&mut line);
            }
            _ => line.push(byte),
        }
    }
    read.append(&mut line);
    read
}
