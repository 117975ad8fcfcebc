//! The catalogue is that of the sentences in the code: the compiler refuses a marked one without its Korean, none is left over, and
//! those that nobody has marked yet are listed, so that there cannot be more of them unnoticed.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "it reads the sources that were just compiled: what fails ends the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use proc_macro2::{TokenStream, TokenTree};

/// Every text that stands in a source, wherever.
fn texts(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => texts(group.stream(), found),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    found.insert(text.value());
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[test]
fn each_sentence_of_the_catalogue_stands_in_the_file_that_it_names() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let catalogue = polib::po_file::parse(&root.join("shared/catalogue/ko.po")).expect("the compiler has read it");
    let mut left_over = Vec::new();
    for message in catalogue.messages() {
        let mut said = BTreeSet::new();
        if let Ok(source) = fs::read_to_string(root.join(message.source())) {
            texts(source.parse().expect("the compiler has read it"), &mut said);
        }
        if !said.contains(message.msgid()) {
            left_over.push(format!("`{}` of `{}`", message.msgid(), message.source()));
        }
    }
    assert!(catalogue.count() > 50);
    assert_eq!(
        left_over,
        Vec::<String>::new(),
        "nobody says these: take them out of ko.po, or name the file that does"
    );
}

/// The sentences of failures and of what to do about them that are not marked by `translated!`.
fn unmarked(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, name: &str| tokens.get(at).is_some_and(|token| token.to_string() == name);
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        // Tests have sentences of their own.
        let is_test = at >= 2 && is(at - 2, "mod") && is(at - 1, "tests");
        if is_test {
            continue;
        }
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        let of_error = at >= 4 && is(at - 4, "Error") && is(at - 1, "new");
        let of_advice = at >= 2 && is(at - 2, ".") && (is(at - 1, "advise") || is(at - 1, "advise_until_explained"));
        let sentence = match (of_error, of_advice) {
            (true, _) => inside.iter().position(|token| token.to_string() == ",").map(|comma| comma + 1),
            (_, true) => Some(0),
            (false, false) => None,
        };
        let first = sentence.and_then(|at| inside.get(at));
        let is_formatted = first.is_some_and(|token| token.to_string() == "format");
        let literal = if is_formatted { sentence.and_then(|at| inside.get(at + 2)) } else { first };
        let text = match literal {
            Some(TokenTree::Group(arguments)) if is_formatted => arguments.stream().into_iter().next(),
            other => other.cloned(),
        };
        if let Some(TokenTree::Literal(text)) = text {
            found.push(text.to_string());
        }
        unmarked(group.stream(), found);
    }
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

#[test]
fn failures_that_are_told_in_english_alone_are_known_and_do_not_become_more() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut files = Vec::new();
    for directory in ["shared/src", "hooks"] {
        sources(&root.join(directory), &mut files);
    }
    files.sort();
    let mut listed = Vec::new();
    for file in files {
        let mut found = Vec::new();
        unmarked(fs::read_to_string(&file).expect("a source").parse().expect("the compiler has read it"), &mut found);
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        listed.extend(found.into_iter().map(|sentence| format!("{name}: {sentence}\n")));
    }
    expect_file!["../catalogue/untranslated.txt"].assert_eq(&listed.concat());
}
