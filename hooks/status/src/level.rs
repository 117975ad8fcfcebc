//! How the site is, in one word and one exit code: decided by who serves and by what was found beside that.

use serde::Serialize;
use shared::error::ExitCodeRow;
use shared::run::serving::Serving;

use crate::finding::Finding;

/// How the site is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// It serves, and nobody has to do anything.
    Healthy,
    /// It serves, or that cannot be told, and somebody should look.
    Look,
    /// It serves nobody.
    Down,
}

impl Level {
    /// Decides it. `has_served` is whether a release of these hooks ever got the traffic of this host: before that, whoever else has
    /// the traffic may be as it should be.
    pub(crate) fn of(serving: &Serving, has_served: bool, findings: &[Finding]) -> Level {
        let of_serving = match serving {
            Serving::Slot(_, remark) if remark.as_ref().is_some_and(|remark| remark.is_trouble) => Level::Look,
            Serving::Slot(..) => Level::Healthy,
            Serving::Stranger(_) if has_served => Level::Down,
            Serving::Stranger(_) | Serving::Unknown(_) => Level::Look,
            Serving::Nobody(_) | Serving::NobodyInPart(_) => Level::Down,
        };
        findings.iter().map(Finding::level).fold(of_serving, Level::max)
    }

    /// The exit code that says so.
    pub(crate) fn exit_code(self) -> u8 {
        let row = match self {
            Level::Healthy => ExitCodeRow::DONE,
            Level::Look => ExitCodeRow::LOOK,
            Level::Down => ExitCodeRow::DOWN,
        };
        row.code
    }
}

#[cfg(test)]
mod tests {
    use shared::error::{Error, Kind};
    use shared::run::Unread;
    use shared::run::serving::{Cause, Outage, Remark};
    use shared::slot::{Place, Slot};

    use super::*;

    fn served(is_trouble: Option<bool>) -> Serving {
        Serving::Slot(Slot::Blue, is_trouble.map(|is_trouble| Remark { text: String::new(), is_trouble }))
    }

    #[test]
    fn f151_who_serves_and_what_was_found_beside_that_say_together_how_the_site_is() {
        use Level::{Down, Healthy, Look};
        let outage = Outage { why: String::new(), cause: Cause::Nginx };
        let stranger = || Serving::Stranger("port 8080".into());
        for (name, serving, has_served, wanted) in [
            ("a slot", served(None), true, Healthy),
            ("the door tells nothing, and nginx itself does", served(Some(false)), true, Healthy),
            ("nginx has gone on to the standby", served(Some(true)), true, Look),
            ("somebody else, before the first deploy", stranger(), false, Look),
            ("somebody else, where a release has served", stranger(), true, Down),
            ("nobody can tell", Serving::Unknown(String::new()), true, Look),
            ("nobody", Serving::Nobody(outage.clone()), true, Down),
            ("nobody, before the first deploy", Serving::Nobody(outage.clone()), false, Down),
            ("nobody, for some", Serving::NobodyInPart(outage), true, Down),
        ] {
            assert_eq!(Level::of(&serving, has_served, &[]), wanted, "{name}");
            // What needs a look makes nothing worse than that, and nothing better.
            let with_one = Level::of(&serving, has_served, &[Finding::NotInForce]);
            assert_eq!(with_one, wanted.max(Look), "{name}");
        }
    }

    #[test]
    fn f151_what_the_settings_ask_for_or_the_next_hook_mends_is_nothing_to_look_at() {
        use Level::{Healthy, Look};
        let place = || Place { profile: "real2".into(), port: 8082 };
        let error = |kind| Error::new(kind, "no");
        let text = String::new;
        for (finding, wanted) in [
            (Finding::Unread(Unread::Damaged(text())), Healthy),
            (Finding::Unread(Unread::Refused(error(Kind::NotAllowed))), Healthy),
            (Finding::Unread(Unread::Refused(error(Kind::Settings))), Look),
            (Finding::Include(error(Kind::Undecided)), Look),
            (Finding::NotInForce, Look),
            (Finding::Undecided(error(Kind::Undecided)), Look),
            (Finding::Witness(text()), Healthy),
            (Finding::Unfinished(place()), Look),
            (Finding::Refused(text()), Look),
            (Finding::Retired(place()), Healthy),
            (Finding::StandbyGone(place(), text()), Look),
            (Finding::StandbyNotBack(place()), Healthy),
            (Finding::Stranger(text()), Look),
            (Finding::Nginx(error(Kind::ProxyBroken)), Look),
            (Finding::Offer(text()), Healthy),
            (Finding::GivenUp(text()), Look),
            (Finding::Unanswered(text()), Healthy),
            (Finding::ForeignGroup(text()), Look),
            (Finding::NoRoom(error(Kind::NoRoom)), Look),
            (Finding::DeployFailed(text(), None), Look),
            (Finding::DeployLeft(text()), Look),
        ] {
            let found = Level::of(&served(None), true, std::slice::from_ref(&finding));
            assert_eq!(found, wanted, "{finding:?}");
        }
    }

    #[test]
    fn f151_each_level_has_an_exit_code_of_its_own_that_no_hook_has() {
        let codes = [Level::Healthy, Level::Look, Level::Down].map(Level::exit_code);
        assert_eq!(codes, [0, 1, 2]);
        assert!(Kind::ALL.iter().all(|kind| !codes.contains(&kind.exit_code())));
    }
}
