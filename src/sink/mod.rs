//! Where telegrams go: each sink writes one form into a buffer, and knows no file or terminal.

pub mod fields;

pub mod context;

pub mod number;

pub mod json;

pub mod csv;
