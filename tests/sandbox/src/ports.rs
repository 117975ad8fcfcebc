//! The ports of a sandbox, and a look at who listens without touching anybody.

use std::fs;

use crate::error::{Context, Result};

/// Where a sandbox listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Where nginx listens: the public way in.
    pub door: u16,
    /// The port of the slot `blue`.
    pub blue: u16,
    /// The port of the slot `green`.
    pub green: u16,
    /// Where nginx tells where it sends requests.
    pub word: u16,
    /// Where nginx listens as at the door, with TLS: see [`crate::SandboxBuilder::tls`].
    pub secure: u16,
}

impl Ports {
    pub(crate) fn all(self) -> [u16; 5] {
        [self.door, self.blue, self.green, self.word, self.secure]
    }
}

/// Whether any socket listens on `port`. Reads the kernel's table: a connection, even a short one, would be something that
/// an application sees.
pub(crate) fn is_listening(port: u16) -> Result<bool> {
    let table = fs::read_to_string("/proc/net/tcp").context(|| "`/proc/net/tcp` could not be read".to_owned())?;
    // A kernel without IPv6 has no such file, and then nobody listens there.
    let table6 = fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    Ok(shows_listener(&table, port) || shows_listener(&table6, port))
}

fn shows_listener(table: &str, port: u16) -> bool {
    const LISTEN: &str = "0A";
    table.lines().skip(1).any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let local_port = columns.next().and_then(|address| address.rsplit_once(':')).map(|(_, port)| port);
        local_port.and_then(|local_port| u16::from_str_radix(local_port, 16).ok()) == Some(port)
            && columns.nth(1) == Some(LISTEN)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4E20 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:4E21 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 0100007F:C351 0100007F:4E22 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
";

    #[test]
    fn a_listener_is_told_from_connections_of_the_same_port() {
        for (port, listens) in [(20_000, true), (20_001, false), (20_002, false), (20_003, false)] {
            assert_eq!(shows_listener(TABLE, port), listens, "{port}");
        }
    }
}
