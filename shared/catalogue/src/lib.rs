//! Sentences in the languages that the hooks speak. They stand in the code in English, marked by one of these macros; `ko.po` has the
//! Korean of each. Both become code, so that the compiler holds both to their arguments, and no hook carries a catalogue or the
//! sentences of another.

mod placeholders;
mod sentence;
mod translations;

use proc_macro::TokenStream;

use self::sentence::{Constant, Sentence};

/// A sentence in the language that is spoken. With arguments, as `format!` takes them, it is a `String`, else a `&'static str`.
#[proc_macro]
pub fn translated(input: TokenStream) -> TokenStream {
    let sentence = syn::parse_macro_input!(input as Sentence);
    sentence.expanded().unwrap_or_else(|error| error.to_compile_error()).into()
}

/// A sentence in all languages, as a constant `Text`: for tables, and for templates that are filled in later.
#[proc_macro]
pub fn text(input: TokenStream) -> TokenStream {
    let constant = syn::parse_macro_input!(input as Constant);
    constant.expanded().unwrap_or_else(|error| error.to_compile_error()).into()
}
