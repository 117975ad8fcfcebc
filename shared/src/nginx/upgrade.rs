//! An upgrade of nginx's program that is not at its end: two masters serve side by side, each with workers of its own, and one
//! reload reaches only one of them (F101).

use std::path::Path;

use crate::error::{Error, Kind};
use crate::host::{Host, Process};
use crate::language::translated;
use crate::nginx::workers;

/// What nginx adds to the name of the pid file of the master that is to go.
const OLD: &str = ".oldbin";

/// The master beside this one, if there is one: the one that started it, or the one that it is to follow.
pub fn other_master(host: &impl Host, master: &Process, pid_file: &Path) -> Option<u32> {
    let parent = host.process(master.parent).filter(workers::is_master);
    let old = || {
        let mut name = pid_file.as_os_str().to_owned();
        name.push(OLD);
        let name = Path::new(&name);
        // Why there is none is nobody's question here, and costly to find out.
        host.describe(name).ok()?;
        workers::master(host, name).ok().filter(|old| old.identity != master.identity)
    };
    parent.or_else(old).map(|other| other.identity.id)
}

/// The error of a host on which two masters serve.
#[must_use]
pub fn unfinished(master: &Process, other: u32) -> Error {
    let this = master.identity.id;
    Error::new(
        Kind::ProxyBroken,
        translated!("two masters of nginx serve, process {this} and process {other}: an upgrade of its program is not at its end"),
    )
    .advise(translated!(
        "end the one that is to go (`kill -QUIT {other}` lets its requests end; nginx's manual, \"Upgrading Executable\"), then \
         deploy again"
    ))
}
