//! The verdict of a validation hook on ECS or Lambda, told to CodeDeploy, which waits for it: with an id of the execution
//! in the environment, the exit code reaches nobody.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::host::codedeploy::{Asking, Execution};
use crate::host::{CodeDeploy, Host};
use crate::language::translated;

/// How long telling it may take, retries and all: without it the deployment waits for an hour and then fails.
pub const AT_MOST: Duration = Duration::from_secs(20);

/// How often it is sent at most.
const ATTEMPTS: u32 = 5;

/// Tells CodeDeploy whether the validation succeeded.
///
/// # Errors
/// `Refusal::kind` with what CodeDeploy has against it.
pub async fn send(host: &impl Host, execution: &Execution, succeeded: bool, region: Option<String>) -> Result<()> {
    // Also a hook that a signal has ended tells that it failed: nobody else would.
    host.shield(true);
    let asking = Asking { at_most: AT_MOST, attempts: ATTEMPTS, region };
    let answer = host.interruptible(host.codedeploy().conclude(execution, succeeded, &asking)).await?;
    answer.map_err(|refusal| {
        let error = Error::new(
            refusal.kind(),
            translated!(
                "CodeDeploy could not be told that the validation of deployment `{}` {}: {refusal}",
                execution.deployment,
                if succeeded { "succeeded" } else { "failed" }
            ),
        );
        match refusal.advice() {
            Some(advice) => error.advise(advice),
            None => error,
        }
    })
}
