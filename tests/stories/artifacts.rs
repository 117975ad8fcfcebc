//! What is deployed: exactly one whole, executable jar that this host's java can run, or a refusal before even the standby is
//! stopped (F20, F22, F150).

use demo_app::Jar;

use crate::rig::{Rig, ended};

/// Puts files into the agent's directory instead of a release, and expects `stop` to refuse them with nothing changed.
#[track_caller]
fn refused(files: &[(&str, Vec<u8>)], words: &[&str]) {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    let standby = crate::rig::listener(idle);
    let zip = rig.host.staging_directory();
    for name in crate::rig::names_in(&zip) {
        std::fs::remove_file(zip.join(name)).unwrap();
    }
    for (name, bytes) in files {
        std::fs::write(zip.join(name), bytes).unwrap();
    }
    rig.begin();
    rig.untouched_by(|| rig.run_hooks().fails("stop", 20, words).output());
    assert_eq!(crate::rig::listener(idle), standby, "the standby runs on");
    assert_eq!(rig.names_in("releases").len(), 2, "no release was made");
}

fn whole_jar() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.jar");
    Jar::release("v2").write(&path).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn f20_no_jar_two_jars_or_only_a_plain_jar_is_refused() {
    let jar = whole_jar;
    refused(&[("readme.txt", b"hello".to_vec())], &["found no `*.jar`"]);
    refused(
        &[("b-1.0.jar", jar()), ("a-1.0.jar", jar())],
        &["found 2 candidates (`a-1.0.jar`, `b-1.0.jar`), needed exactly one"],
    );
    refused(&[("a-1.0-plain.jar", jar())], &["found only `a-1.0-plain.jar`"]);
}

#[test]
fn f20_what_gradle_puts_beside_a_boot_jar_is_no_candidate_in_any_locale() {
    for locale in ["C", "en_US.UTF-8", "ko_KR.UTF-8"] {
        let rig = Rig::live_in("real1");
        rig.stage(&Jar::release("v2"));
        let zip = rig.host.staging_directory();
        for name in ["application-plain.jar", "application-sources.jar", "application-javadoc.jar"] {
            std::fs::write(zip.join(name), b"none").unwrap();
        }
        for hook in crate::rig::HOOKS {
            ended(&rig.hook(hook).variable("LANG", locale).variable("LC_ALL", locale).run().unwrap(), 0, &[]);
        }
        assert_eq!(rig.release(), "v2");
    }
}

#[test]
fn f22_a_truncated_jar_or_none_at_all_is_refused() {
    let whole = whole_jar();
    for length in [whole.len() / 2, whole.len() - 22, whole.len() - 1] {
        refused(&[("app.jar", whole[..length].to_vec())], &["`app.jar`".trim_matches('`'), "is no whole jar"]);
    }
    refused(&[("app.jar", b"<html>404</html>".to_vec())], &["is no whole jar"]);
    refused(&[("app.jar", Vec::new())], &["is empty"]);
}

#[test]
fn f22_a_library_is_refused_since_it_has_no_main_class() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2").without_main_class());
    rig.untouched_by(|| rig.run_hooks().fails("stop", 20, &["has no `Main-Class`"]).output());
}

/// A jar whose classes are in other jars.
fn thin_jar(class_path: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("META-INF/MANIFEST.MF", zip::write::SimpleFileOptions::default()).unwrap();
    let manifest = format!("Manifest-Version: 1.0\r\nMain-Class: demo.Application\r\nClass-Path: {class_path}\r\n");
    std::io::Write::write_all(&mut writer, manifest.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn f22_a_thin_jar_whose_libraries_would_not_be_beside_its_copy_is_refused() {
    let words = ["is a thin jar: its manifest's `Class-Path` names `lib/a.jar`", "build a fat jar"];
    refused(&[("app.jar", thin_jar("lib/a.jar")), ("a.txt", Vec::new())], &words);
    refused(&[("app.jar", thin_jar("/opt/no/such/a.jar /etc/hostname"))], &["names `/opt/no/such/a.jar`,"]);
}

/// A Spring Boot jar whose own class was compiled for a Java that is yet to come.
fn jar_of_the_future() -> Vec<u8> {
    const CLASS_FILE_OF_JAVA_99: [u8; 8] = [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 143];
    let manifest =
        "Main-Class: org.springframework.boot.loader.launch.JarLauncher\r\nStart-Class: shop.Application\r\n";
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in [
        ("META-INF/MANIFEST.MF", manifest.as_bytes()),
        ("BOOT-INF/classes/shop/Application.class", &CLASS_FILE_OF_JAVA_99),
    ] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn f150_a_jar_that_needs_a_newer_java_than_this_host_has_is_refused_before_the_standby_ends() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    let standby = crate::rig::listener(idle);
    rig.stage(&Jar::release("v2"));
    let zip = rig.host.staging_directory();
    let name = crate::rig::names_in(&zip).pop().expect("the jar that was staged");
    std::fs::write(zip.join(name), jar_of_the_future()).unwrap();
    // A real one, which says in a file of its own which it is.
    rig.host.set("app.java", "\"java\"").unwrap();
    rig.untouched_by(|| {
        let words = ["needs Java 99, for which `shop.Application` was compiled", "to do: name a Java 99 in `app.java`"];
        rig.run_hooks().fails("stop", 20, &words).output()
    });
    assert_eq!(crate::rig::listener(idle), standby, "the standby runs on");
}

#[test]
fn f20_many_jars_with_long_names_leave_room_for_what_to_do() {
    let names: Vec<String> = (10..30).map(|at| format!("{}-{at}.jar", "a-long-name-".repeat(15))).collect();
    let files: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), Vec::new())).collect();
    refused(&files, &["found 20 candidates", "and 16 more", "to do: leave the one that is to run"]);
}

#[test]
fn f22_a_directory_is_no_artifact_and_is_to_be_packed() {
    let rig = Rig::live_in("real1");
    let zip = rig.host.staging_directory();
    for name in crate::rig::names_in(&zip) {
        std::fs::remove_file(zip.join(name)).unwrap();
    }
    std::fs::create_dir(zip.join("app.jar")).unwrap();
    rig.begin();
    rig.untouched_by(|| {
        rig.run_hooks().fails("stop", 20, &["is a directory, needed one file", "to do: pack"]).output()
    });
}

#[test]
fn s18_a_fifo_of_that_name_does_not_hang_the_hook() {
    let rig = Rig::live_in("real1");
    let zip = rig.host.staging_directory();
    for name in crate::rig::names_in(&zip) {
        std::fs::remove_file(zip.join(name)).unwrap();
    }
    rustix::fs::mknodat(rustix::fs::CWD, zip.join("app.jar"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
    rig.begin();
    rig.run_hooks().fails("stop", 20, &["not a regular file"]);
}

#[test]
fn f87_i13_old_releases_and_their_logs_go_and_those_in_use_stay() {
    let rig = Rig::live_in("real1");
    rig.host.set("start.keep_releases", "1").unwrap();
    for number in 2..8 {
        rig.deploy(&Jar::release(&format!("v{number}"))).succeeds();
        // The live one, the standby, and one more.
        assert!(rig.names_in("releases").len() <= 3, "{:?}", rig.names_in("releases"));
        assert!(rig.names_in("logs").len() <= 4, "{:?}", rig.names_in("logs"));
        assert_eq!(rig.names_in("ledger"), ["history.jsonl", "ledger.json", "lock"], "no temporary file is left");
    }
    assert_eq!(rig.host.hook("switch").argument("--back").run().unwrap().code, 0);
    assert_eq!(rig.release(), "v6");
}

#[test]
fn something_else_than_a_jar_is_deployed_by_a_command_of_its_own() {
    let rig = Rig::live_in("real1");
    let java = rig.host.binaries().unwrap().java().unwrap();
    let command = format!(
        "[\"{}\", \"--artifact\", \"{{artifact}}\", \"--profile\", \"{{profile}}\", \"--port\", \"{{port}}\"]",
        java.display()
    );
    rig.host.set("app.command", &command).unwrap();
    rig.host.set("app.artifact", "\"{directory}/zip/*\"").unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    assert_eq!(rig.release(), "v2");
    rig.deploy(&Jar::release("v3")).succeeds();
    assert_eq!(rig.release(), "v3");
}

#[test]
fn an_artifact_that_is_a_program_itself_is_run_from_its_release() {
    let rig = Rig::live_in("real1");
    let java = rig.host.binaries().unwrap().java().unwrap();
    let jar = rig.jar(&Jar::release("v2"));
    // A script stands for a compiled program. It comes without its mode, as out of a zip that has none.
    let script = format!("#!/bin/sh\nexec {} --artifact {} --profile $1 --port $2\n", java.display(), jar.display());
    let program = rig.host.staging_directory().join("server");
    rig.begin();
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    rig.host.set("app.artifact", "\"{directory}/zip/server\"").unwrap();
    rig.host.set("app.command", "[\"{artifact}\", \"{profile}\", \"{port}\"]").unwrap();
    rig.run_hooks().succeeds();
    assert_eq!(rig.release(), "v2");
}
