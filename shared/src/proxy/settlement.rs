//! A cutover that a run began and did not end, because it was killed: settled by looking at nginx, not by believing the
//! ledger (F83, I3a).

use std::fmt;

use super::access::Access;
use super::include::Include;
use super::workers::{self, Worker};
use crate::config::Settings;
use crate::discovery::DoorSays;
use crate::host::ProcessIdentity;
use crate::ledger::{Intent, Note};
use crate::plan::{Action, Step};

/// What to do about a cutover that was begun and not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Traffic has arrived: remember it.
    Commit,
    /// The include is as it was, and so is nginx.
    Forget,
    /// The include is as it was, but nginx may not have read it.
    ReloadBack,
    /// The include has to be put back.
    PutBack,
    /// Somebody wrote another include since: the witnesses decide.
    LeaveAlone,
}

impl fmt::Display for Settlement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Settlement::Commit => "traffic had arrived, so it is remembered",
            Settlement::Forget => "nothing had changed yet",
            Settlement::ReloadBack => "the include had been put back, so nginx reads it again",
            Settlement::PutBack => "traffic had not arrived, so the include is put back",
            Settlement::LeaveAlone => "somebody has written another include since, so it is left alone",
        })
    }
}

/// What nginx's workers have become since the cutover began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The very same ones accept: nginx has not reloaded.
    Untouched,
    /// Other ones accept, and none of the old ones does.
    Replaced,
    /// Old ones accept beside new ones.
    Mixed,
    /// Nobody accepts: nginx is down, or as good as that.
    Down,
}

/// Compares the workers that accepted when the cutover began with those of now.
#[must_use]
pub fn since(before: &[ProcessIdentity], now: &[Worker]) -> Since {
    let accepting = workers::accepting(now);
    let old = accepting.iter().filter(|identity| before.contains(identity)).count();
    match (old, accepting.len()) {
        (_, 0) => Since::Down,
        (0, _) => Since::Replaced,
        (old, all) if old == all && old == before.len() => Since::Untouched,
        _ => Since::Mixed,
    }
}

/// Decides it by looking at nginx, not by believing the ledger. `in_force` is whether the workers that accept were started
/// after the include last changed.
#[must_use]
pub fn decide(
    intent: &Intent,
    include: Option<&Include>,
    since: Since,
    in_force: Option<bool>,
    door: &DoorSays,
    to_listens: bool,
) -> Settlement {
    let Some(bytes) = include.map(Include::bytes) else { return Settlement::LeaveAlone };
    if bytes == intent.before {
        return match since {
            Since::Untouched | Since::Down => Settlement::Forget,
            // It may have been put back after nginx had read the other one.
            Since::Replaced | Since::Mixed => Settlement::ReloadBack,
        };
    }
    if bytes != intent.after {
        return Settlement::LeaveAlone;
    }
    let arrived = match door {
        DoorSays::Slot(slot) => *slot == intent.to,
        DoorSays::NoHelp(_) => to_listens,
    };
    if since == Since::Replaced && in_force == Some(true) && arrived { Settlement::Commit } else { Settlement::PutBack }
}

/// The steps that settle it; `master` is nothing while nginx is down, which reads the include when it is started.
#[must_use]
pub fn steps(
    settings: &Settings,
    intent: &Intent,
    settlement: Settlement,
    master: Option<ProcessIdentity>,
    access: &Access,
) -> Vec<Step> {
    let at_most = settings.proxy.reload_at_most;
    let mut steps = Vec::new();
    if settlement == Settlement::PutBack {
        let port = Include::parse(&intent.before, &settings.proxy.variable).map_or(0, |include| include.port());
        steps.push(Step::of(Action::WriteInclude { bytes: intent.before.clone(), port, access: access.clone() }));
    }
    if let (Some(master), Settlement::PutBack | Settlement::ReloadBack) = (master, settlement) {
        steps.push(Step::of(Action::Reload { master, access: access.clone(), at_most }));
    }
    steps.push(Step::of(Action::Remember(match settlement {
        Settlement::Commit => Note::Moved(intent.to),
        _ => Note::SentBack,
    })));
    steps
}

#[cfg(test)]
mod tests {
    use super::Since::{Down, Mixed, Replaced, Untouched};
    use super::*;
    use crate::slot::Slot;

    #[test]
    fn f83_a_cutover_that_was_not_ended_is_settled_by_what_nginx_does() {
        let text = |port| format!("set $service_url http://127.0.0.1:{port};\n").into_bytes();
        let intent = Intent {
            from: Some(Slot::Blue),
            to: Slot::Green,
            before: text(8081),
            after: text(8082),
            workers: Vec::new(),
        };
        let no_help = DoorSays::NoHelp("HTTP 301".into());
        let (blue, green) = (DoorSays::Slot(Slot::Blue), DoorSays::Slot(Slot::Green));
        for (name, port, since, in_force, door, listens, wanted) in [
            ("before the include was written", 8081, Untouched, Some(true), &blue, true, Settlement::Forget),
            ("before the reload", 8082, Untouched, Some(false), &blue, true, Settlement::PutBack),
            ("while nginx reloads", 8082, Mixed, Some(false), &green, true, Settlement::PutBack),
            ("after the reload", 8082, Replaced, Some(true), &green, true, Settlement::Commit),
            ("the same, the door is a redirect", 8082, Replaced, Some(true), &no_help, true, Settlement::Commit),
            ("the same, and the release died", 8082, Replaced, Some(true), &no_help, false, Settlement::PutBack),
            ("nginx was reloaded by others before", 8082, Replaced, Some(false), &no_help, true, Settlement::PutBack),
            ("while putting it back", 8081, Replaced, Some(true), &green, true, Settlement::ReloadBack),
            ("nginx is down, the include is new", 8082, Down, None, &no_help, true, Settlement::PutBack),
            ("nginx is down, the include is old", 8081, Down, None, &no_help, true, Settlement::Forget),
            ("somebody wrote another one", 9999, Replaced, Some(true), &no_help, true, Settlement::LeaveAlone),
        ] {
            let include = Include::parse(&text(port), "service_url").unwrap();
            assert_eq!(decide(&intent, Some(&include), since, in_force, door, listens), wanted, "killed {name}");
        }
        assert_eq!(decide(&intent, None, Untouched, None, &no_help, true), Settlement::LeaveAlone);
    }

    #[test]
    fn f83_workers_are_compared_by_identity() {
        let identity = |id| ProcessIdentity { id, started: u64::from(id) };
        let worker =
            |id, draining| Worker { identity: identity(id), started_at: std::time::SystemTime::UNIX_EPOCH, draining };
        let before = [identity(1), identity(2)];
        for (now, wanted) in [
            (vec![worker(2, false), worker(1, false)], Untouched),
            (vec![worker(1, true), worker(2, true), worker(3, false)], Replaced),
            (vec![worker(1, false), worker(3, false)], Mixed),
            (vec![worker(1, false)], Mixed),
            (vec![worker(1, true)], Down),
            (vec![], Down),
        ] {
            assert_eq!(since(&before, &now), wanted, "{now:?}");
        }
    }
}
