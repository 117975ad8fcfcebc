//! The program `status`: it hands over and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::run::look::<status::Status, shared::host::codedeploy::client::Client>()
}
