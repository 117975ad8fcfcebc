//! Processes in memory: who they are, what they listen on, what they do when a signal comes, and how they end.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv6Addr;
use std::time::Duration;

use super::app::{App, OnTerminate};
use super::clock::{Clock, Due};
use super::journal::{Deed, Nature};
use super::nginx::Reading;
use super::world::World;
use shared::host::{Listener, Process, ProcessIdentity, Share, Signal};

/// The first process id that is given out after a boot.
const FIRST_ID: u32 = 100;

/// The names of the accounts of this host.
pub(super) fn account(id: u32) -> String {
    match id {
        0 => "root".to_owned(),
        33 => "www-data".to_owned(),
        1000 => "ec2-user".to_owned(),
        other => other.to_string(),
    }
}

/// The id of the account of this name.
pub(super) fn account_id(name: &str) -> u32 {
    match name {
        "root" => 0,
        "www-data" => 33,
        "ec2-user" => 1000,
        other => other.parse().unwrap_or(65_534),
    }
}

/// A process with what makes it behave.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) process: Process,
    pub(super) part: Part,
    pub(super) listens_on: Option<u16>,
    pub(super) memory: u64,
    pub(super) score: i32,
    /// Whether it has a small share of the processors.
    pub(super) has_small_share: bool,
    /// Whether it has begun to end: it is seen no more, and its last threads still hold its port.
    pub(super) ends: bool,
}

/// What a process plays.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// A process of a release. All the processes of one launch have the same instance.
    Release { app: App, instance: u32, profile: String, port: u16, bound: Option<Duration> },
    /// nginx's master.
    NginxMaster,
    /// One of nginx's workers, sending traffic somewhere.
    NginxWorker { reading: Reading, draining: bool },
    /// Anything else.
    Stranger,
}

/// The process table.
#[derive(Clone, Debug, Default)]
pub(super) struct Processes {
    running: BTreeMap<u32, Running>,
    next_id: u32,
    /// The children of the hook that runs: only their endings can be asked for.
    pub(super) children_of_hook: Vec<ProcessIdentity>,
    endings: Vec<(ProcessIdentity, String)>,
}

impl Processes {
    pub(super) fn find(&self, id: u32) -> Option<Process> {
        self.running.get(&id).filter(|running| !running.ends).map(|running| running.process.clone())
    }

    pub(super) fn get(&self, identity: &ProcessIdentity) -> Option<&Running> {
        self.running.get(&identity.id).filter(|running| running.process.identity == *identity)
    }

    pub(super) fn get_mut(&mut self, identity: &ProcessIdentity) -> Option<&mut Running> {
        self.running.get_mut(&identity.id).filter(|running| running.process.identity == *identity)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Running> {
        self.running.values()
    }

    /// Those that have not begun to end.
    pub(super) fn visible(&self) -> impl Iterator<Item = &Process> {
        self.all().filter(|running| !running.ends).map(|running| &running.process)
    }

    pub(super) fn children(&self, id: u32) -> Vec<Process> {
        self.visible().filter(|process| process.parent == id).cloned().collect()
    }

    pub(super) fn memory(&self, identity: &ProcessIdentity) -> Option<u64> {
        self.get(identity).map(|running| running.memory)
    }

    /// Who listens on a port, as `user` may see it.
    pub(super) fn listeners(&self, port: u16, user: u32) -> Vec<Listener> {
        let listening = self.all().filter(|running| running.listens_on == Some(port));
        listening
            .map(|running| Listener {
                address: Ipv6Addr::UNSPECIFIED.into(),
                owner: running.process.owner,
                processes: if !running.ends && (user == 0 || running.process.owner == user) {
                    vec![running.process.clone()]
                } else {
                    Vec::new()
                },
            })
            .collect()
    }

    pub(super) fn ending(&self, identity: &ProcessIdentity) -> Option<String> {
        if !self.children_of_hook.contains(identity) {
            return None;
        }
        self.endings.iter().find(|(ended, _)| ended == identity).map(|(_, ending)| ending.clone())
    }

    /// A hook begins: it has no children yet.
    pub(super) fn begin(&mut self) {
        self.children_of_hook.clear();
        self.endings.clear();
    }

    /// Nobody runs any more, and process ids begin again.
    pub(super) fn boot(&mut self) {
        *self = Processes::default();
    }

    /// A process begins. Without a `leader` it leads a session of its own.
    pub(super) fn spawn(&mut self, clock: &Clock, new: NewProcess) -> ProcessIdentity {
        let id = FIRST_ID + self.next_id;
        self.next_id += 1;
        let identity = ProcessIdentity { id, started: clock.ticks() };
        let process = Process {
            identity,
            parent: new.parent,
            session: new.session.unwrap_or(id),
            owner: new.owner,
            started_at: clock.tick_began(),
            command: new.command,
        };
        self.running.insert(
            id,
            Running {
                process,
                part: new.part,
                listens_on: new.listens_on,
                memory: new.memory,
                score: 0,
                has_small_share: false,
                ends: false,
            },
        );
        identity
    }

    /// A process ends; its children become orphans.
    pub(super) fn end(&mut self, identity: &ProcessIdentity, ending: &str) {
        if self.get(identity).is_none() {
            return;
        }
        self.running.remove(&identity.id);
        self.endings.push((*identity, ending.to_owned()));
        for running in self.running.values_mut().filter(|running| running.process.parent == identity.id) {
            running.process.parent = 1;
        }
    }

    /// Which launch a process belongs to.
    fn instance(&self, identity: &ProcessIdentity) -> Option<u32> {
        match self.get(identity)?.part {
            Part::Release { instance, .. } => Some(instance),
            _ => None,
        }
    }
}

/// What a new process is.
pub(super) struct NewProcess {
    pub(super) parent: u32,
    pub(super) session: Option<u32>,
    pub(super) owner: u32,
    pub(super) command: Vec<String>,
    pub(super) part: Part,
    pub(super) listens_on: Option<u16>,
    pub(super) memory: u64,
}

impl World {
    /// Sends a signal as `user`.
    pub(super) fn signal(&mut self, identity: &ProcessIdentity, signal: Signal, user: u32) -> io::Result<bool> {
        let Some(running) = self.processes.get(identity).cloned() else { return Ok(false) };
        if user != 0 && user != running.process.owner {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let nature = self.nature(identity);
        self.note(Deed::Signalled { process: running.process, signal, nature });
        match (signal, running.part) {
            (Signal::Reload, Part::NginxMaster) => self.ask_to_reload(),
            (Signal::Terminate, Part::Release { app, .. }) => match app.on_terminate {
                OnTerminate::EndsAfter(after) => {
                    self.clock.schedule(after, Due::End(*identity, "exit status 143".to_owned()));
                }
                OnTerminate::Ignores => {}
            },
            (Signal::Kill, _) => self.end(identity, "signal 9"),
            (Signal::Terminate, _) => self.processes.end(identity, "signal 15"),
            (Signal::Reload, _) => self.processes.end(identity, "signal 1"),
        }
        Ok(true)
    }

    /// A process ends, or begins to.
    pub(super) fn end(&mut self, identity: &ProcessIdentity, ending: &str) {
        if let Some(Running { part: Part::Release { app, .. }, ends, .. }) = self.processes.get_mut(identity)
            && !*ends
            && !app.lingers.is_zero()
        {
            *ends = true;
            let lingers = app.lingers;
            self.clock.schedule(lingers, Due::End(*identity, ending.to_owned()));
            return;
        }
        self.processes.end(identity, ending);
    }

    /// What a process is to the site.
    pub(super) fn nature(&self, identity: &ProcessIdentity) -> Nature {
        let live = self.live().and_then(|live| self.processes.instance(&live));
        match self.processes.get(identity).map(|running| &running.part) {
            Some(Part::NginxMaster) => Nature::NginxMaster,
            Some(Part::Release { instance, .. }) if Some(*instance) == live => Nature::Live,
            Some(Part::Release { .. }) => Nature::Release,
            _ => Nature::Stranger,
        }
    }

    /// The process that gets the traffic.
    pub(super) fn live(&self) -> Option<ProcessIdentity> {
        let port = self.live_port()?;
        self.processes.all().find(|running| running.listens_on == Some(port)).map(|running| running.process.identity)
    }

    pub(super) fn set_processor_share(&mut self, identity: &ProcessIdentity, share: Share) -> io::Result<()> {
        let user = self.user;
        let running = self.processes.get_mut(identity).ok_or(io::ErrorKind::NotFound)?;
        if user != 0 && user != running.process.owner {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        running.has_small_share = share != Share::Equal;
        Ok(())
    }

    pub(super) fn set_memory_sacrifice(&mut self, identity: &ProcessIdentity, score: i32) -> io::Result<()> {
        let user = self.user;
        let running = self.processes.get_mut(identity).ok_or(io::ErrorKind::NotFound)?;
        if user != 0 && user != running.process.owner {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        running.score = score;
        self.note(Deed::Sacrificed(*identity, score));
        Ok(())
    }
}
