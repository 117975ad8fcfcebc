//! What `status` says of each state of a host: how it begins, with which exit code it ends, and what to do (F151).

use std::time::Duration;

use fake_host::{Deed, Door, PidFile};
use shared::host::{Answer, Host};
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

/// A site with a release live in blue and a standby in the other slot.
fn site(cutover: Cutover) -> Site {
    let site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover });
    site.deploys("d-1");
    site.deploys("d-2");
    site
}

fn says(status: u16) -> Door {
    Door::Answers(Answer::Response { status, location: None, body: String::new() })
}

fn include(site: &Site, text: &str) {
    site.host.write(&site.settings.proxy.include.clone(), text.as_bytes());
}

/// What happens to a site, the exit code that comes of it, how the first line begins, and what else is said.
type State = (&'static str, Cutover, fn(&Site), u8, &'static str, &'static [&'static str]);

const BOTH: [Cutover; 2] = [Cutover::Reload, Cutover::Instant];
const NOBODY: &str = "SITE DOWN: nginx sends requests to `real1` (port 8081), where nobody listens";
const BY_HAND: &str =
    "`/opt/bundle/hooks/stop && /opt/bundle/hooks/start && /opt/bundle/hooks/health && /opt/bundle/hooks/switch`";

#[expect(clippy::too_many_lines, reason = "one row for each state")]
fn states() -> Vec<State> {
    use Cutover::{Instant, InstantAsked, Reload, ReloadAsked};
    let dead: fn(&Site) = |site| {
        site.host.kill_listener(8081);
        site.host.kill_listener(8082);
    };
    let live_dead: fn(&Site) = |site| site.host.kill_listener(8081);
    let standby_dead: fn(&Site) = |site| site.host.kill_listener(8082);
    let down: fn(&Site) = |site| site.host.nginx_down(PidFile::Removed);
    let reboot: fn(&Site) = |site| site.host.reboot();
    let mut states: Vec<State> = Vec::new();
    for cutover in BOTH {
        states.extend([
            (
                "nothing",
                cutover,
                (|_| {}) as fn(&Site),
                0,
                "OK: `real1` (port 8081), release `",
                &["standby  real2"] as &[&str],
            ),
            ("both are dead", cutover, dead, 2, NOBODY, &["should serve: `real1` (port 8081), release `", BY_HAND]),
            (
                "nginx is down",
                cutover,
                down,
                2,
                "SITE DOWN: nginx is not running",
                &["should serve: `real1`", "systemctl restart nginx"],
            ),
            (
                "a reboot without a supervisor",
                cutover,
                reboot,
                2,
                NOBODY,
                &["should serve: `real1` (port 8081), release `", BY_HAND],
            ),
            (
                "the standby has died",
                cutover,
                standby_dead,
                1,
                "LOOK: the standby in `real2` (port 8082) has died",
                &["OK"][..0],
            ),
            (
                "the ledger is damaged",
                cutover,
                |site| site.host.write(&site.settings.ledger_directory().join("ledger.json"), b"x"),
                0,
                "OK: `real1` (port 8081)",
                &["note: the ledger"],
            ),
            (
                "the ledger is lost",
                cutover,
                |site| site.host.delete(&site.settings.ledger_directory().join("ledger.json")),
                0,
                "OK: `real1` (port 8081)",
                &[],
            ),
            (
                "the way back was taken",
                cutover,
                |site| assert!(site.run(Hook::Back, None).is_done()),
                0,
                "OK: `real2` (port 8082)",
                &["standby  real1"],
            ),
            (
                "the door is a redirect",
                cutover,
                |site| site.host.door(says(301)),
                0,
                "OK: `real1` (port 8081)",
                &["note: the door was no help: HTTP 301"],
            ),
            (
                "users get errors",
                cutover,
                |site| site.host.door(says(500)),
                1,
                "LOOK: it is served by `real1` (port 8081)",
                &["HTTP 500"],
            ),
            (
                "users get no answer",
                cutover,
                |site| site.host.door(says(504)),
                2,
                "SITE DOWN: the door answers HTTP 504",
                &["`/opt/bundle/hooks/switch --back`", "nginx's error log"],
            ),
            (
                "the door hangs",
                cutover,
                |site| site.host.door(Door::Hangs),
                1,
                "LOOK: who serves: it cannot be told",
                &["no whole answer"],
            ),
            (
                "a deploy is under way",
                cutover,
                |site| Hook::DEPLOY[..3].iter().for_each(|hook| assert!(site.run(*hook, Some("d-3")).is_done())),
                0,
                "OK: `real1`",
                &["its release is healthy"],
            ),
        ]);
    }
    states.extend([
        (
            "the live one is dead",
            Reload,
            live_dead,
            2,
            NOBODY,
            &["`/opt/bundle/hooks/switch --back` puts the site back up on `real2` (port 8082), which runs"]
                as &[&str],
        ),
        (
            "the live one is dead, and nginx goes on",
            Instant,
            live_dead,
            1,
            "LOOK: it is served by `real2` (port 8082)",
            &["nginx has gone on to it, since nobody listens in `real1`"],
        ),
        (
            "the same, and nginx itself is asked",
            InstantAsked,
            live_dead,
            1,
            "LOOK: it is served by `real2` (port 8082)",
            &["nginx has gone on to it"],
        ),
        (
            "nginx itself is asked, and the door tells nothing",
            ReloadAsked,
            |site| site.host.door(says(401)),
            0,
            "OK: `real1` (port 8081)",
            &["as nginx itself says"],
        ),
        (
            "the include names nobody",
            Reload,
            |site| {
                include(site, "set $service_url http://127.0.0.1:9000;\n");
                site.host.foreign_reload();
                site.host.pass(Duration::from_secs(1));
            },
            2,
            "SITE DOWN: the door answers HTTP 502",
            &[
                "port 9000, which is neither slot's",
                "should serve: `real1`",
                "write `set $service_url http://127.0.0.1:8081;` in `",
                "`nginx -t && nginx -s reload`",
            ],
        ),
        (
            "the include was changed and not read",
            Reload,
            |site| {
                site.host.pass(Duration::from_secs(1));
                include(site, "set $service_url http://127.0.0.1:8082;\n");
            },
            1,
            "LOOK: ",
            &["nginx has not read what it is told now"],
        ),
        (
            "a stranger is in the idle slot",
            Reload,
            |site| {
                site.host.kill_listener(8082);
                site.host.place_stranger(8082, 0, "nc -l 8082");
            },
            1,
            "LOOK: ",
            &["look: ", "nc -l 8082"],
        ),
        (
            "the disk is full",
            Reload,
            |site| site.host.room(1 << 20, 1 << 40),
            1,
            "LOOK: the disk of `/app` has",
            &["to do: remove old releases"],
        ),
    ]);
    states
}

#[test]
fn f151_in_each_state_of_a_host_status_says_first_how_the_site_is_and_what_to_do_and_the_exit_code_says_the_same() {
    let mut wrong = Vec::new();
    for (name, cutover, happens, code, begins, words) in states() {
        let site = site(cutover);
        happens(&site);
        let (ended, told) = site.status();
        let missing: Vec<&&str> = words.iter().filter(|word| !told.contains(**word)).collect();
        if ended != code || !told.starts_with(begins) || !missing.is_empty() {
            wrong.push(format!("{name}, {cutover:?}: exit code {ended}, missing {missing:?}:\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn f151_a_host_before_its_first_deploy_is_down_unless_somebody_else_serves() {
    let site = Site::cold(Slot::Blue, User::Root);
    let (code, told) = site.status();
    assert!(code == 2 && told.starts_with(NOBODY) && told.contains("deploy again"), "{code}: {told}");
    include(&site, "set $service_url http://127.0.0.1:9000;\n");
    site.host.foreign_reload();
    site.host.pass(Duration::from_secs(1));
    site.host.door(says(200));
    let (code, told) = site.status();
    let begins = "LOOK: it is served by whoever is on port 9000";
    assert!(code == 1 && told.starts_with(begins), "{code}: {told}");
}

#[test]
fn f151_a_release_that_the_scripts_started_serves_as_well_as_one_of_these_hooks() {
    for user in User::BOTH {
        let site = Site::of_scripts(Slot::Green, user);
        let (code, told) = site.status();
        assert!(code == 0 && told.starts_with("OK: `real2` (port 8082)"), "{code}: {told}");
    }
}

#[test]
fn f151_a_look_changes_nothing_and_is_soon_over_where_all_is_well() {
    for cutover in BOTH {
        let site = site(cutover);
        // It may run a program, such as nginx for its version.
        let deeds = || site.host.journal().into_iter().filter(|entry| !matches!(entry.deed, Deed::Ran(_))).count();
        let before = (deeds(), site.ledger());
        site.status();
        assert!(site.host.elapsed() < Duration::from_millis(50), "{:?}", site.host.elapsed());
        assert_eq!((deeds(), site.ledger()), before);
    }
}
