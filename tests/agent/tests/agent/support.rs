//! A host in a temporary directory: an agent, a place to install to, and bundles made of a few lines of shell.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agent::{
    Agent, Bundle, BundleBuilder, DeploymentId, DeploymentReport, ErrorCode, EventReport, Generation, LifecycleEvent,
    ScriptOutcome, ScriptReport,
};
use tempfile::TempDir;

pub(crate) const BOTH: [Generation; 2] = [Generation::One, Generation::Two];

pub(crate) struct Host {
    directory: TempDir,
    pub(crate) agent: Agent,
}

impl Host {
    pub(crate) fn new(generation: Generation) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // As the real folders, passable for the users that `runas` names.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let agent = Agent::new(directory.path().join("agent"), generation).unwrap();
        Self { directory, agent }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A bundle in the making, with everything of `app_spec` but its first two lines.
    pub(crate) fn builder(&self, name: &str, app_spec: &str) -> BundleBuilder {
        let text = format!("version: 0.0\nos: linux\n{app_spec}");
        BundleBuilder::new(self.path(name)).unwrap().app_spec(&text).unwrap()
    }

    /// A bundle whose `AfterInstall` has one script with this body; `HERE` in it stands for the host's directory.
    pub(crate) fn hook(&self, timeout: u64, body: &str) -> Bundle {
        let body = body.replace("HERE", self.directory.path().to_str().unwrap());
        let app_spec = format!("hooks:\n  AfterInstall:\n    - location: hook.sh\n      timeout: {timeout}\n");
        self.builder("bundle", &app_spec).script("hook.sh", format!("#!/bin/sh\n{body}\n")).unwrap().build().unwrap()
    }

    /// A bundle that downloads well and whose Install fails: its one source is missing.
    pub(crate) fn uninstallable(&self) -> Bundle {
        let app_spec = format!("files:\n  - source: missing\n    destination: {}\n", self.path("nowhere").display());
        self.builder("uninstallable", &app_spec).build().unwrap()
    }

    /// Deploys [`Host::hook`]'s bundle.
    pub(crate) fn run_hook(&self, timeout: u64, body: &str) -> Ran {
        Ran::after_install(self.agent.deploy(&self.hook(timeout, body)))
    }

    pub(crate) fn last_successful(&self) -> String {
        fs::read_to_string(self.agent.root().last_successful_install(self.agent.group_id())).unwrap()
    }
}

/// What became of the one script of `AfterInstall`.
pub(crate) struct Ran {
    pub(crate) deployment: DeploymentReport,
    pub(crate) event: EventReport,
    pub(crate) log: String,
}

impl Ran {
    fn after_install(deployment: DeploymentReport) -> Self {
        let event = deployment.event(LifecycleEvent::AfterInstall).unwrap().clone();
        let log = String::from_utf8_lossy(&fs::read(deployment.folder.scripts_log()).unwrap()).into_owned();
        Self { deployment, event, log }
    }

    pub(crate) fn script(&self) -> &ScriptReport {
        let [script] = self.event.scripts.as_slice() else { panic!("one script, not {:?}", self.event.scripts) };
        script
    }

    pub(crate) fn outcome(&self) -> &ScriptOutcome {
        &self.script().outcome
    }

    /// `scripts.log` without its dates.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.log.lines().map(|line| &line["0000-00-00 00:00:00 ".len()..]).collect()
    }
}

/// A bundle with `app.jar` in it that goes to the host's `srv`.
pub(crate) fn jar(host: &Host, contents: &str, more: &str) -> Bundle {
    let app_spec = format!("files:\n  - source: app.jar\n    destination: {}\n{more}", host.path("srv").display());
    host.builder(contents, &app_spec).file("app.jar", contents, 0o640).unwrap().build().unwrap()
}

/// The message of a deployment that Install ended.
pub(crate) fn refused(deployment: &DeploymentReport) -> &str {
    let failure = deployment.failure().unwrap();
    assert_eq!(failure.event, LifecycleEvent::Install);
    assert_eq!(failure.diagnostics.error_code, Some(ErrorCode::UnknownError));
    &failure.diagnostics.message
}

pub(crate) fn id(text: &str) -> DeploymentId {
    text.parse().unwrap()
}

/// Waits until a condition holds; fails when it does not within ten seconds.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "waited ten seconds for: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that a script left behind and wrote the number of into a file; ended when dropped.
pub(crate) struct LeftBehind(rustix::process::Pid);

impl LeftBehind {
    pub(crate) fn from_file(path: &Path) -> Self {
        let number = fs::read_to_string(path).unwrap().trim().parse().unwrap();
        Self(rustix::process::Pid::from_raw(number).unwrap())
    }

    pub(crate) fn lives(&self) -> bool {
        // A zombie still answers to signals; only its state tells.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.as_raw_nonzero())).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    }
}

impl Drop for LeftBehind {
    fn drop(&mut self) {
        if self.lives() {
            rustix::process::kill_process(self.0, rustix::process::Signal::KILL).unwrap();
        }
    }
}
