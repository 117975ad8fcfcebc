//! A host with a kernel of its own (user-mode-linux): what it has not brought to its disk is lost by a cut, and its memory is its
//! own. It is reached by a network of its own, which nobody else is in.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, bail};

use crate::commands::{self, PORT, Question};
use crate::condition::Condition;
use crate::control_group::ControlGroup;
use crate::ground::Ground;
use crate::inside::Outcome;
use crate::machine::{End, Machine};
use crate::network;
use crate::overlay::Overlay;
use crate::site::{self, Features};
use crate::wait::wait_until;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// Makes the network that is left to this host alone, and becomes what is named behind it.
const IN_A_NETWORK: &str = "ip tuntap add tap0 mode tap && ip address add 10.0.0.1/24 dev tap0 && ip link set tap0 up \
    && ip neighbour replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev tap0 && exec \"$@\"";

/// A kernel, as a process of the machine's. Dropped, it is killed, and its disk is gone.
#[derive(Debug)]
pub struct OwnKernel {
    /// What is its own: the disk, what it says, and what it is handed.
    directory: PathBuf,
    /// What all disks are made of, each keeping what is other on it.
    image: PathBuf,
    megabytes: u32,
    kernel: Child,
    control_group: ControlGroup,
}

impl OwnKernel {
    pub(crate) fn start(ground: &Ground, features: Features, megabytes: u32) -> anyhow::Result<Self> {
        let name = Ground::new_name();
        let directory = ground.directory.join(&name);
        let overlay = Overlay::mount(&ground.root_file_system, directory.join("overlay"))?;
        site::lay_out(&overlay.root(), &ground.programs, features)?;
        site::lay_out_own_kernel(&overlay.root(), &ground.programs, &shared_with(&directory))?;
        let control_group = ControlGroup::make(ground.control_group.join(&name))?;
        fs::create_dir_all(shared_with(&directory))
            .with_context(|| format!("`{}` could not be given its directory", directory.display()))?;
        // The first process puts what was laid out on the disk before it becomes systemd, which finds all of it there.
        let laid_out = overlay.above();
        let first = format!(
            "mount -t hostfs -o {} none /mnt && cp -a --remove-destination /mnt/. / && umount /mnt && exec /sbin/init",
            laid_out.display()
        );
        let kernel = start(
            &directory,
            &ground.image,
            megabytes,
            &control_group,
            &["init=/bin/sh", "--", "-c", &format!("\"{first}\"")],
        )?;
        let started = Self { directory, image: ground.image.clone(), megabytes, kernel, control_group };
        started.wait_until_booted().with_context(|| format!("its console says:\n{}", started.console()))?;
        drop(overlay);
        Ok(started)
    }

    /// There while the kernel runs.
    fn network(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.kernel.id()))
    }

    fn ask(&self, question: &Question) -> anyhow::Result<Outcome> {
        network::within(self.kernel.id(), || commands::ask((ADDRESS, PORT).into(), &self.network(), question))?
    }
}

impl Machine for OwnKernel {
    fn run(&self, program_and_arguments: &[&str]) -> anyhow::Result<Outcome> {
        self.ask(&Question::Run(program_and_arguments.iter().map(|word| (*word).to_owned()).collect()))
    }

    fn wait_for(&self, condition: &Condition) -> anyhow::Result<()> {
        let outcome = self.ask(&Question::When(condition.clone()))?;
        if outcome.code != 0 {
            bail!("waited until {condition:?}, and it did not come to be");
        }
        Ok(())
    }

    fn shared(&self) -> (PathBuf, &'static str) {
        (shared_with(&self.directory), site::SHARED)
    }

    fn neighbour(&self) -> u32 {
        self.kernel.id()
    }

    fn address(&self) -> Ipv4Addr {
        ADDRESS
    }

    fn end(&self, end: End) -> anyhow::Result<()> {
        match end {
            End::Orderly => {
                // It may be gone before it can say that it goes.
                drop(self.run(&["systemctl", "--no-block", "reboot"]));
                Ok(())
            }
            End::Cut => self.control_group.kill(),
        }
    }

    fn start_again(&mut self) -> anyhow::Result<()> {
        self.kernel.wait().context("the kernel could not be waited for")?;
        self.control_group.wait_until_empty()?;
        self.kernel = start(&self.directory, &self.image, self.megabytes, &self.control_group, &[])?;
        Ok(())
    }

    fn wait_until_booted(&self) -> anyhow::Result<()> {
        let is_running = ["systemctl", "is-system-running", "--wait"];
        let mut runs = true;
        wait_until("systemd has come to the end of the boot", || {
            runs = fs::metadata(self.network()).is_ok();
            !runs || self.run(&is_running).is_ok()
        })?;
        if !runs {
            bail!("the kernel has ended");
        }
        Ok(())
    }

    fn console(&self) -> String {
        String::from_utf8_lossy(&fs::read(console(&self.directory)).unwrap_or_default()).into_owned()
    }
}

impl Drop for OwnKernel {
    fn drop(&mut self) {
        // What is left is ended with the run, by scripts/host-test.sh.
        drop(self.control_group.kill());
        drop(self.kernel.wait());
        drop(self.control_group.wait_until_empty());
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// What is seen in the host at [`site::SHARED`].
fn shared_with(directory: &Path) -> PathBuf {
    directory.join("shared")
}

fn console(directory: &Path) -> PathBuf {
    directory.join("console")
}

fn start(
    directory: &Path,
    image: &Path,
    megabytes: u32,
    group: &ControlGroup,
    arguments: &[&str],
) -> anyhow::Result<Child> {
    let path = console(directory);
    let output = File::options().create(true).append(true).open(&path);
    let output = output.with_context(|| format!("`{}` could not be opened", path.display()))?;
    let errors = output.try_clone().with_context(|| format!("`{}` could not be shared", path.display()))?;
    let mut command = group.command("unshare");
    let kernel = command
        .args(["--net", "sh", "-c", IN_A_NETWORK, "sh", "linux.uml"])
        .arg(format!("mem={megabytes}M"))
        .arg(format!("ubd0={},{}", directory.join("disk").display(), image.display()))
        .arg(format!("uml_dir={}", directory.join("kernel").display()))
        .args(["umid=host", "root=/dev/ubda", "rw", "noreboot", "con=null", "con0=null,fd:1", "ssl=null"])
        .args(["vec0:transport=tap,ifname=tap0,depth=128,mac=02:00:00:00:00:02", "systemd.show_status=no", "quiet"])
        .args(arguments)
        // It ends those of its group when it ends.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .context("`sh` could not be run")?;
    let devices = format!("/proc/{}/net/dev", kernel.id());
    wait_until("the host's network is there", || {
        fs::read_to_string(&devices).is_ok_and(|devices| devices.contains("tap0:"))
    })?;
    Ok(kernel)
}
