//! The log of an application that failed: where in it Spring says why, where the exception stands by which it ended, and which few of
//! its lines tell that.

use std::ops::Range;

/// How many lines are shown.
const SHOWN: usize = 10;

/// The line above Spring's own explanation.
const HEADING: &str = "APPLICATION FAILED TO START";

/// A log, line by line.
#[derive(Debug)]
pub(super) struct Log<'a> {
    pub(super) lines: Vec<&'a str>,
    /// Spring's explanation, from its heading on.
    pub(super) explanation: Option<Range<usize>>,
    /// The exception that ended the application: the line that says so and its stack trace.
    pub(super) failure: Option<Range<usize>>,
}

impl<'a> Log<'a> {
    /// Reads a log. Of several boots in it the last one counts.
    pub(super) fn read(text: &'a str) -> Log<'a> {
        let lines: Vec<&str> = text.lines().collect();
        let up_to_the_next_entry = |from: usize| {
            let length = lines[from + 1..].iter().position(|line| begins_an_entry(line));
            from..length.map_or(lines.len(), |length| from + 1 + length)
        };
        let explanation = lines.iter().rposition(|line| line.trim() == HEADING);
        let failure = lines.iter().rposition(|line| tells_the_end(line));
        // Spring tells one or the other: of both, the upper one is an earlier boot's.
        let (explanation, failure) = if explanation > failure { (explanation, None) } else { (None, failure) };
        Log { explanation: explanation.map(up_to_the_next_entry), failure: failure.map(up_to_the_next_entry), lines }
    }

    /// What Spring describes, and what it advises, each as one paragraph.
    pub(super) fn description_and_action(&self) -> Option<(String, Option<String>)> {
        let lines = &self.lines[self.explanation.clone()?];
        let at = |heading: &str| lines.iter().position(|line| line.trim() == heading);
        let (description, action) = (at("Description:")?, at("Action:").unwrap_or(lines.len()));
        let paragraph = |lines: &[&str]| {
            let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            Some(words.join(" ")).filter(|text| !text.is_empty())
        };
        let advised = lines.get(action + 1..).and_then(paragraph);
        Some((paragraph(lines.get(description + 1..action)?)?, advised))
    }

    /// The innermost exception of those that ended it, or of the last ones that were printed with a stack trace.
    pub(super) fn innermost(&self) -> Option<usize> {
        let within = self.failure.clone().unwrap_or(0..self.lines.len());
        let is_one = |at: &usize| exception_in(self.lines[*at]).is_some() && self.has_a_trace(*at);
        within
            .clone()
            .rev()
            .find(is_one)
            .or_else(|| self.failure.clone()?.find(|at| exception_in(self.lines[*at]).is_some()))
    }

    /// Whether a stack trace stands below this line. A message may be of several lines.
    fn has_a_trace(&self, at: usize) -> bool {
        let below = self.lines[at + 1..].iter().take(SHOWN);
        below.take_while(|line| exception_in(line).is_none()).any(|line| is_a_frame(line))
    }

    /// The exception at the top of the stack trace in which this one stands.
    fn outermost(&self, of: usize) -> usize {
        let belongs = |line: &str| is_a_frame(line) || line.starts_with("Caused by:");
        let mut top = of;
        while top > 0 && belongs(self.lines[top]) {
            top -= 1;
        }
        top
    }

    /// The lines to show: Spring's explanation, else the exceptions that tell why, else the last ones. What was `found` is one of them.
    pub(super) fn essence(&self, found: Option<usize>) -> Vec<&'a str> {
        let is_told = |at: &usize| !self.lines[*at].trim().is_empty();
        let in_explanation = |at: usize| self.explanation.as_ref().is_some_and(|lines| lines.contains(&at));
        if let Some(lines) = self.explanation.clone().filter(|_| found.is_none_or(in_explanation)) {
            let said = |at: &usize| is_told(at) && !self.lines[*at].starts_with("****");
            return lines.filter(said).take(SHOWN).map(|at| self.lines[at]).collect();
        }
        let Some(innermost) = found.or_else(|| self.innermost()) else { return self.last_lines() };
        if exception_in(self.lines[innermost]).is_none() {
            return self.around(innermost);
        }
        let mut shown = vec![self.outermost(innermost), innermost];
        // Where in the code it was; and what a message of several lines goes on with.
        let tells = |at: &usize| !self.lines[*at].trim_start().starts_with("... ");
        let below = (innermost + 1..self.lines.len()).take_while(|at| !begins_an_entry(self.lines[*at]));
        shown.extend(below.take(3).filter(tells));
        if let Some(failure) = &self.failure {
            shown.push(failure.start);
        }
        shown.sort_unstable();
        shown.dedup();
        shown.into_iter().filter(is_told).map(|at| self.lines[at]).collect()
    }

    /// What stands around a line that is none of an exception: virtual machines tell over a few lines why they do not start.
    fn around(&self, at: usize) -> Vec<&'a str> {
        let from = at.saturating_sub(SHOWN / 2);
        let told = self.lines[from..].iter().filter(|line| !line.trim().is_empty() && !is_a_frame(line));
        told.take(SHOWN).copied().collect()
    }

    fn last_lines(&self) -> Vec<&'a str> {
        let told: Vec<&str> = self.lines.iter().filter(|line| !line.trim().is_empty()).copied().collect();
        told[told.len().saturating_sub(SHOWN)..].to_vec()
    }
}

/// Whether a line says that the application ended by the exception below it.
fn tells_the_end(line: &str) -> bool {
    line.contains("Application run failed") || line.starts_with("Exception in thread \"main\"")
}

/// Whether an entry of a log begins here, as Logback, Log4j and Spring Boot write them: with the day or the time of day.
fn begins_an_entry(line: &str) -> bool {
    let begins_with = |form: &str| {
        let fits = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
        line.len() >= form.len() && line.bytes().zip(form.bytes()).all(fits)
    };
    begins_with("0000-00-00") || begins_with("00:00:00") || line.contains(" --- [")
}

/// Whether a line is one of a stack trace; those that two exceptions share are told as `... 26 more`.
fn is_a_frame(line: &str) -> bool {
    line.starts_with(char::is_whitespace) && ["at ", "... "].iter().any(|begin| line.trim_start().starts_with(begin))
}

/// The exception that a line names, with its message.
pub(super) fn exception_in(line: &str) -> Option<&str> {
    if is_a_frame(line) {
        return None;
    }
    let mut at = 0;
    for word in line.split_inclusive(char::is_whitespace) {
        let name = word.trim_end().trim_end_matches(':');
        let is_one = ["Exception", "Error"].iter().any(|end| name.ends_with(end));
        if is_one
            && name.contains('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$".contains(&byte))
        {
            return Some(line[at..].trim_end());
        }
        at += word.len();
    }
    None
}
