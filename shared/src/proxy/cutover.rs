//! The one step that moves traffic, as a plan: the include is replaced, nginx reloads, its workers and the door prove it;
//! and the way back, if any of that fails.

use super::access::Access;
use super::arrival::Proof;
use super::include::Include;
use crate::config::Settings;
use crate::host::{Answer, ProcessIdentity};
use crate::ledger::{Intent, Note};
use crate::plan::{Action, Step};
use crate::report::codedeploy::consent::Question;
use crate::slot::Slot;

/// Everything that a cutover is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cutover {
    /// Where traffic comes from.
    pub from: Option<Slot>,
    /// Where it goes.
    pub to: Slot,
    /// The include as it is.
    pub include: Include,
    /// nginx's master.
    pub master: ProcessIdentity,
    /// nginx's workers that accept now.
    pub workers: Vec<ProcessIdentity>,
    /// How the include is written and nginx signalled.
    pub access: Access,
    /// The door's answer before.
    pub door: Answer,
    /// What CodeDeploy is asked first.
    pub consent: Option<Question>,
    /// The process that traffic goes to.
    pub process: ProcessIdentity,
    /// The process that it comes from, which stays as the standby.
    pub standby: Option<ProcessIdentity>,
}

/// The steps of a cutover.
#[must_use]
pub fn steps(settings: &Settings, cutover: &Cutover) -> Vec<Step> {
    let Cutover { from, to, include, master, access, .. } = cutover;
    let port = settings.place(*to).port;
    let at_most = settings.proxy.reload_at_most;
    let write = |bytes: Vec<u8>, port| Action::WriteInclude { bytes, port, access: access.clone() };
    let after = include.with_port(port);
    let intent = Intent {
        from: *from,
        to: *to,
        before: include.bytes().to_owned(),
        after: after.clone(),
        workers: cutover.workers.clone(),
    };
    let mut steps = vec![Step::of(Action::TestConfiguration(access.clone()))];
    steps.extend(cutover.consent.clone().map(|question| Step::of(Action::Consult(question))));
    steps.extend([
        Step::of(Action::Remember(Note::Intend(intent))).undone_by(vec![Action::Remember(Note::SentBack)]),
        Step::of(write(after, port)).undone_by(vec![
            write(include.bytes().to_owned(), include.port()),
            Action::ReloadBack { master: *master, access: access.clone(), at_most },
        ]),
        Step::of(Action::Reload { master: *master, access: access.clone(), at_most }),
        Step::of(Action::ProveDoor(Proof::of(settings, *to, &cutover.door))),
        Step::of(Action::Remember(Note::Moved(*to))),
        Step::of(Action::Sacrifice { process: cutover.process, score: 0 }),
    ]);
    steps.extend(cutover.standby.map(|process| Step::of(Action::Sacrifice { process, score: 1000 })));
    steps
}
