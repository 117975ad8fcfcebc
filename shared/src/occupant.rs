//! Who is in a slot: nobody, ours, or a stranger. Only what listens on the slot's own port, or what the ledger knows by
//! boot, id and start time, can be ours; clients of the port never are (F31, b3, b4).

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Listener, Process, ProcessIdentity};
use crate::language::translated;
use crate::ledger::Ledger;
use crate::patience::{Patience, Waiting};
use crate::release;
use crate::slot::{Place, Slot};
use crate::supervisor::{Unit, control_group, pin};

/// For how long whoever holds a port is looked at again before it is called a stranger: a process that ends shows no files any more
/// while its last threads still hold its socket (F108).
pub const LOOKS_AGAIN: Patience = Patience { every: Duration::from_millis(250), at_most: Duration::from_secs(2) };

/// Who is in a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// Nobody: the port is free and no process is remembered.
    Nobody,
    /// A release of ours, or one that the scripts started: the processes to end.
    Ours(Vec<Process>),
    /// Somebody else, in words.
    Stranger(String),
}

/// Looks who is in `slot`, and again for a while before that is a stranger.
///
/// # Errors
/// As `Kind::of` says, if the listeners cannot be seen; `Kind::Interrupted` after a signal.
pub async fn find(host: &impl Host, settings: &Settings, ledger: &Ledger, slot: Slot) -> Result<Occupant> {
    look(host, settings, ledger, slot, family).await
}

/// The same, where the launched process is enough and nobody is to be ended: to find its family every process of this host is looked at.
///
/// # Errors
/// As `find`.
pub async fn find_launched(host: &impl Host, settings: &Settings, ledger: &Ledger, slot: Slot) -> Result<Occupant> {
    look(host, settings, ledger, slot, |host, launched| living(host, launched).into_iter().collect()).await
}

/// The same as `find` in one look, for who is to be told and does not act: somebody who is just ending may be taken for a stranger.
///
/// # Errors
/// As `Kind::of` says, if the listeners cannot be seen.
pub fn glance(host: &impl Host, settings: &Settings, ledger: &Ledger, slot: Slot) -> Result<Occupant> {
    see(host, settings, ledger, slot, &family)
}

async fn look<H: Host>(
    host: &H,
    settings: &Settings,
    ledger: &Ledger,
    slot: Slot,
    family: impl Fn(&H, &ProcessIdentity) -> Vec<Process>,
) -> Result<Occupant> {
    let mut waiting = Waiting::begin(host, LOOKS_AGAIN);
    loop {
        match see(host, settings, ledger, slot, &family)? {
            Occupant::Stranger(who) if !waiting.for_another_look().await? => return Ok(Occupant::Stranger(who)),
            Occupant::Stranger(_) => {}
            known => return Ok(known),
        }
    }
}

/// Who is in `slot` at this moment.
fn see<H: Host>(
    host: &H,
    settings: &Settings,
    ledger: &Ledger,
    slot: Slot,
    family: &impl Fn(&H, &ProcessIdentity) -> Vec<Process>,
) -> Result<Occupant> {
    let place = settings.place(slot);
    // Asked about before the listeners: those that a run knows are the first to be looked through for a socket.
    let current_in = |slot| current(host, settings, ledger, slot);
    let (launched_here, _) = (current_in(slot), current_in(!slot));
    let remembered = launched_here.and_then(|launched| living(host, &launched));
    let listeners = listeners(host, place.port)?;
    if let Some(process) = remembered
        && let Some(port) =
            ledger.tenants.get(slot).port.or_else(|| port_told(&process)).filter(|port| *port != place.port)
    {
        return Ok(Occupant::Stranger(translated!(
            "process {} (`{}`), which is remembered in `{}`, was started for port {port}, not for port {}",
            process.identity.id,
            process.summary(),
            place.profile,
            place.port
        )));
    }
    let elsewhere: Vec<ProcessIdentity> =
        listening(host, settings.place(!slot).port)?.iter().map(|process| process.identity).collect();
    let mut ours = launched(host, ledger, slot, launched_here, family);
    // Whoever holds the other slot's port is never ours to end, wherever it was launched (I2).
    if let Some(both) = ours.iter().find(|own| elsewhere.contains(&own.identity)) {
        return Ok(Occupant::Stranger(stranger(host, place, both, &elsewhere)));
    }
    for listener in listeners {
        if listener.processes.is_empty() {
            let owner = host.user_named(listener.owner).name;
            return Ok(Occupant::Stranger(translated!(
                "port {} is held by a process of user `{owner}` that this run may not see",
                place.port
            )));
        }
        for process in listener.processes {
            let known = ours.iter().any(|own| belongs_to(host, &own.identity, &process));
            let of_unit = || control_group::is_of_unit(host, &Unit::name(settings, slot), process.identity.id);
            let ours_by_itself = is_profiled_jvm(settings, &process, &place.profile) || of_unit();
            if !known && !ours_by_itself || elsewhere.contains(&process.identity) {
                return Ok(Occupant::Stranger(stranger(host, place, &process, &elsewhere)));
            }
            if !may_signal(host, &process) {
                return Ok(Occupant::Stranger(stranger(host, place, &process, &elsewhere)));
            }
            if !ours.iter().any(|own| own.identity == process.identity) {
                ours.push(process);
            }
        }
    }
    Ok(if ours.is_empty() { Occupant::Nobody } else { Occupant::Ours(ours) })
}

/// Whether all of these were launched in `slot` by the hooks of the deployment that holds it now: `stop` has forgotten whoever was
/// there before.
pub fn were_launched(
    host: &impl Host,
    settings: &Settings,
    ledger: &Ledger,
    slot: Slot,
    processes: &[Process],
) -> bool {
    let launched = launched(host, ledger, slot, current(host, settings, ledger, slot), &family);
    let is_one = |process: &Process| launched.iter().any(|own| belongs_to(host, &own.identity, process));
    processes.iter().all(is_one)
}

/// The process that runs what was launched in `slot`: the one that `start` launched, or the one that systemd has started again since,
/// after a crash or a reboot. Where none of them lives it is the remembered one.
pub fn current(host: &impl Host, settings: &Settings, ledger: &Ledger, slot: Slot) -> Option<ProcessIdentity> {
    let remembered = ledger.process(slot, &host.boot_id());
    if remembered.is_some_and(|process| lives(host, &process)) {
        return remembered;
    }
    let again = pin::running(host, settings, settings.place(slot));
    again.filter(|process| lives(host, process)).or(remembered)
}

/// The processes that are remembered to have been launched in `slot`, as far as they live; `current` is the one that was.
fn launched<H: Host>(
    host: &H,
    ledger: &Ledger,
    slot: Slot,
    current: Option<ProcessIdentity>,
    family: &impl Fn(&H, &ProcessIdentity) -> Vec<Process>,
) -> Vec<Process> {
    match (current, &ledger.tenants.get(slot).release) {
        (Some(launched), _) if lives(host, &launched) => family(host, &launched),
        // A run was killed between the launch and its note: the release's own copy stands on the command line (F83).
        (None, Some(release)) => launched_from(host, &release.path),
        _ => Vec::new(),
    }
}

/// The launched process, as far as it lives, and all that it started in its session. To be asked while it lives or right
/// after: once it is long gone another process may have its id, and its session's.
pub fn family(host: &impl Host, launched: &ProcessIdentity) -> Vec<Process> {
    // One that leads no session of its own was not launched by these hooks: it is alone.
    let mut family: Vec<Process> = host.session(launched.id);
    family.extend(host.process(launched.id).filter(|process| process.session != launched.id));
    family.retain(|process| is_in_session(launched, process));
    // The launched one first, whatever the order of the ids: it is the one that others are held against.
    family.sort_by_key(|process| process.identity != *launched);
    family
}

/// The port that a process was told on its command line, as these hooks tell a jar.
fn port_told(process: &Process) -> Option<u16> {
    process.command.iter().rev().find_map(|argument| argument.strip_prefix("--server.port=")?.parse().ok())
}

fn living(host: &impl Host, identity: &ProcessIdentity) -> Option<Process> {
    host.process(identity.id).filter(|process| process.identity == *identity)
}

fn lives(host: &impl Host, identity: &ProcessIdentity) -> bool {
    host.lives(identity)
}

fn is_in_session(launched: &ProcessIdentity, process: &Process) -> bool {
    process.identity == *launched || (process.session == launched.id && process.identity.started >= launched.started)
}

/// The processes that were started from a release's copy and that this user may signal.
fn launched_from(host: &impl Host, copy: &Path) -> Vec<Process> {
    // Where it boots from an archive, its own classes end the class path.
    let classes = format!(":{}", copy.with_file_name(release::CLASSES).to_string_lossy());
    let copy = copy.to_string_lossy();
    let is_of_release = |argument: &String| *argument == copy || argument.ends_with(&classes);
    host.processes()
        .into_iter()
        .filter(|process| process.command.iter().any(is_of_release) && may_signal(host, process))
        .collect()
}

/// That the kernel has ended processes for want of memory since its count of them was `before`, or where nobody knows that, since this
/// run began; as the end of a sentence about a process that died, and what to do then.
pub fn memory_was_short(host: &impl Host, before: Option<u64>) -> Option<(String, &'static str)> {
    let ended = host.ended_for_memory().saturating_sub(before.unwrap_or_else(|| host.ended_for_memory_before()));
    let processes = if ended == 1 { translated!("process") } else { translated!("processes") };
    (ended > 0).then(|| {
        let found = translated!(": memory was short, and the kernel has ended {ended} {processes} of this host meanwhile");
        (found, translated!("add memory or swap, or let the release take less (for java: `-Xmx` in `app.jvm_options`), then deploy again"))
    })
}

/// The error of a hook that finds a stranger in the slot that it works in.
#[must_use]
pub fn refuse(who: &str) -> Error {
    Error::new(Kind::Undecided, who.to_owned()).advise(translated!(
        "it was not started by these hooks and was left alone: end it yourself, or give the slot another port"
    ))
}

/// Whether `process` is the launched one, lives in its session or descends from it: `java` may be a wrapper.
pub fn belongs_to(host: &impl Host, launched: &ProcessIdentity, process: &Process) -> bool {
    if lives(host, launched) && is_in_session(launched, process) {
        return true;
    }
    let mut parent = process.parent;
    for _ in 0..16 {
        match host.process(parent) {
            Some(above) if above.identity == *launched => return true,
            Some(above) if above.identity.id > 1 => parent = above.parent,
            _ => return false,
        }
    }
    false
}

/// A JVM whose command line carries the slot's profile: so the scripts started theirs, and so do these hooks. One that boots from an
/// archive has no `-jar`, and a file of its release in its class path.
fn is_profiled_jvm(settings: &Settings, process: &Process, profile: &str) -> bool {
    let carries = |argument: &String| {
        ["-Dspring.profiles.active=", "--spring.profiles.active="]
            .iter()
            .find_map(|option| argument.strip_prefix(option))
            .is_some_and(|profiles| profiles.split(',').any(|active| active == profile))
    };
    let runs_release = |argument: &String| {
        argument == "-jar" || class_path(argument).any(|entry| entry.starts_with(settings.releases()))
    };
    process.command.iter().any(runs_release) && process.command.iter().any(carries)
}

/// The files that an argument names, if it is a class path.
fn class_path(argument: &str) -> impl Iterator<Item = &Path> {
    argument.split(':').map(Path::new)
}

fn may_signal(host: &impl Host, process: &Process) -> bool {
    let user = host.user();
    user.id == 0 || user.id == process.owner
}

fn stranger(host: &impl Host, place: &Place, process: &Process, elsewhere: &[ProcessIdentity]) -> String {
    if elsewhere.contains(&process.identity) {
        return translated!(
            "process {} of user `{}` (`{}`) of the slot with port {} holds the other slot's port",
            process.identity.id,
            host.user_named(process.owner).name,
            process.summary(),
            place.port
        );
    }
    translated!(
        "port {} is held by process {} of user `{}` (`{}`), which is none of ours",
        place.port,
        process.identity.id,
        host.user_named(process.owner).name,
        process.summary()
    )
}

/// Who listens on a port.
///
/// # Errors
/// As `Kind::of` says, if the listeners cannot be seen.
pub fn listeners(host: &impl Host, port: u16) -> Result<Vec<Listener>> {
    host.listeners(port).map_err(|cause| unseen(port, &cause))
}

/// Whether anybody listens on a port.
///
/// # Errors
/// As `Kind::of` says, if the listeners cannot be seen.
pub fn is_listened_on(host: &impl Host, port: u16) -> Result<bool> {
    host.is_listened_on(port).map_err(|cause| unseen(port, &cause))
}

fn unseen(port: u16, cause: &std::io::Error) -> Error {
    Error::new(Kind::of(cause), translated!("the listeners of port {port} cannot be seen: {cause}"))
}

/// The processes that listen on a port, as far as this user may see them.
///
/// # Errors
/// As `Kind::of` says, if the listeners cannot be seen.
pub fn listening(host: &impl Host, port: u16) -> Result<Vec<Process>> {
    Ok(listeners(host, port)?.into_iter().flat_map(|listener| listener.processes).collect())
}

impl fmt::Display for Occupant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Occupant::Nobody => formatter.write_str(translated!("nobody")),
            Occupant::Stranger(who) => formatter.write_str(who),
            Occupant::Ours(processes) => {
                let ids: Vec<String> = processes.iter().map(|process| process.identity.id.to_string()).collect();
                formatter.write_str(&translated!("process {}", ids.join(", ")))
            }
        }
    }
}
