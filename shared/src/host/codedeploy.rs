//! CodeDeploy's API as an outside thing: what may be asked of it. `client` asks for real; only hooks that need it link it,
//! with the SDK and its TLS stack. The others have `NotLinked`.

mod facts;
pub mod refusal;

#[cfg(feature = "codedeploy")]
mod answers;
#[cfg(feature = "codedeploy")]
pub mod client;
#[cfg(feature = "codedeploy")]
mod refusals;

pub use self::facts::{Asking, Deployment, Diagnostics, Event, Execution, Operation, Status, Target};
pub use self::refusal::Refusal;

/// CodeDeploy's API. Every answer comes within `Asking::at_most`.
#[expect(async_fn_in_trait, reason = "a hook has one thread, so none of these futures has to be `Send`")]
pub trait CodeDeploy {
    /// A deployment.
    ///
    /// # Errors
    /// Why there is no answer.
    async fn deployment(&self, id: &str, asking: &Asking) -> Result<Deployment, Refusal>;

    /// The targets of a deployment, each with its events.
    ///
    /// # Errors
    /// Why there is no answer.
    async fn targets(&self, deployment: &str, asking: &Asking) -> Result<Vec<Target>, Refusal>;

    /// The id of this EC2 instance, as the metadata service tells it.
    async fn instance(&self, asking: &Asking) -> Option<String>;

    /// Tells the verdict of a validation hook on ECS or Lambda.
    ///
    /// # Errors
    /// Why it could not be told.
    async fn conclude(&self, execution: &Execution, succeeded: bool, asking: &Asking) -> Result<(), Refusal>;
}

/// The API of a hook that has no use for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotLinked;

impl CodeDeploy for NotLinked {
    async fn deployment(&self, _: &str, _: &Asking) -> Result<Deployment, Refusal> {
        Err(Refusal::NotLinked)
    }

    async fn targets(&self, _: &str, _: &Asking) -> Result<Vec<Target>, Refusal> {
        Err(Refusal::NotLinked)
    }

    async fn instance(&self, _: &Asking) -> Option<String> {
        None
    }

    async fn conclude(&self, _: &Execution, _: bool, _: &Asking) -> Result<(), Refusal> {
        Err(Refusal::NotLinked)
    }
}
