//! The `smarty` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    smarty::run(std::env::args_os())
}
