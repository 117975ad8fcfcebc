//! The rules that settings have to keep though each is of the right kind: what its text may hold, and what has to hold between them.

use std::path::Path;
use std::time::Duration;

use super::{Settings, SettingsFile, paths};
use crate::language::{text, translated};
use crate::slot::BySlot;

/// The longest that connections may be kept alive through a reload.
const LONGEST_KEPT: Duration = Duration::from_mins(1);

/// Notes every value that breaks a rule.
pub(super) fn apply(file: &mut SettingsFile, settings: &Settings) {
    for (key, path) in [
        ("app.directory", &settings.app.directory),
        ("proxy.include", &settings.proxy.include),
        ("proxy.upstreams", &settings.proxy.upstreams),
        ("proxy.flag", &settings.proxy.flag),
        ("proxy.pid_file", &settings.proxy.pid_file),
    ] {
        if !path.is_absolute() {
            file.mistake(key, &path.to_string_lossy(), translated!("a path that begins with `/`"));
        }
    }
    paths::differ(file, settings);
    let flag = settings.proxy.flag.to_string_lossy();
    if !flag.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter)) || flag.ends_with('/') {
        // It stands in nginx's configuration, where anything else would have to be quoted, and `$` would be a variable.
        file.mistake("proxy.flag", &flag, translated!("a file's path of letters, digits, `/`, `.`, `-` and `_`"));
    }
    let BySlot { blue, green } = &settings.places;
    if blue.port == green.port {
        file.mistake("green.port", &green.port.to_string(), translated!("another port than `blue.port`"));
    }
    if blue.profile == green.profile {
        file.mistake(
            "green.profile",
            &green.profile,
            translated!("another profile than `blue.profile`, which tells the slots apart (keep `real1` and `real2`; a profile of both, say \
             `prod`, goes into `app.jvm_options = [\"-Dspring.profiles.include=prod\"]`)"),
        );
    }
    for (key, profile) in [("blue.profile", &blue.profile), ("green.profile", &green.profile)] {
        if !is_word(profile) {
            file.mistake(key, profile, translated!("letters, digits, `-` and `_`"));
        }
    }
    if !is_word(&settings.proxy.variable) || settings.proxy.variable.contains('-') {
        file.mistake("proxy.variable", &settings.proxy.variable, translated!("the variable's name without the `$`"));
    }
    if !settings.proxy.door.starts_with("http://") {
        let needed = translated!(
            "a URL that begins with `http://`; where nginx speaks https alone, one of a loopback server block that reads \
                      the same include (docs/nginx.md, `A host with https alone`)"
        );
        file.mistake("proxy.door", &settings.proxy.door, needed);
    }
    let kept = settings.proxy.keepalive_min_timeout;
    // nginx counts in milliseconds, and its old workers stay that much longer.
    if kept > LONGEST_KEPT || !kept.subsec_nanos().is_multiple_of(1_000_000) {
        let found = humantime::format_duration(kept).to_string();
        file.mistake("proxy.keepalive_min_timeout", &found, translated!("whole milliseconds, at most `1m`"));
    }
    if settings.proxy.nginx.is_empty() {
        file.mistake("proxy.nginx", "[]", translated!("nginx's program"));
    }
    if let Some(url) = settings.health.url.as_ref().filter(|url| !is_url(url)) {
        file.mistake("health.url", url, translated!("a URL that begins with `http://` or `https://`"));
    }
    if let Some(region) = settings.report.region.as_ref().filter(|region| !is_word(region)) {
        file.mistake("report.region", region, translated!("a region such as `ap-northeast-2`"));
    }
    if !settings.health.path.starts_with('/') {
        file.mistake("health.path", &settings.health.path, translated!("a path that begins with `/`"));
    }
    for path in settings.warm_up.paths.iter().filter(|path| !is_path(path)) {
        file.mistake(
            "warm_up.paths",
            path,
            translated!("a path that begins with `/`, of ASCII letters without spaces and `#`"),
        );
    }
    if settings.warm_up.access_log.as_ref().is_some_and(|log| !log.is_absolute()) {
        let shown = settings.warm_up.access_log.as_deref().unwrap_or_else(|| Path::new("")).to_string_lossy();
        file.mistake("warm_up.access_log", &shown, translated!("a path that begins with `/`"));
    }
    if settings.warm_up.log_format.is_none() {
        let shown = file.text("warm_up.log_format");
        let needed = translated!(
            "`combined`, or the text of nginx's `log_format`, with `$status`, and `$request` or `$request_method` and \
                      `$request_uri`, and something between any two variables"
        );
        file.mistake("warm_up.log_format", &shown, needed);
    }
    if settings.app.artifact.after.as_deref().is_some_and(|after| after.contains('*')) {
        let shown =
            format!("{}*{}", settings.app.artifact.before, settings.app.artifact.after.as_deref().unwrap_or(""));
        file.mistake("app.artifact", &shown, translated!("at most one `*`, in the file's name"));
    }
    for (key, templates) in [
        ("app.command", &settings.app.command),
        ("app.jvm_options", &settings.app.jvm_options),
        ("app.config_locations", &settings.app.config_locations),
    ] {
        for unknown in templates.iter().flat_map(|template| unknown_placeholders(template)) {
            file.mistake(
                key,
                &unknown,
                text!("only `{artifact}`, `{directory}`, `{health_port}`, `{port}`, `{profile}` in braces").told(),
            );
        }
    }
}

/// A path that can stand in a request as it is.
fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

fn is_url(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
}

/// The names in braces that nothing stands for.
fn unknown_placeholders(template: &str) -> Vec<String> {
    template
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .filter(|name| is_word(name) && !["artifact", "directory", "health_port", "port", "profile"].contains(name))
        .map(|name| format!("{{{name}}}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::config::{SettingsFile, settings};

    #[test]
    fn f89_each_broken_rule_is_told_with_what_was_needed() {
        for (name, text, wanted) in [
            ("equal ports", "[green]\nport = 8081", "`green.port` is `8081`, needed another port than `blue.port`"),
            ("equal profiles", "[green]\nprofile = \"real1\"", "needed another profile than `blue.profile`"),
            (
                "one for both",
                "[blue]\nprofile = \"prod\"\n[green]\nprofile = \"prod\"",
                "-Dspring.profiles.include=prod",
            ),
            (
                "relative directory",
                "[app]\ndirectory = \"app\"",
                "`app.directory` is `app`, needed a path that begins with `/`",
            ),
            (
                "a flag that nginx would read as something else",
                "[proxy]\nflag = \"/run/$host\"",
                "`proxy.flag` is `/run/$host`, needed a file's path",
            ),
            ("unknown placeholder", "[app]\ncommand = [\"a\", \"{prot}\"]", "`app.command` is `{prot}`"),
            ("a region that is none", "[report]\nregion = \"x y\"", "needed a region such as `ap-northeast-2`"),
            (
                "a validation over ftp",
                "[health]\nurl = \"ftp://x\"",
                "needed a URL that begins with `http://` or `https://`",
            ),
            ("https door", "[proxy]\ndoor = \"https://x/\"", "needed a URL that begins with `http://`; where nginx"),
            (
                "kept too long",
                "[proxy]\nkeepalive_min_timeout = \"2m\"",
                "`proxy.keepalive_min_timeout` is `2m`, needed whole milliseconds, at most `1m`",
            ),
            ("kept too briefly", "[proxy]\nkeepalive_min_timeout = \"1us\"", "is `1us`, needed whole milliseconds"),
            (
                "a path that is none",
                "[warm_up]\npaths = [\"/\", \"owners\"]",
                "`warm_up.paths` is `owners`, needed a path",
            ),
            (
                "two requests in one",
                "[warm_up]\npaths = [\"/ HTTP/1.1\"]",
                "needed a path that begins with `/`, of ASCII",
            ),
            ("another source", "[warm_up]\nfrom = \"journal\"", "`warm_up.from` is `journal`, needed `access-log`"),
            (
                "a form's name",
                "[warm_up]\nlog_format = \"main\"",
                "`warm_up.log_format` is `main`, needed `combined`, or",
            ),
            ("injection", "[proxy]\nvariable = \"x 1; return 200\"", "needed the variable's name"),
        ] {
            let told = settings(SettingsFile::parse("hooks.toml", text)).unwrap_err().to_string();
            assert!(told.contains(wanted), "{name}: {told}");
        }
    }
}
