//! Bundles whose `appspec.yml` cannot lead through a deploy: `stop` says so before anything changes.

use shared::error::Kind;
use shared::lifecycle::Lifecycle;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Site, User};

/// The events with their scripts, as a bundle of the site has them, with every script but `missing` in it.
fn bundle(site: &mut Site, hooks: &[(&str, &[&str])], missing: &str) {
    let script = |location: &&str| format!("    - location: {location}\n");
    let event =
        |(name, scripts): &(&str, &[&str])| format!("  {name}:\n{}", scripts.iter().map(script).collect::<String>());
    let text = format!("hooks:\n{}", hooks.iter().map(event).collect::<String>());
    site.host.write("/opt/bundle/appspec.yml".as_ref(), text.as_bytes());
    for location in hooks.iter().flat_map(|(_, scripts)| *scripts).filter(|location| **location != missing) {
        site.host.write(format!("/opt/bundle/{location}").as_ref(), b"#!/bin/sh\n");
    }
    let caller = Lifecycle { event: Some("AfterInstall".into()), ..Lifecycle::default() };
    let (caller, note) = caller.with_timeouts(&site.host, "/opt/bundle/hooks/stop".as_ref());
    assert_eq!(note, None);
    site.caller = caller;
}

#[test]
fn f113_a_bundle_that_cannot_come_to_its_end_costs_nothing() {
    const STOP: (&str, &[&str]) = ("AfterInstall", &["hooks/stop"]);
    const START: (&str, &[&str]) = ("ApplicationStart", &["hooks/start"]);
    const PROOF: (&str, &[&str]) = ("ValidateService", &["hooks/health", "hooks/switch"]);
    let own: (&str, &[&str]) = ("ApplicationStart", &["hooks/start", "scripts/tell.sh"]);
    for (name, hooks, missing, words) in [
        ("as shipped", [STOP, START, PROOF], "", ""),
        ("with one's own", [STOP, own, PROOF], "", ""),
        ("no `start`", [STOP, PROOF, ("BeforeInstall", &["scripts/stop"])], "", "no event runs `hooks/start`"),
        ("a late one", [STOP, ("AfterAllowTraffic", &["hooks/start"]), PROOF], "", "only behind a load balancer"),
        ("a hook is not there", [STOP, START, PROOF], "hooks/health", "`hooks/health`, which is not in the bundle"),
        ("an own one is not there", [STOP, own, PROOF], "scripts/tell.sh", "runs `scripts/tell.sh`, which is not in"),
    ] {
        let mut site = Site::of_scripts(Slot::Blue, User::Root);
        site.deploys("d-1");
        bundle(&mut site, &hooks, missing);
        let (signals, ledger) = (site.host.signals(), site.ledger());
        let exit = site.run(Hook::Stop, Some("d-2"));
        if words.is_empty() {
            assert!(exit.is_done(), "{name}: {exit:?}");
            continue;
        }
        assert_eq!(exit.kind(), Some(Kind::Settings), "{name}: {exit:?}");
        assert!(format!("{exit:?}").contains(words), "{name}: {exit:?}");
        assert_eq!((site.host.signals(), site.ledger()), (signals, ledger), "{name}: nothing has changed");
    }
}
