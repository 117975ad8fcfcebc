//! A document with its picture as a page for a browser; pure.

use maud::{PreEscaped, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html as markup};
use workstation::page;

use super::Picture;

/// The page.
pub(super) fn of(document: &str, picture: Option<&Picture>) -> String {
    let mut events = Vec::new();
    let (mut title, mut is_title) = (String::new(), false);
    for event in Parser::new_ext(document, Options::ENABLE_TABLES) {
        match &event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => is_title = true,
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => is_title = false,
            Event::Text(text) if is_title => title.push_str(text),
            _ => {}
        }
        events.extend(on_a_page(event, picture));
    }
    let mut content = String::new();
    markup::push_html(&mut content, events.into_iter());
    page::render(&title, &html! { (PreEscaped(content)) })
}

/// What becomes of a piece of the document on a page that stands alone: its picture is within it, its tables can be scrolled, and what
/// it links to in the repository is only named.
fn on_a_page<'a>(event: Event<'a>, picture: Option<&Picture>) -> Vec<Event<'a>> {
    let raw = |text: &'static str| Event::Html(CowStr::Borrowed(text));
    match event {
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            let drawn = picture.filter(|picture| *picture.file == *dest_url).map(|picture| data(&picture.svg).into());
            vec![Event::Start(Tag::Image { link_type, dest_url: drawn.unwrap_or(dest_url), title, id })]
        }
        Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link) => Vec::new(),
        Event::Start(Tag::Table(sides)) => vec![
            raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"figures\">\n"),
            Event::Start(Tag::Table(sides)),
        ],
        Event::End(TagEnd::Table) => vec![Event::End(TagEnd::Table), raw("</div>\n")],
        other => vec![other],
    }
}

/// A picture as an address.
fn data(svg: &str) -> String {
    format!("data:image/svg+xml,{}", utf8_percent_encode(svg, NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use workstation::{browser, files};

    use super::*;

    #[test]
    fn f157_a_document_is_a_page_with_its_title_figures_and_picture_and_nothing_outside_it() {
        let document = "<!-- Written by x -->\n# What it cost\n\nOn [a host](../tests/host). ![Answers](cost.svg)\n\n\
                        | way | ms |\n| --- | ---: |\n| `reload` | 17 <b> |\n";
        let picture = Picture { file: "cost.svg", svg: "<svg width=\"9\"/>".to_owned() };
        let page = of(document, Some(&picture));
        assert!(page.contains("<title>What it cost</title>"), "{page}");
        assert!(page.contains("src=\"data:image/svg+xml,%3Csvg%20width%3D%229%22%2F%3E\" alt=\"Answers\""), "{page}");
        assert!(page.contains("<td><code>reload</code></td>") && page.contains("aria-label=\"figures\""), "{page}");
        assert!(page.contains("On a host.") && !page.contains("href") && !page.contains("cost.svg"), "{page}");
    }

    #[test]
    fn f157_a_browser_shows_every_figure_of_the_published_documents_without_a_complaint() {
        let directory = tempfile::TempDir::new().unwrap();
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let read = |name: &str| String::from_utf8(files::read(&docs.join(name), "a document").unwrap()).unwrap();
        for (name, picture) in [
            ("benchmarks", Some("cutover.svg")),
            ("feel", Some("feel.svg")),
            ("boots", None),
            ("reloads", None),
            ("processes", None),
        ] {
            let document = read(&format!("{name}.md"));
            let picture = picture.map(|file| Picture { file, svg: read(file) });
            let page = directory.path().join(format!("{name}.html"));
            files::write(&page, of(&document, picture.as_ref()).as_bytes()).unwrap();
            let shown = browser::open(&page, &directory.path().join("profile"), &["--dump-dom"]).unwrap();
            assert_eq!(shown.complaints().collect::<Vec<_>>(), Vec::<&str>::new(), "{name}");
            let text = shown.text();
            let rows = document.lines().filter(|line| line.starts_with('|') && !line.contains("---"));
            let cells = rows.flat_map(|row| row.trim_matches('|').split('|')).map(str::trim);
            let figures: Vec<&str> =
                cells.filter(|cell| cell.starts_with(|first: char| first.is_ascii_digit())).collect();
            assert!(figures.len() > 10, "{name} has {} figures", figures.len());
            let missing: Vec<&str> =
                figures.into_iter().filter(|figure| !text.lines().any(|line| line == *figure)).collect();
            assert_eq!(missing, Vec::<&str>::new(), "{name}: {text}");
            assert!(!shown.document.contains("<script"), "{name} needs nothing besides itself");
        }
    }

    #[test]
    fn f157_the_published_documents_are_pages_with_every_figure_of_their_tables() {
        let picture = Picture { file: "cutover.svg", svg: include_str!("../../../../docs/cutover.svg").to_owned() };
        let document = include_str!("../../../../docs/benchmarks.md");
        let page = of(document, Some(&picture));
        let rows = document.lines().filter(|line| line.starts_with('|') && !line.contains("---"));
        let cells =
            rows.flat_map(|row| row.trim_matches('|').split('|')).map(str::trim).filter(|cell| !cell.is_empty());
        let mut count = 0;
        for cell in cells.filter(|cell| cell.starts_with(|first: char| first.is_ascii_digit())) {
            assert!(page.contains(&format!(">{cell}</td>")), "{cell}");
            count += 1;
        }
        assert!(count > 100, "{count}");
    }
}
