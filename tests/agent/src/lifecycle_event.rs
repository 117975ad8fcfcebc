//! The lifecycle events that reach an agent, and the order in which the service sends them.

use std::fmt;

/// One command of the service to the agent.
///
/// `BlockTraffic` and `AllowTraffic` are missing: the load balancer carries them out and no agent hears of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifecycleEvent {
    /// Before the instance leaves the load balancer; runs the last installed bundle's scripts.
    BeforeBlockTraffic,
    /// After the instance left the load balancer; runs the last installed bundle's scripts.
    AfterBlockTraffic,
    /// Before anything is fetched; runs the last installed bundle's scripts.
    ApplicationStop,
    /// The agent's own: fetch and unpack the bundle. No hooks.
    DownloadBundle,
    /// After unpacking, before any file is copied.
    BeforeInstall,
    /// The agent's own: remove the previous install, copy `files`, set `permissions`. No hooks.
    Install,
    /// After the files are in place.
    AfterInstall,
    /// The event to start the application in.
    ApplicationStart,
    /// The event to prove the application in.
    ValidateService,
    /// Before the instance goes back behind the load balancer.
    BeforeAllowTraffic,
    /// After the instance went back behind the load balancer.
    AfterAllowTraffic,
}

impl LifecycleEvent {
    /// An in-place deployment without a load balancer: the seven events, in order.
    pub const IN_PLACE: [Self; 7] = [
        Self::ApplicationStop,
        Self::DownloadBundle,
        Self::BeforeInstall,
        Self::Install,
        Self::AfterInstall,
        Self::ApplicationStart,
        Self::ValidateService,
    ];

    /// An in-place deployment behind a load balancer: the eleven events that reach the agent, in order.
    pub const IN_PLACE_BEHIND_LOAD_BALANCER: [Self; 11] = [
        Self::BeforeBlockTraffic,
        Self::AfterBlockTraffic,
        Self::ApplicationStop,
        Self::DownloadBundle,
        Self::BeforeInstall,
        Self::Install,
        Self::AfterInstall,
        Self::ApplicationStart,
        Self::ValidateService,
        Self::BeforeAllowTraffic,
        Self::AfterAllowTraffic,
    ];

    /// The name as `appspec.yml` and `LIFECYCLE_EVENT` have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeBlockTraffic => "BeforeBlockTraffic",
            Self::AfterBlockTraffic => "AfterBlockTraffic",
            Self::ApplicationStop => "ApplicationStop",
            Self::DownloadBundle => "DownloadBundle",
            Self::BeforeInstall => "BeforeInstall",
            Self::Install => "Install",
            Self::AfterInstall => "AfterInstall",
            Self::ApplicationStart => "ApplicationStart",
            Self::ValidateService => "ValidateService",
            Self::BeforeAllowTraffic => "BeforeAllowTraffic",
            Self::AfterAllowTraffic => "AfterAllowTraffic",
        }
    }

    /// The event of this name; `None` when no such event reaches an agent.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::IN_PLACE_BEHIND_LOAD_BALANCER.into_iter().find(|event| event.name() == name)
    }

    /// Whether the scripts come from the bundle installed last instead of the one being deployed.
    #[must_use]
    pub const fn runs_the_last_installed_bundle(self) -> bool {
        matches!(self, Self::BeforeBlockTraffic | Self::AfterBlockTraffic | Self::ApplicationStop)
    }
}

impl fmt::Display for LifecycleEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
