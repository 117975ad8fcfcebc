//! The three procedures that are compared.

use clap::ValueEnum;
use serde::Serialize;

/// A way to deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Way {
    /// The shell scripts, re-created in `scripts/bench/baseline`.
    Scripts,
    /// The hooks with `proxy.cutover = "reload"`.
    Reload,
    /// The hooks with `proxy.cutover = "instant"`.
    Instant,
}

impl Way {
    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scripts => "scripts",
            Self::Reload => "reload",
            Self::Instant => "instant",
        }
    }

    /// Whether it is one of the hooks' ways.
    pub(crate) fn has_hooks(self) -> bool {
        self != Self::Scripts
    }
}
