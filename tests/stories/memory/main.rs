//! Whole deploys on a host in memory: every hook, every fault, at every point, in a second each. What a real host does is
//! told by the other stories; these are about what holds whatever happens.

mod actions;
mod app_spec;
mod cleaning;
mod codedeploy;
mod deadlines;
mod deploys;
mod discovery;
mod exit;
mod installation;
mod interruption;
mod invariants;
mod jar;
mod last_one;
mod launches;
mod leftovers;
mod live_file;
mod longest;
mod looks;
mod making_room;
mod operation;
mod reboots;
mod refusal;
mod refused_by_switch;
mod restart;
mod schedule;
mod site;
mod standby;
mod status;
mod switches;
mod two_deployments;
mod warm_up;
mod watch;
mod workers;
mod writes;
