//! The program `start`: it hands over and returns the exit code. As a slot's unit it becomes the release that is pinned there.

use std::process::ExitCode;

fn main() -> ExitCode {
    match start::pinned::asked_for(std::env::args()) {
        Some(pin) => start::pinned::run(&pin),
        None => shared::run::main::<start::Start, shared::host::NotLinked>(),
    }
}
