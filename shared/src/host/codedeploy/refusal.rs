//! Why CodeDeploy's API gave no answer, in sentences: one for each error that its documents name for the calls made here,
//! and for everything that can be in the way on a host.

use std::fmt;
use std::time::Duration;

use super::Operation;
use crate::error::Kind;
use crate::language::translated;
use crate::report::duration;

/// Who is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Whoever tells this host its region and credentials: the instance metadata service, as a rule.
    Host,
    /// CodeDeploy's API.
    CodeDeploy,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This program was built without the API.
    NotLinked,
    /// The role may not make this call.
    Denied(Operation),
    /// No credentials are to be had.
    NoCredentials,
    /// The credentials are no good (any more).
    BadCredentials(String),
    /// No region is known.
    NoRegion,
    /// No whole answer came in time.
    Late {
        /// How long was waited.
        at_most: Duration,
        /// For whom, at the end.
        whom: Whom,
    },
    /// No connection came about, or it broke: why.
    Unreachable(String),
    /// The API's certificate is not trusted here: why.
    Untrusted(String),
    /// Too many calls.
    Throttled,
    /// The service has a fault, or something answered in its place: the HTTP status where there was one.
    Faulty(Option<u16>),
    /// The service's own reason: its code, and its sentence.
    Reason {
        /// The error's code, for example `DeploymentDoesNotExistException`.
        code: String,
        /// Its sentence.
        message: String,
    },
}

impl Refusal {
    /// What kind of failure it is where an answer is needed.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Refusal::Denied(_) => Kind::NotAllowed,
            Refusal::NotLinked
            | Refusal::NoCredentials
            | Refusal::BadCredentials(_)
            | Refusal::NoRegion
            | Refusal::Late { .. }
            | Refusal::Unreachable(_)
            | Refusal::Untrusted(_)
            | Refusal::Throttled
            | Refusal::Faulty(_)
            | Refusal::Reason { .. } => Kind::Settings,
        }
    }

    /// What to do about it, where something can be done.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Refusal::Denied(operation) => {
                let policy = match operation {
                    Operation::PutLifecycleEventHookExecutionStatus => "docs/iam/validation-function.json",
                    _ => "docs/iam/host.json",
                };
                translated!("allow `codedeploy:{}` in its role (see {policy})", operation.name())
            }
            Refusal::NoCredentials => translated!("give this host an instance profile (docs/travis.md)").to_owned(),
            Refusal::Untrusted(_) => translated!(
                "install this host's certificates (the package `ca-certificates`), or name them in `SSL_CERT_FILE`"
            )
            .to_owned(),
            Refusal::NoRegion => translated!("set `report.region` in hooks.toml").to_owned(),
            Refusal::Late { whom: Whom::Host, .. } => {
                translated!("let the instance metadata service answer (and set `report.region` in hooks.toml)")
                    .to_owned()
            }
            Refusal::Late { .. } | Refusal::Unreachable(_) => {
                translated!("let this host reach CodeDeploy's endpoint (a NAT gateway, a VPC endpoint, `HTTPS_PROXY`)")
                    .to_owned()
            }
            _ => return None,
        })
    }

    /// What the documents say that an error's code means.
    fn meaning(code: &str) -> Option<&'static str> {
        Some(match code {
            "DeploymentDoesNotExistException" => {
                translated!("no deployment with this id exists in this account and region")
            }
            "DeploymentIdRequiredException" => translated!("no deployment id was given"),
            "InvalidDeploymentIdException" => translated!("the deployment id is not in the form that CodeDeploy gives"),
            "DeploymentNotStartedException" => translated!("the deployment has not started"),
            "DeploymentTargetDoesNotExistException" => translated!("this deployment has no such target"),
            "DeploymentTargetIdRequiredException" => translated!("no target id was given"),
            "InvalidDeploymentTargetIdException" => {
                translated!("the target id is not in the form that CodeDeploy gives")
            }
            "InvalidInstanceNameException" => {
                translated!("the on-premises instance's name is not in the form that CodeDeploy gives")
            }
            "InvalidNextTokenException" => translated!("the list changed while it was read"),
            "InvalidInstanceStatusException"
            | "InvalidInstanceTypeException"
            | "InvalidDeploymentInstanceTypeException"
            | "InvalidTargetFilterNameException" => {
                translated!("the filter of the list is not one that CodeDeploy knows")
            }
            "InvalidLifecycleEventHookExecutionIdException" => {
                translated!(
                    "the hook's execution id is not one of this deployment (`LIFECYCLE_EVENT_HOOK_EXECUTION_ID`)"
                )
            }
            "InvalidLifecycleEventHookExecutionStatusException" => {
                translated!("a verdict has to be `Succeeded` or `Failed`")
            }
            "LifecycleEventAlreadyCompletedException" => {
                translated!(
                    "the lifecycle event is over already: another run has told its verdict, or CodeDeploy has stopped waiting"
                )
            }
            "UnsupportedActionForDeploymentTypeException" => {
                translated!(
                    "deployments of this kind take no verdict over the API: on EC2 the exit code is the verdict"
                )
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotLinked => formatter.write_str(translated!("this program was built without CodeDeploy's API")),
            Refusal::Denied(operation) => {
                formatter.write_str(&translated!("this host's role may not call `codedeploy:{}`", operation.name()))
            }
            Refusal::NoCredentials => formatter.write_str(translated!("this host has no AWS credentials")),
            Refusal::BadCredentials(code) => {
                formatter.write_str(&translated!("AWS refuses this host's credentials (`{code}`)"))
            }
            Refusal::NoRegion => formatter.write_str(translated!("no AWS region is known to this host")),
            Refusal::Late { at_most, whom } => {
                let whom = match whom {
                    Whom::Host => translated!("region and credentials of this host were not to be had"),
                    Whom::CodeDeploy => translated!("no answer came"),
                };
                formatter.write_str(&translated!("{whom} within {}", duration(*at_most)))
            }
            Refusal::Unreachable(why) => formatter.write_str(&translated!("the API cannot be reached: {why}")),
            Refusal::Untrusted(why) => formatter.write_str(&translated!("the API's certificate is not trusted: {why}")),
            Refusal::Throttled => {
                formatter.write_str(translated!("the API is throttled: too many calls in this account"))
            }
            Refusal::Faulty(Some(status)) => {
                formatter.write_str(&translated!("the API answers HTTP {status} with a fault of its own"))
            }
            Refusal::Faulty(None) => {
                formatter.write_str(translated!("what answers in the API's place is not CodeDeploy"))
            }
            Refusal::Reason { code, message } => match Refusal::meaning(code) {
                Some(meaning) => write!(formatter, "{meaning} (`{code}`)"),
                None => formatter.write_str(&translated!("the API refuses with `{code}`: {message}")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_names_the_action_and_where_to_allow_it() {
        let refusal = Refusal::Denied(Operation::GetDeployment);
        assert_eq!(refusal.to_string(), "this host's role may not call `codedeploy:GetDeployment`");
        assert!(refusal.advice().unwrap().contains("`codedeploy:GetDeployment`"));
    }

    #[test]
    fn an_error_that_nobody_has_documented_is_quoted() {
        let refusal = Refusal::Reason { code: "NewException".into(), message: "something new".into() };
        assert_eq!(refusal.to_string(), "the API refuses with `NewException`: something new");
    }
}
