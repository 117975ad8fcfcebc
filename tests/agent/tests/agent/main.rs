//! The agent run on small bundles of shell scripts: what AWS's agent was seen to do is what this one must do.

#[cfg(test)]
mod bundles;
#[cfg(test)]
mod install;
#[cfg(test)]
mod old_bundle;
#[cfg(test)]
mod outputs;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod process;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod support;
#[cfg(test)]
mod timeouts;
