//! Retention: at `DownloadBundle` the oldest deployments of the group go, until five remain with the one being fetched.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::DeploymentFolder;
use crate::deployment_root::DeploymentRoot;
use crate::error::{Error, PathContext};

const DEPLOYMENTS_KEPT: usize = 5;

/// Removes what is too old; never the current deployment, never the last successful install.
pub(crate) fn remove_old_deployments(
    root: &DeploymentRoot,
    group_id: &str,
    current: &DeploymentFolder,
) -> Result<(), Error> {
    let group = root.group(group_id);
    let entries = match fs::read_dir(&group) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).path_context("listed", &group),
    };
    let mut others: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in entries {
        let path = entry.path_context("listed", &group)?.path();
        if path != current.path() {
            let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
            others.push((modified.path_context("looked at", &path)?, path));
        }
    }
    let surplus = (others.len() + 1).saturating_sub(DEPLOYMENTS_KEPT);
    let last_successful = root.last_successful_deployment(group_id)?;
    others.retain(|(_, path)| last_successful.as_ref().is_none_or(|folder| folder.path() != path));
    others.sort();
    for (_, path) in others.into_iter().take(surplus) {
        fs::remove_dir_all(&path).path_context("removed", &path)?;
    }
    Ok(())
}
