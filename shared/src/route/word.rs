//! nginx's own word: a server of its own on a loopback port, which reads the same include as the site, and answers which worker
//! would send a request where, now. It needs no certificate, no login and no application, passes no limiter, and follows the
//! flag at once. It shows what nginx would choose, not that a site uses it: that is what the walk over nginx's configuration shows.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::config::Settings;
use crate::error::Result;
use crate::host::{Answer, Host, ProcessIdentity, Request};
use crate::language::translated;
use crate::nginx::directives::{End, directives};
use crate::slot::Slot;

/// How long one answer may take: nothing but nginx itself is asked.
pub const AT_MOST: Duration = Duration::from_secs(1);

/// Where it is asked.
const PATH: &str = "/word";

/// What nginx says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The process that answered: one of nginx's workers.
    pub worker: u32,
    /// What `proxy_pass` would get for the variable.
    pub target: String,
}

/// Whose worker a word comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// One of our master's.
    Ours,
    /// Another nginx's.
    Another,
    /// One that has gone since, as at a reload.
    Gone,
}

impl Word {
    /// Whose worker it comes from. Whatever else answers at the port may say the same, and says nothing of the nginx of `master`.
    pub fn speaker(&self, host: &impl Host, master: &ProcessIdentity) -> Speaker {
        match host.process(self.worker) {
            None => Speaker::Gone,
            Some(process) if process.parent == master.id => Speaker::Ours,
            Some(_) => Speaker::Another,
        }
    }
}

/// What was heard instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unheard {
    /// An answer that is no word, as a fragment: the include itself answers (`return`), or somebody else has the port.
    Another(String),
    /// No answer, as a fragment.
    Silence(String),
}

impl fmt::Display for Unheard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unheard::Another(why) | Unheard::Silence(why) => formatter.write_str(why),
        }
    }
}

/// The server block, for the file that nginx reads at the level of `http`; nothing where it is not to be asked. A server that
/// listens on a port of its own can never become the default of a site's. With `reuseport` the kernel spreads connections evenly
/// over the workers, so that all of them are heard soon (docs/nginx.md).
#[must_use]
pub fn render(settings: &Settings, include: &[u8]) -> Option<String> {
    let port = settings.proxy.word?;
    let (file, variable) = (settings.proxy.include.to_string_lossy(), &settings.proxy.variable);
    let read = format!("include \"{file}\";");
    let say = format!("return 200 \"$pid ${variable}\\n\";");
    // What may stand only in a location (`proxy_pass`) is read there; a location is read where locations may stand.
    let (in_server, in_location) = if has_location(include) {
        (format!("    {read}\n"), String::new())
    } else {
        (String::new(), format!("        {read}\n"))
    };
    Some(format!(
        "# Which of nginx's workers would send a request where: `switch` asks it whether traffic has arrived.\n\
         server {{\n    listen {}:{port} reuseport;\n    access_log off;\n    open_file_cache off;\n{in_server}    \
         location = {PATH} {{\n{in_location}        default_type text/plain;\n        {say}\n    }}\n}}\n",
        Ipv4Addr::LOCALHOST
    ))
}

fn has_location(include: &[u8]) -> bool {
    let is_location = |words: &[&[u8]]| words.first() == Some(&b"location".as_slice());
    directives(include).iter().any(|directive| directive.end == End::Open && is_location(&directive.words(include)))
}

/// Whether a file that nginx reads has it at the port that these settings name.
#[must_use]
pub fn stands_in(upstreams: &[u8], settings: &Settings) -> bool {
    let Some(port) = settings.proxy.word else { return false };
    let address = format!("{}:{port}", Ipv4Addr::LOCALHOST);
    directives(upstreams).iter().any(|directive| {
        let words = directive.words(upstreams);
        matches!(words.as_slice(), [b"listen", at, ..] if *at == address.as_bytes())
    })
}

/// Asks once.
///
/// # Errors
/// `Kind::Interrupted` after a signal. What is no word is no failure.
pub async fn ask(host: &impl Host, port: u16) -> Result<std::result::Result<Word, Unheard>> {
    let request = Request { url: format!("http://{}:{port}{PATH}", Ipv4Addr::LOCALHOST), host: None, at_most: AT_MOST };
    Ok(match host.get(&request).await? {
        Answer::Response { status: 200, body, .. } => parse(&body).ok_or_else(|| {
            Unheard::Another(translated!("port {port} is answered by something else than nginx's own word"))
        }),
        Answer::Response { status, .. } => Err(Unheard::Another(translated!("port {port} answers HTTP {status}"))),
        Answer::Silence(why) => Err(Unheard::Silence(translated!("port {port}: {why}"))),
    })
}

fn parse(body: &str) -> Option<Word> {
    let (worker, target) = body.trim_end().split_once(' ')?;
    Some(Word { worker: worker.parse().ok()?, target: target.to_owned() })
}

/// A target without its scheme.
#[must_use]
pub fn bare(target: &str) -> &str {
    target.strip_prefix("http://").unwrap_or(target)
}

/// The slot that a target leads to: a URL, a bare address, a port, or a group.
#[must_use]
pub fn leads_to(settings: &Settings, target: &str) -> Option<Slot> {
    let bare = bare(target);
    let port = bare.strip_prefix("127.0.0.1:").unwrap_or(bare).parse().ok();
    Slot::BOTH.into_iter().find(|slot| settings.group(*slot) == bare || port == Some(settings.place(*slot).port))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::config::{self, SettingsFile};

    fn checked(text: &str) -> Settings {
        config::settings(SettingsFile::parse("", text)).unwrap()
    }

    #[test]
    fn f100_nginx_is_asked_at_a_port_of_the_applications_own() {
        let settings = checked("[proxy]\nword = \"+10000\"");
        let text = render(&settings, b"set $service_url http://127.0.0.1:8081;").unwrap();
        expect![[r#"
            # Which of nginx's workers would send a request where: `switch` asks it whether traffic has arrived.
            server {
                listen 127.0.0.1:18081 reuseport;
                access_log off;
                open_file_cache off;
                location = /word {
                    include "/etc/nginx/conf.d/service-url.inc";
                    default_type text/plain;
                    return 200 "$pid $service_url\n";
                }
            }
        "#]]
        .assert_eq(&text);
        assert!(stands_in(text.as_bytes(), &settings));
        assert!(!stands_in(b"# listen 127.0.0.1:18081 reuseport;", &settings));
        let other = checked("[proxy]\nword = \"18082\"");
        assert!(!stands_in(text.as_bytes(), &other));
        let with_location = render(&settings, b"set $service_url http://x;\nlocation /ws { }").unwrap();
        assert!(with_location.contains("off;\n    include "), "{with_location}");
        let off = checked("");
        assert_eq!((render(&off, b""), stands_in(text.as_bytes(), &off)), (None, false));
    }

    #[test]
    fn f100_only_a_worker_and_a_target_are_a_word() {
        let word = |worker, target: &str| Some(Word { worker, target: target.to_owned() });
        for (body, wanted) in [
            ("812 http://service-url-real1\n", word(812, "http://service-url-real1")),
            ("812 127.0.0.1:8081", word(812, "127.0.0.1:8081")),
            ("812 \n", None),
            ("real1", None),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(parse(body), wanted, "{body}");
        }
    }

    #[test]
    fn f96_a_target_is_told_in_each_form_that_a_site_may_have() {
        let settings = checked("");
        for (target, wanted) in [
            ("http://127.0.0.1:8081", Some(Slot::Blue)),
            ("127.0.0.1:8082", Some(Slot::Green)),
            ("8082", Some(Slot::Green)),
            ("http://service-url-real2", Some(Slot::Green)),
            ("service-url-real1", Some(Slot::Blue)),
            ("http://127.0.0.1:8080", None),
            ("http://real1", None),
            ("", None),
        ] {
            assert_eq!(leads_to(&settings, target), wanted, "{target}");
        }
    }
}
