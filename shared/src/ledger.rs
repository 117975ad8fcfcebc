//! What this host remembers between hooks: who is live, what runs in each slot, the open deployment, and a cutover that
//! was begun and not ended. It is a cache: lost or damaged, it is rebuilt from evidence. `store` keeps it on disk.

pub mod store;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::host::ProcessIdentity;
use crate::lifecycle::Lifecycle;
use crate::release::Release;
use crate::slot::Roles;
use crate::slot::{BySlot, Slot};

/// The memory of one application's hooks on one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ledger {
    /// The boot that the process ids belong to.
    pub boot: String,
    /// Where the last cutover went.
    pub live: Option<Slot>,
    /// What runs in each slot.
    pub tenants: BySlot<Tenant>,
    /// The deployment under way, or the last one.
    pub deployment: Option<DeploymentRecord>,
    /// A cutover that was begun and not ended.
    pub intent: Option<Intent>,
    /// nginx's workers when its configuration was last found right for the flag: as long as they accept, it still is.
    pub checked: Vec<ProcessIdentity>,
}

/// What runs in a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The release that was published for it last; nothing where these hooks published none.
    pub release: Option<Release>,
    /// The process that was launched.
    pub process: Option<ProcessIdentity>,
    /// Whether traffic ever went to it.
    pub served: bool,
}

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

/// A cutover under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// Where traffic came from.
    pub from: Option<Slot>,
    /// Where it is to go.
    pub to: Slot,
    /// The include before.
    pub before: Vec<u8>,
    /// The include after.
    pub after: Vec<u8>,
    /// nginx's workers that accepted before: as long as one of them does, the include after is not in force.
    /// None of them where traffic had gone by itself, and the flag is only to say so.
    pub workers: Vec<ProcessIdentity>,
}

impl Intent {
    /// Whether it follows nginx, which had gone on to the other slot by itself. Every other cutover begins with workers.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.workers.is_empty() && self.before == self.after
    }
}

/// One change of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A deployment begins.
    Open(DeploymentRecord),
    /// The slot was freed.
    Freed(Slot),
    /// A release is about to be launched: whoever is killed in that moment leaves a process that can be found (F83).
    Launching {
        /// Where.
        slot: Slot,
        /// What.
        release: Release,
    },
    /// It was launched. The process is known once it runs.
    Launched {
        /// Where.
        slot: Slot,
        /// As which process.
        process: Option<ProcessIdentity>,
    },
    /// The release in the deployment's slot is healthy.
    Proven,
    /// A cutover begins.
    Intend(Intent),
    /// The cutover was undone.
    SentBack,
    /// Traffic went to this slot.
    Moved(Slot),
    /// The configuration that these workers of nginx read is right for the flag.
    Checked(Vec<ProcessIdentity>),
    /// The slot that served before was stopped; the deployment is done all the same.
    Retired(Slot),
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
    /// The process that was launched in `slot`, if that was in this boot.
    #[must_use]
    pub fn process(&self, slot: Slot, boot: &str) -> Option<ProcessIdentity> {
        self.tenants.get(slot).process.filter(|_| self.boot == boot)
    }

    /// Whether nginx's configuration, as these workers read it, was found right for the flag.
    #[must_use]
    pub fn is_checked(&self, workers: &[ProcessIdentity], boot: &str) -> bool {
        self.boot == boot
            && !workers.is_empty()
            && workers.len() == self.checked.len()
            && workers.iter().all(|worker| self.checked.contains(worker))
    }

    /// Applies one change.
    pub fn apply(&mut self, change: &Change, boot: &str) {
        if self.boot != boot {
            boot.clone_into(&mut self.boot);
            self.tenants.blue.process = None;
            self.tenants.green.process = None;
            self.checked.clear();
        }
        match change {
            Change::Open(deployment) => self.deployment = Some(deployment.clone()),
            Change::Freed(slot) => {
                *self.tenants.get_mut(*slot) = Tenant::default();
                self.reach(Stage::Stopped);
            }
            Change::Launching { slot, release } => {
                *self.tenants.get_mut(*slot) = Tenant { release: Some(release.clone()), process: None, served: false };
            }
            Change::Launched { slot, process } => {
                self.tenants.get_mut(*slot).process = *process;
                self.reach(Stage::Started);
            }
            Change::Proven => self.reach(Stage::Healthy),
            Change::Intend(intent) => self.intent = Some(intent.clone()),
            Change::SentBack => {
                // Proven by the undo: whoever served before serves again.
                if let Some(intent) = self.intent.take() {
                    self.live = intent.from.or(self.live);
                }
            }
            Change::Checked(workers) => self.checked.clone_from(workers),
            Change::Retired(slot) => *self.tenants.get_mut(*slot) = Tenant::default(),
            Change::Moved(slot) => {
                self.intent = None;
                self.live = Some(*slot);
                self.tenants.get_mut(*slot).served = true;
                self.reach(Stage::Switched);
            }
        }
    }

    fn reach(&mut self, stage: Stage) {
        if let Some(deployment) = &mut self.deployment {
            deployment.stage = stage;
        }
    }

    /// The deployment that `stop` works for: the open one of this id, or a new one with the roles found now. By hand the
    /// hooks share one open deployment, which `switch` closes.
    ///
    /// # Errors
    /// `Kind::Undecided` if the roles have changed since this deployment began.
    pub fn open(&self, lifecycle: &Lifecycle, found: Roles) -> Result<DeploymentRecord> {
        let under_way = self
            .deployment
            .as_ref()
            .filter(|deployment| deployment.id == lifecycle.deployment && deployment.stage != Stage::Switched);
        match under_way {
            Some(deployment) if lifecycle.deployment.is_some() => {
                unchanged(deployment, found)?;
                Ok(deployment.clone())
            }
            _ => Ok(DeploymentRecord {
                id: lifecycle.deployment.clone(),
                live: found.live,
                idle: found.idle,
                stage: Stage::Opened,
            }),
        }
    }

    /// The deployment that a later hook works for. It must be this hook's own, and as far as `needed`.
    ///
    /// # Errors
    /// `Kind::Settings` if the hooks ran out of order (F15), `Kind::Busy` if another deployment has taken the slot (F10).
    pub fn admit(&self, hook: &str, lifecycle: &Lifecycle, needed: &[Stage]) -> Result<&DeploymentRecord> {
        let out_of_order = |found: String| {
            Error::new(Kind::Settings, format!("`{hook}` came out of order: {found}"))
                .advise("the order is stop, start, health, switch (see appspec.yml); begin again with `stop`")
        };
        let Some(deployment) = &self.deployment else {
            return Err(out_of_order("no deployment is under way on this host".to_owned()));
        };
        if lifecycle.deployment.is_some() && lifecycle.deployment != deployment.id {
            return Err(Error::new(
                Kind::Busy,
                format!(
                    "deployment `{}` has lost the idle slot to deployment `{}`",
                    lifecycle.name(),
                    deployment.name()
                ),
            )
            .advise("let that one end, then deploy again"));
        }
        if needed.contains(&deployment.stage) {
            return Ok(deployment);
        }
        Err(out_of_order(match deployment.stage {
            Stage::Opened => "`stop` has not freed the idle slot".to_owned(),
            Stage::Stopped => "`start` has not started a release".to_owned(),
            Stage::Started if hook == "start" => "the idle slot already runs a release".to_owned(),
            Stage::Started => "`health` has not proven the release".to_owned(),
            Stage::Healthy => "the release is already proven".to_owned(),
            Stage::Switched => "the last deployment is over".to_owned(),
        }))
    }
}

/// Holds the roles of a deployment against what the witnesses say now.
///
/// # Errors
/// `Kind::Undecided` if they differ.
pub fn unchanged(deployment: &DeploymentRecord, found: Roles) -> Result<()> {
    if deployment.live == found.live {
        return Ok(());
    }
    let name = |live: Option<Slot>| live.map_or_else(|| "neither slot".to_owned(), |slot| slot.to_string());
    Err(Error::new(
        Kind::Undecided,
        format!(
            "the live slot changed while this deployment was under way: {} then, {} now",
            name(deployment.live),
            name(found.live)
        ),
    )
    .advise("somebody else moved the traffic: deploy again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(id: Option<&str>) -> Lifecycle {
        Lifecycle { deployment: id.map(str::to_owned), ..Lifecycle::default() }
    }

    fn ledger(id: Option<&str>, stage: Stage) -> Ledger {
        let deployment =
            DeploymentRecord { id: id.map(str::to_owned), live: Some(Slot::Blue), idle: Slot::Green, stage };
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
                ledger(Some("d-B"), Stage::Started),
                Some("d-A"),
                vec![Stage::Started],
                Some(Kind::Busy),
            ),
        ] {
            let admitted = ledger.admit(hook, &by(caller), &needed);
            assert_eq!(admitted.as_ref().err().map(Error::kind), wanted, "{name}: {admitted:?}");
        }
    }

    #[test]
    fn roles_are_decided_once_for_a_deployment_and_a_change_is_noticed() {
        let open = ledger(Some("d-A"), Stage::Started);
        let same = Roles::with_live(Slot::Blue);
        assert_eq!(open.open(&by(Some("d-A")), same).map(|deployment| deployment.stage), Ok(Stage::Started));
        let changed = open.open(&by(Some("d-A")), Roles::with_live(Slot::Green));
        assert_eq!(changed.map_err(|error| error.kind()), Err(Kind::Undecided));
        let next = open.open(&by(Some("d-B")), Roles::with_live(Slot::Green)).unwrap();
        assert_eq!((next.idle, next.stage), (Slot::Blue, Stage::Opened));
    }

    #[test]
    fn i10_a_cutover_is_remembered_with_where_it_went_and_forgotten_with_where_traffic_came_from() {
        let intent = |from| Intent { from, to: Slot::Green, before: vec![1], after: vec![2], workers: Vec::new() };
        for from in [Some(Slot::Blue), None] {
            let mut moved = ledger(Some("d-A"), Stage::Healthy);
            moved.apply(&Change::Intend(intent(from)), "boot 1");
            assert!(moved.intent == Some(intent(from)) && moved.live.is_none(), "it is not there yet: {moved:?}");
            let mut sent_back = moved.clone();
            moved.apply(&Change::Moved(Slot::Green), "boot 1");
            assert_eq!((moved.live, &moved.intent), (Some(Slot::Green), &None));
            assert_eq!((moved.tenants.green.served, moved.tenants.blue.served), (true, false));
            assert_eq!(moved.deployment.as_ref().map(|deployment| deployment.stage), Some(Stage::Switched));
            sent_back.apply(&Change::SentBack, "boot 1");
            assert_eq!((sent_back.live, &sent_back.intent, sent_back.tenants.green.served), (from, &None, false));
            // From nowhere: whoever was remembered before is.
            let mut again = Ledger { live: Some(Slot::Blue), intent: Some(intent(from)), ..Ledger::default() };
            again.apply(&Change::SentBack, "boot 1");
            assert_eq!(again.live, Some(Slot::Blue));
        }
    }

    #[test]
    fn a_slot_that_was_freed_or_retired_has_no_tenant_and_a_new_one_has_not_served() {
        let release = Release { name: "r".into(), path: "/r.jar".into(), sha256: None };
        let mut ledger = ledger(Some("d-A"), Stage::Opened);
        let tenant = Tenant {
            release: Some(release.clone()),
            process: Some(ProcessIdentity { id: 7, started: 9 }),
            served: true,
        };
        ledger.boot = "boot 1".into();
        ledger.tenants = BySlot { blue: tenant.clone(), green: tenant.clone() };
        let served = ledger.clone();
        ledger.apply(&Change::Retired(Slot::Blue), "boot 1");
        assert_eq!((&ledger.tenants.blue, &ledger.tenants.green), (&Tenant::default(), &tenant));
        ledger.apply(&Change::Freed(Slot::Green), "boot 1");
        assert_eq!(ledger.tenants.green, Tenant::default());
        let mut launching = served;
        launching.apply(&Change::Launching { slot: Slot::Green, release: release.clone() }, "boot 1");
        let new = Tenant { release: Some(release), process: None, served: false };
        assert_eq!((&launching.tenants.blue, &launching.tenants.green), (&tenant, &new));
    }

    #[test]
    fn a_configuration_counts_as_checked_for_exactly_the_workers_that_read_it_in_this_boot() {
        let worker = |id| ProcessIdentity { id, started: 1 };
        let mut ledger = Ledger::default();
        ledger.apply(&Change::Checked(vec![worker(1), worker(2)]), "boot 1");
        for (name, workers, boot, wanted) in [
            ("the same", vec![worker(1), worker(2)], "boot 1", true),
            ("in another order", vec![worker(2), worker(1)], "boot 1", true),
            ("one of them has died", vec![worker(1)], "boot 1", false),
            ("one more", vec![worker(1), worker(2), worker(3)], "boot 1", false),
            ("others", vec![worker(3), worker(4)], "boot 1", false),
            ("an id that is used again", vec![worker(1), ProcessIdentity { id: 2, started: 2 }], "boot 1", false),
            ("none", vec![], "boot 1", false),
            ("another boot", vec![worker(1), worker(2)], "boot 2", false),
        ] {
            assert_eq!(ledger.is_checked(&workers, boot), wanted, "{name}");
        }
        ledger.apply(&Change::Proven, "boot 2");
        assert!(!ledger.is_checked(&[worker(1), worker(2)], "boot 2"), "process ids begin again");
        assert!(!Ledger { boot: "boot 1".into(), ..Ledger::default() }.is_checked(&[], "boot 1"), "nobody read it");
    }

    #[test]
    fn process_ids_of_another_boot_mean_nothing() {
        let mut ledger = ledger(None, Stage::Stopped);
        let process = Some(ProcessIdentity { id: 7, started: 9 });
        let release = Release { name: "r".into(), path: "/r.jar".into(), sha256: None };
        ledger.apply(&Change::Launching { slot: Slot::Green, release }, "boot 1");
        ledger.apply(&Change::Launched { slot: Slot::Green, process }, "boot 1");
        assert_eq!(ledger.process(Slot::Green, "boot 1"), process);
        assert_eq!(ledger.process(Slot::Green, "boot 2"), None);
        ledger.apply(&Change::Proven, "boot 2");
        assert_eq!(ledger.tenants.green.process, None);
        assert!(ledger.tenants.green.release.is_some());
    }
}
