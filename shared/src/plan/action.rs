//! The only type that can become a side effect. Each action says itself as a person would, and how long it can take.

mod words;

use std::path::PathBuf;
use std::time::Duration;

use super::{Restoration, Retirement};
use crate::boot::{self, SeeBoot};
use crate::codedeploy::consent::{self, Question};
use crate::config::Settings;
use crate::discovery::witness::DOOR_AT_MOST;
use crate::host::{Launch, Process, ProcessIdentity, Share};
use crate::ledger::Change;
use crate::nginx::access::Access;
use crate::nginx::configuration;
use crate::nginx::configuration_file::ConfigurationFile;
pub use crate::nginx::configuration_file::WRITE_AT_MOST;
use crate::nginx::flag_directory::FlagDirectory;
use crate::occupant::LOOKS_AGAIN;
use crate::probe::Probe;
use crate::probe::validation::Validation;
use crate::probe::warm_up::WarmUp;
use crate::proof::arrival::Proof;
use crate::proof::watch::Watch;
use crate::release::{Artifact, Release};
use crate::slot::{Place, Slot};
use crate::sudo::COMMAND_AT_MOST;
use crate::supervisor::countdown::{self, Countdown};
use crate::supervisor::{self, Unit, UnitLaunch};

/// How long a killed process may take to be gone.
pub const KILLED_AT_MOST: Duration = Duration::from_secs(3);
/// How long a port may take to be free after its process has gone.
pub const PORT_FREE_AT_MOST: Duration = Duration::from_secs(3);
/// How long it may take to change a share of the processors: the kernel takes such a change every tenth of a second.
pub const SHARED_AT_MOST: Duration = Duration::from_secs(1);
/// How long the copy of an artifact may take: 1 GB at 20 MB/s.
pub const PUBLISH_AT_MOST: Duration = Duration::from_secs(50);

/// What becomes of a release that is refused: whoever was not proven may not be nginx's backup (F117).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The slot that it ran in, and that is free then.
    pub slot: Slot,
    /// How long it may take to end after SIGTERM.
    pub grace: Duration,
}

impl Refusal {
    /// The longest that ending it can take, with the question whether users have it.
    #[must_use]
    pub fn at_most(self) -> Duration {
        DOOR_AT_MOST + self.grace + KILLED_AT_MOST + WRITE_AT_MOST
    }
}

/// One side effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change the ledger.
    Remember {
        /// What is noted.
        change: Change,
        /// The place that it is about, for the sentence: people know a slot by profile and port.
        place: Option<Place>,
    },
    /// Let the requests that nginx still holds towards a place come to their end.
    Drain {
        /// Whose port nginx is connected to.
        place: Place,
        /// Connections that are open after this are left to end with the process.
        at_most: Duration,
    },
    /// See that the live slot still has its listener: where it has none, nginx may have gone on to the slot that is about to be
    /// freed.
    SeeLive(Place),
    /// End processes: SIGTERM, and SIGKILL for those that are left after the grace.
    Terminate {
        /// The live place, which must still have its listener when it comes to SIGKILL; nothing where that does not matter.
        live: Option<Place>,
        /// The place they are in.
        place: Place,
        /// All of them, the listener and its helpers: each gets the signals, identified by more than its id.
        processes: Vec<Process>,
        /// How long they may take to end after SIGTERM.
        grace: Duration,
    },
    /// End what makes a class archive, which can wait: the deploy needs its memory.
    EndMaker {
        /// The place that the deploy works in, for the sentence where that fails.
        place: Place,
        /// All of them.
        processes: Vec<Process>,
    },
    /// End the live release, so that the new one fits into memory. systemd starts it again after a reboot, and not before.
    MakeRoom {
        /// The live place.
        place: Place,
        /// All of its processes.
        processes: Vec<Process>,
        /// How long they may take to end after SIGTERM.
        grace: Duration,
    },
    /// Start the release again that made room, in the place of the new one.
    Restore(Box<Restoration>),
    /// Wait until nobody listens on a port.
    AwaitFree(Place),
    /// Copy an artifact to a release of its own.
    Publish {
        /// The file that is copied; it stays.
        artifact: Artifact,
        /// Where the copy goes: a new directory, so that nothing is written over.
        release: Release,
    },
    /// Put the unit of a slot on this host, or what is missing of it.
    InstallUnit(Unit),
    /// Start a release.
    Launch {
        /// The place it is to listen in, for the sentence: the command names the port itself.
        place: Place,
        /// Command, working directory, environment and log.
        launch: Launch,
        /// The unit that starts it; nothing where this run does.
        unit: Option<Box<UnitLaunch>>,
    },
    /// End what this run launched.
    EndLaunched {
        /// Which one that is.
        slot: Slot,
        /// The place it was launched in.
        place: Place,
        /// How long it may take to end after SIGTERM, before SIGKILL.
        grace: Duration,
    },
    /// See how what was launched boots, and let an archive be made for the next one where it has none.
    SeeBoot(Box<SeeBoot>),
    /// Watch what was launched until it listens, or has lived for a while.
    Survive {
        /// The place whose port it is to listen on.
        place: Place,
        /// How long it has to live if it does not listen before.
        at_most: Duration,
        /// Its log, whose end is shown if it dies.
        log: PathBuf,
    },
    /// Ask until a release is proven.
    Probe {
        /// URL, good answer, how many in a row, and how long to wait for them.
        probe: Probe,
        /// The application's log, whose end is shown if it fails.
        log: Option<PathBuf>,
        /// What becomes of a release that is refused; nothing where it stays.
        refusal: Option<Refusal>,
    },
    /// Ask a release that is proven for what users will ask for, until its answers are as fast as they get.
    WarmUp {
        /// What is asked, and for how long.
        warm_up: Box<WarmUp>,
        /// The application's log, whose end is shown if it fails.
        log: PathBuf,
        /// What becomes of a release that is refused.
        refusal: Refusal,
    },
    /// Ask a release once more on its own port, after its traffic was sent back: one that answers well was not to blame, and stays
    /// as the proven release that it is. Nothing to do where the cutover came to nothing for another reason.
    Reconsider {
        /// As a standby is asked.
        probe: Probe,
        /// The application's log, whose end is shown if it fails.
        log: Option<PathBuf>,
        /// What becomes of it then.
        refusal: Refusal,
    },
    /// Remove a file or directory of ours that nobody needs. What comes of it is noted, never a failure.
    Discard(PathBuf),
    /// Set how eager the kernel is to end a process when memory is short. What comes of it is noted, never a failure.
    Sacrifice {
        /// Whose `oom_score_adj` is set.
        process: ProcessIdentity,
        /// 0 is usual, 1000 is first.
        score: i32,
    },
    /// Let what this run launched have a small share of the processors, or a release that is proven as much as any other. What comes
    /// of it is told, never a failure.
    Share {
        /// Which one; nothing for the one that was launched.
        process: Option<ProcessIdentity>,
        /// What it has from here on.
        share: Share,
    },
    /// Replace the include.
    WriteInclude {
        /// The whole file.
        bytes: Vec<u8>,
        /// What they name, as a fragment: a port, or the flag.
        names: String,
        /// Which file the include is, and who may write it.
        access: Access,
    },
    /// Replace the file of the upstream groups.
    WriteUpstreams {
        /// The whole file.
        bytes: Vec<u8>,
        /// What they hold, as a fragment.
        names: &'static str,
        /// Which file that is, and who may write it.
        file: ConfigurationFile,
    },
    /// Make the flag's directory where it is missing, and see that nginx's workers can look into it.
    MakeFlagDirectory {
        /// Where it is, who makes it, and whose it is to be.
        directory: FlagDirectory,
        /// One of the workers that have to look into it; nothing while nginx is down.
        worker: Option<ProcessIdentity>,
    },
    /// Make or remove the flag, in one atomic step.
    SetFlag {
        /// The empty file that nginx looks for, with its whole path.
        flag: PathBuf,
        /// Whether it is to exist.
        exists: bool,
        /// Whom it says then.
        place: Place,
    },
    /// Let nginx test its configuration.
    TestConfiguration {
        /// The command, and whether it goes through sudo.
        access: Access,
        /// Whether nothing in it may make nginx read the flag wrongly.
        for_flag: bool,
    },
    /// Let nginx read its configuration again, and prove by its workers that it did.
    Reload {
        /// Who gets SIGHUP.
        master: ProcessIdentity,
        /// Whether this user sends it or sudo does.
        access: Access,
        /// How long until the new workers accept and no old one does.
        at_most: Duration,
    },
    /// The same after the include was put back; nothing to do where nginx was not told of the new one.
    ReloadBack {
        /// Who gets SIGHUP.
        master: ProcessIdentity,
        /// Whether this user sends it or sudo does.
        access: Access,
        /// How long until the new workers accept and no old one does.
        at_most: Duration,
    },
    /// Let nginx tell where it sends requests, where it reads the file that would hold that and this user may write it.
    WriteWord {
        /// The whole file.
        bytes: Vec<u8>,
        /// The same as it was.
        before: Vec<u8>,
        /// Which file that is, and how nginx is asked to test it.
        access: Access,
    },
    /// Put the file back, where it was written.
    TakeWordBack {
        /// The whole file.
        bytes: Vec<u8>,
        /// Which file that is.
        file: ConfigurationFile,
    },
    /// Prove that traffic has arrived.
    Prove(Proof),
    /// Prove that traffic is back where it came from, as far as somebody can tell.
    ProveBack(Proof),
    /// Watch the release that traffic has arrived at.
    Watch(Box<Watch>),
    /// Stop the slot that served before. What comes of it is told, never a failure.
    Retire(Retirement),
    /// Set the timer that ends the slot that served before. What comes of it is told, never a failure.
    CountDown(Box<Countdown>),
    /// Ask CodeDeploy whether the deployment is still wanted.
    Consult(Question),
    /// Ask a URL that is no slot's until it is proven.
    Validate(Validation),
}

impl Action {
    /// The note of a change, with the place that it is about.
    #[must_use]
    pub fn remember(settings: &Settings, change: Change) -> Action {
        let place = change.slot().map(|slot| settings.place(slot).clone());
        Action::Remember { change, place }
    }

    /// Whether it can change what users get. Every action has to say so: it decides whether a failure that could not be taken
    /// back leaves traffic in doubt.
    #[must_use]
    pub fn moves_traffic(&self) -> bool {
        match self {
            Action::WriteInclude { .. } | Action::SetFlag { .. } => true,
            Action::Remember { .. }
            | Action::Drain { .. }
            | Action::SeeLive(_)
            | Action::Terminate { .. }
            | Action::EndMaker { .. }
            | Action::MakeRoom { .. }
            | Action::Restore(_)
            | Action::AwaitFree(_)
            | Action::Publish { .. }
            | Action::InstallUnit(_)
            | Action::Launch { .. }
            | Action::SeeBoot(_)
            | Action::EndLaunched { .. }
            | Action::Survive { .. }
            | Action::Probe { .. }
            | Action::WarmUp { .. }
            | Action::Reconsider { .. }
            | Action::Discard(_)
            | Action::Sacrifice { .. }
            | Action::Share { .. }
            | Action::WriteUpstreams { .. }
            | Action::MakeFlagDirectory { .. }
            | Action::TestConfiguration { .. }
            | Action::Reload { .. }
            | Action::ReloadBack { .. }
            | Action::WriteWord { .. }
            | Action::TakeWordBack { .. }
            | Action::Prove(_)
            | Action::ProveBack(_)
            | Action::Watch(_)
            | Action::Retire(_)
            | Action::CountDown(_)
            | Action::Consult(_)
            | Action::Validate(_) => false,
        }
    }

    /// The longest it can take, everything gone slowly; held against the `timeout` of appspec.yml.
    #[must_use]
    pub fn at_most(&self) -> Duration {
        match self {
            // Where it says who serves, the application is told in a file of its own.
            Action::Remember { change: Change::Open(_) | Change::Intend(_) | Change::Return(_), .. }
            | Action::Remember { change: Change::Moved(_) | Change::SentBack, .. } => WRITE_AT_MOST * 2,
            Action::Remember { .. } | Action::SetFlag { .. } | Action::TakeWordBack { .. } => WRITE_AT_MOST,
            Action::InstallUnit(_) => supervisor::INSTALL_AT_MOST,
            Action::Launch { unit: Some(_), .. } => supervisor::AT_MOST,
            Action::WriteInclude { access, .. } => access.include.at_most(),
            Action::WriteUpstreams { file, .. } => file.at_most(),
            Action::MakeFlagDirectory { .. } => COMMAND_AT_MOST,
            Action::Drain { at_most, .. } | Action::Survive { at_most, .. } => *at_most,
            Action::Reload { at_most, access, .. } => *at_most + access.nginx.at_most(),
            Action::ReloadBack { at_most, access, .. } => (*at_most + access.nginx.at_most()) * 2,
            Action::Terminate { grace, .. } | Action::MakeRoom { grace, .. } => *grace + KILLED_AT_MOST,
            Action::Restore(restoration) => restoration.at_most(),
            Action::EndLaunched { slot, grace, .. } => Refusal { slot: *slot, grace: *grace }.at_most(),
            Action::AwaitFree(_) => PORT_FREE_AT_MOST,
            Action::Publish { .. } => PUBLISH_AT_MOST,
            Action::SeeBoot(_) => boot::PREPARES_AT_MOST,
            Action::EndMaker { .. } => boot::MAKER_GRACE + KILLED_AT_MOST,
            Action::SeeLive(_) | Action::Launch { .. } | Action::Sacrifice { .. } | Action::Discard(_) => {
                Duration::ZERO
            }
            Action::Reconsider { probe, refusal, .. } => probe.at_most() + refusal.at_most(),
            Action::Probe { probe, refusal, .. } => probe.at_most() + refusal.map_or(Duration::ZERO, Refusal::at_most),
            // Whoever is refused by this was not refused by the probe before, whose time has room for the end of a release.
            Action::WarmUp { warm_up, .. } => warm_up.at_most(),
            Action::TestConfiguration { .. } => configuration::TEST_AT_MOST,
            // Written, tested, and put back where nginx refuses it.
            Action::WriteWord { access, .. } => access.upstreams.at_most() * 2 + configuration::TEST_AT_MOST,
            Action::Prove(proof) | Action::ProveBack(proof) => proof.lasts(),
            Action::Watch(watch) => watch.at_most(),
            Action::Retire(Retirement { drain, grace, .. }) => {
                LOOKS_AGAIN.at_most + *drain + *grace + KILLED_AT_MOST + PORT_FREE_AT_MOST + WRITE_AT_MOST
            }
            Action::Share { .. } => SHARED_AT_MOST,
            Action::CountDown(_) => countdown::COUNTDOWN_AT_MOST,
            Action::Consult(_) => consent::AT_MOST,
            Action::Validate(validation) => validation.at_most(),
        }
    }
}
