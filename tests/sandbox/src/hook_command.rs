//! A hook about to be run: alone, in the environment that the agent gives it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Context, Result};
use crate::hook_run::HookRun;
use crate::running_hook::RunningHook;
use crate::wait::wait_until;

/// Above every timeout of the shipped `appspec.yml`.
const AT_MOST: Duration = Duration::from_mins(4);
const BUSY_AT_MOST: Duration = Duration::from_secs(2);

/// A hook with its arguments and variables. Nothing but `PATH` comes from this process's environment; no metadata
/// service of a cloud is asked unless a test says so.
#[derive(Clone, Debug)]
pub struct HookCommand {
    name: String,
    /// Or why there is none; told when it is to be run.
    program: Result<PathBuf>,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    at_most: Duration,
}

impl HookCommand {
    pub(crate) fn new(name: &str, program: Result<PathBuf>, settings: &Path) -> Self {
        // On a machine of EC2 nobody asks its real metadata service, unless a test says that there is one of its own.
        let variables = vec![
            ("HOOKS_CONFIG".to_owned(), settings.display().to_string()),
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
        ];
        Self { name: name.to_owned(), program, arguments: Vec::new(), variables, at_most: AT_MOST }
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of its environment; a later value replaces an earlier one.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Runs it as part of this deployment, for example `d-ABCDEF123`.
    #[must_use]
    pub fn deployment(self, id: impl Into<String>) -> Self {
        self.variable("DEPLOYMENT_ID", id)
    }

    /// Runs it for this lifecycle event, for example `AfterInstall`.
    #[must_use]
    pub fn event(self, name: impl Into<String>) -> Self {
        self.variable("LIFECYCLE_EVENT", name)
    }

    /// Lets it run for no longer than this; four minutes unless said.
    #[must_use]
    pub fn at_most(mut self, at_most: Duration) -> Self {
        self.at_most = at_most;
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It cannot be started, or takes too long.
    pub fn run(&self) -> Result<HookRun> {
        self.spawn()?.wait()
    }

    /// Starts it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(&self) -> Result<RunningHook> {
        let program = self.program.clone()?;
        let mut command = Command::new(&program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let child = start(&mut command).context(|| format!("`{}` could not be run", program.display()))?;
        Ok(RunningHook::new(self.name.clone(), child, started, self.at_most))
    }
}

/// Starts it even if it was written a moment ago: another thread that just then started a program of its own lends that,
/// for an instant, the descriptor by which the file was written, and such a file cannot be run.
fn start(command: &mut Command) -> io::Result<Child> {
    let mut outcome = command.spawn();
    wait_until(BUSY_AT_MOST, || match &outcome {
        Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
            outcome = command.spawn();
            false
        }
        _ => true,
    });
    outcome
}
