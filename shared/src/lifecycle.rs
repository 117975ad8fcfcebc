//! Who called this hook: the agent's variables (docs/agent.md). A hook without them was called by hand.

pub mod sequence;

use std::path::Path;

use crate::environment;
use crate::host::Host;
use crate::host::codedeploy::Execution;
use crate::language::translated;
use crate::timeouts::app_spec::AppSpec;
use crate::timeouts::deadline::Deadline;

/// The hooks that a deploy runs, in its order.
pub const HOOKS: [&str; 4] = ["stop", "start", "health", "switch"];

/// The programs that are shipped: the hooks, and what only people run.
pub const PROGRAMS: [&str; 5] = {
    let [stop, start, health, switch] = HOOKS;
    [stop, start, health, switch, "status"]
};

/// Read from the environment once, at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// The lifecycle event, for example `AfterInstall`; nothing when a person runs the hook by hand.
    pub event: Option<String>,
    /// The deployment's id, for example `d-ABCDEF123`; nothing when a person runs the hook by hand.
    pub deployment: Option<String>,
    /// The application's name at CodeDeploy.
    pub application: Option<String>,
    /// The deployment group's name.
    pub group: Option<String>,
    /// The id of a validation hook's execution on ECS or Lambda; nothing on a host.
    pub execution: Option<String>,
    /// Whether a variable speaks of AWS: a region, credentials, an endpoint.
    pub aws: bool,
    /// What its `appspec.yml` says of the hooks, their timeouts among it; nothing when a person runs the hook by hand.
    pub app_spec: Option<AppSpec>,
}

impl Lifecycle {
    /// What the environment says.
    #[must_use]
    pub fn from_environment() -> Lifecycle {
        Lifecycle {
            event: environment::variable("LIFECYCLE_EVENT"),
            deployment: environment::variable("DEPLOYMENT_ID"),
            application: environment::variable("APPLICATION_NAME"),
            group: environment::variable("DEPLOYMENT_GROUP_NAME"),
            execution: environment::variable("LIFECYCLE_EVENT_HOOK_EXECUTION_ID"),
            aws: environment::speaks_of_aws(),
            app_spec: None,
        }
    }

    /// The same with the timeouts of the bundle that `program` is a hook of, and what is to be said where they cannot be
    /// read. Only the agent holds a hook to them.
    #[must_use]
    pub fn with_timeouts(mut self, host: &impl Host, program: &Path) -> (Lifecycle, Option<String>) {
        if self.event.is_none() {
            return (self, None);
        }
        match crate::timeouts::app_spec::of_bundle(host, program) {
            Ok(app_spec) => {
                self.app_spec = app_spec;
                (self, None)
            }
            Err(why) => (self, Some(translated!("note: this hook does not know its timeout: {why}"))),
        }
    }

    /// When the agent will end the hook of this name.
    #[must_use]
    pub fn deadline(&self, hook: &str) -> Option<Deadline> {
        self.app_spec.as_ref()?.timeout(hook, self.event.as_deref()).map(Deadline::of)
    }

    /// The deployment's id if CodeDeploy knows it: those of local deployments (`local-…`, `d-…-local`) mean nothing there.
    #[must_use]
    pub fn known_to_codedeploy(&self) -> Option<&str> {
        self.deployment.as_deref().filter(|id| !is_local(id))
    }

    /// The execution that waits for a verdict over the API.
    #[must_use]
    pub fn awaited_verdict(&self) -> Option<Execution> {
        Some(Execution { deployment: self.known_to_codedeploy()?.to_owned(), id: self.execution.clone()? })
    }

    /// How to name the deployment to a person.
    #[must_use]
    pub fn name(&self) -> &str {
        self.deployment.as_deref().unwrap_or("by hand")
    }
}

/// Whether a deployment's id is one that the agent made up for a deployment without the service: `local-123` in generation 2,
/// `d-ABCDEF123-local` in generation 1.
#[must_use]
pub fn is_local(id: &str) -> bool {
    id.starts_with("local-") || id.ends_with("-local")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_local_deployments_mean_nothing_to_codedeploy() {
        for (id, known) in [
            ("d-ABCDEF123", true),
            ("0b1c2d3e-0000-4000-8000-000000000000", true),
            ("d-ABCDEF123-local", false),
            ("local-4711", false),
        ] {
            let lifecycle = Lifecycle { deployment: Some(id.to_owned()), ..Lifecycle::default() };
            assert_eq!(lifecycle.known_to_codedeploy().is_some(), known, "{id}");
        }
        assert_eq!(Lifecycle::default().known_to_codedeploy(), None, "by hand");
    }
}
