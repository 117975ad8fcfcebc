//! Whatever the door says, the live release is not touched (b1, b2, F69).

use fake_host::{App, AppAnswer, Door, PidFile};
use shared::error::Kind;
use shared::host::Answer;
use shared::route::upstreams;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

fn response(status: u16, body: &str) -> Door {
    Door::Answers(Answer::Response { status, location: None, body: body.to_owned() })
}

fn redirect(status: u16) -> Door {
    Door::Answers(Answer::Response { status, location: Some("https://example.org/".into()), body: String::new() })
}

#[test]
fn b1_f69_whatever_the_door_answers_the_live_release_is_never_touched() {
    let silence = || Door::Answers(Answer::Silence("connection refused".into()));
    for (name, door, wanted) in [
        ("a redirect to https", redirect(301), None),
        ("a redirect to a login page", redirect(302), None),
        ("a refusal", response(401, "{\"realm\":\"real\"}"), None),
        ("not found", response(404, "not found"), None),
        ("an error", response(500, "real1 real2"), Some(Kind::SentBack)),
        ("a bad gateway", response(502, "<h1>502</h1>"), Some(Kind::SentBack)),
        ("a maintenance page", response(503, "back soon"), None),
        ("HTML", response(200, "<html>real1 real2</html>"), None),
        ("a profile of neither slot", response(200, "real"), None),
        ("F103 silence", silence(), Some(Kind::Settings)),
        ("an answer that never ends", Door::Hangs, Some(Kind::SentBack)),
    ] {
        for user in User::BOTH {
            for live in Slot::BOTH {
                let site = Site::of_scripts(live, user);
                let old = site.host.live().unwrap();
                site.host.door(door.clone());
                let (hook, exit) = site.deploy("d-1");
                assert_eq!(exit.kind(), wanted, "{name}, {live:?} is live: {hook:?} ended with {exit:?}");
                assert!(site.host.is_running(&old), "{name}, {live:?} is live");
                assert_eq!(site.live(), Some(if wanted.is_none() { !live } else { live }), "{name}");
            }
        }
    }
}

#[test]
fn i16_a_door_that_names_the_other_slot_is_a_contradiction() {
    for live in Slot::BOTH {
        let site = Site::of_scripts(live, User::Root);
        site.host.door(response(200, &site.settings.place(!live).profile));
        assert_eq!(site.deploy("d-1").1.kind(), Some(Kind::Undecided));
        assert_eq!(site.host.signals(), []);
    }
}

#[test]
fn b1_a_live_release_that_answers_anything_is_never_touched() {
    for (name, answer) in [
        ("500", AppAnswer::Says(500, String::new())),
        ("503", AppAnswer::Says(503, "starting".into())),
        ("401", AppAnswer::Says(401, "real1".into())),
        ("a redirect", AppAnswer::Redirects("/login".into())),
        ("the profile `real`", AppAnswer::Says(200, "real".into())),
        ("HTML", AppAnswer::Says(200, "<html>real1</html>".into())),
        ("nothing", AppAnswer::Hangs),
    ] {
        for live in Slot::BOTH {
            let site = Site::cold(live, User::Application);
            let place = site.settings.place(live).clone();
            let old = site.host.place_app(App::good().answering(answer.clone()), &place.profile, place.port);
            let (hook, exit) = site.deploy("d-1");
            assert!(exit.is_done(), "{name}, {live:?} is live: {hook:?} ended with {exit:?}");
            assert!(site.host.is_running(&old), "{name}, {live:?} is live");
            assert_eq!(site.live(), Some(!live), "{name}");
        }
    }
}

#[test]
fn f64_f65_nginx_down_or_a_stale_pid_file_changes_nothing() {
    for pid_file in [PidFile::Removed, PidFile::Left] {
        for live in Slot::BOTH {
            let site = Site::of_scripts(live, User::Root);
            let old = site.host.live().unwrap();
            site.host.nginx_down(pid_file);
            if pid_file == PidFile::Left {
                // Somebody else has that process id by now: the live release itself.
                site.host.write(&site.settings.proxy.pid_file, format!("{}\n", old.id).as_bytes());
            }
            assert_eq!(site.deploy("d-1").1.kind(), Some(Kind::ProxyBroken));
            assert_eq!(site.host.signals(), []);
            assert!(site.host.is_running(&old));
            site.host.nginx_up();
            site.deploys("d-2");
        }
    }
}

#[test]
fn f60_a_broken_configuration_is_found_before_anything_changes() {
    let site = Site::of_scripts(Slot::Blue, User::Application);
    site.host.configuration_is_valid(false);
    assert_eq!(site.deploy("d-1").1.kind(), Some(Kind::ProxyBroken));
    site.host.configuration_is_valid(true);
    site.host.configuration_reads_include(false);
    assert_eq!(site.deploy("d-2").1.kind(), Some(Kind::Settings));
    site.host.configuration_reads_include(true);
    site.host.sudo_allows(false);
    assert_eq!(site.deploy("d-3").1.kind(), Some(Kind::NotAllowed));
    site.host.sudo_allows(true);
    site.host.room(1_000_000, 2_000_000_000);
    assert_eq!(site.deploy("d-4").1.kind(), Some(Kind::NoRoom));
    site.host.room(1_000_000_000, 200_000_000);
    assert_eq!(site.deploy("d-5").1.kind(), Some(Kind::NoRoom));
    assert_eq!((site.host.signals(), site.host.launches()), (vec![], vec![]));
    site.host.room(1_000_000_000, 2_000_000_000);
    site.host.uninstall("java");
    assert_eq!(site.deploy("d-6").1.kind(), Some(Kind::Settings));
}

#[test]
fn f31_i2_a_stranger_on_the_idle_port_is_left_alone() {
    for owner in [1000, 33] {
        for user in User::BOTH {
            let site = Site::of_scripts(Slot::Blue, user);
            let stranger = site.host.place_stranger(site.port(Slot::Green), owner, "python3 -m http.server 8082");
            assert_eq!(site.deploy("d-1").1.kind(), Some(Kind::Undecided));
            assert!(site.host.is_running(&stranger));
            assert_eq!(site.host.signals(), []);
        }
    }
}

#[test]
fn i1_i16_an_include_that_nginx_has_not_read_does_not_say_where_traffic_goes() {
    for live in Slot::BOTH {
        let site = Site::of_scripts(live, User::Root);
        let standby = site.settings.place(!live).clone();
        site.host.place_app(App::good(), &standby.profile, standby.port);
        // Somebody names the other slot and does not reload; then the live release dies. nginx still sends traffic to its
        // port, where no release may be started before it is proven.
        let edited = format!("set $service_url http://127.0.0.1:{};\n", standby.port);
        site.host.write(&site.settings.proxy.include, edited.as_bytes());
        site.host.kill_listener(site.port(live));
        assert_eq!(site.run(Hook::Stop, Some("d-1")).kind(), Some(Kind::Undecided), "{live:?} was live");
    }
}

#[test]
fn f100_a_word_that_stands_in_the_file_and_cannot_be_heard_is_told_once_by_stop_with_what_to_do() {
    // root's processes are not shown to everybody.
    for (user, neighbour) in
        [(User::Root, "(`bad-neighbour`) listens there"), (User::Application, "a process of `root` listens there")]
    {
        for (taken, wanted) in [(false, "nobody listens there: nginx has not read that file"), (true, neighbour)] {
            let site = Site::of_scripts(Slot::Blue, Setup { user, cutover: Cutover::ReloadAsked });
            let (file, port) = (site.settings.proxy.upstreams.clone(), site.settings.proxy.word.unwrap_or_default());
            site.host.write(&file, &upstreams::with_word(b"", &site.settings, site.include().as_bytes()));
            if taken {
                site.host.place_stranger(port, 0, "bad-neighbour");
            }
            let notes = || site.told.borrow().iter().filter(|line| line.contains("lets nginx tell at port")).count();
            let exit = site.run(Hook::Stop, Some("d-1"));
            let told = site.told.borrow().join("\n");
            assert!(exit.is_done() && told.contains(wanted) && told.contains("To do: "), "{user:?}: {exit:?}, {told}");
            assert_eq!(notes(), 1, "{told}");
            for hook in &Hook::DEPLOY[1..3] {
                assert!(site.run(*hook, Some("d-1")).is_done());
                assert_eq!(notes(), 0, "{hook:?}");
            }
            site.run(Hook::Switch, Some("d-1"));
            assert_eq!(notes(), 0, "switch");
        }
    }
    // Where it is heard, or not installed, there is nothing to say.
    for cutover in [Cutover::ReloadAsked, Cutover::InstantAsked, Cutover::Instant] {
        let site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover });
        for deployment in ["d-1", "d-2"] {
            let exit = site.run(Hook::Stop, Some(deployment));
            assert!(exit.is_done() && !site.told.borrow().join("\n").contains("lets nginx tell"), "{:?}", site.told);
            site.deploys(deployment);
        }
    }
}
