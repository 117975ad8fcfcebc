//! Why a release failed is told by its log: the cause and what to do about it, and no secret of what it has printed.

use demo_app::{Fault, Jar};

use crate::rig::{Rig, ended, eventually};

/// What an application to which it happened has printed.
macro_rules! log {
    ($name:literal) => {
        include_str!(concat!("../../shared/src/cause/logs/", $name, ".log"))
    };
}

fn saying(release: &str, words: &str) -> Jar {
    Jar::release(release).fault(Fault::DiesSaying { words: words.to_owned() })
}

#[test]
fn f148_a_release_that_dies_is_told_with_its_cause_and_what_to_do_instead_of_stack_frames() {
    let rig = Rig::live_in("real1");
    rig.untouched_by(|| {
        for (log, told) in [
            (
                log!("database-refused"),
                [
                    "its log says why: the database at `127.0.0.1:5432` took no connection",
                    "to do: see that it runs and that this host may reach it",
                    "| Caused by: org.postgresql.util.PSQLException: Connection to 127.0.0.1:5432 refused.",
                ],
            ),
            (
                log!("class-version"),
                [
                    "its log says why: `Application` was compiled for Java 25, and Java 17 runs it",
                    "to do: run it with Java 25 (`app.java` in hooks.toml)",
                    "UnsupportedClassVersionError",
                ],
            ),
            (
                log!("own"),
                [
                    "its log says: java.lang.IllegalArgumentException: tariff 7 has no currency",
                    "to do: put that right",
                    "| Caused by: java.lang.IllegalArgumentException: tariff 7 has no currency",
                ],
            ),
        ] {
            let deployed = rig.deploy(&saying("v2", log));
            deployed.fails("start", 30, &told);
            deployed.fails("start", 30, &["what matters in `", "serving: `real1`"]);
            assert!(
                !deployed.output().contains("org.springframework.boot.SpringApplication.run"),
                "{}",
                deployed.output()
            );
        }
    });
}

#[test]
fn f148_a_release_that_boots_for_ever_is_told_with_what_its_log_says() {
    let rig = Rig::live_in("real1");
    rig.host.set("start.survive", "\"100ms\"").unwrap();
    rig.impatient();
    rig.stage(&Jar::release("v2").fault(Fault::NeverBinds));
    ended(&rig.run("stop"), 0, &[]);
    ended(&rig.run("start"), 0, &[]);
    let logs = rig.host.app_directory().join("logs");
    // Their names have the time in them.
    let name = rig.names_in("logs").into_iter().filter(|name| name.starts_with("real2-")).max().expect("its log");
    let log = logs.join(name);
    eventually("it has begun its log", || std::fs::metadata(&log).is_ok_and(|log| log.len() > 0));
    // As a library that tries for ever prints it.
    let warned = format!("{}{}", std::fs::read_to_string(&log).unwrap(), log!("unknown-host"));
    std::fs::write(&log, warned).unwrap();
    let health = rig.run("health");
    ended(&health, 31, &["is not healthy: it does not listen on port"]);
    ended(
        &health,
        31,
        &["its log says why: this host finds no address for the name `db.invalid`", "to do: correct the name"],
    );
}

/// A line for each kind of secret, as applications print it, and what of it may be read.
const CANARIES: &str = "Using generated security password: canary-1
Starting with [spring.datasource.password=canary-2, DB_PASS=canary-3]
HikariPool - jdbc:postgresql://shop:canary-4@db:5432/shop?password=canary-5
GET /orders Authorization: Bearer canary-6.canary-7
s3 with AKIACANARYCANARY2345 and aws_secret_access_key=canary-8
-----BEGIN PRIVATE KEY-----
MIIEcanary9
-----END PRIVATE KEY-----
{\"client_secret\":\"canary-10\"}
Exception in thread \"main\" java.lang.IllegalStateException: no session with token=canary-11
\tat shop.Main.main(Main.java:1)
Caused by: java.lang.IllegalArgumentException: cannot ask redis://:canary-12@cache:6379
\tat shop.Main.ask(Main.java:2)";

#[test]
fn f149_no_secret_that_a_release_has_printed_is_shown_or_kept_by_the_hooks() {
    let rig = Rig::live_in("real1");
    let exception = rig.deploy(&saying("v2", CANARIES));
    exception.fails(
        "start",
        30,
        &["its log says: java.lang.IllegalArgumentException: cannot ask redis://***@cache:6379"],
    );
    // Without an exception the last lines are shown, which are all of it.
    let quiet = CANARIES.split("Exception in thread").next().unwrap_or_default();
    let lines = rig.deploy(&saying("v3", quiet));
    lines.fails(
        "start",
        30,
        &["the last lines of `", "Using generated security password: ***", "jdbc:postgresql://***@db:5432"],
    );
    let kept = |name: &str| std::fs::read_to_string(rig.host.app_directory().join(name)).unwrap();
    let (log, history) = (kept("logs/hooks.log"), kept("ledger/history.jsonl"));
    let outputs = [("output", exception.output()), ("output", lines.output())];
    for (name, text) in outputs.into_iter().chain([("hooks.log", log), ("history", history)]) {
        assert!(text.contains("***") && !text.to_lowercase().contains("canary"), "{name}: {text}");
    }
}
