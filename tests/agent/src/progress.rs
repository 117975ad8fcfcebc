//! What a caller can watch while a deployment runs.

use crate::{EventReport, LifecycleEvent, OutputStream, ScriptReport};

/// One thing that just happened.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// An event began.
    EventStarted(LifecycleEvent),
    /// A script is about to run.
    ScriptStarted {
        /// The event it belongs to.
        event: LifecycleEvent,
        /// The script as `appspec.yml` names it.
        location: &'a str,
    },
    /// The running script printed a line.
    Output {
        /// Where.
        stream: OutputStream,
        /// What, newline included when there was one.
        line: &'a [u8],
    },
    /// A script ended.
    ScriptFinished {
        /// The event it belongs to.
        event: LifecycleEvent,
        /// What became of it.
        report: &'a ScriptReport,
    },
    /// An event ended.
    EventFinished(&'a EventReport),
}
