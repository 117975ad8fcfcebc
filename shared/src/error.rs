//! What can go wrong, as sentences, and the exit code that each kind has. The exit code is user interface: the CodeDeploy
//! console's first words about a failed hook are "failed with exit code N".

use std::fmt;

/// The kind of a failure. It decides the exit code and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A setting, a permission or the order of the hooks is wrong.
    Settings,
    /// Another run holds the lock, or has taken this deployment's place.
    Busy,
    /// The evidence leaves two candidates for the live slot, or a stranger holds the idle one.
    Undecided,
    /// The artifact is missing, ambiguous or broken.
    Artifact,
    /// Disk or memory is too short.
    NoRoom,
    /// The release did not start, or died.
    NotStarted,
    /// The release never became healthy.
    NotHealthy,
    /// nginx was already broken or is down; nothing was changed.
    ProxyBroken,
    /// Traffic did not arrive at the new release, or could not stay there, and was sent back.
    SentBack,
    /// Sending traffic back failed as well; a person must look.
    Uncertain,
    /// A fault of these hooks themselves.
    Bug,
    /// A signal, the hook's own deadline, or the end of its deployment in CodeDeploy came while the hook worked.
    Interrupted,
}

impl Kind {
    /// Every kind, in the order of the exit codes.
    pub const ALL: [Kind; 12] = [
        Kind::Settings,
        Kind::Busy,
        Kind::Undecided,
        Kind::Artifact,
        Kind::NoRoom,
        Kind::NotStarted,
        Kind::NotHealthy,
        Kind::ProxyBroken,
        Kind::SentBack,
        Kind::Uncertain,
        Kind::Bug,
        Kind::Interrupted,
    ];

    /// The exit code of the process.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Settings => 10,
            Kind::Busy => 11,
            Kind::Undecided => 12,
            Kind::Artifact => 20,
            Kind::NoRoom => 21,
            Kind::NotStarted => 30,
            Kind::NotHealthy => 31,
            Kind::ProxyBroken => 40,
            Kind::SentBack => 41,
            Kind::Uncertain => 42,
            Kind::Bug => 70,
            Kind::Interrupted => 75,
        }
    }

    /// What the exit code means, as `--help` and the README say it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Kind::Settings => "settings, permissions or the order of the hooks are wrong",
            Kind::Busy => "another run holds the lock, or has taken this deployment's place",
            Kind::Undecided => "cannot tell which slot is live, or a stranger holds the idle slot",
            Kind::Artifact => "the artifact is missing, ambiguous or broken",
            Kind::NoRoom => "no room on disk or in memory",
            Kind::NotStarted => "the release did not start, or died",
            Kind::NotHealthy => "the release never became healthy",
            Kind::ProxyBroken => "nginx was already broken or is down; nothing was changed",
            Kind::SentBack => "traffic did not arrive at the new release, or could not stay there, and was sent back",
            Kind::Uncertain => "sending traffic back failed: a person must look",
            Kind::Bug => "a fault of these hooks: please report it",
            Kind::Interrupted => {
                "interrupted: by a signal, by its deadline, or since the deployment is not wanted any more"
            }
        }
    }
}

/// One failure: what was found, what was needed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    what: String,
    advice: Option<String>,
}

/// The result of anything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of `kind`, told as one sentence: subject in backticks, what was found, what was needed.
    pub fn new(kind: Kind, what: impl Into<String>) -> Error {
        Error { kind, what: what.into(), advice: None }
    }

    /// The same failure with a sentence that says what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Error {
        self.advice = Some(advice.into());
        self
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
        Error::new(Kind::Interrupted, "a signal asked this hook to end before it was done")
            .advise("if the agent's timeout ended it, raise `timeout` in appspec.yml; then deploy again")
    }

    /// The hook's own limit, below the agent's, was reached: why there is one.
    #[must_use]
    pub fn out_of_time(why: &str) -> Error {
        Error::new(Kind::Interrupted, format!("this hook ended itself before it was done: {why}"))
            .advise("raise its `timeout` in appspec.yml (`stop` says how far), then deploy again")
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
        let codes: Vec<u8> = Kind::ALL.iter().map(|kind| kind.exit_code()).collect();
        assert_eq!(codes, [10, 11, 12, 20, 21, 30, 31, 40, 41, 42, 70, 75]);
    }
}
