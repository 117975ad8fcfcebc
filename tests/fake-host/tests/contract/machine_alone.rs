//! What the real machine alone can be held to, since a host in memory does it right by itself: it has no half files, no power
//! cuts, no descriptors, and gives no process id twice.

mod endurance;
mod identities;
mod launches;
mod lock_holders;
mod piped_hook;
mod proxied_headers;
mod publication;
mod readers;
mod watched_calls;
