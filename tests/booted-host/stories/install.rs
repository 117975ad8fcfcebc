//! `scripts/install.sh` prepares a host once, and no deploy needs sudo from then on (F112, F124), or only the rules that it has
//! written (F73); what it takes back leaves the site up, and what it refuses leaves the host as it was (F127).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use booted_host::{Account, BootedHost, End, HostBuilder, Outcome, wait_until};
use demo_app::Jar;
use strict_client::Mode;

use crate::rig::{
    SLOTS, deploys, is_refused, more_requests, nothing_was_lost, release_at_the_door, runs, slots, status_at_the_door,
    under_load,
};

const README: &str = include_str!("../../../README.md");
const SCRIPT: &str = include_str!("../../../scripts/install.sh");
/// A directory of the host in which somebody has put the script.
const COPIED: &str = "/opt/copied";
const INCLUDE: &str = "/etc/nginx/conf.d/service-url.inc";
const GROUPS: &str = "/etc/nginx/conf.d/service-url.conf";
const RULES: &str = "/etc/sudoers.d/hooks-service-url";
const LINGER: &str = "/var/lib/systemd/linger/deploy";
/// A reload by anybody closes connections that are kept, so only these clients lose nothing by one.
const CLIENTS: [Mode; 2] = [Mode::Fresh, Mode::Retry];

/// A host on which nobody has any rule of sudo, and the deploying user no manager.
fn bare() -> HostBuilder {
    BootedHost::builder().supervisor("user").without_sudo()
}

/// The same, up, with the script on it and a bundle; that bundle's directory.
#[track_caller]
fn boots(host: HostBuilder) -> (BootedHost, String) {
    let host = host.boot().unwrap();
    copies_the_script(&host);
    let bundle = host.bundle(&Jar::release("any")).unwrap();
    (host, bundle)
}

fn copies_the_script(host: &BootedHost) {
    let path = host.path(COPIED);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("install.sh"), SCRIPT).unwrap();
    fs::set_permissions(path.join("install.sh"), PermissionsExt::from_mode(0o755)).unwrap();
}

/// A command line on the host, as root.
fn shell(host: &BootedHost, line: &str) -> Outcome {
    host.run(&["bash", "-c", line]).unwrap()
}

/// Runs the script, which has to end well; what it printed on its standard output.
#[track_caller]
fn installs(host: &BootedHost, arguments: &str) -> String {
    let errors = format!("{COPIED}/errors");
    let outcome = shell(host, &format!("{COPIED}/install.sh {arguments} 2>{errors}"));
    let told = fs::read_to_string(host.path(&errors)).unwrap();
    assert_eq!(outcome.code, 0, "install.sh {arguments}: {}{told}", outcome.output);
    outcome.output
}

/// Runs a command line, which has to end with this code and all of these words, with the host as it was before.
#[track_caller]
fn is_refused_by_the_script(host: &BootedHost, line: &str, code: i32, words: &[&str]) {
    let before = state(host);
    let outcome = shell(host, line);
    assert_eq!(outcome.code, code, "{line}: {}", outcome.output);
    for word in words {
        assert!(outcome.output.contains(word), "{line}: `{word}` is not in {}", outcome.output);
    }
    let after = state(host);
    let changed: Vec<_> = after.difference(&before).chain(before.difference(&after)).collect();
    assert!(changed.is_empty(), "{line}: {changed:?}\n{}", outcome.output);
}

/// All that the script could change, with owners, modes, contents and times.
fn state(host: &BootedHost) -> BTreeSet<String> {
    let places = "/etc /home /var/lib/systemd/linger /var/lib/service-url";
    let list = format!("find {places} ! -path /etc/mtab -printf '%p %U %G %m %T@ ' -exec sha256sum {{}} \\; 2>&1");
    shell(host, &list).output.lines().map(str::to_owned).collect()
}

/// Whether each line of what the script printed says that there is nothing to do.
fn says_that_all_is_so(printed: &str) -> bool {
    printed.lines().all(|line| line.starts_with("# "))
}

#[test]
fn f112_f124_after_the_installation_a_user_without_any_rule_of_sudo_deploys_with_units_from_the_first_deploy_on() {
    let (host, bundle) = boots(bare());
    // On a new host there is no such account.
    runs(&host, &["userdel", "--remove", "deploy"]);
    let before = state(&host);
    let shown = installs(&host, &format!("--dry-run {bundle}"));
    assert_eq!(state(&host), before, "{shown}");
    let printed = installs(&host, &bundle);
    assert_eq!(printed, shown, "what is shown is what is run");
    let commands = [
        "useradd --system --create-home --shell /bin/bash deploy\n",
        "mkdir -p -m 755 /home/deploy/app\n",
        "/hooks/switch --install\n",
        "loginctl enable-linger deploy\n",
    ];
    assert!(commands.iter().all(|command| printed.contains(command)), "{printed}");
    let installed = state(&host);
    let again = installs(&host, &bundle);
    assert!(says_that_all_is_so(&again), "{again}");
    assert_eq!(state(&host), installed, "{again}");
    deploys(&host, "v1");
    deploys(&host, "v2");
    assert!(slots(&host).iter().all(|(_, group)| group.contains("/user@")), "{:?}", slots(&host));
    assert!(says_that_all_is_so(&installs(&host, &bundle)), "nor is there anything to do after deploys");
}

#[test]
fn f73_with_reload_the_rules_that_are_installed_are_those_that_stop_asks_for() {
    let (host, bundle) = boots(bare().cutover("reload").supervisor("detached"));
    let refused = is_refused(&host, "v1", "stop", 13, &["visudo -f"]);
    let asked: Vec<&str> =
        refused.log.lines().filter_map(|line| line.split_once("[stdout]")).map(|(_, rest)| rest).collect();
    let shown = installs(&host, &format!("--dry-run {bundle}"));
    assert!(!host.path(RULES).exists(), "{shown}");
    assert_eq!(installs(&host, &bundle), shown);
    let rules = fs::read_to_string(host.path(RULES)).unwrap();
    assert_eq!(rules.lines().count(), 4, "{rules}");
    assert!(rules.lines().all(|rule| asked.contains(&rule)), "{rules}\n{asked:?}");
    assert_eq!(shell(&host, &format!("stat --format=%a:%U {RULES}")).output, "440:root\n");
    runs(&host, &["visudo", "--check", "--strict"]);
    assert!(says_that_all_is_so(&installs(&host, &bundle)));
    deploys(&host, "v1");
    deploys(&host, "v2");
    installs(&host, &format!("--remove {bundle}"));
    assert!(!host.path(RULES).exists());
    is_refused(&host, "v3", "stop", 13, &["visudo -f"]);
    assert_eq!(release_at_the_door(&host), "v2");
}

#[test]
fn f127_what_was_installed_is_taken_back_under_load_and_comes_again() {
    let (mut host, bundle) = boots(bare());
    installs(&host, &bundle);
    // Once for each slot: with the flag, and without.
    for releases in [["v1", "v2"], ["v3", "v4"]] {
        for release in releases.iter().take(if releases[0] == "v1" { 1 } else { 2 }) {
            deploys(&host, release);
        }
        let live = release_at_the_door(&host);
        let shown = installs(&host, &format!("--remove --dry-run {bundle}"));
        let history = under_load(&host, &CLIENTS, |load| {
            assert_eq!(installs(&host, &format!("--remove {bundle}")), shown);
            more_requests(load, 100);
        });
        nothing_was_lost(&history);
        assert_eq!(release_at_the_door(&host), live);
        let include = fs::read_to_string(host.path(INCLUDE)).unwrap();
        let port = SLOTS.into_iter().find(|port| host.get(*port, "/").is_ok_and(|its| its.release() == Some(&live)));
        assert_eq!(include, format!("set $service_url http://127.0.0.1:{};\n", port.unwrap()));
        assert!(![GROUPS, "/var/lib/service-url"].iter().any(|path| host.path(path).exists()), "{shown}");
        assert_eq!(shell(&host, "ls -A /etc/nginx/conf.d").output, "service-url.inc\nupgrades.conf\n");
        assert!(
            shown.contains("stays: it runs ") && host.path(LINGER).exists(),
            "its manager keeps the release: {shown}"
        );
        let again = installs(&host, &format!("--remove {bundle}"));
        assert!(says_that_all_is_so(&again), "{again}");
        nothing_was_lost(&under_load(&host, &CLIENTS, |_| {
            installs(&host, &bundle);
        }));
        assert_eq!(release_at_the_door(&host), live);
    }
    // And without units the manager goes as well.
    host.set_supervisor("detached");
    deploys(&host, "v5");
    deploys(&host, "v6");
    let printed = installs(&host, &format!("--remove {bundle}"));
    assert!(printed.contains("loginctl disable-linger deploy\n") && !host.path(LINGER).exists(), "{printed}");
    assert_eq!(release_at_the_door(&host), "v6");
    assert_eq!(host.listener(8081).unwrap().is_some(), host.listener(8082).unwrap().is_some(), "so does the standby");
}

#[test]
fn f127_where_nginx_has_gone_on_to_the_standby_its_port_is_named() {
    let (host, bundle) = boots(bare().supervisor("detached"));
    installs(&host, &bundle);
    deploys(&host, "v1");
    deploys(&host, "v2");
    let live = slots(&host)[usize::from(host.get(8082, "/").unwrap().release() == Some("v2"))].0;
    runs(&host, &["bash", "-c", &format!("kill -KILL {live}")]);
    nothing_was_lost(&under_load(&host, &CLIENTS, |_| {
        installs(&host, &format!("--remove {bundle}"));
    }));
    assert_eq!(release_at_the_door(&host), "v1");
}

#[test]
fn f127_what_nginx_refuses_is_put_back_under_load() {
    let (host, bundle) = boots(bare());
    installs(&host, &bundle);
    deploys(&host, "v1");
    deploys(&host, "v2");
    // Another site of the same host goes by one of the groups.
    let other = "server { listen 81; location / { proxy_pass http://service-url-real1; } }\n";
    fs::write(host.path("/etc/nginx/conf.d/other.conf"), other).unwrap();
    runs(&host, &["nginx", "-s", "reload"]);
    let files = || [INCLUDE, GROUPS].map(|path| fs::read_to_string(host.path(path)).unwrap());
    let before = files();
    nothing_was_lost(&under_load(&host, &CLIENTS, |_| {
        let outcome = shell(&host, &format!("{COPIED}/install.sh --remove {bundle}"));
        assert_eq!(outcome.code, 40, "{}", outcome.output);
        assert!(outcome.output.contains("putting nginx's files back"), "{}", outcome.output);
    }));
    assert_eq!(files(), before);
    assert!(host.path("/var/lib/service-url").exists());
    deploys(&host, "v3");
}

#[test]
fn f127_a_host_of_the_scripts_is_taken_over_under_load() {
    let (host, bundle) = boots(bare().supervisor("auto"));
    // As `start.sh` did it.
    let start = format!(
        "mkdir ~/app && cp {bundle}/application.jar ~/app/ && cd ~/app && nohup /opt/demo-app/java -jar \
         -Dspring.profiles.active=real1 -Dserver.port=8081 ~/app/application.jar"
    );
    runs(&host, &["su", "deploy", "-c", &format!("({start}) >/dev/null 2>&1 &")]);
    wait_until("the release of the scripts answers", || status_at_the_door(&host) == 200).unwrap();
    let history = under_load(&host, &CLIENTS, |load| {
        installs(&host, &bundle);
        assert_eq!(release_at_the_door(&host), "any");
        for release in ["v1", "v2"] {
            deploys(&host, release);
            more_requests(load, 50);
        }
    });
    nothing_was_lost(&history);
    assert!(slots(&host).iter().all(|(_, group)| group.contains("/user@1000.service/")), "{:?}", slots(&host));
}

#[test]
fn f127_hooks_that_run_as_root_need_nothing_but_nginxs_part_and_the_directory() {
    let (mut host, bundle) = boots(BootedHost::builder().supervisor("auto").account(Account::Root));
    let printed = installs(&host, &bundle);
    assert!(
        !printed.contains("useradd") && !printed.contains("enable-linger") && !printed.contains("sudoers"),
        "{printed}"
    );
    deploys(&host, "v1");
    deploys(&host, "v2");
    host.boots_again(End::Orderly).unwrap();
    wait_until("the live release answers at the door", || status_at_the_door(&host) == 200).unwrap();
    nothing_was_lost(&under_load(&host, &CLIENTS, |_| {
        installs(&host, &format!("--remove {bundle}"));
    }));
    assert_eq!(release_at_the_door(&host), "v2");
}

#[test]
fn f127_mistakes_are_refused_in_a_sentence_and_nothing_is_changed() {
    let (host, bundle) = boots(bare());
    let script = format!("{COPIED}/install.sh");
    let refused = |line: &str, code, words: &[&str]| is_refused_by_the_script(&host, line, code, words);
    // A bundle with something else in one of its files.
    let changed = |name: &str, edit: &str| {
        let path = format!("/var/bundles/{name}");
        runs(&host, &["bash", "-c", &format!("cp -r {bundle} {path} && cd {path} && {edit}")]);
        format!("{script} {path}")
    };
    refused(&format!("su deploy -c '{script} {bundle}'"), 13, &["needs root", "--dry-run"]);
    refused(&script, 10, &["no bundle was given"]);
    refused(&format!("{script} /nowhere"), 10, &["`/nowhere` is not there"]);
    refused(&format!("{script} /etc"), 10, &["`/etc` has no `appspec.yml`"]);
    refused(&format!("{script} /etc/passwd"), 10, &["is no zip that can be unpacked"]);
    refused(&format!("{script} --remov {bundle}"), 10, &["`--remov` is unknown"]);
    refused(&format!("{script} --user bob {bundle}"), 10, &["`runas`", "`bob`"]);
    let two = changed("two", "sed -i '0,/runas: deploy/s//runas: other/' appspec.yml");
    refused(&two, 10, &["hooks that run as deploy, other", "one `runas`"]);
    let some = changed("some", "sed -i '0,/runas: deploy/s///' appspec.yml");
    refused(&some, 10, &["hooks that run as deploy, root"]);
    let form = changed("form", "sed -i '2s/.*/directory = \"\"\"x\"\"\"/' hooks.toml");
    refused(&form, 10, &["hooks.toml`, line 2: this form is not read"]);
    let relative = changed("relative", "sed -i '2s/.*/directory = \"app\"/' hooks.toml");
    refused(&relative, 10, &["`app.directory` of hooks.toml is `app`", "a whole path"]);
    // What is not looked at does not count.
    let told = shell(&host, &format!("HOOKS_APP_DIRECTORY=/srv/other {script} --dry-run {bundle}")).output;
    assert!(told.contains("`HOOKS_APP_DIRECTORY` is not looked at") && !told.contains("/srv/other"), "{told}");
    runs(&host, &["systemctl", "stop", "nginx.service"]);
    refused(&format!("{script} {bundle}"), 40, &["nginx's part cannot be brought in"]);
    runs(&host, &["systemctl", "start", "nginx.service"]);
    for (path, owner) in [("/home/deploy/app", "nobody"), ("/var/lib/service-url", "root")] {
        runs(&host, &["install", "-d", "-o", owner, path]);
        let words =
            [&format!("`{path}`") as &str, &format!("belongs to `{owner}`"), &format!("`chown -R deploy: {path}`")];
        refused(&format!("{script} {bundle}"), 13, &words);
        runs(&host, &["rmdir", path]);
    }
    installs(&host, &bundle);
    deploys(&host, "v1");
    // A hook that runs meanwhile is waited for by whoever asks.
    let lock = "/home/deploy/app/ledger/lock";
    refused(&format!("flock {lock} {script} --remove {bundle}"), 11, &["a hook runs on this host"]);
    runs(&host, &["systemctl", "stop", "nginx.service"]);
    refused(&format!("{script} --remove {bundle}"), 40, &["nginx does not run"]);
    runs(&host, &["systemctl", "start", "nginx.service"]);
    for (file, edit, code, words) in [
        ("/home/deploy/app/ledger/ledger.json", "s/\"intent\": null/\"intent\": {}/", 11, "is not settled"),
        (INCLUDE, "s/if (-f/if ( -f/", 10, "in a form that `switch` does not write"),
        (GROUPS, "s/127.0.0.1/localhost/", 10, "does not tell the ports"),
    ] {
        let kept = fs::read(host.path(file)).unwrap();
        runs(&host, &["sed", "-i", edit, file]);
        assert_ne!(fs::read(host.path(file)).unwrap(), kept, "{file}");
        refused(&format!("{script} --remove {bundle}"), code, &[words]);
        fs::write(host.path(file), kept).unwrap();
    }
    assert_eq!(release_at_the_door(&host), "v1");
}

#[test]
fn f127_the_commands_of_the_readme_prepare_a_host_for_its_first_deploy() {
    let (host, bundle) = boots(bare().supervisor("auto"));
    runs(&host, &["bash", "-c", &format!("cd {bundle} && zip -qr {COPIED}/application.zip .")]);
    let section = README.split_once("## On a host in five steps").and_then(|(_, rest)| rest.split_once("\n## "));
    let block = section.and_then(|(section, _)| section.split_once("```console\n")?.1.split_once("```"));
    let commands: Vec<&str> =
        block.unwrap().0.lines().filter_map(|line| line.trim_start().strip_prefix("$ ")).collect();
    assert!(commands.len() >= 2 && commands.iter().all(|command| command.contains("./install.sh ")), "{commands:?}");
    for command in commands {
        let outcome = shell(&host, &format!("cd {COPIED} && {command}"));
        assert_eq!(outcome.code, 0, "{command}: {}", outcome.output);
    }
    assert_eq!(shell(&host, "ls -d /tmp/tmp.*").code, 2, "what was unpacked is gone");
    deploys(&host, "v1");
    deploys(&host, "v2");
    assert!(slots(&host).iter().all(|(_, group)| group.contains("/user@1000.service/")), "{:?}", slots(&host));
}
