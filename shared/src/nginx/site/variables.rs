//! What a variable holds where it is used: nginx runs the `set`s of the server block in their order, then those of the location
//! that is entered, and evaluates a `map` when it is asked for.

use std::path::Path;

use crate::nginx::configuration::tree::Node;
use crate::nginx::site::line::Line;

/// More ways than this to evaluate a text nobody writes.
const MOST: usize = 32;
/// Deeper than this no variable leads to a variable.
const DEEPEST: usize = 8;

/// One `set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) line: Line,
    /// Whether it stands in an `if`.
    pub(super) conditional: bool,
    /// Whether it stands in the include.
    pub(super) ours: bool,
    /// Whether it stands in a location, and so holds there alone.
    pub(super) of_location: bool,
}

/// The `set`s among the lines of a location.
pub(super) fn assignments_of_location(block: &[Node], include: &Path) -> Vec<Assignment> {
    let found = assignments(block, include).into_iter();
    found.map(|assignment| Assignment { of_location: true, ..assignment }).collect()
}

/// The `set`s among these lines, those in an `if` with them.
pub(super) fn assignments(block: &[Node], include: &Path) -> Vec<Assignment> {
    let mut found = Vec::new();
    for node in block {
        match (node.name(), node.words.as_slice()) {
            ("set", [_, name, value]) => found.push(Assignment {
                name: name.trim_start_matches('$').to_owned(),
                value: value.clone(),
                line: Line::of(node),
                conditional: false,
                ours: node.file == include,
                of_location: false,
            }),
            // What stands after it nginx does not run.
            ("break", _) => break,
            ("if", _) => found.extend(
                assignments(&node.block, include)
                    .into_iter()
                    .map(|assignment| Assignment { conditional: true, ..assignment }),
            ),
            _ => {}
        }
    }
    found
}

/// A `map`, or what works like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Map {
    source: String,
    name: String,
    line: Line,
    entries: Vec<(String, String, Line)>,
}

impl Map {
    /// Reads a block at the level of `http`.
    pub(super) fn of(node: &Node) -> Option<Map> {
        let (source, name) = match (node.name(), node.words.as_slice()) {
            ("map" | "split_clients" | "geo", [_, source, name]) => (source.clone(), name),
            ("geo", [_, name]) => (String::new(), name),
            _ => return None,
        };
        let entries = node.block.iter().filter_map(|entry| match entry.words.as_slice() {
            [key, value] if key != "include" => Some((key.clone(), value.clone(), Line::of(entry))),
            _ => None,
        });
        let name = name.trim_start_matches('$').to_owned();
        Some(Map { source, name, line: Line::of(node), entries: entries.collect() })
    }
}

/// One way in which a text can be evaluated. What nobody sets stays in it as a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    /// Whether our variable is in it, as the include sets it.
    pub(super) from_include: bool,
    /// Whether our variable is in it, and nothing sets it there.
    pub(super) unset: bool,
    /// The `set` after the include that wins over it.
    pub(super) overridden: Option<Assignment>,
    /// The `set` or the line of a `map` that it came from.
    pub(super) through: Option<Line>,
    /// The `map` that has our variable for a key.
    pub(super) keyed: Option<Line>,
}

/// What variables hold at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variables<'a> {
    pub(super) ours: &'a str,
    pub(super) assignments: &'a [Assignment],
    pub(super) maps: &'a [Map],
}

impl Variables<'_> {
    /// Every way to evaluate a text.
    pub(super) fn evaluate(&self, text: &str) -> Vec<Value> {
        self.at(text, self.assignments.len(), DEEPEST)
    }

    fn at(&self, text: &str, until: usize, deepest: usize) -> Vec<Value> {
        let mut values = vec![Value::default()];
        for piece in pieces(text) {
            let next = match piece {
                Piece::Text(text) => vec![Value { text: text.to_owned(), ..Value::default() }],
                Piece::Variable(name) if deepest > 0 => self.variable(name, until, deepest - 1),
                Piece::Variable(name) => vec![Value { text: format!("${name}"), ..Value::default() }],
            };
            values =
                values.iter().flat_map(|before| next.iter().map(|after| joined(before, after))).take(MOST).collect();
        }
        values
    }

    fn variable(&self, name: &str, until: usize, deepest: usize) -> Vec<Value> {
        // nginx knows no difference between `$Service_URL` and `$service_url`.
        let ours = name.eq_ignore_ascii_case(self.ours);
        let name = if ours { self.ours } else { name };
        let mut found: Vec<Value> = Vec::new();
        for (index, assignment) in self.assignments[..until].iter().enumerate().rev() {
            if !assignment.name.eq_ignore_ascii_case(name) {
                continue;
            }
            if ours && assignment.ours {
                if !found.iter().any(|value| value.from_include) {
                    found.push(Value { text: format!("${name}"), from_include: true, ..Value::default() });
                }
            } else {
                let later = |other: &Assignment| other.ours && other.name.eq_ignore_ascii_case(name);
                let wins = ours && self.assignments[..index].iter().any(later);
                found.extend(self.at(&assignment.value, index, deepest).into_iter().map(|value| Value {
                    overridden: value.overridden.clone().or_else(|| wins.then(|| assignment.clone())),
                    through: value.through.clone().or_else(|| Some(assignment.line.clone())),
                    ..value
                }));
            }
            if !assignment.conditional {
                return found;
            }
        }
        if found.is_empty()
            && let Some(map) = self.maps.iter().find(|map| map.name.eq_ignore_ascii_case(name))
        {
            return self.map(map, until, deepest);
        }
        if found.is_empty() {
            found.push(Value { text: format!("${name}"), unset: ours, ..Value::default() });
        }
        found
    }

    fn map(&self, map: &Map, until: usize, deepest: usize) -> Vec<Value> {
        let entry = |(_, value, line): &(String, String, Line)| {
            let values = self.at(value, until, deepest).into_iter();
            values.map(|value| Value { through: Some(line.clone()), ..value }).collect::<Vec<_>>()
        };
        let source = self.at(&map.source, until, deepest);
        if !source.iter().any(|value| value.from_include) {
            return map.entries.iter().flat_map(entry).collect();
        }
        // The include's value is the key: it comes out again by the default, or it has to stand in the map.
        let default = map.entries.iter().find(|(key, ..)| key == "default").map(entry).unwrap_or_default();
        if default.iter().any(|value| value.from_include) {
            return default;
        }
        let (text, keyed) = (format!("${}", map.name), Some(map.line.clone()));
        vec![Value { text, from_include: true, keyed, ..Value::default() }]
    }
}

fn joined(before: &Value, after: &Value) -> Value {
    Value {
        text: format!("{}{}", before.text, after.text),
        from_include: before.from_include || after.from_include,
        unset: before.unset || after.unset,
        overridden: before.overridden.clone().or_else(|| after.overridden.clone()),
        through: before.through.clone().or_else(|| after.through.clone()),
        keyed: before.keyed.clone().or_else(|| after.keyed.clone()),
    }
}

enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// Splits a text into what stands there and what is a variable: `$name` or `${name}`.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let braced = after.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let (name, next) = braced.unwrap_or_else(|| {
            let end =
                after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len());
            after.split_at(end)
        });
        pieces.push(if name.is_empty() { Piece::Text("$") } else { Piece::Variable(name) });
        rest = next;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}
