//! What a host boots in: a container on the machine's kernel, or a kernel of its own.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::condition::Condition;
use crate::inside::Outcome;

/// How a host ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// systemd ends all that runs, one after another.
    Orderly,
    /// All that runs is killed in one moment. What was written is kept only where it is the machine's kernel that has it.
    Cut,
}

/// One host's machine, which can be told to end and be started again from what is on its disk.
pub trait Machine: Sync {
    /// Runs a program in the host, as root, and waits for its end.
    ///
    /// # Errors
    /// The host has ended.
    fn run(&self, program_and_arguments: &[&str]) -> anyhow::Result<Outcome>;

    /// Waits until a condition holds in the host.
    ///
    /// # Errors
    /// The host has ended, or it did not come to hold within three minutes.
    fn wait_for(&self, condition: &Condition) -> anyhow::Result<()>;

    /// A directory that both sides see: where it is out here, and in the host.
    fn shared(&self) -> (PathBuf, &'static str);

    /// A process in whose network the host can be reached, by the id that it has out here.
    fn neighbour(&self) -> u32;

    /// Where the host is reached from there.
    fn address(&self) -> Ipv4Addr;

    /// Has it end; whether it has ended is not waited for.
    ///
    /// # Errors
    /// The kernel does not do that.
    fn end(&self, end: End) -> anyhow::Result<()>;

    /// Waits until it has ended, and starts it again.
    ///
    /// # Errors
    /// It does not end, or cannot be started.
    fn start_again(&mut self) -> anyhow::Result<()>;

    /// Waits until systemd has come to the end of the boot.
    ///
    /// # Errors
    /// It does not come up.
    fn wait_until_booted(&self) -> anyhow::Result<()>;

    /// What its console has said.
    fn console(&self) -> String;
}
