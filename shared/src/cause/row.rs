//! One cause that users are known to meet, as data: by what it is found in a log, what is told of it, and what to do.

use super::Evidence;
use super::template::{Arguments, found_in};
use crate::language::Text;

/// A cause, and how it is told. Texts are templates with `{names}`.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it is called in documents and tests.
    pub id: &'static str,
    /// What it is found by, any of these in one line.
    pub looks_for: &'static [&'static str],
    /// Where more of the arguments stand, in other lines.
    pub also: &'static [&'static str],
    /// The cause in one sentence, as a fragment; the first one of which everything is known is told.
    pub says: &'static [Text],
    /// What to do about it, in the same way.
    pub remedy: &'static [Text],
}

impl Row {
    /// The line that this cause was found by, the last one if there are several, and the arguments of its sentences.
    pub(super) fn found_in(
        &self,
        lines: &[&str],
        looked_at: &[usize],
        evidence: &Evidence<'_>,
    ) -> Option<(usize, Arguments)> {
        let known = vec![("own_port", evidence.port.to_string())];
        let (at, found) = looked_at.iter().rev().find_map(|at| {
            let found = self.looks_for.iter().filter_map(|template| found_in(template, lines[*at]));
            found.filter(|found| agree(&known, found)).map(|found| (*at, found)).next()
        })?;
        let mut arguments = known;
        arguments.extend(found);
        for template in self.also {
            if let Some(found) = lines.iter().rev().find_map(|line| found_in(template, line)) {
                arguments.extend(found);
            }
        }
        Some((at, arguments))
    }
}

/// Whether what was found is what was known, wherever both have the same name.
fn agree(known: &Arguments, found: &Arguments) -> bool {
    let is_known =
        |(name, text): &(&'static str, String)| known.iter().all(|(other, value)| other != name || value == text);
    found.iter().all(is_known)
}
