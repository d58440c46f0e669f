//! Several meters on one screen, as they are seen.

use super::*;

#[test]
fn three_meters_share_a_small_terminal() {
    let street = trio().run(2301);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   3 meters                                                       q ends
    house   SMY1030778628338   /dev/ttyUSB0 115200 8N1   telegram 231   1 s ago
    POWER     import    0.791 kW     export    0.000 kW     net    0.791 kW
              ██████████████████████████  10 min  min 0.789  mean 0.799  max 0.812
    ENERGY    import     3068.503 kWh  +1.546     export     4348.930 kWh  +0.000
    PHASES    L1 234.1 V     0 A   L2 231.5 V     1 A   L3 233.2 V     1 A
    DEVICES   1 gas    1579.200 m³  19:00:00    2 water   106.815 m³  19:00:00
              4 heat      56.85 GJ  19:00:00
    LINK      231 ok  0 refused  0 missed  0 junk bytes  up 00:38:21

    pv   SMYE0000078628339   /dev/ttyUSB1 115200 8N1   telegram 2301   1 s ago
    POWER     import    2.232 kW     export    0.000 kW     net    2.232 kW
              ▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃█████████  10 min  min 0.744  mean 1.252  max 2.247
    ENERGY    import     3785.010 kWh  +1.109     export     3472.878 kWh  +0.000
    PHASES    L1 232.1 V     1 A   L2 235.3 V     1 A   L3 232.2 V     7 A
    DEVICES   1 gas  752.466 m³  19:15:00
    LINK      2301 ok  0 refused  0 junk bytes  up 00:38:21

    heatpump   SMYE0000078628340   tcp://10.0.0.7:2001   telegram 231   1 s ago
    POWER     import     4.20 kW     export     0.00 kW     net     4.20 kW
              ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂█████████  10 min  min 0.660  mean 1.901  max 4.200
    ENERGY    import    10539.878 kWh  +1.016     export    12078.482 kWh  +0.000
    DEVICES   1 gas  4024.137 m³  19:00:00
    LINK      231 ok  0 refused  0 junk bytes  up 00:38:21
    ");
    insta::assert_snapshot!(street.show(80, 10), @r"
    smarty   3 meters                                                       q ends
    house              import    0.791  export    0.000  net    0.791 kW   1 s ago
    █████████████████  today    +1.546           +0.000 kWh                 231 ok

    pv                 import    2.232  export    0.000  net    2.232 kW   1 s ago
    ▃▃▃▃▃▃▃▃▃▃▆██████  today    +1.109           +0.000 kWh                2301 ok

    heatpump           import     4.20  export     0.00  net     4.20 kW   1 s ago
    ▂▂▂▂▂▂▂▂▂▂▆██████  so far   +1.016           +0.000 kWh                 231 ok
    ");
    insta::assert_snapshot!(street.show(80, 5), @r"
    smarty   3 meters                                                       q ends
    house              import    0.791  export    0.000  net    0.791 kW   1 s ago
    pv                 import    2.232  export    0.000  net    2.232 kW   1 s ago
    heatpump           import     4.20  export     0.00  net     4.20 kW   1 s ago
    ");
    insta::assert_snapshot!(street.show(80, 2), @r"
    house              import    0.791  export    0.000  net    0.791 kW   1 s ago
    and 2 more, for which there is no room
    ");
    insta::assert_snapshot!(street.show(40, 10), @r"
    smarty   3 meters               q ends
    house      net    0.791 kW     1 s ago
    █████████                       231 ok

    pv         net    2.232 kW     1 s ago
    ▃▃▃▃▃▆███                      2301 ok

    heatpump   net     4.20 kW     1 s ago
    ▂▂▂▂▂▅███                       231 ok
    ");
}

#[test]
fn three_meters_use_the_room_of_a_large_terminal() {
    let street = trio().run(2301);
    insta::assert_snapshot!(street.show(200, 50), @r"
    smarty   3 meters                                                                                                                                                                               q ends
    house   SMY1030778628338   /dev/ttyUSB0 115200 8N1   telegram 231   1 s ago                          pv   SMYE0000078628339   /dev/ttyUSB1 115200 8N1   telegram 2301   1 s ago
    POWER     import    0.791 kW     export    0.000 kW     net    0.791 kW                              POWER     import    2.232 kW     export    0.000 kW     net    2.232 kW
              ▇██████▇▇██████▇█▇███▇█▇▇██▇█▇█▇▇█▇▇██▇▇▇▇▇█▇                                                                                      ███████████████
              █████████████████████████████████████████████                                                                                     ▇███████████████
              █████████████████████████████████████████████                                                        ▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃████████████████
              █████████████████████████████████████████████  10 min  min 0.789  mean 0.799  max 0.812              █████████████████████████████████████████████  10 min  min 0.744  mean 1.252  max 2.247
    ENERGY    import     3068.503 kWh  +1.546     export     4348.930 kWh  +0.000                        ENERGY    import     3785.010 kWh  +1.109     export     3472.878 kWh  +0.000
              today        +1.546 kWh  from 18:40 today        +0.000 kWh                                          today        +1.109 kWh  from 18:40 today        +0.000 kWh
    PHASE      U/V   I/A    P+/kW    P-/kW   Q+/kvar   Q-/kvar                                           PHASE      U/V   I/A    P+/kW    P-/kW
      L1     234.1     0    0.196    0.000     0.000     0.034                                             L1     232.1     1    0.296    0.000
      L2     231.5     1    0.329    0.000     0.000     0.019                                             L2     235.3     1    0.237    0.000
      L3     233.2     1    0.266    0.000     0.000     0.026                                             L3     232.2     7    1.699    0.000
    DEVICES   1 gas    1579.200 m³  19:00:00    2 water   106.815 m³  19:00:00                           DEVICES   1 gas  752.466 m³  19:15:00
              4 heat      56.85 GJ  19:00:00                                                             LINK      2301 ok  0 refused  0 junk bytes  up 00:38:21
    LINK      231 ok  0 refused  0 missed  0 junk bytes  up 00:38:21

    heatpump   SMYE0000078628340   tcp://10.0.0.7:2001 115200 8N1   telegram 231   1 s ago
    POWER     import     4.20 kW     export     0.00 kW     net     4.20 kW
                                           ████████████████
                                           ████████████████
                                           ████████████████
              ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆████████████████  10 min  min 0.660  mean 1.901  max 4.200
    ENERGY    import    10539.878 kWh  +1.016     export    12078.482 kWh  +0.000
    DEVICES   1 gas  4024.137 m³  19:00:00
    LINK      231 ok  0 refused  0 junk bytes  up 00:38:21
    ");
}

#[test]
fn eight_meters_can_be_read_on_a_small_terminal() {
    let mut street = trio()
        .house("barn", Profile::Lu)
        .house("cellar", Profile::Se)
        .house("attic", Profile::At)
        .house("garage", Profile::Lt)
        .house("shed", Profile::Hu)
        .run(901);
    street.houses[4].silent = true;
    let street = street.run(300);
    insta::assert_snapshot!(street.show(80, 24), @r"
    smarty   8 meters   1 late                                              q ends
    house              import    2.820  export    0.000  net    2.820 kW   1 s ago
    █████████████████  today    +1.080           +0.000 kWh                 121 ok

    pv                 import    3.085  export    0.000  net    3.085 kW   1 s ago
    ▆▆▆▆▆▆███████████  today    +0.756           +0.000 kWh                1201 ok

    heatpump           import     2.37  export     0.00  net     2.37 kW   1 s ago
    █████████████████  so far   +0.586           +0.000 kWh                 121 ok

    barn               import    0.985  export    0.000  net    0.985 kW   1 s ago
    █████▆▃▃▃▃▃▃▃▃▃▃▃  today    +0.579           +0.000 kWh                 121 ok

    cellar             import    2.860  export    0.000  net    2.860 kW 5 min old
    █████████          today    +0.497           +0.000 kWh                  91 ok

    attic              import    0.979  export    0.000  net    0.979 kW   1 s ago
    █████████████████  today    +0.320           +0.000 kWh                 121 ok

    garage             import    0.815  export    0.000  net    0.815 kW   1 s ago
    █████▇▄▄▄▄▄▄▄▄▄▄▄  today    +0.437           +0.000 kWh                 121 ok

    shed               import    1.608  export    0.000  net    1.608 kW   1 s ago
    ▅▅▅▅▅▆███████████  today    +0.537           +0.000 kWh                 121 ok
    ");
    insta::assert_snapshot!(street.show(80, 17), @r"
    smarty   8 meters   1 late                                              q ends
    house              import    2.820  export    0.000  net    2.820 kW   1 s ago
    █████████████████  today    +1.080           +0.000 kWh                 121 ok
    pv                 import    3.085  export    0.000  net    3.085 kW   1 s ago
    ▆▆▆▆▆▆███████████  today    +0.756           +0.000 kWh                1201 ok
    heatpump           import     2.37  export     0.00  net     2.37 kW   1 s ago
    █████████████████  so far   +0.586           +0.000 kWh                 121 ok
    barn               import    0.985  export    0.000  net    0.985 kW   1 s ago
    █████▆▃▃▃▃▃▃▃▃▃▃▃  today    +0.579           +0.000 kWh                 121 ok
    cellar             import    2.860  export    0.000  net    2.860 kW 5 min old
    █████████          today    +0.497           +0.000 kWh                  91 ok
    attic              import    0.979  export    0.000  net    0.979 kW   1 s ago
    █████████████████  today    +0.320           +0.000 kWh                 121 ok
    garage             import    0.815  export    0.000  net    0.815 kW   1 s ago
    █████▇▄▄▄▄▄▄▄▄▄▄▄  today    +0.437           +0.000 kWh                 121 ok
    shed               import    1.608  export    0.000  net    1.608 kW   1 s ago
    ▅▅▅▅▅▆███████████  today    +0.537           +0.000 kWh                 121 ok
    ");
}

#[test]
fn several_meters_on_one_line_have_a_block_each_and_a_damaged_title_has_none() {
    let mut street = MeterGroup::new()
        .house("", Profile::LuFull)
        .house("", Profile::Lu);
    street.screen = Screen::new();
    for house in &mut street.houses {
        house.source = "/dev/ttyUSB0";
    }
    let mut street = street.run(601);
    let mut frame = Vec::new();
    street.houses[0].meter.next_frame(&mut frame);
    frame[6] ^= 1;
    let (now, context) = (street.now(), street.houses[0].context());
    let screen = &mut street.screen;
    keyless().push(&frame, |event| take(screen, now, &context, event));
    insta::assert_snapshot!(street.show(80, 12), @r"
    smarty   2 meters                                                       q ends
    SMY1030778628338   /dev/ttyUSB0   telegram 61   1 s ago
    POWER     import    2.703 kW     export    0.000 kW     net    2.703 kW
              █████████████████▆▆▆▆▆▆▆▆▆  10 min  min 2.689  mean 3.690  max 4.160
    ENERGY    import     3067.576 kWh  +0.619     export     4348.930 kWh  +0.000
    LINK      61 ok  1 refused  0 missed  0 junk bytes  up 00:10:01

    SMY1030778628339   /dev/ttyUSB0   telegram 61   1 s ago
    POWER     import    2.050 kW     export    0.000 kW     net    2.050 kW
              ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇█████████  10 min  min 1.798  mean 1.882  max 2.050
    ENERGY    import     3784.213 kWh  +0.312     export     3472.878 kWh  +0.000
    LINK      61 ok  0 refused  0 missed  up 00:10:01
    ");
}
