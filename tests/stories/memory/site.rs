//! A site in memory: a host, its settings, and hooks that are run on it one by one, each watched by the invariants.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fake_host::{App, FakeHost, Killed};
use shared::config::{self, Settings, SettingsFile};
use shared::host::Host;
use shared::ledger::{Ledger, store};
use shared::lifecycle::Lifecycle;
use shared::report::Report;
use shared::run::{self, CommandLine, Look, Scene, Unread};
use shared::slot::Slot;

use crate::exit::{Deployed, Exit, Hook};
use crate::invariants::{Before, people_know_slots_by_profile};
use crate::jar;

/// The settings of the site: the scripts' values in a directory of its own. Those whom the watch concerns set it.
fn settings(cutover: Cutover) -> Settings {
    let (way, word) = match cutover {
        Cutover::Reload => ("reload", "off"),
        Cutover::Instant => ("instant", "off"),
        Cutover::ReloadAsked => ("reload", "+10000"),
        Cutover::InstantAsked => ("instant", "+10000"),
    };
    let text = format!(
        "[app]\ndirectory = \"/app\"\nconfig_locations = []\n[proxy]\ncutover = \"{way}\"\nword = \"{word}\"\n[switch]\nwatch = \"0s\"\n"
    );
    config::settings(SettingsFile::parse("hooks.toml", &text)).unwrap_or_else(|error| unreachable!("{error}"))
}

/// How traffic is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cutover {
    Reload,
    /// By the flag, which nginx knows nothing of before the first `switch`.
    Instant,
    /// By a reload, and nginx itself is asked.
    ReloadAsked,
    /// By the flag, and nginx itself is asked.
    InstantAsked,
}

/// As whom the hooks run, and how they move traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) user: User,
    pub(crate) cutover: Cutover,
}

impl Setup {
    pub(crate) const ALL: [Setup; 8] = {
        const fn of(user: User, cutover: Cutover) -> Setup {
            Setup { user, cutover }
        }
        [
            of(User::Root, Cutover::Reload),
            of(User::Application, Cutover::Reload),
            of(User::Root, Cutover::Instant),
            of(User::Application, Cutover::Instant),
            of(User::Root, Cutover::ReloadAsked),
            of(User::Application, Cutover::ReloadAsked),
            of(User::Root, Cutover::InstantAsked),
            of(User::Application, Cutover::InstantAsked),
        ]
    };
}

impl From<User> for Setup {
    fn from(user: User) -> Setup {
        Setup { user, cutover: Cutover::Reload }
    }
}

/// As whom the hooks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// root, who may do everything.
    Root,
    /// The application's user, who writes the include and signals nginx through sudo.
    Application,
}

impl User {
    pub(crate) const BOTH: [User; 2] = [User::Root, User::Application];
}

/// A site.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) host: FakeHost,
    pub(crate) settings: Settings,
    /// Whether the last hook was killed, or told that a person must look: then traffic may be anywhere.
    pub(crate) unsettled: Cell<bool>,
    /// What the last hook told people before its verdict, line by line.
    pub(crate) told: RefCell<Vec<String>>,
    /// Who serves, as the last hook that failed has told it.
    pub(crate) serving: RefCell<String>,
    /// Who calls the hooks, but for the deployment.
    pub(crate) caller: Lifecycle,
}

impl Site {
    /// A site on which the scripts have put a release into `live`, and where a bundle has been unpacked.
    pub(crate) fn of_scripts(live: Slot, setup: impl Into<Setup>) -> Site {
        let site = Site::cold(live, setup);
        let place = site.settings.place(live);
        site.host.place_app(App::good(), &place.profile, place.port);
        site
    }

    /// The same with nobody in either slot.
    pub(crate) fn cold(names: Slot, setup: impl Into<Setup>) -> Site {
        let Setup { user, cutover } = setup.into();
        let settings = settings(cutover);
        let host = FakeHost::new(&settings.proxy.include, &settings.proxy.pid_file, settings.place(names).port);
        if user == User::Application {
            host.run_as(1000);
        }
        let made = host.own_directory(Path::new("/app"));
        assert!(made.is_ok(), "{made:?}");
        host.write(Path::new("/app/zip/app.jar"), jar::bytes());
        Site {
            host,
            settings,
            unsettled: Cell::new(false),
            told: RefCell::default(),
            serving: RefCell::default(),
            caller: Lifecycle::default(),
        }
    }

    pub(crate) fn port(&self, slot: Slot) -> u16 {
        self.settings.place(slot).port
    }

    /// What the file for the application has under this key.
    pub(crate) fn announced(&self, key: &str) -> Option<String> {
        let text = String::from_utf8(self.host.read_file(&self.settings.live_file()).ok()?).ok()?;
        text.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned()))
    }

    /// Whether the last hook has said that the file for the application could not be written.
    pub(crate) fn is_untold(&self) -> bool {
        self.told.borrow().iter().any(|line| line.contains("It does not tell the application"))
    }

    /// The include as text.
    pub(crate) fn include(&self) -> String {
        let bytes = self.host.read_file(&self.settings.proxy.include).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What is remembered of the site.
    pub(crate) fn ledger(&self) -> Ledger {
        let (ledger, _) = store::load(&self.host, &self.settings).unwrap_or_else(|error| unreachable!("{error}"));
        ledger
    }

    /// The slot that traffic goes to.
    pub(crate) fn live(&self) -> Option<Slot> {
        let port = self.host.port_in_force()?;
        self.settings.places.find(|place| place.port == port)
    }

    /// Whether the ledger has a cutover that was begun and not ended.
    pub(crate) fn is_intent_open(&self) -> bool {
        store::load(&self.host, &self.settings).is_ok_and(|(ledger, _)| ledger.intent.is_some())
    }

    /// Runs one hook of a deployment; without an id, by hand.
    pub(crate) fn run(&self, hook: Hook, deployment: Option<&str>) -> Exit {
        self.host.begin();
        let before = Before::of(self);
        let exit = self.call(hook, deployment, false);
        before.hold_against(self, hook, &exit);
        exit
    }

    /// What a hook shows that it would do; `told` has its lines.
    pub(crate) fn dry_run(&self, hook: Hook, deployment: Option<&str>) -> Exit {
        self.host.begin();
        let exit = self.call(hook, deployment, true);
        people_know_slots_by_profile(self, &exit);
        exit
    }

    fn call(&self, hook: Hook, deployment: Option<&str>, dry_run: bool) -> Exit {
        let switch = |back, install| switch::Arguments { back, install, restart: hook == Hook::Restart };
        match hook {
            Hook::Stop => self.execute::<stop::Stop>(deployment, dry_run, stop::Arguments {}),
            Hook::Start => self.execute::<start::Start>(deployment, dry_run, start::Arguments {}),
            Hook::Health => self.execute::<health::Health>(deployment, dry_run, health::Arguments {}),
            Hook::Switch => self.execute::<switch::Switch>(deployment, dry_run, switch(false, false)),
            Hook::Back | Hook::Restart => self.execute::<switch::Switch>(None, dry_run, switch(true, false)),
            Hook::Install => self.execute::<switch::Switch>(None, dry_run, switch(false, true)),
        }
    }

    /// What the timer of a standby does: the one that was set when this release became the standby in `slot`.
    pub(crate) fn retire(&self, slot: Slot, release: Option<&str>, generation: u64) -> Exit {
        self.host.begin();
        let before = Before::of(self);
        let (retire, release) = (self.settings.place(slot).profile.clone(), release.map(str::to_owned));
        let arguments = start::retire::Arguments { retire, release, generation };
        let exit = self.execute::<start::retire::Retire>(None, false, arguments);
        // Like `start` it may end processes, and moves nothing.
        before.hold_against(self, Hook::Start, &exit);
        exit
    }

    /// Runs the four hooks as the agent does: the first that fails is the last.
    pub(crate) fn deploy(&self, deployment: &str) -> Deployed {
        self.deploy_from(Hook::Stop, deployment)
    }

    /// The same, beginning with a later hook.
    pub(crate) fn deploy_from(&self, first: Hook, deployment: &str) -> Deployed {
        let mut ended = (first, Exit::Killed);
        for hook in Hook::DEPLOY.into_iter().skip_while(|hook| *hook != first) {
            ended = (hook, self.run(hook, Some(deployment)));
            if !ended.1.is_done() {
                break;
            }
        }
        ended
    }

    /// A whole deploy that has to succeed, and to serve what it started.
    #[track_caller]
    pub(crate) fn deploys(&self, deployment: &str) {
        let before = self.host.launches().len();
        let (hook, exit) = self.deploy(deployment);
        assert!(exit.is_done(), "{deployment}: {hook:?} ended with {exit:?}");
        assert_eq!(hook, Hook::Switch);
        let launches = self.host.launches();
        assert_eq!(launches.len(), before + 1, "{deployment}: exactly one release is started");
        let serves = self.host.live().and_then(|live| self.host.process(live.id)).map(|process| process.session);
        assert_eq!(serves, launches.last().map(|launch| launch.id), "{deployment}: what was started serves");
    }

    /// What a person does whom `stop` has told that the last release that runs was not ended (F114): with `proxy.cutover = "reload"`
    /// nginx does not go on to it by itself.
    #[track_caller]
    pub(crate) fn goes_back_if_the_last_one_stands_by(&self) {
        let listens = |slot| !self.host.listening(self.port(slot)).is_empty();
        let Some(live) = self.live() else { return };
        if !listens(live) && listens(!live) && self.host.answering_port() == Some(self.port(live)) {
            let exit = self.run(Hook::Back, None);
            assert!(exit.is_done(), "{exit:?}");
        }
    }

    /// What `status` says, and the exit code that it ends with.
    pub(crate) fn status(&self) -> (u8, String) {
        self.look(&status::Arguments::default())
    }

    /// The same of `status --check`.
    pub(crate) fn check(&self) -> (u8, String) {
        self.look(&status::Arguments { check: true, ..status::Arguments::default() })
    }

    fn look(&self, arguments: &status::Arguments) -> (u8, String) {
        self.host.begin();
        let (mut ledger, unread) = match store::load(&self.host, &self.settings) {
            Ok((ledger, damage)) => (ledger, damage.map(Unread::Damaged)),
            Err(error) => (Ledger::default(), Some(Unread::Refused(error))),
        };
        let report = Report::collecting("status");
        let (host, settings, lifecycle) = (&self.host, &self.settings, &self.caller);
        let mut scene = Scene { host, settings, lifecycle, ledger: &mut ledger, report: &report };
        let look = pin!(status::Status::look(arguments, &mut scene, unread));
        match look.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(sight)) => (sight.exit_code, sight.text),
            Poll::Ready(Err(error)) => unreachable!("{error}"),
            Poll::Pending => unreachable!("a host in memory never waits"),
        }
    }

    fn execute<H: run::Hook>(&self, deployment: Option<&str>, dry_run: bool, own: H::Arguments) -> Exit {
        let lifecycle = Lifecycle { deployment: deployment.map(str::to_owned), ..self.caller.clone() };
        let command_line = CommandLine { dry_run, config: None, own };
        let mut report = Report::collecting(H::NAME);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let hook = pin!(run::run::<H>(&self.host, &self.settings, &lifecycle, &command_line, &mut report));
            hook.poll(&mut Context::from_waker(Waker::noop()))
        }));
        self.told.replace(report.collected());
        self.serving.take();
        match ended {
            Ok(Poll::Ready((Ok(result), _))) => Exit::Done(result),
            Ok(Poll::Ready((Err(error), serving))) => {
                self.serving.replace(serving);
                Exit::Failed(error)
            }
            Ok(Poll::Pending) => unreachable!("a host in memory never waits"),
            Err(unwound) if unwound.is::<Killed>() => Exit::Killed,
            Err(unwound) => resume_unwind(unwound),
        }
    }
}
