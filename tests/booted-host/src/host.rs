//! A host that boots: commands are run in it, releases deployed on it, and it is ended and booted again.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, bail};
use demo_app::Jar;
use sandbox::HttpAnswer;

use crate::answer::{Answer, SOCKET};
use crate::bundle::{self, Account, Release};
use crate::condition::Condition;
use crate::container::Container;
use crate::ground::Ground;
use crate::inside::Outcome;
use crate::java::Java;
use crate::machine::{End, Machine};
use crate::network;
use crate::own_kernel::OwnKernel;
use crate::site::{self, Features, Settings};

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

    /// `app.class_archive`; `off`, if nothing is said.
    pub fn class_archive(mut self, class_archive: &str) -> Self {
        class_archive.clone_into(&mut self.settings.class_archive);
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

    /// Boots the host in a container, and waits until all of it is up, the agent's service too.
    ///
    /// # Errors
    /// It was not scripts/host-test.sh that started this, or the host does not come up.
    pub fn boot(self) -> anyhow::Result<BootedHost> {
        let ground = Ground::handed_over()?;
        let machine = Container::start(&ground, self.features, self.java.clone())?;
        self.comes_up(machine, ground)
    }

    /// Boots the host with a kernel of its own and so many megabytes of memory, and waits until all of it is up, the agent's
    /// service too.
    ///
    /// # Errors
    /// It was not scripts/host-test.sh that started this, or the host does not come up.
    pub fn boot_a_kernel(self, megabytes: u32) -> anyhow::Result<BootedHost<OwnKernel>> {
        let ground = Ground::handed_over()?;
        let machine = OwnKernel::start(&ground, self.features, megabytes)?;
        self.comes_up(machine, ground)
    }

    fn comes_up<M: Machine>(self, machine: M, ground: Ground) -> anyhow::Result<BootedHost<M>> {
        let host = BootedHost { builder: self, machine, bundles: AtomicU32::new(1), programs: ground.programs };
        host.wait_until_up()?;
        Ok(host)
    }
}

/// A host that is up. Dropped, all that runs in it is killed, and what it wrote is gone.
#[derive(Debug)]
pub struct BootedHost<M: Machine = Container> {
    builder: HostBuilder,
    machine: M,
    bundles: AtomicU32,
    programs: PathBuf,
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
                class_archive: "off".to_owned(),
            },
            features: Features { pam_systemd: true, sudo: true, linger: false },
            java: None,
        }
    }

    /// The sample of Spring Boot under this name, which scripts/host-test.sh has built.
    ///
    /// # Errors
    /// It was not that script that started this.
    pub fn spring_jar(release: &str) -> anyhow::Result<PathBuf> {
        Ok(Ground::handed_over()?.jars.join(format!("spring-app-{release}.jar")))
    }

    /// Where one of the host's own paths is found from here.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        self.machine.path(path)
    }

    /// A hook as it was built for these stories, out here.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Lets an account do what these lines of sudoers allow, as `visudo` would write them.
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
}

impl<M: Machine> BootedHost<M> {
    /// Runs a program in the host, as root, and waits for its end.
    ///
    /// # Errors
    /// The host has ended.
    pub fn run(&self, program_and_arguments: &[&str]) -> anyhow::Result<Outcome> {
        self.machine.run(program_and_arguments)
    }

    /// What one of the host's files has in it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, path: &str) -> anyhow::Result<String> {
        let told = self.run(&["cat", path])?;
        if told.code != 0 {
            bail!("`cat` ended with {}: {}", told.code, told.output);
        }
        Ok(told.output)
    }

    /// Whether something is at one of the host's paths.
    ///
    /// # Errors
    /// The host has ended.
    pub fn exists(&self, path: &str) -> anyhow::Result<bool> {
        Ok(self.run(&["test", "-e", path])?.code == 0)
    }

    /// Waits until a condition holds on the host's disk.
    ///
    /// # Errors
    /// The host has ended, or it did not come to hold within three minutes.
    pub fn wait_for(&self, condition: &Condition) -> anyhow::Result<()> {
        self.machine.wait_for(condition)
    }

    /// Does something in the network in which the host is reached, such as starting a load on [`BootedHost::address`].
    ///
    /// # Errors
    /// The host has ended.
    pub fn in_network<T: Send>(&self, act: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
        network::within(self.machine.neighbour(), act)
    }

    /// A port of the host, as it is reached in that network.
    #[must_use]
    pub fn address(&self, port: u16) -> SocketAddr {
        (self.machine.address(), port).into()
    }

    /// What a port of the host answers to a GET.
    ///
    /// # Errors
    /// Nobody answers with HTTP there.
    pub fn get(&self, port: u16, path: &str) -> anyhow::Result<HttpAnswer> {
        Ok(self.in_network(|| HttpAnswer::get_from(self.address(port), path))??)
    }

    /// Puts a bundle with this release on the host; its path there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn bundle(&self, release: &Jar) -> anyhow::Result<String> {
        self.bundle_of(&Release::Demo(release))
    }

    fn bundle_of(&self, release: &Release<'_>) -> anyhow::Result<String> {
        let name = self.bundles.fetch_add(1, Ordering::Relaxed).to_string();
        let (out_here, in_the_host) = self.machine.shared();
        let settings = site::settings(&self.builder.settings);
        bundle::write(&out_here.join(&name), &self.programs, self.builder.account, &settings, release)?;
        Ok(format!("{in_the_host}/{name}"))
    }

    /// Has the agent's service deploy a release.
    ///
    /// # Errors
    /// The service does not answer. A failed deployment is an answer.
    pub fn deploy(&self, release: &Jar) -> anyhow::Result<Answer> {
        self.deploys(&self.bundle(release)?)
    }

    /// Has the agent's service deploy a jar that there is.
    ///
    /// # Errors
    /// The service does not answer. A failed deployment is an answer.
    pub fn deploy_file(&self, jar: &Path) -> anyhow::Result<Answer> {
        self.deploys(&self.bundle_of(&Release::File(jar))?)
    }

    fn deploys(&self, bundle: &str) -> anyhow::Result<Answer> {
        let told = self.run(&[site::AGENT, "deploy", bundle])?;
        // The agent has its own copies.
        let (out_here, in_the_host) = self.machine.shared();
        drop(fs::remove_dir_all(out_here.join(bundle.trim_start_matches(in_the_host).trim_start_matches('/'))));
        serde_json::from_str(&told.output).with_context(|| {
            let output = &told.output;
            format!("the agent's service said {output:?}; needed JSON: `journalctl -u codedeploy-agent` in the host says more")
        })
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

    /// Has the host end; whether it has ended is not waited for. `starts_again` or `boots_again` brings it back.
    ///
    /// # Errors
    /// The kernel does not do that.
    pub fn ends(&self, end: End) -> anyhow::Result<()> {
        self.machine.end(end)
    }

    /// Starts a host again that has ended or is just about to, from what is on its disk.
    ///
    /// # Errors
    /// It does not end, or cannot be started.
    pub fn starts_again(&mut self) -> anyhow::Result<()> {
        self.machine.start_again()
    }

    /// Ends the host as it is told to, or in one moment with all that runs in it, and boots it again from what is on its disk.
    ///
    /// # Errors
    /// It does not end, or does not come up again.
    pub fn boots_again(&mut self, end: End) -> anyhow::Result<()> {
        self.ends(end)?;
        self.starts_again()?;
        self.wait_until_up()
    }

    /// Waits until all of it is up, the agent's service too.
    ///
    /// # Errors
    /// It does not come up.
    pub fn wait_until_up(&self) -> anyhow::Result<()> {
        self.machine
            .wait_until_booted()
            .and_then(|()| self.wait_for_agent())
            .with_context(|| format!("the host did not come up; its console says:\n{}", self.machine.console()))
    }

    fn wait_for_agent(&self) -> anyhow::Result<()> {
        self.wait_for(&Condition::Exists(SOCKET.into()))
    }
}
