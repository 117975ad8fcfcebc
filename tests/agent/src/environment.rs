//! What a hook finds in its environment beside the variables that the agent sets.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The variables that the agent itself was started with, which every hook inherits.
///
/// Neither choice has `HOME` or `USER`, as under systemd; `PATH` is the agent's own setting, `Agent::path_variable`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Nothing at all.
    #[must_use]
    pub fn bare() -> Self {
        Self::default()
    }

    /// The variables that a `bash -a` exports by itself: the agent's unit starts it through one.
    #[must_use]
    pub fn bash_noise() -> Self {
        [
            ("BASH", "/bin/bash"),
            ("BASHOPTS", "checkwinsize:cmdhist:complete_fullquote:extquote:force_fignore:hostcomplete:sourcepath"),
            ("BASH_EXECUTION_STRING", "source /etc/profile; /opt/codedeploy-agent/bin/codedeploy-agent start"),
            ("BASH_VERSION", "5.2.15(1)-release"),
            ("EUID", "0"),
            ("HOSTTYPE", "x86_64"),
            ("IFS", " \t\n"),
            ("LINENO", "0"),
            ("MACHTYPE", "x86_64-pc-linux-gnu"),
            ("OPTERR", "1"),
            ("OPTIND", "1"),
            ("OSTYPE", "linux-gnu"),
            ("PPID", "1"),
            ("PS4", "+ "),
            ("PWD", "/"),
            ("SHELLOPTS", "allexport:braceexpand:hashall:interactive-comments"),
            ("SHLVL", "1"),
            ("UID", "0"),
            ("_", "/opt/codedeploy-agent/bin/codedeploy-agent"),
        ]
        .into_iter()
        .fold(Self::bare(), |environment, (name, value)| environment.with(name, value))
    }

    /// One more variable, for example `HTTP_PROXY`.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The variables, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}
