//! nginx in memory: a master, its workers with the port that each read when it began, and reloads that take effect some
//! time after the signal, or never.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use super::clock::Due;
use super::processes::{NewProcess, Part};
use super::world::World;
use shared::host::{Connection, ProcessIdentity};

/// How many workers nginx has.
const WORKERS: usize = 2;
/// The user that workers run as.
const WORKER_OWNER: u32 = 33;

/// What a reload comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reloading {
    /// It takes effect, if the configuration is valid.
    Works,
    /// It takes effect this much later than usual.
    WorksLate(Duration),
    /// The master reads its files at the signal, and starts its new workers this much later than usual. A signal meanwhile waits for
    /// that.
    ReadsAtOnce(Duration),
    /// The master logs an error; the old workers go on.
    Refused,
    /// The new workers die at once; the old ones have been told to go.
    NewWorkersDie,
    /// New workers accept, and the old ones go on accepting beside them.
    OldWorkersStay,
}

/// What is left of the pid file when nginx goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidFile {
    /// Nothing: it was stopped.
    Removed,
    /// The id of a master that is gone: it was killed.
    Left,
}

/// Where a worker sends new connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To a port.
    Port(u16),
    /// To one of two ports, by whether a file exists; to the other one if nobody listens there.
    Flag { flag: PathBuf, without: u16, with: u16 },
}

/// What a worker has read of nginx's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Where it sends new connections.
    pub(super) route: Route,
    /// The port at which it tells that.
    pub(super) word: Option<u16>,
}

/// nginx and its files.
#[derive(Clone, Debug)]
pub(super) struct Nginx {
    pub(super) include: PathBuf,
    pub(super) upstreams: PathBuf,
    pub(super) pid_file: PathBuf,
    pub(super) owner: u32,
    pub(super) master: Option<ProcessIdentity>,
    /// Whether the rest of its configuration is valid.
    pub(super) valid: bool,
    /// Whether its configuration reads the include.
    pub(super) reads_include: bool,
    /// What its program answers to `-v`.
    pub(super) version: String,
    /// Whether it takes that directive, or refuses it like any other that it does not know.
    pub(super) knows_keepalive_min_timeout: bool,
    /// How long after the signal a reload takes effect.
    pub(super) reload_takes: Duration,
    /// How long old workers accept beside new ones.
    pub(super) handover: Duration,
    /// How long an old worker needs to finish what it has.
    pub(super) drains_for: Duration,
    pub(super) next_reloads: VecDeque<Reloading>,
    /// Until when the master is busy with a reload, and hears no other signal.
    pub(super) busy_until: Duration,
}

impl Nginx {
    pub(super) fn new(include: PathBuf, pid_file: PathBuf) -> Nginx {
        Nginx {
            upstreams: include.with_extension("conf"),
            include,
            pid_file,
            owner: 0,
            master: None,
            valid: true,
            reads_include: true,
            version: "nginx version: nginx/1.22.1\n".to_owned(),
            knows_keepalive_min_timeout: false,
            reload_takes: Duration::from_millis(60),
            handover: Duration::from_millis(15),
            drains_for: Duration::from_millis(400),
            next_reloads: VecDeque::new(),
            busy_until: Duration::ZERO,
        }
    }
}

impl World {
    /// Where the include leads, as nginx reads it: the last `set` wins.
    fn include_route(&self) -> Option<Route> {
        let text = String::from_utf8(self.files.read(&self.nginx.include).ok()?).ok()?;
        let targets: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("set $service_url http://")?.split(';').next())
            .collect();
        let flag = text.lines().find_map(|line| line.strip_prefix("if (-f ")?.split(')').next());
        match (flag, targets.as_slice()) {
            (Some(flag), [without, with]) => {
                Some(Route::Flag { flag: flag.into(), without: self.group(without)?, with: self.group(with)? })
            }
            (None, [.., target]) => Some(Route::Port(target.strip_prefix("127.0.0.1:")?.trim().parse().ok()?)),
            _ => None,
        }
    }

    /// The port of the first server of an upstream group.
    fn group(&self, name: &str) -> Option<u16> {
        let text = String::from_utf8(self.files.read(&self.nginx.upstreams).ok()?).ok()?;
        let (_, rest) = text.split_once(&format!("upstream {name} {{"))?;
        rest.split_once("server 127.0.0.1:")?.1.split(' ').next()?.parse().ok()
    }

    /// The loopback port at which nginx is to tell where it sends requests.
    fn word_port(&self) -> Option<u16> {
        let text = String::from_utf8(self.files.read(&self.nginx.upstreams).ok()?).ok()?;
        text.split_once("listen 127.0.0.1:")?.1.split([' ', ';']).next()?.parse().ok()
    }

    /// nginx's own word at this port, if it tells there: one worker after the other, as the kernel chooses.
    pub(super) fn word_at(&mut self, port: u16) -> Option<String> {
        let speaking = self.speaking_at(port);
        let (worker, reading) = speaking.get(self.requests % speaking.len().max(1))?;
        self.requests += 1;
        Some(format!("{} http://127.0.0.1:{}\n", worker.id, self.port(&reading.route)))
    }

    /// The workers that tell it at this port.
    pub(super) fn speaking_at(&self, port: u16) -> Vec<(ProcessIdentity, Reading)> {
        self.accepting().into_iter().filter(|(_, reading)| reading.word == Some(port)).collect()
    }

    fn port(&self, route: &Route) -> u16 {
        match route {
            Route::Port(port) => *port,
            Route::Flag { flag, without, with } => {
                if self.files.describe(flag).is_ok() {
                    *with
                } else {
                    *without
                }
            }
        }
    }

    /// The port that the include names, with the flag as it is.
    pub(super) fn include_port(&self) -> Option<u16> {
        self.include_route().map(|route| self.port(&route))
    }

    /// The port that nginx connects to in the end.
    fn answering_port(&self, route: &Route) -> u16 {
        let port = self.port(route);
        let listens = |port| self.processes.all().any(|running| running.listens_on == Some(port));
        match route {
            Route::Flag { without, with, .. } if !listens(port) => {
                [*without, *with].into_iter().find(|other| listens(*other)).unwrap_or(port)
            }
            _ => port,
        }
    }

    /// The ports that workers connect to in the end, the newest generation last.
    pub(super) fn answering_ports(&self) -> Vec<u16> {
        self.accepting().iter().map(|(_, reading)| self.answering_port(&reading.route)).collect()
    }

    /// Why nginx would refuse its configuration.
    pub(super) fn complaint(&self) -> Option<String> {
        if !self.nginx.valid {
            return Some("nginx: [emerg] unknown directive \"lsten\" in /etc/nginx/conf.d/other.conf:3".to_owned());
        }
        let include = self.files.read(&self.nginx.include).unwrap_or_default();
        let has_directive = String::from_utf8_lossy(&include).contains("keepalive_min_timeout");
        if self.nginx.reads_include && has_directive && !self.nginx.knows_keepalive_min_timeout {
            return Some("nginx: [emerg] unknown directive \"keepalive_min_timeout\"".to_owned());
        }
        if self.nginx.reads_include && self.include_port().is_none() {
            return Some("nginx: [emerg] unknown \"service_url\" variable".to_owned());
        }
        None
    }

    /// The ports that workers send new connections to, the newest generation last.
    pub(super) fn ports_in_force(&self) -> Vec<u16> {
        self.accepting().iter().map(|(_, reading)| self.port(&reading.route)).collect()
    }

    fn accepting(&self) -> Vec<(ProcessIdentity, Reading)> {
        let accepting = self.processes.all().filter_map(|running| match &running.part {
            Part::NginxWorker { reading, draining: false } => Some((running.process.identity, reading.clone())),
            _ => None,
        });
        accepting.collect()
    }

    /// The port that traffic goes to; while nginx is down, the one it would go to.
    pub(super) fn live_port(&self) -> Option<u16> {
        self.answering_ports().last().copied().or_else(|| self.include_port())
    }

    /// Starts nginx, unless its configuration is broken.
    pub(super) fn start_nginx(&mut self) -> bool {
        if self.nginx.master.is_some() || self.complaint().is_some() {
            return self.nginx.master.is_some();
        }
        let Some(route) = self.include_route() else { return false };
        let master = self.processes.spawn(
            &self.clock,
            NewProcess {
                parent: 1,
                session: None,
                owner: self.nginx.owner,
                command: vec!["nginx: master process /usr/sbin/nginx -g daemon on;".to_owned()],
                part: Part::NginxMaster,
                listens_on: Some(80),
                memory: 1_000_000,
            },
        );
        self.nginx.master = Some(master);
        let text = format!("{}\n", master.id).into_bytes();
        let path = self.nginx.pid_file.clone();
        self.write_as_root(&path, text);
        self.spawn_workers(master, &route);
        true
    }

    /// Ends nginx with all its workers.
    pub(super) fn end_nginx(&mut self, pid_file: PidFile) {
        let ours: Vec<ProcessIdentity> = self
            .processes
            .all()
            .filter(|running| matches!(running.part, Part::NginxMaster | Part::NginxWorker { .. }))
            .map(|running| running.process.identity)
            .collect();
        for identity in &ours {
            self.processes.end(identity, "signal 15");
        }
        self.nginx.master = None;
        if pid_file == PidFile::Removed {
            self.remove_as_root(&self.nginx.pid_file.clone());
        }
    }

    /// A reload was asked for; it takes its time.
    pub(super) fn ask_to_reload(&mut self) {
        let reloading = self.nginx.next_reloads.pop_front().unwrap_or(Reloading::Works);
        let waits = self.nginx.busy_until.saturating_sub(self.clock.now());
        let late = match reloading {
            Reloading::WorksLate(late) | Reloading::ReadsAtOnce(late) => late,
            _ => Duration::ZERO,
        };
        let takes = waits + self.nginx.reload_takes + late;
        match (reloading, self.include_route(), self.complaint()) {
            (Reloading::ReadsAtOnce(_), Some(route), None) => {
                self.nginx.busy_until = self.clock.now() + takes;
                self.clock.schedule(takes, Due::Start(route));
            }
            _ => self.clock.schedule(takes, Due::Reload(reloading)),
        }
    }

    /// The master starts workers with what it has read before, and lets the old ones go.
    pub(super) fn start_workers(&mut self, route: &Route) {
        let Some(master) = self.nginx.master else { return };
        let old: Vec<ProcessIdentity> = self.accepting().into_iter().map(|(identity, _)| identity).collect();
        self.spawn_workers(master, route);
        self.clock.schedule(self.nginx.handover, Due::Retire(old));
    }

    /// The master reads its configuration, with the include as it is now.
    pub(super) fn reload(&mut self, reloading: Reloading) {
        let Some(master) = self.nginx.master else { return };
        if reloading == Reloading::Refused || self.complaint().is_some() {
            return;
        }
        let Some(route) = self.include_route() else { return };
        let old: Vec<ProcessIdentity> = self.accepting().into_iter().map(|(identity, _)| identity).collect();
        let new = self.spawn_workers(master, &route);
        if reloading == Reloading::NewWorkersDie {
            for identity in &new {
                self.processes.end(identity, "exit status 2");
            }
        }
        if reloading != Reloading::OldWorkersStay {
            self.clock.schedule(self.nginx.handover, Due::Retire(old));
        }
    }

    /// Old workers accept no more and end when they have finished.
    pub(super) fn retire(&mut self, workers: &[ProcessIdentity]) {
        for identity in workers {
            if let Some(running) = self.processes.get_mut(identity) {
                running.process.command = vec!["nginx: worker process is shutting down".to_owned()];
                if let Part::NginxWorker { draining, .. } = &mut running.part {
                    *draining = true;
                }
                self.clock.schedule(self.nginx.drains_for, Due::End(*identity, "exit status 0".to_owned()));
            }
        }
    }

    /// The connections that workers on their way out still hold towards a port, one each.
    pub(super) fn connections_towards(&self, port: u16) -> Vec<Connection> {
        let holds = |part: &Part| match part {
            Part::NginxWorker { reading, draining: true } => self.port(&reading.route) == port,
            _ => false,
        };
        let holders = self.processes.all().filter(|running| holds(&running.part));
        holders
            .map(|running| Connection {
                client: ([127, 0, 0, 1], 40_000).into(),
                inode: running.process.identity.id.into(),
            })
            .collect()
    }

    fn spawn_workers(&mut self, master: ProcessIdentity, route: &Route) -> Vec<ProcessIdentity> {
        let reading = Reading { route: route.clone(), word: self.word_port() };
        let worker = || NewProcess {
            parent: master.id,
            session: Some(master.id),
            owner: WORKER_OWNER,
            command: vec!["nginx: worker process".to_owned()],
            part: Part::NginxWorker { reading: reading.clone(), draining: false },
            listens_on: None,
            memory: 1_000_000,
        };
        (0..WORKERS).map(|_| self.processes.spawn(&self.clock, worker())).collect()
    }
}
