//! The last deploy in one line, and what is known of how it ended.

use std::time::Duration;

use serde::Serialize;
use shared::language::translated;
use shared::ledger::history::milliseconds;
use shared::ledger::{Ledger, Stage};
use shared::report::duration;

use crate::deploys::Deploy;

/// The last deploy: what the ledger has of it, and what its last hook has left of itself.
#[derive(Debug, Default, Serialize)]
pub(crate) struct LastDeployment {
    pub(crate) id: Option<String>,
    /// How far it has come; nothing for one that did not begin.
    pub(crate) stage: Option<Stage>,
    /// Whether the standby stays in its slot as what is deployed.
    #[serde(skip)]
    pub(crate) is_reused: bool,
    /// When the last of its hooks ended, and which that was.
    pub(crate) ended: Option<String>,
    pub(crate) hook: Option<String>,
    pub(crate) exit_code: Option<u8>,
    /// The time that its hooks took together.
    pub(crate) took_ms: Option<u64>,
    /// What went wrong, and what to do.
    pub(crate) what: Option<String>,
    pub(crate) to_do: Option<String>,
}

impl LastDeployment {
    /// The last deploy by its hooks, where any has left something; else the one that the ledger knows.
    pub(crate) fn of(ledger: &Ledger, last: Option<&Deploy>) -> Option<LastDeployment> {
        let known = ledger.deployment.as_ref();
        let Some(deploy) = last else {
            return known.map(|known| LastDeployment {
                id: known.id.clone(),
                stage: Some(known.stage),
                is_reused: known.reused.is_some(),
                ..LastDeployment::default()
            });
        };
        let last = deploy.last();
        let same = known.filter(|known| known.id == last.deployment && !deploy.is_way_back());
        Some(LastDeployment {
            id: last.deployment.clone(),
            stage: same.map(|same| same.stage),
            is_reused: same.is_some_and(|same| same.reused.is_some()),
            ended: Some(last.ended.clone()),
            hook: Some(last.hook.clone()),
            exit_code: Some(last.exit_code),
            took_ms: Some(milliseconds(deploy.took())),
            what: last.what.clone(),
            to_do: last.to_do.clone(),
        })
    }

    /// In words; `told_to_do` is what a person is told to do already.
    pub(crate) fn lines(&self, told_to_do: Option<&str>) -> Vec<String> {
        let mut told = vec![self.id.clone().unwrap_or_else(|| translated!("by hand").to_owned())];
        told.extend(self.stage.map(|stage| words(stage, self.is_reused).to_owned()));
        if let (Some(hook), Some(exit_code), Some(ended)) = (&self.hook, self.exit_code, &self.ended) {
            told.push(translated!("`{hook}` ended at {ended} with exit code {exit_code}"));
        }
        let took = self.took_ms.map(|took| translated!("its hooks took {}", duration(Duration::from_millis(took))));
        told.extend(took);
        let mut lines = vec![translated!("last deployment: {}", told.join(", "))];
        let to_do = self.to_do.as_deref().filter(|to_do| Some(*to_do) != told_to_do);
        lines.extend(to_do.map(|to_do| translated!("  to do about it: {to_do}")));
        lines
    }
}

fn words(stage: Stage, is_reused: bool) -> &'static str {
    match stage {
        Stage::Stopped | Stage::Started if is_reused => translated!("the standby is to get the traffic again"),
        Stage::Opened => translated!("its idle slot is not free yet"),
        Stage::Stopped => translated!("its idle slot is free"),
        Stage::Started => translated!("its release was started"),
        Stage::Healthy => translated!("its release is healthy"),
        Stage::Switched => translated!("its release got the traffic"),
    }
}
