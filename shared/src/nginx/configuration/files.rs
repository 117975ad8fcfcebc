//! nginx's configuration read from its files, for a user who may not run `nginx -T`: on most hosts everybody may read them. It is a
//! look and no test: whether nginx would take them is not said, and what cannot be read, or followed as nginx does, is unknown.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::tree::{self, Node};
use crate::error::{Kind, Result};
use crate::host::{Host, Process};
use crate::language::translated;

/// How long nginx may take to say how it was built. It reads no configuration.
const AT_MOST: Duration = Duration::from_secs(2);
/// Where an nginx lives that was built without `--prefix`.
const USUAL_PREFIX: &str = "/usr/local/nginx";
/// What an nginx reads that was built without `--conf-path`.
const USUAL_FILE: &str = "conf/nginx.conf";
/// Deeper than this nobody nests includes.
const DEEPEST: usize = 20;
/// How nginx's `glob` matches.
const AS_NGINX: glob::MatchOptions =
    glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// What was read.
#[derive(Debug, Default)]
pub struct Files {
    /// Each file once, the main one first, by the names that nginx has for them.
    texts: Vec<(PathBuf, String)>,
    /// When the last of them changed.
    pub(super) changed: Option<SystemTime>,
}

/// Reads all of them; `program` is nginx with its arguments, `master` the process that was started from it. Why that cannot be done is
/// a fragment.
///
/// # Errors
/// `Kind::Interrupted` after a signal.
pub(super) async fn read(
    host: &impl Host,
    program: &[String],
    master: &Process,
) -> Result<std::result::Result<Files, String>> {
    let built = match built(host, program).await {
        Ok(built) => built,
        Err(cause) if cause.kind() == Kind::Interrupted => return Err(cause),
        Err(cause) => return Ok(Err(cause.to_string())),
    };
    let title = master.command.first().map_or("", String::as_str);
    let Some(main) = main_file(program, title, &built) else {
        return Ok(Err(translated!("it cannot be told which file nginx reads").to_owned()));
    };
    Ok(Files::of(host, &main))
}

/// How nginx says that it was built.
async fn built(host: &impl Host, program: &[String]) -> Result<String> {
    let command = [program.first().cloned().unwrap_or_default(), "-V".to_owned()];
    // nginx answers on standard error.
    host.run(&command, AT_MOST).await.map(|output| output.complaint)
}

/// The main file: what the settings name, else what the running nginx was started with, else what it was built with. `title` is
/// what the master calls itself, with the arguments that it was started with.
fn main_file(program: &[String], title: &str, built: &str) -> Option<PathBuf> {
    let program: Vec<&str> = program.iter().map(String::as_str).collect();
    let started: Vec<&str> =
        title.strip_prefix("nginx: master process ").unwrap_or_default().split_whitespace().collect();
    let given = |name| option(&program, name).or_else(|| option(&started, name));
    let built = |name| built.split_whitespace().find_map(|word| word.strip_prefix(name));
    let prefix = given("-p").or_else(|| built("--prefix=")).unwrap_or(USUAL_PREFIX);
    let file = given("-c").or_else(|| built("--conf-path=")).unwrap_or(USUAL_FILE);
    // Whoever does not know where nginx was started does not know what is beside it.
    Some(Path::new(prefix).join(file)).filter(|path| path.is_absolute())
}

/// The value of an option of nginx's: `-c FILE` or `-cFILE`.
fn option<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    let at = words.iter().skip(1).position(|word| word.starts_with(name))? + 1;
    match words[at].strip_prefix(name) {
        Some("") | None => words.get(at + 1).copied(),
        joined => joined,
    }
}

impl Files {
    /// Reads this main file and all that it includes.
    ///
    /// # Errors
    /// What cannot be read, as a fragment.
    pub fn of(host: &impl Host, main: &Path) -> std::result::Result<Files, String> {
        let mut files = Files::default();
        files.take_in(host, main, DEEPEST).map(|()| files)
    }

    /// What stands in them, as one tree.
    #[must_use]
    pub fn tree(&self) -> Vec<Node> {
        tree::of(&self.texts)
    }

    /// Reads a file and what it includes.
    fn take_in(&mut self, host: &impl Host, path: &Path, deepest: usize) -> std::result::Result<(), String> {
        if self.texts.iter().any(|(known, _)| known == path) {
            return Ok(());
        }
        let shown = path.to_string_lossy();
        if deepest == 0 {
            return Err(translated!("`{shown}` is included too deeply"));
        }
        let unreadable = |cause: std::io::Error| translated!("`{shown}` cannot be read: {cause}");
        let bytes = host.read_file(path).map_err(unreadable)?;
        let facts = host.canonicalize(path).and_then(|path| host.describe(&path)).map_err(unreadable)?;
        self.changed = self.changed.max(Some(facts.changed));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let main = self.texts.first().map_or(path, |(main, _)| main);
        // Patterns are relative to the directory of the main file.
        let beside = main.parent().unwrap_or(Path::new("/")).to_owned();
        let patterns = tree::included(&text);
        self.texts.push((path.to_owned(), text));
        for pattern in patterns {
            for file in found(host, &beside.join(pattern))? {
                self.take_in(host, &file, deepest - 1)?;
            }
        }
        Ok(())
    }
}

/// The files that an `include` of this pattern reads, in nginx's order. One without `*`, `?` and `[` names a file that has to exist;
/// others may find none.
fn found(host: &impl Host, pattern: &Path) -> std::result::Result<Vec<PathBuf>, String> {
    let is_pattern = |text: &str| text.contains(['*', '?', '[']);
    let pattern = pattern.to_string_lossy();
    if !is_pattern(&pattern) {
        return Ok(vec![PathBuf::from(pattern.as_ref())]);
    }
    // As texts: `.` and `//` stay in the names, as nginx has them.
    let mut found = BTreeSet::from([String::new()]);
    for (nth, name) in pattern.split('/').enumerate() {
        let slash = if nth == 0 { "" } else { "/" };
        let mut next = BTreeSet::new();
        for above in &found {
            if is_pattern(name) {
                let pattern =
                    glob::Pattern::new(name).map_err(|cause| translated!("`{name}` is no pattern: {cause}"))?;
                let names = match host.list(Path::new(&format!("{above}/"))) {
                    Ok(names) => names,
                    Err(cause) if is_nothing(&cause) => continue,
                    Err(cause) => return Err(translated!("`{above}` cannot be read: {cause}")),
                };
                let matching = names.iter().filter(|name| pattern.matches_with(name, AS_NGINX));
                next.extend(matching.map(|name| format!("{above}{slash}{name}")));
            } else {
                next.insert(format!("{above}{slash}{name}"));
            }
        }
        found = next;
    }
    let mut existing = Vec::new();
    for path in found.into_iter().map(PathBuf::from) {
        match host.describe(&path) {
            Ok(_) => existing.push(path),
            Err(cause) if is_nothing(&cause) => {}
            Err(cause) => return Err(translated!("`{}` cannot be read: {cause}", path.to_string_lossy())),
        }
    }
    Ok(existing)
}

/// Whether nothing is there, which a pattern takes for no match.
fn is_nothing(cause: &std::io::Error) -> bool {
    matches!(cause.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_file_is_what_the_settings_name_or_what_nginx_was_started_or_built_with() {
        const DEBIAN: &str = "nginx version: nginx/1.22.1\nconfigure arguments: --with-cc-opt='-g -O2' \
                              --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --pid-path=/run/nginx.pid";
        const OPENRESTY: &str = "configure arguments: --prefix=/usr/local/openresty/nginx --with-cc-opt=-O2";
        let usual = "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;";
        for (name, program, title, built, wanted) in [
            ("Debian", "nginx", usual, DEBIAN, Some("/etc/nginx/nginx.conf")),
            (
                "Amazon Linux",
                "/usr/sbin/nginx",
                "nginx: master process /usr/sbin/nginx",
                DEBIAN,
                Some("/etc/nginx/nginx.conf"),
            ),
            ("no --conf-path", "nginx", usual, OPENRESTY, Some("/usr/local/openresty/nginx/conf/nginx.conf")),
            ("built with nothing", "nginx", usual, "configure arguments:", Some("/usr/local/nginx/conf/nginx.conf")),
            ("started with -c", "nginx", "nginx: master process nginx -c /srv/n.conf -q", DEBIAN, Some("/srv/n.conf")),
            ("joined", "nginx", "nginx: master process nginx -c/srv/n.conf", DEBIAN, Some("/srv/n.conf")),
            (
                "the settings' -c",
                "nginx -c /a.conf",
                "nginx: master process nginx -c /srv/n.conf",
                DEBIAN,
                Some("/a.conf"),
            ),
            ("a prefix", "nginx", "nginx: master process nginx -p /srv/ -c n.conf", DEBIAN, Some("/srv/n.conf")),
            ("the settings' prefix", "nginx -p /opt -c n.conf", usual, DEBIAN, Some("/opt/n.conf")),
            ("beside the usual prefix", "nginx -c n.conf", usual, DEBIAN, Some("/usr/share/nginx/n.conf")),
            ("a prefix that depends on where it was started", "nginx -p here -c n.conf", usual, DEBIAN, None),
            ("an option without its value", "nginx -c", usual, DEBIAN, Some("/etc/nginx/nginx.conf")),
            ("a process of another name", "nginx", "python3 -c /x.conf", DEBIAN, Some("/etc/nginx/nginx.conf")),
        ] {
            let program: Vec<String> = program.split(' ').map(str::to_owned).collect();
            assert_eq!(main_file(&program, title, built), wanted.map(PathBuf::from), "{name}");
        }
    }
}
