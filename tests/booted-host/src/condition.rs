//! What a story waits for on a host's disk. Whoever sees that disk looks: out here, or in the host itself.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Something about one of the host's own paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// Something is there.
    Exists(PathBuf),
    /// Nothing is there.
    Missing(PathBuf),
    /// A file has a text at least so many times.
    Mentions(PathBuf, String, usize),
}

impl Condition {
    /// Whether it holds on the host whose `/` this is.
    #[must_use]
    pub fn holds(&self, root: &Path) -> bool {
        let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
        match self {
            Self::Exists(path) => below(path).exists(),
            Self::Missing(path) => !below(path).exists(),
            Self::Mentions(path, text, times) => fs::read(below(path))
                .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).matches(text.as_str()).count() >= *times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_looked_at_below_the_hosts_own_root() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("log"), "begun\nbegun\n").unwrap();
        for (condition, wanted) in [
            (Condition::Exists("/log".into()), true),
            (Condition::Exists("/flag".into()), false),
            (Condition::Missing("/log".into()), false),
            (Condition::Missing("/flag".into()), true),
            (Condition::Mentions("/log".into(), "begun".to_owned(), 2), true),
            (Condition::Mentions("/log".into(), "begun".to_owned(), 3), false),
            (Condition::Mentions("/flag".into(), "begun".to_owned(), 0), false),
        ] {
            assert_eq!(condition.holds(root.path()), wanted, "{condition:?}");
        }
    }
}
