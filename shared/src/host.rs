//! The only door to the world: processes, listeners, files, programs, HTTP and the clock. `Host` says what the hooks may
//! ask of it; `machine` is the real one, one file per outside thing, and `fake` the one in memory that tests use.

mod clock;
pub mod codedeploy;
mod detach;
#[cfg(any(test, feature = "fake-host"))]
pub mod fake;
mod files;
mod holders;
mod http;
mod listeners;
mod machine;
mod processes;
mod programs;
mod signals;
mod sockets;

use std::io::{self, Read, Seek};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

pub use self::codedeploy::{CodeDeploy, NotLinked};
pub(crate) use self::files::hexadecimal;
pub use self::machine::Machine;
use crate::error::Result;

/// Everything the hooks may ask of the host. What it returns is what was seen; nothing in here decides.
#[expect(async_fn_in_trait, reason = "a hook has one thread, so none of these futures has to be `Send`")]
pub trait Host {
    /// The time since this hook began, monotonic.
    fn elapsed(&self) -> Duration;

    /// The time of day, for names and for the log; never for measuring.
    fn wall_clock(&self) -> jiff::Timestamp;

    /// Waits.
    ///
    /// # Errors
    /// `Kind::Interrupted` as soon as a signal asks the hook to end, unless it is shielded.
    async fn pause(&self, pause: Duration) -> Result<()>;

    /// From `at` after the beginning of this hook on, waits end as after a signal, with `why`. Not behind the shield.
    fn limit(&self, at: Duration, why: &str);

    /// Does something that waits, unless a signal or the limit comes first.
    ///
    /// # Errors
    /// `Kind::Interrupted` after a signal.
    async fn interruptible<T>(&self, work: impl Future<Output = T>) -> Result<T>;

    /// Behind a raised shield a signal is noted but not obeyed: an undo, or the settlement of an earlier cutover, has to come
    /// to its end. Lowered again, the signal is obeyed at the next wait.
    fn shield(&self, raised: bool);

    /// The bytes of a regular file.
    ///
    /// # Errors
    /// As the operating system says; anything but a regular file is `InvalidInput`, without waiting on it.
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What kind of thing stands at `path`, without following a symbolic link.
    ///
    /// # Errors
    /// As the operating system says.
    fn describe(&self, path: &Path) -> io::Result<FileFacts>;

    /// The names in a directory.
    ///
    /// # Errors
    /// As the operating system says.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// Opens a regular file for reading, without waiting on anything that is none.
    ///
    /// # Errors
    /// As the operating system says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadSeek>>;

    /// Replaces a file in one atomic step that survives a power cut: temporary file beside it, fsync, rename, fsync of the
    /// directory. An existing file's owner and mode are kept; a new one gets `mode`.
    ///
    /// # Errors
    /// As the operating system says.
    fn replace_file(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()>;

    /// Makes a directory and what is missing above it.
    ///
    /// # Errors
    /// As the operating system says.
    fn make_directory(&self, path: &Path, mode: u32) -> io::Result<()>;

    /// Gives a file or directory to another user.
    ///
    /// # Errors
    /// As the operating system says: only root may.
    fn give(&self, path: &Path, owner: u32) -> io::Result<()>;

    /// Removes a file, in a way that survives a power cut, or a whole directory.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Opens the hooks' own log to append to it.
    ///
    /// # Errors
    /// As the operating system says.
    fn open_log(&self, path: &Path) -> io::Result<std::fs::File>;

    /// Whether this user may make and rename files in `directory`.
    fn may_write(&self, directory: &Path) -> bool;

    /// The bytes that this user may still write on the file system of `directory`.
    ///
    /// # Errors
    /// As the operating system says.
    fn free_space(&self, directory: &Path) -> io::Result<u64>;

    /// Copies a file to a place where none is yet: temporary file, fsync, rename, fsync of the directory. Returns the
    /// sha256 of what was copied, in hexadecimal.
    ///
    /// # Errors
    /// As the operating system says; `AlreadyExists` if there is a file already; `InvalidData` if the copy's size is wrong.
    fn publish(&self, from: &Path, to: &Path) -> io::Result<String>;

    /// Makes sure that what was renamed to `path` survives a power cut.
    ///
    /// # Errors
    /// As the operating system says.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Takes the lock at `path`, which dies with its holder and which no child inherits. `Ok(Err(holder))` if another has
    /// it: what that one wrote about itself.
    ///
    /// # Errors
    /// As the operating system says.
    fn lock(&self, path: &Path, holder: &str) -> io::Result<std::result::Result<Lock, String>>;

    /// Where this hook's own program is.
    fn program(&self) -> PathBuf;

    /// The user that this hook runs as.
    fn user(&self) -> User;

    /// The account of a user id.
    fn user_named(&self, id: u32) -> User;

    /// The id of this boot; process ids of another boot mean nothing.
    fn boot_id(&self) -> String;

    /// The process with this id; nothing if it is gone or a zombie.
    fn process(&self, id: u32) -> Option<Process>;

    /// Every process that this user may see.
    fn processes(&self) -> Vec<Process>;

    /// The processes of a session, its leader's id being its own.
    fn session(&self, leader: u32) -> Vec<Process>;

    /// The children of a process.
    fn children(&self, id: u32) -> Vec<Process>;

    /// As whom a process acts on files; nothing if it is gone.
    fn credentials(&self, process: &ProcessIdentity) -> Option<Credentials>;

    /// Sends a signal to exactly this process; `false` if it is gone.
    ///
    /// # Errors
    /// As the operating system says, for example if the process is another user's.
    fn signal(&self, process: &ProcessIdentity, signal: Signal) -> io::Result<bool>;

    /// Starts a program out of the agent's reach: own session, nothing inherited, output appended to a file of its own.
    ///
    /// # Errors
    /// As the operating system says.
    fn launch(&self, launch: &Launch) -> io::Result<Process>;

    /// How a process that this hook launched has ended, if it has.
    fn ending(&self, process: &ProcessIdentity) -> Option<String>;

    /// How eager the kernel is to end this process when memory is short: 0 is usual, 1000 is first.
    ///
    /// # Errors
    /// As the operating system says.
    fn set_memory_sacrifice(&self, process: &ProcessIdentity, score: i32) -> io::Result<()>;

    /// The memory that a process holds, in bytes.
    fn resident_memory(&self, process: &ProcessIdentity) -> Option<u64>;

    /// The memory and swap that are to be had, in bytes.
    fn available_memory(&self) -> Option<u64>;

    /// Who listens on a port, on any address, IPv4 or IPv6.
    ///
    /// # Errors
    /// As the operating system says.
    fn listeners(&self, port: u16) -> io::Result<Vec<Listener>>;

    /// Whether anybody listens on a port, which is cheaper to say than who.
    ///
    /// # Errors
    /// As the operating system says.
    fn is_listened_on(&self, port: u16) -> io::Result<bool>;

    /// The connections that this host's own clients (nginx) hold towards a local port, as far as the other end may still
    /// answer on them.
    ///
    /// # Errors
    /// As the operating system says.
    fn connections_towards(&self, port: u16) -> io::Result<Vec<Connection>>;

    /// Where a program is: as given if it is a path, else looked for in `PATH` and in the system's directories.
    fn find_program(&self, name: &str) -> Option<PathBuf>;

    /// Runs a program to its end.
    ///
    /// # Errors
    /// `Kind::Settings` if it cannot be run or does not end in time, `Kind::Interrupted` after a signal.
    async fn run(&self, command: &[String], at_most: Duration) -> Result<ProgramOutput>;

    /// One GET on a connection of its own: no proxy, no redirect, size and time capped.
    ///
    /// # Errors
    /// `Kind::Interrupted` after a signal. Whatever the server does is an `Answer`.
    async fn get(&self, request: &Request) -> Result<Answer>;

    /// CodeDeploy's API.
    fn codedeploy(&self) -> &impl CodeDeploy;
}

/// Something that can be read at any place.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its kind.
    pub kind: FileKind,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner's user id.
    pub owner: u32,
    /// Its group's id.
    pub group: u32,
    /// Its size in bytes.
    pub size: u64,
    /// When its bytes or its inode last changed (ctime).
    pub changed: SystemTime,
}

/// The kinds of things that stand at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A directory.
    Directory,
    /// A regular file.
    Regular,
    /// A symbolic link.
    SymbolicLink,
    /// A FIFO, a socket or a device.
    Special,
}

/// A held lock. It is free again when this is dropped or its process dies.
#[derive(Debug)]
pub struct Lock {
    _file: Option<std::fs::File>,
}

/// An account of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user id.
    pub id: u32,
    /// The name, or the id as text where there is none.
    pub name: String,
}

/// As whom a process acts on files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user id that the kernel checks (`fsuid`).
    pub user: u32,
    /// The ids of all its groups.
    pub groups: Vec<u32>,
}

/// What makes a process that process and no later one with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The process id.
    pub id: u32,
    /// When it started, in clock ticks since the boot (`/proc/PID/stat`, field 22).
    pub started: u64,
}

/// A process as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Which one it is.
    pub identity: ProcessIdentity,
    /// Its parent's id.
    pub parent: u32,
    /// The id of its session.
    pub session: u32,
    /// Its owner's user id.
    pub owner: u32,
    /// When it started, as time of day.
    pub started_at: SystemTime,
    /// Its command line; the title, where a process has rewritten it.
    pub command: Vec<String>,
}

impl Process {
    /// The command line as one text, cut to what fits into a message.
    #[must_use]
    pub fn summary(&self) -> String {
        let command = self.command.join(" ");
        let mut short: String = command.chars().take(80).collect();
        if short.len() < command.len() {
            short.push('…');
        }
        short
    }
}

/// A socket that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The user id that owns the socket.
    pub owner: u32,
    /// The processes that hold the socket; empty if this user may not see them.
    pub processes: Vec<Process>,
}

/// The client's end of a connection from this host to a port of its own: enough to know it again at the next look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connection {
    /// The client's address and port.
    pub client: SocketAddr,
    /// The inode of the client's socket: ports are used again, also while somebody looks.
    pub inode: u64,
}

/// The signals that the hooks send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: please end.
    Terminate,
    /// SIGKILL: end.
    Kill,
    /// SIGHUP: to an nginx master, read the configuration again.
    Reload,
}

/// A program to start in a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The directory it works in.
    pub directory: PathBuf,
    /// The names of the variables it may inherit; a `*` at the end stands for anything.
    pub environment: Vec<String>,
    /// Variables that it gets besides, with their values.
    pub variables: Vec<(String, String)>,
    /// The file that its output is appended to.
    pub log: PathBuf,
}

/// What a program that ran to its end left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramOutput {
    /// Whether its exit status was 0.
    pub success: bool,
    /// How it ended: "exit status 1", "signal 9".
    pub ending: String,
    /// Its standard output.
    pub output: String,
    /// Its standard error.
    pub complaint: String,
}

/// One GET request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The whole URL; `https` only where a hook links CodeDeploy's API, and with it TLS.
    pub url: String,
    /// The `Host` header, where it is not the URL's own.
    pub host: Option<String>,
    /// When to give up.
    pub at_most: Duration,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A whole response.
    Response {
        /// The status code.
        status: u16,
        /// The `Location` header, cut before any `?`.
        location: Option<String>,
        /// The body, at most 64 KiB of it, trimmed.
        body: String,
    },
    /// No whole response: the reason, as a fragment such as "connection refused".
    Silence(String),
}
