//! The Korean documents say what the English ones say: section by section the same figures, names, commands and links.

use std::collections::BTreeSet;

/// A document in both languages, and the lines by which each leads to the other.
struct Pair {
    english: &'static str,
    korean: &'static str,
    links: [&'static str; 2],
}

const README: Pair = Pair {
    english: include_str!("../../README.md"),
    korean: include_str!("../../README.ko.md"),
    links: ["[한국어](README.ko.md)", "[English](README.md)"],
};
const MOVING: Pair = Pair {
    english: include_str!("../../docs/moving.md"),
    korean: include_str!("../../docs/moving.ko.md"),
    links: ["[한국어](moving.ko.md)", "[English](moving.md)"],
};

/// What a section says in either language, but for its words.
#[derive(Debug, PartialEq, Eq)]
struct Said<'a> {
    /// Blocks of code without their comments.
    blocks: Vec<Vec<&'a str>>,
    /// What stands in backticks; grammar decides how often.
    names: BTreeSet<&'a str>,
    /// Each language leads to its own, where there is one.
    links: Vec<String>,
    numbers: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn by(section: &'a str) -> Said<'a> {
        let mut said = Said { blocks: Vec::new(), names: BTreeSet::new(), links: Vec::new(), numbers: Vec::new() };
        // Even parts are text, odd ones blocks.
        for (index, part) in section.split("```").enumerate() {
            if index % 2 == 1 {
                said.blocks.push(part.lines().map(|line| line.split("  #").next().unwrap().trim()).collect());
            } else {
                said.read(part);
            }
        }
        said.links.sort_unstable();
        said.numbers.sort_unstable();
        said
    }

    fn read(&mut self, text: &'a str) {
        for line in text.lines().filter(|line| !line.starts_with("<!--") && !is_of_languages(line)) {
            for (index, part) in line.split('`').enumerate() {
                if index % 2 == 1 {
                    self.names.insert(part);
                    continue;
                }
                let mut rest = part;
                while let Some((before, behind)) = rest.split_once("](") {
                    let (link, behind) = behind.split_once(')').unwrap();
                    self.count(before);
                    self.links.push(link.replace(".ko.", "."));
                    rest = behind;
                }
                self.count(rest);
            }
        }
    }

    fn count(&mut self, text: &'a str) {
        let is_of_one = |letter: char| letter.is_ascii_digit() || ",.".contains(letter);
        let numbers = text.split(|letter| !is_of_one(letter)).map(|number| number.trim_matches([',', '.']));
        self.numbers.extend(numbers.filter(|number| !number.is_empty()));
    }
}

fn is_of_languages(line: &str) -> bool {
    [README, MOVING].iter().any(|pair| pair.links.contains(&line))
}

#[test]
fn the_korean_documents_have_the_figures_names_commands_and_links_of_the_english_ones() {
    for Pair { english: ours, korean: theirs, links } in [README, MOVING] {
        let sections = |text: &'static str| text.split("\n## ").collect::<Vec<_>>();
        let (english, korean) = (sections(ours), sections(theirs));
        assert_eq!(english.len(), korean.len());
        for (english, korean) in english.into_iter().zip(korean) {
            let title = |section: &str| section.lines().next().unwrap_or_default().to_owned();
            assert_eq!(Said::by(english), Said::by(korean), "{} | {}", title(english), title(korean));
        }
        assert!(ours.contains(links[0]) && theirs.contains(links[1]));
    }
}
