//! The hooks as files of a bundle and, through `bundle groups`, as programs that `bundle.sh` builds.

use shared::lifecycle;

/// A hook, as far as its file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The name of its package, its program and its file.
    pub name: &'static str,
    /// Whether it can speak with AWS, and so carries TLS and the SDK.
    pub api: bool,
    /// Whether only people run it, so that no event of `appspec.yml` has to.
    pub by_hand: bool,
}

/// All of them, in the order of a deploy.
#[must_use]
pub fn all() -> [Hook; 5] {
    lifecycle::PROGRAMS.map(Hook::named)
}

impl Hook {
    fn named(name: &'static str) -> Self {
        let api = matches!(name, "health" | "switch" | "status");
        Self { name, api, by_hand: !lifecycle::HOOKS.contains(&name) }
    }

    /// Where it is in the bundle.
    #[must_use]
    pub fn location(self) -> String {
        format!("hooks/{}", self.name)
    }

    /// The largest that its file may become, in bytes: a limit that tells when something found its way in.
    #[must_use]
    pub fn at_most(self) -> u64 {
        if self.api { 7_350_000 } else { 3_100_000 }
    }
}

/// What is built by one call of Cargo. Features are unified within a call: built together, `stop` would get what only
/// `health` asks for.
#[must_use]
pub fn groups() -> Vec<Vec<&'static str>> {
    let of = |api: bool| all().into_iter().filter(|hook| hook.api == api).map(|hook| hook.name).collect();
    [of(false), of(true)].into_iter().filter(|group: &Vec<&str>| !group.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hook_is_built_once_and_those_with_the_api_apart() {
        let mut built: Vec<&str> = groups().concat();
        built.sort_unstable();
        let mut names: Vec<&str> = all().iter().map(|hook| hook.name).collect();
        names.sort_unstable();
        assert_eq!(built, names);
        assert!(groups()[0].contains(&"stop") && !groups()[0].contains(&"health"));
    }

    #[test]
    fn the_hooks_are_the_folders_beside_them() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../hooks");
        let mut folders: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        folders.sort();
        let mut names: Vec<&str> = all().iter().map(|hook| hook.name).collect();
        names.sort_unstable();
        assert_eq!(folders, names, "a hook that is not in `lifecycle::PROGRAMS` would be missing from every bundle");
    }
}
