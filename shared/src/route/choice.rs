//! The choice that nginx makes for each request under the instant cutover: between two upstream groups, by whether a flag
//! file exists. As it stands in the include, and read from it again.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::nginx::directives::{Directive, End};
use crate::nginx::site::{Form, address};
use crate::slot::Slot;

/// A choice by flag file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The upstream group that serves while the flag does not exist.
    pub without: String,
    /// The one that serves while it exists.
    pub with: String,
    /// The file whose existence chooses, with its whole path.
    pub flag: PathBuf,
}

impl Choice {
    /// The choice that these settings ask for: green serves while the flag exists.
    #[must_use]
    pub fn of(settings: &Settings) -> Choice {
        Choice {
            without: settings.group(Slot::Blue).to_owned(),
            with: settings.group(Slot::Green).to_owned(),
            flag: settings.proxy.flag.clone(),
        }
    }

    /// The group that serves.
    #[must_use]
    pub fn group(&self, flag_exists: bool) -> &str {
        if flag_exists { &self.with } else { &self.without }
    }

    /// As it stands in the include, the groups in the form that its uses need.
    pub(super) fn render(&self, variable: &str, form: Form) -> String {
        let Choice { without, with, flag } = self;
        let (without_value, with_value, flag) = (form.group(without), form.group(with), flag.to_string_lossy());
        format!(
            "set ${variable} {without_value};\n\
             # {with} serves while this file exists; `switch` makes and removes it.\n\
             if (-f {flag}) {{\n    set ${variable} {with_value};\n}}"
        )
    }

    /// Reads it from the directives that it is made of, the first of them being the `set` of `variable`. Anything but
    /// exactly this form is none. Returns the form of the groups, and how many directives it took.
    pub(super) fn read(directives: &[Directive], bytes: &[u8], variable: &str) -> Option<(Choice, Form, usize)> {
        let [first, test, inner, close, ..] = directives else { return None };
        let group = |directive: &Directive| {
            let words = directive.words(bytes);
            let [b"set", name, target] = words.as_slice() else { return None };
            let sets_ours = name.strip_prefix(b"$") == Some(variable.as_bytes()) && directive.end == End::Semicolon;
            let value = std::str::from_utf8(target).ok()?;
            let (form, group) = (Form::of_value(value), address::authority(value));
            (sets_ours && is_group(group) && form != Form::Foreign).then(|| (group.to_owned(), form))
        };
        let words = test.words(bytes);
        let [b"if", b"(-f", flag] = words.as_slice() else { return None };
        let flag = Path::new(std::str::from_utf8(flag.strip_suffix(b")")?).ok()?);
        let closes = close.words.is_empty() && close.end == End::Close;
        (test.end == End::Open && closes).then_some(())?;
        let ((without, form), (with, inner_form)) = (group(first)?, group(inner)?);
        (form == inner_form && form != Form::Port).then_some(())?;
        Some((Choice { without, with, flag: flag.to_owned() }, form, 4))
    }
}

/// Whether this is the name of an upstream group: no address, no port, no path.
pub(super) fn is_group(name: &str) -> bool {
    let is_address = name.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    !is_address && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'))
}
