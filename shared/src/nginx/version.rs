//! Which version of nginx it is, asked from the program that runs: a directive that this one does not know would make it
//! refuse the whole configuration.

use std::fmt;
use std::time::Duration;

use crate::error::{Kind, Result};
use crate::host::{Host, ProcessIdentity, first_line};
use crate::nginx::access::Access;

/// How long the question may take. It reads no configuration.
pub const AT_MOST: Duration = Duration::from_secs(2);

/// What nginx's program says that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// A release of nginx: major, minor, patch.
    Known([u32; 3]),
    /// Another program, a version of another kind, or no answer: what was said instead.
    Unknown(String),
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::Known([major, minor, patch]) => write!(formatter, "nginx {major}.{minor}.{patch}"),
            Version::Unknown(said) => write!(formatter, "`{said}`"),
        }
    }
}

impl Version {
    /// Reads the answer to `nginx -v`: `nginx version: nginx/1.22.1 (Ubuntu)`. Programs made from nginx count for themselves,
    /// so their versions tell nothing about nginx's.
    #[must_use]
    pub fn parse(said: &str) -> Version {
        let line = first_line(said);
        numbers(line).map_or_else(|| Version::Unknown(line.to_owned()), Version::Known)
    }

    /// Whether it is a release of nginx from this one on.
    #[must_use]
    pub fn is_at_least(&self, needed: [u32; 3]) -> bool {
        matches!(self, Version::Known(numbers) if *numbers >= needed)
    }
}

fn numbers(line: &str) -> Option<[u32; 3]> {
    let version = line.strip_prefix("nginx version: nginx/")?.split_whitespace().next()?;
    let mut parts = version.split('.').map(|part| {
        // `parse` would also take a sign.
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
    });
    let found = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(found)
}

/// Asks the program that the master runs, where this user may look at it: after an upgrade the file on the disk is another
/// one until nginx is restarted. Everybody else asks the file.
///
/// # Errors
/// `Kind::Interrupted` after a signal. No answer is an answer.
pub async fn ask(host: &impl Host, access: &Access, master: &ProcessIdentity) -> Result<Version> {
    let running = format!("/proc/{}/exe", master.id);
    let program = match host.find_program(&running) {
        Some(_) => running,
        None => access.program.first().cloned().unwrap_or_default(),
    };
    match host.run(&[program, "-v".to_owned()], AT_MOST).await {
        // nginx answers on standard error.
        Ok(output) => Ok(Version::parse(&output.complaint)),
        Err(cause) if matches!(cause.kind(), Kind::Settings | Kind::NotAllowed) => {
            Ok(Version::Unknown(cause.to_string()))
        }
        Err(cause) => Err(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_only_from_nginxs_own_answer() {
        for (said, known) in [
            ("nginx version: nginx/1.22.1\n", Some([1, 22, 1])),
            ("nginx version: nginx/1.22.1 (Ubuntu)\n", Some([1, 22, 1])),
            ("nginx version: nginx/1.27.4 (nginx-plus-r34)", Some([1, 27, 4])),
            ("\nnginx version: nginx/1.30.10\nbuilt by gcc", Some([1, 30, 10])),
            ("nginx version: openresty/1.27.1.1", None),
            ("Tengine version: Tengine/3.1.0", None),
            ("freenginx version: freenginx/1.27.4", None),
            ("nginx version: nginx/1.27", None),
            ("nginx version: nginx/1.27.4.1", None),
            ("nginx version: nginx/1.27.4-rc1", None),
            ("nginx version: nginx/1.+27.4", None),
            ("nginx version: nginx/1..4", None),
            ("nginx version: nginx/99999999999.1.1", None),
            ("nginx version: nginx/", None),
            ("sh: nginx: not found", None),
            ("", None),
        ] {
            let wanted = known.map_or_else(|| Version::Unknown(said.trim().to_owned()), Version::Known);
            assert_eq!(Version::parse(said), wanted);
            assert_eq!(wanted.is_at_least([0, 0, 0]), known.is_some(), "{said}");
        }
    }

    #[test]
    fn versions_are_compared_number_by_number() {
        for (found, enough) in [
            ([1, 27, 3], false),
            ([1, 27, 4], true),
            ([1, 9, 99], false),
            ([1, 28, 0], true),
            ([1, 100, 0], true),
            ([0, 99, 99], false),
            ([2, 0, 0], true),
        ] {
            assert_eq!(Version::Known(found).is_at_least([1, 27, 4]), enough, "{found:?}");
        }
    }
}
