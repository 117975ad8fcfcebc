//! The times that the agent gives the hooks: what `appspec.yml` says (`app_spec`), and when a hook has to end (`deadline`).

pub mod app_spec;
pub mod deadline;
