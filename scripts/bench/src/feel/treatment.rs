//! The ways in which the real application is deployed.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A way to deploy it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Treatment {
    /// The shell scripts, re-created in `scripts/bench/baseline`.
    Scripts,
    /// The hooks without a warm-up, and with `start.share = "equal"`.
    EqualShare,
    /// The hooks without a warm-up.
    Plain,
    /// The hooks with a warm-up of the pages before the cutover.
    WarmUp,
    /// The hooks without a warm-up, booting from an archive of the libraries' classes.
    Archive,
    /// The hooks with a warm-up and with that archive.
    Both,
}

impl Treatment {
    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scripts => "the scripts",
            Self::EqualShare => "the hooks, an equal share",
            Self::Plain => "the hooks, no warm-up",
            Self::WarmUp => "the hooks, a warm-up",
            Self::Archive => "the hooks, a class archive",
            Self::Both => "the hooks, both",
        }
    }

    /// Whether it is the hooks that deploy.
    pub(crate) fn has_hooks(self) -> bool {
        self != Self::Scripts
    }

    /// Whether releases boot from an archive of their libraries' classes.
    pub(crate) fn has_archive(self) -> bool {
        matches!(self, Self::Archive | Self::Both)
    }

    /// What it sets in `hooks.toml`, in TOML's notation.
    pub(crate) fn settings(self) -> Vec<(&'static str, String)> {
        let warm_up = || ("warm_up.paths", format!("{:?}", super::shop::PAGES));
        let archive = || ("app.class_archive", "\"auto\"".to_owned());
        match self {
            Self::Scripts | Self::Plain => Vec::new(),
            Self::EqualShare => vec![("start.share", "\"equal\"".to_owned())],
            Self::WarmUp => vec![warm_up()],
            Self::Archive => vec![archive()],
            Self::Both => vec![warm_up(), archive()],
        }
    }
}
