//! The upstream groups of nginx's configuration, and the ports of this host that they lead to.

use crate::nginx::configuration::tree::Node;
use crate::nginx::site::address;
use crate::nginx::site::line::Line;

/// An upstream group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub line: Line,
    /// Its servers.
    pub servers: Vec<GroupServer>,
}

/// A server of an upstream group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupServer {
    /// Its address, as it is written.
    pub address: String,
    /// Where it stands.
    pub line: Line,
    /// Whether it is asked only where others fail, or not at all.
    pub spare: bool,
}

impl Group {
    /// Reads an `upstream`.
    #[must_use]
    pub fn of(node: &Node) -> Group {
        let servers = node.block.iter().filter(|line| line.name() == "server");
        let server = |line: &Node| GroupServer {
            address: line.argument().to_owned(),
            line: Line::of(line),
            spare: line.words.iter().skip(2).any(|word| word == "backup" || word == "down"),
        };
        Group { name: node.argument().to_owned(), line: Line::of(node), servers: servers.map(server).collect() }
    }

    /// The one port of this host that it leads to as long as that answers.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let mut first = self.servers.iter().filter(|server| !server.spare);
        let port = address::loopback_port(&first.next()?.address)?;
        first.next().is_none().then_some(port)
    }

    /// Its first server on one of these ports of this host.
    #[must_use]
    pub fn server_on(&self, ports: &[u16]) -> Option<(&GroupServer, u16)> {
        self.servers.iter().find_map(|server| {
            let port = address::loopback_port(&server.address)?;
            ports.contains(&port).then_some((server, port))
        })
    }
}
