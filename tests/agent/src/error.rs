//! What can go wrong in the agent itself; a script that fails is not among it.

use std::io;
use std::path::{Path, PathBuf};

use crate::AppSpecError;

/// An error of the agent. Inside an event it ends that event with code 5, its text becoming the message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused something about a path.
    #[error("`{path}` could not be {action}: {source}")]
    Path {
        /// What was tried, as a participle: `read`, `made`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The system refused something about a running script.
    #[error("script `{location}` could not be {action}: {source}")]
    Script {
        /// What was tried, as a participle: `watched`, `signalled`.
        action: &'static str,
        /// The script as `appspec.yml` names it.
        location: String,
        /// Why not.
        source: io::Error,
    },
    /// A bundle that is neither a directory nor a known kind of archive.
    #[error("`{path}` is not a bundle: give a directory, or an archive ending in .zip, .tar, .tgz or .tar.gz")]
    BundleFormat {
        /// What was given.
        path: PathBuf,
    },
    /// `tar` failed.
    #[error("`{path}` could not be {action} by tar: {detail}")]
    Tar {
        /// What was tried, as a participle: `packed`, `unpacked`.
        action: &'static str,
        /// The archive.
        path: PathBuf,
        /// What tar said.
        detail: String,
    },
    /// A zip archive that cannot be unpacked.
    #[error("`{path}` could not be unpacked as a zip archive: {source}")]
    Zip {
        /// The archive.
        path: PathBuf,
        /// Why not.
        source: zip::result::ZipError,
    },
    /// A deployment identity of the wrong form.
    #[error("deployment id `{found}` has the wrong form: write `d-` and nine capitals or digits, as in d-1A2B3C4D5")]
    DeploymentId {
        /// What was given.
        found: String,
    },
    /// A deployment group identity that cannot be a folder's name.
    #[error(
        "deployment group id `{found}` cannot name a folder: give a name without a slash, as CodeDeploy's UUIDs are"
    )]
    GroupId {
        /// What was given.
        found: String,
    },
    /// No `appspec.yml` where the agent looks for one.
    #[error(
        "The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory: `{expected}` does not \
         exist. Put the file at the top of the bundle, under exactly this name."
    )]
    AppSpecMissing {
        /// Where it was looked for.
        expected: PathBuf,
    },
    /// An `appspec.yml` that the agent refuses.
    #[error("The deployment failed because the AppSpec file `{path}` is not valid: {source}")]
    AppSpec {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: AppSpecError,
    },
    /// `file_exists_behavior` is DISALLOW and a file is in the way.
    #[error("The deployment failed because a specified file already exists at this location: {destination}")]
    FileExists {
        /// The file in the way.
        destination: PathBuf,
    },
    /// Two entries of `files` end at the same path.
    #[error(
        "The deployment failed because `files` in the AppSpec file leads to `{destination}` more than once: let each \
         destination have one source"
    )]
    DestinationTwice {
        /// The path.
        destination: PathBuf,
    },
    /// Two entries of `permissions` match the same object.
    #[error(
        "The deployment failed because `permissions` in the AppSpec file matches `{object}` more than once: let one entry \
         settle it, or take it out of the other with `except`"
    )]
    PermissionTwice {
        /// The object.
        object: PathBuf,
    },
    /// An `owner` or `group` that the host does not know.
    #[error("{kind} `{name}` in `permissions` was not found in {database}: make it first, or name another")]
    Account {
        /// `owner` or `group`.
        kind: &'static str,
        /// The name.
        name: String,
        /// The file looked into.
        database: &'static str,
    },
}

/// Names the path in an error about it.
pub(crate) trait PathContext<T> {
    /// `action` is a participle: "could not be read".
    fn path_context(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> PathContext<T> for Result<T, E> {
    fn path_context(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Path { action, path: path.to_owned(), source: source.into() })
    }
}
