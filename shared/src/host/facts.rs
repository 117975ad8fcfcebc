//! What the host is asked for and what it shows, as plain data: files, processes, listeners, programs, requests and answers.

use std::fmt;
use std::io::{Read, Seek};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::report::duration;

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
    /// When its bytes last changed (mtime).
    pub written: SystemTime,
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

/// What a process holds of this host's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessMemory {
    /// At this moment.
    pub now: u64,
    /// At most, since it began.
    pub peak: u64,
}

/// What a thread in which a JVM compiles has had of the processors since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompilerTime {
    /// Its id.
    pub thread: u32,
    /// For how long it was at work.
    pub ran: Duration,
    /// For how long it had work and no processor to do it; nothing where the kernel does not count that.
    pub waited: Duration,
}

/// Memory that can be had, in bytes, swap included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailableMemory {
    /// How much.
    pub bytes: u64,
    /// The control group whose limit leaves no more; nothing where the host itself has no more.
    pub limited_by: Option<String>,
}

impl AvailableMemory {
    /// The same once so many bytes more were given back.
    #[must_use]
    pub fn with(&self, more: u64) -> AvailableMemory {
        AvailableMemory { bytes: self.bytes.saturating_add(more), limited_by: self.limited_by.clone() }
    }
}

/// What share of the processors a session of processes has, where others want them as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// As much as any other.
    Equal,
    /// A third of what any other has.
    Small,
    /// As little as there is. It may not be taken back without privilege.
    Least,
}

/// How large the hooks' own log may become, and how many of its predecessors are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// Bytes; once it is larger it is set aside.
    pub size: u64,
    /// How many that were set aside are kept.
    pub keep: u32,
}

/// A held lock. It is free again when this is dropped or its process dies.
#[derive(Debug)]
pub struct Lock {
    _holding: Box<dyn fmt::Debug>,
}

impl Lock {
    /// A lock that is held for as long as `holding` is kept.
    pub fn held_by(holding: impl fmt::Debug + 'static) -> Lock {
        Lock { _holding: Box::new(holding) }
    }
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
    /// The address that it listens on; IPv4 where that stands in an IPv6 one.
    pub address: IpAddr,
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

/// The first line of a program's output that says something.
#[must_use]
pub fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
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

/// A GET request as nginx passes it on, with what a proxy says of whom it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxiedRequest {
    /// The request itself.
    pub request: Request,
    /// Whether it came to nginx over https.
    pub https: bool,
    /// The `Cookie` header, if it has one.
    pub cookie: Option<String>,
    /// Whether it is in HTTP/1.0 and asks for the end of its connection, as nginx asks by default, or in HTTP/1.1 as with
    /// `proxy_http_version 1.1`. An application answers each in a way of its own, such as a body in chunks.
    pub closes: bool,
    /// Whether it accepts what a browser does, in its order, or whatever there is, as programs do.
    pub as_browser: bool,
}

/// An answer without its body, and how long it took with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedAnswer {
    /// What came back.
    pub answer: Answer,
    /// From the connection to the last byte.
    pub took: Duration,
    /// Its `Set-Cookie` headers, as far as they are plain text.
    pub cookies: Vec<String>,
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

/// How the reason of an answer begins that did not come in time.
const LATE: &str = "no whole answer within";

impl Answer {
    /// No whole response in time: somebody took the connection, and may be busy.
    #[must_use]
    pub fn late(at_most: Duration) -> Answer {
        Answer::Silence(format!("{LATE} {}", duration(at_most)))
    }

    /// Whether it only did not come in time.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(self, Answer::Silence(why) if why.starts_with(LATE))
    }
}
