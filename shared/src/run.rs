//! The skeleton of every hook: read, look, plan, carry out, report. The only place that turns what happened into an exit
//! code. A hook itself says what it looks at and what it plans.

mod command_line;
mod look;
pub mod memory;
mod notification;
mod panic;
mod scene;
pub mod serving;
mod settling;
mod verdict;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

pub use self::command_line::CommandLine;
pub use self::look::{Look, Sight, Unread, look};
pub use self::scene::Scene;
use crate::config::{self, Settings};
use crate::error::{Error, Kind, Result};
use crate::host::{CodeDeploy, Host, Machine};
use crate::language::{self, Language, Text, translated};
use crate::ledger::history::{self, Ending};
use crate::ledger::{Ledger, live_file, store};
use crate::lifecycle::Lifecycle;
use crate::plan::Plan;
use crate::plan::execute::Execution;
use crate::probe::warm_up::Warming;
use crate::report::Report;
use crate::route::adoption;

/// One of the programs that `appspec.yml` names.
#[expect(async_fn_in_trait, reason = "a hook has one thread, so none of these futures has to be `Send`")]
pub trait Hook {
    /// Its name, as in `appspec.yml`.
    const NAME: &'static str;
    /// What it is for, in one sentence.
    const ABOUT: Text;
    /// The arguments that it has besides those of every hook.
    type Arguments: clap::Args;
    /// What it warms a release up by: whoever never plans that does not link it.
    type Warming: Warming;

    /// What has to be done first, before `plan` can look; nothing for most. Once that is done it is looked for again: `done` is how often.
    ///
    /// # Errors
    /// As `plan`.
    async fn prepare(_: &Self::Arguments, _: &mut Scene<'_, impl Host>, _done: u32) -> Result<Option<Plan>> {
        Ok(None)
    }

    /// Looks at the host and plans. It may ask, never change.
    ///
    /// # Errors
    /// Whatever forbids the plan; nothing was changed then.
    async fn plan(arguments: &Self::Arguments, scene: &mut Scene<'_, impl Host>) -> Result<Plan>;

    /// What `--dry-run` shows besides the plan; nothing for most.
    ///
    /// # Errors
    /// As `plan`.
    #[must_use]
    async fn besides(_: &Scene<'_, impl Host>) -> Result<Option<String>> {
        Ok(None)
    }

    /// Whether this run stands for itself: it needs nothing that this host remembers, and changes nothing on it.
    #[must_use]
    fn stands_alone(_: &Lifecycle) -> bool {
        false
    }

    /// Whether this run acts for another user, the one that deploys: it then touches nothing that is the hooks' own.
    #[must_use]
    fn on_behalf(_: &Self::Arguments) -> bool {
        false
    }

    /// What this run is called among those of the host's history; nothing for one that is no part of a deploy and of no way back.
    #[must_use]
    fn called(_: &Self::Arguments) -> Option<&'static str> {
        Some(Self::NAME)
    }

    /// Tells the verdict to whoever waits for it beside the agent; `settings` are missing where they cannot be read.
    ///
    /// # Errors
    /// Why it could not be told.
    async fn conclude(_: &impl Host, _: Option<&Settings>, _: &Lifecycle, _succeeded: bool) -> Result<()> {
        Ok(())
    }
}

/// What `main` of every hook calls, with CodeDeploy's API as far as it links it.
#[must_use]
pub fn main<H: Hook, C: CodeDeploy + Default>() -> ExitCode {
    language::speak(Language::of_environment());
    let command_line = match CommandLine::<H::Arguments>::parse::<H>() {
        Ok(command_line) => command_line,
        Err(exit_code) => return exit_code,
    };
    panic::becomes_an_exit_code(H::NAME);
    let mut report = Report::new(H::NAME);
    on_this_machine::<H, C>(&command_line, &mut report).unwrap_or_else(|cause| {
        let error = Error::new(Kind::Bug, translated!("the hook could not begin: {cause:#}"));
        tell(&report, &(Err(error), unknown()))
    })
}

/// Tells how it ended; its exit code.
fn tell(report: &Report, (verdict, serving): &Ended) -> ExitCode {
    match verdict {
        Ok(result) => {
            report.done(result);
            ExitCode::SUCCESS
        }
        Err(error) => failed(report, error, serving),
    }
}

/// Tells a failure; its exit code.
fn failed(report: &Report, error: &Error, serving: &str) -> ExitCode {
    let exit_code = error.kind().exit_code();
    report.failed(exit_code, &error.to_string(), error.advice(), serving);
    ExitCode::from(exit_code)
}

/// What holds at the end, and who serves then.
type Ended = (Result<String>, String);

/// The outermost edge: what fails here is no fault of the host's owner.
fn on_this_machine<H: Hook, C: CodeDeploy + Default>(
    command_line: &CommandLine<H::Arguments>,
    report: &mut Report,
) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime could not be made")?;
    runtime.block_on(async {
        let machine = Machine::new(C::default()).context("signals cannot be listened for")?;
        let program = command_line::program();
        let (lifecycle, note) = Lifecycle::from_environment().with_timeouts(&machine, &program);
        if let Some(note) = note {
            report.say(&note);
        }
        let settings = settings(&machine, command_line.config.as_deref(), &program);
        let (verdict, serving) = match &settings {
            Ok(settings) => run::<H>(&machine, settings, &lifecycle, command_line, report).await,
            Err(error) => (Err(error.clone()), unknown()),
        };
        if command_line.dry_run {
            return Ok(tell(report, &(verdict, serving)));
        }
        let concluded = H::conclude(&machine, settings.as_ref().ok(), &lifecycle, verdict.is_ok()).await;
        let ended = (verdict::with(verdict, concluded, report), serving);
        let exit_code = tell(report, &ended);
        if let Ok(settings) = &settings {
            notification::send(&machine, settings, &lifecycle, H::NAME, &ended, report).await;
        }
        Ok(exit_code)
    })
}

/// Reads the settings. Mistakes in them are told in the language that they choose.
fn settings(host: &impl Host, named: Option<&Path>, program: &Path) -> Result<Settings> {
    let file = config::find(host, named, program)?;
    if let Some(language) = file.language() {
        language::speak(language);
    }
    config::settings(file)
}

/// Runs a hook on a host, real or in memory.
pub async fn run<H: Hook>(
    host: &impl Host,
    settings: &Settings,
    lifecycle: &Lifecycle,
    command_line: &CommandLine<H::Arguments>,
    report: &mut Report,
) -> Ended {
    let settings = &adoption::adopt(host, settings);
    if command_line.dry_run {
        return show::<H>(host, settings, lifecycle, command_line, report).await;
    }
    if H::stands_alone(lifecycle) {
        return alone::<H>(host, settings, lifecycle, command_line, report).await;
    }
    if H::on_behalf(&command_line.own) {
        return on_behalf::<H>(host, settings, lifecycle, command_line, report).await;
    }
    let mut ending = None;
    let (verdict, serving) = under_lock::<H>(host, settings, lifecycle, command_line, report, &mut ending).await;
    if let Some(ending) = ending {
        history::note(host, settings, &ending.failed(verdict.as_ref().err()).now(host));
    }
    (verdict, serving)
}

/// Takes the lock and does the work. `ending` comes to know what it was about, once it is safe to write it down: not in a directory
/// that is refused (S7).
async fn under_lock<H: Hook>(
    host: &impl Host,
    settings: &Settings,
    lifecycle: &Lifecycle,
    command_line: &CommandLine<H::Arguments>,
    report: &mut Report,
    ending: &mut Option<Ending>,
) -> Ended {
    hold_to_deadline(host, lifecycle, H::NAME, Duration::ZERO);
    if let Err(error) = store::prepare(host, settings) {
        return refused(host, settings, error).await;
    }
    *ending = H::called(&command_line.own).map(|hook| Ending::of(hook, lifecycle.deployment.clone()));
    report.also_into(settings.log(), host.open_log(&settings.log(), settings.log_limits));
    tracing::info!(
        "{} of deployment `{}`, event {}, group {}",
        H::NAME,
        lifecycle.name(),
        lifecycle.event.as_deref().unwrap_or("none"),
        lifecycle.group.as_deref().unwrap_or("none")
    );
    let holder = format!("{} of deployment `{}`, process {}", H::NAME, lifecycle.name(), std::process::id());
    let _lock = match store::lock(host, settings, &holder).await {
        Ok(lock) => lock,
        Err(error) => return refused(host, settings, error).await,
    };
    let mut ledger = match store::load(host, settings) {
        Ok((ledger, warning)) => {
            if let Some(warning) = warning {
                report.say(&warning);
            }
            ledger
        }
        Err(error) => return refused(host, settings, error).await,
    };
    let verdict = locked::<H>(host, settings, lifecycle, command_line, report, &mut ledger).await;
    if let Some(ending) = ending {
        ending.is_about(&ledger);
        ending.boot_ms = verdict.as_ref().ok().and_then(|done| done.boot).map(history::milliseconds);
    }
    let verdict = verdict.map(|done| done.result);
    ended(host, settings, verdict, &ledger).await
}

/// A verdict, and who serves where it is a failure.
async fn ended(host: &impl Host, settings: &Settings, verdict: Result<String>, ledger: &Ledger) -> Ended {
    let serving = match &verdict {
        Ok(_) => String::new(),
        Err(_) => serving::seen(host, settings, ledger).await,
    };
    (verdict, serving)
}

/// The end of a hook that could not even begin; what is remembered only names the release.
async fn refused(host: &impl Host, settings: &Settings, error: Error) -> Ended {
    let ledger = store::load(host, settings).map(|(ledger, _)| ledger).unwrap_or_default();
    ended(host, settings, Err(error), &ledger).await
}

/// What came of a hook that did its work.
struct Done {
    /// What holds then.
    result: String,
    /// How long the release took to boot that this hook has proven for the first time.
    boot: Option<Duration>,
}

/// What a hook does while it holds the lock.
async fn locked<H: Hook>(
    host: &impl Host,
    settings: &Settings,
    lifecycle: &Lifecycle,
    command_line: &CommandLine<H::Arguments>,
    report: &Report,
    ledger: &mut Ledger,
) -> Result<Done> {
    if let Some(note) = live_file::heal(host, settings, ledger) {
        report.say(&note);
    }
    settling::settle::<H::Warming>(host, settings, ledger, report).await?;
    work::<H>(host, settings, lifecycle, command_line, report, ledger).await
}

/// Looks, plans, and carries it out; what holds then.
async fn work<H: Hook>(
    host: &impl Host,
    settings: &Settings,
    lifecycle: &Lifecycle,
    command_line: &CommandLine<H::Arguments>,
    report: &Report,
    ledger: &mut Ledger,
) -> Result<Done> {
    let mut boot = None;
    let mut rounds = 0;
    loop {
        let mut scene = Scene { host, settings, lifecycle, ledger, report };
        let (plan, is_last) = next_plan::<H>(&command_line.own, &mut scene, rounds).await?;
        let done = carry_out::<H>(&mut scene, plan).await?;
        boot = done.boot.or(boot);
        if is_last {
            return Ok(Done { boot, ..done });
        }
        report.say(&done.result);
        rounds += 1;
    }
}

/// The next plan, and whether it is the last.
async fn next_plan<H: Hook>(own: &H::Arguments, scene: &mut Scene<'_, impl Host>, done: u32) -> Result<(Plan, bool)> {
    Ok(match H::prepare(own, scene, done).await? {
        Some(plan) => (plan, false),
        None => (H::plan(own, scene).await?, true),
    })
}

/// Carries a plan out; what holds then.
async fn carry_out<H: Hook>(scene: &mut Scene<'_, impl Host>, plan: Plan) -> Result<Done> {
    tracing::info!("plan of {}:\n{plan}", H::NAME);
    hold_to_deadline(scene.host, scene.lifecycle, H::NAME, plan.undo_at_most());
    let mut execution = Execution::<_, H::Warming>::new(scene.host, scene.settings, scene.ledger, scene.report);
    let outcome = execution.carry_out(&plan).await;
    let (unproven, boot) = (execution.unproven(), execution.boot());
    verdict::of(&plan, outcome)?;
    let result = unproven.map_or(plan.result, |unproven| {
        translated!("NOT PROVEN: {unproven}. Look who answers before the next deploy, whose `stop` ends the other release (docs/nginx.md)")
    });
    Ok(Done { result, boot })
}

/// A hook that is ended by the agent shows the agent's verdict; one that ends itself a little earlier shows its own.
fn hold_to_deadline(host: &impl Host, lifecycle: &Lifecycle, hook: &str, undo: Duration) {
    if let Some(deadline) = lifecycle.deadline(hook) {
        let why = translated!("appspec.yml gives it `timeout: {}`", deadline.timeout().as_secs());
        host.limit(deadline.waits_end(undo), &why);
    }
}

/// What a hook does that stands for itself.
async fn alone<H: Hook>(
    host: &impl Host,
    settings: &Settings,
    lifecycle: &Lifecycle,
    command_line: &CommandLine<H::Arguments>,
    report: &Report,
) -> Ended {
    let mut ledger = Ledger::default();
    let verdict = work::<H>(host, settings, lifecycle, command_line, report, &mut ledger).await;
    let verdict = verdict.map(|done| done.result);
    (verdict, translated!("as CodeDeploy decides, which is told this verdict").to_owned())
}

/// What a hook does on behalf of another user: under that user's lock, if there is one, and with that user's ledger unchanged.
async fn on_behalf<H: Hook>(
    host: &impl Host,
    settings: &Settings,
    lifecycle: &Lifecycle,
    command_line: &CommandLine<H::Arguments>,
    report: &Report,
) -> Ended {
    let holder = format!("{} on behalf of the user that deploys, process {}", H::NAME, std::process::id());
    let held = match store::lock_of_another(host, settings, &holder).await {
        Ok(held) => held,
        Err(error) => return refused(host, settings, error).await,
    };
    let mut ledger = match store::load(host, settings) {
        Ok((ledger, _)) => ledger,
        Err(error) => return refused(host, settings, error).await,
    };
    if ledger.intent.is_some() {
        let error =
            Error::new(Kind::Busy, translated!("an earlier cutover was ended in the middle and is not settled"))
                .advise(translated!("run `stop` as the user that deploys, which settles it, then come back"));
        return ended(host, settings, Err(error), &ledger).await;
    }
    let verdict = work::<H>(host, settings, lifecycle, command_line, report, &mut ledger).await;
    drop(held);
    ended(host, settings, verdict.map(|done| done.result), &ledger).await
}

/// `--dry-run`: the same look and the same plan, with nothing made, locked or changed.
async fn show<H: Hook>(
    host: &impl Host,
    settings: &Settings,
    lifecycle: &Lifecycle,
    command_line: &CommandLine<H::Arguments>,
    report: &Report,
) -> Ended {
    let mut ledger = match store::load(host, settings) {
        Ok((ledger, _)) => ledger,
        Err(error) => return refused(host, settings, error).await,
    };
    let mut scene = Scene { host, settings, lifecycle, ledger: &mut ledger, report };
    match next_plan::<H>(&command_line.own, &mut scene, 0).await {
        Ok((plan, _)) => {
            report.show(&plan.to_string());
            match H::besides(&scene).await {
                Ok(besides) => besides.iter().for_each(|text| report.show(text)),
                Err(error) => return ended(host, settings, Err(error), &ledger).await,
            }
            (Ok(translated!("that is the plan; nothing was changed").to_owned()), unknown())
        }
        Err(error) => ended(host, settings, Err(error), &ledger).await,
    }
}

/// Where the settings cannot be read, nobody can be asked.
fn unknown() -> String {
    translated!("not looked at without settings; nothing was moved").to_owned()
}
