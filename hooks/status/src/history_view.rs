//! The last deploys of this host, the newest first: when, which release, how long each hook took, and how it ended.

use std::time::Duration;

use serde::Serialize;
use shared::language::translated;
use shared::ledger::history::milliseconds;
use shared::lifecycle::HOOKS;
use shared::report::agent::clean;
use shared::report::{duration, table};

use crate::deploys::Deploy;

/// How many are shown.
const SHOWN: usize = 50;

/// To how many boots before it a boot is compared, and to how many at least.
const COMPARED: usize = 10;
const COMPARED_AT_LEAST: usize = 3;

/// By how much longer than usual a boot is worth a sentence: a fifth, and no less than this.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// What is shown.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryView {
    deploys: Vec<DeployView>,
    /// What is missing, a sentence each.
    notes: Vec<String>,
}

/// One deploy, or way back.
#[derive(Debug, Serialize)]
struct DeployView {
    /// When its last hook ended.
    ended: String,
    deployment: Option<String>,
    release: Option<String>,
    hooks: Vec<HookView>,
    took_ms: u64,
    boot_ms: Option<u64>,
    /// That its boot took longer than usual, as a fragment.
    slow_boot: Option<String>,
    /// How it ended, as a fragment, and by which exit code.
    outcome: String,
    exit_code: u8,
    what: Option<String>,
    to_do: Option<String>,
    #[serde(skip)]
    row: [String; 9],
}

#[derive(Debug, Serialize)]
struct HookView {
    hook: String,
    took_ms: u64,
    exit_code: u8,
}

impl HistoryView {
    pub(crate) fn of(deploys: &[Deploy], unreadable: usize) -> HistoryView {
        let shown = deploys.len().saturating_sub(SHOWN)..deploys.len();
        let views = shown.rev().map(|at| DeployView::of(&deploys[at], slow_boot(&deploys[..=at]))).collect();
        let lines = match unreadable {
            1 => translated!("1 line").to_owned(),
            _ => translated!("{unreadable} lines"),
        };
        let note = (unreadable > 0)
            .then(|| translated!("{lines} of the history could not be read, as after a power cut, and left out"));
        HistoryView { deploys: views, notes: note.into_iter().collect() }
    }

    pub(crate) fn text(&self) -> String {
        let head = ["ended", "release", "stop", "start", "health", "switch", "total", "boot", ""].map(str::to_owned);
        let rows: Vec<[String; 9]> =
            std::iter::once(head).chain(self.deploys.iter().map(|deploy| deploy.row.clone())).collect();
        let mut lines = table::lines(&rows, &[]);
        if self.deploys.is_empty() {
            lines = vec![translated!("no deploy is remembered on this host").to_owned()];
        }
        lines.extend(self.notes.iter().map(|note| translated!("note: {note}")));
        lines.join("\n")
    }
}

impl DeployView {
    fn of(deploy: &Deploy, slow_boot: Option<String>) -> DeployView {
        let last = deploy.last();
        let or_none = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), duration);
        let [stop, start, health, switch] = HOOKS.map(|hook| or_none(deploy.took_by(hook)));
        let release = deploy.release().map_or_else(|| deploy.name().to_owned(), str::to_owned);
        let way_back = if deploy.is_way_back() { "`switch --back`: " } else { "" };
        let remark = slow_boot.as_ref().map(|slow| format!("; {slow}")).unwrap_or_default();
        let ending = format!("{way_back}{}{remark}", deploy.outcome());
        let (total, boot) = (duration(deploy.took()), or_none(deploy.boot()));
        let row = [last.ended.clone(), clean(&release), stop, start, health, switch, total, boot, ending];
        let hooks = deploy.endings().map(|ending| HookView {
            hook: ending.hook.clone(),
            took_ms: ending.took_ms,
            exit_code: ending.exit_code,
        });
        DeployView {
            ended: last.ended.clone(),
            deployment: last.deployment.clone(),
            release: deploy.release().map(str::to_owned),
            hooks: hooks.collect(),
            took_ms: milliseconds(deploy.took()),
            boot_ms: deploy.boot().map(milliseconds),
            slow_boot,
            outcome: deploy.outcome(),
            exit_code: last.exit_code,
            what: last.what.clone(),
            to_do: last.to_do.clone(),
            row,
        }
    }
}

/// That the last of these deploys took longer to boot than those before it.
fn slow_boot(deploys: &[Deploy]) -> Option<String> {
    let (last, before) = deploys.split_last()?;
    let boot = last.boot()?;
    let mut others: Vec<Duration> = before.iter().rev().filter_map(Deploy::boot).take(COMPARED).collect();
    others.sort_unstable();
    let median = *others.get(others.len() / 2).filter(|_| others.len() >= COMPARED_AT_LEAST)?;
    let longer = boot.checked_sub(median)?;
    (longer >= WORTH_TELLING && longer >= median / 5).then(|| {
        let (boot, longer) = (duration(boot), duration(longer));
        translated!("boot took {boot}, {longer} more than the median of the last {}", others.len())
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use shared::ledger::history::{Ending, WAY_BACK};

    use super::*;

    fn ending(deployment: &str, hook: &str, exit_code: u8, took_ms: u64) -> Ending {
        let release = (hook != "stop").then(|| format!("20261122T102030500Z-{deployment}"));
        let (deployment, ended) = (Some(deployment.to_owned()), "2026-11-22T10:20:30Z".to_owned());
        Ending { deployment, release, ended, hook: hook.into(), exit_code, took_ms, ..Ending::default() }
    }

    fn booted(id: &str, seconds: u64) -> [Ending; 4] {
        let health = Ending { boot_ms: Some(seconds * 1000), ..ending(id, "health", 0, seconds * 1000) };
        [ending(id, "stop", 0, 50), ending(id, "start", 0, 230), health, ending(id, "switch", 0, 40)]
    }

    fn view() -> HistoryView {
        let failed = Ending {
            what: Some("the new release in `real2` (port 8082) is not healthy".into()),
            to_do: Some("look into the application's log".into()),
            ..ending("d-5", "health", 31, 60_000)
        };
        let mut endings: Vec<Ending> = (1..4).flat_map(|number| booted(&format!("d-{number}"), 29)).collect();
        endings.extend(booted("d-4", 41));
        endings.extend([ending("d-5", "stop", 0, 50), ending("d-5", "start", 0, 230), failed]);
        let back = Ending { deployment: None, ..ending("d-3", WAY_BACK, 0, 41) };
        endings.extend([back, ending("d-6", "stop", 0, 50)]);
        HistoryView::of(&Deploy::of(endings), 1)
    }

    #[test]
    fn f153_the_last_deploys_are_a_line_each_with_the_time_of_each_hook_and_how_they_ended() {
        expect![[r#"
            ended                 release                  stop   start   health  switch  total   boot
            2026-11-22T10:20:30Z  d-6                      50 ms  -       -       -       50 ms   -     not ended, `stop` was the last
            2026-11-22T10:20:30Z  20261122T102030500Z-d-3  -      -       -       -       41 ms   -     `switch --back`: done
            2026-11-22T10:20:30Z  20261122T102030500Z-d-5  50 ms  230 ms  1 min   -       1 min   -     failed in `health`, exit code 31
            2026-11-22T10:20:30Z  20261122T102030500Z-d-4  50 ms  230 ms  41 s    40 ms   41.3 s  41 s  done; boot took 41 s, 12 s more than the median of the last 3
            2026-11-22T10:20:30Z  20261122T102030500Z-d-3  50 ms  230 ms  29 s    40 ms   29.3 s  29 s  done
            2026-11-22T10:20:30Z  20261122T102030500Z-d-2  50 ms  230 ms  29 s    40 ms   29.3 s  29 s  done
            2026-11-22T10:20:30Z  20261122T102030500Z-d-1  50 ms  230 ms  29 s    40 ms   29.3 s  29 s  done
            note: 1 line of the history could not be read, as after a power cut, and left out"#]].assert_eq(&view().text());
        assert_eq!(HistoryView::of(&[], 0).text(), "no deploy is remembered on this host");
    }

    #[test]
    fn f153_a_boot_is_slow_where_it_takes_noticeably_longer_than_the_median_of_those_before_it() {
        for (name, boots, wanted) in [
            ("as ever", vec![29, 30, 28, 29], None),
            ("a fifth more", vec![29, 30, 28, 35], Some("boot took 35 s, 6 s more than the median of the last 3")),
            ("a little more", vec![29, 30, 28, 33], None),
            ("nobody to compare it to", vec![1, 41], None),
            (
                "of the last ten alone",
                [vec![100; 20], vec![10; 10], vec![15]].concat(),
                Some("boot took 15 s, 5 s more than the median of the last 10"),
            ),
        ] {
            let endings = boots.iter().enumerate().flat_map(|(number, boot)| booted(&format!("d-{number}"), *boot));
            assert_eq!(slow_boot(&Deploy::of(endings.collect())).as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn f153_no_more_than_fifty_are_shown_the_newest_first() {
        let endings = (0..70).flat_map(|number| booted(&format!("d-{number}"), 1)).collect();
        let view = HistoryView::of(&Deploy::of(endings), 0);
        let shown: Vec<_> = view.deploys.iter().filter_map(|deploy| deploy.deployment.as_deref()).collect();
        assert_eq!((shown.len(), shown[0], shown[49]), (50, "d-69", "d-20"));
    }

    #[test]
    fn the_json_has_the_same_under_names_that_stay() {
        expect![[r#"
            {
              "ended": "2026-11-22T10:20:30Z",
              "deployment": "d-5",
              "release": "20261122T102030500Z-d-5",
              "hooks": [
                {
                  "hook": "stop",
                  "took_ms": 50,
                  "exit_code": 0
                },
                {
                  "hook": "start",
                  "took_ms": 230,
                  "exit_code": 0
                },
                {
                  "hook": "health",
                  "took_ms": 60000,
                  "exit_code": 31
                }
              ],
              "took_ms": 60280,
              "boot_ms": null,
              "slow_boot": null,
              "outcome": "failed in `health`, exit code 31",
              "exit_code": 31,
              "what": "the new release in `real2` (port 8082) is not healthy",
              "to_do": "look into the application's log"
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&view().deploys[2]).unwrap());
    }
}
