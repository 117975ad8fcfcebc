//! TCP sockets of this host, asked from the kernel by state and port: the thousands that only wait for their end (`TIME_WAIT`)
//! are never read, since each costs a line of `/proc/net/tcp`. Where the kernel does not answer, from `/proc`.

use std::io;
use std::net::SocketAddr;

use crate::language::translated;
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use procfs::net::{TcpNetEntry, TcpState};

/// The kernel packs less of an answer than this into one datagram, in bytes.
const LONGEST_ANSWER: usize = 32 * 1024;

/// One TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TcpSocket {
    /// Its own end.
    pub(super) local: SocketAddr,
    /// The other end.
    pub(super) remote: SocketAddr,
    /// Its owner's user id.
    pub(super) owner: u32,
    /// Its inode, by which a process holds it.
    pub(super) inode: u64,
}

/// The sockets that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// All listeners.
    Listening,
    /// The clients' ends of connections to a port, on any host, as far as the other end may still answer: a connection that
    /// is being made or is made, and one whose client has said all that it has to say (`FIN_WAIT`). Not one that the other
    /// end has closed (`CLOSE_WAIT`): what it answered is in the kernel's hands, and no process is needed for it any more.
    OpenTowards(u16),
}

/// All such sockets: of listeners IPv4 and IPv6. nginx is sent to 127.0.0.1, so that its ends of connections are IPv4, and the
/// kernel's table, which is large, is walked through once.
pub(super) fn find(sought: Sought) -> io::Result<Vec<TcpSocket>> {
    from_kernel(sought).or_else(|_| from_proc(sought))
}

fn from_kernel(sought: Sought) -> io::Result<Vec<TcpSocket>> {
    let kernel = netlink_sys::Socket::new(NETLINK_SOCK_DIAG)?;
    kernel.connect(&netlink_sys::SocketAddr::new(0, 0))?;
    let mut sockets = dump(&kernel, AF_INET, SocketId::new_v4(), sought)?;
    if sought == Sought::Listening {
        sockets.extend(dump(&kernel, AF_INET6, SocketId::new_v6(), sought)?);
    }
    Ok(sockets)
}

/// Asks the kernel for the sockets of one family. It leaves out other states and other ports itself.
fn dump(
    kernel: &netlink_sys::Socket,
    family: u8,
    mut socket_id: SocketId,
    sought: Sought,
) -> io::Result<Vec<TcpSocket>> {
    let states = match sought {
        Sought::Listening => StateFlags::LISTEN,
        Sought::OpenTowards(port) => {
            socket_id.destination_port = port;
            StateFlags::SYN_SENT | StateFlags::ESTABLISHED | StateFlags::FIN_WAIT1 | StateFlags::FIN_WAIT2
        }
    };
    let request = InetRequest { family, protocol: IPPROTO_TCP, extensions: ExtensionFlags::empty(), states, socket_id };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);

    kernel.send(&bytes, 0)?;
    let (mut sockets, mut answer) = (Vec::new(), Vec::with_capacity(LONGEST_ANSWER));
    loop {
        answer.clear();
        if kernel.recv(&mut answer, 0)? >= LONGEST_ANSWER {
            return Err(io::Error::other(translated!("the kernel's answer is longer than any that is known")));
        }
        if read(&answer, &mut sockets)? {
            return Ok(sockets);
        }
    }
}

/// Reads the messages of one datagram; `true` if it ends the answer.
fn read(datagram: &[u8], sockets: &mut Vec<TcpSocket>) -> io::Result<bool> {
    let mut rest = datagram;
    while !rest.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest).map_err(io::Error::other)?;
        match message.payload {
            NetlinkPayload::Done(_) => return Ok(true),
            NetlinkPayload::Error(error) => return Err(error.to_io()),
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                let id = &response.header.socket_id;
                sockets.push(TcpSocket {
                    local: SocketAddr::new(id.source_address, id.source_port),
                    remote: SocketAddr::new(id.destination_address, id.destination_port),
                    owner: response.header.uid,
                    inode: u64::from(response.header.inode),
                });
            }
            _ => {}
        }
        // Messages are aligned to four bytes.
        let length = usize::try_from(message.header.length).unwrap_or(usize::MAX).next_multiple_of(4);
        rest = rest.get(length.max(4)..).unwrap_or_default();
    }
    Ok(false)
}

/// The same from `/proc`, for kernels and containers without socket diagnosis.
fn from_proc(sought: Sought) -> io::Result<Vec<TcpSocket>> {
    let mut table = procfs::net::tcp().map_err(io::Error::other)?;
    match procfs::net::tcp6() {
        Ok(more) => table.extend(more),
        // A kernel without IPv6 has no such file.
        Err(procfs::ProcError::NotFound(_)) => {}
        Err(cause) => return Err(io::Error::other(cause)),
    }
    Ok(of_table(&table, sought))
}

fn of_table(table: &[TcpNetEntry], sought: Sought) -> Vec<TcpSocket> {
    let wanted = |entry: &&TcpNetEntry| match sought {
        Sought::Listening => entry.state == TcpState::Listen,
        Sought::OpenTowards(port) => {
            let open = matches!(
                entry.state,
                TcpState::SynSent | TcpState::Established | TcpState::FinWait1 | TcpState::FinWait2
            );
            open && entry.remote_address.port() == port
        }
    };
    table
        .iter()
        .filter(wanted)
        .map(|entry| TcpSocket {
            local: entry.local_address,
            remote: entry.remote_address,
            owner: entry.uid,
            inode: entry.inode,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use procfs::FromReadSI;
    use procfs::net::TcpNetEntries;

    use super::*;

    /// As `/proc/net/tcp6` showed it: Java's listener, which stands in no other table, and a connection to it.
    const TABLE_6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 201 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:9C43 0000000000000000FFFF00000100007F:1F91 01 00000000:00000000 00:00000000 00000000    33        0 202 1 0000000000000000 20 4 30 10 -1
   2: 0000000000000000FFFF00000100007F:9C44 0000000000000000FFFF00000100007F:1F91 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0000000000000000
";

    #[test]
    fn a_table_of_proc_is_read_by_state_and_port() {
        let table = TcpNetEntries::from_read(TABLE_6.as_bytes(), procfs::current_system_info()).unwrap().0;
        let inodes = |sought| of_table(&table, sought).iter().map(|socket| socket.inode).collect::<Vec<_>>();
        let (listening, open) = (inodes(Sought::Listening), inodes(Sought::OpenTowards(8081)));
        assert_eq!((listening, open), (vec![201], vec![202]));
        assert_eq!(inodes(Sought::OpenTowards(8082)), Vec::<u64>::new());
    }

    #[test]
    fn the_kernel_and_proc_tell_the_same_of_a_listener_and_a_connection() {
        for address in ["127.0.0.1:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { panic!("{address} cannot be bound") };
            let local = listener.local_addr().unwrap();
            let client = TcpStream::connect(("127.0.0.1", local.port())).unwrap();
            for ask in [from_kernel, from_proc] {
                let listening = ask(Sought::Listening).unwrap();
                assert_eq!(listening.iter().filter(|socket| socket.local == local).count(), 1, "{address}");
                let found = ask(Sought::OpenTowards(local.port())).unwrap();
                let own = client.local_addr().unwrap().port();
                assert_eq!(found.iter().map(|socket| socket.local.port()).collect::<Vec<_>>(), [own], "{address}");
                assert_eq!((found[0].remote.port(), found[0].inode > 0), (local.port(), true), "{address}");
            }
        }
    }
}
