//! CodeDeploy's API in memory: it answers what a test has laid ready, and counts who asked.

use std::time::Duration;

use super::FakeHost;
use shared::host::CodeDeploy;
use shared::host::codedeploy::{Asking, Deployment, Execution, Refusal, Target};

/// What the service answers.
#[derive(Clone, Debug)]
pub(super) struct ServiceInMemory {
    deployment: Result<Deployment, Refusal>,
    takes: Duration,
    asked: Vec<String>,
    concluded: Vec<(Execution, bool)>,
}

impl Default for ServiceInMemory {
    fn default() -> ServiceInMemory {
        ServiceInMemory {
            deployment: Err(Refusal::NoCredentials),
            takes: Duration::ZERO,
            asked: Vec::new(),
            concluded: Vec::new(),
        }
    }
}

impl FakeHost {
    /// From now on CodeDeploy answers this about every deployment, after `takes`.
    pub fn codedeploy_says(&self, deployment: Result<Deployment, Refusal>, takes: Duration) {
        let mut world = self.world.borrow_mut();
        world.codedeploy.deployment = deployment;
        world.codedeploy.takes = takes;
    }

    /// The deployments that CodeDeploy was asked about.
    #[must_use]
    pub fn codedeploy_was_asked(&self) -> Vec<String> {
        self.world.borrow().codedeploy.asked.clone()
    }

    /// The verdicts that CodeDeploy was told.
    #[must_use]
    pub fn codedeploy_was_told(&self) -> Vec<(Execution, bool)> {
        self.world.borrow().codedeploy.concluded.clone()
    }
}

impl CodeDeploy for FakeHost {
    async fn deployment(&self, id: &str, asking: &Asking) -> Result<Deployment, Refusal> {
        let mut world = self.world.borrow_mut();
        let takes = world.codedeploy.takes.min(asking.at_most);
        world.advance(takes);
        world.codedeploy.asked.push(id.to_owned());
        world.codedeploy.deployment.clone()
    }

    async fn targets(&self, _: &str, _: &Asking) -> Result<Vec<Target>, Refusal> {
        Ok(Vec::new())
    }

    async fn instance(&self, _: &Asking) -> Option<String> {
        None
    }

    async fn conclude(&self, execution: &Execution, succeeded: bool, _: &Asking) -> Result<(), Refusal> {
        self.world.borrow_mut().codedeploy.concluded.push((execution.clone(), succeeded));
        Ok(())
    }
}
