//! What a deployment is called: `d-` and nine capitals or digits.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;

use crate::Error;

const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A deployment's identity, for example `d-1A2B3C4D5`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeploymentId(String);

impl DeploymentId {
    /// An identity that no other deployment has.
    #[must_use]
    pub fn random() -> Self {
        // A hasher's keys are the one source of randomness that the standard library has.
        let mut rest = RandomState::new().build_hasher().finish();
        let mut id = String::from("d-");
        for _ in 0..9 {
            let index = usize::try_from(rest % 36).unwrap_or_default();
            id.push(char::from(LETTERS[index]));
            rest /= 36;
        }
        Self(id)
    }

    /// The identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeploymentId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let well_formed = text
            .strip_prefix("d-")
            .is_some_and(|rest| rest.len() == 9 && rest.bytes().all(|letter| LETTERS.contains(&letter)));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(Error::DeploymentId { found: text.to_owned() }) }
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_identity_is_one_that_parses_and_differs_from_the_next() {
        let first = DeploymentId::random();
        assert_eq!(first.as_str().parse::<DeploymentId>().unwrap(), first);
        assert_ne!(first, DeploymentId::random());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "d-", "d-ABCDEF12", "d-ABCDEF1234", "d-abcdef123", "x-ABCDEF123", "d-ABCDEF/23"] {
            let error = text.parse::<DeploymentId>().unwrap_err();
            assert!(error.to_string().contains("d-1A2B3C4D5"), "{error}");
        }
    }
}
