//! sha256, and the line that `sha256sum -c` reads.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The sha256 of these bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a `String` cannot fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// The line for a file of this name beside it.
#[must_use]
pub fn line(bytes: &[u8], name: &str) -> String {
    format!("{}  {name}\n", sha256(bytes))
}

#[cfg(test)]
mod tests {
    use workstation::{files, programs};

    use super::*;

    #[test]
    fn the_line_is_one_that_sha256sum_accepts() {
        let directory = tempfile::tempdir().unwrap();
        files::write(&directory.path().join("a b.zip"), b"x").unwrap();
        files::write(&directory.path().join("a b.zip.sha256"), line(b"x", "a b.zip").as_bytes()).unwrap();
        let checked = programs::command("sha256sum")
            .args(["--strict", "-c", "a b.zip.sha256"])
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}
