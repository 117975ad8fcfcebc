//! Hooks speak Korean to whoever chose it, in the words of the Korean README; and the Korean documents say what the English ones say:
//! section by section the same figures, names, commands and links.

use std::collections::BTreeSet;

use demo_app::{Fault, Jar};
use shared::error::ExitCodeRow;
use shared::lifecycle::PROGRAMS;

use crate::rig::Rig;

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

#[test]
fn the_exit_codes_of_the_korean_readme_are_those_of_the_catalogue() {
    let row = |ExitCodeRow { code, meaning, serves }: ExitCodeRow| {
        format!("| {code} | {} | {} |\n", meaning.korean, serves.korean)
    };
    let wanted: String = ExitCodeRow::all().map(row).collect();
    assert!(README.korean.contains(&wanted), "the code says; put this into README.ko.md:\n{wanted}");
}

#[test]
fn a_hook_speaks_the_language_of_its_settings_else_that_of_its_environment() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    let out_of_order = |language: &[(&str, &str)]| {
        let command = language.iter().fold(rig.hook("health"), |hook, (name, value)| hook.variable(*name, *value));
        let run = command.run().unwrap();
        assert_eq!(run.code, 10, "{}", run.output);
        run.output
    };
    let (english, korean) = ("FAILED health (exit code 10): ", "실패 health (종료 코드 10): ");
    for (language, wanted) in [
        (&[][..], english),
        (&[("LANG", "ko_KR.UTF-8")], korean),
        (&[("LANG", "ko_KR.UTF-8"), ("LC_ALL", "C")], english),
        (&[("LANG", "ko_KR.UTF-8"), ("HOOKS_REPORT_LANGUAGE", "en")], english),
        (&[("HOOKS_REPORT_LANGUAGE", "ko")], korean),
    ] {
        let told = out_of_order(language);
        assert!(told.contains(wanted), "{language:?}: {told}");
    }
    rig.host.set("report.language", "\"ko\"").unwrap();
    let told = out_of_order(&[("LC_ALL", "en_US.UTF-8")]);
    for wanted in [korean, "\n할 일: ", "\n서비스 중: `real1`(포트 "] {
        assert!(told.contains(wanted), "{told}");
    }
    // Mistakes in the settings are told in the language that they choose.
    rig.host.set("health.consecutive", "0").unwrap();
    assert!(out_of_order(&[]).contains("설정이 잘못되었습니다: "));
}

#[test]
fn every_option_of_every_program_is_explained_in_korean() {
    let rig = Rig::live_in("real1");
    let is_korean = |line: &str| line.chars().any(|letter| ('가'..='힣').contains(&letter));
    for program in PROGRAMS {
        let run = rig.host.hook(program).argument("--help").variable("HOOKS_REPORT_LANGUAGE", "ko").run().unwrap();
        let (about, options) =
            run.output.split_once("\n옵션:\n").unwrap_or_else(|| panic!("{program}: {}", run.output));
        let (options, exit_codes) = options.split_once("\n\n").unwrap();
        let lines = about.lines().take(1).chain(options.lines()).chain(exit_codes.lines());
        let english: Vec<&str> = lines.filter(|line| !line.is_empty() && !is_korean(line)).collect();
        assert_eq!(english, Vec::<&str>::new(), "{program}");
        assert!(options.lines().count() >= 4, "{options}");
    }
}

#[test]
fn f148_a_release_that_dies_is_told_in_korean_with_its_cause_and_what_to_do() {
    let rig = Rig::live_in("real1");
    rig.host.set("report.language", "\"ko\"").unwrap();
    rig.untouched_by(|| {
        let log = include_str!("../../shared/src/cause/logs/port-taken.log")
            .replace("8082", &rig.live_and_idle_ports().1.to_string());
        let deployed = rig.deploy(&Jar::release("v2").fault(Fault::DiesSaying { words: log }));
        for wanted in
            ["실패 start (종료 코드 30): ", "로그에서 찾은 원인: 포트 ", "할 일: 누가 쓰는지 확인해서(`ss -ltnp"]
        {
            assert!(deployed.output().replace("\n    ", " ").contains(wanted), "{}", deployed.output());
        }
    });
}
