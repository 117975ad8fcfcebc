//! What somebody's settings have to be on the sandbox: paths below it, its ports, its nginx. Told to the hooks by variables,
//! which override single keys, so that the bundle's own `hooks.toml` stays as it is.

use std::path::{Path, PathBuf};

use sandbox::Sandbox;
use shared::config::{self, ArtifactPattern, Settings, SettingsFile};
use shared::slot::Slot;
use workstation::files;

use crate::app_spec_rewrite::below;
use crate::releases;

/// What nginx's configuration in a sandbox calls the variable.
const VARIABLE: &str = "service_url";

/// The variables, and what of them is not as on the bundle's own host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplaySettings {
    /// For the agent's environment.
    pub(crate) variables: Vec<(String, String)>,
    /// One sentence for each thing that somebody might miss.
    pub(crate) notes: Vec<String>,
    /// The slots' profiles, blue first.
    pub(crate) profiles: [String; 2],
    /// What is asked for at the door.
    pub(crate) path: String,
    /// Where the application lives in the sandbox.
    pub(crate) app_directory: PathBuf,
}

/// Variables, and notes about what had to be changed.
type Moved = (Vec<(String, String)>, Vec<String>);

/// Reads the bundle's settings, where it has any, and moves them into the sandbox.
///
/// # Errors
/// They are wrong, and the hooks would refuse them.
pub(crate) fn read(hooks_toml: Option<&Path>, host: &Sandbox, root: &Path) -> anyhow::Result<ReplaySettings> {
    let text = match hooks_toml {
        Some(path) => files::read_text(path, "the bundle's settings")?,
        None => String::new(),
    };
    let settings = config::settings(SettingsFile::parse("hooks.toml", &text)).map_err(anyhow::Error::from)?;
    let java = releases::java().ok();
    let (mut variables, notes) = moved(&settings, root, java.as_deref(), &|path| path.is_file())?;
    let (ports, nginx) = (host.ports(), host.nginx());
    let path = path_of(&settings.proxy.door);
    for (key, value) in [
        // What is started here ends here: no unit of this machine's own systemd.
        ("APP_SUPERVISOR", "detached".to_owned()),
        ("BLUE_PORT", ports.blue.to_string()),
        ("GREEN_PORT", ports.green.to_string()),
        ("PROXY_INCLUDE", nginx.include_path().display().to_string()),
        ("PROXY_UPSTREAMS", nginx.upstreams_path().display().to_string()),
        ("PROXY_FLAG", nginx.flag_path().display().to_string()),
        ("PROXY_VARIABLE", VARIABLE.to_owned()),
        ("PROXY_DOOR", format!("http://127.0.0.1:{}{path}", ports.door)),
        ("PROXY_HOST", "localhost".to_owned()),
        ("PROXY_NGINX", serde_json::to_string(nginx.command())?),
        ("PROXY_PID_FILE", nginx.pid_file().display().to_string()),
    ] {
        variables.push((format!("HOOKS_{key}"), value));
    }
    Ok(ReplaySettings {
        variables,
        notes,
        profiles: Slot::BOTH.map(|slot| settings.place(slot).profile.clone()),
        path,
        app_directory: PathBuf::from(below(root, &settings.app.directory.to_string_lossy())),
    })
}

/// The settings of `[app]` that name places on the host.
fn moved(
    settings: &Settings,
    root: &Path,
    java: Option<&Path>,
    is_file: &dyn Fn(&Path) -> bool,
) -> anyhow::Result<Moved> {
    let app = &settings.app;
    let mut notes = Vec::new();
    let mut variables = vec![
        ("HOOKS_APP_DIRECTORY".to_owned(), below(root, &app.directory.to_string_lossy())),
        ("HOOKS_APP_ARTIFACT".to_owned(), below(root, &pattern(&app.artifact))),
    ];
    if !app.command.is_empty() {
        return Ok((variables, notes));
    }
    // The ports that a jar has in its own files are not free here.
    let port = "-Dserver.port=";
    if !app.jvm_options.iter().any(|option| option.starts_with(port)) {
        // The directory is another one here, too: back to the way in which it was written.
        let directory = app.directory.to_string_lossy();
        let own = app.jvm_options.iter().map(|option| option.replace(&*directory, "{directory}"));
        let options: Vec<String> = own.chain([format!("{port}{{port}}")]).collect();
        variables.push(("HOOKS_APP_JVM_OPTIONS".to_owned(), serde_json::to_string(&options)?));
    }
    let own = Path::new(&app.java);
    if let Some(java) = java.filter(|_| !(own.is_absolute() && is_file(own))) {
        if own.is_absolute() {
            notes.push(format!("`{}` is not on this machine; `{}` stood in for it", app.java, java.display()));
        }
        variables.push(("HOOKS_APP_JAVA".to_owned(), java.display().to_string()));
    }
    let (here, missing): (Vec<String>, Vec<String>) =
        app.config_locations.iter().cloned().partition(|location| is_here(location, settings, is_file));
    if !missing.is_empty() {
        variables.push(("HOOKS_APP_CONFIG_LOCATIONS".to_owned(), serde_json::to_string(&here)?));
        notes.push(format!("not on this machine, and so left out of Spring's configuration: {}", missing.join(", ")));
    }
    Ok((variables, notes))
}

/// Whether Spring will find a location: what is not a file's whole path is Spring's own business.
fn is_here(location: &str, settings: &Settings, is_file: &dyn Fn(&Path) -> bool) -> bool {
    let path = location.strip_prefix("file:").unwrap_or(location);
    if !path.starts_with('/') || path.ends_with('/') || path.contains('*') {
        return true;
    }
    Slot::BOTH.iter().all(|slot| {
        let place = settings.place(*slot);
        let path = path.replace("{profile}", &place.profile).replace("{port}", &place.port.to_string());
        is_file(Path::new(&path))
    })
}

fn pattern(artifact: &ArtifactPattern) -> String {
    let rest = artifact.after.as_ref().map(|after| format!("*{after}")).unwrap_or_default();
    format!("{}/{}{rest}", artifact.directory.display(), artifact.before)
}

/// What a URL asks for.
fn path_of(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved_text(text: &str, files: &[&str]) -> Moved {
        let settings = config::settings(SettingsFile::parse("hooks.toml", text)).unwrap();
        let is_file = |path: &Path| files.iter().any(|file| Path::new(file) == path);
        moved(&settings, Path::new("/x"), Some(Path::new("/usr/bin/java")), &is_file).unwrap()
    }

    fn value<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a str> {
        variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_default_host_is_moved_below_the_sandbox() {
        let (variables, notes) = moved_text("", &[]);
        assert_eq!(value(&variables, "HOOKS_APP_DIRECTORY"), Some("/x/home/ec2-user/app/step3"));
        assert_eq!(value(&variables, "HOOKS_APP_ARTIFACT"), Some("/x/home/ec2-user/app/step3/zip/*.jar"));
        assert_eq!(value(&variables, "HOOKS_APP_JAVA"), Some("/usr/bin/java"));
        assert_eq!(value(&variables, "HOOKS_APP_JVM_OPTIONS"), Some("[\"-Dserver.port={port}\"]"));
        assert_eq!(
            value(&variables, "HOOKS_APP_CONFIG_LOCATIONS"),
            Some("[\"classpath:/application.properties\",\"classpath:/application-{profile}.properties\"]")
        );
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("/home/ec2-user/app/application-oauth.properties"), "{notes:?}");
    }

    #[test]
    fn what_is_on_this_machine_stays_as_it_is() {
        let text = "[app]\njvm_options = [\"-Xmx64m\", \"-Dserver.port={port}\"]\njava = \"/jdk/bin/java\"\nconfig_locations = [\"/c/{profile}.properties\", \"/c/\"]";
        let files = ["/jdk/bin/java", "/c/real1.properties", "/c/real2.properties"];
        let (variables, notes) = moved_text(text, &files);
        assert_eq!((variables.len(), notes.len()), (2, 0), "{variables:?} {notes:?}");
        let (variables, notes) = moved_text(text, &files[..2]);
        assert_eq!(value(&variables, "HOOKS_APP_CONFIG_LOCATIONS"), Some("[\"/c/\"]"), "{notes:?}");
        let (variables, notes) = moved_text(text, &files[1..]);
        assert_eq!(value(&variables, "HOOKS_APP_JAVA"), Some("/usr/bin/java"));
        assert_eq!(notes, ["`/jdk/bin/java` is not on this machine; `/usr/bin/java` stood in for it"]);
    }

    #[test]
    fn a_command_of_ones_own_needs_no_java() {
        let (variables, notes) = moved_text("[app]\ncommand = [\"/usr/bin/node\", \"{artifact}\"]", &[]);
        assert_eq!((variables.len(), notes.len()), (2, 0), "{variables:?} {notes:?}");
    }

    #[test]
    fn the_door_s_path_is_what_stands_behind_its_host() {
        for (url, path) in
            [("http://127.0.0.1/profile", "/profile"), ("http://localhost:80", "/"), ("http://h/a/b", "/a/b")]
        {
            assert_eq!(path_of(url), path, "{url}");
        }
    }
}
