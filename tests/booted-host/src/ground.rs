//! What scripts/host-test.sh hands over by variables: what hosts are booted from, and where.

use std::env;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;

/// What all hosts of one run have in common.
pub(crate) struct Ground {
    /// A root file system that nobody writes into.
    pub(crate) root_file_system: PathBuf,
    /// The same as the image of a disk, for hosts with a kernel of their own.
    pub(crate) image: PathBuf,
    /// For what hosts write; the script removes it.
    pub(crate) directory: PathBuf,
    /// The hooks, the demo service and the agent, without what only a debugger reads.
    pub(crate) programs: PathBuf,
    /// Releases of the sample of Spring Boot.
    pub(crate) jars: PathBuf,
    /// Of version 2, and of this run alone; the script removes it.
    pub(crate) control_group: PathBuf,
}

impl Ground {
    pub(crate) fn handed_over() -> anyhow::Result<Self> {
        Ok(Self {
            root_file_system: variable("BOOTED_HOST_ROOT_FILE_SYSTEM")?,
            image: variable("BOOTED_HOST_IMAGE")?,
            directory: variable("BOOTED_HOST_DIRECTORY")?,
            programs: variable("BOOTED_HOST_PROGRAMS")?,
            jars: variable("BOOTED_HOST_JARS")?,
            control_group: variable("BOOTED_HOST_CONTROL_GROUP")?,
        })
    }

    /// A name that no other host of this run has.
    pub(crate) fn new_name() -> String {
        static HOSTS: AtomicU32 = AtomicU32::new(1);
        format!("host-{}", HOSTS.fetch_add(1, Ordering::Relaxed))
    }
}

fn variable(name: &str) -> anyhow::Result<PathBuf> {
    env::var_os(name).map(PathBuf::from).with_context(|| {
        format!("`{name}` is not set; needed what a host is booted from: run scripts/host-test.sh as root")
    })
}
