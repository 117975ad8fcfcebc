//! nginx: the `include` that tells it the live slot, its `configuration`, its `workers` by generation and their `reload`,
//! what this user has `access` to, its `version` and what it does to connections that are `keepalive`; and the `cutover`
//! that moves traffic, the proof of its `arrival`, the `watch` over it, the `settlement` of one
//! that was not ended.

pub mod access;
pub mod arrival;
pub mod choice;
pub mod configuration;
pub mod cutover;
mod directives;
pub mod include;
pub mod instant;
pub mod keepalive;
mod passage;
pub mod reload;
pub mod settlement;
pub mod upstreams;
pub mod version;
pub mod watch;
pub mod workers;
