//! Whole deploys on a host in a temporary directory, with a real nginx and real processes. Each test is named after what a
//! user would notice, and carries the ids of the failures that it covers.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "everything in here is a story or its rig: what fails ends the story"
)]

mod artifacts;
mod benchmarks;
mod book_bugs;
mod boot;
mod causes;
mod check;
mod codedeploy;
mod commands_document;
mod concurrency;
mod connections;
mod contributing;
mod discovery;
mod documents;
mod drain;
mod environment;
mod failures;
mod health;
mod histories;
mod history;
mod https;
mod include;
mod instant;
mod keepalive;
mod korean;
mod logs;
mod measured_deploys;
mod measured_reloads;
mod metrics;
mod neighbours;
mod nginx;
mod nginx_document;
mod notify;
mod order;
mod permissions;
mod pipeline;
mod policies;
mod processes;
mod reloads;
mod renames;
mod repository;
mod restart;
mod reuse;
mod rig;
mod settings;
mod site_down;
mod sites;
mod spoken;
mod spring;
mod status;
mod take_over;
mod through_the_agent;
mod timeouts;
mod validation;
mod warm_up;
mod watch;
mod watched_deploy;
