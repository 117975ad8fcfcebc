//! One command in a container, in all of its namespaces, and what became of it.

use std::ffi::OsStr;
use std::process::{Command, Output};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// What systemd gives its services.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How a command ended, and what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// Both outputs, one after the other.
    pub output: String,
}

impl Outcome {
    pub(crate) fn of(Output { status, stdout, stderr }: &Output) -> Self {
        let output = format!("{}{}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
        Self { code: status.code().unwrap_or(-1), output }
    }
}

/// Runs a program as root in the host whose first process this is, and waits for its end.
pub(crate) fn run(leader: u32, program_and_arguments: &[&OsStr]) -> anyhow::Result<Outcome> {
    let mut command = Command::new("nsenter");
    command.args(["--target", &leader.to_string(), "--all", "--"]).args(program_and_arguments);
    Ok(Outcome::of(&command.env_clear().env("PATH", PATH).output().context("`nsenter` could not be run")?))
}
