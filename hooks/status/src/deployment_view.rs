//! A deployment as CodeDeploy sees it: as a whole, this host event by event, and the fleet.

use serde::Serialize;
use shared::host::codedeploy::{Deployment, Event, Refusal, Target};
use shared::language::translated;
use shared::report::agent::clean;
use shared::report::{duration, table};

/// What CodeDeploy tells.
#[derive(Debug, Serialize)]
pub(crate) struct DeploymentView {
    deployment: Deployment,
    /// This host's id as a target, where it is known.
    this_host: Option<String>,
    targets: Vec<Target>,
    /// Why there are no targets here, and what to do.
    targets_unknown: Option<String>,
}

impl DeploymentView {
    pub(crate) fn of(
        deployment: Deployment,
        targets: Result<Vec<Target>, Refusal>,
        this_host: Option<String>,
    ) -> DeploymentView {
        let targets_unknown = targets.as_ref().err().map(|refusal| match refusal.advice() {
            Some(advice) => format!("{refusal}; {advice}"),
            None => refusal.to_string(),
        });
        DeploymentView { deployment, this_host, targets: targets.unwrap_or_default(), targets_unknown }
    }

    pub(crate) fn text(&self) -> String {
        let mut lines = self.whole();
        lines.push(String::new());
        if let Some(why) = &self.targets_unknown {
            lines.push(translated!("its hosts are not to be had: {why}"));
            return lines.join("\n");
        }
        lines.extend(self.own());
        lines.extend([String::new(), format!("fleet: {}", self.summary())]);
        let rows = self.targets.iter().map(|target| [target.id.clone(), target.status.clone(), decisive_event(target)]);
        lines.extend(indented(&rows.collect::<Vec<_>>()));
        lines.join("\n")
    }

    fn whole(&self) -> Vec<String> {
        let Deployment { id, application, group, status, creator, mode, rolls_back, rolled_back_by, error, .. } =
            &self.deployment;
        let place = application.as_ref().map(|application| match group {
            Some(group) => translated!("{application}, group {group}"),
            None => application.clone(),
        });
        let created = self.deployment.created.map(|time| time.to_string());
        let mut lines = vec![translated!("deployment {id}: {}", status.word())];
        for (title, value) in [
            ("application", &place),
            ("revision", &self.deployment.revision),
            ("made by", creator),
            ("made at", &created),
            ("mode", mode),
            ("rolls back", rolls_back),
            ("rolled back by", rolled_back_by),
            ("why", error),
        ] {
            lines.extend(value.as_ref().map(|value| format!("  {title}: {}", clean(value))));
        }
        lines
    }

    fn own(&self) -> Vec<String> {
        let Some(name) = &self.this_host else {
            return vec![
                translated!("this host: its name as a target is not known; set `report.target` in hooks.toml")
                    .to_owned(),
            ];
        };
        let Some(target) = self.targets.iter().find(|target| target.id == *name) else {
            return vec![translated!("this host: `{name}` is no target of this deployment")];
        };
        let mut lines = vec![translated!("this host: {} {}", target.id, target.status)];
        lines.extend(events(&target.events));
        lines
    }

    /// How many targets are in which state, in the order in which the states come.
    fn summary(&self) -> String {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for target in &self.targets {
            match counts.iter_mut().find(|(status, _)| *status == target.status) {
                Some((_, count)) => *count += 1,
                None => counts.push((&target.status, 1)),
            }
        }
        let counts: Vec<String> = counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
        match self.targets.len() {
            0 => "no target".to_owned(),
            1 => translated!("1 target: {}", counts.join(", ")),
            many => translated!("{many} targets: {}", counts.join(", ")),
        }
    }
}

/// The events as a table, under each failed one what it left behind.
fn events(events: &[Event]) -> Vec<String> {
    let mut rows = vec![["event", "state", "took", ""].map(str::to_owned)];
    rows.extend(events.iter().map(|event| {
        let took = event.took().map_or_else(|| "-".to_owned(), duration);
        let message = event.diagnostics.as_ref().map(|found| format!("{}: {}", found.code, found.message));
        [event.name.clone(), event.status.clone(), took, message.unwrap_or_default()]
    }));
    let tails = events.iter().map(|event| event.diagnostics.as_ref().map_or("", |found| &found.log_tail));
    indented(&rows)
        .zip(std::iter::once("").chain(tails))
        .flat_map(|(line, tail)| std::iter::once(line).chain(tail.lines().map(|line| format!("    | {}", clean(line)))))
        .collect()
}

fn indented<const N: usize>(rows: &[[String; N]]) -> impl Iterator<Item = String> {
    table::lines(rows, &[]).into_iter().map(|line| format!("  {line}"))
}

/// The event that says most about a target: the one that failed, else the one that goes on.
fn decisive_event(target: &Target) -> String {
    ["Failed", "InProgress"]
        .iter()
        .find_map(|status| target.events.iter().find(|event| event.status == *status))
        .map_or_else(String::new, |event| format!("at {}", event.name))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use shared::host::codedeploy::{Diagnostics, Status};

    use super::*;

    fn event(name: &str, status: &str, began: i64, ended: Option<i64>) -> Event {
        let time = |milliseconds| jiff::Timestamp::from_millisecond(milliseconds).ok();
        Event {
            name: name.into(),
            status: status.into(),
            began: time(began),
            ended: ended.and_then(time),
            diagnostics: None,
        }
    }

    fn view(this_host: Option<&str>) -> DeploymentView {
        let failed = Event {
            diagnostics: Some(Diagnostics {
                code: "ScriptFailed".into(),
                script: "hooks/health".into(),
                message: "Script at specified location: hooks/health failed with exit code 31".into(),
                log_tail: "LifecycleEvent - ValidateService\n[stdout]FAILED health (exit code 31)\u{7}\n".into(),
            }),
            ..event("ValidateService", "Failed", 2_000, Some(15_250))
        };
        let targets = vec![
            Target {
                id: "i-1".into(),
                status: "Failed".into(),
                events: vec![event("AfterInstall", "Succeeded", 0, Some(1_500)), failed],
            },
            Target {
                id: "i-2".into(),
                status: "InProgress".into(),
                events: vec![event("AfterInstall", "InProgress", 0, None)],
            },
        ];
        let deployment = Deployment {
            id: "d-ABC".into(),
            application: Some("shop".into()),
            group: Some("live".into()),
            status: Status::of("InProgress"),
            creator: Some("user".into()),
            ..Deployment::default()
        };
        DeploymentView::of(deployment, Ok(targets), this_host.map(str::to_owned))
    }

    #[test]
    fn this_host_is_told_event_by_event_and_the_fleet_in_a_line_each() {
        expect![[r#"
            deployment d-ABC: InProgress
              application: shop, group live
              made by: user

            this host: i-1 Failed
              event            state      took
              AfterInstall     Succeeded  1.5 s
              ValidateService  Failed     13.3 s  ScriptFailed: Script at specified location: hooks/health failed with exit code 31
                | LifecycleEvent - ValidateService
                | [stdout]FAILED health (exit code 31) 

            fleet: 2 targets: 1 Failed, 1 InProgress
              i-1  Failed      at ValidateService
              i-2  InProgress  at AfterInstall"#]].assert_eq(&view(Some("i-1")).text());
    }

    #[test]
    fn the_json_has_the_same_under_names_that_stay() {
        expect![[r#"
            {
              "deployment": {
                "id": "d-ABC",
                "application": "shop",
                "group": "live",
                "status": "InProgress",
                "creator": "user",
                "mode": null,
                "rolls_back": null,
                "rolled_back_by": null,
                "error": null,
                "revision": null,
                "created": null,
                "completed": null
              },
              "this_host": "i-1",
              "targets": [
                {
                  "id": "i-1",
                  "status": "Failed",
                  "events": [
                    {
                      "name": "AfterInstall",
                      "status": "Succeeded",
                      "began": "1970-01-01T00:00:00Z",
                      "ended": "1970-01-01T00:00:01.5Z",
                      "diagnostics": null
                    },
                    {
                      "name": "ValidateService",
                      "status": "Failed",
                      "began": "1970-01-01T00:00:02Z",
                      "ended": "1970-01-01T00:00:15.25Z",
                      "diagnostics": {
                        "code": "ScriptFailed",
                        "script": "hooks/health",
                        "message": "Script at specified location: hooks/health failed with exit code 31",
                        "log_tail": "LifecycleEvent - ValidateService\n[stdout]FAILED health (exit code 31)\u0007\n"
                      }
                    }
                  ]
                },
                {
                  "id": "i-2",
                  "status": "InProgress",
                  "events": [
                    {
                      "name": "AfterInstall",
                      "status": "InProgress",
                      "began": "1970-01-01T00:00:00Z",
                      "ended": null,
                      "diagnostics": null
                    }
                  ]
                }
              ],
              "targets_unknown": null
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&view(Some("i-1"))).unwrap());
    }

    #[test]
    fn a_host_whose_name_is_not_known_or_not_among_the_targets_is_told_so() {
        let own = |this_host| view(this_host).own().join("\n");
        expect!["this host: its name as a target is not known; set `report.target` in hooks.toml"]
            .assert_eq(&own(None));
        expect!["this host: `i-9` is no target of this deployment"].assert_eq(&own(Some("i-9")));
    }

    #[test]
    fn whoever_may_not_see_the_targets_still_sees_the_deployment() {
        let refusal = Refusal::Denied(shared::host::codedeploy::Operation::ListDeploymentTargets);
        expect![[r#"
            deployment d-ABC: InProgress
              application: shop, group live
              made by: user

            its hosts are not to be had: this host's role may not call `codedeploy:ListDeploymentTargets`; allow `codedeploy:ListDeploymentTargets` in its role (see docs/iam/host.json)"#]].assert_eq(&DeploymentView::of(view(None).deployment, Err(refusal), None).text());
    }
}
