//! The form in which a `proxy_pass` takes the variable, and in which the include gives it. They have to fit: nginx answers
//! 500 to everybody where they do not (F96).

use crate::language::translated;
use crate::nginx::site::address;

/// How a variable holds, or is taken for, the place that traffic goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A whole URL: `proxy_pass $service_url;`.
    Url,
    /// An address or the name of a group: `proxy_pass http://$service_url;`.
    Address,
    /// A port: `proxy_pass http://127.0.0.1:$service_url;`.
    Port,
    /// Something that is not written by these hooks: `https://`, a part of a name, a key of a `map`.
    Foreign,
}

impl Form {
    /// The form that a target needs in which the variable stands as `$variable`.
    #[must_use]
    pub fn of_use(directive: &str, target: &str, variable: &str) -> Form {
        let variable = format!("${variable}");
        let Some((before, after)) = target.split_once(&variable) else { return Form::Foreign };
        // Schemes are the same in capitals.
        let before = &before.to_ascii_lowercase();
        let ends = after.is_empty() || after.starts_with(['/', '$']);
        let host = before.strip_prefix("http://").and_then(|rest| rest.strip_suffix(':'));
        match (directive, before.as_str()) {
            _ if !ends => Form::Foreign,
            ("proxy_pass", "") => Form::Url,
            ("proxy_pass", "http://")
            | ("grpc_pass", "grpc://")
            | ("fastcgi_pass" | "uwsgi_pass" | "scgi_pass", "") => Form::Address,
            // Another name than an address would need a resolver.
            ("proxy_pass", _) if matches!(host, Some("127.0.0.1" | "[::1]")) => Form::Port,
            _ => Form::Foreign,
        }
    }

    /// The form of what the include sets.
    #[must_use]
    pub fn of_value(value: &str) -> Form {
        if let Some(authority) = address::strip_scheme(value, "http://") {
            return if authority.contains(['/', '$']) { Form::Foreign } else { Form::Url };
        }
        if value.is_empty() || value.contains(['/', '$']) {
            return Form::Foreign;
        }
        if value.bytes().all(|byte| byte.is_ascii_digit()) { Form::Port } else { Form::Address }
    }

    /// A port in this form.
    #[must_use]
    pub fn port(self, port: u16) -> String {
        match self {
            Form::Url | Form::Foreign => format!("http://127.0.0.1:{port}"),
            Form::Address => format!("127.0.0.1:{port}"),
            Form::Port => port.to_string(),
        }
    }

    /// A group's name in this form. A port can be no group, which the verdict refuses.
    #[must_use]
    pub fn group(self, name: &str) -> String {
        match self {
            Form::Url | Form::Foreign => format!("http://{name}"),
            Form::Address | Form::Port => name.to_owned(),
        }
    }

    /// The line that uses a variable of this form.
    #[must_use]
    pub fn use_of(self, variable: &str) -> String {
        match self {
            Form::Url | Form::Foreign => format!("proxy_pass ${variable};"),
            Form::Address => format!("proxy_pass http://${variable};"),
            Form::Port => format!("proxy_pass http://127.0.0.1:${variable};"),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::Url => "a URL",
            Form::Address => translated!("an address without `http://`"),
            Form::Port => translated!("a port"),
            Form::Foreign => translated!("something else"),
        }
    }
}

/// The port that a value of the include names itself, without a group.
#[must_use]
pub fn port_of(value: &str) -> Option<u16> {
    match Form::of_value(value) {
        Form::Port => value.parse().ok(),
        _ => address::loopback_port(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f96_a_use_says_which_form_the_value_needs() {
        for (directive, target, wanted) in [
            ("proxy_pass", "$service_url", Form::Url),
            ("proxy_pass", "$service_url$request_uri", Form::Url),
            ("proxy_pass", "$service_url/api/", Form::Url),
            ("proxy_pass", "http://$service_url", Form::Address),
            ("proxy_pass", "http://$service_url/x$is_args$args", Form::Address),
            ("proxy_pass", "http://127.0.0.1:$service_url", Form::Port),
            ("proxy_pass", "http://[::1]:$service_url/", Form::Port),
            ("proxy_pass", "HTTP://$service_url", Form::Address),
            ("proxy_pass", "http://localhost:$service_url", Form::Foreign),
            ("proxy_pass", "https://$service_url", Form::Foreign),
            ("proxy_pass", "http://app-$service_url", Form::Foreign),
            ("proxy_pass", "http://$service_url:8080", Form::Foreign),
            ("proxy_pass", "http://$service_url.internal", Form::Foreign),
            ("grpc_pass", "grpc://$service_url", Form::Address),
            ("uwsgi_pass", "$service_url", Form::Address),
        ] {
            assert_eq!(Form::of_use(directive, target, "service_url"), wanted, "{directive} {target}");
        }
    }

    #[test]
    fn f96_a_value_has_a_form_in_which_other_places_are_written() {
        for (value, form, port) in [
            ("http://127.0.0.1:8081", Form::Url, Some(8081)),
            ("http://blue", Form::Url, None),
            ("HTTP://LOCALHOST:8081", Form::Url, Some(8081)),
            ("127.0.0.1:8081", Form::Address, Some(8081)),
            ("blue", Form::Address, None),
            ("8081", Form::Port, Some(8081)),
            ("https://127.0.0.1:8081", Form::Foreign, None),
            ("http://127.0.0.1:8081/", Form::Foreign, None),
            ("", Form::Foreign, None),
        ] {
            assert_eq!(
                (Form::of_value(value), port_of(value).filter(|_| form != Form::Foreign)),
                (form, port),
                "{value}"
            );
        }
        assert_eq!(Form::Address.port(8082), "127.0.0.1:8082");
        assert_eq!(Form::Url.group("green"), "http://green");
        assert_eq!(Form::Address.group("green"), "green");
    }
}
