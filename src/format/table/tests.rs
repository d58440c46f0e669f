use std::sync::Arc;

use insta::assert_snapshot;

use super::*;
use crate::observe::context::Source;
use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use crate::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
use crate::p1::decoder::{Decoder, Policy, TagPolicy};
use crate::p1::event::Event;
use crate::p1::telegram;
use crate::p1::value::Zone;

/// A telegram as Luxembourg's meters send it.
const LUX: &str = "1-3:0.2.8(42) 0-0:1.0.0(240311174205W) 0-0:42.0.0(53414731303330373030313233343536)
    1-0:1.8.0(001234.567*kWh) 1-0:2.8.0(000089.010*kWh) 1-0:3.8.0(000012.345*kvarh) 1-0:1.7.0(00.412*kW)
    1-0:2.7.0(00.000*kW) 0-0:17.0.0(069.0*kVA) 1-1:31.4.0(080*A)(-040*A) 0-0:96.3.10(1) 0-1:96.3.10(0)
    0-0:96.7.21(00012) 1-0:32.32.0(00040) 1-0:52.32.0(00003) 1-0:72.32.0(00002) 0-0:96.13.0() 0-0:96.13.2()
    1-0:32.7.0(231.0*V) 1-0:52.7.0(230.4*V) 1-0:72.7.0(229.8*V) 1-0:31.7.0(001*A) 1-0:51.7.0(000*A)
    1-0:71.7.0(000*A) 1-0:21.7.0(00.412*kW) 1-0:41.7.0(00.000*kW) 1-0:61.7.0(00.000*kW) 0-1:24.1.0(003)
    0-1:96.1.0(464C4F3132333435363738) 0-1:24.2.1(240311173000W)(00512.250*m3) 0-1:24.4.0(1) 0-2:24.1.0(007)
    0-2:96.1.0() 0-2:24.2.1(632525252525S)(00000.000) 0-2:24.4.0(1) 0-3:24.1.0(007) 0-3:96.1.0()
    0-3:24.2.1(632525252525S)(00000.000) 0-3:24.4.0(1)";

/// A telegram by DSMR 5, with a log, a message, an unknown code and two oddities.
const DSMR: &str = "1-3:0.2.8(50) 0-0:1.0.0(240311174205W) 0-0:96.1.1(4B3031323334353637)
    1-0:1.8.1(004321.987*kWh) 1-0:1.8.2(000210.123*kWh) 0-0:96.14.0(0002) 1-0:1.7.0(01.193)
    1-0:1.6.0(240301181500W)(03.210*kW) 0-0:96.7.9(00002)
    1-0:99.97.0(2)(0-0:96.7.19)(220208152415W)(0000000240*s)(230208151004W)(0000000301*s)
    1-0:32.7.0(220.1*V) 1-0:31.7.0(001*A) 0-0:94.98.99(1A2B)(77)
    0-0:96.13.0(546865206772696420697320636C6F73656420666F7220776F726B206F6E204D6F6E6461792066726F6D206E696E6520746F206E6F6F6E2E)
    0-1:24.1.0(003) 0-1:96.1.0(473030313233) 0-1:24.2.1(632525252525S)(00042.500*m3)";

const HEADING: Context<'_> = Context {
    input: 0,
    enough: false,
    source: Source {
        kind: "file",
        name: "dump.bin",
        label: None,
    },
    seq: 3,
    archived: None,
    opened: None,
    meter_name: Some("house"),
    keyed: false,
    received_at: None,
    derived: &[],
};

const TITLE: &str = "SAG1030700123456";

fn readout(lines: &str) -> Vec<u8> {
    let lines = lines.split_whitespace().map(|line| {
        let (code, groups) = line.split_once('(').unwrap();
        (code, groups.strip_suffix(')').unwrap().split(")("))
    });
    telegram::format("/Inv5\\000000000", lines, true)
}

fn keys() -> MeterKeys {
    MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default())
}

fn sealed(text: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
    let title = SystemTitle::parse(TITLE).unwrap();
    keys().seal(title, control, FrameCounter(1042), text, &mut frame);
    frame
}

fn printed_under(policy: Policy, stream: &[u8], options: &TableOptions) -> String {
    printed_below(HEADING, policy, stream, options)
}

fn printed_below(
    heading: Context<'_>,
    policy: Policy,
    stream: &[u8],
    options: &TableOptions,
) -> String {
    let mut ring = Keys::default();
    ring.set_default(keys());
    let mut out = Vec::new();
    let mut decoder = Decoder::new(Arc::new(ring), policy, Zone::luxembourg());
    let mut see = |event: &Event<'_>| {
        if let Event::Telegram(decoded) = event {
            write(&mut out, decoded, &heading, options);
        }
    };
    decoder.push(stream, &mut see);
    decoder.finish(&mut see);
    String::from_utf8(out).unwrap()
}

fn printed(stream: &[u8], width: Option<usize>) -> String {
    let options = TableOptions {
        width,
        ..TableOptions::default()
    };
    plain(&printed_under(Policy::default(), stream, &options))
}

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

#[test]
fn a_ciphered_telegram_fits_eighty_columns() {
    assert_snapshot!(printed(&sealed(&readout(LUX)), Some(80)), @r#"
    SAG1030700123456   house   2024-03-11 17:42:05 +01:00   telegram 3 of dump.bin
    frame 1042, 928 bytes   tag valid   CRC E89F right

    Energy
      1-0:1.8.0          energy imported                    1234.567 kWh
      1-0:2.8.0          energy exported                      89.010 kWh
      1-0:3.8.0          reactive energy imported             12.345 kvarh

    Power
      1-0:1.7.0          power imported                        0.412 kW
      1-0:2.7.0          power exported                        0.000 kW

    Phases                                    L1       L2       L3
      1-0:32/52/72.7.0   voltage         231.0    230.4    229.8   V
      1-0:31/51/71.7.0   current           1        0        0     A
      1-0:21/41/61.7.0   power imported    0.412    0.000    0.000 kW

    Quality
      0-0:96.7.21        power failures                       12
                                       L1  L2  L3
      1-0:32/52/72.32.0  voltage sags  40   3   2

    Limits
      0-0:17.0.0         limit of the supply                  69.0   kVA
      1-1:31.4.0         current limits, import and export    80     A
                                                             -40     A
      0-0:96.3.10        main switch                           1     on
      0-1:96.3.10        relay 1                               0     off

    M-Bus  medium  reading     time                 id           valve
      0-1  gas     512.250 m³  2024-03-11 17:30:00  FLO12345678  open
      nothing connected: 0-2, 0-3

    Text
      nothing in 0-0:96.13.0, 0-0:96.13.2

    Meter
      1-3:0.2.8          version of the telegram  42
      0-0:42.0.0         logical device name      SAG1030700123456
    "#);
}

#[test]
fn a_wide_terminal_has_parts_side_by_side() {
    assert_snapshot!(printed(&sealed(&readout(LUX)), Some(160)), @r#"
    SAG1030700123456   house   2024-03-11 17:42:05 +01:00   telegram 3 of dump.bin
    frame 1042, 928 bytes   tag valid   CRC E89F right

    Energy                                                                    Limits
      1-0:1.8.0          energy imported                    1234.567 kWh        0-0:17.0.0         limit of the supply                  69.0   kVA
      1-0:2.8.0          energy exported                      89.010 kWh        1-1:31.4.0         current limits, import and export    80     A
      1-0:3.8.0          reactive energy imported             12.345 kvarh                                                             -40     A
                                                                                0-0:96.3.10        main switch                           1     on
    Power                                                                       0-1:96.3.10        relay 1                               0     off
      1-0:1.7.0          power imported                        0.412 kW
      1-0:2.7.0          power exported                        0.000 kW       M-Bus  medium  reading     time                 id           valve
                                                                                0-1  gas     512.250 m³  2024-03-11 17:30:00  FLO12345678  open
    Phases                                    L1       L2       L3              nothing connected: 0-2, 0-3
      1-0:32/52/72.7.0   voltage         231.0    230.4    229.8   V
      1-0:31/51/71.7.0   current           1        0        0     A          Text
      1-0:21/41/61.7.0   power imported    0.412    0.000    0.000 kW           nothing in 0-0:96.13.0, 0-0:96.13.2

    Quality                                                                   Meter
      0-0:96.7.21        power failures                       12                1-3:0.2.8          version of the telegram  42
                                       L1  L2  L3                               0-0:42.0.0         logical device name      SAG1030700123456
      1-0:32/52/72.32.0  voltage sags  40   3   2
    "#);
}

#[test]
fn logs_messages_unknown_codes_and_notes_have_their_places() {
    assert_snapshot!(printed(&readout(DSMR), Some(80)), @r#"
    K01234567   house   2024-03-11 17:42:05 +01:00   telegram 3 of dump.bin
    sent in clear, 609 bytes   CRC 273C right

    Energy
      1-0:1.8.1     energy imported, tariff 1   4321.987 kWh
      1-0:1.8.2     energy imported, tariff 2    210.123 kWh
      0-0:96.14.0   tariff in force             0002

    Power
      1-0:1.7.0     power imported                 1.193
      1-0:1.6.0     highest import demand          3.210 kW
                      2024-03-01 18:15:00

    Phases
      1-0:32.7.0    voltage L1                   220.1   V
      1-0:31.7.0    current L1                     1     A

    Quality
      0-0:96.7.9    long power failures            2
      1-0:99.97.0   log of long power failures     2
      0-0:96.7.19   length of long failure
                      2022-02-08 15:24:15        240     s
                      2023-02-08 15:10:04        301     s

    M-Bus  medium  reading     time     id      valve
      0-1  gas      42.500 m³  not set  G00123

    Text
      0-0:96.13.0   text message  The grid is closed for work on Monday from nine to
                                  noon.

    Other
      0-0:94.98.99  unknown code  (1A2B)(77)

    Meter
      1-3:0.2.8     version of the telegram  50
      0-0:96.1.1    id of the meter          K01234567

    note: 1-0:1.7.0 01.193 came without its unit
    note: 0-1:24.2.1 632525252525S is not a date
    "#);
}

#[test]
fn a_pipe_gets_lines_as_long_as_they_are() {
    assert_snapshot!(printed(&readout(DSMR), None), @r#"
    K01234567   house   2024-03-11 17:42:05 +01:00   telegram 3 of dump.bin
    sent in clear, 609 bytes   CRC 273C right

    Energy
      1-0:1.8.1     energy imported, tariff 1   4321.987 kWh
      1-0:1.8.2     energy imported, tariff 2    210.123 kWh
      0-0:96.14.0   tariff in force             0002

    Power
      1-0:1.7.0     power imported                 1.193
      1-0:1.6.0     highest import demand          3.210 kW
                      2024-03-01 18:15:00

    Phases
      1-0:32.7.0    voltage L1                   220.1   V
      1-0:31.7.0    current L1                     1     A

    Quality
      0-0:96.7.9    long power failures            2
      1-0:99.97.0   log of long power failures     2
      0-0:96.7.19   length of long failure
                      2022-02-08 15:24:15        240     s
                      2023-02-08 15:10:04        301     s

    M-Bus  medium  reading     time     id      valve
      0-1  gas      42.500 m³  not set  G00123

    Text
      0-0:96.13.0   text message  The grid is closed for work on Monday from nine to noon.

    Other
      0-0:94.98.99  unknown code  (1A2B)(77)

    Meter
      1-3:0.2.8     version of the telegram  50
      0-0:96.1.1    id of the meter          K01234567

    note: 1-0:1.7.0 01.193 came without its unit
    note: 0-1:24.2.1 632525252525S is not a date
    "#);
}

#[test]
fn sixty_columns_are_enough() {
    assert_snapshot!(printed(&sealed(&readout(LUX)), Some(60)), @r#"
    SAG1030700123456   house   2024-03-11 17:42:05 +01:00
    telegram 3 of dump.bin
    frame 1042, 928 bytes   tag valid   CRC E89F right

    Energy
      1-0:1.8.0      energy imported              1234.567 kWh
      1-0:2.8.0      energy exported                89.010 kWh
      1-0:3.8.0      reactive energy imported       12.345 kvarh

    Power
      1-0:1.7.0      power imported                  0.412 kW
      1-0:2.7.0      power exported                  0.000 kW

    Phases                               L1       L2       L3
      1-0:32.7.0 …   voltage        231.0    230.4    229.8   V
      1-0:31.7.0 …   current          1        0        0     A
      1-0:21.7.0 …   power            0.412    0.000    0.000 kW
                     imported

    Quality
      0-0:96.7.21    power failures                 12
                                   L1  L2  L3
      1-0:32.32.0 …  voltage sags  40   3   2

    Limits
      0-0:17.0.0     limit of the supply            69.0   kVA
      1-1:31.4.0     current limits, import and     80     A
                     export
                                                   -40     A
      0-0:96.3.10    main switch                     1     on
      0-1:96.3.10    relay 1                         0     off

    M-Bus  medium  reading     time        id           valve
      0-1  gas     512.250 m³  2024-03-11  FLO12345678  open
                               17:30:00
      nothing connected: 0-2, 0-3

    Text
      nothing in 0-0:96.13.0, 0-0:96.13.2

    Meter
      1-3:0.2.8      version of the telegram  42
      0-0:42.0.0     logical device name      SAG1030700123456
    "#);
}

#[test]
fn chosen_fields_are_all_that_is_printed() {
    let fields = [
        "voltage_l1",
        "voltage_l3_v",
        "1-0:1.8.0",
        "gas_m3",
        "1-1:31.4.0",
    ];
    let options = TableOptions {
        width: Some(80),
        fields: Some(Fields::parse(&fields.join(",")).unwrap()),
        ..TableOptions::default()
    };
    let table = printed_under(Policy::default(), &sealed(&readout(LUX)), &options);
    assert_snapshot!(plain(&table), @r#"
    SAG1030700123456   house   2024-03-11 17:42:05 +01:00   telegram 3 of dump.bin
    frame 1042, 928 bytes   tag valid   CRC E89F right

    Energy
      1-0:1.8.0      energy imported                    1234.567 kWh

    Phases                       L1     L2     L3
      1-0:32/72.7.0  voltage  231.0         229.8 V

    Limits
      1-1:31.4.0     current limits, import and export    80     A
                                                         -40     A

    M-Bus  medium  reading     time                 id           valve
      0-1  gas     512.250 m³  2024-03-11 17:30:00  FLO12345678  open
    "#);
}

#[test]
fn a_verdict_that_is_not_good_is_loud() {
    let head = |policy, stream: &[u8]| {
        let table = printed_under(policy, stream, &TableOptions::default());
        table.lines().nth(1).unwrap_or_default().to_owned()
    };
    let policy = |tag, ignore_crc| Policy {
        tag,
        ignore_crc,
        allow_plain: false,
    };
    let text = readout("1-0:1.8.0(000001.000*kWh)");
    let mut forged = sealed(&text);
    *forged.last_mut().unwrap() ^= 1;
    let mut damaged = text.clone();
    damaged[25] ^= 1;
    let mut heads = String::new();
    for line in [
        head(policy(TagPolicy::Verify, false), &sealed(&text)),
        head(policy(TagPolicy::Warn, false), &forged),
        head(policy(TagPolicy::Skip, false), &forged),
        head(policy(TagPolicy::Verify, true), &damaged),
        head(
            policy(TagPolicy::Verify, false),
            &telegram::format("/Inv5\\0", [("1-0:1.8.0", ["1*kWh"])], false),
        ),
    ] {
        heads.push_str(&line.replace('\x1b', "^"));
        heads.push('\n');
    }
    assert_snapshot!(heads, @r#"
    frame 1042, 81 bytes   ^[32mtag valid^[0m   ^[32mCRC 1B71 right^[0m
    frame 1042, 81 bytes   ^[1m^[31mTAG INVALID - unverified^[0m   ^[32mCRC 1B71 right^[0m
    frame 1042, 81 bytes   ^[1m^[33mTAG NOT CHECKED - unverified^[0m   ^[32mCRC 1B71 right^[0m
    sent in clear, 53 bytes   ^[1m^[31mCRC WRONG sent 1B71 computed D7A1^[0m
    sent in clear, 32 bytes   no CRC
    "#);
}

#[test]
fn the_time_of_arrival_is_by_the_clock_of_the_meter() {
    let heading = Context {
        received_at: "2024-03-11T16:42:06.123456Z".parse().ok(),
        ..HEADING
    };
    let stream = readout("0-0:1.0.0(240311174205W)");
    let table = printed_below(
        heading,
        Policy::default(),
        &stream,
        &TableOptions::default(),
    );
    assert_snapshot!(plain(&table), @r#"
    /Inv5\000000000   house   2024-03-11 17:42:05 +01:00   telegram 3 of dump.bin   received 2024-03-11 17:42:06 +01:00
    sent in clear, 52 bytes   CRC 2A16 right
    "#);
}

#[test]
fn what_would_steer_the_terminal_is_replaced() {
    let table = printed(&readout("0-0:94.98.99(a\x1b[2Jb\u{202E}c)"), Some(80));
    assert!(table.contains("a\u{FFFD}[2Jb\u{FFFD}c"), "{table}");
}

#[test]
fn the_help_on_fields_names_every_key_on_one_line() {
    for width in [Some(80), None] {
        let mut out = Vec::new();
        write_fields_help(&mut out, width);
        let help = plain(&String::from_utf8(out).unwrap());
        for entry in crate::p1::obis::entries() {
            let named = |line: &str| line.contains(entry.code) && line.contains(entry.key);
            assert!(help.lines().any(named), "{}", entry.code);
        }
        check_lines(&help, width.unwrap_or(usize::MAX));
    }
    let mut out = Vec::new();
    write_fields_help(&mut out, Some(80));
    let help = plain(&String::from_utf8(out).unwrap());
    let head: Vec<_> = help.lines().take(9).collect();
    assert_snapshot!(head.join("\n"), @r#"
    A field is a name, with or without the unit that ends it, or a code: voltage_l1,
    voltage_l1_v, 1-0:32.7.0. The M-Bus adds gas_m3, water_m3, heat_gj, and gas_m3_2
    for a second gas meter. In CSV, tag says whether the tag of a frame fits.

    Energy
      0-0:96.14.0  tariff_indicator                                 tariff in force
      0-0:96.14.1  tariff_indicator_2                               tariff in force…
      1-0:1.8.0    active_energy_import_kwh                         energy imported
      1-0:1.8.1    active_energy_import_tariff_1_kwh                energy imported…
    "#);
}

fn check_lines(table: &str, width: usize) {
    for line in table.lines() {
        assert!(
            draw::width(line) <= width,
            "{} > {width}: {line}",
            draw::width(line)
        );
        assert_eq!(line, line.trim_end(), "trailing blanks");
    }
}

mod computed;
mod kept;
mod laws;
