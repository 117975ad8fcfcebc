//! What is told while the story runs: one line for each thing as it happens, below the heading of its step.

use agent::{EventReport, EventStatus, LifecycleEvent, Progress, ScriptReport};
use workstation::console::{self, say};

use crate::step;

/// Tells what happens, with the time since the beginning.
#[derive(Debug)]
pub(crate) struct Console {
    console: console::Console,
}

impl Console {
    pub(crate) fn new() -> Self {
        Self { console: console::Console::begin() }
    }

    /// A new step of the story.
    pub(crate) fn heading(&self, text: &str) {
        say("");
        self.console.line(text);
    }

    /// Something that happened within a step.
    pub(crate) fn line(&self, text: &str) {
        self.console.line(&format!("  {text}"));
    }

    /// What the agent does.
    pub(crate) fn progress(&self, progress: Progress<'_>) {
        match progress {
            Progress::ScriptFinished { event, report } => self.line(&hook_line(event, report)),
            // An event with hooks has told itself, hook by hook; one with nothing to do is nothing to tell.
            Progress::EventFinished(report) if report.scripts.is_empty() && report.status != EventStatus::Skipped => {
                let ending = if report.succeeded() { "ok" } else { "FAILED" };
                self.line(&columns(report.event.name(), "(agent)", &seconds(report.duration), ending));
            }
            Progress::EventFinished(_)
            | Progress::EventStarted(_)
            | Progress::ScriptStarted { .. }
            | Progress::Output { .. } => {}
        }
    }

    /// What CodeDeploy's console would show of a failed event: for most people that is all they ever see.
    pub(crate) fn diagnostics(&self, report: &EventReport) {
        self.line("what the CodeDeploy console shows of it:");
        for line in diagnostics_text(report).lines() {
            say(&format!("             | {line}"));
        }
    }
}

/// The four fields of the console's event page.
pub(crate) fn diagnostics_text(report: &EventReport) -> String {
    let diagnostics = &report.diagnostics;
    let code = diagnostics.error_code.map_or_else(|| "Unknown".to_owned(), |code| format!("{code:?}"));
    let mut text = format!("Error code:  {code}\n");
    if !diagnostics.script_name.is_empty() {
        text.extend(["Script name: ", &diagnostics.script_name, "\n"]);
    }
    text.extend(["Message:     ", diagnostics.message.trim_end(), "\n"]);
    if !diagnostics.log.is_empty() {
        text.extend(["Log tail:\n", diagnostics.log.trim_end(), "\n"]);
    }
    text
}

fn hook_line(event: LifecycleEvent, report: &ScriptReport) -> String {
    let ending = match step::refusal(report) {
        None => "ok".to_owned(),
        Some(Ok(exit_code)) => format!("FAILED, exit code {exit_code}"),
        Some(Err(what)) => format!("FAILED, {what}"),
    };
    columns(event.name(), step::hook_name(&report.location), &seconds(report.duration), &ending)
}

fn columns(event: &str, hook: &str, seconds: &str, ending: &str) -> String {
    format!("{event:<16}  {hook:<8}{seconds:>9}  {ending}")
}

fn seconds(duration: std::time::Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
