//! A real host in a test: a systemd that boots with accounts, PAM, sudo, logrotate, nginx and the agent as a service, in a container
//! or with a kernel of its own. scripts/host-test.sh makes what it boots from; nothing outlives a [`BootedHost`].
//!
//! ```text
//! ground          what scripts/host-test.sh hands over: the root file system, its image, a directory, programs, a control group
//! overlay         one host's own view of the root file system, in which it may write
//! control_group   one host's own control group, by which all that runs in it is ended
//! site            what stands on the host before it boots: nginx's site, settings, the agent's unit, PAM
//! machine         what a host boots in, which is one of the next two
//! container       systemd-nspawn, on the machine's kernel
//! own_kernel      user-mode-linux: a power cut, and a memory of its own
//! inside          one command in a container, and what became of it
//! commands        one command in a host with a kernel of its own; the program `commands` is the other side
//! condition       what a story waits for on a host's disk
//! network         does something in the host's network, such as starting a load
//! host            runs commands in a host that is up, deploys on it, ends it and boots it again
//! bundle          what is deployed: the shipped `appspec.yml` for this host's account, the hooks, a release
//! answer          what the agent's service answers, which is the program `codedeploy-agent`
//! agent_service   asks it for a deployment, in the host
//! wait            waiting for a condition
//! ```

mod agent_service;
mod answer;
mod bundle;
mod commands;
mod condition;
mod container;
mod control_group;
mod ground;
mod host;
mod inside;
mod java;
mod machine;
mod network;
mod overlay;
mod own_kernel;
mod site;
mod wait;

pub use agent_service::ask_for_a_deployment;
pub use answer::{Answer, SOCKET};
pub use bundle::Account;
pub use commands::serve;
pub use condition::Condition;
pub use container::Container;
pub use host::{BootedHost, HostBuilder};
pub use inside::Outcome;
pub use machine::{End, Machine};
pub use own_kernel::OwnKernel;
pub use wait::wait_until;
