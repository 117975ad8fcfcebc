//! nginx's own configuration, tested by nginx itself before anything is changed: it must be valid, and the site in it must follow
//! the include, or a cutover would move nobody (F60, F70, F95).

pub mod files;
pub mod tree;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::tree::Node;
use crate::config::{CutoverWay, Settings};
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process, first_line};
use crate::language::translated;
use crate::nginx::access::Access;
use crate::nginx::site::{Door, Site, Sought, verdict};
use crate::nginx::workers;
use crate::sudo;

/// How long the test may take. Names of upstreams are resolved during it.
pub const TEST_AT_MOST: Duration = Duration::from_secs(10);

/// What was found in nginx's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// All of it.
    pub tree: Vec<Node>,
    /// What is ours in it.
    pub site: Site,
    /// What a person should know of that.
    pub notes: Vec<String>,
}

/// Tests the configuration that a reload would read, reads it, and sees that a cutover of this way would move the site's traffic.
///
/// # Errors
/// As `read`; `Kind::Settings` as the `verdict` on the site and on the door says.
pub async fn test(host: &impl Host, settings: &Settings, access: &Access, way: CutoverWay) -> Result<Tested> {
    judged(settings, read(host, settings, access).await?, way)
}

/// What a look into nginx's files has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The same as a test, but for whether nginx would take it.
    Seen(Box<Tested>),
    /// Nothing: why, as a fragment.
    Unknown(String),
}

/// Looks into the files themselves, for a user who may not let nginx test them. It is no test: nobody says that nginx would read them
/// again. Yet they are what its workers have read, or nothing is said about them.
///
/// # Errors
/// `Kind::Settings` as the `verdict` on the site says; `Kind::Interrupted` after a signal.
pub async fn look(
    host: &impl Host,
    settings: &Settings,
    access: &Access,
    master: &Process,
    way: CutoverWay,
) -> Result<Look> {
    let files = match files::read(host, &access.program, master).await? {
        Ok(files) => files,
        Err(why) => return Ok(Look::Unknown(why)),
    };
    let workers = workers::workers(host, &master.identity);
    if files.changed.and_then(|changed| workers::know(&workers, changed)) != Some(true) {
        return Ok(Look::Unknown(translated!("its files were changed after nginx had read them").to_owned()));
    }
    let tree = named_as_in_settings(host, settings, files.tree())?;
    judged(settings, tree, way).map(|seen| Look::Seen(Box::new(seen)))
}

fn judged(settings: &Settings, tree: Vec<Node>, way: CutoverWay) -> Result<Tested> {
    let sought = Sought::of(settings);
    let site = Site::of(&tree, &sought);
    let notes = verdict::judge(&site, &sought, way)?;
    verdict::door_leads_to_site(&site, &sought, &Door::of(settings))?;
    Ok(Tested { tree, site, notes })
}

/// Tests the configuration that a reload would read, and reads it. The include and the groups' file have the names of the
/// settings in it, whatever nginx calls them.
///
/// # Errors
/// `Kind::ProxyBroken` with nginx's own complaint, `Kind::NotAllowed` if this user may not test it.
pub async fn read(host: &impl Host, settings: &Settings, access: &Access) -> Result<Vec<Node>> {
    let command = access.dump();
    let output = host.run(&command, TEST_AT_MOST).await.map_err(unanswered)?;
    if output.success {
        return named_as_in_settings(host, settings, tree::parse(&output.output));
    }
    if command.first().is_some_and(|program| program == "sudo") && !output.complaint.contains("nginx: ") {
        let said = first_line(&output.complaint);
        return Err(sudo::refused(host, &access.include.path, &[command], said));
    }
    Err(Error::new(Kind::ProxyBroken, translated!("nginx refuses its configuration: {}", complaint(&output.complaint)))
        .advise(translated!("put that right until `nginx -t` passes as root; nginx goes on with what it read before")))
}

/// nginx asks for the name of each upstream while it tests: where no server of names answers it is not done in time, and no reload
/// would be (F70). Whatever else keeps a program from being run says itself what to do.
fn unanswered(cause: Error) -> Error {
    if cause.kind() != Kind::Settings || cause.advice().is_some() {
        return cause;
    }
    cause.told_as(Kind::ProxyBroken).advise(
        translated!("nginx waits for the name of an upstream that no server of names tells: see `/etc/resolv.conf` and the upstreams of all sites; \
         nginx goes on with what it read before"),
    )
}

fn named_as_in_settings(host: &impl Host, settings: &Settings, mut tree: Vec<Node>) -> Result<Vec<Node>> {
    for path in [&settings.proxy.include, &settings.proxy.upstreams] {
        name_as_in_settings(host, &mut tree, path);
    }
    see_pid_file(host, settings, &tree)?;
    Ok(tree)
}

/// A pid file of another nginx would let the hooks reload that one, and take its new workers for a proof (F101).
fn see_pid_file(host: &impl Host, settings: &Settings, tree: &[Node]) -> Result<()> {
    let ours = &settings.proxy.pid_file;
    let named = |node: &&Node| node.name() == "pid" && node.argument().starts_with('/');
    let Some(node) = tree.iter().find(named) else { return Ok(()) };
    let theirs = Path::new(node.argument());
    let real = |path: &Path| host.canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if real(theirs) == real(ours) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Settings,
        translated!(
            "`{}`, line {}: this nginx writes its process id to `{}`, but `proxy.pid_file` is `{}`",
            node.file.to_string_lossy(),
            node.line,
            theirs.to_string_lossy(),
            ours.to_string_lossy()
        ),
    )
    .advise(translated!(
        "let `proxy.pid_file` and `proxy.nginx` of hooks.toml name one and the same nginx: the one that serves"
    )))
}

/// `..`, `//` and links make other names for the same file (F96).
fn name_as_in_settings(host: &impl Host, tree: &mut [Node], path: &Path) {
    // Files are asked for once: a tree names each of them as often as it has lines.
    let known: RefCell<BTreeMap<PathBuf, Option<PathBuf>>> = RefCell::default();
    let own_name = |path: &Path| {
        let mut known = known.borrow_mut();
        known.entry(path.to_owned()).or_insert_with(|| host.canonicalize(path).ok()).clone()
    };
    let same = |one: &Path, other: Option<PathBuf>| other.is_some() && own_name(one) == other;
    let above = path.parent().unwrap_or(Path::new("/"));
    tree::name_as(tree, path, &|file| same(file, own_name(path)), &|directory| same(directory, own_name(above)));
}

/// The line of nginx's that says what is wrong.
fn complaint(text: &str) -> &str {
    text.lines()
        .find(|line| line.contains("[emerg]") || line.contains("[alert]"))
        .unwrap_or_else(|| first_line(text))
        .trim_start_matches("nginx: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f60_the_complaint_is_nginxs_own_line() {
        let said = "nginx: [warn] the \"user\" directive makes sense only if …\nnginx: [emerg] unknown directive \"lsten\" in /etc/nginx/conf.d/a.conf:3\nnginx: configuration file /etc/nginx/nginx.conf test failed\n";
        assert_eq!(complaint(said), "[emerg] unknown directive \"lsten\" in /etc/nginx/conf.d/a.conf:3");
    }
}
