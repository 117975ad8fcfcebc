//! `status --check` says of each state of a host what `stop` does about it, and changes nothing (F164).

use fake_host::{Deed, Door, PidFile};
use shared::error::Kind;
use shared::host::Answer;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

/// What happens to a site, what a deploy is refused with then, and the subject of the line that says so.
type State = (&'static str, Setup, fn(&Site), Option<Kind>, &'static str);

fn says(profile: &str) -> Door {
    Door::Answers(Answer::Response { status: 200, location: None, body: profile.to_owned() })
}

fn states() -> Vec<State> {
    use Cutover::{Instant, InstantAsked, Reload, ReloadAsked};
    let by = |cutover| Setup { user: User::Root, cutover };
    let mut states: Vec<State> = Vec::new();
    for setup in [Reload, Instant, ReloadAsked, InstantAsked].map(by) {
        let nginx_down: fn(&Site) = |site| site.host.nginx_down(PidFile::Removed);
        let stranger: fn(&Site) = |site| {
            site.host.kill_listener(8082);
            site.host.place_stranger(8082, 0, "nc -l 8082");
        };
        states.extend([
            ("nothing", setup, (|_| {}) as fn(&Site), None, ""),
            ("nginx is down", setup, nginx_down, Some(Kind::ProxyBroken), "error    nginx: nginx is not running"),
            ("a stranger is in the idle slot", setup, stranger, Some(Kind::Undecided), "error    idle slot: "),
            (
                "java is not there",
                setup,
                |site| site.host.uninstall("java"),
                Some(Kind::Settings),
                "error    program: the program `java`",
            ),
            (
                "the disk is full",
                setup,
                |site| site.host.room(1 << 20, 1 << 40),
                Some(Kind::NoRoom),
                "error    disk: the disk of `/app`",
            ),
            (
                "the ledger is a later version's",
                setup,
                |site| {
                    let ledger = site.settings.ledger_directory().join("ledger.json");
                    site.host.write(&ledger, b"zero-downtime-hooks ledger, format 99, sha256 0\n{}\n");
                },
                Some(Kind::Settings),
                "error    ledger: ",
            ),
        ]);
    }
    states.extend([
        (
            "nginx's configuration is broken",
            by(Reload),
            (|site| site.host.configuration_is_valid(false)) as fn(&Site),
            Some(Kind::ProxyBroken),
            "error    nginx: ",
        ),
        (
            "nginx does not read the include",
            by(Reload),
            |site| site.host.configuration_reads_include(false),
            Some(Kind::Settings),
            "error    nginx: ",
        ),
        (
            "the door answers with the other slot's profile",
            by(Reload),
            |site| site.host.door(says("real2")),
            Some(Kind::Undecided),
            "error    live slot: ",
        ),
        (
            "sudo does not let the user reload nginx",
            Setup { user: User::Application, cutover: Reload },
            |site| site.host.sudo_allows(false),
            Some(Kind::NotAllowed),
            "error    nginx: ",
        ),
        (
            "the live one is dead, and the standby is the last that runs",
            by(Reload),
            |site| site.host.kill_listener(8081),
            Some(Kind::Undecided),
            "error    last release: ",
        ),
        (
            "the directories are another user's",
            Setup { user: User::Application, cutover: Reload },
            |site| site.host.run_as(4711),
            Some(Kind::NotAllowed),
            "error    directories: ",
        ),
    ]);
    states
}

fn site(setup: Setup) -> Site {
    let site = Site::of_scripts(Slot::Blue, setup);
    site.deploys("d-1");
    site.deploys("d-2");
    site
}

#[test]
fn f164_the_check_ends_with_the_exit_code_of_stop_and_has_a_line_for_what_that_refuses() {
    let mut wrong = Vec::new();
    for (name, setup, happens, refused, line) in states() {
        let site = site(setup);
        happens(&site);
        let (code, told) = site.check();
        let exit = site.run(Hook::Stop, Some("d-3"));
        let wanted = refused.map_or(0, Kind::exit_code);
        if exit.kind() != refused || code != wanted || !told.contains(line) {
            wrong.push(format!("{name}, {setup:?}: `stop` ended with {exit:?}, the check with {code}:\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn f164_where_nobody_knows_who_is_live_the_rest_is_looked_at_as_far_as_that_goes() {
    let site = site(Setup { user: User::Root, cutover: Cutover::Reload });
    site.host.door(says("real2"));
    site.host.uninstall("java");
    let (code, told) = site.check();
    for line in
        ["error    live slot: ", "error    program: ", "ok       nginx: ", "unknown  memory: ", "unknown  idle slot: "]
    {
        assert!(code == 12 && told.contains(line), "{line}: {told}");
    }
}

#[test]
fn f164_what_stop_only_notes_is_a_warning() {
    let site = site(Setup { user: User::Root, cutover: Cutover::Reload });
    let ledger = site.settings.ledger_directory().join("ledger.json");
    site.host.write(&ledger, b"x");
    let (code, told) = site.check();
    assert!(code == 1 && told.starts_with("WARNING: ") && told.contains("warning  ledger: the ledger `"), "{told}");
    assert!(site.run(Hook::Stop, Some("d-3")).is_done());
}

#[test]
fn f164_each_subject_is_named_and_nothing_is_changed_even_before_the_first_deploy() {
    for site in [Site::cold(Slot::Blue, User::Root), site(Setup { user: User::Root, cutover: Cutover::Instant })] {
        let deeds = || site.host.journal().into_iter().filter(|entry| !matches!(entry.deed, Deed::Ran(_))).count();
        let before = (deeds(), site.ledger());
        let (code, told) = site.check();
        assert_eq!((deeds(), site.ledger()), before, "{told}");
        assert_eq!(code, 0, "{told}");
        for subject in shared::preflight::checks::Subject::ALL {
            assert!(told.contains(&format!("  {}: ", subject.name())), "{}: {told}", subject.name());
        }
    }
}
