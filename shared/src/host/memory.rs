//! The memory that is to be had: what the host has left, and what the limits of a control group and of those above it leave of that;
//! and whom the kernel has ended for want of it.

use std::path::Path;

use procfs::Current;

use super::{AvailableMemory, files};

/// Where control groups are seen: of version 2, or the one of memory of version 1.
const VERSION_2: &str = "/sys/fs/cgroup";
const VERSION_1: &str = "/sys/fs/cgroup/memory";

/// What is left, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    memory: u64,
    swap: u64,
}

impl Left {
    fn sum(self) -> u64 {
        self.memory.saturating_add(self.swap)
    }

    fn within(self, other: Left) -> Left {
        Left { memory: self.memory.min(other.memory), swap: self.swap.min(other.swap) }
    }
}

/// What a process in this control group can still have.
pub(super) fn available(group: Option<&str>) -> Option<AvailableMemory> {
    let memory = procfs::Meminfo::current().ok()?;
    let host = Left { memory: memory.mem_available?, swap: memory.swap_free };
    let version_2 = Path::new(VERSION_2);
    let root = if version_2.join("cgroup.controllers").exists() { version_2 } else { Path::new(VERSION_1) };
    let own = files::read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let own = String::from_utf8_lossy(&own);
    Some(within_limits(host, root, group.unwrap_or_else(|| group_of_memory(&own))))
}

/// The control group whose memory is limited, in the text of `/proc/PID/cgroup`: of version 1 where it has memory, else of version 2.
fn group_of_memory(text: &str) -> &str {
    let of = |controller: &str| text.lines().find_map(|line| line.split_once(controller)).map(|(_, group)| group);
    of(":memory:").or_else(|| of("0::")).unwrap_or("/")
}

/// What the limits of a control group, and of all above it, leave of what the host has. In a container the topmost one has a limit
/// as well.
fn within_limits(host: Left, root: &Path, group: &str) -> AvailableMemory {
    let own = Path::new(group.trim_start_matches('/'));
    let mut least = AvailableMemory { bytes: host.sum(), limited_by: None };
    let mut left = host;
    for group in own.ancestors() {
        let Some(limits) = room(&root.join(group)) else { continue };
        left = left.within(limits);
        if left.sum() < least.bytes {
            let name = Path::new("/").join(group).to_string_lossy().into_owned();
            least = AvailableMemory { bytes: left.sum(), limited_by: Some(name) };
        }
    }
    least
}

/// What a control group's own limits leave; nothing where it has none. What it keeps of files that nobody uses is given back first.
fn room(directory: &Path) -> Option<Left> {
    let number = |name: &str| {
        let bytes = files::read(&directory.join(name)).ok()?;
        String::from_utf8_lossy(&bytes).trim().parse::<u64>().ok()
    };
    let unused = |name: &str| count_in(&directory.join("memory.stat"), name).unwrap_or(0);
    let memory = match (number("memory.max"), number("memory.limit_in_bytes")) {
        (Some(most), _) => left_of(most, number("memory.current")?, unused("inactive_file")),
        (None, Some(most)) => left_of(most, number("memory.usage_in_bytes")?, unused("total_inactive_file")),
        (None, None) => return None,
    };
    let swap =
        number("memory.swap.max").map_or(u64::MAX, |most| left_of(most, number("memory.swap.current").unwrap_or(0), 0));
    Some(Left { memory, swap })
}

fn left_of(most: u64, used: u64, unused: u64) -> u64 {
    most.saturating_sub(used.saturating_sub(unused))
}

/// How many processes the kernel has ended for want of memory since the boot; kernels before 4.13 do not count them.
pub(super) fn ended_for_memory() -> u64 {
    count_in(Path::new("/proc/vmstat"), "oom_kill").unwrap_or(0)
}

fn count_in(file: &Path, name: &str) -> Option<u64> {
    count_of(&String::from_utf8_lossy(&files::read(file).ok()?), name)
}

/// The number behind a name, in a text of such lines.
fn count_of(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Control groups as files, each with its contents.
    #[expect(clippy::disallowed_methods, reason = "what stands there is laid ready for the test")]
    fn groups(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn f40_a_count_of_the_kernels_is_read_by_its_whole_name() {
        let text = "nr_free_pages 1\noom_kill_disabled 7\noom_kill 3\n";
        assert_eq!(count_of(text, "oom_kill"), Some(3));
        assert_eq!(count_of("nr_free_pages 1\n", "oom_kill"), None);
    }

    #[test]
    fn f48_the_control_group_of_memory_is_told_from_the_others() {
        for (text, wanted) in [
            ("0::/user.slice/session-3.scope\n", "/user.slice/session-3.scope"),
            ("4:memory:/docker/ab\n1:name=systemd:/init.scope\n0::/\n", "/docker/ab"),
            ("", "/"),
        ] {
            assert_eq!(group_of_memory(text), wanted);
        }
    }

    #[test]
    fn f40_f48_the_narrowest_limit_of_a_control_group_and_of_all_above_it_counts() {
        let host = Left { memory: 1000, swap: 500 };
        let seen = |files: &[(&str, &str)], group: &str| {
            let root = groups(files);
            let AvailableMemory { bytes, limited_by } = within_limits(host, root.path(), group);
            (bytes, limited_by)
        };
        let service = "/system.slice/agent.service";
        let limit = |text| {
            [("system.slice/agent.service/memory.max", text), ("system.slice/agent.service/memory.current", "100\n")]
        };
        assert_eq!(seen(&[], service), (1500, None), "no control groups");
        assert_eq!(seen(&limit("max\n"), service), (1500, None), "no limit");
        assert_eq!(seen(&limit("400\n"), service), (800, Some(service.to_owned())), "its own");
        assert_eq!(seen(&limit("400\n"), "/system.slice/other.service"), (1500, None), "another one's");
        let above = [
            ("system.slice/agent.service/memory.max", "900\n"),
            ("system.slice/agent.service/memory.current", "0\n"),
            ("system.slice/memory.max", "600\n"),
            ("system.slice/memory.current", "400\n"),
            ("system.slice/memory.stat", "anon 1\ninactive_file 50\n"),
            ("system.slice/memory.swap.max", "0\n"),
        ];
        assert_eq!(seen(&above, service), (250, Some("/system.slice".to_owned())), "the one above it, without swap");
        let container = [("memory.max", "300\n"), ("memory.current", "100\n")];
        assert_eq!(seen(&container, "/"), (700, Some("/".to_owned())), "a container's topmost one");
        let version_1 = [
            ("system.slice/memory.limit_in_bytes", "9223372036854771712\n"),
            ("system.slice/memory.usage_in_bytes", "5\n"),
            ("system.slice/agent.service/memory.limit_in_bytes", "300\n"),
            ("system.slice/agent.service/memory.usage_in_bytes", "250\n"),
            ("system.slice/agent.service/memory.stat", "total_inactive_file 10\n"),
        ];
        assert_eq!(seen(&version_1, service), (560, Some(service.to_owned())), "version 1");
    }
}
