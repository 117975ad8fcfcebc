//! The Korean of each sentence, read from `ko.po` while the hooks are compiled. A change of that file compiles this crate anew, and so
//! whatever uses it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::placeholders;

/// The catalogue, in the form of gettext, which has editors and checks of its own (`msgfmt --check`).
const KOREAN: &str = include_str!("../ko.po");

/// The Korean of an English sentence, with the same arguments.
pub(crate) fn korean(english: &str) -> Result<&'static str, String> {
    static TRANSLATIONS: OnceLock<Result<BTreeMap<String, String>, String>> = OnceLock::new();
    let translations = TRANSLATIONS.get_or_init(|| read(KOREAN)).as_ref().map_err(String::clone)?;
    let korean = translations
        .get(english)
        .ok_or_else(|| format!("`{english}` has no Korean: give it one in shared/catalogue/ko.po"))?;
    same_arguments(english, korean)?;
    Ok(korean)
}

fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    let catalogue = polib::po_file::parse_from_reader(text.as_bytes())
        .map_err(|cause| format!("shared/catalogue/ko.po is no catalogue of gettext: {cause}"))?;
    let mut translations = BTreeMap::new();
    for message in catalogue.messages() {
        let korean = message.msgstr().map_err(|_| format!("`{}` has a plural, needed none", message.msgid()))?;
        if korean.is_empty() || message.is_fuzzy() {
            return Err(format!("`{}` is not translated, or fuzzy, in shared/catalogue/ko.po", message.msgid()));
        }
        translations.insert(message.msgid().to_owned(), korean.to_owned());
    }
    Ok(translations)
}

fn same_arguments(english: &str, korean: &str) -> Result<(), String> {
    let (needed, found) = (placeholders::of(english), placeholders::of(korean));
    if needed == found {
        return Ok(());
    }
    Err(format!(
        "`{english}` has the arguments {needed:?}, its Korean {found:?}: give both the same in shared/catalogue/ko.po"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_one_of_gettext_with_the_same_arguments_in_both_languages() {
        let translations = read(KOREAN).unwrap();
        assert!(translations.len() > 10);
        for (english, korean) in &translations {
            assert_eq!(same_arguments(english, korean), Ok(()));
        }
    }

    #[test]
    fn a_sentence_whose_korean_has_other_arguments_is_refused() {
        assert_eq!(same_arguments("{} of {}", "{1}의 {0}"), Ok(()));
        assert_eq!(same_arguments("{name}", "{name}"), Ok(()));
        for (english, korean) in [("{} of {}", "{0}"), ("{name}", "{nmae}"), ("{name}", "이름"), ("a name", "{name}")]
        {
            let complaint = same_arguments(english, korean).unwrap_err();
            assert!(complaint.contains("give both the same"), "{complaint}");
        }
    }

    #[test]
    fn no_particle_depends_on_how_an_argument_ends() {
        let is_particle = |text: &str| {
            let end = text.find([' ', ',', '.', ';']).unwrap_or(text.len());
            ["은", "는", "이", "가", "을", "를", "과", "와", "로", "으로"].contains(&&text[..end])
        };
        for (english, korean) in read(KOREAN).unwrap() {
            for behind in korean.split('}').skip(1) {
                let behind = behind.strip_prefix('`').unwrap_or(behind);
                assert!(!is_particle(behind), "`{korean}`, which is `{english}`: write both forms, such as 을(를)");
            }
        }
    }

    #[test]
    fn a_sentence_that_nobody_has_translated_is_refused() {
        assert!(korean("nobody says this").unwrap_err().contains("has no Korean"));
        let catalogue =
            |korean: &str| format!("msgid \"\"\nmsgstr \"Language: ko\\n\"\n\nmsgid \"a\"\nmsgstr \"{korean}\"\n");
        assert!(read(&catalogue("가")).is_ok());
        assert!(read(&catalogue("")).unwrap_err().contains("is not translated"));
    }
}
