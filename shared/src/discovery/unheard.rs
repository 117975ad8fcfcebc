//! nginx's own word that stands in the file and cannot be heard, though nginx runs: what a person can do about that.

use super::WordSays;
use super::witness::Testimony;
use crate::config::Settings;
use crate::host::{Host, Listener};
use crate::language::translated;
use crate::nginx::workers;

/// Who listens where nginx's own word should be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Holder {
    /// Nobody.
    Nobody,
    /// nginx.
    Nginx,
    /// A process that is not nginx's: which, as a fragment.
    Another(String),
    /// A process that this user is not shown: whose, as a fragment.
    Unseen(String),
}

/// What is to be said of it, before the cutover that it would have helped to prove.
#[must_use]
pub fn note(host: &impl Host, settings: &Settings, testimony: &Testimony) -> Option<String> {
    let WordSays::Silent(why) = &testimony.evidence.word else { return None };
    let port = settings.proxy.word?;
    // Where there is no nginx, that is what is said.
    workers::serve(host, &settings.proxy.pid_file).ok()?;
    let holder = holder(host, &host.listeners(port).ok()?);
    Some(said(settings, port, why, &holder))
}

fn holder(host: &impl Host, listeners: &[Listener]) -> Holder {
    let processes = || listeners.iter().flat_map(|listener| &listener.processes);
    let is_nginx = |title: &String| title.starts_with("nginx: ");
    match (processes().find(|process| !process.command.first().is_some_and(is_nginx)), listeners.first()) {
        (Some(other), _) => {
            let (id, owner) = (other.identity.id, host.user_named(other.owner).name);
            Holder::Another(translated!("process {id} of `{owner}` (`{}`)", other.command.join(" ")))
        }
        (None, None) => Holder::Nobody,
        (None, Some(_)) if processes().next().is_some() => Holder::Nginx,
        (None, Some(unseen)) => Holder::Unseen(translated!("a process of `{}`", host.user_named(unseen.owner).name)),
    }
}

fn said(settings: &Settings, port: u16, why: &str, holder: &Holder) -> String {
    let file = settings.proxy.upstreams.to_string_lossy();
    let another = translated!("or give `proxy.word` in hooks.toml another port");
    let (found, advice) = match holder {
        Holder::Nobody => (
            translated!("nobody listens there: nginx has not read that file").to_owned(),
            translated!("`nginx -t && nginx -s reload` as root").to_owned(),
        ),
        Holder::Another(who) => {
            (translated!("{who} listens there"), translated!("end it and `nginx -s reload` as root, {another}"))
        }
        Holder::Unseen(who) => (
            translated!("{who} listens there and does not speak for it: {why}"),
            translated!(
                "`ss -ltnp` as root shows who it is; if it is not nginx, end it and `nginx -s reload`, {another}"
            ),
        ),
        Holder::Nginx => {
            (translated!("nginx does not answer there: {why}"), translated!("see nginx's error log").to_owned())
        }
    };
    translated!("`{file}` lets nginx tell at port {port} where it sends requests, but {found}. To do: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};

    #[test]
    fn f100_why_nginx_cannot_be_heard_is_told_with_what_to_do_about_it() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        for (holder, found, advice) in [
            (Holder::Nobody, "nginx has not read that file", "nginx -s reload"),
            (Holder::Another("process 7 of `bob` (`java -jar x`)".into()), "process 7 of `bob`", "another port"),
            (Holder::Unseen("a process of `root`".into()), "a process of `root`", "ss -ltnp"),
            (Holder::Nginx, "port 18081 answers HTTP 404", "error log"),
        ] {
            let told = said(&settings, 18081, "port 18081 answers HTTP 404", &holder);
            assert!(told.starts_with("`/etc/nginx/conf.d/service-url.conf` lets nginx tell at port 18081"), "{told}");
            let (first, last) = told.split_once(". To do: ").unwrap();
            assert!(first.contains(found) && last.contains(advice), "{told}");
        }
    }
}
