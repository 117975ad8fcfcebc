//! A POST whose body must come back, sent at once or with a pause in the middle.

use std::time::Duration;

use tokio::time::sleep;

use crate::connection::Connection;
use crate::failure::{Broken, Failure};
use crate::progress::Progress;
use crate::request::Echo;

/// Sends the body at once.
pub(crate) async fn post(connection: &mut Connection, echo: &Echo, progress: &mut Progress) -> Result<(), Broken> {
    connection.begin(echo.bytes(), progress).await?;
    compare(connection, echo.body(), progress).await
}

/// Sends half of the body, and the other half after a pause.
pub(crate) async fn upload(
    connection: &mut Connection,
    echo: &Echo,
    pause: Duration,
    progress: &mut Progress,
) -> Result<(), Broken> {
    let (first, second) = echo.halves();
    connection.begin(first, progress).await?;
    sleep(pause).await;
    connection.write(second).await?;
    compare(connection, echo.body(), progress).await
}

/// Reads the response and compares its body as it comes.
async fn compare(connection: &mut Connection, body: &[u8], progress: &mut Progress) -> Result<(), Broken> {
    let mut rest = body;
    let receive = connection.receive(progress, |piece| match rest.strip_prefix(piece) {
        Some(after) => {
            rest = after;
            Ok(0)
        }
        None => Err(Failure::WrongBody.because(format!("it differs after byte {}", body.len() - rest.len()))),
    });
    receive.await?;
    if progress.has_succeeded() {
        if !rest.is_empty() {
            let came = body.len() - rest.len();
            return Err(Failure::WrongBody.because(format!("{came} of {} bytes came back", body.len())));
        }
        progress.exchanges = 1;
    }
    Ok(())
}
