//! Boots a host, runs commands in it, deploys on it, and ends it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, bail};
use demo_app::Jar;
use sandbox::HttpAnswer;

use crate::agent_service;
use crate::answer::{Answer, SOCKET};
use crate::bundle::{self, Account, Release};
use crate::control_group::ControlGroup;
use crate::ground::Ground;
use crate::inside::{self, Outcome};
use crate::java::Java;
use crate::network;
use crate::overlay::Overlay;
use crate::site::{self, Features, Settings};
use crate::wait::wait_until;

/// How a host is to be.
#[derive(Clone, Debug)]
#[must_use = "nothing boots before `boot`"]
pub struct HostBuilder {
    account: Account,
    settings: Settings,
    features: Features,
    java: Option<Java>,
}

impl HostBuilder {
    /// As whom the hooks run; `runas: deploy`, if nothing is said.
    pub fn account(mut self, account: Account) -> Self {
        self.account = account;
        self
    }

    /// `proxy.cutover`; `instant`, if nothing is said.
    pub fn cutover(mut self, cutover: &str) -> Self {
        cutover.clone_into(&mut self.settings.cutover);
        self
    }

    /// Takes `pam_systemd` out of what `su` does when it opens a session.
    pub fn without_pam_systemd(mut self) -> Self {
        self.features.pam_systemd = false;
        self
    }

    /// Takes the rule away by which `deploy` may do everything through sudo, as the user of a cloud's image may.
    pub fn without_sudo(mut self) -> Self {
        self.features.sudo = false;
        self
    }

    /// `app.supervisor`; `detached`, if nothing is said.
    pub fn supervisor(mut self, supervisor: &str) -> Self {
        supervisor.clone_into(&mut self.settings.supervisor);
        self
    }

    /// `switch.standby`; `keep`, if nothing is said.
    pub fn standby(mut self, standby: &str) -> Self {
        standby.clone_into(&mut self.settings.standby);
        self
    }

    /// A real `java` in the place of the demo service: the machine's own, which the host sees and cannot write.
    ///
    /// # Errors
    /// The machine has none.
    pub fn java(mut self) -> anyhow::Result<Self> {
        let java = Java::of_the_machine()?;
        self.settings.java = java.program.to_string_lossy().into_owned();
        self.java = Some(java);
        Ok(self)
    }

    /// Lets the manager of `deploy` run without a login, which is all that root does for units of that user's own.
    pub fn with_linger(mut self) -> Self {
        self.features.linger = true;
        self
    }

    /// Boots the host and waits until all of it is up, the agent's service too.
    ///
    /// # Errors
    /// It was not scripts/host-test.sh that started this, or the host does not come up.
    pub fn boot(self) -> anyhow::Result<BootedHost> {
        let ground = Ground::handed_over()?;
        let name = Ground::new_name();
        let overlay = Overlay::mount(&ground.root_file_system, ground.directory.join(&name))?;
        site::lay_out(&overlay.root(), &ground.programs, self.features)?;
        let control_group = ControlGroup::make(ground.control_group.join(&name))?;
        let console = ground.directory.join(format!("{name}.console"));
        let container = start_container(&name, &overlay.root(), &control_group, &console, self.java.as_ref())?;
        let mut host = BootedHost {
            builder: self,
            name,
            console: console.clone(),
            container,
            leader: 0,
            bundles: AtomicU32::new(1),
            programs: ground.programs,
            control_group,
            overlay,
        };
        host.wait_until_up()?;
        Ok(host)
    }
}

/// How a host ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// systemd ends all that runs, one after another.
    Orderly,
    /// All that runs is killed in one moment. What was written is kept: it is the machine's kernel that has it.
    Cut,
}

/// A host that is up. Dropped, all that runs in it is killed, and what it wrote is gone.
#[derive(Debug)]
pub struct BootedHost {
    builder: HostBuilder,
    name: String,
    /// Where its console's words are kept.
    console: PathBuf,
    container: Child,
    /// Its first process, by the id that it has out here.
    leader: u32,
    bundles: AtomicU32,
    programs: PathBuf,
    // Dropped in this order: a file system is unmounted when nobody uses it any more.
    control_group: ControlGroup,
    overlay: Overlay,
}

impl BootedHost {
    /// A host whose hooks run as `deploy`, with the instant cutover.
    pub fn builder() -> HostBuilder {
        HostBuilder {
            account: Account::Deploy,
            settings: Settings {
                cutover: "instant".to_owned(),
                supervisor: "detached".to_owned(),
                standby: "keep".to_owned(),
                watch: "1s".to_owned(),
                java: site::JAVA.to_owned(),
                heap: None,
                overlap: "if-memory-allows".to_owned(),
            },
            features: Features { pam_systemd: true, sudo: true, linger: false },
            java: None,
        }
    }

    /// Runs a program in the host, as root, and waits for its end.
    ///
    /// # Errors
    /// The host has ended.
    pub fn run(&self, program_and_arguments: &[&str]) -> anyhow::Result<Outcome> {
        inside::run(self.leader, &program_and_arguments.iter().map(OsStr::new).collect::<Vec<_>>())
    }

    /// Where one of the host's own paths is found from here.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        Path::new("/proc").join(self.leader.to_string()).join("root").join(path.trim_start_matches('/'))
    }

    /// Does something in the host's network, such as starting a load on its loopback address.
    ///
    /// # Errors
    /// The host has ended.
    pub fn in_network<T: Send>(&self, act: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
        network::within(self.leader, act)
    }

    /// What a port of the host answers to a GET.
    ///
    /// # Errors
    /// Nobody answers with HTTP there.
    pub fn get(&self, port: u16, path: &str) -> anyhow::Result<HttpAnswer> {
        Ok(self.in_network(|| HttpAnswer::get(port, path))??)
    }

    /// Puts a bundle with this release on the host; its path there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn bundle(&self, release: &Jar) -> anyhow::Result<String> {
        self.bundle_of(&Release::Demo(release))
    }

    fn bundle_of(&self, release: &Release<'_>) -> anyhow::Result<String> {
        let path = format!("/var/bundles/{}", self.bundles.fetch_add(1, Ordering::Relaxed));
        let settings = site::settings(&self.builder.settings);
        bundle::write(&self.path(&path), &self.programs, self.builder.account, &settings, release)?;
        Ok(path)
    }

    /// Has the agent's service deploy a release.
    ///
    /// # Errors
    /// The service does not answer. A failed deployment is an answer.
    pub fn deploy(&self, release: &Jar) -> anyhow::Result<Answer> {
        let bundle = self.bundle(release)?;
        agent_service::deploy(&self.path(SOCKET), Path::new(&bundle))
    }

    /// The sample of Spring Boot under this name, which scripts/host-test.sh has built.
    ///
    /// # Errors
    /// It was not that script that started this.
    pub fn spring_jar(release: &str) -> anyhow::Result<PathBuf> {
        Ok(Ground::handed_over()?.jars.join(format!("spring-app-{release}.jar")))
    }

    /// Has the agent's service deploy a jar that there is.
    ///
    /// # Errors
    /// The service does not answer. A failed deployment is an answer.
    pub fn deploy_file(&self, jar: &Path) -> anyhow::Result<Answer> {
        let bundle = self.bundle_of(&Release::File(jar))?;
        agent_service::deploy(&self.path(SOCKET), Path::new(&bundle))
    }

    /// Restarts the agent's service, and waits until it can be asked.
    ///
    /// # Errors
    /// It does not come up.
    pub fn restart_agent(&self) -> anyhow::Result<()> {
        let restarted = self.run(&["systemctl", "restart", "codedeploy-agent.service"])?;
        if restarted.code != 0 {
            bail!("`systemctl restart codedeploy-agent.service` ended with {}: {}", restarted.code, restarted.output);
        }
        self.wait_for_agent()
    }

    /// Lets `deploy` do what these lines of sudoers allow, as `visudo` would write them.
    ///
    /// # Errors
    /// They are no rules that sudo understands.
    pub fn allow(&self, rules: &str) -> anyhow::Result<()> {
        let path = "/etc/sudoers.d/hooks";
        site::write_sudo_rules(&self.path(path), rules)?;
        let checked = self.run(&["visudo", "--check", "--strict", "--file", path])?;
        if checked.code != 0 {
            bail!("`visudo` refuses these rules: {}\n{rules}", checked.output);
        }
        Ok(())
    }

    /// The process that listens on a port of the host, by the id that it has there.
    ///
    /// # Errors
    /// The host has ended, or it cannot be asked.
    pub fn listener(&self, port: u16) -> anyhow::Result<Option<u32>> {
        let told = self.run(&[
            "ss",
            "--listening",
            "--tcp",
            "--processes",
            "--numeric",
            "--no-header",
            "sport",
            "=",
            &format!(":{port}"),
        ])?;
        if told.code != 0 {
            bail!("`ss` ended with {}: {}", told.code, told.output);
        }
        let id = told.output.split_once("pid=").and_then(|(_, rest)| rest.split(',').next());
        id.map(|id| id.parse().with_context(|| format!("`ss` said: {}", told.output))).transpose()
    }

    /// The control group of one of the host's processes, from the host's own root group on.
    ///
    /// # Errors
    /// There is no such process.
    pub fn control_group_of(&self, process: u32) -> anyhow::Result<String> {
        let told = self.run(&["cat", &format!("/proc/{process}/cgroup")])?;
        // The machine's groups of version 1 are in the same file.
        let line = told.output.lines().find_map(|line| line.strip_prefix("0::"));
        line.map(str::to_owned).with_context(|| format!("process {process} has no control group: {}", told.output))
    }

    /// Sets `app.supervisor` for the bundles that come.
    pub fn set_supervisor(&mut self, supervisor: &str) {
        supervisor.clone_into(&mut self.builder.settings.supervisor);
    }

    /// Sets `-Xmx` for the bundles that come, in units of 1,000,000 bytes.
    pub fn set_heap(&mut self, megabytes: u64) {
        self.builder.settings.heap = Some(megabytes);
    }

    /// Sets `start.overlap` for the bundles that come.
    pub fn set_overlap(&mut self, overlap: &str) {
        overlap.clone_into(&mut self.builder.settings.overlap);
    }

    /// Sets `switch.watch` for the bundles that come.
    pub fn set_watch(&mut self, watch: &str) {
        watch.clone_into(&mut self.builder.settings.watch);
    }

    /// Kills all that runs in the host in one moment. `boots_again` brings it back.
    ///
    /// # Errors
    /// The kernel does not do that.
    pub fn ends_at_once(&self) -> anyhow::Result<()> {
        self.control_group.kill()
    }

    /// Ends the host as it is told to, or in one moment with all that runs in it, and boots it again from what is on its disk.
    ///
    /// # Errors
    /// It does not end, or does not come up again.
    pub fn boots_again(&mut self, end: End) -> anyhow::Result<()> {
        match end {
            End::Orderly => {
                // It may be gone before it can say that it goes.
                drop(self.run(&["systemctl", "--no-block", "poweroff"]));
            }
            End::Cut => self.control_group.kill()?,
        }
        self.container.wait().context("the container could not be waited for")?;
        let java = self.builder.java.as_ref();
        self.container = start_container(&self.name, &self.overlay.root(), &self.control_group, &self.console, java)?;
        self.wait_until_up()
    }

    fn wait_until_up(&mut self) -> anyhow::Result<()> {
        self.wait_until_all_is_up().with_context(|| {
            let said = fs::read_to_string(&self.console).unwrap_or_default();
            format!("the host `{}` did not come up; its console says:\n{said}", self.name)
        })
    }

    fn wait_until_all_is_up(&mut self) -> anyhow::Result<()> {
        let container = self.container.id();
        let mut found = None;
        wait_until("systemd has been started in the container", || {
            found = first_process(container);
            found.is_some()
        })?;
        self.leader = found.unwrap_or_default();
        wait_until("the target `multi-user.target` is active", || {
            self.run(&["systemctl", "is-active", "multi-user.target"]).is_ok_and(|outcome| outcome.code == 0)
        })?;
        self.wait_for_agent()
    }

    fn wait_for_agent(&self) -> anyhow::Result<()> {
        wait_until("the agent's service listens", || self.path(SOCKET).exists())
    }
}

impl Drop for BootedHost {
    fn drop(&mut self) {
        // What is left is ended with the run, by scripts/host-test.sh.
        drop(self.control_group.kill());
        drop(self.container.wait());
    }
}

/// The process that calls itself systemd among the container's own, once it is there.
fn first_process(container: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{container}/task/{container}/children")).ok()?;
    let named =
        |id: &u32| fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim_end() == "systemd");
    children.split_whitespace().filter_map(|id| id.parse().ok()).find(named)
}

fn start_container(
    name: &str,
    root: &Path,
    group: &ControlGroup,
    console: &Path,
    java: Option<&Java>,
) -> anyhow::Result<Child> {
    let output = File::create(console).with_context(|| format!("`{}` could not be made", console.display()))?;
    let errors = output.try_clone().with_context(|| format!("`{}` could not be shared", console.display()))?;
    // It has to be in its group before it starts: from there it takes the group that it hands to systemd.
    Command::new("sh")
        .args(["-c", "echo 0 >\"$1\" && shift && exec \"$@\"", "sh"])
        .arg(group.members())
        .args([
            "systemd-nspawn",
            "--quiet",
            "--boot",
            "--register=no",
            "--keep-unit",
            "--private-network",
            "--console=pipe",
        ])
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
