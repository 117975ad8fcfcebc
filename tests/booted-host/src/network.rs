//! Does something in the host's network, where its loopback addresses are. What is started there stays there.

use std::fs::File;
use std::os::fd::AsFd;
use std::panic::resume_unwind;
use std::thread;

use anyhow::Context;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A thread belongs to one network; so this is done in a thread of its own, which ends with it.
pub(crate) fn within<T: Send>(leader: u32, act: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
    let path = format!("/proc/{leader}/ns/net");
    let network = File::open(&path).with_context(|| format!("`{path}` could not be opened: the host has ended"))?;
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                .with_context(|| format!("`{path}` could not be entered"))?;
            Ok(act())
        });
        inside.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
