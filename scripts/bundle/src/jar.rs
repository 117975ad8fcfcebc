//! The artifact: whole, startable, and where the hooks will look for it.

use std::io::Cursor;
use std::path::Path;

use agent::AppSpec;
use shared::config::Settings;
use shared::release;

use crate::app_spec::landing_places;

/// Names that something else in the bundle has.
const TAKEN: [&str; 3] = ["appspec.yml", "hooks", "hooks.toml"];

/// Checks the artifact of this name among the files at these paths, the artifact's own included; a sentence for each thing
/// that is wrong.
#[must_use]
pub fn check(name: &str, bytes: &[u8], spec: &AppSpec, settings: &Settings, paths: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    if TAKEN.contains(&name) {
        wrong.push(format!("the artifact is called `{name}`, which has a meaning of its own in a bundle: rename it"));
        return wrong;
    }
    if bytes.is_empty() {
        wrong.push(format!("the artifact `{name}` is empty: build it again"));
    } else if settings.app.command.is_empty() {
        match release::jar::check(&mut Cursor::new(bytes)) {
            Err(what) => {
                wrong.push(format!("the artifact `{name}` {what}: build it again, or set `app.command` in hooks.toml"));
            }
            // Its copy on the host stands alone in a directory of its own.
            Ok(needed)
                if needed
                    .jars
                    .iter()
                    .any(|entry| !entry.contains("..") && !entry.starts_with('/') && !entry.starts_with("file:")) =>
            {
                wrong.push(format!(
                    "the artifact `{name}` is a thin jar that needs `{}` beside it: build a fat jar",
                    needed.jars.join("`, `")
                ));
            }
            Ok(_) => {}
        }
    }
    let pattern = &settings.app.artifact;
    let landed = |path: &str| -> Vec<String> {
        let there = |place: &Path| place.parent() == Some(pattern.directory.as_path());
        let places = landing_places(spec, path).into_iter().filter(|place| there(place));
        places.filter_map(|place| Some(place.file_name()?.to_string_lossy().into_owned())).collect()
    };
    let directory = pattern.directory.display();
    if landed(name).is_empty() {
        let places: Vec<String> =
            landing_places(spec, name).iter().map(|place| format!("`{}`", place.display())).collect();
        let places = if places.is_empty() { "nowhere".to_owned() } else { format!("at {}", places.join(" and ")) };
        wrong.push(format!(
            "`app.artifact` of hooks.toml looks into `{directory}`, and `files` of appspec.yml puts `{name}` {places}: let \
             one follow the other"
        ));
        return wrong;
    }
    let names = paths.iter().flat_map(|path| landed(path)).collect();
    match release::choose(pattern, names) {
        Ok(chosen) if chosen == name => {}
        Ok(chosen) => wrong.push(format!(
            "`app.artifact` of hooks.toml means `{chosen}`, needed `{name}`: correct the pattern, or the jar's name"
        )),
        Err(what) => wrong.push(format!(
            "`app.artifact` of hooks.toml does not mean exactly `{name}`: in `{directory}` it {what}: correct the pattern, or \
             the jar's name"
        )),
    }
    wrong
}

#[cfg(test)]
mod tests {
    use demo_app::Jar;
    use shared::config::{self, SettingsFile};

    use super::*;

    fn jar(jar: &Jar) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jar");
        jar.write(&path).unwrap();
        workstation::files::read(&path, "the jar").unwrap()
    }

    fn wrong(name: &str, bytes: &[u8], spec: &str, settings: &str) -> Vec<String> {
        let spec = AppSpec::parse(spec).unwrap();
        let settings = config::settings(SettingsFile::parse("hooks.toml", settings)).unwrap();
        check(name, bytes, &spec, &settings, &["appspec.yml", "hooks.toml", "hooks/stop", name])
    }

    #[test]
    fn a_jar_that_the_hooks_would_not_find_or_start_is_refused() {
        const SPEC: &str = include_str!("../../../appspec.yml");
        let good = jar(&Jar::release("v1"));
        let library = jar(&Jar::release("v1").without_main_class());
        let command = "[app]\ncommand = [\"/usr/bin/node\", \"{artifact}\"]\n";
        let pattern = |text: &str| format!("[app]\nartifact = \"/home/ec2-user/app/step3/zip/{text}\"\n");
        for (name, file, bytes, settings, told) in [
            ("good", "my app.jar", good.as_slice(), String::new(), ""),
            ("a program of its own", "server.js", b"1;", format!("{command}artifact = \"{{directory}}/zip/*.js\""), ""),
            ("empty", "a.jar", b"", String::new(), "the artifact `a.jar` is empty"),
            ("cut off", "a.jar", good.get(..200).unwrap(), String::new(), "`a.jar` is no whole jar"),
            ("a library", "a.jar", library.as_slice(), String::new(), "`a.jar` has no `Main-Class`"),
            ("not looked for", "a.war", good.as_slice(), String::new(), "does not mean exactly `a.war`: in `/home/"),
            ("plain", "a-plain.jar", good.as_slice(), String::new(), "found only `a-plain.jar`"),
            ("several", "a.jar", good.as_slice(), pattern("*"), "found 3 candidates"),
            ("another one", "a.jar", good.as_slice(), pattern("hooks.toml"), "means `hooks.toml`, needed `a.jar`"),
            ("taken", "hooks.toml", good.as_slice(), String::new(), "which has a meaning of its own"),
            (
                "elsewhere",
                "a.jar",
                good.as_slice(),
                "[app]\nartifact = \"/srv/*.jar\"\n".to_owned(),
                "looks into `/srv`, and `files` of appspec.yml puts `a.jar` at `/home/ec2-user/app/step3/zip/a.jar`",
            ),
        ] {
            let wrong = wrong(file, bytes, SPEC, &settings);
            assert_eq!(wrong.is_empty(), told.is_empty(), "{name}: {wrong:?}");
            assert!(wrong.iter().all(|sentence| sentence.contains(told)), "{name}: {wrong:?}");
        }
    }
}
