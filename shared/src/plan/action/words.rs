//! How each action is told: in a plan, in the report of a way back, and in an error that came up during it.

use std::fmt;
use std::time::Duration;

use super::{Action, Refusal};
use crate::host::{Launch, Process, ProcessIdentity, Share};
use crate::language::translated;
use crate::ledger::Change;
use crate::plan::Retirement;
use crate::release::megabytes;
use crate::report::duration;
use crate::slot::Place;
use crate::supervisor::UnitLaunch;

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Remember { change, place } => {
                formatter.write_str("remember: ")?;
                note(formatter, change, place.as_ref())
            }
            Action::Drain { place, at_most } => formatter.write_str(&translated!(
                "let requests on their way to {place} end, for at most {}",
                duration(*at_most)
            )),
            Action::Terminate { place, processes, grace, .. } => {
                write!(formatter, "{}", end(place, processes, *grace, ""))
            }
            Action::EndMaker { processes, .. } => formatter.write_str(&end_maker(processes)),
            Action::MakeRoom { place, processes, grace } => {
                let why = translated!(", which serves, to make room; NOBODY SERVES from here on");
                write!(formatter, "{}", end(place, processes, *grace, why))
            }
            Action::SeeLive(place) => formatter.write_str(&translated!("see that {place} still serves")),
            Action::AwaitFree(place) => formatter.write_str(&translated!("wait until port {} is free", place.port)),
            Action::Publish { artifact, release } => formatter.write_str(&translated!(
                "copy `{}` ({}) to `{}`",
                artifact.path.to_string_lossy(),
                megabytes(artifact.size),
                release.path.to_string_lossy()
            )),
            Action::InstallUnit(unit) => formatter.write_str(&translated!("install {unit}")),
            Action::Restore(restoration) => write!(formatter, "{restoration}"),
            Action::Launch { place, launch, unit } => start(formatter, place, launch, unit.as_deref()),
            Action::SeeBoot(seen) => write!(formatter, "{seen}"),
            Action::EndLaunched { place, .. } => {
                formatter.write_str(&translated!("end what was started in {place}, and free it"))
            }
            Action::Survive { place, at_most, .. } => formatter.write_str(&translated!(
                "watch it until it listens on port {} or has lived {}",
                place.port,
                duration(*at_most)
            )),
            Action::Probe { probe, refusal: None, .. } => write!(formatter, "{probe}"),
            Action::Probe { probe, refusal: Some(Refusal { grace, .. }), .. } => formatter.write_str(&translated!(
                "{probe}; one that is refused is ended: SIGTERM, after {} SIGKILL",
                duration(*grace)
            )),
            Action::WarmUp { warm_up, .. } => write!(formatter, "{warm_up}"),
            Action::Reconsider { probe, .. } => formatter.write_str(&translated!(
                "where traffic was sent back, {probe}; a release that is refused then is ended"
            )),
            Action::Discard(path) => {
                formatter.write_str(&translated!("remove `{}`, which nobody uses", path.to_string_lossy()))
            }
            Action::Sacrifice { process: ProcessIdentity { id, .. }, score } => match score {
                0 => formatter.write_str(&translated!("protect process {id} as usual when memory is short")),
                _ => formatter.write_str(&translated!("let process {id} go first when memory is short")),
            },
            Action::Share { share: of, .. } => formatter.write_str(share(*of)),
            Action::WriteInclude { names, access, .. } => {
                formatter.write_str(&translated!("make `{}` name {names}", access.include.path.to_string_lossy()))
            }
            Action::WriteUpstreams { names, file, .. } => {
                formatter.write_str(&translated!("make `{}` hold {names}", file.path.to_string_lossy()))
            }
            Action::MakeFlagDirectory { directory, .. } => formatter.write_str(&translated!(
                "make `{}`, if it is missing, where nginx's workers can see the flag",
                directory.path.to_string_lossy()
            )),
            Action::SetFlag { flag, exists, place } => {
                let verb = if *exists { translated!("make") } else { translated!("remove") };
                formatter.write_str(&translated!("{verb} the flag `{}`: {place} serves", flag.to_string_lossy()))
            }
            Action::TestConfiguration { access, .. } => {
                formatter.write_str(&translated!("test nginx's configuration: {}", access.dump().join(" ")))
            }
            Action::Reload { at_most, .. } => formatter.write_str(&translated!(
                "reload nginx, in force within {} (new workers accept, no old one does)",
                duration(*at_most)
            )),
            Action::ReloadBack { .. } => {
                formatter.write_str(translated!("reload nginx again, if it was told to reload"))
            }
            Action::WriteWord { access, .. } => formatter.write_str(&translated!(
                "make `{}` let nginx tell where it sends requests, if nginx reads that file",
                access.upstreams.path.to_string_lossy()
            )),
            Action::TakeWordBack { file, .. } => formatter.write_str(&translated!(
                "make `{}` hold what it held before, if it was written",
                file.path.to_string_lossy()
            )),
            Action::Prove(proof) => write!(formatter, "{proof}"),
            Action::ProveBack(proof) => {
                formatter.write_str(&translated!("see that requests go to {} again", proof.place))
            }
            Action::Watch(watch) => write!(formatter, "{watch}"),
            Action::Retire(Retirement { place, drain, grace, .. }) => formatter.write_str(&translated!(
                "stop {place}: let its requests end for at most {}, then SIGTERM, after {} SIGKILL",
                duration(*drain),
                duration(*grace)
            )),
            Action::CountDown(countdown) => formatter.write_str(&translated!("{countdown}, by a timer of systemd")),
            Action::Consult(question) => write!(formatter, "{question}"),
            Action::Validate(validation) => write!(formatter, "{validation}"),
        }
    }
}

fn end(place: &Place, processes: &[Process], grace: Duration, why: &str) -> String {
    translated!("end process {} in {place}{why}: SIGTERM, after {} SIGKILL", ids(processes), duration(grace))
}

fn end_maker(processes: &[Process]) -> String {
    translated!("end process {}, which makes a class archive for the next deploy", ids(processes))
}

fn ids(processes: &[Process]) -> String {
    let ids: Vec<String> = processes.iter().map(|process| process.identity.id.to_string()).collect();
    ids.join(", ")
}

fn share(share: Share) -> &'static str {
    match share {
        Share::Small => translated!("let it have a small share of the processors until it is proven"),
        Share::Least => translated!("let it have the least share of the processors"),
        Share::Equal => translated!("let it have as much of the processors as any other"),
    }
}

fn start(formatter: &mut fmt::Formatter<'_>, place: &Place, launch: &Launch, unit: Option<&UnitLaunch>) -> fmt::Result {
    formatter.write_str(&translated!("start in {place}"))?;
    if let Some(launch) = unit {
        formatter.write_str(&translated!(" as the unit `{}`", launch.unit.name))?;
    }
    write!(formatter, ": {}", launch.command.join(" "))
}

/// A change as a person would say it.
fn note(formatter: &mut fmt::Formatter<'_>, change: &Change, place: Option<&Place>) -> fmt::Result {
    let place = place.map_or_else(|| translated!("its slot").to_owned(), Place::to_string);
    match change {
        Change::Open(deployment) => {
            formatter.write_str(&translated!("deployment `{}` works in {place}", deployment.name()))
        }
        Change::Freed(_) => formatter.write_str(&translated!("{place} is free")),
        Change::Kept(_) => formatter.write_str(&translated!("{place} keeps what runs there")),
        Change::MadeRoom { .. } => formatter.write_str(&translated!("the release in {place} makes room")),
        Change::Restored(_) => formatter.write_str(&translated!("{place} serves again")),
        Change::Launching { release, .. } => {
            formatter.write_str(&translated!("{place} is to run release `{}`", release.name))
        }
        Change::Launched { .. } => formatter.write_str(&translated!("{place} runs it")),
        Change::Refused(_) => formatter.write_str(&translated!("the release in {place} was refused and ended")),
        Change::Started(_) => formatter.write_str(&translated!("{place} has survived its first moments")),
        Change::Proven => formatter.write_str(translated!("the release is proven")),
        Change::Intend(_) => formatter.write_str(&translated!("a cutover to {place} begins")),
        Change::Return(_) => formatter.write_str(&translated!("a way back to {place} begins")),
        Change::Returned => formatter.write_str(translated!("the way back has come to its end")),
        Change::SentBack => formatter.write_str(translated!("the cutover was undone")),
        Change::Moved(_) => formatter.write_str(&translated!("{place} is live")),
        Change::Checked(_) => formatter.write_str(translated!("nginx's configuration is right for the flag")),
        Change::Retired(_) => formatter.write_str(&translated!("{place} was stopped after the cutover")),
    }
}
