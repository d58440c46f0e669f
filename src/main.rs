//! The `smarty` program.

fn main() {}
