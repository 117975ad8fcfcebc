//! How a script's path becomes a command: `runas` and `sudo` put a program in front, and generation 1 splits at blanks.

use std::ffi::OsString;
use std::path::Path;

use crate::{Generation, HookScript};

/// What is executed: a program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommandLine {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

// With one of these in it, Ruby hands a command to `sh` instead of splitting it.
const SHELL_CHARACTERS: &[char] =
    &['*', '?', '{', '}', '[', ']', '<', '>', '(', ')', '~', '&', '|', '\\', '$', ';', '\'', '`', '"', '\n', '#'];

impl CommandLine {
    pub(super) fn new(script: &HookScript, path: &Path, generation: Generation) -> Self {
        let prefix: Vec<&str> = match (script.sudo, script.runas.as_deref()) {
            (false, None) => vec![],
            (true, None) => vec!["sudo"],
            (false, Some(user)) => vec!["su", user, "-c"],
            (true, Some(user)) => vec!["sudo", "su", user, "-c"],
        };
        match generation {
            Generation::One => Self::as_ruby_runs(&format!("{} {}", prefix.join(" "), path.to_string_lossy())),
            Generation::Two => {
                Self::of_words(prefix.into_iter().map(OsString::from).chain([path.as_os_str().to_owned()]))
            }
        }
    }

    /// The same script given to `sh`, as generation 1 does with a file that the kernel cannot execute.
    pub(super) fn through_shell(&self) -> Self {
        Self::of_words(["/bin/sh".into(), self.program.clone()].into_iter().chain(self.arguments.iter().cloned()))
    }

    fn as_ruby_runs(command: &str) -> Self {
        let command = command.trim_start();
        if command.contains(SHELL_CHARACTERS) {
            Self::of_words(["/bin/sh", "-c", command].map(OsString::from))
        } else {
            Self::of_words(command.split_ascii_whitespace().map(OsString::from))
        }
    }

    fn of_words(words: impl IntoIterator<Item = OsString>) -> Self {
        let mut words = words.into_iter();
        Self { program: words.next().unwrap_or_default(), arguments: words.collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn words(runas: Option<&str>, sudo: bool, path: &str, generation: Generation) -> String {
        let script =
            HookScript { location: "a".into(), timeout: Duration::from_secs(1), runas: runas.map(str::to_owned), sudo };
        let line = CommandLine::new(&script, Path::new(path), generation);
        format!("{:?} {:?}", line.program, line.arguments)
    }

    #[test]
    fn users_are_changed_by_su_and_sudo() {
        for generation in [Generation::One, Generation::Two] {
            assert_eq!(words(None, false, "/a", generation), r#""/a" []"#);
            assert_eq!(words(Some("u"), false, "/a", generation), r#""su" ["u", "-c", "/a"]"#);
            assert_eq!(words(None, true, "/a", generation), r#""sudo" ["/a"]"#);
            assert_eq!(words(Some("u"), true, "/a", generation), r#""sudo" ["su", "u", "-c", "/a"]"#);
        }
    }

    #[test]
    fn only_generation_1_splits_paths_and_asks_a_shell() {
        assert_eq!(words(None, false, "/a b", Generation::One), r#""/a" ["b"]"#);
        assert_eq!(words(None, false, "/a b", Generation::Two), r#""/a b" []"#);
        assert_eq!(words(None, false, "/a;b", Generation::One), r#""/bin/sh" ["-c", "/a;b"]"#);
        assert_eq!(words(None, false, "/a;b", Generation::Two), r#""/a;b" []"#);
    }
}
