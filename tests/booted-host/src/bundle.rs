//! What is deployed: the shipped `appspec.yml` and settings for this host and account, the hooks, and a release.

use std::fs;
use std::path::Path;

use agent::BundleBuilder;
use anyhow::Context;
use demo_app::Jar;
use shared::lifecycle::PROGRAMS;

use crate::site;

const SHIPPED: &str = include_str!("../../../appspec.yml");

/// As whom the hooks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// `runas: deploy`: the agent changes to that user through `su`.
    Deploy,
    /// No `runas`: the agent's own user, which is root.
    Root,
}

/// What is deployed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Release<'a> {
    /// A release of the demo service, which is written.
    Demo(&'a Jar),
    /// A jar that there is.
    File(&'a Path),
}

/// Puts a bundle together in `directory`, with the hooks from `programs`.
pub(crate) fn write(
    directory: &Path,
    programs: &Path,
    account: Account,
    settings: &str,
    release: &Release<'_>,
) -> anyhow::Result<()> {
    let mut bundle =
        BundleBuilder::new(directory)?.app_spec(&app_spec(account))?.file("hooks.toml", settings, 0o644)?;
    for name in PROGRAMS {
        bundle = bundle.copy(programs.join(name), Path::new("hooks").join(name))?;
    }
    let jar = directory.join("application.jar");
    let written = match release {
        Release::Demo(release) => release.write(&jar),
        Release::File(path) => fs::copy(path, &jar).map(drop),
    };
    written.with_context(|| format!("`{}` could not be written", jar.display()))
}

/// The shipped `appspec.yml` with this host's account and directory in the place of its own.
fn app_spec(account: Account) -> String {
    let user = match account {
        Account::Deploy => site::USER,
        Account::Root => "root",
    };
    let destination = format!("destination: {}/zip/", site::APPLICATION);
    let line = |line: &str| {
        let key = line.trim_start();
        let indent = &line[..line.len() - key.len()];
        if key.starts_with("destination:") {
            Some(format!("{indent}{destination}\n"))
        } else if key.starts_with("runas:") && account == Account::Root {
            None
        } else {
            Some(format!("{}\n", line.replace("ec2-user", user)))
        }
    };
    SHIPPED.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_app_spec_is_led_to_this_host_and_runs_its_hooks_as_the_account() {
        let hooks = PROGRAMS.len() - 1;
        for (account, runas, owner) in [(Account::Deploy, hooks, "owner: deploy"), (Account::Root, 0, "owner: root")] {
            let text = app_spec(account);
            assert_eq!(text.matches("runas: deploy").count(), runas, "{text}");
            assert!(text.contains(owner) && text.contains("destination: /home/deploy/app/zip/"), "{text}");
            assert!(!text.contains("ec2-user"), "{text}");
        }
    }
}
