//! What the JVM was asked already: that it takes an archive, as that and its libraries are now. To ask it takes as long as a JVM takes to
//! start, so it is asked once, and again when one of these files is another one or the host was started anew.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use shared::host::{Host, hexadecimal};

/// What is noted, beside the libraries.
const NOTE: &str = "checked.txt";

/// What the JVM was told of: each file's path, size and time, and the boot of the host. A power cut may leave other bytes under those.
fn seen(host: &impl Host, archive: &Path, libraries: &[PathBuf]) -> Option<String> {
    let mut hash = Sha256::new().chain_update(host.boot_id());
    for file in std::iter::once(archive).chain(libraries.iter().map(PathBuf::as_path)) {
        let facts = host.describe(file).ok()?;
        hash.update(format!("\n{}\n{} {:?}", file.to_string_lossy(), facts.size, facts.written));
    }
    Some(hexadecimal(&hash.finalize()))
}

/// Whether it takes this archive, since it did when these files were as they are.
pub(super) fn is_taken(host: &impl Host, directory: &Path, archive: &Path, libraries: &[PathBuf]) -> bool {
    let noted = host.read_file(&directory.join(NOTE)).ok();
    noted.is_some() && noted == seen(host, archive, libraries).map(String::into_bytes)
}

/// Notes that it does.
pub(super) fn note(host: &impl Host, directory: &Path, archive: &Path, libraries: &[PathBuf]) {
    if let Some(seen) = seen(host, archive, libraries) {
        // Where that cannot be written the JVM is asked again.
        let _ = host.replace_file_of_this_boot(&directory.join(NOTE), seen.as_bytes(), 0o644);
    }
}
