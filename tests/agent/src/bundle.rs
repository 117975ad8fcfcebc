//! A revision to deploy: a directory or an archive with an `appspec.yml` in it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, PathContext};
use crate::{AppSpec, Revision};

/// What a bundle is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleFormat {
    /// A directory; packed with tar when it is fetched, so that owners, modes and links arrive as they are.
    Directory,
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// A tar archive compressed with gzip.
    TarGzip,
}

/// A revision that can be deployed.
#[derive(Debug, Clone)]
pub struct Bundle {
    path: PathBuf,
    format: BundleFormat,
    revision: Revision,
}

impl Bundle {
    /// The bundle at `path`: a directory, or an archive ending in `.zip`, `.tar`, `.tgz` or `.tar.gz`.
    ///
    /// # Errors
    /// When nothing is there, or it is neither.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let path = fs::canonicalize(path).path_context("opened as a bundle", path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let ends_in = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        let format = if path.is_dir() {
            BundleFormat::Directory
        } else if ends_in(&[".zip"]) {
            BundleFormat::Zip
        } else if ends_in(&[".tar"]) {
            BundleFormat::Tar
        } else if ends_in(&[".tgz", ".tar.gz"]) {
            BundleFormat::TarGzip
        } else {
            return Err(Error::BundleFormat { path });
        };
        Ok(Self { path, format, revision: Revision::Local })
    }

    /// The same bundle, said to come from somewhere: hooks then see `BUNDLE_*` variables.
    #[must_use]
    pub fn with_revision(mut self, revision: Revision) -> Self {
        self.revision = revision;
        self
    }

    /// Where the bundle is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is on disk.
    #[must_use]
    pub fn format(&self) -> BundleFormat {
        self.format
    }

    /// Where it is said to come from.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// The `appspec.yml` of a bundle that is a directory; `None` for an archive, which has to be unpacked first.
    ///
    /// # Errors
    /// When the file is missing or the agent would refuse it.
    pub fn app_spec(&self) -> Result<Option<AppSpec>, Error> {
        match self.format {
            BundleFormat::Directory => AppSpec::read(&self.path.join("appspec.yml")).map(Some),
            BundleFormat::Zip | BundleFormat::Tar | BundleFormat::TarGzip => Ok(None),
        }
    }
}
