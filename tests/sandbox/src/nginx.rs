//! The private nginx: daemonised as a distribution's service runs it, started and reloaded with proof, and broken on demand.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::certificate;
use crate::door::Door;
use crate::error::{Context, Error, Result};
use crate::files::{create_directory, read_if_there, remove, write};
use crate::nginx_configuration::{self, WORKERS};
use crate::nginx_program::takes_error_log;
use crate::process::Process;
use crate::wait::wait_until;

/// Above the 2.5 s that nginx itself tries to bind a port.
const AT_MOST: Duration = Duration::from_secs(10);

/// nginx with a prefix of its own. It does not run until [`Nginx::start`].
#[derive(Debug)]
pub struct Nginx {
    command: Vec<String>,
    prefix: PathBuf,
    port: u16,
    secure: Option<Secure>,
    /// What `Door::Hangs` leads to: it takes connections as long as it is kept, and nobody ever answers them.
    silence: Mutex<Option<UnixListener>>,
}

/// Where it speaks TLS, and the certificate that it shows there.
#[derive(Debug)]
struct Secure {
    port: u16,
    certificate: Vec<u8>,
}

impl Nginx {
    /// Lays out the prefix, with an include that leads to `live_port`.
    pub(crate) fn new(program: &Path, prefix: PathBuf, port: u16, secure: Option<u16>, live_port: u16) -> Result<Self> {
        for name in ["conf.d", "logs", "run", "temp"] {
            create_directory(&prefix.join(name))?;
        }
        let path = |name: &str| prefix.join(name).display().to_string();
        let mut command =
            vec![program.display().to_string(), "-p".to_owned(), path(""), "-c".to_owned(), path("nginx.conf")];
        if takes_error_log(program)? {
            command.extend(["-e".to_owned(), path("logs/error.log")]);
        }
        let secure = match secure {
            Some(port) => Some(Secure { port, certificate: certificate::make(&prefix)? }),
            None => None,
        };
        let nginx = Self { command, prefix, port, secure, silence: Mutex::new(None) };
        nginx.write_include(&format!("set $service_url http://127.0.0.1:{live_port};\n"))?;
        nginx.write_configuration(&Door::default())?;
        Ok(nginx)
    }

    /// nginx's program with the arguments that make it this one: what `proxy.nginx` is in the settings.
    #[must_use]
    pub fn command(&self) -> &[String] {
        &self.command
    }

    /// Where its master writes its process id.
    #[must_use]
    pub fn pid_file(&self) -> PathBuf {
        self.prefix.join("run/nginx.pid")
    }

    /// The certificate that it shows, in DER; nothing where it speaks no TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.secure.as_ref().map(|secure| secure.certificate.as_slice())
    }

    /// The file that tells it the live slot.
    #[must_use]
    pub fn include_path(&self) -> PathBuf {
        self.prefix.join("conf.d/service-url.inc")
    }

    /// The file at http level that declares the slots as upstream groups, for the instant cutover.
    #[must_use]
    pub fn upstreams_path(&self) -> PathBuf {
        self.prefix.join("conf.d/service-url.conf")
    }

    /// The file while which exists green serves, for the instant cutover. Its directory does not exist at first.
    #[must_use]
    pub fn flag_path(&self) -> PathBuf {
        self.prefix.join("flags/green")
    }

    /// Writes a file of this name into `conf.d`, which nginx reads at http level; in force at the end if nginx runs.
    ///
    /// # Errors
    /// The file cannot be written, or not be brought into force.
    pub fn configure(&self, name: &str, text: &str) -> Result<()> {
        write(&self.prefix.join("conf.d").join(name), text)?;
        if self.is_running() { self.reload_and_wait() } else { Ok(()) }
    }

    /// Lets its workers run as this user from the next start on, where it runs as root.
    ///
    /// # Errors
    /// The configuration cannot be written.
    pub fn run_workers_as(&self, user: &str) -> Result<()> {
        let path = self.prefix.join("nginx.conf");
        let text = fs::read_to_string(&path).context(|| format!("`{}` could not be read", path.display()))?;
        write(&path, &text.replacen("user root;", &format!("user {user};"), 1))
    }

    /// Starts it and waits until its workers are there.
    ///
    /// # Errors
    /// It runs already, or it refuses to start.
    pub fn start(&self) -> Result<()> {
        if let Some(id) = self.master_pid() {
            return Err(Error::new(format!("nginx runs already as process `{id}`; stop it first")));
        }
        let output = self.run(&[])?;
        if !output.status.success() {
            return Err(Error::new(format!("nginx did not start: {}", told(&output))));
        }
        self.wait_for("start", || self.worker_pids().len() == WORKERS)
    }

    /// Stops it, cutting what is in flight, and waits until the master and all workers are gone.
    ///
    /// # Errors
    /// It cannot be signalled, or outlives even SIGKILL.
    pub fn stop(&self) -> Result<()> {
        let Some(master) = self.master() else { return Ok(()) };
        let mut processes = master.children();
        processes.push(master.clone());
        let all_gone = || !processes.iter().any(Process::is_alive);
        master.send(Signal::TERM)?;
        if wait_until(AT_MOST, all_gone) {
            return Ok(());
        }
        for process in &processes {
            process.send(Signal::KILL)?;
        }
        self.wait_for("end after SIGKILL", all_gone)
    }

    /// Stops and starts it.
    ///
    /// # Errors
    /// See [`Nginx::stop`] and [`Nginx::start`].
    pub fn restart(&self) -> Result<()> {
        self.stop()?;
        self.start()
    }

    /// Whether its master runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.master().is_some()
    }

    /// The process id of its master; nothing if it does not run, whatever the pid file says.
    #[must_use]
    pub fn master_pid(&self) -> Option<u32> {
        self.master().map(|master| master.id)
    }

    /// The process ids of the workers that take connections: not of those which are shutting down.
    #[must_use]
    pub fn worker_pids(&self) -> Vec<u32> {
        self.workers().iter().map(|worker| worker.id).collect()
    }

    /// Whether a reload is under way: the workers of both generations take connections, so that either may answer.
    #[must_use]
    pub fn is_reloading(&self) -> bool {
        self.worker_pids().len() > WORKERS
    }

    /// The bytes of the include.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn include(&self) -> Result<Vec<u8>> {
        let path = self.include_path();
        fs::read(&path).context(|| format!("`{}` could not be read", path.display()))
    }

    /// Writes the include, without a reload.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_include(&self, text: &str) -> Result<()> {
        write(&self.include_path(), text)
    }

    /// Reloads it and waits until the old workers take no connections any more and the new ones do.
    ///
    /// # Errors
    /// It does not run, its configuration is broken, or the new workers do not come.
    pub fn reload_and_wait(&self) -> Result<()> {
        let Some(master) = self.master() else {
            return Err(Error::new("nginx does not run, so it cannot be reloaded; start it first"));
        };
        self.test_configuration()?;
        let old = self.worker_pids();
        master.send(Signal::HUP)?;
        self.wait_for("reload", || {
            let now = self.worker_pids();
            now.len() == WORKERS && !now.iter().any(|id| old.contains(id))
        })
    }

    /// Lets `nginx -t` read the configuration.
    ///
    /// # Errors
    /// It refuses, with what it said.
    pub fn test_configuration(&self) -> Result<()> {
        let output = self.run(&["-t"])?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::new(format!("nginx refuses its configuration: {}", told(&output))))
    }

    /// Puts a file into `conf.d` which nginx cannot read. It stays in force what was in force.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn break_configuration(&self) -> Result<()> {
        write(&self.stray_file(), "this_is_no_directive;\n")
    }

    /// Takes the file of [`Nginx::break_configuration`] away.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn mend_configuration(&self) -> Result<()> {
        remove(&self.stray_file())
    }

    /// Says what `/profile` answers at the door; in force at the end if nginx runs, otherwise with its next start.
    ///
    /// # Errors
    /// The configuration cannot be written, or not be brought into force.
    pub fn set_door(&self, door: &Door) -> Result<()> {
        self.write_configuration(door)?;
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        let socket = self.silent_socket();
        // The old listener ends here, and with it the requests that hang on it.
        *silence = None;
        remove(&socket)?;
        if *door == Door::Hangs {
            let listener =
                UnixListener::bind(&socket).context(|| format!("`{}` could not be listened on", socket.display()))?;
            fs::set_permissions(&socket, Permissions::from_mode(0o666))
                .context(|| format!("`{}` could not be opened to nginx", socket.display()))?;
            *silence = Some(listener);
        }
        if self.is_running() { self.reload_and_wait() } else { Ok(()) }
    }

    /// What it wrote into its error log so far.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn error_log(&self) -> Result<String> {
        Ok(read_if_there(&self.prefix.join("logs/error.log"))?.unwrap_or_default())
    }

    fn master(&self) -> Option<Process> {
        let id = fs::read_to_string(self.pid_file()).ok()?.trim().parse().ok()?;
        let prefix = self.prefix.display().to_string();
        Process::find(id).filter(|process| {
            let title = process.title();
            title.starts_with("nginx: master process") && title.contains(&prefix)
        })
    }

    fn workers(&self) -> Vec<Process> {
        let children = self.master().map(|master| master.children()).unwrap_or_default();
        children.into_iter().filter(|process| process.title() == "nginx: worker process").collect()
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let (program, own_arguments) = self.command.split_first().ok_or_else(|| Error::new("nginx has no program"))?;
        Command::new(program)
            .args(own_arguments)
            .args(arguments)
            .current_dir(&self.prefix)
            .stdin(Stdio::null())
            .output()
            .context(|| format!("`{program}` could not be run"))
    }

    fn wait_for(&self, what: &str, condition: impl FnMut() -> bool) -> Result<()> {
        if wait_until(AT_MOST, condition) {
            return Ok(());
        }
        Err(Error::new(format!("nginx did not {what} within {AT_MOST:?}; its error log: {}", self.error_log()?.trim())))
    }

    fn write_configuration(&self, door: &Door) -> Result<()> {
        let as_root = rustix::process::geteuid().is_root();
        let location = door.location(&self.silent_socket())?;
        let secure = self.secure.as_ref().map(|secure| secure.port);
        let text = nginx_configuration::render(&self.prefix, self.port, secure, as_root, &location);
        write(&self.prefix.join("nginx.conf"), &text)
    }

    fn silent_socket(&self) -> PathBuf {
        self.prefix.join("run/silence.socket")
    }

    fn stray_file(&self) -> PathBuf {
        self.prefix.join("conf.d/stray.conf")
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
