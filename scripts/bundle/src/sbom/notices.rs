//! The licences of crates, with the texts that their sources bring: each text once, with the crates that it is of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use workstation::files;

/// How files begin that a licence asks to pass on, in small letters.
const BEGINNINGS: [&str; 6] = ["copying", "copyright", "licence", "license", "notice", "unlicense"];

/// A crate, as far as its licence goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Licensed {
    /// Its name and version.
    pub(super) name: String,
    /// Its licence, as it says.
    pub(super) licence: String,
    /// Where its sources are.
    pub(super) sources: PathBuf,
}

/// One text for all of these crates and the standard library of this version of Rust.
pub(super) fn render(crates: &[Licensed], rust: &str) -> anyhow::Result<String> {
    let mut text = "What is linked into the hooks, besides their own code (LICENSE-APACHE, LICENSE-MIT), and under which licence.\n\n"
        .to_owned();
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for one in crates {
        let own = texts_of(&one.sources)?;
        let without = if own.is_empty() { ", which brings no text of it" } else { "" };
        // Writing to a `String` cannot fail.
        let _infallible = writeln!(text, "{}: {}{without}", one.name, one.licence);
        for licence in own {
            texts.entry(licence).or_default().insert(&one.name);
        }
    }
    let _infallible = writeln!(text, "Rust's standard library {rust}: MIT OR Apache-2.0, as the hooks themselves");
    // By the crates' names, which are what somebody looks for.
    let mut texts: Vec<(BTreeSet<&str>, String)> = texts.into_iter().map(|(text, crates)| (crates, text)).collect();
    texts.sort();
    for (crates, licence) in texts {
        let names: Vec<&str> = crates.into_iter().collect();
        let _infallible = write!(text, "\n{}\n{}\n\n{licence}\n", "=".repeat(72), names.join(", "));
    }
    Ok(text)
}

/// The texts at the top of a crate's sources.
fn texts_of(sources: &Path) -> anyhow::Result<Vec<String>> {
    let unread = || format!("`{}` could not be listed; needed the licences in it", sources.display());
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(sources).with_context(unread)? {
        let entry = entry.with_context(unread)?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_file = entry.file_type().with_context(unread)?.is_file();
        if is_file && BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) {
            let bytes = files::read(&entry.path(), "a licence's text")?;
            let lines = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
            texts.push(lines.join("\n").trim_matches('\n').to_owned());
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_once_with_all_the_crates_that_it_is_of() {
        let directory = tempfile::tempdir().unwrap();
        let crates =
            [("b", "MIT", "one\r\n"), ("a", "MIT", "one  \n\n"), ("c", "ISC", "")].map(|(name, licence, text)| {
                let sources = directory.path().join(name);
                files::write(&sources.join("README.md"), b"no licence").unwrap();
                if !text.is_empty() {
                    files::write(&sources.join("License-X"), text.as_bytes()).unwrap();
                }
                Licensed { name: format!("{name} 1.0.0"), licence: licence.to_owned(), sources }
            });
        let text = render(&crates, "1.95.0").unwrap();
        assert!(text.contains("\na 1.0.0, b 1.0.0\n\none\n"), "{text}");
        assert_eq!(text.matches("\none\n").count(), 1, "{text}");
        assert!(text.contains("\nc 1.0.0: ISC, which brings no text of it\n"), "{text}");
        assert!(!text.contains("no licence"), "{text}");
        assert!(text.contains("standard library 1.95.0: "), "{text}");
    }
}
