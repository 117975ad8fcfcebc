//! The control group of a process, as systemd sees it: whatever lies in a service's is ended with that service, when the agent is
//! restarted or updated as well.

use super::Manager;
use crate::host::{Host, ProcessIdentity};

/// The unit that a control group belongs to: its last part that names one.
#[must_use]
pub fn unit(group: &str) -> Option<&str> {
    group.rsplit('/').find(|part| [".service", ".scope"].iter().any(|ending| part.ends_with(ending)))
}

/// Whether a process of this user lies in the control group of this unit, of the system or of the user's own manager: then it was
/// started by it, whether that could be noted or not.
pub fn is_of_unit(host: &impl Host, unit: &str, process: u32) -> bool {
    host.control_group(process).is_some_and(|group| is_group_of(&group, unit, host.user().id))
}

/// Another user's manager may have a unit of the same name.
fn is_group_of(group: &str, name: &str, user: u32) -> bool {
    let managers = [Manager::System, Manager::User(user)].map(|manager| format!("{}/", manager.control_group()));
    unit(group) == Some(name) && managers.iter().any(|manager| group.starts_with(manager))
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
    fn f125_a_unit_is_one_of_the_systems_or_of_the_users_own_manager_and_nobody_elses() {
        for (group, wanted) in [
            ("/system.slice/service-url-real1.service", true),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/service-url-real1.service", true),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/service-url-real2.service", false),
            ("/user.slice/user-1001.slice/user@1001.service/app.slice/service-url-real1.service", false),
            ("/machine.slice/other/service-url-real1.service", false),
            ("/system.slice/docker.service/service-url-real1", false),
            ("/", false),
        ] {
            assert_eq!(is_group_of(group, "service-url-real1.service", 1000), wanted, "{group}");
        }
    }

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
