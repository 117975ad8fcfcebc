//! What scripts print: `scripts.log`, the log of all deployments, and the tail that goes into a failure's report.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Zoned;

use super::log_tail::LogTail;
use crate::error::{Error, PathContext};
use crate::{DeploymentId, Generation};

/// The logs of one event.
pub(super) struct ScriptLog {
    scripts: LogFile,
    deployments: LogFile,
    id: DeploymentId,
    generation: Generation,
    tail: LogTail,
}

impl ScriptLog {
    pub(super) fn open(
        scripts: PathBuf,
        deployments: PathBuf,
        id: &DeploymentId,
        generation: Generation,
    ) -> Result<Self, Error> {
        Ok(Self {
            scripts: LogFile::open(scripts)?,
            deployments: LogFile::open(deployments)?,
            id: id.clone(),
            generation,
            tail: LogTail::new(generation),
        })
    }

    /// Adds a line, or a part of one when its newline is missing, to all three.
    pub(super) fn add(&mut self, entry: &[u8]) -> Result<(), Error> {
        let now = Zoned::now();
        let readable = match self.generation {
            Generation::One => entry.to_vec(),
            Generation::Two => without_escapes(&String::from_utf8_lossy(entry)).into_bytes(),
        };
        let mut line = format!("{} ", now.strftime("%Y-%m-%d %H:%M:%S")).into_bytes();
        line.extend_from_slice(&readable);
        self.scripts.append(&line)?;

        let mut global = format!("[{}] [{}]", now.strftime("%Y-%m-%d %H:%M:%S%.3f"), self.id).into_bytes();
        global.extend_from_slice(readable.trim_ascii());
        global.push(b'\n');
        self.deployments.append(&global)?;

        // Generation 2 sends its lines with their time, generation 1 without.
        self.tail.add(if self.generation == Generation::One { readable } else { line });
        Ok(())
    }

    /// What the service is sent after a failure.
    pub(super) fn into_tail(self) -> Vec<u8> {
        self.tail.into_bytes()
    }
}

struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    fn open(path: PathBuf) -> Result<Self, Error> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).path_context("made", folder)?;
        let file = OpenOptions::new().append(true).create(true).open(&path).path_context("opened", &path)?;
        Ok(Self { path, file })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).path_context("written", &self.path)
    }
}

/// Without terminal sequences: ESC `[` up to its final letter, or ESC and one letter.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            plain.push(letter);
        } else if letters.next() == Some('[') {
            letters.by_ref().find(|letter| ('\u{40}'..='\u{7e}').contains(letter));
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_are_taken_out() {
        assert_eq!(without_escapes("\u{1b}[1;31mred\u{1b}[0m and\u{1b}c plain\n"), "red and plain\n");
    }
}
