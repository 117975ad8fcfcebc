//! What became of one script.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::{ErrorCode, Generation};

/// One of a script's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    /// The mark before each line in the logs.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Stdout => "[stdout]",
            Self::Stderr => "[stderr]",
        }
    }
}

impl fmt::Display for OutputStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Stdout => "STDOUT",
            Self::Stderr => "STDERR",
        })
    }
}

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptOutcome {
    /// It exited with this status and both outputs came to their end.
    Exited(i32),
    /// A signal that was not the agent's ended it.
    Signalled(i32),
    /// It was still running at its deadline, this long after its start, and was signalled.
    TimedOut {
        /// The `timeout` that applied.
        timeout: Duration,
    },
    /// It ended, but something held this output open until the deadline.
    OutputsLeftOpen(OutputStream),
    /// A line of this output ended in bytes that are no UTF-8; generation 1 fails on that, whatever the exit status.
    OutputUnreadable(OutputStream),
    /// It is not in the bundle.
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It was not executable and could not be made so.
    NotExecutable {
        /// Why not.
        cause: String,
    },
    /// The system refused to run it.
    NotStarted {
        /// Why, in the agent's words.
        cause: String,
    },
}

impl ScriptOutcome {
    /// Whether the event goes on after it.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        *self == Self::Exited(0)
    }

    /// The code that the service is sent.
    #[must_use]
    pub fn error_code(&self) -> ErrorCode {
        match self {
            Self::Exited(0) => ErrorCode::Success,
            Self::Exited(_) | Self::Signalled(_) | Self::OutputUnreadable(_) | Self::NotStarted { .. } => {
                ErrorCode::ScriptFailed
            }
            Self::TimedOut { .. } => ErrorCode::ScriptTimedOut,
            Self::OutputsLeftOpen(_) => ErrorCode::OutputsLeftOpen,
            Self::Missing { .. } => ErrorCode::ScriptMissing,
            Self::NotExecutable { .. } => ErrorCode::ScriptNotExecutable,
        }
    }

    /// The sentence that the service is sent.
    pub(crate) fn message(&self, location: &str, runas: Option<&str>, generation: Generation) -> String {
        let by = runas.map(|user| format!(" run as user {user}")).unwrap_or_default();
        let script = format!("Script at specified location: {location}{by}");
        match (self, generation) {
            (Self::Exited(0), _) => "Succeeded".to_owned(),
            (Self::Exited(code), _) => format!("{script} failed with exit code {code}"),
            // A signal leaves no exit status: the first agent prints nothing in its place, the second 1.
            (Self::Signalled(_), Generation::One) => format!("{script} failed with exit code "),
            (Self::Signalled(_), Generation::Two) => format!("{script} failed with exit code 1"),
            (Self::TimedOut { timeout }, _) => format!("{script} failed to complete in {} seconds", timeout.as_secs()),
            (Self::OutputsLeftOpen(stream), Generation::One) => format!("{script} failed to close {stream}"),
            (Self::OutputsLeftOpen(_), Generation::Two) => format!("{script} failed to close STDOUT"),
            (Self::OutputUnreadable(_), _) => {
                format!("{script} failed with error ArgumentError with message invalid byte sequence in UTF-8")
            }
            (Self::Missing { path }, _) => format!("Script does not exist at specified location: {}", path.display()),
            (Self::NotExecutable { .. }, _) => {
                format!("Unable to set script at specified location: {location} as executable")
            }
            (Self::NotStarted { cause }, _) => format!("{script} failed with error {cause}"),
        }
    }
}

/// One script's run.
#[derive(Debug, Clone)]
pub struct ScriptReport {
    /// The script as `appspec.yml` names it.
    pub location: String,
    /// When the agent came to it.
    pub started: SystemTime,
    /// How long the agent was busy with it; beyond the timeout when it would not end.
    pub duration: Duration,
    /// How it ended.
    pub outcome: ScriptOutcome,
    /// The code that the service is sent.
    pub error_code: ErrorCode,
}
