//! What `switch` plans, as people read it, for each way to move traffic; and what it refuses.

use std::time::Duration;

use expect_test::expect;
use shared::config::{SettingsFile, settings};
use shared::host::codedeploy::Asking;
use shared::host::{Answer, User};
use shared::nginx::access::Access;
use shared::nginx::configuration_file::ConfigurationFile;
use shared::nginx::flag_directory::FlagDirectory;
use shared::route::include::Include;
use shared::sudo::Way;

use super::*;

fn defaults() -> Settings {
    settings(SettingsFile::parse("", "")).unwrap()
}

/// The whole plan as a person reads it.
fn planned(cutover: &Cutover, direction: Direction) -> String {
    plan(&defaults(), cutover, direction, None).to_string()
}

fn cutover(from: Option<Slot>, to: Slot) -> Cutover {
    let process = |id| ProcessIdentity { id, started: 1 };
    let port = defaults().place(from.unwrap_or(!to)).port;
    let include = format!("set $service_url http://127.0.0.1:{port};");
    let file = |path: &str| ConfigurationFile { path: path.into(), way: Way::Own, staged: "/staged".into() };
    Cutover {
        from,
        to,
        ended_before: None,
        by: By::Reload { keepalive_min_timeout: None },
        nginx: Nginx {
            word: Word::Off,
            include: Include::parse(include.as_bytes(), "service_url").unwrap(),
            upstreams: Vec::new(),
            master: process(1),
            workers: vec![process(2)],
            access: Access {
                include: file("/etc/nginx/conf.d/service-url.inc"),
                upstreams: file("/etc/nginx/conf.d/service-url.conf"),
                flag_directory: FlagDirectory {
                    path: "/var/lib/service-url".into(),
                    way: Way::Own,
                    owner: User { id: 1000, name: "ec2-user".into() },
                },
                nginx: Way::Own,
                program: vec!["/usr/sbin/nginx".into()],
            },
            door: Answer::Silence("connection refused".into()),
        },
        consent: None,
        process: process(77),
        standby: from.map(|_| process(66)),
        reconsidered: Some(reconsidered(&defaults(), to, process(77), Some("/logs/r1.log".into()))),
        watch: None,
        retirement: None,
        countdown: None,
    }
}

#[test]
fn i3_traffic_moves_in_one_step_that_is_proven_and_has_a_way_back() {
    expect![[r#"
        1. ask http://127.0.0.1:8082/profile until a good answer has come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
        2. test nginx's configuration: /usr/sbin/nginx -T
        3. remember: a cutover to `real2` (port 8082) begins
           if it comes to nothing: remember: the cutover was undone
           if it comes to nothing: where traffic was sent back, ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77; a release that is refused then is ended
        4. make `/etc/nginx/conf.d/service-url.inc` name port 8082
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.inc` name port 8081
           if it comes to nothing: reload nginx again, if it was told to reload
           if it comes to nothing: see that requests go to `real1` (port 8081) again
        5. reload nginx, in force within 5 s (new workers accept, no old one does)
        6. ask http://127.0.0.1/profile until 3 answers in a row have come from `real2` (port 8082)
        7. remember: `real2` (port 8082) is live
        8. protect process 77 as usual when memory is short
        9. let process 66 go first when memory is short
        then: `real2` (port 8082) serves; `real1` (port 8081) stays warm behind it (`switch --back`)"#]]
    .assert_eq(&planned(&cutover(Some(Slot::Blue), Slot::Green), Direction::Forward));
}

#[test]
fn i3_the_flag_moves_traffic_without_a_reload_and_back_by_its_opposite() {
    let by_flag = |from, to| planned(&Cutover { by: By::Flag, ..cutover(Some(from), to) }, Direction::Forward);
    expect![[r#"
        1. ask http://127.0.0.1:8082/profile until a good answer has come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
        2. remember: a cutover to `real2` (port 8082) begins
           if it comes to nothing: remember: the cutover was undone
           if it comes to nothing: where traffic was sent back, ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77; a release that is refused then is ended
        3. make the flag `/var/lib/service-url/green`: `real2` (port 8082) serves
           if it comes to nothing: remove the flag `/var/lib/service-url/green`: `real1` (port 8081) serves
           if it comes to nothing: see that requests go to `real1` (port 8081) again
        4. ask http://127.0.0.1/profile until 3 answers in a row have come from `real2` (port 8082)
        5. remember: `real2` (port 8082) is live
        6. protect process 77 as usual when memory is short
        7. let process 66 go first when memory is short
        then: `real2` (port 8082) serves; `real1` (port 8081) stays warm behind it (`switch --back`)"#]]
    .assert_eq(&by_flag(Slot::Blue, Slot::Green));
    expect![[r#"
        1. ask http://127.0.0.1:8081/profile until a good answer has come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
        2. remember: a cutover to `real1` (port 8081) begins
           if it comes to nothing: remember: the cutover was undone
           if it comes to nothing: where traffic was sent back, ask http://127.0.0.1:8081/profile until 3 good answers in a row have come from process 77; a release that is refused then is ended
        3. remove the flag `/var/lib/service-url/green`: `real1` (port 8081) serves
           if it comes to nothing: make the flag `/var/lib/service-url/green`: `real2` (port 8082) serves
           if it comes to nothing: see that requests go to `real2` (port 8082) again
        4. ask http://127.0.0.1/profile until 3 answers in a row have come from `real1` (port 8081)
        5. remember: `real1` (port 8081) is live
        6. protect process 77 as usual when memory is short
        7. let process 66 go first when memory is short
        then: `real1` (port 8081) serves; `real2` (port 8082) stays warm behind it (`switch --back`)"#]]
    .assert_eq(&by_flag(Slot::Green, Slot::Blue));
}

#[test]
fn i3_the_first_time_a_reload_that_moves_nothing_brings_the_flag_in() {
    let installed =
        |from| planned(&Cutover { by: By::InstalledFlag, ..cutover(from, Slot::Green) }, Direction::Forward);
    expect![[r#"
        1. ask http://127.0.0.1:8082/profile until a good answer has come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
        2. test nginx's configuration: /usr/sbin/nginx -T
        3. remember: a cutover to `real2` (port 8082) begins
           if it comes to nothing: remember: the cutover was undone
           if it comes to nothing: where traffic was sent back, ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77; a release that is refused then is ended
        4. make `/var/lib/service-url`, if it is missing, where nginx's workers can see the flag
        5. remove the flag `/var/lib/service-url/green`: `real1` (port 8081) serves
        6. make `/etc/nginx/conf.d/service-url.conf` hold the two slots as upstream groups
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.conf` hold what it held before
        7. make `/etc/nginx/conf.d/service-url.inc` name the flag
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.inc` name port 8081
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.conf` hold what it held before
           if it comes to nothing: reload nginx again, if it was told to reload
           if it comes to nothing: see that requests go to `real1` (port 8081) again
        8. test nginx's configuration: /usr/sbin/nginx -T
        9. reload nginx, in force within 5 s (new workers accept, no old one does)
        10. make the flag `/var/lib/service-url/green`: `real2` (port 8082) serves
           if it comes to nothing: remove the flag `/var/lib/service-url/green`: `real1` (port 8081) serves
        11. ask http://127.0.0.1/profile until 3 answers in a row have come from `real2` (port 8082)
        12. remember: `real2` (port 8082) is live
        13. protect process 77 as usual when memory is short
        14. let process 66 go first when memory is short
        then: `real2` (port 8082) serves; `real1` (port 8081) stays warm behind it (`switch --back`)"#]]
    .assert_eq(&installed(Some(Slot::Blue)));
    // From nowhere the reload is the cutover.
    expect![[r#"
        1. ask http://127.0.0.1:8082/profile until a good answer has come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
        2. test nginx's configuration: /usr/sbin/nginx -T
        3. remember: a cutover to `real2` (port 8082) begins
           if it comes to nothing: remember: the cutover was undone
           if it comes to nothing: where traffic was sent back, ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77; a release that is refused then is ended
        4. make `/var/lib/service-url`, if it is missing, where nginx's workers can see the flag
        5. make the flag `/var/lib/service-url/green`: `real2` (port 8082) serves
        6. make `/etc/nginx/conf.d/service-url.conf` hold the two slots as upstream groups
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.conf` hold what it held before
        7. make `/etc/nginx/conf.d/service-url.inc` name the flag
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.inc` name port 8081
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.conf` hold what it held before
           if it comes to nothing: reload nginx again, if it was told to reload
           if it comes to nothing: see that requests go to `real2` (port 8082) again
        8. test nginx's configuration: /usr/sbin/nginx -T
        9. reload nginx, in force within 5 s (new workers accept, no old one does)
        10. ask http://127.0.0.1/profile until 3 answers in a row have come from `real2` (port 8082)
        11. remember: `real2` (port 8082) is live
        12. protect process 77 as usual when memory is short
        then: `real2` (port 8082) serves; there is no standby"#]]
    .assert_eq(&installed(None));
}

#[test]
fn f75_a_watch_comes_before_the_cutover_is_remembered_and_a_stop_of_the_old_slot_after_it() {
    let mut cutover = cutover(Some(Slot::Blue), Slot::Green);
    cutover.watch = Watch::of(&defaults(), Slot::Green, cutover.process, &cutover.nginx.door);
    cutover.retirement = Some(Retirement::of(&defaults(), Slot::Blue));
    expect![[r#"
        1. ask http://127.0.0.1:8082/profile until a good answer has come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
        2. test nginx's configuration: /usr/sbin/nginx -T
        3. remember: a cutover to `real2` (port 8082) begins
           if it comes to nothing: remember: the cutover was undone
           if it comes to nothing: where traffic was sent back, ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77; a release that is refused then is ended
        4. make `/etc/nginx/conf.d/service-url.inc` name port 8082
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.inc` name port 8081
           if it comes to nothing: reload nginx again, if it was told to reload
           if it comes to nothing: see that requests go to `real1` (port 8081) again
        5. reload nginx, in force within 5 s (new workers accept, no old one does)
        6. ask http://127.0.0.1/profile until 3 answers in a row have come from `real2` (port 8082)
        7. watch for 5 s whether process 77 lives and http://127.0.0.1/profile answers from `real2` (port 8082)
        8. remember: `real2` (port 8082) is live
        9. protect process 77 as usual when memory is short
        10. let process 66 go first when memory is short
        11. stop `real1` (port 8081): let its requests end for at most 10 s, then SIGTERM, after 35 s SIGKILL
        then: `real2` (port 8082) serves and was watched for 5 s; `real1` (port 8081) is not kept as a standby (`switch.standby`)"#]].assert_eq(&planned(&cutover, Direction::Forward));
}

#[test]
fn codedeploy_is_asked_when_everything_else_is_ready_and_before_anything_is_changed() {
    let asking = Asking { at_most: Duration::from_secs(1), attempts: 1, region: None };
    let question = Question { deployment: "d-ABCDEF123".into(), required: false, asking };
    let cutover = Cutover { consent: Some(question), ..cutover(Some(Slot::Blue), Slot::Green) };
    expect![[r#"
        1. ask http://127.0.0.1:8082/profile until a good answer has come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
        2. test nginx's configuration: /usr/sbin/nginx -T
        3. ask CodeDeploy whether deployment `d-ABCDEF123` is still under way, for at most 2 s
        4. remember: a cutover to `real2` (port 8082) begins
           if it comes to nothing: remember: the cutover was undone
           if it comes to nothing: where traffic was sent back, ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77; a release that is refused then is ended
        5. make `/etc/nginx/conf.d/service-url.inc` name port 8082
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.inc` name port 8081
           if it comes to nothing: reload nginx again, if it was told to reload
           if it comes to nothing: see that requests go to `real1` (port 8081) again
        6. reload nginx, in force within 5 s (new workers accept, no old one does)
        7. ask http://127.0.0.1/profile until 3 answers in a row have come from `real2` (port 8082)
        8. remember: `real2` (port 8082) is live
        9. protect process 77 as usual when memory is short
        10. let process 66 go first when memory is short
        then: `real2` (port 8082) serves; `real1` (port 8081) stays warm behind it (`switch --back`)"#]]
    .assert_eq(&planned(&cutover, Direction::Forward));
}

#[test]
fn i8_a_standby_is_proven_as_thoroughly_as_a_new_release() {
    expect![[r#"
        1. ask http://127.0.0.1:8081/profile until 3 good answers in a row have come from process 77
        2. test nginx's configuration: /usr/sbin/nginx -T
        3. remember: a way back to `real1` (port 8081) begins
           if it comes to nothing: remember: the cutover was undone
        4. make `/etc/nginx/conf.d/service-url.inc` name port 8081
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.inc` name port 8082
           if it comes to nothing: reload nginx again, if it was told to reload
           if it comes to nothing: see that requests go to `real2` (port 8082) again
        5. reload nginx, in force within 5 s (new workers accept, no old one does)
        6. ask http://127.0.0.1/profile until 3 answers in a row have come from `real1` (port 8081)
        7. remember: `real1` (port 8081) is live
        8. protect process 77 as usual when memory is short
        9. let process 66 go first when memory is short
        10. remember: the way back has come to its end
        then: `real1` (port 8081) serves; `real2` (port 8082) stays warm behind it (`switch --back`)"#]]
    .assert_eq(&planned(&Cutover { reconsidered: None, ..cutover(Some(Slot::Green), Slot::Blue) }, Direction::Back));
}

#[test]
fn i10_a_second_switch_of_a_deployment_proves_that_traffic_holds_and_changes_nothing() {
    let door = Answer::Response { status: 200, location: None, body: "real2".into() };
    let process = ProcessIdentity { id: 77, started: 1 };
    expect![[r#"
        1. ask http://127.0.0.1:8082/profile until a good answer has come from process 77
        2. ask http://127.0.0.1/profile until 3 answers in a row have come from `real2` (port 8082)
        then: `real2` (port 8082) serves already"#]]
    .assert_eq(&again(&defaults(), process, None, Proof::of(&defaults(), Slot::Green, &door)).to_string());
}

#[test]
fn a_first_release_has_no_standby_and_says_so() {
    expect![[r#"
        1. ask http://127.0.0.1:8081/profile until a good answer has come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
        2. test nginx's configuration: /usr/sbin/nginx -T
        3. remember: a cutover to `real1` (port 8081) begins
           if it comes to nothing: remember: the cutover was undone
           if it comes to nothing: where traffic was sent back, ask http://127.0.0.1:8081/profile until 3 good answers in a row have come from process 77; a release that is refused then is ended
        4. make `/etc/nginx/conf.d/service-url.inc` name port 8081
           if it comes to nothing: make `/etc/nginx/conf.d/service-url.inc` name port 8082
           if it comes to nothing: reload nginx again, if it was told to reload
        5. reload nginx, in force within 5 s (new workers accept, no old one does)
        6. ask http://127.0.0.1/profile until 3 answers in a row have come from `real1` (port 8081)
        7. remember: `real1` (port 8081) is live
        8. protect process 77 as usual when memory is short
        then: `real1` (port 8081) serves; there is no standby"#]]
    .assert_eq(&planned(&cutover(None, Slot::Blue), Direction::Forward));
}
