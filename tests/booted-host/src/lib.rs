//! A real host in a test: a systemd that boots in a container of its own, with accounts, PAM, sudo, logrotate, nginx and the
//! agent as a service. scripts/host-test.sh makes what it boots from; nothing outlives a [`BootedHost`].
//!
//! ```text
//! ground          what scripts/host-test.sh hands over: the root file system, a directory, programs, a control group
//! overlay         one host's own view of the root file system, in which it may write
//! control_group   one host's own control group, by which all that runs in it is ended
//! site            what stands on the host before it boots: nginx's site, settings, the agent's unit, PAM
//! host            boots it, runs commands in it, and ends it
//! inside          one command in the host, and what became of it
//! network         does something in the host's network, such as starting a load
//! bundle          what is deployed: the shipped `appspec.yml` for this host's account, the hooks, a release
//! agent_service   asks the agent's service for a deployment
//! answer          what that service answers; the program `codedeploy-agent` is the other side
//! wait            waiting for a condition
//! ```

mod agent_service;
mod answer;
mod bundle;
mod control_group;
mod ground;
mod host;
mod inside;
mod java;
mod network;
mod overlay;
mod site;
mod wait;

pub use answer::{Answer, SOCKET};
pub use bundle::Account;
pub use host::{BootedHost, End, HostBuilder};
pub use inside::Outcome;
pub use wait::wait_until;
