//! Ports that are to be one application's alone: those of its slots, the one that its include leads to, and the one of nginx's own
//! word (F90, F91).

use std::path::Path;

use super::{find, is_foreign};
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process};
use crate::language::translated;
use crate::nginx::configuration::tree::Node;
use crate::nginx::workers;
use crate::occupant;
use crate::release;
use crate::route::word::{self, Speaker, Word};

/// Makes sure that the port which the include names, and which is neither slot's, is not that of another application's release: this
/// hooks.toml then names that one's include, and the cutover would take its users (F90).
///
/// # Errors
/// `Kind::Settings` with both directories.
pub fn check_served(settings: &Settings, port: u16, serving: &[Process]) -> Result<()> {
    let own = settings.releases();
    let release = |process: &Process| {
        process.command.iter().find_map(|argument| {
            let path = Path::new(argument);
            let directory = path.parent()?.parent()?;
            let name = path.parent()?.file_name()?.to_string_lossy().into_owned();
            (release::is_release(&name) && directory != own).then(|| directory.to_owned())
        })
    };
    let Some(theirs) = serving.iter().find_map(release) else { return Ok(()) };
    Err(Error::new(
        Kind::Settings,
        translated!(
            "the include `{}` leads to port {port}, where a release of `{}` serves: it is another application's include",
            settings.proxy.include.to_string_lossy(),
            theirs.to_string_lossy()
        ),
    )
    .advise(translated!("give this application an include of its own (`proxy.include` in hooks.toml), and read it in its server block")))
}

/// Makes sure that nothing else in nginx's configuration has a port of ours: a slot's, or the one of nginx's own word.
pub(super) fn check_configuration(settings: &Settings, tree: &[Node]) -> Result<()> {
    if let Some((group, port)) = shared_port(settings, tree) {
        let file = group.file.to_string_lossy();
        return Err(Error::new(
            Kind::Settings,
            translated!(
                "port {port} is a slot of two applications: of this one, and in the groups of another one in `{file}`"
            ),
        )
        .advise(translated!("give each application ports of its own (`blue.port`, `green.port`)")));
    }
    let Some(word) = settings.proxy.word else { return Ok(()) };
    let at = |node: &Node| node.name() == "listen" && port_of(node.argument()) == Some(word);
    match find(tree, &|node| at(node) && is_foreign(settings, node)) {
        None => Ok(()),
        Some(node) => {
            Err(taken(settings, word, &translated!("`{}` of nginx's configuration", node.file.to_string_lossy())))
        }
    }
}

/// A group of these hooks' form in another file that leads to a port of ours: who dies there is replaced by our release.
fn shared_port<'a>(settings: &Settings, tree: &'a [Node]) -> Option<(&'a Node, u16)> {
    let port = |server: &Node| {
        let port = server.argument().strip_prefix("127.0.0.1:")?.parse().ok()?;
        (server.name() == "server" && settings.places.find(|place| place.port == port).is_some()).then_some(port)
    };
    // A person's own group for one of our slots has no backup that is asked without a memory.
    let by_hooks = |node: &Node| {
        let has = |word: &str, server: &Node| server.words.iter().any(|own| own == word);
        node.block.iter().any(|server| has("backup", server) && has("max_fails=0", server))
    };
    let group = find(tree, &|node| {
        node.name() == "upstream"
            && is_foreign(settings, node)
            && by_hooks(node)
            && node.block.iter().any(|server| port(server).is_some())
    })?;
    group.block.iter().find_map(port).map(|port| (group, port))
}

/// Makes sure that nginx can be made to listen at this port, `proxy.word`. nginx itself would find out only at a reload, and refuse
/// all of it.
///
/// # Errors
/// `Kind::Settings` if somebody listens there who is not our nginx; as `Kind::of` says, if the listeners cannot be seen.
pub async fn check_word(host: &impl Host, settings: &Settings, port: u16) -> Result<()> {
    if !occupant::is_listened_on(host, port)? {
        return Ok(());
    }
    // Somebody may have taken the server out of the file and not told nginx yet.
    let ours = |said: &Word| {
        workers::master(host, &settings.proxy.pid_file)
            .is_ok_and(|master| said.speaker(host, &master.identity) == Speaker::Ours)
    };
    match word::ask(host, port).await? {
        Ok(said) if ours(&said) => Ok(()),
        _ => Err(taken(settings, port, translated!("a process of this host"))),
    }
}

fn taken(settings: &Settings, port: u16, who: &str) -> Error {
    Error::new(
        Kind::Settings,
        translated!(
            "port {port} (`proxy.word`), at which nginx is to tell of `{}`, is taken by {who}",
            settings.proxy.include.to_string_lossy()
        ),
    )
    .advise(translated!("give `proxy.word` in hooks.toml a port that nobody listens on, or set it to \"off\""))
}

/// The port of a `listen`: alone, or after an address.
fn port_of(argument: &str) -> Option<u16> {
    argument.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};
    use crate::nginx::configuration::tree;

    #[test]
    fn f91_a_port_that_another_part_of_nginx_has_is_refused_with_both_names() {
        let text = "[proxy]\ninclude = \"/etc/nginx/conf.d/shop.inc\"\nword = \"+10000\"\n";
        let settings = config::settings(SettingsFile::parse("", text)).unwrap();
        for (name, other, wanted) in [
            (
                "our port",
                "server { listen 127.0.0.1:18081; }",
                "port 18081 (`proxy.word`), at which nginx is to tell of `/etc/nginx/conf.d/shop.inc`, is taken by `/etc/nginx/conf.d/blog.conf`",
            ),
            ("our port on every address", "server { listen 18081; }", "is taken by"),
            ("our port over IPv6", "server { listen [::]:18081; }", "is taken by"),
            ("another port", "server { listen 127.0.0.1:8081; }", ""),
            (
                "our slot's port, in groups of these hooks",
                "upstream blog-real1 { server 127.0.0.1:9081 max_fails=0; server 127.0.0.1:8082 max_fails=0 backup; }",
                "port 8082 is a slot of two applications: of this one, and in the groups of another one in `/etc/nginx/conf.d/blog.conf`",
            ),
            ("our slot's port, in a person's group", "upstream api { server 127.0.0.1:8082; }", ""),
        ] {
            let dump = format!(
                "# configuration file /etc/nginx/nginx.conf:\nhttp {{ include conf.d/*.conf; }}\n\
                 # configuration file /etc/nginx/conf.d/shop.conf:\nserver {{ listen 127.0.0.1:18081 reuseport; }}\n\
                 # configuration file /etc/nginx/conf.d/blog.conf:\n{other}\n"
            );
            let told = check_configuration(&settings, &tree::parse(&dump)).map_err(|error| error.to_string());
            assert!(
                if wanted.is_empty() { told.is_ok() } else { told.as_ref().is_err_and(|told| told.contains(wanted)) },
                "{name}: {told:?}"
            );
        }
    }
}
