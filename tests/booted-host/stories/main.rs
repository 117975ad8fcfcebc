//! Deploys on a host that boots: the agent as a service of systemd, its user through PAM, sudo, logrotate and nginx as the
//! distribution has them. Run by scripts/host-test.sh.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "everything in here is a story or its rig: what fails ends the story"
)]

mod agent_restart;
mod deploys;
mod hidden_processes;
mod install;
mod making_room;
mod memory;
mod moving;
mod points;
mod power_cuts;
mod reboots;
mod rig;
mod spring;
mod standby;
mod sudo_rules;
mod supervisor;
