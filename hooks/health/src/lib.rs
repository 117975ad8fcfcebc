//! `health` (ValidateService) asks the new release on its own port until it is proven. It looks at the process that `start`
//! launched: nobody else's answer counts.

use std::time::Duration;

use shared::budget::REFUSED_GRACE;
use shared::codedeploy::verdict;
use shared::config::{ReportApi, Settings};
use shared::error::{Error, Kind, Result};
use shared::host::{Host, Share};
use shared::language::{Text, text, translated};
use shared::ledger::{Change, Stage};
use shared::lifecycle::Lifecycle;
use shared::plan::action::Refusal;
use shared::plan::{Action, Plan, Restoration, Step};
use shared::probe::Probe;
use shared::probe::validation::Validation;
use shared::probe::warm_up::{Linked, WarmUp};
use shared::release::Release;
use shared::report::duration;
use shared::run::{Hook, Scene};
use shared::slot::Slot;

/// The hook `health`.
#[derive(Debug)]
pub struct Health;

/// `health` has no arguments of its own.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {}

impl Hook for Health {
    const NAME: &'static str = "health";
    const ABOUT: Text = text!("Asks the new release on its own port until it is proven healthy");
    type Arguments = Arguments;
    type Warming = Linked;

    async fn plan(_: &Arguments, scene: &mut Scene<'_, impl Host>) -> Result<Plan> {
        if Self::stands_alone(scene.lifecycle) {
            return Validation::of(scene.settings).map(validate);
        }
        let deployment = scene.ledger.admit(Self::NAME, scene.lifecycle, &[Stage::Started, Stage::Healthy])?;
        let idle = deployment.idle;
        let process = scene.ledger.process(idle, &scene.host.boot_id());
        match (process, &scene.ledger.tenants.get(idle).release) {
            (Some(process), Some(release)) => {
                let restoration = Restoration::of(scene.host, scene.settings, scene.ledger, REFUSED_GRACE);
                let ended_before = scene.ledger.tenants.get(idle).ended_before;
                let probe = Probe { ended_before, ..Probe::of(scene.settings, idle, process) };
                let probe = in_time(scene, probe, restoration.as_ref());
                // With the one that made room gone users have nothing meanwhile: a cold release is better than that. One that has
                // served before is warm.
                let is_cold = restoration.is_none() && !scene.ledger.is_reused();
                let warm_up = if is_cold { warm_up(scene, &probe, deployment.live) } else { None };
                Ok(plan(scene.settings, idle, probe, warm_up, release, restoration))
            }
            _ => Err(Error::new(
                Kind::NotStarted,
                translated!(
                    "no process is known in {}: this host has started anew since `start`",
                    scene.settings.place(idle)
                ),
            )
            .advise(translated!("deploy again"))),
        }
    }

    /// As a validation hook of ECS or Lambda there is no slot, no release and no nginx: a URL, and CodeDeploy that waits.
    fn stands_alone(lifecycle: &Lifecycle) -> bool {
        lifecycle.awaited_verdict().is_some()
    }

    async fn conclude(
        host: &impl Host,
        settings: Option<&Settings>,
        lifecycle: &Lifecycle,
        succeeded: bool,
    ) -> Result<()> {
        let Some(execution) = lifecycle.awaited_verdict() else { return Ok(()) };
        // Settings that cannot be read are a reason to tell that it failed, and none to let CodeDeploy wait.
        let report = settings.map(|settings| &settings.report);
        if report.is_some_and(|report| report.api == ReportApi::Off) {
            return Ok(());
        }
        verdict::send(host, &execution, succeeded, report.and_then(|report| report.region.clone())).await
    }
}

/// What `health` does as a validation hook.
fn validate(validation: Validation) -> Plan {
    let result = translated!("{} is healthy", validation.url);
    Plan { steps: vec![Step::of(Action::Validate(validation))], result }
}

/// The probe with no more patience than the agent has.
fn in_time(scene: &Scene<'_, impl Host>, mut probe: Probe, restoration: Option<&Restoration>) -> Probe {
    let Some(deadline) = scene.lifecycle.deadline(Health::NAME) else { return probe };
    // To be killed takes a refused release longer than that, which is rare.
    let after = restoration.map_or(REFUSED_GRACE, Restoration::at_most);
    let left = deadline.waits_end(after).saturating_sub(scene.host.elapsed() + probe.timeout);
    if left < probe.patience.at_most {
        scene.report.say(&translated!(
            "note: `timeout: {}` in appspec.yml leaves {} of `health.patience`",
            deadline.timeout().as_secs(),
            duration(left)
        ));
        probe.patience.at_most = left;
    }
    probe
}

/// How the release is warmed up, in the time that the agent has.
fn warm_up(scene: &Scene<'_, impl Host>, probe: &Probe, live: Option<Slot>) -> Option<WarmUp> {
    let (warm_up, note) = WarmUp::of(scene.host, scene.settings, probe, live);
    scene.tell(note);
    warm_up.map(|warm_up| WarmUp { until: until(scene), ..warm_up })
}

/// When a warm-up has to be over, so that the agent waits for what comes after it.
fn until(scene: &Scene<'_, impl Host>) -> Option<(Duration, Duration)> {
    let deadline = scene.lifecycle.deadline(Health::NAME)?;
    Some((deadline.waits_end(REFUSED_GRACE), deadline.timeout()))
}

/// A release that was refused serves nobody: in its slot nginx would fall back on it.
fn refusal(idle: Slot) -> Refusal {
    Refusal { slot: idle, grace: REFUSED_GRACE }
}

/// What `health` does about a release that was launched.
#[must_use]
pub fn plan(
    settings: &Settings,
    idle: Slot,
    probe: Probe,
    warm_up: Option<WarmUp>,
    release: &Release,
    restoration: Option<Restoration>,
) -> Plan {
    let place = settings.place(idle);
    let log = settings.log_of(idle, &release.name);
    let warm_up = warm_up.map(|warm_up| {
        Step::of(Action::WarmUp { warm_up: Box::new(warm_up), log: log.clone(), refusal: refusal(idle) })
    });
    // Where another one comes back in its place, that ends it.
    let refused = restoration.is_none().then(|| refusal(idle));
    let undo = restoration.map(|restoration| Action::Restore(Box::new(restoration)));
    // Whatever the settings say now: it was started under those of `start`.
    let process = Some(probe.process);
    let probe = Action::Probe { probe, log: Some(log), refusal: refused };
    let mut steps = vec![Step::of(probe).undone_by(undo.into_iter().collect())];
    steps.extend(warm_up);
    steps.extend(
        [Action::Share { process, share: Share::Equal }, Action::remember(settings, Change::Proven)].map(Step::of),
    );
    Plan { steps, result: translated!("release `{}` in {place} is healthy", release.name) }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use shared::config::{SettingsFile, settings};
    use shared::host::ProcessIdentity;

    use super::*;

    #[test]
    fn f35_the_release_is_asked_on_its_own_port_and_only_its_own_process_counts() {
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let release = Release { name: "r1".into(), path: "/r1/app.jar".into(), sha256: None };
        let probe = Probe::of(&settings, Slot::Green, ProcessIdentity { id: 77, started: 1 });
        let plan = plan(&settings, Slot::Green, probe, None, &release, None);
        expect![[r#"
            1. ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
            2. let it have as much of the processors as any other
            3. remember: the release is proven
            then: release `r1` in `real2` (port 8082) is healthy"#]]
        .assert_eq(&plan.to_string());
    }

    #[test]
    fn f130_a_release_is_proven_first_then_warmed_up_then_remembered() {
        let settings = settings(SettingsFile::parse("", "[warm_up]\nat_most = \"9s\"")).unwrap();
        let release = Release { name: "r1".into(), path: "/r1/app.jar".into(), sha256: None };
        let probe = Probe::of(&settings, Slot::Green, ProcessIdentity { id: 77, started: 1 });
        let warm_up = WarmUp {
            probe: probe.clone(),
            live: Some(settings.place(Slot::Blue).clone()),
            host: "localhost".into(),
            paths: ["/", "/owners?token=secret", "/a", "/b", "/c"].map(str::to_owned).to_vec(),
            at_most: settings.warm_up.at_most,
            until: None,
            requests: 1000,
            at_once: 2,
            timeout: settings.warm_up.timeout,
            required: false,
        };
        let plan = plan(&settings, Slot::Green, probe, Some(warm_up), &release, None);
        expect![[r#"
            1. ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77; one that is refused is ended: SIGTERM, after 2 s SIGKILL
            2. warm it up: ask `/`, `/owners`, `/a` and 2 more on port 8082 until answers are as fast as they get, for at most 9 s and 1000 requests
            3. let it have as much of the processors as any other
            4. remember: the release is proven
            then: release `r1` in `real2` (port 8082) is healthy"#]].assert_eq(&plan.to_string());
    }

    #[test]
    fn a_validation_asks_a_url_and_remembers_nothing() {
        let file = SettingsFile::parse("", "[health]\nurl = \"https://shop.example.com/health\"\n");
        let validation = Validation::of(&settings(file).unwrap()).unwrap();
        expect![[r#"
            1. ask https://shop.example.com/health until 3 good answers in a row have come
            then: https://shop.example.com/health is healthy"#]]
        .assert_eq(&validate(validation).to_string());
    }
}
