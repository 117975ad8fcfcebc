//! Control groups, as systemd sees them: in the one hierarchy, or on older hosts in the one of its own.

use std::path::Path;

use super::files;

/// The control group of a process; nothing if it is gone, or the kernel has none.
pub(super) fn of(id: u32) -> Option<String> {
    let text = files::read(Path::new(&format!("/proc/{id}/cgroup"))).ok()?;
    of_text(&String::from_utf8_lossy(&text)).map(str::to_owned)
}

/// The control group in the text of `/proc/PID/cgroup`: of the one hierarchy, or of systemd's own where there are several.
fn of_text(text: &str) -> Option<&str> {
    let of = |beginning: &str| text.lines().find_map(|line| line.strip_prefix(beginning));
    let named = || text.lines().find_map(|line| line.split_once(":name=systemd:")).map(|(_, group)| group);
    // Where both are there, systemd uses the one in which somebody is not at the root.
    of("0::").filter(|group| *group != "/").or_else(named).or_else(|| of("0::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f124_the_group_of_a_process_is_read_on_hosts_with_one_hierarchy_and_with_several() {
        for (name, text, wanted) in [
            (
                "systemd 252, one hierarchy",
                "0::/system.slice/codedeploy-agent.service\n",
                Some("/system.slice/codedeploy-agent.service"),
            ),
            (
                "systemd 219 on Amazon Linux 2",
                "4:memory:/system.slice\n1:name=systemd:/system.slice/codedeploy-agent.service\n",
                Some("/system.slice/codedeploy-agent.service"),
            ),
            (
                "the second hierarchy is empty",
                "1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n0::/\n",
                Some("/user.slice/user-1000.slice/session-3.scope"),
            ),
            ("a container without systemd", "0::/\n", Some("/")),
            ("nothing", "", None),
        ] {
            assert_eq!(of_text(text), wanted, "{name}");
        }
    }
}
