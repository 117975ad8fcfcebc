//! Where nginx's program is, and what its version can do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::binaries::project_root;
use crate::error::{Context, Error, Result};

/// Where distributions put it; often not in an ordinary user's `PATH`.
const USUAL_PLACE: &str = "/usr/sbin/nginx";

/// Finds nginx's program.
///
/// # Errors
/// There is none.
pub fn ensure_nginx() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::iter::once(PathBuf::from(USUAL_PLACE))
        .chain(std::env::split_paths(&path).map(|directory| directory.join("nginx")));
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
        Error::new(format!(
            "`nginx` is neither `{USUAL_PLACE}` nor in PATH; these tests start a private one: install it (any version \
             from 1.18 on; its service need not run)"
        ))
    })
}

/// An nginx that knows `keepalive_min_timeout`, which distributions' often do not: scripts/recent-nginx.sh builds it in the
/// target directory, unless it is there.
///
/// # Errors
/// It cannot be built, with what the script said.
pub fn recent_nginx() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(build_recent_nginx).clone()
}

fn build_recent_nginx() -> Result<PathBuf> {
    let script = project_root().join("scripts/recent-nginx.sh");
    let shown = script.display();
    let output =
        Command::new(&script).stdin(Stdio::null()).output().context(|| format!("`{shown}` could not be run"))?;
    let program = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && program.is_file() {
        return Ok(program);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(format!("`{shown}` failed with {}:\n{}", output.status, told.trim())))
}

/// Whether the program knows `-e`, which keeps it from opening the system's error log before it has read the configuration.
pub(crate) fn takes_error_log(program: &Path) -> Result<bool> {
    let output =
        Command::new(program).arg("-v").output().context(|| format!("`{} -v` could not be run", program.display()))?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let version = version(&told)
        .ok_or_else(|| Error::new(format!("`{} -v` said `{}`; needed a version", program.display(), told.trim())))?;
    Ok(version >= [1, 19, 5])
}

fn version(told: &str) -> Option<[u32; 3]> {
    let (_, rest) = told.split_once("nginx/")?;
    let mut numbers = rest.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_numbers() {
        for (told, expected) in [
            ("nginx version: nginx/1.22.1\n", Some([1, 22, 1])),
            ("nginx version: nginx/1.18.0 (Ubuntu)\n", Some([1, 18, 0])),
            ("nginx version: openresty/1.21.4.1\n", None),
            ("command not found", None),
        ] {
            assert_eq!(version(told), expected, "{told}");
        }
    }
}
