//! The deployment that this host works on: its roles, decided once, and how far it has come. Each hook works only for its own
//! deployment, and in order.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::error::{Error, Kind, Result};
use crate::language::translated;
use crate::lifecycle::Lifecycle;
use crate::release::Artifact;
use crate::slot::{BySlot, Place, Roles, Slot};

/// A deployment, with the roles that were decided once for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeploymentRecord {
    /// `CodeDeploy`'s id; nothing for one that a person runs by hand.
    pub id: Option<String>,
    /// The slot that served when it began.
    pub live: Option<Slot>,
    /// The slot it works in.
    pub idle: Slot,
    /// How far it has come.
    pub stage: Stage,
    /// The artifact that `stop` saw, which is what `start` has to find (F93).
    #[serde(default)]
    pub artifact: Option<Artifact>,
    /// How the live release makes room for the new one; nothing where both fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// The release of the standby, where that stays in the idle slot since it has the very bytes of this deployment
    /// (`stop.reuse_standby`); nothing where the slot is freed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused: Option<String>,
}

/// The live release is ended before the new one starts, since memory is too short for both (`start.overlap`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Its command line, by which it is started again if the new one comes to nothing.
    pub command: Vec<String>,
    /// When it was ended; nothing until `start` has done so.
    pub since: Option<SystemTime>,
}

/// How far a deployment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// `stop` has begun.
    Opened,
    /// The idle slot is free.
    Stopped,
    /// The release runs.
    Started,
    /// The release is proven.
    Healthy,
    /// Traffic goes to it.
    Switched,
}

impl DeploymentRecord {
    /// The roles that were decided for it.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles { live: self.live, idle: self.idle }
    }

    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.as_deref().unwrap_or("by hand")
    }
}

impl Ledger {
    /// The deployment that `stop` works for: the open one of this id, or a new one with the roles found now. By hand the
    /// hooks share one open deployment, which `switch` closes.
    ///
    /// # Errors
    /// `Kind::Undecided` if the roles have changed since this deployment began.
    pub fn open(&self, lifecycle: &Lifecycle, found: Roles, places: &BySlot<Place>) -> Result<DeploymentRecord> {
        let under_way = self
            .deployment
            .as_ref()
            .filter(|deployment| deployment.id == lifecycle.deployment && deployment.stage != Stage::Switched);
        match under_way {
            Some(deployment) if lifecycle.deployment.is_some() => {
                unchanged(deployment, found, places)?;
                Ok(deployment.clone())
            }
            _ => Ok(DeploymentRecord {
                id: lifecycle.deployment.clone(),
                live: found.live,
                idle: found.idle,
                stage: Stage::Opened,
                artifact: None,
                room: None,
                reused: None,
            }),
        }
    }

    /// The deployment that a later hook works for. It must be this hook's own, and as far as `needed`.
    ///
    /// # Errors
    /// `Kind::Settings` if the hooks ran out of order (F15), `Kind::Busy` if another deployment has taken the slot (F10).
    pub fn admit(&self, hook: &str, lifecycle: &Lifecycle, needed: &[Stage]) -> Result<&DeploymentRecord> {
        let out_of_order = |found: String| {
            Error::new(Kind::Settings, translated!("`{hook}` came out of order: {found}")).advise(translated!(
                "the order is stop, start, health, switch (see appspec.yml); begin again with `stop`"
            ))
        };
        let Some(deployment) = &self.deployment else {
            return Err(out_of_order(translated!("no deployment is under way on this host").to_owned()));
        };
        if let Some(id) = lifecycle.deployment.as_ref().filter(|id| deployment.id.as_ref() != Some(*id)) {
            // Whoever never held the slot has not lost it: `stop` was not run for it (F109).
            if !self.displaced.contains(id) {
                return Err(Error::new(
                    Kind::Settings,
                    translated!("`{hook}` came out of order: `stop` has not run for deployment `{id}`"),
                )
                .advise(translated!(
                    "put `stop` into AfterInstall of appspec.yml (ApplicationStop is run from the bundle before, and \
                     before the new one is there), then deploy again"
                )));
            }
            return Err(Error::new(
                Kind::Busy,
                translated!("deployment `{id}` has lost the idle slot to deployment `{}`", deployment.name()),
            )
            .advise(translated!("let that one end, then deploy again")));
        }
        if needed.contains(&deployment.stage) {
            return Ok(deployment);
        }
        Err(out_of_order(match deployment.stage {
            Stage::Opened => translated!("`stop` has not freed the idle slot").to_owned(),
            Stage::Stopped => translated!("`start` has not started a release").to_owned(),
            Stage::Started if hook == "start" => translated!("the idle slot already runs a release").to_owned(),
            Stage::Started => translated!("`health` has not proven the release").to_owned(),
            Stage::Healthy => translated!("the release is already proven").to_owned(),
            Stage::Switched => translated!("the last deployment is over").to_owned(),
        }))
    }
}

/// Holds the roles of a deployment against what the witnesses say now.
///
/// # Errors
/// `Kind::Undecided` if they differ.
pub fn unchanged(deployment: &DeploymentRecord, found: Roles, places: &BySlot<Place>) -> Result<()> {
    if deployment.live == found.live {
        return Ok(());
    }
    let name = |live: Option<Slot>| {
        live.map_or_else(|| translated!("neither slot").to_owned(), |slot| places.get(slot).to_string())
    };
    Err(Error::new(
        Kind::Undecided,
        translated!(
            "the live slot changed while this deployment was under way: {} then, {} now",
            name(deployment.live),
            name(found.live)
        ),
    )
    .advise(translated!("somebody else moved the traffic: deploy again")))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ledger::Change;

    fn places() -> BySlot<Place> {
        let place = |profile: &str, port| Place { profile: profile.to_owned(), port };
        BySlot { blue: place("real1", 8081), green: place("real2", 8082) }
    }

    fn by(id: Option<&str>) -> Lifecycle {
        Lifecycle { deployment: id.map(str::to_owned), ..Lifecycle::default() }
    }

    /// One whose deployment has come so far.
    pub(in crate::ledger) fn ledger(id: Option<&str>, stage: Stage) -> Ledger {
        let deployment = DeploymentRecord {
            id: id.map(str::to_owned),
            live: Some(Slot::Blue),
            idle: Slot::Green,
            stage,
            artifact: None,
            room: None,
            reused: None,
        };
        Ledger { deployment: Some(deployment), ..Ledger::default() }
    }

    #[test]
    fn f15_f10_a_hook_works_only_for_its_own_deployment_and_in_order() {
        for (name, hook, ledger, caller, needed, wanted) in [
            ("in order", "start", ledger(Some("d-A"), Stage::Stopped), Some("d-A"), vec![Stage::Stopped], None),
            (
                "by hand it may go on with what the agent began",
                "health",
                ledger(Some("d-A"), Stage::Started),
                None,
                vec![Stage::Started],
                None,
            ),
            ("nothing was begun", "start", Ledger::default(), Some("d-A"), vec![Stage::Stopped], Some(Kind::Settings)),
            (
                "stop did not end",
                "start",
                ledger(Some("d-A"), Stage::Opened),
                Some("d-A"),
                vec![Stage::Stopped],
                Some(Kind::Settings),
            ),
            (
                "switch before health",
                "switch",
                ledger(Some("d-A"), Stage::Started),
                Some("d-A"),
                vec![Stage::Healthy],
                Some(Kind::Settings),
            ),
            (
                "start a second time",
                "start",
                ledger(Some("d-A"), Stage::Started),
                Some("d-A"),
                vec![Stage::Stopped],
                Some(Kind::Settings),
            ),
            (
                "after the end",
                "health",
                ledger(None, Stage::Switched),
                None,
                vec![Stage::Started],
                Some(Kind::Settings),
            ),
            (
                "another deployment took the slot",
                "health",
                Ledger { displaced: vec!["d-A".into()], ..ledger(Some("d-B"), Stage::Started) },
                Some("d-A"),
                vec![Stage::Started],
                Some(Kind::Busy),
            ),
            (
                "F109 stop was never run for it, and the last one ended long ago",
                "start",
                ledger(Some("d-B"), Stage::Switched),
                Some("d-A"),
                vec![Stage::Stopped],
                Some(Kind::Settings),
            ),
            (
                "F109 the same, and the last one failed",
                "start",
                ledger(Some("d-B"), Stage::Stopped),
                Some("d-A"),
                vec![Stage::Stopped],
                Some(Kind::Settings),
            ),
        ] {
            let admitted = ledger.admit(hook, &by(caller), &needed);
            assert_eq!(admitted.as_ref().err().map(Error::kind), wanted, "{name}: {admitted:?}");
        }
    }

    #[test]
    fn f109_f10_only_who_was_under_way_is_remembered_as_having_lost_its_slot() {
        let open = |ledger: &mut Ledger, id: Option<&str>| {
            let deployment = ledger.open(&by(id), Roles::with_live(Slot::Blue), &places()).unwrap();
            ledger.apply(&Change::Open(deployment), "boot 1");
        };
        for (name, begun, wanted) in [
            ("a first one", vec![Some("d-A")], vec![]),
            ("the same one again", vec![Some("d-A"), Some("d-A")], vec![]),
            ("another took its place", vec![Some("d-A"), Some("d-B")], vec!["d-A"]),
            ("a person did", vec![Some("d-A"), None], vec!["d-A"]),
            ("it took the place of a person", vec![None, Some("d-A")], vec![]),
            ("one after the other", vec![Some("d-A"), Some("d-B"), Some("d-C")], vec!["d-A", "d-B"]),
            ("it has taken it back", vec![Some("d-A"), Some("d-B"), Some("d-A")], vec!["d-B"]),
        ] {
            let mut ledger = Ledger::default();
            for id in begun {
                open(&mut ledger, id);
            }
            assert_eq!(ledger.displaced, wanted, "{name}");
        }
        let mut ended = ledger(Some("d-A"), Stage::Switched);
        open(&mut ended, Some("d-B"));
        assert_eq!(ended.displaced, Vec::<String>::new(), "whoever has ended loses nothing");
        let mut many = Ledger::default();
        (0..20).for_each(|number| open(&mut many, Some(&format!("d-{number}"))));
        assert_eq!(many.displaced.len(), 8, "{many:?}");
    }

    #[test]
    fn roles_are_decided_once_for_a_deployment_and_a_change_is_noticed() {
        let open = ledger(Some("d-A"), Stage::Started);
        let same = Roles::with_live(Slot::Blue);
        assert_eq!(open.open(&by(Some("d-A")), same, &places()).map(|deployment| deployment.stage), Ok(Stage::Started));
        let changed = open.open(&by(Some("d-A")), Roles::with_live(Slot::Green), &places()).unwrap_err();
        assert_eq!(changed.kind(), Kind::Undecided);
        assert!(changed.to_string().ends_with(": `real1` (port 8081) then, `real2` (port 8082) now"), "{changed}");
        let next = open.open(&by(Some("d-B")), Roles::with_live(Slot::Green), &places()).unwrap();
        assert_eq!((next.idle, next.stage), (Slot::Blue, Stage::Opened));
    }
}
