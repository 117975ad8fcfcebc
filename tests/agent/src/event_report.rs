//! What became of one lifecycle event.

use std::time::Duration;

use crate::{Diagnostics, LifecycleEvent, ScriptReport};

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventStatus {
    /// Everything there was to do was done.
    Succeeded,
    /// There was nothing to do: no script, or no bundle installed yet whose script it would be.
    Skipped,
    /// A script or the agent failed.
    Failed,
}

/// One event's run.
#[derive(Debug, Clone)]
pub struct EventReport {
    /// The event.
    pub event: LifecycleEvent,
    /// Its scripts up to the first that failed, in order.
    pub scripts: Vec<ScriptReport>,
    /// How it ended.
    pub status: EventStatus,
    /// What `CodeDeploy` is told.
    pub diagnostics: Diagnostics,
    /// How long it took.
    pub duration: Duration,
}

impl EventReport {
    /// Whether the deployment goes on after it.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status != EventStatus::Failed
    }

    /// The script that failed, when one did.
    #[must_use]
    pub fn failed_script(&self) -> Option<&ScriptReport> {
        self.scripts.iter().find(|script| !script.outcome.succeeded())
    }
}
