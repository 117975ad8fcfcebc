//! Settings as they are written: a TOML text over the shipped one, and the variables that override single keys. Every mistake
//! is kept with its place, so that all of them are told at once.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::{language, shipped};
use crate::language::{Language, Text, text, translated};

/// The settings as somebody wrote them, and what was found wrong with them so far.
#[derive(Debug)]
pub struct SettingsFile {
    name: String,
    named: Option<PathBuf>,
    values: Vec<Written>,
    defaults: Vec<Written>,
    asked: BTreeSet<String>,
    mistakes: Vec<String>,
}

/// Settings of earlier versions, and what stands for them now.
const GONE: [(&str, Text); 1] = [("app.check_memory", text!("`start.overlap = \"always\"` is what `false` was"))];

/// One value with the place it was written in.
#[derive(Debug)]
struct Written {
    key: String,
    place: String,
    value: Value,
}

/// The kinds of values that settings have.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Number(i64),
    Truth(bool),
    List(Vec<Value>),
    /// A variable's text as it is, and what that would be as TOML: which of the two counts is the key's to say. `+1000` is a text
    /// for one key, and would be the number 1000 for another.
    Variable(String, Box<Value>),
    Other(String),
}

impl SettingsFile {
    /// Reads a TOML text; `name` is what messages call it. What it leaves out is as the shipped text says.
    #[must_use]
    pub fn parse(name: &str, text: &str) -> SettingsFile {
        SettingsFile::over(shipped::TEXT, name, text)
    }

    /// Reads a TOML text over one that has the defaults.
    fn over(defaults: &str, name: &str, text: &str) -> SettingsFile {
        let (values, mistakes) = read(name, text);
        let (mut unwritten, _) = read(name, shipped::UNWRITTEN);
        // What comes first holds.
        unwritten.extend(read(name, defaults).0);
        SettingsFile {
            name: name.to_owned(),
            named: None,
            values,
            defaults: unwritten,
            asked: BTreeSet::new(),
            mistakes,
        }
    }

    /// Lays variables over the file: `HOOKS_BLUE_PORT=9081` overrides `port` of `[blue]`.
    #[must_use]
    pub fn overridden_by(mut self, variables: &[(String, String)]) -> SettingsFile {
        for (name, text) in variables {
            // HOOKS_CONFIG names the file itself.
            if name == "HOOKS_CONFIG" {
                continue;
            }
            let place = translated!("the variable `{name}`");
            let Some(key) = self.key_of(name) else {
                self.mistakes
                    .push(translated!("{place}: found no section and key in it, needed `HOOKS_<SECTION>_<KEY>`"));
                continue;
            };
            self.values.retain(|written| written.key != key);
            self.values.push(Written { key, place, value: Value::of_variable(text) });
        }
        self
    }

    /// The key that a variable overrides. Sections may have a `_` in their names as well, so that of a known key is taken first.
    fn key_of(&self, variable: &str) -> Option<String> {
        let name = variable.trim_start_matches("HOOKS_").to_lowercase();
        let known = self.defaults.iter().map(|default| &default.key).find(|key| key.replace('.', "_") == name);
        known.cloned().or_else(|| name.split_once('_').map(|(section, key)| format!("{section}.{key}")))
    }

    /// Notes that somebody named this file, so that it would not be found without its name.
    #[must_use]
    pub fn named_as(mut self, path: Option<PathBuf>) -> SettingsFile {
        self.named = path;
        self
    }

    /// The file, if somebody named it.
    #[must_use]
    pub fn named(&self) -> Option<&Path> {
        self.named.as_deref()
    }

    /// The language that it chooses, if it does.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        let written = self.values.iter().find(|written| written.key == language::KEY)?;
        language::named(&written.value.as_text()?)
    }

    /// Where it was read from, as messages call it; no absolute path where there is no file.
    #[must_use]
    pub(super) fn path(&self) -> &Path {
        Path::new(&self.name)
    }

    /// Whether somebody wrote this key, in the file or as a variable.
    #[must_use]
    pub fn is_written(&self, key: &str) -> bool {
        self.values.iter().any(|written| written.key == key)
    }

    /// A text.
    pub fn text(&mut self, key: &str) -> String {
        self.take(key, translated!("a text"), Value::as_text)
    }

    /// One of these names, as what it stands for; the first where it is none of them, which is a mistake.
    pub fn choice<T: Copy, const N: usize>(&mut self, key: &str, names: [(&str, T); N]) -> T {
        let found = self.text(key);
        if let Some((_, value)) = names.iter().find(|(name, _)| *name == found) {
            return *value;
        }
        let quoted: Vec<String> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
        let (last, others) = quoted.split_last().map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
        self.mistake(key, &found, &translated!("{} or {last}", others.join(", ")));
        names[0].1
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &str) -> Vec<String> {
        self.take(key, translated!("a list of texts"), |value| match value.plain() {
            Value::List(items) => items.iter().map(Value::as_text).collect(),
            _ => None,
        })
    }

    /// A text, or a number as one: `8079` and `"8079"` are the same port.
    pub fn text_or_number(&mut self, key: &str) -> String {
        self.take(key, translated!("a text or a number"), |value| match value {
            Value::Number(number) => Some(number.to_string()),
            value => value.as_text(),
        })
    }

    /// A whole number within limits.
    pub fn number<N>(&mut self, key: &str, limits: RangeInclusive<N>) -> N
    where
        N: TryFrom<i64> + PartialOrd + Display + Default,
    {
        self.take(key, &translated!("a whole number from {} to {}", limits.start(), limits.end()), |value| match value
            .plain()
        {
            Value::Number(number) => N::try_from(*number).ok().filter(|number| limits.contains(number)),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub fn truth(&mut self, key: &str) -> bool {
        self.take(key, translated!("`true` or `false`"), |value| match value.plain() {
            Value::Truth(truth) => Some(*truth),
            _ => None,
        })
    }

    /// A duration as text, such as `"30s"`.
    pub fn duration(&mut self, key: &str) -> Duration {
        self.take(key, translated!("a duration as text, such as \"30s\" or \"500ms\""), |value| {
            humantime::parse_duration(&value.as_text()?).ok()
        })
    }

    /// A size as text, such as `"1 MB"`, in bytes.
    pub fn size(&mut self, key: &str) -> u64 {
        self.take(key, translated!("a size as text, such as \"1 MB\" or \"500 kB\""), |value| {
            let text = value.as_text()?;
            let end = text.find(|letter: char| !letter.is_ascii_digit())?;
            let unit = match text[end..].trim().to_ascii_lowercase().as_str() {
                "kb" => 1_000,
                "mb" => 1_000_000,
                "gb" => 1_000_000_000,
                _ => return None,
            };
            text[..end].parse::<u64>().ok()?.checked_mul(unit).filter(|size| *size > 0)
        })
    }

    /// Notes a mistake about the value of `key`, with the place it was written in.
    pub fn mistake(&mut self, key: &str, found: &str, needed: &str) {
        let place = self
            .values
            .iter()
            .find(|written| written.key == key)
            .map_or_else(|| translated!("`{}` (default)", self.name), |written| written.place.clone());
        self.mistakes.push(translated!("{place}: `{key}` is `{found}`, needed {needed}"));
    }

    /// Everything that is wrong, keys that nobody asked for among it.
    #[must_use]
    pub fn mistakes(mut self) -> Vec<String> {
        for written in &self.values {
            if self.asked.contains(&written.key) {
                continue;
            }
            if let Some((gone, instead)) = GONE.into_iter().find(|(gone, _)| *gone == written.key) {
                self.mistakes.push(translated!("{}: there is no setting `{gone}` any more: {instead}", written.place));
                continue;
            }
            let nearest = self
                .asked
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, &written.key), known))
                .min_by_key(|(distance, _)| *distance)
                .filter(|(distance, _)| *distance <= 4)
                .map_or_else(String::new, |(_, known)| translated!("; did you mean `{known}`?"));
            self.mistakes.push(translated!("{}: there is no setting `{}`{nearest}", written.place, written.key));
        }
        self.mistakes
    }

    /// The value of `key`: as it was written, else its default, which also stands in for a value that is wrong.
    fn take<T: Default>(&mut self, key: &str, needed: &str, read: impl Fn(&Value) -> Option<T>) -> T {
        self.asked.insert(key.to_owned());
        if let Some(written) = self.values.iter().find(|written| written.key == key) {
            if let Some(taken) = read(&written.value) {
                return taken;
            }
            self.mistakes.push(translated!("{}: `{key}` is {}, needed {needed}", written.place, written.value.shown()));
        }
        let default = self.defaults.iter().find(|default| default.key == key).and_then(|default| read(&default.value));
        default.unwrap_or_else(|| {
            // Whoever built the hooks may have changed that file.
            self.mistakes.push(translated!(
                "the hooks.toml that these hooks were built with has no good `{key}`, needed {needed}: put it back there, and \
                 build them again"
            ));
            T::default()
        })
    }
}

/// The values of a TOML text with their places, and what is wrong with it as TOML.
fn read(name: &str, text: &str) -> (Vec<Written>, Vec<String>) {
    let (mut values, mut mistakes) = (Vec::new(), Vec::new());
    let lines = Lines::of(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map_or_else(String::new, |span| translated!(", line {}", lines.at(span.start)));
        mistakes.push(format!("`{name}`{line}: {}", error.message()));
    }
    for (section, value) in root.get_ref() {
        let section_name = section.get_ref().to_string();
        match value.get_ref() {
            DeValue::Table(keys) => {
                for (key, value) in keys {
                    let place = translated!("`{name}`, line {}", lines.at(key.span().start));
                    let key = format!("{section_name}.{}", key.get_ref());
                    values.push(Written { key, place, value: Value::of(value.get_ref()) });
                }
            }
            other => {
                let place = translated!("`{name}`, line {}", lines.at(section.span().start));
                values.push(Written { key: section_name, place, value: Value::of(other) });
            }
        }
    }
    (values, mistakes)
}

impl Value {
    fn of(value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Value::Other(number.to_string()), Value::Number),
            DeValue::Boolean(truth) => Value::Truth(*truth),
            DeValue::Array(items) => Value::List(items.iter().map(|item| Value::of(item.get_ref())).collect()),
            other => Value::Other(format!("a {}", other.type_str())),
        }
    }

    /// A variable holds text; where the text reads as a TOML number, truth or list it is that.
    fn of_variable(text: &str) -> Value {
        match DeValue::parse(text).map(|value| Value::of(value.get_ref())) {
            Ok(value @ (Value::Number(_) | Value::Truth(_) | Value::List(_))) => {
                Value::Variable(text.to_owned(), Box::new(value))
            }
            _ => Value::Text(text.to_owned()),
        }
    }

    /// As TOML, where a variable holds something else than a text.
    fn plain(&self) -> &Value {
        match self {
            Value::Variable(_, value) => value,
            value => value,
        }
    }

    fn as_text(&self) -> Option<String> {
        match self {
            Value::Text(text) | Value::Variable(text, _) => Some(text.clone()),
            _ => None,
        }
    }

    fn shown(&self) -> String {
        match self {
            Value::Text(text) => translated!("the text `{text}`"),
            Value::Number(number) => translated!("the number `{number}`"),
            Value::Truth(truth) => format!("`{truth}`"),
            Value::List(_) => translated!("a list").to_owned(),
            Value::Variable(_, value) => value.shown(),
            Value::Other(text) => text.clone(),
        }
    }
}

/// Where the lines of a text end, found once for all its values.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        Lines(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(offset, _)| offset).collect())
    }

    /// The number of the line that this offset is in, from 1.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_the_built_in_text_lacks_is_told_with_what_it_has_to_be() {
        let mut file = SettingsFile::over("[blue]\nport = \"x\"", "hooks.toml", "");
        assert_eq!((file.number("blue.port", 1..=9_u16), file.text("blue.profile")), (0, String::new()));
        let told = file.mistakes();
        for (told, wanted) in
            told.iter().zip(["`blue.port`, needed a whole number from 1 to 9", "`blue.profile`, needed a text"])
        {
            assert!(told.contains("that these hooks were built with has no good ") && told.contains(wanted), "{told}");
        }
        assert_eq!(told.len(), 2, "{told:?}");
    }

    #[test]
    fn a_wrong_value_is_one_mistake_and_not_another_one_about_what_stands_in_for_it() {
        let mut file = SettingsFile::parse("hooks.toml", "[blue]\nport = \"x\"");
        assert_eq!(file.number("blue.port", 1..=u16::MAX), 8081);
        assert_eq!(
            file.mistakes(),
            ["`hooks.toml`, line 2: `blue.port` is the text `x`, needed a whole number from 1 to 65535"]
        );
    }

    #[test]
    fn a_variable_is_a_text_for_a_key_that_takes_texts_and_what_toml_has_for_any_other() {
        let defaults = "[blue]\nprofile = \"x\"\nport = 1\n[app]\ncommand = []\nmemory = true";
        let variables =
            [("PROFILE", "+1000"), ("PORT", "7")].map(|(key, text)| (format!("HOOKS_BLUE_{key}"), text.to_owned()));
        let mut file = SettingsFile::over(defaults, "hooks.toml", "").overridden_by(&variables);
        assert_eq!((file.text("blue.profile"), file.number("blue.port", 1..=9_u16)), ("+1000".to_owned(), 7));
        let mut written = SettingsFile::over(defaults, "hooks.toml", "[blue]\nprofile = 8079");
        assert_eq!(written.text_or_number("blue.profile"), "8079");
        assert_eq!(written.text("blue.profile"), "x", "a number is no text by itself");
    }

    #[test]
    fn every_key_has_a_variable_also_one_in_a_section_of_two_words() {
        let defaults = "[blue]\nport = 1\n[long_section]\nsome_key = 2";
        for (variable, key) in
            [("HOOKS_BLUE_PORT", "blue.port"), ("HOOKS_LONG_SECTION_SOME_KEY", "long_section.some_key")]
        {
            let variables = [(variable.to_owned(), "7".to_owned())];
            let mut file = SettingsFile::over(defaults, "hooks.toml", "").overridden_by(&variables);
            assert_eq!(file.number(key, 1..=9_u16), 7, "{variable}");
        }
    }
}
