//! `status --watch`: the same look again and again, shown where it has changed, until a deployment that was under way has ended.

use std::time::{Duration, SystemTime};

use shared::error::{Kind, Result};
use shared::host::Host;
use shared::language::translated;
use shared::ledger::{DeploymentRecord, Ledger, Stage, history, store};
use shared::report::screen::Screen;
use shared::run::{Scene, Sight, Unread};

use crate::deploys::{self, Deploy, Stand};
use crate::host_view::HostView;

/// How long to wait from one look to the next.
const EVERY: Duration = Duration::from_secs(1);

/// How often in a row nothing may be seen under way before that counts: a hook lets the lock go a moment before it notes how it ended.
const ENDED_AFTER: u32 = 2;

/// Watches. A signal ends it as well as the end of a deployment.
pub(crate) async fn watch(scene: &mut Scene<'_, impl Host>, unread: Option<Unread>) -> Result<Sight> {
    let screen = Screen::begin();
    let (mut shown, mut unread, mut course) = (String::new(), unread, Course::default());
    loop {
        let view = match HostView::see(scene, unread).await {
            Err(error) if error.kind() == Kind::Interrupted => return Ok(Sight::of(last_of(screen, shown))),
            seen => seen?,
        };
        let (host, settings) = (scene.host, scene.settings);
        let holder = store::holder(host, settings);
        let deploys = Deploy::of(history::read(host, settings).0);
        let text = if screen.is_some() { in_place(&view, holder.as_deref()) } else { line(&view, holder.as_deref()) };
        if text != shown {
            let time = humantime::format_rfc3339_seconds(host.wall_clock());
            let showing = match &screen {
                Some(screen) => screen.show(&format!("{text}\n\n{}", translated!("Ctrl-C ends this"))),
                None => scene.report.stream(&format!("{time} {text}")),
            };
            shown = text;
            // Whoever looked at it has gone, as after `| head`.
            if showing.is_err() {
                return Ok(Sight::of(String::new()));
            }
        }
        let is_under_way =
            is_under_way(holder.as_deref(), scene.ledger.deployment.as_ref(), &deploys, host.wall_clock());
        if course.has_ended(is_under_way) {
            return Ok(Sight { text: last_of(screen, shown), exit_code: view.exit_code });
        }
        if host.pause(EVERY).await.is_err() {
            return Ok(Sight::of(last_of(screen, shown)));
        }
        unread = load_again(scene);
    }
}

/// What stays on a terminal at the end; the lines of anything else stand there already.
fn last_of(screen: Option<Screen>, shown: String) -> String {
    screen.map(|_| shown).unwrap_or_default()
}

fn load_again(scene: &mut Scene<'_, impl Host>) -> Option<Unread> {
    let (ledger, unread) = match store::load(scene.host, scene.settings) {
        Ok((ledger, damage)) => (ledger, damage.map(Unread::Damaged)),
        Err(error) => (Ledger::default(), Some(Unread::Refused(error))),
    };
    *scene.ledger = ledger;
    unread
}

fn in_place(view: &HostView, holder: Option<&str>) -> String {
    let now = holder.map(|holder| format!("\n{}", translated!("now: {holder}"))).unwrap_or_default();
    format!("{}{now}", view.text())
}

fn line(view: &HostView, holder: Option<&str>) -> String {
    let last = view.deployment.iter().flat_map(|last| last.lines(None)).next();
    let now = holder.map(|holder| translated!("now: {holder}"));
    [Some(view.summary.clone()), last, now].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Whether a deployment that was seen under way has ended.
#[derive(Debug, Default)]
struct Course {
    was_under_way: bool,
    quiet: u32,
}

impl Course {
    fn has_ended(&mut self, is_under_way: bool) -> bool {
        self.was_under_way |= is_under_way;
        self.quiet = if is_under_way { 0 } else { self.quiet + 1 };
        self.was_under_way && self.quiet >= ENDED_AFTER
    }
}

/// Whether a hook runs, or the next one of a deploy is to come.
fn is_under_way(holder: Option<&str>, known: Option<&DeploymentRecord>, deploys: &[Deploy], now: SystemTime) -> bool {
    let begun = known.is_some_and(|known| known.stage != Stage::Switched);
    match deploys::last(deploys, known) {
        _ if holder.is_some() => true,
        Some(last) if last.stand() == Stand::GoesOn => !last.was_left(now),
        // By hand there is no id, and the one that is known may be of the deploy before.
        Some(last) => last.stand() == Stand::Done && begun,
        None => begun,
    }
}

#[cfg(test)]
mod tests {
    use shared::ledger::history::Ending;
    use shared::slot::Slot;

    use super::*;

    fn ending(deployment: &str, hook: &str, exit_code: u8) -> Ending {
        let deployment = Some(deployment.to_owned()).filter(|id| !id.is_empty());
        let ended = "1970-01-01T00:00:00Z".to_owned();
        Ending { deployment, hook: hook.into(), exit_code, ended, ..Ending::default() }
    }

    fn known(id: &str, stage: Stage) -> DeploymentRecord {
        let id = Some(id.to_owned()).filter(|id| !id.is_empty());
        DeploymentRecord {
            id,
            live: Some(Slot::Blue),
            idle: Slot::Green,
            stage,
            artifact: None,
            room: None,
            reused: None,
        }
    }

    #[test]
    fn f166_a_deployment_is_under_way_from_its_first_hook_until_one_fails_or_the_last_has_ended() {
        use Stage::{Healthy, Opened, Started, Stopped, Switched};
        let running = Some("health of deployment `d-1`, process 7");
        for (name, holder, known, ends, hours, wanted) in [
            ("a new host", None, None, vec![], 0, false),
            ("a hook runs", running, None, vec![], 0, true),
            (
                "a hook runs again after one that failed",
                running,
                Some(known("d-1", Started)),
                vec![("d-1", "health", 31)],
                0,
                true,
            ),
            ("between two hooks", None, Some(known("d-1", Stopped)), vec![("d-1", "stop", 0)], 0, true),
            (
                "before the last",
                None,
                Some(known("d-1", Healthy)),
                vec![("d-1", "stop", 0), ("d-1", "health", 0)],
                0,
                true,
            ),
            ("done", None, Some(known("d-1", Switched)), vec![("d-1", "stop", 0), ("d-1", "switch", 0)], 0, false),
            ("failed", None, Some(known("d-1", Stopped)), vec![("d-1", "stop", 0), ("d-1", "start", 30)], 0, false),
            ("left long ago", None, Some(known("d-1", Stopped)), vec![("d-1", "stop", 0)], 2, false),
            (
                "the first hook has not noted how it ended",
                None,
                Some(known("d-2", Opened)),
                vec![("d-1", "switch", 0)],
                0,
                true,
            ),
            ("the same by hand", None, Some(known("", Opened)), vec![("", "stop", 0), ("", "switch", 0)], 0, true),
            ("a history that was removed", None, Some(known("d-1", Switched)), vec![], 0, false),
        ] {
            let deploys = Deploy::of(ends.into_iter().map(|(id, hook, code)| ending(id, hook, code)).collect());
            let now = SystemTime::UNIX_EPOCH + Duration::from_hours(hours);
            assert_eq!(is_under_way(holder, known.as_ref(), &deploys, now), wanted, "{name}");
        }
    }

    #[test]
    fn f166_a_watch_ends_with_a_deployment_that_was_seen_and_not_between_two_of_its_hooks() {
        for (name, looks, wanted) in [
            ("nothing is under way", vec![false; 9], None),
            ("one ends", vec![false, true, true, false, false, false], Some(4)),
            ("a moment between two hooks", vec![true, false, true, false, true, false, false], Some(6)),
        ] {
            let mut course = Course::default();
            assert_eq!(looks.into_iter().position(|is_under_way| course.has_ended(is_under_way)), wanted, "{name}");
        }
    }
}
