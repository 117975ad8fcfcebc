//! Waiting for what this program does where it is no hook: once for all of it, since each kind of wait would be in it as a whole.

use std::io;
use std::pin::Pin;

/// Does it, and waits for its end.
///
/// # Errors
/// What the operating system says where nothing can be waited for.
pub(crate) fn wait(work: Pin<&mut dyn Future<Output = ()>>) -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work);
    Ok(())
}
