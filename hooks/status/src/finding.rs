//! What `status` finds beside who serves: a sentence for each, what to do about it, and whether somebody has to look.

use std::fmt;

use shared::error::{Error, Kind};
use shared::language::translated;
use shared::run::Unread;
use shared::slot::Place;

use crate::level::Level;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// The ledger tells nothing.
    Unread(Unread),
    /// The include cannot be used.
    Include(Error),
    /// nginx has not read what it is told now.
    NotInForce,
    /// The witnesses leave two candidates.
    Undecided(Error),
    /// What the witnesses say that is worth a sentence.
    Witness(String),
    /// A cutover to this place was begun and not ended.
    Unfinished(Place),
    /// This release was refused and ended, and with it the standby has gone.
    Refused(String),
    /// The standby in this place was ended as the settings ask for.
    Retired(Place),
    /// The standby in this place has died; why, as the end of the sentence, where that is known.
    StandbyGone(Place, String),
    /// The standby in this place did not come back after a reboot, as no standby does.
    StandbyNotBack(Place),
    /// Somebody else is in a slot, as a sentence.
    Stranger(String),
    /// nginx is not as it has to be for a deploy.
    Nginx(Error),
    /// What nginx could do and is not asked for.
    Offer(String),
    /// systemd has given up on a release, as a sentence.
    GivenUp(String),
    /// systemd did not answer, as a sentence.
    Unanswered(String),
    /// A release would end with another service, as a sentence.
    ForeignGroup(String),
    /// The disk has no room for the next release.
    NoRoom(Error),
    /// The last deploy failed: how, as a sentence, and what to do.
    DeployFailed(String, Option<String>),
    /// The last deploy was left in the middle: how, as a sentence.
    DeployLeft(String),
}

impl Finding {
    /// How the site is, as far as this goes. None of these alone means that nobody serves.
    pub(crate) fn level(&self) -> Level {
        match self {
            // Another user may not be let in.
            Finding::Unread(Unread::Refused(error)) if error.kind() == Kind::NotAllowed => Level::Healthy,
            // What the next hook mends, what the settings ask for, and what is only worth knowing.
            Finding::Unread(Unread::Damaged(_))
            | Finding::Witness(_)
            | Finding::Retired(_)
            | Finding::StandbyNotBack(_)
            | Finding::Offer(_)
            | Finding::Unanswered(_) => Level::Healthy,
            Finding::Unread(Unread::Refused(_))
            | Finding::Include(_)
            | Finding::NotInForce
            | Finding::Undecided(_)
            | Finding::Unfinished(_)
            | Finding::Refused(_)
            | Finding::StandbyGone(..)
            | Finding::Stranger(_)
            | Finding::Nginx(_)
            | Finding::GivenUp(_)
            | Finding::ForeignGroup(_)
            | Finding::NoRoom(_)
            | Finding::DeployFailed(..)
            | Finding::DeployLeft(_) => Level::Look,
        }
    }

    /// What to do about it, where its sentence does not say that itself.
    pub(crate) fn advice(&self) -> Option<&str> {
        match self {
            Finding::Unread(Unread::Refused(error))
            | Finding::Include(error)
            | Finding::Undecided(error)
            | Finding::Nginx(error)
            | Finding::NoRoom(error) => error.advice(),
            Finding::DeployFailed(_, to_do) => to_do.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Unread(Unread::Refused(error))
            | Finding::Include(error)
            | Finding::Undecided(error)
            | Finding::Nginx(error)
            | Finding::NoRoom(error) => error.fmt(formatter),
            Finding::Unread(Unread::Damaged(sentence))
            | Finding::Witness(sentence)
            | Finding::Stranger(sentence)
            | Finding::Offer(sentence)
            | Finding::GivenUp(sentence)
            | Finding::Unanswered(sentence)
            | Finding::ForeignGroup(sentence)
            | Finding::DeployFailed(sentence, _)
            | Finding::DeployLeft(sentence) => formatter.write_str(sentence),
            Finding::NotInForce => formatter.write_str(translated!(
                "nginx has not read what it is told now: the next reload, whoever makes it, may move the traffic"
            )),
            Finding::Unfinished(place) => formatter
                .write_str(&translated!("a cutover to {place} was begun and not ended; the next hook settles it")),
            Finding::Refused(release) => {
                formatter.write_str(&translated!("release `{release}` was refused and ended; there is no standby until the next deploy or `switch --back --restart`"))
            }
            Finding::Retired(place) => formatter.write_str(&translated!("what ran in {place} was ended, as `switch.standby` or `start.overlap` says; there is no standby until the next deploy or `switch --back --restart`")),
            Finding::StandbyGone(place, why) => {
                formatter.write_str(&translated!("the standby in {place} has died{why}; there is none until the next deploy or `switch --back --restart`"))
            }
            Finding::StandbyNotBack(place) => formatter.write_str(&translated!("the standby in {place} did not come back after the reboot, as none does; there is none until the next deploy or `switch --back --restart`")),
        }
    }
}
