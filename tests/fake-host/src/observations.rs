//! What a test can see of the host afterwards: what was done to it, who runs, and where traffic goes.

use std::path::PathBuf;
use std::time::Duration;

use super::FakeHost;
use super::door::Door;
use super::journal::{Deed, Entry};
use super::processes::Part;
use shared::host::{Answer, Host, ProcessIdentity, Signal};

impl FakeHost {
    /// The time since the host came into being.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.world.borrow().clock.now()
    }

    /// Everything that hooks did to this host.
    #[must_use]
    pub fn journal(&self) -> Vec<Entry> {
        self.world.borrow().journal.clone()
    }

    /// The signals that were sent, in order.
    #[must_use]
    pub fn signals(&self) -> Vec<(ProcessIdentity, Signal)> {
        self.deeds(|deed| match deed {
            Deed::Signalled { process, signal, .. } => Some((process.identity, *signal)),
            _ => None,
        })
    }

    /// The files that were written, in order.
    #[must_use]
    pub fn writes(&self) -> Vec<PathBuf> {
        self.deeds(|deed| match deed {
            Deed::Wrote(path) | Deed::Published(path) => Some(path.clone()),
            _ => None,
        })
    }

    /// The paths that were asked for on a port as a proxy asks, in order.
    #[must_use]
    pub fn proxied(&self, port: u16) -> Vec<String> {
        self.world.borrow().proxied.iter().filter(|(to, _)| *to == port).map(|(_, path)| path.clone()).collect()
    }

    /// How many sessions the releases have made for whoever has asked as a proxy.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.world.borrow().sessions
    }

    /// The releases that were launched, in order.
    #[must_use]
    pub fn launches(&self) -> Vec<ProcessIdentity> {
        self.deeds(|deed| match deed {
            Deed::Launched { process, .. } => Some(*process),
            _ => None,
        })
    }

    /// The port that nginx's newest workers send traffic to; nothing while nginx is down.
    #[must_use]
    pub fn port_in_force(&self) -> Option<u16> {
        self.world.borrow().ports_in_force().last().copied()
    }

    /// The port that nginx connects to in the end: the other slot's, where it falls over and nobody listens in this one.
    #[must_use]
    pub fn answering_port(&self) -> Option<u16> {
        self.world.borrow().answering_ports().last().copied()
    }

    /// Whether workers that accept send traffic to different ports, as between two generations of them.
    #[must_use]
    pub fn is_between_generations(&self) -> bool {
        let ports = self.world.borrow().answering_ports();
        ports.iter().any(|port| Some(port) != ports.first())
    }

    /// How many of nginx's workers accept connections.
    #[must_use]
    pub fn accepting_workers(&self) -> usize {
        self.world.borrow().answering_ports().len()
    }

    /// The status with which something in front of nginx answers at the door, if anything does.
    #[must_use]
    pub fn status_before_nginx(&self) -> Option<u16> {
        match &self.world.borrow().door {
            Door::Nginx => None,
            Door::Answers(Answer::Response { status, .. }) => Some(*status),
            Door::Answers(Answer::Silence(_)) | Door::Hangs => Some(0),
        }
    }

    /// Whether whoever gets the traffic gives nginx another answer than a bad gateway's.
    #[must_use]
    pub fn release_answers_nginx(&self) -> bool {
        let mut world = self.world.borrow().clone();
        world.door = Door::Nginx;
        !matches!(world.answer_at_door(), None | Some(Answer::Silence(_) | Answer::Response { status: 502 | 504, .. }))
    }

    /// The port that the include names.
    #[must_use]
    pub fn include_port(&self) -> Option<u16> {
        self.world.borrow().include_port()
    }

    /// The process that gets the traffic, or would get it if nginx ran.
    #[must_use]
    pub fn live(&self) -> Option<ProcessIdentity> {
        self.world.borrow().live()
    }

    /// The processes that listen on a port.
    #[must_use]
    pub fn listening(&self, port: u16) -> Vec<ProcessIdentity> {
        let listeners = self.world.borrow().processes.listeners(port, 0);
        listeners.into_iter().flat_map(|listener| listener.processes).map(|process| process.identity).collect()
    }

    /// Whether exactly this process still runs.
    #[must_use]
    pub fn is_running(&self, identity: &ProcessIdentity) -> bool {
        self.process(identity.id).is_some_and(|process| process.identity == *identity)
    }

    /// The ids of the processes of all the releases that run.
    #[must_use]
    pub fn releases(&self) -> Vec<ProcessIdentity> {
        let world = self.world.borrow();
        let releases = world.processes.all().filter(|running| matches!(running.part, Part::Release { .. }));
        releases.map(|running| running.process.identity).collect()
    }

    /// How eager the kernel is to end a process when memory is short.
    #[must_use]
    pub fn memory_sacrifice(&self, identity: &ProcessIdentity) -> Option<i32> {
        self.world.borrow().processes.get(identity).map(|running| running.score)
    }

    /// Whether this process has a small share of the processors.
    #[must_use]
    pub fn has_small_share(&self, identity: &ProcessIdentity) -> Option<bool> {
        self.world.borrow().processes.get(identity).map(|running| running.has_small_share)
    }

    fn deeds<T>(&self, chosen: impl Fn(&Deed) -> Option<T>) -> Vec<T> {
        self.world.borrow().journal.iter().filter_map(|entry| chosen(&entry.deed)).collect()
    }
}
