//! The released archive, used as a team uses it that has no Rust: a bundle is made of it and deployed. Which archive, the variable
//! `ARCHIVE` says; the programs in it are those of the artifact.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use agent::{Agent, Generation};
use demo_app::Jar;
use workstation::{files, programs};
use zip::ZipArchive;

use crate::team::Team;
use crate::{artifact, deploy, environment, host};

fn archive() -> PathBuf {
    let path = programs::variable("ARCHIVE").expect(
        "`ARCHIVE` is not set, needed the path of a released archive: run scripts/test-artifact.sh ZIP ARCHIVE",
    );
    PathBuf::from(path)
}

fn read(zip: &Path, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    ZipArchive::new(File::open(zip).unwrap()).unwrap().by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn f154_the_released_archive_becomes_a_bundle_without_rust_and_the_new_release_serves() {
    for generation in [Generation::One, Generation::Two] {
        let host = host();
        let agent = Agent::new(host.directory().join("agent"), generation).unwrap().environment(environment(&host));
        let team = Team::new();
        team.unpack(&archive());
        let shipped = files::read_text(&team.path("hooks/appspec.yml"), "the released appspec.yml").unwrap();
        let led = sandbox::app_spec_for(&host.staging_directory(), &shipped).unwrap();
        team.write("app/appspec.yml", led.as_bytes());
        Jar::release("v1").write(&team.path("app/build.jar")).unwrap();
        let told = team.bundle(&["--jar", "build.jar"]);
        assert_eq!(told.code, Some(0), "{}", told.messages);
        assert!(told.output.starts_with("dist/build.zip\n"), "{}", told.output);
        let deployment = deploy(&agent, &team.path("app/dist/build.zip"));
        assert!(deployment.succeeded, "{generation:?}: {:#?}", deployment.failure());
        assert_eq!(host.door_get("/").unwrap().release(), Some("v1"), "{generation:?}");
        host.close().unwrap();
    }
}

#[test]
fn f154_the_released_programs_are_those_of_the_artifact_and_name_their_commit_and_target() {
    let told = String::from_utf8(read(&archive(), "RELEASE")).unwrap();
    let says = |key: &str| told.lines().find_map(|line| line.strip_prefix(key)).unwrap().trim().to_owned();
    let team = Team::new();
    team.unpack(&archive());
    for hook in bundle::hooks::all() {
        let location = hook.location();
        assert!(read(&archive(), &location) == read(&artifact(), &location), "`{location}` is another one");
        let output = programs::command(team.path("hooks").join(&location)).arg("--version").output().unwrap();
        let wanted = format!("{} {} (commit {}, {})\n", hook.name, says("version"), says("commit"), says("target"));
        assert_eq!(String::from_utf8_lossy(&output.stdout), wanted);
    }
}
