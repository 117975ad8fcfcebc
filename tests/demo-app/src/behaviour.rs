//! How a release behaves when it runs, as its jar's manifest tells it.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::fault::{Fault, FaultError};
use crate::manifest::{Manifest, ManifestError};

pub(crate) const RELEASE: &str = "Demo-Release";
pub(crate) const BOOT: &str = "Demo-Boot-Milliseconds";
pub(crate) const FAULT: &str = "Demo-Fault";
pub(crate) const BIND: &str = "Demo-Bind";
pub(crate) const MAIN_CLASS: &str = "Main-Class";

/// Which address the service listens on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bind {
    /// `[::]`, which takes IPv4 as well, as a Java service does: its listener is seen in the IPv6 table alone.
    /// `0.0.0.0` on a host without IPv6.
    #[default]
    Dual,
    /// `127.0.0.1`.
    Loopback,
    /// `::1`.
    Loopback6,
}

/// How a release behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// The release's name, which every response carries.
    pub release: String,
    /// How long it takes from the start to the listener.
    pub boot: Duration,
    /// Where it listens.
    pub bind: Bind,
    /// How it misbehaves.
    pub faults: Vec<Fault>,
}

/// Why a jar's behaviour could not be read.
#[derive(Debug, Error)]
pub enum BehaviourError {
    /// The manifest could not be had.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A jar that the `java` command would not start.
    #[error("no main manifest attribute, in {artifact}")]
    NoMainClass {
        /// The jar.
        artifact: String,
    },
    /// A jar, but not one of ours.
    #[error("manifest attribute `{name}` is missing; needed a jar that was written for demo-app")]
    Missing {
        /// The attribute.
        name: &'static str,
    },
    /// An attribute holds something else than it should.
    #[error("manifest attribute `{name}` is {found:?}; needed {needed}")]
    Invalid {
        /// The attribute.
        name: &'static str,
        /// What it holds.
        found: String,
        /// What it may hold.
        needed: &'static str,
    },
    /// The faults could not be read.
    #[error("manifest attribute `{FAULT}`: {0}")]
    Fault(#[from] FaultError),
}

impl Behaviour {
    /// Reads the behaviour from the jar at `artifact`.
    ///
    /// # Errors
    /// The file is no jar, cannot be started, or was not written for demo-app.
    pub fn read(artifact: &Path) -> Result<Self, BehaviourError> {
        let manifest = Manifest::read(artifact)?;
        if manifest.get(MAIN_CLASS).is_none() {
            return Err(BehaviourError::NoMainClass { artifact: artifact.display().to_string() });
        }
        Self::from_manifest(&manifest)
    }

    /// Reads the behaviour from the manifest; only the release's name must be there.
    ///
    /// # Errors
    /// An attribute is missing or holds something else than it should.
    pub fn from_manifest(manifest: &Manifest) -> Result<Self, BehaviourError> {
        let release = manifest.get(RELEASE).ok_or(BehaviourError::Missing { name: RELEASE })?.to_owned();
        let boot = manifest.get(BOOT).unwrap_or("0");
        let boot = boot.parse().map(Duration::from_millis).map_err(|_| BehaviourError::Invalid {
            name: BOOT,
            found: boot.to_owned(),
            needed: "a number of milliseconds",
        })?;
        let bind = manifest.get(BIND).map_or(Ok(Bind::default()), str::parse)?;
        let faults = manifest.get(FAULT).map_or(Ok(Vec::new()), Fault::parse_list)?;
        Ok(Self { release, boot, bind, faults })
    }

    /// Writes the behaviour into the manifest.
    pub(crate) fn write_to(&self, manifest: &mut Manifest) {
        manifest.set(RELEASE, &self.release);
        manifest.set(BOOT, &self.boot.as_millis().to_string());
        manifest.set(FAULT, &Fault::list_to_text(&self.faults));
        manifest.set(BIND, self.bind.as_str());
    }
}

impl Bind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Dual => "dual",
            Self::Loopback => "loopback",
            Self::Loopback6 => "loopback6",
        }
    }
}

impl FromStr for Bind {
    type Err = BehaviourError;

    fn from_str(text: &str) -> Result<Self, BehaviourError> {
        match text {
            "dual" => Ok(Self::Dual),
            "loopback" => Ok(Self::Loopback),
            "loopback6" => Ok(Self::Loopback6),
            other => {
                let found = other.to_owned();
                Err(BehaviourError::Invalid { name: BIND, found, needed: "`dual` or `loopback`" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_with_nothing_but_the_release_gives_a_well_behaved_service() {
        let manifest = Manifest::parse(b"Demo-Release: v1\n").unwrap();
        let behaviour = Behaviour::from_manifest(&manifest).unwrap();
        let expected =
            Behaviour { release: "v1".to_owned(), boot: Duration::ZERO, bind: Bind::Dual, faults: Vec::new() };
        assert_eq!(behaviour, expected);
    }

    #[test]
    fn an_attribute_that_makes_no_sense_is_refused_by_name() {
        let table = [
            ("X: y", "manifest attribute `Demo-Release` is missing; needed a jar that was written for demo-app"),
            (
                "Demo-Release: v1\nDemo-Boot-Milliseconds: soon",
                "manifest attribute `Demo-Boot-Milliseconds` is \"soon\"; needed a number of milliseconds",
            ),
            (
                "Demo-Release: v1\nDemo-Bind: everywhere",
                "manifest attribute `Demo-Bind` is \"everywhere\"; needed `dual` or `loopback`",
            ),
        ];
        for (text, message) in table {
            let manifest = Manifest::parse(text.as_bytes()).unwrap();
            assert_eq!(Behaviour::from_manifest(&manifest).unwrap_err().to_string(), message);
        }
    }
}
