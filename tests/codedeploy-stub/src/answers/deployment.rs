//! What `GetDeployment` answers.

use serde_json::{Value, json};

use crate::behaviour::Behaviour;

/// A deployment to instances that a user created and that is in progress, until told otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentInfo(Value);

impl DeploymentInfo {
    /// Of the application `shop` in the group `production`.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(json!({
            "applicationName": "shop",
            "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE"]},
            "computePlatform": "Server",
            "createTime": 1_764_000_000.123,
            "creator": "user",
            "deploymentConfigName": "CodeDeployDefault.OneAtATime",
            "deploymentGroupName": "production",
            "deploymentId": id,
            "deploymentOverview": overview([0, 1, 0, 0, 0, 0]),
            "deploymentStyle": {"deploymentOption": "WITHOUT_TRAFFIC_CONTROL", "deploymentType": "IN_PLACE"},
            "fileExistsBehavior": "DISALLOW",
            "ignoreApplicationStopFailures": false,
            "instanceTerminationWaitTimeStarted": false,
            "revision": s3_revision("releases", "shop.zip", "zip", Some("0123456789abcdef0123456789abcdef")),
            "startTime": 1_764_000_001.456,
            "status": "InProgress",
            "updateOutdatedInstancesOnly": false,
        }))
    }

    /// Of this application, in this group.
    #[must_use]
    pub fn of(self, application: &str, group: &str) -> Self {
        self.with("applicationName", application).with("deploymentGroupName", group)
    }

    /// `Created`, `Queued`, `InProgress`, `Baking`, `Succeeded`, `Failed`, `Stopped` or `Ready`.
    #[must_use]
    pub fn status(self, status: &str) -> Self {
        self.with("status", status)
    }

    /// `user`, `autoscaling`, `codeDeployRollback` and others.
    #[must_use]
    pub fn creator(self, creator: &str) -> Self {
        self.with("creator", creator)
    }

    /// `STANDARD` or `RESTART`, where the revision is not downloaded again. At first there is none.
    #[must_use]
    pub fn mode(self, mode: &str) -> Self {
        self.with("deploymentMode", mode)
    }

    /// A rollback that CodeDeploy made because the deployment `triggering` had failed.
    #[must_use]
    pub fn rollback_of(self, triggering: &str, message: &str) -> Self {
        let information = json!({ "rollbackTriggeringDeploymentId": triggering, "rollbackMessage": message });
        self.creator("codeDeployRollback").with("rollbackInfo", information)
    }

    /// A deployment that failed, after which CodeDeploy made the deployment `rollback`.
    #[must_use]
    pub fn rolled_back_by(self, rollback: &str, message: &str) -> Self {
        let information = json!({ "rollbackDeploymentId": rollback, "rollbackMessage": message });
        self.status("Failed").with("rollbackInfo", information)
    }

    /// Why it failed: `HEALTH_CONSTRAINTS`, `HOOK_EXECUTION_FAILURE`, `MANUAL_STOP` and others.
    #[must_use]
    pub fn error(self, code: &str, message: &str) -> Self {
        self.with("errorInformation", json!({ "code": code, "message": message }))
    }

    /// What is deployed; see [`s3_revision`].
    #[must_use]
    pub fn revision(self, revision: Value) -> Self {
        self.with("revision", revision)
    }

    /// What was deployed before; see [`s3_revision`].
    #[must_use]
    pub fn previous_revision(self, revision: Value) -> Self {
        self.with("previousRevision", revision)
    }

    /// When it was created, started and completed; without a time for what has not happened.
    #[must_use]
    pub fn times(self, created: f64, started: Option<f64>, completed: Option<f64>) -> Self {
        self.with("createTime", created).with("startTime", started).with("completeTime", completed)
    }

    /// How many instances are pending, in progress, succeeded, failed, skipped and ready.
    #[must_use]
    pub fn overview(self, instances: [u32; 6]) -> Self {
        self.with("deploymentOverview", overview(instances))
    }

    /// Any field of `deploymentInfo`; nothing takes the field away.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        if let Some(fields) = self.0.as_object_mut() {
            match value.into() {
                Value::Null => drop(fields.remove(field)),
                value => drop(fields.insert(field.to_owned(), value)),
            }
        }
        self
    }

    /// The whole answer.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({ "deploymentInfo": self.0 })
    }
}

impl From<DeploymentInfo> for Behaviour {
    fn from(deployment: DeploymentInfo) -> Self {
        Self::Answer(deployment.json())
    }
}

/// A bundle in S3, as `zip`, `tar` or `tgz`.
#[must_use]
pub fn s3_revision(bucket: &str, key: &str, bundle_type: &str, etag: Option<&str>) -> Value {
    let mut location = json!({ "bucket": bucket, "key": key, "bundleType": bundle_type });
    if let Some(etag) = etag {
        location["eTag"] = etag.into();
    }
    json!({ "revisionType": "S3", "s3Location": location })
}

fn overview([pending, in_progress, succeeded, failed, skipped, ready]: [u32; 6]) -> Value {
    json!({
        "Failed": failed,
        "InProgress": in_progress,
        "Pending": pending,
        "Ready": ready,
        "Skipped": skipped,
        "Succeeded": succeeded,
    })
}
