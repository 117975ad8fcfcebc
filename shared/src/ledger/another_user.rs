//! What to do where the application's directories belong to another user than the one that runs: one command that ends it, and
//! never advice that leads from one user to the next and back.

use crate::config::Settings;
use crate::host::{Host, User};
use crate::language::translated;

/// What to do where one of the directories is `owner`'s and this run is `user`'s.
pub(super) fn advice(host: &impl Host, settings: &Settings, user: &User, owner: &User) -> String {
    let others_own = [settings.ledger_directory(), settings.logs(), settings.releases()]
        .iter()
        .filter_map(|directory| host.describe(directory).ok())
        .all(|facts| facts.owner == owner.id);
    sentence(&give(settings, user), others_own.then_some(owner.name.as_str()))
}

/// As whom to run, where all of it is one other user's; otherwise only a change of the owner ends it.
fn sentence(give: &str, runas: Option<&str>) -> String {
    match runas {
        Some(owner) => translated!("run the hooks as `{owner}` (`runas: {owner}` in appspec.yml) as before, or {give}"),
        None => translated!("several users own these directories, so {give}"),
    }
}

/// The command that makes all of it this user's.
pub(super) fn give(settings: &Settings, user: &User) -> String {
    let app = settings.app.directory.to_string_lossy();
    let name = &user.name;
    translated!("make all of it `{name}`'s, once, as root: `chown -R {name} {app}/ledger {app}/logs {app}/releases`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f120_f82_who_owns_a_part_is_not_told_to_become_another_who_owns_the_rest() {
        let give = "make all of it `ec2-user`'s";
        let told = sentence(give, None);
        assert!(told.contains(give) && !told.contains("runas"), "{told}");
        let told = sentence(give, Some("root"));
        assert!(told.contains(give) && told.contains("`runas: root`"), "{told}");
    }
}
