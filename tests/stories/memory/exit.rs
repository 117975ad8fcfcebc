//! How a hook in memory ended.

use shared::error::{Error, Kind};

/// One of the hooks, the way back, the same where the standby has gone, and what root runs once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Stop,
    Start,
    Health,
    Switch,
    Back,
    Restart,
    Install,
}

impl Hook {
    /// A deploy.
    pub(crate) const DEPLOY: [Hook; 4] = [Hook::Stop, Hook::Start, Hook::Health, Hook::Switch];
}

/// How a hook ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With exit code 0.
    Done(String),
    /// With another.
    Failed(Error),
    /// With SIGKILL.
    Killed,
}

impl Exit {
    /// The kind of its failure.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self {
            Exit::Failed(error) => Some(error.kind()),
            Exit::Done(_) | Exit::Killed => None,
        }
    }

    /// Whether it ended with exit code 0.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Exit::Done(_))
    }
}

/// How a deploy ended: the hook that was the last to run, and how it ended.
pub(crate) type Deployed = (Hook, Exit);
