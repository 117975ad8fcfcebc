//! `META-INF/MANIFEST.MF`: the main attributes of a jar, in their order, as the jar specification writes
//! them: `Name: value`, at most 72 bytes in a line, a longer value continued after a leading space.

use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zip::ZipArchive;
use zip::result::ZipError;

/// Where a jar keeps its manifest.
pub(crate) const ENTRY: &str = "META-INF/MANIFEST.MF";

/// The jar specification's limit, without the line break.
const LONGEST_LINE: usize = 72;

/// The main attributes of a jar, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    attributes: Vec<(String, String)>,
}

/// Why a manifest could not be had. The sentences of the first three are those of the `java` command.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// The file could not be opened.
    #[error("Unable to access jarfile {}", path.display())]
    Unopened {
        /// The jar.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no zip file, or a damaged one.
    #[error("Invalid or corrupt jarfile {}", path.display())]
    Corrupt {
        /// The jar.
        path: PathBuf,
        /// What the zip reader said.
        source: ZipError,
    },
    /// The zip file holds no manifest.
    #[error("no main manifest attribute, in {}", path.display())]
    Missing {
        /// The jar.
        path: PathBuf,
    },
    /// The manifest is there, but its text is not a manifest's.
    #[error("manifest line {line} is {found:?}; needed `Name: value` in UTF-8")]
    Malformed {
        /// Counted from one, after continued lines were joined.
        line: usize,
        /// The line.
        found: String,
    },
}

impl Manifest {
    /// Reads the manifest of the jar at `path`.
    ///
    /// # Errors
    /// The file cannot be opened, is no whole zip file, has no manifest, or one that is not well formed.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let path_buffer = || path.to_path_buf();
        let file = File::open(path).map_err(|source| ManifestError::Unopened { path: path_buffer(), source })?;
        let corrupt = |source| ManifestError::Corrupt { path: path_buffer(), source };
        let mut archive = ZipArchive::new(file).map_err(corrupt)?;
        let mut text = Vec::new();
        match archive.by_name(ENTRY) {
            Ok(mut entry) => entry.read_to_end(&mut text).map_err(|error| corrupt(error.into()))?,
            Err(ZipError::FileNotFound) => return Err(ManifestError::Missing { path: path_buffer() }),
            Err(source) => return Err(corrupt(source)),
        };
        Self::parse(&text)
    }

    /// Reads the main section of a manifest; what follows the first empty line belongs to single entries.
    ///
    /// # Errors
    /// A line is neither `Name: value` nor a continuation, or is not UTF-8.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        // Joined as bytes: other writers may continue a line in the middle of a character.
        let mut lines: Vec<Vec<u8>> = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match (line.split_first(), lines.last_mut()) {
                (None, _) => break,
                (Some((b' ', continuation)), Some(last)) => last.extend_from_slice(continuation),
                _ => lines.push(line.to_vec()),
            }
        }
        let mut manifest = Self::default();
        for (index, line) in lines.into_iter().enumerate() {
            let malformed =
                || ManifestError::Malformed { line: index + 1, found: String::from_utf8_lossy(&line).into_owned() };
            let text = std::str::from_utf8(&line).map_err(|_| malformed())?;
            let (name, value) = text.split_once(": ").ok_or_else(malformed)?;
            manifest.set(name, value);
        }
        Ok(manifest)
    }

    /// Sets an attribute, in its old place if it was there before. A name is compared without regard to case.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.attributes.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, old)) => value.clone_into(old),
            None => self.attributes.push((name.to_owned(), value.to_owned())),
        }
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Display for Manifest {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.attributes {
            let line = format!("{name}: {value}");
            let mut rest = line.as_str();
            let mut room = LONGEST_LINE;
            while rest.len() > room {
                let (head, tail) = rest.split_at(rest.floor_char_boundary(room));
                write!(formatter, "{head}\r\n ")?;
                rest = tail;
                room = LONGEST_LINE - 1;
            }
            write!(formatter, "{rest}\r\n")?;
        }
        write!(formatter, "\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_survive_the_folding_and_no_line_exceeds_the_limit() {
        let mut manifest = Manifest::default();
        manifest.set("Manifest-Version", "1.0");
        for length in 60..160 {
            manifest.set(&format!("Demo-{length}"), &"é<x>".repeat(length));
        }
        let text = manifest.to_string();
        assert!(text.split("\r\n").all(|line| line.len() <= LONGEST_LINE), "{text}");
        assert_eq!(Manifest::parse(text.as_bytes()).unwrap(), manifest);
    }

    #[test]
    fn a_line_continued_in_the_middle_of_a_character_is_joined() {
        let manifest = Manifest::parse(b"Demo-Fault: \xc3\n \xa9\nX: y\n\nName: other\n").unwrap();
        assert_eq!(manifest.get("demo-fault"), Some("é"));
        assert_eq!(manifest.get("X"), Some("y"));
        assert_eq!(manifest.get("Name"), None, "a later section is not the main one");
    }

    #[test]
    fn a_line_that_is_no_attribute_is_refused_by_its_number() {
        let error = Manifest::parse(b"Manifest-Version: 1.0\nnonsense\n").unwrap_err();
        assert_eq!(error.to_string(), "manifest line 2 is \"nonsense\"; needed `Name: value` in UTF-8");
    }

    #[test]
    fn setting_an_attribute_again_replaces_it() {
        let mut manifest = Manifest::default();
        manifest.set("Demo-Release", "v1");
        manifest.set("demo-release", "v2");
        assert_eq!(manifest.to_string(), "Demo-Release: v2\r\n\r\n");
    }
}
