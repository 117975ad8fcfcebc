//! `appspec.yml` as the agent reads it: what it needs, what it defaults, and what it ignores (every unknown key).

mod error;
mod file_mapping;
mod hook_script;
mod ignored_key;
mod permission;
mod yaml;

use std::path::Path;

pub use error::AppSpecError;
pub use file_mapping::{FileExistsBehavior, FileMapping};
pub use hook_script::HookScript;
pub use ignored_key::IgnoredKey;
pub use permission::{Mode, ObjectTypes, Permission};

use crate::LifecycleEvent;
use crate::error::{Error, PathContext};
use yaml::{Node, Value};

/// A valid `AppSpec` file for Linux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSpec {
    /// What Install copies where, in the order written.
    pub files: Vec<FileMapping>,
    /// `file_exists_behavior` at the top level; beats the deployment's own option.
    pub file_exists_behavior: Option<FileExistsBehavior>,
    /// What Install sets on what it copied.
    pub permissions: Vec<Permission>,
    /// Events and their scripts, in the order written. Names that no agent knows are kept.
    pub hooks: Vec<(String, Vec<HookScript>)>,
}

impl AppSpec {
    /// Reads a file's text.
    ///
    /// # Errors
    /// When the agent would refuse it, or when it holds an unquoted octal mode.
    pub fn parse(text: &str) -> Result<Self, AppSpecError> {
        if text.starts_with('\u{feff}') {
            return Err(AppSpecError::ByteOrderMark);
        }
        let document = Node::parse(text)?;
        if !matches!(document.value, Value::Map(_)) {
            return Err(AppSpecError::NotAMap { line: document.line });
        }
        let version = document.get("version");
        if !matches!(version.map(|node| &node.value), Some(Value::Integer(0))) && !is_zero(version) {
            return Err(AppSpecError::Version { found: Node::written(version) });
        }
        let os = document.get("os");
        if !matches!(os.map(|node| &node.value), Some(Value::Text(name)) if name == "linux") {
            return Err(AppSpecError::OperatingSystem { found: Node::written(os) });
        }
        Ok(Self {
            files: items(&document, "files")?.iter().map(FileMapping::read).collect::<Result<_, _>>()?,
            file_exists_behavior: FileExistsBehavior::read(document.get("file_exists_behavior"))?,
            permissions: items(&document, "permissions")?
                .iter()
                .map(|node| Permission::read(node, text))
                .collect::<Result<_, _>>()?,
            hooks: hooks(&document)?,
        })
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, is not UTF-8, or would be refused by the agent.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).path_context("read", path)?;
        String::from_utf8(bytes)
            .map_err(|error| AppSpecError::NotUtf8 { offset: error.utf8_error().valid_up_to() })
            .and_then(|text| Self::parse(&text))
            .map_err(|source| Error::AppSpec { path: path.to_owned(), source })
    }

    /// The scripts of an event, in order; empty when it has none.
    #[must_use]
    pub fn scripts(&self, event: LifecycleEvent) -> &[HookScript] {
        self.hooks.iter().find(|(name, _)| name == event.name()).map_or(&[], |(_, scripts)| scripts)
    }

    /// All scripts in the order written, each with the name of its event.
    pub fn all_scripts(&self) -> impl Iterator<Item = (&str, &HookScript)> {
        self.hooks.iter().flat_map(|(event, scripts)| scripts.iter().map(move |script| (event.as_str(), script)))
    }

    /// The keys in a file's text that the agent passes over: they have no effect, and nobody is told.
    ///
    /// # Errors
    /// When the text is not YAML that the agent can read.
    pub fn ignored_keys(text: &str) -> Result<Vec<IgnoredKey>, AppSpecError> {
        Ok(ignored_key::find(&Node::parse(text)?))
    }

    /// Names under `hooks` that never run: misspelt, or not the agent's business.
    pub fn unknown_events(&self) -> impl Iterator<Item = &str> {
        self.hooks.iter().map(|(name, _)| name.as_str()).filter(|name| LifecycleEvent::named(name).is_none())
    }
}

/// `0.0` in any spelling of a number; the quoted text "0.0" is none.
fn is_zero(version: Option<&Node>) -> bool {
    matches!(version.map(|node| &node.value), Some(Value::Float(number)) if number.abs() < f64::MIN_POSITIVE)
}

/// The list under `key`; empty when the key is missing or has no value.
fn items<'a>(map: &'a Node, key: &'static str) -> Result<&'a [Node], AppSpecError> {
    match map.get(key) {
        None | Some(Node { value: Value::Null, .. }) => Ok(&[]),
        Some(Node { value: Value::List(items), .. }) => Ok(items),
        Some(node) => Err(AppSpecError::NotAList { key: key.to_owned(), line: node.line }),
    }
}

fn hooks(document: &Node) -> Result<Vec<(String, Vec<HookScript>)>, AppSpecError> {
    let entries = match document.get("hooks") {
        None | Some(Node { value: Value::Null, .. }) => return Ok(Vec::new()),
        Some(Node { value: Value::Map(entries), .. }) => entries,
        Some(node) => return Err(AppSpecError::HooksNotAMap { line: node.line }),
    };
    let mut hooks = Vec::new();
    for (event, node) in entries {
        match &node.value {
            // An event without a value has no hook.
            Value::Null => {}
            Value::List(scripts) => {
                let scripts = scripts.iter().map(|script| HookScript::read(event, script));
                hooks.push((event.clone(), scripts.collect::<Result<_, _>>()?));
            }
            _ => return Err(AppSpecError::NotAList { key: event.clone(), line: node.line }),
        }
    }
    Ok(hooks)
}

#[cfg(test)]
mod tests;
