//! Who listens on a port, and how many are connected to one. Java listens on a v4-mapped v6 address, so both families are
//! looked at (F31). A connection is never taken for a listener, nor a remote port for a local one (b3, b4).

use std::collections::HashSet;
use std::io;

use procfs::process::FDTarget;

use super::sockets::{State, TcpSocket, in_state};
use super::{Listener, processes};

/// Who listens on `port`, with the processes that hold each socket.
pub(super) fn on(port: u16) -> io::Result<Vec<Listener>> {
    let sockets: Vec<TcpSocket> =
        in_state(State::Listen)?.into_iter().filter(|socket| socket.local.port() == port).collect();
    if sockets.is_empty() {
        return Ok(Vec::new());
    }
    let inodes: HashSet<u64> = sockets.iter().map(|socket| socket.inode).collect();
    let mut listeners: Vec<(u64, Listener)> = sockets
        .into_iter()
        .map(|socket| (socket.inode, Listener { owner: socket.owner, processes: Vec::new() }))
        .collect();
    for entry in procfs::process::all_processes().map_err(io::Error::other)?.flatten() {
        // Another user's descriptors cannot be read: that listener stays without a process, which says so by itself.
        let Ok(descriptors) = entry.fd() else { continue };
        let held: HashSet<u64> = descriptors
            .flatten()
            .filter_map(|descriptor| match descriptor.target {
                FDTarget::Socket(inode) if inodes.contains(&inode) => Some(inode),
                _ => None,
            })
            .collect();
        if held.is_empty() {
            continue;
        }
        let Some(process) = processes::describe(&entry) else { continue };
        for (inode, listener) in &mut listeners {
            if held.contains(inode) {
                listener.processes.push(process.clone());
            }
        }
    }
    Ok(listeners.into_iter().map(|(_, listener)| listener).collect())
}

/// How many established connections lead from this host to its own `port`.
pub(super) fn connections_towards(port: u16) -> io::Result<usize> {
    Ok(towards(&in_state(State::Established)?, port))
}

/// The clients' ends of the connections to a loopback `port`. Another host's port of that number is none of them (b4).
fn towards(sockets: &[TcpSocket], port: u16) -> usize {
    sockets
        .iter()
        .filter(|socket| socket.remote.port() == port && socket.remote.ip().to_canonical().is_loopback())
        .count()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn f31_only_the_process_that_listens_is_a_listener_and_its_clients_are_none() {
        let listener = TcpListener::bind("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let found = on(port).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].processes.iter().map(|process| process.identity.id).collect::<Vec<_>>(),
            [std::process::id()]
        );
        assert_eq!(on(client.local_addr().unwrap().port()).unwrap(), Vec::new());
    }

    #[test]
    fn b4_a_connection_to_another_hosts_port_of_that_number_is_not_counted() {
        let socket = |remote: &str| TcpSocket {
            local: "10.0.0.10:40001".parse().unwrap(),
            remote: remote.parse().unwrap(),
            owner: 33,
            inode: 1,
        };
        let sockets = [
            socket("127.0.0.1:8082"),
            socket("[::ffff:127.0.0.1]:8082"),
            socket("10.0.0.11:8082"),
            socket("127.0.0.1:8081"),
        ];
        assert_eq!(towards(&sockets, 8082), 2);
    }
}
