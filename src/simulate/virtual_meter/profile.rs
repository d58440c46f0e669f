//! The profiles: how the meters of each country differ, but for the lines that they send.

use crate::p1::line::Framing;

/// A kind of meter, named by country and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Luxembourg, the lines that every customer gets.
    Lu,
    /// Luxembourg, all lines of the specification 1.1.3 with four M-Bus channels.
    LuFull,
    /// The Netherlands, DSMR 5.0.
    Nl5,
    /// The Netherlands, DSMR 4.2.
    Nl42,
    /// The Netherlands, DSMR 2.2: 9600 7E1, no CRC, no clock, gas on two lines.
    Nl22,
    /// Belgium (Flanders), with peaks.
    Be,
    /// Sweden, always in normal time.
    Se,
    /// Austria: encrypted, with an authentication key of its own, in W and Wh.
    At,
    /// Hungary.
    Hu,
    /// Lithuania, the extended list.
    Lt,
    /// Norway, Aidon: pushes of rows, in clear.
    NoAidon,
    /// Norway, Kaifa: pushes of values alone, in clear.
    NoKaifa,
    /// Denmark, Kamstrup: pushes of codes and values.
    Kamstrup,
    /// Lower Austria: pushes over the wired M-Bus, without a tag.
    AtNoe,
    /// Tyrol: pushes over the wired M-Bus, suite 1, without a tag.
    AtTinetz,
    /// Switzerland, Landis+Gyr: pushes in blocks.
    ChLg,
    /// Switzerland, Iskraemeco: pushes in segments, in clear.
    ChIskra,
    /// Slovenia, Iskraemeco: pushes of values alone, in clear.
    SiIskra,
    /// Warsaw: text, encrypted behind its first line.
    PlStoen,
}

impl Profile {
    /// All profiles with their names.
    pub const ALL: [(&str, Profile); 19] = [
        ("lu", Profile::Lu),
        ("lu-full", Profile::LuFull),
        ("nl5", Profile::Nl5),
        ("nl42", Profile::Nl42),
        ("nl22", Profile::Nl22),
        ("be", Profile::Be),
        ("se", Profile::Se),
        ("at", Profile::At),
        ("hu", Profile::Hu),
        ("lt", Profile::Lt),
        ("no-aidon", Profile::NoAidon),
        ("no-kaifa", Profile::NoKaifa),
        ("kamstrup", Profile::Kamstrup),
        ("at-noe", Profile::AtNoe),
        ("at-tinetz", Profile::AtTinetz),
        ("ch-lg", Profile::ChLg),
        ("ch-iskra", Profile::ChIskra),
        ("si-iskra", Profile::SiIskra),
        ("pl-stoen", Profile::PlStoen),
    ];

    /// The profile of this name.
    pub fn named(name: &str) -> Option<Profile> {
        Profile::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, profile)| profile)
    }

    /// Seconds between two telegrams.
    pub fn period(self) -> u32 {
        match self {
            Profile::Nl5 | Profile::Be => 1,
            Profile::NoAidon | Profile::NoKaifa => 2,
            Profile::AtNoe | Profile::AtTinetz => 5,
            Profile::ChLg | Profile::ChIskra | Profile::SiIskra => 5,
            _ => 10,
        }
    }

    /// How its characters stand on the wire.
    pub fn framing(self) -> Framing {
        match self {
            Profile::Nl22 => Framing::DSMR2,
            Profile::NoAidon | Profile::NoKaifa | Profile::AtNoe => Framing::MBUS,
            Profile::AtTinetz | Profile::ChLg => Framing::MBUS,
            Profile::Kamstrup => Framing::n81(2400),
            _ => Framing::P1,
        }
    }

    /// Whether its meters encrypt when they leave the works.
    pub fn is_sealed(self) -> bool {
        matches!(
            self,
            Profile::Lu
                | Profile::LuFull
                | Profile::At
                | Profile::Kamstrup
                | Profile::AtNoe
                | Profile::AtTinetz
                | Profile::ChLg
                | Profile::PlStoen
        )
    }

    /// Whether each meter has an authentication key of its own.
    pub fn has_own_auth_key(self) -> bool {
        matches!(
            self,
            Profile::At | Profile::Kamstrup | Profile::ChLg | Profile::PlStoen
        )
    }

    pub(super) fn has_crc(self) -> bool {
        self != Profile::Nl22
    }

    pub(super) fn capture_every(self) -> u32 {
        match self {
            Profile::Nl5 | Profile::Be => 300,
            _ => 3600,
        }
    }

    /// The identification behind `/`: what does not depend on the meter, before and behind a number.
    pub(super) fn header(self) -> (&'static str, &'static str) {
        match self {
            Profile::Lu | Profile::LuFull => ("Lux5\\253", "_M"),
            Profile::Nl5 => ("SMY5\\2SM", "-1003"),
            Profile::Nl42 => ("SMY5SMARTY-", ""),
            Profile::Nl22 => ("SMY5 SM", "-002"),
            Profile::Be => ("SMY5\\253", "_A"),
            Profile::Se => ("SMY5\\253", "_SE"),
            Profile::At => ("SMY5\\253", "_AT"),
            Profile::Hu => ("SMY5", ""),
            Profile::Lt => ("SMY5\\", "_LT"),
            Profile::PlStoen => ("SMY5\\253", "_PL"),
            Profile::NoAidon
            | Profile::NoKaifa
            | Profile::Kamstrup
            | Profile::AtNoe
            | Profile::AtTinetz
            | Profile::ChLg
            | Profile::ChIskra
            | Profile::SiIskra => ("SMY5", ""),
        }
    }
}
