//! The program `start`: it hands over and returns the exit code. As a slot's unit it becomes the release that is pinned there;
//! started by a timer it ends a standby.

use std::process::ExitCode;

fn main() -> ExitCode {
    match start::pinned::asked_for(std::env::args()) {
        Some(pin) => start::pinned::run(&pin),
        None if start::retire::is_asked_for(std::env::args()) => {
            shared::run::main::<start::retire::Retire, shared::host::NotLinked>()
        }
        None => shared::run::main::<start::Start, shared::host::NotLinked>(),
    }
}
