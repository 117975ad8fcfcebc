//! One step of an Install, as it is written to `<group>-install.json` and as it is carried out.

use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::accounts::Database;
use super::copy::copy;
use crate::app_spec::Mode;
use crate::error::{Error, PathContext};
use crate::generation::Generation;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Instruction {
    MakeDirectory { directory: PathBuf },
    Copy { source: PathBuf, destination: PathBuf },
    ChangeMode { mode: Mode, file: PathBuf },
    ChangeOwner { owner: Option<String>, group: Option<String>, file: PathBuf },
}

impl Instruction {
    pub(super) fn carry_out(&self, generation: Generation) -> Result<(), Error> {
        match self {
            Self::MakeDirectory { directory } => fs::create_dir(directory).path_context("made", directory),
            Self::Copy { source, destination } => copy(source, destination, generation),
            Self::ChangeMode { mode, file } => {
                fs::set_permissions(file, fs::Permissions::from_mode(mode.bits())).path_context("given its mode", file)
            }
            Self::ChangeOwner { owner, group, file } => {
                let owner = owner.as_deref().map(|name| Database::Users.id(name)).transpose()?;
                let group = group.as_deref().map(|name| Database::Groups.id(name)).transpose()?;
                std::os::unix::fs::chown(file, owner, group).path_context("given its owner", file)
            }
        }
    }

    /// What the next Install has to remove because of this one.
    pub(super) fn note_for_cleanup(&self, list: &mut impl Write) -> io::Result<()> {
        let path = match self {
            Self::MakeDirectory { directory: path } | Self::Copy { destination: path, .. } => path,
            Self::ChangeMode { .. } | Self::ChangeOwner { .. } => return Ok(()),
        };
        list.write_all(path.as_os_str().as_bytes())?;
        list.write_all(b"\n")
    }

    fn to_json(&self) -> Value {
        match self {
            Self::MakeDirectory { directory } => json!({ "type": "mkdir", "directory": directory.to_string_lossy() }),
            Self::Copy { source, destination } => json!({
                "type": "copy",
                "source": source.to_string_lossy(),
                "destination": destination.to_string_lossy(),
            }),
            Self::ChangeMode { mode, file } => {
                json!({ "type": "chmod", "mode": mode.to_string(), "file": file.to_string_lossy() })
            }
            Self::ChangeOwner { owner, group, file } => {
                json!({ "type": "chown", "owner": owner, "group": group, "file": file.to_string_lossy() })
            }
        }
    }
}

pub(super) fn to_json(instructions: &[Instruction]) -> Value {
    json!({ "instructions": instructions.iter().map(Instruction::to_json).collect::<Vec<_>>() })
}
