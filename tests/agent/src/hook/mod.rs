//! Runs the scripts of one lifecycle event, in order, up to the first that fails.

mod command_line;
mod executable_format;
mod log_tail;
mod output_pipe;
mod process;
mod script_log;
mod supervision;

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use rustix::fs::Access;
use rustix::io::Errno;

use crate::error::{Error, PathContext};
use crate::{DeploymentId, Diagnostics, Generation, HookScript, LifecycleEvent, Progress, ScriptOutcome, ScriptReport};
use command_line::CommandLine;
use script_log::ScriptLog;

/// What the scripts of one event have in common.
pub(crate) struct HookRun<'a> {
    pub(crate) event: LifecycleEvent,
    pub(crate) id: &'a DeploymentId,
    pub(crate) generation: Generation,
    /// The unpacked bundle whose scripts these are.
    pub(crate) archive: &'a Path,
    pub(crate) variables: &'a [(OsString, OsString)],
    pub(crate) scripts_log: PathBuf,
    pub(crate) deployments_log: PathBuf,
}

impl HookRun<'_> {
    /// Runs the scripts; says what `CodeDeploy` is told.
    pub(crate) fn run(
        &self,
        scripts: &[HookScript],
        reports: &mut Vec<ScriptReport>,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Diagnostics, Error> {
        let (scripts_log, deployments_log) = (self.scripts_log.clone(), self.deployments_log.clone());
        let mut log = ScriptLog::open(scripts_log, deployments_log, self.id, self.generation)?;
        log.add(format!("LifecycleEvent - {}\n", self.event).as_bytes())?;
        for script in scripts {
            observe(Progress::ScriptStarted { event: self.event, location: &script.location });
            let (started, clock) = (SystemTime::now(), Instant::now());
            let outcome = self.run_script(script, &mut log, observe)?;
            let report = ScriptReport {
                location: script.location.clone(),
                started,
                duration: clock.elapsed(),
                error_code: outcome.error_code(),
                outcome,
            };
            observe(Progress::ScriptFinished { event: self.event, report: &report });
            let failed = !report.outcome.succeeded();
            let message = report.outcome.message(&script.location, script.runas.as_deref(), self.generation);
            let error_code = report.error_code;
            reports.push(report);
            if failed {
                // Generation 2 has decoded every line by now, so only generation 1 can meet bad bytes here.
                return Ok(String::from_utf8(log.into_tail()).map_or_else(
                    |_| Diagnostics::minimal(),
                    |log| Diagnostics {
                        error_code: Some(error_code),
                        script_name: script.location.clone(),
                        message,
                        log,
                    },
                ));
            }
        }
        Ok(Diagnostics::success())
    }

    fn run_script(
        &self,
        script: &HookScript,
        log: &mut ScriptLog,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<ScriptOutcome, Error> {
        // A leading slash still means the top of the bundle.
        let path = self.archive.join(script.path());
        if !path.exists() {
            return Ok(ScriptOutcome::Missing { path });
        }
        if let Err(error) = make_executable(&path) {
            return Ok(ScriptOutcome::NotExecutable { cause: error.to_string() });
        }
        log.add(format!("Script - {}\n", script.location).as_bytes())?;

        let line = CommandLine::new(script, &path, self.generation);
        let started = Instant::now();
        if self.generation == Generation::Two
            && line.arguments.is_empty()
            && !executable_format::is_executable_format(&path).path_context("read", &path)?
        {
            return Ok(self.not_started(&line, &Errno::NOEXEC.into()));
        }
        let child = match process::start(&line, self.variables, self.generation) {
            Ok(child) => child,
            Err(error) => return Ok(self.not_started(&line, &error)),
        };
        let mut log_failure = None;
        let mut on_line = |stream: crate::OutputStream, line: &[u8]| {
            observe(Progress::Output { stream, line });
            let entry = [stream.mark().as_bytes(), line].concat();
            log.add(&entry).map_err(|error| {
                let text = error.to_string();
                log_failure = Some(error);
                io::Error::other(text)
            })
        };
        let outcome = supervision::supervise(child, started, script.timeout, self.generation, &mut on_line);
        match (outcome, log_failure) {
            (_, Some(error)) => Err(error),
            (Ok(outcome), None) => Ok(outcome),
            (Err(source), None) => {
                Err(Error::Script { action: "watched to its end", location: script.location.clone(), source })
            }
        }
    }

    fn not_started(&self, line: &CommandLine, error: &io::Error) -> ScriptOutcome {
        let program = line.program.to_string_lossy();
        let ruby = match Errno::from_io_error(error) {
            Some(Errno::NOENT) => Some(("ENOENT", "No such file or directory")),
            Some(Errno::ACCESS) => Some(("EACCES", "Permission denied")),
            Some(Errno::TXTBSY) => Some(("ETXTBSY", "Text file busy")),
            _ => None,
        };
        let cause = match (self.generation, ruby) {
            (Generation::One, Some((name, text))) => format!("Errno::{name} with message {text} - {program}"),
            _ => format!("{error} - {program}"),
        };
        ScriptOutcome::NotStarted { cause }
    }
}

/// Adds the executable bit for everyone when nobody has it.
fn make_executable(path: &Path) -> io::Result<()> {
    if rustix::fs::access(path, Access::EXEC_OK).is_ok() {
        return Ok(());
    }
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, Permissions::from_mode(mode & 0o7777 | 0o111))
}
