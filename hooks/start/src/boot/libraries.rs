//! The libraries of a jar as files: one directory for each set of them, made once, whole or not at all, and never written again, since an
//! archive holds only as long as each file has the path, the size and the time that it was made with.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use shared::host::{FileKind, Host, ReadSeek};
use zip::ZipArchive;

use super::layout::{Archive, Entry, Layout, Library};
use super::packing::Packing;

/// What is kept free on the disk.
pub(super) const DISK_RESERVE: u64 = 64 * 1024 * 1024;

/// How the name of a directory begins that is not whole yet.
pub(super) const UNFINISHED: &str = ".new-";

/// The names of all that is in the libraries, beside them.
const CONTENTS: &str = "contents.txt";

/// The directory of these libraries, made if it is missing.
///
/// # Errors
/// Why there is none that can be used, as a sentence.
pub(super) fn lay_out(
    host: &impl Host,
    root: &Path,
    layout: &Layout,
    archive: &mut Archive<'_>,
) -> Result<PathBuf, String> {
    let key = layout.key();
    let directory = root.join(&key);
    if host.describe(&directory).is_ok() {
        let is_whole = |library: &Library| {
            host.describe(&directory.join(&library.name))
                .is_ok_and(|facts| facts.kind == FileKind::Regular && facts.size == library.size)
        };
        return match layout.libraries.iter().find(|library| !is_whole(library)) {
            None => Ok(directory),
            Some(library) => Err(format!(
                "`{}` is damaged: end what runs from there, then remove that directory",
                directory.join(&library.name).to_string_lossy()
            )),
        };
    }
    let size: u64 = layout.libraries.iter().map(|library| library.size).sum();
    check_disk(host, root, size)?;
    let unfinished = root.join(format!("{UNFINISHED}{key}"));
    let made = fill(host, &unfinished, layout, archive)
        .and_then(|()| host.rename(&unfinished, &directory).map_err(|cause| unwritable(&directory, &cause)));
    if made.is_err() {
        // What stays of it is removed by the next one, or with what nobody needs.
        let _ = host.remove(&unfinished);
    }
    made.map(|()| directory)
}

/// Makes sure that so many bytes fit, and something beside them.
///
/// # Errors
/// With both numbers, as a sentence.
pub(super) fn check_disk(host: &impl Host, directory: &Path, size: u64) -> Result<(), String> {
    let shown = directory.to_string_lossy();
    let free = host.free_space(directory).map_err(|cause| format!("the disk of `{shown}` cannot be seen: {cause}"))?;
    let needed = size.saturating_add(DISK_RESERVE);
    if free < needed {
        let megabytes = shared::release::megabytes;
        return Err(format!("the disk of `{shown}` has {} free, needed {}", megabytes(free), megabytes(needed)));
    }
    Ok(())
}

fn fill(host: &impl Host, directory: &Path, layout: &Layout, archive: &mut Archive<'_>) -> Result<(), String> {
    match host.remove(directory) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(directory, &cause)),
        _ => {}
    }
    host.make_directory(directory, 0o755).map_err(|cause| unwritable(directory, &cause))?;
    let mut contents = String::new();
    for Library { index, name, .. } in &layout.libraries {
        let mut bytes = Vec::new();
        let read =
            archive.by_index(*index).map_err(std::io::Error::other).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_err(|cause| format!("its library `{name}` cannot be read: {cause}"))?;
        let path = directory.join(name);
        host.replace_file(&path, &bytes, 0o644).map_err(|cause| unwritable(&path, &cause))?;
        let mut bytes: Box<dyn ReadSeek> = Box::new(Cursor::new(bytes));
        let library = ZipArchive::new(&mut bytes).map_err(|cause| format!("its library `{name}` is none: {cause}"))?;
        contents.extend(["= ", name, "\n"]);
        for file in library.file_names() {
            let file = file.map_err(|cause| format!("a name in its library `{name}`: {cause}"))?;
            contents.extend([&file.replace('\n', " "), "\n"]);
        }
    }
    let path = directory.join(CONTENTS);
    host.replace_file(&path, contents.as_bytes(), 0o644).map_err(|cause| unwritable(&path, &cause))
}

/// Makes sure that it does not matter whether the libraries or the application come first in the class path: no file of the one has the
/// name of one of the other, and none of them has classes where the application's begin, which are found in that order.
///
/// # Errors
/// What both have, as a sentence.
pub(super) fn check_order(host: &impl Host, directory: &Path, layout: &Layout) -> Result<(), String> {
    let path = directory.join(CONTENTS);
    let bytes =
        host.read_file(&path).map_err(|cause| format!("`{}` cannot be read: {cause}", path.to_string_lossy()))?;
    // As much as is read of a file: what may follow is not known.
    if bytes.len() >= 16 * 1024 * 1024 {
        return Err("its libraries have more files than these hooks compare".to_owned());
    }
    match in_both(&String::from_utf8_lossy(&bytes), layout) {
        Some(what) => Err(what),
        None => Ok(()),
    }
}

fn in_both(contents: &str, layout: &Layout) -> Option<String> {
    let mut own: Vec<String> = layout.files.iter().map(|file| file.name.clone()).filter(|name| matters(name)).collect();
    own.sort();
    let is_own = |line: &str| own.binary_search_by(|name| name.as_str().cmp(line)).is_ok();
    let package = layout.start_class.rsplit_once('.')?.0.replace('.', "/") + "/";
    let mut library = "";
    for line in contents.lines() {
        if let Some(name) = line.strip_prefix("= ") {
            library = name;
        } else if is_own(line) {
            return Some(format!("`{line}` is in the application and in its library `{library}`"));
        } else if line.starts_with(&package) && !line.ends_with('/') {
            return Some(format!("its library `{library}` has `{line}`, beside the class that is started"));
        }
    }
    None
}

/// Whether somebody may ask for the file of this name: not for directories, nor for what each jar says of itself.
fn matters(name: &str) -> bool {
    let of_jar = ["META-INF/MANIFEST.MF", "META-INF/LICENSE", "META-INF/NOTICE", "META-INF/DEPENDENCIES"];
    !name.ends_with('/') && !of_jar.iter().any(|beginning| name.starts_with(beginning))
}

/// Makes the jar of the application's own files, as they are packed already.
///
/// # Errors
/// Why not, as a sentence.
pub(super) fn pack(host: &impl Host, to: &Path, layout: &Layout, archive: &mut Archive<'_>) -> Result<(), String> {
    let mut packing = Packing::default();
    for (number, file) in layout.files.iter().enumerate() {
        let is_again = |before: &Entry| before.name == file.name;
        if file.name.ends_with('/') && layout.files[..number].iter().any(is_again) {
            continue;
        }
        packing.add(archive, file.index, &file.name)?;
    }
    let bytes = packing.finish()?;
    check_disk(host, to.parent().unwrap_or(to), bytes.len() as u64)?;
    host.replace_file(to, &bytes, 0o644).map_err(|cause| unwritable(to, &cause))
}

pub(super) fn unwritable(path: &Path, cause: &std::io::Error) -> String {
    format!("`{}` could not be written: {cause}", path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f137_a_file_that_the_application_and_a_library_have_is_found_whatever_it_is() {
        let contents = "= a.jar\nMETA-INF/MANIFEST.MF\nMETA-INF/LICENSE.txt\norg/a/A.class\nlogback.xml\n\
                        META-INF/services/org.a.Plugin\n= b.jar\nsample/\nsample/shared/\nsample/shared/B.class\n";
        for (start, own, wanted) in [
            ("com.shop.App", &["META-INF/MANIFEST.MF", "META-INF/LICENSE.txt", "com/", "com/shop/App.class"][..], None),
            ("com.shop.App", &["logback.xml"], Some("`logback.xml` is in the application and in its library `a.jar`")),
            ("com.shop.App", &["META-INF/services/org.a.Plugin"], Some("`META-INF/services/org.a.Plugin` is in")),
            ("com.shop.App", &["org/a/A.class"], Some("`org/a/A.class` is in the application")),
            ("com.shop.App", &["sample/"], None),
            ("sample.App", &["sample/App.class"], Some("its library `b.jar` has `sample/shared/B.class`, beside")),
            ("sample.web.App", &["sample/web/App.class"], None),
        ] {
            let files = own.iter().map(|name| Entry { index: 0, name: (*name).to_owned() }).collect();
            let layout = Layout { start_class: start.to_owned(), libraries: Vec::new(), files };
            let found = in_both(contents, &layout);
            assert_eq!(found.is_some(), wanted.is_some(), "{start} {own:?}: {found:?}");
            assert!(found.unwrap_or_default().starts_with(wanted.unwrap_or_default()), "{start} {own:?}");
        }
    }
}
