//! Where the settings are: `--config`, else `HOOKS_CONFIG`, else `hooks.toml` beside the hooks or one directory above.
//! Never the working directory, which is the agent's own: `/`, mostly, and not the bundle.

use std::path::{Path, PathBuf};

use super::SettingsFile;
use crate::environment;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;

/// What the file is called.
const NAME: &str = "hooks.toml";

/// Finds and reads the settings; no file at all means the defaults.
///
/// # Errors
/// `Kind::Settings` if a file that was named, or found, cannot be read; `Kind::NotAllowed` if this user may not read it.
pub fn find(host: &impl Host, named: Option<&Path>, program: &Path) -> Result<SettingsFile> {
    let named = named.map(Path::to_owned).or_else(|| environment::variable("HOOKS_CONFIG").map(PathBuf::from));
    let beside = || {
        program
            .ancestors()
            .skip(1)
            .take(2)
            .map(|directory| directory.join(NAME))
            .find(|path| host.describe(path).is_ok())
    };
    let file = match named.clone().or_else(beside) {
        None => SettingsFile::parse(NAME, ""),
        Some(path) => {
            let shown = path.to_string_lossy();
            let bytes = host.read_file(&path).map_err(|cause| {
                Error::new(Kind::of(&cause), translated!("the settings `{shown}` could not be read: {cause}"))
                    .advise(translated!("name a readable file with `--config` or `HOOKS_CONFIG`"))
            })?;
            let text = String::from_utf8(bytes).map_err(|_| {
                Error::new(Kind::Settings, translated!("the settings `{shown}` are not UTF-8 text"))
                    .advise(translated!("save the file as UTF-8"))
            })?;
            SettingsFile::parse(&shown, text.trim_start_matches('\u{feff}'))
        }
    };
    Ok(file.named_as(named).overridden_by(&environment::overrides()))
}
