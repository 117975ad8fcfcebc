//! The ways in which the real application is deployed.

use clap::ValueEnum;
use serde::Serialize;

/// A way to deploy it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Treatment {
    /// The shell scripts, re-created in `scripts/bench/baseline`.
    Scripts,
    /// The hooks with neither a warm-up nor a class archive, and `start.share = "equal"`.
    EqualShare,
    /// The hooks, with neither a warm-up nor a class archive.
    Plain,
    /// With a warm-up before the cutover.
    WarmUp,
    /// With a class archive.
    Archive,
    /// With both.
    Both,
}

impl Treatment {
    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scripts => "the scripts",
            Self::EqualShare => "neither, an equal share",
            Self::Plain => "the hooks, neither",
            Self::WarmUp => "with warm-up",
            Self::Archive => "with class archive",
            Self::Both => "with both",
        }
    }

    /// Whether it is the hooks that deploy.
    pub(crate) fn has_hooks(self) -> bool {
        self != Self::Scripts
    }

    /// What it sets in `hooks.toml`, in TOML's notation.
    pub(crate) fn settings(self) -> Vec<(&'static str, String)> {
        let mut settings = Vec::new();
        if self == Self::EqualShare {
            settings.push(("start.share", "\"equal\"".to_owned()));
        }
        if matches!(self, Self::WarmUp | Self::Both) {
            settings.push(("warm_up.paths", format!("{:?}", super::shop::PAGES)));
        }
        if matches!(self, Self::Archive | Self::Both) {
            settings.push(("app.class_archive", "\"auto\"".to_owned()));
        }
        settings
    }
}
