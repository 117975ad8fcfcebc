//! Which JVM runs, as far as an archive of classes depends on it, and which options forbid one. The JVM has the last word: it is asked
//! whether it takes an archive before a release is started from it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use shared::host::{Host, first_line, hexadecimal};
use shared::release::java;

/// How long the JVM may take to say whether it takes an archive.
const ANSWERS_AT_MOST: Duration = Duration::from_secs(10);

/// The oldest version that is known to do this; Spring Boot 3 needs it as well.
const OLDEST: u16 = 17;

/// The oldest version that can archive classes with what they are linked to (`-XX:+AOTClassLinking`).
const LINKS_FROM: u16 = 24;

/// Options that change the class path, or speak of archives themselves, or load an agent that changes classes.
const UNWANTED: [&str; 26] = [
    "@",
    "-Djarmode",
    "-Djava.class.path",
    "-Djava.system.class.loader",
    "-Dloader.",
    "-XX:+AOT",
    "-XX:-AOT",
    "-XX:AOT",
    "-XX:+AutoCreateSharedArchive",
    "-XX:-UseSharedSpaces",
    "-XX:ArchiveClassesAtExit",
    "-XX:DumpLoadedClassList",
    "-XX:Flags",
    "-XX:SharedArchiveFile",
    "-XX:SharedClassListFile",
    "-XX:VMOptionsFile",
    "-Xbootclasspath",
    "-Xshare",
    "-agent",
    "-cp",
    "-classpath",
    "--class-path",
    "-javaagent",
    "--patch-module",
    "--module",
    "-p",
];

/// Variables by which a JVM is given options past its command line.
pub(super) const OPTION_VARIABLES: [&str; 3] = ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"];

/// A JVM with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jvm {
    /// Its program, without links.
    pub(super) program: PathBuf,
    /// Those of its options that an archive depends on.
    pub(super) options: Vec<String>,
    /// Whether its archives have classes with what they are linked to.
    pub(super) links: bool,
    /// What no other JVM has.
    pub(super) id: String,
}

impl Jvm {
    /// The JVM that `program` is.
    ///
    /// # Errors
    /// Why no archive is used with it, as a sentence.
    pub(super) fn of(host: &impl Host, program: &str, options: &[String]) -> Result<Jvm, String> {
        if let Some(option) = unwanted(options) {
            return Err(format!("`app.jvm_options` has `{option}`"));
        }
        let found = host.find_program(program).and_then(|found| host.canonicalize(&found).ok());
        let found = found.ok_or_else(|| format!("`{program}` was not found"))?;
        let home = found.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
        let release = home.join("release");
        let bytes = host.read_file(&release).map_err(|cause| {
            format!("`{}`, by which a JVM is known, cannot be read: {cause}", release.to_string_lossy())
        })?;
        let version = java::version(&String::from_utf8_lossy(&bytes)).unwrap_or(0);
        if version < OLDEST {
            return Err(format!(
                "the JVM in `{}` has version {version}, needed {OLDEST} or later",
                home.to_string_lossy()
            ));
        }
        let links = links(version, options);
        let options = carried(options);
        // Two builds of one version may have the same text: an update touches the library as well.
        let library = host.describe(&home.join("lib/server/libjvm.so"));
        let library = library.map_err(|cause| format!("`{}` has no HotSpot: {cause}", home.to_string_lossy()))?;
        let identity =
            format!("{}\n{}\n{:?}\n{options:?}\n{links}\n", found.to_string_lossy(), library.size, library.written);
        let hash = Sha256::new().chain_update(identity).chain_update(&bytes).finalize();
        Ok(Jvm { program: found, options, links, id: hexadecimal(&hash)[..16].to_owned() })
    }

    /// Its command with these words.
    pub(super) fn command(&self, words: &[&str]) -> Vec<String> {
        let program = self.program.to_string_lossy().into_owned();
        let words = words.iter().map(|word| (*word).to_owned());
        std::iter::once(program).chain(self.options.iter().cloned()).chain(words).collect()
    }

    /// Asks it whether it takes an archive, with all its sums.
    ///
    /// # Errors
    /// What it says.
    pub(super) async fn takes(&self, host: &impl Host, archive: &Path, class_path: &str) -> Result<(), String> {
        let archive = format!("-XX:SharedArchiveFile={}", archive.to_string_lossy());
        let words = [&archive, "-Xshare:on", "-XX:+VerifySharedSpaces", "-cp", class_path, "-version"];
        let said = host.run(&self.command(&words), ANSWERS_AT_MOST).await.map_err(|cause| cause.to_string())?;
        if said.success {
            return Ok(());
        }
        let why = [&said.output, &said.complaint].map(|text| first_line(text).to_owned());
        Err(why.into_iter().find(|line| !line.is_empty()).unwrap_or(said.ending))
    }
}

/// Whether a JVM with these options may have classes that are linked already. Options of modules change what they are linked to: with
/// them it would go without the whole archive, and not say so.
fn links(version: u16, options: &[String]) -> bool {
    let is_of_modules = |option: &String| option.starts_with("--") || option.starts_with("-Djdk.module");
    version >= LINKS_FROM && !options.iter().any(is_of_modules)
}

fn unwanted(options: &[String]) -> Option<&String> {
    let is_one = |option: &&String| UNWANTED.iter().any(|beginning| option.starts_with(beginning));
    options.iter().find(is_one)
}

/// The options that change what an archive holds: those of the heap.
fn carried(options: &[String]) -> Vec<String> {
    let of_heap =
        ["GC", "Compressed", "CompactObjectHeaders", "ObjectAlignment", "RAMPercentage", "HeapSize", "HeapRegionSize"];
    let is_one = |option: &&String| {
        ["-Xmx", "-Xms", "-Xmn"].iter().any(|beginning| option.starts_with(beginning))
            || option.strip_prefix("-XX:").is_some_and(|option| {
                let name = option.trim_start_matches(['+', '-']);
                name.starts_with("Unlock")
                    || ((name.starts_with("Use") || option.contains('='))
                        && of_heap.iter().any(|part| name.contains(part)))
            })
    };
    options.iter().filter(is_one).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f135_what_an_archive_depends_on_is_told_from_what_it_does_not() {
        let options = [
            "-Xmx300m",
            "-XX:+UseZGC",
            "-XX:-UseCompressedOops",
            "-XX:+UseCompactObjectHeaders",
            "-XX:MaxRAMPercentage=70",
            "-XX:+UnlockExperimentalVMOptions",
            "-Dx=GC",
            "-Xss1m",
            "-Xlog:gc:/var/log/gc",
            "-XX:+PrintGCDetails",
            "-XX:+HeapDumpOnOutOfMemoryError",
        ]
        .map(str::to_owned);
        assert_eq!(carried(&options), options[..6]);
        assert_eq!(unwanted(&options), None);
    }

    #[test]
    fn f137_options_that_change_classes_or_where_they_come_from_forbid_an_archive() {
        for option in [
            "-javaagent:/a.jar",
            "-agentlib:jdwp=x",
            "-Xshare:off",
            "-cp",
            "@/etc/java",
            "-XX:AOTCache=x",
            "-Dloader.path=x",
        ] {
            let options = ["-Xmx1g".to_owned(), option.to_owned()];
            assert_eq!(unwanted(&options), Some(&options[1]));
        }
    }

    #[test]
    fn f135_classes_are_linked_in_an_archive_where_the_jvm_can_use_it() {
        for (version, option, wanted) in [
            (23, "-Xmx300m", false),
            (24, "-Xmx300m", true),
            (25, "-XX:+UseSerialGC", true),
            (25, "--add-opens=java.base/java.lang=ALL-UNNAMED", false),
        ] {
            assert_eq!(links(version, &[option.to_owned()]), wanted, "{version} {option}");
        }
    }
}
