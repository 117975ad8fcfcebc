//! What was done to the host, in order, with what has to be known to judge it: which port nginx sent traffic to just then.

use std::path::PathBuf;
use std::time::Duration;

use shared::host::{Process, ProcessIdentity, Signal};

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, since the host came into being.
    pub at: Duration,
    /// The port that traffic went to, or would go to if nginx ran.
    pub live_port: Option<u16>,
    /// What was done.
    pub deed: Deed,
}

/// What a hook can do to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A signal was sent.
    Signalled {
        /// To whom.
        process: Process,
        /// Which.
        signal: Signal,
        /// What that process was.
        nature: Nature,
    },
    /// A file was replaced.
    Wrote(PathBuf),
    /// An artifact was copied to a new place.
    Published(PathBuf),
    /// A file or directory was removed.
    Removed(PathBuf),
    /// A release was started.
    Launched {
        /// The process.
        process: ProcessIdentity,
        /// The port that it was told to open.
        port: u16,
    },
    /// A process was made more or less likely to be ended when memory is short.
    Sacrificed(ProcessIdentity, i32),
    /// A program was run.
    Ran(Vec<String>),
}

/// What a process is to the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It belongs to the release that gets the traffic.
    Live,
    /// It belongs to another release.
    Release,
    /// nginx's master.
    NginxMaster,
    /// Anything else.
    Stranger,
}
