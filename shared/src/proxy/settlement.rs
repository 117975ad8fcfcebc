//! A cutover that a run began and did not end, because it was killed: settled by looking at nginx, not by believing the
//! ledger (F83, I3a).

use std::fmt;

use super::access::Access;
use super::include::Include;
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

/// Decides it by looking at nginx, not by believing the ledger. `in_force` says whether the workers that accept have read the
/// include as it is now; nothing while nginx is down.
#[must_use]
pub fn decide(
    intent: &Intent,
    include: Option<&Include>,
    in_force: Option<bool>,
    door: &DoorSays,
    to_listens: bool,
) -> Settlement {
    let Some(bytes) = include.map(Include::bytes) else { return Settlement::LeaveAlone };
    if bytes == intent.before {
        return if in_force == Some(false) { Settlement::ReloadBack } else { Settlement::Forget };
    }
    if bytes != intent.after {
        return Settlement::LeaveAlone;
    }
    let arrived = match door {
        DoorSays::Slot(slot) => *slot == intent.to,
        DoorSays::NoHelp(_) => to_listens,
    };
    if in_force == Some(true) && arrived { Settlement::Commit } else { Settlement::PutBack }
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
        for (name, port, in_force, door, listens, wanted) in [
            ("killed before the include was written", Some(8081), Some(true), &blue, true, Settlement::Forget),
            ("killed before the reload", Some(8082), Some(false), &blue, true, Settlement::PutBack),
            ("killed after the reload", Some(8082), Some(true), &green, true, Settlement::Commit),
            (
                "killed after the reload, the door is a redirect",
                Some(8082),
                Some(true),
                &no_help,
                true,
                Settlement::Commit,
            ),
            (
                "killed after the reload, and the release died",
                Some(8082),
                Some(true),
                &no_help,
                false,
                Settlement::PutBack,
            ),
            ("killed while putting it back", Some(8081), Some(false), &green, true, Settlement::ReloadBack),
            ("nginx is down", Some(8082), None, &no_help, true, Settlement::PutBack),
            ("somebody wrote another one", Some(9999), Some(true), &no_help, true, Settlement::LeaveAlone),
            ("it is gone", None, None, &no_help, true, Settlement::LeaveAlone),
        ] {
            let include = port.map(|port: u16| Include::parse(&text(port), "service_url").unwrap());
            assert_eq!(decide(&intent, include.as_ref(), in_force, door, listens), wanted, "{name}");
        }
    }
}
