//! The catalogue is that of the sentences in the code: the compiler refuses one without its Korean, and here none is left over.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "it reads the sources that were just compiled: what fails ends the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
