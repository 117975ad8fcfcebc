//! A page for a browser that needs nothing besides itself: no script, no file, no network. Light or dark, as its reader's screen is.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("page.css");

/// Nothing is fetched, and nothing runs, whatever a release or a machine has called itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// The whole of it.
#[must_use]
pub fn render(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    page.into_string() + "\n"
}

/// What is wider than a screen, such as a table: it can be scrolled with the keyboard.
#[must_use]
pub fn scrolled(label: &str, content: &Markup) -> Markup {
    html! { div class="scroll" tabindex="0" role="region" aria-label=(label) { (content) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_text_whatever_it_looks_like() {
        let page = render("<i>", &html! { p { "</p><script>alert(1)</script>" } });
        assert!(page.contains("<title>&lt;i&gt;</title>") && !page.contains("<script"), "{page}");
    }
}
