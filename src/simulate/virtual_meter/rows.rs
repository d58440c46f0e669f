//! The lines of the profiles, as data: a new line is a row here.

mod benelux;
mod others;
mod pushes;

use super::form::Form;
use super::profile::Profile;
use super::push::Sender;
use crate::simulate::load_profile::LoadProfile;

use Item::{
    As, Billed, Captured, Clock, Device, DeviceName, Equipment, Failures, Incidents, MonthPeak,
    MonthPeaks, Number, OldGas, Quadrant,
};
use benelux::*;
use others::*;
use pushes::*;

/// What stands behind the code of a line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// Groups as they are.
    As(&'static str),
    /// The time of the telegram.
    Clock,
    /// The logical device name, in hexadecimal.
    DeviceName,
    /// The identification of the meter itself, in hexadecimal.
    Equipment,
    /// The identification of the M-Bus device on this channel, in hexadecimal.
    Device(usize),
    /// A number.
    Number(fn(&LoadProfile) -> i64, Form),
    /// How often something went wrong, by kind.
    Incidents(i64),
    /// Reactive energy of a quadrant, 0 to 3.
    Quadrant(usize),
    /// A reading of a sub-meter behind the time of its capture.
    Captured(fn(&LoadProfile) -> i64, Form),
    /// A gas reading on two lines (DSMR 3.0 section 5.2).
    OldGas,
    /// The log of long power failures.
    Failures,
    /// The highest quarter of the month and when it was.
    MonthPeak,
    /// The highest quarters of the last months.
    MonthPeaks,
    /// The registers at the turn of the month.
    Billed,
}

/// A line: its code and what stands behind.
pub(super) type Row = (&'static str, Item);

impl Profile {
    /// How it pushes; `None` for a meter that sends text.
    pub(super) fn sender(self) -> Option<&'static Sender> {
        match self {
            Profile::NoAidon => Some(&NO_AIDON),
            Profile::NoKaifa => Some(&NO_KAIFA),
            Profile::Kamstrup => Some(&KAMSTRUP),
            Profile::AtNoe => Some(&AT_NOE),
            Profile::AtTinetz => Some(&AT_TINETZ),
            Profile::ChLg => Some(&CH_LG),
            Profile::ChIskra => Some(&CH_ISKRA),
            Profile::SiIskra => Some(&SI_ISKRA),
            _ => None,
        }
    }

    /// The lines, in groups, as they are sent.
    pub(super) fn rows(self) -> &'static [&'static [Row]] {
        match self {
            Profile::Lu => &[LU_START, LU_EVENTS, LU_MESSAGES, AMPERES],
            Profile::LuFull => &[
                LU_START,
                LU_APPARENT,
                LU_EVENTS,
                LU_MESSAGES,
                VOLTS,
                AMPERES,
                PHASES,
                PHASES_VAR,
                LU_DEVICES,
            ],
            Profile::Nl5 => &[
                NL5_START,
                NL_EVENTS,
                NL5_MESSAGE,
                VOLTS,
                AMPERES,
                PHASES,
                NL5_GAS,
            ],
            Profile::Nl42 => &[
                NL42_START,
                NL_EVENTS,
                NL42_MESSAGES,
                AMPERES,
                PHASES,
                NL42_GAS,
            ],
            Profile::Nl22 => &[NL22],
            Profile::Be => &[BE_START, PHASES, VOLTS, BE_REST],
            Profile::Se => &[SE],
            Profile::At => &[AT],
            Profile::PlStoen => &[PL],
            Profile::NoAidon
            | Profile::NoKaifa
            | Profile::Kamstrup
            | Profile::AtNoe
            | Profile::AtTinetz
            | Profile::ChLg
            | Profile::ChIskra
            | Profile::SiIskra => &[],
            Profile::Hu => &[HU],
            Profile::Lt => &[
                LT_START, LT_POWERS, PHASES, PHASES_VAR, LT_PHASES, VOLTS, AMPERES, LT_REST,
            ],
        }
    }
}

const fn import(form: Form) -> Item {
    Number(|house| house.energy().imported(), form)
}

const fn export(form: Form) -> Item {
    Number(|house| house.energy().exported(), form)
}

const fn import_low(form: Form) -> Item {
    Number(|house| house.energy().import[0].units(), form)
}

const fn import_high(form: Form) -> Item {
    Number(|house| house.energy().import[1].units(), form)
}

const fn export_low(form: Form) -> Item {
    Number(|house| house.energy().export[0].units(), form)
}

const fn export_high(form: Form) -> Item {
    Number(|house| house.energy().export[1].units(), form)
}

const fn reactive_import(form: Form) -> Item {
    Number(|house| house.energy().reactive_imported(), form)
}

const fn reactive_export(form: Form) -> Item {
    Number(|house| house.energy().reactive_exported(), form)
}

const fn power_in(form: Form) -> Item {
    Number(|house| house.active().max(0), form)
}

const fn power_out(form: Form) -> Item {
    Number(|house| (-house.active()).max(0), form)
}

const fn var_in(form: Form) -> Item {
    Number(|house| house.reactive().max(0), form)
}

const fn var_out(form: Form) -> Item {
    Number(|house| (-house.reactive()).max(0), form)
}

/// Reactive power where it belongs to this quadrant, var.
fn quadrant_power(house: &LoadProfile, quadrant: usize) -> i64 {
    if house.quadrant() == quadrant {
        house.reactive().abs()
    } else {
        0
    }
}

/// The tariff in force: 0001 low, 0002 high.
const TARIFF: Item = Number(|house| 1 + house.tariff() as i64, Form::new(4, 0, ""));

/// Apparent power while the house imports, or while it exports.
const APPARENT_IN: Item = Number(
    |house| {
        if house.active() >= 0 {
            house.apparent()
        } else {
            0
        }
    },
    KVA,
);
const APPARENT_OUT: Item = Number(
    |house| {
        if house.active() < 0 {
            house.apparent()
        } else {
            0
        }
    },
    KVA,
);

const VOLTS: &[Row] = &[
    ("1-0:32.7.0", Number(|house| house.phase(0).voltage, V)),
    ("1-0:52.7.0", Number(|house| house.phase(1).voltage, V)),
    ("1-0:72.7.0", Number(|house| house.phase(2).voltage, V)),
];

const AMPERES: &[Row] = &[
    ("1-0:31.7.0", Number(|house| house.phase(0).current, A)),
    ("1-0:51.7.0", Number(|house| house.phase(1).current, A)),
    ("1-0:71.7.0", Number(|house| house.phase(2).current, A)),
];

const PHASES: &[Row] = &[
    (
        "1-0:21.7.0",
        Number(|house| house.phase(0).active.max(0), KW),
    ),
    (
        "1-0:41.7.0",
        Number(|house| house.phase(1).active.max(0), KW),
    ),
    (
        "1-0:61.7.0",
        Number(|house| house.phase(2).active.max(0), KW),
    ),
    (
        "1-0:22.7.0",
        Number(|house| (-house.phase(0).active).max(0), KW),
    ),
    (
        "1-0:42.7.0",
        Number(|house| (-house.phase(1).active).max(0), KW),
    ),
    (
        "1-0:62.7.0",
        Number(|house| (-house.phase(2).active).max(0), KW),
    ),
];

const PHASES_VAR: &[Row] = &[
    (
        "1-0:23.7.0",
        Number(|house| house.phase(0).reactive.max(0), KVAR),
    ),
    (
        "1-0:43.7.0",
        Number(|house| house.phase(1).reactive.max(0), KVAR),
    ),
    (
        "1-0:63.7.0",
        Number(|house| house.phase(2).reactive.max(0), KVAR),
    ),
    (
        "1-0:24.7.0",
        Number(|house| (-house.phase(0).reactive).max(0), KVAR),
    ),
    (
        "1-0:44.7.0",
        Number(|house| (-house.phase(1).reactive).max(0), KVAR),
    ),
    (
        "1-0:64.7.0",
        Number(|house| (-house.phase(2).reactive).max(0), KVAR),
    ),
];

const KWH: Form = Form::new(9, 3, "kWh");
const KVARH: Form = Form::new(9, 3, "kvarh");
const KW: Form = Form::new(5, 3, "kW");
const KVAR: Form = Form::new(5, 3, "kvar");
const KVA: Form = Form::new(5, 3, "kVA");
const V: Form = Form::new(4, 1, "V");
const A: Form = Form::new(3, 0, "A").cut(3);
const A2: Form = Form::new(5, 2, "A").cut(1);
const M3: Form = Form::new(8, 3, "m3");
const HZ: Form = Form::new(4, 2, "Hz");
const A1: Form = Form::new(4, 1, "A").cut(2);
const V5: Form = Form::new(5, 1, "V");
const KW7: Form = Form::new(7, 3, "kW");
const KVAR7: Form = Form::new(7, 3, "kVAr");
const WH: Form = Form::new(9, 0, "Wh");
const VARH: Form = Form::new(9, 0, "varh");
const W: Form = Form::new(9, 0, "W");
const VAR: Form = Form::new(9, 0, "var");
const KWH_OLD: Form = Form::new(8, 3, "kWh");
const KW_OLD: Form = Form::new(5, 2, "kW").cut(1);
const FACTOR: Form = Form::new(4, 3, "");
