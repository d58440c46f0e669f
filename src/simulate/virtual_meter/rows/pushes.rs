//! The lists of meters that push, as data: a new meter is rows here.

use super::super::push::{Carrier, Cell, Header, Line, List, Sender};
use crate::p1::push::Form;
use crate::simulate::load_profile::LoadProfile;
use Cell::{Clock, Meter, Name, Number, Word};

/// A number: where it comes from, its power of ten there and as it is sent, unit and type.
const fn number(of: fn(&LoadProfile) -> i64, here: i8, sent: i8, unit: u8, tag: u8) -> Cell {
    Number {
        of,
        here,
        sent,
        unit,
        tag,
    }
}

const fn imported(sent: i8, tag: u8) -> Cell {
    number(|house| house.energy().imported(), 0, sent, WH, tag)
}

const fn exported(sent: i8, tag: u8) -> Cell {
    number(|house| house.energy().exported(), 0, sent, WH, tag)
}

const fn reactive_imported(sent: i8, tag: u8) -> Cell {
    number(
        |house| house.energy().reactive_imported(),
        0,
        sent,
        VARH,
        tag,
    )
}

const fn reactive_exported(sent: i8, tag: u8) -> Cell {
    number(
        |house| house.energy().reactive_exported(),
        0,
        sent,
        VARH,
        tag,
    )
}

const POWER_IN: Cell = number(|house| house.active().max(0), 0, 0, W, U32);
const POWER_OUT: Cell = number(|house| (-house.active()).max(0), 0, 0, W, U32);
const VAR_IN: Cell = number(|house| house.reactive().max(0), 0, 0, VAR, U32);
const VAR_OUT: Cell = number(|house| (-house.reactive()).max(0), 0, 0, VAR, U32);

/// Voltages of the three phases.
const fn volts(sent: i8, tag: u8) -> [Cell; 3] {
    [
        number(|house| house.phase(0).voltage, -1, sent, V, tag),
        number(|house| house.phase(1).voltage, -1, sent, V, tag),
        number(|house| house.phase(2).voltage, -1, sent, V, tag),
    ]
}

/// Currents of the three phases.
const fn amperes(sent: i8, tag: u8) -> [Cell; 3] {
    [
        number(|house| house.phase(0).current, -3, sent, A, tag),
        number(|house| house.phase(1).current, -3, sent, A, tag),
        number(|house| house.phase(2).current, -3, sent, A, tag),
    ]
}

const W: u8 = 27;
const VAR: u8 = 29;
const WH: u8 = 30;
const VARH: u8 = 32;
const A: u8 = 33;
const V: u8 = 35;
const NONE: u8 = 255;
const I16: u8 = 0x10;
const U16: u8 = 0x12;
const U32: u8 = 0x06;

const fn code(a: u8, b: u8, c: u8, d: u8, e: u8) -> [u8; 6] {
    [a, b, c, d, e, 255]
}

const CLOCK: [u8; 6] = code(0, 0, 1, 0, 0);
const LIST_NAME: [u8; 6] = code(1, 1, 0, 2, 129);
const METER: [u8; 6] = code(0, 0, 96, 1, 0);
const MODEL: [u8; 6] = code(0, 0, 96, 1, 7);

/// Powers with group B of their codes.
const fn powers(b: u8) -> [Line; 4] {
    [
        (code(1, b, 1, 7, 0), POWER_IN),
        (code(1, b, 2, 7, 0), POWER_OUT),
        (code(1, b, 3, 7, 0), VAR_IN),
        (code(1, b, 4, 7, 0), VAR_OUT),
    ]
}

const fn energies(b: u8, sent: i8) -> [Line; 4] {
    [
        (code(1, b, 1, 8, 0), imported(sent, U32)),
        (code(1, b, 2, 8, 0), exported(sent, U32)),
        (code(1, b, 3, 8, 0), reactive_imported(sent, U32)),
        (code(1, b, 4, 8, 0), reactive_exported(sent, U32)),
    ]
}

const fn phases(c: u8, b: u8, cells: [Cell; 3]) -> [Line; 3] {
    let [first, second, third] = cells;
    [
        (code(1, b, c, 7, 0), first),
        (code(1, b, c + 20, 7, 0), second),
        (code(1, b, c + 40, 7, 0), third),
    ]
}

const AIDON_HEAD: &[Line] = &[(LIST_NAME, Name), (METER, Meter), (MODEL, Word("6525"))];

pub(in super::super) static NO_AIDON: Sender = Sender {
    form: Form::Rows,
    carrier: Carrier::Hdlc {
        target: &[0x41],
        source: &[0x08, 0x83],
        control: 0x13,
        part: WHOLE,
    },
    header: Header::None,
    control: 0x30,
    lists: &[
        List {
            every: 3600,
            name: "AIDON_V0001",
            lines: &[
                AIDON_HEAD,
                &powers(0),
                &phases(31, 0, amperes(-1, I16)),
                &phases(32, 0, volts(-1, U16)),
                &[(CLOCK, Clock)],
                &energies(0, 1),
            ],
        },
        List {
            every: 10,
            name: "AIDON_V0001",
            lines: &[
                AIDON_HEAD,
                &powers(0),
                &phases(31, 0, amperes(-1, I16)),
                &phases(32, 0, volts(-1, U16)),
            ],
        },
        List {
            every: 1,
            name: "AIDON_V0001",
            lines: &[&[(code(1, 0, 1, 7, 0), POWER_IN)]],
        },
    ],
};

const KAIFA_HEAD: &[Line] = &[(LIST_NAME, Name), (METER, Meter), (MODEL, Word("MA304H3E"))];

pub(in super::super) static NO_KAIFA: Sender = Sender {
    form: Form::Bare,
    carrier: Carrier::Hdlc {
        target: &[0x01],
        source: &[0x02, 0x01],
        control: 0x10,
        part: WHOLE,
    },
    header: Header::Tagged,
    control: 0x30,
    lists: &[
        List {
            every: 3600,
            name: "KFM_001",
            lines: &[
                KAIFA_HEAD,
                &powers(0),
                &phases(31, 0, amperes(-3, U32)),
                &phases(32, 0, volts(-1, U32)),
                &[(CLOCK, Clock)],
                &energies(0, 0),
            ],
        },
        List {
            every: 10,
            name: "KFM_001",
            lines: &[
                KAIFA_HEAD,
                &powers(0),
                &phases(31, 0, amperes(-3, U32)),
                &phases(32, 0, volts(-1, U32)),
            ],
        },
        List {
            every: 1,
            name: "KFM_001",
            lines: &[&[(code(1, 0, 1, 7, 0), POWER_IN)]],
        },
    ],
};

const KAMSTRUP_HEAD: &[Line] = &[
    (code(1, 1, 0, 0, 5), Meter),
    (code(1, 1, 96, 1, 1), Word("6861111BN242101040")),
];

pub(in super::super) static KAMSTRUP: Sender = Sender {
    form: Form::Flat,
    carrier: Carrier::Hdlc {
        target: &[0x2B],
        source: &[0x21],
        control: 0x13,
        part: WHOLE,
    },
    header: Header::NoZone,
    control: 0x30,
    lists: &[
        List {
            every: 3600,
            name: "Kamstrup_V0001",
            lines: &[
                KAMSTRUP_HEAD,
                &powers(1),
                &phases(31, 1, amperes(-2, U32)),
                &phases(32, 1, volts(0, U16)),
                &[(code(0, 1, 1, 0, 0), Clock)],
                &energies(1, 1),
            ],
        },
        List {
            every: 1,
            name: "Kamstrup_V0001",
            lines: &[
                KAMSTRUP_HEAD,
                &powers(1),
                &phases(31, 1, amperes(-2, U32)),
                &phases(32, 1, volts(0, U16)),
            ],
        },
    ],
};

const FACTOR: Line = (
    code(1, 0, 13, 7, 0),
    number(LoadProfile::power_factor, -3, -3, NONE, I16),
);

pub(in super::super) static AT_NOE: Sender = Sender {
    form: Form::FlatScaler,
    carrier: Carrier::Mbus { part: 245 },
    header: Header::Standard,
    control: 0x20,
    lists: &[List {
        every: 1,
        name: "",
        lines: &[
            &[(CLOCK, Clock)],
            &[
                (code(1, 0, 1, 8, 0), imported(0, U32)),
                (code(1, 0, 2, 8, 0), exported(0, U32)),
                (code(1, 0, 1, 7, 0), POWER_IN),
                (code(1, 0, 2, 7, 0), POWER_OUT),
            ],
            &phases(32, 0, volts(-1, U16)),
            &phases(31, 0, amperes(-2, U16)),
            &[FACTOR, (METER, Meter)],
        ],
    }],
};

pub(in super::super) static AT_TINETZ: Sender = Sender {
    form: Form::Rows,
    carrier: Carrier::Mbus { part: 245 },
    header: Header::Standard,
    control: 0x21,
    lists: &[List {
        every: 1,
        name: "",
        lines: &[
            &[(CLOCK, Cell::LooseClock)],
            &[(METER, Meter)],
            &phases(32, 0, volts(-1, U16)),
            &phases(31, 0, amperes(-2, U16)),
            &powers(0),
            &energies(0, 0),
        ],
    }],
};

pub(in super::super) static CH_LG: Sender = Sender {
    form: Form::ObjectList,
    carrier: Carrier::Blocks {
        target: &[0xCE, 0xFF],
        source: &[0x03],
        part: 112,
    },
    header: Header::Standard,
    control: 0x30,
    lists: &[
        List {
            every: 60,
            name: "0-8:25.9.0",
            lines: &[
                &[(code(0, 0, 42, 0, 0), Meter)],
                &energies(1, 0),
                &[
                    (
                        code(1, 1, 1, 8, 1),
                        number(|house| house.energy().import[0].units(), 0, 0, WH, U32),
                    ),
                    (
                        code(1, 1, 1, 8, 2),
                        number(|house| house.energy().import[1].units(), 0, 0, WH, U32),
                    ),
                ],
            ],
        },
        List {
            every: 1,
            name: "0-9:25.9.0",
            lines: &[
                &powers(0),
                &phases(32, 0, volts(0, U16)),
                &phases(31, 0, amperes(-2, U16)),
            ],
        },
    ],
};

pub(in super::super) static CH_ISKRA: Sender = Sender {
    form: Form::ObjectList,
    carrier: Carrier::Hdlc {
        target: &[0xCF],
        source: &[0x02, 0x23],
        control: 0x13,
        part: 155,
    },
    header: Header::Standard,
    control: 0x30,
    lists: &[List {
        every: 1,
        name: "0-6:25.9.0",
        lines: &[
            &[(code(0, 0, 42, 0, 0), Meter)],
            &energies(1, 0),
            &powers(0),
            &phases(32, 0, volts(-1, U16)),
            &phases(31, 0, amperes(-2, U16)),
        ],
    }],
};

pub(in super::super) static SI_ISKRA: Sender = Sender {
    form: Form::Bare,
    carrier: Carrier::Hdlc {
        target: &[0xCF],
        source: &[0x02, 0x23],
        control: 0x13,
        part: WHOLE,
    },
    header: Header::Standard,
    control: 0x30,
    lists: &[
        List {
            every: 900,
            name: "",
            lines: &[&[
                (code(0, 0, 42, 0, 0), Meter),
                (METER, Word("SMY-2026")),
                (code(0, 0, 96, 3, 10), number(|_| 1, 0, 0, NONE, 0x16)),
                (
                    code(0, 0, 96, 14, 0),
                    number(|house| 1 + house.tariff() as i64, 0, 0, NONE, 0x11),
                ),
                (code(1, 0, 1, 8, 0), imported(0, U32)),
                (
                    code(1, 0, 1, 8, 1),
                    number(|house| house.energy().import[0].units(), 0, 0, WH, U32),
                ),
                (
                    code(1, 0, 1, 8, 2),
                    number(|house| house.energy().import[1].units(), 0, 0, WH, U32),
                ),
                (code(1, 0, 2, 8, 0), exported(0, U32)),
                (
                    code(1, 0, 2, 8, 1),
                    number(|house| house.energy().export[0].units(), 0, 0, WH, U32),
                ),
                (
                    code(1, 0, 2, 8, 2),
                    number(|house| house.energy().export[1].units(), 0, 0, WH, U32),
                ),
                (code(1, 0, 3, 8, 0), reactive_imported(0, U32)),
                (code(1, 0, 4, 8, 0), reactive_exported(0, U32)),
            ]],
        },
        List {
            every: 1,
            name: "",
            lines: &[
                &[(code(0, 0, 42, 0, 0), Meter), (METER, Word("SMY-2026"))],
                &powers(0),
                &phases(32, 0, volts(-1, U16)),
                &phases(31, 0, amperes(-2, U16)),
                &phases(
                    21,
                    0,
                    [
                        number(|house| house.phase(0).active.max(0), 0, 0, W, U32),
                        number(|house| house.phase(1).active.max(0), 0, 0, W, U32),
                        number(|house| house.phase(2).active.max(0), 0, 0, W, U32),
                    ],
                ),
                &phases(
                    22,
                    0,
                    [
                        number(|house| (-house.phase(0).active).max(0), 0, 0, W, U32),
                        number(|house| (-house.phase(1).active).max(0), 0, 0, W, U32),
                        number(|house| (-house.phase(2).active).max(0), 0, 0, W, U32),
                    ],
                ),
            ],
        },
    ],
};

/// All in one frame.
const WHOLE: usize = 2000;
