//! The numbers by which the agent tells the service how an event ended.

/// The `error_code` of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ErrorCode {
    /// Everything ended well.
    Success = 0,
    /// The script is not in the bundle.
    ScriptMissing = 1,
    /// The script could not be made executable.
    ScriptNotExecutable = 2,
    /// The script did not end in its time.
    ScriptTimedOut = 3,
    /// The script could not be run, or ended with a status other than 0.
    ScriptFailed = 4,
    /// An error of the agent itself: a bad `AppSpec` file, a failed Install.
    UnknownError = 5,
    /// The script ended, but something kept its standard output or standard error open.
    OutputsLeftOpen = 6,
    /// The agent was restarted in the middle of an event. Listed to be complete; this library never restarts.
    AgentRestarted = 7,
}

impl ErrorCode {
    /// The number sent.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}
