//! Key rings without their keys, and what a check of keys has found: in words and as an object a line.

use std::io::Write;

use jiff::Zoned;

use crate::format::clean::clean;
use crate::format::json::{begin, write_instant, write_source, write_text_or_null};
use crate::format::number::write_json_text;
use crate::format::words;
use crate::observe::context::{Context, Source};
use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::diagnosis::keys::{AuthKeyFault, Cause, Meter};
use crate::p1::diagnosis::{Evidence, Finding, Measure, Verdict};

/// The keys that were tried on a meter.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// Where the encryption key came from, with its check value.
    pub origin: Option<String>,
    /// Check values of the encryption and of the authentication key.
    pub check_values: Option<[[u8; 3]; 2]>,
    /// Whether the authentication key is the one that is built in.
    pub public: bool,
    /// Name of the meter in the key ring.
    pub name: Option<String>,
}

/// An entry of a key ring, without its keys.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Device id, title or label that it is for.
    pub section: String,
    /// The meter, where the section names one.
    pub title: Option<SystemTitle>,
    /// What the meter is called.
    pub name: Option<String>,
    /// Check value of the encryption key.
    pub check_value: String,
    /// Check value of the authentication key, where the entry has one.
    pub auth_check_value: Option<String>,
    /// `required` or `optional`.
    pub tag: Option<String>,
    /// The meter may send in clear as well.
    pub allow_plain: bool,
    /// When the key last opened a frame, where that is known.
    pub opened_at: Option<Zoned>,
}

/// What is wrong and what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// Title and evidence, a line each.
    pub what: String,
    /// One thing to do.
    pub hint: String,
}

/// Writes the counts of a meter.
pub fn write(out: &mut Vec<u8>, meter: &Meter, tried: &Tried) {
    let id = meter.title.device_id();
    let mut line = id.unwrap_or_else(|| meter.title.to_string());
    if let Some(name) = &tried.name {
        line.push_str(&format!(" {}", clean(name)));
    }
    line.push_str(&format!(": {}", fit(meter)));
    let mut rest = Vec::new();
    if let Some(origin) = &tried.origin {
        rest.push(format!("key {}", clean(origin)));
    }
    if let (Some([_, value]), 1..) = (tried.check_values, meter.tagged) {
        rest.push(match tried.public {
            true => "authentication key as in Luxembourg, built in".to_owned(),
            false => format!(
                "authentication key check value {}",
                hex::encode_upper(value)
            ),
        });
    }
    if !tried.public && meter.tagged == 0 && meter.frames > 0 && tried.check_values.is_some() {
        rest.push("the authentication key is not used: no frame has a tag".to_owned());
    }
    let noun = noun(meter);
    for (number, words) in [
        (meter.damaged, "opened, and damaged further on"),
        (
            meter.text_only,
            "opened, and the tag fits no authentication key given",
        ),
        (
            meter.unsupported,
            "protected in a way that is not supported",
        ),
        (
            meter.unusable,
            "cut or damaged, nothing could be tried on them",
        ),
    ] {
        if number > 0 {
            rest.push(format!("{}: {words}", count(number, noun)));
        }
    }
    line.push('\n');
    for words in rest {
        line.push_str(&format!("  {words}\n"));
    }
    out.extend_from_slice(line.as_bytes());
}

fn noun(meter: &Meter) -> &'static str {
    match meter.pushes > 0 {
        true => "push",
        false => "frame",
    }
}

/// How many frames the keys fit, and what proves it.
fn fit(meter: &Meter) -> String {
    let all = count(meter.frames, noun(meter));
    let proof = match (meter.by_tag, meter.by_text) {
        (0, 0) => "",
        (_, 0) => ", the tag proves it",
        (0, _) if meter.pushes > 0 => ", the whole structure proves it: there are no tags",
        (0, _) => ", the check sum (CRC) proves it: there are no tags",
        (_, _) => ", tags and whole texts prove it",
    };
    match (meter.fits(), meter.no_key) {
        (0, 1..) => format!("no key for {all}"),
        (_, 0) if meter.frames == 0 => "no whole frame".to_owned(),
        (fits, _) => format!("the key fits {fits} of {all}{proof}"),
    }
}

/// What to say of a meter whose frames do not all fit.
pub fn advice(meter: &Meter, cause: &Cause) -> Advice {
    let by = |finding: &Finding| {
        let (title, evidence) = (
            words::title(finding),
            words::evidence(finding, words::Depth::Plain),
        );
        Advice {
            what: match evidence.is_empty() {
                true => title,
                false => format!("{title}\n  {evidence}"),
            },
            hint: words::hint(finding),
        }
    };
    match cause {
        Cause::NoKey => by(&finding(meter, Verdict::NoKey, Evidence::default())),
        Cause::Strange if meter.fits() > 0 => Advice {
            what: format!(
                "{} of {} frames do not fit the key that fits the others",
                meter.closed, meter.frames
            ),
            hint: "bytes were lost or changed on the way, or the key was changed meanwhile:\nsmarty parse --explain tells".to_owned(),
        },
        Cause::Strange => Advice {
            what: "the key does not fit this meter, nor does any that is nearly the same".to_owned(),
            hint: words::hint(&finding(meter, Verdict::WrongKey, Evidence::default())),
        },
        Cause::Key {
            miscopied,
            authentication,
            ..
        } if miscopied.verdict == Verdict::KeyIsAuthKey => Advice {
            what: match authentication {
                None => "encryption and authentication key are exchanged\n  put right, they fit".to_owned(),
                Some(_) => "the second key is the one that decrypts\n  the first is not the authentication key of this meter".to_owned(),
            },
            hint: "--key takes the one that decrypts (GUEK, GPK60), --auth-key the other\n(GAK, GPK61)".to_owned(),
        },
        Cause::Key {
            miscopied,
            authentication,
            ..
        } => {
            let mut evidence = Evidence::default();
            for (measure, digit) in [Measure::Digit, Measure::SecondDigit]
                .into_iter()
                .zip(miscopied.digits)
            {
                if let Some(digit) = digit {
                    evidence = evidence.with(measure, u64::from(digit));
                }
            }
            evidence.other = miscopied.other;
            let mut advice = by(&finding(meter, miscopied.verdict, evidence));
            if let Some(fault) = authentication {
                advice.what.push_str(&format!("\n  besides, {}", authentication_words(*fault).0));
            }
            advice
        }
        Cause::Authentication(fault) => {
            let (what, hint) = authentication_words(*fault);
            Advice {
                what: format!("the key is right; {what}"),
                hint: hint.to_owned(),
            }
        }
    }
}

fn authentication_words(fault: Option<AuthKeyFault>) -> (String, &'static str) {
    let compare = "compare the authentication key with the operator's letter";
    let Some(fault) = fault else {
        return (
            "the authentication key is not the one of this meter".to_owned(),
            "ask the operator for the authentication key (GAK, GPK61) and give it with\n--auth-key; until then --tag warn lets the telegrams through, marked",
        );
    };
    match fault {
        AuthKeyFault::Public => (
            "the authentication key is Luxembourg's, which is built in".to_owned(),
            "leave out --auth-key",
        ),
        AuthKeyFault::Default => (
            "the authentication key is the one that counts from C0 to CF, as Netz Burgenland gives it".to_owned(),
            "--auth-key takes it: C0 C1 C2 and so on up to CF",
        ),
        AuthKeyFault::Miscopied(miscopied) => {
            let [first, second] = miscopied.digits.map(|digit| digit.unwrap_or(0));
            let what = match miscopied.verdict {
                Verdict::KeyIsAuthKey => {
                    "the authentication key is the same as the key".to_owned()
                }
                Verdict::KeyTypo => {
                    format!("one digit of the authentication key is wrong: digit {first}")
                }
                Verdict::KeyDigitsSwapped => format!(
                    "two digits of the authentication key are exchanged: {first} and {second}"
                ),
                Verdict::KeyAsciiForHex => {
                    "the authentication key is text, and was taken for hexadecimal digits".to_owned()
                }
                _ => "the authentication key is in the wrong order".to_owned(),
            };
            (what, compare)
        }
    }
}

fn finding(meter: &Meter, verdict: Verdict, evidence: Evidence) -> Finding {
    Finding::new(verdict, meter.span, 1, evidence)
}

/// Writes the counts of a meter as an object, and a line end.
pub fn write_json(
    out: &mut Vec<u8>,
    context: &Context<'_>,
    meter: &Meter,
    tried: &Tried,
    cause: Option<&Cause>,
) {
    begin(out, "key_check", context.seq);
    out.extend_from_slice(b",\"received_at\":");
    write_instant(out, context);
    write_source(out, context, meter.span.start, meter.span.len());
    // Writing into memory cannot fail.
    out.extend_from_slice(b",\"meter\":{\"id\":");
    write_text_or_null(out, meter.title.device_id().as_deref());
    drop(write!(
        out,
        ",\"system_title\":\"{}\",\"name\":",
        meter.title
    ));
    write_text_or_null(out, tried.name.as_deref());
    out.extend_from_slice(b"},\"check_value\":");
    let values = tried
        .check_values
        .map(|values| values.map(hex::encode_upper));
    write_text_or_null(out, values.as_ref().map(|[key, _]| key.as_str()));
    out.extend_from_slice(b",\"auth_check_value\":");
    write_text_or_null(out, values.as_ref().map(|[_, key]| key.as_str()));
    for (name, number) in [
        ("frames", meter.frames),
        ("tagged", meter.tagged),
        ("fits", meter.fits()),
        ("by_tag", meter.by_tag),
        ("by_text", meter.by_text),
        ("damaged", meter.damaged),
        ("tag_mismatch", meter.text_only),
        ("closed", meter.closed),
        ("no_key", meter.no_key),
        ("unsupported", meter.unsupported),
        ("unusable", meter.unusable),
    ] {
        drop(write!(out, ",\"{name}\":{number}"));
    }
    out.extend_from_slice(b",\"cause\":");
    match cause {
        None => out.extend_from_slice(b"null"),
        Some(cause) => write_cause(out, meter, cause),
    }
    out.extend_from_slice(b"}\n");
}

fn write_cause(out: &mut Vec<u8>, meter: &Meter, cause: &Cause) {
    let (code, digits, other) = match cause {
        Cause::NoKey => ("no_key", [None; 2], None),
        Cause::Strange => ("wrong_key", [None; 2], None),
        Cause::Key { miscopied, .. } => {
            (miscopied.verdict.code(), miscopied.digits, miscopied.other)
        }
        Cause::Authentication(_) => ("wrong_auth_key", [None; 2], None),
    };
    drop(write!(out, "{{\"code\":\"{code}\",\"digits\":"));
    write_digits(out, digits);
    out.extend_from_slice(b",\"other\":");
    write_text_or_null(out, other.map(|title| title.to_string()).as_deref());
    let fault = match cause {
        Cause::Key { authentication, .. } => *authentication,
        Cause::Authentication(fault) => Some(*fault),
        Cause::NoKey | Cause::Strange => None,
    };
    out.extend_from_slice(b",\"auth_key\":");
    match fault {
        None => out.extend_from_slice(b"null"),
        Some(fault) => {
            let (code, digits) = match fault {
                None => ("wrong_key", [None; 2]),
                Some(AuthKeyFault::Public) => ("public", [None; 2]),
                Some(AuthKeyFault::Default) => ("default", [None; 2]),
                Some(AuthKeyFault::Miscopied(miscopied)) => {
                    (miscopied.verdict.code(), miscopied.digits)
                }
            };
            drop(write!(out, "{{\"code\":\"{code}\",\"digits\":"));
            write_digits(out, digits);
            out.push(b'}');
        }
    }
    let Advice { what, hint } = advice(meter, cause);
    out.extend_from_slice(b",\"message\":");
    write_json_text(out, &what.replace("\n  ", "; "));
    out.extend_from_slice(b",\"hint\":");
    write_json_text(out, &hint.replace('\n', " "));
    out.push(b'}');
}

fn write_digits(out: &mut Vec<u8>, digits: [Option<u8>; 2]) {
    let digits: Vec<_> = digits.iter().flatten().map(u8::to_string).collect();
    drop(write!(out, "[{}]", digits.join(",")));
}

/// Writes an entry of a key ring; its section as it may be shown.
pub fn write_entry(out: &mut Vec<u8>, entry: &Entry, section: &str) {
    let mut words = vec![format!("check value {}", entry.check_value)];
    if let Some(value) = &entry.auth_check_value {
        words.push(format!("authentication key {value}"));
    }
    if let Some(title) = entry.title {
        match title.device_id() {
            Some(id) if id != entry.section => words.push(id),
            _ if title.to_string() != entry.section.to_uppercase() => {
                words.push(format!("title {title}"));
            }
            _ => {}
        }
    }
    if let Some(tag) = &entry.tag {
        words.push(format!("tag {tag}"));
    }
    if entry.allow_plain {
        words.push("may send in clear".to_owned());
    }
    if let Some(at) = &entry.opened_at {
        words.push(
            at.strftime("last opened a frame %Y-%m-%d %H:%M:%S %:z")
                .to_string(),
        );
    }
    let name = match &entry.name {
        Some(name) => format!(" {name}"),
        None => String::new(),
    };
    let line = format!("{section}{name}: {}", words.join(", "));
    out.extend_from_slice(clean(&line).as_bytes());
    out.push(b'\n');
}

/// Writes an entry of a key ring as an object, and a line end.
pub fn write_entry_json(out: &mut Vec<u8>, seq: u64, ring: &str, entry: &Entry) {
    let context = Context {
        seq,
        source: Source {
            kind: "file",
            name: ring,
            label: None,
        },
        ..Context::default()
    };
    begin(out, "key", seq);
    out.extend_from_slice(b",\"received_at\":null");
    write_source(out, &context, 0, 0);
    let title = entry.title.map(|title| title.to_string());
    let id = entry.title.and_then(|title| title.device_id());
    let members = [
        ("section", Some(entry.section.as_str())),
        ("id", id.as_deref()),
        ("system_title", title.as_deref()),
        ("name", entry.name.as_deref()),
        ("check_value", Some(entry.check_value.as_str())),
        ("auth_check_value", entry.auth_check_value.as_deref()),
        ("tag", entry.tag.as_deref()),
    ];
    for (name, value) in members {
        out.extend_from_slice(format!(",\"{name}\":").as_bytes());
        write_text_or_null(out, value);
    }
    let opened_at = entry.opened_at.as_ref();
    let opened_at = opened_at.map(|at| at.timestamp().to_string());
    // Writing into memory cannot fail.
    drop(write!(
        out,
        ",\"allow_plain\":{},\"last_opened_at\":",
        entry.allow_plain
    ));
    write_text_or_null(out, opened_at.as_deref());
    out.extend_from_slice(b"}\n");
}
