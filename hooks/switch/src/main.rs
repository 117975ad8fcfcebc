//! The program `switch`: it hands over and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::run::main::<switch::Switch, shared::host::codedeploy::client::Client>()
}
