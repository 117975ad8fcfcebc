//! What a hook is going to do, as data. A plan is made by pure functions, printed by `--dry-run`, held against the timeouts
//! of appspec.yml, and only then carried out by `execute`.

pub mod action;
mod drain;
pub mod execute;
pub mod launching;
mod on_nginx;
mod processes;
mod refused;
pub mod restoration;
mod retire;

use std::fmt;
use std::time::Duration;

pub use self::action::Action;
pub use self::restoration::Restoration;
pub use self::retire::Retirement;
use crate::error::Error;
use crate::language::translated;

/// One step, and what takes it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// What takes it back, in the order to do it: undoing last-first would reload nginx before its file is back.
    pub undo: Vec<Action>,
}

/// What a hook is going to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What holds when all of them are done, as a sentence.
    pub result: String,
}

/// How a plan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every step was done.
    Done,
    /// A step failed, and everything that had been changed was changed back.
    Undone(Error),
    /// A step failed, and so did changing things back.
    Stuck {
        /// Why the step failed.
        cause: Error,
        /// Why changing things back failed.
        undo: Error,
    },
}

impl Step {
    /// A step that leaves nothing to take back.
    #[must_use]
    pub fn of(action: Action) -> Step {
        Step { action, undo: Vec::new() }
    }

    /// The same step with what takes it back.
    #[must_use]
    pub fn undone_by(mut self, undo: Vec<Action>) -> Step {
        self.undo = undo;
        self
    }
}

impl Plan {
    /// Whether the plan can change what users get.
    #[must_use]
    pub fn moves_traffic(&self) -> bool {
        self.steps.iter().any(|step| step.action.moves_traffic())
    }

    /// The longest that the plan can take, a failure in its last step and the whole undo included.
    #[must_use]
    pub fn at_most(&self) -> Duration {
        self.steps.iter().flat_map(|step| std::iter::once(&step.action).chain(&step.undo)).map(Action::at_most).sum()
    }

    /// The longest that taking everything back can take.
    #[must_use]
    pub fn undo_at_most(&self) -> Duration {
        self.steps.iter().flat_map(|step| &step.undo).map(Action::at_most).sum()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(formatter, "{}. {}", number + 1, step.action)?;
            for undo in &step.undo {
                writeln!(formatter, "   {}", translated!("if it comes to nothing: {undo}"))?;
            }
        }
        formatter.write_str(&translated!("then: {}", self.result))
    }
}
