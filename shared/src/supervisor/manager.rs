//! systemd, as one speaks to it: the system's own instance, or that of the deploying user.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::host::{Host, ProgramOutput, first_line};
use crate::language::{Text, text, translated};
use crate::supervisor::Unit;

/// How long systemd may take to answer.
pub const ANSWERS_AT_MOST: Duration = Duration::from_secs(5);

/// How systemd says that the kernel has ended a unit for want of memory.
pub const OUT_OF_MEMORY: Text = text!("memory was short, and the kernel has ended it");

/// Whose units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// The system's.
    System,
    /// Those of the user with this id.
    User(u32),
}

/// What systemd says of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether it is started with the host.
    pub enabled: bool,
    /// Whether systemd has read the file as it is on the disk.
    pub is_current: bool,
    /// `active`, `inactive`, `failed`, `activating`.
    pub state: String,
    /// How its last process ended, where it did not end well: `exit-code 1`, `signal 9`, `oom-kill`.
    pub ending: Option<String>,
}

impl Manager {
    /// Where a user's manager keeps its sockets; `su` sets no variable that names it.
    #[must_use]
    pub fn runtime_directory(user: u32) -> String {
        format!("/run/user/{user}")
    }

    /// What this manager starts when it has come up.
    #[must_use]
    pub fn target(self) -> &'static str {
        match self {
            Manager::System => "multi-user.target",
            Manager::User(_) => "default.target",
        }
    }

    /// The control group above those of its units.
    #[must_use]
    pub fn control_group(self) -> String {
        match self {
            Manager::System => "/system.slice".to_owned(),
            Manager::User(id) => format!("/user.slice/user-{id}.slice/user@{id}.service"),
        }
    }

    /// Where the file of a unit stands: root's among the system's, since a file of anybody else's there would make that one root;
    /// a user's own beside what it runs.
    #[must_use]
    pub fn directory(self, units: &Path) -> PathBuf {
        match self {
            Manager::System => PathBuf::from("/etc/systemd/system"),
            Manager::User(_) => units.to_owned(),
        }
    }

    /// The command that a person would type to look at a unit.
    #[must_use]
    pub fn status_command(self, unit: &str) -> String {
        match self {
            Manager::System => format!("systemctl status {unit}"),
            Manager::User(_) => format!("systemctl --user status {unit}"),
        }
    }

    /// One of systemd's programs, told whose manager is meant.
    fn command(self, program: &str, words: &[&str]) -> Vec<String> {
        let runtime_directory = |id| format!("XDG_RUNTIME_DIR={}", Manager::runtime_directory(id));
        let own = match self {
            Manager::System => vec![program.to_owned()],
            Manager::User(id) => vec!["env".to_owned(), runtime_directory(id), program.to_owned(), "--user".to_owned()],
        };
        own.into_iter().chain(words.iter().map(|word| (*word).to_owned())).collect()
    }

    /// Sets a timer, in the place of one that has this name. It is gone after a reboot.
    ///
    /// # Errors
    /// `Kind::NotStarted` with what systemd says.
    pub async fn set_timer(self, host: &impl Host, timer: &str, words: &[String]) -> Result<()> {
        // Says no where there is none.
        self.ask(host, &["stop", "--", timer]).await?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let command = self.command("systemd-run", &words);
        let told = host.run(&command, ANSWERS_AT_MOST).await?;
        if told.success {
            return Ok(());
        }
        let why = first_line(&told.complaint);
        Err(Error::new(Kind::NotStarted, translated!("`systemd-run` for `{timer}` ended with {}: {why}", told.ending)))
    }

    async fn ask(self, host: &impl Host, words: &[&str]) -> Result<ProgramOutput> {
        host.run(&self.command("systemctl", words), ANSWERS_AT_MOST).await
    }

    async fn tell(self, host: &impl Host, words: &[&str]) -> Result<()> {
        let told = self.ask(host, words).await?;
        if told.success {
            return Ok(());
        }
        let why = first_line(&told.complaint);
        Err(Error::new(
            Kind::NotStarted,
            translated!("`{}` ended with {}: {why}", self.command("systemctl", words).join(" "), told.ending),
        )
        .advise(translated!(
            "put that right, or let the release run without systemd: `app.supervisor = \"detached\"` in hooks.toml"
        )))
    }

    /// What systemd says of a unit.
    ///
    /// # Errors
    /// As those of `Host::run`; `Kind::NotStarted` where systemd does not answer.
    pub async fn see(self, host: &impl Host, unit: &str) -> Result<Seen> {
        let words = [
            "show",
            "--property=UnitFileState,NeedDaemonReload,ActiveState,Result,ExecMainCode,ExecMainStatus",
            "--",
            unit,
        ];
        let said = self.ask(host, &words).await?;
        if !said.success {
            return Err(Error::new(
                Kind::NotStarted,
                translated!("systemd does not tell about `{unit}`: {}", first_line(&said.complaint)),
            )
            .advise(translated!("try `{}`", self.command("systemctl", &words).join(" "))));
        }
        Ok(read(&said.output))
    }

    /// Lets systemd read a unit's file, and start it with the host.
    ///
    /// # Errors
    /// `Kind::NotStarted` with what systemd says.
    pub async fn install(self, host: &impl Host, unit: &Unit) -> Result<()> {
        // A path rather than a name: the file may stand outside of where systemd looks by itself.
        self.tell(host, &["enable", "--quiet", &unit.file().to_string_lossy()]).await?;
        self.tell(host, &["daemon-reload"]).await
    }

    /// Starts a unit, whatever it has done before: one that systemd has given up on as well.
    ///
    /// # Errors
    /// `Kind::NotStarted` with what systemd says.
    pub async fn restart(self, host: &impl Host, unit: &str) -> Result<()> {
        // Says no where nothing had failed.
        self.ask(host, &["reset-failed", "--", unit]).await?;
        self.tell(host, &["restart", "--", unit]).await
    }
}

/// Reads `systemctl show`.
fn read(text: &str) -> Seen {
    let of = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default();
    // 1: it has exited; 2 and 3: a signal ended it (siginfo's CLD_EXITED, CLD_KILLED, CLD_DUMPED).
    let ending = match (of("Result"), of("ExecMainCode"), of("ExecMainStatus")) {
        ("oom-kill", ..) => Some(OUT_OF_MEMORY.to_string()),
        (_, "1", "0") | (_, "0" | "", _) => None,
        (_, "1", status) => Some(format!("exit status {status}")),
        (_, _, signal) => Some(format!("signal {signal}")),
    };
    Seen {
        enabled: of("UnitFileState").starts_with("enabled"),
        is_current: of("NeedDaemonReload") == "no",
        state: of("ActiveState").to_owned(),
        ending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_says_of_a_unit_is_read() {
        let seen = |enabled, is_current, state: &str, ending: Option<&str>| Seen {
            enabled,
            is_current,
            state: state.to_owned(),
            ending: ending.map(str::to_owned),
        };
        for (text, wanted) in [
            (
                "UnitFileState=enabled\nNeedDaemonReload=no\nActiveState=active\nResult=success\nExecMainCode=0\nExecMainStatus=0\n",
                seen(true, true, "active", None),
            ),
            (
                "UnitFileState=enabled\nNeedDaemonReload=yes\nActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=7\n",
                seen(true, false, "failed", Some("exit status 7")),
            ),
            (
                "UnitFileState=linked\nNeedDaemonReload=no\nActiveState=inactive\nResult=signal\nExecMainCode=2\nExecMainStatus=9\n",
                seen(false, true, "inactive", Some("signal 9")),
            ),
            (
                "UnitFileState=enabled\nNeedDaemonReload=no\nActiveState=failed\nResult=oom-kill\nExecMainCode=2\nExecMainStatus=9\n",
                seen(true, true, "failed", Some(OUT_OF_MEMORY.told())),
            ),
            (
                "UnitFileState=\nNeedDaemonReload=no\nActiveState=inactive\nExecMainCode=0\n",
                seen(false, true, "inactive", None),
            ),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_users_manager_is_found_without_the_variable_that_su_does_not_set() {
        let words = Manager::User(1000).command("systemctl", &["restart", "--", "a.service"]);
        assert_eq!(words.join(" "), "env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user restart -- a.service");
        assert_eq!(Manager::System.command("systemctl", &["daemon-reload"]).join(" "), "systemctl daemon-reload");
    }
}
