//! One read from a socket, without a buffer that would have to be kept, or made anew, for each of many thousand connections.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::ready;

use tokio::io::{AsyncRead, ReadBuf};

const MOST: usize = 16 * 1024;

/// Waits until there is something to read, and hands it to `take`: nothing, if the peer has closed its side.
pub(crate) async fn read<T>(stream: &mut (impl AsyncRead + Unpin), mut take: impl FnMut(&[u8]) -> T) -> io::Result<T> {
    poll_fn(|context| {
        // On the stack, for the time of this one poll.
        let mut storage = [MaybeUninit::uninit(); MOST];
        let mut buffer = ReadBuf::uninit(&mut storage);
        ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer))?;
        Ok(take(buffer.filled())).into()
    })
    .await
}
