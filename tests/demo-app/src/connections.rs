//! The connections that are open, streams among them: each holds a receiver of the word to stop, so that
//! the last receiver's end is the end of all.

use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::answers::Answers;
use crate::log;

/// All open connections.
pub(crate) struct Connections {
    stopping: watch::Sender<bool>,
}

/// Held by whatever must have ended before the service does.
pub(crate) type Watcher = watch::Receiver<bool>;

impl Connections {
    pub(crate) fn new() -> Self {
        Self { stopping: watch::Sender::new(false) }
    }

    pub(crate) fn watcher(&self) -> Watcher {
        self.stopping.subscribe()
    }

    /// Serves one connection, in a task of its own.
    pub(crate) fn serve(&self, stream: TcpStream, answers: &Arc<Answers>) {
        if let Err(error) = stream.set_nodelay(true) {
            log::information(&format!("A connection was gone before it was served: {error}"));
            return;
        }
        let answers = Arc::clone(answers);
        let mut watcher = self.watcher();
        tokio::spawn(async move {
            let service = service_fn(|request| answers.answer(request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = told_to_stop(&mut watcher) => {
                    // The request in flight is answered, and no other one is taken.
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                log::information(&format!("A connection ended early: {error}"));
            }
        });
    }

    /// Tells every connection to take no further request, and waits until the last one has ended.
    pub(crate) async fn shut_down(self) {
        self.stopping.send_replace(true);
        self.stopping.closed().await;
    }
}

async fn told_to_stop(watcher: &mut Watcher) {
    if watcher.wait_for(|stopping| *stopping).await.is_err() {
        // Nobody is left to say so: the service is gone, and takes this future along.
        std::future::pending::<()>().await;
    }
}
