//! Histories made by hand: those that violate an invariant must be found out by it and by no other, good ones must pass.

use std::fmt::Write;
use std::io::Cursor;

use super::*;
use crate::failure::Failure;
use crate::mode::Mode;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A good record of a request that was sent at a time, and took a tenth of a second.
fn record(mode: Mode, nth_use: u64, sent_at: f64, instance: &str) -> Record {
    Record {
        mode,
        sent_at: seconds(sent_at),
        written_at: Some(seconds(sent_at + 0.01)),
        first_byte_at: Some(seconds(sent_at + 0.05)),
        finished_at: seconds(sent_at + 0.1),
        connection: 7,
        nth_use,
        exchanges: 1,
        status: Some(200),
        release: Some(format!("release-of-{instance}")),
        instance: Some(instance.to_owned()),
        failure: None,
        detail: None,
        retried: false,
    }
}

fn fresh(sent_at: f64, instance: &str) -> Record {
    record(Mode::Fresh, 1, sent_at, instance)
}

/// A record of a request whose connection died without a byte.
fn died(mode: Mode, nth_use: u64, sent_at: f64) -> Record {
    Record {
        first_byte_at: None,
        exchanges: 0,
        status: None,
        release: None,
        instance: None,
        failure: Some(Failure::EofBeforeResponse),
        ..record(mode, nth_use, sent_at, "")
    }
}

fn retried(sent_at: f64) -> Record {
    Record { retried: true, ..record(Mode::Retry, 1, sent_at, "a") }
}

fn at(time: f64, mark: Mark) -> Mark {
    Mark { at: seconds(time), ..mark }
}

/// The marks stand after the records here: where they stand is no matter.
fn text(records: &[Record], marks: &[Mark]) -> String {
    let mut text = String::new();
    for record in records {
        writeln!(text, "{}", serde_json::to_string(record).unwrap()).unwrap();
    }
    for mark in marks {
        writeln!(text, "{}", serde_json::to_string(mark).unwrap()).unwrap();
    }
    text
}

fn findings(records: &[Record], marks: &[Mark]) -> Findings {
    check(Cursor::new(text(records, marks)), Settings::default()).unwrap()
}

/// How many records each invariant finds fault with: I1, I1a, I1b, I10.
fn violations(records: &[Record], marks: &[Mark]) -> [u64; 4] {
    let findings = findings(records, marks);
    Invariant::ALL.map(|invariant| findings.of(invariant).violations)
}

#[test]
fn i1_an_answer_of_an_instance_that_was_not_verified_before_the_writing_is_found() {
    let verified = |time| at(time, Mark::verified("b"));
    let table = [
        ("only the first one answers", vec![fresh(1.0, "a"), fresh(2.0, "a")], vec![], 0),
        ("another one answers, never verified", vec![fresh(1.0, "a"), fresh(2.0, "b")], vec![], 1),
        ("verified before", vec![fresh(1.0, "a"), fresh(2.0, "b")], vec![verified(1.5)], 0),
        ("verified at the writing", vec![fresh(1.0, "a"), fresh(2.0, "b")], vec![verified(2.01)], 0),
        ("verified after the writing", vec![fresh(1.0, "a"), fresh(2.0, "b")], vec![verified(2.02)], 1),
        ("verified twice", vec![fresh(1.0, "a"), fresh(2.0, "b")], vec![verified(3.0), verified(1.5)], 0),
        ("the old one answers on", vec![fresh(1.0, "a"), fresh(2.0, "b"), fresh(3.0, "a")], vec![verified(1.5)], 0),
        ("the live one is named", vec![fresh(1.0, "b")], vec![at(0.0, Mark::live("a"))], 1),
        ("nobody's answer", vec![fresh(1.0, "a"), Record { instance: None, ..fresh(2.0, "b") }], vec![], 0),
    ];
    for (case, records, marks, expected) in table {
        assert_eq!(violations(&records, &marks), [expected, 0, 0, 0], "{case}");
    }
}

#[test]
fn i1a_any_failure_on_a_new_connection_is_found_even_right_after_a_reload() {
    let reload = || vec![at(0.9, Mark::reload())];
    let refused = Record { failure: Some(Failure::Connect), written_at: None, ..died(Mode::KeepAlive, 1, 1.0) };
    let late = Record { failure: Some(Failure::BadStatus(502)), status: Some(502), ..fresh(1.0, "a") };
    let stream = Record { failure: Some(Failure::WrongInstance), exchanges: 3, ..record(Mode::Sse, 1, 1.0, "a") };
    let table = [
        ("good", fresh(1.0, "a"), 0),
        ("died", died(Mode::Fresh, 1, 1.0), 1),
        ("never connected", Record { nth_use: 0, ..refused.clone() }, 1),
        ("refused", refused, 1),
        ("bad status", late, 1),
        ("a stream that moved", stream, 1),
    ];
    for (case, record, expected) in table {
        assert_eq!(violations(&[record], &reload()), [0, expected, 0, 0], "{case}");
    }
}

#[test]
fn f145_f147_i1a_a_new_connection_of_http2_or_a_large_page_may_be_lost_only_shortly_after_a_reload() {
    let left = |mode, nth_use| Record { failure: Some(Failure::Unprocessed), ..died(mode, nth_use, 1.0) };
    let cut = Record { failure: Some(Failure::EofWithinResponse), ..record(Mode::Tls, 1, 1.0, "a") };
    let saved = Record { retried: true, ..record(Mode::Http2Retry, 1, 1.0, "a") };
    let twice = Record { retried: true, ..left(Mode::Http2Retry, 1) };
    let reload = || vec![at(0.9, Mark::reload())];
    // Exceptions of I1a and of I1b, and violations of both.
    let table = [
        ("left after a reload", left(Mode::Http2, 1), reload(), [1, 0], [0, 0]),
        ("left without a reload", left(Mode::Http2, 1), vec![], [0, 0], [1, 0]),
        ("died without a word", died(Mode::Http2, 1, 1.0), reload(), [1, 0], [0, 0]),
        ("the same without a reload", died(Mode::Http2, 1, 1.0), vec![], [0, 0], [1, 0]),
        ("over TLS alone", died(Mode::Tls, 1, 1.0), reload(), [1, 0], [0, 0]),
        ("a large page, within it", cut.clone(), reload(), [1, 0], [0, 0]),
        ("the same without a reload", cut.clone(), vec![], [0, 0], [1, 0]),
        ("without TLS", died(Mode::Large, 1, 1.0), reload(), [1, 0], [0, 0]),
        ("a small page, within it", Record { mode: Mode::Fresh, ..cut.clone() }, reload(), [0, 0], [1, 0]),
        ("a browser that did not try again", left(Mode::Http2Retry, 1), reload(), [0, 0], [1, 0]),
        ("a browser that tried again", saved.clone(), reload(), [0, 1], [0, 0]),
        ("the same without a reload", saved, vec![], [0, 0], [0, 1]),
        ("left again", twice, reload(), [0, 0], [1, 1]),
        ("a browser's page, within it", Record { mode: Mode::Http2Retry, nth_use: 2, ..cut }, reload(), [0, 1], [0, 0]),
        ("a reused one that nobody tried again", left(Mode::Http2Retry, 2), reload(), [0, 0], [0, 1]),
    ];
    for (case, record, marks, exceptions, violations) in table {
        let findings = findings(&[record], &marks);
        let of = |invariant| findings.of(invariant);
        let found = [Invariant::I1a, Invariant::I1b].map(of);
        assert_eq!(found.map(|count| count.exceptions), exceptions, "{case}");
        assert_eq!(found.map(|count| count.violations), violations, "{case}");
    }
}

#[test]
fn i1b_a_reused_connection_may_die_only_without_a_byte_and_only_shortly_after_a_reload() {
    let reload = |time| vec![at(time, Mark::reload())];
    let died_at = |time| died(Mode::Blind, 2, time);
    let with_a_byte = Record { first_byte_at: Some(seconds(1.05)), ..died_at(1.0) };
    let bad = Record { failure: Some(Failure::BadStatus(502)), ..record(Mode::KeepAlive, 5, 1.0, "a") };
    let silent = Record { failure: Some(Failure::Timeout), ..died_at(1.0) };
    let table = [
        ("no failure", record(Mode::Blind, 2, 1.0, "a"), vec![], (0, 0)),
        ("died without a reload", died_at(1.0), vec![], (0, 1)),
        ("died after a reload", died_at(1.0), reload(0.5), (1, 0)),
        ("died at the window's end", died_at(2.5), reload(0.5), (1, 0)),
        ("died after the window", died_at(2.501), reload(0.5), (0, 1)),
        ("died before the reload", died_at(0.4), reload(0.5), (0, 1)),
        ("died between two reloads", died_at(4.0), vec![at(9.0, Mark::reload()), at(3.0, Mark::reload())], (1, 0)),
        ("a byte had come", with_a_byte, reload(0.5), (0, 1)),
        ("bad status", bad, reload(0.5), (0, 1)),
        ("a time-out", silent, reload(0.5), (0, 1)),
        ("saved by its retry", retried(1.0), reload(0.5), (1, 0)),
        ("saved by its retry, without a reload", retried(1.0), vec![], (0, 1)),
        ("a retry that was not made", died(Mode::Retry, 2, 1.0), reload(0.5), (0, 1)),
    ];
    for (case, record, marks, (exceptions, violations)) in table {
        let findings = findings(&[record], &marks);
        let count = findings.of(Invariant::I1b);
        assert_eq!((count.looked_at, count.exceptions, count.violations), (1, exceptions, violations), "{case}");
        assert_eq!(findings.violations(), violations, "{case}: no other invariant is concerned");
    }
    // What is on its way for so long met the reload.
    for (on_the_way, violations) in [(0.1, 0), (0.09, 1)] {
        let settings = Settings { on_the_way: seconds(on_the_way), ..Settings::default() };
        let history = text(&[died_at(0.4)], &reload(0.5));
        assert_eq!(check(Cursor::new(history), settings).unwrap().violations(), violations, "{on_the_way}");
    }
    // Its second try was on a new connection, which no reload excuses.
    let failed_twice = Record { retried: true, ..died(Mode::Retry, 1, 1.0) };
    assert_eq!(violations(&[failed_twice], &reload(0.5)), [0, 1, 1, 0]);
}

#[test]
fn i10_after_a_cutover_only_the_new_one_answers_on_new_connections() {
    let there = || vec![at(2.0, Mark::cutover_begin("b")), at(3.0, Mark::cutover_end("b").from("a"))];
    let and_back = || {
        let back = [at(5.0, Mark::cutover_begin("a")), at(6.0, Mark::cutover_end("release-of-a"))];
        there().into_iter().chain(back).chain([at(0.0, Mark::live("a")), at(0.0, Mark::verified("b"))]).collect()
    };
    let slow = Record { finished_at: seconds(5.5), ..fresh(4.8, "a") };
    let preconnected = record(Mode::Preconnected, 1, 2.9, "a");
    let table: [(_, _, Vec<Mark>, _); 11] = [
        ("before", fresh(1.0, "a"), and_back(), (0, 0)),
        ("meanwhile", fresh(2.5, "a"), and_back(), (0, 0)),
        ("after it, by the new one", fresh(3.0, "b"), and_back(), (1, 0)),
        ("after it, by the old one", fresh(3.0, "a"), and_back(), (1, 1)),
        ("after it, by the old one on an old connection", record(Mode::KeepAlive, 2, 4.0, "a"), and_back(), (0, 0)),
        ("on a connection that was made before", preconnected, and_back(), (0, 0)),
        ("overtaken by the next cutover", slow, and_back(), (0, 0)),
        ("after the second, by its release", fresh(6.0, "a"), and_back(), (1, 0)),
        ("after the second, by the other one", fresh(6.5, "b"), and_back(), (1, 1)),
        ("between the two, by the new one", fresh(4.8, "b"), and_back(), (1, 0)),
        ("without marks", fresh(3.0, "a"), vec![], (0, 0)),
    ];
    for (case, record, marks, (looked_at, violations)) in table {
        let findings = findings(&[record], &marks);
        let count = findings.of(Invariant::I10);
        assert_eq!((count.looked_at, count.violations), (looked_at, violations), "{case}");
        assert_eq!(findings.violations(), violations, "{case}: no other invariant is concerned");
    }
}

#[test]
fn violations_are_told_in_sentences_and_counted_beyond_the_first_twenty() {
    let records: Vec<Record> = (0..23).map(|_| died(Mode::Fresh, 1, 1.0)).chain([fresh(1.0, "a")]).collect();
    let text = findings(&records, &[]).to_string();
    let first = "I1a: line 1, `fresh` request at 1.000000 s, use 1 of connection 7, failed on a new connection: \
                 eof before response";
    assert_eq!(text.lines().next(), Some(first));
    assert!(text.contains("\nand 3 more violations\n"), "{text}");
    assert!(text.contains("\nfresh               24         1       23      0     23      0      0\n"), "{text}");
    assert!(text.contains("\nI1a new connections        24 looked at, 0 excepted, 23 violations\n"), "{text}");
}

#[test]
fn a_line_that_is_no_record_is_an_error_and_no_verdict() {
    let good = text(&[fresh(1.0, "a")], &[at(1.0, Mark::reload())]);
    let table = [
        ("nonsense\n", "line 3 is \"nonsense\" ("),
        ("\n", "line 3 is \"\" ("),
        ("{\"mode\":\"fresh\"}\n", "needed a record or a mark of this client"),
        ("{\"mark\":\"x\"}\n", "missing field `at_microseconds`"),
        ("{\"mark\":\"x\",\"at_microseconds\":1,\"kind\":\"unheard-of\"}\n", "unknown variant `unheard-of`"),
        (
            "{\"mark\":\"x\",\"at_microseconds\":1,\"kind\":\"verified\"}\n",
            "line 3 is the mark \"x\" without `to`; needed an instance or a release",
        ),
        (&good[..40], "line 3 is \"{"),
    ];
    for (line, message) in table {
        let error = check(Cursor::new(format!("{good}{line}")), Settings::default()).unwrap_err().to_string();
        assert!(error.contains(message), "{line:?}: {error}");
    }
    assert_eq!(check(Cursor::new(good), Settings::default()).unwrap().marks, 1);
}

#[test]
fn a_detail_with_the_word_mark_in_quotes_is_still_a_records() {
    let quoting = Record { detail: Some("a header \"mark\"".to_owned()), ..died(Mode::Fresh, 1, 1.0) };
    assert_eq!(violations(&[quoting], &[]), [0, 1, 0, 0]);
}
