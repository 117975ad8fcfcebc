//! What nginx is told about where traffic goes: the `include`, the `choice` in it by a `flag`, the `upstreams` to choose from,
//! connections that are `keepalive`; nginx's own `word` about where it sends requests; whose all of that is (`mark`, `ownership`);
//! the `adoption` of what an earlier version has left; and what has to hold before its `installation`.

pub mod adoption;
pub mod choice;
pub mod flag;
pub mod include;
pub mod installation;
pub mod keepalive;
pub mod mark;
pub mod ownership;
pub mod upstreams;
pub mod word;
