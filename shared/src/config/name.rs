//! The application's name, which is its include's: what these hooks keep on the host outside the application's directory bears it,
//! so that two applications on one host never share a file (F90, F91).

use std::path::Path;

use crate::slot::{BySlot, Place};

/// What stands for the name in `proxy.upstreams` and `proxy.flag`.
pub(super) const PLACEHOLDER: &str = "{name}";

/// The name of the application behind this include: the file's own without its ending, in characters that stand in nginx's
/// configuration without quotes.
pub(super) fn of(include: &Path) -> String {
    let stem = include.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' })
        .collect();
    let name = name.trim_matches(['.', '-']);
    if name.is_empty() { "service".to_owned() } else { name.to_owned() }
}

/// What nginx calls the two slots. A group's name is what the application gets as `Host` where the site sets none, so it has to
/// be a host's name: Tomcat answers 400 to one with `_` (F99).
pub(super) fn groups(name: &str, places: &BySlot<Place>) -> BySlot<String> {
    let by_profile = |place: &Place| host_name(&format!("{name}-{}", place.profile));
    let by_port = |place: &Place| host_name(&format!("{name}-{}", place.port));
    let BySlot { blue, green } = places;
    if by_profile(blue) == by_profile(green) {
        return BySlot { blue: by_port(blue), green: by_port(green) };
    }
    BySlot { blue: by_profile(blue), green: by_profile(green) }
}

/// nginx does not tell capitals from small letters in the names of groups.
fn host_name(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f90_an_applications_name_is_its_includes() {
        for (include, wanted) in [
            ("/etc/nginx/conf.d/service-url.inc", "service-url"),
            ("/etc/nginx/conf.d/backend-url.inc", "backend-url"),
            ("/etc/nginx/snippets/shop.v2.conf", "shop.v2"),
            ("/etc/nginx/conf.d/service_url", "service_url"),
            ("/etc/nginx/my shop;$x.inc", "my-shop--x"),
            ("/etc/nginx/.hidden.inc", "hidden"),
            ("/etc/nginx/서비스.inc", "service"),
            ("/", "service"),
        ] {
            assert_eq!(of(Path::new(include)), wanted, "{include}");
        }
    }

    #[test]
    fn f99_a_groups_name_is_one_that_a_host_may_have() {
        let named = |blue: &str, green: &str| {
            let place = |profile: &str, port| Place { profile: profile.to_owned(), port };
            let groups = groups("Service_url", &BySlot { blue: place(blue, 8081), green: place(green, 8082) });
            (groups.blue, groups.green)
        };
        for (blue, green, wanted) in [
            ("real1", "real2", ("service-url-real1", "service-url-real2")),
            ("set_1", "set_2", ("service-url-set-1", "service-url-set-2")),
            ("a_b", "a-b", ("service-url-8081", "service-url-8082")),
            ("Real", "real", ("service-url-8081", "service-url-8082")),
        ] {
            assert_eq!(named(blue, green), (wanted.0.to_owned(), wanted.1.to_owned()), "{blue}, {green}");
        }
    }
}
