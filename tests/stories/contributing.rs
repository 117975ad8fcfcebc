//! CONTRIBUTING.md leads to places that exist.

use crate::repository::{extension, quoted, root, table};

const DOCUMENT: &str = include_str!("../../CONTRIBUTING.md");

/// Whether what stands in backticks is a path: no command, no name of a type.
fn is_path(text: &str) -> bool {
    let is_a_file = ["md", "rs", "toml", "yml", "sh"].contains(&extension(text));
    !text.contains([' ', ':']) && (text.contains('/') || is_a_file)
}

#[test]
fn whoever_wants_to_add_something_is_led_to_a_place_that_exists() {
    let rows = table(DOCUMENT, "| to add | begin in |");
    assert!(rows.len() > 10, "the table is found: {rows:?}");
    for row in rows.iter().skip(1) {
        let [what, place] = row[..] else { panic!("two cells, not {row:?}") };
        assert!(quoted(place).any(is_path), "`{what}` leads nowhere");
    }
}

#[test]
fn every_path_and_script_in_it_exists() {
    // Blocks of commands open with three backticks, which would turn inside and outside round.
    let text = DOCUMENT.replace("```", "");
    let scripts = text.split([' ', '`', '\n']).filter(|word| word.contains("scripts/") && extension(word) == "sh");
    let named: Vec<&str> = quoted(&text).filter(|quoted| is_path(quoted)).chain(scripts).collect();
    assert!(named.len() > 40, "the paths are found: {named:?}");
    let lost: Vec<&str> = named.into_iter().filter(|path| !root().join(path).exists()).collect();
    assert!(lost.is_empty(), "CONTRIBUTING.md names what does not exist: {lost:?}");
}
