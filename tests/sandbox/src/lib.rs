//! A host in a temporary directory, for whole deploys on any machine: a private nginx on unprivileged ports, the
//! application's directory, the settings, the bundle, and what runs there. Nothing outlives a [`Sandbox`].
//!
//! A sandbox is laid out as the host that the shell scripts were written for:
//!
//! ```text
//! app/                             app.directory: where the scripts kept the jars and `nohup.out`
//! app/zip/                         where the agent puts a bundle
//! application-oauth.properties     what the scripts named in `spring.config.location` (both are empty)
//! application-real-db.properties
//! bundles/1/                       what Sandbox::bundle put together
//! hooks.toml                       the settings, with the sandbox's paths and ports
//! nginx/                           nginx's prefix: nginx.conf, conf.d/service-url.inc, logs/, run/nginx.pid, temp/; tls/, where asked for
//! ```

mod binaries;
mod builder;
mod bundle;
mod certificate;
mod door;
mod error;
mod files;
mod hook_command;
mod hook_run;
mod http_answer;
mod neighbour;
mod nginx;
mod nginx_configuration;
mod nginx_program;
mod port_reservation;
mod ports;
mod process;
mod running_hook;
mod sandbox;
mod script_start;
mod settings;
mod settings_file;
mod wait;

pub use binaries::{Binaries, BuildProfile};
pub use builder::SandboxBuilder;
pub use bundle::app_spec_for;
pub use door::Door;
pub use error::{Error, Result};
pub use hook_command::HookCommand;
pub use hook_run::HookRun;
pub use http_answer::HttpAnswer;
pub use neighbour::Neighbour;
pub use nginx::Nginx;
pub use nginx_program::{ensure_nginx, recent_nginx};
pub use port_reservation::PortsBeside;
pub use ports::Ports;
pub use running_hook::RunningHook;
pub use sandbox::Sandbox;
