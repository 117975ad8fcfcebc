//! The `CodeDeploy` agent as a hook meets it: runs a bundle's `appspec.yml` in a root directory of its own.
//!
//! Both lines of AWS's agent are told apart ([`Generation`]): which bundle's scripts an event runs, what a script's process
//! is given, how long it may run and how it is ended, what Install does to files, and what `CodeDeploy` is told afterwards.
//!
//! Limits, on purpose. There is no `CodeDeploy` service: the order of the events is this library's, nothing polls, and no
//! command survives a restart (error code 7 is never reported). There is no IAM, S3 or GitHub: a bundle is a local
//! directory or archive, and a [`Revision`] only says which `BUNDLE_*` variables the hooks see. There is no systemd unit:
//! a hook's background processes are in the control group of whoever uses this library, which is a unit on a booted host alone. Hooks have the agent's
//! umask of 022, but the folders that the library itself makes follow its caller's. `acls` and `context`
//! under `permissions` are refused rather than skipped, and so is an unquoted `mode: 0644`, which the agent would take
//! for decimal 420.

mod agent;
mod app_spec;
mod bundle;
mod bundle_builder;
mod command;
mod deployment;
mod deployment_id;
mod deployment_root;
mod diagnostics;
mod environment;
mod error;
mod error_code;
mod event_report;
mod generation;
mod hook;
mod install;
mod lifecycle_event;
mod progress;
mod retention;
mod revision;
mod script_report;
mod unpack;

pub use agent::Agent;
pub use app_spec::{
    AppSpec, AppSpecError, FileExistsBehavior, FileMapping, HookScript, IgnoredKey, Mode, ObjectTypes, Permission,
};
pub use bundle::{Bundle, BundleFormat};
pub use bundle_builder::BundleBuilder;
pub use deployment::DeploymentReport;
pub use deployment_id::DeploymentId;
pub use deployment_root::{DeploymentFolder, DeploymentRoot};
pub use diagnostics::Diagnostics;
pub use environment::Environment;
pub use error::Error;
pub use error_code::ErrorCode;
pub use event_report::{EventReport, EventStatus};
pub use generation::Generation;
pub use lifecycle_event::LifecycleEvent;
pub use progress::Progress;
pub use revision::Revision;
pub use script_report::{OutputStream, ScriptOutcome, ScriptReport};
