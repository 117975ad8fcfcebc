//! What `GetDeploymentTarget` answers about an instance.

use serde_json::{Value, json};

use crate::answers::LifecycleEvent;
use crate::behaviour::Behaviour;

/// An instance in the middle of a deployment, without lifecycle events until told otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceTarget {
    target: Value,
    events: Vec<Value>,
}

impl InstanceTarget {
    /// The instance `id` in the deployment `deployment`.
    #[must_use]
    pub fn new(deployment: &str, id: &str) -> Self {
        let target = json!({
            "deploymentId": deployment,
            "lastUpdatedAt": 1_764_000_002.789,
            "status": "InProgress",
            "targetArn": format!("arn:aws:ec2:eu-central-1:123456789012:instance/{id}"),
            "targetId": id,
        });
        Self { target, events: Vec::new() }
    }

    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `Skipped`, `Unknown` or `Ready`.
    #[must_use]
    pub fn status(self, status: &str) -> Self {
        self.with("status", status)
    }

    /// When it last changed.
    #[must_use]
    pub fn updated(self, at: f64) -> Self {
        self.with("lastUpdatedAt", at)
    }

    /// With one more lifecycle event, after the others.
    #[must_use]
    pub fn event(mut self, event: LifecycleEvent) -> Self {
        self.events.push(event.into());
        self
    }

    /// Any field of `instanceTarget`.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.target[field] = value.into();
        self
    }

    /// The whole answer.
    #[must_use]
    pub fn json(&self) -> Value {
        let target = self.clone().with("lifecycleEvents", self.events.clone()).target;
        json!({ "deploymentTarget": { "deploymentTargetType": "InstanceTarget", "instanceTarget": target } })
    }
}

impl From<InstanceTarget> for Behaviour {
    fn from(target: InstanceTarget) -> Self {
        Self::Answer(target.json())
    }
}
