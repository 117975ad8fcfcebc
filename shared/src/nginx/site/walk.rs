//! The walk itself: through `http`, its server blocks and their locations as nginx nests them, and through `stream`.

use crate::language::translated;
use crate::nginx::configuration::tree::Node;
use crate::nginx::site::address;
use crate::nginx::site::answer::answers_itself;
use crate::nginx::site::deliberate::{find_pairs, is_closed};
use crate::nginx::site::server::server;
use crate::nginx::site::variables::{Assignment, Map, Value, Variables, assignments, assignments_of_location};
use crate::nginx::site::{Form, Group, Level, Line, Pin, Read, SetBy, Site, Sought, Use};
use crate::slot::Slot;

/// The directives that send a request somewhere.
const PASSES: [&str; 5] = ["proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass"];

/// Looks through nginx's configuration.
pub(super) fn walk(tree: &[Node], sought: &Sought) -> Site {
    let mut walk = Walk { sought, site: Site::default(), maps: Vec::new() };
    walk.site.value = value(tree, sought);
    for node in tree {
        match node.name() {
            "http" => walk.http(&node.block),
            "stream" => walk.stream(&node.block),
            _ => walk.reads(std::slice::from_ref(node), &Level::Other(translated!("the main file").to_owned()), None),
        }
    }
    let ports = walk.ports();
    find_pairs(&mut walk.site, ports);
    walk.site
}

/// What the include sets its variable to.
fn value(nodes: &[Node], sought: &Sought) -> Option<(String, Line)> {
    nodes.iter().find_map(|node| {
        let reads = node.reads(&sought.include);
        let sets = nodes.iter().filter(|_| reads).rfind(|node| {
            node.file == sought.include
                && node.name() == "set"
                && node.argument().strip_prefix('$') == Some(&sought.variable)
        });
        let value = |node: &Node| Some((node.words.get(2)?.clone(), Line::of(node)));
        sets.and_then(value).or_else(|| self::value(&node.block, sought))
    })
}

struct Walk<'a> {
    sought: &'a Sought,
    site: Site,
    maps: Vec<Map>,
}

/// Where the walk is, in a server block.
#[derive(Clone)]
struct Place<'a> {
    server: usize,
    /// The `set`s of the server block, which nginx runs first.
    of_server: &'a [Assignment],
    /// Those of all locations: a named one is entered with what another one has set.
    of_all: &'a [Assignment],
    /// The blocks around this one, `http` first.
    around: Vec<&'a [Node]>,
    /// The `return`, or the like, in the server block or the location because of which nobody gets here.
    never: Option<Line>,
}

impl Walk<'_> {
    fn http(&mut self, block: &[Node]) {
        self.site.groups.extend(block.iter().filter(|node| node.name() == "upstream").map(Group::of));
        self.maps.extend(block.iter().filter_map(Map::of));
        self.direct_reads(block, &Level::Other("http".to_owned()), None);
        for node in block {
            match node.name() {
                "server" => self.server(block, node),
                _ => self.reads(&node.block, &Level::Other(node.name().to_owned()), None),
            }
        }
    }

    fn server(&mut self, http: &[Node], node: &Node) {
        let index = self.site.servers.len();
        self.site.servers.push(server(node));
        self.direct_reads(&node.block, &Level::Server, Some(index));
        self.groups_below(&node.block);
        let of_server = assignments(&node.block, &self.sought.include);
        let of_all: Vec<Assignment> = in_locations(&node.block, &self.sought.include);
        let place = Place {
            server: index,
            of_server: &of_server,
            of_all: &of_all,
            around: vec![http, &node.block],
            never: answers_itself(&node.block),
        };
        for inner in &node.block {
            match inner.name() {
                "location" => self.location(inner, &place),
                "if" => self.reads(&inner.block, &Level::If, Some(index)),
                _ => {}
            }
        }
    }

    fn location<'a>(&mut self, node: &'a Node, place: &Place<'a>) {
        let try_files = node.block.iter().find(|node| node.name() == "try_files").map(Line::of);
        let before = self.site.reads.len();
        self.direct_reads(&node.block, &Level::Location, Some(place.server));
        self.site.reads[before..].iter_mut().for_each(|read| read.try_files.clone_from(&try_files));
        let own = assignments_of_location(&node.block, &self.sought.include);
        let named = node.words.last().is_some_and(|name| name.starts_with('@'));
        let borrowed = place.of_all.iter().filter(|_| named);
        let set: Vec<Assignment> = place.of_server.iter().chain(borrowed).chain(&own).cloned().collect();
        let mut here = place.clone();
        here.around.push(&node.block);
        here.never = here.never.or_else(|| answers_itself(&node.block));
        self.passes(&node.block, &set, &here);
        for inner in &node.block {
            match inner.name() {
                // Its `set`s are its own: nginx runs those of the location that is entered, not of those around it.
                "location" => {
                    let mut inside = place.clone();
                    inside.around.push(&node.block);
                    self.location(inner, &inside);
                }
                "if" | "limit_except" => {
                    self.reads(&inner.block, &Level::If, Some(place.server));
                    let inside: Vec<Assignment> =
                        set.iter().cloned().chain(assignments(&inner.block, &self.sought.include)).collect();
                    // Whoever gets into an `if` has not met a `return` of the location that stands after it.
                    let mut within = place.clone();
                    within.around.extend([node.block.as_slice(), inner.block.as_slice()]);
                    self.passes(&inner.block, &inside, &within);
                }
                _ => {}
            }
        }
    }

    fn passes(&mut self, block: &[Node], set: &[Assignment], place: &Place<'_>) {
        for node in block.iter().filter(|node| PASSES.contains(&node.name())) {
            let variables = Variables { ours: &self.sought.variable, assignments: set, maps: &self.maps };
            for value in variables.evaluate(node.argument()) {
                self.pass(node, &value, place);
            }
        }
    }

    fn pass(&mut self, node: &Node, value: &Value, place: &Place<'_>) {
        if place.never.is_none() {
            let group = self.site.group(address::authority(&value.text)).and_then(Group::port);
            self.site.passes.push((place.server, address::loopback_port(&value.text).or(group)));
        }
        let pin = self.pin(node, value, Some(place.server), &self.site.groups);
        let set = match &value.overridden {
            _ if value.from_include => Some(SetBy::Include),
            Some(again) => Some(SetBy::Again {
                line: again.line.clone(),
                conditional: again.conditional,
                of_location: again.of_location,
                to_a_place: pin.is_some(),
            }),
            None if value.unset => Some(SetBy::Nothing),
            None => None,
        };
        let Some(set) = set else {
            // `http` and the server block are around all of it.
            let closed = is_closed(place.around.get(2..).unwrap_or_default());
            self.site.pins.extend(pin.map(|pin| Pin {
                never: place.never.clone(),
                deliberate: pin.deliberate || closed,
                ..pin
            }));
            return;
        };
        let form = if value.keyed.is_some() {
            Form::Foreign
        } else {
            let scheme = self.site.servers[place.server].scheme();
            Form::of_use(node.name(), &value.text.replace("$scheme", scheme), &self.sought.variable)
        };
        let each = Use {
            line: Line::of(node),
            written: written(node),
            server: place.server,
            form,
            set,
            host: host(&place.around),
            never: place.never.clone(),
            keyed: value.keyed.clone(),
        };
        if !self.site.uses.contains(&each) {
            self.site.uses.push(each);
        }
    }

    /// What leads to one of the two places by itself, or by a group that does.
    fn pin(&self, node: &Node, value: &Value, server: Option<usize>, groups: &[Group]) -> Option<Pin> {
        let ports = self.ports();
        let pin = |port, through, deliberate| Pin {
            line: Line::of(node),
            written: written(node),
            server,
            port,
            through,
            never: None,
            deliberate,
        };
        if let Some(port) = address::loopback_port(&value.text) {
            return ports.contains(&port).then(|| pin(port, value.through.clone(), false));
        }
        let name = address::authority(&value.text);
        let group = groups.iter().find(|group| group.name.eq_ignore_ascii_case(name))?;
        let (found, port) = group.server_on(&ports)?;
        let has_both = ports.iter().all(|port| group.server_on(&[*port]).is_some());
        let of_users_own = group.line.file != self.sought.upstreams;
        Some(pin(port, Some(found.line.clone()), has_both && of_users_own))
    }

    fn ports(&self) -> [u16; 2] {
        Slot::BOTH.map(|slot| *self.sought.ports.get(slot))
    }

    fn stream(&mut self, block: &[Node]) {
        let groups: Vec<Group> = block.iter().filter(|node| node.name() == "upstream").map(Group::of).collect();
        for server in block.iter().filter(|node| node.name() == "server") {
            for node in server.block.iter().filter(|node| node.name() == "proxy_pass") {
                let value = Value { text: node.argument().to_owned(), ..Value::default() };
                let pin = self.pin(node, &value, None, &groups);
                self.site.pins.extend(pin);
            }
        }
    }

    /// The includes of ours at this level.
    fn direct_reads(&mut self, block: &[Node], level: &Level, server: Option<usize>) {
        for node in block.iter().filter(|node| node.reads(&self.sought.include)) {
            self.site.reads.push(Read { line: Line::of(node), level: level.clone(), server, try_files: None });
        }
    }

    /// The includes of ours at this level and below it.
    fn reads(&mut self, block: &[Node], level: &Level, server: Option<usize>) {
        self.direct_reads(block, level, server);
        for node in block {
            self.reads(&node.block, level, server);
        }
    }

    fn groups_below(&mut self, block: &[Node]) {
        for node in block {
            if node.reads(&self.sought.upstreams) {
                self.site.groups_below.push(Line::of(node));
            }
            self.groups_below(&node.block);
        }
    }
}

/// The `set`s of the locations of a server block in which ours is among them.
fn in_locations(block: &[Node], include: &std::path::Path) -> Vec<Assignment> {
    let locations = block.iter().filter(|node| node.name() == "location");
    locations
        .flat_map(|location| {
            let mut found = assignments_of_location(&location.block, include);
            if !found.iter().any(|assignment| assignment.ours) {
                found.clear();
            }
            found.extend(in_locations(&location.block, include));
            found
        })
        .collect()
}

/// The `Host` header that is set: nginx takes all of `proxy_set_header` from the innermost block that has any.
fn host(around: &[&[Node]]) -> Option<String> {
    let headers = |block: &&[Node]| -> Vec<Node> {
        block.iter().filter(|node| node.name() == "proxy_set_header").cloned().collect()
    };
    let innermost = around.iter().rev().map(headers).find(|headers| !headers.is_empty())?;
    let host = innermost.iter().find(|header| header.argument().eq_ignore_ascii_case("host"))?;
    let value = host.words.get(2)?;
    (value != "$proxy_host").then(|| value.clone())
}

fn written(node: &Node) -> String {
    node.words.join(" ")
}
