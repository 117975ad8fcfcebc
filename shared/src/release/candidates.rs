//! Which of the files in the agent's directory is the artifact.

use std::fmt;

use crate::config::ArtifactPattern;
use crate::language::translated;

/// More names than these would push what to do out of the report.
const SHOWN: usize = 4;

/// Why no file was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchosen {
    /// There is none: what there is, as a part of a sentence.
    None(String),
    /// These could all be it.
    Several(Vec<String>),
}

impl fmt::Display for Unchosen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unchosen::None(why) => formatter.write_str(why),
            Unchosen::Several(names) => formatter.write_str(&translated!(
                "found {} candidates ({}), needed exactly one",
                names.len(),
                list(names)
            )),
        }
    }
}

/// Names in a sentence, no more of them than a report has room for.
pub(super) fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", shortened(name))).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => translated!("{} and {more} more", shown.join(", ")),
    }
}

/// The beginning and the end of a name that is very long: versions are at its end.
fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= 60 {
        return name.to_owned();
    }
    let (begin, end) = (letters[..25].iter(), letters[letters.len() - 30..].iter());
    format!("{}…{}", begin.collect::<String>(), end.collect::<String>())
}

/// Chooses the one file that can be the artifact. What Gradle and Maven put beside a boot jar is no candidate (F20).
///
/// # Errors
/// What was found instead of exactly one.
pub fn choose(pattern: &ArtifactPattern, names: Vec<String>) -> Result<String, Unchosen> {
    let mut matching: Vec<String> = names.into_iter().filter(|name| matches(pattern, name)).collect();
    matching.sort();
    let (others, mut candidates): (Vec<String>, Vec<String>) = matching
        .into_iter()
        .partition(|name| ["-plain.jar", "-sources.jar", "-javadoc.jar"].iter().any(|ending| name.ends_with(ending)));
    let wanted =
        format!("{}{}", pattern.before, pattern.after.as_ref().map_or_else(String::new, |after| format!("*{after}")));
    match (candidates.pop(), candidates.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(one), false) => {
            candidates.push(one);
            Err(Unchosen::Several(candidates))
        }
        (None, _) if others.is_empty() => Err(Unchosen::None(translated!("found no `{wanted}`"))),
        (None, _) => Err(Unchosen::None(translated!(
            "found only {}, which does not start by itself; needed a boot jar",
            list(&others)
        ))),
    }
}

fn matches(pattern: &ArtifactPattern, name: &str) -> bool {
    match &pattern.after {
        None => name == pattern.before,
        Some(after) => {
            name.len() >= pattern.before.len() + after.len()
                && name.starts_with(&pattern.before)
                && name.ends_with(after.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f20_exactly_one_boot_jar_is_chosen_whatever_the_order_of_the_names() {
        let pattern =
            ArtifactPattern { directory: "/app/zip".into(), before: String::new(), after: Some(".jar".into()) };
        for (name, names, wanted) in [
            ("one", vec!["appspec.yml", "app-1.0.jar"], Ok("app-1.0.jar")),
            ("plain beside it", vec!["app-1.0-plain.jar", "app-1.0.jar"], Ok("app-1.0.jar")),
            ("all that Gradle makes", vec!["a.jar", "a-sources.jar", "a-javadoc.jar", "a-plain.jar"], Ok("a.jar")),
            ("a name with a blank", vec!["-my app.jar"], Ok("-my app.jar")),
            ("none", vec!["appspec.yml"], Err("found no `*.jar`")),
            ("plain only", vec!["app-plain.jar"], Err("found only `app-plain.jar`, which does not start by itself")),
            ("two", vec!["b.jar", "a.jar"], Err("found 2 candidates (`a.jar`, `b.jar`), needed exactly one")),
        ] {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            for names in [names.clone(), names.into_iter().rev().collect()] {
                match (choose(&pattern, names), &wanted) {
                    (Ok(found), Ok(wanted)) => assert_eq!(found, *wanted, "{name}"),
                    (Err(told), Err(wanted)) => assert!(told.to_string().contains(wanted), "{name}: {told}"),
                    (found, _) => panic!("{name}: {found:?}"),
                }
            }
        }
    }

    #[test]
    fn f20_a_pattern_matches_what_begins_and_ends_as_it_does_and_nothing_else() {
        let pattern = |before: &str, after: &str| ArtifactPattern {
            directory: "/app/zip".into(),
            before: before.into(),
            after: Some(after.into()),
        };
        for (before, after, name, wanted) in [
            ("service-", ".jar", "service-1.0.jar", true),
            ("service-", ".jar", "service-.jar", true),
            ("service-", ".jar", "other-1.0.jar", false),
            ("service-", ".jar", "my-service-1.0.jar", false),
            ("service-", ".jar", "service.jar", false),
            ("service-", ".jar", "service-1.0.jar.sha256", false),
            ("service-", ".jar", "service-1.0.war", false),
            ("service-", "-boot.jar", "service-1.0.jar", false),
            // The same letters cannot be both its beginning and its end.
            ("service.", ".jar", "service.jar", false),
            ("service.", ".jar", "service..jar", true),
            ("a", "a", "a", false),
        ] {
            let chosen = choose(&pattern(before, after), vec![name.to_owned()]);
            let none = Err(Unchosen::None(format!("found no `{before}*{after}`")));
            assert_eq!(chosen, if wanted { Ok(name.to_owned()) } else { none }, "`{before}*{after}` and `{name}`");
        }
        let beside = ["other-2.0.jar", "service-1.0.jar", "service-1.0.jar.sha256"].map(str::to_owned).to_vec();
        assert_eq!(choose(&pattern("service-", ".jar"), beside), Ok("service-1.0.jar".to_owned()));
    }

    #[test]
    fn f20_however_many_and_long_the_names_are_a_report_has_room_for_them() {
        let names: Vec<String> = (10..30).map(|at| format!("{}-{at}.jar", "a-very-long-name".repeat(9))).collect();
        let told = Unchosen::Several(names).to_string();
        assert!(
            told.len() < 400 && told.contains("found 20 candidates") && told.contains("-13.jar` and 16 more"),
            "{told}"
        );
    }

    #[test]
    fn an_artifact_named_whole_is_the_only_candidate() {
        let pattern = ArtifactPattern { directory: "/app".into(), before: "server".into(), after: None };
        assert_eq!(choose(&pattern, vec!["server".into(), "server.old".into()]), Ok("server".into()));
    }
}
