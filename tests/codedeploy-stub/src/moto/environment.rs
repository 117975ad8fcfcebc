//! The Python environment in which moto is installed: in the target directory, once for each set of pinned packages.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Context, Error, Result};

/// What is to be installed.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");

/// The server's program. Whoever comes second waits for the first to have installed it.
pub(crate) fn installed() -> Result<PathBuf> {
    let target = target_directory();
    let directory = target.join("moto");
    fs::create_dir_all(&target).context(|| format!("`{}` could not be made", target.display()))?;
    let lock = target.join("moto.lock");
    let lock_file = File::create(&lock).context(|| format!("`{}` could not be made", lock.display()))?;
    lock_file.lock().context(|| format!("`{}` could not be locked", lock.display()))?;
    // Written last, so that an installation that was interrupted is not taken for a whole one.
    let stamp = directory.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(directory.join("bin/moto_server"));
    }
    install(&directory)?;
    fs::write(&stamp, REQUIREMENTS).context(|| format!("`{}` could not be written", stamp.display()))?;
    Ok(directory.join("bin/moto_server"))
}

fn install(directory: &Path) -> Result<()> {
    announce(&format!(
        "installing moto with pip in {}, as tests/codedeploy-stub/requirements.txt says",
        directory.display()
    ))?;
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(directory),
        "install Python 3.10 or later with venv",
    )?;
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements.txt");
    let mut pip = Command::new(directory.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]);
    run(pip.arg(pinned), "moto comes from a package index, which must be within reach the first time")
}

/// Also where the test's own output is captured: an installation takes its time.
fn announce(line: &str) -> Result<()> {
    writeln!(std::io::stderr(), "{line}").context(|| "standard error could not be written".to_owned())
}

/// What `needed` says is told with a failure.
fn run(command: &mut Command, needed: &str) -> Result<()> {
    let output = command.output().context(|| format!("`{command:?}` could not be run; {needed}"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = [output.stdout, output.stderr].concat();
    Err(Error::new(format!(
        "`{command:?}` failed with {}; {needed}; it said:\n{}",
        output.status,
        String::from_utf8_lossy(&told)
    )))
}

/// Where Cargo puts what it builds; a path that is not whole is meant from the project's directory.
fn target_directory() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = own.ancestors().nth(2).unwrap_or(own);
    project.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
