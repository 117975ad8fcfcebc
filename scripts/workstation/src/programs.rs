//! Other programs, and the environment in which they are found.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the place that starts programs and reads the environment, for every program in scripts"
)]

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

/// A variable of the environment.
#[must_use]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// A program with this program's own environment.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

/// A program as the agent runs a script: from `/`, without an input, and with nothing in its environment but `PATH` and these
/// variables.
#[must_use]
pub fn bare_command(program: impl AsRef<OsStr>, variables: &[(String, String)]) -> Command {
    let mut command = command(program);
    command
        .env_clear()
        .env("PATH", variable("PATH").unwrap_or_default())
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

/// The whole path of a program that is in `PATH`.
#[must_use]
pub fn in_path(name: &str) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|program| program.is_file())
}

/// The directory that this program is in, where Cargo also puts what it builds beside it.
///
/// # Errors
/// It cannot be found.
pub fn own_directory() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program cannot be found")?;
    own.parent().map(Path::to_owned).context("this program is in no directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_command_has_no_variable_but_path_and_its_own() {
        let variables = [("HOOKS_A".to_owned(), "1".to_owned())];
        let output = bare_command("/usr/bin/env", &variables).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut names: Vec<&str> = text.lines().filter_map(|line| line.split('=').next()).collect();
        names.sort_unstable();
        assert_eq!(names, ["HOOKS_A", "PATH"]);
        let output = bare_command("/bin/pwd", &[]).output().unwrap();
        assert_eq!(output.stdout, b"/\n");
    }

    #[test]
    fn a_program_is_found_by_its_name_or_not_at_all() {
        assert!(in_path("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(in_path("no-such-program-anywhere"), None);
        assert!(own_directory().unwrap().is_dir());
    }
}
