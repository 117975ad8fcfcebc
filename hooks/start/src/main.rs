//! The program `start`: it hands over and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::run::main::<start::Start, shared::host::NotLinked>()
}
