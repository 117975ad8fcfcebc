//! `start --retire PROFILE`: what the timer of `switch.standby = "30m"` runs. It ends that very release if it still is the standby that
//! it was when the timer was set, and leaves it as soon as users might have it. No deploy calls this.

use shared::error::{Error, Kind, Result};
use shared::host::Host;
use shared::language::{Text, text, translated};
use shared::ledger::Change;
use shared::occupant::{self, Occupant};
use shared::plan::{Action, Plan, Step};
use shared::probe::warm_up::NotLinked;
use shared::run::{Hook, Scene};

/// The end of a standby.
#[derive(Debug)]
pub struct Retire;

/// Which standby: all of it has to be as it was.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The profile of the slot that it is in
    #[arg(long, value_name = "PROFILE")]
    pub retire: String,
    /// The release; none where the hooks have published none
    #[arg(long, value_name = "NAME")]
    pub release: Option<String>,
    /// The number of the cutover that made a standby of it
    #[arg(long, value_name = "NUMBER")]
    pub generation: u64,
}

/// Whether a timer has started this program.
#[must_use]
pub fn is_asked_for(arguments: impl IntoIterator<Item = String>) -> bool {
    arguments.into_iter().nth(1).is_some_and(|argument| argument == "--retire")
}

impl Hook for Retire {
    const NAME: &'static str = "retire";
    const ABOUT: Text = text!("Ends the standby once its time is over (`switch.standby`)");
    type Arguments = Arguments;
    type Warming = NotLinked;

    fn called(_: &Arguments) -> Option<&'static str> {
        None
    }

    async fn plan(arguments: &Arguments, scene: &mut Scene<'_, impl Host>) -> Result<Plan> {
        let (host, settings) = (scene.host, scene.settings);
        let Some(slot) = settings.places.find(|place| place.profile == arguments.retire) else {
            return Err(Error::new(Kind::Settings, translated!("no slot has the profile `{}`", arguments.retire)));
        };
        let place = settings.place(slot).clone();
        let stays =
            |why: &str| Ok(Plan { steps: Vec::new(), result: translated!("nobody was ended in {place}: {why}") });
        let generation = scene.ledger.announced.as_ref().map_or(0, |announced| announced.generation);
        let release = scene.ledger.tenants.get(slot).release.as_ref().map(|release| &release.name);
        if generation != arguments.generation {
            return stays(translated!("traffic has moved since"));
        }
        if release != arguments.release.as_ref() {
            return stays(translated!("another release is there, or none"));
        }
        // Once traffic has moved the number says so.
        let is_wanted = scene.ledger.deployment.as_ref().is_some_and(|deployment| deployment.idle == slot);
        if is_wanted && scene.ledger.is_reused() {
            return stays(translated!("a deployment is about to move the traffic to it"));
        }
        let (finding, testimony) = scene.discover().await?;
        // Where nobody listens in the live one, nginx has gone on to this one, or will.
        if finding.roles.live != Some(!slot) || !testimony.evidence.listening.get(!slot) {
            return stays(translated!("it may be all that users have"));
        }
        match occupant::find(host, settings, scene.ledger, slot).await? {
            Occupant::Nobody => stays(translated!("it has gone by itself")),
            Occupant::Stranger(who) => Err(occupant::refuse(&who)),
            Occupant::Ours(processes) => {
                let live = settings.place(!slot).clone();
                let (at_most, grace) = (settings.stop.drain, settings.stop.grace);
                let steps = [
                    Action::Drain { place: place.clone(), at_most },
                    Action::SeeLive(live.clone()),
                    Action::Terminate { live: Some(live.clone()), place: place.clone(), processes, grace },
                    Action::AwaitFree(place.clone()),
                    Action::remember(settings, Change::Retired(slot)),
                ];
                let result = translated!("the standby in {place} was ended after its time; {live} serves");
                Ok(Plan { steps: steps.map(Step::of).into(), result })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_timer_asks_for_the_end_of_a_standby() {
        let asked = |arguments: &[&str]| is_asked_for(arguments.iter().map(|argument| (*argument).to_owned()));
        assert!(asked(&["start", "--retire", "real1"]));
        for arguments in [&["start"][..], &["start", "--run", "/a/real1.json"], &["start", "--dry-run"], &[]] {
            assert!(!asked(arguments), "{arguments:?}");
        }
    }
}
