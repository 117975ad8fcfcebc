//! The only way to the world: processes, listeners, files, programs, HTTP and the clock. `Host` says what the hooks may
//! ask of it, `facts` what comes back; `machine` is the real one, one file per outside thing. Tests use the one in memory,
//! `tests/fake-host`.

mod clock;
pub mod codedeploy;
mod compilers;
mod control_groups;
mod detach;
mod facts;
mod files;
mod holders;
mod http;
mod listeners;
mod log;
mod machine;
mod memory;
mod processes;
mod programs;
mod sessions;
mod signals;
mod sockets;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use self::codedeploy::{CodeDeploy, NotLinked};
pub(crate) use self::detach::OPEN_FILES;
pub use self::detach::become_program;
pub use self::facts::{
    Answer, AvailableMemory, CompilerTime, Connection, Credentials, FileFacts, FileKind, Launch, Listener, Lock,
    LogLimits, Process, ProcessIdentity, ProcessMemory, ProgramOutput, ProxiedRequest, ReadSeek, Request, Share,
    Signal, TimedAnswer, User, first_line,
};
pub use self::files::{hexadecimal, is_temporary};
pub use self::machine::Machine;
pub use self::programs::tell_program;
use crate::error::Result;

/// Everything the hooks may ask of the host. What it returns is what was seen; nothing in here decides.
#[expect(async_fn_in_trait, reason = "a hook has one thread, so none of these futures has to be `Send`")]
pub trait Host {
    /// The time since this hook began, monotonic.
    fn elapsed(&self) -> Duration;

    /// The time of day, for names and for the log; never for measuring.
    fn wall_clock(&self) -> SystemTime;

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
    /// `NotFound` where nothing is there; `InvalidInput` for anything but a regular file, without waiting on it; else what the
    /// operating system says.
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What kind of thing stands at `path`, without following a symbolic link.
    ///
    /// # Errors
    /// `NotFound` where nothing is there; `PermissionDenied` below a directory that this user may not pass.
    fn describe(&self, path: &Path) -> io::Result<FileFacts>;

    /// The one name of what is there: without `.`, `..` and `//`, every symbolic link on the way followed.
    ///
    /// # Errors
    /// `NotFound` where nothing is there, or a link leads to nothing; `PermissionDenied` below a directory that this user may not
    /// pass.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// The names in a directory, in no order, `.` and `..` left out.
    ///
    /// # Errors
    /// `NotFound` where there is no directory; `PermissionDenied` where this user may not read it.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// Opens a regular file for reading, without waiting on anything that is none.
    ///
    /// # Errors
    /// As `read_file`.
    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadSeek>>;

    /// Replaces a file in one atomic step that survives a power cut: temporary file beside it, fsync, rename, fsync of the
    /// directory. An existing file's owner and mode are kept; a new one gets `mode`.
    ///
    /// # Errors
    /// `NotFound` without the directory above; `PermissionDenied` where this user may not make files in it; else what the
    /// operating system says, with the old file still whole.
    fn replace_file(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()>;

    /// The same without the last fsync, for what counts as long as this host runs: after a power cut the old file may be back, as
    /// whole as the new one.
    ///
    /// # Errors
    /// As `replace_file`.
    fn replace_file_of_this_boot(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()>;

    /// Makes a directory and what is missing above it. It gets exactly `mode`; one that is there stays as it is.
    ///
    /// # Errors
    /// `AlreadyExists` where a file stands in its place; `PermissionDenied` where this user may not make it.
    fn make_directory(&self, path: &Path, mode: u32) -> io::Result<()>;

    /// Gives a file or directory to the user with the id `owner`; its group stays, and a symbolic link is not followed.
    ///
    /// # Errors
    /// `PermissionDenied` for anybody but root; `NotFound` where nothing is there.
    fn give(&self, path: &Path, owner: u32) -> io::Result<()>;

    /// Gives a file another name in the same directory, in one step that survives a power cut and needs no room: whatever has that
    /// name is replaced.
    ///
    /// # Errors
    /// `NotFound` where nothing is there; `PermissionDenied` where this user may not write in the directory above; `IsADirectory`
    /// where a directory has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file, in a way that survives a power cut, or a whole directory.
    ///
    /// # Errors
    /// `NotFound` where nothing is there; `PermissionDenied` where this user may not write in the directory above.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Opens the hooks' own log to append to it; it is made, readable for all, where there is none, and set aside where it is
    /// larger than its limit.
    ///
    /// # Errors
    /// `NotFound` without the directory above; `PermissionDenied` where another user's log stands there.
    fn open_log(&self, path: &Path, limits: LogLimits) -> io::Result<std::fs::File>;

    /// Whether this user may make and rename files in `directory`.
    fn may_write(&self, directory: &Path) -> bool;

    /// The bytes that this user may still write on the file system of `directory`.
    ///
    /// # Errors
    /// `NotFound` where there is no such directory.
    fn free_space(&self, directory: &Path) -> io::Result<u64>;

    /// Copies a file to a place where none is yet: temporary file, fsync, rename, fsync of the directory. Returns the
    /// sha256 of what was copied, in hexadecimal.
    ///
    /// # Errors
    /// `AlreadyExists` if there is a file at `to` already; `InvalidData` if `from` changed meanwhile; `StorageFull`; else as
    /// `read_file` and `make_directory`. No part of a copy is left.
    fn publish(&self, from: &Path, to: &Path) -> io::Result<String>;

    /// Makes sure that what was renamed to `path` survives a power cut.
    ///
    /// # Errors
    /// As `read_file`: who may not read the file cannot make sure.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Takes the lock at `path`, which dies with its holder and which no child inherits. `Ok(Err(holder))` if another has
    /// it: what that one wrote about itself.
    ///
    /// # Errors
    /// `NotFound` without the directory above; `PermissionDenied` where the file is another user's.
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

    /// Whether exactly this process lives, which costs less than to describe it.
    fn lives(&self, process: &ProcessIdentity) -> bool;

    /// Whether a process has this id that this user is not shown (`hidepid`).
    fn is_hidden(&self, id: u32) -> bool;

    /// The ids that a process has in the PID namespaces it is in, this host's first: more than one where it is in a container.
    fn ids_in_namespaces(&self, process: &ProcessIdentity) -> Vec<u32>;

    /// Every process that this user may see.
    fn processes(&self) -> Vec<Process>;

    /// The processes of a session, its leader's id being its own.
    fn session(&self, leader: u32) -> Vec<Process>;

    /// The children of a process.
    fn children(&self, id: u32) -> Vec<Process>;

    /// The control group of a process, as systemd sees it; nothing if the process is gone.
    fn control_group(&self, id: u32) -> Option<String>;

    /// As whom a process acts on files; nothing if it is gone.
    fn credentials(&self, process: &ProcessIdentity) -> Option<Credentials>;

    /// Sends a signal to exactly this process; `false` if it is gone.
    ///
    /// # Errors
    /// `PermissionDenied` if the process is another user's.
    fn signal(&self, process: &ProcessIdentity, signal: Signal) -> io::Result<bool>;

    /// Starts a program out of the agent's reach: own session, nothing inherited, output appended to a file of its own.
    ///
    /// # Errors
    /// `NotFound` without the program or the working directory; `PermissionDenied` where the program may not be run or the log
    /// not be written.
    fn launch(&self, launch: &Launch) -> io::Result<Process>;

    /// How a process that this hook launched has ended, if it has.
    fn ending(&self, process: &ProcessIdentity) -> Option<String>;

    /// How eager the kernel is to end this process when memory is short: 0 is usual, 1000 is first. Where it may not fall so low, as
    /// below what root has given to the manager of a user, it falls as low as it may.
    ///
    /// # Errors
    /// `NotFound` if the process is gone; `PermissionDenied` for another user's.
    fn set_memory_sacrifice(&self, process: &ProcessIdentity, score: i32) -> io::Result<()>;

    /// Lets the session of this process have that share of the processors. What a person has set otherwise stays, and where the kernel
    /// has no autogroups nothing happens.
    ///
    /// # Errors
    /// `NotFound` if the process is gone; `PermissionDenied` for another user's; `WouldBlock` within a tenth of a second of another
    /// change on this host.
    fn set_processor_share(&self, process: &ProcessIdentity, share: Share) -> io::Result<()>;

    /// The memory that a process holds; nothing if it is gone.
    fn memory(&self, process: &ProcessIdentity) -> Option<ProcessMemory>;

    /// What each thread in which a JVM compiles has had of the processors; none in a process that is no JVM, nothing if it is gone. A
    /// thread that ends takes its own with it.
    fn compiler_times(&self, process: &ProcessIdentity) -> Option<Vec<CompilerTime>>;

    /// How many processes of this host the kernel has ended for want of memory since the boot; none where it does not count them.
    fn ended_for_memory(&self) -> u64;

    /// How many they were when this run began.
    fn ended_for_memory_before(&self) -> u64;

    /// The memory and swap that a process in this control group can still have; without one, in the group of this run itself.
    fn available_memory(&self, group: Option<&str>) -> Option<AvailableMemory>;

    /// Who listens on a port, on any address, IPv4 or IPv6. Where a process that this run has asked about holds the socket, others that
    /// share it may be left out.
    ///
    /// # Errors
    /// What the kernel says where its sockets or `/proc` cannot be read; an unused port is an empty list, and no error.
    fn listeners(&self, port: u16) -> io::Result<Vec<Listener>>;

    /// Whether anybody listens on a port, which is cheaper to say than who.
    ///
    /// # Errors
    /// What the kernel says where its sockets cannot be read; an unused port is `false`, and no error.
    fn is_listened_on(&self, port: u16) -> io::Result<bool>;

    /// The connections that this host's own clients (nginx) hold towards a local port, as far as the other end may still
    /// answer on them.
    ///
    /// # Errors
    /// What the kernel says where its sockets cannot be read.
    fn connections_towards(&self, port: u16) -> io::Result<Vec<Connection>>;

    /// Where a program is: as given if it is a path, else looked for in `PATH` and in the system's directories.
    fn find_program(&self, name: &str) -> Option<PathBuf>;

    /// Runs a program to its end.
    ///
    /// # Errors
    /// `Kind::Settings` if it cannot be run or does not end in time, `Kind::NotAllowed` if this user may not run it,
    /// `Kind::Interrupted` after a signal.
    async fn run(&self, command: &[String], at_most: Duration) -> Result<ProgramOutput>;

    /// One GET on a connection of its own: no proxy, no redirect, size and time capped.
    ///
    /// # Errors
    /// `Kind::Interrupted` after a signal. Whatever the server does is an `Answer`.
    async fn get(&self, request: &Request) -> Result<Answer>;

    /// Several GETs at once as nginx passes them on, each on a connection of its own: no redirect, time capped, bodies read and
    /// dropped up to 1 MiB. The answers stand in the order of the requests, without bodies.
    ///
    /// # Errors
    /// `Kind::Interrupted` after a signal. Whatever the server does is an `Answer`.
    async fn get_as_proxy(&self, requests: &[ProxiedRequest]) -> Result<Vec<TimedAnswer>>;

    /// CodeDeploy's API.
    fn codedeploy(&self) -> &impl CodeDeploy;
}
