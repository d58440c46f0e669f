//! What stands on the screen.

use super::*;
use crate::p1::derive::Deriver;

#[test]
fn a_full_meter_fills_a_small_terminal_as_documented() {
    let street = MeterGroup::new().house("house", Profile::LuFull).run(1281);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty  /dev/ttyUSB0 115200 8N1  SMY1030778628338 house  telegram 129  1 s ago
    POWER     import    2.404 kW     export    0.000 kW     net    2.404 kW
              ████████████████████████▇▇  10 min  min 2.404  mean 2.766  max 2.824
    ENERGY    import     3068.097 kWh  +1.140     export     4348.930 kWh  +0.000
              today        +1.140 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW   Q+/kvar   Q-/kvar
      L1     233.5     7    1.805    0.000     0.278     0.000
      L2     232.2     1    0.329    0.000     0.000     0.019
      L3     233.3     1    0.270    0.000     0.000     0.025
    DEVICES   1 gas    1579.200 m³  19:00:00    2 water   106.815 m³  19:00:00
              4 heat      56.85 GJ  19:00:00
    LINK      129 ok  0 refused  0 missed  0 junk bytes  up 00:21:21        q ends
    ");
}

#[test]
fn rows_appear_only_where_there_is_something_to_show() {
    let street = MeterGroup::new().house("", Profile::Nl5).run(600);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   /dev/ttyUSB0 115200 8N1   telegram 600   1 s ago
    POWER     import    2.696 kW     export    0.000 kW     net    2.696 kW
              █████████████████▆▆▆▆▆▆▆▆▆  10 min  min 2.687  mean 3.713  max 4.163
    ENERGY    import     3067.575 kWh  +0.618     export     4348.930 kWh  +0.000
              today        +0.618 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW
      L1     234.6     0    0.196    0.000
      L2     232.3     9    2.234    0.000
      L3     233.0     1    0.266    0.000
    DEVICES   1 gas  1579.033 m³  18:45:00
    LINK      600 ok  0 refused  0 junk bytes  up 00:10:00                  q ends
    ");
    let street = MeterGroup::new().house("", Profile::Nl22).run(600);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   /dev/ttyUSB0 115200 8N1   telegram 60   10 s ago
    POWER     import     2.70 kW     export     0.00 kW     net     2.70 kW
              █████████████████▆▆▆▆▆▆▆▆▆  10 min  min 2.680  mean 3.702  max 4.160
    ENERGY    import     3067.568 kWh  +0.611     export     4348.930 kWh  +0.000
    DEVICES   1 gas  1578.977 m³  18:00:00
    LINK      60 ok  0 refused  0 junk bytes  up 00:10:00                   q ends
    ");
    let street = MeterGroup::new().house("", Profile::Be).run(600);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   /dev/ttyUSB0 115200 8N1   telegram 600   1 s ago
    POWER     import    2.696 kW     export    0.000 kW     net    2.696 kW
              █████████████████▆▆▆▆▆▆▆▆▆  10 min  min 2.687  mean 3.713  max 4.163
    ENERGY    import     3067.575 kWh  +0.618     export     4348.930 kWh  +0.000
              today        +0.618 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW
      L1     234.6  0.84    0.196    0.000
      L2     232.3  9.73    2.234    0.000
      L3     233.0  1.14    0.266    0.000
    DEVICES   1 gas    1579.033 m³  18:45:00    2 water   106.809 m³  18:45:00
    LINK      600 ok  0 refused  0 junk bytes  up 00:10:00                  q ends
    ");
    let street = MeterGroup::new().house("", Profile::Se).run(600);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   /dev/ttyUSB0 115200 8N1   telegram 60   10 s ago
    POWER     import    2.707 kW     export    0.000 kW     net    2.707 kW
              █████████████████▆▆▆▆▆▆▆▆▆  10 min  min 2.689  mean 3.707  max 4.160
    ENERGY    import     3067.568 kWh  +0.611     export     4348.930 kWh  +0.000
              today        +0.611 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW   Q+/kvar   Q-/kvar
      L1     234.6   0.8    0.202    0.000     0.000     0.033
      L2     232.3   9.7    2.233    0.000     0.351     0.000
      L3     233.0   1.1    0.272    0.000     0.000     0.025
    LINK      60 ok  0 refused  0 junk bytes  up 00:10:00                   q ends
    ");
    let street = MeterGroup::new().house("", Profile::Lu).run(600);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   /dev/ttyUSB0 115200 8N1   telegram 60   10 s ago
    POWER     import    2.707 kW     export    0.000 kW     net    2.707 kW
              █████████████████▆▆▆▆▆▆▆▆▆  10 min  min 2.689  mean 3.707  max 4.160
    ENERGY    import     3067.568 kWh  +0.611     export     4348.930 kWh  +0.000
              today        +0.611 kWh  from 18:40 today        +0.000 kWh
    PHASE      I/A
      L1         0
      L2         9
      L3         1
    LINK      60 ok  0 refused  0 missed  0 junk bytes  up 00:10:00         q ends
    ");
}

#[test]
fn a_tall_terminal_gives_its_room_to_the_curve() {
    let street = MeterGroup::new().house("house", Profile::LuFull).run(3001);
    insta::assert_snapshot!(street.show(120, 30), @r"
    smarty   /dev/ttyUSB0 115200 8N1   SMY1030778628338 house   telegram 301   1 s ago
    POWER     import    0.783 kW     export    0.000 kW     net    0.783 kW
              █▇█▇▇███▇█▇▇█▇▇▇██▇▇█▇█▇██▇█▇█▇███▇▆▇▇▇▇▇▇▇▇▇▇▇█▇█▇▇▇▇▇▇▇▇▇▇▆▇▇▇▇▆
              ██████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████
              ██████████████████████████████████████████████████████████████████  15 min  min 0.782  mean 0.794  max 0.806
    ENERGY    import     3068.657 kWh  +1.700     export     4348.930 kWh  +0.000
              today        +1.700 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW   Q+/kvar   Q-/kvar
      L1     232.8     0    0.195    0.000     0.000     0.034
      L2     233.3     1    0.324    0.000     0.000     0.019
      L3     233.3     1    0.264    0.000     0.000     0.026
    DEVICES   1 gas    1579.200 m³  19:00:00    2 water   106.815 m³  19:00:00    4 heat      56.85 GJ  19:00:00
    LINK      301 ok  0 refused  0 missed  0 junk bytes  up 00:50:01        q ends
    ");
}

#[test]
fn energy_of_today_begins_at_midnight() {
    let mut street = MeterGroup::new().house("house", Profile::Se);
    street.houses[0].meter = VirtualMeter::new(Setup::new(
        Profile::Se,
        1,
        2026,
        date(2026, 2, 3).at(23, 50, 0, 0),
    ));
    let street = street.run(1201);
    let shown = street.show(80, 24);
    let energy: Vec<&str> = shown.lines().skip(3).take(2).collect();
    insta::assert_snapshot!(energy.join("\n"), @r"
    ENERGY    import     3067.064 kWh  +0.107     export     4348.930 kWh  +0.000
              today        +0.053 kWh             today        +0.000 kWh
    ");
}

#[test]
fn a_lost_link_and_a_late_meter_are_told_and_forgotten_when_it_is_back() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull).run(601);
    let context = street.houses[0].context();
    let now = street.now();
    street.screen.junk(now, context.source, 17);
    street
        .screen
        .link(now, context.source, "lost", "/dev/ttyUSB0 is gone");
    street.houses[0].silent = true;
    street.screen.notice("the adapter was unplugged", None);
    street = street.run(45);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   /dev/ttyUSB0   SMY1030778628338 house   telegram 61   values 46 s old
    POWER     import    2.703 kW     export    0.000 kW     net    2.703 kW
              ████████████████▆▆▆▆▆▆▆▆▆   10 min  min 2.689  mean 3.657  max 4.160
    ENERGY    import     3067.576 kWh  +0.619     export     4348.930 kWh  +0.000
              today        +0.619 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW   Q+/kvar   Q-/kvar
      L1     234.6     0    0.199    0.000     0.000     0.033
      L2     232.3     9    2.233    0.000     0.351     0.000
      L3     233.0     1    0.271    0.000     0.000     0.025
    DEVICES   1 gas    1578.977 m³  18:00:00    2 water   106.807 m³  18:00:00
              4 heat      56.84 GJ  18:00:00
    LINK      61 ok  0 refused  0 missed  17 junk bytes  up 00:10:46        q ends
              lost 45 s ago: /dev/ttyUSB0 is gone

    the adapter was unplugged
    ");
    let coloured = street.screen.draw(street.now(), 80, 24);
    assert!(coloured[0].contains("\u{1b}[31m"), "{}", coloured[0]);
    assert!(coloured[1].contains("\u{1b}[2m"), "{}", coloured[1]);
    street.houses[0].silent = false;
    street = street.run(15);
    let back = street.show(80, 24);
    assert!(back.contains(" 1 s ago"), "{back}");
    assert!(
        back.contains("63 ok  0 refused  4 missed  17 junk"),
        "{back}"
    );
    assert!(!back.contains("lost"), "{back}");
}

#[test]
fn a_meter_without_a_key_is_named() {
    let mut street = MeterGroup::new().house("house", Profile::LuFull);
    street.houses[0].decoder = keyless();
    let street = street.run(31);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   /dev/ttyUSB0 115200 8N1   SMY1030778628338 house
              encrypted, no key for SMY1030778628338
    LINK      0 ok  4 refused  0 junk bytes  up 00:00:31                    q ends
    ");
    let mut street = trio();
    street.houses[0].decoder = keyless();
    let street = street.run(31);
    insta::assert_snapshot!(street.show(80, 7), @r"
    smarty   3 meters                                                       q ends
    house              encrypted, no key for SMY1030778628338
                                                                   0 ok  4 refused
    pv                 import    1.805  export    0.000  net    1.805 kW   1 s ago
                    █  today    +0.015           +0.000 kWh                  31 ok
    heatpump           import     0.65  export     0.00  net     0.65 kW   1 s ago
                    █  so far   +0.005           +0.000 kWh                   4 ok
    ");
}

#[test]
fn nothing_heard_yet_is_said() {
    assert_eq!(
        shown(&Screen::new(), Timestamp::UNIX_EPOCH, 80, 24),
        [" smarty"]
    );
    let street = MeterGroup::new().house("house", Profile::LuFull);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   /dev/ttyUSB0 115200 8N1
              waiting for the first telegram
    LINK      0 ok  0 refused  0 junk bytes  up 00:00:00                    q ends
    ");
}

#[test]
fn what_is_computed_has_rows_of_its_own() {
    let street = |reference: &str| {
        let mut street = MeterGroup::new().house("house", Profile::LuFull);
        let reference = reference.parse().ok();
        street.houses[0].deriver = Some(Deriver::new(reference, None));
        street.run(1281)
    };
    insta::assert_snapshot!(street("2.5kW").show(80, 24), @r#"
    smarty  /dev/ttyUSB0 115200 8N1  SMY1030778628338 house  telegram 129  1 s ago
    POWER     import    2.404 kW     export    0.000 kW     net    2.404 kW
              ████████████████████████▇▇  10 min  min 2.404  mean 2.766  max 2.824
    QUARTER   mean      2.700 kW    used      0.060 kWh    left      0.565 kWh
              up to     2.480 kW    above today    0.110 kWh    month    0.110 kWh
    ENERGY    import     3068.097 kWh  +1.140     export     4348.930 kWh  +0.000
              today        +1.140 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW   Q+/kvar   Q-/kvar
      L1     233.5     7    1.805    0.000     0.278     0.000
      L2     232.2     1    0.329    0.000     0.000     0.019
      L3     233.3     1    0.270    0.000     0.000     0.025
    DEVICES   1 gas    1579.200 m³  19:00:00    2 water   106.815 m³  19:00:00
              4 heat      56.85 GJ  19:00:00
    LINK      129 ok  0 refused  0 missed  0 junk bytes  up 00:21:21        q ends
    "#);
    insta::assert_snapshot!(street("").show(80, 24), @r#"
    smarty  /dev/ttyUSB0 115200 8N1  SMY1030778628338 house  telegram 129  1 s ago
    POWER     import    2.404 kW     export    0.000 kW     net    2.404 kW
              ████████████████████████▇▇  10 min  min 2.404  mean 2.766  max 2.824
    QUARTER   mean      2.700 kW    used      0.060 kWh
    ENERGY    import     3068.097 kWh  +1.140     export     4348.930 kWh  +0.000
              today        +1.140 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW   Q+/kvar   Q-/kvar
      L1     233.5     7    1.805    0.000     0.278     0.000
      L2     232.2     1    0.329    0.000     0.000     0.019
      L3     233.3     1    0.270    0.000     0.000     0.025
    DEVICES   1 gas    1579.200 m³  19:00:00    2 water   106.815 m³  19:00:00
              4 heat      56.85 GJ  19:00:00
    LINK      129 ok  0 refused  0 missed  0 junk bytes  up 00:21:21        q ends
    "#);
    let street = street("2.5kW");
    insta::assert_snapshot!(street.show(80, 10), @r#"
    smarty  /dev/ttyUSB0 115200 8N1  SMY1030778628338 house  telegram 129  1 s ago
    POWER     import    2.404 kW     export    0.000 kW     net    2.404 kW
              ████████████████████████▇▇  10 min  min 2.404  mean 2.766  max 2.824
    QUARTER   mean      2.700 kW    used      0.060 kWh    left      0.565 kWh
    ENERGY    import     3068.097 kWh  +1.140     export     4348.930 kWh  +0.000
    PHASES    L1 233.5 V     7 A   L2 232.2 V     1 A   L3 233.3 V     1 A
    DEVICES   1 gas    1579.200 m³  19:00:00    2 water   106.815 m³  19:00:00
              4 heat      56.85 GJ  19:00:00
    LINK      129 ok  0 refused  0 missed  0 junk bytes  up 00:21:21        q ends
    "#);
    for width in (20..=120).step_by(13) {
        for height in [1, 8, 12, 16, 24, 40] {
            street.show(width, height);
        }
    }
}
