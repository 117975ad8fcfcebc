//! Carries a plan out, step by step, and takes it back if one fails. Nothing in here chooses: what a step needs stands in
//! its action. A signal ends the current wait as a failure would, so that the undo runs; the undo itself is shielded.

mod asking;
mod explaining;
mod making_room;
mod notes;

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::action::Refusal;
use super::on_nginx::OnNginx;
use super::{Action, Outcome, Plan, Retirement, Step, drain, processes, refused, retire};
use crate::boot::{self, SeeBoot};
use crate::codedeploy::consent;
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Launch, Process, Share};
use crate::language::translated;
use crate::ledger::{Change, Ledger, store};
use crate::nginx::workers;
use crate::probe::validation;
use crate::probe::warm_up::Warming;
use crate::proof::arrival::{self, Proof, Shown};
use crate::proof::watch::{self, Watch};
use crate::release::{Artifact, Release};
use crate::report::Report;
use crate::route::flag;
use crate::route::word;
use crate::slot::{Place, Slot};
use crate::sudo::Way;
use crate::supervisor::{Unit, UnitLaunch, pin};

/// What carries a plan out, with what became known on the way. `W` is what it warms a release up by.
#[derive(Debug)]
pub struct Execution<'a, H, W> {
    /// The host it is carried out on.
    pub host: &'a H,
    /// Places, times and files, where an action does not bring its own.
    pub settings: &'a Settings,
    /// The memory that it changes.
    pub ledger: &'a mut Ledger,
    /// Whom it tells.
    pub report: &'a Report,
    sha256: Option<String>,
    launched: Option<Process>,
    /// The unit that it was launched by.
    unit: Option<Unit>,
    /// What became known of nginx.
    nginx: OnNginx,
    /// Whether this run has told the live release to end, which makes room.
    is_making_room: bool,
    /// Its log, and how long that was before.
    log_before: Option<(PathBuf, u64)>,
    /// The log of which was shown what matters.
    quoted: Option<PathBuf>,
    /// Where traffic was sent without anybody seeing it arrive, and why.
    unproven: Option<String>,
    /// How long a release took from its start to the answers that it needs.
    boot: Option<Duration>,
    warming: PhantomData<W>,
}

impl<'a, H: Host, W: Warming> Execution<'a, H, W> {
    /// An execution that has done nothing yet.
    pub fn new(host: &'a H, settings: &'a Settings, ledger: &'a mut Ledger, report: &'a Report) -> Execution<'a, H, W> {
        Execution {
            host,
            settings,
            ledger,
            report,
            sha256: None,
            launched: None,
            unit: None,
            nginx: OnNginx::default(),
            is_making_room: false,
            log_before: None,
            quoted: None,
            unproven: None,
            boot: None,
            warming: PhantomData,
        }
    }

    /// That nobody has seen traffic arrive where this run sent it, and why, as a fragment; nothing where somebody has, or nothing
    /// was sent.
    #[must_use]
    pub fn unproven(&self) -> Option<String> {
        self.unproven.clone()
    }

    /// How long the release took to boot that this run has proven; nothing where it has proven none for the first time.
    #[must_use]
    pub fn boot(&self) -> Option<Duration> {
        self.boot
    }

    /// Carries the plan out.
    pub async fn carry_out(&mut self, plan: &Plan) -> Outcome {
        for (number, step) in plan.steps.iter().enumerate() {
            tracing::debug!("step {}: {}", number + 1, step.action);
            // The last note of all says that nothing is left to do.
            if matches!(&step.action, Action::Remember { change, .. } if change.may_be_lost()) {
                self.sweep(plan);
            }
            if let Err(cause) = self.perform(&step.action).await {
                let cause = cause.during(&step.action.to_string());
                // A note that could not be made needs none that takes it back.
                let done = if matches!(step.action, Action::Remember { .. }) { number } else { number + 1 };
                let outcome = self.undo(&plan.steps[..done], cause).await;
                if matches!(outcome, Outcome::Undone(_)) {
                    self.sweep(plan);
                }
                return outcome;
            }
        }
        self.sweep(plan);
        Outcome::Done
    }

    /// Removes what was kept for the way back.
    fn sweep(&self, plan: &Plan) {
        for step in &plan.steps {
            match &step.action {
                Action::WriteInclude { access, .. } if access.include.way == Way::Own => {
                    access.include.sweep(self.host);
                }
                Action::WriteUpstreams { file, .. } if file.way == Way::Own => file.sweep(self.host),
                _ => {}
            }
        }
    }

    /// Takes back what was done, the last step first. It stops where that fails: reloading nginx with an include that could
    /// not be put back, or forgetting a cutover that is still in force, would only make it worse.
    async fn undo(&mut self, steps: &[Step], cause: Error) -> Outcome {
        self.host.shield(true);
        for action in steps.iter().rev().flat_map(|step| &step.undo) {
            // Whoever was interrupted, or could not write, has refused nobody.
            if matches!(action, Action::Reconsider { .. }) && cause.kind() != Kind::SentBack {
                continue;
            }
            self.report.say(&translated!("taking it back: {action}"));
            match self.perform(action).await {
                // Everything is as it was, and known: the next hook looks at nginx and settles what the ledger still has (F107).
                Err(undo) if matches!(action, Action::Remember { .. }) => {
                    self.report.say(&translated!("note: {undo}. The next hook settles it"));
                }
                Err(undo) => {
                    tracing::error!("taking it back failed: {undo}");
                    return Outcome::Stuck { cause, undo };
                }
                Ok(()) => {}
            }
        }
        Outcome::Undone(cause)
    }

    async fn perform(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Remember { change, .. } => match self.remember(change) {
                Err(cause) if change.may_be_lost() => {
                    self.report.say(&translated!("note: what has happened could not be noted ({action}): {cause}"));
                    Ok(())
                }
                outcome => outcome,
            },
            Action::Drain { place, at_most } => drain::drain(self.host, self.report, place, *at_most).await,
            Action::SeeLive(place) => processes::see_live(self.host, place),
            Action::Terminate { live, place, processes, grace } => {
                let (host, settings, report) = (self.host, self.settings, self.report);
                processes::terminate(host, settings, report, place, processes, *grace, live.as_ref()).await
            }
            Action::EndMaker { place, processes } => self.end_maker(place, processes).await,
            Action::MakeRoom { place, processes, grace } => self.make_room(place, processes, *grace).await,
            Action::Restore(restoration) => self.restore(restoration).await,
            Action::AwaitFree(place) => processes::await_free(self.host, place).await,
            Action::Publish { artifact, release } => self.publish(artifact, release),
            Action::InstallUnit(unit) => unit.install(self.host).await,
            Action::Launch { place, launch, unit } => self.launch(place, launch, unit.as_deref()).await,
            Action::EndLaunched { slot, place, grace } => self.end_launched(*slot, place, *grace).await,
            Action::SeeBoot(seen) => self.see_boot(seen).await,
            Action::Survive { place, at_most, log } => {
                let Some(process) = &self.launched else { return Ok(()) };
                let unit = self.unit.as_ref();
                let identity = process.identity;
                let outcome = processes::survive(self.host, place, &identity, unit, *at_most).await;
                outcome.map_err(|error| self.explain(log, place, Some(identity), error))
            }
            Action::Probe { probe, log, refusal } => self.probe(probe, log.as_deref(), *refusal).await,
            Action::WarmUp { warm_up, log, refusal } => self.warm_up(warm_up, log, *refusal).await,
            Action::Reconsider { probe, log, refusal } => {
                self.reconsider(probe, log.as_deref(), *refusal).await;
                Ok(())
            }
            Action::Discard(path) => {
                match self.host.remove(path) {
                    Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                        tracing::warn!("`{}` stays: {cause}", path.to_string_lossy());
                    }
                    _ => {}
                }
                Ok(())
            }
            Action::Sacrifice { process, score } => {
                if let Err(cause) = self.host.set_memory_sacrifice(process, *score) {
                    tracing::warn!("the memory score of process {} stays as it is: {cause}", process.id);
                }
                Ok(())
            }
            Action::Share { process, share } => {
                let launched = self.launched.as_ref().map(|launched| launched.identity);
                if let Some(process) = process.or(launched) {
                    processes::share(self.host, self.report, &process, *share).await;
                }
                Ok(())
            }
            Action::WriteInclude { bytes, access, .. } => access.include.write(self.host, bytes).await,
            Action::WriteUpstreams { bytes, file, .. } => file.write(self.host, bytes).await,
            Action::MakeFlagDirectory { directory, worker } => {
                directory.make(self.host).await?;
                flag::check(self.host, self.settings, *worker)
            }
            Action::SetFlag { flag, exists, place } => flag::set(self.host, self.settings, flag, *exists, place),
            Action::TestConfiguration { access, for_flag } => {
                self.nginx.test(self.host, self.settings, access, *for_flag).await
            }
            Action::Reload { master, access, at_most } => self.nginx.reload(self.host, master, access, *at_most).await,
            Action::ReloadBack { master, access, at_most } => {
                self.nginx.reload_back(self.host, master, access, *at_most).await
            }
            Action::WriteWord { bytes, before, access } => {
                self.nginx.write_word(self.host, self.settings, self.report, access, [bytes, before]).await
            }
            Action::TakeWordBack { bytes, file } => self.nginx.take_word_back(self.host, file, bytes).await,
            Action::Prove(proof) => self.prove(proof).await,
            Action::ProveBack(proof) => arrival::prove_back(self.host, self.settings, proof).await,
            Action::Watch(watch) => self.watch(watch).await,
            Action::Retire(retirement) => {
                self.retire(retirement).await;
                Ok(())
            }
            Action::CountDown(countdown) => {
                let generation = self.ledger.announced.as_ref().map_or(0, |announced| announced.generation);
                if let Err(cause) = countdown.begin(self.host, generation).await {
                    let place = &countdown.place;
                    self.report.say(&translated!("note: the standby in {place} stays until the next deploy: {cause}"));
                }
                Ok(())
            }
            Action::Consult(question) => consent::ask(self.host, self.report, question).await,
            Action::Validate(validation) => validation::run(self.host, validation).await,
        }
    }

    /// Proves that traffic has arrived, or notes that nobody has seen it.
    async fn prove(&mut self, proof: &Proof) -> Result<()> {
        // The word stands only in a file that nginx reads; nobody asks what was not brought in.
        let stands = self
            .host
            .read_file(&self.settings.proxy.upstreams)
            .is_ok_and(|bytes| word::stands_in(&bytes, self.settings));
        let proof = proof.clone().with_word(proof.word.filter(|_| stands));
        let accepting = || {
            workers::master(self.host, &self.settings.proxy.pid_file)
                .map(|master| workers::accepting(&workers::workers(self.host, &master.identity)))
                .unwrap_or_default()
        };
        let site = self.nginx.has_shown_a_site() || self.ledger.is_checked(&accepting(), &self.host.boot_id());
        self.unproven = match arrival::prove(self.host, self.settings, &proof, site).await? {
            Shown::ByDoor | Shown::ByWord => None,
            // Nothing was sent anywhere.
            Shown::NotAtAll(_) if !proof.moves => None,
            Shown::NotAtAll(why) => {
                Some(translated!("traffic was sent to {}, and nobody has seen it arrive: {why}", proof.place))
            }
        };
        Ok(())
    }

    fn publish(&mut self, artifact: &Artifact, release: &Release) -> Result<()> {
        let sha256 = self
            .host
            .publish(&artifact.path, &release.path)
            .map_err(|cause| publish_failed(&artifact.path, &release.path, &cause))?;
        self.report.say(&format!("release `{}`, sha256 {}", release.name, &sha256[..16.min(sha256.len())]));
        self.sha256 = Some(sha256);
        Ok(())
    }

    async fn launch(&mut self, place: &Place, launch: &Launch, unit: Option<&UnitLaunch>) -> Result<()> {
        self.log_before = self.host.describe(&launch.log).ok().map(|log| (launch.log.clone(), log.size));
        if let Some(by) = unit {
            let started = by.start(self.host).await.map_err(|error| {
                // It may have died before anybody could watch it: what it said then tells more than systemd does.
                if self.host.describe(&launch.log).is_ok() {
                    self.explain(&launch.log, place, None, error)
                } else {
                    error
                }
            })?;
            (self.launched, self.unit) = (Some(started), Some(by.unit.clone()));
            return Ok(());
        }
        // A pin that an earlier release has left would bring that one back after a reboot.
        pin::remove(self.host, self.settings, place)?;
        let process = self.host.launch(launch).map_err(|cause| {
            let program = launch.command.first().map_or("", String::as_str);
            Error::new(Kind::NotStarted, translated!("`{program}` could not be started in {place}: {cause}"))
                .advise(translated!("see that the program exists and that this user may run it"))
        })?;
        self.launched = Some(process);
        Ok(())
    }

    /// Tells how what was launched boots.
    async fn see_boot(&self, seen: &SeeBoot) -> Result<()> {
        let Some(process) = &self.launched else { return Ok(()) };
        seen.see(self.host, self.report, &process.identity).await
    }

    /// Ends what makes a class archive.
    async fn end_maker(&self, place: &Place, processes_of_it: &[Process]) -> Result<()> {
        processes::end(self.host, self.report, place, processes_of_it, boot::MAKER_GRACE, None).await
    }

    /// Ends what was launched, and notes that its slot is free. Where the live one has died meanwhile it may be all that users have,
    /// and stays (I2): the next `start`, or a deploy, finds it.
    async fn end_launched(&mut self, slot: Slot, place: &Place, grace: Duration) -> Result<()> {
        let process = self.launched.as_ref().map(|process| process.identity);
        let ended = match process {
            Some(process) => {
                refused::end(self.host, self.settings, self.report, process, Refusal { slot, grace }).await
            }
            None => Ok(()),
        };
        if let Err(cause) = ended {
            self.report.say(&translated!("note: what was started in {place} was not ended: {cause}"));
            if let Some(process) = process {
                processes::share(self.host, self.report, &process, Share::Equal).await;
            }
            return Ok(());
        }
        // A unit that did not come up, or that restarts what has died, is not to come up later.
        pin::remove(self.host, self.settings, place)?;
        if let Err(cause) = self.remember(&Change::Freed(slot)) {
            self.report.say(&translated!("note: {cause}. The next hook settles it"));
        }
        Ok(())
    }

    /// Watches the release that traffic has arrived at, and explains by its log why it fails.
    async fn watch(&mut self, watch: &Watch) -> Result<()> {
        let outcome = watch::watch(self.host, self.settings, self.report, watch).await;
        outcome.map_err(|error| match &watch.log {
            Some(log) if error.kind() == Kind::SentBack => {
                self.explain(log, &watch.proof.place, Some(watch.release.process), error)
            }
            _ => error,
        })
    }

    /// Stops the slot that served before; whatever comes of it, the cutover holds.
    async fn retire(&mut self, retirement: &Retirement) {
        let mut outcome = retire::retire(self.host, self.settings, self.ledger, self.report, retirement).await;
        if outcome.is_ok() {
            outcome = self.remember(&Change::Retired(retirement.slot));
        }
        if let Err(cause) = outcome {
            self.report.say(&retire::failed(&retirement.place, &cause));
        }
    }
}

fn publish_failed(from: &Path, to: &Path, cause: &std::io::Error) -> Error {
    if cause.kind() == std::io::ErrorKind::InvalidData || cause.kind() == std::io::ErrorKind::NotFound {
        return Error::new(
            Kind::Artifact,
            translated!("the artifact `{}` could not be copied: {cause}", from.to_string_lossy()),
        )
        .advise(translated!("deploy again; nothing else may write into the agent's directory meanwhile"));
    }
    store::unwritable(to, cause)
}
