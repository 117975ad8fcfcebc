//! The text of a sandbox's `hooks.toml`: sections and keys in the order in which they came, each value as TOML writes it.

use std::fmt::{self, Display, Write};

use crate::error::{Error, Result};

/// Settings that can be changed key by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    sections: Vec<(String, Vec<(String, String)>)>,
}

impl Settings {
    /// Sets `section.key` to a value in TOML's notation, in place of what was there.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let Some((section, key)) = key.split_once('.').filter(|(section, key)| is_word(section) && is_word(key)) else {
            return Err(Error::new(format!("`{key}` is no setting's name; needed `section.key`")));
        };
        let index = self.sections.iter().position(|(name, _)| name == section).unwrap_or_else(|| {
            self.sections.push((section.to_owned(), Vec::new()));
            self.sections.len() - 1
        });
        let Some((_, keys)) = self.sections.get_mut(index) else { return Ok(()) };
        match keys.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => value.clone_into(old),
            None => keys.push((key.to_owned(), value.to_owned())),
        }
        Ok(())
    }
}

impl Display for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (section, keys)) in self.sections.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            writeln!(formatter, "{gap}[{section}]")?;
            for (key, value) in keys {
                writeln!(formatter, "{key} = {value}")?;
            }
        }
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
}

/// A text in TOML's notation, which is also that of YAML's double quotes.
pub(crate) fn quoted(text: impl Display) -> String {
    let mut quoted = String::from("\"");
    for letter in text.to_string().chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                // Writing to a `String` cannot fail.
                let _infallible = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of texts in TOML's notation.
pub(crate) fn quoted_list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_value_replaces_an_earlier_one_and_new_keys_join_their_section() {
        let mut settings = Settings::default();
        for (key, value) in [
            ("app.java", "\"java\""),
            ("blue.port", "1"),
            ("app.command", "[]"),
            ("blue.port", "2"),
            ("health.patience", "\"5s\""),
        ] {
            settings.set(key, value).unwrap();
        }
        let expected = "[app]\njava = \"java\"\ncommand = []\n\n[blue]\nport = 2\n\n[health]\npatience = \"5s\"\n";
        assert_eq!(settings.to_string(), expected);
    }

    #[test]
    fn a_name_that_is_no_section_and_key_is_refused() {
        for name in ["port", "a.b.c", "blue.", ".port", "blue.port = 1\n", ""] {
            let refusal = Settings::default().set(name, "1").unwrap_err().to_string();
            assert!(refusal.contains("needed `section.key`"), "{refusal}");
        }
    }

    #[test]
    fn texts_are_quoted_whatever_is_in_them() {
        assert_eq!(quoted("a \"b\" \\ é\n"), r#""a \"b\" \\ é\u000A""#);
        assert_eq!(quoted_list(&["a".to_owned(), "b".to_owned()]), r#"["a", "b"]"#);
        assert_eq!(quoted_list(&[]), "[]");
    }
}
