//! What hooks look at, and what comes of it: answers that do not come in a row, groups that nginx has not read, artifacts of other
//! kinds, and what is only told.

use std::time::Duration;

use fake_host::{App, AppAnswer, Door, Reloading};
use shared::config::{Overlap, Standby};
use shared::error::Kind;
use shared::host::{Answer, Host};
use shared::plan::{Action, Outcome};
use shared::probe::validation::Validation;
use shared::proof::arrival::Proof;
use shared::slot::Slot;
use shared::timeouts::app_spec::{self, AppSpec};

use crate::actions::carry_out;
use crate::exit::{Exit, Hook};
use crate::site::{Cutover, Setup, Site, User};

fn bad() -> AppAnswer {
    AppAnswer::Says(500, String::new())
}

fn redirect() -> Door {
    Door::Answers(Answer::Response { status: 301, location: Some("https://example.org/".into()), body: String::new() })
}

/// A release that gives one or two good answers in a row to whoever asks every 100 ms, five times over.
fn flapping() -> App {
    (1..6).fold(App::good().answering(bad()), |app, turn| {
        let begins = Duration::from_millis(turn * 400);
        app.then_answering(begins, AppAnswer::Profile).then_answering(begins + Duration::from_millis(190), bad())
    })
}

#[test]
fn f50_good_answers_that_do_not_come_in_a_row_prove_nothing_however_many() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.host.next_release(flapping());
    let (hook, exit) = site.deploy("d-1");
    assert_eq!((hook, exit.kind()), (Hook::Health, Some(Kind::NotHealthy)), "{exit:?}");
    // The same where there is no slot.
    let mut site = Site::cold(Slot::Blue, User::Root);
    site.settings.health.url = Some("http://127.0.0.1:8082/profile".into());
    site.settings.health.patience.at_most = Duration::from_secs(5);
    site.host.place_app(flapping(), "real2", 8082);
    let validation = Validation::of(&site.settings).unwrap_or_else(|error| unreachable!("{error}"));
    let (outcome, _) = carry_out(&site, Action::Validate(validation));
    assert!(matches!(&outcome, Outcome::Undone(cause) if cause.kind() == Kind::NotHealthy), "{outcome:?}");
}

/// `Site::dry_run` looks for other names of the slots in all that is shown.
#[test]
fn a_dry_run_of_each_hook_shows_what_it_would_do_and_calls_the_slots_by_profile_and_port() {
    for (setup, standby) in Setup::ALL.into_iter().flat_map(|setup| [(setup, Standby::Keep), (setup, Standby::Stop)]) {
        let mut site = Site::of_scripts(Slot::Blue, setup);
        site.settings.switch.standby = standby;
        let shows = |hook, deployment, words: &[&str]| {
            let exit = site.dry_run(hook, deployment);
            assert!(exit.is_done(), "{setup:?}: {hook:?} ended with {exit:?}");
            let told = site.told.borrow().join("\n").replace("\n    ", " ");
            for word in words {
                assert!(told.contains(word), "{setup:?}: `{word}` is not in {told}");
            }
        };
        for deployment in ["d-1", "d-2"] {
            let (live, idle) = (site.live().unwrap_or(Slot::Blue), site.live().map_or(Slot::Green, |live| !live));
            let [live, idle] = [live, idle].map(|slot| site.settings.place(slot).to_string());
            let stopped = format!("stop {live}: let its requests end");
            let moved = format!("a cutover to {idle} begins");
            let switch: &[&str] = if standby == Standby::Stop { &[&moved, &stopped] } else { &[&moved] };
            for (hook, words) in [
                (Hook::Stop, &[format!("works in {idle}").as_str(), &format!("{idle} is free")][..]),
                (Hook::Start, &[&format!("{idle} is to run release")]),
                (Hook::Health, &["the release is proven"]),
                (Hook::Switch, switch),
            ] {
                shows(hook, Some(deployment), words);
                assert!(site.run(hook, Some(deployment)).is_done(), "{setup:?}: {hook:?}");
            }
            if standby == Standby::Keep {
                shows(Hook::Back, None, &[&format!("a way back to {live} begins")]);
            }
        }
    }
}

#[test]
fn f62_a_way_back_that_nginx_refuses_as_it_refused_the_way_there_has_changed_nothing_and_is_as_good_as_done() {
    for user in User::BOTH {
        let site = Site::of_scripts(Slot::Blue, user);
        for hook in &Hook::DEPLOY[..3] {
            assert!(site.run(*hook, Some("d-1")).is_done());
        }
        site.host.next_reload(Reloading::Refused);
        site.host.next_reload(Reloading::Refused);
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!((exit.kind(), site.live()), (Some(Kind::SentBack), Some(Slot::Blue)), "{exit:?}");
    }
}

#[test]
fn f57_f62_traffic_that_arrives_now_and_then_has_not_arrived() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.host.place_app(App::good(), "real2", 8082);
    site.host.write(&site.settings.proxy.include.clone(), b"set $service_url http://127.0.0.1:8082;\n");
    site.host.next_reload(Reloading::OldWorkersStay);
    site.host.foreign_reload();
    let proof = Proof::of(&site.settings, Slot::Green, &Answer::Silence("x".into()));
    let (outcome, _) = carry_out(&site, Action::Prove(proof.clone()));
    let Outcome::Undone(cause) = outcome else {
        unreachable!("half of the answers come from the old slot: {outcome:?}")
    };
    assert_eq!(cause.kind(), Kind::SentBack);
    site.host.foreign_reload();
    assert_eq!(carry_out(&site, Action::Prove(proof)).0, Outcome::Done);
}

#[test]
fn f69_f100_a_door_that_tells_nothing_shows_nothing_and_one_that_tells_does() {
    for (door, proven) in [(redirect(), false), (Door::Nginx, true)] {
        let site = Site::of_scripts(Slot::Blue, User::Root);
        site.host.door(door);
        let (_, Exit::Done(result)) = site.deploy("d-1") else { unreachable!("it is deployed") };
        assert_eq!(result.contains("NOT PROVEN"), !proven, "{result}");
        assert_eq!(result.contains("serves"), proven, "{result}");
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
    short.settings.start.overlap = Overlap::Always;
    short.deploys("d-1");
}

#[test]
fn f48_under_the_limit_of_a_control_group_only_what_lies_in_it_gives_memory_back() {
    for (group, enough) in [
        ("/system.slice/codedeploy-agent.service", true),
        ("/system.slice/codedeploy-agent.service/inner", true),
        ("/system.slice/codedeploy-agent.service-2", false),
        ("/user.slice", false),
    ] {
        let site = Site::of_scripts(Slot::Blue, User::Root);
        site.deploys("d-1");
        site.deploys("d-2");
        site.host.room(1_000_000_000, 10_000_000);
        site.host.memory_is_limited_by("/system.slice/codedeploy-agent.service");
        for standby in site.host.listening(site.port(Slot::Green)) {
            site.host.place_in_control_group(&standby, group);
        }
        let exit = site.run(Hook::Stop, Some("d-3"));
        assert_eq!((exit.is_done(), exit.kind()), (enough, (!enough).then_some(Kind::NoRoom)), "{group}: {exit:?}");
    }
}

#[test]
fn f40_f48_a_limit_that_leaves_too_little_memory_is_named_and_the_smaller_heap_that_is_advised_helps() {
    let mut site = Site::of_scripts(Slot::Blue, User::Root);
    site.settings.app.jvm_options = vec!["-Xmx280m".into()];
    site.deploys("d-1");
    site.deploys("d-2");
    site.host.kill_listener(site.port(Slot::Green));
    // Each holds 300 MB, as if its heap had been full.
    site.host.room(1_000_000_000, 200_000_000);
    site.host.memory_is_limited_by("/system.slice/codedeploy-agent.service");
    let refused = site.run(Hook::Stop, Some("d-3"));
    assert_eq!(refused.kind(), Some(Kind::NoRoom), "{refused:?}");
    let told = format!("{refused:?}");
    for part in [
        "200 MB",
        "by what runs now it needs 300 MB",
        "control group `/system.slice/codedeploy-agent.service`",
        "MemoryMax",
        "-Xmx",
    ] {
        assert!(told.contains(part), "`{part}` is not in {told}");
    }
    site.settings.app.jvm_options = vec!["-Xmx128m".into()];
    site.deploys("d-3");
}

#[test]
fn i9_health_keeps_the_time_that_its_last_answer_may_take() {
    let mut site = Site::of_scripts(Slot::Blue, User::Root);
    site.settings.health.timeout = Duration::from_secs(6);
    site.host.next_release(App::good().answering(AppAnswer::Hangs));
    assert!(site.run(Hook::Stop, Some("d-1")).is_done() && site.run(Hook::Start, Some("d-1")).is_done());
    site.caller.event = Some("ValidateService".into());
    let app_spec = "hooks:\n  ValidateService:\n    - {location: hooks/health, timeout: 20}\n";
    site.caller.app_spec = AppSpec::parse(app_spec).ok();
    let exit = site.run(Hook::Health, Some("d-1"));
    assert_eq!(exit.kind(), Some(Kind::NotHealthy), "{exit:?}");
    let took = site.host.elapsed();
    assert!(took > Duration::from_secs(10) && took < Duration::from_secs(17), "{took:?} of 20 s");
}

#[test]
fn f15_the_appspec_of_another_bundle_says_nothing_about_a_hook_that_is_none_of_its_scripts() {
    let site = Site::cold(Slot::Blue, User::Root);
    let text = "hooks:\n  AfterInstall:\n    - {location: hooks/stop, timeout: 30}\n";
    site.host.write("/opt/bundle/appspec.yml".as_ref(), text.as_bytes());
    let found = |program: &str| app_spec::of_bundle(&site.host, program.as_ref());
    let own =
        AppSpec::parse(text).map(|spec| AppSpec { top: "/opt/bundle".into(), own: Some("hooks/stop".into()), ..spec });
    assert_eq!(found("/opt/bundle/hooks/stop"), own.map(Some));
    for program in ["/opt/bundle/hooks/start", "/opt/bundle/old/stop", "/opt/stop"] {
        assert_eq!(found(program), Ok(None), "{program}");
    }
}

#[test]
fn i10_a_second_switch_at_whose_door_an_error_is_found_blames_nginx_and_speaks_of_nothing_sent_back() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.deploys("d-1");
    site.host.door(Door::Answers(Answer::Response { status: 500, location: None, body: String::new() }));
    let exit = site.run(Hook::Switch, Some("d-1"));
    assert_eq!((exit.kind(), site.live()), (Some(Kind::ProxyBroken), Some(Slot::Green)), "{exit:?}");
}

#[test]
fn f75_that_no_release_answers_well_is_told_once_however_long_it_is_watched() {
    let mut site = Site::cold(Slot::Blue, User::Root);
    site.settings.switch.watch = Duration::from_secs(30);
    site.host.place_app(App::good().answering(bad()), "real1", 8081);
    site.host.next_release(App::good().then_answering(Duration::from_secs(2), bad()));
    site.deploys("d-1");
    let told = site.told.borrow().join("\n");
    assert_eq!(told.matches("3 times in a row").count(), 1, "{told}");
}

#[test]
fn f83_i3a_sigterm_while_an_earlier_cutover_is_settled_waits_until_include_and_nginx_agree() {
    let prepared = Site::of_scripts(Slot::Blue, User::Application);
    for hook in &Hook::DEPLOY[..3] {
        assert!(prepared.run(*hook, Some("d-1")).is_done());
    }
    let mut settled = 0;
    for point in 1.. {
        let killed = prepared.clone();
        killed.host.kill_at(point);
        if killed.run(Hook::Switch, Some("d-1")) != Exit::Killed {
            break;
        }
        killed.host.clear_faults();
        if killed.ledger().intent.is_none() {
            continue;
        }
        killed.host.pass(Duration::from_secs(1));
        for wait in 1..8 {
            let site = killed.clone();
            site.host.interrupt_at(wait);
            let exit = site.run(Hook::Stop, Some("d-2"));
            site.host.clear_faults();
            assert_eq!(site.ledger().intent, None, "killed at {point}, interrupted at {wait}: {exit:?}");
            assert_eq!(site.host.include_port(), site.host.port_in_force(), "{point}, {wait}: {exit:?}");
            settled += usize::from(exit.kind() == Some(Kind::Interrupted));
        }
    }
    assert!(settled > 20, "{settled} runs were interrupted");
}

#[test]
fn f87_the_sha256_of_a_release_is_told_and_remembered() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    assert!(site.run(Hook::Stop, Some("d-1")).is_done() && site.run(Hook::Start, Some("d-1")).is_done());
    let told = site.told.borrow().join("\n");
    let remembered = site.ledger().tenants.green.release.and_then(|release| release.sha256).unwrap_or_default();
    assert_eq!(remembered.len(), 64, "{remembered}");
    assert!(told.contains(&format!("sha256 {}", &remembered[..16])), "{remembered} in {told}");
}

#[test]
fn i10_a_second_switch_of_a_deployment_that_was_gone_back_from_never_says_that_its_release_serves() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.deploys("d-1");
    assert!(site.run(Hook::Back, None).is_done());
    site.host.door(redirect());
    let exit = site.run(Hook::Switch, Some("d-1"));
    assert!(!exit.is_done(), "{exit:?}");
    assert_eq!(site.live(), Some(Slot::Blue));
}

#[test]
fn i16_traffic_that_somebody_moved_after_health_is_noticed_by_switch() {
    for user in User::BOTH {
        let site = Site::of_scripts(Slot::Blue, user);
        for hook in &Hook::DEPLOY[..3] {
            assert!(site.run(*hook, Some("d-1")).is_done());
        }
        site.host.write(&site.settings.proxy.include.clone(), b"set $service_url http://127.0.0.1:8082;\n");
        site.host.foreign_reload();
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!(exit.kind(), Some(Kind::Undecided), "{exit:?}");
        assert!(format!("{exit:?}").contains("the live slot changed"), "{exit:?}");
    }
}

#[test]
fn a_flag_that_others_can_set_since_stop_is_not_set_by_switch() {
    let site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover: Cutover::Instant });
    site.deploys("d-1");
    site.deploys("d-2");
    for hook in &Hook::DEPLOY[..3] {
        assert!(site.run(*hook, Some("d-3")).is_done());
    }
    let flag = site.settings.proxy.flag.clone();
    let directory = flag.parent().unwrap_or(&flag);
    site.host.delete(directory);
    assert!(site.host.make_directory(directory, 0o777).is_ok());
    let exit = site.run(Hook::Switch, Some("d-3"));
    assert!(format!("{exit:?}").contains("others may move the traffic"), "{exit:?}");
    assert_eq!((exit.is_done(), site.live()), (false, Some(Slot::Blue)));
    assert!(site.host.describe(&flag).is_err(), "it was not even made");
}
