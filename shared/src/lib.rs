//! What the hooks share, in the order the data flows.
//!
//! The agent calls a hook (`lifecycle`), which reads its settings (`config`). It asks the witnesses which of the two places
//! (`slot`) serves (`discovery`), looks at what it needs (`occupant`, `release`, `proxy`), and plans (`plan`). The plan is
//! carried out through the one door to the world (`host`), proven (`probe`, `proxy::cutover`), remembered (`ledger`) and
//! told (`report`). `run` is that way from beginning to end; `error` says what can go wrong and `retry` how long to wait.

/// The skeleton of every hook.
pub mod run;

/// Who called.
pub mod lifecycle;

/// The settings.
pub mod config;

/// The two places.
pub mod slot;

/// Who is live.
pub mod discovery;

/// Who is in a slot.
pub mod occupant;

/// What is deployed.
pub mod release;

/// What is going to be done.
pub mod plan;

/// Whether a release is healthy.
pub mod probe;

/// How long to wait.
pub mod retry;

/// How to wait.
pub mod waiting;

/// What is remembered.
pub mod ledger;

/// nginx.
pub mod proxy;

/// The one door to the world.
pub mod host;

/// What people are told.
pub mod report;

/// What can go wrong.
pub mod error;
