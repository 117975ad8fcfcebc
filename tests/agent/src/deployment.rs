//! What became of one deployment on this host.

use crate::{DeploymentFolder, DeploymentId, EventReport, LifecycleEvent};

/// One deployment's run.
#[derive(Debug, Clone)]
pub struct DeploymentReport {
    /// Its identity.
    pub id: DeploymentId,
    /// Whether every event that counts succeeded.
    pub succeeded: bool,
    /// The events up to the one that ended the deployment, in order.
    pub events: Vec<EventReport>,
    /// Where its bundle and its log are.
    pub folder: DeploymentFolder,
}

impl DeploymentReport {
    /// The report of an event; `None` when the deployment ended before it.
    #[must_use]
    pub fn event(&self, event: LifecycleEvent) -> Option<&EventReport> {
        self.events.iter().find(|report| report.event == event)
    }

    /// The event that ended the deployment; `None` after a success.
    #[must_use]
    pub fn failure(&self) -> Option<&EventReport> {
        if self.succeeded { None } else { self.events.last() }
    }
}
