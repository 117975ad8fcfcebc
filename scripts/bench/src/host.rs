//! A host for one of the ways: a sandbox with its settings, and what a deploy on it consists of.

use std::path::{Path, PathBuf};

use agent::AppSpec;
use anyhow::Context;
use demo_app::Jar;
use sandbox::{Binaries, Sandbox, SandboxBuilder};
use shared::lifecycle::HOOKS;
use workstation::files;

use crate::invocation::Invocation;
use crate::timed_run;
use crate::way::Way;

/// How long the application takes to boot: what a deploy cannot be faster than.
pub(crate) const BOOT_MILLISECONDS: u64 = 200;
/// The file whose writing shows that the scripts' switch begins.
const SWITCHES: &str = "switches";
/// What the way back to the standby is called: it is no part of a deploy.
pub(crate) const BACK: &str = "switch --back";

/// A host, and how many releases it has seen.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) way: Way,
    pub(crate) sandbox: Sandbox,
    baseline: PathBuf,
    /// A real one, where the application is.
    java: Option<PathBuf>,
    releases: u32,
}

/// A deploy that is prepared: its release lies where the agent puts it.
#[derive(Debug)]
pub(crate) struct Deploy {
    /// The new release's name.
    pub(crate) release: String,
    pub(crate) invocations: Vec<Invocation>,
}

impl Host {
    /// A host on which nothing was deployed yet; nginx runs. `baseline` is the directory with the scripts.
    ///
    /// # Errors
    /// The sandbox cannot be made.
    pub(crate) fn new(way: Way, binaries: Binaries, baseline: &Path) -> anyhow::Result<Self> {
        Self::with_java(way, binaries, baseline, None)
    }

    /// The same with a real `java` in the place of the small service.
    ///
    /// # Errors
    /// The sandbox cannot be made.
    pub(crate) fn with_java(
        way: Way,
        binaries: Binaries,
        baseline: &Path,
        java: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let builder = Sandbox::builder().binaries(binaries);
        Self::on(way, java.map_or(builder.clone(), |java| builder.java(java)), baseline, java)
    }

    /// The same whose nginx speaks TLS as well.
    ///
    /// # Errors
    /// The sandbox cannot be made.
    pub(crate) fn with_tls(way: Way, binaries: Binaries, baseline: &Path) -> anyhow::Result<Self> {
        Self::on(way, Sandbox::builder().binaries(binaries).tls(), baseline, None)
    }

    fn on(way: Way, builder: SandboxBuilder, baseline: &Path, java: Option<&Path>) -> anyhow::Result<Self> {
        let sandbox = builder.build()?;
        for name in ["marks", "output"] {
            files::make_directory(&sandbox.directory().join(name))?;
        }
        if way.has_hooks() {
            set_way(&sandbox, way)?;
            // To watch is to wait, and not what is measured here.
            sandbox.set("switch.watch", "\"0s\"")?;
        }
        if way == Way::Scripts {
            // The scripts ask who is idle three times in a deploy. On a new host, where nginx leads to the very slot that they
            // fill, the answer changes in between, and they would end with the traffic in an empty slot.
            let green = sandbox.ports().green;
            sandbox.nginx().write_include(&format!("set $service_url http://127.0.0.1:{green};\n"))?;
        }
        sandbox.nginx().start()?;
        Ok(Self { way, sandbox, baseline: baseline.to_owned(), java: java.map(Path::to_owned), releases: 0 })
    }

    /// Lets the large sample learn its port from its profile, as the scripts need it: they name none, and leave out the file with what
    /// the sample has on top of the small one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn tell_ports_by_profile(&self) -> anyhow::Result<()> {
        let ports = self.sandbox.ports();
        let of = |profile: &str, port: u16| {
            format!("#---\nspring.config.activate.on-profile={profile}\nserver.port={port}\n")
        };
        let shop = include_str!("../../../tests/spring-app/src/shop/resources/config/application.properties");
        let text = format!("{shop}{}{}", of("real1", ports.blue), of("real2", ports.green));
        files::write(&self.sandbox.directory().join("application-real-db.properties"), text.as_bytes())
    }

    /// Prepares the next deploy.
    ///
    /// # Errors
    /// The release cannot be written.
    pub(crate) fn next_deploy(&mut self) -> anyhow::Result<Deploy> {
        let release = format!("v{}", self.releases + 1);
        let jar = self.sandbox.directory().join(format!("demo-{release}.jar"));
        let written = Jar::release(&release).boot_milliseconds(BOOT_MILLISECONDS).write(&jar);
        written.with_context(|| format!("`{}` could not be written", jar.display()))?;
        self.sandbox.stage(&jar)?;
        files::remove(&jar)?;
        let invocations = self.invocations(&AppSpec::parse(include_str!("../../../appspec.yml"))?)?;
        Ok(Deploy { release, invocations })
    }

    /// What the deploy of the release that is staged consists of.
    ///
    /// # Errors
    /// There is no such hook.
    pub(crate) fn invocations(&mut self, spec: &AppSpec) -> anyhow::Result<Vec<Invocation>> {
        self.releases += 1;
        if self.way.has_hooks() {
            HOOKS.into_iter().map(|hook| self.hook(hook, Some(event(spec, hook)?))).collect()
        } else {
            // The scripts' health check calls their switch.
            Ok(HOOKS.into_iter().filter(|name| *name != "switch").map(|name| self.script(name)).collect())
        }
    }

    /// The way back to the standby.
    ///
    /// # Errors
    /// There is no such hook.
    pub(crate) fn back(&self) -> anyhow::Result<Invocation> {
        let mut back = self.hook("switch", None)?;
        back.hook = BACK;
        back.arguments.push("--back".to_owned());
        Ok(back)
    }

    /// The look at the host that people take.
    ///
    /// # Errors
    /// It was not built.
    pub(crate) fn status(&self) -> anyhow::Result<Invocation> {
        self.hook("status", None)
    }

    /// Puts a release in both slots, as on a host that has been deployed to before.
    ///
    /// # Errors
    /// A hook fails, or a release does not come to serve.
    pub(crate) fn fill_slots(mut self) -> anyhow::Result<Self> {
        for _ in 0..2 {
            let deploy = self.next_deploy()?;
            for invocation in &deploy.invocations {
                timed_run::run(invocation)?;
            }
            self.wait_for(&deploy.release)?;
        }
        Ok(self)
    }

    /// Lets the next hook move traffic in this way.
    ///
    /// # Errors
    /// The settings cannot be written.
    pub(crate) fn set_way(&self, way: Way) -> anyhow::Result<()> {
        set_way(&self.sandbox, way)
    }

    /// What brings in the flag.
    ///
    /// # Errors
    /// There is no such hook.
    pub(crate) fn install(&self) -> anyhow::Result<Invocation> {
        let mut install = self.hook("switch", None)?;
        install.arguments.push("--install".to_owned());
        Ok(install)
    }

    fn hook(&self, hook: &'static str, event: Option<&str>) -> anyhow::Result<Invocation> {
        let mut variables = vec![
            ("HOOKS_CONFIG".to_owned(), self.sandbox.settings_path().display().to_string()),
            // Nobody is asked anything: neither the metadata service of this machine nor CodeDeploy.
            ("HOOKS_REPORT_API".to_owned(), "off".to_owned()),
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
        ];
        if let Some(event) = event {
            variables.push(("DEPLOYMENT_ID".to_owned(), format!("d-BENCH{:04}", self.releases)));
            variables.push(("LIFECYCLE_EVENT".to_owned(), event.to_owned()));
        }
        Ok(Invocation {
            hook,
            program: self.sandbox.binaries()?.path(hook)?,
            arguments: Vec::new(),
            variables,
            output: self.output(hook),
        })
    }

    fn script(&self, hook: &'static str) -> Invocation {
        let ports = self.sandbox.ports();
        let text = |path: &Path| path.display().to_string();
        let mut reload = self.sandbox.nginx().command().to_vec();
        reload.extend(["-s".to_owned(), "reload".to_owned()]);
        let demo = || self.sandbox.binaries().and_then(Binaries::java).map(|java| text(&java)).unwrap_or_default();
        let java = self.java.as_deref().map_or_else(demo, text);
        let variables = [
            ("BASELINE_APP", text(&self.sandbox.app_directory())),
            ("BASELINE_PROPERTIES", text(self.sandbox.directory())),
            ("BASELINE_DOOR", format!("http://127.0.0.1:{}", ports.door)),
            ("BASELINE_PORT1", ports.blue.to_string()),
            ("BASELINE_PORT2", ports.green.to_string()),
            ("BASELINE_JAVA", java),
            ("BASELINE_INCLUDE", text(&self.sandbox.nginx().include_path())),
            ("BASELINE_RELOAD", reload.join(" ")),
            ("BASELINE_SWITCHES", text(&self.marks().join(SWITCHES))),
            // A profile's port is in the jar of a real application.
            ("DEMO_PORT_real1", ports.blue.to_string()),
            ("DEMO_PORT_real2", ports.green.to_string()),
        ];
        Invocation {
            hook,
            program: self.baseline.join(format!("{hook}.sh")),
            arguments: Vec::new(),
            variables: variables.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            output: self.output(hook),
        }
    }

    fn output(&self, hook: &str) -> PathBuf {
        self.sandbox.directory().join("output").join(hook)
    }

    /// Where the scripts show that their switch begins, and the file's name.
    pub(crate) fn beginning_of_switch(&self) -> (PathBuf, &'static str) {
        (self.marks(), SWITCHES)
    }

    fn marks(&self) -> PathBuf {
        self.sandbox.directory().join("marks")
    }

    /// The file whose change decides who serves: the flag, or the include.
    pub(crate) fn decision(&self) -> PathBuf {
        let nginx = self.sandbox.nginx();
        if self.way == Way::Instant { nginx.flag_path() } else { nginx.include_path() }
    }

    /// Who serves, asked at the door on a new connection.
    ///
    /// # Errors
    /// Nobody, or somebody who does not say which release it is.
    pub(crate) fn serving(&self) -> anyhow::Result<String> {
        let answer = self.sandbox.door_get("/")?;
        answer
            .release()
            .map(str::to_owned)
            .with_context(|| format!("the door answered {} without a release", answer.status))
    }

    /// Waits until this release, and no other, answers at the door: the scripts end before that. While nginx reloads, an old worker
    /// may still answer, and the scripts of the next deploy, who believe it, would end what has just begun to serve.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn wait_for(&self, release: &str) -> anyhow::Result<()> {
        let what = format!("`{release}` serves");
        let serves = || self.serving().is_ok_and(|serving| serving == release) && !self.sandbox.nginx().is_reloading();
        Ok(self.sandbox.wait_until(&what, std::time::Duration::from_secs(20), serves)?)
    }
}

/// A text in TOML's notation, which JSON's strings are as well.
fn set_way(sandbox: &Sandbox, way: Way) -> anyhow::Result<()> {
    Ok(sandbox.set("proxy.cutover", &serde_json::Value::from(way.name()).to_string())?)
}

/// The lifecycle event under which the shipped `appspec.yml` has this hook.
fn event<'a>(spec: &'a AppSpec, hook: &str) -> anyhow::Result<&'a str> {
    let place = format!("hooks/{hook}");
    let found = spec.all_scripts().find(|(_, script)| script.path() == place);
    found
        .map(|(event, _)| event)
        .with_context(|| format!("appspec.yml has no `{place}`, needed the event that runs it"))
}
