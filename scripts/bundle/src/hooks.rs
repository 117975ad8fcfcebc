//! The hooks: the one list of this crate and, through `bundle groups`, of the scripts.

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
pub const HOOKS: [Hook; 5] = [
    Hook { name: "stop", api: false, by_hand: false },
    Hook { name: "start", api: false, by_hand: false },
    Hook { name: "health", api: true, by_hand: false },
    Hook { name: "switch", api: true, by_hand: false },
    Hook { name: "status", api: true, by_hand: true },
];

impl Hook {
    /// Where it is in the bundle.
    #[must_use]
    pub fn location(self) -> String {
        format!("hooks/{}", self.name)
    }

    /// The largest that its file may become, in bytes: a limit that tells when something found its way in.
    #[must_use]
    pub fn at_most(self) -> u64 {
        if self.api { 7_000_000 } else { 2_500_000 }
    }
}

/// What is built by one call of Cargo. Features are unified within a call: built together, `stop` would get what only
/// `health` asks for.
#[must_use]
pub fn groups() -> Vec<Vec<&'static str>> {
    let of = |api: bool| HOOKS.iter().filter(|hook| hook.api == api).map(|hook| hook.name).collect();
    [of(false), of(true)].into_iter().filter(|group: &Vec<&str>| !group.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hook_is_built_once_and_those_with_the_api_apart() {
        let mut built: Vec<&str> = groups().concat();
        built.sort_unstable();
        let mut names: Vec<&str> = HOOKS.iter().map(|hook| hook.name).collect();
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
        let mut names: Vec<&str> = HOOKS.iter().map(|hook| hook.name).collect();
        names.sort_unstable();
        assert_eq!(folders, names, "a hook that is not in `HOOKS` would be missing from every bundle");
    }
}
