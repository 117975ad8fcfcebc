//! A sandbox's `hooks.toml` on disk: always as its settings are, at every moment whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Context, Result};
use crate::settings::Settings;

/// Settings and the file that holds them.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    settings: Mutex<Settings>,
}

impl SettingsFile {
    pub(crate) fn create(path: PathBuf, settings: Settings) -> Result<Self> {
        write(&path, &settings)?;
        Ok(Self { path, settings: Mutex::new(settings) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> String {
        self.settings().to_string()
    }

    pub(crate) fn set(&self, key: &str, value: &str) -> Result<()> {
        let mut settings = self.settings();
        settings.set(key, value)?;
        write(&self.path, &settings)
    }

    /// A test that failed while it held them left them whole.
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In one step, so that a hook which starts meanwhile reads the old settings or the new ones.
fn write(path: &Path, settings: &Settings) -> Result<()> {
    let new = path.with_extension("toml.new");
    fs::write(&new, settings.to_string())
        .and_then(|()| fs::rename(&new, path))
        .context(|| format!("`{}` could not be written", path.display()))
}
