//! What a deploy with these settings needs of this user, for `stop --dry-run`: what it does itself, what root is asked for, and who keeps
//! the release running. What is missing of it `stop` refuses, with the lines that grant it.

use shared::config::{CutoverWay, Settings};
use shared::discovery::witness;
use shared::error::Result;
use shared::host::{Host, User};
use shared::language::translated;
use shared::nginx::access::Access;
use shared::run::Scene;
use shared::sudo;
use shared::supervisor::{self, Manager, Supervision};

/// What is needed, as lines of text.
///
/// # Errors
/// As those of the preflight.
pub(crate) async fn needed(scene: &Scene<'_, impl Host>) -> Result<String> {
    let (host, settings) = (scene.host, scene.settings);
    let (_, access) = scene.nginx().await?;
    let installed = match settings.proxy.cutover {
        CutoverWay::Reload => false,
        CutoverWay::Instant => {
            let testimony = witness::ask(host, settings, scene.ledger.live).await?;
            witness::is_installed(settings, &testimony)
        }
    };
    let commands = match (settings.proxy.cutover, installed) {
        (CutoverWay::Reload, _) => access.needed_to_reload(),
        (CutoverWay::Instant, true) => Vec::new(),
        (CutoverWay::Instant, false) => access.needed_to_install(host.describe(&access.flag_directory.path).is_ok()),
    };
    let supervision = supervisor::choose(host, settings.app.supervisor)?;
    Ok(told(settings, &host.user(), &access, installed, &commands, &supervision))
}

fn told(
    settings: &Settings,
    user: &User,
    access: &Access,
    installed: bool,
    commands: &[Vec<String>],
    supervision: &Supervision,
) -> String {
    let User { id, name } = user;
    let mut lines = vec![translated!("what this needs, as `{name}`:")];
    lines.push(translated!("- files: `{}` is its own", settings.app.directory.to_string_lossy()));
    lines.push(match (settings.proxy.cutover, installed) {
        (CutoverWay::Instant, true) => {
            translated!(
                "- traffic: the flag in `{}`; nginx is not asked for anything",
                access.flag_directory.path.to_string_lossy()
            )
        }
        (CutoverWay::Instant, false) => {
            translated!("- traffic: once, by the first `switch`, nginx's files and a reload; then the flag alone")
                .to_owned()
        }
        (CutoverWay::Reload, _) => {
            translated!("- traffic: at each cutover `{}` and a reload", access.include.path.to_string_lossy())
        }
    });
    if commands.is_empty() {
        lines.push(translated!("- root: not asked").to_owned());
    } else {
        lines.push(translated!("- root, through sudo, exactly this:").to_owned());
        lines.extend(sudo::rules(name, commands).lines().map(|rule| format!("  {rule}")));
    }
    lines.push(match supervision {
        Supervision::Unit(Manager::User(_)) => {
            translated!("- releases: units of the manager of `{name}`, which `loginctl enable-linger` lets run")
        }
        Supervision::Unit(Manager::System) if *id == 0 => {
            translated!("- releases: units of the system, since it is root").to_owned()
        }
        Supervision::Unit(Manager::System) => translated!("- releases: units of the system").to_owned(),
        Supervision::Detached(why) => translated!("- releases: nothing; they run without systemd ({why})"),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use shared::config::{SettingsFile, settings};
    use shared::nginx::configuration_file::ConfigurationFile;
    use shared::nginx::flag_directory::FlagDirectory;
    use shared::sudo::Way;

    use super::*;

    fn shown(cutover: &str, installed: bool, way: Way, supervision: &Supervision) -> String {
        let text = format!("[proxy]\ncutover = \"{cutover}\"\n");
        let settings = settings(SettingsFile::parse("", &text)).unwrap();
        let user = User { id: 1000, name: "ec2-user".into() };
        let file = |path: &str| ConfigurationFile { path: path.into(), way, staged: format!("{path}.staged").into() };
        let access = Access {
            include: file("/etc/nginx/conf.d/service-url.inc"),
            upstreams: file("/etc/nginx/conf.d/service-url.conf"),
            flag_directory: FlagDirectory { path: "/var/lib/service-url".into(), way, owner: user.clone() },
            nginx: way,
            program: vec!["/usr/sbin/nginx".into()],
        };
        let commands = if installed { Vec::new() } else { access.needed_to_reload() };
        told(&settings, &user, &access, installed, &commands, supervision)
    }

    #[test]
    fn f73_who_looks_first_is_shown_what_this_configuration_needs_of_root_and_of_this_user() {
        expect![[r#"
            what this needs, as `ec2-user`:
            - files: `/home/ec2-user/app/step3` is its own
            - traffic: the flag in `/var/lib/service-url`; nginx is not asked for anything
            - root: not asked
            - releases: units of the manager of `ec2-user`, which `loginctl enable-linger` lets run"#]]
        .assert_eq(&shown("instant", true, Way::Sudo, &Supervision::Unit(Manager::User(1000))));
        expect![[r#"
            what this needs, as `ec2-user`:
            - files: `/home/ec2-user/app/step3` is its own
            - traffic: at each cutover `/etc/nginx/conf.d/service-url.inc` and a reload
            - root, through sudo, exactly this:
              ec2-user ALL=(root) NOPASSWD: /usr/bin/install -m 0644 /etc/nginx/conf.d/service-url.inc.staged /etc/nginx/conf.d/.service-url.inc.next
              ec2-user ALL=(root) NOPASSWD: /usr/bin/mv -fT /etc/nginx/conf.d/.service-url.inc.next /etc/nginx/conf.d/service-url.inc
              ec2-user ALL=(root) NOPASSWD: /usr/sbin/nginx -T
              ec2-user ALL=(root) NOPASSWD: /usr/sbin/nginx -s reload
            - releases: nothing; they run without systemd (systemd does not run on this host)"#]].assert_eq(&shown(
            "reload",
            false,
            Way::Sudo,
            &Supervision::Detached("systemd does not run on this host".into()),
        ));
    }
}
