//! A jar as Spring Boot packs one, as small as can be, with a loader that says so where it is asked; and the programs that `start` becomes
//! with it, called as `start` and systemd call them. The JVM is the machine's own.

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use sandbox::{Binaries, BuildProfile};
use shared::boot::Boot;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::rig::eventually;

const LOADER: &str = "package org.springframework.boot.loader.launch; public class JarLauncher { public static void main(String[] a) \
    throws Exception { System.out.println(\"java -jar\"); Thread.sleep(Long.MAX_VALUE); } }";
const LIBRARY: &str =
    "package org.greeting; public class Greeting { public static String text() { return \"hello\"; } }";
const APPLICATION: &str = "package sample; public class App { public static void main(String[] a) throws Exception { \
    System.out.println(org.greeting.Greeting.text() + \" from the class path\"); Thread.sleep(Long.MAX_VALUE); } }";

/// What a jar is like.
#[derive(Clone, Debug)]
pub(crate) struct Tiny {
    /// The manifest, with lines that end in `\n`.
    pub(crate) manifest: String,
    /// A comment in the library, which makes another one of it.
    pub(crate) library: &'static str,
    /// Files of the application besides its class.
    pub(crate) files: Vec<&'static str>,
}

impl Default for Tiny {
    fn default() -> Tiny {
        let manifest = "Manifest-Version: 1.0\nMain-Class: org.springframework.boot.loader.launch.JarLauncher\n\
             Start-Class: sample.App\nSpring-Boot-Version: 3.5.1\nSpring-Boot-Classes: BOOT-INF/classes/\n\
             Spring-Boot-Lib: BOOT-INF/lib/\nSpring-Boot-Classpath-Index: BOOT-INF/classpath.idx\n\n";
        Tiny { manifest: manifest.to_owned(), library: "1", files: Vec::new() }
    }
}

/// An application's directory.
pub(crate) struct Home {
    directory: tempfile::TempDir,
    classes: PathBuf,
    start: PathBuf,
    running: Vec<Child>,
    java: PathBuf,
    /// Options for the JVM.
    pub(crate) options: Vec<String>,
}

impl Home {
    /// One whose JVM is the machine's own.
    pub(crate) fn new() -> Home {
        Home::with_java("java".into())
    }

    /// One with this JVM.
    pub(crate) fn with_java(java: PathBuf) -> Home {
        let directory = tempfile::tempdir().unwrap();
        let classes = directory.path().join("compiled");
        for (name, source) in [("JarLauncher", LOADER), ("Greeting", LIBRARY), ("App", APPLICATION)] {
            let file = directory.path().join(format!("{name}.java"));
            fs::write(&file, source).unwrap();
        }
        let javac = Command::new("javac")
            .args(["JarLauncher.java", "Greeting.java", "App.java", "-d"])
            .arg(&classes)
            .current_dir(directory.path())
            .output()
            .expect("a JDK is installed");
        assert!(javac.status.success(), "{}", String::from_utf8_lossy(&javac.stderr));
        let start = Binaries::built(BuildProfile::Debug).unwrap().path("start").unwrap();
        Home { directory, classes, start, running: Vec::new(), java, options: vec!["-Xmx64m".to_owned()] }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Puts a release where `start` copies it.
    pub(crate) fn release(&self, name: &str, tiny: &Tiny) {
        let class = |name: &str| fs::read(self.classes.join(name)).unwrap();
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let zip = |files: Vec<(&str, Vec<u8>)>| {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            for (name, bytes) in files {
                writer.start_file(name, stored).unwrap();
                writer.write_all(&bytes).unwrap();
            }
            writer.finish().unwrap().into_inner()
        };
        let library = zip(vec![
            ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n".to_vec()),
            ("logback.xml", tiny.library.into()),
            ("org/greeting/Greeting.class", class("org/greeting/Greeting.class")),
        ]);
        let loader = "org/springframework/boot/loader/launch/JarLauncher.class";
        let mut files = vec![
            ("META-INF/MANIFEST.MF", tiny.manifest.clone().into_bytes()),
            (loader, class(loader)),
            ("BOOT-INF/classes/sample/App.class", class("sample/App.class")),
            ("BOOT-INF/classpath.idx", b"- \"BOOT-INF/lib/greeting.jar\"\n".to_vec()),
            ("BOOT-INF/lib/greeting.jar", library),
        ];
        files.extend(tiny.files.iter().map(|name| (*name, b"x".to_vec())));
        let jar = self.jar(name);
        fs::create_dir_all(jar.parent().unwrap()).unwrap();
        fs::write(jar, zip(files)).unwrap();
    }

    fn jar(&self, release: &str) -> PathBuf {
        self.path("releases").join(release).join("app.jar")
    }

    /// A program of `start`'s, as it is called by those that start it.
    fn program(&self) -> Command {
        let mut command = Command::new(&self.start);
        command.current_dir(self.directory.path()).env("LIVE_SLOT_FILE", self.path("live.properties"));
        command
    }

    /// Starts a release and waits until it runs; what it says, and how it was made to boot.
    pub(crate) fn boots(&mut self, release: &str) -> (String, Boot) {
        let program = self.program();
        self.boots_by(program, release)
    }

    /// The same through another command.
    pub(crate) fn boots_by(&mut self, mut command: Command, release: &str) -> (String, Boot) {
        let log = self.path(&format!("{release}.log"));
        let output = fs::File::create(&log).unwrap();
        command.arg("--boot").arg(self.path("libraries")).arg("--").arg(&self.java).args(&self.options);
        command.args(["-Dspring.profiles.active=real1", "-jar"]).arg(self.jar(release)).arg("--server.port=1");
        self.running
            .push(command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap());
        let says = || {
            let text = fs::read_to_string(&log).unwrap();
            text.lines().find(|line| ["java -jar", "hello from the class path"].contains(line)).map(str::to_owned)
        };
        eventually("the release runs", || says().is_some());
        let record = fs::read_to_string(self.path("releases").join(release).join("boot.txt")).unwrap();
        (says().unwrap(), Boot::parse(&record).unwrap())
    }

    /// The release that was started last.
    pub(crate) fn last(&self) -> u32 {
        self.running.last().unwrap().id()
    }

    /// Says which profile is live.
    pub(crate) fn is_live(&self, profile: &str) {
        fs::write(self.path("live.properties"), format!("live={profile}\n")).unwrap();
    }

    /// What makes the archive of a release.
    pub(crate) fn maker(&self, release: &str) -> Command {
        let mut command = self.program();
        command.arg("--archive").arg(self.path("releases").join(release));
        command
    }

    /// Makes it.
    pub(crate) fn makes(&self, release: &str) -> String {
        told(&self.maker(release).output().unwrap())
    }

    /// What lies beside the libraries in all their directories, but for themselves.
    pub(crate) fn archives(&self) -> Vec<PathBuf> {
        let Ok(sets) = fs::read_dir(self.path("libraries")) else { return Vec::new() };
        let directories = sets.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
        let files = directories.flat_map(|set| fs::read_dir(set).unwrap().flatten().map(|entry| entry.path()));
        files.filter(|path| path.to_string_lossy().contains("archive-")).collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A JVM that can archive classes with what they are linked to.
pub(crate) fn java_that_links() -> PathBuf {
    let homes = fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path());
    let is_one = |home: &PathBuf| {
        let release = fs::read_to_string(home.join("release")).unwrap_or_default();
        let version = release.split_once("JAVA_VERSION=\"").and_then(|(_, rest)| rest.split(['.', '"', '-']).next());
        version.and_then(|version| version.parse::<u32>().ok()).is_some_and(|version| version >= 24)
    };
    let home = homes
        .into_iter()
        .find(is_one)
        .expect("a JVM of version 24 or later in /usr/lib/jvm: scripts/test.sh installs it");
    home.join("bin/java")
}

/// The machine's own JVM, and the file in which it notes each call of it.
pub(crate) fn java_that_counts(directory: &Path) -> (PathBuf, PathBuf) {
    let found = Command::new("sh").args(["-c", "readlink -f \"$(command -v java)\""]).output().unwrap();
    let real = PathBuf::from(String::from_utf8(found.stdout).unwrap().trim());
    let home = real.ancestors().nth(2).unwrap();
    let (java, calls) = (directory.join("jdk/bin/java"), directory.join("calls"));
    for part in ["bin", "lib/server"] {
        fs::create_dir_all(directory.join("jdk").join(part)).unwrap();
    }
    fs::copy(home.join("release"), directory.join("jdk/release")).unwrap();
    std::os::unix::fs::symlink(home.join("lib/server/libjvm.so"), directory.join("jdk/lib/server/libjvm.so")).unwrap();
    let script = format!("#!/bin/sh\necho \"$*\" >>'{}'\nexec '{}' \"$@\"\n", calls.display(), real.display());
    fs::write(&java, script).unwrap();
    fs::set_permissions(&java, fs::Permissions::from_mode(0o755)).unwrap();
    (java, calls)
}

/// All that a program has said.
pub(crate) fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether a file of this name is there and whole.
pub(crate) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |facts| facts.len())
}
