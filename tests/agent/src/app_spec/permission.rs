//! What Install sets on the objects that it copied or made, and which objects an entry means.

use std::fmt;
use std::path::Path;

use super::yaml::{Node, Value};
use super::{AppSpecError, items};

/// An entry of `permissions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// A file, or the directory whose contents are meant; never the directory itself.
    pub object: String,
    /// Which of the directory's contents: `**` for all at any depth, else a name with `*` in it, one level deep.
    pub pattern: String,
    /// Names, with `*` in them, that are left out.
    pub except: Vec<String>,
    /// Files, directories or both.
    pub types: ObjectTypes,
    /// The owner's name or number.
    pub owner: Option<String>,
    /// The group's name or number.
    pub group: Option<String>,
    /// The mode.
    pub mode: Option<Mode>,
}

/// Which kinds of object a [`Permission`] touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectTypes {
    /// Files that Install copied.
    pub files: bool,
    /// Directories that Install made.
    pub directories: bool,
}

/// Permission bits, at most four octal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(u32);

impl Permission {
    pub(super) fn read(node: &Node, document: &str) -> Result<Self, AppSpecError> {
        for key in ["acls", "context"] {
            if let Some(found) = node.get(key) {
                return Err(AppSpecError::NotSimulated { key, line: found.line });
            }
        }
        let text = |key: &str| node.get(key).and_then(Node::text);
        let missing = || AppSpecError::Missing { list: "permissions".to_owned(), key: "object", line: node.line };
        Ok(Self {
            object: text("object").ok_or_else(missing)?,
            pattern: text("pattern").unwrap_or_else(|| "**".to_owned()),
            except: items(node, "except")?.iter().filter_map(Node::text).collect(),
            types: ObjectTypes::read(node)?,
            owner: text("owner"),
            group: text("group"),
            mode: node.get("mode").map(|mode| Mode::read(mode, document)).transpose()?.flatten(),
        })
    }

    /// Whether `path` lies in `object` and is meant by `pattern` and `except`.
    #[must_use]
    pub fn matches(&self, object: &Path, path: &Path) -> bool {
        let Ok(inside) = path.strip_prefix(object) else { return false };
        let Some(name) = inside.to_str().filter(|name| !name.is_empty()) else { return false };
        let meant = self.pattern == "**" || matches_name(name, &self.pattern);
        meant && !self.except.iter().any(|pattern| matches_name(name, pattern))
    }
}

impl ObjectTypes {
    fn read(permission: &Node) -> Result<Self, AppSpecError> {
        let listed = items(permission, "type")?;
        if listed.is_empty() {
            return Ok(Self { files: true, directories: true });
        }
        let mut types = Self { files: false, directories: false };
        for node in listed {
            match node.text().as_deref() {
                Some("file") => types.files = true,
                Some("directory") => types.directories = true,
                _ => return Err(AppSpecError::ObjectType { found: Node::written(Some(node)), line: node.line }),
            }
        }
        Ok(types)
    }
}

impl Mode {
    fn read(node: &Node, document: &str) -> Result<Option<Self>, AppSpecError> {
        let Some(text) = node.text() else {
            return match node.value {
                Value::Null => Ok(None),
                _ => Err(AppSpecError::Mode { found: Node::written(Some(node)), line: node.line }),
            };
        };
        // The source tells `0644` from `"0644"`; the value no longer does.
        let source = node.source(document);
        if source.len() > 1 && source.starts_with('0') {
            return Err(AppSpecError::OctalMode { written: source.to_owned(), line: node.line });
        }
        match u32::from_str_radix(&text, 8) {
            Ok(mode) if text.len() <= 4 && !text.starts_with('+') => Ok(Some(Self(mode))),
            _ => Err(AppSpecError::Mode { found: Node::written(Some(node)), line: node.line }),
        }
    }

    /// The bits, for `chmod`.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:03o}", self.0)
    }
}

/// A pattern with `*` against a name of one level: neither the star nor anything else passes a slash.
fn matches_name(name: &str, pattern: &str) -> bool {
    if name.contains('/') {
        return false;
    }
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    let mut rest = rest;
    for part in middle {
        match rest.find(part) {
            Some(index) => rest = &rest[index + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
