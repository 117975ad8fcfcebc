//! One step of the story: what was done, what should have come of it, and what did.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use agent::{DeploymentReport, ScriptOutcome, ScriptReport};

/// A deploy, or the way back.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Which it is, counted from 1.
    pub(crate) number: usize,
    /// In a few words.
    pub(crate) title: String,
    /// How it should have ended.
    pub(crate) expected: Expectation,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// Its hooks, in the order in which they ran.
    pub(crate) hooks: Vec<HookTime>,
    /// Who should have served before, and who after.
    pub(crate) should_serve: Change,
    /// Who served afterwards.
    pub(crate) serving: Serving,
    /// When it began and ended on the load's clock; nothing before there was a load.
    pub(crate) span: Option<(Duration, Duration)>,
    /// Which releases answered the load, and how many requests each.
    pub(crate) answers: Answers,
    /// What CodeDeploy was told of a failure.
    pub(crate) diagnostics: Option<String>,
}

/// How a step should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// Everything is done.
    Done,
    /// A hook refuses it.
    Refused {
        /// With this exit code.
        exit_code: i32,
    },
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was done.
    Done,
    /// A hook refused it.
    Refused {
        /// Which.
        hook: String,
        /// With this exit code.
        exit_code: i32,
    },
    /// Anything else, in words.
    Broken(String),
}

/// How long a hook took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HookTime {
    pub(crate) hook: String,
    pub(crate) took: Duration,
}

/// Who answers at the door, as far as it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Serving {
    /// The release (`X-Release`).
    pub(crate) release: Option<String>,
    /// The profile, which tells the slot.
    pub(crate) profile: Option<String>,
    /// What was wrong with the answer.
    pub(crate) trouble: Option<String>,
}

/// Who should serve before a step and after it; what is not known is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) before: Serving,
    pub(crate) after: Serving,
}

/// How many requests each release answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answers {
    /// Those sent while the step was carried out.
    pub(crate) during: BTreeMap<String, u64>,
    /// Those sent from its end to the next step.
    pub(crate) after: BTreeMap<String, u64>,
}

impl Step {
    /// All hooks together.
    pub(crate) fn hook_time(&self) -> Duration {
        self.hooks.iter().map(|hook| hook.took).sum()
    }

    /// What was not as it should have been, in sentences.
    pub(crate) fn mismatches(&self) -> Vec<String> {
        let mut found = Vec::new();
        if !self.expected.is_met_by(&self.outcome) {
            found.push(format!("it was {}, and should have been {}", self.outcome, self.expected));
        }
        if let Some(trouble) = &self.serving.trouble {
            found.push(format!("afterwards {trouble}"));
            return found;
        }
        let Serving { release, profile, .. } = &self.should_serve.after;
        for (what, wanted, is) in
            [("release", release, &self.serving.release), ("profile", profile, &self.serving.profile)]
        {
            if wanted.is_some() && wanted != is {
                let wanted = wanted.as_deref().unwrap_or_default();
                let is = is.as_deref().unwrap_or("none");
                found.push(format!("afterwards the door told {what} `{is}`, needed `{wanted}`"));
            }
        }
        found
    }

    /// Where the load met a release that should not have answered.
    pub(crate) fn wrong_answers(&self) -> Vec<String> {
        let (before, after) = (&self.should_serve.before.release, &self.should_serve.after.release);
        let Some(after) = after.as_ref().filter(|_| self.span.is_some()) else { return Vec::new() };
        let both: BTreeSet<&String> = before.iter().chain([after]).collect();
        let only: BTreeSet<&String> = BTreeSet::from([after]);
        let mut found = strangers("while it was carried out", &self.answers.during, &both);
        found.extend(strangers("after its end", &self.answers.after, &only));
        if !self.answers.after.contains_key(after) {
            found.push(format!("`{after}` answered no request after its end"));
        }
        found
    }
}

fn strangers(when: &str, answers: &BTreeMap<String, u64>, allowed: &BTreeSet<&String>) -> Vec<String> {
    let strangers = answers.iter().filter(|(release, _)| !allowed.contains(release));
    strangers.map(|(release, count)| format!("{when} {count} requests were answered by `{release}`")).collect()
}

impl Expectation {
    fn is_met_by(self, outcome: &Outcome) -> bool {
        match (self, outcome) {
            (Self::Done, Outcome::Done) => true,
            (Self::Refused { exit_code }, Outcome::Refused { exit_code: found, .. }) => exit_code == *found,
            _ => false,
        }
    }
}

impl Outcome {
    /// How a deployment ended.
    pub(crate) fn of(deployment: &DeploymentReport) -> Self {
        let Some(event) = deployment.failure() else { return Self::Done };
        let Some(script) = event.failed_script() else {
            return Self::Broken(format!("ended in {}: {}", event.event, event.diagnostics.message.trim_end()));
        };
        let hook = hook_name(&script.location).to_owned();
        match refusal(script) {
            Some(Ok(exit_code)) => Self::Refused { hook, exit_code },
            Some(Err(what)) => Self::Broken(format!("ended by `{hook}`: {what}")),
            None => Self::Broken(format!("ended in {}", event.event)),
        }
    }
}

/// How a script failed: its exit code, or in words; nothing if it did not.
pub(crate) fn refusal(report: &ScriptReport) -> Option<Result<i32, String>> {
    match &report.outcome {
        ScriptOutcome::Exited(0) => None,
        ScriptOutcome::Exited(code) => Some(Ok(*code)),
        ScriptOutcome::Signalled(signal) => Some(Err(format!("signal {signal}"))),
        ScriptOutcome::TimedOut { timeout } => Some(Err(format!("not done after its timeout of {timeout:?}"))),
        ScriptOutcome::OutputsLeftOpen(stream) => Some(Err(format!("{stream} left open"))),
        ScriptOutcome::OutputUnreadable(stream) => Some(Err(format!("{stream} is not UTF-8"))),
        ScriptOutcome::Missing { path } => Some(Err(format!("`{}` is not in the bundle", path.display()))),
        ScriptOutcome::NotExecutable { cause } | ScriptOutcome::NotStarted { cause } => Some(Err(cause.clone())),
    }
}

/// A hook as people call it: the file's name.
pub(crate) fn hook_name(location: &str) -> &str {
    location.rsplit('/').next().unwrap_or(location)
}

impl Display for Expectation {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => formatter.write_str("done"),
            Self::Refused { exit_code } => write!(formatter, "refused with exit code {exit_code}"),
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => formatter.write_str("done"),
            Self::Refused { hook, exit_code } => write!(formatter, "refused by {hook}, exit code {exit_code}"),
            Self::Broken(what) => formatter.write_str(what),
        }
    }
}

impl Display for Serving {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match (&self.trouble, &self.release, &self.profile) {
            (Some(_), ..) => formatter.write_str("nobody in order"),
            (None, Some(release), Some(profile)) => write!(formatter, "{release} as {profile}"),
            (None, Some(one), None) | (None, None, Some(one)) => formatter.write_str(one),
            (None, None, None) => formatter.write_str("somebody"),
        }
    }
}

#[cfg(test)]
pub(crate) mod examples;

#[cfg(test)]
mod tests;
