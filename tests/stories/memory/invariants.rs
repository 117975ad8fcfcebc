//! What holds after every hook on every site, whatever happened (I2, I3, I3a, F105), and how people are told. A story need not ask for it.

use fake_host::{Deed, Nature};
use shared::config::{Overlap, Standby};
use shared::error::Kind;
use shared::host::Signal;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::Site;

/// What was the case before a hook.
#[derive(Debug)]
pub(crate) struct Before {
    journal: usize,
    port_in_force: Option<u16>,
    answering_port: Option<u16>,
    include_port: Option<u16>,
}

impl Before {
    pub(crate) fn of(site: &Site) -> Before {
        Before {
            journal: site.host.journal().len(),
            port_in_force: site.host.port_in_force(),
            answering_port: site.host.answering_port(),
            include_port: site.host.include_port(),
        }
    }

    #[track_caller]
    pub(crate) fn hold_against(&self, site: &Site, hook: Hook, exit: &Exit) {
        let told = format!("{hook:?} ended with {exit:?}, before: {self:?}");
        self.i2_the_live_release_is_never_touched(site, hook, &told);
        let uncertain = exit.kind() == Some(Kind::Uncertain);
        let refused = matches!(exit, Exit::Failed(_)) && !uncertain && !site.unsettled.get();
        if refused {
            self.i3_failure_changes_nothing(site, &told);
        }
        if exit == &Exit::Killed || uncertain {
            site.unsettled.set(true);
        } else if exit.kind() != Some(Kind::Busy) {
            // Whoever cannot even begin, since the lock is held, cannot settle what a killed run left, and while nginx is down
            // nobody can.
            site.unsettled.set(site.unsettled.get() && site.is_intent_open());
        }
        // Who refuses leaves what a person did to the include behind nginx's back as it is.
        let found_so = refused && self.include_port != self.port_in_force;
        if !site.unsettled.get() && !found_so {
            i3a_no_time_bomb(site, &told);
        }
        if exit.is_done() && matches!(hook, Hook::Switch | Hook::Back | Hook::Restart) {
            let remembered = site.ledger().live;
            assert!(remembered.is_some(), "I10, nothing is remembered as live: {told}");
            // After the hook's last look nginx's workers may die, and then nobody serves; a port of neither slot is no excuse.
            let live = if site.host.port_in_force().is_some() { site.live() } else { remembered };
            assert_eq!(remembered, live, "I10, what is remembered as live is not: {told}");
        }
        if exit.is_done() && matches!(hook, Hook::Stop | Hook::Switch | Hook::Back | Hook::Restart) {
            i17_the_application_is_told_who_serves(site, &told);
        }
        f105_who_serves_is_what_is_the_case(site, exit, &told);
        people_know_slots_by_profile(site, exit);
        assert_ne!(exit.kind(), Some(Kind::Bug), "{told}");
    }

    #[track_caller]
    fn i2_the_live_release_is_never_touched(&self, site: &Site, hook: Hook, told: &str) {
        for entry in site.host.journal().split_off(self.journal) {
            match entry.deed {
                Deed::Signalled { process, signal: Signal::Reload, nature } => {
                    assert_eq!(nature, Nature::NginxMaster, "I2, SIGHUP to {process:?}: {told}");
                }
                Deed::Signalled { process, signal, nature } => {
                    // But where it makes room, which `stop` never lets it do.
                    let makes_room = hook != Hook::Stop && site.settings.start.overlap == Overlap::StopFirst;
                    let natures = if makes_room { &[Nature::Release, Nature::Live][..] } else { &[Nature::Release] };
                    assert!(natures.contains(&nature), "I2, {signal:?} to {nature:?} {process:?}: {told}");
                    // `switch` ends what it refuses, once traffic is elsewhere.
                    let live = entry.live_port.map(|port| format!("--server.port={port}"));
                    let serves = process.command.iter().any(|argument| Some(argument) == live.as_ref());
                    let may = matches!(hook, Hook::Stop | Hook::Start | Hook::Health)
                        || hook == Hook::Restart && !serves
                        || hook == Hook::Switch && (site.settings.switch.standby == Standby::Stop || !serves)
                        || makes_room;
                    assert!(may, "I2, {signal:?} to {process:?}: {told}");
                }
                Deed::Launched { port, .. } => {
                    // Whoever made room comes back.
                    let may = site.settings.start.overlap == Overlap::StopFirst;
                    assert!(may || Some(port) != entry.live_port, "I2, launched where traffic goes: {told}");
                }
                Deed::Wrote(_) | Deed::Published(_) | Deed::Removed(_) | Deed::Sacrificed(..) | Deed::Ran(_) => {}
            }
        }
    }

    #[track_caller]
    fn i3_failure_changes_nothing(&self, site: &Site, told: &str) {
        let (in_force, answering) = (site.host.port_in_force(), site.host.answering_port());
        if in_force.is_some() && self.port_in_force.is_some() && in_force != self.port_in_force {
            assert_eq!(answering, self.answering_port, "I3, traffic moved: {told}");
        }
        // nginx may have gone to the other slot by itself, since nobody was in this one any more; a hook may follow it.
        let (names, fell_over) = (site.host.include_port(), self.answering_port != self.port_in_force);
        if !(fell_over && names == answering) {
            assert_eq!(names, self.include_port, "I3, the include changed: {told}");
        }
    }
}

/// A slot that is said to serve does, as far as nginx's newest workers go, and where the site is said to be down nobody does.
#[track_caller]
fn f105_who_serves_is_what_is_the_case(site: &Site, exit: &Exit, told: &str) {
    if !matches!(exit, Exit::Failed(_)) {
        return;
    }
    let serving = site.serving.borrow();
    let door = site.host.status_before_nginx();
    assert!(!serving.contains("as before"), "F105, {serving}: {told}");
    let answering = site.host.answering_port();
    let listens = |port: u16| !site.host.listening(port).is_empty();
    let said = Slot::BOTH.into_iter().find(|slot| serving.starts_with(&site.settings.place(*slot).to_string()));
    match said {
        // Between two generations of workers the door tells of either.
        Some(slot) if !site.host.is_between_generations() && door != Some(200) => {
            assert_eq!(answering, Some(site.port(slot)), "F105, {serving}: {told}");
        }
        None if serving.starts_with("SITE DOWN: ") && door.is_none() => {
            let reached = answering.is_some_and(listens) && site.host.release_answers_nginx();
            assert!(!reached, "F105, {serving}, and port {answering:?} serves: {told}");
        }
        None if serving.starts_with("SITE DOWN, at least for a part") && door.is_none() => {
            assert!(site.host.accepting_workers() > 1, "F105, {serving}: {told}");
        }
        _ => {}
    }
}

/// Whatever a hook has said, a slot is called by its profile and port. Between backticks stand settings, paths and profiles, which
/// may be called anything.
#[track_caller]
pub(crate) fn people_know_slots_by_profile(site: &Site, exit: &Exit) {
    let verdict = match exit {
        Exit::Done(result) => result.clone(),
        Exit::Failed(error) => format!("{error} {}", error.advice().unwrap_or_default()),
        Exit::Killed => String::new(),
    };
    let said = format!("{} {verdict} {}", site.told.borrow().join(" "), site.serving.borrow());
    let prose = said.split('`').step_by(2);
    let words = prose.flat_map(|part| part.split(|letter: char| !letter.is_alphanumeric()));
    let colour = words.map(str::to_lowercase).find(|word| ["blue", "green"].contains(&word.as_str()));
    assert_eq!(colour, None, "{said}");
}

/// After a hook that has looked who serves, or moved it, the file for the application says so, or the hook has said why it does not.
#[track_caller]
fn i17_the_application_is_told_who_serves(site: &Site, told: &str) {
    if let Some(serves) = site.live().filter(|_| !site.is_untold()) {
        let profile = &site.settings.place(serves).profile;
        assert_eq!(site.announced("live").as_ref(), Some(profile), "I17, the application is told another slot: {told}");
    }
}

#[track_caller]
fn i3a_no_time_bomb(site: &Site, told: &str) {
    if let Some(in_force) = site.host.port_in_force() {
        assert_eq!(site.host.include_port(), Some(in_force), "I3a, include and nginx differ: {told}");
    }
}
