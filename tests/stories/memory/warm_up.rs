//! A release that is proven is warmed up before that is noted, at nobody's cost: in which order, what ends it early, and what it
//! may and may not fail.

use std::path::Path;
use std::time::Duration;

use fake_host::{App, AppAnswer, bare_launch};
use shared::config::{self, SettingsFile};
use shared::error::Kind;
use shared::host::Host;
use shared::ledger::Stage;
use shared::slot::Slot;
use shared::timeouts::app_spec::AppSpec;

use crate::exit::{Exit, Hook};
use crate::site::{Site, User};

const SECOND: Duration = Duration::from_secs(1);

/// A site with these lines of `[warm_up]`, on which a release has been started. Two are asked at once, where nothing else is said.
fn started(text: &str, live: App, app: App) -> Site {
    let mut site = Site::cold(Slot::Blue, User::Application);
    let two = if text.contains("at_once") { "" } else { "at_once = 2\n" };
    let text = two.to_owned() + text;
    let text =
        format!("[app]\ndirectory = \"/app\"\nconfig_locations = []\n[switch]\nwatch = \"0s\"\n[warm_up]\n{text}\n");
    site.settings =
        config::settings(SettingsFile::parse("hooks.toml", &text)).unwrap_or_else(|error| unreachable!("{error}"));
    site.host.place_app(live, "real1", 8081);
    site.host.next_release(app);
    for hook in &Hook::DEPLOY[..2] {
        let exit = site.run(*hook, Some("d-1"));
        assert!(exit.is_done(), "{exit:?}");
    }
    site
}

fn health(site: &Site) -> (Exit, String) {
    let exit = site.run(Hook::Health, Some("d-1"));
    (exit, site.told.borrow().join("\n"))
}

/// How often the new release was asked for this. Now and then it is asked for what proves it as well.
fn asked_for(site: &Site, path: &str) -> usize {
    site.host.proxied(8082).iter().filter(|asked| *asked == path).count()
}

fn says(status: u16) -> AppAnswer {
    AppAnswer::Says(status, String::new())
}

#[test]
fn f130_a_release_is_warmed_up_until_its_answers_are_as_fast_as_they_get_and_is_noted_as_proven_then() {
    let app = App::good().slow_at_first(40, SECOND / 5);
    let site = started("paths = [\"/\", \"/owners\"]\nat_most = \"90s\"", App::good(), app);
    let exit = site.dry_run(Hook::Health, Some("d-1"));
    assert!(exit.is_done(), "{exit:?}");
    let plan = site.told.borrow().join(" ");
    assert!(plan.contains("2. warm it up: ask `/`, `/owners` on port 8082"), "{plan}");
    assert!(site.host.proxied(8082).is_empty(), "only shown");
    let (exit, told) = health(&site);
    assert!(exit.is_done(), "{exit:?}");
    let asked = site.host.proxied(8082);
    for path in ["/", "/owners"] {
        let times = asked.iter().filter(|asked| *asked == path).count();
        assert!((61..=110).contains(&times), "`{path}` was asked for {times} times: {told}");
    }
    assert!(told.contains("204 ms at first, 4 ms at the end"), "{told}");
    assert!(site.host.proxied(8081).is_empty(), "nothing was wrong that the live one would have to be asked for");
    assert_eq!(site.ledger().deployment.map(|deployment| deployment.stage), Some(Stage::Healthy));
    // Who asks again, as a person may, warms up again; a deploy goes on from here.
    assert!(site.run(Hook::Switch, Some("d-1")).is_done());
}

#[test]
fn f130_a_jvm_is_asked_as_long_as_its_compiler_is_at_work_and_no_longer_than_it_may() {
    for (compiles_for, text, asked, wanted) in [
        (3000, "", 3000..5000, None),
        (
            usize::MAX,
            "requests = 4000",
            4000..4001,
            Some("its compiler is still at work: `warm_up.requests` were made"),
        ),
        (usize::MAX, "at_most = \"7s\"", 3000..3600, Some("its compiler is still at work: `warm_up.at_most` is over")),
        (0, "", 60..100, None),
    ] {
        let app = App::good().compiling_for(compiles_for);
        let site = started(&format!("paths = [\"/\"]\n{text}"), App::good(), app);
        let (exit, told) = health(&site);
        let told = told.replace("\nhealth: ", " ");
        let found = asked_for(&site, "/");
        assert!(exit.is_done() && asked.contains(&found), "{compiles_for} {text}: {found} {exit:?} {told}");
        assert_eq!(told.contains("still at work"), wanted.is_some(), "{told}");
        // What takes longer than a second is asked by many at once, as users are going to, and as `switch` is.
        assert_eq!(asked_for(&site, "/profile") > 0, compiles_for > 0, "{compiles_for} {text}");
        assert!(told.contains(wanted.unwrap_or("warm-up: ")), "{told}");
    }
}

#[test]
fn f130_a_release_makes_a_session_for_each_request_that_is_on_its_way_at_once_and_no_more() {
    let broken = App::good().with_sessions().answering_for("/broken", says(500));
    let site = started("paths = [\"/\", \"/broken\"]\nat_once = 2", App::good().with_sessions(), broken);
    let (exit, told) = health(&site);
    assert!(exit.is_done() && site.host.proxied(8082).len() > 60, "{exit:?} {told}");
    assert_eq!(site.host.sessions(), 2 + 1, "and one of the live release, which was asked once");
}

#[test]
fn f130_a_release_that_answers_to_one_way_of_asking_alone_is_warmed_up_by_that_one_and_nothing_odd_is_told() {
    let app = || App::good().refusing_http_1_0();
    let site = started("paths = [\"/\"]\nat_once = 4\nrequired = true", app(), app());
    let (exit, told) = health(&site);
    assert!(exit.is_done() && asked_for(&site, "/") >= 2 * 60, "{exit:?} {told}");
    assert!(told.contains("ms at the end") && !told.contains("426"), "{told}");
}

#[test]
fn f130_a_release_that_stays_slow_is_given_up_in_time_and_deployed() {
    for (name, text, hang) in [
        ("slow", "paths = [\"/\"]\nat_most = \"7s\"", App::good().slow_at_first(usize::MAX, SECOND)),
        ("late", "paths = [\"/\"]\nat_most = \"7s\"", App::good().answering_for("/", AppAnswer::Hangs)),
        (
            "late among others",
            "paths = [\"/\", \"/a\"]\nat_most = \"7s\"",
            App::good().answering_for("/", AppAnswer::Hangs),
        ),
        ("many", "paths = [\"/\"]\nrequests = 9\nat_once = 4", App::good()),
    ] {
        let site = started(text, App::good(), hang);
        let before = site.host.now();
        let (exit, told) = health(&site);
        assert!(exit.is_done(), "{name}: {exit:?}");
        assert!(site.host.now() < before + 8 * SECOND + SECOND / 2, "{name}: {told}");
        assert!(site.host.proxied(8082).len() <= 1000, "{name}");
        let wanted = match name {
            "slow" => "not steady yet: `warm_up.at_most` is over",
            "many" => "9 requests in 18 ms, not steady yet: `warm_up.requests` were made",
            _ => "warm-up: ",
        };
        assert!(told.replace('\n', " ").contains(wanted), "{name}: {told}");
    }
}

#[test]
fn f132_an_error_that_the_live_release_does_not_have_is_told_and_refused_only_where_that_is_wanted() {
    for (name, here, live, required, wanted) in [
        ("told", says(500), says(200), false, Ok("`/owners`: HTTP 500 here, HTTP 200 in the live release")),
        (
            "refused",
            says(500),
            says(200),
            true,
            Err("real2` (port 8082) does not answer as the live one does: `/owners`: HTTP 500 here"),
        ),
        ("a login", AppAnswer::Redirects("/login?secret".into()), says(200), true, Err("HTTP 302 here, HTTP 200")),
        ("the same", says(404), says(404), true, Ok("`/owners`: HTTP 404, as in the live release")),
        ("silent", AppAnswer::Hangs, says(200), true, Err("`/owners`: no answer here, HTTP 200 in the live release")),
        ("both silent", AppAnswer::Hangs, AppAnswer::Hangs, true, Ok("`/owners`: no answer")),
    ] {
        let text =
            format!("paths = [\"/\", \"/owners?token=secret\"]\nat_once = 1\nrequired = {required}\nat_most = \"60s\"");
        let live = App::good().answering_for("/owners", live);
        let site = started(&text, live, App::good().answering_for("/owners", here));
        let (exit, told) = health(&site);
        assert_eq!(site.host.proxied(8081), ["/owners"], "{name}: the live one is asked once");
        assert!(!told.contains("secret"), "{name}: {told}");
        match wanted {
            Ok(words) => {
                assert!(exit.is_done() && told.contains(words), "{name}: {exit:?} {told}");
                assert_eq!(site.host.listening(8082).len(), 1, "{name}");
            }
            Err(words) => {
                assert_eq!(exit.kind(), Some(Kind::NotHealthy), "{name}: {exit:?}");
                assert!(format!("{exit:?}").contains(words), "{name}: {exit:?}");
                assert!(site.host.listening(8082).is_empty() && site.ledger().refused.is_some(), "{name}: {told}");
            }
        }
    }
}

#[test]
fn f130_an_application_that_sends_everybody_to_https_is_asked_as_by_who_comes_from_there() {
    let secure = || {
        let app = App::good().answering_for("/", AppAnswer::Redirects("https://shop.example.com/".into()));
        app.answering_for("/elsewhere", AppAnswer::Redirects("https://login.example.com/sso".into()))
    };
    let site = started("paths = [\"/\"]", secure(), secure());
    let (exit, told) = health(&site);
    assert!(exit.is_done() && (60..100).contains(&site.host.proxied(8082).len()), "{exit:?} {told}");
    assert!(site.host.proxied(8081).is_empty(), "it answers, and nothing is compared: {told}");
    let site = started("paths = [\"/elsewhere\"]", secure(), secure());
    let (exit, told) = health(&site);
    assert!(exit.is_done() && site.host.proxied(8081).len() == 1, "another place is an answer, and compared: {told}");
}

#[test]
fn f132_whoever_had_less_time_than_a_request_has_is_not_refused_for_being_silent() {
    let slow = App::good().slow_at_first(usize::MAX, 4 * SECOND);
    let site = started("paths = [\"/\"]\nat_once = 4\nat_most = \"7s\"\nrequired = true", App::good(), slow);
    let (exit, told) = health(&site);
    assert!(exit.is_done() && site.host.proxied(8081).is_empty(), "{exit:?} {told}");
    assert_eq!(asked_for(&site, "/"), 8, "four that answered, and four that had no time to");
}

#[test]
fn f132_without_a_live_release_nothing_is_compared_and_nothing_refused() {
    let site = started(
        "paths = [\"/owners\"]\nrequired = true",
        App::good().dying_after(SECOND),
        App::good().answering_for("/owners", says(500)),
    );
    site.host.pass(2 * SECOND);
    let (exit, told) = health(&site);
    assert!(exit.is_done() && told.contains("`/owners`: HTTP 500"), "{exit:?} {told}");
    assert_eq!(site.host.proxied(8082).len(), 4, "an error is not asked for again and again");
}

#[test]
fn f132_people_are_told_three_short_lines_however_much_there_is_to_tell() {
    let long = "/long".repeat(30);
    let paths: Vec<String> = (0..30).map(|number| format!("\"/{number}{long}\"")).collect();
    let text = format!("paths = [{}]\nfrom = \"access-log\"\nat_most = \"1m 39s\"\ntimeout = \"1m\"", paths.join(", "));
    let mut app = App::good().slow_at_first(usize::MAX, 55 * SECOND);
    for number in 0..15 {
        app = app.answering_for(&format!("/{number}{long}"), says(500));
    }
    let mut site = started(&text, App::good(), app);
    let spec = AppSpec::parse("hooks:\n  ValidateService:\n    - {location: hooks/health, timeout: 95}\n");
    site.caller.event = Some("ValidateService".into());
    site.caller.app_spec = Some(spec.unwrap_or_else(|why| unreachable!("{why}")));
    let (exit, told) = health(&site);
    assert!(exit.is_done(), "{exit:?}");
    let notes: Vec<&str> =
        told.lines().filter(|line| !line.contains("`health.patience`") && !line.ends_with(" are left")).collect();
    assert!(notes.len() == 3 && notes.iter().all(|line| line.len() < 200), "{notes:#?}");
}

#[test]
fn f133_a_release_that_dies_of_its_warm_up_is_refused_and_ended_as_one_that_dies_of_its_probe() {
    for after in [2, 3, 7] {
        let app = App::good().slow_at_first(usize::MAX, SECOND / 4).dying_after(after * SECOND);
        let site = started("paths = [\"/\"]", App::good(), app);
        let (exit, _) = health(&site);
        assert_eq!(exit.kind(), Some(Kind::NotStarted), "{after}: {exit:?}");
        assert!(!site.host.proxied(8082).is_empty(), "{after}: it was proven");
        assert!(site.ledger().refused.is_some() && site.live() == Some(Slot::Blue), "{after}");
        site.deploys("d-2");
    }
}

#[test]
fn f133_f35_nobody_but_the_proven_process_is_warmed_up() {
    let app = App::good().slow_at_first(usize::MAX, SECOND / 4);
    let site = started("paths = [\"/\"]", App::good(), app);
    let release = site.host.launches().pop();
    let Some(release) = release else { unreachable!("it was launched") };
    site.host.will_die(&release, 3 * SECOND);
    // Another one waits for its port.
    site.host.next_release(App::good().booting_for(3 * SECOND + SECOND / 8));
    let command = ["java", "-Dspring.profiles.active=real2", "--server.port=8082"].map(str::to_owned).to_vec();
    let stranger = site.host.launch(&bare_launch(command, Path::new("/app"), Path::new("/app/logs/other.log")));
    assert!(stranger.is_ok(), "{stranger:?}");
    let (exit, _) = health(&site);
    assert!(matches!(exit.kind(), Some(Kind::NotStarted | Kind::Undecided)), "{exit:?}");
    let asked = site.host.proxied(8082).len();
    assert!((1..=26).contains(&asked), "{asked}");
}

#[test]
fn f133_i2_where_the_live_release_dies_meanwhile_users_have_the_new_one_for_themselves() {
    let live = App::good().dying_after(4 * SECOND);
    let site = started("paths = [\"/\"]\nat_most = \"90s\"", live, App::good().slow_at_first(usize::MAX, SECOND / 4));
    let before = site.host.now();
    let (exit, told) = health(&site);
    assert!(exit.is_done(), "{exit:?}");
    assert!(
        told.replace("\nhealth: ", " ").contains("ended early: nobody listens in `real1` (port 8081) any more"),
        "{told}"
    );
    assert!(site.host.now() < before + 5 * SECOND, "{told}");
    assert!(site.run(Hook::Switch, Some("d-1")).is_done());
}

#[test]
fn f133_i9_a_warm_up_ends_at_a_signal_and_before_the_agents_timeout_and_nothing_is_lost() {
    let slow = || App::good().slow_at_first(usize::MAX, SECOND / 2);
    let mut site = started("paths = [\"/\"]", App::good(), slow());
    site.host.interrupt_at(30);
    let (exit, _) = health(&site);
    assert_eq!(exit.kind(), Some(Kind::Interrupted), "{exit:?}");
    assert!(!site.host.proxied(8082).is_empty(), "it was under way");
    site.host.clear_faults();
    assert_eq!((site.host.listening(8082).len(), site.ledger().refused), (1, None), "nobody has refused it");
    let spec = AppSpec::parse("hooks:\n  ValidateService:\n    - {location: hooks/health, timeout: 15}\n");
    site.caller.event = Some("ValidateService".into());
    site.caller.app_spec = Some(spec.unwrap_or_else(|why| unreachable!("{why}")));
    let before = site.host.now();
    let (exit, told) = health(&site);
    assert!(exit.is_done(), "a warm-up takes the time that is left: {exit:?}");
    let took = site.host.now().saturating_sub(before);
    assert!(took > 8 * SECOND && took < 13 * SECOND, "{took:?}");
    assert!(told.replace("\nhealth: ", " ").contains("`timeout: 15` in appspec.yml is near"), "{told}");
}

#[test]
fn f131_what_users_ask_for_most_is_taken_from_the_log_and_a_log_that_cannot_be_read_is_a_note() {
    let line = |target| format!("203.0.113.9 - - [x] \"GET {target} HTTP/1.1\" 200 512 \"-\" \"a browser\"\n");
    let log: String =
        ["/owners", "/vets", "/owners", "/logout", "/owners?page=2", "/vets", "/owners", "/vets", "/owners"]
            .map(|target| line(target).repeat(3))
            .concat();
    let path = Path::new("/var/log/nginx/access.log");
    let text = "paths = [\"/\"]\nfrom = \"access-log\"";
    let site = started(text, App::good(), App::good());
    let (exit, told) = health(&site);
    assert!(
        exit.is_done() && told.contains("note: warm-up: `/var/log/nginx/access.log` cannot be read"),
        "{exit:?} {told}"
    );
    assert!(site.host.proxied(8082).iter().all(|path| path == "/") && !site.host.proxied(8082).is_empty());
    // As Debian has it: root's group and nobody else.
    site.host.run_as(0);
    let made = site.host.make_directory(Path::new("/var/log/nginx"), 0o755);
    assert!(made.and_then(|()| site.host.replace_file(path, log.as_bytes(), 0o640)).is_ok());
    site.host.run_as(1000);
    let (exit, told) = health(&site);
    assert!(
        exit.is_done() && told.contains("may not be read by `ec2-user`: `usermod -aG adm ec2-user`"),
        "{exit:?} {told}"
    );
    site.host.delete(path);
    site.host.write(path, log.as_bytes());
    let exit = site.dry_run(Hook::Health, Some("d-1"));
    let plan = site.told.borrow().join(" ");
    assert!(exit.is_done() && plan.contains("ask `/`, `/owners`, `/vets` on port 8082"), "{plan}");
    let (exit, _) = health(&site);
    let asked = site.host.proxied(8082);
    assert!(
        exit.is_done() && asked.contains(&"/vets".to_owned()) && !asked.contains(&"/logout".to_owned()),
        "{asked:?}"
    );
}
