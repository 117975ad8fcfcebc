//! Templates: a line of a log that is looked for, and a sentence that is made of what was found. Both are text with `{names}`.
//! What a name stands for is an argument; `{needs:class}` is the version of a class file and stands for a release of Java.

use crate::language::Text;

/// What the names stand for.
pub(super) type Arguments = Vec<(&'static str, String)>;

/// An argument longer than this tells no more than its beginning, in characters.
const ARGUMENT_LIMIT: usize = 160;

/// What a class file's version is larger by than the release of Java that it is for.
const BEFORE_CLASS_FILES: u16 = 44;

/// A piece of a template: text as it stands, or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Text(&'static str),
    Name(&'static str),
}

fn pieces(template: &'static str) -> impl Iterator<Item = Piece> {
    template.split('{').enumerate().flat_map(|(number, part)| {
        let (name, text) = if number == 0 { (None, part) } else { split_name(part) };
        [name.map(Piece::Name), (!text.is_empty()).then_some(Piece::Text(text))].into_iter().flatten()
    })
}

fn split_name(part: &'static str) -> (Option<&'static str>, &'static str) {
    part.split_once('}').map_or((None, part), |(name, text)| (Some(name), text))
}

/// The arguments of a line that has the template in it. A name takes as little as it can; the last one takes the rest of the line.
pub(super) fn found_in(template: &'static str, line: &str) -> Option<Arguments> {
    match pieces(template).next()? {
        Piece::Text(text) => line.match_indices(text).find_map(|(at, _)| taken_from(template, &line[at..])),
        Piece::Name(_) => taken_from(template, line),
    }
}

fn taken_from(template: &'static str, line: &str) -> Option<Arguments> {
    let mut rest = line;
    let mut arguments = Arguments::new();
    let mut open = None;
    for piece in pieces(template) {
        match piece {
            Piece::Name(name) => open = Some(name),
            Piece::Text(text) => {
                let at = rest.find(text)?;
                let before = &rest[..at];
                match open.take() {
                    Some(name) => arguments.push(argument(name, before)?),
                    None if at > 0 => return None,
                    None => {}
                }
                rest = &rest[at + text.len()..];
            }
        }
    }
    if let Some(name) = open {
        arguments.push(argument(name, rest)?);
    }
    Some(arguments)
}

fn argument(name: &'static str, text: &str) -> Option<(&'static str, String)> {
    // Backticks surround it where it is shown.
    let text = text.trim().trim_end_matches('.').replace('`', "'");
    if text.is_empty() {
        return None;
    }
    if let Some(name) = name.strip_suffix(":class") {
        let version: u16 = text.split('.').next()?.parse().ok()?;
        return Some((name, version.checked_sub(BEFORE_CLASS_FILES)?.to_string()));
    }
    Some((name, shortened(&text, ARGUMENT_LIMIT)))
}

/// The beginning of a text, in whole characters.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// The first of the sentences whose names are all known, with what they stand for.
pub(super) fn told(sentences: &[Text], arguments: &Arguments) -> Option<String> {
    sentences.iter().find_map(|sentence| {
        let known = |piece| match piece {
            Piece::Text(text) => Some(text.to_owned()),
            Piece::Name(name) => arguments.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone()),
        };
        pieces(sentence.told()).map(known).collect::<Option<String>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f148_a_line_is_found_by_its_template_with_the_arguments_in_it() {
        for (name, template, line, wanted) in [
            ("as it stands", "No space left on device", "java.io.IOException: No space left on device", Some(vec![])),
            ("another line", "No space left", "there is a lot of space", None),
            ("in the middle", "Port {port} was already in use", "Port 8082 was already in use.", Some(vec!["8082"])),
            ("the end of the line", "Unknown database '{name}", "x: Unknown database 'shop'", Some(vec!["shop'"])),
            ("two", "host {host} port {port}!", "host a port 1!", Some(vec!["a", "1"])),
            ("as little as it can", "'{name}'", "'a' and 'b'", Some(vec!["a"])),
            ("nothing where something is needed", "host {host}", "host ", None),
            ("where it does not begin first", "Port {port} is", "Port, Port 1 is", Some(vec!["1"])),
            ("a class file's version", "version {needs:class},", "class file version 69.0, this", Some(vec!["25"])),
            ("what is no version", "version {needs:class},", "class file version x, this", None),
            ("no backtick in it", "in {file}", "in `a`", Some(vec!["'a'"])),
        ] {
            let found = found_in(template, line);
            let found = found.map(|found| found.into_iter().map(|(_, text)| text).collect::<Vec<_>>());
            assert_eq!(found, wanted.map(|wanted| wanted.into_iter().map(str::to_owned).collect()), "{name}");
        }
    }

    #[test]
    fn f148_the_fullest_sentence_is_told_for_which_everything_is_known() {
        let sentences = ["`{host}` has no `{name}`", "there is no `{name}`", "there is none"]
            .map(|sentence| Text { english: sentence, korean: "" });
        let known =
            |pairs: &[(&'static str, &str)]| pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        assert_eq!(told(&sentences, &known(&[("name", "a"), ("host", "b")])), Some("`b` has no `a`".to_owned()));
        assert_eq!(told(&sentences, &known(&[("name", "a")])), Some("there is no `a`".to_owned()));
        assert_eq!(told(&sentences, &known(&[("host", "b")])), Some("there is none".to_owned()));
        assert_eq!(told(&sentences[..2], &known(&[])), None);
    }

    #[test]
    fn a_long_argument_is_shown_by_its_beginning() {
        let found = found_in("say {words}", &format!("say {}", "가".repeat(1000))).unwrap();
        assert_eq!(found[0].1, format!("{}…", "가".repeat(ARGUMENT_LIMIT)));
    }
}
