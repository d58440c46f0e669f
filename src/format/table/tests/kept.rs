//! What is kept and brought up to date is what would be drawn anew.

use proptest::prelude::*;

use super::laws::{any_code, any_group};
use super::*;
use crate::p1::derive::{Derived, Extent};
use crate::p1::value::Decimal;

/// A telegram drawn anew, with no value put in afterwards.
fn anew(decoded: &Decoded<'_>, context: &Context<'_>, options: &TableOptions) -> Vec<u8> {
    let limit = draw::limit(options.width);
    let mut out = Vec::new();
    Head::default().write(&mut out, decoded, context, limit, options.plain);
    let marks = Marks {
        none: true,
        ..Marks::default()
    };
    let kept = drawn(&decoded.telegram, context.derived, options, marks);
    out.extend_from_slice(kept.body());
    if options.fields.is_none() {
        Notes::default().write(&mut out, decoded, limit, options.plain);
    }
    out
}

/// Draws readouts one behind the other; gives how many bodies were drawn for them.
fn check(texts: &[Vec<u8>], derived: &[Vec<Derived>], options: &TableOptions) -> usize {
    let policy = Policy {
        tag: TagPolicy::Skip,
        ignore_crc: true,
        allow_plain: true,
    };
    let mut tables = Tables::new(options.clone());
    let mut decoder = Decoder::new(Arc::default(), policy, Zone::luxembourg());
    let (mut seen, mut drawn_anew) = (0, 0);
    let mut see = |event: &Event<'_>| {
        let Event::Telegram(decoded) = event else {
            return;
        };
        let context = Context {
            derived: derived
                .get(seen % derived.len().max(1))
                .map_or(&[], Vec::as_slice),
            seq: seen as u64,
            ..HEADING
        };
        seen += 1;
        let latest = |tables: &mut Tables| {
            let shape = decoded.telegram.shape();
            let kept = tables.bodies.of(shape, Vec::new);
            kept.iter()
                .map(|kept| kept.body().as_ptr())
                .collect::<Vec<_>>()
        };
        let before = latest(&mut tables);
        let mut out = Vec::new();
        tables.write(&mut out, decoded, &context);
        drawn_anew += usize::from(!before.contains(&latest(&mut tables)[0]));
        let fresh = anew(decoded, &context, options);
        assert_eq!(
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&fresh)
        );
        if options.plain {
            let styled = TableOptions {
                plain: false,
                ..options.clone()
            };
            let styled = anew(decoded, &context, &styled);
            let stripped = anstream::adapter::strip_bytes(&styled).into_vec();
            assert_eq!(
                String::from_utf8_lossy(&fresh),
                String::from_utf8_lossy(&stripped)
            );
        }
    };
    for text in texts {
        decoder.push(text, &mut see);
    }
    decoder.finish(&mut see);
    drawn_anew
}

/// The text with other digits between parentheses, where digits are.
fn with_digits(mut text: Vec<u8>, digits: &[(usize, u8)]) -> Vec<u8> {
    let mut inside = false;
    let mut places = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'(' => inside = true,
            b')' => inside = false,
            byte if inside && byte.is_ascii_digit() => places.push(at),
            _ => {}
        }
    }
    for (place, digit) in digits {
        if let Some(at) = places.get(place % places.len().max(1)) {
            text[*at] = *digit;
        }
    }
    text
}

fn options() -> impl Strategy<Value = TableOptions> {
    let fields = [
        "voltage,gas_m3,net_power",
        "timestamp,1-0:1.8.0,mbus_reading",
        "current_l1",
    ];
    (
        prop::option::of(60..200usize),
        prop::option::weighted(0.3, prop::sample::select(fields.to_vec())),
        any::<bool>(),
    )
        .prop_map(|(width, fields, plain)| TableOptions {
            width,
            fields: fields.and_then(|fields| Fields::parse(fields).ok()),
            plain,
        })
}

fn computed() -> impl Strategy<Value = Vec<Vec<Derived>>> {
    let value = (
        0..Extent::WithReference.quantities().len(),
        -20_000..20_000i64,
        0..4u8,
    );
    let one = value.prop_map(|(at, digits, scale)| Derived {
        key: Extent::WithReference.quantities()[at].key,
        value: Decimal { digits, scale },
    });
    let keys = prop::collection::vec(one, 0..5);
    (keys, prop::collection::vec(-20_000..20_000i64, 0..4)).prop_map(|(first, others)| {
        let other = |digits: i64| {
            let same = first.iter().copied().enumerate();
            same.map(|(at, mut one)| {
                one.value.digits = digits / (1 + at as i64);
                one
            })
            .collect()
        };
        let others: Vec<_> = others.into_iter().map(other).collect();
        [vec![first], others].concat()
    })
}

fn base() -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::collection::vec(
        (any_code(), prop::collection::vec(any_group(), 1..5)),
        0..20,
    );
    let random = lines.prop_map(|lines| {
        let lines = lines.iter();
        let lines = lines.map(|(code, groups)| (code.as_str(), groups.iter().map(String::as_str)));
        telegram::format("/Inv5\\000000000", lines, false)
    });
    prop_oneof![
        2 => Just(readout(LUX)),
        2 => Just(readout(DSMR)),
        3 => random,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn tables_kept_are_those_drawn_anew(
        bases in prop::collection::vec(base(), 1..3),
        changes in prop::collection::vec(
            (0..3usize, prop::collection::vec((any::<usize>(), b'0'..=b'9'), 0..12)),
            1..8,
        ),
        derived in computed(),
        options in options(),
    ) {
        let mut texts = bases;
        let known = texts.len();
        for (of, digits) in changes {
            let text = texts[if of == 2 { texts.len() - 1 } else { of % known }].clone();
            texts.push(with_digits(text, &digits));
        }
        check(&texts, &derived, &options);
    }
}

#[test]
fn other_values_are_put_into_the_table_that_is_there() {
    let text = |clock: u32, energy: &str, amps: &str| {
        let lines = LUX.replace("174205W", &format!("1742{clock:02}W"));
        let lines = lines
            .replace("001234.567", energy)
            .replace("31.7.0(001", &format!("31.7.0({amps}"));
        readout(&lines)
    };
    let options = |width| TableOptions {
        width,
        ..TableOptions::default()
    };
    let same = [
        text(5, "001234.567", "001"),
        text(15, "001234.569", "002"),
        // One digit less, in a column that others keep as wide as it is.
        text(25, "001235.001", "000"),
    ];
    let wider = [
        text(5, "001234.567", "001"),
        text(15, "012345.678", "001"),
        text(25, "001234.570", "001"),
    ];
    for width in [None, Some(60), Some(80), Some(160)] {
        assert_eq!(check(&same, &[], &options(width)), 1);
        // The narrower one comes back: both are kept.
        assert_eq!(check(&wider, &[], &options(width)), 2);
    }
}

#[test]
fn a_character_that_could_be_a_mark_is_shown_as_it_is() {
    let lines = "1-0:1.8.0(000001.000*kWh) 0-0:94.98.99(\u{F0001}\u{F0002})";
    let text = readout(lines);
    assert_eq!(
        check(&[text.clone(), text], &[], &TableOptions::default()),
        1
    );
}
