//! The program `stop`: it hands over and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::run::main::<stop::Stop, shared::host::NotLinked>()
}
