//! `keepalive_min_timeout`: what keeps a reload from closing connections that a client is about to use again (I1b).
//! It is written into the include where the settings want it and nginx knows it, and nowhere else: a directive that nginx
//! does not know, or that stands twice, makes it refuse everything.

mod line;

use std::time::Duration;

pub use self::line::written;
use self::line::{DIRECTIVE, shown, stands_in, value};
use crate::config::{CutoverWay, Settings};
use crate::error::Result;
use crate::host::{Host, ProcessIdentity};
use crate::language::translated;
use crate::nginx::access::Access;
use crate::nginx::configuration::TEST_AT_MOST;
use crate::nginx::version::{self, Version};
use crate::route::include::Include;

/// The first nginx that knows it.
pub const SINCE: [u32; 3] = [1, 27, 4];

/// How long it may take to find out whether it can be written.
pub const AT_MOST: Duration = version::AT_MOST.saturating_add(TEST_AT_MOST);

/// What a cutover does about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What the include is to say; nothing where it stays as it is.
    pub write: Option<Duration>,
    /// What is to be said of that.
    pub note: Option<String>,
}

/// Finds out whether it is wanted, known, and not there already. Where it is not wanted nothing is asked.
///
/// # Errors
/// `Kind::Interrupted` after a signal, `Kind::Settings` if nginx's configuration could not be read in time.
pub async fn find(
    host: &impl Host,
    settings: &Settings,
    access: &Access,
    master: &ProcessIdentity,
    include: &Include,
) -> Result<Decision> {
    let wanted = settings.proxy.keepalive_min_timeout;
    if wanted.is_zero() || settings.proxy.cutover != CutoverWay::Reload {
        return Ok(Decision::default());
    }
    let version = version::ask(host, access, master).await?;
    let mut elsewhere = false;
    if version.is_at_least(SINCE) && value(include.bytes()).is_none() {
        let dump = host.run(&access.dump(), TEST_AT_MOST).await?;
        if !dump.success {
            // The cutover's own test says why, in nginx's words.
            return Ok(Decision::default());
        }
        elsewhere = stands_in(dump.output.as_bytes());
    }
    Ok(decide(wanted, &version, include.bytes(), elsewhere))
}

/// Decides it; `elsewhere` is whether another place of nginx's configuration than the include has the directive.
#[must_use]
pub fn decide(wanted: Duration, version: &Version, include: &[u8], elsewhere: bool) -> Decision {
    let line = format!("{DIRECTIVE} {}", shown(wanted));
    if !version.is_at_least(SINCE) {
        let [major, minor, patch] = SINCE;
        let note = translated!("`{line}` is left out: found {version}, needed nginx {major}.{minor}.{patch} or later");
        return Decision { write: None, note: Some(note) };
    }
    if value(include).is_some() {
        return Decision { write: Some(wanted), note: None };
    }
    if elsewhere {
        let note = translated!("`{line}` is left out, since nginx's configuration says `{DIRECTIVE}` already");
        return Decision { write: None, note: Some(note) };
    }
    let note = translated!(
        "`{line}` goes into the include. It holds from the next reload on: this one is still made by workers that were \
         started without it"
    );
    Decision { write: Some(wanted), note: Some(note) }
}

/// What a person may want to know of this nginx: that it could keep connections, where nobody has asked for it.
#[must_use]
pub fn offer(settings: &Settings, version: &Version) -> Option<String> {
    let unused = settings.proxy.keepalive_min_timeout.is_zero() && settings.proxy.cutover == CutoverWay::Reload;
    (unused && version.is_at_least(SINCE))
        .then(|| translated!("`proxy.{DIRECTIVE} = \"1s\"` keeps connections that are in use through a reload"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_nginx_does_not_know_or_has_already_is_left_out_and_the_reason_told() {
        let old = Version::Known([1, 22, 1]);
        let recent = Version::Known([1, 28, 3]);
        let plain = "set $u http://x;\n";
        let has_it = "set $u http://x;\nkeepalive_min_timeout 2s;\n";
        for (name, version, include, elsewhere, write, said) in [
            ("recent", &recent, plain, false, true, "from the next reload on"),
            ("recent, and there", &recent, has_it, false, true, ""),
            ("recent, and elsewhere", &recent, plain, true, false, "says `keepalive_min_timeout` already"),
            ("old", &old, plain, false, false, "found nginx 1.22.1, needed nginx 1.27.4 or later"),
            ("old, and there", &old, has_it, false, false, "found nginx 1.22.1"),
            (
                "something else",
                &Version::parse("nginx version: openresty/1.27.1.1"),
                plain,
                false,
                false,
                "found `nginx version: openresty/1.27.1.1`, needed nginx 1.27.4",
            ),
        ] {
            let decision = decide(SECOND, version, include.as_bytes(), elsewhere);
            assert_eq!(decision.write.is_some(), write, "{name}");
            match decision.note {
                Some(note) => assert!(!said.is_empty() && note.contains(said), "{name}: {note}"),
                None => assert!(said.is_empty(), "{name}"),
            }
        }
    }

    #[test]
    fn it_is_offered_where_nginx_knows_it_and_nobody_has_asked_for_it() {
        for (name, text, version, offered) in [
            ("recent", "", [1, 28, 3], true),
            ("old", "", [1, 22, 1], false),
            ("asked for", "[proxy]\nkeepalive_min_timeout = \"2s\"", [1, 28, 3], false),
        ] {
            let settings = config::settings(SettingsFile::parse("", text)).unwrap();
            assert_eq!(offer(&settings, &Version::Known(version)).is_some(), offered, "{name}");
        }
    }
}
