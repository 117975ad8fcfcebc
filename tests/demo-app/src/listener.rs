//! The listening socket, made as a Java service makes it: IPv6 that takes IPv4 as well, address reuse, and a
//! backlog that does not itself become the reason for a failed request.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use demo_app::Bind;
use rustix::io::Errno;
use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket};

const BACKLOG: u32 = 1024;

/// Listens on the port.
pub(crate) fn listen(bind: Bind, port: u16) -> io::Result<TcpListener> {
    match bind {
        Bind::Loopback => listen_at(TcpSocket::new_v4()?, (Ipv4Addr::LOCALHOST, port).into()),
        Bind::Loopback6 => listen_at(TcpSocket::new_v6()?, (Ipv6Addr::LOCALHOST, port).into()),
        Bind::Dual => match listen_dual(port) {
            Err(error) if is_without_ipv6(&error) => {
                listen_at(TcpSocket::new_v4()?, (Ipv4Addr::UNSPECIFIED, port).into())
            }
            outcome => outcome,
        },
    }
}

fn listen_dual(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v6()?;
    // Said outright, since a host may have another default (net.ipv6.bindv6only).
    set_ipv6_v6only(&socket, false)?;
    listen_at(socket, (Ipv6Addr::UNSPECIFIED, port).into())
}

fn listen_at(socket: TcpSocket, address: SocketAddr) -> io::Result<TcpListener> {
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The kernel was built without IPv6, or it is switched off.
fn is_without_ipv6(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable || Errno::from_io_error(error) == Some(Errno::AFNOSUPPORT)
}
