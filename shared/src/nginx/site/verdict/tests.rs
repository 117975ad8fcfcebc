//! The verdict where no nginx has to run: its cases with a real one are in `tests/stories/sites`.

use super::*;
use crate::config::{self, SettingsFile};
use crate::nginx::configuration::tree;

/// The verdict on what stands in the main file, whatever nginx would say of it; the include leads to blue.
fn told(main: &str, way: CutoverWay) -> Result<Vec<String>> {
    let settings = config::settings(SettingsFile::parse("", "")).unwrap();
    let dump = format!(
        "# configuration file /etc/nginx/nginx.conf:\n{main}\n\
         # configuration file /etc/nginx/conf.d/service-url.inc:\nset $service_url http://127.0.0.1:8081;\n"
    );
    let sought = Sought::of(&settings);
    judge(&Site::of(&tree::parse(&dump), &sought), &sought, way)
}

#[test]
fn f95_f98_what_nginx_itself_would_not_start_with_here_is_judged_as_well() {
    const SITE: &str = "server { include conf.d/service-url.inc; location / { proxy_pass $service_url; } }";
    for (name, main, wanted) in [
        ("the site alone", format!("http {{ {SITE} }}"), Ok("")),
        (
            "a TCP proxy to a slot",
            format!("http {{ {SITE} }} stream {{ server {{ listen 90; proxy_pass 127.0.0.1:8082; }} }}"),
            Ok("`proxy_pass 127.0.0.1:8082` (/etc/nginx/nginx.conf:1) goes to port 8082 and follows no cutover"),
        ),
        (
            "a TCP proxy to a group with a slot",
            format!("http {{ {SITE} }} stream {{ upstream a {{ server localhost:8081; }} server {{ proxy_pass a; }} }}"),
            Ok("`proxy_pass a` (/etc/nginx/nginx.conf:1) goes to port 8081"),
        ),
        (
            "gRPC to a slot",
            "http { server { include conf.d/service-url.inc; location / { proxy_pass $service_url; }\n\
             location /grpc { grpc_pass grpc://127.0.0.1:8081; } } }"
                .to_owned(),
            Err("`grpc_pass grpc://127.0.0.1:8081` (/etc/nginx/nginx.conf:2) goes to port 8081 and would stay behind"),
        ),
        (
            "the include in http",
            format!("http {{ include conf.d/*.inc; {SITE} }}"),
            Err("is read in `http` (/etc/nginx/nginx.conf:1), where no variable can be set"),
        ),
        (
            "the include in a group",
            format!("http {{ upstream a {{ include conf.d/service-url.inc; }} {SITE} }}"),
            Err("is read in `upstream`"),
        ),
        (
            "TLS to the client and `$scheme` to the application",
            "http { server { listen 443 ssl; include conf.d/service-url.inc; location / { proxy_pass $scheme://127.0.0.1:$service_url; } } }"
                .to_owned(),
            Err("for something else than an address or a URL"),
        ),
    ] {
        for way in [CutoverWay::Reload, CutoverWay::Instant] {
            match (told(&main, way), wanted) {
                (Ok(notes), Ok(wanted)) => {
                    assert!(notes.join("\n").starts_with(wanted) && (notes.is_empty() == wanted.is_empty()), "{name}: {notes:?}");
                }
                (Err(error), Err(wanted)) => {
                    assert_eq!(error.kind(), Kind::Settings, "{name}");
                    assert!(error.to_string().contains(wanted) && error.advice().is_some(), "{name}: {error}");
                }
                (told, _) => panic!("{name}: {told:?}"),
            }
        }
    }
}

#[test]
fn f96_the_line_that_is_advised_has_the_form_of_its_uses() {
    let settings = config::settings(SettingsFile::parse("", "")).unwrap();
    let sought = Sought::of(&settings);
    let site = |target: &str| {
        let text = format!("# configuration file /n:\nhttp {{ server {{ location / {{ proxy_pass {target}; }} }} }}");
        Site::of(&tree::parse(&text), &sought)
    };
    for (site, wanted) in [
        (Some(site("$service_url")), "`set $service_url http://127.0.0.1:8081;`"),
        (Some(site("http://$service_url")), "`set $service_url 127.0.0.1:8081;`"),
        (Some(site("http://127.0.0.1:$service_url")), "`set $service_url 8081;`"),
        (
            None,
            "`set $service_url http://127.0.0.1:8081;` (or `set $service_url 127.0.0.1:8081;` where nginx has \
             `proxy_pass http://$service_url;`)",
        ),
    ] {
        assert_eq!(wanted_line(site.as_ref(), &sought, 8081), wanted);
    }
}
