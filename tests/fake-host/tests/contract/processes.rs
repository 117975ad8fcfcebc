//! Processes: how they begin, what is told of them, and signals that reach exactly the one that was meant.

use std::io::ErrorKind;
use std::time::Duration;

use shared::host::{Host, Process, ProcessIdentity, Share, Signal};

use crate::contract;
use crate::subject::{Opens, ROOT, Subject, USER};

contract! {
    ROOT:
        a_launched_program_runs_in_a_session_of_its_own_as_its_user,
        what_a_launched_program_says_is_appended_to_its_log,
        what_cannot_be_launched_says_why,
        a_process_that_has_ended_is_gone_and_its_hook_is_told_how,
        sigterm_ends_a_release,
        f37_a_signal_for_a_process_that_had_the_id_before_reaches_nobody,
        children_belong_to_the_session_of_who_was_launched,
        f124_a_child_lies_in_the_control_group_of_who_launched_it_and_whoever_is_gone_lies_in_none,
        f110_who_is_in_no_container_has_one_id_and_who_is_gone_had_one,
        the_host_knows_itself;
    USER:
        a_hook_launches_as_its_own_user,
        another_users_process_is_seen_and_not_touched,
        f110_nobody_is_hidden_who_is_shown_or_is_not_there;
}

async fn f124_a_child_lies_in_the_control_group_of_who_launched_it_and_whoever_is_gone_lies_in_none(
    subject: &impl Subject,
) {
    let process = subject.launched().identity;
    let own = subject.host().control_group(std::process::id());
    // The hook of a host in memory is no process of it.
    if own.is_some() {
        assert_eq!(subject.host().control_group(process.id), own);
    }
    assert!(subject.host().control_group(process.id).is_some_and(|group| group.starts_with('/')));
    subject.host().signal(&process, Signal::Kill).unwrap();
    subject.ended(&process).await;
    assert_eq!(subject.host().control_group(process.id), None);
}

async fn a_launched_program_runs_in_a_session_of_its_own_as_its_user(subject: &impl Subject) {
    let host = subject.host();
    let launch = subject.launch(Opens::None, subject.free_port());
    let process = host.launch(&launch).unwrap();
    let found = host.process(process.identity.id).unwrap();
    assert_eq!(found.identity, process.identity);
    assert_eq!(found.session, found.identity.id, "a session of its own");
    assert_eq!((found.owner, &found.command), (host.user().id, &launch.command));
    let identities = |processes: Vec<Process>| processes.iter().map(|process| process.identity).collect::<Vec<_>>();
    assert_eq!(identities(host.session(found.identity.id)), [found.identity]);
    assert!(identities(host.processes()).contains(&found.identity));
    let credentials = host.credentials(&found.identity).unwrap();
    assert_eq!((credentials.user, credentials.groups.contains(&host.user().id)), (host.user().id, true));
    let memory = host.memory(&found.identity).unwrap();
    assert!(memory.now > 0 && memory.peak >= memory.now, "{memory:?}");
    assert!(host.compiler_times(&found.identity).unwrap().is_empty(), "it is no JVM");
    host.set_memory_sacrifice(&found.identity, 0).unwrap();
    for wanted in [Share::Small, Share::Equal, Share::Equal] {
        share(host, &found.identity, wanted);
    }
    assert_eq!(host.ending(&found.identity), None);
    // Told in clock ticks, and from a clock that may be set meanwhile.
    let now = host.wall_clock();
    assert!(found.started_at <= now + Duration::from_secs(5), "{found:?} at {now:?}");
    assert!(now.duration_since(found.started_at).unwrap_or_default() < Duration::from_mins(10), "{found:?} at {now:?}");
}

/// The kernel takes a change of this kind ten times a second, from whoever is not root.
fn share(host: &impl Host, process: &ProcessIdentity, share: Share) {
    loop {
        match host.set_processor_share(process, share) {
            Err(cause) if cause.kind() == ErrorKind::WouldBlock => {}
            changed => return changed.unwrap(),
        }
    }
}

async fn what_a_launched_program_says_is_appended_to_its_log(subject: &impl Subject) {
    let host = subject.host();
    let launch = subject.launch(Opens::None, 9999);
    let said = "starting with real2 on 9999\n";
    for times in 1..=2 {
        host.launch(&subject.launch(Opens::None, 9999)).unwrap();
        subject
            .until("it has said so", |host| host.read_file(&launch.log).unwrap() == said.repeat(times).as_bytes())
            .await;
    }
    let facts = host.describe(&launch.log).unwrap();
    assert_eq!((facts.mode, facts.owner), (0o640, host.user().id));
}

async fn what_cannot_be_launched_says_why(subject: &impl Subject) {
    let host = subject.host();
    let good = || subject.launch(Opens::None, subject.free_port());
    let mut empty = good();
    empty.command.clear();
    let mut nowhere = good();
    nowhere.directory = subject.path("none");
    let mut silent = good();
    silent.log = subject.path("none/log");
    let mut unknown = good();
    unknown.command = vec!["no-such-program".to_owned()];
    for (what, launch, kind) in [
        ("no command", empty, ErrorKind::InvalidInput),
        ("no such program", unknown, ErrorKind::NotFound),
        ("no directory to work in", nowhere, ErrorKind::NotFound),
        ("no directory for the log", silent, ErrorKind::NotFound),
    ] {
        assert_eq!(host.launch(&launch).map_err(|cause| cause.kind()), Err(kind), "{what}");
    }
}

async fn a_process_that_has_ended_is_gone_and_its_hook_is_told_how(subject: &impl Subject) {
    let host = subject.host();
    let process = subject.launched().identity;
    assert!(host.signal(&process, Signal::Kill).unwrap());
    assert_eq!(subject.ended(&process).await, "signal 9");
    assert_eq!(subject.ended(&process).await, "signal 9", "and again");
    assert_eq!(host.process(process.id), None);
    assert_eq!(host.session(process.id), []);
    assert_eq!(host.credentials(&process), None);
    assert_eq!(host.memory(&process), None);
    assert_eq!(host.compiler_times(&process), None);
    assert_eq!(host.set_memory_sacrifice(&process, 0).map_err(|cause| cause.kind()), Err(ErrorKind::NotFound));
    assert!(!host.signal(&process, Signal::Terminate).unwrap(), "it is gone");
    let none_of_its_own = subject.foreign().process;
    assert_eq!(host.ending(&ProcessIdentity { started: none_of_its_own.started + 1, ..none_of_its_own }), None);
}

async fn sigterm_ends_a_release(subject: &impl Subject) {
    let host = subject.host();
    let process = subject.launched().identity;
    assert!(host.signal(&process, Signal::Terminate).unwrap());
    subject.ended(&process).await;
    assert_eq!(host.process(process.id), None);
}

/// F37: ids are used again. What makes a process that process is when it began.
async fn f37_a_signal_for_a_process_that_had_the_id_before_reaches_nobody(subject: &impl Subject) {
    let host = subject.host();
    let innocent = subject.launched().identity;
    let ended = ProcessIdentity { started: innocent.started - 1, ..innocent };
    for signal in [Signal::Terminate, Signal::Reload, Signal::Kill] {
        assert!(!host.signal(&ended, signal).unwrap(), "{signal:?}");
    }
    assert_eq!(host.credentials(&ended), None);
    assert_eq!(host.memory(&ended), None);
    assert_eq!(host.compiler_times(&ended), None);
    assert_eq!(host.set_memory_sacrifice(&ended, 0).map_err(|cause| cause.kind()), Err(ErrorKind::NotFound));
    assert_eq!(host.set_processor_share(&ended, Share::Small).map_err(|cause| cause.kind()), Err(ErrorKind::NotFound));
    assert_eq!(host.ending(&ended), None);
    // Had one of them reached it, it would have ended by that one.
    assert!(host.signal(&innocent, Signal::Kill).unwrap(), "it still runs");
    assert_eq!(subject.ended(&innocent).await, "signal 9");
}

async fn children_belong_to_the_session_of_who_was_launched(subject: &impl Subject) {
    let host = subject.host();
    let wrapper = host.launch(&subject.launch(Opens::Child, subject.free_port())).unwrap().identity;
    subject.until("it has a child", |host| !host.children(wrapper.id).is_empty()).await;
    let child = host.children(wrapper.id).remove(0);
    assert_eq!((child.parent, child.session), (wrapper.id, wrapper.id));
    assert_eq!(host.session(wrapper.id).len(), 2);
    assert!(host.signal(&child.identity, Signal::Kill).unwrap());
    subject.until("it has none", |host| host.children(wrapper.id).is_empty()).await;
    assert_eq!(host.ending(&child.identity), None, "whose child it was is told, and nobody else");
}

async fn f110_who_is_in_no_container_has_one_id_and_who_is_gone_had_one(subject: &impl Subject) {
    let host = subject.host();
    let process = subject.launched().identity;
    assert_eq!(host.ids_in_namespaces(&process), [process.id]);
    assert_eq!(host.ids_in_namespaces(&subject.foreign().process), [subject.foreign().process.id]);
    assert!(host.signal(&process, Signal::Kill).unwrap());
    subject.ended(&process).await;
    assert_eq!(host.ids_in_namespaces(&process), [process.id], "of whom nothing is told");
}

async fn f110_nobody_is_hidden_who_is_shown_or_is_not_there(subject: &impl Subject) {
    let host = subject.host();
    let process = subject.launched().identity;
    for (who, id) in
        [("its own", process.id), ("root's", subject.foreign().process.id), ("nobody", 0), ("none", u32::MAX)]
    {
        assert!(!host.is_hidden(id), "{who}");
    }
    assert!(host.signal(&process, Signal::Kill).unwrap());
    subject.ended(&process).await;
    assert!(!host.is_hidden(process.id), "it has ended");
}

async fn the_host_knows_itself(subject: &impl Subject) {
    let host = subject.host();
    assert_eq!((host.user().id, host.user().name.as_str()), (ROOT, "root"));
    assert_eq!(host.user_named(54_321).name, "54321");
    assert!(!host.boot_id().is_empty());
    assert_eq!(host.boot_id(), host.boot_id());
    assert!(host.program().is_absolute());
    let left = host.available_memory(None).unwrap();
    assert!(left.bytes > 0 && host.available_memory(Some("/none")).unwrap().bytes > 0, "{left:?}");
    assert_eq!(
        host.ended_for_memory_before(),
        host.ended_for_memory(),
        "nobody is counted that was ended before this run"
    );
}

async fn a_hook_launches_as_its_own_user(subject: &impl Subject) {
    let host = subject.host();
    let process = subject.launched();
    assert_eq!((process.owner, host.user().id), (USER, USER));
    assert_eq!(host.credentials(&process.identity).unwrap().user, USER);
    assert!(host.signal(&process.identity, Signal::Kill).unwrap());
    assert_eq!(subject.ended(&process.identity).await, "signal 9");
}

async fn another_users_process_is_seen_and_not_touched(subject: &impl Subject) {
    let host = subject.host();
    let foreign = subject.foreign().process;
    assert_eq!(host.process(foreign.id).unwrap().owner, ROOT);
    assert_eq!(host.credentials(&foreign).unwrap().user, ROOT);
    assert!(host.memory(&foreign).unwrap().now > 0);
    let denied = ErrorKind::PermissionDenied;
    for signal in [Signal::Terminate, Signal::Reload, Signal::Kill] {
        assert_eq!(host.signal(&foreign, signal).map_err(|cause| cause.kind()), Err(denied), "{signal:?}");
    }
    assert_eq!(host.set_memory_sacrifice(&foreign, 1000).map_err(|cause| cause.kind()), Err(denied));
    assert_eq!(host.set_processor_share(&foreign, Share::Small).map_err(|cause| cause.kind()), Err(denied));
    assert_eq!(host.process(foreign.id).unwrap().identity, foreign);
}
