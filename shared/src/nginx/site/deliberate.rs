//! What goes to one of the two places because somebody wants it so: a preview, a way for the operators, a group that has both.

use crate::nginx::configuration::tree::Node;
use crate::nginx::site::{Pin, Site};

/// Whether a location, or one around it, is closed to users: nginx's own way alone, or only for some addresses.
pub(super) fn is_closed(blocks: &[&[Node]]) -> bool {
    let has = |block: &[Node], name: &str, argument: &str| {
        block.iter().any(|node| node.name() == name && (argument.is_empty() || node.argument() == argument))
    };
    blocks.iter().any(|block| {
        has(block, "internal", "") || has(block, "deny", "all") || (has(block, "allow", "") && has(block, "deny", ""))
    })
}

/// Takes as many locations with one place as with the other in a server block for pairs: a preview of each.
pub(super) fn find_pairs(site: &mut Site, ports: [u16; 2]) {
    for server in 0..site.servers.len() {
        let is_open = |pin: &Pin| pin.server == Some(server) && !pin.deliberate && pin.never.is_none();
        let on = |port: u16| site.pins.iter().filter(|pin| is_open(pin) && pin.port == port).collect::<Vec<_>>();
        let [first, second] = ports.map(on);
        // A `map` with both is one directive with two ways to go.
        let same = |pin: &Pin, other: &Pin| (&pin.line, &pin.written) == (&other.line, &other.written);
        let in_one = first.iter().any(|pin| second.iter().any(|other| same(pin, other)));
        if first.len() == second.len() && !in_one {
            site.pins.iter_mut().filter(|pin| is_open(pin)).for_each(|pin| pin.deliberate = true);
        }
    }
}
