//! A simulation, and a browser without a window.

use std::path::Path;

use sandbox::{Binaries, BuildProfile};
use serde_json::Value;
use workstation::programs;

/// A simulation of the shipped hooks: what it says of itself as JSON, and its page.
pub(crate) fn simulated(directory: &Path) -> (Value, String) {
    let page = directory.join("page.html");
    let hooks = Binaries::built(BuildProfile::Debug).unwrap();
    let mut command = programs::command(env!("CARGO_BIN_EXE_simulate"));
    command.arg("--hooks").arg(hooks.directory()).arg("--json").arg("--html").arg(&page);
    let output = command.env("AWS_EC2_METADATA_DISABLED", "true").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (serde_json::from_slice(&output.stdout).unwrap(), format!("file://{}", page.display()))
}

/// What a browser without a window does with a page: its standard output, and what it complains of.
pub(crate) fn browse(profile: &Path, arguments: &[&str], page: &str) -> (String, String) {
    let mut command = programs::command("chromium");
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr"]);
    command.arg(format!("--user-data-dir={}", profile.display())).args(arguments).arg(page);
    let output = command.output().expect("`chromium` runs: scripts/test.sh installs it");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// What the pages' own code and policy said in the console.
pub(crate) fn console(complaints: &str) -> Vec<&str> {
    complaints.lines().filter(|line| line.contains(":CONSOLE")).collect()
}

/// The text of a document without its marks.
pub(crate) fn text(document: &str) -> String {
    let body = document.split_once("<body>").unwrap().1;
    let parts = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<Vec<_>>().join("\n")
}

/// The figures of a result, as the page writes them.
pub(crate) fn figures(result: &Value) -> Vec<String> {
    let seconds = |value: &Value| format!("{:.2}", value.as_f64().unwrap());
    let mut figures = Vec::new();
    for step in result["steps"].as_array().unwrap() {
        figures.push(step["title"].as_str().unwrap().to_owned());
        figures.push(seconds(&step["hook_seconds"]));
        figures.extend(step["hooks"].as_array().unwrap().iter().map(|hook| seconds(&hook["seconds"])));
    }
    for (mode, counts) in result["load"]["modes"].as_object().unwrap() {
        figures.push(mode.clone());
        figures.extend(["requests", "failed"].map(|name| counts[name].to_string()));
        figures.push(format!("{:.0} ms", counts["slowest_seconds"].as_f64().unwrap() * 1000.0));
    }
    figures.extend(result["checks"].as_array().unwrap().iter().map(|check| check["text"].as_str().unwrap().to_owned()));
    figures
}
