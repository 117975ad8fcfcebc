//! Two applications on one nginx: whatever one of them does, the other's users notice nothing; what belongs to one is refused to
//! the other, with both names, before anything changes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use demo_app::Jar;
use sandbox::{HookRun, Neighbour, Sandbox};

use crate::rig::{HOOKS, Rig, ended, listener};

/// How often both applications are deployed in turn, and in how many places a longer run sets that.
const ROUNDS: &str = "NEIGHBOUR_ROUNDS";

fn deploy(neighbour: &Neighbour<'_>, rig: &Rig, release: &str, id: &str) -> HookRun {
    neighbour.stage(rig.jar(&Jar::release(release))).unwrap();
    let mut last = None;
    for hook in HOOKS {
        let run = neighbour.hook(hook).deployment(id).run().unwrap();
        let code = run.code;
        last = Some(run);
        if code != 0 {
            break;
        }
    }
    last.unwrap()
}

/// What users of one application got.
#[derive(Default)]
struct Users {
    good: AtomicUsize,
    bad: std::sync::Mutex<Vec<String>>,
}

impl Users {
    /// Asks until told to end; an answer of a release whose name does not begin so is another application's.
    fn ask(&self, host: &Sandbox, port: u16, own: &str, ended: &AtomicBool) {
        while !ended.load(Ordering::Relaxed) {
            match host.direct_get(port, "/") {
                Ok(answer) if answer.status == 200 && answer.release().is_some_and(|name| name.starts_with(own)) => {
                    self.good.fetch_add(1, Ordering::Relaxed);
                }
                Ok(answer) => self.bad.lock().unwrap().push(format!("HTTP {}: {}", answer.status, answer.body)),
                Err(cause) => self.bad.lock().unwrap().push(cause.to_string()),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// `NEIGHBOUR_ROUNDS=100 cargo test --workspace --test stories neighbours::` makes 200 deploys in each cutover.
#[test]
#[expect(clippy::print_stdout, reason = "a longer run is made for its figures")]
fn f90_f91_two_applications_are_deployed_in_turn_under_load_and_neither_loses_or_gets_a_request_of_the_other() {
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6_usize);
    for cutover in ["instant", "reload"] {
        let rig = Rig::new();
        let shop = rig.host.neighbour("shop").unwrap();
        rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
        shop.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
        rig.deploy(&Jar::release("book-0")).succeeds();
        ended(&deploy(&shop, &rig, "shop-0", "d-SHOP00000"), 0, &["serves"]);
        let (book, customers, over) = (Users::default(), Users::default(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| book.ask(&rig.host, rig.host.ports().door, "book-", &over));
            scope.spawn(|| customers.ask(&rig.host, shop.ports().door, "shop-", &over));
            for round in 1..=rounds {
                rig.deploy(&Jar::release(&format!("book-{round}"))).succeeds();
                ended(&deploy(&shop, &rig, &format!("shop-{round}"), &format!("d-SHOP{round:05}")), 0, &["serves"]);
                assert_eq!(rig.release(), format!("book-{round}"));
            }
            over.store(true, Ordering::Relaxed);
        });
        for (name, users) in [("book", &book), ("shop", &customers)] {
            assert_eq!(*users.bad.lock().unwrap(), Vec::<String>::new(), "{cutover}: {name}");
            println!("{cutover}: {name}: {} answers in {rounds} deploys, 0 failed", users.good.load(Ordering::Relaxed));
        }
    }
}

/// A host with the instant cutover installed and a standby, and another application that is about to be deployed there.
fn hosts_two(act: impl FnOnce(&Rig, &Neighbour<'_>)) {
    let rig = Rig::instant();
    let shop = rig.host.neighbour("shop").unwrap();
    shop.set("proxy.cutover", "\"instant\"").unwrap();
    act(&rig, &shop);
    // Whatever it was, the first application goes on.
    assert_eq!(rig.release(), "v1");
    rig.deploy(&Jar::release("v2")).succeeds();
    assert_eq!(rig.release(), "v2");
}

fn quoted(path: &std::path::Path) -> String {
    format!("{:?}", path.display().to_string())
}

#[test]
fn f90_f91_files_and_ports_of_one_application_are_refused_to_another_with_both_names() {
    hosts_two(|rig, shop| {
        let nginx = rig.host.nginx();
        let (groups, flag) = (nginx.upstreams_path(), nginx.flag_path());
        let own = shop.include_path().display().to_string();
        let theirs = nginx.include_path().display().to_string();
        let before = std::fs::read(&groups).unwrap();
        for (key, value, others) in [
            ("proxy.upstreams", quoted(&groups), "/nginx/conf.d/{name}.conf"),
            ("proxy.flag", quoted(&flag), "/nginx/flags/{name}/green"),
            ("proxy.word", format!("\"{}\"", rig.host.ports().word), ""),
        ] {
            shop.set(key, &value).unwrap();
            let run = deploy(shop, rig, "shop-1", "d-SHOP00001");
            assert_eq!(run.code, 10, "{key}: {}", run.output);
            ended(&run, 10, &[&own]);
            let named = [theirs.as_str(), &groups.display().to_string()]
                .iter()
                .any(|name| crate::rig::flat(&run).contains(name));
            assert!(named || key == "proxy.word", "{key}: {}", run.output);
            assert!(run.output.contains("FAILED stop"), "{key}: {}", run.output);
            let restored = if others.is_empty() {
                format!("\"{}\"", shop.ports().word)
            } else {
                format!("\"{}{others}\"", rig.host.directory().display())
            };
            shop.set(key, &restored).unwrap();
        }
        assert_eq!(std::fs::read(&groups).unwrap(), before, "nobody wrote into it");
        ended(&deploy(shop, rig, "shop-1", "d-SHOP00001"), 0, &["serves"]);
        assert_eq!(shop.door_get("/").unwrap().release(), Some("shop-1"));
    });
}

#[test]
fn f90_an_include_of_the_same_name_in_another_directory_is_told_from_the_first_one() {
    hosts_two(|rig, shop| {
        let directory = rig.host.directory().join("nginx/other");
        std::fs::create_dir(&directory).unwrap();
        let include = directory.join("service-url.inc");
        std::fs::copy(shop.include_path(), &include).unwrap();
        shop.set("proxy.include", &quoted(&include)).unwrap();
        let site = shop.include_path().with_file_name("shop-site.conf");
        let text = std::fs::read_to_string(site).unwrap();
        let text = text.replace(&quoted(&shop.include_path()), &quoted(&include));
        rig.host.nginx().configure("shop-site.conf", &text).unwrap();
        let run = deploy(shop, rig, "shop-1", "d-SHOP00001");
        ended(
            &run,
            10,
            &[
                "service-url.conf` (`proxy.upstreams`) belongs to the application behind",
                "nginx/other/service-url.inc`",
            ],
        );
    });
}

#[test]
fn f92_a_directory_of_one_application_is_refused_to_another_and_nobody_in_it_is_ended() {
    hosts_two(|rig, shop| {
        let ports = rig.host.ports();
        let running = [listener(ports.blue), listener(ports.green)];
        shop.set("app.directory", &quoted(&rig.host.app_directory())).unwrap();
        ended(
            &deploy(shop, rig, "shop-1", "d-SHOP00001"),
            10,
            &[
                "belongs to the application behind",
                "conf.d/service-url.inc`, not to the one behind",
                "conf.d/shop.inc`",
            ],
        );
        assert_eq!([listener(ports.blue), listener(ports.green)], running);
    });
}

#[test]
fn f92_a_ledger_that_does_not_say_whose_it_is_ends_no_process_on_another_port() {
    hosts_two(|rig, shop| {
        let ports = rig.host.ports();
        let running = [listener(ports.blue), listener(ports.green)];
        // As an earlier version wrote it: nobody's name in it, and no port of what was started.
        let ledger = rig.host.app_directory().join("ledger/ledger.json");
        let whole = std::fs::read_to_string(&ledger).unwrap();
        crate::take_over::write_as_format_2(&ledger, &whole);
        shop.set("app.directory", &quoted(&rig.host.app_directory())).unwrap();
        shop.set("app.artifact", "\"{directory}/zip/*.jar\"").unwrap();
        let run = deploy(shop, rig, "shop-1", "d-SHOP00001");
        assert_ne!(run.code, 0, "{}", run.output);
        assert_eq!([listener(ports.blue), listener(ports.green)], running, "{}", run.output);
        std::fs::write(&ledger, whole).unwrap();
    });
}

#[test]
fn f93_what_start_finds_is_what_stop_saw_or_nothing_is_started() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    ended(&rig.run("stop"), 0, &[]);
    let (_, idle) = rig.live_and_idle_ports();
    for (name, other) in
        [("another jar of that name", Jar::release("of another group")), ("one that is as long", Jar::release("v3"))]
    {
        rig.host.stage(rig.jar(&other)).unwrap();
        rig.untouched_by(|| ended(&rig.run("start"), 20, &["is not the one of this deployment"]));
        assert_eq!(listener(idle), None, "{name}");
    }
    // A file of another name, beside which the one of `stop` is gone.
    std::fs::rename(rig.host.staging_directory().join("application.jar"), rig.host.staging_directory().join("b.jar"))
        .unwrap();
    ended(&rig.run("start"), 20, &["b.jar` is not the one of this deployment: `stop` saw `"]);
    rig.host.stage(rig.jar(&Jar::release("v2"))).unwrap();
    for hook in HOOKS {
        ended(&rig.run(hook), 0, &[]);
    }
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f94_a_path_that_would_be_written_over_is_refused_and_stays_as_it_is() {
    let rig = Rig::instant();
    let nginx = rig.host.nginx();
    for (key, path) in [
        ("proxy.flag", nginx.upstreams_path()),
        ("proxy.flag", nginx.include_path()),
        ("proxy.flag", rig.host.settings_path().to_owned()),
        ("proxy.upstreams", nginx.include_path()),
        ("proxy.flag", rig.host.app_directory().join("releases/green")),
    ] {
        rig.host.set(key, &quoted(&path)).unwrap();
        let bytes = std::fs::read(&path).ok();
        rig.deploy(&Jar::release("v2")).fails("stop", 10, &[&format!("`{key}` is"), "needed"]);
        assert_eq!(std::fs::read(&path).ok(), bytes, "{key}");
        rig.host.set("proxy.flag", &quoted(&nginx.flag_path())).unwrap();
        rig.host.set("proxy.upstreams", &quoted(&nginx.upstreams_path())).unwrap();
    }
    rig.deploy(&Jar::release("v2")).succeeds();
}
