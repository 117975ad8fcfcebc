//! Keys that the agent does not know and passes over in silence: a typo, or a right key in a wrong place.

use super::yaml::{Node, Value};

const TOP: &[&str] = &["version", "os", "files", "file_exists_behavior", "permissions", "hooks"];
const FILES: &[&str] = &["source", "destination"];
const PERMISSIONS: &[&str] = &["object", "pattern", "except", "type", "owner", "group", "mode", "acls", "context"];
const HOOKS: &[&str] = &["location", "timeout", "runas", "sudo"];

/// A key that has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredKey {
    /// The key.
    pub key: String,
    /// What it stands under: `files`, `permissions`, an event's name; nothing at the top level.
    pub under: Option<String>,
    /// Where.
    pub line: u64,
}

/// All of them, from top to bottom of the file's own order.
pub(super) fn find(document: &Node) -> Vec<IgnoredKey> {
    let mut found = Vec::new();
    in_map(document, None, TOP, &mut found);
    for (list, known) in [("files", FILES), ("permissions", PERMISSIONS)] {
        in_list(document.get(list), list, known, &mut found);
    }
    if let Some(Node { value: Value::Map(events), .. }) = document.get("hooks") {
        for (event, scripts) in events {
            in_list(Some(scripts), event, HOOKS, &mut found);
        }
    }
    found.sort_by_key(|ignored| ignored.line);
    found
}

fn in_list(list: Option<&Node>, under: &str, known: &[&str], found: &mut Vec<IgnoredKey>) {
    if let Some(Node { value: Value::List(entries), .. }) = list {
        for entry in entries {
            in_map(entry, Some(under), known, found);
        }
    }
}

fn in_map(node: &Node, under: Option<&str>, known: &[&str], found: &mut Vec<IgnoredKey>) {
    let Value::Map(entries) = &node.value else { return };
    for (key, value) in entries {
        if !known.contains(&key.as_str()) {
            found.push(IgnoredKey { key: key.clone(), under: under.map(str::to_owned), line: value.line });
        }
    }
}
