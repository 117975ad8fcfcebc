//! nginx's processes by generation. A reload is in force when a new worker accepts and every old one is gone or draining;
//! the reload command returns before that, and one answer from the new slot proves nothing.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::error;
use crate::host::{Host, Process, ProcessIdentity};
use crate::language::{Text, text, translated};
use crate::nginx::no_master::{Named, NoMaster};
use crate::patience::{Patience, Waiting};

/// To this much start times are known.
const TICK: Duration = Duration::from_millis(10);
/// How long nginx's master may take to replace workers that died.
const REPLACED_AT_MOST: Duration = Duration::from_secs(1);

/// What is wrong where nginx's master has no worker for new connections, as a fragment.
pub const NOBODY_ACCEPTS: Text = text!("nginx has no worker that accepts connections");

/// One worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Which process.
    pub identity: ProcessIdentity,
    /// When it started.
    pub started_at: SystemTime,
    /// Whether it accepts no more connections and only finishes what it has.
    pub draining: bool,
}

/// nginx's master, proven to be one.
///
/// # Errors
/// Why there is none: no pid file, nobody with that id, somebody else with that id (F65), or one that this user may not see.
pub fn master(host: &impl Host, pid_file: &Path) -> Result<Process, NoMaster> {
    let shown = pid_file.to_string_lossy();
    let bytes = match host.read_file(pid_file) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            return Err(NoMaster::find(host, pid_file, &Named::NoFile));
        }
        Err(cause) => {
            return Err(NoMaster::plain(translated!("nginx's pid file `{shown}` could not be read: {cause}")));
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let Ok(id) = text.trim().parse::<u32>() else {
        let why = translated!("nginx's pid file `{shown}` holds `{}`, needed a process id", text.trim());
        return Err(NoMaster::plain(why));
    };
    let named = match host.process(id) {
        Some(process) if is_master(&process) => return Ok(process),
        Some(process) => Named::Another(process),
        None if host.is_hidden(id) => Named::Hidden(id),
        None => Named::Gone(id),
    };
    Err(NoMaster::find(host, pid_file, &named))
}

/// Those that accept connections.
#[must_use]
pub fn accepting(workers: &[Worker]) -> Vec<ProcessIdentity> {
    workers.iter().filter(|worker| !worker.draining).map(|worker| worker.identity).collect()
}

/// Whether nginx can serve anybody: its master runs, and one of its workers accepts connections. A master alone keeps the port
/// open and answers nobody, as after a reload whose new workers died (F121).
///
/// Returns its workers.
///
/// # Errors
/// Why nobody is served, as a fragment.
pub fn serve(host: &impl Host, pid_file: &Path) -> Result<Vec<Worker>, String> {
    let master = master(host, pid_file).map_err(|why| why.to_string())?;
    let workers = workers(host, &master.identity);
    if accepting(&workers).is_empty() { Err(NOBODY_ACCEPTS.to_string()) } else { Ok(workers) }
}

/// Waits for a worker of `master` that accepts: one that died is replaced within milliseconds. Returns whether there is one.
///
/// # Errors
/// `Kind::Interrupted` after a signal.
pub async fn await_accepting(host: &impl Host, master: &ProcessIdentity) -> error::Result<bool> {
    let mut waiting = Waiting::begin(host, Patience::brisk(REPLACED_AT_MOST));
    loop {
        if !accepting(&workers(host, master)).is_empty() {
            return Ok(true);
        }
        if !waiting.for_another_look().await? {
            return Ok(false);
        }
    }
}

/// The workers of `master`.
pub fn workers(host: &impl Host, master: &ProcessIdentity) -> Vec<Worker> {
    host.children(master.id).iter().filter_map(as_worker).collect()
}

pub(super) fn is_master(process: &Process) -> bool {
    process.command.first().is_some_and(|title| title.starts_with("nginx: master process"))
}

pub(super) fn as_worker(process: &Process) -> Option<Worker> {
    let title = process.command.first()?.trim_end();
    let draining = title == "nginx: worker process is shutting down";
    (draining || title == "nginx: worker process").then_some(Worker {
        identity: process.identity,
        started_at: process.started_at,
        draining,
    })
}

/// Whether a reload is in force, or what is still missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// A new worker accepts and no old one does.
    InForce,
    /// No new worker has come yet.
    Unchanged,
    /// A new worker accepts, and so does an old one.
    Mixed,
    /// Nobody accepts.
    Nobody,
}

/// Compares the workers before a reload with the workers now.
#[must_use]
pub fn generation(before: &[Worker], now: &[Worker]) -> Generation {
    let is_old = |worker: &&Worker| before.iter().any(|old| old.identity == worker.identity);
    let mut accepting = now.iter().filter(|worker| !worker.draining).peekable();
    if accepting.peek().is_none() {
        return Generation::Nobody;
    }
    let (old, new): (Vec<&Worker>, Vec<&Worker>) = accepting.partition(is_old);
    match (old.is_empty(), new.is_empty()) {
        (true, _) => Generation::InForce,
        (false, true) => Generation::Unchanged,
        (false, false) => Generation::Mixed,
    }
}

/// Whether every worker that accepted before still does, and no other: nginx never took a change.
#[must_use]
pub fn are_untouched(before: &[Worker], now: &[Worker]) -> bool {
    let (before, now) = (accepting(before), accepting(now));
    before.len() == now.len() && now.iter().all(|identity| before.contains(identity))
}

/// Whether the workers that accept were all started after the include last changed, so that what it says is what they do.
/// `None` where no worker accepts.
///
/// Start times are known to a clock tick and rounded down, so a change within that tick is given the benefit of the doubt.
#[must_use]
pub fn know(workers: &[Worker], include_changed: SystemTime) -> Option<bool> {
    let oldest = workers.iter().filter(|worker| !worker.draining).map(|worker| worker.started_at).min()?;
    Some(oldest + TICK >= include_changed)
}

/// Whether the workers that accept were started at different times, so that some may do what others do not. Those of one reload are
/// started within milliseconds.
#[must_use]
pub fn are_of_several_ages(workers: &[Worker]) -> bool {
    let started = || workers.iter().filter(|worker| !worker.draining).map(|worker| worker.started_at);
    let span = started().max().zip(started().min()).and_then(|(last, first)| last.duration_since(first).ok());
    span.is_some_and(|span| span > REPLACED_AT_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(id: u32, draining: bool) -> Worker {
        Worker {
            identity: ProcessIdentity { id, started: u64::from(id) },
            started_at: SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(id)),
            draining,
        }
    }

    #[test]
    fn f62_a_reload_is_in_force_only_when_the_workers_say_so() {
        let before = [worker(1, false), worker(2, false), worker(9, true)];
        for (name, now, wanted) in [
            ("refused: nothing happened", vec![worker(1, false), worker(2, false)], Generation::Unchanged),
            ("both generations accept", vec![worker(1, false), worker(2, false), worker(3, false)], Generation::Mixed),
            (
                "one old worker has not heard yet",
                vec![worker(1, true), worker(2, false), worker(3, false)],
                Generation::Mixed,
            ),
            ("old ones drain", vec![worker(1, true), worker(2, true), worker(3, false)], Generation::InForce),
            ("old ones are gone", vec![worker(3, false), worker(4, false)], Generation::InForce),
            ("new ones died at once", vec![worker(1, true), worker(2, true)], Generation::Nobody),
            ("none at all", vec![], Generation::Nobody),
        ] {
            assert_eq!(generation(&before, &now), wanted, "{name}");
        }
    }

    #[test]
    fn f62_nginx_is_untouched_only_if_the_very_same_workers_accept() {
        let before = [worker(1, false), worker(2, false), worker(9, true)];
        assert!(are_untouched(&before, &[worker(2, false), worker(1, false)]));
        assert!(!are_untouched(&before, &[worker(1, false), worker(2, true)]));
        assert!(!are_untouched(&before, &[worker(1, false), worker(2, false), worker(3, false)]));
    }

    #[test]
    fn i3a_an_include_that_changed_after_the_workers_started_is_not_what_they_do() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let workers = [worker(100, false), worker(101, false), worker(50, true)];
        assert_eq!(know(&workers, at(99)), Some(true));
        assert_eq!(know(&workers, at(100)), Some(true));
        assert_eq!(know(&workers, at(101)), Some(false));
        assert_eq!(know(&[worker(50, true)], at(1)), None);
    }

    #[test]
    fn f105_old_workers_beside_new_ones_are_seen_and_those_that_finish_what_they_have_do_not_count() {
        for (name, workers, wanted) in [
            ("nobody", vec![], false),
            ("one", vec![worker(5, false)], false),
            ("of one reload", vec![worker(5, false), worker(6, false)], false),
            ("old and new", vec![worker(5, false), worker(7, false)], true),
            ("the old one drains", vec![worker(5, true), worker(7, false)], false),
        ] {
            assert_eq!(are_of_several_ages(&workers), wanted, "{name}");
        }
    }

    #[test]
    fn f65_only_a_process_that_calls_itself_nginx_master_is_one() {
        let titled = |title: &str| Process {
            identity: ProcessIdentity { id: 7, started: 1 },
            parent: 1,
            session: 7,
            owner: 0,
            started_at: SystemTime::UNIX_EPOCH,
            command: vec![title.to_owned()],
        };
        assert!(is_master(&titled("nginx: master process /usr/sbin/nginx -g daemon on;")));
        assert!(!is_master(&titled("/usr/bin/sleep")));
        assert_eq!(as_worker(&titled("nginx: worker process")).map(|worker| worker.draining), Some(false));
        assert_eq!(
            as_worker(&titled("nginx: worker process is shutting down")).map(|worker| worker.draining),
            Some(true)
        );
        assert_eq!(as_worker(&titled("nginx: cache manager process")), None);
    }
}
