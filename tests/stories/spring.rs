//! The same with a real Spring Boot jar in a real JVM, under load (Maven builds it from tests/spring-app).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sandbox::{Binaries, BuildProfile, Sandbox};
use strict_client::{Load, Mode, Record};

use crate::rig::{HOOKS, ended, eventually, more_requests};

/// Builds a release of the sample application.
fn build(release: &str, directory: &Path) -> PathBuf {
    build_with(release, directory, &[])
}

/// The same with more of Maven's arguments.
fn build_with(release: &str, directory: &Path, arguments: &[&str]) -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("spring-app");
    let output = Command::new("mvn")
        .args(["-q", "-B", "package", "-DskipTests"])
        .args(arguments)
        .arg(format!("-Drelease={release}"))
        .arg(format!("-Doutput.directory={}", directory.join(release).display()))
        .current_dir(project)
        .output()
        .expect("Maven is installed");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    directory.join(release).join(format!("spring-app-{release}.jar"))
}

/// Every release comes under the same file name, as from the same build.
fn stage(host: &Sandbox, jar: &Path) {
    let same = host.directory().join("application.jar");
    std::fs::copy(jar, &same).unwrap();
    host.stage(&same).unwrap();
}

fn deploy(host: &Sandbox, jar: &Path, deployment: &str) {
    stage(host, jar);
    for hook in HOOKS {
        ended(&host.hook(hook).deployment(deployment).run().unwrap(), 0, &[]);
    }
}

#[test]
fn i17_a_spring_boot_jar_is_taken_over_deployed_and_rolled_back_under_load_without_a_failed_request() {
    let built = tempfile::tempdir().unwrap();
    let jars: Vec<PathBuf> = ["v1", "v2", "v3"].into_iter().map(|release| build(release, built.path())).collect();
    let host = Sandbox::builder().binaries(Binaries::built(BuildProfile::Debug).unwrap()).java("java").build().unwrap();
    host.nginx().start().unwrap();
    // The book's own settings: property files outside the jar, named in spring.config.location.
    let directory = host.directory().display();
    let locations = format!(
        "[\"classpath:/application.properties\", \"classpath:/application-{{profile}}.properties\", \
         \"{directory}/application-oauth.properties\", \"{directory}/application-real-db.properties\"]"
    );
    host.set("app.config_locations", &locations).unwrap();
    let ports = host.ports();
    // Whether a release takes itself for the live one, and how often what runs only there has run.
    let says = |port| {
        let body = host.direct_get(port, "/live").unwrap().body;
        let runs: u64 = body.rsplit_once("runs: ").and_then(|(_, runs)| runs.trim().parse().ok()).unwrap_or_default();
        (body.contains("live: true"), runs)
    };
    let only_one_is_live = |live, standby| {
        let (begun, rests) = (says(live), says(standby));
        assert_eq!((begun.0, rests.0), (true, false), "{}", host.directory().display());
        eventually("the live one does what runs only once", || says(live).1 > begun.1 + 2);
        assert_eq!(says(standby), rests, "the standby does not");
    };
    let release = || host.door_get("/").ok().and_then(|answer| answer.release().map(str::to_owned)).unwrap_or_default();

    // As the scripts left it: v1 in a JVM that start.sh started, its jar in the application's directory.
    host.start_as_the_scripts_did("real1", ports.blue, &jars[0], "java").unwrap();
    eventually("v1 answers at the door", || release() == "v1");

    let door = SocketAddr::from(([127, 0, 0, 1], ports.door));
    let load =
        Load::builder(door).rate_per_second(50).modes(Mode::PLAIN).timeout(Duration::from_mins(2)).start().unwrap();
    more_requests(&load);
    deploy(&host, &jars[1], "d-SPRING001");
    more_requests(&load);
    assert_eq!(release(), "v2");
    // b7: classes and resources that were not loaded yet come from a jar that nobody has written since.
    for number in 0..10 {
        assert_eq!(host.door_get(&format!("/lazy/{number}")).unwrap().status, 200, "/lazy/{number} before");
    }
    deploy(&host, &jars[2], "d-SPRING002");
    assert_eq!(release(), "v3");
    only_one_is_live(ports.blue, ports.green);
    for number in 10..20 {
        assert_eq!(
            host.direct_get(ports.green, &format!("/lazy/{number}")).unwrap().status,
            200,
            "/lazy/{number} after, in the standby"
        );
    }
    ended(&host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    assert_eq!(release(), "v2");
    only_one_is_live(ports.green, ports.blue);
    more_requests(&load);
    let history = load.finish().unwrap();

    assert_eq!(history.failures_on_fresh(), Vec::<&Record>::new(), "{}", history.summary());
    assert_eq!(
        history.failures_on_reused_that_a_retry_would_not_have_saved(),
        Vec::<&Record>::new(),
        "{}",
        history.summary()
    );
}

#[test]
fn f123_f53_a_spring_boot_jar_is_asked_on_its_management_port_with_a_profile_that_both_slots_have() {
    let built = tempfile::tempdir().unwrap();
    let jar = build_with("managed", built.path(), &["-Pmanagement"]);
    let host = Sandbox::builder().binaries(Binaries::built(BuildProfile::Debug).unwrap()).java("java").build().unwrap();
    host.nginx().start().unwrap();
    let ports = host.ports();
    let offset = (1000..3000).find(|offset| {
        [ports.blue, ports.green].iter().all(|port| std::net::TcpListener::bind(("127.0.0.1", port + offset)).is_ok())
    });
    host.set("health.port", &format!("\"+{}\"", offset.expect("two free ports"))).unwrap();
    host.set("health.path", "\"/actuator/health\"").unwrap();
    host.set("health.body", "\"\"").unwrap();
    let options = "[\"-Dmanagement.server.port={health_port}\", \"-Dspring.profiles.include=prod\"]";
    host.set("app.jvm_options", options).unwrap();
    for (deployment, profile) in [("d-SPRING011", "real2"), ("d-SPRING012", "real1")] {
        deploy(&host, &jar, deployment);
        let answer = host.door_get("/profile").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, profile));
        let logs = host.app_directory().join("logs");
        let log = std::fs::read_dir(&logs).unwrap().flatten().map(|entry| entry.path());
        let log = log.filter(|path| path.to_string_lossy().contains(&format!("{profile}-"))).max().unwrap();
        let log = std::fs::read_to_string(log).unwrap();
        let active = log.lines().find(|line| line.contains("profiles are active")).unwrap_or_default().to_owned();
        assert!(active.contains("\"prod\"") && active.contains(&format!("\"{profile}\"")), "{active}: {log}");
    }
}

#[test]
fn f130_a_spring_boot_jar_with_pages_out_of_a_database_is_warmed_up_before_users_come_and_the_live_one_is_not_asked() {
    let built = tempfile::tempdir().unwrap();
    let jar = build_with("shop", built.path(), &["-Pshop", "-Djar.name=spring-app-shop"]);
    let host = Sandbox::builder().binaries(Binaries::built(BuildProfile::Debug).unwrap()).java("java").build().unwrap();
    host.nginx().start().unwrap();
    let directory = host.directory().display();
    let options = format!(
        "[\"-Dserver.tomcat.accesslog.enabled=true\", \"-Dserver.tomcat.accesslog.directory={directory}/tomcat-{{port}}\", \
         \"-Dserver.tomcat.accesslog.pattern=%m %U %s %D\", \"-Dserver.tomcat.accesslog.buffered=false\"]"
    );
    host.set("app.jvm_options", &options).unwrap();
    host.set("health.patience", "\"3m\"").unwrap();
    // Method, path, status, and the time that it took in microseconds.
    let asked = |port: u16| -> Vec<(String, String, u64)> {
        let Ok(logs) = std::fs::read_dir(host.directory().join(format!("tomcat-{port}"))) else { return Vec::new() };
        let text: String = logs.flatten().map(|log| std::fs::read_to_string(log.path()).unwrap()).collect();
        let lines = text.lines().filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?.to_owned(), words.next()?.to_owned(), words.next()?.parse().ok()?))
        });
        lines.filter(|(path, ..)| path.starts_with("/products")).collect()
    };
    deploy(&host, &jar, "d-SPRING021");
    let ports = host.ports();
    assert_eq!((asked(ports.green), asked(ports.blue)), (Vec::new(), Vec::new()), "nobody wants a warm-up");
    host.set("warm_up.paths", "[\"/products\", \"/products/1\"]").unwrap();
    host.set("warm_up.at_most", "\"3m\"").unwrap();
    host.set("warm_up.requests", "600").unwrap();
    host.set("warm_up.timeout", "\"1m\"").unwrap();
    deploy(&host, &jar, "d-SPRING022");
    assert_eq!(asked(ports.green), Vec::new(), "the live release was left alone");
    let of_list: Vec<_> = asked(ports.blue).into_iter().filter(|(path, ..)| path == "/products").collect();
    assert!(of_list.len() >= 60 && of_list.iter().all(|(_, status, _)| status == "200"), "{of_list:?}");
    let mut last: Vec<u64> = of_list[of_list.len() - 30..].iter().map(|(.., took)| *took).collect();
    last.sort_unstable();
    assert!(of_list[0].2 > 3 * last[15], "the first took {} µs, the last {last:?}", of_list[0].2);
}

#[test]
fn f33_a_spring_boot_jar_that_cannot_start_is_told_with_springs_own_words() {
    let built = tempfile::tempdir().unwrap();
    let jar = build("bad", built.path());
    let host = Sandbox::builder().binaries(Binaries::built(BuildProfile::Debug).unwrap()).java("java").build().unwrap();
    host.nginx().start().unwrap();
    // A database driver that is not in the jar, say: here a port that cannot be.
    host.set("app.jvm_options", "[\"-Dserver.tomcat.threads.max=none\"]").unwrap();
    host.set("start.survive", "\"50ms\"").unwrap();
    stage(&host, &jar);
    let mut last = None;
    for hook in HOOKS {
        let run = host.hook(hook).deployment("d-SPRING009").run().unwrap();
        let failed = run.code != 0;
        last = Some((hook, run));
        if failed {
            break;
        }
    }
    let (hook, run) = last.unwrap();
    assert_eq!((hook, run.code), ("health", 30), "{}", run.output);
    assert!(run.output.contains("server.tomcat.threads.max"), "{}", run.output);
}

#[test]
fn f135_f138_a_spring_boot_jar_boots_from_the_archive_that_the_release_before_it_has_made_possible() {
    let built = tempfile::tempdir().unwrap();
    let jars: Vec<PathBuf> = ["v1", "v2"].into_iter().map(|release| build(release, built.path())).collect();
    let host = Sandbox::builder().binaries(Binaries::built(BuildProfile::Debug).unwrap()).java("java").build().unwrap();
    host.nginx().start().unwrap();
    host.set("app.class_archive", "\"auto\"").unwrap();
    host.set("switch.watch", "\"1s\"").unwrap();
    let says = |jar: &Path, deployment: &str| {
        stage(&host, jar);
        let runs = HOOKS.map(|hook| host.hook(hook).deployment(deployment).run().unwrap());
        for run in &runs {
            ended(run, 0, &[]);
        }
        runs.map(|run| run.output).concat()
    };
    let first = says(&jars[0], "d-SPRING031");
    assert!(first.contains("libraries first, without a class archive: none was made yet"), "{first}");
    let libraries = host.app_directory().join("libraries");
    let archives = || {
        let sets =
            std::fs::read_dir(&libraries).unwrap().flatten().filter_map(|set| std::fs::read_dir(set.path()).ok());
        let names = sets.flat_map(|set| set.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()));
        names.filter(|name| name.starts_with("archive-") && Path::new(name).extension() == Some("jsa".as_ref())).count()
    };
    // The least share of a busy machine may be little.
    let began = std::time::Instant::now();
    while archives() == 0 {
        assert!(began.elapsed() < Duration::from_mins(10), "no archive was made");
        std::thread::sleep(Duration::from_millis(50));
    }
    let second = says(&jars[1], "d-SPRING032");
    assert!(second.contains("boot: class archive of "), "{second}");
    let status = host.hook("status").run().unwrap().output;
    assert!(status.contains("boot of `real1` (port") && status.contains("): class archive of "), "{status}");
}
