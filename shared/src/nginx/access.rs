//! How this user may write nginx's files and signal nginx: by itself, or through exact commands of `sudo -n`. Which way it
//! is, and that it works, is found out in `stop`, before anything changes (F73).

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process};
use crate::language::translated;
use crate::nginx::configuration_file::ConfigurationFile;
use crate::nginx::flag_directory::FlagDirectory;
use crate::sudo::{self, Way, through};

/// How this user may act on nginx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The include that a server block reads.
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

impl Access {
    /// Finds nginx's program, and what this user may do itself and what only sudo can do for it.
    ///
    /// # Errors
    /// `Kind::Settings` if nginx's program is not on this host.
    pub fn find(host: &impl Host, settings: &Settings, master: Option<&Process>) -> Result<Access> {
        let mut program = settings.proxy.nginx.clone();
        let name = program.first().cloned().unwrap_or_default();
        let Some(found) = host.find_program(&name) else {
            return Err(Error::new(Kind::Settings, translated!("nginx's program `{name}` was not found on this host"))
                .advise(translated!("give its whole path in `proxy.nginx` of hooks.toml")));
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
    /// `Kind::NotAllowed` with the exact line that sudoers lacks.
    pub async fn check(&self, host: &impl Host) -> Result<()> {
        let needed = self.needed_to_reload();
        match sudo::refusal(host, &needed).await? {
            None => Ok(()),
            Some(said) => Err(sudo::refused(host, &self.include.path, &needed, &said)),
        }
    }

    /// The lines of sudoers by which `user`, who may do none of it so far, may do all that a cutover by a reload needs.
    #[must_use]
    pub fn rules(self, user: &str) -> String {
        let include = ConfigurationFile { way: Way::Sudo, ..self.include };
        sudo::rules(user, &Access { include, nginx: Way::Sudo, ..self }.needed_to_reload())
    }

    fn with_program(&self, arguments: &[&str]) -> Vec<String> {
        self.program.iter().cloned().chain(arguments.iter().map(|argument| (*argument).to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::User;

    /// How root is asked by a user who may do this much without.
    fn access(files: Way, nginx: Way) -> Access {
        let file =
            |path: &str| ConfigurationFile { path: path.into(), way: files, staged: format!("{path}.staged").into() };
        Access {
            include: file("/conf.d/service-url.inc"),
            upstreams: file("/conf.d/service-url.conf"),
            flag_directory: FlagDirectory {
                path: "/var/lib/service-url".into(),
                way: files,
                owner: User { id: 1000, name: "ec2-user".into() },
            },
            nginx,
            program: vec!["/usr/sbin/nginx".into()],
        }
    }

    /// The commands, each with what it is about.
    fn about(needed: &[Vec<String>]) -> String {
        let about = |command: &Vec<String>| {
            assert_eq!(command[..2], ["sudo", "-n"], "root is asked");
            let last = command.last().map_or("", |last| last.rsplit('/').next().unwrap_or(last));
            // A file is put beside its place first.
            last.trim_start_matches('.').trim_end_matches(".next").to_owned()
        };
        let mut about: Vec<String> = needed.iter().map(about).collect();
        about.dedup();
        about.join(" ")
    }

    #[test]
    fn root_is_asked_beforehand_for_everything_that_this_user_may_not_do_and_for_nothing_else() {
        use Way::{Own, Sudo};
        for (files, nginx, reload, install) in [
            (Own, Own, "", ""),
            (Own, Sudo, "-T reload", "-T reload"),
            (Sudo, Own, "service-url.inc", "service-url.inc service-url.conf service-url"),
            (Sudo, Sudo, "service-url.inc -T reload", "service-url.inc -T reload service-url.conf service-url"),
        ] {
            let access = access(files, nginx);
            assert_eq!(about(&access.needed_to_reload()), reload, "{files:?}, {nginx:?}");
            assert_eq!(about(&access.needed_to_install(false)), install, "{files:?}, {nginx:?}");
            let with_directory = install.strip_suffix(" service-url").unwrap_or(install);
            assert_eq!(about(&access.needed_to_install(true)), with_directory, "{files:?}, {nginx:?}: it is there");
        }
    }

    #[test]
    fn f73_the_rules_for_another_user_are_the_same_whoever_asks_for_them() {
        let rules = access(Way::Own, Way::Own).rules("deploy");
        assert_eq!(rules, access(Way::Sudo, Way::Sudo).rules("deploy"));
        let exact = |rule: &&str| rule.starts_with("deploy ALL=(root) NOPASSWD: /usr/");
        assert_eq!(rules.lines().filter(exact).count(), 4, "{rules}");
        assert!(rules.ends_with("/usr/sbin/nginx -s reload"), "{rules}");
    }
}
