//! What a launched program has of the hook: nothing (F03, F05, F34, F43, F85).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal as Blocked};
use shared::host::{Host, Signal};

use super::piped_hook::PipedHook;
use crate::on_machine;
use crate::subject::{Opens, ROOT, Subject};

/// The descriptors of a process, and what is behind each.
fn descriptors(id: u32) -> BTreeMap<u32, PathBuf> {
    let entries = fs::read_dir(format!("/proc/{id}/fd")).unwrap().map(Result::unwrap);
    // One may be closed between the two looks.
    let behind = |path: PathBuf| fs::read_link(path).unwrap_or_default();
    entries.map(|entry| (entry.file_name().to_str().unwrap().parse().unwrap(), behind(entry.path()))).collect()
}

/// Waits until a process has these descriptors and no others. What ends with its exec is closed one after another, and its loader opens
/// libraries: neither stays.
fn come_to_be(id: u32, expected: &BTreeMap<u32, PathBuf>) {
    let begun = Instant::now();
    loop {
        let found = descriptors(id);
        if found == *expected {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{found:?}, needed {expected:?}");
        std::thread::yield_now();
    }
}

fn status(id: u32, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
}

#[test]
fn f05_f85_a_launched_program_holds_none_of_the_hooks_descriptors() {
    on_machine::run(ROOT, async |subject| {
        // As the agent may hand them on: open, and kept at an exec.
        let (reads, writes) = rustix::pipe::pipe().unwrap();
        let launch = subject.launch(Opens::None, 9999);
        let process = subject.host().launch(&launch).unwrap();
        let log = launch.log.canonicalize().unwrap();
        let expected = BTreeMap::from([(0, PathBuf::from("/dev/null")), (1, log.clone()), (2, log)]);
        come_to_be(process.identity.id, &expected);
        drop((reads, writes));
    });
}

#[test]
fn f05_a_launched_program_has_none_of_the_pipes_that_the_agent_reads() {
    on_machine::run(ROOT, async |subject| {
        let host = subject.host();
        let hook = PipedHook::that_locks(&subject, &subject.path("lock"));
        let log = subject.path("log").canonicalize().unwrap();
        let expected = BTreeMap::from([(0, PathBuf::from("/dev/null")), (1, log.clone()), (2, log)]);
        come_to_be(hook.launched, &expected);
        let launched = host.process(hook.launched).unwrap().identity;
        hook.kill();
        assert!(host.signal(&launched, Signal::Kill).unwrap());
    });
}

#[test]
fn f03_a_launched_program_has_a_session_of_its_own() {
    on_machine::run(ROOT, async |subject| {
        let process = subject.launched();
        let own = subject.host().process(std::process::id()).unwrap().session;
        assert_ne!(process.session, own);
        assert_eq!(process.session, process.identity.id);
    });
}

#[test]
fn f34_a_launched_program_hears_sigterm_though_the_hook_was_started_with_it_blocked() {
    on_machine::run(ROOT, async |subject| {
        let mut blocked = SigSet::empty();
        blocked.add(Blocked::SIGTERM);
        blocked.thread_block().unwrap();
        let process = subject.launched().identity;
        assert_eq!(status(process.id, "SigBlk:"), "0000000000000000");
        assert!(subject.host().signal(&process, Signal::Terminate).unwrap());
        assert_eq!(subject.ended(&process).await, "signal 15");
    });
}

#[test]
fn f43_a_launched_program_has_the_variables_that_were_named_and_no_others() {
    on_machine::run(ROOT, async |subject| {
        let mut launch = subject.launch(Opens::None, 9999);
        launch.environment = vec!["PATH".to_owned()];
        launch.variables = vec![("SLOT".to_owned(), "green".to_owned())];
        let process = subject.host().launch(&launch).unwrap();
        let text = fs::read_to_string(format!("/proc/{}/environ", process.identity.id)).unwrap();
        let names: Vec<&str> = text.split_terminator('\0').filter_map(|line| Some(line.split_once('=')?.0)).collect();
        assert_eq!(names, ["PATH", "SLOT"]);
    });
}

#[test]
fn f42_f44_a_launched_program_leaves_no_core_and_belongs_to_nobodys_terminal_or_group() {
    on_machine::run(ROOT, async |subject| {
        let process = subject.launched().identity;
        let limits = fs::read_to_string(format!("/proc/{}/limits", process.id)).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
        // Session, group and terminal: a SIGHUP goes to those of whoever started the hook.
        let stat = fs::read_to_string(format!("/proc/{}/stat", process.id)).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let id = process.id.to_string();
        assert_eq!(fields[2..5], [id.as_str(), id.as_str(), "0"], "{stat}");
    });
}

#[test]
fn f40_a_launched_program_is_the_first_to_go_when_memory_is_short() {
    on_machine::run(ROOT, async |subject| {
        let process = subject.launched().identity;
        let score = || fs::read_to_string(format!("/proc/{}/oom_score_adj", process.id)).unwrap();
        assert_eq!(score().trim(), "1000");
        subject.host().set_memory_sacrifice(&process, 0).unwrap();
        assert_eq!(score().trim(), "0");
    });
}
