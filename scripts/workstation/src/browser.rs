//! A browser without a window: what a page looks like to somebody who reads it, and whether the browser complains. The tests of pages
//! ask it; chromium, which `scripts/test.sh` installs.

use std::path::Path;

use anyhow::Context;

use crate::programs;

/// What became of a page in the browser.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it wrote to its standard output, such as the document by `--dump-dom`.
    pub document: String,
    /// What it said besides, line by line.
    pub said: String,
}

impl Shown {
    /// What the page's own code and its policy said in the console.
    pub fn complaints(&self) -> impl Iterator<Item = &str> {
        self.said.lines().filter(|line| line.contains(":CONSOLE"))
    }

    /// The text of the document without its marks; nothing before its body.
    #[must_use]
    pub fn text(&self) -> String {
        let (_, body) = self.document.split_once("<body>").unwrap_or_default();
        let parts = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        parts.collect::<Vec<_>>().join("\n")
    }
}

/// Opens a file in the browser, which keeps what it notes in `profile`.
///
/// # Errors
/// The browser is not there, or does not end well.
pub fn open(page: &Path, profile: &Path, arguments: &[&str]) -> anyhow::Result<Shown> {
    let mut command = programs::command("chromium");
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr"]);
    command.arg(format!("--user-data-dir={}", profile.display())).args(arguments);
    command.arg(format!("file://{}", page.display()));
    let output = command.output().context("`chromium` cannot be run: scripts/test.sh installs it")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let shown = Shown { document: text(&output.stdout), said: text(&output.stderr) };
    anyhow::ensure!(output.status.success(), "`chromium` ended with {}: {}", output.status, shown.said);
    Ok(shown)
}
