//! Why nginx's master was not found, by what its pid file names and by who else is there: each case has its own sentence and its
//! own remedy, since "start nginx" is wrong advice for most of them (F110, F118).

use std::fmt;
use std::path::Path;

use super::workers;
use crate::error::{Error, Kind};
use crate::host::{Host, Process};
use crate::language::translated;

/// Why there is no master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMaster {
    kind: Kind,
    why: String,
    advice: String,
}

/// What the pid file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Nothing: there is no such file.
    NoFile,
    /// A process that does not exist.
    Gone(u32),
    /// A process that exists, and that this user is not shown.
    Hidden(u32),
    /// A process that does not call itself nginx's master.
    Another(Process),
}

/// Who else is there of nginx.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Around {
    /// Masters, with the ids that they have in their PID namespaces, this host's first.
    masters: Vec<(u32, Vec<u32>)>,
    /// Workers that accept, and whose parent is no master.
    orphans: Vec<u32>,
}

impl NoMaster {
    /// One that no look at the processes explains.
    pub(super) fn plain(why: String) -> NoMaster {
        let advice = translated!(
            "start nginx (`systemctl start nginx`), or name its pid file in `proxy.pid_file` of hooks.toml, then deploy again"
        );
        NoMaster { kind: Kind::ProxyBroken, why, advice: advice.to_owned() }
    }

    /// As the error of a hook that needs a master; `of` makes its sentence from the reason.
    #[must_use]
    pub fn refused(&self, of: impl Fn(&str) -> String) -> Error {
        Error::new(self.kind, of(&self.why)).advise(&self.advice)
    }

    /// Looks who else is there, which means a walk over all processes: only here, where something is wrong already.
    pub(super) fn find(host: &impl Host, pid_file: &Path, named: &Named) -> NoMaster {
        let all = host.processes();
        let masters: Vec<&Process> = all.iter().filter(|process| workers::is_master(process)).collect();
        let is_orphan = |process: &&Process| {
            workers::as_worker(process).is_some_and(|worker| !worker.draining)
                && masters.iter().all(|master| master.identity.id != process.parent)
        };
        let orphans: Vec<&Process> = all.iter().filter(is_orphan).collect();
        // Those of this very master, where they are told apart: it led their session.
        let led = |orphan: &&&Process| matches!(named, Named::Gone(id) if orphan.session == *id);
        let own: Vec<&Process> = orphans.iter().filter(led).copied().collect();
        let orphans = if own.is_empty() { orphans } else { own };
        let around = Around {
            orphans: orphans.iter().map(|process| process.identity.id).collect(),
            masters: masters
                .iter()
                .map(|master| (master.identity.id, host.ids_in_namespaces(&master.identity)))
                .collect(),
        };
        judge(&pid_file.to_string_lossy(), &host.user().name, named, &around)
    }
}

impl Around {
    /// Where another nginx runs, that may be the one that is meant.
    fn beside(&self, why: String) -> NoMaster {
        let host = self.masters.iter().find(|(_, ids)| ids.len() == 1);
        let advice = match (host, self.masters.first()) {
            (Some((id, _)), _) => translated!(
                "start nginx (`systemctl start nginx`); or, if it is the one whose master is process {id}, name its pid file in \
                 `proxy.pid_file` of hooks.toml; then deploy again"
            ),
            (None, Some((id, _))) => translated!(
                "process {id} is an nginx master in a container, which is not supported: let nginx run on the host itself, then \
                 deploy again"
            ),
            (None, None) => return NoMaster::plain(why),
        };
        NoMaster { kind: Kind::ProxyBroken, why, advice }
    }
}

fn judge(shown: &str, user: &str, named: &Named, around: &Around) -> NoMaster {
    let broken = |why: String, advice: String| NoMaster { kind: Kind::ProxyBroken, why, advice };
    let in_container = |why: String| {
        let advice = translated!(
            "nginx in a container is not supported: let it run on the host itself, with its pid file where `proxy.pid_file` of \
                      hooks.toml says"
        );
        broken(why, advice.to_owned())
    };
    let (id, is) = match named {
        Named::Hidden(id) => {
            return NoMaster {
                kind: Kind::NotAllowed,
                why: translated!(
                    "`{user}` may not see nginx's processes: its pid file `{shown}` names process {id}, which exists, and /proc \
                     hides it (`hidepid`)"
                ),
                advice: translated!(
                    "mount /proc with `gid=` of a group that `{user}` is in (`mount -o remount,hidepid=2,gid=GROUP /proc`), or \
                     without `hidepid`"
                ),
            };
        }
        Named::NoFile => (None, translated!("does not exist").to_owned()),
        Named::Gone(id) => (Some(*id), translated!("names process {id}, which does not exist")),
        Named::Another(process) => {
            let id = process.identity.id;
            (Some(id), translated!("names process {id}, which is `{}`, no nginx master", process.summary()))
        }
    };
    if let Some((master, _)) = around.masters.iter().find(|(_, ids)| ids.len() > 1 && ids.last() == id.as_ref()) {
        return in_container(translated!(
            "nginx runs in a container, where its master is process {master} of this host: `{shown}` {is}"
        ));
    }
    match named {
        Named::Another(process) if process.identity.id == 1 => {
            in_container(translated!("nginx's pid file `{shown}` {is}: process 1 is what nginx is in a container"))
        }
        Named::Another(process) if is_program(process) => broken(
            translated!("nginx's process {} has no master and no workers (`master_process off`)", process.identity.id),
            translated!("nginx without a master is not supported, since it cannot reload: take `master_process off` out of its configuration, restart it, then deploy again").to_owned(),
        ),
        Named::Another(process) => around.beside(translated!(
            "nginx's pid file `{shown}` is stale: process {} is `{}`, which is no nginx master",
            process.identity.id,
            process.summary()
        )),
        Named::NoFile | Named::Gone(_) if !around.orphans.is_empty() => {
            let ids: Vec<String> = around.orphans.iter().map(u32::to_string).collect();
            broken(
                translated!("nginx's master is gone (its pid file `{shown}` {is}), and its workers go on without it: process {}", ids.join(", ")),
                translated!(
                    "they hold nginx's ports, so that it cannot start: end them (`kill -QUIT {}`), start nginx (`systemctl start nginx`), \
                     then deploy again",
                    ids.join(" ")
                ),
            )
        }
        Named::NoFile | Named::Gone(_) | Named::Hidden(_) => {
            around.beside(translated!("nginx is not running: its pid file `{shown}` {is}"))
        }
    }
}

/// Whether a process is nginx's program under its own name, as it is without a master.
fn is_program(process: &Process) -> bool {
    let program = process.command.first().map(|program| Path::new(program).file_name().unwrap_or_default());
    program.is_some_and(|name| name == "nginx")
}

impl fmt::Display for NoMaster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.why)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::host::ProcessIdentity;

    fn process(id: u32, command: &str) -> Process {
        Process {
            identity: ProcessIdentity { id, started: 1 },
            parent: 1,
            session: id,
            owner: 0,
            started_at: SystemTime::UNIX_EPOCH,
            command: vec![command.to_owned()],
        }
    }

    #[test]
    fn f110_f118_f64_f65_why_there_is_no_master_is_told_as_what_it_is_with_the_remedy_for_that() {
        use Kind::{NotAllowed, ProxyBroken};
        let masters = |masters: &[(u32, &[u32])]| Around {
            masters: masters.iter().map(|(id, ids)| (*id, ids.to_vec())).collect(),
            orphans: Vec::new(),
        };
        let orphans = |orphans: &[u32]| Around { masters: Vec::new(), orphans: orphans.to_vec() };
        let none = Around::default();
        let start = "systemctl start nginx";
        for (name, named, around, kind, why, advice) in [
            (
                "F64 stopped",
                Named::NoFile,
                none.clone(),
                ProxyBroken,
                "nginx is not running: its pid file `/p` does not exist",
                start,
            ),
            ("F65 killed", Named::Gone(7), none.clone(), ProxyBroken, "names process 7, which does not exist", start),
            ("F65 somebody else", Named::Another(process(7, "/bin/cat")), none.clone(), ProxyBroken, "is stale", start),
            ("hidepid", Named::Hidden(7), none.clone(), NotAllowed, "`me` may not see nginx's processes", "gid="),
            (
                "no master",
                Named::Another(process(7, "/usr/sbin/nginx")),
                none.clone(),
                ProxyBroken,
                "`master_process off`",
                "not supported",
            ),
            (
                "in a container",
                Named::Another(process(1, "/sbin/init")),
                none,
                ProxyBroken,
                "in a container",
                "not supported",
            ),
            (
                "the same, its master is seen",
                Named::Another(process(1, "/sbin/init")),
                masters(&[(4711, &[4711, 1])]),
                ProxyBroken,
                "container, where its master is process 4711",
                "not supported",
            ),
            (
                "the same, by an id of nobody here",
                Named::Gone(7),
                masters(&[(4711, &[4711, 7])]),
                ProxyBroken,
                "container",
                "not supported",
            ),
            (
                "the same, its pid file is in there",
                Named::NoFile,
                masters(&[(4711, &[4711, 1])]),
                ProxyBroken,
                "does not exist",
                "not supported",
            ),
            (
                "another nginx",
                Named::Gone(7),
                masters(&[(8, &[8])]),
                ProxyBroken,
                "nginx is not running",
                "master is process 8, name its pid file",
            ),
            (
                "F118 its workers go on",
                Named::Gone(7),
                orphans(&[8, 9]),
                ProxyBroken,
                "its workers go on without it: process 8, 9",
                "kill -QUIT 8 9",
            ),
            ("F118 and its pid file is gone", Named::NoFile, orphans(&[8]), ProxyBroken, "process 8", "kill -QUIT 8"),
        ] {
            let told = judge("/p", "me", &named, &around);
            assert_eq!(told.kind, kind, "{name}");
            assert!(told.why.contains(why) && told.advice.contains(advice), "{name}: {told:?}");
            assert!(!told.advice.contains("not supported") || !told.advice.contains(start), "{name}: {told:?}");
        }
    }
}
