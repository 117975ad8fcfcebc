//! A GET and its whole response.

use crate::connection::Connection;
use crate::failure::Broken;
use crate::progress::Progress;

/// Sends the request and reads the response, whatever its body.
pub(crate) async fn get(connection: &mut Connection, request: &[u8], progress: &mut Progress) -> Result<(), Broken> {
    connection.begin(request, progress).await?;
    connection.receive(progress, |_| Ok(0)).await?;
    progress.exchanges = u64::from(progress.has_succeeded());
    Ok(())
}
