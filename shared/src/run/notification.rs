//! Tells a program of the user's own how a hook ended (`report.notify`): the verdict as JSON on its standard input. The verdict is told
//! before, and nothing that becomes of this changes it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::Ended;
use crate::config::Settings;
use crate::host::{Host, tell_program};
use crate::language::translated;
use crate::lifecycle::Lifecycle;
use crate::report::Report;
use crate::report::agent::clean;
use crate::timeouts::deadline::Deadline;

/// How long the program may take.
const AT_MOST: Duration = Duration::from_secs(5);
/// How much earlier than the agent would end the hook.
const BEFORE_THE_AGENT: Duration = Duration::from_secs(1);
/// The hook whose success is the deployment's.
const LAST_HOOK: &str = "switch";

/// What the program is told. Fields are only ever added.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Notification<'a> {
    /// All of it as a few lines for people.
    text: String,
    /// The hook's name.
    hook: &'a str,
    succeeded: bool,
    exit_code: u8,
    /// What holds now, or what went wrong.
    what: String,
    /// What to do about it; missing after a success, and where there is nothing to do.
    to_do: Option<&'a str>,
    /// Who serves; missing after a success.
    serving: Option<&'a str>,
    /// CodeDeploy's names; missing where a person has run the hook.
    deployment: Option<&'a str>,
    event: Option<&'a str>,
    group: Option<&'a str>,
    application: Option<&'a str>,
    /// This host's name.
    host: String,
    /// When, in RFC 3339, UTC.
    time: String,
    /// The file in which there is more.
    log: String,
}

impl<'a> Notification<'a> {
    /// That a hook ended so.
    fn of(
        hook: &'a str,
        (verdict, serving): &'a Ended,
        lifecycle: &'a Lifecycle,
        host: String,
        log: &Path,
        now: SystemTime,
    ) -> Self {
        let (exit_code, what, to_do) = match verdict {
            Ok(result) => (0, clean(result), None),
            Err(error) => (error.kind().exit_code(), clean(&error.to_string()), error.advice()),
        };
        let succeeded = verdict.is_ok();
        let serving = (!succeeded).then_some(serving.as_str());
        let deployment = lifecycle.deployment.as_deref();
        let outcome =
            if succeeded { translated!("OK {hook}") } else { translated!("FAILED {hook} (exit code {exit_code})") };
        let first =
            translated!("{outcome} on `{host}`, deployment {}: {what}", deployment.unwrap_or(translated!("by hand")));
        let rest = [
            to_do.map(|to_do| translated!("to do: {to_do}")),
            serving.map(|serving| translated!("serving: {serving}")),
        ];
        Notification {
            text: std::iter::once(first).chain(rest.into_iter().flatten()).collect::<Vec<_>>().join("\n"),
            hook,
            succeeded,
            exit_code,
            what,
            to_do,
            serving,
            deployment,
            event: lifecycle.event.as_deref(),
            group: lifecycle.group.as_deref(),
            application: lifecycle.application.as_deref(),
            host,
            time: humantime::format_rfc3339_seconds(now).to_string(),
            log: log.to_string_lossy().into_owned(),
        }
    }
}

/// Whether somebody wants to be told of it: a failure, or that a deployment is through.
fn is_news(hook: &str, succeeded: bool) -> bool {
    !succeeded || hook == LAST_HOOK
}

/// How long the program may take: the agent would end the hook, and its verdict with it.
fn patience(deadline: Option<Duration>, elapsed: Duration) -> Duration {
    deadline.map_or(AT_MOST, |deadline| AT_MOST.min(deadline.saturating_sub(elapsed + BEFORE_THE_AGENT)))
}

/// Tells the program, if there is one; a failure is said and goes no further.
pub(super) async fn send(
    host: &impl Host,
    settings: &Settings,
    lifecycle: &Lifecycle,
    hook: &str,
    ended: &Ended,
    report: &Report,
) {
    let command = &settings.report.notify;
    if command.is_empty() || !is_news(hook, ended.0.is_ok()) {
        return;
    }
    let name = host.read_file("/proc/sys/kernel/hostname".as_ref()).unwrap_or_default();
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    let notification = Notification::of(hook, ended, lifecycle, name, &settings.log(), host.wall_clock());
    let at_most = patience(lifecycle.deadline(hook).map(Deadline::timeout), host.elapsed());
    let told = match serde_json::to_vec(&notification) {
        Ok(_) if at_most.is_zero() => Err(translated!("the time that appspec.yml gives this hook is over").to_owned()),
        Ok(bytes) => tell_program(command, &bytes, at_most).await,
        Err(cause) => Err(translated!("the verdict could not be written as JSON: {cause}")),
    };
    if let Err(why) = told {
        report.say(&translated!("note: nobody was told of this by `report.notify`: {why}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Kind};

    fn told(verdict: crate::error::Result<String>) -> serde_json::Value {
        let lifecycle = Lifecycle {
            deployment: Some("d-1".into()),
            event: Some("ValidateService".into()),
            application: Some("shop".into()),
            ..Lifecycle::default()
        };
        let ended = (verdict, "`real1` (port 8081)".to_owned());
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        serde_json::to_value(Notification::of("health", &ended, &lifecycle, "web-1".into(), Path::new("/log"), now))
            .unwrap()
    }

    #[test]
    fn f156_a_failure_is_told_with_what_to_do_and_who_serves() {
        let failure = told(Err(Error::new(Kind::NotHealthy, "it answered\u{7}500").advise("look")));
        assert_eq!(
            failure["text"],
            "FAILED health (exit code 31) on `web-1`, deployment d-1: it answered 500\nto do: look\nserving: `real1` (port 8081)"
        );
        assert_eq!((&failure["application"], &failure["log"]), (&"shop".into(), &"/log".into()));
        assert_eq!((&failure["exit_code"], &failure["to_do"]), (&31.into(), &"look".into()));
        assert_eq!((&failure["event"], &failure["time"]), (&"ValidateService".into(), &"2027-01-15T08:00:00Z".into()));
        let success = told(Ok("`real1` serves".into()));
        assert_eq!(success["text"], "OK health on `web-1`, deployment d-1: `real1` serves");
        assert_eq!((&success["succeeded"], &success["serving"]), (&true.into(), &serde_json::Value::Null));
    }

    #[test]
    fn f156_of_hooks_that_succeed_only_the_last_one_is_news() {
        for (hook, succeeded, wanted) in [("stop", false, true), ("stop", true, false), ("switch", true, true)] {
            assert_eq!(is_news(hook, succeeded), wanted, "{hook}");
        }
    }

    #[test]
    fn f156_the_program_has_ended_before_the_agent_would_end_the_hook() {
        for (deadline, elapsed, wanted) in
            [(None, 900, 5), (Some(130), 20, 5), (Some(130), 126, 3), (Some(130), 140, 0)]
        {
            let [deadline, elapsed, wanted] = [deadline.unwrap_or(0), elapsed, wanted].map(Duration::from_secs);
            let deadline = Some(deadline).filter(|deadline| !deadline.is_zero());
            assert_eq!(patience(deadline, elapsed), wanted);
        }
    }
}
