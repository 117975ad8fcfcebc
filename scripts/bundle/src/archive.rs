//! The zip: one order, one date, fixed modes, one level of compression, nothing else. The same entries give the same bytes.

use std::io::{Cursor, Write};

use anyhow::Context;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::date::Date;

/// Chosen once: another level gives other bytes.
const LEVEL: i64 = 9;

/// A file in the zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path from the top.
    pub path: String,
    /// Whether it is a program.
    pub executable: bool,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// A file that is read.
    #[must_use]
    pub fn file(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), executable: false, bytes }
    }

    /// A file that is run.
    #[must_use]
    pub fn program(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), executable: true, bytes }
    }
}

/// The zip of these files, in this order.
///
/// # Errors
/// The zip cannot carry one of them.
pub fn write(entries: &[Entry], date: Date) -> anyhow::Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(date.in_zip()?)
            .unix_permissions(if entry.executable { 0o755 } else { 0o644 });
        writer
            .start_file(entry.path.as_str(), options)
            .map_err(anyhow::Error::from)
            .and_then(|()| Ok(writer.write_all(&entry.bytes)?))
            .with_context(|| format!("`{}` could not be packed", entry.path))?;
    }
    Ok(writer.finish().context("the zip could not be finished")?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date() -> Date {
        Date::from_seconds(1_764_086_400).unwrap()
    }

    #[test]
    fn modes_dates_and_order_are_fixed_and_nothing_is_added() {
        let entries = [
            Entry::file("appspec.yml", b"version: 0.0\n".to_vec()),
            Entry::program("hooks/stop", vec![7; 10_000]),
            Entry::file("a.jar", vec![0; 100]),
        ];
        let bytes = write(&entries, date()).unwrap();
        assert_eq!(bytes, write(&entries, date()).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        let mut found = Vec::new();
        for index in 0..archive.len() {
            let file = archive.by_index(index).unwrap();
            assert_eq!(file.last_modified(), Some(date().in_zip().unwrap()));
            assert_eq!(file.extra_data().unwrap_or_default(), Vec::<u8>::new());
            found.push((file.name().unwrap().into_owned(), file.unix_mode().unwrap() & 0o7777));
        }
        let wanted = [("appspec.yml", 0o644), ("hooks/stop", 0o755), ("a.jar", 0o644)];
        assert_eq!(found, wanted.map(|(name, mode)| (name.to_owned(), mode)));
    }
}
