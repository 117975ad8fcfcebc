//! The processes of a session. A host may have thousands of others, and each that is looked at costs a microsecond or two: so they
//! are found from the leader, by who started whom, as long as that is cheaper than to look at all.

use super::{Process, files, processes};

/// To look for the children of one thread costs as much as to look at so many processes.
const PROCESSES_OF_A_THREAD: usize = 3;
/// More ancestors than this has nobody.
const MOST_ANCESTORS: usize = 64;
/// The process that the kernel gives orphans to, where no ancestor takes them.
const FIRST: u32 = 1;

/// The processes of a session, its leader's id being its own.
pub(super) fn of(leader: u32) -> Vec<Process> {
    // Of the whole host, also in a container: the more others there may be, the more threads of its own are worth a look.
    let most_threads = usize::from(rustix::system::sysinfo().procs) / PROCESSES_OF_A_THREAD;
    let ids = from_leader(leader, most_threads).unwrap_or_else(|| among_all(leader));
    ids.into_iter().filter_map(processes::find).collect()
}

/// Those of all processes. No more is asked of them than which session they are in, and that not of `/proc`, where the kernel would
/// count together a process's times and memory for it.
fn among_all(leader: u32) -> Vec<u32> {
    let mut session = processes::ids().unwrap_or_default();
    session.retain(|id| is_in(*id, leader));
    session
}

/// Those that descend from the leader, and those that did until the process between them ended: the kernel gives such an orphan to an
/// ancestor of the leader. Nothing where that cannot be told, as where the leader has ended or a process is hidden from this user;
/// and where one of them has more threads than that: then it is cheaper to look at all.
fn from_leader(leader: u32, most_threads: usize) -> Option<Vec<u32>> {
    let parent = processes::find(leader)?.parent;
    let (mut session, mut unseen) = (Vec::new(), vec![leader]);
    // The ancestors at last: whoever becomes an orphan meanwhile is found there.
    let mut ancestors = ancestors(parent)?.into_iter();
    loop {
        while let Some(id) = unseen.pop() {
            if session.contains(&id) {
                continue;
            }
            session.push(id);
            match child_ids(id, most_threads) {
                Some(children) => unseen.extend(children),
                None if id == leader || session_of(id).is_some() => return None,
                None => {}
            }
        }
        let Some(ancestor) = ancestors.next() else { break };
        let children = child_ids(ancestor, usize::MAX)?;
        unseen.extend(children.into_iter().filter(|id| is_in(*id, leader)));
    }
    session.retain(|id| is_in(*id, leader));
    Some(session)
}

/// A parent and those above it, up to the first process.
fn ancestors(parent: u32) -> Option<Vec<u32>> {
    let mut above = vec![FIRST];
    let mut next = parent;
    // Whoever began outside of this PID namespace has no parent in it.
    while next > FIRST {
        if above.len() > MOST_ANCESTORS {
            return None;
        }
        above.push(next);
        next = processes::find(next)?.parent;
    }
    Some(above)
}

/// The ids of the children of all the threads of a process; nothing where the kernel does not show them, or where those are more
/// threads than this.
pub(super) fn child_ids(id: u32, most_threads: usize) -> Option<Vec<u32>> {
    let threads: Vec<_> = std::fs::read_dir(format!("/proc/{id}/task")).ok()?.flatten().collect();
    if threads.is_empty() || threads.len() > most_threads {
        return None;
    }
    let mut text = Vec::new();
    for thread in threads {
        match files::read(&thread.path().join("children")) {
            Ok(bytes) => text.extend(bytes),
            // A thread may have ended since; the first of them stays as long as its process does.
            Err(_) if thread.file_name().to_str() == Some(id.to_string().as_str()) => return None,
            Err(_) => {}
        }
    }
    Some(String::from_utf8_lossy(&text).split_ascii_whitespace().filter_map(|child| child.parse().ok()).collect())
}

fn is_in(id: u32, leader: u32) -> bool {
    session_of(id) == i32::try_from(leader).ok()
}

/// The session of a process, 0 where it began outside of this PID namespace; nothing if the process is gone.
fn session_of(id: u32) -> Option<i32> {
    let id = nix::unistd::Pid::from_raw(i32::try_from(id).ok()?);
    nix::unistd::getsid(Some(id)).ok().map(nix::unistd::Pid::as_raw)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests start processes past the code under test")]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// The leader of a session of its own, and the words that its script has said once it was ready.
    fn leads(script: &str) -> (Child, Vec<u32>) {
        let mut leader = Command::new("setsid")
            .args(["sh", "-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("`setsid` is there");
        let mut said = String::new();
        BufReader::new(leader.stdout.take().unwrap()).read_line(&mut said).unwrap();
        (leader, said.split_whitespace().map(|id| id.parse().unwrap()).collect())
    }

    fn end(mut leader: Child) {
        for id in among_all(leader.id()) {
            let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
            rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
        }
        leader.wait().unwrap();
    }

    #[test]
    fn f140_a_session_is_the_same_from_its_leader_as_among_all_processes() {
        for (name, script, members) in [
            ("alone", "echo; exec sleep 600", 1),
            ("a child", "sleep 600 & echo $!; wait", 2),
            ("a child of a child", "sh -c 'sleep 600 & wait' & echo $!; wait", 3),
            ("an orphan", "echo $(sleep 600 > /dev/null & echo $!); exec sleep 600", 2),
            ("an orphan with a child", "echo $(sh -c 'sleep 600 & wait' > /dev/null & echo $!); exec sleep 600", 3),
            ("one that has left for a session of its own", "setsid sleep 600 & echo $!; wait", 1),
            ("one in a group of its own", "set -m; sleep 600 & echo $!; wait", 2),
        ] {
            let (leader, said) = leads(script);
            // What is said is said before the last of them is there.
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
            while among_all(leader.id()).len() != members && std::time::Instant::now() < deadline {
                std::thread::yield_now();
            }
            let (mut found, mut all) = (from_leader(leader.id(), usize::MAX).unwrap(), among_all(leader.id()));
            found.sort_unstable();
            all.sort_unstable();
            assert_eq!((found.len(), &found), (members, &all), "{name}");
            end(leader);
            for id in said {
                let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
                let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
        }
    }

    #[test]
    fn f140_where_the_leader_has_ended_or_has_many_threads_all_processes_are_looked_at() {
        let (mut leader, said) = leads("sleep 600 > /dev/null & echo $!; exec sleep 600");
        let id = leader.id();
        assert_eq!(from_leader(id, 0), None, "it has one thread");
        leader.kill().unwrap();
        leader.wait().unwrap();
        assert_eq!(from_leader(id, usize::MAX), None, "gone");
        let left: Vec<u32> = of(id).iter().map(|process| process.identity.id).collect();
        assert_eq!(left, said);
        let left = rustix::process::Pid::from_raw(i32::try_from(said[0]).unwrap()).unwrap();
        rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
    }

    #[test]
    fn f140_more_children_than_the_kernel_tells_at_once_are_all_found() {
        let script = "i=0; while [ $i -lt 900 ]; do sleep 600 & i=$((i + 1)); done; echo; wait";
        let (leader, _) = leads(script);
        assert_eq!(child_ids(leader.id(), usize::MAX).map(|ids| ids.len()), Some(900));
        end(leader);
    }
}
