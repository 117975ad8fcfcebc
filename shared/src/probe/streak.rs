//! How long a release has gone on answering what can never become good: long enough, and waiting for it is in vain.

use std::collections::BTreeSet;

use super::{After, Hopeless};
use crate::language::translated;

/// So many different bodies are none that changes until the release is up: a time stamp, a counter.
const DIFFERENT: usize = 12;

/// So many looks at the same are some seconds, with the default of `health.every`.
const LOOKS: u32 = 50;

/// The answers since the last one of another kind.
#[derive(Debug, Default)]
pub(super) struct Streak {
    bodies: BTreeSet<String>,
    looks: u32,
}

impl Streak {
    /// One more answer; what was seen, once it is enough.
    pub(super) fn look(&mut self, hopeless: Option<&Hopeless>) -> Option<String> {
        match hopeless.map(|hopeless| &hopeless.after) {
            Some(After::Different(body)) => {
                self.looks = 0;
                self.bodies.insert(body.clone());
            }
            Some(After::AWhile) => {
                self.looks += 1;
                self.bodies.clear();
            }
            Some(After::Patience) | None => *self = Streak::default(),
        }
        if self.bodies.len() >= DIFFERENT {
            return Some(translated!("as {DIFFERENT} different bodies before"));
        }
        (self.looks >= LOOKS).then(|| translated!("seen {LOOKS} times in a row"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Looks = Vec<Option<Hopeless>>;

    #[test]
    fn f51_what_is_another_body_each_time_never_becomes_the_right_one_and_what_stays_the_same_still_may() {
        let body = |text: String| Some(Hopeless { advice: String::new(), after: After::Different(text) });
        let elsewhere = || Some(Hopeless { advice: String::new(), after: After::AWhile });
        let table: [(&str, Looks, Option<usize>); 6] = [
            ("a time stamp of milliseconds", (0..40).map(|at| body(format!("at {at}"))).collect(), Some(12)),
            ("a time stamp of seconds", (0..200).map(|at| body(format!("at {}", at / 10))).collect(), Some(111)),
            ("the same for ever", (0..900).map(|_| body("starting".into())).collect(), None),
            ("a few stages of a boot", (0..900).map(|at| body(format!("stage {}", at / 100))).collect(), None),
            (
                "silence in between begins anew",
                (0..60).map(|at| if at % 10 == 0 { None } else { body(format!("at {at}")) }).collect(),
                None,
            ),
            ("the wrong address", (0..90).map(|_| elsewhere()).collect(), Some(50)),
        ];
        for (name, looks, wanted) in table {
            let mut streak = Streak::default();
            let ended = looks.iter().position(|look| streak.look(look.as_ref()).is_some()).map(|at| at + 1);
            assert_eq!(ended, wanted, "{name}");
        }
    }
}
