//! The ids that tests and comments name, and the table in docs/failures.md that says what each of them is: neither knows one
//! that the other does not.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{Text, extension, quoted, root, rows, texts};

const DOCUMENT: &str = "docs/failures.md";

/// Where ids are looked for: what people write, and no figures or locked versions.
const WRITTEN: [&str; 5] = ["rs", "sh", "md", "toml", "yml"];

/// The id that a whole word is: `F` and two or three digits, `I` and one or two with perhaps a small letter, `S` and one or two,
/// `b` and one or two with perhaps another `b`. `S3` is Amazon's storage.
fn id(word: &str) -> Option<&str> {
    let kind = word.chars().next()?;
    let number = &word[kind.len_utf8()..];
    let digits = number.trim_end_matches(|character: char| character.is_ascii_lowercase());
    let letter = &number[digits.len()..];
    let is_one = digits.chars().all(|character| character.is_ascii_digit())
        && match kind {
            'F' => (2..=3).contains(&digits.len()) && letter.is_empty(),
            'I' => (1..=2).contains(&digits.len()) && letter.len() <= 1,
            'S' => (1..=2).contains(&digits.len()) && letter.is_empty() && word != "S3",
            'b' => (1..=2).contains(&digits.len()) && ["", "b"].contains(&letter),
            _ => false,
        };
    is_one.then_some(word)
}

fn is_of_a_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The ids that stand in a text as words of their own; digits of colours, escapes and names with hyphens are none.
fn named(text: &str) -> BTreeSet<String> {
    let mut before = ' ';
    let mut found = BTreeSet::new();
    for word in text.split_inclusive(|character| !is_of_a_word(character)) {
        let end = word.chars().next_back().filter(|last| !is_of_a_word(*last));
        let bare = end.map_or(word, |last| &word[..word.len() - last.len_utf8()]);
        if !"#%\\$&{-".contains(before) && end != Some('-') {
            found.extend(id(bare).map(str::to_owned));
        }
        before = end.unwrap_or(' ');
    }
    found
}

/// The ids that the names of functions begin with: `f31_i2_a_stranger_…` is about F31 and I2.
fn borne(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("fn ") {
        let name = &text[at + 3..];
        let name = &name[..name.find(|character| !is_of_a_word(character)).unwrap_or(name.len())];
        let mut parts: Vec<&str> = name.split('_').collect();
        // An id is followed by what the test says.
        parts.pop();
        let ids = parts.iter().map_while(|part| {
            let capital = if part.starts_with('b') { (*part).to_owned() } else { capitalised(part) };
            id(&capital).map(str::to_owned)
        });
        found.extend(ids);
    }
    found
}

fn capitalised(part: &str) -> String {
    let mut characters = part.chars();
    characters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + characters.as_str())
}

/// A line of the document.
struct Row {
    id: String,
    /// The files of its tests, from the root; none if no test holds it.
    tests: Vec<String>,
}

fn document() -> (String, Vec<Row>) {
    let text = std::fs::read_to_string(root().join(DOCUMENT)).expect("the document is there");
    let cells = rows(text.lines()).into_iter().filter(|cells| cells[0] != "id");
    let rows = cells.map(|cells| {
        assert!(cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()), "a row is four cells: {cells:?}");
        assert_eq!(id(cells[0]), Some(cells[0]), "a row begins with an id: {cells:?}");
        let tests = quoted(cells[3])
            .map(|file| if root().join(file).is_file() { file.to_owned() } else { format!("tests/stories/{file}") });
        let tests: Vec<String> = tests.collect();
        assert_ne!(
            tests.is_empty(),
            cells[3] != "no test",
            "{}: files in backticks, or `no test`: {}",
            cells[0],
            cells[3]
        );
        Row { id: cells[0].to_owned(), tests }
    });
    let rows = rows.collect();
    (text, rows)
}

/// What people write, apart from the document itself and the examples in here.
fn sources() -> Vec<Text> {
    let own = [DOCUMENT, "tests/stories/failures.rs"];
    let written = |text: &Text| !own.contains(&text.path.as_str()) && WRITTEN.contains(&extension(&text.path));
    texts().into_iter().filter(written).collect()
}

#[test]
fn every_id_that_is_named_anywhere_has_one_line_that_says_what_it_is() {
    let (text, rows) = document();
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        *lines.entry(&row.id).or_default() += 1;
    }
    let twice: Vec<_> = lines.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{DOCUMENT} has more than one line for {twice:?}");
    let mut unknown = Vec::new();
    for source in sources().iter().chain([&Text { path: DOCUMENT.to_owned(), text }]) {
        let of_functions = if extension(&source.path) == "rs" { borne(&source.text) } else { BTreeSet::new() };
        for id in named(&source.text).union(&of_functions).filter(|id| !lines.contains_key(id.as_str())) {
            unknown.push(format!("{} names {id}, which {DOCUMENT} does not know", source.path));
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn every_line_is_about_something_in_the_code_and_names_tests_that_name_it_back() {
    let mut code = BTreeMap::new();
    for Text { path, text } in sources() {
        if ["rs", "sh"].contains(&extension(&path)) {
            let of_functions = if extension(&path) == "rs" { borne(&text) } else { BTreeSet::new() };
            // In the contract of the host a macro makes the tests.
            let holds_something = ["#[test]", "fn hold_against"].iter().any(|mark| text.contains(mark))
                || path.contains("/tests/contract/");
            code.insert(path, (named(&text), of_functions, holds_something));
        }
    }
    let mut wrong = Vec::new();
    for Row { id, tests } in document().1 {
        if !code.values().any(|(named, borne, _)| named.contains(&id) || borne.contains(&id)) {
            wrong.push(format!("{id}: neither code nor a test names it"));
        }
        for file in &tests {
            match code.get(file) {
                None => wrong.push(format!("{id}: there is no `{file}`")),
                Some((named, borne, _)) if !named.contains(&id) && !borne.contains(&id) => {
                    wrong.push(format!("{id}: `{file}` does not name it"));
                }
                Some((.., false)) => wrong.push(format!("{id}: there is no test in `{file}`")),
                Some(_) => {}
            }
        }
        let bearer = code.iter().find(|(_, (_, borne, _))| borne.contains(&id));
        if let (true, Some((file, _))) = (tests.is_empty(), bearer) {
            wrong.push(format!("{id}: it says `no test`, and `{file}` has one"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_id_is_told_from_what_only_looks_like_one() {
    for (text, wanted) in [
        ("left alone (F31, b3), as I3a and S7 have it.", &["F31", "I3a", "S7", "b3"][..]),
        ("Invariant::I1b, `b10`: F121", &["F121", "I1b", "b10"]),
        ("to S3, a key F5, 0xF31, F31_X, b10ff, I123, F1234, Fab, F, b", &[]),
        ("#F00 %F01 \\F02 d-F03 F04-9 u{F6} {F07}", &[]),
    ] {
        assert_eq!(named(text), wanted.iter().map(|id| (*id).to_owned()).collect(), "{text}");
    }
    for (text, wanted) in [
        ("fn f31_i2_a_stranger_is_left_alone() {", &["F31", "I2"][..]),
        ("async fn b3b_f63_i1a_x()", &["F63", "I1a", "b3b"]),
        ("fn a_stranger_f31_x() fn s3_revision() fn f31() fn b() fn io_f31_x()", &[]),
    ] {
        assert_eq!(borne(text), wanted.iter().map(|id| (*id).to_owned()).collect(), "{text}");
    }
}
