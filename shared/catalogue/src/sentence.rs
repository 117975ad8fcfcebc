//! A marked sentence, and the code that it becomes.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Token};

use crate::placeholders;
use crate::translations::korean;

/// A sentence with its arguments.
pub(crate) struct Sentence {
    english: LitStr,
    arguments: Vec<Argument>,
}

/// An argument that is not named in the sentence's own braces.
struct Argument {
    name: Option<Ident>,
    value: Expr,
}

impl Parse for Sentence {
    fn parse(input: ParseStream<'_>) -> syn::Result<Sentence> {
        let english = input.parse()?;
        let mut arguments = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let is_named = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
            let name = if is_named { Some(named(input)?) } else { None };
            arguments.push(Argument { name, value: input.parse()? });
        }
        Ok(Sentence { english, arguments })
    }
}

fn named(input: ParseStream<'_>) -> syn::Result<Ident> {
    let name = input.call(Ident::parse_any)?;
    input.parse::<Token![=]>()?;
    Ok(name)
}

impl Sentence {
    /// One branch for each language. Arguments are evaluated once, before it is chosen.
    pub(crate) fn expanded(&self) -> syn::Result<TokenStream> {
        let english = &self.english;
        let text = english.value();
        let korean = literal(korean(&text).map_err(|why| Error::new(english.span(), why))?, english.span());
        if self.arguments.is_empty() && placeholders::of(&text).is_empty() {
            let (english, korean) = (unescaped(english), unescaped(&korean));
            return Ok(by_language(&quote!(#english), &quote!(#korean)));
        }
        let values: Vec<&Expr> = self.arguments.iter().map(|argument| &argument.value).collect();
        let bound: Vec<Ident> =
            (0..values.len()).map(|number| format_ident!("argument{number}", span = Span::mixed_site())).collect();
        let passed: Vec<TokenStream> =
            self.arguments.iter().zip(&bound).map(|(argument, bound)| argument.passed(bound)).collect();
        let formatted = |sentence: &LitStr| quote!(::std::format!(#sentence #(, #passed)*));
        let chosen = by_language(&formatted(english), &formatted(&korean));
        if values.is_empty() {
            return Ok(chosen);
        }
        Ok(quote! { match (#(&#values,)*) { (#(#bound,)*) => #chosen } })
    }
}

impl Argument {
    fn passed(&self, bound: &Ident) -> TokenStream {
        self.name.as_ref().map_or_else(|| quote!(#bound), |name| quote!(#name = #bound))
    }
}

/// A sentence alone.
pub(crate) struct Constant {
    english: LitStr,
}

impl Parse for Constant {
    fn parse(input: ParseStream<'_>) -> syn::Result<Constant> {
        Ok(Constant { english: input.parse()? })
    }
}

impl Constant {
    /// A `Text`, with whatever it has in braces.
    pub(crate) fn expanded(&self) -> syn::Result<TokenStream> {
        let english = &self.english;
        let korean = korean(&english.value()).map_err(|why| Error::new(english.span(), why))?;
        let korean = literal(korean, english.span());
        Ok(quote! { ::shared::language::Text { english: #english, korean: #korean } })
    }
}

fn by_language(english: &TokenStream, korean: &TokenStream) -> TokenStream {
    quote! {
        match ::shared::language::spoken() {
            ::shared::language::Language::English => #english,
            ::shared::language::Language::Korean => #korean,
        }
    }
}

/// A text where the English one stands, so that names in its braces are found there.
fn literal(text: &str, span: Span) -> LitStr {
    LitStr::new(text, span)
}

/// A text as it is told, where nothing formats it.
fn unescaped(text: &LitStr) -> LitStr {
    literal(&text.value().replace("{{", "{").replace("}}", "}"), text.span())
}
