//! Settings as they are written: a TOML text and the variables that override single keys. Every mistake is kept with its
//! place, so that all of them are told at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::{DeTable, DeValue};

/// The settings as somebody wrote them, and what was found wrong with them so far.
#[derive(Debug)]
pub struct SettingsFile {
    name: String,
    named: Option<PathBuf>,
    values: Vec<Written>,
    asked: BTreeSet<String>,
    mistakes: Vec<String>,
}

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
    Other(String),
}

impl SettingsFile {
    /// Reads a TOML text; `name` is what messages call it.
    #[must_use]
    pub fn parse(name: &str, text: &str) -> SettingsFile {
        let mut file = SettingsFile {
            name: name.to_owned(),
            named: None,
            values: Vec::new(),
            asked: BTreeSet::new(),
            mistakes: Vec::new(),
        };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map_or_else(String::new, |span| format!(", line {}", line_of(text, span.start)));
            file.mistakes.push(format!("`{name}`{line}: {}", error.message()));
        }
        for (section, value) in root.get_ref() {
            let section_name = section.get_ref().to_string();
            match value.get_ref() {
                DeValue::Table(keys) => {
                    for (key, value) in keys {
                        let place = format!("`{name}`, line {}", line_of(text, key.span().start));
                        let key = format!("{section_name}.{}", key.get_ref());
                        file.values.push(Written { key, place, value: Value::of(value.get_ref()) });
                    }
                }
                other => {
                    let place = format!("`{name}`, line {}", line_of(text, section.span().start));
                    file.values.push(Written { key: section_name, place, value: Value::of(other) });
                }
            }
        }
        file
    }

    /// Lays variables over the file: `HOOKS_BLUE_PORT=9081` overrides `port` of `[blue]`.
    #[must_use]
    pub fn overridden_by(mut self, variables: &[(String, String)]) -> SettingsFile {
        for (name, text) in variables {
            // HOOKS_CONFIG names the file itself.
            if name == "HOOKS_CONFIG" {
                continue;
            }
            let place = format!("the variable `{name}`");
            let Some((section, key)) = name.trim_start_matches("HOOKS_").split_once('_') else {
                self.mistakes.push(format!("{place}: found no section and key in it, needed `HOOKS_<SECTION>_<KEY>`"));
                continue;
            };
            let key = format!("{}.{}", section.to_lowercase(), key.to_lowercase());
            self.values.retain(|written| written.key != key);
            self.values.push(Written { key, place, value: Value::of_variable(text) });
        }
        self
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

    /// A text.
    pub fn text(&mut self, key: &str, default: &str) -> String {
        self.take(key, "a text", Value::as_text).unwrap_or_else(|| default.to_owned())
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &str, default: &[&str]) -> Vec<String> {
        self.take(key, "a list of texts", |value| match value {
            Value::List(items) => items.iter().map(Value::as_text).collect(),
            _ => None,
        })
        .unwrap_or_else(|| default.iter().map(|text| (*text).to_owned()).collect())
    }

    /// A whole number within limits.
    pub fn number(&mut self, key: &str, default: u32, least: u32, most: u32) -> u32 {
        self.take(key, &format!("a whole number from {least} to {most}"), |value| match value {
            Value::Number(number) => u32::try_from(*number).ok().filter(|number| (least..=most).contains(number)),
            _ => None,
        })
        .unwrap_or(default)
    }

    /// `true` or `false`.
    pub fn truth(&mut self, key: &str, default: bool) -> bool {
        self.take(key, "`true` or `false`", |value| match value {
            Value::Truth(truth) => Some(*truth),
            _ => None,
        })
        .unwrap_or(default)
    }

    /// A duration as text, such as `"30s"`.
    pub fn duration(&mut self, key: &str, default: Duration) -> Duration {
        self.take(key, "a duration as text, such as \"30s\" or \"500ms\"", |value| {
            humantime::parse_duration(&value.as_text()?).ok()
        })
        .unwrap_or(default)
    }

    /// Notes a mistake about the value of `key`, with the place it was written in.
    pub fn mistake(&mut self, key: &str, found: &str, needed: &str) {
        let place = self
            .values
            .iter()
            .find(|written| written.key == key)
            .map_or_else(|| format!("`{}` (default)", self.name), |written| written.place.clone());
        self.mistakes.push(format!("{place}: `{key}` is `{found}`, needed {needed}"));
    }

    /// Everything that is wrong, keys that nobody asked for among it.
    #[must_use]
    pub fn mistakes(mut self) -> Vec<String> {
        for written in &self.values {
            if self.asked.contains(&written.key) {
                continue;
            }
            let nearest = self
                .asked
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, &written.key), known))
                .min_by_key(|(distance, _)| *distance)
                .filter(|(distance, _)| *distance <= 4)
                .map_or_else(String::new, |(_, known)| format!("; did you mean `{known}`?"));
            self.mistakes.push(format!("{}: there is no setting `{}`{nearest}", written.place, written.key));
        }
        self.mistakes
    }

    /// The keys that were asked for and that nobody wrote.
    #[cfg(test)]
    pub(super) fn unwritten(&self) -> Vec<String> {
        let written = |key: &String| self.values.iter().any(|written| written.key == *key);
        self.asked.iter().filter(|key| !written(key)).cloned().collect()
    }

    fn take<T>(&mut self, key: &str, needed: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        self.asked.insert(key.to_owned());
        let written = self.values.iter().find(|written| written.key == key)?;
        let taken = read(&written.value);
        if taken.is_none() {
            self.mistakes.push(format!("{}: `{key}` is {}, needed {needed}", written.place, written.value.shown()));
        }
        taken
    }
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
            Ok(value @ (Value::Number(_) | Value::Truth(_) | Value::List(_))) => value,
            _ => Value::Text(text.to_owned()),
        }
    }

    fn as_text(&self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn shown(&self) -> String {
        match self {
            Value::Text(text) => format!("the text `{text}`"),
            Value::Number(number) => format!("the number `{number}`"),
            Value::Truth(truth) => format!("`{truth}`"),
            Value::List(_) => "a list".to_owned(),
            Value::Other(text) => text.clone(),
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].split(|byte| *byte == b'\n').count()
}
