//! `scripts.log`, and the part of it that `CodeDeploy` is shown.

use std::fs;

use agent::{ErrorCode, Generation, OutputStream, ScriptOutcome};

use crate::support::{BOTH, Host};

#[test]
fn each_line_of_the_log_has_a_date_and_the_stream_it_came_from() {
    for generation in BOTH {
        let ran = Host::new(generation).run_hook(60, "echo out; echo err >&2");
        for line in ran.log.lines() {
            let shape: String = line[..20].chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            assert_eq!(shape, "0000-00-00 00:00:00 ", "{line}");
        }
        let mut lines = ran.lines();
        assert_eq!(lines[..2], ["LifecycleEvent - AfterInstall", "Script - hook.sh"]);
        // The order between the two outputs is nobody's promise.
        lines[2..].sort_unstable();
        assert_eq!(lines[2..], ["[stderr]err", "[stdout]out"]);
    }
}

#[test]
fn a_last_line_without_its_newline_is_glued_to_the_next_entry() {
    let host = Host::new(Generation::One);
    let bundle = host
        .builder("bundle", "hooks:\n  AfterInstall:\n    - location: a.sh\n    - location: b.sh\n")
        .script("a.sh", "#!/bin/sh\nprintf half\n")
        .unwrap()
        .script("b.sh", "#!/bin/sh\n")
        .unwrap();
    let deployment = host.agent.deploy(&bundle.build().unwrap());
    let log = fs::read_to_string(deployment.folder.scripts_log()).unwrap();
    let glued = log.lines().nth(2).unwrap();
    assert!(glued.contains("[stdout]half20") && glued.ends_with(" Script - b.sh"), "{glued}");
}

#[test]
fn the_log_of_all_deployments_names_the_deployment() {
    let host = Host::new(Generation::One);
    let ran = host.run_hook(60, "echo out");
    let log = fs::read_to_string(host.agent.root().deployments_log()).unwrap();
    let line = log.lines().last().unwrap();
    assert!(line.ends_with(&format!("] [{}][stdout]out", ran.deployment.id)), "{line}");
    assert_eq!(line.find(']'), Some("[2026-11-22 07:26:50.428".len()), "{line}");
}

#[test]
fn nothing_that_a_successful_hook_prints_is_sent() {
    for generation in BOTH {
        let ran = Host::new(generation).run_hook(60, "echo out");
        assert_eq!(ran.event.diagnostics.log, "");
        assert_eq!(ran.event.diagnostics.error_code, Some(ErrorCode::Success));
    }
}

#[test]
fn a_failing_hooks_last_lines_are_sent_with_their_headers() {
    let ran = Host::new(Generation::One).run_hook(60, "echo cause >&2; exit 3");
    assert_eq!(
        ran.event.diagnostics.to_json(),
        serde_json::json!({
            "error_code": 4,
            "script_name": "hook.sh",
            "message": "Script at specified location: hook.sh failed with exit code 3",
            "log": "LifecycleEvent - AfterInstall\nScript - hook.sh\n[stderr]cause\n",
        })
    );
}

#[test]
fn only_the_last_whole_lines_together_below_2048_characters_are_sent() {
    // "[stdout]", 91 letters and a newline: 100 characters. Twenty are 2000, and 47 more still fit.
    let line = "x".repeat(91);
    let body = |last: usize| format!("for i in $(seq 30); do echo {line}; done; printf '%{last}s\\n' y; exit 1");
    let log = |last| Host::new(Generation::One).run_hook(60, &body(last)).event.diagnostics.log;
    assert_eq!(log(47 - 9).chars().count(), 2047);
    assert_eq!(log(48 - 9).chars().count(), 1948);
}

#[test]
fn a_last_line_of_2048_characters_empties_the_log_and_one_less_does_not() {
    let log = |length: usize| {
        let body = format!("echo before; printf '%{length}s\\n' y; exit 1");
        Host::new(Generation::One).run_hook(60, &body).event.diagnostics.log
    };
    assert_eq!(log(2048 - 9), "");
    assert_eq!(log(2047 - 9).len(), 2047);
}

#[test]
fn generation_2_sends_dates_and_no_terminal_sequences_in_at_most_2048_bytes() {
    let ran = Host::new(Generation::Two)
        .run_hook(60, "for i in $(seq 300); do echo line $i; done; printf '\\033[31mred\\033[0m\\n'; exit 1");
    let log = &ran.event.diagnostics.log;
    assert!(log.len() <= 2048 && log.len() > 1900, "{}", log.len());
    assert!(log.ends_with(" [stdout]red\n"), "{log}");
    assert!(log.starts_with("20"), "{log}");
}

#[test]
fn bad_utf8_inside_a_line_costs_generation_1_its_whole_report() {
    let body = "printf 'caf\\351 au lait\\n'; exit 3";
    let ran = Host::new(Generation::One).run_hook(60, body);
    assert_eq!(*ran.outcome(), ScriptOutcome::Exited(3));
    assert_eq!(
        ran.event.diagnostics.to_json(),
        serde_json::json!({
            "error_code": "Unknown",
            "message": "Attempting minimal diagnostics",
            "log": "Exception JSON::GeneratorError occured",
        })
    );
    let ran = Host::new(Generation::Two).run_hook(60, body);
    assert_eq!(ran.event.diagnostics.error_code, Some(ErrorCode::ScriptFailed));
    assert!(ran.event.diagnostics.log.ends_with("[stdout]caf\u{fffd} au lait\n"));
}

#[test]
fn bad_utf8_inside_a_line_of_a_successful_hook_is_harmless() {
    assert!(Host::new(Generation::One).run_hook(60, "printf 'caf\\351 au lait\\n'").deployment.succeeded);
}

#[test]
fn bad_utf8_at_the_end_of_a_line_fails_a_successful_hook_under_generation_1() {
    let body = "printf 'caf\\351\\n'; exit 0";
    let ran = Host::new(Generation::One).run_hook(60, body);
    assert_eq!(*ran.outcome(), ScriptOutcome::OutputUnreadable(OutputStream::Stdout));
    assert_eq!(ran.script().error_code, ErrorCode::ScriptFailed);
    assert_eq!(ran.event.diagnostics.error_code, None);
    assert!(Host::new(Generation::Two).run_hook(60, body).deployment.succeeded);
}

#[test]
fn more_output_than_a_pipe_holds_is_read_to_its_end() {
    for generation in BOTH {
        let ran = Host::new(generation).run_hook(60, "seq 50000; seq 50000 >&2");
        assert!(ran.deployment.succeeded);
        assert_eq!(ran.log.matches("[stdout]").count(), 50000);
        assert_eq!(ran.log.matches("[stderr]").count(), 50000);
    }
}
