//! What Install copies, and what it does about a file in the way.

use super::AppSpecError;
use super::yaml::{Node, Value};

/// An entry of `files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMapping {
    /// A file or directory, from the top of the bundle; `/` is the whole bundle.
    pub source: String,
    /// Always a directory, also for a file; relative ones hang on `/`.
    pub destination: String,
}

impl FileMapping {
    pub(super) fn read(node: &Node) -> Result<Self, AppSpecError> {
        let required = |key: &'static str| {
            node.get(key).and_then(Node::text).ok_or_else(|| AppSpecError::Missing {
                list: "files".to_owned(),
                key,
                line: node.line,
            })
        };
        Ok(Self { source: required("source")?, destination: required("destination")? })
    }
}

/// What happens when a file that the agent did not install is already at a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileExistsBehavior {
    /// Install fails.
    #[default]
    Disallow,
    /// The file is truncated and written again in place.
    Overwrite,
    /// The file stays and the new one is not deployed.
    Retain,
}

impl FileExistsBehavior {
    pub(super) fn read(node: Option<&Node>) -> Result<Option<Self>, AppSpecError> {
        match node.map(|node| (&node.value, node.text())) {
            None | Some((Value::Null, _)) => Ok(None),
            Some((_, Some(text))) if text == "DISALLOW" => Ok(Some(Self::Disallow)),
            Some((_, Some(text))) if text == "OVERWRITE" => Ok(Some(Self::Overwrite)),
            Some((_, Some(text))) if text == "RETAIN" => Ok(Some(Self::Retain)),
            Some(_) => Err(AppSpecError::FileExistsBehavior { found: Node::written(node) }),
        }
    }
}
