//! The agent's folders and the small files by which it remembers installs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::DeploymentId;
use crate::error::{Error, PathContext};

/// `<root>/deployment-root`: everything that the agent keeps.
#[derive(Debug, Clone)]
pub struct DeploymentRoot {
    path: PathBuf,
}

impl DeploymentRoot {
    pub(crate) fn create(root: &Path) -> Result<Self, Error> {
        let root = std::path::absolute(root).path_context("made absolute", root)?;
        let path = root.join("deployment-root");
        fs::create_dir_all(&path).path_context("made", &path)?;
        Ok(Self { path })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All deployments of a group.
    #[must_use]
    pub fn group(&self, group_id: &str) -> PathBuf {
        self.path.join(group_id)
    }

    /// One deployment of a group.
    #[must_use]
    pub fn deployment(&self, group_id: &str, id: &DeploymentId) -> DeploymentFolder {
        DeploymentFolder { path: self.group(group_id).join(id.as_str()) }
    }

    /// Where the instruction files are.
    #[must_use]
    pub fn instructions(&self) -> PathBuf {
        self.path.join("deployment-instructions")
    }

    /// What the last Install of a group set out to do, as JSON.
    #[must_use]
    pub fn install_instructions(&self, group_id: &str) -> PathBuf {
        self.instructions().join(format!("{group_id}-install.json"))
    }

    /// What the next Install of a group removes first, one path in a line.
    #[must_use]
    pub fn cleanup_list(&self, group_id: &str) -> PathBuf {
        self.instructions().join(format!("{group_id}-cleanup"))
    }

    /// Names the deployment whose Install was the last to end well.
    #[must_use]
    pub fn last_successful_install(&self, group_id: &str) -> PathBuf {
        self.instructions().join(format!("{group_id}_last_successful_install"))
    }

    /// Names the deployment whose bundle was the last to be unpacked.
    #[must_use]
    pub fn most_recent_install(&self, group_id: &str) -> PathBuf {
        self.instructions().join(format!("{group_id}_most_recent_install"))
    }

    /// What every script of every deployment printed.
    #[must_use]
    pub fn deployments_log(&self) -> PathBuf {
        self.path.join("deployment-logs/codedeploy-agent-deployments.log")
    }

    /// Exists while an event of the deployment runs.
    #[must_use]
    pub fn ongoing_deployment(&self, id: &DeploymentId) -> PathBuf {
        self.path.join("ongoing-deployment").join(id.as_str())
    }

    pub(crate) fn last_successful_deployment(&self, group_id: &str) -> Result<Option<DeploymentFolder>, Error> {
        let record = self.last_successful_install(group_id);
        match fs::read_to_string(&record) {
            Ok(path) => Ok(Some(DeploymentFolder { path: PathBuf::from(path.trim_end()) })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).path_context("read", &record),
        }
    }
}

/// One deployment's folder: `bundle.tar`, `deployment-archive` and `logs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentFolder {
    path: PathBuf,
}

impl DeploymentFolder {
    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bundle as fetched; called `bundle.tar` whatever its format.
    #[must_use]
    pub fn bundle(&self) -> PathBuf {
        self.path.join("bundle.tar")
    }

    /// The bundle unpacked.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.path.join("deployment-archive")
    }

    /// What the scripts of this deployment printed.
    #[must_use]
    pub fn scripts_log(&self) -> PathBuf {
        self.path.join("logs/scripts.log")
    }

    /// Writes this folder's path, and nothing else, into one of the two `_install` files.
    pub(crate) fn record_in(&self, record: &Path) -> Result<(), Error> {
        if let Some(folder) = record.parent() {
            fs::create_dir_all(folder).path_context("made", folder)?;
        }
        fs::write(record, self.path.as_os_str().as_encoded_bytes()).path_context("written", record)
    }
}
