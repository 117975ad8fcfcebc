//! An include that names a group of the user's own: which port that is stands in nginx's configuration, which is asked for nothing
//! else here (F96).

use std::path::PathBuf;

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;
use crate::nginx::access::Access;
use crate::nginx::configuration;
use crate::nginx::site::{Group, Site, Sought, verdict};
use crate::nginx::workers;
use crate::route::include::{Include, Leads};
use crate::slot::Slot;

/// Finds the port of the group that an include names, and the groups that it may name instead. Returns the file with the group
/// besides, since a change of it is a change of where traffic goes. Any other include is left as it is, and nothing is asked.
///
/// # Errors
/// `Kind::Settings` if no such group leads to one port of this host; as `configuration::read`.
pub(super) async fn resolve(
    host: &impl Host,
    settings: &Settings,
    include: Include,
) -> Result<(Include, Vec<PathBuf>)> {
    let Leads::Named { name, .. } = include.leads() else { return Ok((include, Vec::new())) };
    let site = site(host, settings).await?;
    let Some(group) = site.group(name).filter(|group| group.port().is_some()) else {
        return Err(unknown(settings, &include, name, site.group(name)));
    };
    let at = vec![group.line.file.clone()];
    // Its own group first: of two that lead to one port it keeps the one that it names.
    let first = std::iter::once(group).chain(site.groups.iter().filter(|other| other.name != group.name));
    let groups = first.filter_map(|group| Some((group.name.clone(), group.port()?))).collect();
    Ok((include.among(groups), at))
}

/// The line that the include needs, in the form that its uses have, as far as nginx's configuration can be read.
pub(super) async fn wanted_line(host: &impl Host, settings: &Settings) -> String {
    let site = site(host, settings).await.ok();
    verdict::wanted_line(site.as_ref(), &Sought::of(settings), settings.place(Slot::Blue).port)
}

async fn site(host: &impl Host, settings: &Settings) -> Result<Site> {
    let master = workers::master(host, &settings.proxy.pid_file).ok();
    let access = Access::find(host, settings, master.as_ref())?;
    Ok(Site::of(&configuration::read(host, settings, &access).await?, &Sought::of(settings)))
}

/// A group that cannot be taken over.
pub(super) fn unknown(settings: &Settings, include: &Include, name: &str, group: Option<&Group>) -> Error {
    let at = format!("{}:{}", settings.proxy.include.to_string_lossy(), include.line());
    let what = match group {
        Some(group) => translated!("`upstream {name}` ({}) does not lead to one port of 127.0.0.1", group.line),
        None => translated!("nginx's configuration has no `upstream {name}`"),
    };
    let form = include.form();
    let port = settings.place(Slot::Blue).port;
    Error::new(Kind::Settings, translated!("the include names the group `{name}` ({at}), and {what}")).advise(translated!(
        "write `set ${} {};` at {at} (or the other slot's port, whichever serves), then `nginx -t && nginx -s reload`",
        settings.proxy.variable,
        form.port(port)
    ))
}
