//! What a sentence has in braces, as `format!` reads them: names, numbers, or nothing, which stands for the next number.

use std::collections::BTreeSet;

/// The names and numbers of a sentence's arguments, each with its format where it has one.
pub(crate) fn of(sentence: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = 0;
    let mut rest = sentence;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        if let Some(escaped) = rest.strip_prefix('{') {
            rest = escaped;
            continue;
        }
        let Some(end) = rest.find('}') else { break };
        let (name, format) = rest[..end].split_at(rest[..end].find(':').unwrap_or(end));
        if name.is_empty() {
            found.insert(format!("{next}{format}"));
            next += 1;
        } else {
            found.insert(format!("{name}{format}"));
        }
        rest = &rest[end + 1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_known_by_name_or_by_number_and_by_their_format() {
        for (sentence, wanted) in [
            ("nothing", vec![]),
            ("`{path}`: {cause:#}", vec!["cause:#", "path"]),
            ("{} and {:o}", vec!["0", "1:o"]),
            ("{1} before {0}", vec!["0", "1"]),
            ("location / {{ {line} }}", vec!["line"]),
            ("{{no}}", vec![]),
        ] {
            assert_eq!(of(sentence), wanted.into_iter().map(str::to_owned).collect(), "{sentence}");
        }
    }
}
