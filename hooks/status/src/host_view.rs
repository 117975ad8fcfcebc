//! This host: who is live by the witnesses, what runs in each slot, what the ledger has of the last deployment, and nginx.

use serde::Serialize;
use shared::boot::Boot;
use shared::discovery::{self, witness};
use shared::error::{Kind, Result};
use shared::host::Host;
use shared::ledger::Stage;
use shared::nginx::version;
use shared::occupant::{self, Occupant};
use shared::report::table;
use shared::route::keepalive;
use shared::run::{Scene, serving};
use shared::slot::{Roles, Slot};

use crate::units;

/// What is seen.
#[derive(Debug, Serialize)]
pub(crate) struct HostView {
    /// Who serves, as it is seen, as a sentence.
    serving: String,
    slots: Vec<SlotView>,
    deployment: Option<LastDeployment>,
    /// A cutover that was begun and not ended, as a sentence.
    unfinished: Option<String>,
    /// nginx's version, as it tells it; nothing while nginx is down.
    nginx: Option<String>,
    /// How nginx is told who serves: "instant" by a flag, "reload" by a port in the include; nothing without an include.
    cutover: Option<&'static str>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct SlotView {
    role: &'static str,
    profile: String,
    port: u16,
    release: Option<String>,
    /// How it was made to boot, where it could have been otherwise.
    boot: Option<String>,
    processes: Vec<u32>,
    /// Who else holds the port, as a sentence.
    stranger: Option<String>,
}

#[derive(Debug, Serialize)]
struct LastDeployment {
    id: Option<String>,
    stage: Stage,
}

impl HostView {
    pub(crate) async fn see(scene: &Scene<'_, impl Host>) -> Result<HostView> {
        let testimony = witness::ask(scene.host, scene.settings, scene.ledger.live).await?;
        // Where the witnesses leave two candidates a person wants to see the rest all the more.
        let (roles, mut notes) = match discovery::decide(&scene.settings.places, &testimony.evidence) {
            Ok(finding) => (Some(finding.roles), finding.notes),
            Err(error) => (None, vec![error.to_string()]),
        };
        let live = roles.and_then(|roles| roles.live);
        let serving = serving::by(scene.host, scene.settings, scene.ledger, &testimony);
        // The live one first.
        let order = if live == Some(Slot::Green) { [Slot::Green, Slot::Blue] } else { Slot::BOTH };
        let [first, second] = order;
        let slots = vec![see_slot(scene, first, roles).await?, see_slot(scene, second, roles).await?];
        let unfinished = scene.ledger.intent.as_ref().map(|intent| {
            let place = scene.settings.place(intent.to);
            format!("a cutover to {place} was begun and not ended; the next hook settles it")
        });
        notes.extend(scene.ledger.refused.as_ref().map(|release| {
            format!("release `{release}` was refused and ended; there is no standby until the next deploy")
        }));
        notes.extend(scene.ledger.retired.map(|slot| {
            let place = scene.settings.place(slot);
            format!(
                "what ran in {place} was ended, as `switch.standby` or `start.overlap` says; there is no standby until the next deploy"
            )
        }));
        let mut nginx = None;
        match scene.nginx().await {
            Ok((master, access)) => {
                let version = version::ask(scene.host, &access, &master.identity).await?;
                notes.extend(keepalive::offer(scene.settings, &version));
                nginx = Some(version.to_string());
            }
            Err(error) if error.kind() == Kind::ProxyBroken => notes.push(error.to_string()),
            Err(_) => {}
        }
        notes.extend(units::notes(scene).await);
        let deployment = scene.ledger.deployment.as_ref();
        let cutover = testimony.include.map(|include| if include.choice().is_some() { "instant" } else { "reload" });
        Ok(HostView {
            serving,
            slots,
            deployment: deployment.map(|last| LastDeployment { id: last.id.clone(), stage: last.stage }),
            unfinished,
            nginx,
            cutover,
            notes,
        })
    }

    pub(crate) fn text(&self) -> String {
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
        let mut lines = table::lines(&rows, &[]);
        for SlotView { profile, port, boot, .. } in &self.slots {
            lines.extend(boot.iter().map(|told| format!("boot of `{profile}` (port {port}): {told}")));
        }
        lines.push(format!("serving: {}", self.serving));
        if let Some(last) = &self.deployment {
            let id = last.id.as_deref().unwrap_or("by hand");
            lines.push(format!("last deployment: {id}, {}", stage(last.stage)));
        }
        let cutover = self.cutover.map(|cutover| format!(", cutover \"{cutover}\"")).unwrap_or_default();
        lines.extend(self.nginx.iter().map(|nginx| format!("proxy: {nginx}{cutover}")));
        lines.extend(self.unfinished.iter().chain(&self.notes).map(|line| format!("note: {line}")));
        lines.join("\n")
    }
}

async fn see_slot(scene: &Scene<'_, impl Host>, slot: Slot, roles: Option<Roles>) -> Result<SlotView> {
    let place = scene.settings.place(slot).clone();
    let tenant = scene.ledger.tenants.get(slot);
    let (processes, stranger) = match occupant::find(scene.host, scene.settings, scene.ledger, slot).await? {
        Occupant::Nobody => (Vec::new(), None),
        Occupant::Ours(processes) => (processes.iter().map(|process| process.identity.id).collect(), None),
        Occupant::Stranger(who) => (Vec::new(), Some(who)),
    };
    let role = match roles {
        None => "unknown",
        Some(roles) if roles.live == Some(slot) => "live",
        Some(Roles { live: Some(_), .. }) if tenant.served && !processes.is_empty() => "standby",
        _ => "idle",
    };
    let release = tenant.release.as_ref().map(|release| release.name.clone());
    let boot = release.as_ref().filter(|_| !processes.is_empty());
    let boot = boot.and_then(|release| Boot::of(scene.host, scene.settings, release)).map(|boot| boot.told);
    Ok(SlotView { role, profile: place.profile, port: place.port, release, boot, processes, stranger })
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Opened => "its idle slot is not free yet",
        Stage::Stopped => "its idle slot is free",
        Stage::Started => "its release was started",
        Stage::Healthy => "its release is healthy",
        Stage::Switched => "its release got the traffic",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

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
            serving: "`real1` (port 8081), release `20261122T102030500Z-d-ABC123`".into(),
            slots: vec![
                slot("live", "real1", 8081, Some("20261122T102030500Z-d-ABC123"), vec![4711, 4712]),
                slot("standby", "real2", 8082, Some("20261121T080000000Z-d-ABC122"), vec![815]),
            ],
            deployment: Some(LastDeployment { id: Some("d-ABC123".into()), stage: Stage::Switched }),
            unfinished: None,
            nginx: Some("nginx 1.28.0".into()),
            cutover: Some("instant"),
            notes: vec!["the door was no help: it answers HTTP 302".into()],
        }
    }

    #[test]
    fn the_text_shows_who_is_live_what_stands_by_the_last_deployment_and_nginx() {
        expect![[r#"
            role     profile  port  process    release
            live     real1    8081  4711 4712  20261122T102030500Z-d-ABC123
            standby  real2    8082  815        20261121T080000000Z-d-ABC122
            boot of `real1` (port 8081): class archive of 83 libraries
            serving: `real1` (port 8081), release `20261122T102030500Z-d-ABC123`
            last deployment: d-ABC123, its release got the traffic
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
        view.deployment = Some(LastDeployment { id: None, stage: Stage::Healthy });
        view.unfinished =
            Some("a cutover to `real2` (port 8082) was begun and not ended; the next hook settles it".into());
        view.nginx = None;
        view.notes.clear();
        expect![[r#"
            role  profile  port  process    release
            live  real1    8081  4711 4712  20261122T102030500Z-d-ABC123
            idle  real2    8082  none       port 8082 is held by process 99 of `root`: nc -l 8082
            boot of `real1` (port 8081): class archive of 83 libraries
            serving: `real1` (port 8081), release `20261122T102030500Z-d-ABC123`
            last deployment: by hand, its release is healthy
            note: a cutover to `real2` (port 8082) was begun and not ended; the next hook settles it"#]]
        .assert_eq(&view.text());
    }

    #[test]
    fn the_json_has_the_same_under_names_that_stay() {
        expect![[r#"
            {
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
                "stage": "switched"
              },
              "unfinished": null,
              "nginx": "nginx 1.28.0",
              "cutover": "instant",
              "notes": [
                "the door was no help: it answers HTTP 302"
              ]
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&view()).unwrap());
    }
}
