//! From the SDK's answers to ours.

use aws_sdk_codedeploy::primitives::DateTime;
use aws_sdk_codedeploy::types::{self, DeploymentInfo, DeploymentTarget, LifecycleEvent};

use crate::host::codedeploy::{Deployment, Diagnostics, Event, Status, Target};

/// An answer without anything in it.
pub(super) fn nothing_known() -> DeploymentInfo {
    DeploymentInfo::builder().build()
}

pub(super) fn deployment(id: &str, info: DeploymentInfo) -> Deployment {
    let rollback = info.rollback_info.as_ref();
    Deployment {
        id: id.to_owned(),
        status: Status::of(info.status.as_ref().map_or("Unknown", types::DeploymentStatus::as_str)),
        creator: info.creator.as_ref().map(|creator| creator.as_str().to_owned()),
        mode: info.deployment_mode.as_ref().map(|mode| mode.as_str().to_owned()),
        rolls_back: filled(rollback.and_then(|rollback| rollback.rollback_triggering_deployment_id())),
        rolled_back_by: filled(rollback.and_then(|rollback| rollback.rollback_deployment_id())),
        error: info.error_information.as_ref().and_then(error),
        revision: info.revision.as_ref().and_then(revision),
        created: info.create_time.as_ref().and_then(time),
        completed: info.complete_time.as_ref().and_then(time),
        application: info.application_name,
        group: info.deployment_group_name,
    }
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Code and sentence, as far as there are any: an empty object says nothing.
fn error(error: &types::ErrorInformation) -> Option<String> {
    let code = error.code().map(types::ErrorCode::as_str);
    let parts: Vec<&str> = [code, error.message()].into_iter().flatten().map(str::trim).collect();
    filled(Some(&parts.join(": ")))
}

/// Where a revision comes from, in one word.
fn revision(revision: &types::RevisionLocation) -> Option<String> {
    if let Some(s3) = revision.s3_location() {
        return Some(format!("s3://{}/{}", s3.bucket().unwrap_or_default(), s3.key().unwrap_or_default()));
    }
    let github = revision.git_hub_location()?;
    Some(format!("{}@{}", github.repository().unwrap_or_default(), github.commit_id().unwrap_or_default()))
}

fn time(time: &DateTime) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).unwrap_or_default()).ok()
}

/// A target of whichever kind: a host, an ECS service or a Lambda function.
pub(super) fn target(id: &str, target: Option<&DeploymentTarget>) -> Target {
    let (status, events) = match target {
        Some(target) => {
            if let Some(host) = target.instance_target() {
                (host.status(), host.lifecycle_events())
            } else if let Some(service) = target.ecs_target() {
                (service.status(), service.lifecycle_events())
            } else if let Some(function) = target.lambda_target() {
                (function.status(), function.lifecycle_events())
            } else {
                (None, [].as_slice())
            }
        }
        None => (None, [].as_slice()),
    };
    Target {
        id: id.to_owned(),
        status: status.map_or("Unknown", types::TargetStatus::as_str).to_owned(),
        events: events.iter().map(event).collect(),
    }
}

fn event(event: &LifecycleEvent) -> Event {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Event {
        name: text(event.lifecycle_event_name()),
        status: text(event.status().map(types::LifecycleEventStatus::as_str)),
        began: event.start_time().and_then(time),
        ended: event.end_time().and_then(time),
        // CodeDeploy gives every event diagnostics; those of one that ended well say `Success` and nothing else.
        diagnostics: event
            .diagnostics()
            .filter(|found| found.error_code() != Some(&types::LifecycleErrorCode::Success))
            .map(|found| Diagnostics {
                code: text(found.error_code().map(types::LifecycleErrorCode::as_str)),
                script: text(found.script_name()),
                message: text(found.message()),
                log_tail: text(found.log_tail()),
            }),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_codedeploy::types::{DeploymentStatus, ErrorInformation, RollbackInfo};

    use super::*;

    #[test]
    fn empty_objects_in_an_answer_mean_nothing() {
        let info = DeploymentInfo::builder()
            .status(DeploymentStatus::Stopped)
            .rollback_info(RollbackInfo::builder().build())
            .error_information(ErrorInformation::builder().build());
        let stopped = Deployment { id: "d-ABC".into(), status: Status::Stopped, ..Deployment::default() };
        assert_eq!(deployment("d-ABC", info.build()), stopped);
        let unknown = Deployment { status: Status::of("Unknown"), ..stopped };
        assert_eq!(deployment("d-ABC", nothing_known()), unknown);
    }
}
