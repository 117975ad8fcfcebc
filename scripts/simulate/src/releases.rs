//! What is deployed: releases of the demo service, or real Spring Boot jars, two of them broken on purpose. The ways in which
//! those are broken are settings in `hooks.toml`, as a person gets them wrong; the jars themselves are sound.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use demo_app::{Fault, Jar};
use sandbox::Sandbox;
use workstation::programs;

/// How long the demo service takes to boot.
const DEMO_BOOT_MILLISECONDS: u64 = 200;
/// What no host has: a configuration that a release cannot do without.
const MISSING_FILE: &str = "application-database.properties";

/// Where releases come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Releases {
    /// Written for the demo service.
    Demo,
    /// Built by Maven.
    Spring {
        /// The directory with the jars.
        jars: PathBuf,
        /// The program that runs them.
        java: PathBuf,
    },
}

/// What a release is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Serve.
    Good,
    /// Run, and never answer as a healthy one does.
    NeverHealthy,
    /// End before it listens.
    DiesAtBoot,
}

impl Releases {
    /// Requests in a second that the load sends in each mode: few enough for a JVM that has just started.
    pub(crate) fn rate(&self) -> u32 {
        match self {
            Self::Demo => 100,
            Self::Spring { .. } => 25,
        }
    }

    /// What a release of this behaviour suffers from, in a few words.
    pub(crate) fn trouble(&self, behaviour: Behaviour) -> &'static str {
        match (self, behaviour) {
            (_, Behaviour::Good) => "good",
            (Self::Demo, Behaviour::NeverHealthy) => "answers 503 for ever",
            (Self::Spring { .. }, Behaviour::NeverHealthy) => "answers below /api only",
            (Self::Demo, Behaviour::DiesAtBoot) => "dies at boot",
            (Self::Spring { .. }, Behaviour::DiesAtBoot) => "dies at boot: a file is missing",
        }
    }

    /// Puts the bundle of a release together in the sandbox.
    pub(crate) fn bundle(
        &self,
        host: &Sandbox,
        hooks: &Path,
        name: &str,
        behaviour: Behaviour,
    ) -> anyhow::Result<PathBuf> {
        let jar = match self {
            Self::Demo => demo_jar(host, name, behaviour)?,
            Self::Spring { jars, .. } => {
                set_spring(host, behaviour)?;
                // The broken ones are v1 with wrong settings.
                let name = if behaviour == Behaviour::Good { name } else { "v1" };
                jars.join(format!("spring-app-{name}.jar"))
            }
        };
        host.set("health.patience", &quoted(self.patience(behaviour)))?;
        Ok(host.bundle(jar, hooks)?)
    }

    fn patience(&self, behaviour: Behaviour) -> &'static str {
        match (self, behaviour) {
            (Self::Demo, _) => "3s",
            (Self::Spring { .. }, Behaviour::NeverHealthy) => "15s",
            (Self::Spring { .. }, _) => "60s",
        }
    }
}

/// The options that a Spring Boot release of this behaviour is started with.
fn set_spring(host: &Sandbox, behaviour: Behaviour) -> anyhow::Result<()> {
    let mut options = vec!["-XX:TieredStopAtLevel=1".to_owned(), "-Xmx256m".to_owned()];
    match behaviour {
        Behaviour::Good => {}
        Behaviour::NeverHealthy => options.push("-Dserver.servlet.context-path=/api".to_owned()),
        Behaviour::DiesAtBoot => {
            options.push(format!("-Dspring.config.import=file:{}", host.directory().join(MISSING_FILE).display()));
        }
    }
    host.set("app.jvm_options", &serde_json::to_string(&options)?)?;
    // It ends as soon as the release listens, so that it costs a good one nothing.
    host.set("start.survive", &quoted("15s"))?;
    Ok(())
}

/// The settings that a host has as the scripts left it: Spring is told its profile's files and the two outside the jar.
pub(crate) fn set_config_locations(host: &Sandbox) -> anyhow::Result<()> {
    let outside = |name: &str| host.directory().join(name).display().to_string();
    let locations = [
        "classpath:/application.properties".to_owned(),
        "classpath:/application-{profile}.properties".to_owned(),
        outside("application-oauth.properties"),
        outside("application-real-db.properties"),
    ];
    host.set("app.config_locations", &serde_json::to_string(&locations)?)?;
    Ok(())
}

fn demo_jar(host: &Sandbox, name: &str, behaviour: Behaviour) -> anyhow::Result<PathBuf> {
    let jar = Jar::release(name).boot_milliseconds(DEMO_BOOT_MILLISECONDS);
    let jar = match behaviour {
        Behaviour::Good => jar,
        Behaviour::NeverHealthy => jar.fault(Fault::answers(503, "starting")),
        Behaviour::DiesAtBoot => jar.fault(Fault::DiesAtBoot { code: 1 }),
    };
    let path = host.directory().join(format!("demo-{name}.jar"));
    jar.write(&path).with_context(|| format!("`{}` could not be written", path.display()))?;
    Ok(path)
}

/// The jars that the script had built, and a `java` to run them.
pub(crate) fn spring(jars: Option<&Path>) -> anyhow::Result<Releases> {
    let Some(jars) = jars else {
        bail!("`--spring` needs the built jars: run scripts/simulate.sh, which builds them and says where they are");
    };
    for name in ["v1", "v2", "v5"] {
        let jar = jars.join(format!("spring-app-{name}.jar"));
        if !jar.is_file() {
            bail!("`{}` is not there; build it with Maven in tests/spring-app", jar.display());
        }
    }
    Ok(Releases::Spring { jars: jars.to_owned(), java: java()? })
}

/// The whole path of `java`: the hooks have the agent's PATH, not this one.
pub(crate) fn java() -> anyhow::Result<PathBuf> {
    programs::in_path("java").context("`java` is not in PATH; install a JDK of version 17 or later")
}

/// A text in TOML's notation, which JSON's strings are as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
