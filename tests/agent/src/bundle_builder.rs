//! Puts a bundle directory together: an `appspec.yml`, scripts or binaries, and files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::Bundle;
use crate::error::{Error, PathContext};

/// A bundle in the making.
#[derive(Debug)]
pub struct BundleBuilder {
    directory: PathBuf,
}

impl BundleBuilder {
    /// Starts a bundle in `directory`, which is made if it is not there.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        fs::create_dir_all(&directory).path_context("made", &directory)?;
        Ok(Self { directory })
    }

    /// Writes `appspec.yml`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn app_spec(self, text: &str) -> Result<Self, Error> {
        self.file("appspec.yml", text, 0o644)
    }

    /// Writes a file with these contents and this mode at a path inside the bundle.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn file(self, path: impl AsRef<Path>, contents: impl AsRef<[u8]>, mode: u32) -> Result<Self, Error> {
        let path = self.place(path.as_ref())?;
        fs::write(&path, contents).path_context("written", &path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).path_context("given its mode", &path)?;
        Ok(self)
    }

    /// Writes an executable file, for example a shell script.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn script(self, path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<Self, Error> {
        self.file(path, contents, 0o755)
    }

    /// Copies a file, for example a built binary, to a path inside the bundle; its mode is kept.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy(self, from: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = self.place(path.as_ref())?;
        fs::copy(from.as_ref(), &path).path_context("copied into the bundle", from.as_ref())?;
        Ok(self)
    }

    /// The bundle.
    ///
    /// # Errors
    /// When the directory is gone.
    pub fn build(self) -> Result<Bundle, Error> {
        Bundle::open(self.directory)
    }

    fn place(&self, path: &Path) -> Result<PathBuf, Error> {
        let path = self.directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).path_context("made", parent)?;
        }
        Ok(path)
    }
}
