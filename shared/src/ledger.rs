//! What this host remembers between hooks: who is live, what runs in each slot, the open deployment, and a cutover that
//! was begun and not ended. It is a cache: lost or damaged, it is rebuilt from evidence. `store` keeps it on disk, `history`
//! what became of each hook.

mod another_user;
mod change;
mod deployment;
pub mod history;
pub mod live_file;
pub mod store;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::change::Change;
pub use self::deployment::{DeploymentRecord, Room, Stage, unchanged};
use self::live_file::Announced;
use crate::host::ProcessIdentity;
use crate::release::Release;
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
    /// The include of the application whose ledger this is; nothing in one that an earlier version wrote.
    pub application: Option<PathBuf>,
    /// The release that `health` refused last, and ended, until another one is launched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The release that served before the live one did, whether or not it still runs: what a way back leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Release>,
    /// The last releases that were launched here and that traffic never went to: on the disk they are counted apart (F87).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub never_served: Vec<String>,
    /// The slot whose standby was ended as `switch.standby` says, until another release is launched there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Slot>,
    /// Where a way back leads that was begun and has not come to its end: until then another one does not lead forward (F115).
    pub returning: Option<Slot>,
    /// The last deployments that lost the idle slot to another one before they had ended: only they are told so (F109).
    pub displaced: Vec<String>,
    /// What the application is told of who serves; nothing in one that an earlier version wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced: Option<Announced>,
}

/// What runs in a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The release that was published for it last; nothing where these hooks published none.
    pub release: Option<Release>,
    /// The process that was launched.
    pub process: Option<ProcessIdentity>,
    /// The port that it was launched for; nothing where an earlier version launched it.
    #[serde(default)]
    pub port: Option<u16>,
    /// The kernel's count of the processes that it had ended for want of memory, when it was about to be launched: one that is ended
    /// between two hooks is known by it (F40). Nothing where an earlier version launched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_before: Option<u64>,
    /// The sum of what it was launched with (`plan::launching::sum`): one that would be launched otherwise now is not reused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<String>,
    /// Whether traffic ever went to it.
    pub served: bool,
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

impl Ledger {
    /// The process that was launched in `slot`, if that was in this boot.
    #[must_use]
    pub fn process(&self, slot: Slot, boot: &str) -> Option<ProcessIdentity> {
        self.tenants.get(slot).process.filter(|_| self.boot == boot)
    }

    /// The release that a way back from `live` leads to: the one that is known in the other slot and has served, or the one that served
    /// before. Nothing where none of these hooks' has.
    #[must_use]
    pub fn recorded(&self, live: Slot) -> Option<&Release> {
        let tenant = self.tenants.get(!live);
        let serves = self.tenants.get(live).release.as_ref();
        let standby = tenant.release.as_ref().filter(|_| tenant.served);
        standby.or(self.before.as_ref()).filter(|recorded| serves.is_none_or(|serves| serves.name != recorded.name))
    }

    /// Whether the release in the slot of the deployment under way is the standby that was there before it, and stays.
    #[must_use]
    pub fn is_reused(&self) -> bool {
        let Some(deployment) = &self.deployment else { return false };
        let release = self.tenants.get(deployment.idle).release.as_ref();
        deployment.reused.is_some() && deployment.reused.as_ref() == release.map(|release| &release.name)
    }

    /// Whether nginx's configuration, as these workers read it, was found right for the flag.
    #[must_use]
    pub fn is_checked(&self, workers: &[ProcessIdentity], boot: &str) -> bool {
        self.boot == boot
            && !workers.is_empty()
            && workers.len() == self.checked.len()
            && workers.iter().all(|worker| self.checked.contains(worker))
    }

    /// How the live release has made room for the one of the deployment under way.
    #[must_use]
    pub fn room(&self) -> Option<&Room> {
        self.deployment.as_ref()?.room.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
