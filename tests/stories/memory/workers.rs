//! nginx whose workers are gone: its master alone keeps the port open and answers nobody, so no release serves, whatever the
//! flag says; and while nobody accepts, nothing tells where traffic had gone.

use std::time::Duration;

use fake_host::{App, Deed, Door, PidFile, Reloading};
use shared::error::Kind;
use shared::host::{Answer, Host, Signal};
use shared::nginx::workers;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Cutover, Setup, Site, User};

const INSTANT: [Setup; 2] = [
    Setup { user: User::Root, cutover: Cutover::Instant },
    Setup { user: User::Application, cutover: Cutover::Instant },
];

/// The doors: nginx itself, and a redirect that tells the slots from each other no more.
fn doors() -> [Door; 2] {
    [Door::Nginx, Door::Answers(Answer::Response { status: 301, location: None, body: String::new() })]
}

/// Somebody else's reload ends all of nginx's workers.
fn workers_die(site: &Site) {
    site.host.next_reload(Reloading::NewWorkersDie);
    site.host.foreign_reload();
    assert_eq!(site.host.port_in_force(), None);
}

/// The same a little later: 75 ms from now.
fn workers_will_die(site: &Site) {
    site.host.next_reload(Reloading::NewWorkersDie);
    let master = workers::master(&site.host, &site.settings.proxy.pid_file);
    let told = master.map(|master| site.host.signal(&master.identity, Signal::Reload));
    assert!(matches!(told, Ok(Ok(true))), "{told:?}");
}

#[test]
fn f121_nginx_without_a_worker_is_refused_before_anything_changes_and_served_again_when_it_is_restarted() {
    for setup in Setup::ALL {
        for door in doors() {
            for next in Hook::DEPLOY {
                let site = Site::of_scripts(Slot::Blue, setup);
                site.host.door(door.clone());
                site.deploys("d-1");
                for hook in Hook::DEPLOY.into_iter().take_while(|hook| *hook != next) {
                    assert!(site.run(hook, Some("d-2")).is_done());
                }
                let named = site.host.include_port();
                workers_die(&site);
                let before = site.host.journal().len();
                let (hook, exit) = site.deploy_from(next, "d-2");
                let told = format!("{setup:?}, {next:?}: {hook:?} ended with {exit:?}");
                assert_eq!(exit.kind(), Some(Kind::ProxyBroken), "{told}");
                assert_eq!(hook, if next == Hook::Stop { Hook::Stop } else { Hook::Switch }, "{told}");
                assert!(matches!(&exit, Exit::Failed(error) if error.to_string().contains("no worker")), "{told}");
                assert_eq!(site.host.include_port(), named, "{told}");
                if next == Hook::Stop {
                    let deeds = site.host.journal().split_off(before);
                    let harmless = |deed: &Deed| matches!(deed, Deed::Ran(_));
                    assert!(deeds.iter().all(|entry| harmless(&entry.deed)), "{told}: {deeds:?}");
                }
                site.host.nginx_down(PidFile::Removed);
                assert!(site.host.nginx_up());
                site.deploys("d-3");
            }
        }
    }
}

#[test]
fn f121_nothing_is_done_where_the_last_worker_dies_while_traffic_moves_or_is_watched() {
    for watch in [Duration::ZERO, Duration::from_secs(5)] {
        for door in doors() {
            let mut sent_back = 0;
            // The workers die 75 ms after that signal, the switch begins at any moment before.
            for begins in (0..75).step_by(3) {
                let mut site = Site::of_scripts(Slot::Blue, INSTANT[0]);
                site.settings.switch.watch = watch;
                site.host.door(door.clone());
                site.deploys("d-1");
                for hook in &Hook::DEPLOY[..3] {
                    assert!(site.run(*hook, Some("d-2")).is_done());
                }
                workers_will_die(&site);
                site.host.pass(Duration::from_millis(begins));
                let exit = site.run(Hook::Switch, Some("d-2"));
                let told = format!("watch {watch:?}, {begins} ms: {exit:?}");
                if exit.is_done() {
                    // Whoever does not watch has seen workers at its last look, and knows of no later moment.
                    assert!(watch.is_zero(), "{told}");
                } else {
                    sent_back += u32::from(exit.kind() == Some(Kind::SentBack));
                    assert_eq!(site.host.include_port(), Some(site.port(Slot::Green)), "{told}");
                }
                site.host.pass(Duration::from_secs(1));
                site.host.nginx_down(PidFile::Removed);
                assert!(site.host.nginx_up());
                site.deploys("d-3");
            }
            assert!(sent_back >= 2, "watch {watch:?}, {door:?}: the moment was hit {sent_back} times");
        }
    }
}

#[test]
fn f121_f75_where_the_last_worker_dies_no_traffic_stays_although_there_is_no_better_standby() {
    for door in doors() {
        let mut site = Site::of_scripts(Slot::Blue, INSTANT[0]);
        site.settings.switch.watch = Duration::from_secs(5);
        site.host.door(door.clone());
        site.deploys("d-1");
        let live = site.host.live().unwrap();
        for hook in &Hook::DEPLOY[..3] {
            assert!(site.run(*hook, Some("d-2")).is_done());
        }
        site.host.will_die(&live, Duration::from_millis(500));
        workers_will_die(&site);
        let exit = site.run(Hook::Switch, Some("d-2"));
        assert_eq!(exit.kind(), Some(Kind::SentBack), "{door:?}: {exit:?}");
    }
}

#[test]
fn f122_i3_whatever_was_ended_in_its_middle_nothing_moves_while_nginx_is_down() {
    let mut waited = 0;
    for setup in Setup::ALL {
        for (hook, live_dies) in [(Hook::Stop, true), (Hook::Switch, false), (Hook::Back, false)] {
            for pid_file in [PidFile::Removed, PidFile::Left] {
                for point in 1.. {
                    let site = Site::of_scripts(Slot::Blue, setup);
                    site.deploys("d-0");
                    if hook == Hook::Switch {
                        for before in &Hook::DEPLOY[..3] {
                            assert!(site.run(*before, Some("d-1")).is_done());
                        }
                    }
                    if live_dies {
                        site.host.kill_listener(site.port(Slot::Green));
                    }
                    site.host.kill_at(point);
                    let ended = site.run(hook, Some("d-1"));
                    site.host.clear_faults();
                    if ended != Exit::Killed {
                        break;
                    }
                    site.host.pass(Duration::from_secs(1));
                    site.host.nginx_down(pid_file);
                    let named = site.host.include_port();
                    let (first, exit) = site.deploy("d-2");
                    let told = format!("{setup:?}, {hook:?} at {point}: {first:?} ended with {exit:?}");
                    assert_eq!((first, exit.kind()), (Hook::Stop, Some(Kind::ProxyBroken)), "{told}");
                    assert_eq!(site.host.include_port(), named, "what nginx does at its next start: {told}");
                    waited += u32::from(site.is_intent_open());
                    assert!(site.host.nginx_up(), "{told}");
                    site.goes_back_if_the_last_one_stands_by();
                    site.host.next_release(App::good());
                    site.deploys("d-3");
                }
            }
        }
    }
    assert!(waited > 20, "{waited}");
}
