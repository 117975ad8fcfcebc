//! The repository's own texts, for the tests that hold documents against code.

use std::fs;
use std::path::{Path, PathBuf};

/// What was built or fetched is no text of the repository.
const BUILT: [&str; 2] = ["target", "dist"];

/// The repository's directory.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// One text: where it lies, from the root, and what it says.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What a path ends with, behind its last full stop: `rs`, say.
pub(crate) fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// All texts of the repository, by path: every file that is UTF-8.
pub(crate) fn texts() -> Vec<Text> {
    let mut paths = Vec::new();
    files(&root(), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = String::from_utf8(fs::read(&path).expect("it is there")).ok()?;
        Some(Text { path: path.strip_prefix(root()).expect("it lies below").to_str()?.to_owned(), text })
    };
    paths.into_iter().filter_map(read).collect()
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("it is there") {
        let entry = entry.expect("it is there");
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().expect("it is there");
        if kind.is_file() {
            found.push(entry.path());
        } else if kind.is_dir() && name != ".git" && !BUILT.contains(&name.as_str()) {
            files(&entry.path(), found);
        }
    }
}

/// The rows of a table whose heading is this line: their cells.
pub(crate) fn table<'a>(document: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    rows(document.lines().skip_while(|line| *line != heading).take_while(|line| line.starts_with('|')))
}

/// The cells of each line that is a row of a table, but for the line below a heading.
pub(crate) fn rows<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Vec<&'a str>> {
    let cells =
        |line: &'a str| Some(line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").map(str::trim).collect());
    lines.filter(|line| !line.starts_with("| --- ")).filter_map(cells).collect()
}

/// What stands in backticks.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
