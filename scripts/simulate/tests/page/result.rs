//! A simulation that was made, and the figures that its page has to show.

use std::path::{Path, PathBuf};

use sandbox::{Binaries, BuildProfile};
use serde_json::Value;
use workstation::programs;

/// A simulation of the shipped hooks: what it says of itself as JSON, and its page.
pub(crate) fn simulated(directory: &Path) -> (Value, PathBuf) {
    let page = directory.join("page.html");
    let hooks = Binaries::built(BuildProfile::Debug).unwrap();
    let mut command = programs::command(env!("CARGO_BIN_EXE_simulate"));
    command.arg("--hooks").arg(hooks.directory()).arg("--json").arg("--html").arg(&page);
    let output = command.env("AWS_EC2_METADATA_DISABLED", "true").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (serde_json::from_slice(&output.stdout).unwrap(), page)
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
