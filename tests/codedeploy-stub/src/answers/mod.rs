//! What CodeDeploy answers when all is well, and the refusals that a hook must expect. Field names and texts of states are
//! those of the service's model; times are seconds since 1970, as JSON 1.1 carries them.

mod deployment;
mod instance_target;
mod lifecycle_event;

use serde_json::{Value, json};

use crate::behaviour::Behaviour;
use crate::operation::Operation;

pub use deployment::{DeploymentInfo, s3_revision};
pub use instance_target::InstanceTarget;
pub use lifecycle_event::LifecycleEvent;

/// For `ListDeploymentTargets`: one page of target ids, and how to ask for the next.
#[must_use]
pub fn targets(ids: &[&str], next_token: Option<&str>) -> Value {
    page("targetIds", ids, next_token)
}

/// For `ListDeployments`: one page of deployment ids, and how to ask for the next.
#[must_use]
pub fn deployments(ids: &[&str], next_token: Option<&str>) -> Value {
    page("deployments", ids, next_token)
}

/// For `PutLifecycleEventHookExecutionStatus`.
#[must_use]
pub fn hook_status_taken(execution_id: &str) -> Value {
    json!({ "lifecycleEventHookExecutionId": execution_id })
}

/// What an instance gets whose role says nothing about `operation`: the usual first experience.
#[must_use]
pub fn access_denied(operation: Operation) -> Behaviour {
    let role = "arn:aws:sts::123456789012:assumed-role/instance-role/i-0123456789abcdef0";
    Behaviour::error(
        "AccessDeniedException",
        format!(
            "User: {role} is not authorized to perform: codedeploy:{operation} because no identity-based policy allows \
             the codedeploy:{operation} action"
        ),
    )
}

/// What is answered about a deployment that is not, or is somebody else's.
#[must_use]
pub fn no_such_deployment(id: &str) -> Behaviour {
    Behaviour::error("DeploymentDoesNotExistException", format!("The deployment {id} could not be found"))
}

fn page(field: &str, ids: &[&str], next_token: Option<&str>) -> Value {
    match next_token {
        Some(token) => json!({ field: ids, "nextToken": token }),
        None => json!({ field: ids }),
    }
}
