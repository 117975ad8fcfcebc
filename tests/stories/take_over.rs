//! A host as the five scripts left it is taken over, and one as an earlier version of these hooks left it: nginx, directories and
//! JVM stay as they are, and nobody notices.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use demo_app::Jar;
use sha2::{Digest, Sha256};
use strict_client::{Load, Mode};

use crate::rig::{Rig, ended, is_alive, more_requests};

#[test]
fn a_host_of_the_scripts_is_deployed_to_without_touching_its_nginx_and_without_a_failed_request() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    let java = rig.host.binaries().unwrap().java().unwrap();
    let source = rig.jar(&Jar::release("old"));
    // The scripts copy the jar into the application's directory and run it there.
    let old_jar = rig.host.app_directory().join("application.jar");
    // Their standby of the deploy before, which nobody ever stopped.
    let older = rig.host.start_as_the_scripts_did("real2", ports.green, &source, &java).unwrap();
    let old = rig.host.start_as_the_scripts_did("real1", ports.blue, &source, &java).unwrap();
    let nginx_before = everything_below(&rig.host.directory().join("nginx/nginx.conf"));
    let jar_before = std::fs::read(&old_jar).unwrap();

    let door = SocketAddr::from(([127, 0, 0, 1], ports.door));
    let load =
        Load::builder(door).rate_per_second(100).modes(Mode::PLAIN).timeout(Duration::from_mins(2)).start().unwrap();
    more_requests(&load);
    rig.deploy(&Jar::release("v1")).succeeds();
    more_requests(&load);
    assert!(is_alive(old), "the scripts' JVM that was live is the standby now");
    assert!(!is_alive(older), "the scripts' JVM in the idle slot made room");
    assert_eq!(rig.release(), "v1");
    rig.deploy(&Jar::release("v2")).succeeds();
    assert!(!is_alive(old), "and it made room in its turn");
    assert_eq!(rig.release(), "v2");
    more_requests(&load);
    let history = load.finish().unwrap();

    assert_eq!(history.failures_on_fresh(), Vec::<&strict_client::Record>::new());
    assert_eq!(history.failures_on_reused_that_a_retry_would_not_have_saved(), Vec::<&strict_client::Record>::new());
    assert_eq!(everything_below(&rig.host.directory().join("nginx/nginx.conf")), nginx_before);
    assert_eq!(std::fs::read(&old_jar).unwrap(), jar_before, "the scripts' jar was not written");
    assert_eq!(rig.include(), format!("set $service_url http://127.0.0.1:{};\n", ports.blue));
}

#[test]
fn going_back_to_the_jvm_of_the_scripts_is_possible_as_long_as_it_runs() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    let java = rig.host.binaries().unwrap().java().unwrap();
    let source = rig.jar(&Jar::release("old"));
    rig.host.start_as_the_scripts_did("real1", ports.blue, &source, &java).unwrap();
    rig.deploy(&Jar::release("v1")).succeeds();
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    assert_eq!(rig.release(), "old");
}

fn everything_below(path: &Path) -> (Vec<u8>, std::time::SystemTime) {
    (std::fs::read(path).unwrap(), std::fs::metadata(path).unwrap().modified().unwrap())
}

/// What the version before marks, own names and nginx's word has left on a host, by its deploys of `d-OLD000001` and `d-OLD000002`.
const GROUPS: &str = include_str!("fixtures/earlier-version/service-url.conf");
const INCLUDE: &str = include_str!("fixtures/earlier-version/service-url.inc");
const LEDGER: &str = include_str!("fixtures/earlier-version/ledger.json");

/// Writes a ledger's JSON as format 2, whose sum is that of the body alone.
fn write_format_2(path: &Path, body: &str) {
    let sum = shared::host::hexadecimal(&Sha256::digest(body.as_bytes()));
    std::fs::write(path, format!("zero-downtime-hooks ledger, format 2, sha256 {sum}\n{body}\n")).unwrap();
}

/// Writes the ledger of this version as an earlier one would have: with nothing that it did not know.
pub(crate) fn write_as_format_2(path: &Path, whole: &str) {
    let (_, body) = whole.split_once('\n').unwrap();
    let mut ledger: serde_json::Value = serde_json::from_str(body).unwrap();
    let known = ["boot", "live", "tenants", "deployment", "intent", "checked"];
    let fields = ledger.as_object_mut().unwrap();
    fields.retain(|name, _| known.contains(&name.as_str()));
    for slot in ["blue", "green"] {
        fields["tenants"][slot].as_object_mut().unwrap().retain(|name, _| name != "port");
    }
    if let Some(deployment) = fields["deployment"].as_object_mut() {
        deployment.retain(|name, _| ["id", "live", "idle", "stage"].contains(&name.as_str()));
    }
    write_format_2(path, &serde_json::to_string_pretty(&ledger).unwrap());
}

#[test]
fn f90_a_host_of_an_earlier_version_is_taken_over_as_it_is_without_a_reload_and_without_a_failed_request() {
    let rig = Rig::new();
    let (ports, nginx) = (rig.host.ports(), rig.host.nginx());
    let flag = nginx.flag_path();
    let here = |text: &str| {
        text.replace("20081", &ports.blue.to_string())
            .replace("20082", &ports.green.to_string())
            .replace("/tmp/old/nginx/flags/green", &flag.display().to_string())
            .replace("/tmp/old", &rig.host.directory().display().to_string())
    };
    // Nobody has chosen these paths: the second one follows from the include's name, as in the shipped file.
    let derived = nginx.upstreams_path().with_file_name("{name}.conf");
    rig.host.set("proxy.upstreams", &format!("{:?}", derived.display().to_string())).unwrap();
    rig.host
        .set("proxy.flag", &format!("{:?}", rig.host.directory().join("elsewhere/{name}/green").display().to_string()))
        .unwrap();
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    std::fs::create_dir(flag.parent().unwrap()).unwrap();
    std::fs::write(nginx.upstreams_path(), here(GROUPS)).unwrap();
    nginx.write_include(&here(INCLUDE)).unwrap();
    let ledger = rig.host.app_directory().join("ledger/ledger.json");
    std::fs::create_dir(ledger.parent().unwrap()).unwrap();
    write_format_2(&ledger, here(LEDGER).split_once('\n').unwrap().1.trim_end());
    nginx.reload_and_wait().unwrap();
    // The processes of that ledger are of another boot; these came up after it.
    let java = rig.host.binaries().unwrap().java().unwrap();
    let source = rig.jar(&Jar::release("old"));
    rig.host.start_as_the_scripts_did("real2", ports.green, &source, &java).unwrap();
    rig.host.start_as_the_scripts_did("real1", ports.blue, &source, &java).unwrap();
    assert_eq!(rig.release(), "old");

    let (include, groups, workers) =
        (rig.include(), std::fs::read(nginx.upstreams_path()).unwrap(), nginx.worker_pids());
    let door = SocketAddr::from(([127, 0, 0, 1], ports.door));
    let load =
        Load::builder(door).rate_per_second(100).modes(Mode::PLAIN).timeout(Duration::from_mins(2)).start().unwrap();
    more_requests(&load);
    for release in ["v1", "v2", "v3"] {
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(rig.release(), release);
        more_requests(&load);
    }
    let history = load.finish().unwrap();
    assert_eq!(history.failures_on_fresh(), Vec::<&strict_client::Record>::new());
    assert_eq!(history.failures_on_reused_that_a_retry_would_not_have_saved(), Vec::<&strict_client::Record>::new());
    assert_eq!((rig.include(), std::fs::read(nginx.upstreams_path()).unwrap()), (include, groups), "as it was");
    assert_eq!(nginx.worker_pids(), workers, "nobody needed a reload");
    assert!(flag.exists() && !rig.host.directory().join("elsewhere").exists(), "by the flag that the include names");
    let text = std::fs::read_to_string(&ledger).unwrap();
    assert!(text.contains("format 3") && text.contains("service-url.inc"), "{text}");
    // What it does not have yet comes when somebody asks for it.
    ended(&rig.host.hook("switch").argument("--install").run().unwrap(), 0, &["is installed; `real2`"]);
    rig.deploy(&Jar::release("v4")).succeeds();
    assert_eq!(rig.release(), "v4");
}
