//! What stands on the host before it boots: nginx's site as docs/nginx.md has it, the settings, the agent's unit, PAM.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, bail};

/// The account that deploys; scripts/host-test.sh makes it.
pub(crate) const USER: &str = "deploy";
/// `app.directory`.
pub(crate) const APPLICATION: &str = "/home/deploy/app";
/// What stands in for `java`.
pub(crate) const JAVA: &str = "/opt/demo-app/java";
pub(crate) const AGENT: &str = "/opt/codedeploy-agent/bin/codedeploy-agent";

/// At the level of `http`.
const UPGRADES: &str = "\
map $http_upgrade $connection_upgrade {
    default upgrade;
    '' '';
}
";

/// With websockets.
const LOCATION: &str = "\
location / {
    proxy_pass $service_url;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header Host $http_host;
}
";

const SERVER: &str = "\
server {
    listen 80;
    server_name localhost;

    include /etc/nginx/conf.d/service-url.inc;
";

/// As both generations of AWS's agent install it: through a `bash -a` that reads /etc/profile, and without a `KillMode`, so that
/// systemd ends the whole control group. The socket is ours.
const UNIT: &str = "\
[Unit]
Description=AWS CodeDeploy Host Agent

[Service]
ExecStart=/bin/bash -a -c '[ -f /etc/profile ] && source /etc/profile; exec /opt/codedeploy-agent/bin/codedeploy-agent start'
RuntimeDirectory=codedeploy-agent

[Install]
WantedBy=multi-user.target
";

/// What runs the commands of stories, where no other way leads into the host. Memory may be short: it is not what the kernel ends.
const COMMANDS: &str = "/opt/stories/commands";
/// Where such a host sees what is shared with it.
pub(crate) const SHARED: &str = "/mnt";
const COMMANDS_UNIT: &str = "\
[Unit]
Description=Runs the commands of stories

[Service]
ExecStartPre=ip address add 10.0.0.2/24 dev vec0
ExecStartPre=ip link set vec0 up
ExecStartPre=mount -t hostfs -o OUT_HERE none /mnt
ExecStart=/opt/stories/commands
OOMScoreAdjust=-1000

[Install]
WantedBy=multi-user.target
";
/// What is of no use on such a host, and takes its time at each boot.
const NOT_STARTED: [&str; 8] = [
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "kmod-static-nodes.service",
    "proc-sys-fs-binfmt_misc.automount",
    "systemd-modules-load.service",
];

/// What stories choose among the settings of a bundle, each as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) cutover: String,
    pub(crate) supervisor: String,
    pub(crate) standby: String,
    pub(crate) watch: String,
    /// `app.java`.
    pub(crate) java: String,
    /// `-Xmx`, where one is given; in units of 1,000,000 bytes.
    pub(crate) heap: Option<u64>,
    /// `start.overlap`.
    pub(crate) overlap: String,
    /// `app.class_archive`.
    pub(crate) class_archive: String,
}

/// The settings of the bundle, where they differ from the shipped ones.
pub(crate) fn settings(settings: &Settings) -> String {
    let Settings { cutover, supervisor, standby, watch, java, heap, overlap, class_archive } = settings;
    let heap = heap.map_or_else(String::new, |megabytes| format!(", \"-Xmx{}\"", megabytes * 1_000_000));
    format!(
        "\
[app]
directory = \"{APPLICATION}\"
java = \"{java}\"
jvm_options = [\"-Dserver.port={{port}}\"{heap}]
config_locations = []
supervisor = \"{supervisor}\"
class_archive = \"{class_archive}\"
[stop]
reuse_standby = true
[start]
overlap = \"{overlap}\"
[proxy]
cutover = \"{cutover}\"
word = \"+10000\"
[switch]
watch = \"{watch}\"
standby = \"{standby}\"
"
    )
}

/// What may be as it mostly is, or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    /// `su` makes a session with systemd.
    pub(crate) pam_systemd: bool,
    /// `deploy` may do everything through sudo.
    pub(crate) sudo: bool,
    /// The manager of `deploy` runs without a login.
    pub(crate) linger: bool,
}

/// Lays out the host below `root`.
pub(crate) fn lay_out(root: &Path, programs: &Path, features: Features) -> anyhow::Result<()> {
    let below = |path: &str| root.join(path.trim_start_matches('/'));
    write(&below("/etc/nginx/conf.d/upgrades.conf"), UPGRADES)?;
    write(&below("/etc/nginx/sites-enabled/default"), &format!("{SERVER}\n{LOCATION}}}\n"))?;
    write(&below("/etc/nginx/conf.d/service-url.inc"), "set $service_url http://127.0.0.1:8081;\n")?;
    write_service(root, "codedeploy-agent.service", UNIT)?;
    for (name, place) in [("demo-app", JAVA), ("codedeploy-agent", AGENT)] {
        copy_program(&programs.join(name), &below(place))?;
    }
    if features.sudo {
        write_sudo_rules(&below("/etc/sudoers.d/everything"), &format!("{USER} ALL=(ALL) NOPASSWD: ALL\n"))?;
    }
    if !features.pam_systemd {
        without_pam_systemd(&below("/etc/pam.d/common-session"))?;
    }
    if features.linger {
        // As `loginctl enable-linger` leaves it.
        write(&below("/var/lib/systemd/linger").join(USER), "")?;
    }
    Ok(())
}

/// Lays out besides what only a host with a kernel of its own has, `shared` being what it sees of out here.
pub(crate) fn lay_out_own_kernel(root: &Path, programs: &Path, shared: &Path) -> anyhow::Result<()> {
    copy_program(&programs.join("commands"), &root.join(COMMANDS.trim_start_matches('/')))?;
    write_service(root, "commands.service", &COMMANDS_UNIT.replace("OUT_HERE", &shared.display().to_string()))?;
    NOT_STARTED.iter().try_for_each(|unit| link("/dev/null", &root.join("etc/systemd/system").join(unit)))
}

/// A unit that is started at each boot.
fn write_service(root: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let units = root.join("etc/systemd/system");
    write(&units.join(name), text)?;
    link(&format!("/etc/systemd/system/{name}"), &units.join("multi-user.target.wants").join(name))
}

fn link(to: &str, path: &Path) -> anyhow::Result<()> {
    // Whatever is there may be a link already.
    drop(fs::remove_file(path));
    symlink(to, path).with_context(|| format!("`{}` could not be made", path.display()))
}

/// sudo reads no rules that others may write.
pub(crate) fn write_sudo_rules(path: &Path, rules: &str) -> anyhow::Result<()> {
    write(path, rules)?;
    fs::set_permissions(path, PermissionsExt::from_mode(0o440))
        .with_context(|| format!("`{}` could not be given its mode", path.display()))
}

/// `su` reads this file, as every program that opens a session does.
fn without_pam_systemd(path: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("`{}` could not be read", path.display()))?;
    let kept: Vec<&str> = text.lines().filter(|line| !line.contains("pam_systemd.so")).collect();
    if kept.len() == text.lines().count() {
        bail!("`{}` has no line with pam_systemd.so; needed one to take out", path.display());
    }
    write(path, &(kept.join("\n") + "\n"))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    make_directory_of(path)?;
    // Whatever is there may be a link, and another program's file behind it.
    drop(fs::remove_file(path));
    fs::write(path, text).with_context(|| format!("`{}` could not be written", path.display()))
}

fn copy_program(from: &Path, to: &Path) -> anyhow::Result<()> {
    make_directory_of(to)?;
    fs::copy(from, to)
        .and_then(|_| fs::set_permissions(to, PermissionsExt::from_mode(0o755)))
        .with_context(|| format!("`{}` could not be copied to `{}`", from.display(), to.display()))
}

fn make_directory_of(path: &Path) -> anyhow::Result<()> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory).with_context(|| format!("`{}` could not be made", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_made_of_what_the_document_shows() {
        for block in [UPGRADES, LOCATION, SERVER] {
            assert!(include_str!("../../../docs/nginx.md").contains(block), "{block}");
        }
    }
}
