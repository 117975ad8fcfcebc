//! Leads somebody's `appspec.yml` into a sandbox, line by line, so that everything else in it stays as it was written. What
//! this way of reading misses, the agent's own reading finds afterwards, and then the bundle is refused.

use std::path::Path;

use agent::AppSpec;
use anyhow::{Context, bail};

/// What replaces the name of a key that is to have no effect: the agent ignores keys that it does not know, and the shape of
/// the list around it stays whole.
const DROPPED: &str = "dropped_";

/// An `appspec.yml` made to fit, and what was changed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// The new text.
    pub(crate) text: String,
    /// One sentence for each kind of change.
    pub(crate) notes: Vec<String>,
}

/// Moves every destination below `root` and drops accounts, which this machine need not have.
///
/// # Errors
/// The agent would refuse it, or some of it would still reach outside of `root`.
pub(crate) fn rewrite(text: &str, root: &Path) -> anyhow::Result<Rewritten> {
    let mut rewritten = String::new();
    let mut section = "";
    let mut dropped: Vec<&str> = Vec::new();
    for line in text.lines() {
        let Some(Entry { indent, key, value }) = Entry::read(line) else {
            rewritten.extend([line, "\n"]);
            continue;
        };
        if indent.is_empty() {
            section = key;
        }
        match (section, key) {
            ("files", "destination") | ("permissions", "object") => {
                let moved = serde_json::to_string(&below(root, unquoted(value)))?;
                rewritten.extend([indent, key, ": ", &moved, "\n"]);
            }
            ("hooks", "runas" | "sudo") | ("permissions", "owner" | "group" | "acls" | "context") => {
                if !dropped.contains(&key) {
                    dropped.push(key);
                }
                rewritten.extend([indent, DROPPED, line.get(indent.len()..).unwrap_or_default(), "\n"]);
            }
            _ => rewritten.extend([line, "\n"]),
        }
    }
    check(&rewritten, root)?;
    let mut notes = vec![format!("every `destination` of appspec.yml was moved below {}", root.display())];
    if !dropped.is_empty() {
        let keys: Vec<String> = dropped.iter().map(|key| format!("`{key}`")).collect();
        notes.push(format!(
            "{} of appspec.yml had no effect: everything ran as the user who runs this",
            keys.join(", ")
        ));
    }
    Ok(Rewritten { text: rewritten, notes })
}

/// Where a path of the real host is in the sandbox.
pub(crate) fn below(root: &Path, path: &str) -> String {
    format!("{}/{}", root.display(), path.trim_start_matches('/'))
}

/// A line with a key: its indent (with the dash of a list), the key, and what stands behind the colon.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    indent: &'a str,
    key: &'a str,
    value: &'a str,
}

impl<'a> Entry<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let rest = line.trim_start();
        let rest = rest.strip_prefix("- ").map_or(rest, str::trim_start);
        let indent = line.get(..line.len() - rest.len())?;
        let (key, value) = rest.split_once(':')?;
        let is_word = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        (is_word && (value.is_empty() || value.starts_with([' ', '\t', '\r']))).then_some(Self { indent, key, value })
    }
}

/// A YAML scalar without its quotes and without a comment.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner;
        }
    }
    value.split(" #").next().unwrap_or_default().trim_end()
}

/// Reads it as the agent does: nothing may lead outside any more.
fn check(text: &str, root: &Path) -> anyhow::Result<()> {
    let spec = AppSpec::parse(text).context("the agent would refuse this appspec.yml")?;
    let outside = |path: &str| !Path::new(path).starts_with(root) || path.split('/').any(|part| part == "..");
    let mut paths = spec.files.iter().map(|file| &file.destination);
    if let Some(path) = paths.find(|path| outside(path)) {
        bail!(
            "the destination `{path}` of appspec.yml could not be led into the sandbox; write each `destination:` on a line \
             of its own, and without `..`"
        );
    }
    let mut scripts = spec.all_scripts().map(|(_, script)| script);
    if let Some(script) = scripts.find(|script| script.runas.is_some() || script.sudo) {
        bail!("`runas` or `sudo` of `{}` could not be dropped; write each on a line of its own", script.location);
    }
    let mut permissions = spec.permissions.iter();
    if let Some(found) = permissions.find(|entry| entry.owner.is_some() || entry.group.is_some()) {
        bail!("`owner` or `group` of `{}` could not be dropped; write each on a line of its own", found.object);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../appspec.yml");

    fn rewritten(text: &str) -> Rewritten {
        rewrite(text, Path::new("/x/host")).unwrap()
    }

    #[test]
    fn the_shipped_one_is_led_into_the_sandbox_and_keeps_everything_else() {
        let Rewritten { text, notes } = rewritten(SHIPPED);
        let changed: Vec<(&str, &str)> =
            SHIPPED.lines().zip(text.lines()).filter(|(before, after)| before != after).collect();
        assert!(changed.contains(&(
            "    destination: /home/ec2-user/app/step3/zip/",
            "    destination: \"/x/host/home/ec2-user/app/step3/zip/\""
        )));
        assert!(changed.contains(&("      runas: ec2-user", "      dropped_runas: ec2-user")), "{text}");
        assert!(changed.contains(&("    owner: ec2-user", "    dropped_owner: ec2-user")), "{text}");
        assert_eq!(SHIPPED.lines().count(), text.lines().count());
        let (before, after) = (AppSpec::parse(SHIPPED).unwrap(), AppSpec::parse(&text).unwrap());
        let scripts = |spec: &AppSpec| {
            spec.all_scripts().map(|(_, script)| (script.location.clone(), script.timeout)).collect::<Vec<_>>()
        };
        assert_eq!(scripts(&before), scripts(&after));
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[1].starts_with("`owner`, `group`, `runas` of appspec.yml"), "{notes:?}");
    }

    #[test]
    fn keys_are_found_in_any_order_quotes_and_comments() {
        let text = "\
version: 0.0
os: linux
files:
  - destination: '/srv/my app'  # where it lives
    source: /
permissions:
  - owner: root
    object: /srv/my app
    pattern: \"**\"
    acls: [\"u:x:rw\"]
hooks:
  ApplicationStart:
    - runas: root
      location: scripts/start.sh
";
        let Rewritten { text, .. } = rewritten(text);
        let spec = AppSpec::parse(&text).unwrap();
        assert_eq!(spec.files[0].destination, "/x/host/srv/my app");
        assert_eq!((spec.permissions[0].object.as_str(), &spec.permissions[0].owner), ("/x/host/srv/my app", &None));
        assert_eq!(spec.hooks[0].1[0].location, "scripts/start.sh");
    }

    #[test]
    fn what_cannot_be_led_inside_is_refused() {
        for (text, told) in [
            ("files:\n  - {source: /, destination: /srv}\n", "the destination `/srv`"),
            ("files:\n  - source: /\n    destination: /srv/../../../etc\n", "without `..`"),
            ("hooks:\n  AfterInstall:\n    - {location: a, runas: root}\n", "`runas` or `sudo` of `a`"),
            ("permissions:\n  - {object: /srv, owner: root}\n", "`owner` or `group` of `/srv`"),
            ("hooks:\n  AfterInstall:\n    - location: a\n      timeout: never\n", "the agent would refuse"),
        ] {
            let error = rewrite(&format!("version: 0.0\nos: linux\n{text}"), Path::new("/x/host")).unwrap_err();
            assert!(error.to_string().contains(told), "{error:#}");
        }
    }
}
