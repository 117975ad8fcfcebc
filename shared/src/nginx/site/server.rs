//! A server block: where it listens and what it is called.

use crate::nginx::configuration::tree::Node;
use crate::nginx::site::answer::answers_itself;
use crate::nginx::site::line::Line;

/// A server block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it begins.
    pub line: Line,
    /// Where it listens.
    pub listens: Vec<Listen>,
    /// Its names, as they are written.
    pub names: Vec<String>,
    /// Its locations that are paths.
    pub locations: Vec<Location>,
}

/// A location that is a path, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The path.
    pub path: String,
    /// Whether it is the whole path.
    pub whole: bool,
    /// Whether it answers by itself: a redirect, or a page for maintenance.
    pub answers: bool,
}

impl Server {
    /// Whether the location that a path gets into answers by itself.
    pub(super) fn answers_itself(&self, path: &str) -> bool {
        let fits = |location: &&Location| {
            if location.whole { location.path == path } else { path.starts_with(&location.path) }
        };
        let taken = self.locations.iter().filter(fits).max_by_key(|location| (location.whole, location.path.len()));
        taken.is_some_and(|location| location.answers)
    }

    /// What `$scheme` is in it: TLS, if any of its clients may speak it.
    pub(super) fn scheme(&self) -> &'static str {
        if self.listens.iter().any(|listen| listen.ssl) { "https" } else { "http" }
    }

    /// The names that stand for a site: not those that stand for whatever has no other.
    pub(super) fn own_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| !matches!(*name, "" | "_" | "localhost"))
    }
}

/// One `listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word that stands in a `listen` of nginx's, or does not")]
pub struct Listen {
    /// The address without its port: `*` for all of IPv4, `[::]` for all of IPv6, the path of a socket.
    pub address: String,
    /// The port; nothing for a socket.
    pub port: Option<u16>,
    /// Whether it speaks TLS.
    pub ssl: bool,
    /// Whether it wants the PROXY protocol, which no browser speaks.
    pub proxy_protocol: bool,
    /// Whether it takes what fits no name.
    pub default_server: bool,
    /// Whether `[::]` takes IPv4 as well.
    pub both_families: bool,
    /// Where it stands.
    pub line: Line,
}

/// Reads a server block.
pub(super) fn server(node: &Node) -> Server {
    let line = Line::of(node);
    let mut listens: Vec<Listen> = node.block.iter().filter(|node| node.name() == "listen").map(listen).collect();
    if listens.is_empty() {
        listens.push(listen_at("*", Some(80), &[], line.clone()));
    }
    let names = node.block.iter().filter(|node| node.name() == "server_name");
    let names = names.flat_map(|node| node.words.iter().skip(1).cloned()).collect();
    let locations = node.block.iter().filter(|node| node.name() == "location").filter_map(location).collect();
    Server { line, listens, names, locations }
}

fn location(node: &Node) -> Option<Location> {
    let (path, whole) = match node.words.as_slice() {
        [_, path] | [_, _, path] if path.starts_with('@') => return None,
        [_, path] => (path, false),
        [_, modifier, path] if modifier == "=" || modifier == "^~" => (path, modifier == "="),
        _ => return None,
    };
    Some(Location { path: path.clone(), whole, answers: answers_itself(&node.block).is_some() })
}

fn listen(node: &Node) -> Listen {
    let options: Vec<&str> = node.words.iter().skip(2).map(String::as_str).collect();
    let argument = node.argument();
    let line = Line::of(node);
    if let Some(path) = argument.strip_prefix("unix:") {
        return listen_at(path, None, &options, line);
    }
    if let Ok(port) = argument.parse() {
        return listen_at("*", Some(port), &options, line);
    }
    match argument.rsplit_once(':') {
        Some((address, port)) if !port.contains(']') => {
            let address = if address == "0.0.0.0" { "*" } else { address };
            listen_at(address, port.parse().ok(), &options, line)
        }
        _ => listen_at(if argument == "0.0.0.0" { "*" } else { argument }, Some(80), &options, line),
    }
}

fn listen_at(address: &str, port: Option<u16>, options: &[&str], line: Line) -> Listen {
    Listen {
        address: address.to_owned(),
        port,
        ssl: options.contains(&"ssl"),
        proxy_protocol: options.contains(&"proxy_protocol"),
        default_server: options.contains(&"default_server") || options.contains(&"default"),
        both_families: options.contains(&"ipv6only=off"),
        line,
    }
}
