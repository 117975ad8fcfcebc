//! The service of docs/commands.md, which is no jar, is deployed as it stands there.

use std::fs;

use crate::rig::{Rig, ended, eventually};

const DOCUMENT: &str = include_str!("../../docs/commands.md");

/// The block of the document in this language.
fn block(language: &str) -> &'static str {
    let found = DOCUMENT.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next());
    found.unwrap_or_else(|| panic!("docs/commands.md has no block of {language}"))
}

#[test]
fn the_service_of_the_document_that_is_no_jar_is_deployed_twice_and_led_back() {
    let rig = Rig::new();
    for line in block("toml").lines().filter(|line| !line.starts_with('[')) {
        let (key, value) = line.split_once(" = ").unwrap();
        rig.host.set(&format!("app.{key}"), value).unwrap();
    }
    let served = || rig.host.door_get("/").unwrap().body;
    for greeting in ["hello", "hello again"] {
        fs::write(rig.host.staging_directory().join("server.py"), block("python").replace("hello", greeting)).unwrap();
        rig.begin();
        rig.run_hooks().succeeds();
        assert_eq!(served(), greeting);
    }
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    assert_eq!(served(), "hello");
    // It ends when it is told to, and not by force.
    let (_, idle) = rig.live_and_idle_ports();
    rig.begin();
    let freed = rig.run("stop");
    ended(&freed, 0, &[]);
    assert!(!freed.output.contains("SIGKILL"), "{}", freed.output);
    eventually("nobody listens in the idle slot", || !rig.host.is_listening(idle).unwrap());
}
