//! Where a meter of this kind stands, by what it sends.

use crate::p1::ciphering::SystemTitle;
use crate::p1::event::Decoded;

/// The country, or those, whose meters send such telegrams; `None` where the lines are everybody's.
pub fn country(decoded: &Decoded<'_>) -> Option<&'static str> {
    let telegram = &decoded.telegram;
    if let Some(list) = decoded.push.as_ref().and_then(|push| push.list) {
        let lists = [
            ("AIDON", "Norway or Sweden"),
            ("KFM", "Norway"),
            ("Kamstrup", "Denmark, Norway or Sweden"),
        ];
        let known = lists.iter().find(|(begin, _)| list.starts_with(begin));
        return known.map(|(_, country)| *country);
    }
    let header = telegram.header();
    if header
        .get(..LUXEMBOURG.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(LUXEMBOURG))
    {
        return Some("Luxembourg");
    }
    let has = |code: &str| telegram.readings().any(|reading| reading.obis() == code);
    let lines: [(&[&str], &str); 6] = [
        // e-MUCS, the version of the Belgian specification.
        (&["0-0:96.1.4"], "Belgium"),
        // DSMR P1 companion standard, since 4.0; before, gas stands on two lines.
        (&["1-3:0.2.8"], "the Netherlands"),
        (&["0-1:24.3.0"], "the Netherlands"),
        (&["1-0:0.8.2", "1-0:0.2.8"], "Lithuania"),
        (&["1-0:1.8.4", "1-0:15.8.0", "0-0:98.1.0"], "Hungary"),
        // Of the list of the Swedish industry all lines but the clock are of the three phases.
        (&["1-0:21.7.0", "1-0:23.7.0", "1-0:1.8.0"], "Sweden"),
    ];
    let found = lines.iter().find(|(codes, country)| {
        codes.iter().all(|code| has(code)) && (*country != "Sweden" || !has("0-0:96.1.1"))
    });
    let title = decoded.security.map(|security| security.title());
    found
        .map(|(_, country)| *country)
        .or_else(|| title.and_then(country_of_title))
}

/// The country, or those, by the letters of a title; before a frame is opened that is all there is.
pub fn country_of_title(title: SystemTitle) -> Option<&'static str> {
    Some(match title.0.get(..3)? {
        b"SAG" => "Luxembourg",
        b"KFM" | b"SIT" | b"LNT" => "Austria",
        b"KAM" => "Denmark",
        b"LGZ" => "Austria or Switzerland",
        b"ISK" => "Austria, Slovenia or Switzerland",
        b"EGM" => "Poland",
        _ => return None,
    })
}

/// How first lines in Luxembourg begin.
const LUXEMBOURG: &str = "/Lux5";
