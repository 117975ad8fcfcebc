//! The program `start`: it hands over and returns the exit code. As a slot's unit it becomes the release that is pinned there;
//! started by a timer it ends a standby; and it becomes a release that boots from its libraries, and makes their archive.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some((libraries, command)) = start::boot::asked_for(std::env::args()) {
        return start::boot::run(&libraries, command);
    }
    if let Some(release) = start::boot::making::asked_for(std::env::args()) {
        return start::boot::making::run(&release);
    }
    match start::pinned::asked_for(std::env::args()) {
        Some(pin) => start::pinned::run(&pin),
        None if start::retire::is_asked_for(std::env::args()) => {
            shared::run::main::<start::retire::Retire, shared::host::NotLinked>()
        }
        None => shared::run::main::<start::Start, shared::host::NotLinked>(),
    }
}
