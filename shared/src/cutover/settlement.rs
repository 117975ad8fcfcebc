//! A cutover that a run began and did not end, because it was killed: settled by looking at nginx, not by believing the
//! ledger (F83, I3a).

use std::fmt;

use crate::config::Settings;
use crate::cutover::flag_says;
use crate::discovery::DoorSays;
use crate::host::ProcessIdentity;
use crate::language::translated;
use crate::ledger::{Change, Intent};
use crate::nginx::access::Access;
use crate::nginx::workers::{self, Worker};
use crate::plan::{Action, Step};
use crate::route::include::Include;
use crate::slot::Slot;

/// What to do about a cutover that was begun and not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Traffic has arrived: remember it.
    Commit,
    /// The include and the flag are as they were, and so is nginx.
    Forget,
    /// The include is as it was, but nginx may not have read it.
    ReloadBack,
    /// The include, or the flag, has to be put back.
    PutBack,
    /// Somebody wrote another include since: the witnesses decide.
    LeaveAlone,
    /// Nobody accepts who could tell, and nothing is touched before somebody does.
    NotYet,
}

impl fmt::Display for Settlement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Settlement::Commit => translated!("traffic had arrived, so it is remembered"),
            Settlement::Forget => translated!("nothing had changed yet"),
            Settlement::ReloadBack => translated!("the include had been put back, so nginx reads it again"),
            Settlement::PutBack => translated!("traffic had not arrived, so it is sent back"),
            Settlement::LeaveAlone => translated!("somebody has written another include since, so it is left alone"),
            Settlement::NotYet => {
                translated!("only nginx's workers could tell whether traffic had arrived, so all stays as it is")
            }
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
    /// Nobody accepts: the master runs alone.
    Nobody,
    /// No master was found: nginx is down, or its pid file is gone.
    Down,
}

/// Compares the workers that accepted when the cutover began with those of now.
#[must_use]
pub fn since(before: &[ProcessIdentity], now: &[Worker]) -> Since {
    let accepting = workers::accepting(now);
    let old = accepting.iter().filter(|identity| before.contains(identity)).count();
    match (old, accepting.len()) {
        (_, 0) => Since::Nobody,
        (0, _) => Since::Replaced,
        (old, all) if old == all && old == before.len() => Since::Untouched,
        _ => Since::Mixed,
    }
}

/// What is seen of a cutover that was begun and not ended.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The include, if it exists.
    pub include: Option<&'a Include>,
    /// The slot that the include names, with the flag as it is.
    pub names: Option<Slot>,
    /// What has become of nginx's workers.
    pub since: Since,
    /// Whether the workers that accept were started after the include last changed.
    pub in_force: Option<bool>,
    /// What the door says.
    pub door: &'a DoorSays,
    /// Whether anybody listens where traffic was to go.
    pub to_listens: bool,
}

/// Decides it by looking at nginx, not by believing the ledger.
#[must_use]
pub fn decide(intent: &Intent, seen: Seen<'_>) -> Settlement {
    let Seen { include, names, since, in_force, door, to_listens } = seen;
    let Some(include) = include else { return Settlement::LeaveAlone };
    let bytes = include.bytes();
    let arrived = match door {
        DoorSays::Slot(slot) => *slot == intent.to,
        DoorSays::NoHelp(_) => to_listens,
    };
    if intent.before == intent.after && bytes == intent.after {
        // By the flag, which nginx heeds as it is; or nothing was brought in yet.
        return match (names == Some(intent.to), since) {
            (false, _) => Settlement::Forget,
            // nginx had gone there before the flag said so. Sent back, the flag would name a slot where nobody was any more, and
            // whoever starts nginx would get another slot than before, from a hook that was refused (F122).
            (true, _) if intent.follows() => Settlement::Commit,
            // What nginx does at its next start is what the flag says now. Whoever found no worker has not seen where traffic
            // went: a hook that moved the flag on that would end with 40, which means that nothing was changed. It may even
            // move traffic, since nginx goes on serving when only its pid file is lost. Whoever starts nginx gets a release
            // that `health` has proven, and the next hook sees whether it serves, and sends traffic back if not.
            (true, Since::Nobody | Since::Down) => Settlement::NotYet,
            (true, _) if arrived => Settlement::Commit,
            (true, _) => Settlement::PutBack,
        };
    }
    if bytes == intent.before {
        return match since {
            Since::Untouched | Since::Nobody | Since::Down => Settlement::Forget,
            // It may have been put back after nginx had read the other one.
            Since::Replaced | Since::Mixed => Settlement::ReloadBack,
        };
    }
    if bytes != intent.after {
        return Settlement::LeaveAlone;
    }
    if since == Since::Down {
        // The same by the include. A master without workers is told to reload, which proves itself; none is there to be told.
        return Settlement::NotYet;
    }
    let names_it = include.choice().is_none() || names == Some(intent.to);
    if since == Since::Replaced && in_force == Some(true) && names_it && arrived {
        Settlement::Commit
    } else {
        Settlement::PutBack
    }
}

/// The steps that settle it, `master` being told to reload where that is needed. Nobody takes those of `Settlement::NotYet`.
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
    let by_reload = intent.before != intent.after;
    if settlement == Settlement::PutBack {
        let parse = |bytes| Include::parse(bytes, &settings.proxy.variable).ok();
        if parse(&intent.after).is_some_and(|after| after.choice().is_some()) {
            steps.push(Step::of(flag_says(settings, intent.from.unwrap_or(!intent.to))));
        }
        if by_reload {
            let names = parse(&intent.before).map_or_else(String::new, |before| before.leads().to_string());
            let bytes = intent.before.clone();
            steps.push(Step::of(Action::WriteInclude { bytes, names, access: access.clone() }));
        }
    }
    if let (Some(master), true, Settlement::PutBack | Settlement::ReloadBack) = (master, by_reload, settlement) {
        steps.push(Step::of(Action::Reload { master, access: access.clone(), at_most }));
    }
    steps.push(Step::of(Action::remember(
        settings,
        match settlement {
            Settlement::Commit => Change::Moved(intent.to),
            _ => Change::SentBack,
        },
    )));
    steps
}

#[cfg(test)]
mod tests {
    use super::Since::{Down, Mixed, Nobody, Replaced, Untouched};
    use super::*;
    use crate::config::{self, SettingsFile};
    use crate::host::User;
    use crate::nginx::configuration_file::ConfigurationFile;
    use crate::nginx::flag_directory::FlagDirectory;
    use crate::route::choice::Choice;
    use crate::sudo::Way;

    #[test]
    fn f83_a_cutover_that_was_not_ended_is_settled_by_what_nginx_does() {
        let text = |port| format!("set $service_url http://127.0.0.1:{port};\n").into_bytes();
        let intent = Intent {
            from: Some(Slot::Blue),
            to: Slot::Green,
            before: text(8081),
            after: text(8082),
            workers: vec![ProcessIdentity { id: 2, started: 1 }],
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
            ("nginx is down, the include is new", 8082, Down, None, &no_help, true, Settlement::NotYet),
            ("its workers died, the include is new", 8082, Nobody, None, &no_help, true, Settlement::PutBack),
            ("its workers died, the include is old", 8081, Nobody, None, &no_help, true, Settlement::Forget),
            ("nginx is down, the include is old", 8081, Down, None, &no_help, true, Settlement::Forget),
            ("somebody wrote another one", 9999, Replaced, Some(true), &no_help, true, Settlement::LeaveAlone),
        ] {
            let include = Include::parse(&text(port), "service_url").unwrap();
            let seen = Seen { include: Some(&include), names: None, since, in_force, door, to_listens: listens };
            assert_eq!(decide(&intent, seen), wanted, "killed {name}");
        }
        let gone =
            Seen { include: None, names: None, since: Untouched, in_force: None, door: &no_help, to_listens: true };
        assert_eq!(decide(&intent, gone), Settlement::LeaveAlone);
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one row for each case")]
    fn f83_a_cutover_by_flag_that_was_not_ended_is_settled_by_the_flag_as_it_is() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let plain = Include::parse(b"set $service_url http://127.0.0.1:8081;\n", "service_url").unwrap();
        let chosen = Include::parse(&plain.with_choice(&Choice::of(&settings)), "service_url").unwrap();
        let intent = |before: &Include| Intent {
            from: Some(Slot::Blue),
            to: Slot::Green,
            before: before.bytes().to_owned(),
            after: chosen.bytes().to_owned(),
            workers: vec![ProcessIdentity { id: 2, started: 1 }],
        };
        let (flip, install) = (intent(&chosen), intent(&plain));
        let follow = Intent { workers: Vec::new(), ..intent(&chosen) };
        let no_help = DoorSays::NoHelp("HTTP 301".into());
        let (blue, green) = (DoorSays::Slot(Slot::Blue), DoorSays::Slot(Slot::Green));
        for (name, intent, include, names, since, in_force, door, listens, wanted) in [
            ("before the flip", &flip, &chosen, Slot::Blue, Untouched, Some(true), &blue, true, Settlement::Forget),
            ("after the flip", &flip, &chosen, Slot::Green, Untouched, Some(true), &green, true, Settlement::Commit),
            (
                "the same, no help",
                &flip,
                &chosen,
                Slot::Green,
                Untouched,
                Some(true),
                &no_help,
                true,
                Settlement::Commit,
            ),
            (
                "the release died",
                &flip,
                &chosen,
                Slot::Green,
                Untouched,
                Some(true),
                &no_help,
                false,
                Settlement::PutBack,
            ),
            (
                "nginx looks elsewhere",
                &flip,
                &chosen,
                Slot::Green,
                Untouched,
                Some(true),
                &blue,
                true,
                Settlement::PutBack,
            ),
            ("nginx went down", &flip, &chosen, Slot::Green, Down, None, &no_help, true, Settlement::NotYet),
            ("its workers died", &flip, &chosen, Slot::Green, Nobody, None, &no_help, true, Settlement::NotYet),
            ("before either", &flip, &chosen, Slot::Blue, Down, None, &no_help, true, Settlement::Forget),
            ("F122 it was followed", &follow, &chosen, Slot::Green, Down, None, &no_help, true, Settlement::Commit),
            ("the same, and died", &follow, &chosen, Slot::Green, Mixed, None, &no_help, false, Settlement::Commit),
            ("it was to be followed", &follow, &chosen, Slot::Blue, Down, None, &no_help, true, Settlement::Forget),
            (
                "somebody wrote another",
                &flip,
                &plain,
                Slot::Blue,
                Replaced,
                Some(true),
                &blue,
                true,
                Settlement::LeaveAlone,
            ),
            (
                "before the include",
                &install,
                &plain,
                Slot::Blue,
                Untouched,
                Some(true),
                &blue,
                true,
                Settlement::Forget,
            ),
            (
                "before the reload",
                &install,
                &chosen,
                Slot::Blue,
                Untouched,
                Some(false),
                &blue,
                true,
                Settlement::PutBack,
            ),
            (
                "installed, not flipped",
                &install,
                &chosen,
                Slot::Blue,
                Replaced,
                Some(true),
                &blue,
                true,
                Settlement::PutBack,
            ),
            (
                "the same, no help",
                &install,
                &chosen,
                Slot::Blue,
                Replaced,
                Some(true),
                &no_help,
                true,
                Settlement::PutBack,
            ),
            (
                "installed and flipped",
                &install,
                &chosen,
                Slot::Green,
                Replaced,
                Some(true),
                &green,
                true,
                Settlement::Commit,
            ),
        ] {
            let seen = Seen { include: Some(include), names: Some(names), since, in_force, door, to_listens: listens };
            assert_eq!(decide(intent, seen), wanted, "killed {name}");
        }
    }

    #[test]
    fn f83_a_cutover_by_flag_is_put_back_by_the_flag_and_its_installation_by_the_include_as_well() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let plain = Include::parse(b"set $service_url http://127.0.0.1:8081;\n", "service_url").unwrap();
        let chosen = plain.with_choice(&Choice::of(&settings));
        let file = |path: &str| ConfigurationFile { path: path.into(), way: Way::Own, staged: "/staged".into() };
        let owner = User { id: 0, name: "root".into() };
        let access = Access {
            include: file("/service-url.inc"),
            upstreams: file("/service-url.conf"),
            flag_directory: FlagDirectory { path: "/flags".into(), way: Way::Own, owner },
            nginx: Way::Own,
            program: vec!["/usr/sbin/nginx".into()],
        };
        let master = ProcessIdentity { id: 1, started: 1 };
        let told = |before: &[u8]| {
            let intent = Intent {
                from: Some(Slot::Blue),
                to: Slot::Green,
                before: before.to_owned(),
                after: chosen.clone(),
                workers: Vec::new(),
            };
            let steps = steps(&settings, &intent, Settlement::PutBack, Some(master), &access);
            steps.iter().map(|step| step.action.to_string()).collect::<Vec<_>>()
        };
        let flag = "remove the flag `/var/lib/service-url/green`: `real1` (port 8081) serves";
        let undone = "remember: the cutover was undone";
        assert_eq!(told(&chosen), [flag, undone]);
        let reload = "reload nginx, in force within 5 s (new workers accept, no old one does)";
        assert_eq!(told(plain.bytes()), [flag, "make `/service-url.inc` name port 8081", reload, undone]);
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
            (vec![worker(1, true)], Nobody),
            (vec![], Nobody),
        ] {
            assert_eq!(since(&before, &now), wanted, "{now:?}");
        }
    }
}
