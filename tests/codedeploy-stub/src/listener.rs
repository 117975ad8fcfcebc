//! A listener on loopback whose port nobody else is about to take.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use crate::error::{Context, Error, Result};

/// Below the ports that sandboxes reserve (from 10000 on) and those that the kernel gives to outgoing connections.
const FIRST: u16 = 4_000;
const HOW_MANY: u16 = 6_000;
/// Enough for the range to be nearly full; then something else is wrong.
const ATTEMPTS: usize = 1_000;

/// A port of the range that nobody listens on now, for a server that has to be told one. Somebody else may take it first.
pub(crate) fn free_port() -> Result<u16> {
    let listener = listen()?;
    let address = listener.local_addr().context(|| "a listener does not know its port".to_owned())?;
    Ok(address.port())
}

/// Listens on any free port of the range.
pub(crate) fn listen() -> Result<TcpListener> {
    let random = RandomState::new();
    let mut ports = (0..ATTEMPTS).map(|attempt| {
        let offset = random.hash_one(attempt) % u64::from(HOW_MANY);
        FIRST + u16::try_from(offset).unwrap_or(0)
    });
    ports.find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()).ok_or_else(|| {
        Error::new(format!(
            "no free port was found from {FIRST} to {} in {ATTEMPTS} attempts; end what holds them",
            FIRST + HOW_MANY - 1
        ))
    })
}
