//! What came of the looks so far. A hook tells what it finds at once and ends at the first refusal; whoever only looks keeps all of it,
//! and goes on as far as the next look does not depend on the one that refused.

use serde::Serialize;

use crate::error::{Error, Kind, Result};
use crate::language::{Text, text, translated};
use crate::report::Report;

/// Makes `Subject` from its rows, so that no subject can be without its sentence.
macro_rules! subjects {
    ($($subject:ident = $name:literal, $is_well:literal;)+) => {
        /// What is looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Subject {
            $(#[doc = concat!("`", $name, "`: ", $is_well, ".")] $subject,)+
        }

        impl Subject {
            /// Every subject, in the order in which they are looked at.
            pub const ALL: &[Subject] = &[$(Subject::$subject),+];

            /// What people call it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Subject::$subject => $name,)+ }
            }

            /// What holds where nothing is found.
            #[must_use]
            pub fn is_well(self) -> Text {
                match self { $(Subject::$subject => text!($is_well),)+ }
            }
        }
    };
}

subjects! {
    Settings = "settings", "they can be read, and fit together";
    Directories = "directories", "they are this user's, or can be made";
    Ledger = "ledger", "it is whole, and no other hook runs";
    AppSpec = "appspec.yml", "it leads through a deploy, or there is none here";
    Live = "live slot", "it is known which one that is";
    Timeouts = "timeouts", "no hook has less than it can take";
    ControlGroup = "control group", "no release would end with the service that runs this";
    Cutover = "cutover", "it is the one that nginx is set up for";
    Supervisor = "supervisor", "a release can be run as `app.supervisor` says";
    Nginx = "nginx", "it runs, its configuration is valid, and this user may move the traffic";
    HealthPort = "health port", "nobody else holds it";
    Program = "program", "what runs the release is on this host";
    Configuration = "configuration", "the application's own files can be read";
    Disk = "disk", "there is room for one more release";
    Memory = "memory", "there is room for one more release, as far as that is known";
    Flag = "flag", "its directory is there, can be made, or is not needed";
    Standby = "last release", "a deploy ends none that is needed";
    Idle = "idle slot", "it is free, or holds a release of these hooks";
}

/// How grave it is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// A deploy has what it needs.
    Ok,
    /// It could not be looked at, since something that it depends on was refused.
    Unknown,
    /// A deploy goes on, and somebody should know this.
    Warning,
    /// A deploy would be refused.
    Error,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was looked at.
    pub subject: Subject,
    /// How grave it is.
    pub grade: Grade,
    /// The sentence.
    pub says: String,
    /// What to do, where the sentence does not say that itself.
    pub to_do: Option<String>,
}

/// What becomes of what is found.
#[derive(Debug)]
enum Manner<'a> {
    /// It is told at once, and the first refusal ends the run.
    Tell(&'a Report),
    /// It is kept, with the first refusal.
    Keep { found: Vec<Found>, seen: Vec<Subject>, first: Option<Error> },
}

/// What came of the looks so far.
#[derive(Debug)]
pub struct Checks<'a> {
    manner: Manner<'a>,
}

impl<'a> Checks<'a> {
    /// Those of a hook.
    #[must_use]
    pub fn of_hook(report: &'a Report) -> Checks<'a> {
        Checks { manner: Manner::Tell(report) }
    }

    /// Those of somebody who only looks.
    #[must_use]
    pub fn of_look() -> Checks<'static> {
        Checks { manner: Manner::Keep { found: Vec::new(), seen: Vec::new(), first: None } }
    }

    /// Whether a deploy is to follow, which has an artifact and has made its directories.
    #[must_use]
    pub fn is_of_hook(&self) -> bool {
        matches!(self.manner, Manner::Tell(_))
    }

    /// What is worth knowing and asks for nothing.
    pub fn note(&mut self, subject: Subject, says: impl Into<String>) {
        self.found(subject, Grade::Ok, says.into(), None);
    }

    /// What is no reason to refuse, and somebody should do something about.
    pub fn warn(&mut self, subject: Subject, says: impl Into<String>) {
        self.found(subject, Grade::Warning, says.into(), None);
    }

    /// The same with what to do.
    pub fn warn_and_advise(&mut self, subject: Subject, says: impl Into<String>, to_do: &str) {
        self.found(subject, Grade::Warning, says.into(), Some(to_do.to_owned()));
    }

    fn found(&mut self, subject: Subject, grade: Grade, says: String, to_do: Option<String>) {
        match &mut self.manner {
            Manner::Tell(report) => report.say(&translated!("note: {says}")),
            Manner::Keep { found, .. } => found.push(Found { subject, grade, says, to_do }),
        }
    }

    /// What came of a look that others depend on: a refusal ends them.
    ///
    /// # Errors
    /// The refusal.
    pub fn needed<T>(&mut self, subject: Subject, came: Result<T>) -> Result<T> {
        if let Manner::Keep { found, seen, first } = &mut self.manner {
            seen.push(subject);
            if let Err(error) = came.as_ref()
                && error.kind() != Kind::Interrupted
            {
                first.get_or_insert_with(|| error.clone());
                let to_do = error.advice().map(str::to_owned);
                found.push(Found { subject, grade: Grade::Error, says: error.to_string(), to_do });
            }
        }
        came
    }

    /// What came of a look that no other depends on: whoever keeps what is found goes on after a refusal.
    ///
    /// # Errors
    /// The refusal, in a hook; `Kind::Interrupted` after a signal.
    pub fn alone<T: Default>(&mut self, subject: Subject, came: Result<T>) -> Result<T> {
        match self.needed(subject, came) {
            Err(error) if !self.is_of_hook() && error.kind() != Kind::Interrupted => Ok(T::default()),
            came => came,
        }
    }

    /// All that was found, a subject after the other: with a sentence for each at which nothing was, and for each that could not be looked
    /// at; and the first refusal, which a deploy would end with. Nothing for a hook, which has told it.
    #[must_use]
    pub fn ended(self) -> (Vec<Found>, Option<Error>) {
        let Manner::Keep { found, seen, first } = self.manner else { return (Vec::new(), None) };
        let mut all = Vec::new();
        for &subject in Subject::ALL {
            let of_subject: Vec<Found> = found.iter().filter(|found| found.subject == subject).cloned().collect();
            let alone = |grade, says: &str| Found { subject, grade, says: says.to_owned(), to_do: None };
            if !seen.contains(&subject) && of_subject.is_empty() {
                all.push(alone(Grade::Unknown, translated!("not looked at, since something above was refused")));
            } else if of_subject.iter().all(|found| found.grade == Grade::Ok) {
                // What is only worth knowing stands beside that all is well.
                all.push(alone(Grade::Ok, subject.is_well().told()));
            }
            all.extend(of_subject);
        }
        (all, first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(kind: Kind) -> Result<()> {
        Err(Error::new(kind, "it is not there").advise("make it"))
    }

    #[test]
    fn f164_a_hook_ends_at_the_first_refusal_and_whoever_looks_goes_on_where_nothing_depends_on_it() {
        let report = Report::collecting("stop");
        let mut told = Checks::of_hook(&report);
        told.warn(Subject::Timeouts, "it is short");
        assert_eq!(report.collected(), ["stop: note: it is short"]);
        for subject in [Subject::Nginx, Subject::Live] {
            assert_eq!(told.alone(subject, refusal(Kind::ProxyBroken)).unwrap_err().kind(), Kind::ProxyBroken);
        }
        let mut kept = Checks::of_look();
        assert_eq!(kept.alone(Subject::Nginx, refusal(Kind::ProxyBroken)), Ok(()));
        assert!(kept.needed(Subject::Live, refusal(Kind::Undecided)).is_err());
        assert!(kept.alone(Subject::Disk, refusal(Kind::Interrupted)).is_err());
        let (found, first) = kept.ended();
        assert_eq!(first.map(|first| first.kind()), Some(Kind::ProxyBroken));
        let refused = found.iter().filter(|found| found.grade == Grade::Error);
        let refused: Vec<_> = refused.map(|found| (found.subject, found.to_do.as_deref())).collect();
        assert_eq!(refused, [(Subject::Live, Some("make it")), (Subject::Nginx, Some("make it"))]);
    }

    #[test]
    fn f164_each_subject_has_a_line_of_its_own_whatever_was_found() {
        let mut checks = Checks::of_look();
        checks.alone(Subject::Nginx, Ok(())).unwrap();
        checks.note(Subject::Live, "the door was no help");
        checks.needed(Subject::Live, Ok(())).unwrap();
        checks.warn(Subject::Memory, "it is short");
        let (found, _) = checks.ended();
        let of = |subject| {
            found.iter().filter(|found| found.subject == subject).map(|found| found.grade).collect::<Vec<_>>()
        };
        assert_eq!(of(Subject::Nginx), [Grade::Ok]);
        assert_eq!(of(Subject::Live), [Grade::Ok, Grade::Ok]);
        assert_eq!(of(Subject::Memory), [Grade::Warning]);
        assert_eq!(of(Subject::Disk), [Grade::Unknown]);
        assert!(Subject::ALL.iter().all(|subject| !of(*subject).is_empty()));
    }
}
