//! Meters that exist only here: what a household uses, and what its meter makes of that.

pub mod load_profile;

pub mod virtual_meter;
