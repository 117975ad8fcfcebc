//! Puts a bundle together from what the project ships: its `appspec.yml` made to fit the sandbox, the settings, the hooks
//! and a release.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use shared::lifecycle::PROGRAMS;

use crate::binaries::project_root;
use crate::error::{Context, Error, Result};
use crate::files::{copy_into, create_directory, write};
use crate::settings::quoted;

/// What goes into a bundle.
pub(crate) struct Bundle<'a> {
    pub(crate) jar: &'a Path,
    pub(crate) hooks: &'a Path,
    pub(crate) settings: &'a str,
    /// Where `appspec.yml` has the agent put it.
    pub(crate) destination: &'a Path,
}

impl Bundle<'_> {
    /// Writes the bundle into `directory`, which must not be there yet.
    pub(crate) fn write(&self, directory: &Path) -> Result<()> {
        let hooks = directory.join("hooks");
        create_directory(&hooks)?;
        let shipped = project_root().join("appspec.yml");
        let app_spec = fs::read_to_string(&shipped).context(|| format!("`{}` could not be read", shipped.display()))?;
        write(&directory.join("appspec.yml"), &app_spec_for(self.destination, &app_spec)?)?;
        write(&directory.join("hooks.toml"), self.settings)?;
        for name in PROGRAMS {
            let hook = copy_into(&hooks, &self.hooks.join(name))?;
            fs::set_permissions(&hook, Permissions::from_mode(0o755))
                .context(|| format!("`{}` could not be made executable", hook.display()))?;
        }
        copy_into(directory, self.jar).map(drop)
    }
}

/// The shipped `appspec.yml` with another destination, without the account that a sandbox does not have. Everything else,
/// the timeouts first of all, stays as it is shipped.
///
/// # Errors
/// It has no destination, or more than one.
pub fn app_spec_for(destination: &Path, shipped: &str) -> Result<String> {
    let mut text = String::new();
    let mut destinations = 0;
    let mut in_permissions = false;
    for line in shipped.lines() {
        let key = line.trim_start();
        let indent = line.get(..line.len() - key.len()).unwrap_or_default();
        if indent.is_empty() && !key.is_empty() && !key.starts_with('#') {
            in_permissions = key.starts_with("permissions:");
        }
        if in_permissions || key.starts_with("runas:") {
            continue;
        }
        if key.starts_with("destination:") {
            destinations += 1;
            text.extend([indent, "destination: ", &quoted(destination.join("").display()), "\n"]);
        } else {
            text.extend([line, "\n"]);
        }
    }
    if destinations != 1 {
        return Err(Error::new(format!(
            "the shipped `appspec.yml` has {destinations} lines with `destination:`; needed one, to lead it into the sandbox"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_destination_and_the_account_are_changed() {
        let shipped = "\
os: linux
files:
  # All of it.
  - source: /
    destination: /home/ec2-user/app/step3/zip/
permissions:
  - object: /
    owner: ec2-user
# Then:
hooks:
  AfterInstall:
    - location: hooks/stop
      timeout: 120
      runas: ec2-user
";
        let expected = "\
os: linux
files:
  # All of it.
  - source: /
    destination: \"/x/app/zip/\"
hooks:
  AfterInstall:
    - location: hooks/stop
      timeout: 120
";
        assert_eq!(app_spec_for(Path::new("/x/app/zip"), shipped).unwrap(), expected);
    }

    #[test]
    fn an_app_spec_without_a_destination_would_leave_the_sandbox_and_is_refused() {
        let refusal = app_spec_for(Path::new("/x"), "os: linux\n").unwrap_err().to_string();
        assert!(refusal.contains("has 0 lines with `destination:`"), "{refusal}");
    }
}
