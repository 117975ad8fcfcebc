//! A host in a container of systemd-nspawn, on the machine's kernel: it boots in a second, and what it has written outlives a cut.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::Context;

use crate::condition::Condition;
use crate::control_group::ControlGroup;
use crate::ground::Ground;
use crate::inside::{self, Outcome};
use crate::java::Java;
use crate::machine::{End, Machine};
use crate::overlay::Overlay;
use crate::site::{self, Features};
use crate::wait::wait_until;

/// Of its own paths.
const BUNDLES: &str = "/var/bundles";

/// A container. Dropped, all that runs in it is killed, and what it wrote is gone.
#[derive(Debug)]
pub struct Container {
    name: String,
    /// Where its console's words are kept.
    console: PathBuf,
    process: Child,
    java: Option<Java>,
    /// Its first process, by the id that it has out here.
    leader: u32,
    // Dropped in this order: a file system is unmounted when nobody uses it any more.
    control_group: ControlGroup,
    overlay: Overlay,
}

impl Container {
    pub(crate) fn start(ground: &Ground, features: Features, java: Option<Java>) -> anyhow::Result<Self> {
        let name = Ground::new_name();
        let overlay = Overlay::mount(&ground.root_file_system, ground.directory.join(&name))?;
        site::lay_out(&overlay.root(), &ground.programs, features)?;
        let control_group = ControlGroup::make(ground.control_group.join(&name))?;
        let console = ground.directory.join(format!("{name}.console"));
        let process = start(&name, &overlay.root(), &control_group, &console, java.as_ref())?;
        let mut started = Self { name, console, process, java, leader: 0, control_group, overlay };
        started.find_leader()?;
        Ok(started)
    }

    /// Where one of the host's own paths is found from here.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    fn root(&self) -> PathBuf {
        Path::new("/proc").join(self.leader.to_string()).join("root")
    }

    fn find_leader(&mut self) -> anyhow::Result<()> {
        let container = self.process.id();
        let mut found = None;
        wait_until("systemd has been started in the container", || {
            found = first_process(container);
            found.is_some()
        })
        .with_context(|| format!("its console says:\n{}", self.console()))?;
        self.leader = found.unwrap_or_default();
        Ok(())
    }
}

impl Machine for Container {
    fn run(&self, program_and_arguments: &[&str]) -> anyhow::Result<Outcome> {
        inside::run(self.leader, &program_and_arguments.iter().map(OsStr::new).collect::<Vec<_>>())
    }

    fn wait_for(&self, condition: &Condition) -> anyhow::Result<()> {
        wait_until(&format!("{condition:?}"), || condition.holds(&self.root()))
    }

    fn shared(&self) -> (PathBuf, &'static str) {
        (self.path(BUNDLES), BUNDLES)
    }

    fn neighbour(&self) -> u32 {
        self.leader
    }

    fn address(&self) -> Ipv4Addr {
        Ipv4Addr::LOCALHOST
    }

    fn end(&self, end: End) -> anyhow::Result<()> {
        match end {
            End::Orderly => {
                // It may be gone before it can say that it goes.
                drop(self.run(&["systemctl", "--no-block", "poweroff"]));
                Ok(())
            }
            End::Cut => self.control_group.kill(),
        }
    }

    fn start_again(&mut self) -> anyhow::Result<()> {
        self.process.wait().context("the container could not be waited for")?;
        self.process = start(&self.name, &self.overlay.root(), &self.control_group, &self.console, self.java.as_ref())?;
        self.find_leader()
    }

    fn wait_until_booted(&self) -> anyhow::Result<()> {
        wait_until("the target `multi-user.target` is active", || {
            self.run(&["systemctl", "is-active", "multi-user.target"]).is_ok_and(|outcome| outcome.code == 0)
        })
    }

    fn console(&self) -> String {
        fs::read_to_string(&self.console).unwrap_or_default()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // What is left is ended with the run, by scripts/host-test.sh.
        drop(self.control_group.kill());
        drop(self.process.wait());
    }
}

/// The process that calls itself systemd among the container's own, once it is there.
fn first_process(container: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{container}/task/{container}/children")).ok()?;
    let named =
        |id: &u32| fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim_end() == "systemd");
    children.split_whitespace().filter_map(|id| id.parse().ok()).find(named)
}

fn start(name: &str, root: &Path, group: &ControlGroup, console: &Path, java: Option<&Java>) -> anyhow::Result<Child> {
    let output = File::create(console).with_context(|| format!("`{}` could not be made", console.display()))?;
    let errors = output.try_clone().with_context(|| format!("`{}` could not be shared", console.display()))?;
    // From its group it takes the group that it hands to systemd.
    group
        .command("systemd-nspawn")
        .args(["--quiet", "--boot", "--register=no", "--keep-unit", "--private-network", "--console=pipe"])
        .arg(format!("--machine={name}"))
        .args(java.into_iter().flat_map(Java::binds))
        .arg("--directory")
        .arg(root)
        .env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .context("`sh` could not be run")
}
