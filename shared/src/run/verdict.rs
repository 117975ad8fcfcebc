//! What a run comes to: decided by what became of its plan, and by whether the verdict could be told to whoever waits for it. Pure but
//! for what is said of a second failure.

use crate::error::{Error, Kind, Result};
use crate::language::translated;
use crate::plan::{Outcome, Plan};
use crate::report::Report;

/// The verdict on what became of a plan.
pub(super) fn of(plan: &Plan, outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Done => Ok(()),
        // Nothing was moved, so nothing was sent back.
        Outcome::Undone(cause) if cause.kind() == Kind::SentBack && !plan.moves_traffic() => {
            Err(cause.told_as(Kind::ProxyBroken))
        }
        Outcome::Undone(cause) => Err(cause),
        // Whoever did not come back says itself what to do.
        Outcome::Stuck { cause, undo } if undo.kind() == Kind::Uncertain => {
            let advice = undo.advice().unwrap_or_default().to_owned();
            Err(Error::new(Kind::Uncertain, translated!("{cause}; and taking it back failed: {undo}")).advise(advice))
        }
        Outcome::Stuck { cause, undo } if !plan.moves_traffic() => {
            Err(Error::new(cause.kind(), translated!("{cause}; and taking it back failed: {undo}"))
                .advise(translated!("no traffic was moved; put both causes right, then deploy again")))
        }
        Outcome::Stuck { cause, undo } => {
            Err(Error::new(Kind::Uncertain, translated!("{cause}; and taking it back failed: {undo}")).advise(
                translated!("look NOW which port the include names and whether nginx has workers; put the include right, then `nginx -t && nginx -s reload`"),
            ))
        }
    }
}

/// A verdict that somebody waits for in vain is a failure, beside which the first one stays the cause.
pub(super) fn with(verdict: Result<String>, told: Result<()>, report: &Report) -> Result<String> {
    match (verdict, told) {
        (verdict, Ok(())) => verdict,
        (Ok(_), Err(untold)) => Err(untold),
        (Err(error), Err(untold)) => {
            report.say(&untold.to_string());
            Err(error)
        }
    }
}
