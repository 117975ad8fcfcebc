//! How a release begins and opens its port: as the hooks launch it, and as the scripts did.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::app::{App, Binding};
use super::clock::{Clock, Due};
use super::journal::Deed;
use super::processes::{NewProcess, Part};
use super::world::World;
use shared::host::{Launch, Process, ProcessIdentity};

/// A launch of this command that inherits no variable and is given none.
#[must_use]
pub fn bare_launch(command: Vec<String>, directory: &Path, log: &Path) -> Launch {
    let (directory, log) = (directory.to_owned(), log.to_owned());
    Launch { command, directory, environment: Vec::new(), variables: Vec::new(), log }
}

impl World {
    /// Starts what `next_releases` says, else a good release.
    pub(super) fn launch(&mut self, launch: &Launch) -> io::Result<Process> {
        if let Some(kind) = self.faults.launch {
            self.faults.struck = true;
            return Err(kind.into());
        }
        // All of it, so that a new field is not forgotten here: a release in memory has no environment.
        let Launch { command, directory, environment: _, variables: _, log } = launch;
        let program = command.first().ok_or(io::ErrorKind::InvalidInput)?;
        if self.find_program(program).is_none() || self.files.list(directory).is_err() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let app = self.next_releases.pop_front().unwrap_or_else(App::good);
        let option = |names: &[&str]| {
            let value =
                |argument: &String| names.iter().find_map(|name| argument.strip_prefix(name)).map(str::to_owned);
            command.iter().find_map(value)
        };
        let profile = option(&["-Dspring.profiles.active=", "--spring.profiles.active="]).unwrap_or_default();
        let port = option(&["--server.port="]).and_then(|port| port.parse().ok()).unwrap_or(8080);
        let before = self.files.read(log).unwrap_or_default();
        let bytes = [before, format!("starting with {profile} on {port}\n").into_bytes()].concat();
        self.files.put(log, bytes, 0o640, self.user, self.clock.time_of_day())?;
        let identity = self.begin_release(app, &profile, port, command.clone(), self.user);
        self.processes.children_of_hook.push(identity);
        self.note(Deed::Launched { process: identity, port });
        self.processes.find(identity.id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Begins a release as a process of its own session.
    pub(super) fn begin_release(
        &mut self,
        app: App,
        profile: &str,
        port: u16,
        command: Vec<String>,
        owner: u32,
    ) -> ProcessIdentity {
        self.instances += 1;
        let (boots_after, death, memory) = (app.boots_after, Death::of(&app), app.memory);
        let new = NewProcess {
            parent: 1,
            session: None,
            owner,
            command,
            part: Part::Release { app, instance: self.instances, profile: profile.to_owned(), port, bound: None },
            listens_on: None,
            memory,
        };
        let identity = self.processes.spawn(&self.clock, new);
        self.clock.schedule(boots_after, Due::Bind(identity));
        death.schedule(&mut self.clock, identity);
        identity
    }

    /// A release has booted: it opens its port, and ends if somebody has it already.
    pub(super) fn bind(&mut self, identity: &ProcessIdentity) {
        let now = self.clock.now();
        let Some(running) = self.processes.get(identity) else { return };
        let Part::Release { app, instance, profile, port, .. } = running.part.clone() else { return };
        let mut process = running.process.clone();
        if app.binding == Binding::Never {
            return;
        }
        if self.processes.all().any(|other| other.listens_on == Some(port)) {
            self.processes.end(identity, "exit status 1");
            return;
        }
        let listener = if app.binding == Binding::ByChild {
            process.command.insert(0, "/opt/wrapped/java".to_owned());
            let memory = app.memory;
            let death = Death::of(&app);
            let new = NewProcess {
                parent: identity.id,
                session: Some(process.session),
                owner: process.owner,
                command: process.command,
                part: Part::Release { app, instance, profile, port, bound: None },
                listens_on: None,
                memory,
            };
            let child = self.processes.spawn(&self.clock, new);
            death.schedule(&mut self.clock, child);
            child
        } else {
            *identity
        };
        if let Some(running) = self.processes.get_mut(&listener) {
            running.listens_on = Some(port);
            if let Part::Release { bound, .. } = &mut running.part {
                *bound = Some(now);
            }
        }
    }
}

/// The command line of a JVM as the scripts started it.
pub(super) fn script_command(profile: &str, jar: &str) -> Vec<String> {
    ["java", "-jar", "-Dspring.config.location=classpath:/application.properties"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("-Dspring.profiles.active={profile}"), jar.to_owned()])
        .collect()
}

/// How a release ends by itself, if it does.
struct Death {
    after: Option<Duration>,
    starves: bool,
}

impl Death {
    fn of(app: &App) -> Death {
        Death { after: app.dies_after, starves: app.starves }
    }

    fn schedule(&self, clock: &mut Clock, process: ProcessIdentity) {
        let Some(after) = self.after else { return };
        let due = if self.starves { Due::Starve(process) } else { Due::End(process, "exit status 1".to_owned()) };
        clock.schedule(after, due);
    }
}
