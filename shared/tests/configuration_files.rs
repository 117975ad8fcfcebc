//! nginx's configuration as it is read from its files by a user who may not run `nginx -T`, on a host in memory.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fake_host::FakeHost;
use shared::config::{self, CutoverWay, Settings, SettingsFile};
use shared::error::Result;
use shared::host::Host;
use shared::nginx::access::Access;
use shared::nginx::configuration::{self, Look};
use shared::nginx::workers;

/// A host of root's, whose nginx reads these files, and a deploying user who may not test it.
fn host(files: &[(&str, &str)]) -> (FakeHost, Settings) {
    let text = "[proxy]\nnginx = [\"nginx\", \"-c\", \"/etc/nginx/nginx.conf\"]\n";
    let settings =
        config::settings(SettingsFile::parse("hooks.toml", text)).unwrap_or_else(|error| unreachable!("{error}"));
    let host = FakeHost::new(&settings.proxy.include, &settings.proxy.pid_file, 8081);
    for (path, text) in files {
        host.write(Path::new(path), text.as_bytes());
    }
    host.foreign_reload();
    host.run_as(1000);
    (host, settings)
}

fn look(host: &FakeHost, settings: &Settings) -> Result<Look> {
    let master = workers::master(host, &settings.proxy.pid_file).unwrap_or_else(|error| unreachable!("{error}"));
    let access = Access::find(host, settings, Some(&master)).unwrap_or_else(|error| unreachable!("{error}"));
    let look = pin!(configuration::look(host, settings, &access, &master, CutoverWay::Reload));
    match look.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(look) => look,
        Poll::Pending => unreachable!("a host in memory never waits"),
    }
}

const MAIN: &str = "http { include conf.d/*.conf; }";
const SITE: &str = "server { include /etc/nginx/conf.d/service-url.inc; location / { proxy_pass $service_url; } }";

#[test]
fn f112_nginxs_files_are_read_as_nginx_reads_them_and_what_cannot_be_read_is_unknown() {
    for (name, files, wanted) in [
        ("the usual", vec![("nginx.conf", MAIN), ("conf.d/a.conf", SITE)], Ok("")),
        (
            "in one file",
            vec![(
                "nginx.conf",
                "http { server { include conf.d/service-url.inc; location / { proxy_pass $service_url; } } }",
            )],
            Ok(""),
        ),
        (
            "two levels of patterns",
            vec![("nginx.conf", "http { include sites-*/[a-c]?.conf; }"), ("sites-enabled/b1.conf", SITE)],
            Ok(""),
        ),
        (
            "a pattern that finds nothing",
            vec![
                ("nginx.conf", "include modules-enabled/*.conf; http { include conf.d/*.conf; }"),
                ("conf.d/a.conf", SITE),
            ],
            Ok(""),
        ),
        (
            "a path with a dot and two slashes",
            vec![("nginx.conf", "http { include ./conf.d//*.conf; }"), ("conf.d/a.conf", SITE)],
            Ok(""),
        ),
        (
            "quotes, comments and a file that is read twice",
            vec![
                (
                    "nginx.conf",
                    "# include gone.conf;\nhttp { include \"conf.d/a.conf\"; server { include mime.conf; include mime.conf; } }",
                ),
                ("mime.conf", "types { }"),
                ("conf.d/a.conf", SITE),
            ],
            Ok(""),
        ),
        ("a hidden file", vec![("nginx.conf", MAIN), ("conf.d/.a.conf", SITE)], Err("does not read the include")),
        (
            "deeper than the pattern",
            vec![("nginx.conf", MAIN), ("conf.d/deeper/a.conf", SITE)],
            Err("does not read the include"),
        ),
        (
            "a site that goes past the include",
            vec![
                ("nginx.conf", MAIN),
                (
                    "conf.d/a.conf",
                    "server { include conf.d/service-url.inc; location / { proxy_pass http://127.0.0.1:8081; } }",
                ),
            ],
            Err("whatever the include says"),
        ),
        (
            "another nginx's pid file",
            vec![("nginx.conf", "pid /run/other.pid; http { include conf.d/*.conf; }"), ("conf.d/a.conf", SITE)],
            Err("proxy.pid_file"),
        ),
        ("no main file", vec![("conf.d/a.conf", SITE)], Ok("`/etc/nginx/nginx.conf` cannot be read")),
        (
            "a file that nginx would miss",
            vec![("nginx.conf", "http { include gone.conf; include conf.d/*.conf; }"), ("conf.d/a.conf", SITE)],
            Ok("`/etc/nginx/gone.conf` cannot be read"),
        ),
        (
            "a directory among the files",
            vec![("nginx.conf", "http { include conf.d/*; }"), ("conf.d/deeper/a.conf", SITE)],
            Ok("`/etc/nginx/conf.d/deeper` cannot be read"),
        ),
    ] {
        let files: Vec<(String, &str)> =
            files.into_iter().map(|(path, text)| (format!("/etc/nginx/{path}"), text)).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let (host, settings) = host(&files);
        match (look(&host, &settings), wanted) {
            (Ok(Look::Seen(_)), Ok("")) => {}
            (Ok(Look::Unknown(why)), Ok(wanted)) if !wanted.is_empty() => {
                assert!(why.contains(wanted), "{name}: {why}");
            }
            (Err(refused), Err(wanted)) => assert!(refused.to_string().contains(wanted), "{name}: {refused}"),
            (look, _) => panic!("{name}: {look:?}"),
        }
    }
}

#[test]
fn f112_files_that_this_user_may_not_read_or_that_nginx_has_not_read_show_nothing() {
    let usual = [("/etc/nginx/nginx.conf", MAIN), ("/etc/nginx/conf.d/a.conf", SITE)];
    for (path, mode, wanted) in [
        ("/etc/nginx/nginx.conf", 0o600, "`/etc/nginx/nginx.conf` cannot be read"),
        ("/etc/nginx/conf.d/a.conf", 0o640, "`/etc/nginx/conf.d/a.conf` cannot be read"),
        ("/etc/nginx/conf.d/secret.conf", 0o600, "`/etc/nginx/conf.d/secret.conf` cannot be read"),
    ] {
        let (host, settings) = host(&usual);
        host.run_as(0);
        let text = usual.iter().find(|(known, _)| *known == path).map_or("", |(_, text)| text);
        host.delete(Path::new(path));
        host.replace_file(Path::new(path), text.as_bytes(), mode).unwrap();
        host.foreign_reload();
        host.run_as(1000);
        let found = look(&host, &settings);
        assert!(matches!(&found, Ok(Look::Unknown(why)) if why.contains(wanted)), "{path}: {found:?}");
    }
    let (host, settings) = host(&usual);
    assert!(matches!(look(&host, &settings), Ok(Look::Seen(_))));
    host.pass(std::time::Duration::from_secs(1));
    host.write(Path::new("/etc/nginx/conf.d/a.conf"), SITE.as_bytes());
    let found = look(&host, &settings);
    assert!(matches!(&found, Ok(Look::Unknown(why)) if why.contains("changed after nginx had read them")), "{found:?}");
}
