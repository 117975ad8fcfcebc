//! What the agent's service is asked and answers: one line with a bundle's path, and one line of JSON.

use serde::{Deserialize, Serialize};

/// Where the service listens. Its directory is the unit's `RuntimeDirectory`: there is no socket while it does not run.
pub const SOCKET: &str = "/run/codedeploy-agent/socket";

/// What became of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it succeeded.
    pub succeeded: bool,
    /// What a console would show of it; empty after a success.
    pub told: String,
    /// All that its scripts printed.
    pub log: String,
}
