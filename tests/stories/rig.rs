//! The rig of a story: a host with nginx running, releases made on the spot, and deploys that run the hooks in order.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use demo_app::Jar;
use sandbox::{Binaries, BuildProfile, HookCommand, HookRun, Sandbox};
pub(crate) use shared::lifecycle::HOOKS;
use strict_client::Load;

/// A host with nginx running, whose include names blue's port.
pub(crate) struct Rig {
    pub(crate) host: Sandbox,
    jars: PathBuf,
    deployments: Cell<u32>,
}

/// What became of one deploy: the hooks that ran, up to the first that failed.
#[derive(Debug)]
pub(crate) struct Deployed {
    runs: Vec<(&'static str, HookRun)>,
}

impl Rig {
    /// A host on which nothing runs yet but nginx.
    pub(crate) fn new() -> Rig {
        Rig::on(Sandbox::new().expect("a sandbox"))
    }

    /// The same with another nginx than the distribution's.
    pub(crate) fn with_nginx(program: &Path) -> Rig {
        let binaries = Binaries::built(BuildProfile::Debug).expect("the hooks");
        Rig::on(Sandbox::builder().binaries(binaries).nginx(program).build().expect("a sandbox"))
    }

    /// A host on which release `v1` is live and speaks TLS and HTTP/2 beside the door, with a standby.
    pub(crate) fn with_tls() -> Rig {
        let binaries = Binaries::built(BuildProfile::Debug).expect("the hooks");
        let rig = Rig::on(Sandbox::builder().binaries(binaries).tls().build().expect("a sandbox"));
        rig.deploy(&Jar::release("v0")).succeeds();
        rig.deploy(&Jar::release("v1")).succeeds();
        rig
    }

    fn on(host: Sandbox) -> Rig {
        host.nginx().start().expect("nginx starts");
        // What is good comes to its end on a busy machine as well; who wants to see patience end is `impatient`.
        host.set("health.patience", "\"60s\"").expect("a patience");
        host.set("proxy.reload_at_most", "\"15s\"").expect("a longer reload");
        host.set("lock.wait", "\"5s\"").expect("a shorter wait");
        // Within the sandbox, so that whatever runs from there ends with it.
        let jars = host.directory().join("jars");
        fs::create_dir(&jars).expect("a directory");
        Rig { host, jars, deployments: Cell::new(0) }
    }

    /// A host on which release `v1` is live in the slot of this profile, with a standby `v0` in the other one.
    pub(crate) fn live_in(profile: &str) -> Rig {
        let rig = Rig::new();
        // The include names blue, so the first deploy fills green and the second one blue.
        rig.deploy(&Jar::release("v0")).succeeds();
        if profile == "real2" {
            rig.deploy(&Jar::release("v0")).succeeds();
        }
        rig.deploy(&Jar::release("v1")).succeeds();
        assert_eq!(rig.profile(), profile);
        rig
    }

    /// The same with the instant cutover, installed by the last of the deploys.
    pub(crate) fn instant() -> Rig {
        let rig = Rig::new();
        rig.deploy(&Jar::release("v0")).succeeds();
        rig.host.set("proxy.cutover", "\"instant\"").expect("another way to move traffic");
        rig.deploy(&Jar::release("v1")).succeeds();
        rig
    }

    /// The same host, on which `health` gives a bad release up after 3 s.
    pub(crate) fn impatient(&self) {
        self.host.set("health.patience", "\"3s\"").expect("a shorter patience");
    }

    /// Writes a release into a file of its own.
    pub(crate) fn jar(&self, release: &Jar) -> PathBuf {
        let path = self.jars.join("application.jar");
        release.write(&path).expect("a release");
        path
    }

    /// Puts a release where the agent would, and begins a deployment.
    pub(crate) fn stage(&self, release: &Jar) {
        self.host.stage(self.jar(release)).expect("a staged release");
        self.begin();
    }

    /// Begins a deployment with whatever is staged.
    pub(crate) fn begin(&self) {
        self.deployments.set(self.deployments.get() + 1);
    }

    /// A hook of the deployment that was begun last.
    pub(crate) fn hook(&self, name: &str) -> HookCommand {
        self.host.hook(name).deployment(format!("d-STORY{:04}", self.deployments.get()))
    }

    /// Runs a hook of the deployment that was begun last.
    pub(crate) fn run(&self, name: &str) -> HookRun {
        self.hook(name).run().expect("the hook runs")
    }

    /// Deploys a release.
    pub(crate) fn deploy(&self, release: &Jar) -> Deployed {
        self.stage(release);
        self.run_hooks()
    }

    /// Runs the hooks of the deployment that was begun last.
    pub(crate) fn run_hooks(&self) -> Deployed {
        let mut runs = Vec::new();
        for name in HOOKS {
            let run = self.run(name);
            let failed = run.code != 0;
            runs.push((name, run));
            if failed {
                break;
            }
        }
        Deployed { runs }
    }

    /// The release that answers at the door. It is asked for the page, which `Door`s other than the app never touch.
    pub(crate) fn release(&self) -> String {
        let answer = self.host.door_get("/").expect("the door answers");
        answer
            .release()
            .unwrap_or_else(|| panic!("the door answers HTTP {}: {}", answer.status, answer.body))
            .to_owned()
    }

    /// The instance that answers at the door.
    pub(crate) fn instance(&self) -> String {
        self.host.door_get("/").expect("the door answers").instance().expect("an instance").to_owned()
    }

    /// The profile that the live application has.
    pub(crate) fn profile(&self) -> String {
        self.host.door_get("/profile").expect("the door answers").body
    }

    /// The bytes of the include.
    pub(crate) fn include(&self) -> String {
        String::from_utf8_lossy(&self.host.nginx().include().expect("the include")).into_owned()
    }

    /// The port of the slot that the include names, and the other one.
    pub(crate) fn live_and_idle_ports(&self) -> (u16, u16) {
        let ports = self.host.ports();
        if self.include().contains(&format!(":{};", ports.blue)) {
            (ports.blue, ports.green)
        } else {
            (ports.green, ports.blue)
        }
    }

    /// The live slot's port and the other one, as the door tells them: with the instant cutover the include names neither.
    pub(crate) fn live_and_idle_ports_by_the_door(&self) -> (u16, u16) {
        let ports = self.host.ports();
        if self.profile() == "real1" { (ports.blue, ports.green) } else { (ports.green, ports.blue) }
    }

    /// Asserts that `act` leaves the live application, the include and what the door serves as they were.
    #[track_caller]
    pub(crate) fn untouched_by<T>(&self, act: impl FnOnce() -> T) -> T {
        let seen = || {
            let (live, _) = self.live_and_idle_ports();
            (
                self.include(),
                listener(live),
                self.host.direct_get(live, "/").ok().and_then(|answer| answer.instance().map(str::to_owned)),
            )
        };
        let before = seen();
        let result = act();
        assert_eq!(seen(), before, "include, live process and its instance");
        result
    }

    /// Asserts that the release that was refused in the idle slot has ended, and is not what users get when the live one, `v1`, dies.
    #[track_caller]
    pub(crate) fn refused_release_is_no_fallback(&self, live: u16, idle: u16) {
        assert_eq!((listener(idle), self.release().as_str()), (None, "v1"));
        let status = self.run("status").output;
        assert!(status.contains("was refused and ended"), "{status}");
        kill(listener(live).expect("a live release"));
        for _ in 0..20 {
            let answer = self.host.door_get("/profile").expect("nginx answers");
            assert_eq!(answer.status, 502, "nobody serves: {}", answer.body);
        }
    }

    /// The names in a directory of the application's.
    pub(crate) fn names_in(&self, directory: &str) -> Vec<String> {
        names_in(&self.host.app_directory().join(directory))
    }
}

impl Deployed {
    /// Asserts that every hook ended well.
    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Deployed {
        let (name, last) = self.runs.last().expect("a hook ran");
        assert!(last.code == 0 && self.runs.len() == HOOKS.len(), "{name} ended with {}:\n{}", last.code, last.output);
        self
    }

    /// Asserts that this hook, and none before it, failed with this exit code and said all of these words.
    #[track_caller]
    pub(crate) fn fails(&self, hook: &str, code: i32, words: &[&str]) -> &Deployed {
        let (name, last) = self.runs.last().expect("a hook ran");
        assert_eq!((*name, last.code), (hook, code), "{}", last.output);
        said(last, words);
        self
    }

    /// Everything that the hooks printed.
    pub(crate) fn output(&self) -> String {
        self.runs.iter().map(|(_, run)| run.output.as_str()).collect()
    }
}

/// What a hook printed, with what was broken over lines in one.
pub(crate) fn flat(run: &HookRun) -> String {
    shared::lifecycle::PROGRAMS
        .iter()
        .fold(run.output.replace("\n    ", " "), |text, name| text.replace(&format!("\n{name}:     "), " "))
}

/// Asserts that a hook said all of these words.
#[track_caller]
pub(crate) fn said(run: &HookRun, words: &[&str]) {
    let output = flat(run);
    for word in words {
        assert!(output.contains(word), "`{word}` is not in:\n{}", run.output);
    }
}

/// Asserts that a hook ended with this exit code and said all of these words.
#[track_caller]
pub(crate) fn ended(run: &HookRun, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{}", run.output);
    said(run, words);
}

/// The process that listens on a port, if there is one, as the kernel shows it to `ss`-like readers.
pub(crate) fn listener(port: u16) -> Option<u32> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let inode = tables.iter().flat_map(|table| table.lines()).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let local = fields.get(1)?.rsplit_once(':')?.1;
        (fields.get(3) == Some(&"0A") && u16::from_str_radix(local, 16) == Ok(port)).then(|| (*fields[9]).to_owned())
    })?;
    let wanted = PathBuf::from(format!("socket:[{inode}]"));
    fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(
        |id: &u32| {
            fs::read_dir(format!("/proc/{id}/fd")).is_ok_and(|descriptors| {
                descriptors
                    .flatten()
                    .any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|target| target == wanted))
            })
        },
    )
}

/// How many established connections have this port at their far end.
pub(crate) fn connections_to(port: u16) -> usize {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .flat_map(|path| fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields.get(3) == Some(&"01")
                && fields
                    .get(2)
                    .and_then(|remote| remote.rsplit_once(':'))
                    .and_then(|(_, hex)| u16::from_str_radix(hex, 16).ok())
                    == Some(port)
        })
        .count()
}

/// Whether a process runs: a zombie does not.
pub(crate) fn is_alive(id: u32) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat"))
        .ok()
        .and_then(|stat| Some(stat.rsplit_once(')')?.1.trim_start().chars().next()? != 'Z'))
        .unwrap_or(false)
}

/// Ends a process at once and waits until it is gone.
pub(crate) fn kill(id: u32) {
    let pid = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it can be killed");
    eventually("a killed process is gone", || !is_alive(id));
}

/// Waits until a condition holds, for minutes if the machine is busy.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    const PATIENCE: Duration = Duration::from_mins(2);
    let began = std::time::Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until more of a load's requests have come to their end: before, between and after cutovers, however quick or slow the machine
/// is.
#[track_caller]
pub(crate) fn more_requests(load: &Load) {
    let enough = load.summary().requests() + 100;
    eventually("more requests have come to their end", || load.summary().requests() >= enough);
}

/// The names in a directory, sorted.
pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap_or_else(|cause| panic!("{}: {cause}", directory.display()))
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
