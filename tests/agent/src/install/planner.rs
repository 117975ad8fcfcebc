//! Works out an Install's instructions from `files` and `permissions`, without touching anything.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::instruction::Instruction;
use crate::app_spec::{AppSpec, FileExistsBehavior, Permission};
use crate::error::{Error, PathContext};

pub(super) struct Planner {
    archive: PathBuf,
    behavior: FileExistsBehavior,
    instructions: Vec<Instruction>,
    // In the order planned; the sets beside them answer "already?".
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
    planned: HashSet<PathBuf>,
    permitted: HashSet<PathBuf>,
}

impl Planner {
    pub(super) fn new(archive: PathBuf, behavior: FileExistsBehavior) -> Self {
        Self {
            archive,
            behavior,
            instructions: Vec::new(),
            files: Vec::new(),
            directories: Vec::new(),
            planned: HashSet::new(),
            permitted: HashSet::new(),
        }
    }

    pub(super) fn plan(mut self, app_spec: &AppSpec) -> Result<Vec<Instruction>, Error> {
        for mapping in &app_spec.files {
            let source = self.archive.join(mapping.source.trim_start_matches('/'));
            let destination = from_the_top(&mapping.destination);
            if source.is_dir() {
                self.make_missing_ancestors(&destination)?;
                self.copy_directory(&source, &destination)?;
            } else {
                let target = destination.join(source.file_name().unwrap_or_default());
                self.make_missing_ancestors(&target)?;
                self.copy_file(source, target)?;
            }
        }
        for permission in &app_spec.permissions {
            self.permit(permission)?;
        }
        Ok(self.instructions)
    }

    fn make_missing_ancestors(&mut self, path: &Path) -> Result<(), Error> {
        let mut missing: Vec<&Path> = path.ancestors().skip(1).take_while(|parent| !parent.exists()).collect();
        missing.reverse();
        missing.into_iter().try_for_each(|directory| self.make_directory(directory))
    }

    fn make_directory(&mut self, path: &Path) -> Result<(), Error> {
        if self.files.iter().any(|file| file == path) {
            return Err(Error::DestinationTwice { destination: path.to_owned() });
        }
        if self.planned.insert(path.to_owned()) {
            self.directories.push(path.to_owned());
            self.instructions.push(Instruction::MakeDirectory { directory: path.to_owned() });
        }
        Ok(())
    }

    fn copy_directory(&mut self, source: &Path, destination: &Path) -> Result<(), Error> {
        if !destination.is_dir() {
            self.make_directory(destination)?;
        }
        for entry in fs::read_dir(source).path_context("listed", source)? {
            let entry = entry.path_context("listed", source)?;
            let (source, target) = (entry.path(), destination.join(entry.file_name()));
            // A link to a directory is copied as a link.
            if entry.file_type().path_context("looked at", &source)?.is_dir() {
                self.copy_directory(&source, &target)?;
            } else {
                self.copy_file(source, target)?;
            }
        }
        Ok(())
    }

    fn copy_file(&mut self, source: PathBuf, destination: PathBuf) -> Result<(), Error> {
        if destination.exists() {
            match self.behavior {
                FileExistsBehavior::Disallow => return Err(Error::FileExists { destination }),
                FileExistsBehavior::Retain => return Ok(()),
                FileExistsBehavior::Overwrite => {}
            }
        }
        if !self.planned.insert(destination.clone()) {
            return Err(Error::DestinationTwice { destination });
        }
        self.files.push(destination.clone());
        self.instructions.push(Instruction::Copy { source, destination });
        Ok(())
    }

    /// Only what this Install copies or makes is ever touched.
    fn permit(&mut self, permission: &Permission) -> Result<(), Error> {
        let object = from_the_top(&permission.object);
        let mut matched = Vec::new();
        if self.files.contains(&object) {
            if permission.types.files {
                matched.push(object);
            }
        } else {
            let within = |paths: &[PathBuf]| -> Vec<PathBuf> {
                paths.iter().filter(|path| permission.matches(&object, path)).cloned().collect()
            };
            if permission.types.files {
                matched.extend(within(&self.files));
            }
            if permission.types.directories {
                matched.extend(within(&self.directories));
            }
        }
        for object in matched {
            if !self.permitted.insert(object.clone()) {
                return Err(Error::PermissionTwice { object });
            }
            if let Some(mode) = permission.mode {
                self.instructions.push(Instruction::ChangeMode { mode, file: object.clone() });
            }
            if permission.owner.is_some() || permission.group.is_some() {
                let (owner, group) = (permission.owner.clone(), permission.group.clone());
                self.instructions.push(Instruction::ChangeOwner { owner, group, file: object });
            }
        }
        Ok(())
    }
}

/// A path without `.`, `..` and doubled slashes, hung on `/` (the agent's own directory) when it is relative.
fn from_the_top(path: &str) -> PathBuf {
    let mut whole = PathBuf::from("/");
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => whole.push(name),
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cleaned_and_hung_on_the_top() {
        for (written, whole) in
            [("/srv/app/", "/srv/app"), ("srv//app", "/srv/app"), ("/srv/x/../app/.", "/srv/app"), ("..", "/")]
        {
            assert_eq!(from_the_top(written), Path::new(whole), "{written}");
        }
    }
}
