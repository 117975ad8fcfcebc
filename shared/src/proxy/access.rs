//! How this user may write nginx's files and signal nginx: by itself, or through exact commands of `sudo -n`. Which way it
//! is, and that it works, is found out in `stop`, before anything changes (F73).

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process, User};
use crate::ledger::store::unwritable;

/// How long a command of sudo's, or one that passes a signal on, may take.
pub const COMMAND_AT_MOST: Duration = Duration::from_secs(5);
/// The mode of a file that is made anew: people should be able to read it.
const MODE: u32 = 0o644;
/// The mode of the flag's directory: nginx's workers pass through it, and only its owner writes in it.
const DIRECTORY_MODE: u32 = 0o755;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// This user itself.
    Own,
    /// root, asked through `sudo -n`.
    Sudo,
}

/// A file of nginx's configuration that the hooks write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationFile {
    /// The file.
    pub path: PathBuf,
    /// Who writes it.
    pub way: Way,
    /// Where the next one is put together for sudo to install.
    pub staged: PathBuf,
}

/// The directory that the flag of the instant cutover is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagDirectory {
    /// The directory.
    pub path: PathBuf,
    /// Who makes it.
    pub way: Way,
    /// Whose it is to be: the user that deploys.
    pub owner: User,
}

/// How this user may act on nginx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The include.
    pub include: ConfigurationFile,
    /// The file of the upstream groups.
    pub upstreams: ConfigurationFile,
    /// The flag's directory.
    pub flag_directory: FlagDirectory,
    /// How nginx is tested and signalled.
    pub nginx: Way,
    /// nginx's program, its path first.
    pub program: Vec<String>,
}

impl ConfigurationFile {
    fn find(host: &impl Host, settings: &Settings, path: &Path) -> ConfigurationFile {
        let directory = path.parent().unwrap_or(Path::new("/"));
        ConfigurationFile {
            path: path.to_owned(),
            way: if host.may_write(directory) { Way::Own } else { Way::Sudo },
            staged: settings.ledger_directory().join(format!("{}.next", name(path))),
        }
    }

    /// The commands by which root puts the staged file in its place: first beside it, then over it in one step.
    #[must_use]
    pub fn install(&self) -> [Vec<String>; 2] {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let beside = shown(&self.path.with_file_name(format!(".{}.next", name(&self.path))));
        let install = ["/usr/bin/install", "-m", "0644", &shown(&self.staged), &beside].map(str::to_owned).to_vec();
        let rename = ["/usr/bin/mv", "-fT", &beside, &shown(&self.path)].map(str::to_owned).to_vec();
        [through(self.way, install), through(self.way, rename)]
    }

    /// Replaces the file, unless it holds these bytes already: then there is nothing to do, and nothing that could fail.
    ///
    /// # Errors
    /// `Kind::Settings` or `Kind::NoRoom` if it cannot be written.
    pub async fn write(&self, host: &impl Host, bytes: &[u8]) -> Result<()> {
        if host.read_file(&self.path).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        if self.way == Way::Own {
            return host.replace_file(&self.path, bytes, MODE).map_err(|cause| unwritable(&self.path, &cause));
        }
        host.replace_file(&self.staged, bytes, MODE).map_err(|cause| unwritable(&self.staged, &cause))?;
        for command in self.install() {
            let output = host.run(&command, COMMAND_AT_MOST).await?;
            if !output.success {
                return Err(refused(host, &self.path, &self.install(), first_line(&output.complaint)));
            }
        }
        host.sync(&self.path).map_err(|cause| unwritable(&self.path, &cause))
    }
}

impl FlagDirectory {
    fn find(host: &impl Host, settings: &Settings) -> FlagDirectory {
        let path = settings.proxy.flag.parent().unwrap_or(Path::new("/")).to_owned();
        // Who deploys is whose the application's directory is: root may only be installing on that user's behalf.
        let owner = [settings.ledger_directory(), settings.app.directory.clone()]
            .iter()
            .find_map(|directory| host.describe(directory).ok())
            .map_or_else(|| host.user(), |facts| host.user_named(facts.owner));
        let nearest = path.ancestors().find(|above| host.describe(above).is_ok()).unwrap_or(Path::new("/"));
        let own = host.may_write(nearest) && (host.user().id == 0 || host.user().id == owner.id);
        FlagDirectory { way: if own { Way::Own } else { Way::Sudo }, path, owner }
    }

    /// The command by which root makes it.
    #[must_use]
    pub fn install(&self) -> Vec<String> {
        let path = self.path.to_string_lossy();
        let command = ["/usr/bin/install", "-d", "-m", "0755", "-o", &self.owner.name, &path].map(str::to_owned);
        through(self.way, command.to_vec())
    }

    /// Makes it, where it is missing.
    ///
    /// # Errors
    /// `Kind::Settings` or `Kind::NoRoom` if it cannot be made.
    pub async fn make(&self, host: &impl Host) -> Result<()> {
        if host.describe(&self.path).is_ok() {
            return Ok(());
        }
        if self.way == Way::Own {
            return host
                .make_directory(&self.path, DIRECTORY_MODE)
                .and_then(|()| host.give(&self.path, self.owner.id))
                .map_err(|cause| unwritable(&self.path, &cause));
        }
        let output = host.run(&self.install(), COMMAND_AT_MOST).await?;
        if output.success {
            return Ok(());
        }
        Err(refused(host, &self.path, &[self.install()], first_line(&output.complaint)))
    }
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
        Ok(Access {
            include: ConfigurationFile::find(host, settings, &settings.proxy.include),
            upstreams: ConfigurationFile::find(host, settings, &settings.proxy.upstreams),
            flag_directory: FlagDirectory::find(host, settings),
            nginx: if user.id == 0 || master.is_some_and(|master| master.owner == user.id) {
                Way::Own
            } else {
                Way::Sudo
            },
            program,
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

    /// What root is asked for by a cutover that rewrites the include and reloads nginx.
    #[must_use]
    pub fn needed_to_reload(&self) -> Vec<Vec<String>> {
        let mut needed = Vec::new();
        if self.include.way == Way::Sudo {
            needed.extend(self.include.install());
        }
        if self.nginx == Way::Sudo {
            needed.extend([self.dump(), self.reload()]);
        }
        needed
    }

    /// What root is asked for besides, once, by the installation of the instant cutover.
    #[must_use]
    pub fn needed_to_install(&self, flag_directory_exists: bool) -> Vec<Vec<String>> {
        let mut needed = self.needed_to_reload();
        if self.upstreams.way == Way::Sudo {
            needed.extend(self.upstreams.install());
        }
        if self.flag_directory.way == Way::Sudo && !flag_directory_exists {
            needed.push(self.flag_directory.install());
        }
        needed
    }

    /// Makes sure, without changing anything, that root will do what a reload needs.
    ///
    /// # Errors
    /// `Kind::Settings` with the exact line that sudoers lacks.
    pub async fn check(&self, host: &impl Host) -> Result<()> {
        let needed = self.needed_to_reload();
        match refusal(host, &needed).await? {
            None => Ok(()),
            Some(said) => Err(refused(host, &self.include.path, &needed, &said)),
        }
    }

    fn with_program(&self, arguments: &[&str]) -> Vec<String> {
        self.program.iter().cloned().chain(arguments.iter().map(|argument| (*argument).to_owned())).collect()
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
            Err(cause) if cause.kind() == Kind::Settings => return Ok(Some(cause.to_string())),
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
        Kind::Settings,
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

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
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
