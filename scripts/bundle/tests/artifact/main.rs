//! A built artifact, deployed: the hooks that run are those of the zip, unpacked by the agent itself. Which zip, the variable
//! `ARTIFACT` says, and of which archive others make theirs (`released`), `ARCHIVE`; `scripts/test-artifact.sh` sets them.
//! Without them these tests fail: nothing that was not tried has passed.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "everything in here is a test or its stage: what fails ends it"
)]

mod released;
#[path = "../team/mod.rs"]
mod team;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use agent::{Agent, Bundle, DeploymentReport, Environment, EventStatus, Generation};
use demo_app::Jar;
use sandbox::{Binaries, BuildProfile, Sandbox};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

fn artifact() -> PathBuf {
    let path = workstation::programs::variable("ARTIFACT")
        .expect("`ARTIFACT` is not set, needed the path of a zip: run scripts/test-artifact.sh ZIP ARCHIVE");
    PathBuf::from(path)
}

/// The zip with another release in it and another destination; the programs, their modes and `hooks.toml` are copied as they
/// lie in it, compressed.
fn with_release(release: &Jar, host: &Sandbox) -> PathBuf {
    let jar = host.directory().join("release.jar");
    release.write(&jar).unwrap();
    let path = host.directory().join("artifact.zip");
    let mut archive = ZipArchive::new(File::open(artifact()).unwrap()).unwrap();
    let mut writer = ZipWriter::new(File::create(&path).unwrap());
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        if name == "appspec.yml" {
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            let led = sandbox::app_spec_for(&host.staging_directory(), &text).unwrap();
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(led.as_bytes()).unwrap();
        } else if name.contains('/') || name == "hooks.toml" {
            writer.raw_copy_file(file).unwrap();
        } else {
            // The one jar.
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&workstation::files::read(&jar, "the release").unwrap()).unwrap();
        }
    }
    writer.finish().unwrap();
    path
}

/// The sandbox's settings as variables, which override those of the artifact's own `hooks.toml`.
fn environment(host: &Sandbox) -> Environment {
    let settings: toml::Table = host.settings_text().parse().unwrap();
    // No test asks AWS about its made-up deployments, on whatever machine it runs.
    let mut environment = Environment::bash_noise().with("HOOKS_REPORT_API", "off");
    for (section, keys) in &settings {
        for (key, value) in keys.as_table().unwrap() {
            let name = format!("HOOKS_{}_{}", section.to_uppercase(), key.to_uppercase());
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            environment = environment.with(name, text);
        }
    }
    environment
}

/// A host that has no hooks of its own: whatever runs comes out of the zip.
fn host() -> Sandbox {
    let java = Binaries::built(BuildProfile::Debug).unwrap().java().unwrap();
    let host = Sandbox::builder().java(java).build().unwrap();
    host.nginx().start().unwrap();
    host
}

fn deploy(agent: &Agent, zip: &Path) -> DeploymentReport {
    agent.deploy(&Bundle::open(zip).unwrap())
}

#[test]
fn the_artifact_deploys_under_both_generations_of_the_agent_and_the_new_release_serves() {
    for generation in [Generation::One, Generation::Two] {
        let host = host();
        let agent = Agent::new(host.directory().join("agent"), generation).unwrap().environment(environment(&host));
        let mut profiles = Vec::new();
        for release in ["v1", "v2", "v3"] {
            let deployment = deploy(&agent, &with_release(&Jar::release(release), &host));
            assert!(deployment.succeeded, "{generation:?}: {:#?}", deployment.failure());
            let ran: Vec<&str> = deployment
                .events
                .iter()
                .filter(|event| event.status == EventStatus::Succeeded)
                .flat_map(|event| &event.scripts)
                .map(|script| script.location.as_str())
                .collect();
            assert_eq!(ran, ["hooks/stop", "hooks/start", "hooks/health", "hooks/switch"], "{generation:?}");
            assert_eq!(host.door_get("/").unwrap().release(), Some(release), "{generation:?}");
            profiles.push(host.door_get("/profile").unwrap().body);
        }
        assert_eq!(profiles[0], profiles[2]);
        assert_ne!(profiles[0], profiles[1], "each deploy fills the other slot");
        host.close().unwrap();
    }
}

#[test]
fn a_release_that_dies_at_boot_is_refused_by_the_artifacts_own_hook_and_the_old_one_serves_on() {
    for generation in [Generation::One, Generation::Two] {
        let host = host();
        let agent = Agent::new(host.directory().join("agent"), generation).unwrap().environment(environment(&host));
        assert!(deploy(&agent, &with_release(&Jar::release("v1"), &host)).succeeded);
        let bad = Jar::release("v2").fault(demo_app::Fault::FloodsLog);
        let deployment = deploy(&agent, &with_release(&bad, &host));
        let told = deployment.failure().expect("it failed").diagnostics.to_json().to_string();
        assert!(told.contains("failed with exit code 30"), "{generation:?}: {told}");
        assert_eq!(host.door_get("/").unwrap().release(), Some("v1"));
        host.close().unwrap();
    }
}
