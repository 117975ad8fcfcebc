//! What root is asked for on this user's behalf: exact commands through `sudo -n`, whether sudo would run them, and the rule
//! that it lacks where it would not.

use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::host::{Host, first_line};

/// How long a command of sudo's, or one that passes a signal on, may take.
pub const COMMAND_AT_MOST: Duration = Duration::from_secs(5);

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// This user itself.
    Own,
    /// root, asked through `sudo -n`.
    Sudo,
}

/// The command, or the command through sudo.
pub(crate) fn through(way: Way, command: Vec<String>) -> Vec<String> {
    match way {
        Way::Own => command,
        Way::Sudo => ["sudo".to_owned(), "-n".to_owned()].into_iter().chain(command).collect(),
    }
}

/// What sudo says against one of these commands, if it would not run them all.
///
/// # Errors
/// `Kind::Interrupted` after a signal.
pub async fn refusal(host: &impl Host, needed: &[Vec<String>]) -> Result<Option<String>> {
    for command in needed {
        // `sudo -n -l COMMAND` asks whether exactly this would be allowed, and runs nothing.
        let mut asked = command.clone();
        asked.insert(2, "-l".to_owned());
        match host.run(&asked, COMMAND_AT_MOST).await {
            Err(cause) if matches!(cause.kind(), Kind::Settings | Kind::NotAllowed) => {
                return Ok(Some(cause.to_string()));
            }
            Err(cause) => return Err(cause),
            Ok(output) if output.success => {}
            Ok(output) => return Ok(Some(or_not_allowed(first_line(&output.complaint)).to_owned())),
        }
    }
    Ok(None)
}

/// The error of a user who may not do what is needed.
pub fn refused(host: &impl Host, path: &Path, needed: &[Vec<String>], said: &str) -> Error {
    let user = host.user().name;
    let commands: Vec<String> = needed.iter().map(|command| sudoers(&command[2..])).collect();
    Error::new(
        Kind::NotAllowed,
        format!(
            "`{user}` may not write `{}` or signal nginx, and sudo said: {}",
            path.to_string_lossy(),
            or_not_allowed(said)
        ),
    )
    .advise(format!("with `visudo -f /etc/sudoers.d/hooks` add: {user} ALL=(root) NOPASSWD: {}", commands.join(", ")))
}

/// Some versions of sudo say nothing at all.
fn or_not_allowed(said: &str) -> &str {
    if said.is_empty() { "the command is not allowed" } else { said }
}

/// A command as sudoers wants it: `,`, `:`, `=` and `\` mean something there.
fn sudoers(command: &[String]) -> String {
    let escaped = |word: &String| {
        word.chars().fold(String::new(), |mut text, letter| {
            if matches!(letter, ',' | ':' | '=' | '\\') {
                text.push('\\');
            }
            text.push(letter);
            text
        })
    };
    command.iter().map(escaped).collect::<Vec<_>>().join(" ")
}
