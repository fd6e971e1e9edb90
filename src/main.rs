//! The `hatrack` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    hatrack::cli::main(std::env::args_os()).into()
}
