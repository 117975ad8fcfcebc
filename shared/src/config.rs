//! The settings: `file` reads them as they are written, over the defaults of the shipped `hooks.toml`; `check` turns that into
//! `Settings` that keep the `rules`, which the rest of the program sees and nothing else. Defaults are what the five scripts had
//! built in.

mod check;
mod file;
mod language;
mod log_format;
mod name;
pub(crate) mod paths;
mod ports;
mod rules;
mod shipped;
mod source;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use self::check::settings;
pub use self::file::SettingsFile;
pub use self::log_format::{LogFormat, LogLine};
pub use self::source::find;
use crate::host::{LogLimits, Share};
use crate::patience::Patience;
use crate::slot::{BySlot, Place, Slot};

/// Checked settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `[app]`: what is deployed, and how it is started.
    pub app: App,
    /// `[blue]` and `[green]`: the two places.
    pub places: BySlot<Place>,
    /// `[proxy]`: nginx.
    pub proxy: Proxy,
    /// `[stop]`.
    pub stop: Stop,
    /// `[start]`.
    pub start: Start,
    /// `[health]`.
    pub health: Health,
    /// `[warm_up]`.
    pub warm_up: WarmUp,
    /// `[switch]`.
    pub switch: Switch,
    /// `[report]`: CodeDeploy's API.
    pub report: ReportSettings,
    /// `[log]`: the hooks' own log.
    pub log_limits: LogLimits,
    /// `[lock] wait`: how long to wait for another run to end.
    pub lock_wait: Duration,
    /// The file that they were read from, where it was named and not found beside the hooks.
    pub file: Option<PathBuf>,
    /// The file that they were read from, wherever that was found.
    pub read_from: PathBuf,
}

/// What is deployed, and how it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The application's own directory; relative paths of other settings begin here.
    pub directory: PathBuf,
    /// Where the agent puts the artifact: a directory and a file name in which one `*` stands for anything.
    pub artifact: ArtifactPattern,
    /// The program that runs a jar.
    pub java: String,
    /// Options for that program, before `-jar`.
    pub jvm_options: Vec<String>,
    /// Spring's configuration locations, in order.
    pub config_locations: Vec<String>,
    /// A command of one's own instead of `java -jar`; empty for a jar.
    pub command: Vec<String>,
    /// The names of the variables that the application may inherit.
    pub environment: Vec<String>,
    /// What keeps a release running.
    pub supervisor: Supervisor,
    /// Whether a release boots from an archive of its libraries' classes.
    pub class_archive: ClassArchive,
}

/// Whether a release boots from an archive of its libraries' classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassArchive {
    /// Where it is sure to be the same application; else with `java -jar`.
    Auto,
    /// Never.
    Off,
}

/// What keeps a release running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervisor {
    /// The best that this user may use on this host.
    Auto,
    /// Units of the system.
    Systemd,
    /// Units of the deploying user's own manager.
    User,
    /// Nothing: the release is a child of nobody.
    Detached,
}

impl fmt::Display for Supervisor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Supervisor::Auto => "auto",
            Supervisor::Systemd => "systemd",
            Supervisor::User => "user",
            Supervisor::Detached => "detached",
        })
    }
}

/// Where the artifact is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactPattern {
    /// Where it is unpacked: `app.artifact` up to its last `/`.
    pub directory: PathBuf,
    /// What its name begins with.
    pub before: String,
    /// What its name ends with; nothing where the name is given whole.
    pub after: Option<String>,
}

/// How traffic is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutoverWay {
    /// The include is rewritten and nginx reloads.
    Reload,
    /// The include chooses by a flag file between two upstream groups; the flag is made or removed.
    Instant,
}

/// nginx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// How traffic is moved.
    pub cutover: CutoverWay,
    /// Whether somebody wrote that, in a file or a variable.
    pub cutover_is_written: bool,
    /// The file that tells nginx the live slot.
    pub include: PathBuf,
    /// The file at http level that declares the two slots as upstream groups, and in which nginx tells where it sends requests.
    pub upstreams: PathBuf,
    /// What the two slots are called there.
    pub groups: BySlot<String>,
    /// The file while which exists green serves, for the instant cutover.
    pub flag: PathBuf,
    /// The loopback port at which nginx tells where it sends requests; nothing where it is not to be asked.
    pub word: Option<u16>,
    /// Which of the paths above follow from the include's name, because nobody chose one.
    pub derived: Derived,
    /// The variable that this file sets, without the `$`.
    pub variable: String,
    /// The public way in: a URL through nginx that the application answers with its profile.
    pub door: String,
    /// The `Host` header for the door.
    pub host: String,
    /// nginx's program, with the arguments that a private configuration needs.
    pub nginx: Vec<String>,
    /// Where nginx's master writes its process id.
    pub pid_file: PathBuf,
    /// How long a reload may take to come into force.
    pub reload_at_most: Duration,
    /// How long nginx is to keep a connection after each answer even while its worker ends, where nginx knows how to; zero
    /// to leave that alone.
    pub keepalive_min_timeout: Duration,
}

/// Which paths follow from the name of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derived {
    /// `proxy.upstreams` has `{name}` in it.
    pub upstreams: bool,
    /// `proxy.flag` has `{name}` in it.
    pub flag: bool,
}

/// The hook `stop`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// How long connections that nginx still holds to the idle slot may take to end.
    pub drain: Duration,
    /// How long the old process may take to end after SIGTERM.
    pub grace: Duration,
    /// Whether the standby stays where it has the very bytes of the deployment.
    pub reuse_standby: bool,
}

/// The hook `start`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// How long the process has to live before it counts as started, unless it listens sooner.
    pub survive: Duration,
    /// How many releases stay on the disk besides those in use.
    pub keep_releases: u32,
    /// Whether it starts the new release beside the live one.
    pub overlap: Overlap,
    /// What share of the processors the new release has until it is proven.
    pub share: Share,
}

/// Whether the new release starts beside the live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// Whatever memory says.
    Always,
    /// Only where both fit into memory; else the deployment is refused before anything changes.
    IfMemoryAllows,
    /// Where both do not fit the live one is ended first, and the site is down until the new one serves.
    StopFirst,
}

/// The hook `health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The path that is asked for.
    pub path: String,
    /// How far the port that is asked is from the slot's own.
    pub port_offset: i32,
    /// The status that a good answer has.
    pub status: u16,
    /// The body that a good answer has, `{profile}` being the slot's profile; empty for any body.
    pub body: String,
    /// How many good answers in a row are needed.
    pub consecutive: u32,
    /// How often to ask, and for how long.
    pub patience: Patience,
    /// How long one answer may take.
    pub timeout: Duration,
    /// What is asked where the hook validates an ECS or Lambda deployment; nothing on a host.
    pub url: Option<String>,
}

/// What the new release is asked before users come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// The paths that somebody named.
    pub paths: Vec<String>,
    /// nginx's access log, where more are taken from it.
    pub access_log: Option<PathBuf>,
    /// The form of its lines; nothing for one that cannot be read, which is a mistake.
    pub log_format: Option<LogFormat>,
    /// Whether paths with a query are taken from it as well.
    pub queries: bool,
    /// What is never taken from it, besides what is so by itself; `*` stands for anything.
    pub deny: Vec<String>,
    /// How long at most.
    pub at_most: Duration,
    /// How many requests at most.
    pub requests: u32,
    /// How many at once.
    pub at_once: u32,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Whether a release is refused that answers otherwise than the live one.
    pub required: bool,
}

impl WarmUp {
    /// Whether there is anything to ask for.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        !self.at_most.is_zero() && (!self.paths.is_empty() || self.access_log.is_some())
    }
}

/// CodeDeploy's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSettings {
    /// Whether it is asked before traffic moves.
    pub api: ReportApi,
    /// The region; nothing for the one of the environment or of this host.
    pub region: Option<String>,
    /// This host's name as a target; nothing for the instance id.
    pub target: Option<String>,
    /// A program that is told how a hook ended, with its arguments; empty for none.
    pub notify: Vec<String>,
}

/// Whether CodeDeploy's API is asked before traffic moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportApi {
    /// On AWS; without an answer the deploy goes on.
    Auto,
    /// Never.
    Off,
    /// Always; without an answer traffic stays where it is.
    Required,
}

/// The hook `switch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// How many answers in a row at the door have to come from the new release.
    pub answers: u32,
    /// How long the new release is watched after that; no time for not at all.
    pub watch: Duration,
    /// What becomes of the release that served before.
    pub standby: Standby,
}

/// What becomes of the release that served before a cutover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standby {
    /// It keeps running, and `switch --back` returns to it.
    Keep,
    /// It keeps running for so long.
    For(Duration),
    /// It is stopped as soon as the cutover is done.
    Stop,
}

impl Settings {
    /// The profile and port of `slot`.
    #[must_use]
    pub fn place(&self, slot: Slot) -> &Place {
        self.places.get(slot)
    }

    /// What the application is called: as its include.
    #[must_use]
    pub fn application(&self) -> String {
        name::of(&self.proxy.include)
    }

    /// What nginx calls the upstream group of `slot`.
    #[must_use]
    pub fn group(&self, slot: Slot) -> &str {
        self.proxy.groups.get(slot)
    }

    /// The port on which the release in `slot` is asked whether it is healthy.
    #[must_use]
    pub fn health_port(&self, slot: Slot) -> u16 {
        let port = i32::from(self.place(slot).port) + self.health.port_offset;
        u16::try_from(port).unwrap_or(self.place(slot).port)
    }

    /// Where releases are kept, each in a directory of its own that is never written again.
    #[must_use]
    pub fn releases(&self) -> PathBuf {
        self.app.directory.join("releases")
    }

    /// Where the applications' logs and the hooks' own log are.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.app.directory.join("logs")
    }

    /// The hooks' own log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.logs().join("hooks.log")
    }

    /// The file that tells the application which slot serves; its ending says how it is read.
    #[must_use]
    pub fn live_file(&self) -> PathBuf {
        self.app.directory.join("live.properties")
    }

    /// The log of a release: one for each slot and release, so that the other slot's process never writes into it (F85).
    #[must_use]
    pub fn log_of(&self, slot: Slot, release: &str) -> PathBuf {
        self.logs().join(format!("{}-{release}.log", self.place(slot).profile))
    }

    /// Where the units' programs and pins are, and a user's own units.
    #[must_use]
    pub fn units(&self) -> PathBuf {
        self.app.directory.join("units")
    }

    /// Where the libraries of releases are kept, a directory for each set of them, with the archives of their classes.
    #[must_use]
    pub fn libraries(&self) -> PathBuf {
        self.app.directory.join("libraries")
    }

    /// Whether a release is to boot from there.
    #[must_use]
    pub fn wants_class_archive(&self) -> bool {
        self.app.class_archive == ClassArchive::Auto && self.app.command.is_empty()
    }

    /// The file that says which release the unit of a place runs.
    #[must_use]
    pub fn pin(&self, place: &Place) -> PathBuf {
        self.units().join(format!("{}.json", place.profile))
    }

    /// Where the ledger and the lock are.
    #[must_use]
    pub fn ledger_directory(&self) -> PathBuf {
        self.app.directory.join("ledger")
    }

    /// The body that a good answer of `slot` has; nothing for any body.
    #[must_use]
    pub fn expected_body(&self, slot: Slot) -> Option<String> {
        (!self.health.body.is_empty()).then(|| self.health.body.replace("{profile}", &self.place(slot).profile))
    }
}
