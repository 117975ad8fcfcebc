//! One life of the service: boot, serve, stop; and the exit code that it ends with.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use demo_app::{Behaviour, Bind, Fault};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::answers::Answers;
use crate::arguments::Launch;
use crate::connections::Connections;
use crate::termination::Termination;
use crate::{listener, log};

/// What a Java virtual machine exits with after SIGTERM.
const TERMINATED: u8 = 143;
/// What it exits with if `main` throws, and what Spring Boot exits with if it cannot start.
const FAILED: u8 = 1;
/// How long Spring Boot waits for requests in flight (`spring.lifecycle.timeout-per-shutdown-phase`).
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(30);

/// The service, not yet started.
pub(crate) struct Application {
    launch: Launch,
    started: Instant,
}

impl Application {
    pub(crate) fn new(launch: Launch, started: Instant) -> Self {
        Self { launch, started }
    }

    /// Lives from boot to exit; the exit code.
    pub(crate) async fn run(&self) -> u8 {
        let behaviour = match Behaviour::read(&self.launch.artifact) {
            Ok(behaviour) => behaviour,
            Err(error) => {
                log::error_line(&format!("Error: {error}"));
                return FAILED;
            }
        };
        let termination = match Termination::catch(&behaviour.faults) {
            Ok(termination) => termination,
            Err(error) => {
                log::failed_to_start(&format!("SIGTERM could not be caught: {error}"));
                return FAILED;
            }
        };
        let mut termination = pin!(termination.due());
        let booted = tokio::select! {
            booted = self.boot(&behaviour) => booted,
            () = &mut termination => return TERMINATED,
        };
        match booted {
            Ok(listeners) => self.serve(listeners, behaviour, termination).await,
            Err(code) => code,
        }
    }

    /// The listener, and the one of the management port.
    async fn boot(&self, behaviour: &Behaviour) -> Result<(TcpListener, Option<TcpListener>), u8> {
        let Launch { profile, port, management_port, .. } = &self.launch;
        log::information(&format!("Starting demo.Application {} with PID {}", behaviour.release, std::process::id()));
        log::information(&format!("The following 1 profile is active: \"{profile}\""));
        sleep(behaviour.boot).await;
        for fault in &behaviour.faults {
            match fault {
                Fault::DiesAtBoot { code } => {
                    log::stack_trace();
                    log::failed_to_start("Failed to configure a DataSource: no connection to the database.");
                    return Err(*code);
                }
                Fault::DiesSaying { words } => {
                    log::error_line(words);
                    return Err(FAILED);
                }
                Fault::FloodsLog => {
                    log::flood();
                    return Err(FAILED);
                }
                Fault::Holds { megabytes } => {
                    // Written to, since the kernel gives what is only asked for to nobody.
                    let held: &'static [u8] = vec![1; megabytes * 1_000_000].leak();
                    log::information(&format!("{} bytes are held", held.len()));
                }
                Fault::NeverBinds => return std::future::pending().await,
                _ => {}
            }
        }
        let listener = listen(behaviour.bind, *port)?;
        let management = management_port.map(|port| listen(behaviour.bind, port)).transpose()?;
        let seconds = self.started.elapsed().as_secs_f64();
        log::information(&format!("Tomcat started on port {port} (http) with context path '/'"));
        log::information(&format!("Started demo.Application in {seconds:.3} seconds"));
        Ok((listener, management))
    }

    async fn serve(
        &self,
        (listener, management): (TcpListener, Option<TcpListener>),
        behaviour: Behaviour,
        mut termination: Pin<&mut impl Future<Output = ()>>,
    ) -> u8 {
        let Behaviour { release, faults, .. } = behaviour;
        let connections = Connections::new();
        let death = Arc::new(Notify::new());
        let profile = self.launch.profile.clone();
        let answers = Answers::new(release, profile, faults, Arc::clone(&death), connections.watcher());
        let answers = Arc::new(answers);
        loop {
            tokio::select! {
                accepted = accept(&listener, management.as_ref()) => match accepted {
                    Ok((stream, _)) => connections.serve(stream, &answers),
                    Err(error) => {
                        log::information(&format!("A connection could not be accepted: {error}"));
                        // Out of file descriptors, most likely: an accept at once would fail again, at full speed.
                        sleep(Duration::from_millis(10)).await;
                    }
                },
                () = &mut termination => break,
                () = death.notified() => {
                    log::error_line("Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space");
                    return FAILED;
                }
            }
        }
        drop((listener, management));
        // It watches the connections as well, and would wait for itself.
        drop(answers);
        log::information("Commencing graceful shutdown. Waiting for active requests to complete");
        if timeout(SHUTDOWN_PATIENCE, connections.shut_down()).await.is_ok() {
            log::information("Graceful shutdown complete");
        } else {
            log::information("Graceful shutdown aborted with one or more requests still active");
        }
        TERMINATED
    }
}

/// Listens on a port, or says why the release cannot start.
fn listen(bind: Bind, port: u16) -> Result<TcpListener, u8> {
    listener::listen(bind, port).map_err(|error| {
        log::failed_to_start(&if error.kind() == io::ErrorKind::AddrInUse {
            format!("Web server failed to start. Port {port} was already in use.")
        } else {
            format!("Web server failed to start. Port {port} could not be listened on: {error}")
        });
        FAILED
    })
}

/// The next connection on either port.
async fn accept(listener: &TcpListener, management: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    let Some(management) = management else { return listener.accept().await };
    tokio::select! {
        accepted = listener.accept() => accepted,
        accepted = management.accept() => accepted,
    }
}
