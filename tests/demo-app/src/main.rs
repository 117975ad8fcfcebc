//! The stand-in for a Spring Boot service: reads how to behave from the manifest of the jar that it is given,
//! either in place of `java` or as a program of its own.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Instant;

use crate::application::Application;
use crate::arguments::Invocation;

mod answers;
mod application;
mod arguments;
mod connections;
mod endless_body;
mod event_stream;
mod large_body;
mod listener;
mod log;
mod termination;
mod web_socket;
mod wrapper;

fn main() -> ExitCode {
    let started = Instant::now();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let variable = |name: &str| std::env::var(name).ok();
    match arguments::parse(&arguments, variable) {
        Ok(Invocation::Version) => {
            log::error_line("openjdk version \"21.0.2\" 2024-01-16\ndemo-app (a stand-in for a virtual machine)");
            ExitCode::SUCCESS
        }
        Ok(Invocation::Wrap(arguments)) => run(wrapper::run(&arguments)),
        Ok(Invocation::Serve(launch)) => run(async move { Ok(Application::new(launch, started).run().await) }),
        Err(error) => {
            log::error_line(&format!("Error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs to the end on one thread: a service for tests should be small, and so are its start and its memory.
fn run(program: impl Future<Output = io::Result<u8>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(program)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            log::error_line(&format!("Error: demo-app could not run: {error}"));
            ExitCode::FAILURE
        }
    }
}
