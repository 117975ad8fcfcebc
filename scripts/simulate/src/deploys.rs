//! Deploys on one sandbox, one after the other: through the agent, under load, with a look at the door after each.

use std::path::Path;
use std::time::{Duration, Instant};

use agent::{Agent, Bundle, Environment, Generation};
use sandbox::Sandbox;
use strict_client::Load;
use workstation::interruption;

use crate::console::{self, Console};
use crate::load::{self, LoadReport};
use crate::step::{Answers, Change, Expectation, HookTime, Outcome, Serving, Step};

/// A host with an agent on it, and what was done there so far.
#[derive(Debug)]
pub(crate) struct Deploys<'a> {
    pub(crate) host: &'a Sandbox,
    pub(crate) console: &'a Console,
    agent: Agent,
    /// What the two slots are called, with their ports.
    profiles: [(String, u16); 2],
    /// What is asked for at the door; the answer is the profile.
    path: String,
    load: Option<(Load, u32)>,
    steps: Vec<Step>,
}

/// A step to be taken.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    /// In a few words.
    pub(crate) title: String,
    /// How it should end.
    pub(crate) expected: Expectation,
    /// The release that should serve afterwards, if releases tell who they are.
    pub(crate) release: Option<String>,
    /// Whether it is known that traffic moves to the other slot if the step ends well.
    pub(crate) moves: bool,
}

impl<'a> Deploys<'a> {
    /// A host on which nothing was done yet.
    pub(crate) fn new(host: &'a Sandbox, console: &'a Console, agent: Agent, profiles: [&str; 2], path: &str) -> Self {
        let ports = host.ports();
        let [blue, green] = profiles.map(str::to_owned);
        let profiles = [(blue, ports.blue), (green, ports.green)];
        Self { host, console, agent, profiles, path: path.to_owned(), load: None, steps: Vec::new() }
    }

    /// Starts the load, which goes on until [`Deploys::finish`].
    pub(crate) fn start_load(&mut self, rate: u32) -> anyhow::Result<()> {
        self.console.line(&format!(
            "from now on three kinds of clients ask for {} through nginx, {rate} times a second each",
            self.path
        ));
        let load = load::start(self.host, &self.path, rate)?;
        load::see_who_serves(self.host, &load)?;
        self.load = Some((load, rate));
        Ok(())
    }

    /// Deploys a bundle.
    pub(crate) fn deploy(&mut self, intent: Intent, bundle: &Path) -> anyhow::Result<()> {
        let bundle = Bundle::open(bundle)?;
        self.take(intent, |deploys| {
            let deployment = deploys.agent.deploy_observed(&bundle, |progress| deploys.console.progress(progress));
            interruption::check()?;
            if let Some(event) = deployment.failure() {
                deploys.console.diagnostics(event);
            }
            let hooks = deployment.events.iter().flat_map(|event| &event.scripts).map(|script| HookTime {
                hook: crate::step::hook_name(&script.location).to_owned(),
                took: script.duration,
            });
            let diagnostics = deployment.failure().map(console::diagnostics_text);
            Ok((Outcome::of(&deployment), hooks.collect(), diagnostics))
        })
    }

    /// Runs `switch --back` as a person would. `run` gives its exit code and its output.
    pub(crate) fn go_back(
        &mut self,
        intent: Intent,
        run: impl FnOnce() -> anyhow::Result<(i32, String)>,
    ) -> anyhow::Result<()> {
        self.take(intent, |deploys| {
            let clock = Instant::now();
            let (exit_code, output) = run()?;
            let took = clock.elapsed();
            for line in output.lines() {
                deploys.console.line(line);
            }
            let hook = "switch".to_owned();
            let outcome =
                if exit_code == 0 { Outcome::Done } else { Outcome::Refused { hook: hook.clone(), exit_code } };
            Ok((outcome, vec![HookTime { hook, took }], (exit_code != 0).then_some(output)))
        })
    }

    /// Whether every step so far went as it should.
    pub(crate) fn all_well(&self) -> bool {
        self.steps.iter().all(|step| step.mismatches().is_empty())
    }

    fn take(
        &mut self,
        intent: Intent,
        act: impl FnOnce(&Self) -> anyhow::Result<(Outcome, Vec<HookTime>, Option<String>)>,
    ) -> anyhow::Result<()> {
        let number = self.steps.len() + 1;
        let mark = |when: &str| self.load.as_ref().map(|(load, _)| load.mark(format!("step {number} {when}").as_str()));
        let begin = mark("begins");
        let (outcome, hooks, diagnostics) = act(self)?;
        let end = mark("ends");
        interruption::check()?;
        let serving = self.serving();
        let before = self.steps.last().map(|step| step.serving.clone()).unwrap_or_default();
        let should_serve = Change { after: self.should_serve(&intent, &before), before };
        let step = Step {
            number,
            title: intent.title,
            expected: intent.expected,
            outcome,
            hooks,
            should_serve,
            serving,
            span: begin.zip(end),
            answers: Answers::default(),
            diagnostics,
        };
        let wrong = step.mismatches();
        self.console.line(&format!("{}; at the door: {}", step.outcome, step.serving));
        for wrong in wrong {
            self.console.line(&format!("NOT AS IT SHOULD BE: {wrong}"));
        }
        self.steps.push(step);
        if let Some((load, _)) = &self.load {
            load::see_who_serves(self.host, load)?;
        }
        interruption::check()
    }

    /// After a refusal as before; after anything else the named release, in the other slot.
    fn should_serve(&self, intent: &Intent, before: &Serving) -> Serving {
        if intent.expected != Expectation::Done {
            return before.clone();
        }
        let [blue, green] = &self.profiles;
        let other = before
            .profile
            .as_ref()
            .filter(|_| intent.moves)
            .map(|profile| if *profile == blue.0 { green } else { blue }.0.clone());
        Serving { release: intent.release.clone(), profile: other, trouble: None }
    }

    /// Asks at the door, once, on a new connection. Where the answer is no profile, the include tells the slot.
    fn serving(&self) -> Serving {
        let answer = match self.host.door_get(&self.path) {
            Ok(answer) if answer.status == 200 => answer,
            Ok(answer) => return Serving::nobody(format!("the door answered with status {}", answer.status)),
            Err(error) => return Serving::nobody(error.to_string()),
        };
        let named = self.profiles.iter().find(|(profile, _)| *profile == answer.body.trim());
        let included = || {
            let include = String::from_utf8_lossy(&self.host.nginx().include().ok()?).into_owned();
            self.profiles.iter().find(|(_, port)| include.contains(&format!(":{port};")))
        };
        Serving {
            release: answer.release().map(str::to_owned),
            profile: named.or_else(included).map(|(profile, _)| profile.clone()),
            trouble: None,
        }
    }

    /// Ends the load; all steps, each with the answers that the load had meanwhile.
    ///
    /// # Errors
    /// The load's records could not be had.
    pub(crate) fn finish(self) -> anyhow::Result<(Vec<Step>, LoadReport)> {
        let mut steps = self.steps;
        let Some((load, rate)) = self.load else { return Ok((steps, LoadReport::default())) };
        let duration = load.elapsed();
        let history = load.finish()?;
        let mut next = Duration::MAX;
        for step in steps.iter_mut().rev() {
            let Some((begin, end)) = step.span else { continue };
            step.answers.during = history.releases_between(begin, end);
            step.answers.after = history.releases_between(end, next);
            next = begin;
        }
        Ok((steps, LoadReport::of(&history, rate, duration)))
    }
}

impl Serving {
    fn nobody(trouble: String) -> Self {
        Self { trouble: Some(trouble), ..Self::default() }
    }
}

/// An agent that keeps its files in the sandbox, with the environment that its kind is started with and some variables more.
pub(crate) fn agent(host: &Sandbox, generation: Generation, variables: &[(String, String)]) -> anyhow::Result<Agent> {
    let environment = match generation {
        Generation::One => Environment::bash_noise(),
        Generation::Two => Environment::bare(),
    };
    // The deployments are made up, and their ids look like those of CodeDeploy: nobody is asked about them, on EC2 neither.
    let environment = environment.with("HOOKS_REPORT_API", "off");
    let environment =
        variables.iter().fold(environment, |environment, (name, value)| environment.with(name, value.clone()));
    Ok(Agent::new(host.directory().join("agent"), generation)?.environment(environment))
}
