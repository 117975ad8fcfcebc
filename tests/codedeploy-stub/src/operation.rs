//! The operations of CodeDeploy's API that a hook may ask for.

use std::fmt;

/// What stands before the operation in the header `X-Amz-Target`.
const SERVICE: &str = "CodeDeploy_20141006.";

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// What is known of one deployment.
    GetDeployment,
    /// What is known of one instance in a deployment.
    GetDeploymentTarget,
    /// The instances of a deployment.
    ListDeploymentTargets,
    /// The deployments of a group.
    ListDeployments,
    /// The result of a validation function, which is not for instances.
    PutLifecycleEventHookExecutionStatus,
}

impl Operation {
    /// As AWS calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GetDeployment => "GetDeployment",
            Self::GetDeploymentTarget => "GetDeploymentTarget",
            Self::ListDeploymentTargets => "ListDeploymentTargets",
            Self::ListDeployments => "ListDeployments",
            Self::PutLifecycleEventHookExecutionStatus => "PutLifecycleEventHookExecutionStatus",
        }
    }

    /// What the header `X-Amz-Target` says for it.
    #[must_use]
    pub fn target(self) -> String {
        target(self.name())
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What the header `X-Amz-Target` says for the operation `name`.
pub(crate) fn target(name: &str) -> String {
    format!("{SERVICE}{name}")
}

/// The name of the operation in that header; the whole of it, if it speaks to another service.
pub(crate) fn name_in(target: &str) -> &str {
    target.strip_prefix(SERVICE).unwrap_or(target)
}
