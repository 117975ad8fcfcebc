//! One program of a deploy, about to be run as the agent runs it: from `/`, with its output in a file.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, bail};

/// A hook, or a script of the baseline.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    /// The hook's name: what figures are kept under.
    pub(crate) hook: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The whole environment but for `PATH`.
    pub(crate) variables: Vec<(String, String)>,
    /// Where both of its outputs go.
    pub(crate) output: PathBuf,
}

impl Invocation {
    /// The command, with its output file made anew.
    pub(crate) fn command(&self) -> anyhow::Result<Command> {
        self.prepared(Command::new(&self.program), &[])
    }

    /// The same behind a shell that stops itself first, so that somebody can begin to watch before anything happens.
    pub(crate) fn stopped_command(&self) -> anyhow::Result<Command> {
        let program = self.program.display().to_string();
        self.prepared(Command::new("/bin/sh"), &["-c", r#"kill -STOP $$; exec "$@""#, "stopped", &program])
    }

    fn prepared(&self, mut command: Command, before: &[&str]) -> anyhow::Result<Command> {
        let told = || format!("`{}` could not be made", self.output.display());
        let output = File::create(&self.output).with_context(told)?;
        let errors = output.try_clone().with_context(told)?;
        command
            .args(before)
            .args(&self.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        Ok(command)
    }

    /// Only a deploy that went well is measured.
    pub(crate) fn check(&self, status: ExitStatus) -> anyhow::Result<()> {
        if status.success() {
            return Ok(());
        }
        let output = std::fs::read_to_string(&self.output).unwrap_or_default();
        bail!("`{}` ended with {status}; its output:\n{}", self.program.display(), output.trim());
    }
}
