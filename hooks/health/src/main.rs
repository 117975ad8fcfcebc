//! The program `health`: it hands over and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::run::main::<health::Health, shared::host::codedeploy::client::Client>()
}
