//! The load client against servers that misbehave: each failure must be seen, named, and never forgiven too easily.

use std::collections::BTreeSet;
use std::time::Duration;

use strict_client::{Failure, Load, Mode};

use crate::run::{PATIENCE, each_has, run, run_until};
use crate::server::{GOOD, Server, deserted_address};

#[cfg(test)]
mod delayed;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod large_faults;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod run;
#[cfg(test)]
mod server;
#[cfg(test)]
mod service;
#[cfg(test)]
mod web_socket_faults;

#[test]
fn a_good_server_gives_no_failure_and_keeps_its_connections() {
    let server = Server::start(|mut client| {
        while client.has_request() {
            client.answer(GOOD);
        }
    });
    let load = Load::builder(server.address).connections(4).rate_per_second(25).timeout(PATIENCE).start().unwrap();
    let mark = load.mark("now");
    // Four connections in turn: the ninth and later requests are the third of theirs, unless many are sent at once.
    let history = run_until(load, "requests", each_has(60));
    let summary = history.summary();
    assert_eq!(summary.failures(), 0, "{summary}");
    assert_eq!(history.records().len() as u64, summary.requests());
    assert_eq!(history.marked_at("now"), Some(mark));
    for mode in Mode::PLAIN {
        let counts = summary.mode(mode);
        assert_eq!((counts.retries, counts.releases["v1"].count), (0, counts.requests), "{mode}");
    }
    let connections = |mode| history.of_mode(mode).map(|record| record.connection).collect::<BTreeSet<_>>().len();
    assert_eq!(connections(Mode::Fresh) as u64, summary.mode(Mode::Fresh).requests);
    assert!(connections(Mode::KeepAlive) >= 4, "{}", connections(Mode::KeepAlive));
    assert!(history.of_mode(Mode::KeepAlive).any(|record| record.nth_use >= 3));

    let end = history.records().last().unwrap().sent_at + Duration::from_nanos(1);
    assert_eq!(history.releases_between(Duration::ZERO, end)["v1"], summary.requests());
    assert!(history.releases_between(end, Duration::MAX).is_empty());
    for record in history.records() {
        let first_byte = record.first_byte_at.unwrap();
        assert!(record.sent_at < first_byte && first_byte <= record.finished_at, "{record:?}");
        assert_eq!((record.status, record.instance.as_deref()), (Some(200), Some("0123abcd")));
    }
}

#[test]
fn a_connection_that_was_closed_while_idle_is_seen_and_not_used_again() {
    // Promises to keep the connection, and closes it all the same.
    let server = Server::start(|mut client| {
        if client.has_request() {
            client.answer_and_close(GOOD);
        }
    });
    let history = run(&server, "requests", |_| true);
    assert_eq!(history.summary().failures(), 0, "{}", history.summary());
    assert!(history.records().iter().all(|record| record.nth_use == 1 && !record.retried));
}

#[test]
fn a_reset_in_the_middle_of_a_response_fails_in_every_mode_and_is_never_forgiven() {
    let server = Server::start(|mut client| {
        if client.has_request() {
            client.answer(GOOD);
        }
        if client.has_request() {
            client.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            client.reset();
        }
    });
    let history = run(&server, "resets", |summary| {
        [Mode::KeepAlive, Mode::Retry].iter().all(|mode| summary.mode(*mode).failed() >= 5)
    });
    for mode in [Mode::KeepAlive, Mode::Retry] {
        let counts = history.summary().mode(mode);
        assert!(counts.failed() >= 5, "{}", history.summary());
        assert_eq!((counts.retries, counts.saved_by_a_retry), (0, 0), "{}", history.summary());
    }
    assert_eq!(history.summary().mode(Mode::Fresh).failed(), 0, "its first and only use is good");
    assert!(history.failures_on_fresh().is_empty());
    assert!(history.failures_that_a_retry_would_have_saved().is_empty());
    let unforgiven = history.failures_on_reused_that_a_retry_would_not_have_saved();
    assert_eq!(unforgiven.len() as u64, history.summary().failures());
    assert!(unforgiven.iter().all(|record| record.failure == Some(Failure::Reset) && record.first_byte_at.is_some()));
}

#[test]
fn a_first_response_that_is_cut_short_fails_on_a_fresh_connection_in_every_mode() {
    let server = Server::start(|mut client| {
        if client.has_request() {
            client.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhol");
        }
    });
    let history = run(&server, "requests", |_| true);
    for mode in Mode::PLAIN {
        let counts = history.summary().mode(mode);
        assert_eq!(counts.failures.get(&Failure::EofWithinResponse), Some(&counts.requests), "{}", history.summary());
    }
    assert_eq!(history.failures_on_fresh().len(), history.records().len());
    assert!(history.failures_on_reused_that_a_retry_would_not_have_saved().is_empty());
}

#[test]
fn a_bad_gateway_is_a_failure_although_the_connection_is_good() {
    let server = Server::start(|mut client| {
        while client.has_request() {
            client.answer(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let history = run(&server, "requests", |_| true);
    for mode in Mode::PLAIN {
        let counts = history.summary().mode(mode);
        assert_eq!(counts.failures.get(&Failure::BadStatus(502)), Some(&counts.requests), "{}", history.summary());
        assert_eq!(counts.saved_by_a_retry, 0);
    }
    assert!(!history.failures_on_reused_that_a_retry_would_not_have_saved().is_empty(), "{}", history.summary());
}

#[test]
fn a_reused_connection_that_dies_under_a_request_is_saved_by_the_retry_and_by_nothing_else() {
    // Takes the second request and closes without a byte: the client cannot have seen it coming.
    let server = Server::start(|mut client| {
        if client.has_request() {
            client.answer(GOOD);
            client.has_request();
        }
    });
    let history = run(&server, "retries and failures", |summary| {
        summary.mode(Mode::Retry).retries >= 5 && summary.mode(Mode::KeepAlive).failed() >= 5
    });
    let summary = history.summary();
    assert_eq!(summary.mode(Mode::Fresh).failed(), 0, "{summary}");
    let retry = summary.mode(Mode::Retry);
    assert_eq!(retry.failed(), 0, "{summary}");
    assert!(retry.retries >= 5, "{summary}");
    let keep_alive = summary.mode(Mode::KeepAlive);
    assert!(keep_alive.failures[&Failure::EofBeforeResponse] >= 5, "{summary}");
    assert_eq!((keep_alive.saved_by_a_retry, keep_alive.retries), (keep_alive.failed(), 0), "{summary}");
    assert!(history.failures_on_reused_that_a_retry_would_not_have_saved().is_empty());
    let saved = history.failures_that_a_retry_would_have_saved();
    assert_eq!(saved.len() as u64, summary.failures());
}

#[test]
fn a_server_that_never_answers_times_out_and_the_loop_does_not_wait_for_it() {
    let server = Server::start(|mut client| while client.has_request() {});
    let timeout = Duration::from_secs(3);
    let load = Load::builder(server.address).connections(1).timeout(timeout).start().unwrap();
    let history = run_until(load, "requests", each_has(30));
    for record in history.records() {
        assert_eq!((record.failure, record.first_byte_at), (Some(Failure::Timeout), None));
        assert!(record.latency() >= timeout, "{record:?}");
    }
    // A loop that waited for answers would have sent one request in each time-out.
    let sent_early = history.of_mode(Mode::KeepAlive).filter(|record| record.sent_at < timeout).count();
    assert!(sent_early >= 3, "{sent_early}");
}

#[test]
fn a_refused_connection_is_a_failure_of_the_connect() {
    let load = Load::builder(deserted_address()).start().unwrap();
    let history = run_until(load, "requests", each_has(10));
    assert!(history.records().iter().all(|record| record.failure == Some(Failure::Connect)));
    assert_eq!(history.failures_on_fresh().len(), history.records().len());
    assert!(history.records()[0].detail.as_deref().unwrap().contains("refused"), "{:?}", history.records()[0]);
}

#[test]
fn the_history_is_written_as_one_line_for_each_record_and_mark() {
    let load = Load::builder(deserted_address()).modes([Mode::Fresh, Mode::KeepAlive, Mode::Retry]).start().unwrap();
    load.mark("switch");
    let history = run_until(load, "requests", each_has(2));
    let mut text = Vec::new();
    history.write_json_lines(&mut text).unwrap();
    let lines: Vec<serde_json::Value> =
        std::str::from_utf8(&text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), history.records().len() + 1);
    assert_eq!(lines[0]["failure"], "connect");
    assert_eq!(lines[lines.len() - 1]["mark"], "switch");
}

#[test]
fn a_rate_of_zero_is_refused() {
    let error = Load::builder(deserted_address()).rate_per_second(0).start().unwrap_err();
    assert_eq!(error.to_string(), "`rate_per_second` is 0; needed 1 or more");
}
