//! A network in which nothing answers: loopback works, and packets to anywhere else vanish, those to the metadata service
//! among them. A blackhole route would not do: it fails at once, where a real network without answers lets one wait.

use std::ffi::OsStr;
use std::process::Command;

/// Every address lies behind a machine that is said to be at the other end of a pair of interfaces, and is not.
///
/// What is to be run comes as arguments, never as text of this script, and takes the place of the shell, so that its process
/// id, its exit code and its signals are its own.
const SCRIPT: &str = r#"
(
    PATH=/usr/sbin:/usr/bin:/sbin:/bin
    ip link set lo up &&
        ip link add hole type veth peer name nobody &&
        ip link set nobody up &&
        ip address add 169.254.0.1/16 dev hole &&
        ip link set hole up &&
        ip neighbour add 169.254.169.254 lladdr 02:00:00:00:00:01 nud permanent dev hole &&
        ip route add default via 169.254.169.254 dev hole
) || {
    echo 'a network in which nothing answers could not be made' >&2
    exit 125
}
exec "$@"
"#;

/// A command for `program` in a network namespace of its own, in which nothing answers. It needs root, `unshare` and `ip`; if
/// the network cannot be made, the command exits with 125.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "--", "/bin/sh", "-c", SCRIPT, "sh"]).arg(program);
    command
}
