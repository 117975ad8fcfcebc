//! Which server block a request reaches: by where it arrives, then by its `Host` header, in nginx's own order.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::Settings;
use crate::nginx::site::{Line, Server, Site, address};

/// The door of the settings, as far as it is known without asking a resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// As the settings have it.
    pub url: String,
    /// The addresses that it may lead to, in the order in which they are tried.
    pub addresses: Vec<IpAddr>,
    /// Its port.
    pub port: u16,
    /// What is asked for.
    pub path: String,
    /// The `Host` header.
    pub host: String,
}

impl Door {
    /// The door of these settings. Where it is on another host there are no addresses.
    #[must_use]
    pub fn of(settings: &Settings) -> Door {
        let url = &settings.proxy.door;
        let rest = address::strip_scheme(url, "http://").unwrap_or(url);
        let (authority, after) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (name, port) = address::split(authority);
        let addresses = if name.eq_ignore_ascii_case("localhost") {
            vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
        } else {
            name.trim_start_matches('[').trim_end_matches(']').parse().into_iter().collect()
        };
        let path = after.split('?').next().filter(|path| !path.is_empty()).unwrap_or("/");
        let host = if settings.proxy.host.is_empty() { authority } else { settings.proxy.host.as_str() };
        Door { url: url.clone(), addresses, port: port.unwrap_or(80), path: path.to_owned(), host: host.to_owned() }
    }
}

/// Which server block a request reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// This one: its index in `servers`.
    Server(usize),
    /// A name that is a regular expression may take it first: where that stands.
    Unclear(Line),
    /// Nobody listens there.
    Nobody,
}

impl Site {
    /// The server block that the door leads to although it does not read the include, and sends requests on: whoever asks there
    /// is told nothing of a cutover, or the wrong thing. A block that only redirects or answers by itself tells nothing wrong.
    #[must_use]
    pub fn astray(&self, door: &Door, groups: &std::path::Path) -> Option<&Server> {
        let reached = door.addresses.iter().map(|address| self.reached(*address, door.port, &door.host));
        let Some(Reached::Server(index)) = reached.into_iter().find(|reached| *reached != Reached::Nobody) else {
            return None;
        };
        let server = &self.servers[index];
        // nginx's word on what it has read is a server block as well.
        if self.reads_in(index) || server.line.file == groups || server.answers_itself(&door.path) {
            return None;
        }
        let ports: Vec<Option<u16>> =
            self.passes.iter().filter(|(server, _)| *server == index).map(|(_, port)| *port).collect();
        // One block of nginx's before another, as with a cache or with TLS in front.
        let goes_on_to_site = |port: &Option<u16>| {
            let listens = |server: &Server| server.listens.iter().any(|listen| listen.port == *port);
            port.is_some() && self.reads.iter().filter_map(|read| read.server).any(|read| listens(&self.servers[read]))
        };
        (!ports.is_empty() && !ports.iter().any(goes_on_to_site)).then_some(server)
    }

    /// The server block that a request to this address and port with this `Host` header reaches.
    #[must_use]
    pub fn reached(&self, address: IpAddr, port: u16, host: &str) -> Reached {
        let exact = match address {
            IpAddr::V4(address) => vec![address.to_string()],
            IpAddr::V6(address) => vec![format!("[{address}]")],
        };
        // An address of its own comes before one that stands for all.
        let every: &[&str] = if address.is_ipv4() { &["*"] } else { &["[::]"] };
        let listening = |wanted: &dyn Fn(&crate::nginx::site::Listen) -> bool| -> Vec<(usize, bool)> {
            let found = |server: &Server| {
                let listen = server.listens.iter().find(|listen| listen.port == Some(port) && wanted(listen))?;
                Some(listen.default_server)
            };
            self.servers.iter().enumerate().filter_map(|(index, server)| Some((index, found(server)?))).collect()
        };
        let mut candidates = listening(&|listen| exact.contains(&listen.address));
        if candidates.is_empty() {
            candidates = listening(&|listen| every.contains(&listen.address.as_str()));
        }
        if candidates.is_empty() && address.is_ipv4() {
            candidates = listening(&|listen| listen.address == "[::]" && listen.both_families);
        }
        self.named(&candidates, host)
    }

    fn named(&self, candidates: &[(usize, bool)], host: &str) -> Reached {
        let host = host
            .rsplit_once(':')
            .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let best = candidates
            .iter()
            .flat_map(|(index, _)| self.servers[*index].names.iter().map(move |name| (*index, name)))
            .filter_map(|(index, name)| Some((fit(name, &host)?, index)))
            .reduce(|best, other| if other.0 > best.0 { other } else { best });
        if let Some((_, index)) = best {
            return Reached::Server(index);
        }
        let expression = candidates
            .iter()
            .find(|(index, _)| !host.is_empty() && self.servers[*index].names.iter().any(|name| name.starts_with('~')));
        if let Some((index, _)) = expression {
            return Reached::Unclear(self.servers[*index].line.clone());
        }
        let default = candidates.iter().find(|(_, default)| *default).or(candidates.first());
        default.map_or(Reached::Nobody, |(index, _)| Reached::Server(*index))
    }
}

/// How well a name fits: an exact one best, then the longest that begins with `*`, then the longest that ends with it.
fn fit(name: &str, host: &str) -> Option<(u8, usize)> {
    let name = name.to_ascii_lowercase();
    if name.starts_with('~') {
        return None;
    }
    if name == host {
        return Some((3, name.len()));
    }
    if let Some(rest) = name.strip_prefix('.') {
        if rest == host {
            return Some((3, name.len()));
        }
        return host.ends_with(&name).then_some((2, name.len()));
    }
    if let Some(rest) = name.strip_prefix('*') {
        return (rest.starts_with('.') && host.len() > rest.len() && host.ends_with(rest)).then_some((2, rest.len()));
    }
    let rest = name.strip_suffix('*')?;
    (rest.ends_with('.') && host.len() > rest.len() && host.starts_with(rest)).then_some((1, rest.len()))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::config::{self, SettingsFile};
    use crate::nginx::configuration::tree;
    use crate::nginx::site::Sought;

    #[test]
    fn a_request_reaches_the_server_block_that_nginx_would_choose() {
        let servers = "\
server { listen 80; server_name first.example; }
server { listen 80; server_name .example.com; }
server { listen 80; server_name *.deep.example.com www.*; }
server { listen 80 default_server; server_name _; }
server { listen 127.0.0.1:80; server_name own.example; }
server { listen 81; listen [::1]:81; server_name a; }
server { listen 82; server_name ~^api\\d+$; }
server { listen 82; server_name plain; }
server { listen [::]:83 ipv6only=off; }
server { server_name \"\"; listen 10.0.0.1:84; }
";
        let dump = format!("# configuration file /etc/nginx/nginx.conf:\nhttp {{\n{servers}}}\n");
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let site = Site::of(&tree::parse(&dump), &Sought::of(&settings));
        let outside = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for (address, port, host, wanted) in [
            (outside, 80, "FIRST.example:80", Reached::Server(0)),
            (outside, 80, "example.com", Reached::Server(1)),
            (outside, 80, "a.example.com", Reached::Server(1)),
            (outside, 80, "a.deep.example.com", Reached::Server(2)),
            (outside, 80, "www.other", Reached::Server(2)),
            (outside, 80, "localhost", Reached::Server(3)),
            (loopback, 80, "first.example", Reached::Server(4)),
            (outside, 81, "whatever", Reached::Server(5)),
            (IpAddr::V6(Ipv6Addr::LOCALHOST), 81, "a", Reached::Server(5)),
            (IpAddr::V6(Ipv6Addr::LOCALHOST), 80, "a", Reached::Nobody),
            (outside, 82, "plain", Reached::Server(7)),
            (outside, 82, "api1", Reached::Unclear(site.servers[6].line.clone())),
            (loopback, 83, "", Reached::Server(8)),
            (loopback, 84, "", Reached::Nobody),
            (loopback, 85, "", Reached::Nobody),
        ] {
            assert_eq!(site.reached(address, port, host), wanted, "{address} {port} {host}");
        }
    }

    #[test]
    fn f95_a_door_to_a_server_block_that_sends_requests_elsewhere_is_found_and_one_that_tells_nothing_is_not() {
        let read = "server { listen 81; server_name site; include conf.d/service-url.inc; location / { proxy_pass $service_url; } }";
        for (name, other, door, host, wanted) in [
            (
                "a fixed port",
                "location / { proxy_pass http://127.0.0.1:8081; }",
                "http://127.0.0.1:80/profile",
                "",
                true,
            ),
            ("localhost", "location / { proxy_pass http://127.0.0.1:9; }", "http://LocalHost/profile", "site", true),
            ("another variable", "location / { proxy_pass $other_url; }", "http://localhost/", "", true),
            (
                "its own include",
                "include conf.d/shop.inc; location / { proxy_pass $service_url; }",
                "http://localhost",
                "",
                true,
            ),
            (
                "a fallback",
                "location / { try_files $uri @app; } location @app { proxy_pass http://10.0.0.1; }",
                "http://localhost/x",
                "",
                true,
            ),
            (
                "the site's port",
                "location / { proxy_pass http://127.0.0.1:8081; }",
                "http://localhost:81/profile",
                "",
                false,
            ),
            ("nobody", "location / { proxy_pass http://127.0.0.1:8081; }", "http://localhost:82/profile", "", false),
            (
                "another host",
                "location / { proxy_pass http://127.0.0.1:8081; }",
                "http://shop.example/profile",
                "",
                false,
            ),
            ("certbot", "location / { return 301 https://$host$request_uri; }", "http://localhost/profile", "", false),
            (
                "certbot, by a rewrite",
                "rewrite ^ https://$host$uri; location / { proxy_pass http://b; }",
                "http://localhost/",
                "",
                false,
            ),
            (
                "a challenge beside the redirect",
                "location /.well-known/ { proxy_pass http://127.0.0.1:9; } location / { return 301 https://$host$request_uri; }",
                "http://localhost/profile?x=/.well-known/",
                "",
                false,
            ),
            ("static files", "root /var/www;", "http://localhost/profile", "", false),
            (
                "nginx before nginx",
                "location / { proxy_pass http://127.0.0.1:81; }",
                "http://localhost/profile",
                "",
                false,
            ),
        ] {
            let dump = format!(
                "# configuration file /etc/nginx/nginx.conf:\nhttp {{\nserver {{ listen 80; {other} }}\n{read}\n}}\n\
                 # configuration file /etc/nginx/conf.d/service-url.inc:\nset $service_url http://127.0.0.1:8081;\n\
                 # configuration file /etc/nginx/conf.d/shop.inc:\nset $service_url http://127.0.0.1:9;\n"
            );
            let text = format!("[proxy]\ndoor = \"{door}\"\nhost = \"{host}\"\n");
            let settings = config::settings(SettingsFile::parse("hooks.toml", &text)).unwrap();
            let site = Site::of(&tree::parse(&dump), &Sought::of(&settings));
            let astray = site.astray(&Door::of(&settings), &settings.proxy.upstreams);
            assert_eq!(astray.map(|server| server.line.number), wanted.then_some(2), "{name}");
        }
    }
}
