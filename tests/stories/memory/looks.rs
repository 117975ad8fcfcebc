//! What hooks look at, and what comes of it: answers that do not come in a row, groups that nginx has not read, artifacts of other
//! kinds, and what is only told.

use std::time::Duration;

use shared::error::Kind;
use shared::host::fake::{App, AppAnswer, Door, Reloading};
use shared::host::{Answer, Host};
use shared::plan::{Action, Outcome};
use shared::proof::arrival::Proof;
use shared::slot::Slot;
use shared::timeouts::app_spec::AppSpec;

use crate::actions::carry_out;
use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

fn bad() -> AppAnswer {
    AppAnswer::Says(500, String::new())
}

fn redirect() -> Door {
    Door::Answers(Answer::Response { status: 301, location: Some("https://example.org/".into()), body: String::new() })
}

#[test]
fn f50_good_answers_that_do_not_come_in_a_row_prove_nothing_however_many() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    // Asked every 100 ms by then, it gives one or two good answers, then bad ones, five times over.
    let app = (1..6).fold(App::good().answering(bad()), |app, turn| {
        let begins = Duration::from_millis(turn * 400);
        app.then_answering(begins, AppAnswer::Profile).then_answering(begins + Duration::from_millis(190), bad())
    });
    site.host.next_release(app);
    let (hook, exit) = site.deploy("d-1");
    assert_eq!((hook, exit.kind()), (Hook::Health, Some(Kind::NotHealthy)), "{exit:?}");
}

#[test]
fn f57_f62_traffic_that_arrives_now_and_then_has_not_arrived() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.host.place_app(App::good(), "real2", 8082);
    site.host.write(&site.settings.proxy.include.clone(), b"set $service_url http://127.0.0.1:8082;\n");
    site.host.next_reload(Reloading::OldWorkersStay);
    site.host.foreign_reload();
    let proof = Proof::of(&site.settings, Slot::Green, &Answer::Silence("x".into()));
    let (outcome, _) = carry_out(&site, Action::ProveDoor(proof.clone()));
    let Outcome::Undone(cause) = outcome else {
        unreachable!("half of the answers come from the old slot: {outcome:?}")
    };
    assert_eq!(cause.kind(), Kind::SentBack);
    site.host.foreign_reload();
    assert_eq!(carry_out(&site, Action::ProveDoor(proof)).0, Outcome::Done);
}

#[test]
fn f69_a_door_that_tells_nothing_is_told_with_what_the_proof_rests_on_and_one_that_tells_is_not() {
    let words = "the proof rests on nginx's workers";
    for (door, told) in [(redirect(), true), (Door::Nginx, false)] {
        let site = Site::of_scripts(Slot::Blue, User::Root);
        site.host.door(door);
        site.deploys("d-1");
        let lines = site.told.borrow().join(" ").replace("switch:     ", "");
        assert_eq!(lines.contains(words), told, "{lines}");
    }
}

#[test]
fn i1_i16_groups_that_nginx_has_not_read_do_not_say_where_traffic_goes() {
    for user in User::BOTH {
        let site = Site::of_scripts(Slot::Blue, Setup { user, cutover: Cutover::Instant });
        site.deploys("d-1");
        // Somebody exchanges the servers of the groups and does not reload; neither the door nor the ledger is any help.
        let path = site.settings.proxy.upstreams.clone();
        let text = String::from_utf8(site.host.read_file(&path).unwrap_or_default()).unwrap_or_default();
        let exchanged = text.replace(":8081", ":X").replace(":8082", ":8081").replace(":X", ":8082");
        assert_ne!(text, exchanged);
        site.host.write(&path, exchanged.as_bytes());
        site.host.door(redirect());
        site.host.delete(&site.settings.ledger_directory().join("ledger.json"));
        let exit = site.run(Hook::Stop, Some("d-2"));
        assert_eq!(exit.kind(), Some(Kind::Undecided), "{exit:?}");
        assert_eq!(site.host.listening(8082).len(), 1, "what serves runs on");
    }
}

#[test]
fn f22_with_a_command_of_ones_own_anything_but_an_empty_file_can_be_the_artifact() {
    for (bytes, wanted) in [(b"#!/bin/sh\n".as_slice(), None), (b"", Some(Kind::Artifact))] {
        let mut site = Site::of_scripts(Slot::Blue, User::Root);
        site.settings.app.command = vec!["java".into(), "{artifact}".into(), "{profile}".into()];
        site.host.write("/app/zip/app.jar".as_ref(), bytes);
        let exit = site.run(Hook::Stop, Some("d-1"));
        assert_eq!(exit.kind(), wanted, "{exit:?}");
    }
}

#[test]
fn what_a_later_hook_would_miss_is_told_by_stop_and_changes_nothing() {
    let mut site = Site::of_scripts(Slot::Blue, User::Root);
    site.deploys("d-1");
    let signals = site.host.signals();
    site.settings.app.config_locations = vec!["classpath:/a.properties".into(), "/app/secret.properties".into()];
    let exit = site.run(Hook::Stop, Some("d-2"));
    assert!(format!("{exit:?}").contains("`/app/secret.properties`"), "{exit:?}");
    assert_eq!(site.host.signals(), signals, "the standby runs on");
    site.host.write("/app/secret.properties".as_ref(), b"");
    site.caller.event = Some("AfterInstall".into());
    let app_spec = "hooks:\n  AfterInstall:\n    - {location: hooks/stop, timeout: 20}\n";
    site.caller.app_spec = AppSpec::parse(app_spec).ok();
    let exit = site.run(Hook::Stop, Some("d-2"));
    let told = site.told.borrow().join("\n");
    assert!(exit.is_done() && told.contains("`timeout: 20` of `stop`"), "{exit:?}:\n{told}");
}

#[test]
fn memory_is_counted_with_what_the_idle_slot_will_give_back_and_not_at_all_where_nobody_wants_it() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.deploys("d-1");
    // Live and standby hold 300 MB each, so 10 MB more than nothing are enough once the standby has ended.
    site.host.room(1_000_000_000, 10_000_000);
    site.deploys("d-2");
    let mut short = Site::of_scripts(Slot::Blue, User::Root);
    short.host.room(1_000_000_000, 10_000_000);
    let refused = short.clone().run(Hook::Stop, Some("d-1"));
    assert_eq!(refused.kind(), Some(Kind::NoRoom), "{refused:?}");
    short.settings.app.check_memory = false;
    short.deploys("d-1");
}
