//! Why a release failed is looked for in its log: the lines that matter are shown, and the failure is told with its cause.

use std::path::Path;

use super::Execution;
use crate::cause::{Cause, Evidence, Finding};
use crate::error::Error;
use crate::host::{Host, ProcessIdentity};
use crate::language::translated;
use crate::slot::Place;

impl<H: Host, W> Execution<'_, H, W> {
    /// Shows what matters in the log of a release that failed, and tells the cause where nobody has told one.
    pub(super) fn explain(
        &mut self,
        log: &Path,
        place: &Place,
        process: Option<ProcessIdentity>,
        error: Error,
    ) -> Error {
        match self.show(log, place, process) {
            Some(cause) => error.explained(&cause.to_string(), cause.remedy),
            None => error,
        }
    }

    /// Shows what matters in a log, once, and finds the cause in it.
    pub(super) fn show(&mut self, log: &Path, place: &Place, process: Option<ProcessIdentity>) -> Option<Cause> {
        let is_shown = self.quoted.replace(log.to_owned()).is_some_and(|quoted| quoted == log);
        let shown = log.to_string_lossy();
        let bytes = match self.host.read_file(log) {
            Ok(bytes) => bytes,
            Err(_) if is_shown => return None,
            Err(cause) => {
                self.report.say(&translated!("the application's log `{shown}` cannot be read: {cause}"));
                return None;
            }
        };
        // What an earlier launch has left in it is not about this one.
        let before = self.log_before.as_ref().filter(|(path, _)| path == log);
        let began = before.map_or(0, |(_, size)| usize::try_from(*size).unwrap_or_default());
        let text = String::from_utf8_lossy(bytes.get(began..).unwrap_or(&bytes));
        let ending = process.and_then(|process| self.host.ending(&process));
        let finding = Finding::of(&Evidence { log: &text, ending: ending.as_deref(), port: place.port });
        if !is_shown {
            let title = if finding.are_last {
                translated!("the last lines of `{shown}`:")
            } else {
                translated!("what matters in `{shown}`:")
            };
            self.report.quote(&title, &finding.lines.join("\n"));
        }
        finding.cause
    }
}
