//! This host: how the site is, who is live by the witnesses, what runs in each slot, what the ledger has of the last deployment, and
//! nginx.

use serde::Serialize;
use shared::discovery::witness::{self, Testimony};
use shared::discovery::{self, IncludeSays};
use shared::error::{Kind, Result};
use shared::host::Host;
use shared::language::translated;
use shared::ledger::history;
use shared::nginx::version;
use shared::release;
use shared::report::table;
use shared::route::keepalive;
use shared::run::serving::{self, Cause, Outage, Serving};
use shared::run::{Scene, Unread};
use shared::slot::{Roles, Slot};

use crate::deploys::{self, Deploy};
use crate::finding::Finding;
use crate::help;
use crate::last_deployment::LastDeployment;
use crate::level::Level;
use crate::slots::{self, SlotView};
use crate::{units, verdict};

/// What is seen.
#[derive(Debug, Serialize)]
pub(crate) struct HostView {
    pub(crate) level: Level,
    /// That, as the exit code of `status`.
    pub(crate) exit_code: u8,
    /// The first line: how the site is, as a sentence.
    pub(crate) summary: String,
    /// Who should serve, where nobody does.
    should_serve: Option<String>,
    /// What to do first, where something is to be done.
    to_do: Option<String>,
    /// Who serves, as it is seen, as a sentence.
    serving: String,
    pub(crate) slots: Vec<SlotView>,
    pub(crate) deployment: Option<LastDeployment>,
    /// A cutover that was begun and not ended, as a sentence.
    pub(crate) unfinished: Option<String>,
    /// nginx's version, as it tells it; nothing while nginx is down.
    nginx: Option<String>,
    /// How nginx is told who serves: "instant" by a flag, "reload" by a port in the include; nothing without an include.
    cutover: Option<&'static str>,
    /// Why somebody should look, a sentence each.
    reasons: Vec<String>,
    /// What is worth knowing and asks for nothing, a sentence each.
    notes: Vec<String>,
}

impl HostView {
    pub(crate) async fn see(scene: &Scene<'_, impl Host>, unread: Option<Unread>) -> Result<HostView> {
        let (host, settings, ledger) = (scene.host, scene.settings, &*scene.ledger);
        let mut found: Vec<Finding> = unread.map(Finding::Unread).into_iter().collect();
        let (testimony, serving) = match witness::ask(host, settings, ledger.live).await {
            Ok(testimony) => {
                let serving = serving::by(host, settings, &testimony);
                (Some(testimony), serving)
            }
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => {
                let serving = serving::without_include(host, settings, &error).await;
                found.push(Finding::Include(error));
                (None, serving)
            }
        };
        let roles = testimony.as_ref().and_then(|testimony| decide(scene, testimony, &mut found));
        let live = roles.and_then(|roles| roles.live);
        // The live one first.
        let [first, second] = if live == Some(Slot::Green) { [Slot::Green, Slot::Blue] } else { Slot::BOTH };
        let slots = vec![SlotView::see(scene, first, roles).await?, SlotView::see(scene, second, roles).await?];
        // Whoever is shown little may take for a stranger whom others know.
        let stranger = if slots::sees_occupants(scene) { Finding::Stranger } else { Finding::Witness };
        found.extend(slots.iter().filter_map(|slot| slot.stranger.clone()).map(stranger));
        let unfinished = ledger.intent.as_ref().map(|intent| Finding::Unfinished(settings.place(intent.to).clone()));
        found.extend(unfinished.clone());
        found.extend(slots::standby(scene, live, &slots));
        let nginx = see_nginx(scene, &serving, &mut found).await?;
        found.extend(units::findings(scene).await);
        found.extend(room(scene, live));
        let deploys = Deploy::of(history::read(host, settings).0);
        let last = deploys::last(&deploys, ledger.deployment.as_ref());
        found.extend(last.and_then(|last| deploys::finding(last, host.wall_clock())));
        let cutover = testimony.as_ref().and_then(|testimony| testimony.include.as_ref());
        let cutover = cutover.map(|include| if include.choice().is_some() { "instant" } else { "reload" });
        let told = serving::told(host, settings, ledger, &serving);
        let level = Level::of(&serving, ledger.live.is_some(), &found);
        let (mut reasons, notes): (Vec<Finding>, Vec<Finding>) =
            found.into_iter().partition(|finding| finding.level() > Level::Healthy);
        let outage = verdict::outage(level, &serving);
        let to_do = match &outage {
            Some(outage) => Some(help::to_do(&verdict::situation(scene, outage.cause, testimony.as_ref(), &slots))),
            None => reasons.iter().find_map(|finding| finding.advice().map(str::to_owned)),
        };
        let should_serve = outage.is_some().then(|| verdict::should_serve(scene, live)).flatten();
        // What nginx is blamed for stands in the first line already.
        reasons.retain(|finding| !(outage.is_some() && matches!(finding, Finding::Nginx(_))));
        let reasons: Vec<String> = verdict::of_serving(level, &serving, &told)
            .into_iter()
            .chain(reasons.iter().map(Finding::to_string))
            .collect();
        Ok(HostView {
            level,
            exit_code: level.exit_code(),
            summary: verdict::summary(level, &serving, &told, &reasons),
            should_serve,
            to_do,
            serving: told,
            slots,
            deployment: LastDeployment::of(ledger, last),
            unfinished: unfinished.map(|finding| finding.to_string()),
            nginx,
            cutover,
            reasons,
            notes: notes.iter().map(Finding::to_string).collect(),
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut lines = vec![self.summary.clone()];
        lines.extend(self.should_serve.iter().map(|who| translated!("should serve: {who}")));
        lines.extend(self.to_do.iter().map(|what| translated!("to do: {what}")));
        let mut rows = vec![["role", "profile", "port", "process", "release"].map(str::to_owned)];
        for slot in &self.slots {
            let processes: Vec<String> = slot.processes.iter().map(u32::to_string).collect();
            rows.push([
                slot.role.to_owned(),
                slot.profile.clone(),
                slot.port.to_string(),
                if processes.is_empty() { "none".to_owned() } else { processes.join(" ") },
                slot.stranger.clone().or_else(|| slot.release.clone()).unwrap_or_else(|| "unknown".to_owned()),
            ]);
        }
        lines.extend(table::lines(&rows, &[]));
        for SlotView { profile, port, boot, .. } in &self.slots {
            lines.extend(boot.iter().map(|told| translated!("boot of `{profile}` (port {port}): {told}")));
        }
        lines.push(translated!("serving: {}", self.serving));
        lines.extend(self.deployment.iter().flat_map(|last| last.lines(self.to_do.as_deref())));
        let cutover = self.cutover.map(|cutover| translated!(", cutover \"{cutover}\"")).unwrap_or_default();
        lines.extend(self.nginx.iter().map(|nginx| format!("proxy: {nginx}{cutover}")));
        lines.extend(self.reasons.iter().map(|line| translated!("look: {line}")));
        lines.extend(self.notes.iter().map(|line| translated!("note: {line}")));
        lines.join("\n")
    }
}

/// Who has which role; where the witnesses leave two candidates a person wants to see the rest all the more.
fn decide(scene: &Scene<'_, impl Host>, testimony: &Testimony, found: &mut Vec<Finding>) -> Option<Roles> {
    if let IncludeSays::Slot { in_force: Some(false), .. } | IncludeSays::Stranger { in_force: Some(false), .. } =
        testimony.evidence.include
    {
        found.push(Finding::NotInForce);
    }
    match discovery::decide(&scene.settings.places, &testimony.evidence) {
        Ok(finding) => {
            found.extend(finding.notes.into_iter().map(Finding::Witness));
            Some(finding.roles)
        }
        Err(error) => {
            found.push(Finding::Undecided(error));
            None
        }
    }
}

/// nginx's version, and what is to be said of it.
async fn see_nginx(
    scene: &Scene<'_, impl Host>,
    serving: &Serving,
    found: &mut Vec<Finding>,
) -> Result<Option<String>> {
    // Where nobody accepts that is known already, and it would be waited for.
    if let Serving::Nobody(Outage { cause: Cause::Nginx, .. }) = serving {
        return Ok(None);
    }
    match scene.nginx().await {
        Ok((master, access)) => {
            let version = version::ask(scene.host, &access, &master.identity).await?;
            found.extend(keepalive::offer(scene.settings, &version).map(Finding::Offer));
            Ok(Some(version.to_string()))
        }
        Err(error) => {
            // Whoever only looks may see less of it than the user that deploys.
            found.extend((error.kind() == Kind::ProxyBroken).then_some(Finding::Nginx(error)));
            Ok(None)
        }
    }
}

/// Whether the next release, as large as the one that serves, would find no room.
fn room(scene: &Scene<'_, impl Host>, live: Option<Slot>) -> Option<Finding> {
    let release = scene.ledger.tenants.get(live?).release.as_ref()?;
    let size = scene.host.describe(&release.path).ok()?.size;
    let full = release::check_disk(scene.host, scene.settings, size).err()?;
    (full.kind() == Kind::NoRoom).then_some(Finding::NoRoom(full))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use shared::ledger::Stage;

    use super::*;

    fn view() -> HostView {
        let slot = |role, profile: &str, port, release: Option<&str>, processes| SlotView {
            role,
            profile: profile.into(),
            port,
            release: release.map(str::to_owned),
            boot: (role == "live").then(|| "class archive of 83 libraries".to_owned()),
            processes,
            stranger: None,
        };
        HostView {
            level: Level::Healthy,
            exit_code: 0,
            summary: "OK: `real1` (port 8081), release `20261122T102030500Z-d-ABC123`".into(),
            should_serve: None,
            to_do: None,
            serving: "`real1` (port 8081), release `20261122T102030500Z-d-ABC123`".into(),
            slots: vec![
                slot("live", "real1", 8081, Some("20261122T102030500Z-d-ABC123"), vec![4711, 4712]),
                slot("standby", "real2", 8082, Some("20261121T080000000Z-d-ABC122"), vec![815]),
            ],
            deployment: Some(LastDeployment {
                id: Some("d-ABC123".into()),
                stage: Some(Stage::Switched),
                ended: Some("2026-11-22T10:21:00Z".into()),
                hook: Some("switch".into()),
                exit_code: Some(0),
                took_ms: Some(31_500),
                ..LastDeployment::default()
            }),
            unfinished: None,
            nginx: Some("nginx 1.28.0".into()),
            cutover: Some("instant"),
            reasons: Vec::new(),
            notes: vec!["the door was no help: it answers HTTP 302".into()],
        }
    }

    #[test]
    fn the_text_shows_who_is_live_what_stands_by_the_last_deployment_and_nginx() {
        expect![[r#"
            OK: `real1` (port 8081), release `20261122T102030500Z-d-ABC123`
            role     profile  port  process    release
            live     real1    8081  4711 4712  20261122T102030500Z-d-ABC123
            standby  real2    8082  815        20261121T080000000Z-d-ABC122
            boot of `real1` (port 8081): class archive of 83 libraries
            serving: `real1` (port 8081), release `20261122T102030500Z-d-ABC123`
            last deployment: d-ABC123, its release got the traffic, `switch` ended at 2026-11-22T10:21:00Z with exit code 0, its hooks took 31.5 s
            proxy: nginx 1.28.0, cutover "instant"
            note: the door was no help: it answers HTTP 302"#]]
        .assert_eq(&view().text());
    }

    #[test]
    fn the_text_of_a_host_in_trouble_says_what_is_in_the_way() {
        let mut view = view();
        let idle = &mut view.slots[1];
        (idle.role, idle.release) = ("idle", None);
        idle.processes.clear();
        idle.stranger = Some("port 8082 is held by process 99 of `root`: nc -l 8082".into());
        view.deployment = Some(LastDeployment {
            stage: Some(Stage::Healthy),
            hook: Some("switch".into()),
            exit_code: Some(40),
            ended: Some("2026-11-22T10:21:00Z".into()),
            what: Some("nginx is not running".into()),
            to_do: Some("start it".into()),
            ..LastDeployment::default()
        });
        (view.level, view.exit_code) = (Level::Down, 2);
        view.summary = "SITE DOWN: nginx is not running".into();
        view.should_serve = Some("`real1` (port 8081)".into());
        view.to_do = Some("as root: `systemctl restart nginx`".into());
        view.serving = view.summary.clone();
        view.reasons =
            vec!["a cutover to `real2` (port 8082) was begun and not ended; the next hook settles it".into()];
        view.nginx = None;
        view.notes.clear();
        expect![[r#"
            SITE DOWN: nginx is not running
            should serve: `real1` (port 8081)
            to do: as root: `systemctl restart nginx`
            role  profile  port  process    release
            live  real1    8081  4711 4712  20261122T102030500Z-d-ABC123
            idle  real2    8082  none       port 8082 is held by process 99 of `root`: nc -l 8082
            boot of `real1` (port 8081): class archive of 83 libraries
            serving: SITE DOWN: nginx is not running
            last deployment: by hand, its release is healthy, `switch` ended at 2026-11-22T10:21:00Z with exit code 40
              to do about it: start it
            look: a cutover to `real2` (port 8082) was begun and not ended; the next hook settles it"#]]
        .assert_eq(&view.text());
    }

    #[test]
    fn the_json_has_the_same_under_names_that_stay() {
        expect![[r#"
            {
              "level": "healthy",
              "exit_code": 0,
              "summary": "OK: `real1` (port 8081), release `20261122T102030500Z-d-ABC123`",
              "should_serve": null,
              "to_do": null,
              "serving": "`real1` (port 8081), release `20261122T102030500Z-d-ABC123`",
              "slots": [
                {
                  "role": "live",
                  "profile": "real1",
                  "port": 8081,
                  "release": "20261122T102030500Z-d-ABC123",
                  "boot": "class archive of 83 libraries",
                  "processes": [
                    4711,
                    4712
                  ],
                  "stranger": null
                },
                {
                  "role": "standby",
                  "profile": "real2",
                  "port": 8082,
                  "release": "20261121T080000000Z-d-ABC122",
                  "boot": null,
                  "processes": [
                    815
                  ],
                  "stranger": null
                }
              ],
              "deployment": {
                "id": "d-ABC123",
                "stage": "switched",
                "ended": "2026-11-22T10:21:00Z",
                "hook": "switch",
                "exit_code": 0,
                "took_ms": 31500,
                "what": null,
                "to_do": null
              },
              "unfinished": null,
              "nginx": "nginx 1.28.0",
              "cutover": "instant",
              "reasons": [],
              "notes": [
                "the door was no help: it answers HTTP 302"
              ]
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&view()).unwrap());
    }
}
