//! YAML as the agent's parser sees it (YAML 1.1 numbers, the last of duplicate keys wins), each node with its place.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

use super::AppSpecError;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) line: u64,
    offset: Option<usize>,
}

/// What a node is, after the rules for plain scalars.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn parse(text: &str) -> Result<Self, AppSpecError> {
        let mut options = serde_saphyr::options! {
            legacy_octal_numbers: true,
            duplicate_keys: DuplicateKeyPolicy::LastWins,
        };
        // The agent's parser refuses every alias.
        options.alias_limits.max_total_replayed_events = 0;
        serde_saphyr::from_str_with_options(text, options).map_err(|error| AppSpecError::NotYaml(Box::new(error)))
    }

    /// The value under `key`, when this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// A scalar as text, the way Ruby's `to_s` has it; `None` for null, a list or a map.
    pub(super) fn text(&self) -> Option<String> {
        match &self.value {
            Value::Null | Value::List(_) | Value::Map(_) => None,
            Value::Bool(value) => Some(value.to_string()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Float(value) => Some(value.to_string()),
            Value::Text(value) => Some(value.clone()),
        }
    }

    /// A node in words, for an error about it.
    pub(super) fn written(node: Option<&Self>) -> String {
        match node.map(|node| &node.value) {
            None => "nothing".to_owned(),
            Some(Value::Null) => "no value".to_owned(),
            Some(Value::Bool(value)) => format!("`{value}`"),
            Some(Value::Integer(value)) => format!("`{value}`"),
            Some(Value::Float(value)) => format!("`{value}`"),
            Some(Value::Text(value)) => format!("the text `{value}`"),
            Some(Value::List(_)) => "a list".to_owned(),
            Some(Value::Map(_)) => "a map".to_owned(),
        }
    }

    /// The first word of the node as it stands in the file, quotes included.
    pub(super) fn source<'a>(&self, document: &'a str) -> &'a str {
        let rest = self.offset.and_then(|offset| document.get(offset..)).unwrap_or_default();
        rest.split([' ', '\t', '\r', '\n', ',', '}', ']']).next().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let place = spanned.referenced;
        let offset = place.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
        Ok(Self { value: spanned.value, line: place.line(), offset })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        while let Some((name, node)) = map.next_entry::<String, Node>()? {
            match entries.iter_mut().find(|(known, _)| *known == name) {
                Some((_, earlier)) => *earlier = node,
                None => entries.push((name, node)),
            }
        }
        Ok(Value::Map(entries))
    }
}
