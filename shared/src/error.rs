//! What can go wrong, as sentences, and the exit code that each kind has. The exit code is user interface: the CodeDeploy
//! console's first words about a failed hook are "failed with exit code N".

use std::{fmt, io};

use crate::language::{Text, text, translated};

/// One row of the table of exit codes: `--help` shows all of them, and a test holds the README to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitCodeRow {
    /// The exit code of the process.
    pub code: u8,
    /// What it means, as a fragment.
    pub meaning: Text,
    /// What serves after a deploy that ended so, as a fragment.
    pub serves: Text,
}

impl ExitCodeRow {
    /// The row of a deploy that was done, and of a site at which `status` finds nothing to look at.
    pub const DONE: ExitCodeRow = ExitCodeRow { code: 0, meaning: text!("done"), serves: text!("the new release") };

    /// The row of a site that serves, where `status` has found something that a person should look at. Monitoring programs take this
    /// code for a warning, and the next one for an alarm; no hook ends with either.
    pub const LOOK: ExitCodeRow = ExitCodeRow {
        code: 1,
        meaning: text!("`status` alone: somebody should look, such as after a failed deploy"),
        serves: text!("what `status` says"),
    };

    /// The row of a site that serves nobody.
    pub const DOWN: ExitCodeRow =
        ExitCodeRow { code: 2, meaning: text!("`status` alone: `SITE DOWN`"), serves: text!("nothing") };

    /// The whole table, in the order of the exit codes.
    pub fn all() -> impl Iterator<Item = ExitCodeRow> {
        let first = [ExitCodeRow::DONE, ExitCodeRow::LOOK, ExitCodeRow::DOWN];
        first.into_iter().chain(Kind::ALL.iter().map(|kind| kind.row()))
    }
}

/// Makes `Kind` from its rows, so that no kind can be without one.
macro_rules! kinds {
    ($($kind:ident = $code:literal, $meaning:literal, $serves:literal;)+) => {
        /// The kind of a failure. It decides the exit code and nothing else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = concat!("Exit code ", $code, ": ", $meaning, ".")] $kind,)+
        }

        impl Kind {
            /// Every kind, in the order of the exit codes.
            pub const ALL: &[Kind] = &[$(Kind::$kind),+];

            /// Its row in the table of exit codes.
            #[must_use]
            pub fn row(self) -> ExitCodeRow {
                match self {
                    $(Kind::$kind => ExitCodeRow {
                        code: $code,
                        meaning: text!($meaning),
                        serves: text!($serves),
                    },)+
                }
            }
        }
    };
}

kinds! {
    Settings = 10, "settings or the order of the hooks are wrong, or nginx's configuration does not fit the settings", "as before";
    Busy = 11, "another run holds the lock, or has taken this deployment's place", "as before";
    Undecided = 12, "cannot tell which slot is live, or a stranger holds the idle slot", "as before";
    NotAllowed = 13, "what is needed is not allowed: permissions, sudo, an owner or a mode", "as before";
    Artifact = 20, "the artifact is missing, ambiguous or broken", "as before";
    NoRoom = 21, "no room on disk or in memory", "as before";
    NotStarted = 30, "the release did not start, or died", "as before";
    NotHealthy = 31, "the release never became healthy", "as before";
    ProxyBroken = 40, "nginx was already broken or is down; nothing was changed", "as before";
    SentBack = 41, "traffic did not arrive at the new release, or could not stay there, and was sent back", "as before";
    Uncertain = 42, "sending traffic back failed: a person must look", "look now";
    Bug = 70, "a fault of these hooks: please report it", "as before, or the next hook settles it";
    Interrupted = 75, "interrupted: by a signal, by its deadline, or since the deployment is not wanted any more",
        "as before, or the next hook settles it";
}

impl Kind {
    /// The exit code of the process.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        self.row().code
    }

    /// The kind of a failure with which the system answered, where a file, directory or process could not be used.
    #[must_use]
    pub fn of(cause: &io::Error) -> Kind {
        match cause.kind() {
            io::ErrorKind::PermissionDenied => Kind::NotAllowed,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::NoRoom,
            // What is missing, or of another kind, or cannot be written by anybody, is named by a setting.
            _ => Kind::Settings,
        }
    }
}

/// One failure: what was found, what was needed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    what: String,
    advice: Option<String>,
    /// Whether that advice only leads to the application's log, since nothing here tells why.
    is_open: bool,
}

/// The result of anything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of `kind`, told as one sentence: subject in backticks, what was found, what was needed.
    pub fn new(kind: Kind, what: impl Into<String>) -> Error {
        Error { kind, what: what.into(), advice: None, is_open: false }
    }

    /// The same failure with a sentence that says what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Error {
        self.advice = Some(advice.into());
        self
    }

    /// The same failure with advice for as long as nobody knows why: the application's log may tell.
    #[must_use]
    pub fn advise_until_explained(mut self, advice: impl Into<String>) -> Error {
        self.is_open = true;
        self.advise(advice)
    }

    /// The same failure with its cause, and what to do about that. One that was explained already stays as it is.
    #[must_use]
    pub fn explained(mut self, cause: &str, remedy: impl Into<String>) -> Error {
        if !self.is_open {
            return self;
        }
        self.is_open = false;
        self.what = format!("{}; {cause}", self.what);
        self.advise(remedy)
    }

    /// The same failure told as another kind, where a later step gives it another meaning.
    #[must_use]
    pub fn told_as(mut self, kind: Kind) -> Error {
        self.kind = kind;
        self
    }

    /// A signal asked the hook to end.
    #[must_use]
    pub fn interrupted() -> Error {
        Error::new(Kind::Interrupted, translated!("a signal asked this hook to end before it was done"))
            .advise(translated!("if the agent's timeout ended it, raise `timeout` in appspec.yml; then deploy again"))
    }

    /// The hook's own limit, below the agent's, was reached: why there is one.
    #[must_use]
    pub fn out_of_time(why: &str) -> Error {
        Error::new(Kind::Interrupted, translated!("this hook ended itself before it was done: {why}"))
            .advise(translated!("raise its `timeout` in appspec.yml (`stop` says how far), then deploy again"))
    }

    /// The same failure with what was under way, where something else than that ended it.
    #[must_use]
    pub fn during(mut self, what: &str) -> Error {
        if self.kind == Kind::Interrupted {
            self.what = translated!("{}; under way: {what}", self.what);
        }
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do about it, where there is something to say.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_the_documented_ones_and_no_two_are_the_same() {
        let codes: Vec<u8> = ExitCodeRow::all().map(|row| row.code).collect();
        assert_eq!(codes, [0, 1, 2, 10, 11, 12, 13, 20, 21, 30, 31, 40, 41, 42, 70, 75]);
    }

    #[test]
    fn f148_only_a_failure_that_nobody_has_explained_takes_its_cause_and_advice_from_elsewhere() {
        let died = || Error::new(Kind::NotStarted, "it died");
        let open = died().advise_until_explained("look").explained("a port was taken", "end who has it");
        assert_eq!((open.to_string().as_str(), open.advice()), ("it died; a port was taken", Some("end who has it")));
        let known = died().advise("add memory").explained("a port was taken", "end who has it");
        assert_eq!((known.to_string().as_str(), known.advice()), ("it died", Some("add memory")));
        assert_eq!(open.clone().explained("another", "something else"), open);
    }

    #[test]
    fn what_the_system_forbids_is_another_kind_than_what_is_missing_or_full() {
        // As the system numbers them: both of its ways to forbid, then a full disk and a quota, then the rest.
        for (number, kind) in [
            (rustix::io::Errno::PERM, Kind::NotAllowed),
            (rustix::io::Errno::ACCESS, Kind::NotAllowed),
            (rustix::io::Errno::NOSPC, Kind::NoRoom),
            (rustix::io::Errno::DQUOT, Kind::NoRoom),
            (rustix::io::Errno::NOENT, Kind::Settings),
            (rustix::io::Errno::ROFS, Kind::Settings),
            (rustix::io::Errno::NOTDIR, Kind::Settings),
        ] {
            assert_eq!(Kind::of(&number.into()), kind, "{number}");
        }
    }
}
