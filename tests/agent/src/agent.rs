//! The agent: its settings, and a deployment as the events that the service sends it one by one.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path};

use crate::app_spec::FileExistsBehavior;
use crate::command::Command;
use crate::deployment_root::DeploymentRoot;
use crate::error::Error;
use crate::{Bundle, DeploymentId, DeploymentReport, Environment, EventReport, Generation, LifecycleEvent, Progress};

/// An agent with a root directory of its own. May be shared between threads, as one agent runs several groups at once.
#[derive(Debug, Clone)]
pub struct Agent {
    pub(crate) root: DeploymentRoot,
    pub(crate) generation: Generation,
    pub(crate) application: String,
    pub(crate) group_name: String,
    pub(crate) group_id: String,
    pub(crate) environment: Environment,
    pub(crate) path_variable: OsString,
    pub(crate) file_exists_behavior: FileExistsBehavior,
    behind_load_balancer: bool,
    ignore_application_stop_failures: bool,
}

impl Agent {
    /// An agent that keeps everything in `<root>/deployment-root`, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(root: impl AsRef<Path>, generation: Generation) -> Result<Self, Error> {
        Ok(Self {
            root: DeploymentRoot::create(root.as_ref())?,
            generation,
            application: "application".to_owned(),
            group_name: "group".to_owned(),
            group_id: "6f9c1d5e-3b0a-4c57-9e2d-8a41b7c6d203".to_owned(),
            environment: Environment::bare(),
            path_variable: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into(),
            file_exists_behavior: FileExistsBehavior::default(),
            behind_load_balancer: false,
            ignore_application_stop_failures: false,
        })
    }

    /// Hooks see it as `APPLICATION_NAME`.
    #[must_use]
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// The deployment group: hooks see `DEPLOYMENT_GROUP_NAME` and `DEPLOYMENT_GROUP_ID`, and the identity names the
    /// folders. Only a deployment of the same identity cleans up after another.
    ///
    /// # Errors
    /// When `id` cannot be the name of a folder.
    pub fn group(mut self, name: impl Into<String>, id: impl Into<String>) -> Result<Self, Error> {
        let id = id.into();
        let mut components = Path::new(&id).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(folder)), None) if folder == OsStr::new(&id) => {}
            _ => return Err(Error::GroupId { found: id }),
        }
        self.group_name = name.into();
        self.group_id = id;
        Ok(self)
    }

    /// What hooks inherit beside the agent's own variables; nothing unless said otherwise.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// The `PATH` that hooks inherit; systemd's unless said otherwise.
    #[must_use]
    pub fn path_variable(mut self, path: impl Into<OsString>) -> Self {
        self.path_variable = path.into();
        self
    }

    /// The deployment's option; `file_exists_behavior` in an `AppSpec` file beats it.
    #[must_use]
    pub fn file_exists_behavior(mut self, behavior: FileExistsBehavior) -> Self {
        self.file_exists_behavior = behavior;
        self
    }

    /// Whether the group has a load balancer: only then are the hooks around `BlockTraffic` and `AllowTraffic` run.
    #[must_use]
    pub fn behind_load_balancer(mut self, behind: bool) -> Self {
        self.behind_load_balancer = behind;
        self
    }

    /// Whether a deployment goes on after a failure of the last installed bundle's scripts.
    #[must_use]
    pub fn ignore_application_stop_failures(mut self, ignore: bool) -> Self {
        self.ignore_application_stop_failures = ignore;
        self
    }

    /// The folders and files that this agent keeps.
    #[must_use]
    pub fn root(&self) -> &DeploymentRoot {
        &self.root
    }

    /// The identity of its deployment group.
    #[must_use]
    pub fn group_id(&self) -> &str {
        &self.group_id
    }

    /// The events of a deployment, in order.
    #[must_use]
    pub fn events(&self) -> &'static [LifecycleEvent] {
        if self.behind_load_balancer {
            &LifecycleEvent::IN_PLACE_BEHIND_LOAD_BALANCER
        } else {
            &LifecycleEvent::IN_PLACE
        }
    }

    /// Deploys a bundle, up to the first event that fails. A failed deployment is a result, not an error.
    #[must_use]
    pub fn deploy(&self, bundle: &Bundle) -> DeploymentReport {
        self.deploy_observed(bundle, |_| {})
    }

    /// Deploys a bundle and tells what happens meanwhile.
    pub fn deploy_observed(&self, bundle: &Bundle, observe: impl FnMut(Progress<'_>)) -> DeploymentReport {
        self.deploy_as(&DeploymentId::random(), bundle, observe)
    }

    /// Deploys a bundle under a chosen identity and tells what happens meanwhile.
    pub fn deploy_as(
        &self,
        id: &DeploymentId,
        bundle: &Bundle,
        mut observe: impl FnMut(Progress<'_>),
    ) -> DeploymentReport {
        let mut events = Vec::new();
        let mut succeeded = true;
        for &event in self.events() {
            let report = self.run_event(id, event, bundle, &mut observe);
            let forgiven = self.ignore_application_stop_failures && event.runs_the_last_installed_bundle();
            succeeded = report.succeeded() || forgiven;
            events.push(report);
            if !succeeded {
                break;
            }
        }
        DeploymentReport { id: id.clone(), succeeded, events, folder: self.root.deployment(&self.group_id, id) }
    }

    /// Runs one event of a deployment. What the events before it left on disk is all that it knows of them, as with the
    /// agent, so they can be run out of order, repeated or left out.
    pub fn run_event(
        &self,
        id: &DeploymentId,
        event: LifecycleEvent,
        bundle: &Bundle,
        observe: impl FnMut(Progress<'_>),
    ) -> EventReport {
        Command { agent: self, id, event, bundle }.run(observe)
    }
}
