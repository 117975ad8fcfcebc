//! Single actions, carried out by themselves: what each waits for, what it refuses, and what it shows of a release that failed.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fake_host::{App, AppAnswer};
use shared::error::Kind;
use shared::host::{Host, ProcessIdentity};
use shared::ledger::Ledger;
use shared::nginx::access::Access;
use shared::plan::execute::Execution;
use shared::plan::{Action, Outcome, Plan, Step};
use shared::probe::warm_up::Linked;
use shared::report::Report;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

/// Carries one action out, and how long that took.
pub(crate) fn carry_out(site: &Site, action: Action) -> (Outcome, Duration) {
    site.host.begin();
    let report = Report::collecting("action");
    let mut ledger = Ledger::default();
    let plan = Plan { steps: vec![Step::of(action)], result: String::new() };
    let mut execution = Execution::<_, Linked>::new(&site.host, &site.settings, &mut ledger, &report);
    let outcome = match pin!(execution.carry_out(&plan)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("a host in memory never waits"),
    };
    site.told.replace(report.collected());
    (outcome, site.host.elapsed())
}

/// Why an action was refused, with its kind.
#[track_caller]
fn refused(outcome: &Outcome) -> (Kind, String) {
    match outcome {
        Outcome::Undone(cause) => (cause.kind(), cause.to_string()),
        Outcome::Done | Outcome::Stuck { .. } => unreachable!("it was not refused: {outcome:?}"),
    }
}

#[test]
fn i9_a_port_that_is_still_held_when_its_process_has_gone_is_waited_for_and_who_keeps_it_is_named() {
    let begun = || {
        let site = Site::of_scripts(Slot::Blue, User::Root);
        let holder = site.host.place_stranger(site.port(Slot::Green), 1000, "python3 -m http.server 8082");
        (site, holder)
    };
    let await_free = |site: &Site| carry_out(site, Action::AwaitFree(site.settings.place(Slot::Green).clone()));
    for held in [1, 30, 2900].map(Duration::from_millis) {
        let (site, holder) = begun();
        site.host.will_die(&holder, held);
        let (outcome, took) = await_free(&site);
        assert_eq!(outcome, Outcome::Done, "held for {held:?}");
        assert!(site.host.listening(8082).is_empty(), "held for {held:?}: it is free then, and not before");
        assert!(took >= held && took <= held + Duration::from_millis(25), "held for {held:?}, waited for {took:?}");
    }
    let (site, holder) = begun();
    let (outcome, took) = await_free(&site);
    let (kind, why) = refused(&outcome);
    assert_eq!(kind, Kind::Undecided);
    assert!(why.contains(&format!("still held by process {}", holder.id)), "{why}");
    assert!(took <= Duration::from_secs(3), "{took:?}");
}

#[test]
fn i2_a_live_slot_that_lost_its_listener_is_seen_however_short_ago_it_was() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    let see_live = |site: &Site| carry_out(site, Action::SeeLive(site.settings.place(Slot::Blue).clone())).0;
    assert_eq!(see_live(&site), Outcome::Done);
    site.host.kill_listener(site.port(Slot::Blue));
    let (kind, why) = refused(&see_live(&site));
    assert_eq!(kind, Kind::Undecided);
    assert!(why.contains("`real1`"), "{why}");
}

#[test]
fn f33_f85_whoever_fails_the_end_of_the_releases_own_log_is_shown_and_told_apart_from_the_advice() {
    let seconds = Duration::from_secs;
    let bad = || AppAnswer::Says(500, String::new());
    for (hook, app) in [
        (Hook::Start, App::good().dying_after(Duration::from_millis(300))),
        (Hook::Health, App::good().answering(bad())),
        (Hook::Health, App::good().booting_for(seconds(30)).dying_after(seconds(10))),
        (Hook::Switch, App::good().then_answering(seconds(2), bad())),
    ] {
        let mut site = Site::of_scripts(Slot::Blue, User::Application);
        site.settings.switch.watch = seconds(5);
        site.host.next_release(app.clone());
        let (last, exit) = site.deploy("d-1");
        assert_eq!((last, exit.is_done()), (hook, false), "{app:?}: {exit:?}");
        let told = site.told.borrow().join("\n");
        assert!(
            told.contains("  | starting with real2 on 8082"),
            "{hook:?} of {app:?} shows no line of the log:\n{told}"
        );
    }
}

#[test]
fn a_flag_that_others_could_set_or_nginx_cannot_see_is_refused_when_its_directory_has_been_made() {
    let site = Site::of_scripts(Slot::Blue, Setup { user: User::Application, cutover: Cutover::Instant });
    let directory = site.settings.proxy.flag.parent().unwrap_or(Path::new("/")).to_owned();
    let carried_out = |site: &Site, worker: Option<ProcessIdentity>| {
        let access = Access::find(&site.host, &site.settings, None).unwrap_or_else(|error| unreachable!("{error}"));
        carry_out(site, Action::MakeFlagDirectory { directory: access.flag_directory, worker }).0
    };
    let worker = |site: &Site| {
        let is_worker = |command: &[String]| command.first().is_some_and(|title| title.starts_with("nginx: worker"));
        site.host.processes().into_iter().find(|process| is_worker(&process.command)).map(|process| process.identity)
    };
    let fresh = site.clone();
    assert_eq!(carried_out(&fresh, worker(&fresh)), Outcome::Done, "it is made as it has to be");
    assert!(fresh.host.describe(&directory).is_ok());
    // Somebody else has made it meanwhile.
    for (mode, words) in [(0o777, "others may move the traffic"), (0o700, "cannot see the flag")] {
        let site = site.clone();
        let above = directory.parent().unwrap_or(Path::new("/"));
        let made = site.host.own_directory(above).and_then(|()| site.host.make_directory(&directory, mode));
        assert!(made.is_ok(), "{made:?}");
        let worker = worker(&site);
        assert!(worker.is_some(), "nginx has a worker");
        let (_, why) = refused(&carried_out(&site, worker));
        assert!(why.contains(words), "{mode:o}: {why}");
    }
}
