//! What happens to the ledger: each note that a hook makes, as a value, and what is remembered after it.

use std::time::SystemTime;

use super::{DeploymentRecord, Intent, Ledger, Room, Stage, Tenant};
use crate::host::ProcessIdentity;
use crate::release::Release;
use crate::slot::Slot;

/// How many deployments are remembered that lost their slot: more than a host can have under way.
const DISPLACED: usize = 8;

/// How many releases are remembered that never served: more than a host keeps of them.
const NEVER_SERVED: usize = 16;

/// One change of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A deployment begins.
    Open(DeploymentRecord),
    /// The slot was freed.
    Freed(Slot),
    /// The standby stays in the slot: it is what is deployed.
    Kept(Slot),
    /// The live release is about to be ended, to make room for the new one; when, is filled in as it is noted.
    MadeRoom {
        /// The live slot.
        slot: Slot,
        /// When.
        since: Option<SystemTime>,
    },
    /// It was started again, and serves.
    Restored(Slot),
    /// A release is about to be launched: whoever is killed in that moment leaves a process that can be found (F83).
    Launching {
        /// Where.
        slot: Slot,
        /// What.
        release: Release,
        /// [`Tenant::ended_before`]; filled in as it is noted.
        ended_before: Option<u64>,
        /// [`Tenant::launch`].
        launch: String,
    },
    /// It was launched. The process is known once it runs; it has not shown yet that it stays.
    Launched {
        /// Where.
        slot: Slot,
        /// As which process.
        process: Option<ProcessIdentity>,
        /// For which port.
        port: u16,
    },
    /// What was launched has survived its first moments.
    Started(Slot),
    /// The release in the deployment's slot is healthy.
    Proven,
    /// The release in this slot was refused and ended.
    Refused(Slot),
    /// A cutover begins.
    Intend(Intent),
    /// The same, on the way back.
    Return(Intent),
    /// The way back has come to its end.
    Returned,
    /// The cutover was undone.
    SentBack,
    /// Traffic went to this slot.
    Moved(Slot),
    /// The configuration that these workers of nginx read is right for the flag.
    Checked(Vec<ProcessIdentity>),
    /// The slot that served before was stopped; the deployment is done all the same.
    Retired(Slot),
}

impl Change {
    /// The slot that it is about.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        match self {
            Change::Open(deployment) => Some(deployment.idle),
            Change::Intend(intent) | Change::Return(intent) => Some(intent.to),
            Change::Freed(slot)
            | Change::Kept(slot)
            | Change::Launching { slot, .. }
            | Change::Launched { slot, .. }
            | Change::MadeRoom { slot, .. }
            | Change::Restored(slot)
            | Change::Refused(slot)
            | Change::Started(slot)
            | Change::Moved(slot)
            | Change::Retired(slot) => Some(*slot),
            Change::Proven | Change::Returned | Change::SentBack | Change::Checked(_) => None,
        }
    }

    /// Whether nothing is wrong where this cannot be noted: traffic is where it should be, and who comes next looks for himself.
    #[must_use]
    pub fn may_be_lost(&self) -> bool {
        matches!(self, Change::Returned | Change::Retired(_))
    }

    /// Whether a power cut may take it, since the note before it tells the next hook as much: that a deployment has begun is told by
    /// what `stop` notes at its end as well, and of what was launched in this boot nothing runs any more. Not where traffic went: with
    /// that note gone the cutover would be settled anew, on a host where nobody listens.
    #[must_use]
    pub fn is_of_this_boot(&self) -> bool {
        matches!(
            self,
            Change::Open(_) | Change::Launching { .. } | Change::Launched { .. } | Change::Started(_) | Change::Proven
        )
    }
}

impl Ledger {
    /// The slot that serves, where this change says so: what was seen when a deployment or a cutover begins, and what came of that.
    #[must_use]
    pub fn serves_by(&self, change: &Change) -> Option<Slot> {
        match change {
            Change::Open(deployment) => deployment.live,
            Change::Intend(intent) | Change::Return(intent) => intent.from,
            Change::Moved(slot) => Some(*slot),
            Change::SentBack => self.intent.as_ref()?.from,
            Change::Freed(_)
            | Change::Kept(_)
            | Change::MadeRoom { .. }
            | Change::Restored(_)
            | Change::Launching { .. }
            | Change::Launched { .. }
            | Change::Started(_)
            | Change::Proven
            | Change::Refused(_)
            | Change::Returned
            | Change::Checked(_)
            | Change::Retired(_) => None,
        }
    }

    /// Applies one change.
    pub fn apply(&mut self, change: &Change, boot: &str) {
        if self.boot != boot {
            boot.clone_into(&mut self.boot);
            self.tenants.blue.process = None;
            self.tenants.green.process = None;
            self.tenants.blue.ended_before = None;
            self.tenants.green.ended_before = None;
            self.checked.clear();
        }
        match change {
            Change::Open(deployment) => {
                self.displace(deployment);
                self.returning = None;
                self.deployment = Some(deployment.clone());
            }
            Change::Freed(slot) => {
                self.vacate(*slot);
                self.reach(Stage::Stopped);
            }
            Change::Kept(_) => self.reach(Stage::Stopped),
            Change::Refused(slot) => {
                self.refused = self.vacate(*slot).map(|release| release.name);
                self.reach(Stage::Stopped);
            }
            Change::Launching { slot, release, ended_before, launch } => {
                // One that is started once more has served.
                let served = self.before.as_ref().is_some_and(|before| before.name == release.name);
                self.never_served.retain(|name| *name != release.name);
                self.never_served.extend((!served).then(|| release.name.clone()));
                let forgotten = self.never_served.len().saturating_sub(NEVER_SERVED);
                self.never_served.drain(..forgotten);
                self.refused = None;
                self.retired = self.retired.filter(|retired| retired != slot);
                *self.tenants.get_mut(*slot) = Tenant {
                    release: Some(release.clone()),
                    ended_before: *ended_before,
                    launch: Some(launch.clone()),
                    served,
                    ..Tenant::default()
                };
            }
            Change::Launched { slot, process, port } => {
                let tenant = self.tenants.get_mut(*slot);
                (tenant.process, tenant.port) = (*process, Some(*port));
            }
            Change::MadeRoom { since, .. } => {
                if let Some(room) = self.room_mut() {
                    room.since = *since;
                }
            }
            Change::Restored(_) => {
                if let Some(deployment) = &mut self.deployment {
                    deployment.room = None;
                }
            }
            Change::Started(_) => self.reach(Stage::Started),
            Change::Proven => self.reach(Stage::Healthy),
            Change::Intend(intent) => (self.intent, self.returning) = (Some(intent.clone()), None),
            Change::Return(intent) => (self.intent, self.returning) = (Some(intent.clone()), Some(intent.to)),
            Change::Returned => self.returning = None,
            Change::SentBack => {
                // Proven by the undo: whoever served before serves again.
                self.returning = None;
                if let Some(intent) = self.intent.take() {
                    self.live = intent.from.or(self.live);
                }
            }
            Change::Checked(workers) => self.checked.clone_from(workers),
            Change::Retired(slot) => {
                self.vacate(*slot);
                self.retired = Some(*slot);
                if let Some(deployment) = &mut self.deployment {
                    deployment.room = None;
                }
            }
            Change::Moved(slot) => {
                self.intent = None;
                self.live = Some(*slot);
                let left = self.tenants.get(!*slot);
                if left.served {
                    self.before.clone_from(&left.release);
                }
                let tenant = self.tenants.get_mut(*slot);
                tenant.served = true;
                self.never_served.retain(|name| tenant.release.as_ref().is_none_or(|release| release.name != *name));
                self.reach(Stage::Switched);
            }
        }
    }

    /// Nobody is in this slot any more. A release that has served is the one before, whoever comes now.
    fn vacate(&mut self, slot: Slot) -> Option<Release> {
        let Tenant { release, served, .. } = std::mem::take(self.tenants.get_mut(slot));
        if served {
            self.before.clone_from(&release);
        }
        release
    }

    /// A deployment takes the slot of the one that was under way, if that was another.
    fn displace(&mut self, next: &DeploymentRecord) {
        let under_way = self.deployment.take().filter(|last| last.stage != Stage::Switched && last.id != next.id);
        self.displaced.extend(under_way.and_then(|last| last.id));
        self.displaced.retain(|id| next.id.as_ref() != Some(id));
        let forgotten = self.displaced.len().saturating_sub(DISPLACED);
        self.displaced.drain(..forgotten);
    }

    fn room_mut(&mut self) -> Option<&mut Room> {
        self.deployment.as_mut()?.room.as_mut()
    }

    fn reach(&mut self, stage: Stage) {
        if let Some(deployment) = &mut self.deployment {
            deployment.stage = stage;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::deployment::tests::ledger;
    use crate::slot::BySlot;

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
            port: Some(8081),
            launch: Some("sum".into()),
            ended_before: None,
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
        launching.apply(
            &Change::Launching {
                slot: Slot::Green,
                release: release.clone(),
                ended_before: Some(3),
                launch: "sum".into(),
            },
            "boot 1",
        );
        let new =
            Tenant { release: Some(release), ended_before: Some(3), launch: Some("sum".into()), ..Tenant::default() };
        assert_eq!((&launching.tenants.blue, &launching.tenants.green), (&tenant, &new));
    }

    #[test]
    fn f117_a_refused_release_leaves_its_slot_free_and_its_name_until_the_next_one_comes() {
        let release = |name: &str| Release { name: name.into(), path: "/r.jar".into(), sha256: None };
        let mut ledger = ledger(Some("d-A"), Stage::Started);
        ledger.apply(
            &Change::Launching {
                slot: Slot::Green,
                release: release("bad"),
                ended_before: None,
                launch: String::new(),
            },
            "boot 1",
        );
        ledger.apply(&Change::Refused(Slot::Green), "boot 1");
        assert_eq!((&ledger.tenants.green, ledger.refused.as_deref()), (&Tenant::default(), Some("bad")));
        assert_eq!(ledger.deployment.as_ref().map(|deployment| deployment.stage), Some(Stage::Stopped));
        ledger.apply(&Change::Freed(Slot::Green), "boot 1");
        assert_eq!(ledger.refused.as_deref(), Some("bad"), "it was the last that was refused");
        ledger.apply(
            &Change::Launching {
                slot: Slot::Green,
                release: release("good"),
                ended_before: None,
                launch: String::new(),
            },
            "boot 1",
        );
        assert_eq!(ledger.refused, None);
    }

    #[test]
    fn process_ids_of_another_boot_mean_nothing() {
        let mut ledger = ledger(None, Stage::Stopped);
        let process = Some(ProcessIdentity { id: 7, started: 9 });
        let release = Release { name: "r".into(), path: "/r.jar".into(), sha256: None };
        ledger.apply(
            &Change::Launching { slot: Slot::Green, release, ended_before: None, launch: String::new() },
            "boot 1",
        );
        ledger.apply(&Change::Launched { slot: Slot::Green, process, port: 8082 }, "boot 1");
        assert_eq!(ledger.process(Slot::Green, "boot 1"), process);
        assert_eq!(ledger.process(Slot::Green, "boot 2"), None);
        ledger.apply(&Change::Proven, "boot 2");
        assert_eq!(ledger.tenants.green.process, None);
        assert!(ledger.tenants.green.release.is_some());
    }

    #[test]
    fn f87_a_release_never_served_from_its_launch_until_traffic_goes_to_it_whatever_becomes_of_it() {
        let release = |number: usize| Release { name: format!("r{number}"), path: "/r.jar".into(), sha256: None };
        let mut ledger = ledger(Some("d-A"), Stage::Stopped);
        for (number, change) in
            [Change::Refused(Slot::Green), Change::Freed(Slot::Green), Change::Moved(Slot::Green)].iter().enumerate()
        {
            let release = release(number);
            ledger.apply(
                &Change::Launching { slot: Slot::Green, release, ended_before: None, launch: String::new() },
                "boot 1",
            );
            ledger.apply(change, "boot 1");
        }
        assert_eq!(ledger.never_served, ["r0", "r1"]);
        for number in 3..99 {
            let release = release(number);
            ledger.apply(
                &Change::Launching { slot: Slot::Blue, release, ended_before: None, launch: String::new() },
                "boot 1",
            );
        }
        assert_eq!((ledger.never_served.len(), ledger.never_served.last().unwrap().as_str()), (16, "r98"));
    }

    #[test]
    fn f167_the_release_that_served_before_is_known_whatever_becomes_of_its_slot() {
        let release = |name: &str| Release { name: name.into(), path: "/r.jar".into(), sha256: None };
        let launching =
            |slot, name| Change::Launching { slot, release: release(name), ended_before: None, launch: String::new() };
        let mut ledger = Ledger::default();
        let known = |ledger: &Ledger| {
            ledger.recorded(ledger.live.unwrap_or(Slot::Blue)).map_or_else(String::new, |release| release.name.clone())
        };
        for (what, change, wanted) in [
            ("a first one, where the scripts' release serves", launching(Slot::Blue, "r1"), ""),
            ("it serves", Change::Moved(Slot::Blue), ""),
            ("the next one", launching(Slot::Green, "r2"), ""),
            ("it serves", Change::Moved(Slot::Green), "r1"),
            ("the standby was ended", Change::Retired(Slot::Blue), "r1"),
            ("a deploy", Change::Freed(Slot::Blue), "r1"),
            ("its release", launching(Slot::Blue, "r3"), "r1"),
            ("is refused", Change::Refused(Slot::Blue), "r1"),
            ("the one before is started once more", launching(Slot::Blue, "r1"), "r1"),
            ("and serves", Change::Moved(Slot::Blue), "r2"),
            ("which is noted once more", Change::Moved(Slot::Blue), "r2"),
            ("the other way", Change::Moved(Slot::Green), "r1"),
        ] {
            ledger.apply(&change, "boot 1");
            assert_eq!(known(&ledger), wanted, "{what}");
        }
        assert_eq!(ledger.never_served, ["r3"]);
        assert!(ledger.tenants.blue.served, "it has served before");
    }
}
