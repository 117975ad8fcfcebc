//! What came back for each path, and what that means: whether it is asked again, and what people are told.

use std::fmt;
use std::time::Duration;

use super::{named, shown, steadiness};
use crate::host::{Answer, TimedAnswer};
use crate::language::translated;
use crate::report::duration;

/// After so many answers in a row that are no good ones a path is left alone: an error that is asked for again and again fills logs.
const BAD_IN_A_ROW: u32 = 3;

/// One path.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) path: String,
    answers: usize,
    /// How long the good answers took, in the order in which they came.
    took: Vec<Duration>,
    /// Whether they are as fast as they get, when it was looked last.
    is_steady: bool,
    /// At how many it is looked next: each time would be work for each of thousands.
    next_look: usize,
    bad_in_a_row: u32,
    /// The last answer, where it is none that users should get.
    bad: Option<Bad>,
    /// Each that there was, and what the live release says to the same; nothing as long as it was not asked or did not answer. Who is asked in
    /// several ways may refuse each of them otherwise.
    compared: Vec<(Bad, Option<u16>)>,
}

/// An answer that users should not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    Status(u16),
    /// Nothing came back.
    Nothing,
}

impl Tally {
    pub(super) fn of(path: &str) -> Tally {
        Tally {
            path: path.to_owned(),
            answers: 0,
            took: Vec::new(),
            is_steady: false,
            next_look: steadiness::AT_LEAST,
            bad_in_a_row: 0,
            bad: None,
            compared: Vec::new(),
        }
    }

    /// Counts an answer; whether it is no good one, and the first of its kind.
    pub(super) fn count(&mut self, TimedAnswer { answer, took, .. }: &TimedAnswer) -> bool {
        self.answers += 1;
        let status = status(answer);
        if status.is_some_and(|status| status < 400) {
            self.took.push(*took);
            self.bad_in_a_row = 0;
            if self.took.len() >= self.next_look {
                self.is_steady = steadiness::is_reached(&self.took);
                self.next_look += self.next_look / 16;
            }
        } else {
            self.bad_in_a_row += 1;
        }
        // Where the live release sends nobody elsewhere, this one should not.
        let is_good = status.is_some_and(|status| status < 300);
        self.bad = (!is_good).then_some(status.map_or(Bad::Nothing, Bad::Status));
        let first = self.bad.filter(|bad| self.compared.iter().all(|(known, _)| known != bad));
        self.compared.extend(first.map(|bad| (bad, None)));
        first.is_some()
    }

    /// How many answers were counted, of whatever kind.
    pub(super) fn answers(&self) -> usize {
        self.answers
    }

    /// Notes what the live release answers to what the last answer here came to.
    pub(super) fn compare(&mut self, live: &Answer) {
        if let Some((_, known)) = self.compared.iter_mut().find(|(bad, _)| Some(*bad) == self.bad) {
            *known = status(live);
        }
    }

    /// What the live release answers where the last answer here was no good one.
    fn live(&self) -> Option<u16> {
        self.compared.iter().find(|(bad, _)| Some(*bad) == self.bad)?.1
    }

    /// Whether it is not asked any more.
    pub(super) fn is_left_alone(&self) -> bool {
        self.bad_in_a_row >= BAD_IN_A_ROW
    }

    /// Whether its answers are as fast as they get.
    pub(super) fn is_steady(&self) -> bool {
        self.is_steady
    }

    /// What the last answers took less than the first.
    fn gain(&self) -> Duration {
        self.took.first().copied().unwrap_or_default().saturating_sub(steadiness::last(&self.took))
    }

    /// The answers of the new release and of the live one, where they differ.
    fn difference(&self) -> Option<String> {
        let (bad, live) = (self.bad?, self.live()?);
        // Who is late once is slow at first.
        let is_told = bad != Bad::Status(live) && (bad != Bad::Nothing || self.bad_in_a_row >= BAD_IN_A_ROW);
        is_told.then(|| translated!("`{}`: {} here, HTTP {live} in the live release", shown(&self.path), bad))
    }

    /// An answer that is an error, and that nobody answers otherwise.
    fn error(&self) -> Option<String> {
        let bad = self.bad.filter(|_| self.bad_in_a_row > 0)?;
        if self.difference().is_some() {
            return None;
        }
        let compared =
            if bad != Bad::Nothing && self.live().is_some() { translated!(", as in the live release") } else { "" };
        Some(format!("`{}`: {}{compared}", shown(&self.path), bad))
    }
}

fn status(answer: &Answer) -> Option<u16> {
    match answer {
        Answer::Response { status, .. } => Some(*status),
        Answer::Silence(_) => None,
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bad::Status(status) => write!(formatter, "HTTP {status}"),
            Bad::Nothing => formatter.write_str(translated!("no answer")),
        }
    }
}

/// An answer that is not the live release's, and how many there are besides.
pub(super) fn difference(tallies: &[Tally]) -> Option<String> {
    let told: Vec<String> = tallies.iter().filter_map(Tally::difference).collect();
    (!told.is_empty()).then(|| named(told.into_iter(), 1))
}

/// The same, and then what is an error in both, or in this one while there is no other.
pub(super) fn odd(tallies: &[Tally]) -> Option<String> {
    let told: Vec<String> =
        tallies.iter().filter_map(Tally::difference).chain(tallies.iter().filter_map(Tally::error)).collect();
    (!told.is_empty()).then(|| named(told.into_iter(), 1))
}

/// What it bought, of the path that gained most.
pub(super) fn gains(tallies: &[Tally]) -> String {
    let answered = tallies.iter().filter(|tally| !tally.took.is_empty());
    answered.max_by_key(|tally| tally.gain()).map_or_else(String::new, |tally| {
        let first = tally.took.first().copied().unwrap_or_default();
        let last = steadiness::last(&tally.took);
        translated!("; `{}` {} at first, {} at the end", shown(&tally.path), duration(first), duration(last))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Answer {
        Answer::Response { status, location: None, body: String::new() }
    }

    fn tally(path: &str, answers: &[(Option<u16>, u64)], live: Option<u16>) -> Tally {
        let mut tally = Tally::of(path);
        for (status, took) in answers {
            let answer = status.map_or_else(|| Answer::Silence("connection reset".into()), answer);
            tally.count(&TimedAnswer { answer, took: Duration::from_millis(*took), cookies: Vec::new() });
        }
        if let Some(status) = live {
            tally.compare(&answer(status));
        }
        tally
    }

    #[test]
    fn f132_what_both_releases_refuse_in_one_way_and_in_another_is_no_difference() {
        let mut tally = Tally::of("/p");
        let mut count = |status: u16, live: u16| {
            let is_first = tally.count(&TimedAnswer {
                answer: answer(status),
                took: Duration::from_millis(9),
                cookies: Vec::new(),
            });
            if is_first {
                tally.compare(&answer(live));
            }
            (is_first, tally.difference().is_some())
        };
        assert_eq!(count(426, 426), (true, false));
        assert_eq!(count(406, 406), (true, false));
        assert_eq!(count(426, 200), (false, false), "it is not asked for the same again");
        assert_eq!(count(500, 200), (true, true));
        assert_eq!(count(200, 200), (false, false), "it was mended by itself");
    }

    #[test]
    fn f132_an_answer_that_is_not_the_live_releases_is_told_and_one_that_is_an_error_in_both_as_well() {
        for (name, here, live, difference, error) in [
            ("good", vec![(Some(200), 9)], None, None, None),
            (
                "broken",
                vec![(Some(500), 9)],
                Some(200),
                Some("`/p`: HTTP 500 here, HTTP 200 in the live release"),
                None,
            ),
            ("a login that was not there", vec![(Some(302), 9)], Some(200), Some("HTTP 302 here, HTTP 200"), None),
            ("a login in both", vec![(Some(302), 9)], Some(302), None, None),
            ("an error in both", vec![(Some(404), 9)], Some(404), None, Some("`/p`: HTTP 404, as in the live release")),
            ("nobody to compare with", vec![(Some(500), 9)], None, None, Some("`/p`: HTTP 500")),
            ("no answer", vec![(None, 9); 3], Some(200), Some("`/p`: no answer here, HTTP 200"), None),
            ("slow at first", vec![(None, 9)], Some(200), None, Some("`/p`: no answer")),
            ("slow at first, and good then", vec![(None, 9), (Some(200), 9)], Some(200), None, None),
            ("mended by itself", vec![(Some(503), 9), (Some(200), 9)], Some(200), None, None),
            ("mended by itself, and nobody to compare with", vec![(Some(503), 9), (Some(200), 9)], None, None, None),
        ] {
            let tallies = [tally("/p?token=secret", &here, live)];
            for (told, wanted) in [(super::difference(&tallies), difference), (odd(&tallies), difference.or(error))] {
                assert_eq!(told.is_some(), wanted.is_some(), "{name}: {told:?}");
                let told = told.unwrap_or_default();
                assert!(told.contains(wanted.unwrap_or_default()) && !told.contains("secret"), "{name}: {told}");
            }
        }
    }

    #[test]
    fn f132_the_live_release_is_asked_once_for_a_path_and_an_error_is_not_asked_for_again_and_again() {
        let mut broken = Tally::of("/p");
        let bad = TimedAnswer { answer: answer(500), took: Duration::ZERO, cookies: Vec::new() };
        let good = TimedAnswer { answer: answer(200), took: Duration::ZERO, cookies: Vec::new() };
        assert_eq!([&bad, &bad, &good, &bad].map(|answer| broken.count(answer)), [true, false, false, false]);
        assert!(!broken.is_left_alone(), "a good one was between");
        broken.count(&bad);
        broken.count(&bad);
        assert!(broken.is_left_alone());
    }

    #[test]
    fn what_was_gained_is_told_of_the_path_that_gained_most_in_a_line_however_many_there_are() {
        let many: Vec<Tally> = (0..20)
            .map(|number| {
                let path = format!("/{number}/{}", "long/".repeat(30));
                tally(&path, &[(Some(200), 100 * number), (Some(200), 5), (Some(200), 5)], None)
            })
            .collect();
        let told = gains(&many);
        assert!(told.starts_with("; `/19/long") && told.ends_with("…` 1.9 s at first, 5 ms at the end"), "{told}");
        let answers = [(Some(500), 1)];
        let worst: Vec<Tally> =
            (0..20).map(|number| tally(&format!("/{number}/{}", "l".repeat(90)), &answers, Some(200))).collect();
        let told = odd(&worst).unwrap();
        assert!(
            told.ends_with("HTTP 500 here, HTTP 200 in the live release and 19 more") && told.len() < 150,
            "{told}"
        );
    }
}
