//! What counts as wrong about a step.

use super::examples::{good, refused, serving};
use super::*;

#[test]
fn steps_that_went_as_they_should_have_nothing_wrong() {
    for step in [good(), refused()] {
        assert_eq!((step.mismatches(), step.wrong_answers()), (vec![], vec![]), "{}", step.title);
    }
    assert_eq!(good().hook_time(), Duration::from_millis(750));
}

#[test]
fn another_outcome_or_exit_code_than_expected_is_told() {
    let done = Step { outcome: Outcome::Done, ..refused() };
    assert_eq!(done.mismatches(), ["it was done, and should have been refused with exit code 31"]);
    let outcome = Outcome::Refused { hook: "start".to_owned(), exit_code: 30 };
    let early = Step { outcome, ..refused() };
    assert_eq!(
        early.mismatches(),
        ["it was refused by start, exit code 30, and should have been refused with exit code 31"]
    );
    let broken = Step { outcome: Outcome::Broken("ended by `stop`: signal 9".to_owned()), ..good() };
    assert_eq!(broken.mismatches(), ["it was ended by `stop`: signal 9, and should have been done"]);
}

#[test]
fn somebody_else_at_the_door_is_told() {
    let wrong = Step { serving: serving("v1", "real2"), ..good() };
    assert_eq!(
        wrong.mismatches(),
        [
            "afterwards the door told release `v1`, needed `v2`",
            "afterwards the door told profile `real2`, needed `real1`"
        ]
    );
    let trouble = Some("the door answered with status 502".to_owned());
    let nobody = Step { serving: Serving { trouble, ..Serving::default() }, ..good() };
    assert_eq!(nobody.mismatches(), ["afterwards the door answered with status 502"]);
    let unknown = Change { before: Serving::default(), after: Serving::default() };
    let unchecked = Step { serving: serving("v1", "real2"), should_serve: unknown, ..good() };
    assert!(unchecked.mismatches().is_empty() && unchecked.wrong_answers().is_empty());
}

#[test]
fn an_answer_of_the_old_release_after_the_end_is_wrong_and_before_it_is_not() {
    let mut step = good();
    step.answers.after.insert("v1".to_owned(), 1);
    assert_eq!(step.wrong_answers(), ["after its end 1 requests were answered by `v1`"]);
}

#[test]
fn a_refused_release_must_not_answer_a_single_request() {
    let mut step = refused();
    step.answers.during.insert("v3".to_owned(), 2);
    assert_eq!(step.wrong_answers(), ["while it was carried out 2 requests were answered by `v3`"]);
}

#[test]
fn silence_after_the_end_is_no_proof() {
    let step = Step { answers: Answers::default(), ..good() };
    assert_eq!(step.wrong_answers(), ["`v2` answered no request after its end"]);
    let before_the_load = Step { span: None, ..step };
    assert!(before_the_load.wrong_answers().is_empty());
}

#[test]
fn a_hook_is_called_by_its_file() {
    assert_eq!((hook_name("hooks/stop"), hook_name("stop.sh"), hook_name("/a/b/c")), ("stop", "stop.sh", "c"));
}
