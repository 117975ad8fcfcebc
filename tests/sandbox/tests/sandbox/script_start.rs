//! A release as the scripts left it, with the demo service in place of `java`.

use std::fs;

use demo_app::Jar;
use sandbox::Sandbox;

#[test]
fn a_release_is_started_with_the_scripts_own_command_line_and_serves_at_the_door() {
    let host = Sandbox::new().unwrap();
    let jar = host.directory().join("service-1.0.jar");
    Jar::release("v1").boot_milliseconds(50).write(&jar).unwrap();
    let java = host.binaries().unwrap().java().unwrap();
    let id = host.start_as_the_scripts_did("real1", host.ports().blue, &jar, &java).unwrap();
    let command_line = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap();
    let directory = host.directory().display();
    let expected = [
        java.display().to_string(),
        "-jar".to_owned(),
        format!(
            "-Dspring.config.location=classpath:/application.properties,classpath:/application-real1.properties,\
             {directory}/application-oauth.properties,{directory}/application-real-db.properties"
        ),
        "-Dspring.profiles.active=real1".to_owned(),
        format!("{directory}/app/service-1.0.jar"),
    ];
    assert_eq!(command_line.trim_end_matches('\0').split('\0').collect::<Vec<_>>(), expected);
    assert_eq!(fs::read_link(format!("/proc/{id}/cwd")).unwrap(), host.app_directory());
    assert!(host.app_directory().join("nohup.out").is_file());
    host.nginx().start().unwrap();
    let answer = host.door_get("/profile").unwrap();
    assert_eq!((answer.body.as_str(), answer.release()), ("real1", Some("v1")));
    assert_eq!(answer.instance(), host.direct_get(host.ports().blue, "/profile").unwrap().instance());
    let taken = host.start_as_the_scripts_did("real1", host.ports().blue, &jar, &java).unwrap_err().to_string();
    assert!(taken.contains("is taken"), "{taken}");
    host.close().unwrap();
    assert!(
        !fs::exists(format!("/proc/{id}/cmdline")).unwrap()
            || fs::read(format!("/proc/{id}/cmdline")).unwrap().is_empty()
    );
}

#[test]
fn a_release_that_dies_is_told_with_its_last_words() {
    let host = Sandbox::new().unwrap();
    let jar = host.directory().join("service.jar");
    Jar::release("v1").without_main_class().write(&jar).unwrap();
    let java = host.binaries().unwrap().java().unwrap();
    let error = host.start_as_the_scripts_did("real2", host.ports().green, &jar, &java).unwrap_err().to_string();
    assert!(error.contains("no main manifest attribute"), "{error}");
}
