//! The sandbox itself, tried out: what whole deploys rely on.

mod bundle;
mod door;
mod hooks;
mod lifetime;
mod nginx;
mod script_start;
mod stand_ins;
mod tiny_server;
