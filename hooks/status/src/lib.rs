//! `status` looks and changes nothing: who is live on this host, and whether somebody has to look (docs/status.md), and, with
//! `--deployment`, a deployment as CodeDeploy sees it: this host event by event, and the fleet.

mod check_view;
mod deployment_view;
mod deploys;
mod finding;
mod help;
mod history_view;
mod host_view;
mod last_deployment;
mod level;
mod metrics;
mod slots;
mod textfile;
mod units;
mod verdict;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use shared::error::{Error, Kind, Result};
use shared::host::codedeploy::{Asking, Refusal};
use shared::host::{CodeDeploy, Host};
use shared::language::{Text, text, translated};
use shared::ledger::history;
use shared::nginx::access::Access;
use shared::run::{Look, Scene, Sight, Unread};

use self::check_view::CheckView;
use self::deployment_view::DeploymentView;
use self::deploys::Deploy;
use self::history_view::HistoryView;
use self::host_view::HostView;
use self::metrics::{Measured, Metrics};

/// How long CodeDeploy may take for one deployment with all of its targets, each of which is a call.
const ANSWER_AT_MOST: Duration = Duration::from_secs(30);

/// How long the metadata service may take to tell this host's id.
const INSTANCE_AT_MOST: Duration = Duration::from_secs(2);

/// The program `status`.
#[derive(Debug)]
pub struct Status;

/// The arguments of `status`.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the command line")]
pub struct Arguments {
    /// A deployment as CodeDeploy sees it; without an id, the last one of this host
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "", help = translated!("A deployment as CodeDeploy sees it; without an id, the last one of this host"))]
    pub deployment: Option<String>,
    /// The last deploys of this host, the newest first
    #[arg(long, conflicts_with = "deployment", help = translated!("The last deploys of this host, the newest first"))]
    pub history: bool,
    /// All that a deploy will need, each with a line of its own; the exit code is that of `stop` where it would refuse
    #[arg(long, conflicts_with_all = ["deployment", "history"], help = translated!("All that a deploy will need, each with a line of its own; the exit code is that of `stop` where it would refuse"))]
    pub check: bool,
    /// The same as metrics, for Prometheus's textfile collector; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["deployment", "history", "check"], help = translated!("The same as metrics, for Prometheus's textfile collector; `-` is standard output"))]
    pub metrics: Option<PathBuf>,
    /// Show each change, until a deployment that is under way has ended
    #[arg(long, conflicts_with_all = ["deployment", "history", "check", "metrics"], help = translated!("Show each change, until a deployment that is under way has ended"))]
    pub watch: bool,
    /// Print JSON
    #[arg(long, conflicts_with_all = ["metrics", "watch"], help = translated!("Print JSON"))]
    pub json: bool,
    /// Print the rules of sudo that this user needs for `proxy.cutover = "reload"`
    #[arg(long, value_name = "USER", conflicts_with_all = ["deployment", "history", "check", "metrics", "watch", "json"], help = translated!("Print the rules of sudo that this user needs for `proxy.cutover = \"reload\"`"))]
    pub sudo_rules: Option<String>,
}

impl Look for Status {
    const NAME: &'static str = "status";
    const ABOUT: Text = text!("Shows who is live on this host, or a deployment as CodeDeploy sees it; changes nothing");
    type Arguments = Arguments;

    async fn look(arguments: &Arguments, scene: &mut Scene<'_, impl Host>, unread: Option<Unread>) -> Result<Sight> {
        if let Some(user) = &arguments.sudo_rules {
            return Ok(Sight::of(Access::find(scene.host, scene.settings, None)?.rules(user)));
        }
        if let Some(named) = &arguments.deployment {
            let view = see_deployment(named, scene).await?;
            return rendered(arguments, &view, DeploymentView::text).map(Sight::of);
        }
        if arguments.history {
            let (endings, unreadable) = history::read(scene.host, scene.settings);
            let view = HistoryView::of(&Deploy::of(endings), unreadable);
            return rendered(arguments, &view, HistoryView::text).map(Sight::of);
        }
        if arguments.check {
            let view = CheckView::see(scene, unread).await?;
            return Ok(Sight { text: rendered(arguments, &view, CheckView::text)?, exit_code: view.exit_code() });
        }
        if arguments.watch {
            return watch::watch(scene, unread).await;
        }
        let view = HostView::see(scene, unread).await?;
        if let Some(file) = &arguments.metrics {
            return measure(file, scene, &view).map(Sight::of);
        }
        Ok(Sight { text: rendered(arguments, &view, HostView::text)?, exit_code: view.exit_code })
    }
}

fn rendered<V: serde::Serialize>(arguments: &Arguments, view: &V, text: impl Fn(&V) -> String) -> Result<String> {
    if !arguments.json {
        return Ok(text(view));
    }
    serde_json::to_string_pretty(view)
        .map_err(|cause| Error::new(Kind::Bug, translated!("what was seen could not be written as JSON: {cause}")))
}

/// Writes the metrics into the file; what is to be printed.
fn measure(file: &Path, scene: &Scene<'_, impl Host>, view: &HostView) -> Result<String> {
    let deploys = Deploy::of(history::read(scene.host, scene.settings).0);
    let text = Metrics::of(view, &deploys, Measured::of(scene)).to_string();
    if file == Path::new("-") {
        return Ok(text);
    }
    textfile::replace(scene.host, file, &text)?;
    Ok(String::new())
}

async fn see_deployment(named: &str, scene: &Scene<'_, impl Host>) -> Result<DeploymentView> {
    let id = which(named, scene)?;
    let (host, report) = (scene.host, &scene.settings.report);
    let asking = |at_most| Asking { at_most, attempts: 3, region: report.region.clone() };
    let api = host.codedeploy();
    let told = |refusal: Refusal| {
        let error = Error::new(refusal.kind(), translated!("deployment `{id}` cannot be shown: {refusal}"));
        match refusal.advice() {
            Some(advice) => error.advise(advice),
            None => error,
        }
    };
    let deployment = host.interruptible(api.deployment(&id, &asking(ANSWER_AT_MOST))).await?.map_err(told)?;
    // Whoever may see the deployment and not its targets is shown the deployment.
    let targets = host.interruptible(api.targets(&id, &asking(ANSWER_AT_MOST))).await?;
    let own = match &report.target {
        Some(name) => Some(name.clone()),
        None => host.interruptible(api.instance(&asking(INSTANCE_AT_MOST))).await?,
    };
    Ok(DeploymentView::of(deployment, targets, own))
}

/// The id that was named; else the one of the environment; else the last one that this host remembers.
fn which(named: &str, scene: &Scene<'_, impl Host>) -> Result<String> {
    let remembered = || scene.ledger.deployment.as_ref().and_then(|deployment| deployment.id.clone());
    let id = Some(named.to_owned())
        .filter(|named| !named.is_empty())
        .or_else(|| scene.lifecycle.deployment.clone())
        .or_else(remembered)
        .ok_or_else(|| {
            Error::new(Kind::Settings, translated!("no deployment is known on this host, needed the id of one"))
                .advise("`status --deployment d-ABCDEF123`")
        })?;
    if shared::lifecycle::is_local(&id) {
        return Err(Error::new(
            Kind::Settings,
            translated!("deployment `{id}` is a local one, which CodeDeploy does not know; needed one of its own"),
        )
        .advise(translated!("`status` alone shows what this host remembers of it")));
    }
    Ok(id)
}
