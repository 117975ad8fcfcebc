//! The variables of the environment. Its only reader.

use std::ffi::OsString;

/// A variable of the environment, if it is set, not empty and text.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment, for everybody")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the environment has any variable of AWS's, but for the one that says not to ask for metadata.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment, for everybody")]
pub(crate) fn speaks_of_aws() -> bool {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).any(|name| is_of_aws(&name))
}

fn is_of_aws(name: &str) -> bool {
    name.starts_with("AWS_") && name != "AWS_EC2_METADATA_DISABLED"
}

/// The variables that override settings: those whose names begin with `HOOKS_`.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment, for everybody")]
pub(crate) fn overrides() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .filter(|(name, _)| name.starts_with("HOOKS_"))
        .collect();
    found.sort();
    found
}

/// The variables that an application may inherit: those whose names are in the list, where a `*` at the end of a name
/// stands for anything. Everything else the agent's environment holds stays here (F43).
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment, for everybody")]
pub(crate) fn inheritable(names: &[String]) -> Vec<(OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|name| is_listed(name, names))).collect()
}

fn is_listed(name: &str, names: &[String]) -> bool {
    names.iter().any(|listed| match listed.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == listed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f43_only_listed_variables_are_inherited() {
        let names = ["PATH".to_owned(), "SPRING_*".to_owned()];
        for (name, inherited) in
            [("PATH", true), ("PATHS", false), ("SPRING_DATASOURCE_URL", true), ("JAVA_TOOL_OPTIONS", false)]
        {
            assert_eq!(is_listed(name, &names), inherited, "{name}");
        }
    }
}
