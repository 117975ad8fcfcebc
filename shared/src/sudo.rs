//! What root is asked for on this user's behalf: exact commands through `sudo -n`, whether sudo would run them, and the rule
//! that it lacks where it would not.

use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::host::{Host, User, first_line};
use crate::language::translated;

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

impl Way {
    /// How long it may take for a command to be carried out for this user, besides what the command itself is given.
    #[must_use]
    pub fn at_most(self) -> Duration {
        match self {
            Way::Own => Duration::ZERO,
            Way::Sudo => COMMAND_AT_MOST,
        }
    }
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
    let user = host.user();
    if user.id == 0 {
        return Error::new(Kind::Settings, translated!("root itself may not write `{}`", path.to_string_lossy()))
            .advise(allowed(&user, path, String::new()));
    }
    let user = user.name;
    Error::new(
        Kind::NotAllowed,
        translated!(
            "`{user}` may not write `{}` or signal nginx, and sudo said: {}",
            path.to_string_lossy(),
            or_not_allowed(said)
        ),
    )
    .advise(translated!("with `visudo -f /etc/sudoers.d/hooks` add these lines:\n{}", rules(&user, needed)))
}

/// What lets a user write at a path, where `usual` would do for anybody but root: root may write wherever something can be.
#[must_use]
pub fn allowed(user: &User, path: &Path, usual: String) -> String {
    if user.id != 0 {
        return usual;
    }
    translated!(
        "no owner or mode keeps root out: `{}` is on a file system that is mounted read-only or refuses root, or is immutable \
         (`lsattr -d`). Put that right, or name another place in hooks.toml",
        path.to_string_lossy()
    )
}

/// The lines of sudoers that allow exactly these commands, which begin with `sudo -n`: one for each, so that they can be pasted.
#[must_use]
pub fn rules(user: &str, needed: &[Vec<String>]) -> String {
    let rule = |command: &Vec<String>| format!("{user} ALL=(root) NOPASSWD: {}", sudoers(&command[2..]));
    needed.iter().map(rule).collect::<Vec<_>>().join("\n")
}

/// Some versions of sudo say nothing at all.
fn or_not_allowed(said: &str) -> &str {
    if said.is_empty() { translated!("the command is not allowed") } else { said }
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

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_rule_that_sudo_lacks_names_exact_commands_as_sudoers_wants_them() {
        let command = |text: &str| through(Way::Sudo, text.split(' ').map(str::to_owned).collect());
        let needed = [
            command(
                "/usr/bin/install -m 0644 /app/.hooks/service-url.inc.next /etc/nginx/conf.d/.service-url.inc.next",
            ),
            command("/usr/bin/mv -fT /etc/nginx/conf.d/.service-url.inc.next /etc/nginx/conf.d/service-url.inc"),
            command("/usr/sbin/nginx -c /etc/nginx/a:b,c=d.conf -s reload"),
        ];
        expect![[r#"
            ec2-user ALL=(root) NOPASSWD: /usr/bin/install -m 0644 /app/.hooks/service-url.inc.next /etc/nginx/conf.d/.service-url.inc.next
            ec2-user ALL=(root) NOPASSWD: /usr/bin/mv -fT /etc/nginx/conf.d/.service-url.inc.next /etc/nginx/conf.d/service-url.inc
            ec2-user ALL=(root) NOPASSWD: /usr/sbin/nginx -c /etc/nginx/a\:b\,c\=d.conf -s reload"#]].assert_eq(&rules("ec2-user", &needed));
    }

    #[test]
    fn f82_root_is_never_told_to_give_itself_what_it_may_do_anyway() {
        let told =
            |id, name: &str| allowed(&User { id, name: name.into() }, Path::new("/etc/nginx"), format!("chown {name}"));
        assert_eq!(told(1000, "ec2-user"), "chown ec2-user");
        assert!(told(0, "root").contains("read-only") && !told(0, "root").contains("chown"));
    }
}
