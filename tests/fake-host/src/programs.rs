//! Programs in memory: nginx's test and reload, `install` and `mv`, each by itself or through sudo where that is allowed.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::clock::EXCHANGE_TAKES;
use super::files::Files;
use super::journal::Deed;
use super::nginx::Nginx;
use super::processes::account_id;
use super::world::World;
use shared::host::{ProcessIdentity, ProgramOutput, Signal};

impl World {
    pub(super) fn find_program(&self, name: &str) -> Option<PathBuf> {
        // What a process runs is there as long as the process is; only nginx's is ever asked for.
        if name.starts_with("/proc/") {
            let is_masters = |master: ProcessIdentity| name == format!("/proc/{}/exe", master.id);
            // Only root may look at root's processes like this.
            return (self.user == 0 && self.nginx.master.is_some_and(is_masters)).then(|| PathBuf::from(name));
        }
        let base = Path::new(name).file_name()?.to_string_lossy().into_owned();
        self.programs.contains(&base).then(|| Path::new("/usr/bin").join(base))
    }

    /// Runs a program to its end.
    pub(super) fn run_program(&mut self, command: &[String]) -> ProgramOutput {
        self.advance(EXCHANGE_TAKES);
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["sudo", "-n", ..] if !self.sudo_allows => failed("sudo: a password is required"),
            ["sudo", "-n", "-l", ..] => succeeded(String::new()),
            ["sudo", "-n", program, arguments @ ..] => {
                self.note(Deed::Ran(command.to_owned()));
                self.run_as(0, program, arguments)
            }
            [program, arguments @ ..] => {
                self.note(Deed::Ran(command.to_owned()));
                self.run_as(self.user, program, arguments)
            }
            [] => failed("no program was named"),
        }
    }

    fn run_as(&mut self, user: u32, program: &str, arguments: &[&str]) -> ProgramOutput {
        let base = program.rsplit('/').next().unwrap_or_default();
        match (base, arguments) {
            // By its name, or as what its master runs.
            ("nginx" | "exe", ["-v"]) => {
                ProgramOutput { complaint: self.nginx.version.clone(), ..succeeded(String::new()) }
            }
            ("nginx", ["-T"]) => match self.complaint() {
                Some(complaint) => failed(&complaint),
                None => succeeded(self.dump()),
            },
            ("nginx", ["-s", "reload"]) => match self.nginx.master {
                Some(master) => match self.signal(&master, Signal::Reload, user) {
                    Ok(_) => succeeded(String::new()),
                    Err(cause) => failed(&format!("nginx: [alert] kill({}, 1) failed: {cause}", master.id)),
                },
                None => failed("nginx: [error] open() \"/run/nginx.pid\" failed"),
            },
            ("install", ["-d", "-m", "0755", "-o", owner, directory]) => {
                let (path, now) = (Path::new(directory), self.clock.time_of_day());
                let made = self.files.make_directory(path, 0o755, user, now);
                ended(made.and_then(|()| self.files.give(path, account_id(owner), user, now)))
            }
            ("install", ["-m", "0644", from, to]) => {
                self.put(to, |files, to, now| files.install(Path::new(from), to, user, now))
            }
            ("mv", ["-fT", from, to]) => self.put(to, |files, to, now| files.rename(Path::new(from), to, user, now)),
            _ => failed(&format!("{base}: not known on this host")),
        }
    }

    /// All the files that nginx reads.
    fn dump(&self) -> String {
        let file = |path: &Path| {
            let bytes = self.files.read(path).unwrap_or_default();
            format!("\n# configuration file {}:\n{}", path.to_string_lossy(), String::from_utf8_lossy(&bytes))
        };
        let Nginx { include, upstreams, reads_include, .. } = &self.nginx;
        let reads = if *reads_include { format!("include {};", include.to_string_lossy()) } else { String::new() };
        let main = format!(
            "http {{\ninclude {};\nserver {{ {reads} location / {{ proxy_pass $service_url; }} }}\n}}\n",
            upstreams.to_string_lossy()
        );
        let included = if *reads_include { file(include) } else { String::new() };
        format!("# configuration file /etc/nginx/nginx.conf:\n{main}{}{included}", file(upstreams))
    }

    fn put(&mut self, to: &str, how: impl FnOnce(&mut Files, &Path, SystemTime) -> io::Result<()>) -> ProgramOutput {
        let done = how(&mut self.files, Path::new(to), self.clock.time_of_day());
        self.note(Deed::Wrote(to.into()));
        ended(done)
    }
}

fn ended(done: io::Result<()>) -> ProgramOutput {
    match done {
        Ok(()) => succeeded(String::new()),
        Err(cause) => failed(&cause.to_string()),
    }
}

fn succeeded(output: String) -> ProgramOutput {
    ProgramOutput { success: true, ending: "exit status 0".to_owned(), output, complaint: String::new() }
}

fn failed(complaint: &str) -> ProgramOutput {
    ProgramOutput {
        success: false,
        ending: "exit status 1".to_owned(),
        output: String::new(),
        complaint: complaint.to_owned(),
    }
}
