//! What happens to a stream, who is told of it, and what stands between the two.

pub mod context;

pub mod fields;

pub mod observer;

pub mod standing;

pub mod bounded_map;

pub mod sampling;

pub mod merge;

pub mod redact;
