//! One program of a deploy, about to be run as the agent runs it: from `/`, with its output in a file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, bail};
use workstation::{files, programs};

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
        self.prepared(&self.program, &[])
    }

    /// The same behind a shell that stops itself first, so that somebody can begin to watch before anything happens.
    pub(crate) fn stopped_command(&self) -> anyhow::Result<Command> {
        let program = self.program.display().to_string();
        self.prepared(Path::new("/bin/sh"), &["-c", r#"kill -STOP $$; exec "$@""#, "stopped", &program])
    }

    fn prepared(&self, program: &Path, before: &[&str]) -> anyhow::Result<Command> {
        let told = || format!("`{}` could not be made", self.output.display());
        let output = File::create(&self.output).with_context(told)?;
        let errors = output.try_clone().with_context(told)?;
        let mut command = programs::bare_command(program, &self.variables);
        command.args(before).args(&self.arguments).stdout(output).stderr(errors);
        Ok(command)
    }

    /// Only a deploy that went well is measured.
    pub(crate) fn check(&self, status: ExitStatus) -> anyhow::Result<()> {
        if status.success() {
            return Ok(());
        }
        let output = files::read(&self.output, "its output")?;
        let output = String::from_utf8_lossy(&output);
        bail!("`{}` ended with {status}; its output:\n{}", self.program.display(), output.trim());
    }
}
