//! What nginx is told about where traffic goes: the `include`, the `choice` in it by a `flag`, the `upstreams` to choose from,
//! connections that are `keepalive`; and what has to hold before their `installation`.

pub mod choice;
pub mod flag;
pub mod include;
pub mod installation;
pub mod keepalive;
pub mod upstreams;
