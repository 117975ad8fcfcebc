//! A release boots from an archive of its libraries' classes, and with `java -jar` or without the archive wherever something speaks
//! against it: with a real JVM, and whole deploys.

mod tiny;

use std::fs;
use std::process::{Command, Stdio};

use demo_app::Jar;
use shared::boot::Way;

use self::tiny::{Home, Tiny, java_that_counts, java_that_links, size, told};
use crate::rig::{Rig, eventually, kill};

const FROM_CLASS_PATH: &str = "hello from the class path";
const JAVA_JAR: &str = "java -jar";

/// A home with the archive of its libraries, made by release `r1`.
fn with_archive(mut home: Home) -> Home {
    home.release("r1", &Tiny::default());
    let (says, boot) = home.boots("r1");
    assert_eq!((says.as_str(), boot.way), (FROM_CLASS_PATH, Way::Learning), "{}", boot.told);
    home.is_live("real1");
    let made = home.makes("r1");
    assert!(made.contains("made for the next release"), "{made}");
    assert_eq!(home.archives().len(), 1);
    home
}

#[test]
fn f135_the_next_release_boots_from_the_archive_and_one_with_other_libraries_or_another_jvm_does_not() {
    let mut home = with_archive(Home::new());
    home.release("r2", &Tiny { files: vec!["BOOT-INF/classes/new.txt"], ..Tiny::default() });
    let (says, first) = home.boots("r2");
    assert_eq!((says.as_str(), first.told.as_str()), (FROM_CLASS_PATH, "class archive of 1 libraries"));
    let maps = fs::read_to_string(format!("/proc/{}/maps", home.last())).unwrap();
    assert!(maps.contains(".jsa"), "the JVM has mapped it: {maps}");

    home.release("r3", &Tiny { library: "2", ..Tiny::default() });
    let (says, other) = home.boots("r3");
    assert_eq!((says.as_str(), other.way), (FROM_CLASS_PATH, Way::Learning), "{}", other.told);
    assert_ne!(other.libraries, first.libraries);
    assert!(other.told.contains("none was made yet"), "{}", other.told);

    // Another heap makes another JVM of it; and one whose archive got there by mistake refuses it.
    home.options.push("-XX:-UseCompressedOops".to_owned());
    let (says, refused) = home.boots("r2");
    assert_eq!((says.as_str(), refused.way), (FROM_CLASS_PATH, Way::Learning), "{}", refused.told);
    let note = fs::read_to_string(home.path("releases/r2/class-archive.txt")).unwrap();
    let wanted = note.lines().next().unwrap().to_owned();
    fs::copy(&home.archives()[0], &wanted).unwrap();
    let (says, refused) = home.boots("r2");
    assert_eq!((says.as_str(), refused.way), (FROM_CLASS_PATH, Way::Learning), "{}", refused.told);
    assert!(
        refused.told.contains("the JVM refuses the one that is there (") && size(wanted.as_ref()) == 0,
        "{}",
        refused.told
    );
}

fn is_damaged_and_made_anew(home: Home) {
    let mut home = with_archive(home);
    let archive = home.archives().remove(0);
    let whole = fs::read(&archive).unwrap();
    let (quarter, half) = (whole.len() / 4, whole.len() / 2);
    let mut flipped = whole.clone();
    flipped[half] ^= 0x55;
    let version = whole.windows(8).position(|bytes| bytes == b"OpenJDK ").expect("the JVM's name stands in it");
    let mut other = whole.clone();
    other[version] = b'X';
    for (name, bytes) in [
        ("empty", &whole[..0]),
        ("cut off in its header", &whole[..100]),
        ("cut off", &whole[..quarter]),
        // Behind what it holds are zeros until the end of a page, which nobody reads.
        ("the last page is missing", &whole[..whole.len() - 4096]),
        ("zeros after a power cut", &vec![0; whole.len()]),
        ("one byte", &flipped),
        ("another JVM's", &other),
    ] {
        let _ = fs::remove_file(&archive);
        fs::write(&archive, bytes).unwrap();
        let (says, boot) = home.boots("r1");
        assert_eq!((says.as_str(), boot.way), (FROM_CLASS_PATH, Way::Learning), "{name}: {}", boot.told);
        assert!(boot.told.contains("the JVM refuses") && home.archives().is_empty(), "{name}: {}", boot.told);
    }
    let made = home.makes("r1");
    assert!(made.contains("made for the next release"), "{made}");
    assert_eq!(home.boots("r1").1.way, Way::Archive);
}

#[test]
fn f135_an_archive_that_was_cut_off_or_damaged_anywhere_is_removed_and_made_anew() {
    is_damaged_and_made_anew(Home::new());
}

#[test]
fn f135_the_same_where_the_archive_has_classes_that_are_linked_already() {
    is_damaged_and_made_anew(Home::with_java(java_that_links()));
}

#[test]
fn f135_the_jvm_is_asked_once_whether_it_takes_an_archive_and_again_when_a_library_was_touched() {
    let directory = tempfile::tempdir().unwrap();
    let (java, asked) = java_that_counts(directory.path());
    let asked = || fs::read_to_string(&asked).unwrap().matches("-Xshare:on").count();
    let mut home = with_archive(Home::with_java(java));
    assert_eq!(asked(), 1, "who has made it has asked");
    for _ in 0..2 {
        let (says, boot) = home.boots("r1");
        assert_eq!((says.as_str(), boot.way, asked()), (FROM_CLASS_PATH, Way::Archive, 1), "{}", boot.told);
    }
    let library = home.archives()[0].with_file_name("greeting.jar");
    fs::File::options().write(true).open(library).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let (says, boot) = home.boots("r1");
    assert_eq!((says.as_str(), boot.way, asked()), (FROM_CLASS_PATH, Way::Learning, 2), "{}", boot.told);
}

#[test]
fn f135_a_jvm_that_can_is_given_classes_that_are_linked_already_and_options_of_modules_make_another_archive() {
    let mut home = with_archive(Home::with_java(java_that_links()));
    let (_, linked) = home.boots("r1");
    assert_eq!(linked.told, "class archive of 1 libraries");
    let log = home.path("linked.log");
    home.options.push(format!("-Xlog:cds*,aot*=info:file={}", log.display()));
    assert_eq!(home.boots("r1").1.way, Way::Archive);
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains("AOT-linked") || said.contains("aot-linked"), "{said}");
    // The JVM would go without the whole archive then.
    home.options[1] = "--add-opens=java.base/java.lang=ALL-UNNAMED".to_owned();
    assert_eq!(home.boots("r1").1.way, Way::Learning);
    let made = home.makes("r1");
    assert!(made.contains("made for the next release"), "{made}");
    assert_eq!(home.boots("r1").1.way, Way::Archive);
    let maps = fs::read_to_string(format!("/proc/{}/maps", home.last())).unwrap();
    assert!(maps.contains(".jsa"), "the JVM has mapped it: {maps}");
}

#[test]
fn f136_a_maker_that_is_killed_or_has_no_room_leaves_nothing_that_is_used() {
    let mut home = Home::new();
    home.release("r1", &Tiny::default());
    home.boots("r1");
    home.is_live("real1");
    // No file may be longer than 1 MB: the disk is full as far as the JVM can tell.
    let maker = home.maker("r1");
    let mut limited = Command::new("prlimit");
    limited.arg("--fsize=1000000").arg(maker.get_program()).args(maker.get_args());
    let said = told(&limited.output().unwrap());
    assert!(said.contains("no class archive was made: `java -Xshare:dump` ended with"), "{said}");
    assert!(home.archives().is_empty(), "{:?}", home.archives());

    // The JVM is killed, then the one that waits for it.
    for victim in ["the JVM", "the maker"] {
        let maker = home.maker("r1").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let dumping = || {
            let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", maker.id())).unwrap_or_default();
            let is_one = |id: &&str| {
                fs::read_to_string(format!("/proc/{id}/cmdline")).is_ok_and(|words| words.contains("-Xshare:dump"))
            };
            children.split_whitespace().find(is_one).map(|id| id.parse::<u32>().unwrap())
        };
        eventually("it is being made", || dumping().is_some());
        let java = dumping().unwrap();
        kill(if victim == "the JVM" { java } else { maker.id() });
        let said = told(&maker.wait_with_output().unwrap());
        assert_eq!(said.contains("ended with signal 9"), victim == "the JVM", "{victim}: {said}");
        eventually("nobody makes it", || !fs::exists(format!("/proc/{java}/exe")).unwrap_or(false));
        let whole = home.archives().into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "jsa"));
        assert_eq!(whole.count(), 0, "{victim}");
        let (says, boot) = home.boots("r1");
        assert_eq!((says.as_str(), boot.way), (FROM_CLASS_PATH, Way::Learning), "{victim}: {}", boot.told);
    }
    // As a reboot in the middle leaves it: half of libraries and half of an archive, under the names that they have until then.
    let set = home.archives().first().and_then(|path| path.parent()).map(ToOwned::to_owned);
    let set = set.unwrap_or_else(|| home.path("libraries").join(home.boots("r1").1.libraries.unwrap()));
    fs::write(set.join("archive-0123456789abcdef.unfinished"), [0; 4096]).unwrap();
    fs::create_dir_all(home.path("libraries").join(format!(".new-{}", "a".repeat(64)))).unwrap();
    let made = home.makes("r1");
    assert!(made.contains("made for the next release"), "{made}");
    assert_eq!(home.archives().len(), 1, "{:?}", home.archives());
    assert_eq!(home.boots("r1").1.way, Way::Archive);
}

#[test]
fn f136_where_the_disk_is_full_before_it_begins_a_release_boots_as_it_always_did() {
    let mut home = Home::new();
    home.release("r1", &Tiny::default());
    fs::create_dir(home.path("libraries")).unwrap();
    let script =
        format!("mount -t tmpfs -o size=1m,mode=755 none '{}' && exec \"$@\"", home.path("libraries").display());
    let mut small = Command::new("unshare");
    let program = home.maker("r1").get_program().to_owned();
    small.args(["--mount", "sh", "-c", &script, "sh"]).arg(program);
    small.current_dir(home.path(".")).env("LIVE_SLOT_FILE", home.path("live.properties"));
    let (says, boot) = home.boots_by(small, "r1");
    assert_eq!((says.as_str(), boot.way), (JAVA_JAR, Way::Jar));
    assert!(boot.told.contains("`java -jar`: the disk of `") && boot.told.contains("needed 68 MB"), "{}", boot.told);
}

#[test]
fn f137_whatever_may_not_be_the_same_application_boots_with_java_jar_and_why_is_told() {
    let mut home = Home::new();
    let with = |from: &str, to: &str| {
        let tiny = Tiny::default();
        Tiny { manifest: tiny.manifest.replace(from, to), ..tiny }
    };
    let and = |file: &'static str| Tiny { files: vec![file], ..Tiny::default() };
    for (number, (tiny, option, wanted)) in [
        (
            with("launch.JarLauncher\n", "launch.JarLauncher\nAdd-Opens: java.base/java.lang\n"),
            "",
            "its manifest has `Add-Opens`",
        ),
        (
            with("launch.JarLauncher\n", "launch.JarLauncher\nClass-Path: lib/a.jar\n"),
            "",
            "its manifest has `Class-Path`",
        ),
        (
            with("Spring-Boot-Version: 3.5.1", "Spring-Boot-Version: 3.2.9"),
            "",
            "its Spring Boot is `3.2.9`, needed 3.3",
        ),
        (
            with("Spring-Boot-Lib: BOOT-INF/lib/", "Spring-Boot-Lib: WEB-INF/lib/"),
            "",
            "its manifest has `Spring-Boot-Lib:",
        ),
        (
            with("Spring-Boot-Classpath-Index: BOOT-INF/classpath.idx\n", ""),
            "",
            "its manifest has `Spring-Boot-Classpath-Index",
        ),
        (and("WEB-INF/web.xml"), "", "it has `WEB-INF/web.xml`, where Spring Boot puts nothing"),
        (and("BOOT-INF/lib/other.jar"), "", "its library `other.jar` is missing in its index"),
        (and("META-INF/SHOP.SF"), "", "it has `META-INF/SHOP.SF`"),
        (
            and("BOOT-INF/classes/logback.xml"),
            "",
            "`logback.xml` is in the application and in its library `greeting.jar`",
        ),
        (
            and("BOOT-INF/classes/org/greeting/Greeting.class"),
            "",
            "`org/greeting/Greeting.class` is in the application",
        ),
        (Tiny::default(), "-Xshare:auto", "`app.jvm_options` has `-Xshare:auto`"),
        (Tiny::default(), "-XX:SharedArchiveFile=/x", "`app.jvm_options` has `-XX:SharedArchiveFile=/x`"),
    ]
    .into_iter()
    .enumerate()
    {
        let release = format!("r{number}");
        home.release(&release, &tiny);
        home.options.truncate(1);
        home.options.extend(Some(option.to_owned()).filter(|option| !option.is_empty()));
        let (says, boot) = home.boots(&release);
        assert_eq!((says.as_str(), boot.way), (JAVA_JAR, Way::Jar), "{wanted}: {}", boot.told);
        assert!(boot.told.starts_with(&format!("`java -jar`: {wanted}")), "{wanted}: {}", boot.told);
    }
}

#[test]
fn f138_no_archive_is_made_for_a_release_that_does_not_serve() {
    let mut home = Home::new();
    home.release("r1", &Tiny::default());
    home.boots("r1");
    home.is_live("real2");
    let maker = home.maker("r1").stdout(Stdio::piped()).spawn().unwrap();
    let note = home.path("libraries/maker.json");
    eventually("the maker waits", || fs::exists(&note).unwrap());
    kill(home.last());
    let said = told(&maker.wait_with_output().unwrap());
    assert!(said.contains("no class archive was made: the release has ended"), "{said}");
    assert!(home.archives().is_empty());
}

#[test]
fn f137_f139_a_deploy_says_how_its_release_boots_and_libraries_go_with_the_last_release_that_needs_them() {
    let rig = Rig::new();
    rig.host.set("app.class_archive", "\"auto\"").unwrap();
    rig.deploy(&Jar::release("v1")).succeeds();
    let libraries = rig.host.app_directory().join("libraries");
    let [kept, gone] = ["a", "b"].map(|letter| letter.repeat(64));
    for name in [&kept, &gone, &format!(".new-{gone}"), &"mine".to_owned()] {
        fs::create_dir_all(libraries.join(name)).unwrap();
    }
    let first = rig.names_in("releases").remove(0);
    let record = rig.host.app_directory().join("releases").join(&first).join("boot.txt");
    assert!(fs::read_to_string(&record).unwrap().starts_with("jar\n\n`java -jar`: "));
    fs::write(&record, format!("archive\n{kept}\nclass archive of 1 libraries\n")).unwrap();
    let status = rig.run("status").output;
    assert!(status.contains("boot of `real2` (port") && status.contains("class archive of 1 libraries"), "{status}");
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start"] {
        let run = rig.run(hook);
        assert_eq!(run.code, 0, "{}", run.output);
        if hook == "start" {
            assert!(run.output.contains("boot: `java -jar`: "), "{}", run.output);
        }
    }
    let mut left = rig.names_in("libraries");
    left.sort();
    assert_eq!(left, [kept, "mine".to_owned()]);
}
