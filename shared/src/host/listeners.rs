//! Who listens on a port, and who is connected to one. Java listens on a v4-mapped v6 address, so both families are
//! looked at (F31). A connection is never taken for a listener, nor a remote port for a local one (b3, b4).

use std::io;

use super::holders::Holders;
use super::sockets::{Sought, TcpSocket, find};
use super::{Connection, Listener, processes};

/// Who listens on `port`, with the processes that hold each socket.
pub(super) fn on(port: u16, holders: &Holders) -> io::Result<Vec<Listener>> {
    let all = find(Sought::Listening)?;
    let sockets: Vec<&TcpSocket> = all.iter().filter(|socket| socket.local.port() == port).collect();
    if sockets.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = sockets.iter().map(|socket| socket.inode).collect();
    let held = holders.of(&wanted, &all.iter().map(|socket| socket.inode).collect())?;
    let processes = |socket: &TcpSocket| {
        held.get(&socket.inode).into_iter().flatten().filter_map(|id| processes::find(*id)).collect()
    };
    let listener = |socket: &&TcpSocket| Listener {
        address: socket.local.ip().to_canonical(),
        owner: socket.owner,
        processes: processes(socket),
    };
    Ok(sockets.iter().map(listener).collect())
}

/// Whether anybody listens on `port`.
pub(super) fn any_on(port: u16) -> io::Result<bool> {
    Ok(find(Sought::Listening)?.iter().any(|socket| socket.local.port() == port))
}

/// The connections that lead from this host to its own `port` and can still be answered on.
pub(super) fn connections_towards(port: u16) -> io::Result<Vec<Connection>> {
    Ok(to_this_host(&find(Sought::OpenTowards(port))?))
}

/// The clients' ends that lead to loopback. Another host's port of that number is none of ours (b4). Nor is a socket that no
/// process holds any more: whatever came back on it would reach nobody.
fn to_this_host(sockets: &[TcpSocket]) -> Vec<Connection> {
    sockets
        .iter()
        .filter(|socket| socket.inode != 0 && socket.remote.ip().to_canonical().is_loopback())
        .map(|socket| Connection { client: socket.local, inode: socket.inode })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    #[test]
    fn f31_only_the_process_that_listens_is_a_listener_and_its_clients_are_none() {
        let listener = TcpListener::bind("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let found = on(port, &Holders::default()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].processes.iter().map(|process| process.identity.id).collect::<Vec<_>>(),
            [std::process::id()]
        );
        let own = client.local_addr().unwrap().port();
        assert_eq!(on(own, &Holders::default()).unwrap(), Vec::new());
        assert_eq!((any_on(port).unwrap(), any_on(own).unwrap()), (true, false));
    }

    #[test]
    fn b4_only_connections_to_this_host_that_somebody_still_holds_are_told() {
        for (name, remote, inode, told) in [
            ("nginx's", "127.0.0.1:8082", 7, true),
            ("nginx's, where it speaks IPv6", "[::ffff:127.0.0.1]:8082", 7, true),
            ("b4 to another host's port of that number", "10.0.0.11:8082", 7, false),
            ("one that its client has let go of", "127.0.0.1:8082", 0, false),
        ] {
            let local = "10.0.0.10:40001".parse().unwrap();
            let socket = TcpSocket { local, remote: remote.parse().unwrap(), owner: 33, inode };
            let wanted: Vec<_> = told.then_some(Connection { client: local, inode }).into_iter().collect();
            assert_eq!(to_this_host(&[socket]), wanted, "{name}");
        }
    }

    #[test]
    fn f63_a_connection_is_told_until_the_application_has_closed_it_or_nobody_waits_for_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = |client: &TcpStream| {
            let client = client.local_addr().unwrap();
            connections_towards(port).unwrap().iter().filter(|connection| connection.client == client).count()
        };
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert_eq!(told(&client), 1, "in the queue: nobody has accepted it yet");
        let (application, _) = listener.accept().unwrap();
        assert_eq!(told(&client), 1, "accepted");
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(told(&client), 1, "the client has said all that it has to say, and waits for the answer");
        let closing = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (closed, _) = listener.accept().unwrap();
        drop(closed);
        assert_eq!(told(&closing), 0, "the application has closed it: what it answered is the kernel's to deliver");
        let address = client.local_addr().unwrap();
        drop(client);
        let left = connections_towards(port).unwrap();
        assert!(left.iter().all(|connection| connection.client != address), "nobody waits for an answer: {left:?}");
        drop(application);
    }
}
