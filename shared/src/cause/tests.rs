//! Every cause is told from a log of an application to which it really happened, in `logs`; docs/causes.md is made of that.

use std::fmt::Write;

use expect_test::{expect, expect_file};

use super::*;
use crate::error::{Error, Kind};
use crate::language::{self, Language};
use crate::report::Report;

/// The logs, under their names; those of rows first, in the order of the rows.
macro_rules! logs {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("logs/", $name, ".log")))),+] };
}

const LOGS: &[(&str, &str)] = logs![
    "class-version",
    "jar-missing",
    "jar-broken",
    "jar-plain",
    "main-class",
    "jvm-option",
    "jvm-heap-order",
    "jvm-no-memory",
    "jvm-crash",
    "heap-full",
    "metaspace-full",
    "threads",
    "database-login",
    "database-unknown",
    "unknown-host",
    "database-refused",
    "database-file-held",
    "redis-refused",
    "datasource-url",
    "database-driver",
    "flyway-database",
    "flyway-validation",
    "flyway-migration",
    "liquibase-lock",
    "schema",
    "bean-missing",
    "bean-ambiguous",
    "bean-circle",
    "bean-twice",
    "placeholder",
    "property",
    "config-file",
    "yaml",
    "logging",
    "port-taken",
    "other-port-taken",
    "address-taken",
    "file-denied",
    "disk-full",
    "keystore-password",
    "certificate",
    "connection-refused",
];

/// More logs of the same causes, and some that no row knows.
const MORE: &[(&str, &str)] =
    logs!["database-refused-mysql", "database-refused-mariadb", "heap-full-in-trace", "own", "keystore-missing"];

fn evidence(log: &str) -> Evidence<'_> {
    Evidence { log, ending: Some("exit status 1"), port: 8082 }
}

fn log_named(name: &str) -> &'static str {
    LOGS.iter().chain(MORE).find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn f148_every_known_cause_is_told_from_the_log_of_an_application_that_had_it() {
    let named: Vec<&str> = LOGS.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows().map(|row| row.id).collect::<Vec<_>>(), named, "each row has a log");
    for (name, log) in LOGS {
        let cause = Finding::of(&evidence(log)).cause;
        assert_eq!(cause.as_ref().and_then(|cause| cause.id), Some(*name), "{cause:?}");
    }
}

/// A log in which every line that has room for it tells a secret as well.
fn with_canaries(log: &str) -> String {
    let canary = |line: &str| if line.len() > 40 && !line.ends_with(':') { " token=canary\n" } else { "\n" };
    log.lines().flat_map(|line| [line, canary(line)]).collect()
}

#[test]
fn f148_f149_cause_and_remedy_are_in_the_last_1500_bytes_in_both_languages_and_no_secret_is() {
    for (language, failed) in [(Language::English, "FAILED start"), (Language::Korean, "실패 start")] {
        language::speak(language);
        for (name, log) in LOGS {
            let log = with_canaries(log);
            let finding = Finding::of(&evidence(&log));
            let cause = finding.cause.unwrap();
            assert_eq!(cause.id, Some(*name));
            let error = Error::new(Kind::NotStarted, "`real2`, port 8082: the new release has died: exit status 1")
                .advise_until_explained("look")
                .explained(&cause.to_string(), cause.remedy.clone());
            let report = Report::collecting("start");
            report.quote("the log", &finding.lines.join("\n"));
            report.failed(30, &error.to_string(), error.advice(), "`real1`, port 8081");
            let output = report.collected().join("\n");
            let end = output.char_indices().find(|(at, _)| output.len() - at <= 1500).map_or(0, |(at, _)| at);
            let told = output[end..].replace("\n    ", " ");
            for wanted in [failed, &cause.says, &cause.remedy] {
                assert!(told.contains(wanted), "{name}, {language:?}: `{wanted}` is not in the end of\n{output}");
            }
            assert!(!output.contains("canary"), "{name}, {language:?}: {output}");
            assert!(output.lines().all(|line| line.len() < 200), "{name}, {language:?}: {output}");
        }
    }
}

/// Whether a text has Korean letters in it.
fn is_korean(text: &str) -> bool {
    text.chars().any(|letter| ('가'..='힣').contains(&letter))
}

#[test]
fn every_cause_and_every_remedy_is_korean_where_korean_is_spoken() {
    language::speak(Language::Korean);
    for (name, log) in LOGS {
        let cause = Finding::of(&evidence(log)).cause.unwrap();
        assert!(is_korean(&cause.says) && is_korean(&cause.remedy), "{name}: {cause:?}");
    }
}

#[test]
fn f148_the_document_says_what_each_cause_is_told_as() {
    let mut text = String::from(include_str!("causes_heading.md"));
    for (row, (_, log)) in rows().zip(LOGS) {
        let cause = Finding::of(&evidence(log)).cause.unwrap();
        let signs: Vec<String> = row.looks_for.iter().map(|sign| format!("`{}`", sign.trim())).collect();
        writeln!(text, "| {} | {} | {} | {} |", row.id, signs.join("<br>"), cause.says, cause.remedy).unwrap();
    }
    expect_file!["../../../docs/causes.md"].assert_eq(&text);
}

#[test]
fn f148_the_same_cause_is_told_of_other_drivers_and_where_no_row_knows_it_the_log_speaks_for_itself() {
    let told = |(name, log): &(&str, &str)| {
        let cause = Finding::of(&evidence(log)).cause.unwrap();
        format!("{name}: {cause}\n    to do: {}", cause.remedy)
    };
    expect![[r#"
        database-refused-mysql: its log says why: the database took no connection
            to do: see that it runs and that this host may reach it (security group, `spring.datasource.url`), then deploy again
        database-refused-mariadb: its log says why: the database at `127.0.0.1` took no connection
            to do: see that it runs and that this host may reach it (security group, `spring.datasource.url`), then deploy again
        heap-full-in-trace: its log says why: its heap was full (`OutOfMemoryError`)
            to do: raise `-Xmx` in `app.jvm_options` if this host has the memory, or find what fills the heap (`-XX:+HeapDumpOnOutOfMemoryError`)
        own: its log says: java.lang.IllegalArgumentException: tariff 7 has no currency
            to do: put that right (its log has all of it) and deploy again
        keystore-missing: its log says: java.io.FileNotFoundException: /home/deploy/app/none.p12 (No such file or directory)
            to do: put that right (its log has all of it) and deploy again"#]].assert_eq(&MORE.iter().map(told).collect::<Vec<_>>().join("\n"));
}

#[test]
fn f148_the_lines_that_are_shown_are_those_that_matter() {
    let shown = |name: &&str| {
        let finding = Finding::of(&evidence(log_named(name)));
        assert!(finding.lines.len() <= 10, "{name}: {} lines", finding.lines.len());
        let lines: Vec<String> = finding.lines.iter().map(|line| line.chars().take(150).collect()).collect();
        format!("== {name}\n{}", lines.join("\n"))
    };
    let names = ["class-version", "port-taken", "database-refused", "database-login", "yaml", "own", "jvm-option"];
    expect![[r#"
        == class-version
         java.lang.UnsupportedClassVersionError: Application has been compiled by a more recent version of the Java Runtime (class file version 69.0), this ve
        == port-taken
        APPLICATION FAILED TO START
        Description:
        Web server failed to start. Port 8082 was already in use.
        Action:
        Identify and stop the process that's listening on port 8082 or configure this application to listen on another port.
        == database-refused
        org.hibernate.exception.JDBCConnectionException: Unable to obtain isolated JDBC connection [Connection to 127.0.0.1:5432 refused. Check that the hostn
        Caused by: org.postgresql.util.PSQLException: Connection to 127.0.0.1:5432 refused. Check that the hostname and port are correct and that the postmast
         at org.postgresql.core.v3.ConnectionFactoryImpl.openConnectionImpl(ConnectionFactoryImpl.java:427) ~[postgresql-42.7.14.jar!/:42.7.14]
         at org.postgresql.core.ConnectionFactory.openConnection(ConnectionFactory.java:52) ~[postgresql-42.7.14.jar!/:42.7.14]
        2026-11-27T13:39:01.187Z ERROR 27151 --- [           main] o.s.boot.SpringApplication               : Application run failed
        == database-login
        org.hibernate.exception.AuthException: Unable to obtain isolated JDBC connection [FATAL: password authentication failed for user "shop"] [n/a]
        Caused by: org.postgresql.util.PSQLException: FATAL: password authentication failed for user "shop"
         at org.postgresql.core.v3.ConnectionFactoryImpl.doAuthentication(ConnectionFactoryImpl.java:837) ~[postgresql-42.7.14.jar!/:42.7.14]
         at org.postgresql.core.v3.ConnectionFactoryImpl.tryConnect(ConnectionFactoryImpl.java:309) ~[postgresql-42.7.14.jar!/:42.7.14]
        2026-11-27T13:45:13.085Z ERROR 7477 --- [           main] o.s.boot.SpringApplication               : Application run failed
        == yaml
        13:40:30.354 [main] ERROR org.springframework.boot.SpringApplication -- Application run failed
        while scanning for the next token
        found character '\t(TAB)' that cannot start any token. (Do not use \t(TAB) for indentation)
         in 'reader', line 2, column 1:
             port: 1
            ^
        == own
        2026-11-27T13:43:19.311Z ERROR 20621 --- [           main] o.s.boot.SpringApplication               : Application run failed
        org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'faults.Own' defined in URL [jar:nested:/home/deploy/app/releas
        Caused by: java.lang.IllegalArgumentException: tariff 7 has no currency
        == jvm-option
        Unrecognized VM option 'UseConcMarkSweepGC'
        Error: Could not create the Java Virtual Machine.
        Error: A fatal exception has occurred. Program will exit."#]].assert_eq(&names.iter().map(shown).collect::<Vec<_>>().join("\n"));
}

#[test]
fn f148_a_log_without_a_cause_shows_its_last_lines_and_claims_none() {
    let quiet = "starting\n\nstill starting\n";
    let finding = Finding::of(&evidence(quiet));
    assert_eq!(
        (finding.cause, finding.lines.join("|"), finding.are_last),
        (None, "starting|still starting".to_owned(), true)
    );
    let long = (0..100).fold(String::new(), |text, number| text + &format!("line {number}\n"));
    assert_eq!(Finding::of(&evidence(&long)).lines.first().map(String::as_str), Some("line 90"));
    assert_eq!(Finding::of(&evidence("")), Finding { cause: None, lines: vec![], are_last: true });
}

#[test]
fn f148_colours_and_a_long_life_before_it_change_nothing() {
    let own = log_named("own");
    let coloured = own.replace("ERROR", "\u{1b}[31mERROR\u{1b}[0m").replace("2026-", "\u{1b}[2m2026-");
    let long = "a request was answered\n".repeat(LOOKED_AT / 10) + own;
    let wanted = Finding::of(&evidence(own));
    assert!(wanted.cause.is_some());
    for log in [coloured, long] {
        assert_eq!(Finding::of(&evidence(&log)), wanted);
    }
}

#[test]
fn f148_whoever_was_killed_from_outside_has_no_cause_in_its_log() {
    let killed = Evidence { ending: Some("signal 9"), ..evidence(log_named("port-taken")) };
    assert_eq!(Finding::of(&killed).cause, None);
}

#[test]
fn f148_of_two_boots_in_one_log_the_last_one_counts() {
    let both = format!("{}{}", log_named("port-taken"), log_named("placeholder"));
    assert_eq!(Finding::of(&evidence(&both)).cause.unwrap().id, Some("placeholder"));
    let both = format!("{}{}", log_named("placeholder"), log_named("bean-missing"));
    assert_eq!(Finding::of(&evidence(&both)).cause.unwrap().id, Some("bean-missing"));
}

#[test]
fn f148_what_an_application_warned_of_is_not_taken_for_what_it_died_of() {
    let warned = "2026-11-27T13:37:25.662Z  WARN 9 --- [main] a.B : java.net.ConnectException: Connection refused\n";
    let died = format!("{warned}{}", log_named("own"));
    let cause = Finding::of(&evidence(&died)).cause.unwrap();
    assert_eq!((cause.id, cause.says.contains("tariff 7 has no currency")), (None, true), "{cause}");
}

#[test]
fn f149_neither_the_cause_nor_the_lines_hold_a_secret() {
    let log = "Exception in thread \"main\" java.lang.IllegalStateException: a\n\tat a.B.c(B.java:1)\n\
               Caused by: java.lang.IllegalArgumentException: no driver for jdbc:x://shop:canary@db/shop?password=canary\n\tat a.B.d(B.java:2)\n";
    let finding = Finding::of(&evidence(log));
    let told = format!("{finding:?}");
    assert!(told.contains("IllegalArgumentException: no driver for jdbc:x://***@db"), "{told}");
    assert!(!told.contains("canary"), "{told}");
}
