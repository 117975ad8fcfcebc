//! The result as one JSON object, for programs.

use serde_json::{Map, Value, json};

use crate::load::{Failures, LoadReport};
use crate::step::{Outcome, Serving, Step};
use crate::table::{Report, SCRIPTS, Subject};

/// Renders the whole of it, on several lines.
pub(crate) fn render(report: &Report) -> String {
    let subject = match report.subject {
        Subject::Demo => "demo",
        Subject::Spring => "spring",
        Subject::Bundle => "bundle",
    };
    let checks: Vec<Value> = report
        .checks
        .iter()
        .map(|check| json!({ "passed": check.passed, "text": check.text, "details": check.details }))
        .collect();
    let value = json!({
        "passed": report.passed(),
        "deployed": subject,
        "agent": report.agent,
        "steps": report.steps.iter().map(step).collect::<Vec<_>>(),
        "load": load(&report.load),
        "checks": checks,
        "whole_deploy_seconds": report.deploy_time().map(|time| time.as_secs_f64()),
        "shell_scripts_seconds": (report.subject == Subject::Demo).then(|| SCRIPTS.as_secs_f64()),
        "notes": report.notes,
        "kept": report.kept,
    });
    format!("{value:#}\n")
}

fn step(step: &Step) -> Value {
    let hooks: Vec<Value> =
        step.hooks.iter().map(|hook| json!({ "hook": hook.hook, "seconds": hook.took.as_secs_f64() })).collect();
    let outcome = match &step.outcome {
        Outcome::Done => json!({ "done": true }),
        Outcome::Refused { hook, exit_code } => json!({ "done": false, "refused_by": hook, "exit_code": exit_code }),
        Outcome::Broken(what) => json!({ "done": false, "broken": what }),
    };
    json!({
        "number": step.number,
        "title": step.title,
        "expected": step.expected.to_string(),
        "outcome": outcome,
        "as_expected": step.mismatches().is_empty() && step.wrong_answers().is_empty(),
        "hooks": hooks,
        "hook_seconds": step.hook_time().as_secs_f64(),
        "serving": serving(&step.serving),
        "answers_during": step.answers.during,
        "answers_after": step.answers.after,
        "codedeploy_console": step.diagnostics,
    })
}

fn serving(serving: &Serving) -> Value {
    json!({ "release": serving.release, "profile": serving.profile, "trouble": serving.trouble })
}

fn load(load: &LoadReport) -> Value {
    let mut modes = Map::new();
    for counts in &load.modes {
        let value = json!({
            "requests": counts.requests,
            "failed": counts.failed(),
            "failures": counts.failures,
            "saved_by_a_retry": counts.saved_by_a_retry,
            "retried": counts.retried,
            "slowest_seconds": counts.slowest.as_secs_f64(),
        });
        modes.insert(counts.mode.to_owned(), value);
    }
    let failures = |failures: &Failures| json!({ "count": failures.count, "first": failures.examples });
    json!({
        "requests_per_second_and_mode": load.rate,
        "seconds": load.duration.as_secs_f64(),
        "modes": modes,
        "failed_on_fresh_connections": failures(&load.failed_on_fresh),
        "failed_on_reused_connections_beyond_a_retry": failures(&load.failed_on_reused),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::examples::{good, refused};

    #[test]
    fn a_program_finds_the_verdict_and_what_each_step_came_to() {
        let report = Report::new(Subject::Demo, 2, vec![good(), refused()], LoadReport::default(), None);
        let value: Value = serde_json::from_str(&render(&report)).unwrap();
        assert_eq!((&value["passed"], &value["agent"]), (&json!(false), &json!(2)));
        assert_eq!(value["steps"][1]["outcome"], json!({ "done": false, "refused_by": "health", "exit_code": 31 }));
        assert_eq!(value["steps"][0]["hooks"][3], json!({ "hook": "switch", "seconds": 0.15 }));
        assert_eq!(value["whole_deploy_seconds"], json!(0.75));
        assert_eq!(value["checks"][2]["details"], json!(["the story ended before it, which proves nothing"]));
    }
}
