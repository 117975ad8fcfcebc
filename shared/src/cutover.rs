//! The one step that moves traffic, as a plan: the flag is made or removed, or the include is replaced and nginx reloads; nginx
//! and the door prove it; the watch after it; and the way back, if any of that fails.

pub mod settlement;

use std::path::PathBuf;
use std::time::Duration;

use crate::codedeploy::consent::Question;
use crate::config::Settings;
use crate::discovery::witness::Testimony;
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, ProcessIdentity};
use crate::language::translated;
use crate::ledger::{Change, Intent};
use crate::nginx::access::Access;
use crate::plan::action::Refusal;
use crate::plan::{Action, Retirement, Step};
use crate::probe::Probe;
use crate::proof::arrival::Proof;
use crate::proof::watch::Watch;
use crate::route::choice::Choice;
use crate::route::include::Include;
use crate::route::keepalive;
use crate::route::upstreams;
use crate::slot::Slot;
use crate::sudo::Way;
use crate::supervisor::countdown::Countdown;

/// Everything that a cutover is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cutover {
    /// Where traffic comes from; nothing for the first release of a host.
    pub from: Option<Slot>,
    /// Where it goes.
    pub to: Slot,
    /// By a reload, by the flag, or by the flag with its installation first.
    pub by: By,
    /// nginx before.
    pub nginx: Nginx,
    /// What CodeDeploy is asked first.
    pub consent: Option<Question>,
    /// The process that traffic goes to.
    pub process: ProcessIdentity,
    /// The kernel's count of the processes that it had ended for want of memory, when that one was launched.
    pub ended_before: Option<u64>,
    /// The process that it comes from, which stays as the standby.
    pub standby: Option<ProcessIdentity>,
    /// How it is asked again where traffic is sent back, and what becomes of one that is refused then; nothing where it stays.
    pub reconsidered: Option<Reconsidered>,
    /// How it is watched before it counts as done.
    pub watch: Option<Watch>,
    /// How the slot that it comes from is stopped when it is done, if it does not stay.
    pub retirement: Option<Retirement>,
    /// What ends that slot later, if it stays for a while.
    pub countdown: Option<Countdown>,
}

/// What is to be done about the release that traffic was sent back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconsidered {
    /// How it is asked, on its own port: nginx and the door have no part in that.
    pub probe: Probe,
    /// Its log.
    pub log: Option<PathBuf>,
    /// How it is ended.
    pub refusal: Refusal,
}

/// nginx as it is before a cutover, and how this user may act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nginx {
    /// The include as it is read now, its bytes with it: they are what goes back.
    pub include: Include,
    /// The file of the upstream groups; empty where there is none.
    pub upstreams: Vec<u8>,
    /// The master, which is told to reload.
    pub master: ProcessIdentity,
    /// The workers that accept.
    pub workers: Vec<ProcessIdentity>,
    /// How its files are written and how it is signalled.
    pub access: Access,
    /// What the door answered: where that told nothing, the same proves nothing afterwards.
    pub door: Answer,
    /// Whether it tells itself where it sends requests.
    pub word: Word,
}

/// Whether nginx tells itself where it sends requests, at the port that the settings name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It does.
    Heard,
    /// It does not yet, and a cutover may bring that in.
    Missing,
    /// It is not to be asked, or cannot be.
    Off,
}

/// How traffic is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The include is rewritten and nginx reloads.
    Reload {
        /// What the include is to say as `keepalive_min_timeout`; nothing where it stays as it is.
        keepalive_min_timeout: Option<Duration>,
    },
    /// The flag is made or removed, and nothing else.
    Flag,
    /// The same, after the choice by the flag was brought in by a reload that moves nothing.
    InstalledFlag,
}

/// The steps of a cutover.
#[must_use]
pub fn steps(settings: &Settings, cutover: &Cutover) -> Vec<Step> {
    let Cutover { from, to, by, nginx, .. } = cutover;
    let after = match by {
        By::Reload { keepalive_min_timeout } => {
            let moved = nginx.include.with_port(settings.place(*to).port);
            match keepalive_min_timeout {
                Some(wanted) => keepalive::written(&moved, &settings.proxy.variable, *wanted),
                None => moved,
            }
        }
        By::Flag => nginx.include.bytes().to_owned(),
        By::InstalledFlag => nginx.include.with_choice(&Choice::of(settings)),
    };
    let intent = Intent {
        from: *from,
        to: *to,
        before: nginx.include.bytes().to_owned(),
        after: after.clone(),
        workers: nginx.workers.clone(),
    };
    let mut steps = Vec::new();
    // nginx heeds the flag already, whatever somebody has made of its files meanwhile.
    if *by != By::Flag {
        steps.push(nginx.test(*by == By::InstalledFlag));
    }
    steps.extend(cutover.consent.clone().map(|question| Step::of(Action::Consult(question))));
    let mut undo = vec![Action::remember(settings, Change::SentBack)];
    // Once traffic is back: until then users have it.
    undo.extend(cutover.reconsidered.clone().map(|Reconsidered { probe, log, refusal }| Action::Reconsider {
        probe,
        log,
        refusal,
    }));
    steps.push(Step::of(Action::remember(settings, Change::Intend(intent))).undone_by(undo));
    match by {
        By::Reload { .. } => {
            let speak = nginx.let_speak(settings, &after);
            let mut include = nginx.rewrite(settings, after, translated!("port {}", settings.place(*to).port), *from);
            // Both files are back before nginx is told again.
            if speak.is_some() {
                include.undo.insert(1, nginx.silence());
            }
            steps.extend(speak);
            steps.push(include);
            steps.push(nginx.reload(settings));
        }
        By::Flag => {
            let from = from.unwrap_or(!*to);
            let mut flip = flip(settings, from, *to);
            flip.undo.push(nginx.prove_back(settings, from));
            steps.push(flip);
        }
        By::InstalledFlag => {
            steps.extend(nginx.install(settings, from.unwrap_or(*to), after));
            // From nowhere traffic has come with the reload. The way back is proven once nginx has read the include again.
            steps.extend(from.map(|from| flip(settings, from, *to)));
        }
    }
    let word = settings.proxy.word.filter(|_| nginx.word != Word::Off);
    steps.push(Step::of(Action::Prove(Proof::of(settings, *to, &nginx.door).with_word(word))));
    steps.extend(cutover.watch.clone().map(|watch| Step::of(Action::Watch(Box::new(watch)))));
    steps.extend([
        Step::of(Action::remember(settings, Change::Moved(*to))),
        Step::of(Action::Sacrifice { process: cutover.process, score: 0 }),
    ]);
    steps.extend(cutover.standby.map(|process| Step::of(Action::Sacrifice { process, score: 1000 })));
    steps.extend(cutover.retirement.clone().map(|retirement| Step::of(Action::Retire(retirement))));
    steps.extend(cutover.countdown.clone().map(|countdown| Step::of(Action::CountDown(Box::new(countdown)))));
    steps
}

/// The steps that bring in the choice by the flag, by one reload that leaves traffic in the slot where it is.
#[must_use]
pub fn installation(settings: &Settings, nginx: &Nginx, serves: Slot) -> Vec<Step> {
    let after = nginx.include.with_choice(&Choice::of(settings));
    let mut steps = vec![nginx.test(true)];
    steps.extend(nginx.install(settings, serves, after));
    let word = settings.proxy.word.filter(|_| nginx.word != Word::Off);
    steps.push(Step::of(Action::Prove(Proof::of(settings, serves, &nginx.door).with_word(word).of_staying())));
    steps
}

/// The steps that follow nginx to where it has gone by itself: nobody listens in `from` any more, and the other slot serves. With
/// the flag saying so, the dead slot is the idle one, and what is started there gets no traffic before it is proven.
///
/// # Errors
/// `Kind::Undecided` if nginx goes by another flag than these settings name.
pub fn follow(settings: &Settings, testimony: &Testimony, from: Slot) -> Result<Vec<Step>> {
    let to = !from;
    let include = testimony.include.as_ref().filter(|include| include.choice() == Some(&Choice::of(settings)));
    let Some(include) = include else {
        let (from, to) = (settings.place(from), settings.place(to));
        return Err(Error::new(
            Kind::Undecided,
            translated!("nobody listens in {from}, nginx has gone on to {to}, and its include names another flag than hooks.toml"),
        )
        .advise(translated!("put `proxy.flag` and the profiles back to what the include has, then deploy again")));
    };
    let bytes = include.bytes().to_owned();
    // No workers: `Intent::follows`.
    let intent = Intent { from: Some(from), to, before: bytes.clone(), after: bytes, workers: Vec::new() };
    let actions = [
        Action::remember(settings, Change::Intend(intent)),
        flag_says(settings, to),
        Action::remember(settings, Change::Moved(to)),
    ];
    Ok(actions.map(Step::of).into())
}

impl Nginx {
    /// Everything but the include is in place before it: until nginx reads that, it heeds none of the rest.
    fn install(&self, settings: &Settings, serves: Slot, after: Vec<u8>) -> Vec<Step> {
        let Access { upstreams: file, flag_directory, .. } = &self.access;
        let worker = self.workers.first().copied();
        let write = |bytes: Vec<u8>, names| Action::WriteUpstreams { bytes, names, file: file.clone() };
        let mut steps = vec![
            Step::of(Action::MakeFlagDirectory { directory: flag_directory.clone(), worker }),
            Step::of(flag_says(settings, serves)),
        ];
        let right = upstreams::are_right(&self.upstreams, settings);
        let groups = (!right).then(|| upstreams::render(settings));
        // With the groups written anew the word is to be brought in again as well.
        let speaks = match self.word {
            Word::Missing => true,
            Word::Heard => !right,
            Word::Off => false,
        };
        let speaks = speaks.then(|| {
            let before = groups.clone().unwrap_or_else(|| self.upstreams.clone());
            let bytes = upstreams::with_word(&before, settings, &after);
            Step::of(Action::WriteWord { bytes, before, access: self.access.clone() })
        });
        let mut include = self.rewrite(settings, after, translated!("the flag").to_owned(), Some(serves));
        let undo = write(self.upstreams_before(), translated!("what it held before"));
        if groups.is_some() || speaks.is_some() {
            // Both files are back before nginx is told again: else it would go on with what one of them held.
            include.undo.insert(1, undo.clone());
        }
        steps.extend(groups.map(|groups| {
            Step::of(write(groups, translated!("the two slots as upstream groups"))).undone_by(vec![undo.clone()])
        }));
        // What nginx does not take of it is left out again: it shows arrival, and is not needed for it.
        steps.extend(speaks.map(|speaks| speaks.undone_by(vec![undo])));
        steps.extend([include, self.test(true), self.reload(settings)]);
        steps
    }

    /// What stands in the file of the groups once it is put back.
    fn upstreams_before(&self) -> Vec<u8> {
        if self.upstreams.is_empty() { upstreams::NONE.to_owned() } else { self.upstreams.clone() }
    }

    /// Brings nginx's own word in by the reload of a cutover, where this user writes that file itself.
    fn let_speak(&self, settings: &Settings, include: &[u8]) -> Option<Step> {
        let file = &self.access.upstreams;
        let may = settings.proxy.word.is_some() && self.word == Word::Missing && file.way == Way::Own;
        may.then(|| {
            let bytes = upstreams::with_word(&self.upstreams, settings, include);
            let (before, access) = (self.upstreams_before(), self.access.clone());
            Step::of(Action::WriteWord { bytes, before, access }).undone_by(vec![self.silence()])
        })
    }

    fn silence(&self) -> Action {
        Action::TakeWordBack { bytes: self.upstreams_before(), file: self.access.upstreams.clone() }
    }

    /// Once traffic is sent back to `from`, nginx itself is asked whether it is there, if it could be asked before.
    fn prove_back(&self, settings: &Settings, from: Slot) -> Action {
        let word = settings.proxy.word.filter(|_| self.word == Word::Heard);
        Action::ProveBack(Proof::of(settings, from, &self.door).with_word(word))
    }

    fn test(&self, for_flag: bool) -> Step {
        Step::of(Action::TestConfiguration { access: self.access.clone(), for_flag })
    }

    /// The include is replaced; undone, nginx is told again only after the old bytes are back.
    fn rewrite(&self, settings: &Settings, after: Vec<u8>, names: String, from: Option<Slot>) -> Step {
        let write = |bytes, names| Action::WriteInclude { bytes, names, access: self.access.clone() };
        let at_most = settings.proxy.reload_at_most;
        let mut undo = vec![write(self.include.bytes().to_owned(), self.include.leads().to_string())];
        undo.push(Action::ReloadBack { master: self.master, access: self.access.clone(), at_most });
        undo.extend(from.map(|from| self.prove_back(settings, from)));
        Step::of(write(after, names)).undone_by(undo)
    }

    fn reload(&self, settings: &Settings) -> Step {
        let at_most = settings.proxy.reload_at_most;
        Step::of(Action::Reload { master: self.master, access: self.access.clone(), at_most })
    }
}

fn flip(settings: &Settings, from: Slot, to: Slot) -> Step {
    Step::of(flag_says(settings, to)).undone_by(vec![flag_says(settings, from)])
}

/// The flag says green by being there.
pub(super) fn flag_says(settings: &Settings, to: Slot) -> Action {
    Action::SetFlag { flag: settings.proxy.flag.clone(), exists: to == Slot::Green, place: settings.place(to).clone() }
}
