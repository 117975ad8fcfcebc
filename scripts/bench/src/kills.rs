//! The live application is killed with SIGKILL under load, again and again: nginx falls back to the standby, the same release
//! is started again as it was, and nginx returns to it. No hook has a part in this.
//!
//! Only requests take part that nginx can send again: what had begun to stream is cut with the process that streamed it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::Context;
use procfs::process::{Process, all_processes};
use rustix::process::{Pid, Signal, kill_process};
use strict_client::Mode;
use workstation::console::Console;
use workstation::{interruption, programs};

use crate::host::Host;
use crate::load::RunningLoad;
use crate::rates;
use crate::tally::Tally;

/// Who asks meanwhile. nginx does not send a POST again that it had begun to send.
const MODES: [Mode; 5] = [Mode::Fresh, Mode::KeepAlive, Mode::Blind, Mode::Retry, Mode::Post];
/// Answers between a kill and the next step.
const ANSWERS: u64 = 20;
const AT_MOST: Duration = Duration::from_secs(20);
/// So many kills share a load.
const KILLS_OF_A_LOAD: u64 = 10;

/// Kills so many times; the tally's cutovers are the kills.
///
/// # Errors
/// The live process is not found, or the standby does not take over.
pub(crate) fn play(host: &Host, kills: u64, rate: u32, console: &Console) -> anyhow::Result<Tally> {
    let rates = rates::plan(rate, &MODES, &[]);
    let mut tally = Tally::default();
    let mut children: Vec<Child> = Vec::new();
    while tally.cutovers < kills {
        let load = RunningLoad::start(&host.sandbox, &rates, Duration::ZERO)?;
        let mut done = 0;
        while done < KILLS_OF_A_LOAD && tally.cutovers + done < kills {
            interruption::check()?;
            let live = host.serving()?;
            let process = Application::that_serves(host, &live)?;
            process.kill()?;
            for child in &mut children {
                child.try_wait().context("a process that was killed cannot be reaped")?;
            }
            host.sandbox
                .wait_until("the standby serves", AT_MOST, || host.serving().is_ok_and(|serving| serving != live))?;
            load.wait_for_more(ANSWERS, &MODES)?;
            children.push(process.start_again()?);
            host.wait_for(&live)?;
            load.wait_for_more(ANSWERS, &MODES)?;
            done += 1;
        }
        tally.add(load.finish()?.summary(), done);
        console.line(&format!("{} of {kills} SIGKILLs of the live application", tally.cutovers));
    }
    Ok(tally)
}

/// What must not have happened: a failed GET. POSTs are counted and told.
pub(crate) fn breaches(tally: &Tally) -> Vec<String> {
    let gets = tally.modes.iter().filter(|(mode, count)| **mode != Mode::Post && count.failed > 0);
    gets.map(|(mode, count)| {
        format!("SIGKILL: {} of {} GETs failed in `{mode}`: {:?}", count.failed, count.requests, count.kinds)
    })
    .collect()
}

/// A running release, and how it was started.
struct Application {
    id: i32,
    command: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    directory: PathBuf,
}

impl Application {
    /// The one whose own answer at one of the two ports names this release.
    fn that_serves(host: &Host, release: &str) -> anyhow::Result<Self> {
        let ports = host.sandbox.ports();
        let serves =
            |port: &u16| host.sandbox.direct_get(*port, "/").is_ok_and(|answer| answer.release() == Some(release));
        let port = [ports.blue, ports.green].into_iter().find(serves);
        let port = port.with_context(|| format!("`{release}` serves at the door and answers at neither port"))?;
        let option = OsString::from(format!("-Dserver.port={port}"));
        for process in all_processes()?.flatten() {
            let Ok(command) = process.cmdline() else { continue };
            if command.iter().any(|argument| option == argument.as_str()) {
                return Self::of(&process);
            }
        }
        anyhow::bail!("no process was started with `{}`", option.display());
    }

    fn of(process: &Process) -> anyhow::Result<Self> {
        Ok(Self {
            id: process.pid,
            command: process.cmdline()?.into_iter().map(OsString::from).collect(),
            variables: process.environ()?.into_iter().collect(),
            directory: process.cwd()?,
        })
    }

    fn kill(&self) -> anyhow::Result<()> {
        let id = Pid::from_raw(self.id).context("a process has the id 0")?;
        kill_process(id, Signal::KILL).with_context(|| format!("process {} could not be killed", self.id))
    }

    fn start_again(&self) -> anyhow::Result<Child> {
        let (program, arguments) = self.command.split_first().context("a process has no command line")?;
        let mut command = programs::command(program);
        command.args(arguments).env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().with_context(|| format!("`{}` could not be started again", program.display()))
    }
}
