//! How a release is launched in a slot: its command line, and the steps from the note of it until it has survived its first moments. The
//! same for a new one and for one that served before.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Action, Step};
use crate::boot::SeeBoot;
use crate::config::Settings;
use crate::host::{Launch, Process, Share, hexadecimal};
use crate::ledger::{Change, live_file};
use crate::release::Release;
use crate::slot::Slot;
use crate::supervisor::pin::Pin;
use crate::supervisor::{Unit, UnitLaunch};

/// What a detached release is launched as: `start --boot DIRECTORY -- COMMAND`.
pub const BOOT: &str = "--boot";

/// The command line of a release in a slot: as the scripts had it for a jar, with the port told besides, or one's own.
#[must_use]
pub fn launch(settings: &Settings, slot: Slot, release: &Release) -> Launch {
    let place = settings.place(slot);
    let artifact = release.path.to_string_lossy().into_owned();
    let (port, health_port) = (place.port.to_string(), settings.health_port(slot).to_string());
    let filled = |text: &String| {
        text.replace("{artifact}", &artifact)
            .replace("{profile}", &place.profile)
            .replace("{port}", &port)
            .replace("{health_port}", &health_port)
    };
    let app = &settings.app;
    let command = if app.command.is_empty() {
        let mut command = vec![app.java.clone()];
        command.extend(app.jvm_options.iter().map(filled));
        if !app.config_locations.is_empty() {
            let locations: Vec<String> = app.config_locations.iter().map(filled).collect();
            command.push(format!("-Dspring.config.location={}", locations.join(",")));
        }
        command.push(format!("-Dspring.profiles.active={}", place.profile));
        command.extend(["-jar".to_owned(), artifact.clone(), format!("--server.port={port}")]);
        command
    } else {
        app.command.iter().map(filled).collect()
    };
    Launch {
        command,
        directory: app.directory.clone(),
        environment: app.environment.clone(),
        variables: vec![live_file::variable(settings)],
        log: settings.log_of(slot, &release.name),
    }
}

/// The sha256, in hexadecimal, of all that a release is launched with but its log: where it differs, the settings have changed since.
#[must_use]
pub fn sum(launch: &Launch) -> String {
    let Launch { command, directory, environment, variables, log: _ } = launch;
    let directory = directory.to_string_lossy();
    let text = format!("{command:?} {directory:?} {environment:?} {variables:?}");
    hexadecimal(&Sha256::digest(text))
}

/// The launch of a release by the unit of its slot, in this boot.
#[must_use]
pub fn by_unit(settings: &Settings, slot: Slot, release: &Release, unit: Unit, boot: &str) -> UnitLaunch {
    let pin = Pin::of(settings, slot, boot, &release.name, &launch(settings, slot, release));
    UnitLaunch { unit, path: settings.pin(settings.place(slot)), pin }
}

/// The steps of the launch of a release; `undo` is what takes it back where it comes to nothing.
#[must_use]
pub fn steps(
    settings: &Settings,
    slot: Slot,
    release: Release,
    unit: Option<UnitLaunch>,
    undo: Option<Action>,
) -> Vec<Step> {
    let place = settings.place(slot).clone();
    let launch = launch(settings, slot, &release);
    let log = launch.log.clone();
    let launching = Change::Launching { slot, release, ended_before: None, launch: sum(&launch) };
    let launched = Change::Launched { slot, process: None, port: place.port };
    let small = settings.start.share == Share::Small;
    let share = small.then_some(Action::Share { process: None, share: Share::Small });
    let mut steps = vec![
        Step::of(Action::remember(settings, launching)),
        Step::of(Action::Launch { place: place.clone(), launch, unit: unit.map(Box::new) })
            .undone_by(undo.into_iter().collect()),
        Step::of(Action::remember(settings, launched)),
    ];
    steps.extend(share.map(Step::of));
    steps.extend([
        Step::of(Action::Survive { place, at_most: settings.start.survive, log }),
        Step::of(Action::remember(settings, Change::Started(slot))),
    ]);
    steps
}

/// Lets the release that is launched by these steps boot from the libraries where it may: a unit reads that in its pin, a detached one is
/// launched as `program`, which is `start`. Either way it is seen what came of it.
pub fn through(settings: &Settings, steps: &mut Vec<Step>, program: &Path) {
    if !settings.wants_class_archive() {
        return;
    }
    let mut seen = None;
    for step in &mut *steps {
        if let Action::Launch { launch, unit, .. } = &mut step.action {
            let jar = launch.command.iter().skip_while(|word| *word != "-jar").nth(1);
            let name = jar.and_then(|jar| Path::new(jar).parent()?.file_name()).unwrap_or_default();
            seen = Some(SeeBoot::of(settings, &name.to_string_lossy(), launch.log.clone(), program.to_owned()));
            if unit.is_none() {
                let text = |path: &Path| path.to_string_lossy().into_owned();
                let first = [text(program), BOOT.to_owned(), text(&settings.libraries()), "--".to_owned()];
                launch.command.splice(0..0, first);
            }
        }
    }
    // Its first moments are those of its JVM.
    let survive = steps.iter().position(|step| matches!(step.action, Action::Survive { .. }));
    if let (Some(seen), Some(at)) = (seen, survive) {
        steps.insert(at, Step::of(Action::SeeBoot(Box::new(seen))));
    }
}

/// The steps that free a slot; `watched` is the live one, where it must still have its listener when the other is ended.
#[must_use]
pub fn freeing(settings: &Settings, slot: Slot, processes: Vec<Process>, watched: Option<Slot>) -> Vec<Step> {
    let place = settings.place(slot).clone();
    let live = watched.map(|live| settings.place(live).clone());
    let mut steps = vec![Step::of(Action::Drain { place: place.clone(), at_most: settings.stop.drain })];
    steps.extend(live.clone().map(|live| Step::of(Action::SeeLive(live))));
    steps.push(Step::of(Action::Terminate { live, place: place.clone(), processes, grace: settings.stop.grace }));
    steps.push(Step::of(Action::AwaitFree(place)));
    steps
}
