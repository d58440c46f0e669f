//! What happens to a stream, who is told of it, and what stands between the two.

pub mod context;

pub mod fields;

pub mod observer;

pub mod standing;

pub mod roster;

pub mod sampling;

pub mod merge;

pub mod redact;
