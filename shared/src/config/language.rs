//! `report.language`: the language that people are told things in. It is looked at before the other settings, so that mistakes in those
//! are told in it.

use crate::language::Language;

/// The key.
pub(super) const KEY: &str = "report.language";

/// What it may be; nothing stands for the language of the environment.
pub(super) const NAMES: [(&str, Option<Language>); 3] =
    [("auto", None), ("en", Some(Language::English)), ("ko", Some(Language::Korean))];

/// The language of this name.
pub(super) fn named(chosen: &str) -> Option<Language> {
    NAMES.into_iter().find_map(|(name, language)| language.filter(|_| name == chosen))
}
