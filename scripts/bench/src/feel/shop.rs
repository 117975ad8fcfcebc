//! A host with the real application: tests/spring-app as large as what people deploy, in its slots.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agent::AppSpec;
use anyhow::Context;
use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process};
use sandbox::Binaries;
use workstation::files;

use super::Treatment;
use crate::host;
use crate::invocation::Invocation;
use crate::timed_run;
use crate::way::Way;

/// The pages that are asked for, in the same number each.
pub(crate) const PAGES: [&str; 6] =
    ["/products", "/products?name=1&page=2", "/products/7", "/ratings", "/api/products", "/api/ratings"];
/// The releases that take turns: the same code under two names.
const RELEASES: [&str; 2] = ["v1", "v2"];
/// How long the archive of classes may take: it waits until the first users are through, and has the least share.
const ARCHIVE: Duration = Duration::from_mins(10);

/// A host with the application.
#[derive(Debug)]
pub(crate) struct Shop {
    host: host::Host,
    jars: Vec<PathBuf>,
    deploys: usize,
}

/// A release that is there to be deployed.
#[derive(Clone, Debug)]
pub(crate) struct Staged {
    pub(crate) release: String,
    /// The hooks that deploy it, in order.
    pub(crate) invocations: Vec<Invocation>,
}

/// What a deploy was.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    /// The release that serves now.
    pub(crate) release: String,
    /// When the first hook began, and when the last one ended.
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    /// From the start of the release to its proof, with the warm-up.
    pub(crate) boot: Duration,
    /// What its process took of the processors until then.
    pub(crate) boot_cpu: Option<Duration>,
}

impl Shop {
    /// A host on which a release of it serves.
    ///
    /// # Errors
    /// It does not come up.
    pub(crate) fn open(
        treatment: Treatment,
        binaries: &Binaries,
        baseline: &Path,
        jars: &Path,
        java: &Path,
    ) -> anyhow::Result<Shop> {
        let way = if treatment.has_hooks() { Way::Instant } else { Way::Scripts };
        let host = host::Host::with_java(way, binaries.clone(), baseline, Some(java))?;
        for (key, value) in treatment.settings() {
            host.sandbox.set(key, &value)?;
        }
        host.sandbox.set("app.jvm_options", "[\"-Xmx400m\"]")?;
        host.sandbox.set("health.patience", "\"5m\"")?;
        host.tell_ports_by_profile()?;
        let jars: Vec<PathBuf> = RELEASES.iter().map(|name| jars.join(format!("shop-{name}.jar"))).collect();
        for jar in &jars {
            if !jar.exists() {
                anyhow::bail!("`{}` is not there; scripts/bench.sh builds it", jar.display());
            }
        }
        let mut shop = Shop { host, jars, deploys: 0 };
        // One in each slot, as on a host that has been deployed to before.
        for _ in 0..2 {
            let deployed = shop.deploy()?;
            shop.wait_for(&deployed.release)?;
        }
        if treatment.has_archive() {
            shop.wait_for_archive()?;
        }
        Ok(shop)
    }

    /// Waits until the archive is made for the releases that follow, which have the same libraries.
    fn wait_for_archive(&self) -> anyhow::Result<()> {
        let libraries = self.host.sandbox.directory().join("app/libraries");
        let is_made = || {
            let directories = std::fs::read_dir(&libraries).into_iter().flatten().flatten();
            let names = directories.flat_map(|directory| std::fs::read_dir(directory.path()).into_iter().flatten());
            names.flatten().any(|file| file.path().extension().is_some_and(|extension| extension == "jsa"))
        };
        self.wait_until("the class archive is made", ARCHIVE, is_made)
    }

    /// Lays out the other release as the agent does.
    ///
    /// # Errors
    /// It cannot be copied.
    pub(crate) fn stage(&mut self) -> anyhow::Result<Staged> {
        let number = self.deploys % self.jars.len();
        let same = self.host.sandbox.directory().join("application.jar");
        std::fs::copy(&self.jars[number], &same)
            .with_context(|| format!("`{}` could not be copied", self.jars[number].display()))?;
        self.host.sandbox.stage(&same)?;
        files::remove(&same)?;
        self.deploys += 1;
        let invocations = self.host.invocations(&AppSpec::parse(include_str!("../../../../appspec.yml"))?)?;
        Ok(Staged { release: RELEASES[number].to_owned(), invocations })
    }

    /// Deploys the other release.
    ///
    /// # Errors
    /// A hook fails.
    pub(crate) fn deploy(&mut self) -> anyhow::Result<Deployed> {
        let staged = self.stage()?;
        let ports = self.host.sandbox.ports();
        let began = Instant::now();
        let (mut boot, mut boot_cpu) = (Duration::ZERO, None);
        for invocation in &staged.invocations {
            let begins = Instant::now();
            timed_run::run(invocation)?;
            if matches!(invocation.hook, "start" | "health") {
                boot += begins.elapsed();
                boot_cpu = cpu_of_the_youngest_at(&[ports.blue, ports.green]);
            }
        }
        Ok(Deployed { release: staged.release, began, ended: Instant::now(), boot, boot_cpu })
    }

    /// The port of the slot in which nobody listens.
    ///
    /// # Errors
    /// Somebody listens in both.
    pub(crate) fn idle_port(&self) -> anyhow::Result<u16> {
        let ports = self.host.sandbox.ports();
        let is_idle = |port: &u16| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err();
        [ports.blue, ports.green].into_iter().find(is_idle).context("somebody listens in both slots")
    }

    /// Waits until a release, and no other, answers at the door: the scripts end before that.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn wait_for(&self, release: &str) -> anyhow::Result<()> {
        self.host.wait_for(release)
    }

    /// Waits until something is the case.
    ///
    /// # Errors
    /// It is not in time.
    pub(crate) fn wait_until(
        &self,
        what: &str,
        at_most: Duration,
        condition: impl FnMut() -> bool,
    ) -> anyhow::Result<()> {
        Ok(self.host.sandbox.wait_until(what, at_most, condition)?)
    }

    /// The port of its door.
    pub(crate) fn door(&self) -> u16 {
        self.host.sandbox.ports().door
    }

    /// Ends it.
    ///
    /// # Errors
    /// Something stays.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        Ok(self.host.sandbox.close()?)
    }
}

/// What the process that was started last of those that listen on one of these ports has taken of the processors until now.
pub(crate) fn cpu_of_the_youngest_at(ports: &[u16]) -> Option<Duration> {
    let sockets = [procfs::net::tcp().ok()?, procfs::net::tcp6().ok()?].concat();
    let is_one =
        |socket: &TcpNetEntry| socket.state == TcpState::Listen && ports.contains(&socket.local_address.port());
    let inodes: Vec<u64> = sockets.iter().filter(|socket| is_one(socket)).map(|socket| socket.inode).collect();
    let listens = |process: &Process| {
        let files = process.fd().into_iter().flatten().flatten();
        files.into_iter().any(|file| matches!(file.target, FDTarget::Socket(inode) if inodes.contains(&inode)))
    };
    let processes = procfs::process::all_processes().ok()?.filter_map(Result::ok).filter(listens);
    let youngest = processes.filter_map(|process| process.stat().ok()).max_by_key(|stat| stat.starttime)?;
    let ticks = youngest.utime + youngest.stime;
    Some(Duration::from_millis(ticks * 1000 / procfs::ticks_per_second()))
}
