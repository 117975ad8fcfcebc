//! The control group of a process, as systemd sees it: whatever lies in a service's is ended with that service, when the agent is
//! restarted or updated as well.

use crate::host::{Host, ProcessIdentity};

/// The unit that a control group belongs to: its last part that names one.
#[must_use]
pub fn unit(group: &str) -> Option<&str> {
    group.rsplit('/').find(|part| [".service", ".scope"].iter().any(|ending| part.ends_with(ending)))
}

/// The service in which this hook lies, such as the agent's: whatever it starts as its own child ends with that. Nothing where it lies in
/// a login's scope, as a hook with `runas` does where PAM makes one.
pub fn service_of_hook(host: &impl Host) -> Option<String> {
    service_of(host, std::process::id())
}

/// The service in which a release lies that is also this hook's: it was started as a child, and ends with that service.
pub fn shared_with_hook(host: &impl Host, release: &ProcessIdentity) -> Option<String> {
    service_of(host, release.id).filter(|service| service_of_hook(host).as_ref() == Some(service))
}

/// The service in which a process lies.
pub fn service_of(host: &impl Host, id: u32) -> Option<String> {
    let group = host.control_group(id)?;
    unit(&group).filter(|unit| unit.ends_with(".service")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f124_a_control_group_tells_its_unit() {
        for (group, wanted) in [
            ("/system.slice/codedeploy-agent.service", Some("codedeploy-agent.service")),
            ("/user.slice/user-1000.slice/session-3.scope", Some("session-3.scope")),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/service-url-real1.service",
                Some("service-url-real1.service"),
            ),
            ("/system.slice/docker.service/inner", Some("docker.service")),
            ("/system.slice", None),
            ("/", None),
        ] {
            assert_eq!(unit(group), wanted, "{group}");
        }
    }
}
