//! The ways in which a demo release misbehaves, and their text in the manifest: a word and its values, several
//! faults with `;` between them. In a value, `\;` `\\` `\n` `\r` stand for a semicolon, a backslash and the line breaks.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// One way in which a release misbehaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Prints a stack trace and exits before it listens.
    DiesAtBoot {
        /// The exit code.
        code: u8,
    },
    /// Prints a text and exits before it listens.
    DiesSaying {
        /// The text, of one line or more.
        words: String,
    },
    /// Exits without a farewell in the middle of an answer.
    DiesAnswering {
        /// What is asked for then.
        path: String,
        /// The how many-th request for it that is, from 1.
        request: u64,
    },
    /// Answers `/profile` with another status and body than it should.
    Answers {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// Answers `/profile` with a redirect (302), as a login page does.
    Redirects {
        /// Where to.
        location: String,
    },
    /// Answers `/profile` with 200 and 500 in turn.
    Flapping,
    /// Goes on as if SIGTERM had not come.
    IgnoresSigterm,
    /// Goes on listening and answering for a while after SIGTERM.
    StopsSlowly {
        /// For how long.
        delay: Duration,
    },
    /// Takes its time for the first answers to `/`, as a Java service does whose code is not compiled yet.
    SlowAtFirst {
        /// For how many.
        answers: u64,
        /// How long each takes.
        time: Duration,
    },
    /// Answers `/` with another status than it should.
    PageAnswers {
        /// The status.
        status: u16,
    },
    /// Accepts connections and never answers `/profile`.
    Hangs,
    /// Answers `/profile` with a body that never ends.
    EndlessBody,
    /// Holds so much memory, all of it in use.
    Holds {
        /// In units of 1,000,000 bytes.
        megabytes: usize,
    },
    /// Boots for ever.
    NeverBinds,
    /// Prints one very long line with colours and a byte that is not UTF-8, then dies.
    FloodsLog,
}

/// A fault's text that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("fault {found:?} is unknown or lacks a value; needed one of {KNOWN}")]
pub struct FaultError {
    found: String,
}

const KNOWN: &str = "`none`, `dies-at-boot CODE`, `dies-saying TEXT`, `dies-answering PATH NUMBER`, `answers STATUS BODY`, \
    `redirects LOCATION`, `slow-at-first ANSWERS MILLISECONDS`, `page-answers STATUS`, `flapping`, `ignores-sigterm`, `stops-slowly MILLISECONDS`, `hangs`, `endless-body`, \
    `holds MEGABYTES`, `never-binds`, `floods-log`";

impl Fault {
    /// [`Fault::Answers`], shorter to write.
    #[must_use]
    pub fn answers(status: u16, body: &str) -> Self {
        Self::Answers { status, body: body.to_owned() }
    }

    /// [`Fault::DiesAnswering`], shorter to write.
    #[must_use]
    pub fn dies_answering(path: &str, request: u64) -> Self {
        Self::DiesAnswering { path: path.to_owned(), request }
    }

    /// [`Fault::Redirects`], shorter to write.
    #[must_use]
    pub fn redirects(location: &str) -> Self {
        Self::Redirects { location: location.to_owned() }
    }

    /// Reads the text that [`Fault::list_to_text`] wrote.
    ///
    /// # Errors
    /// A fault is unknown, or its values are.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, FaultError> {
        if text.trim() == "none" {
            return Ok(Vec::new());
        }
        split_escaped(text).iter().map(|fault| fault.trim_start().parse()).collect()
    }

    /// All of `faults` in one line.
    #[must_use]
    pub fn list_to_text(faults: &[Self]) -> String {
        if faults.is_empty() {
            return "none".to_owned();
        }
        faults.iter().map(|fault| escape(&fault.to_string())).collect::<Vec<_>>().join("; ")
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace('\n', "\\n").replace('\r', "\\r")
}

/// Splits at the semicolons that are not escaped, and removes the escapes.
fn split_escaped(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let plain = match character {
            ';' => {
                parts.push(String::new());
                continue;
            }
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        };
        if let Some(last) = parts.last_mut() {
            last.push(plain);
        }
    }
    parts
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let unreadable = || FaultError { found: text.to_owned() };
        let (word, values) = text.split_once(' ').unwrap_or((text, ""));
        let milliseconds = || values.parse().map(Duration::from_millis).map_err(|_| unreadable());
        let fault = match word {
            "dies-at-boot" => Self::DiesAtBoot { code: values.parse().map_err(|_| unreadable())? },
            "dies-saying" if !values.is_empty() => Self::DiesSaying { words: values.to_owned() },
            "dies-answering" => {
                let (path, request) = values.split_once(' ').ok_or_else(unreadable)?;
                Self::DiesAnswering { path: path.to_owned(), request: request.parse().map_err(|_| unreadable())? }
            }
            "answers" => {
                let (status, body) = values.split_once(' ').unwrap_or((values, ""));
                let status = status.parse().ok().filter(|status| (200..=599).contains(status));
                Self::Answers { status: status.ok_or_else(unreadable)?, body: body.to_owned() }
            }
            "redirects" if !values.is_empty() => Self::Redirects { location: values.to_owned() },
            "stops-slowly" => Self::StopsSlowly { delay: milliseconds()? },
            "slow-at-first" => {
                let (answers, time) = values.split_once(' ').ok_or_else(unreadable)?;
                let time = time.parse().map(Duration::from_millis).map_err(|_| unreadable())?;
                Self::SlowAtFirst { answers: answers.parse().map_err(|_| unreadable())?, time }
            }
            "page-answers" => {
                let status = values.parse().ok().filter(|status| (200..=599).contains(status));
                Self::PageAnswers { status: status.ok_or_else(unreadable)? }
            }
            "flapping" if values.is_empty() => Self::Flapping,
            "ignores-sigterm" if values.is_empty() => Self::IgnoresSigterm,
            "hangs" if values.is_empty() => Self::Hangs,
            "endless-body" if values.is_empty() => Self::EndlessBody,
            "holds" => Self::Holds { megabytes: values.parse().map_err(|_| unreadable())? },
            "never-binds" if values.is_empty() => Self::NeverBinds,
            "floods-log" if values.is_empty() => Self::FloodsLog,
            _ => return Err(unreadable()),
        };
        Ok(fault)
    }
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::DiesAtBoot { code } => write!(formatter, "dies-at-boot {code}"),
            Self::DiesSaying { words } => write!(formatter, "dies-saying {words}"),
            Self::DiesAnswering { path, request } => write!(formatter, "dies-answering {path} {request}"),
            Self::Answers { status, body } => write!(formatter, "answers {status} {body}"),
            Self::Redirects { location } => write!(formatter, "redirects {location}"),
            Self::SlowAtFirst { answers, time } => write!(formatter, "slow-at-first {answers} {}", time.as_millis()),
            Self::PageAnswers { status } => write!(formatter, "page-answers {status}"),
            Self::Flapping => formatter.write_str("flapping"),
            Self::IgnoresSigterm => formatter.write_str("ignores-sigterm"),
            Self::StopsSlowly { delay } => write!(formatter, "stops-slowly {}", delay.as_millis()),
            Self::Hangs => formatter.write_str("hangs"),
            Self::EndlessBody => formatter.write_str("endless-body"),
            Self::Holds { megabytes } => write!(formatter, "holds {megabytes}"),
            Self::NeverBinds => formatter.write_str("never-binds"),
            Self::FloodsLog => formatter.write_str("floods-log"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_reads_as_it_is_documented_and_comes_back_unchanged() {
        let table = [
            ("dies-at-boot 3", Fault::DiesAtBoot { code: 3 }),
            ("dies-saying no bean", Fault::DiesSaying { words: "no bean".to_owned() }),
            ("dies-answering /profile 3", Fault::dies_answering("/profile", 3)),
            ("answers 500 could not open the real-db", Fault::answers(500, "could not open the real-db")),
            ("answers 401 {\"realm\":\"x\"}", Fault::answers(401, "{\"realm\":\"x\"}")),
            ("answers 200 <html>real1</html>", Fault::answers(200, "<html>real1</html>")),
            ("answers 200 ", Fault::answers(200, "")),
            ("redirects /login?next=/profile", Fault::redirects("/login?next=/profile")),
            ("slow-at-first 40 200", Fault::SlowAtFirst { answers: 40, time: Duration::from_millis(200) }),
            ("page-answers 500", Fault::PageAnswers { status: 500 }),
            ("flapping", Fault::Flapping),
            ("ignores-sigterm", Fault::IgnoresSigterm),
            ("stops-slowly 1500", Fault::StopsSlowly { delay: Duration::from_millis(1500) }),
            ("hangs", Fault::Hangs),
            ("endless-body", Fault::EndlessBody),
            ("holds 300", Fault::Holds { megabytes: 300 }),
            ("never-binds", Fault::NeverBinds),
            ("floods-log", Fault::FloodsLog),
        ];
        for (text, fault) in table {
            assert_eq!(Fault::parse_list(text), Ok(vec![fault.clone()]), "{text}");
            assert_eq!(Fault::list_to_text(&[fault]), text);
        }
    }

    #[test]
    fn several_faults_share_one_line_even_if_a_body_holds_the_separator() {
        let faults =
            vec![Fault::answers(200, "a; b\\;\r\nc\\"), Fault::IgnoresSigterm, Fault::answers(503, ""), Fault::Hangs];
        let text = Fault::list_to_text(&faults);
        assert!(!text.contains(['\r', '\n']), "{text}");
        assert_eq!(Fault::parse_list(&text), Ok(faults));
    }

    #[test]
    fn no_fault_at_all_is_written_none() {
        assert_eq!(Fault::list_to_text(&[]), "none");
        assert_eq!(Fault::parse_list("none"), Ok(Vec::new()));
    }

    #[test]
    fn an_unreadable_fault_is_refused_and_quoted() {
        for text in [
            "",
            "explodes",
            "dies-at-boot",
            "dies-at-boot 256",
            "dies-saying",
            "dies-later soon",
            "answers 99 x",
            "redirects",
            "slow-at-first 40",
            "page-answers 99",
            "hangs 5",
        ] {
            let error = Fault::parse_list(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("fault {text:?} is unknown or lacks a value; needed one of")),
                "{error}"
            );
        }
    }
}
