//! A thread with a runtime of its own, which serves every connection to one port of loopback until it is dropped.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::error::{Context, Result};
use crate::listener;

/// Serves until it is dropped; then its connections are closed, whatever they are at.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves each connection by a task of its own.
    pub(crate) fn start<Serving>(serve: impl Fn(TcpStream) -> Serving + Send + 'static) -> Result<Self>
    where
        Serving: Future<Output = ()> + Send + 'static,
    {
        let listener = listener::listen()?;
        let runtime =
            Builder::new_current_thread().enable_all().build().context(|| "no runtime could be made".to_owned())?;
        let (port, listener) = adopt(listener, &runtime).context(|| "the listener could not be watched".to_owned())?;
        let (stop, stopped) = oneshot::channel();
        let serving = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = accept(&listener, serve) => {}
                }
            });
        };
        let thread = std::thread::Builder::new()
            .name(format!("stub on {port}"))
            .spawn(serving)
            .context(|| "no thread could be started".to_owned())?;
        Ok(Self { port, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there has been told over there.
            drop(thread.join());
        }
    }
}

fn adopt(listener: std::net::TcpListener, runtime: &Runtime) -> std::io::Result<(u16, TcpListener)> {
    let port = listener.local_addr()?.port();
    listener.set_nonblocking(true)?;
    let _inside = runtime.enter();
    Ok((port, TcpListener::from_std(listener)?))
}

async fn accept<Serving>(listener: &TcpListener, serve: impl Fn(TcpStream) -> Serving)
where
    Serving: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream))),
            // Out of file descriptors, most likely: an accept at once would fail again, at full speed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
