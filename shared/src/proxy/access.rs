//! How this user may write the include and signal nginx: by itself, or through exact commands of `sudo -n`. Which way it
//! is, and that it works, is found out in `stop`, before anything changes (F73).

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process};
use crate::ledger::store::unwritable;

/// How long a command of sudo's, or one that passes a signal on, may take.
pub const COMMAND_AT_MOST: Duration = Duration::from_secs(5);
/// The mode of an include that is made anew: people should be able to read it.
const MODE: u32 = 0o644;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// This user itself.
    Own,
    /// root, asked through `sudo -n`.
    Sudo,
}

/// How this user may act on nginx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// How the include is written.
    pub include: Way,
    /// How nginx is tested and signalled.
    pub nginx: Way,
    /// nginx's program, its path first.
    pub program: Vec<String>,
    /// The include.
    pub path: PathBuf,
    /// Where the next include is put together for sudo to install.
    pub staged: PathBuf,
}

impl Access {
    /// Finds the way.
    ///
    /// # Errors
    /// `Kind::Settings` if nginx's program is not on this host.
    pub fn find(host: &impl Host, settings: &Settings, master: Option<&Process>) -> Result<Access> {
        let mut program = settings.proxy.nginx.clone();
        let name = program.first().cloned().unwrap_or_default();
        let Some(found) = host.find_program(&name) else {
            return Err(Error::new(Kind::Settings, format!("nginx's program `{name}` was not found on this host"))
                .advise("give its whole path in `proxy.nginx` of hooks.toml"));
        };
        program[0] = found.to_string_lossy().into_owned();
        let user = host.user();
        let path = settings.proxy.include.clone();
        let directory = path.parent().unwrap_or(Path::new("/"));
        Ok(Access {
            include: if host.may_write(directory) { Way::Own } else { Way::Sudo },
            nginx: if user.id == 0 || master.is_some_and(|master| master.owner == user.id) {
                Way::Own
            } else {
                Way::Sudo
            },
            program,
            staged: settings.ledger_directory().join("service-url.inc.next"),
            path,
        })
    }

    /// The command that reads nginx's whole configuration and says whether it is valid.
    #[must_use]
    pub fn dump(&self) -> Vec<String> {
        through(self.nginx, self.with_program(&["-T"]))
    }

    /// The command that tells nginx to read its configuration again.
    #[must_use]
    pub fn reload(&self) -> Vec<String> {
        through(self.nginx, self.with_program(&["-s", "reload"]))
    }

    /// The commands by which root puts the staged include in its place: first beside it, then over it in one step.
    #[must_use]
    pub fn install(&self) -> [Vec<String>; 2] {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let beside = shown(&self.path.with_file_name(format!(".{name}.next")));
        let install = ["/usr/bin/install", "-m", "0644", &shown(&self.staged), &beside].map(str::to_owned).to_vec();
        let rename = ["/usr/bin/mv", "-fT", &beside, &shown(&self.path)].map(str::to_owned).to_vec();
        [through(self.include, install), through(self.include, rename)]
    }

    /// Makes sure, without changing anything, that what needs root will be allowed later.
    ///
    /// # Errors
    /// `Kind::Settings` with the exact line that sudoers lacks.
    pub async fn check(&self, host: &impl Host) -> Result<()> {
        let mut needed = Vec::new();
        if self.include == Way::Sudo {
            needed.extend(self.install());
        }
        if self.nginx == Way::Sudo {
            needed.extend([self.dump(), self.reload()]);
        }
        for command in &needed {
            // `sudo -n -l COMMAND` asks whether exactly this would be allowed, and runs nothing.
            let mut asked = command.clone();
            asked.insert(2, "-l".to_owned());
            let output = match host.run(&asked, COMMAND_AT_MOST).await {
                Err(cause) if cause.kind() == Kind::Settings => {
                    return Err(self.refused(host, &needed, &cause.to_string()));
                }
                other => other?,
            };
            if !output.success {
                return Err(self.refused(host, &needed, first_line(&output.complaint)));
            }
        }
        Ok(())
    }

    /// Replaces the include, unless it holds these bytes already: then there is nothing to do, and nothing that could fail.
    ///
    /// # Errors
    /// `Kind::Settings` or `Kind::NoRoom` if it cannot be written.
    pub async fn write(&self, host: &impl Host, bytes: &[u8]) -> Result<()> {
        if host.read_file(&self.path).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        if self.include == Way::Own {
            return host.replace_file(&self.path, bytes, MODE).map_err(|cause| unwritable(&self.path, &cause));
        }
        host.replace_file(&self.staged, bytes, MODE).map_err(|cause| unwritable(&self.staged, &cause))?;
        for command in self.install() {
            let output = host.run(&command, COMMAND_AT_MOST).await?;
            if !output.success {
                return Err(self.refused(host, &self.install(), first_line(&output.complaint)));
            }
        }
        host.sync(&self.path).map_err(|cause| unwritable(&self.path, &cause))
    }

    /// The error of a user who may not do what is needed.
    pub fn refused(&self, host: &impl Host, needed: &[Vec<String>], said: &str) -> Error {
        let user = host.user().name;
        let commands: Vec<String> = needed.iter().map(|command| sudoers(&command[2..])).collect();
        let said = if said.is_empty() { "the command is not allowed" } else { said };
        Error::new(
            Kind::Settings,
            format!("`{user}` may not write `{}` or signal nginx, and sudo said: {said}", self.path.to_string_lossy()),
        )
        .advise(format!(
            "with `visudo -f /etc/sudoers.d/hooks` add: {user} ALL=(root) NOPASSWD: {}",
            commands.join(", ")
        ))
    }

    fn with_program(&self, arguments: &[&str]) -> Vec<String> {
        self.program.iter().cloned().chain(arguments.iter().map(|argument| (*argument).to_owned())).collect()
    }
}

/// The command, or the command through sudo.
fn through(way: Way, command: Vec<String>) -> Vec<String> {
    match way {
        Way::Own => command,
        Way::Sudo => ["sudo".to_owned(), "-n".to_owned()].into_iter().chain(command).collect(),
    }
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

/// The first line that says something.
#[must_use]
pub fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}
