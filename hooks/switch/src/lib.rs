//! `switch` (after `health`) moves the traffic to the proven release, proves that it has arrived, and sends it back if not.
//! It looks at the witnesses again, at nginx and at the process that is to serve. `switch --back` returns to the `standby`, which
//! `--restart` (`restart`) starts once more where it has gone; `switch --install` (`installation`) is what root runs once for a user who
//! may not install the instant cutover.

mod installation;
mod restart;
mod standby;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use shared::budget::{REFUSED_GRACE, STANDBY_PATIENCE};
use shared::codedeploy::consent::Question;
use shared::config::{CutoverWay, Settings, Standby};
use shared::cutover::{self, By, Cutover, Nginx, Reconsidered, Word};
use shared::discovery::unlike_health;
use shared::discovery::witness::{self, Testimony};
use shared::error::{Error, Kind, Result};
use shared::host::{Host, ProcessIdentity};
use shared::language::{Text, text, translated};
use shared::ledger::{Change, Stage, Tenant, history, unchanged};
use shared::nginx::site::{Sought, verdict};
use shared::nginx::workers;
use shared::occupant::{self, Occupant};
use shared::patience::Patience;
use shared::plan::action::Refusal;
use shared::plan::{Action, Plan, Restoration, Retirement, Step};
use shared::probe::Probe;
use shared::probe::warm_up::NotLinked;
use shared::proof::arrival::Proof;
use shared::proof::watch::Watch;
use shared::report::duration;
use shared::route::keepalive;
use shared::route::{self, flag, ownership};
use shared::run::{Hook, Scene};
use shared::slot::Slot;
use shared::supervisor::countdown::Countdown;

/// The hook `switch`.
#[derive(Debug)]
pub struct Switch;

/// The arguments of `switch`.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Go back to the standby: the release that served before and still runs
    #[arg(long, help = translated!("Go back to the standby: the release that served before and still runs"))]
    pub back: bool,
    /// With `--back`: where the standby has gone, start the release that served before once more, and prove it, first
    #[arg(long, requires = "back", help = translated!("With `--back`: where the standby has gone, start the release that served before once more, and prove it, first"))]
    pub restart: bool,
    /// Install the instant cutover, as root, for the user that deploys; traffic stays where it is
    #[arg(long, conflicts_with = "back", help = translated!("Install the instant cutover, as root, for the user that deploys; traffic stays where it is"))]
    pub install: bool,
}

/// Which way the traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the release that `health` has proven.
    Forward,
    /// To the standby (`--back`).
    Back,
}

impl Hook for Switch {
    const NAME: &'static str = "switch";
    const ABOUT: Text =
        text!("Moves the traffic to the proven release, proves it, and sends it back if it did not arrive");
    type Arguments = Arguments;
    type Warming = NotLinked;

    fn on_behalf(arguments: &Arguments) -> bool {
        arguments.install
    }

    fn called(arguments: &Arguments) -> Option<&'static str> {
        Some(if arguments.back { history::WAY_BACK } else { Self::NAME })
    }

    async fn prepare(arguments: &Arguments, scene: &mut Scene<'_, impl Host>, done: u32) -> Result<Option<Plan>> {
        if arguments.restart { restart::plan(scene, done > 0).await } else { Ok(None) }
    }

    async fn plan(arguments: &Arguments, scene: &mut Scene<'_, impl Host>) -> Result<Plan> {
        if arguments.install {
            return installation::plan(scene).await;
        }
        let (finding, testimony) = scene.discover().await?;
        let (to, process, direction) = if arguments.back {
            let Some(live) = finding.roles.live else {
                return Err(standby::missing(translated!("neither slot serves yet")));
            };
            if scene.ledger.returning == Some(live)
                && let Ok(process) = standby::find(scene, live).await
            {
                scene.nginx().await?;
                return Ok(returned(scene.settings, process, proof_of(scene.settings, live, &testimony)));
            }
            (!live, standby::find(scene, !live).await?, Direction::Back)
        } else {
            let deployment = scene.ledger.admit(Self::NAME, scene.lifecycle, &[Stage::Healthy, Stage::Switched])?;
            let idle = deployment.idle;
            if deployment.stage == Stage::Switched && finding.roles.live == Some(idle) {
                scene.nginx().await?;
                let process = proven(scene, idle)?;
                let before = process_in(scene, !idle).await?;
                let kept = before.map(|before| Ok((before, countdown(scene, !idle)?))).transpose()?;
                return Ok(again(scene.settings, process, kept, proof_of(scene.settings, idle, &testimony)));
            }
            scene.ledger.admit(Self::NAME, scene.lifecycle, &[Stage::Healthy])?;
            unchanged(deployment, finding.roles, &scene.settings.places)?;
            (deployment.idle, proven(scene, deployment.idle)?, Direction::Forward)
        };
        scene.tell(unlike_health::note(scene.settings, &testimony.door));
        let mut cutover = look(scene, finding.roles.live, to, direction, process, testimony).await?;
        let mut restoration = Restoration::of(scene.host, scene.settings, scene.ledger, REFUSED_GRACE);
        if restoration.is_some() {
            // Whoever comes back ends it.
            cutover.reconsidered = None;
        }
        if direction == Direction::Back {
            // The way back is a person's own decision, whatever has become of the deployment.
            cutover.consent = None;
            // Going back from going back makes no sense, and a way back has to be quick; what it leaves may be wanted again.
            cutover.watch = None;
            cutover.retirement = None;
            // The standby is somebody's release that served: it is left as it is, whatever comes of the way back.
            cutover.reconsidered = None;
            restoration = None;
        }
        Ok(plan(scene.settings, &cutover, direction, restoration))
    }
}

/// What `switch` does: one more look at the release, then the cutover.
#[must_use]
pub fn plan(settings: &Settings, cutover: &Cutover, direction: Direction, restoration: Option<Restoration>) -> Plan {
    // `health` has proven a new release moments ago; a standby is proven here.
    let ask = match direction {
        Direction::Forward => one_look,
        Direction::Back => thorough_look,
    };
    let probe = Probe { ended_before: cutover.ended_before, ..ask(settings, cutover.to, cutover.process) };
    let refused = cutover.reconsidered.as_ref();
    let (log, refusal) = (refused.and_then(|refused| refused.log.clone()), refused.map(|refused| refused.refusal));
    let made_room = restoration.as_ref().map(|restoration| Change::Retired(restoration.slot));
    let undo = restoration.map(|restoration| Action::Restore(Box::new(restoration)));
    let mut steps = vec![Step::of(Action::Probe { probe, log, refusal }).undone_by(undo.into_iter().collect())];
    steps.extend(cutover::steps(settings, cutover));
    steps.extend(made_room.map(|change| Step::of(Action::remember(settings, change))));
    if direction == Direction::Back {
        steps.iter_mut().for_each(is_a_way_back);
        steps.push(Step::of(Action::remember(settings, Change::Returned)));
    }
    let standby = match (cutover.from, cutover.standby) {
        (Some(from), Some(_)) if cutover.retirement.is_some() => {
            translated!("{} is not kept as a standby (`switch.standby`)", settings.place(from))
        }
        (Some(from), Some(_)) => {
            let time = cutover.countdown.as_ref().map(|countdown| translated!(" for {}", duration(countdown.after)));
            let time = time.unwrap_or_default();
            translated!("{} stays warm behind it{time} (`switch --back`)", settings.place(from))
        }
        _ => translated!("there is no standby").to_owned(),
    };
    let watched = cutover
        .watch
        .as_ref()
        .map_or_else(String::new, |watch| translated!(" and was watched for {}", duration(watch.time)));
    Plan { steps, result: translated!("{} serves{watched}; {standby}", settings.place(cutover.to)) }
}

/// Whoever is killed on the way back and comes again does not want to go forward: the note of the cutover says so.
fn is_a_way_back(step: &mut Step) {
    if let Action::Remember { change, .. } = &mut step.action
        && let Change::Intend(intent) = change
    {
        *change = Change::Return(intent.clone());
    }
}

/// A way back that was ended after it had arrived has nothing left to do but to prove that it holds (F115).
fn returned(settings: &Settings, process: ProcessIdentity, proof: Proof) -> Plan {
    let other = settings.place(!proof.slot);
    let mut plan = again(settings, process, None, proof);
    plan.steps.push(Step::of(Action::remember(settings, Change::Returned)));
    plan.result = translated!(
        "{}: the way back that was ended before it was done is done now (`switch --back` once more goes to {other})",
        plan.result
    );
    plan
}

/// The proof that traffic is where it was sent before, from the witnesses as they are.
fn proof_of(settings: &Settings, live: Slot, testimony: &Testimony) -> Proof {
    Proof::of(settings, live, &testimony.door).with_word(settings.proxy.word.filter(|_| testimony.is_heard()))
}

/// A second `switch` of a deployment whose traffic has moved has nothing left to do but to prove that it holds (I10), and to do
/// with whoever served before what a first one that was killed did not come to (F115).
fn again(
    settings: &Settings,
    process: ProcessIdentity,
    before: Option<(ProcessIdentity, Option<Countdown>)>,
    proof: Proof,
) -> Plan {
    let (live, result) = (proof.slot, translated!("{} serves already", proof.place));
    let mut plan = Plan {
        steps: vec![
            Step::of(Action::Probe { probe: one_look(settings, proof.slot, process), log: None, refusal: None }),
            Step::of(Action::Prove(proof)),
        ],
        result,
    };
    if let Some((standby, countdown)) = before {
        plan.steps.push(Step::of(Action::Sacrifice { process, score: 0 }));
        plan.steps.push(Step::of(match settings.switch.standby {
            Standby::Keep | Standby::For(_) => Action::Sacrifice { process: standby, score: 1000 },
            Standby::Stop => Action::Retire(Retirement::of(settings, !live)),
        }));
        plan.steps.extend(countdown.map(|countdown| Step::of(Action::CountDown(Box::new(countdown)))));
    }
    plan
}

/// One more look at a release that has been proven.
fn one_look(settings: &Settings, slot: Slot, process: ProcessIdentity) -> Probe {
    let mut probe = Probe::of(settings, slot, process);
    probe.patience = Patience { at_most: STANDBY_PATIENCE.min(probe.patience.at_most), ..probe.patience };
    probe.consecutive = 1;
    probe
}

/// A look at one that may not be what it was.
fn thorough_look(settings: &Settings, slot: Slot, process: ProcessIdentity) -> Probe {
    Probe { consecutive: settings.health.consecutive, ..one_look(settings, slot, process) }
}

/// What becomes of a new release that `switch` finds bad: it was proven, and is not any more. Only its own answers on its own port
/// count. Where those are good while traffic did not arrive, nginx or the door was to blame (it cannot see the flag, may not connect,
/// sends a `Host` that the release refuses, has no worker), and the proven release stays for a second `switch`.
fn reconsidered(settings: &Settings, to: Slot, process: ProcessIdentity, log: Option<PathBuf>) -> Reconsidered {
    Reconsidered {
        probe: thorough_look(settings, to, process),
        log,
        refusal: Refusal { slot: to, grace: REFUSED_GRACE },
    }
}

async fn look(
    scene: &Scene<'_, impl Host>,
    from: Option<Slot>,
    to: Slot,
    direction: Direction,
    process: ProcessIdentity,
    testimony: Testimony,
) -> Result<Cutover> {
    let standby = match from {
        Some(from) => process_in(scene, from).await?,
        None => None,
    };
    // On the way back nobody installs anything: at night the flag alone has to do, whoever has been at the files.
    let installed = match direction {
        Direction::Forward => witness::is_installed(scene.settings, &testimony),
        Direction::Back => witness::goes_by_flag(scene.settings, &testimony),
    };
    let nginx = look_at_nginx(scene, testimony, from.unwrap_or(!to), installed).await?;
    // Going back by the flag writes nothing that could be another's, and has to be quick.
    if !installed && scene.settings.proxy.cutover == CutoverWay::Instant {
        ownership::check_files(scene.host, scene.settings)?;
    }
    let by = way(scene, &nginx, installed).await?;
    let Tenant { release, ended_before, .. } = scene.ledger.tenants.get(to).clone();
    let log = release.as_ref().map(|release| scene.settings.log_of(to, &release.name));
    let mut watch = Watch::of(scene.settings, to, process, &nginx.door);
    if let Some(watch) = &mut watch {
        watch.standby = from.zip(standby).map(|(from, process)| Probe::of(scene.settings, from, process));
        watch.release.ended_before = ended_before;
        watch.log.clone_from(&log);
    }
    let reconsidered = Some(reconsidered(scene.settings, to, process, log));
    let retired = from.filter(|_| standby.is_some() && scene.settings.switch.standby == Standby::Stop);
    let retirement = retired.map(|slot| Retirement::of(scene.settings, slot));
    // The way back needs none, and is not refused for want of one.
    let counted = from.filter(|_| standby.is_some() && direction == Direction::Forward);
    let countdown = counted.map(|slot| countdown(scene, slot)).transpose()?.flatten();
    let consent = Question::of(scene.host, scene.settings, scene.lifecycle);
    Ok(Cutover {
        from,
        to,
        by,
        nginx,
        consent,
        process,
        ended_before,
        standby,
        reconsidered,
        watch,
        retirement,
        countdown,
    })
}

/// What ends the release in a slot once it has stood by for its time.
fn countdown(scene: &Scene<'_, impl Host>, slot: Slot) -> Result<Option<Countdown>> {
    let release = scene.ledger.tenants.get(slot).release.as_ref();
    Countdown::of(scene.host, scene.settings, slot, release.map(|release| release.name.as_str()))
}

/// The process of ours in a slot, if there is one.
async fn process_in(scene: &Scene<'_, impl Host>, slot: Slot) -> Result<Option<ProcessIdentity>> {
    Ok(match occupant::find_launched(scene.host, scene.settings, scene.ledger, slot).await? {
        Occupant::Ours(processes) => processes.first().map(|process| process.identity),
        Occupant::Nobody | Occupant::Stranger(_) => None,
    })
}

/// nginx as it is; `serves` is the slot whose port the include should name.
async fn look_at_nginx(
    scene: &Scene<'_, impl Host>,
    testimony: Testimony,
    serves: Slot,
    installed: bool,
) -> Result<Nginx> {
    let (master, access) = scene.nginx().await?;
    let word = word(scene, testimony.is_heard(), installed).await?;
    let Some(include) = testimony.include else {
        return Err(Error::new(
            Kind::ProxyBroken,
            translated!("the include `{}` does not exist", access.include.path.to_string_lossy()),
        )
        .advise(translated!(
            "write {} into it (the port that serves now), then deploy again",
            verdict::wanted_line(None, &Sought::of(scene.settings), scene.settings.place(serves).port)
        )));
    };
    Ok(Nginx {
        word,
        include,
        upstreams: testimony.upstreams,
        workers: workers::accepting(&workers::workers(scene.host, &master.identity)),
        master: master.identity,
        access,
        door: testimony.door,
    })
}

/// Whether nginx can be asked itself. A port that somebody else has is no place to ask at.
async fn word(scene: &Scene<'_, impl Host>, heard: bool, installed: bool) -> Result<Word> {
    let settings = scene.settings;
    match settings.proxy.word {
        Some(_) if heard => Ok(Word::Heard),
        // The flag moves traffic without a reload, which alone could bring it in.
        Some(port) if !installed => match ownership::ports::check_word(scene.host, settings, port).await {
            Ok(()) => Ok(Word::Missing),
            Err(taken) if settings.proxy.cutover == CutoverWay::Instant => Err(taken),
            Err(taken) => {
                scene.report.say(&translated!("note: {taken}"));
                Ok(Word::Off)
            }
        },
        _ => Ok(Word::Off),
    }
}

/// How traffic is to be moved, with what that needs looked at: where it cannot be, nothing was changed yet.
async fn way(scene: &Scene<'_, impl Host>, nginx: &Nginx, installed: bool) -> Result<By> {
    let (host, settings) = (scene.host, scene.settings);
    if settings.proxy.cutover == CutoverWay::Reload {
        let Nginx { access, master, include, .. } = nginx;
        let kept = keepalive::find(host, settings, access, master, include).await?;
        kept.note.iter().for_each(|note| scene.report.say(&translated!("note: {note}")));
        return Ok(By::Reload { keepalive_min_timeout: kept.write });
    }
    flag::check(host, settings, nginx.workers.first().copied())?;
    if installed {
        return Ok(By::Flag);
    }
    route::installation::check(host, settings, &nginx.access, Some(&nginx.include)).await?;
    Ok(By::InstalledFlag)
}

/// The process that `start` launched and `health` has proven.
fn proven(scene: &Scene<'_, impl Host>, slot: Slot) -> Result<ProcessIdentity> {
    scene.ledger.process(slot, &scene.host.boot_id()).ok_or_else(|| {
        Error::new(Kind::NotStarted, translated!("no process is known in {}", scene.settings.place(slot)))
            .advise(translated!("deploy again"))
    })
}
