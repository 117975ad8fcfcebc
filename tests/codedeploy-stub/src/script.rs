//! Which behaviour comes next.

use std::collections::VecDeque;

use crate::behaviour::Behaviour;

/// Behaviours in their order, none of which is a sequence any more.
#[derive(Debug)]
pub(crate) struct Script(VecDeque<Behaviour>);

impl Script {
    pub(crate) fn new(behaviour: Behaviour) -> Self {
        Self(flatten(behaviour).into())
    }

    /// The next one; the last one again and again.
    pub(crate) fn next(&mut self) -> Option<Behaviour> {
        if self.0.len() > 1 { self.0.pop_front() } else { self.0.front().cloned() }
    }
}

fn flatten(behaviour: Behaviour) -> Vec<Behaviour> {
    match behaviour {
        Behaviour::Sequence(steps) => steps.into_iter().flat_map(flatten).collect(),
        Behaviour::Slow(delay, inner) => flatten(*inner).into_iter().map(|step| step.after(delay)).collect(),
        step => vec![step],
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_last_step_of_a_sequence_stays_and_sequences_within_are_its_steps() {
        let delay = Duration::from_millis(1);
        let mut script = Script::new(Behaviour::Sequence(vec![
            Behaviour::Throttled,
            Behaviour::Sequence(vec![Behaviour::Garbage, Behaviour::Silent]).after(delay),
            Behaviour::ServerError,
        ]));
        for expected in [
            Behaviour::Throttled,
            Behaviour::Garbage.after(delay),
            Behaviour::Silent.after(delay),
            Behaviour::ServerError,
            Behaviour::ServerError,
        ] {
            assert_eq!(script.next(), Some(expected));
        }
        assert_eq!(Script::new(Behaviour::Sequence(Vec::new())).next(), None);
    }
}
