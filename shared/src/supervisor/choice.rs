//! Which supervisor a release gets: what the settings ask for, held against what this host offers this user.

use std::path::Path;

use crate::config::Supervisor;
use crate::error::{Error, Kind, Result};
use crate::host::{FileKind, Host, User};
use crate::language::translated;
use crate::supervisor::Manager;

/// There while systemd is the init of this host (`sd_booted(3)`).
const SYSTEMD_RUNS: &str = "/run/systemd/system";
/// The accounts whose manager runs without a login, a file for each (`loginctl enable-linger`).
const LINGERING: &str = "/var/lib/systemd/linger";

/// How a release runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supervision {
    /// As a unit of this manager.
    Unit(Manager),
    /// As a child of nobody, for this reason, a fragment.
    Detached(String),
}

/// What this host offers this user.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    /// Whether systemd is the init, and can be spoken to.
    systemd: bool,
    /// Who asks.
    user: User,
    /// Whether that user's own manager is to run without a login.
    lingers: bool,
    /// Whether it runs.
    has_manager: bool,
}

/// The supervisor that these settings get on this host.
///
/// # Errors
/// `Kind::Settings` or `Kind::NotAllowed` where the one that is asked for by name may not be used.
pub fn choose(host: &impl Host, wanted: Supervisor) -> Result<Supervision> {
    let user = host.user();
    let stands = |path: &Path| host.describe(path).is_ok();
    let is_directory = |path: &str| host.describe(Path::new(path)).is_ok_and(|facts| facts.kind == FileKind::Directory);
    let own_manager = format!("{}/systemd/private", Manager::runtime_directory(user.id));
    let (lingers, has_manager) = (stands(&Path::new(LINGERING).join(&user.name)), stands(Path::new(&own_manager)));
    let systemd = is_directory(SYSTEMD_RUNS) && host.find_program("systemctl").is_some();
    decide(wanted, Offer { systemd, user, lingers, has_manager })
}

fn decide(wanted: Supervisor, Offer { systemd, user, lingers, has_manager }: Offer) -> Result<Supervision> {
    let User { id, name } = user;
    let (why, remedy) = if lingers {
        (
            translated!("the manager of `{name}` does not run"),
            translated!("as root: `systemctl start user@{id}.service`"),
        )
    } else {
        let why = translated!("`{name}` has no manager that runs without a login");
        (why, translated!("as root: `loginctl enable-linger {name}`"))
    };
    let no_systemd = translated!("systemd does not run on this host");
    let is_root = id == 0;
    match wanted {
        Supervisor::Detached => Ok(Supervision::Detached("`app.supervisor = \"detached\"`".to_owned())),
        Supervisor::Auto if !systemd => Ok(Supervision::Detached(no_systemd.to_owned())),
        Supervisor::Auto | Supervisor::Systemd if systemd && is_root => Ok(Supervision::Unit(Manager::System)),
        Supervisor::Auto | Supervisor::User if systemd && lingers && has_manager && !is_root => {
            Ok(Supervision::Unit(Manager::User(id)))
        }
        Supervisor::Auto => Ok(Supervision::Detached(format!("{why}; {remedy}"))),
        Supervisor::Systemd | Supervisor::User if !systemd => Err(refused(Kind::Settings, wanted, no_systemd)
            .advise(translated!("`app.supervisor = \"auto\"` takes what there is"))),
        Supervisor::Systemd => {
            Err(refused(Kind::NotAllowed, wanted, &translated!("`{name}` may not manage units of the system")).advise(
                translated!("`app.supervisor = \"user\"`, or run the hooks as root (no `runas` in appspec.yml)"),
            ))
        }
        Supervisor::User if is_root => {
            Err(refused(Kind::Settings, wanted, translated!("root's units are the system's"))
                .advise(translated!("`app.supervisor = \"systemd\"`, or another `runas` in appspec.yml")))
        }
        Supervisor::User => Err(refused(Kind::NotAllowed, wanted, &why).advise(remedy)),
    }
}

fn refused(kind: Kind, wanted: Supervisor, why: &str) -> Error {
    Error::new(kind, translated!("`app.supervisor = \"{wanted}\"` cannot be had: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_takes_the_best_that_may_be_used_and_what_is_asked_for_by_name_is_refused_where_it_may_not() {
        let decided = |wanted, systemd, id, lingers, has_manager| {
            let user = User { id, name: if id == 0 { "root".into() } else { "deploy".into() } };
            match decide(wanted, Offer { systemd, user, lingers, has_manager }) {
                Ok(Supervision::Unit(Manager::System)) => "system".to_owned(),
                Ok(Supervision::Unit(Manager::User(id))) => format!("user {id}"),
                Ok(Supervision::Detached(why)) => format!("detached: {why}"),
                Err(error) => format!("{}: {}", error.kind().exit_code(), error.advice().unwrap_or_default()),
            }
        };
        let (linger, start) = ("`loginctl enable-linger deploy`", "`systemctl start user@1000.service`");
        for (wanted, systemd, id, lingers, has_manager, told) in [
            (Supervisor::Auto, true, 0, false, false, "system"),
            (Supervisor::Auto, true, 1000, true, true, "user 1000"),
            (Supervisor::Auto, true, 1000, false, false, linger),
            // Somebody is logged in: it ends with that login.
            (Supervisor::Auto, true, 1000, false, true, linger),
            (Supervisor::Auto, true, 1000, true, false, start),
            (Supervisor::Auto, false, 1000, true, true, "detached: systemd does not run"),
            (Supervisor::Auto, false, 0, false, false, "detached: systemd does not run"),
            (Supervisor::Systemd, true, 0, false, false, "system"),
            (Supervisor::Systemd, true, 1000, true, true, "13: `app.supervisor = \"user\"`"),
            (Supervisor::Systemd, false, 0, false, false, "10: `app.supervisor = \"auto\"`"),
            (Supervisor::User, true, 1000, true, true, "user 1000"),
            (Supervisor::User, true, 1000, false, false, linger),
            (Supervisor::User, true, 1000, true, false, start),
            (Supervisor::User, true, 0, true, true, "10: `app.supervisor = \"systemd\"`"),
            (Supervisor::Detached, true, 0, true, true, "detached: `app.supervisor = \"detached\"`"),
        ] {
            let found = decided(wanted, systemd, id, lingers, has_manager);
            assert!(found.contains(told), "{wanted} {systemd} {id} {lingers} {has_manager}: {found}");
        }
    }
}
