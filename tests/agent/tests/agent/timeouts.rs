//! The one deadline of a script, and what happens at it.

use std::time::{Duration, Instant};

use agent::{ErrorCode, Generation, OutputStream, ScriptOutcome};

use crate::support::{BOTH, Host, LeftBehind, eventually};

const TIMED_OUT: ScriptOutcome = ScriptOutcome::TimedOut { timeout: Duration::from_secs(1) };

#[test]
fn at_the_deadline_the_whole_process_group_gets_sigterm() {
    for generation in BOTH {
        let host = Host::new(generation);
        let ran = host.run_hook(1, "sleep 60 & echo $! > HERE/child; wait");
        assert_eq!(*ran.outcome(), TIMED_OUT);
        assert_eq!(ran.script().error_code, ErrorCode::ScriptTimedOut);
        assert_eq!(
            ran.event.diagnostics.message,
            "Script at specified location: hook.sh failed to complete in 1 seconds"
        );
        assert!(!ran.deployment.succeeded);
        let child = LeftBehind::from_file(&host.path("child"));
        eventually("the child ends with its group", || !child.lives());
    }
}

#[test]
fn generation_1_waits_without_limit_for_a_script_that_ignores_sigterm() {
    let host = Host::new(Generation::One);
    let ran =
        host.run_hook(1, "trap '' TERM PIPE; i=0; while [ $i -lt 70 ]; do sleep 0.1; i=$((i+1)); done; : > HERE/lived");
    assert_eq!(*ran.outcome(), TIMED_OUT);
    // Beyond the five seconds after which generation 2 kills.
    assert!(ran.script().duration >= Duration::from_secs(7), "{:?}", ran.script().duration);
    assert!(host.path("lived").exists());
}

#[test]
fn generation_2_kills_the_group_five_seconds_later() {
    let host = Host::new(Generation::Two);
    let ran = host.run_hook(1, "trap '' TERM; sleep 60 & echo $! > HERE/child; while :; do sleep 0.1; done");
    assert_eq!(*ran.outcome(), TIMED_OUT);
    let taken = ran.script().duration;
    assert!((Duration::from_secs(6)..Duration::from_secs(9)).contains(&taken), "{taken:?}");
    let child = LeftBehind::from_file(&host.path("child"));
    eventually("the child ends with its group", || !child.lives());
}

/// Prints after SIGTERM until that fails, and says which it was.
const PRINT_AFTER_TERM: &str = "\
trap '' PIPE
late() {
  i=0
  while [ $i -lt 200 ]; do
    if ! echo late 2>/dev/null; then echo broken > HERE/pipe; exit 1; fi
    i=$((i+1)); sleep 0.01
  done
  echo whole > HERE/pipe; exit 1
}
trap late TERM
echo early
while :; do sleep 0.1; done";

#[test]
fn generation_1_closes_the_pipes_after_sigterm() {
    let host = Host::new(Generation::One);
    let ran = host.run_hook(1, PRINT_AFTER_TERM);
    assert_eq!(*ran.outcome(), TIMED_OUT);
    assert_eq!(host.read("pipe"), "broken\n");
    assert_eq!(ran.lines()[2..], ["[stdout]early"]);
}

#[test]
fn generation_2_goes_on_reading_after_sigterm() {
    let host = Host::new(Generation::Two);
    let ran = host.run_hook(1, PRINT_AFTER_TERM);
    assert_eq!(*ran.outcome(), TIMED_OUT);
    assert_eq!(host.read("pipe"), "whole\n");
    assert!(ran.lines().contains(&"[stdout]late"));
}

#[test]
fn an_output_that_stays_open_until_the_deadline_hides_the_exit_status() {
    for (generation, body, stream, told) in [
        (Generation::One, "sleep 60 & echo $! > HERE/child; exit 0", OutputStream::Stdout, "STDOUT"),
        (Generation::One, "sleep 60 > /dev/null & echo $! > HERE/child; exit 3", OutputStream::Stderr, "STDERR"),
        (Generation::Two, "sleep 60 > /dev/null & echo $! > HERE/child; exit 0", OutputStream::Stderr, "STDOUT"),
    ] {
        let host = Host::new(generation);
        let ran = host.run_hook(1, body);
        assert_eq!(*ran.outcome(), ScriptOutcome::OutputsLeftOpen(stream));
        assert_eq!(ran.script().error_code, ErrorCode::OutputsLeftOpen);
        assert_eq!(
            ran.event.diagnostics.message,
            format!("Script at specified location: hook.sh failed to close {told}")
        );
        assert!(ran.script().duration >= Duration::from_secs(1));
        assert!(LeftBehind::from_file(&host.path("child")).lives(), "nothing is killed");
    }
}

#[test]
fn a_background_process_with_outputs_of_its_own_lives_on_and_nobody_waits_for_it() {
    for generation in BOTH {
        let host = Host::new(generation);
        let started = Instant::now();
        let ran = host.run_hook(30, "sleep 60 > /dev/null 2>&1 & echo $! > HERE/child");
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
        assert!(ran.deployment.succeeded);
        assert!(LeftBehind::from_file(&host.path("child")).lives());
    }
}

#[test]
fn the_deadline_holds_against_a_script_that_never_stops_printing() {
    let host = Host::new(Generation::One);
    let ran = host.run_hook(1, "trap 'exit 0' TERM; while :; do echo more; done");
    assert_eq!(*ran.outcome(), TIMED_OUT);
}
