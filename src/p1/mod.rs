//! The decoder: pure, without input or output, clock or threads. In the order of the bytes' way.

pub mod count;

pub mod nearest;

pub mod span;

pub mod readout;

pub mod ciphering;

pub mod cipher;

pub mod unit;

pub mod obis;

pub mod push;

pub mod framer;

pub mod value;

pub mod layout;

pub mod meaning;

pub mod telegram;

pub mod derive;

pub mod period;

pub mod condition;

pub mod event;

pub mod shard;

pub mod decoder;

pub mod replay;

pub mod line;

pub mod diagnosis;

pub mod session;

pub mod examine;

pub mod inspect;
