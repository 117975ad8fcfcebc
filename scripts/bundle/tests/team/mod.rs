//! A team's machine, as far as a bundle of released hooks goes: an application's directory, the archive unpacked beside it, and
//! the programs of a small machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use workstation::{files, programs};

/// What the script may find on a machine, and nothing else: neither Rust nor git nor Python.
const INSTALLED: [&str; 23] = [
    "awk",
    "basename",
    "cat",
    "chmod",
    "cmp",
    "cp",
    "curl",
    "cut",
    "dirname",
    "grep",
    "head",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "sort",
    "touch",
    "tr",
    "unzip",
    "zip",
];

/// The machine.
pub(crate) struct Team {
    directory: tempfile::TempDir,
}

/// What the script said, and how it ended.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) messages: String,
}

impl Team {
    /// An empty application's directory.
    pub(crate) fn new() -> Self {
        let team = Self { directory: tempfile::tempdir().unwrap() };
        for place in ["app", "bin"] {
            files::make_directory(&team.path(place)).unwrap();
        }
        for name in INSTALLED {
            let program = programs::in_path(name).expect("a program of every machine that bundles is installed");
            std::os::unix::fs::symlink(program, team.path("bin").join(name)).unwrap();
        }
        team
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        files::write(&self.path(name), bytes).unwrap();
    }

    /// Unpacks an archive, as the README has it.
    pub(crate) fn unpack(&self, archive: &Path) {
        let unpacked =
            programs::command("unzip").arg("-q").arg(archive).arg("-d").arg(self.path("hooks")).output().unwrap();
        assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    }

    /// Runs the unpacked archive's own script in the application's directory.
    pub(crate) fn bundle(&self, arguments: &[&str]) -> Told {
        self.run(self.path("hooks/bundle.sh"), arguments, &[])
    }

    /// Runs a program in the application's directory, with the machine's programs and these variables alone.
    pub(crate) fn run(&self, program: impl AsRef<OsStr>, arguments: &[&str], variables: &[(&str, String)]) -> Told {
        let output = programs::command(program)
            .args(arguments)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("PATH", self.path("bin"))
            .env("TZ", "Asia/Seoul")
            .current_dir(self.path("app"))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Told { code: output.status.code(), output: text(&output.stdout), messages: text(&output.stderr) }
    }
}
