//! Install: remove what the last Install put there, compute the instructions, write them down, carry them out.
//!
//! In this order, so that a failed Install leaves the destination empty: the old files are gone before the first check.

mod accounts;
mod cleanup;
mod copy;
mod instruction;
mod planner;

use std::fs::{self, File};
use std::io::BufWriter;

use crate::app_spec::{AppSpec, FileExistsBehavior};
use crate::deployment_root::{DeploymentFolder, DeploymentRoot};
use crate::error::{Error, PathContext};
use crate::generation::Generation;
use planner::Planner;

/// One run of Install.
pub(crate) struct Install<'a> {
    pub(crate) root: &'a DeploymentRoot,
    pub(crate) group_id: &'a str,
    pub(crate) generation: Generation,
    /// What the deployment asks for; the `AppSpec` file's own word beats it.
    pub(crate) file_exists_behavior: FileExistsBehavior,
}

impl Install<'_> {
    pub(crate) fn run(&self, folder: &DeploymentFolder, app_spec: &AppSpec) -> Result<(), Error> {
        let instructions = self.root.instructions();
        fs::create_dir_all(&instructions).path_context("made", &instructions)?;

        let cleanup_list = self.root.cleanup_list(self.group_id);
        cleanup::remove_previous_install(&cleanup_list)?;

        let behavior = app_spec.file_exists_behavior.unwrap_or(self.file_exists_behavior);
        let instructions = Planner::new(folder.archive(), behavior).plan(app_spec)?;
        let written = self.root.install_instructions(self.group_id);
        fs::write(&written, instruction::to_json(&instructions).to_string()).path_context("written", &written)?;

        let file = File::create(&cleanup_list).path_context("made", &cleanup_list)?;
        let mut list = BufWriter::new(file);
        let carried_out = instructions.iter().try_for_each(|instruction| {
            instruction.carry_out(self.generation)?;
            instruction.note_for_cleanup(&mut list).path_context("written", &cleanup_list)
        });
        // Also after a failure: what was copied until then is on the list.
        let noted = list.into_inner().map_err(std::io::IntoInnerError::into_error);
        carried_out.and(noted.map(drop).path_context("written", &cleanup_list))
    }
}
