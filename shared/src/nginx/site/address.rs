//! Addresses as `proxy_pass`, `server` in an `upstream` and `listen` have them.

/// What stands between the scheme and the path.
#[must_use]
pub fn authority(target: &str) -> &str {
    let schemes = ["http://", "https://", "grpc://", "grpcs://"];
    let rest = schemes.iter().find_map(|scheme| strip_scheme(target, scheme)).unwrap_or(target);
    rest.split('/').next().unwrap_or(rest)
}

/// What stands after a scheme, which nginx reads without regard to capitals.
#[must_use]
pub fn strip_scheme<'a>(target: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = target.split_at_checked(scheme.len())?;
    found.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Splits off the port, where there is one.
#[must_use]
pub fn split(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (authority, None),
        },
        _ => (authority, None),
    }
}

/// The port of this host that a target leads to.
#[must_use]
pub fn loopback_port(target: &str) -> Option<u16> {
    // A path is what these begin with, though they show none.
    let paths = ["$request_uri", "$uri", "$document_uri"];
    let end = paths.iter().filter_map(|path| target.find(path)).min().unwrap_or(target.len());
    let (host, port) = split(authority(&target[..end]));
    let host = host.to_ascii_lowercase();
    let loopback = matches!(host.as_str(), "localhost" | "[::1]" | "0.0.0.0" | "[::]") || host.starts_with("127.");
    port.filter(|_| loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_this_host_is_known_in_every_way_to_write_it() {
        for (target, wanted) in [
            ("http://127.0.0.1:8081", Some(8081)),
            ("http://localhost:8081/ws/", Some(8081)),
            ("https://[::1]:8081", Some(8081)),
            ("127.0.0.1:8081", Some(8081)),
            ("grpc://0.0.0.0:8081", Some(8081)),
            ("http://LOCALHOST:8081", Some(8081)),
            ("Localhost:8081", Some(8081)),
            ("HTTP://127.0.0.1:8081", Some(8081)),
            ("Https://LocalHost:8081/x", Some(8081)),
            ("http://127.0.0.1:8081$request_uri", Some(8081)),
            ("http://127.0.0.1:8081$uri$is_args$args", Some(8081)),
            ("http://127.0.0.1:80$shard", None),
            ("é", None),
            ("http://10.0.0.1:8081", None),
            ("http://blue", None),
            ("http://127.0.0.1", None),
            ("http://127.0.0.1:$port", None),
            ("unix:/run/app.socket", None),
        ] {
            assert_eq!(loopback_port(target), wanted, "{target}");
        }
    }
}
