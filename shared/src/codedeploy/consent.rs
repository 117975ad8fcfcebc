//! Before the cutover: is this deployment still wanted? One that was stopped, has failed or was rolled back in the console
//! must not move traffic any more. Who gives no answer does not hold a deploy up, unless the settings require one.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::config::{ReportApi, Settings};
use crate::error::{Error, Kind, Result};
use crate::host::codedeploy::{Asking, Deployment, Refusal, Status};
use crate::host::{CodeDeploy, Host};
use crate::language::translated;
use crate::lifecycle::Lifecycle;
use crate::report::{Report, duration};

/// How long a whole deploy may be held up by asking, in all.
pub const AT_MOST: Duration = Duration::from_secs(2);

/// What is left of that for the answer; the rest is for making ready.
const ANSWER_AT_MOST: Duration = Duration::from_millis(1_800);

/// Where a virtual machine of EC2 says that it is one, and how that begins.
const MARKS_OF_EC2: [(&str, &str); 3] = [
    ("/sys/devices/virtual/dmi/id/sys_vendor", "amazon ec2"),
    ("/sys/devices/virtual/dmi/id/board_asset_tag", "i-"),
    ("/sys/hypervisor/uuid", "ec2"),
];

/// What the agent keeps on a host that is registered on premises, and reads its region and credentials from.
const ON_PREMISES: &str = "/etc/codedeploy-agent/conf/codedeploy.onpremises.yml";

/// The question that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The deployment's id.
    pub deployment: String,
    /// Whether traffic stays where it is without an answer.
    pub required: bool,
    /// Where to ask, and for how long.
    pub asking: Asking,
}

/// What an answer means for the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Go on, with what is worth telling about the deployment.
    Given(Vec<String>),
    /// Leave the traffic where it is: why.
    Withdrawn(String),
}

impl Question {
    /// What has to be asked for this run; nothing by hand, for a local deployment, where the settings say `off`, or where
    /// nothing speaks of AWS.
    #[must_use]
    pub fn of(host: &impl Host, settings: &Settings, lifecycle: &Lifecycle) -> Option<Question> {
        let deployment = lifecycle.known_to_codedeploy()?.to_owned();
        let required = match settings.report.api {
            ReportApi::Required => true,
            ReportApi::Auto if lifecycle.aws || is_on_aws(host) => false,
            ReportApi::Auto | ReportApi::Off => return None,
        };
        let region = settings.report.region.clone();
        Some(Question { deployment, required, asking: Asking { at_most: ANSWER_AT_MOST, attempts: 2, region } })
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&translated!(
            "ask CodeDeploy whether deployment `{}` is still under way, for at most {}",
            self.deployment,
            duration(AT_MOST)
        ))
    }
}

/// Whether this machine is one of AWS's, or registered there.
fn is_on_aws(host: &impl Host) -> bool {
    let begins = |(path, beginning): &(&str, &str)| {
        host.read_file(Path::new(path))
            .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).trim_start().to_lowercase().starts_with(beginning))
    };
    MARKS_OF_EC2.iter().any(begins) || host.describe(Path::new(ON_PREMISES)).is_ok()
}

/// Asks, and refuses if the deployment is not wanted any more.
///
/// # Errors
/// `Kind::Interrupted` if it was stopped, has failed or was rolled back; `Refusal::kind` if an answer is required and none
/// came.
pub async fn ask(host: &impl Host, report: &Report, question: &Question) -> Result<()> {
    let answer = host.interruptible(host.codedeploy().deployment(&question.deployment, &question.asking)).await?;
    match answer.map(|deployment| decide(&deployment)) {
        Ok(Consent::Given(notes)) => {
            for note in notes {
                report.say(&note);
            }
            Ok(())
        }
        Ok(Consent::Withdrawn(why)) => Err(Error::new(Kind::Interrupted, why)
            .advise(translated!("nothing was changed; deploy again if you want this release after all"))),
        Err(refusal) if question.required => {
            Err(Error::new(refusal.kind(), unanswered(question, &refusal)).advise(match refusal.advice() {
                Some(advice) => {
                    translated!("{advice}, or set `report.api = \"auto\"` in hooks.toml; nothing was changed")
                }
                None => translated!("deploy again, or set `report.api = \"auto\"` in hooks.toml; nothing was changed")
                    .to_owned(),
            }))
        }
        Err(refusal) => {
            let advice = refusal.advice().map_or_else(String::new, |advice| translated!("{advice}, or "));
            report.say(&translated!(
                "note: {}. Going on without. To end this: {advice}set `report.api = \"off\"` in hooks.toml",
                unanswered(question, &refusal)
            ));
            Ok(())
        }
    }
}

fn unanswered(question: &Question, refusal: &Refusal) -> String {
    translated!("CodeDeploy did not say whether deployment `{}` is still wanted: {refusal}", question.deployment)
}

/// What a deployment's state means for its traffic.
#[must_use]
pub fn decide(deployment: &Deployment) -> Consent {
    let because = deployment.error.as_ref().map_or_else(String::new, |error| format!(" ({error})"));
    let id = &deployment.id;
    if let Some(by) = &deployment.rolled_back_by {
        return Consent::Withdrawn(translated!(
            "deployment `{id}` is superseded: CodeDeploy rolls it back by deployment `{by}`{because}; it moves no traffic"
        ));
    }
    match deployment.status {
        Status::Stopped => {
            return Consent::Withdrawn(translated!(
                "deployment `{id}` was stopped in CodeDeploy{because}; it moves no traffic"
            ));
        }
        Status::Failed => {
            return Consent::Withdrawn(translated!(
                "deployment `{id}` has failed in CodeDeploy{because}; it moves no traffic"
            ));
        }
        Status::UnderWay(_) | Status::Succeeded | Status::Unknown(_) => {}
    }
    let mut notes = Vec::new();
    if deployment.creator.as_deref() == Some("codeDeployRollback") {
        let of = deployment.rolls_back.as_ref().map_or_else(String::new, |of| translated!(" of deployment `{of}`"));
        notes.push(translated!("deployment `{id}` is CodeDeploy's rollback{of}"));
    }
    if deployment.mode.as_deref() == Some("RESTART") {
        notes.push(translated!("deployment `{id}` restarts the revision that was deployed last"));
    }
    Consent::Given(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(status: &str) -> Deployment {
        Deployment { id: "d-ABC".into(), status: Status::of(status), ..Deployment::default() }
    }

    #[test]
    fn a_deployment_that_is_not_wanted_any_more_moves_no_traffic() {
        let rolled_back = Deployment { rolled_back_by: Some("d-NEW".into()), ..deployment("InProgress") };
        let stopped = Deployment { error: Some("MANUAL_STOP: by user".into()), ..deployment("Stopped") };
        let rollback = Deployment {
            creator: Some("codeDeployRollback".into()),
            rolls_back: Some("d-BAD".into()),
            ..deployment("InProgress")
        };
        let restart = Deployment { mode: Some("RESTART".into()), ..deployment("InProgress") };
        for (name, deployment, wanted) in [
            ("under way", deployment("InProgress"), Ok(vec![])),
            ("baking", deployment("Baking"), Ok(vec![])),
            ("a word of a later API", deployment("Thawing"), Ok(vec![])),
            ("over, and run again by hand", deployment("Succeeded"), Ok(vec![])),
            ("stopped", stopped, Err("was stopped in CodeDeploy (MANUAL_STOP: by user)")),
            ("failed", deployment("Failed"), Err("has failed in CodeDeploy; it moves no traffic")),
            ("superseded", rolled_back, Err("is superseded: CodeDeploy rolls it back by deployment `d-NEW`")),
            ("a rollback", rollback, Ok(vec!["is CodeDeploy's rollback of deployment `d-BAD`"])),
            ("a restart", restart, Ok(vec!["restarts the revision that was deployed last"])),
        ] {
            match (decide(&deployment), wanted) {
                (Consent::Given(notes), Ok(words)) => {
                    assert_eq!(notes.len(), words.len(), "{name}: {notes:?}");
                    assert!(notes.iter().zip(words).all(|(note, word)| note.contains(word)), "{name}: {notes:?}");
                }
                (Consent::Withdrawn(why), Err(words)) => assert!(why.contains(words), "{name}: {why}"),
                (consent, _) => panic!("{name}: {consent:?}"),
            }
        }
    }
}
