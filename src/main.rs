//! The `smarty` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    smarty::cli::run(std::env::args_os())
}
