//! Replays somebody's own bundle: deployed, deployed again under load, and sent back. Its hooks are run whatever they are; only
//! where it lands is changed, and that is told.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use agent::{Agent, AppSpec, Bundle, DeploymentId, LifecycleEvent};
use anyhow::{Context, bail};
use sandbox::Sandbox;
use workstation::{files, programs};

use crate::app_spec_rewrite;
use crate::arguments::{Arguments, number_of};
use crate::console::Console;
use crate::deploys::{self, Deploys, Intent};
use crate::load::LoadReport;
use crate::replay_settings::{self, ReplaySettings};
use crate::step::{Expectation, Step, hook_name};
use crate::table::{Report, Subject};

/// Few enough for an application that nobody knows here.
const RATE: u32 = 25;

/// What is said of a bundle whose hooks are not these.
const FOREIGN: &str = "appspec.yml names no hook `switch`: these are scripts of another kind, run as they are and with whatever \
    they do to this machine; their outcome is told, but not who should serve, and nothing is sent back";

/// Tells it.
pub(crate) fn tell(arguments: &Arguments, bundle: &Path) -> anyhow::Result<Report> {
    let bundle = Bundle::open(bundle)?;
    let console = Console::new();
    let host = Sandbox::builder().keep(arguments.keep).build()?;
    let told = play(&host, arguments, &bundle, &console);
    let kept = arguments.keep.then(|| host.directory().to_owned());
    if let Some(directory) = &kept {
        console.line(&format!("kept: {}", directory.display()));
    }
    let closed = host.close();
    let (steps, load, notes) = told?;
    closed?;
    let report = Report::new(Subject::Bundle, number_of(arguments.agent), steps, load, kept);
    Ok(Report { notes, ..report })
}

fn play(
    host: &Sandbox,
    arguments: &Arguments,
    bundle: &Bundle,
    console: &Console,
) -> anyhow::Result<(Vec<Step>, LoadReport, Vec<String>)> {
    let shown = bundle.path().display();
    console.line(&format!("a host of its own in {} for `{shown}`", host.directory().display()));
    let root = host.directory().join("host");
    let unpacked = unpack(host, arguments, bundle)?;
    let spec_path =
        ["appspec.yml", "appspec.yaml"].map(|name| unpacked.join(name)).into_iter().find(|path| path.is_file());
    let spec_path = spec_path.with_context(|| format!("`{shown}` has no appspec.yml at its top"))?;
    let text = files::read_text(&spec_path, "an appspec.yml")?;
    let rewritten = app_spec_rewrite::rewrite(&text, &root)?;
    files::write(&spec_path, rewritten.text.as_bytes())?;
    let spec = AppSpec::parse(&rewritten.text)?;
    let settings = replay_settings::read(hooks_toml(&unpacked, &spec).as_deref(), host, &root)?;
    files::make_directory(&settings.app_directory)?;
    let mut notes = rewritten.notes;
    let switch = switch(&unpacked, &spec);
    if switch.is_some() {
        notes
            .push("ports, nginx and the application's directory were the sandbox's own (variables HOOKS_…)".to_owned());
        notes.extend(settings.notes.iter().cloned());
    } else {
        notes.push(FOREIGN.to_owned());
    }
    notes.extend(spec.unknown_events().map(|event| format!("`{event}` in appspec.yml is no event that an agent runs")));
    for note in &notes {
        console.line(&format!("note: {note}"));
    }
    host.nginx().start()?;

    let agent = deploys::agent(host, arguments.agent, &settings.variables)?;
    let profiles = [0, 1].map(|slot: usize| settings.profiles[slot].as_str());
    let mut deploys = Deploys::new(host, console, agent, profiles, &settings.path);
    let moves = switch.is_some();
    let intent = |title: &str| Intent { title: title.to_owned(), expected: Expectation::Done, release: None, moves };
    console.heading("1. deploy the bundle");
    deploys.deploy(intent("the bundle, first"), &unpacked)?;
    if !deploys.all_well() {
        notes.push("the first deploy failed, so the rest of the story was left out".to_owned());
        let (steps, load) = deploys.finish()?;
        return Ok((steps, load, notes));
    }
    deploys.start_load(RATE)?;
    console.heading("2. deploy it again");
    deploys.deploy(intent("the bundle again, under load"), &unpacked)?;
    if let Some(program) = switch {
        console.heading("3. go back by hand: switch --back");
        deploys.go_back(intent("switch --back, by hand"), || run_back(&program, &settings))?;
    }
    let (steps, load) = deploys.finish()?;
    Ok((steps, load, notes))
}

/// Unpacks it as the agent does, a lone top folder stripped; the directory is a bundle again.
fn unpack(host: &Sandbox, arguments: &Arguments, bundle: &Bundle) -> anyhow::Result<PathBuf> {
    let unpacker = Agent::new(host.directory().join("unpacked"), arguments.agent)?;
    let id = DeploymentId::random();
    let report = unpacker.run_event(&id, LifecycleEvent::DownloadBundle, bundle, |_| {});
    if !report.succeeded() {
        bail!("the bundle could not be unpacked: {}", report.diagnostics.message);
    }
    Ok(unpacker.root().deployment(unpacker.group_id(), &id).archive())
}

/// The settings that the hooks will find: beside them, or one directory above.
fn hooks_toml(bundle: &Path, spec: &AppSpec) -> Option<PathBuf> {
    spec.all_scripts().find_map(|(_, script)| {
        let script = bundle.join(script.path());
        let mut beside = script.ancestors().skip(1).take(2).map(|directory| directory.join("hooks.toml"));
        beside.find(|path| path.is_file())
    })
}

fn switch(bundle: &Path, spec: &AppSpec) -> Option<PathBuf> {
    let (_, script) = spec.all_scripts().find(|(_, script)| hook_name(&script.location) == "switch")?;
    Some(bundle.join(script.path()))
}

/// As a person would, with the sandbox's variables.
fn run_back(program: &Path, settings: &ReplaySettings) -> anyhow::Result<(i32, String)> {
    // An archive without modes leaves it as the agent finds it: not executable.
    files::make_executable(program)?;
    let output = programs::bare_command(program, &settings.variables)
        .arg("--back")
        .process_group(0)
        .output()
        .with_context(|| format!("`{}` could not be run", program.display()))?;
    let told = [output.stdout, output.stderr].concat();
    Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&told).into_owned()))
}
