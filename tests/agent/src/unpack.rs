//! `DownloadBundle`, less the download: the bundle is put beside its archive, unpacked, and a lone top folder is stripped.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use crate::error::{Error, PathContext};
use crate::{Bundle, BundleFormat, DeploymentFolder};

/// Fetches `bundle` into `folder` and unpacks it there.
pub(crate) fn fetch_and_unpack(bundle: &Bundle, folder: &DeploymentFolder) -> Result<(), Error> {
    let archive = folder.archive();
    match fs::remove_dir_all(&archive) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).path_context("removed", &archive),
        _ => fs::create_dir_all(&archive).path_context("made", &archive)?,
    }
    let fetched = folder.bundle();
    match bundle.format() {
        BundleFormat::Directory => pack(bundle.path(), &fetched)?,
        BundleFormat::Zip | BundleFormat::Tar | BundleFormat::TarGzip => {
            fs::copy(bundle.path(), &fetched).path_context("fetched", bundle.path())?;
        }
    }
    match bundle.format() {
        BundleFormat::Zip => unzip(&fetched, &archive)?,
        // As root, -p keeps the builder's owners and modes. Another process does the writing, so that no descriptor of
        // ours can still be open for writing when a script is executed.
        BundleFormat::Directory | BundleFormat::Tar => tar("unpacked", &fetched, "-xpf", &archive, Vec::new())?,
        BundleFormat::TarGzip => tar("unpacked", &fetched, "-xpzf", &archive, Vec::new())?,
    }
    strip_single_top_folder(&archive)
}

/// The children are named one by one: with `.` the source's own mode would land on the archive folder.
fn pack(directory: &Path, target: &Path) -> Result<(), Error> {
    let mut names = vec![OsString::from("--")];
    for entry in fs::read_dir(directory).path_context("listed", directory)? {
        names.push(entry.path_context("listed", directory)?.file_name());
    }
    tar("packed", target, "-cf", directory, names)
}

fn tar(
    action: &'static str,
    archive: &Path,
    mode: &str,
    directory: &Path,
    operands: Vec<OsString>,
) -> Result<(), Error> {
    let output = Command::new("tar").arg(mode).arg(archive).arg("-C").arg(directory).args(operands).output();
    let failure = |detail: String| Error::Tar { action, path: archive.to_owned(), detail };
    let output = output.map_err(|error| failure(format!("the program `tar` could not be run: {error}")))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failure(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()))
    }
}

fn unzip(archive: &Path, directory: &Path) -> Result<(), Error> {
    let file = File::open(archive).path_context("opened", archive)?;
    zip::ZipArchive::new(file)
        .and_then(|mut zip| zip.extract(directory))
        .map_err(|source| Error::Zip { path: archive.to_owned(), source })
}

/// An archive made of one folder that has an appspec in it, as `GitHub` makes them, counts as that folder.
fn strip_single_top_folder(archive: &Path) -> Result<(), Error> {
    let names = names_in(archive)?;
    let [name] = names.as_slice() else { return Ok(()) };
    let top = archive.join(name);
    if !top.is_dir() || !names_in(&top)?.iter().any(|name| name.to_string_lossy().to_lowercase().contains("appspec")) {
        return Ok(());
    }
    let aside = archive.with_extension("unstripped");
    fs::rename(archive, &aside).path_context("moved aside", archive)?;
    fs::rename(aside.join(name), archive).path_context("put in the archive's place", &top)?;
    fs::remove_dir(&aside).path_context("removed", &aside)
}

fn names_in(directory: &Path) -> Result<Vec<OsString>, Error> {
    fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect())
        .path_context("listed", directory)
}
