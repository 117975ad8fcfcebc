//! The language that people are told things in: what hooks.toml says, else the environment. Sentences stand in the code in English,
//! marked by `translated!` and `text!`; the catalogue beside this crate has the Korean of each.

use std::cell::Cell;
use std::fmt;

pub use catalogue::{text, translated};

use crate::environment;

/// A language that there is a catalogue of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// The one that the sentences stand in.
    #[default]
    English,
    /// 한국어.
    Korean,
}

/// The variables that choose it, the first one that is set: a setting's own, then POSIX's in their order.
const VARIABLES: [&str; 4] = ["HOOKS_REPORT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"];

thread_local! {
    /// A hook has one thread; each test has its own.
    static SPOKEN: Cell<Language> = const { Cell::new(Language::English) };
}

/// The language that is spoken.
#[must_use]
pub fn spoken() -> Language {
    SPOKEN.get()
}

/// Speaks this language from here on.
pub fn speak(language: Language) {
    SPOKEN.set(language);
}

impl Language {
    /// The one that the environment chooses.
    #[must_use]
    pub fn of_environment() -> Language {
        let chosen = VARIABLES.into_iter().find_map(|name| environment::variable(name).filter(|value| value != "auto"));
        chosen.map_or(Language::English, |name| Language::named(&name))
    }

    /// The one of a locale such as `ko_KR.UTF-8`, or of a setting such as `ko`. What is told is UTF-8, so a locale with another encoding
    /// is spoken to in letters that all of them share.
    fn named(locale: &str) -> Language {
        let (name, encoding) = locale.split_once('.').unwrap_or((locale, "utf-8"));
        let encoding = encoding.split('@').next().unwrap_or_default().to_ascii_lowercase().replace('-', "");
        match name.split(['_', '@']).next() {
            Some("ko") if encoding == "utf8" => Language::Korean,
            _ => Language::English,
        }
    }
}

/// A sentence in all languages, made by `text!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// As it stands in the code.
    pub english: &'static str,
    /// 한국어.
    pub korean: &'static str,
}

impl Text {
    /// The sentence in the language that is spoken.
    #[must_use]
    pub fn told(self) -> &'static str {
        match spoken() {
            Language::English => self.english,
            Language::Korean => self.korean,
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.told())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_korean_locale_is_spoken_to_in_korean_if_it_can_show_it() {
        for (locale, language) in [
            ("ko", Language::Korean),
            ("ko_KR", Language::Korean),
            ("ko_KR.UTF-8", Language::Korean),
            ("ko_KR.utf8@modifier", Language::Korean),
            ("ko_KR.eucKR", Language::English),
            ("kok_IN.UTF-8", Language::English),
            ("en_US.UTF-8", Language::English),
            ("C.UTF-8", Language::English),
            ("POSIX", Language::English),
            ("auto", Language::English),
        ] {
            assert_eq!(Language::named(locale), language, "{locale}");
        }
    }

    #[test]
    fn a_sentence_is_told_in_the_language_that_is_spoken_with_its_arguments() {
        let told = |place| (translated!("log: {}", place), translated!("look now"), text!("nothing").told());
        assert_eq!(told("/a"), ("log: /a".to_owned(), "look now", "nothing"));
        speak(Language::Korean);
        assert_eq!(told("/a"), ("로그: /a".to_owned(), "지금 바로 확인하세요", "없음"));
    }
}
