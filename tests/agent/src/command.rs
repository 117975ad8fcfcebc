//! One command of the service to the agent: one lifecycle event of one deployment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::app_spec::AppSpec;
use crate::deployment_root::DeploymentFolder;
use crate::error::{Error, PathContext};
use crate::hook::HookRun;
use crate::install::Install;
use crate::{
    Agent, Bundle, DeploymentId, Diagnostics, EventReport, EventStatus, Generation, LifecycleEvent, Progress,
    ScriptReport, retention, unpack,
};

/// What is to be done, and by which agent.
pub(crate) struct Command<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) id: &'a DeploymentId,
    pub(crate) event: LifecycleEvent,
    pub(crate) bundle: &'a Bundle,
}

impl Command<'_> {
    pub(crate) fn run(&self, mut observe: impl FnMut(Progress<'_>)) -> EventReport {
        observe(Progress::EventStarted(self.event));
        let clock = Instant::now();
        let mut scripts = Vec::new();
        let outcome = self.tracked(|| self.carry_out(&mut scripts, &mut observe));
        let (status, diagnostics) = match outcome {
            Ok(None) => (EventStatus::Skipped, Diagnostics::success()),
            Ok(Some(diagnostics)) if diagnostics == Diagnostics::success() => (EventStatus::Succeeded, diagnostics),
            Ok(Some(diagnostics)) => (EventStatus::Failed, diagnostics),
            Err(error) => (EventStatus::Failed, Diagnostics::agent_failure(&error)),
        };
        let report = EventReport { event: self.event, scripts, status, diagnostics, duration: clock.elapsed() };
        observe(Progress::EventFinished(&report));
        report
    }

    /// Keeps the file that says that this deployment is busy while `work` goes on.
    fn tracked<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let file = self.agent.root.ongoing_deployment(self.id);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).path_context("made", folder)?;
        }
        fs::write(&file, self.event.name()).path_context("written", &file)?;
        let result = work();
        let removed = fs::remove_file(&file).path_context("removed", &file);
        result.and_then(|value| removed.map(|()| value))
    }

    /// `None` when there was nothing to do.
    fn carry_out(
        &self,
        scripts: &mut Vec<ScriptReport>,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Option<Diagnostics>, Error> {
        let current = self.agent.root.deployment(&self.agent.group_id, self.id);
        match self.event {
            LifecycleEvent::DownloadBundle => self.download_bundle(&current).map(|()| Some(Diagnostics::success())),
            LifecycleEvent::Install => self.install(&current).map(|()| Some(Diagnostics::success())),
            _ => self.run_hooks(&current, scripts, observe),
        }
    }

    fn download_bundle(&self, current: &DeploymentFolder) -> Result<(), Error> {
        let (root, group_id) = (&self.agent.root, &self.agent.group_id);
        retention::remove_old_deployments(root, group_id, current)?;
        unpack::fetch_and_unpack(self.bundle, current)?;
        current.record_in(&root.most_recent_install(group_id))
    }

    fn install(&self, current: &DeploymentFolder) -> Result<(), Error> {
        let (root, group_id) = (&self.agent.root, &self.agent.group_id);
        let app_spec = AppSpec::read(&app_spec_path(&current.archive(), true)?)?;
        let install = Install {
            root,
            group_id,
            generation: self.agent.generation,
            file_exists_behavior: self.agent.file_exists_behavior,
        };
        install.run(current, &app_spec)?;
        current.record_in(&root.last_successful_install(group_id))
    }

    fn run_hooks(
        &self,
        current: &DeploymentFolder,
        reports: &mut Vec<ScriptReport>,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Option<Diagnostics>, Error> {
        let Some(archive) = self.archive_of_scripts(current)? else { return Ok(None) };
        let yaml_too = self.agent.generation == Generation::Two;
        let app_spec = AppSpec::read(&app_spec_path(&archive, yaml_too)?)?;
        let scripts = app_spec.scripts(self.event);
        if scripts.is_empty() {
            return Ok(None);
        }
        let run = HookRun {
            event: self.event,
            id: self.id,
            generation: self.agent.generation,
            archive: &archive,
            variables: &self.variables(),
            // The old bundle's scripts too write into the new deployment's log.
            scripts_log: current.scripts_log(),
            deployments_log: self.agent.root.deployments_log(),
        };
        run.run(scripts, reports, observe).map(Some)
    }

    /// The unpacked bundle whose scripts the event runs; `None` when there is none yet.
    fn archive_of_scripts(&self, current: &DeploymentFolder) -> Result<Option<PathBuf>, Error> {
        if !self.event.runs_the_last_installed_bundle() || current.archive().exists() {
            return Ok(Some(current.archive()));
        }
        let last = self.agent.root.last_successful_deployment(&self.agent.group_id)?;
        let archive = last.map(|folder| folder.archive());
        Ok(match self.agent.generation {
            // Recorded but gone: goes on to fail at the missing AppSpec file.
            Generation::One => archive,
            Generation::Two => archive.filter(|archive| archive.exists()),
        })
    }

    fn variables(&self) -> Vec<(OsString, OsString)> {
        let own = [
            ("LIFECYCLE_EVENT", self.event.name()),
            ("DEPLOYMENT_ID", self.id.as_str()),
            ("APPLICATION_NAME", &self.agent.application),
            ("DEPLOYMENT_GROUP_NAME", &self.agent.group_name),
            ("DEPLOYMENT_GROUP_ID", &self.agent.group_id),
        ];
        let path = (OsStr::new("PATH"), self.agent.path_variable.as_os_str());
        let inherited = self.agent.environment.iter().chain([path]);
        let own = own.into_iter().chain(self.bundle.revision().variables());
        let own = own.map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
        // A later one of the same name wins.
        let variables: BTreeMap<&OsStr, &OsStr> = inherited.chain(own).collect();
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// The `AppSpec` file of an unpacked bundle. Not every reader of generation 1 knows the name `appspec.yaml`.
fn app_spec_path(archive: &Path, yaml_too: bool) -> Result<PathBuf, Error> {
    let expected = archive.join("appspec.yml");
    let other = archive.join("appspec.yaml");
    if expected.exists() {
        Ok(expected)
    } else if yaml_too && other.exists() {
        Ok(other)
    } else {
        Err(Error::AppSpecMissing { expected })
    }
}
