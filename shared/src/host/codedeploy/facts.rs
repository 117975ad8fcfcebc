//! CodeDeploy as its API shows it: a deployment, its targets, and what may come back instead. On EC2 and on-premises hosts
//! the status of a hook is its exit code, which the API cannot set; it tells whether a deployment is still wanted. For
//! ECS and Lambda it takes a hook's verdict. `consent` decides, `verdict` sends, and `host::CodeDeploy` is the way there.

use std::time::Duration;

use serde::Serialize;

/// The operations that are called, named as IAM names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A deployment as a whole.
    GetDeployment,
    /// Which hosts a deployment has.
    ListDeploymentTargets,
    /// One host of a deployment, event by event.
    GetDeploymentTarget,
    /// The verdict of a validation hook on ECS or Lambda.
    PutLifecycleEventHookExecutionStatus,
}

impl Operation {
    /// Its name in CodeDeploy's API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::GetDeployment => "GetDeployment",
            Operation::ListDeploymentTargets => "ListDeploymentTargets",
            Operation::GetDeploymentTarget => "GetDeploymentTarget",
            Operation::PutLifecycleEventHookExecutionStatus => "PutLifecycleEventHookExecutionStatus",
        }
    }
}

/// How long an answer may take, and where to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// From the first look for credentials to the last retry.
    pub at_most: Duration,
    /// How often one request is sent at most.
    pub attempts: u32,
    /// The region; nothing for the one of the environment or of this host.
    pub region: Option<String>,
}

/// A deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deployment {
    /// Its id, for example `d-ABCDEF123`.
    pub id: String,
    /// The application's name.
    pub application: Option<String>,
    /// The deployment group's name.
    pub group: Option<String>,
    /// Where it is.
    pub status: Status,
    /// Who made it: `user`, `codeDeployRollback`, `autoscaling` and others.
    pub creator: Option<String>,
    /// `STANDARD`, or `RESTART` where the same revision is started again, all its events anew.
    pub mode: Option<String>,
    /// The deployment that this one rolls back.
    pub rolls_back: Option<String>,
    /// The deployment by which this one was rolled back.
    pub rolled_back_by: Option<String>,
    /// Why it failed or was stopped: CodeDeploy's code and sentence.
    pub error: Option<String>,
    /// Where its revision comes from.
    pub revision: Option<String>,
    /// When it was made.
    pub created: Option<jiff::Timestamp>,
    /// When it ended.
    pub completed: Option<jiff::Timestamp>,
}

/// Where a deployment is. The service may know more than is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Made, waiting, going on, or waiting for traffic to be re-routed: everything that has not ended.
    UnderWay(String),
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// Nothing that is known here.
    Unknown(String),
}

impl Default for Status {
    fn default() -> Status {
        Status::Unknown("Unknown".to_owned())
    }
}

impl Status {
    /// The status that a word of the API means.
    #[must_use]
    pub fn of(word: &str) -> Status {
        match word {
            "Created" | "Queued" | "InProgress" | "Baking" | "Ready" => Status::UnderWay(word.to_owned()),
            "Succeeded" => Status::Succeeded,
            "Failed" => Status::Failed,
            "Stopped" => Status::Stopped,
            other => Status::Unknown(other.to_owned()),
        }
    }

    /// The word of the API.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Status::UnderWay(word) | Status::Unknown(word) => word,
            Status::Succeeded => "Succeeded",
            Status::Failed => "Failed",
            Status::Stopped => "Stopped",
        }
    }
}

impl Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// One host (or service, or function) of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Its id: an instance id on EC2, the registered name on premises.
    pub id: String,
    /// Where it is, in the API's words.
    pub status: String,
    /// Its lifecycle events, in order.
    pub events: Vec<Event>,
}

/// One lifecycle event of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its name, for example `ValidateService`.
    pub name: String,
    /// Where it is, in the API's words.
    pub status: String,
    /// When it began.
    pub began: Option<jiff::Timestamp>,
    /// When it ended.
    pub ended: Option<jiff::Timestamp>,
    /// What went wrong.
    pub diagnostics: Option<Diagnostics>,
}

impl Event {
    /// How long it took; nothing for one that has not ended.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        let (began, ended) = (self.began?, self.ended?);
        Duration::try_from(ended.duration_since(began)).ok()
    }
}

/// What an event that failed left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnostics {
    /// CodeDeploy's code, for example `ScriptFailed`.
    pub code: String,
    /// The script that failed, as appspec.yml names it.
    pub script: String,
    /// CodeDeploy's sentence.
    pub message: String,
    /// The last lines that the script printed.
    pub log_tail: String,
}

/// A run of a validation hook on ECS or Lambda, as the environment names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The deployment's id.
    pub deployment: String,
    /// The execution's id.
    pub id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_api_is_kept_and_only_the_three_ends_count_as_ended() {
        for word in ["Created", "Queued", "InProgress", "Baking", "Ready", "Succeeded", "Failed", "Stopped", "Thawing"]
        {
            assert_eq!(Status::of(word).word(), word);
        }
        assert!(matches!(Status::of("Baking"), Status::UnderWay(_)));
        assert!(matches!(Status::of("Thawing"), Status::Unknown(_)));
    }

    #[test]
    fn an_event_that_goes_on_has_taken_no_time_yet() {
        let began = jiff::Timestamp::from_millisecond(1_000).ok();
        let ended = jiff::Timestamp::from_millisecond(3_500).ok();
        assert_eq!(Event { began, ..Event::default() }.took(), None);
        assert_eq!(Event { began, ended, ..Event::default() }.took(), Some(Duration::from_millis(2_500)));
    }
}
