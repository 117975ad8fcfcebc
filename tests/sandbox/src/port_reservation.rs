//! Ports that belong to one sandbox alone for as long as it lives, among all threads and processes of this machine.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use crate::error::{Context, Error, Result};
use crate::ports::Ports;

/// Below the range from which the kernel gives ports to outgoing connections.
const FIRST: u16 = 10_000;
const HOW_MANY: u16 = 22_000;
/// Enough for the range to be nearly full; then something else is wrong.
const ATTEMPTS: usize = 2_000;

/// Five ports, each held by a locked file: the lock ends with its holder, however that ends.
#[derive(Debug)]
pub(crate) struct PortReservation {
    ports: Ports,
    _locks: Vec<File>,
}

impl PortReservation {
    /// Any five free ports.
    pub(crate) fn any() -> Result<Self> {
        let mut locks = Vec::new();
        let mut next = || any_port(&mut locks);
        let ports = Ports { door: next()?, blue: next()?, green: next()?, word: next()?, secure: next()? };
        Ok(Self { ports, _locks: locks })
    }

    /// Exactly these ports.
    pub(crate) fn exactly(ports: Ports) -> Result<Self> {
        if ports.all().iter().collect::<HashSet<_>>().len() < ports.all().len() {
            return Err(Error::new(format!("`{ports:?}` names a port twice; needed five different ones")));
        }
        let mut locks = Vec::new();
        for port in ports.all() {
            locks.push(reserve(port)?.ok_or_else(|| {
                Error::new(format!("port `{port}` is in use; end what listens there, or choose another port"))
            })?);
        }
        Ok(Self { ports, _locks: locks })
    }

    pub(crate) fn ports(&self) -> Ports {
        self.ports
    }
}

/// Two more ports, as far from each slot's own as from the other's; nobody else's as long as this lives.
#[derive(Debug)]
pub struct PortsBeside {
    offset: u16,
    _locks: Vec<File>,
}

impl PortsBeside {
    /// Any that are free.
    pub(crate) fn any(ports: Ports) -> Result<Self> {
        for offset in 1_000..3_000 {
            // Bound for a moment only by whoever has their locks: else a deploy would find that moment's process there.
            let [blue, green] = [ports.blue, ports.green].map(|port| reserve(port + offset));
            if let (Some(blue), Some(green)) = (blue?, green?) {
                return Ok(Self { offset, _locks: vec![blue, green] });
            }
        }
        Err(Error::new(format!("no two free ports were found beside {} and {}", ports.blue, ports.green)))
    }

    /// How far they are from the slots' own.
    #[must_use]
    pub fn offset(&self) -> u16 {
        self.offset
    }
}

fn any_port(locks: &mut Vec<File>) -> Result<u16> {
    let random = RandomState::new();
    for attempt in 0..ATTEMPTS {
        let offset = random.hash_one(attempt) % u64::from(HOW_MANY);
        let port = FIRST + u16::try_from(offset).unwrap_or(0);
        if let Some(lock) = reserve(port)? {
            locks.push(lock);
            return Ok(port);
        }
    }
    Err(Error::new(format!(
        "no free port was found from {FIRST} to {} in {ATTEMPTS} attempts; end what holds them",
        FIRST + HOW_MANY - 1
    )))
}

/// The lock for `port`, or nothing if somebody has it.
fn reserve(port: u16) -> Result<Option<File>> {
    let path = lock_directory()?.join(format!("{port}.lock"));
    let file = match OpenOptions::new().create(true).truncate(false).write(true).mode(0o666).open(&path) {
        Ok(file) => file,
        // Another user's file: that user's sandbox may be there, and other ports are to be had.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
        Err(error) => return Err(error).context(|| format!("`{}` could not be opened", path.display())),
    };
    match file.try_lock() {
        Ok(()) => Ok(is_free(port).then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).context(|| format!("`{}` could not be locked", path.display())),
    }
}

/// The locks are never removed: between a removal and its lock two sandboxes could hold the same port by different files.
fn lock_directory() -> Result<PathBuf> {
    let directory = std::env::temp_dir().join("sandbox-ports");
    match fs::create_dir(&directory) {
        // For all users, each with files of its own.
        Ok(()) => fs::set_permissions(&directory, Permissions::from_mode(0o1777))
            .context(|| format!("`{}` could not be opened to all users", directory.display()))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).context(|| format!("`{}` could not be made", directory.display())),
    }
    Ok(directory)
}

/// Whether every address of `port` can be bound.
fn is_free(port: u16) -> bool {
    match bind((Ipv6Addr::UNSPECIFIED, port).into()) {
        Err(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT) | Ok(()) => {}
        Err(_) => return false,
    }
    bind((Ipv4Addr::UNSPECIFIED, port).into()).is_ok()
}

/// Binds an address for a moment, without listening there: a program that another thread starts in that moment has a copy of the
/// socket until it is executed, so that on a busy machine connections would be taken, and reset, by nobody.
fn bind(address: SocketAddr) -> rustix::io::Result<()> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &address)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_reserved_port_is_given_to_nobody_else_until_it_is_let_go() {
        let mine = PortReservation::any().unwrap();
        let ports = mine.ports();
        assert!(ports.all().iter().all(|port| (FIRST..FIRST + HOW_MANY).contains(port)), "{ports:?}");
        let refusal = PortReservation::exactly(ports).unwrap_err().to_string();
        assert!(refusal.starts_with(&format!("port `{}` is in use", ports.door)), "{refusal}");
        drop(mine);
        assert_eq!(PortReservation::exactly(ports).unwrap().ports(), ports);
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_not_reserved() {
        let ports = PortReservation::any().unwrap().ports();
        let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, ports.green)).unwrap();
        assert!(PortReservation::exactly(ports).is_err());
        drop(stranger);
        PortReservation::exactly(ports).unwrap();
    }

    #[test]
    fn the_same_port_twice_is_refused() {
        let refusal =
            PortReservation::exactly(Ports { door: 10_001, blue: 10_002, green: 10_001, word: 10_003, secure: 10_004 })
                .unwrap_err();
        assert!(refusal.to_string().contains("names a port twice"), "{refusal}");
    }
}
