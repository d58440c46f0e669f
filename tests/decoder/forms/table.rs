//! Forms in which people post what their meter sends, each as the program that writes it.

use std::fmt::Write;

use smarty::source::dump::{
    encode_base64, encode_carray, encode_hexdump, encode_words, encode_xxd,
};

/// What a form can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Any bytes, all kept.
    Bytes,
    /// Any bytes; what stands around a telegram may be lost.
    Most,
    /// Any bytes, letters beyond ASCII as bytes of Latin-1.
    Latin,
    /// Telegrams only.
    Telegrams,
}

use Of::{Bytes, Latin, Most, Telegrams};

type Form = (&'static str, Of, fn(&[u8]) -> String);

pub const FORMS: [Form; 70] = [
    ("digits", Bytes, digits),
    ("digits with blanks", Bytes, |b| {
        each(b, " ", |b| format!("{b:02X}"))
    }),
    ("unpadded digits", Bytes, |b| {
        each(b, " ", |b| format!("{b:X}"))
    }),
    ("unpadded digits with commas", Bytes, |b| {
        each(b, ", ", |b| format!("{b:x}"))
    }),
    ("unpadded digits in rows", Bytes, |b| {
        rows(b, 16, |b| each(b, " ", |b| format!("{b:X}")) + " ")
    }),
    ("unpadded digits in a log", Bytes, |b| {
        rows(b, 24, |b| {
            format!("18:30:00.123 -> {}", each(b, " ", |b| format!("{b:X}")))
        })
    }),
    ("unpadded digits, one a line", Bytes, |b| {
        each(b, "\n", |b| format!("{b:X}"))
    }),
    ("xxd -b -c 4", Bytes, |b| {
        let mut offset = 0;
        rows(b, 4, |b| {
            let bits = each(b, " ", |b| format!("{b:08b}"));
            let row = format!("{offset:08x}: {bits:35}  {}", characters(b));
            offset += b.len();
            row
        })
    }),
    ("Node array over lines", Bytes, |b| {
        format!(
            "Uint8Array({}) [\n{}]\n",
            b.len(),
            rows(b, 12, |b| each(b, "", |b| format!("{b:>5},")))
        )
    }),
    ("Python hexlify", Bytes, |b| {
        format!("DEBUG:root:b'{}'\n", digits(b))
    }),
    ("list in decimal", Bytes, |b| {
        format!("[{}]\n", decimal(b, ", "))
    }),
    ("numbers in decimal", Bytes, |b| decimal(b, " ")),
    ("numbers in rows behind talk", Bytes, |b| {
        format!(
            "Hello, this is it:\n\n{}\nThanks!\n",
            rows(b, 20, |b| decimal(b, ", ") + ",")
        )
    }),
    ("Node Buffer as JSON", Bytes, |b| {
        format!("{{\"type\":\"Buffer\",\"data\":[{}]}}", decimal(b, ","))
    }),
    ("Node Buffers as JSON in a log", Bytes, |b| {
        rows(b, 9, |b| {
            format!(
                "2026-01-15T18:30:00.123Z data {{\"type\":\"Buffer\",\"data\":[{}]}}",
                decimal(b, ",")
            )
        })
    }),
    ("Go bytes", Bytes, |b| {
        format!("2026/01/15 18:30:00 read [{}]\n", decimal(b, " "))
    }),
    ("Go bytes in pieces", Bytes, |b| {
        rows(b, 31, |b| {
            format!("2026/01/15 18:30:00 read [{}]", decimal(b, " "))
        })
    }),
    ("Python list", Bytes, |b| {
        format!("frame = bytes([{}])\n", decimal(b, ", "))
    }),
    ("C array in decimal", Bytes, |b| {
        format!(
            "const uint8_t frame[] = {{\n{}}};\n",
            rows(b, 12, |b| format!("  {},", decimal(b, ", ")))
        )
    }),
    ("C array", Bytes, encode_carray),
    ("ESPHome in decimal", Bytes, |b| {
        esphome(b, 13, |b| decimal(b, ","))
    }),
    ("ESPHome in hex", Bytes, |b| {
        esphome(b, 24, |b| each(b, ":", |b| format!("{b:02X}")))
    }),
    ("ESPHome in binary", Bytes, |b| {
        esphome(b, 11, |b| {
            each(b, ",", |b| format!("0b{b:08b} (0x{b:02X})"))
        })
    }),
    ("ESPHome strings", Bytes, |b| {
        esphome(b, 100, |b| format!("\"{}\"", esphome_string(b)))
    }),
    ("ESPHome strings of a few bytes", Bytes, |b| {
        esphome(b, 5, |b| format!("\"{}\"", esphome_string(b)))
    }),
    ("od", Bytes, |b| {
        od(b, |b| {
            each16(b, |low, high| {
                format!(" {:06o}", u16::from_le_bytes([low, high]))
            })
        })
    }),
    ("od -b", Bytes, |b| {
        od(b, |b| each(b, "", |b| format!(" {b:03o}")))
    }),
    ("od -c", Bytes, |b| {
        od(b, |b| each(b, "", |b| format!(" {:>3}", od_character(b))))
    }),
    ("od -t u1", Bytes, |b| {
        od(b, |b| each(b, "", |b| format!(" {b:>3}")))
    }),
    ("od -A n -t u1", Bytes, |b| {
        rows(b, 16, |b| each(b, "", |b| format!(" {b:>3}")))
    }),
    ("xxd", Bytes, encode_xxd),
    ("xxd -b", Bytes, |b| {
        let mut offset = 0;
        rows(b, 6, |b| {
            let row = format!(
                "{offset:08x}: {:53}  {}",
                each(b, " ", |b| format!("{b:08b}")),
                characters(b)
            );
            offset += b.len();
            row
        })
    }),
    ("hexdump -C", Bytes, encode_hexdump),
    ("hexdump", Bytes, |b| {
        if b.len() % 2 == 0 {
            encode_words(b)
        } else {
            encode_xxd(b)
        }
    }),
    ("hexdump -C in a log", Bytes, |b| {
        encode_hexdump(b)
            .lines()
            .map(|row| format!("meter-1  | {row}\n"))
            .collect()
    }),
    ("xxd in a page", Bytes, |b| {
        format!("<div><pre>{}</pre></div>\n", html(&encode_xxd(b)))
    }),
    ("base64", Bytes, encode_base64),
    ("hex under a key", Bytes, |b| {
        format!("{{\"len\":{},\"payload\":\"{}\"}}\n", b.len(), digits(b))
    }),
    ("hex in JSON lines", Bytes, |b| {
        rows(b, 64, |b| {
            format!(
                "{{\"ts\":\"2026-01-15T18:30:00Z\",\"hex\":\"{}\",\"n\":1}}",
                digits(b)
            )
        })
    }),
    ("base64 under a key", Bytes, |b| {
        let text = encode_base64(b).replace('\n', "");
        format!("{{\"topic\":\"meter/raw\",\"qos\":0,\"payload\":\"{text}\"}}\n")
    }),
    ("Python bytes", Bytes, |b| format!("b'{}'\n", python(b))),
    ("Python bytes in a log", Bytes, |b| {
        rows(b, 75, |b| {
            format!(
                "2026-01-15 18:30:00,123 DEBUG (MainThread) [p1.serial] received 75 bytes: b'{}'",
                python(b)
            )
        })
    }),
    ("Python list of bytes", Bytes, |b| {
        let pieces: Vec<String> = b.chunks(40).map(|b| format!("b'{}'", python(b))).collect();
        format!("[{}]\n", pieces.join(", "))
    }),
    ("Python bytes in lines", Bytes, |b| {
        format!(
            "data = (\n{})\n",
            rows(b, 30, |b| format!(
                "    b\"{}\"",
                python(b).replace("\\'", "'").replace('"', "\\\"")
            ))
        )
    }),
    ("Node string of Latin-1", Latin, |b| {
        format!("'{}'\n", node(b))
    }),
    ("JSON string of Latin-1", Latin, |b| {
        format!("{{\"raw\":{}}}\n", json(&latin(b)))
    }),
    ("Go quoted", Bytes, |b| {
        format!("2026/01/15 18:30:00 got {}\n", go(b))
    }),
    ("strace", Bytes, |b| {
        rows(b, 32, |b| {
            format!("read(3, \"{}\", 1024) = {}", octal(b), b.len())
        })
    }),
    ("JSON under a key", Telegrams, |b| {
        format!("{{\"id\":7,\"telegram\":{},\"ok\":true}}\n", json(text(b)))
    }),
    ("JSON lines", Telegrams, |b| {
        telegrams(b)
            .iter()
            .map(|t| {
                format!(
                    "{{\"time\":\"2026-01-15T18:30:00Z\",\"message\":{}}}\n",
                    json(t)
                )
            })
            .collect()
    }),
    ("JSON in JSON", Telegrams, |b| {
        let inner = format!("{{\"telegram\":{}}}", json(text(b)));
        format!("{{\"topic\":\"p1\",\"payload\":{}}}\n", json(&inner))
    }),
    ("JSON over lines", Telegrams, |b| {
        format!(
            "{{\n  \"name\": \"P1\",\n  \"data\": {}\n}}\n",
            json(text(b))
        )
    }),
    ("escapes without quotes", Telegrams, |b| {
        text(b)
            .replace('\\', "\\\\")
            .replace('\r', "\\r")
            .replace('\n', "\\n")
            + "\n"
    }),
    ("escapes without quotes in a log", Telegrams, |b| {
        let one = |t: &String| {
            let t = t
                .replace('\\', "\\\\")
                .replace('\r', "\\r")
                .replace('\n', "\\n");
            format!("18:30:00 MQT: stat/p1/RAW = {t}\n")
        };
        telegrams(b).iter().map(one).collect()
    }),
    ("container runtime", Telegrams, |b| {
        let line = |(number, line): (usize, &str)| {
            let stamp = format!("2026-01-15T18:30:{:02}.1Z stdout", number % 60);
            match line
                .find('(')
                .map(|open| open + 3)
                .filter(|cut| line.is_char_boundary(*cut))
            {
                Some(cut)
                    if number % 5 == 3
                        && cut < line.find(')').unwrap_or(0)
                        && !line[cut..].starts_with(['/', '!', ' '])
                        && !line[..cut].ends_with(' ') =>
                {
                    format!("{stamp} P {}\n{stamp} F {}\n", &line[..cut], &line[cut..])
                }
                _ => format!("{stamp} F {line}\n"),
            }
        };
        text(b).lines().enumerate().map(line).collect()
    }),
    ("grep -n", Telegrams, |b| lines(b, |n| format!("{n}:"))),
    ("caret M", Telegrams, |b| text(b).replace('\r', "^M")),
    ("cat -A", Telegrams, |b| text(b).replace("\r\n", "^M$\n")),
    ("CR CR LF", Telegrams, |b| text(b).replace('\r', "\r\r")),
    ("HTML with br", Telegrams, |b| {
        format!("<p>{}</p>\n", html(text(b)).replace("\r\n", "<br>\n"))
    }),
    ("HTML pre with entities", Telegrams, |b| {
        format!(
            "<html><body>\n<pre>{}</pre>\n</body></html>\n",
            html(text(b)).replace("\r\n", "\n").replace('/', "&#x2F;")
        )
    }),
    ("syslog", Telegrams, |b| {
        lines(b, |n| {
            format!("Jan 15 18:{:02}:{:02} pi meter[77]: ", n / 60 % 60, n % 60)
        })
    }),
    ("journal without empty lines", Telegrams, |b| {
        let all = lines(b, |_| "Nov 03 18:30:00 pi p1[1077]: ".to_owned());
        all.lines()
            .filter(|line| !line.trim_end().ends_with("]:"))
            .map(|line| format!("{line}\n"))
            .collect()
    }),
    ("journal as JSON", Telegrams, |b| {
        let line = |t: &str| {
            format!(
                "{{\"_PID\":\"77\",\"MESSAGE\":{},\"PRIORITY\":\"6\"}}\n",
                json(t)
            )
        };
        text(b).lines().map(line).collect()
    }),
    ("docker", Telegrams, |b| {
        lines(b, |n| format!("2026-01-15T18:30:{:02}.123456789Z ", n % 60))
    }),
    ("docker as JSON", Telegrams, |b| {
        let line = |t: &str| {
            format!(
                "{{\"log\":{},\"stream\":\"stdout\",\"time\":\"2026-01-15T18:30:00Z\"}}\n",
                json(&format!("{t}\n"))
            )
        };
        text(b).lines().map(line).collect()
    }),
    ("Home Assistant", Telegrams, |b| {
        let stamp = "2026-01-15 18:30:00.123";
        let message = |t: &String| {
            format!(
                "{stamp} DEBUG (MainThread) [dsmr_parser.clients.protocol] got telegram: {}\n{stamp} INFO (SyncWorker_3) [homeassistant.core] Bus\n",
                t.replace('\r', "")
            )
        };
        telegrams(b).iter().map(message).collect()
    }),
    ("Home Assistant in pieces", Most, |b| {
        match str::from_utf8(b) {
            Ok(text) if b.first() == Some(&b'/') => {
                let letters: Vec<char> = text.replace('\r', "").chars().collect();
                let piece = |piece: &[char]| {
                    let piece: String = piece.iter().collect();
                    format!("DEBUG:dsmr_parser.clients.protocol:received data: {piece}\n")
                };
                letters.chunks(3).map(piece).collect()
            }
            _ => digits(b),
        }
    }),
    ("line numbers", Telegrams, |b| {
        lines(b, |n| format!("{n:>6}\t"))
    }),
    ("ts", Telegrams, |b| {
        lines(b, |n| format!("[{:>5}.{:06}] ", n, n * 7919 % 1_000_000))
    }),
];

fn each(bytes: &[u8], separator: &str, write: impl Fn(u8) -> String) -> String {
    let words: Vec<String> = bytes.iter().map(|byte| write(*byte)).collect();
    words.join(separator)
}

fn digits(bytes: &[u8]) -> String {
    each(bytes, "", |byte| format!("{byte:02x}"))
}

fn each16(bytes: &[u8], write: impl Fn(u8, u8) -> String) -> String {
    bytes
        .chunks(2)
        .map(|word| write(word[0], word.get(1).copied().unwrap_or(0)))
        .collect()
}

fn decimal(bytes: &[u8], separator: &str) -> String {
    each(bytes, separator, |byte| byte.to_string())
}

fn rows(bytes: &[u8], width: usize, mut write: impl FnMut(&[u8]) -> String) -> String {
    bytes.chunks(width).map(|row| write(row) + "\n").collect()
}

fn esphome(bytes: &[u8], width: usize, write: impl Fn(&[u8]) -> String) -> String {
    let mut number = 0;
    rows(bytes, width, |row| {
        number += 1;
        format!(
            "\u{1B}[0;36m[18:30:{:02}][D][uart_debug:158]: <<< {}\u{1B}[0m",
            number % 60,
            write(row)
        )
    })
}

fn esphome_string(bytes: &[u8]) -> String {
    each(bytes, "", |byte| match byte {
        7 => "\\a".into(),
        8 => "\\b".into(),
        9 => "\\t".into(),
        10 => "\\n".into(),
        11 => "\\v".into(),
        12 => "\\f".into(),
        13 => "\\r".into(),
        27 => "\\e".into(),
        b'"' | b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        32..127 => char::from(byte).into(),
        _ => format!("\\x{byte:02X}"),
    })
}

/// Rows of sixteen behind octal offsets, the end in a row of its own.
fn od(bytes: &[u8], write: impl Fn(&[u8]) -> String) -> String {
    let mut offset = 0;
    let rows = rows(bytes, 16, |row| {
        let line = format!("{offset:07o}{}", write(row));
        offset += row.len();
        line
    });
    format!("{rows}{:07o}\n", bytes.len())
}

fn od_character(byte: u8) -> String {
    match byte {
        0 => "\\0".into(),
        7 => "\\a".into(),
        8 => "\\b".into(),
        9 => "\\t".into(),
        10 => "\\n".into(),
        11 => "\\v".into(),
        12 => "\\f".into(),
        13 => "\\r".into(),
        32..127 => char::from(byte).into(),
        _ => format!("{byte:03o}"),
    }
}

fn characters(bytes: &[u8]) -> String {
    each(bytes, "", |byte| match byte {
        32..127 => char::from(byte).into(),
        _ => ".".into(),
    })
}

fn python(bytes: &[u8]) -> String {
    each(bytes, "", |byte| match byte {
        9 => "\\t".into(),
        10 => "\\n".into(),
        13 => "\\r".into(),
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        32..127 => char::from(byte).into(),
        _ => format!("\\x{byte:02x}"),
    })
}

/// A string as Node inspects it.
fn node(bytes: &[u8]) -> String {
    each(bytes, "", |byte| match byte {
        8 => "\\b".into(),
        9 => "\\t".into(),
        10 => "\\n".into(),
        12 => "\\f".into(),
        13 => "\\r".into(),
        b'\'' | b'\\' => format!("\\{}", char::from(byte)),
        0..32 | 127..160 => format!("\\x{byte:02X}"),
        _ => char::from(byte).into(),
    })
}

fn go(bytes: &[u8]) -> String {
    let inside = match str::from_utf8(bytes) {
        Ok(text) => text
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\r', "\\r")
            .replace('\n', "\\n"),
        Err(_) => python(bytes).replace("\\'", "'").replace('"', "\\\""),
    };
    format!("\"{inside}\"")
}

/// As C and strace write it: the shortest octal digits that the next character allows.
fn octal(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            9 => out += "\\t",
            10 => out += "\\n",
            11 => out += "\\v",
            12 => out += "\\f",
            13 => out += "\\r",
            b'"' | b'\\' => write!(out, "\\{}", char::from(byte)).unwrap(),
            32..127 => out.push(char::from(byte)),
            _ if bytes.get(index + 1).is_some_and(u8::is_ascii_digit) => {
                write!(out, "\\{byte:03o}").unwrap()
            }
            _ => write!(out, "\\{byte:o}").unwrap(),
        }
    }
    out
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

/// The telegrams of a text, one by one.
fn telegrams(bytes: &[u8]) -> Vec<String> {
    let mut telegrams = vec![String::new()];
    for line in text(bytes).split_inclusive('\n') {
        telegrams.last_mut().unwrap().push_str(line);
        if line.starts_with('!') {
            telegrams.push(String::new());
        }
    }
    telegrams.pop();
    telegrams
}

/// Each line with a prefix made from its number; the CR of each is lost.
fn lines(bytes: &[u8], prefix: impl Fn(usize) -> String) -> String {
    let numbered = text(bytes).lines().enumerate();
    numbered
        .map(|(number, line)| format!("{}{line}\n", prefix(number + 1)))
        .collect()
}
